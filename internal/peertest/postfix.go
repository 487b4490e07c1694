package peertest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// PostfixServer is a private Postfix: it takes letters, keeps them in its queue, and
// passes them on to servers on loopback. What it cannot deliver it sends back.
type PostfixServer struct {
	Addr string // host:port on loopback; clear text, no login needed

	t   testing.TB
	dir string

	mu    sync.Mutex
	later map[string]int // how often letters to an address are still refused for now
}

// Postfix starts a Postfix that is stopped when the test ends. Letters to addresses in
// the domain home are kept for Returned, all others go on to the server at onward, but for
// those to addresses that have another one in routes. It wants root.
func Postfix(t testing.TB, home, onward string, routes map[string]string) *PostfixServer {
	t.Helper()
	programs := Need(t, "Postfix", "/usr/lib/postfix/sbin/master", "postfix")
	if os.Geteuid() != 0 {
		leftOut(t, "Postfix was left out: only root can start one")
	}
	p := &PostfixServer{Addr: FreeAddr(t), t: t, dir: shortTempDir(t), later: map[string]int{}}
	p.configure(home, onward, routes)
	if out, err := exec.Command(programs[1], "-c", p.config(), "check").CombinedOutput(); err != nil {
		t.Fatalf("Postfix makes no folders: %v\n%s", err, out)
	}
	var output bytes.Buffer
	cmd := exec.Command(programs[0], "-c", p.config(), "-d")
	cmd.Stdout, cmd.Stderr = &output, &output
	endWithTest(cmd, syscall.SIGTERM)
	cmd.SysProcAttr.Setpgid = true // it ends its own process group
	runUntilEnd(t, cmd)
	if err := WaitFor(p.Addr, 10*time.Second); err != nil {
		t.Fatalf("Postfix did not start: %v\n%s%s", err, output.Bytes(), p.log())
	}
	return p
}

func (p *PostfixServer) config() string { return filepath.Join(p.dir, "etc") }

func (p *PostfixServer) log() []byte {
	log, _ := os.ReadFile(filepath.Join(p.dir, "log"))
	return log[max(0, len(log)-8<<10):]
}

// configure writes the whole configuration: nothing of the machine's own is read. Whatever
// happens, it connects from 127.0.0.1, from where no other machine is reached.
func (p *PostfixServer) configure(home, onward string, routes map[string]string) {
	p.t.Helper()
	nobody := mailOwner(p.t)
	for _, name := range []string{"etc", "spool", "data", "home"} {
		if err := os.Mkdir(filepath.Join(p.dir, name), 0o755); err != nil {
			p.t.Fatal(err)
		}
	}
	p.chown("home", nobody.uid, nobody.gid)
	mailer, err := user.Lookup("postfix")
	if err != nil {
		p.t.Fatal(err)
	}
	uid, _ := strconv.Atoi(mailer.Uid)
	p.chown("data", uid, -1)
	host, port, _ := net.SplitHostPort(p.Addr)
	main := fmt.Sprintf(`
compatibility_level = 2
queue_directory = %[1]s/spool
data_directory = %[1]s/data
maillog_file = %[1]s/log
maillog_file_prefixes = %[1]s
mail_owner = postfix
myhostname = mx.example.com
mydestination =
inet_interfaces = %[2]s
inet_protocols = ipv4
smtp_bind_address = 127.0.0.1
smtp_dns_support_level = disabled
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_policy_service inet:%[3]s, permit_mynetworks, reject
smtpd_error_sleep_time = 0
in_flow_delay = 0
alias_maps =
alias_database =
local_recipient_maps =
relayhost = %[4]s
transport_maps = texthash:%[1]s/etc/transport
smtp_connection_cache_on_demand = no
virtual_mailbox_domains = %[5]s
virtual_mailbox_base = %[1]s/home
virtual_mailbox_maps = static:returned/
virtual_uid_maps = static:%[6]d
virtual_gid_maps = static:%[7]d
virtual_minimum_uid = %[6]d
notify_classes =
bounce_size_limit = 1000000
delay_warning_time = 1s
`, p.dir, host, p.listen(), nexthop(onward), home, nobody.uid, nobody.gid)
	services := ""
	for _, s := range []string{
		port + " inet n - n - - smtpd", "pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr", "rewrite unix - - n - - trivial-rewrite",
		"bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce", "flush unix n - n 1000? 0 flush", "showq unix n - n - - showq",
		"smtp unix - - n - - smtp", "error unix - - n - - error", "retry unix - - n - - error", "virtual unix - n n - - virtual",
		"proxymap unix - - n - - proxymap", "anvil unix - - n - 1 anvil", "scache unix - - n - 1 scache", "postlog unix-dgram n - n - 1 postlogd",
	} {
		services += s + "\n"
	}
	transport := ""
	for address, addr := range routes {
		transport += address + " smtp:" + nexthop(addr) + "\n"
	}
	for name, text := range map[string]string{"main.cf": main, "master.cf": services, "transport": transport} {
		if err := os.WriteFile(filepath.Join(p.config(), name), []byte(text), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *PostfixServer) chown(name string, uid, gid int) {
	p.t.Helper()
	if err := os.Chown(filepath.Join(p.dir, name), uid, gid); err != nil {
		p.t.Fatal(err)
	}
}

func nexthop(addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	return "[" + host + "]:" + port
}

// Greylist has the server say n times that it takes letters to an address later.
func (p *PostfixServer) Greylist(address string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.later[address] = n
}

// Settle waits until all that Postfix has taken has arrived, was sent back, or waits for
// another try; it says how many letters wait.
func (p *PostfixServer) Settle() (deferred int) {
	p.t.Helper()
	// Postfix writes the new file before it removes the old one, and files go from folder
	// to folder in this order, but for "postqueue -f".
	for begin, empty := time.Now(), 0; empty < 2; {
		if p.queued("incoming")+p.queued("active") == 0 {
			empty++
			continue
		}
		empty = 0
		if time.Since(begin) > 30*time.Second {
			p.t.Fatalf("Postfix does not come to an end:\n%s%s", p.postqueue("-p"), p.log())
		}
		time.Sleep(2 * time.Millisecond)
	}
	return p.queued("deferred")
}

// queued counts the letters in a queue; one that is being received is none yet.
func (p *PostfixServer) queued(queue string) (n int) {
	p.t.Helper()
	err := filepath.WalkDir(filepath.Join(p.dir, "spool", queue), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return gone(err)
		}
		info, err := d.Info()
		if err == nil && info.Mode()&0o100 != 0 {
			n++
		}
		return gone(err)
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

// gone makes no error of a file that is there no more.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Flush tries to deliver all that waits.
func (p *PostfixServer) Flush() {
	p.t.Helper()
	p.postqueue("-f")
}

// Empty flushes until nothing is in the queue any more.
func (p *PostfixServer) Empty() {
	p.t.Helper()
	for begin := time.Now(); !strings.Contains(p.postqueue("-p"), "Mail queue is empty"); time.Sleep(50 * time.Millisecond) {
		if time.Since(begin) > 30*time.Second {
			p.t.Fatalf("Postfix's queue does not become empty:\n%s%s", p.postqueue("-p"), p.log())
		}
		p.Flush()
		p.Settle()
	}
}

func (p *PostfixServer) postqueue(option string) string {
	p.t.Helper()
	out, err := exec.Command(find("postqueue"), "-c", p.config(), option).CombinedOutput()
	if err != nil {
		p.t.Fatalf("postqueue %s: %v\n%s", option, err, out)
	}
	return string(out)
}

// Returned gives the mails to addresses at home that have come since the last call, most
// of them what Postfix says of letters that it could not deliver, as a mailbox would have them.
func (p *PostfixServer) Returned() (mails [][]byte) {
	p.t.Helper()
	paths, err := filepath.Glob(filepath.Join(p.dir, "home", "returned", "new", "*"))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err == nil {
			err = os.Remove(path)
		}
		if err != nil {
			p.t.Fatal(err)
		}
		mails = append(mails, raw)
	}
	return mails
}

// listen answers Postfix's questions whether a letter is taken until the test ends.
func (p *PostfixServer) listen() string {
	p.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for r := bufio.NewReader(conn); p.answer(r, conn) == nil; {
				}
			}()
		}
	}()
	return l.Addr().String()
}

// answer answers one, in the protocol of Postfix's SMTPD_POLICY_README.
func (p *PostfixServer) answer(r *bufio.Reader, w io.Writer) error {
	recipient := ""
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		if line == "\n" {
			break
		}
		if to, is := strings.CutPrefix(line, "recipient="); is {
			recipient = strings.TrimSpace(to)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	action := "DUNNO"
	if p.later[recipient] > 0 {
		p.later[recipient]--
		action = "451 4.7.1 Greylisted, come again"
	}
	_, err := fmt.Fprintf(w, "action=%s\n\n", action)
	return err
}
