package peertest

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// CyrusServer is a private Cyrus with one user, whose mailboxes anonymous
// logins may read too.
type CyrusServer struct {
	// Addr speaks IMAP within TLS, PlainAddr IMAP with STARTTLS on offer;
	// both are "host:port" on loopback.
	Addr      string
	PlainAddr string
	// Roots holds the authority that signed the server's certificate, which
	// is valid for 127.0.0.1 and localhost.
	Roots *x509.CertPool
	// User and Password are the login of the mailboxes' owner.
	User     string
	Password string

	dir      string
	programs string // the folder of imapd
}

// cyrusAdmin may create mailboxes for others.
const cyrusAdmin = "admin"

// OthersPrefix stands before the names of the user's mailboxes for everybody
// else.
const OthersPrefix = "Other Users/reader/"

// Cyrus starts a Cyrus 3 and stops it when the test ends. Debian lets one IMAP
// server be installed alone, so that its imapd may be found unpacked (see
// scripts/install-peers).
func Cyrus(t testing.TB) *CyrusServer {
	t.Helper()
	need := Need(t, "Cyrus", "/usr/lib/cyrus/bin/master", "saslpasswd2",
		"{/usr/local/lib/sigpost-peers/cyrus-imapd,}/usr/lib/cyrus/bin/imapd")
	dir := inMemory(t, shortTempDir(t))
	s := &CyrusServer{
		Addr: FreeAddr(t), PlainAddr: FreeAddr(t), User: "reader", Password: "open sesame",
		dir: dir, programs: filepath.Dir(need[2]),
	}
	s.Roots = writeCertificates(t, dir)
	for _, sub := range []string{"mail", "proc", "lock", "conf/db", "conf/socket", "conf/log", "conf/msg", "conf/proc", "conf/user", "conf/quota"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.addLogin(t, need[1], s.User, s.Password)
	s.addLogin(t, need[1], cyrusAdmin, s.Password)
	account := cyrusAccount(t)
	for name, text := range map[string]string{"imapd.conf": s.imapdConf(account.Username), "cyrus.conf": s.cyrusConf()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	chownAll(t, dir, account)
	s.start(t, need[0])
	s.asAdmin(t, "CREATE user/reader")
	return s
}

// inMemory is a folder like dir in memory, where the machine has that: Cyrus
// waits for the disk after each mail.
func inMemory(t testing.TB, dir string) string {
	t.Helper()
	fast, err := os.MkdirTemp("/dev/shm", "peer")
	if err != nil {
		return dir
	}
	t.Cleanup(func() { os.RemoveAll(fast) })
	if err := os.Chmod(fast, 0o755); err != nil {
		t.Fatal(err)
	}
	return fast
}

// cyrusAccount is whoever runs the test: as root, Cyrus becomes its own user.
func cyrusAccount(t testing.TB) *user.User {
	t.Helper()
	u, err := user.Current()
	if err == nil && os.Geteuid() == 0 {
		u, err = user.Lookup("cyrus")
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func chownAll(t testing.TB, dir string, to *user.User) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	uid, _ := strconv.Atoi(to.Uid)
	gid, _ := strconv.Atoi(to.Gid)
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, uid, gid)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *CyrusServer) addLogin(t testing.TB, saslpasswd2, name, password string) {
	t.Helper()
	cmd := exec.Command(saslpasswd2, "-p", "-c", "-f", filepath.Join(s.dir, "sasldb2"), "-u", "localhost", name)
	cmd.Stdin = strings.NewReader(password)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("saslpasswd2: %v\n%s", err, out)
	}
}

// imapdConf is the whole configuration: nothing of the machine's own is read.
func (s *CyrusServer) imapdConf(account string) string {
	return strings.ReplaceAll(`
configdirectory: DIR/conf
proc_path: DIR/proc
mboxname_lockpath: DIR/lock
idlesocket: DIR/idle
defaultpartition: default
partition-default: DIR/mail
cyrus_user: `+account+`
syslog_prefix: peertest
servername: localhost
skiplist_unsafe: yes
defaultdomain: localhost
admins: `+cyrusAdmin+`
altnamespace: yes
unixhierarchysep: yes
allowanonymouslogin: yes
allowplaintext: yes
failedloginpause: 0
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: DIR/sasldb2
sasl_mech_list: PLAIN LOGIN ANONYMOUS
tls_server_cert: DIR/server.pem
tls_server_key: DIR/server.key
maxliteral: 0
maxmessagesize: 0
`, "DIR", s.dir)
}

func (s *CyrusServer) cyrusConf() string {
	return fmt.Sprintf(`
START {
}
SERVICES {
  imap cmd="%[1]s/imapd -C %[2]s/imapd.conf" listen="%[3]s" proto="tcp4" prefork=1 maxchild=100
  imaps cmd="%[1]s/imapd -s -C %[2]s/imapd.conf" listen="%[4]s" proto="tcp4" prefork=4 maxchild=100
}
EVENTS {
}
DAEMON {
  idled cmd="%[1]s/idled -C %[2]s/imapd.conf"
}
`, s.programs, s.dir, s.PlainAddr, s.Addr)
}

// start runs Cyrus's master until the test ends.
func (s *CyrusServer) start(t testing.TB, master string) {
	t.Helper()
	var output bytes.Buffer
	cmd := exec.Command(master, "-C", filepath.Join(s.dir, "imapd.conf"), "-M", filepath.Join(s.dir, "cyrus.conf"), "-p", filepath.Join(s.dir, "master.pid"))
	cmd.Stdout, cmd.Stderr = &output, &output
	// It passes the signal that ends it on to its whole process group.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	runUntilEnd(t, cmd)
	for _, addr := range []string{s.Addr, s.PlainAddr} {
		if err := WaitFor(addr, 10*time.Second); err != nil {
			t.Fatalf("Cyrus did not start: %v\n%s", err, output.Bytes())
		}
	}
}

// Load adds mails to a mailbox in their order, creating it first where it is
// missing. Line ends become CRLF, without which Cyrus takes no mail.
func (s *CyrusServer) Load(t testing.TB, mailbox string, mails []Mail) {
	t.Helper()
	c := s.login(t, s.User)
	defer c.Close()
	if mailbox != "INBOX" {
		c.try("CREATE %q", mailbox)
		c.must("SETACL %q anyone lr", mailbox)
	}
	var command bytes.Buffer // MULTIAPPEND (RFC 3502) with LITERAL+ (RFC 7888)
	for _, m := range mails {
		raw := bytes.ReplaceAll(bytes.ReplaceAll(m.Raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
		fmt.Fprintf(&command, ` "%s" {%d+}`+"\r\n%s", m.Received.Format("02-Jan-2006 15:04:05 -0700"), len(raw), raw)
	}
	if len(mails) > 0 {
		c.must("APPEND %q%s", mailbox, command.Bytes())
	}
}

// Remove deletes a mailbox with everything in it. One that is loaded again
// under its name has another UIDVALIDITY.
func (s *CyrusServer) Remove(t testing.TB, mailbox string) {
	t.Helper()
	c := s.login(t, s.User)
	defer c.Close()
	c.must("DELETE %q", mailbox)
}

// Expunge removes the messages with these UIDs.
func (s *CyrusServer) Expunge(t testing.TB, mailbox, uids string) {
	t.Helper()
	c := s.login(t, s.User)
	defer c.Close()
	c.expunge(mailbox, uids)
}

func (s *CyrusServer) asAdmin(t testing.TB, command string) {
	t.Helper()
	c := s.login(t, cyrusAdmin)
	defer c.Close()
	c.must("%s", command)
}

// login signs in. Now and then, on a busy machine, a process of Cyrus never answers
// that: then another one is asked.
func (s *CyrusServer) login(t testing.TB, name string) *imapTalk {
	t.Helper()
	for tries := 3; ; tries-- {
		conn, err := net.Dial("tcp", s.PlainAddr)
		if err != nil {
			t.Fatal(err)
		}
		c := newIMAPTalk(t, conn)
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		_, err = fmt.Fprintf(conn, "login LOGIN %s %q\r\n", name, s.Password)
		var line string
		for err == nil && !strings.HasPrefix(line, "login ") {
			line, err = c.r.ReadString('\n')
		}
		switch silent := errors.Is(err, os.ErrDeadlineExceeded); {
		case strings.HasPrefix(line, "login OK"):
			conn.SetDeadline(time.Now().Add(2 * time.Minute))
			return c
		case !silent || tries == 1:
			t.Fatalf("Cyrus does not let %s in: %s%v", name, line, err)
		}
		conn.Close()
	}
}
