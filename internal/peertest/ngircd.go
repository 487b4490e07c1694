package peertest

import (
	"bufio"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// IRCServer is a running ngircd.
type IRCServer struct {
	Addr, TLSAddr string // host:port on loopback
	Password      string // of the server; everybody needs it
	CAFile        string // PEM; Roots holds the same
	Roots         *x509.CertPool

	t testing.TB
}

// NgIRCd starts an IRC server that is stopped when the test ends. The channel
// "#invited" lets nobody in.
func NgIRCd(t testing.TB) *IRCServer {
	t.Helper()
	program := Need(t, "ngircd", "ngircd")[0]
	dir, err := os.MkdirTemp("/tmp", "sigpost-ngircd-") // readable for whom the server becomes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &IRCServer{Addr: FreeAddr(t), TLSAddr: FreeAddr(t), Password: "let me in", CAFile: filepath.Join(dir, "ca.pem"), t: t}
	s.Roots = writeCertificates(t, dir)
	_, port, _ := net.SplitHostPort(s.Addr)
	_, tlsPort, _ := net.SplitHostPort(s.TLSAddr)
	conf := fmt.Sprintf(`[Global]
Name = irc.example.net
Info = test
Listen = 127.0.0.1
Ports = %s
Password = %s
ServerUID = root
ServerGID = root
[Limits]
MaxConnectionsIP = 0
MaxJoins = 20
MaxNickLength = 20
[Options]
DNS = no
Ident = no
PAM = no
MorePrivacy = yes
[SSL]
Ports = %s
CertFile = %s/server.pem
KeyFile = %s/server.key
[Channel]
Name = #invited
Modes = i
`, port, s.Password, tlsPort, dir, dir)
	if os.Geteuid() != 0 {
		conf = strings.NewReplacer("ServerUID = root\n", "", "ServerGID = root\n", "").Replace(conf)
	}
	file := filepath.Join(dir, "ngircd.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--nodaemon", "--config", file)
	var said safeBuffer
	cmd.Stdout, cmd.Stderr = &said, &said
	runUntilEnd(t, cmd)
	for _, addr := range []string{s.Addr, s.TLSAddr} {
		if err := WaitFor(addr, 30*time.Second); err != nil {
			t.Fatalf("ngircd did not start: %v\n%s", err, said.String())
		}
	}
	return s
}

// safeBuffer is written by a process and read by a test.
type safeBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

// Write appends.
func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String is what was written so far.
func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Listener is somebody who sits in a channel.
type Listener struct {
	t     testing.TB
	conn  net.Conn
	lines chan string
}

// Listen sits down in a channel and hears what is said from then on.
func (s *IRCServer) Listen(nick, channel string) *Listener {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	l := &Listener{t: s.t, conn: conn, lines: make(chan string, 100)}
	fmt.Fprintf(conn, "PASS :%s\r\nNICK %s\r\nUSER %s 0 * :%s\r\n", s.Password, nick, nick, nick)
	joined := make(chan bool)
	go func() {
		for in := bufio.NewScanner(conn); in.Scan(); {
			line := in.Text()
			fields := strings.Fields(line)
			switch {
			case len(fields) > 1 && fields[0] == "PING":
				fmt.Fprintf(conn, "PONG %s\r\n", fields[1])
			case len(fields) > 1 && fields[1] == "001":
				fmt.Fprintf(conn, "JOIN %s\r\n", channel)
			case len(fields) > 1 && fields[1] == "366":
				close(joined)
			case len(fields) > 3 && fields[1] == "PRIVMSG":
				_, text, _ := strings.Cut(line, " :")
				from, _, _ := strings.Cut(strings.TrimPrefix(fields[0], ":"), "!")
				l.lines <- from + ": " + text
			}
		}
		close(l.lines)
	}()
	select {
	case <-joined:
	case <-time.After(10 * time.Second):
		s.t.Fatalf("%s cannot join %s", nick, channel)
	}
	return l
}

// Heard gives what was said next, as "nick: text", or "" where nothing is for a
// while.
func (l *Listener) Heard(limit time.Duration) string {
	select {
	case line := <-l.lines:
		return line
	case <-time.After(limit):
		return ""
	}
}
