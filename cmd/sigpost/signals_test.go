package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
)

// process is the program as its own process, with a mail world around it.
type process struct {
	t      *testing.T
	dir    string
	now    string
	imap   *mailtest.IMAP
	smtp   *mailtest.SMTP
	cmd    *exec.Cmd
	url    string
	log    *lockedBuffer
	notify *net.UnixConn
	told   chan string // what the service manager is told
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newProcess makes a world; change changes its configuration.
func newProcess(t *testing.T, change func(config string, smtp string) string) *process {
	t.Helper()
	p := &process{t: t, dir: t.TempDir(), now: "2016-04-25T14:00:00Z", log: &lockedBuffer{}, told: make(chan string, 1000)}
	p.imap, p.smtp = mailServers(t)
	must(t, p.imap.Append("INBOX", sample(func(at time.Time) bool { return !at.After(demoNow) })))
	config := strings.ReplaceAll(scriptConfig(p.imap.Addr, p.smtp.Addr), `timeout = "5s"`, `timeout = "1m"`)
	if change != nil {
		config = change(config, p.smtp.Addr)
	}
	p.write("config.toml", config)
	p.write("ca.pem", string(p.imap.CA.PEM))
	p.write("imap.password", "demo\n")
	p.write("sigpost.secret", strings.Repeat("s", 40))
	socket := filepath.Join(t.TempDir(), "n")
	var err error
	p.notify, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	must(t, err)
	t.Cleanup(func() { p.notify.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := p.notify.Read(buf)
			if err != nil {
				return
			}
			p.told <- string(buf[:n])
		}
	}()
	return p
}

func (p *process) write(name, text string) {
	p.t.Helper()
	must(p.t, os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600))
}

func (p *process) command(args ...string) *exec.Cmd {
	cmd := exec.Command("sigpost", append([]string{"--now", p.now}, args...)...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+p.notify.LocalAddr().String(), "WATCHDOG_USEC=400000")
	return cmd
}

// do runs a command to its end.
func (p *process) do(args ...string) string {
	p.t.Helper()
	out, err := p.command(args...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// serve starts the server and waits until it serves.
func (p *process) serve() {
	p.t.Helper()
	p.serves(p.start())
}

// start starts the server, and gives what it prints.
func (p *process) start() io.Reader {
	p.t.Helper()
	p.cmd = p.command("serve", "--listen", peertest.FreeAddr(p.t))
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	must(p.t, err)
	must(p.t, p.cmd.Start())
	p.t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			p.cmd.Process.Kill()
			p.cmd.Wait()
		}
		if p.t.Failed() {
			p.t.Log(p.log.String())
		}
	})
	return out
}

// serves waits until a server that was started serves.
func (p *process) serves(out io.Reader) {
	p.t.Helper()
	lines := bufio.NewScanner(out)
	for p.url == "" && lines.Scan() {
		if at := regexp.MustCompile(`^Serving (http://[^/]+)/`).FindStringSubmatch(lines.Text()); at != nil {
			p.url = at[1]
		}
	}
	go io.Copy(io.Discard, out)
	p.is("READY=1")
}

// is waits until the service manager is told something.
func (p *process) is(what string) {
	p.t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case said := <-p.told:
			if strings.Contains(said, what) {
				return
			}
		case <-late:
			p.t.Fatalf("nobody is told %q", what)
		}
	}
}

// until waits until something is so.
func (p *process) until(what string, is func() bool) {
	p.t.Helper()
	for late := time.Now().Add(30 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(late) {
			p.t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// ends waits for the process, which has got SIGTERM, and must end well in ten seconds.
func (p *process) ends(begin time.Time) {
	p.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			p.t.Errorf("it ends with %v", err)
		}
		p.t.Logf("it ended %s after SIGTERM", time.Since(begin).Round(10*time.Millisecond))
	case <-time.After(10 * time.Second):
		p.t.Fatal("it does not end within ten seconds")
	}
}

func (p *process) term() {
	p.t.Helper()
	begin := time.Now()
	must(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.is("STOPPING=1")
	p.ends(begin)
}

func (p *process) messages() int {
	p.t.Helper()
	var report struct {
		Ingest struct {
			Mailboxes []struct{ Found int }
		}
	}
	must(p.t, json.Unmarshal([]byte(p.do("--quiet", "--json", "run")), &report))
	if len(report.Ingest.Mailboxes) != 1 {
		p.t.Fatalf("%+v", report)
	}
	return report.Ingest.Mailboxes[0].Found
}

// In the middle of reading from a server that says nothing any more.
func TestTermWhileReading(t *testing.T) {
	t.Parallel()
	p := newProcess(t, nil)
	p.imap.FailNext(mailtest.StallAfterBytes(60_000), mailtest.StallAfterBytes(60_000))
	p.serve()
	p.until("something is read", func() bool { return p.imap.BytesSent() >= 60_000 })
	p.is("WATCHDOG=1")
	p.term()
	p.do("run")
	if out := p.do("search", "austin"); !strings.Contains(out, "(thread ") {
		t.Errorf("not all is read: %s", out)
	}
	if n := p.messages(); n != 0 {
		t.Errorf("%d messages were left over", n)
	}
}

// slowly passes connections on to a server, whose every answer comes late.
func slowly(t *testing.T, to string, late time.Duration) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				client.Close()
				continue
			}
			go func() { io.Copy(server, client); server.(*net.TCPConn).CloseWrite() }()
			go func() {
				defer client.Close()
				buf := make([]byte, 4096)
				for {
					n, err := server.Read(buf)
					time.Sleep(late)
					if n > 0 {
						client.Write(buf[:n])
					}
					if err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// In the middle of delivering to a server that is slow: everybody gets one letter, and
// nobody's is in doubt.
func TestTermWhileSending(t *testing.T) {
	t.Parallel()
	p := newProcess(t, func(config, smtp string) string {
		return strings.Replace(config, fmt.Sprintf("host = %q", smtp), fmt.Sprintf("host = %q\nconnections = 2", slowly(t, smtp, 150*time.Millisecond)), 1)
	})
	const readers = 30
	csv := "address\n"
	for i := range readers {
		csv += fmt.Sprintf("reader%d@readers.example.org\n", i)
	}
	p.write("readers.csv", csv)
	p.do("subscriber", "import", "--consent-source", "in a test", "--consent-date", "2016-04-01", "readers.csv")
	p.serve()
	p.until("some letters are sent", func() bool { return len(p.smtp.Letters()) >= 3 })
	p.term()
	first := len(p.smtp.Letters())
	if first >= readers {
		t.Fatal("all was sent before it stopped")
	}
	p.now = "2016-04-25T15:00:00Z"
	p.do("run")
	got := map[string]int{}
	for _, l := range p.smtp.Letters() {
		got[l.To[0]]++
	}
	for i := range readers {
		if to := fmt.Sprintf("reader%d@readers.example.org", i); got[to] != 1 {
			t.Errorf("%s has got %d letters", to, got[to])
		}
	}
	t.Logf("%d letters before SIGTERM had done, %d after it", first, len(p.smtp.Letters())-first)
}

// In the middle of a request: it is answered, and what it asked for is done.
func TestTermWhileAnswering(t *testing.T) {
	t.Parallel()
	p := newProcess(t, func(config, _ string) string { return config + "[web]\nurl = \"http://127.0.0.1\"\n" })
	p.serve()
	form := url.Values{"address": {"ana@readers.example.org"}}.Encode()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	must(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "POST /subscribe/weekly HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(form), form[:5])
	time.Sleep(300 * time.Millisecond) // the request is there, and not whole
	begin := time.Now()
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.is("STOPPING=1")
	time.Sleep(time.Second)
	if _, err := http.Get(p.url + "/"); err == nil {
		t.Error("it takes new requests")
	}
	fmt.Fprint(conn, form[5:])
	conn.SetReadDeadline(time.Now().Add(8 * time.Second))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode >= 400 {
		t.Errorf("%s\n%s", answer.Status, body)
	}
	p.ends(begin)
	p.now = "2016-04-25T14:10:00Z"
	p.do("run") // sends what was asked for
	if l := p.smtp.Letters(); len(l) == 0 || !strings.Contains(string(l[len(l)-1].Data), "Please confirm") {
		t.Errorf("%d letters, and none asks ana to confirm", len(l))
	}
}

// SIGHUP while the program begins does not end it: what it has read by then it reads anew.
func TestHangupWhileItBegins(t *testing.T) {
	p := newProcess(t, nil)
	file := filepath.Join(p.dir, "config.toml")
	text, err := os.ReadFile(file)
	must(t, err)
	must(t, os.Remove(file))
	must(t, syscall.Mkfifo(file, 0o600))
	out := p.start()
	pipe, err := os.OpenFile(file, os.O_WRONLY, 0) // when it is about to read
	must(t, err)
	must(t, p.cmd.Process.Signal(syscall.SIGHUP))
	must(t, os.Remove(file))
	p.write("config.toml", string(text))
	_, err = pipe.Write(text)
	must(t, errors.Join(err, pipe.Close()))
	p.serves(out)
	p.is("RELOADING=1")
	p.is("READY=1")
	p.term()
}

// SIGHUP reads the configuration anew; the service manager is told as it wants it.
func TestHangup(t *testing.T) {
	t.Parallel()
	p := newProcess(t, nil)
	p.serve()
	page := func() string {
		resp, err := http.Get(p.url + "/")
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return string(body)
	}
	config, err := os.ReadFile(filepath.Join(p.dir, "config.toml"))
	must(t, err)
	p.write("config.toml", strings.Replace(string(config), "SIG-OpenStack Weekly", "The Kuryr Times", 1))
	must(t, p.cmd.Process.Signal(syscall.SIGHUP))
	p.is("RELOADING=1\nMONOTONIC_USEC=")
	p.is("READY=1")
	if body := page(); !strings.Contains(body, "The Kuryr Times") {
		t.Error("the page does not have the new title")
	}
	p.write("config.toml", "nonsense")
	must(t, p.cmd.Process.Signal(syscall.SIGHUP))
	p.is("RELOADING=1")
	p.is("the old one stays")
	if body := page(); !strings.Contains(body, "The Kuryr Times") {
		t.Error("the page does not have the old title")
	}
	if log := p.log.String(); !strings.Contains(log, "config.toml:1") {
		t.Errorf("the log does not say what is wrong:\n%s", log)
	}
	p.term()
}
