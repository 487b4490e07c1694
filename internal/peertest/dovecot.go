package peertest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// DovecotServer is a private Dovecot with one user.
type DovecotServer struct {
	// Addr speaks IMAP within TLS, PlainAddr IMAP with STARTTLS on offer;
	// both are "host:port" on loopback.
	Addr      string
	PlainAddr string
	// CAFile is the PEM file of the authority that signed the server's
	// certificate, which is valid for 127.0.0.1 and localhost; Roots holds
	// the same authority.
	CAFile string
	Roots  *x509.CertPool
	// User and Password are the only login.
	User     string
	Password string

	dir    string
	owner  owner
	loaded atomic.Int64 // how many mails there have been
}

// Mail is a message to be put into a mailbox.
type Mail struct {
	Raw      []byte
	Received time.Time // its INTERNALDATE, to the second
}

// owner is the account that the mailboxes' files belong to.
type owner struct {
	uid, gid    int
	name, group string
}

// Dovecot starts a Dovecot 2.3 and stops it when the test ends. Anonymous
// logins see what the user sees.
func Dovecot(t testing.TB) *DovecotServer {
	t.Helper()
	return dovecot(t, "")
}

// DovecotWithTokens takes access tokens as well (OAUTHBEARER and XOAUTH2). It
// asks about each at tokenInfo, with the token at the end of that address; the
// answer is JSON with "username" and "active", or 401.
func DovecotWithTokens(t testing.TB, tokenInfo string) *DovecotServer {
	t.Helper()
	return dovecot(t, tokenInfo)
}

func dovecot(t testing.TB, tokenInfo string) *DovecotServer {
	t.Helper()
	program := Need(t, "Dovecot", "dovecot", "/usr/lib/dovecot/imap")[0]
	dir := shortTempDir(t)
	s := &DovecotServer{
		Addr: FreeAddr(t), PlainAddr: FreeAddr(t),
		CAFile: filepath.Join(dir, "ca.pem"),
		User:   "reader", Password: "open sesame",
		dir: dir, owner: mailOwner(t),
	}
	s.Roots = writeCertificates(t, dir)
	if err := os.MkdirAll(filepath.Join(dir, "mail"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.chown(t, filepath.Join(dir, "mail"))
	config := filepath.Join(dir, "dovecot.conf")
	if err := os.WriteFile(config, []byte(s.config()+s.tokenConfig(t, tokenInfo)), 0o600); err != nil {
		t.Fatal(err)
	}
	users := s.User + ":{PLAIN}" + s.Password + "\n"
	if err := os.WriteFile(filepath.Join(dir, "users"), []byte(users), 0o644); err != nil {
		t.Fatal(err)
	}
	s.start(t, program, config)
	return s
}

// start runs Dovecot in the foreground until the test ends.
func (s *DovecotServer) start(t testing.TB, program, config string) {
	t.Helper()
	var output bytes.Buffer
	cmd := exec.Command(program, "-F", "-c", config)
	cmd.Stdout, cmd.Stderr = &output, &output
	runUntilEnd(t, cmd)
	for _, addr := range []string{s.Addr, s.PlainAddr} {
		if err := WaitFor(addr, 10*time.Second); err != nil {
			log, _ := os.ReadFile(filepath.Join(s.dir, "dovecot.log"))
			t.Fatalf("Dovecot did not start: %v\n%s%s", err, output.Bytes(), log)
		}
	}
}

// config is the whole configuration: nothing of the machine's own is read.
// Without root Dovecot can neither change its user nor chroot.
func (s *DovecotServer) config() string {
	login, internal, group := s.owner.name, s.owner.name, s.owner.group
	if os.Geteuid() == 0 {
		login = "dovenull"
		if _, err := user.Lookup(login); err != nil {
			login = s.owner.name
		}
	}
	host, imaps, _ := net.SplitHostPort(s.Addr)
	_, imap, _ := net.SplitHostPort(s.PlainAddr)
	return fmt.Sprintf(`
protocols = imap
base_dir = %[1]s/run
state_dir = %[1]s/run
log_path = %[1]s/dovecot.log
listen = %[2]s
ssl = yes
ssl_cert = <%[1]s/server.pem
ssl_key = <%[1]s/server.key
disable_plaintext_auth = no
auth_mechanisms = plain login anonymous
auth_anonymous_username = reader
default_login_user = %[5]s
default_internal_user = %[6]s
default_internal_group = %[7]s
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:%[1]s/mail:LAYOUT=fs
mail_max_userip_connections = 100
# A mailbox of a million mails takes more than the 256 MB that are the default.
default_vsz_limit = 2G
namespace inbox {
  inbox = yes
  separator = /
}
passdb {
  driver = passwd-file
  args = %[1]s/users
}
userdb {
  driver = static
  args = uid=%[8]d gid=%[9]d home=%[1]s/mail
}
service imap-login {
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imap {
    port = %[3]s
  }
  inet_listener imaps {
    port = %[4]s
    ssl = yes
  }
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
auth_failure_delay = 0
`, s.dir, host, imap, imaps, login, internal, group, s.owner.uid, s.owner.gid)
}

// tokenConfig is what there is more for access tokens.
func (s *DovecotServer) tokenConfig(t testing.TB, tokenInfo string) string {
	t.Helper()
	if tokenInfo == "" {
		return ""
	}
	path := filepath.Join(s.dir, "oauth2.conf")
	text := "tokeninfo_url = " + tokenInfo + "\nintrospection_mode = get\nintrospection_url = " + tokenInfo +
		"\nusername_attribute = username\nactive_attribute = active\nactive_value = true\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return `
auth_mechanisms = plain login anonymous oauthbearer xoauth2
passdb {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = ` + path + `
}
`
}

// Load adds mails to a mailbox in their order, creating it first where it is
// missing. The files are written straight into its Maildir: Dovecot gives
// them ascending UIDs when the mailbox is next opened.
func (s *DovecotServer) Load(t testing.TB, mailbox string, mails []Mail) {
	t.Helper()
	root := filepath.Join(s.dir, "mail")
	if mailbox != "INBOX" {
		root = filepath.Join(root, mailbox)
	}
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(root, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for dir := root; dir != s.dir; dir = filepath.Dir(dir) {
		s.chown(t, dir)
	}
	for _, sub := range []string{"cur", "new", "tmp"} {
		s.chown(t, filepath.Join(root, sub))
	}
	for _, m := range mails {
		// Dovecot sorts new files by the number in front of the first dot.
		path := filepath.Join(root, "cur", fmt.Sprintf("%010d.mail.localhost:2,", 1_000_000_000+s.loaded.Add(1)))
		if err := os.WriteFile(path, m.Raw, 0o600); err != nil {
			t.Fatal(err)
		}
		s.chown(t, path)
		if err := os.Chtimes(path, m.Received, m.Received); err != nil {
			t.Fatal(err)
		}
	}
}

// Remove deletes a mailbox with everything in it. One that is loaded again
// under its name has another UIDVALIDITY.
func (s *DovecotServer) Remove(t testing.TB, mailbox string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(s.dir, "mail", mailbox)); err != nil {
		t.Fatal(err)
	}
}

// Expunge removes the messages with these UIDs.
func (s *DovecotServer) Expunge(t testing.TB, mailbox, uids string) {
	t.Helper()
	conn, err := net.Dial("tcp", s.PlainAddr)
	if err != nil {
		t.Fatal(err)
	}
	c := newIMAPTalk(t, conn)
	defer c.Close()
	c.must("LOGIN %s %q", s.User, s.Password)
	c.expunge(mailbox, uids)
}

func (s *DovecotServer) chown(t testing.TB, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(path, s.owner.uid, s.owner.gid); err != nil {
		t.Fatal(err)
	}
}

// mailOwner is whoever runs the test, or an account without any rights where
// that is root, as which Dovecot delivers no mail.
func mailOwner(t testing.TB) owner {
	t.Helper()
	u, err := user.Current()
	if err == nil && os.Geteuid() == 0 {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	o := owner{name: u.Username, group: u.Gid}
	o.uid, _ = strconv.Atoi(u.Uid)
	o.gid, _ = strconv.Atoi(u.Gid)
	if g, err := user.LookupGroupId(u.Gid); err == nil {
		o.group = g.Name
	}
	return o
}

// shortTempDir is a temporary folder that others may pass through, with a
// path short enough for the sockets in it (108 bytes).
func shortTempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "peer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// writeCertificates makes an authority (ca.pem) and a certificate of it for
// loopback (server.pem, server.key).
func writeCertificates(t testing.TB, dir string) *x509.CertPool {
	t.Helper()
	caKey, key := newKey(t), newKey(t)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "Test Authority"},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "localhost"},
		NotBefore:    ca.NotBefore, NotAfter: ca.NotAfter,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	caPEM := writePEM(t, filepath.Join(dir, "ca.pem"), "CERTIFICATE", caDER, 0o644)
	writePEM(t, filepath.Join(dir, "server.pem"), "CERTIFICATE", leafDER, 0o644)
	writePEM(t, filepath.Join(dir, "server.key"), "PRIVATE KEY", keyDER, 0o600)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(caPEM)
	return roots
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writePEM(t testing.TB, path, kind string, der []byte, mode os.FileMode) []byte {
	t.Helper()
	data := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
	return data
}

// ReadMbox reads the mails of an mboxrd file, which may be gzipped, for
// loading. It is a plain reader for well-formed files: the date of the From_
// line is when a mail was received.
func ReadMbox(t testing.TB, path string) []Mail {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = bufio.NewReaderSize(z, 1<<20)
	}
	var mails []Mail
	for {
		line, err := r.ReadBytes('\n')
		if fields := strings.Fields(string(line)); bytes.HasPrefix(line, []byte("From ")) && len(fields) >= 7 {
			received, err := time.Parse("Jan 2 15:04:05 2006", strings.Join(fields[3:7], " "))
			if err != nil {
				t.Fatal(err)
			}
			mails = append(mails, Mail{Received: received})
			continue
		}
		if len(mails) > 0 {
			if quoted := bytes.TrimLeft(line, ">"); len(quoted) < len(line) && bytes.HasPrefix(quoted, []byte("From ")) {
				line = line[1:]
			}
			m := &mails[len(mails)-1]
			m.Raw = append(m.Raw, line...)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range mails {
		mails[i].Raw = bytes.TrimSuffix(mails[i].Raw, []byte("\n"))
	}
	return mails
}
