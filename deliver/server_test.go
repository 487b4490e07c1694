package deliver_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// peer is a mail server that does what a script says at each step.
type peer struct {
	t        testing.TB
	addr     string
	script   script
	cert     *tls.Certificate
	implicit bool     // TLS from the first byte
	features []string // EHLO keywords
	password string   // for user "mailer", by AUTH PLAIN
	token    string   // likewise, by AUTH XOAUTH2
	// pause, where it is set, may wait before a step is answered.
	pause func(step string)

	mu          sync.Mutex
	connections int
	seen        map[string]int // how often each step was reached
	letters     []letter
	commands    []string
}

type letter struct{ from, to, data string }

// script answers a step ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "text",
// ".", "RSET", ...) that is reached for the nth time, counted from 1. An empty
// answer is the usual one.
type script func(step string, n int) string

// Answers that are no replies.
const (
	hangUp = "hang up" // close without a word
	stall  = "stall"   // say nothing until the client gives up
	takeIt = "take it" // at ".": keep the letter, then close without a word
)

// at makes a script with one fault: the nth time that step is reached.
func at(step string, n int, answer string) script {
	return func(s string, m int) string {
		if s == step && (n == m || n == 0) {
			return answer
		}
		return ""
	}
}

func startPeer(t testing.TB, do script, change ...func(*peer)) *peer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, addr: listener.Addr().String(), script: do, seen: map[string]int{}, features: []string{"8BITMIME"}}
	for _, c := range change {
		c(p)
	}
	var sessions sync.WaitGroup
	var open sync.Map
	sessions.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.count(func() { p.connections++ })
			open.Store(conn, true)
			sessions.Go(func() { defer conn.Close(); p.session(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		open.Range(func(conn, _ any) bool { conn.(net.Conn).Close(); return true })
		sessions.Wait()
	})
	return p
}

func (p *peer) count(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// took lists the letters that were accepted.
func (p *peer) took() []letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]letter(nil), p.letters...)
}

func (p *peer) conns() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.connections
}

// reached says how often a step was reached, and said what the client did.
func (p *peer) reached(step string) (n int) {
	p.count(func() { n = p.seen[step] })
	return n
}

func (p *peer) said() (commands []string) {
	p.count(func() { commands = append(commands, p.commands...) })
	return commands
}

// dialogue is one session.
type dialogue struct {
	*peer
	conn     net.Conn
	r        *bufio.Reader
	from, to string
}

func (p *peer) session(conn net.Conn) {
	if p.implicit {
		conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*p.cert}})
	}
	d := &dialogue{peer: p, conn: conn, r: bufio.NewReader(conn)}
	if !d.answer("greeting", "220 peer.example.org ready") {
		return
	}
	for {
		line, err := d.r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		p.count(func() { p.commands = append(p.commands, line) })
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		if !d.command(verb, line) {
			return
		}
	}
}

// ask gives the script's answer to a step, "" where it has none.
func (d *dialogue) ask(step string) (answer string) {
	if d.pause != nil {
		d.pause(step)
	}
	d.count(func() {
		d.seen[step]++
		if d.script != nil {
			answer = d.script(step, d.seen[step])
		}
	})
	return answer
}

// answer plays the script at a step, or the usual reply; false ends the session.
func (d *dialogue) answer(step, usual string) bool { return d.say(d.ask(step), usual) }

// say gives an answer, or the usual one.
func (d *dialogue) say(answer, usual string) bool {
	switch answer {
	case "":
		answer = usual
	case hangUp, takeIt:
		return false
	case stall:
		d.r.ReadByte() // returns when the client closes
		return false
	}
	_, err := d.conn.Write([]byte(strings.ReplaceAll(answer, "\n", "\r\n") + "\r\n"))
	return err == nil && !strings.HasPrefix(answer, "421")
}

func (d *dialogue) command(verb, line string) bool {
	switch verb {
	case "EHLO":
		return d.answer(verb, "250-"+strings.Join(append([]string{"peer.example.org"}, d.features...), "\n250-")+"\n250 HELP")
	case "STARTTLS":
		if !d.answer(verb, "220 go ahead") {
			return false
		}
		d.conn = tls.Server(d.conn, &tls.Config{Certificates: []tls.Certificate{*d.cert}})
		d.r = bufio.NewReader(d.conn)
		return true
	case "AUTH":
		if strings.HasPrefix(line, "AUTH XOAUTH2 ") {
			want := base64.StdEncoding.EncodeToString([]byte("user=mailer\x01auth=Bearer " + d.token + "\x01\x01"))
			if strings.TrimPrefix(line, "AUTH XOAUTH2 ") == want {
				return d.answer(verb, "235 2.7.0 welcome")
			}
			if !d.answer(verb, "334 eyJzdGF0dXMiOiI0MDEifQ==") { // what is wrong, as JSON
				return false
			}
			if _, err := d.r.ReadString('\n'); err != nil {
				return false
			}
			return d.answer(verb, "535 5.7.8 token expired")
		}
		want := "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00mailer\x00"+d.password))
		if line != want {
			return d.answer(verb, "535 5.7.8 no such user or password")
		}
		return d.answer(verb, "235 2.7.0 welcome")
	case "MAIL":
		if d.from != "" {
			return d.answer("nested", "503 5.5.1 there is a sender already")
		}
		return d.address(verb, line[len("MAIL FROM:"):], "250 2.1.0 sender ok", &d.from)
	case "RCPT":
		if d.from == "" {
			return d.answer("early", "503 5.5.1 there is no sender")
		}
		return d.address(verb, line[len("RCPT TO:"):], "250 2.1.5 recipient ok", &d.to)
	case "RSET":
		d.from, d.to = "", ""
	case "DATA":
		return d.data()
	case "BDAT":
		return d.chunk(line)
	case "QUIT":
		d.answer(verb, "221 bye")
		return false
	}
	return d.answer(verb, "250 2.0.0 ok")
}

// address answers MAIL or RCPT, and keeps what it takes.
func (d *dialogue) address(step, addr, usual string, into *string) bool {
	answer := d.ask(step)
	if !refuses(answer) {
		*into = addr
	}
	return d.say(answer, usual)
}

// data takes a text. It keeps the letter before it answers the final dot,
// unless the answer is a refusal or a hang-up.
func (d *dialogue) data() bool {
	if d.to == "" {
		return d.answer("useless", "554 5.5.1 no valid recipients")
	}
	answer := d.ask("DATA")
	if !d.say(answer, "354 go on") {
		return false
	}
	if refuses(answer) {
		return true
	}
	var text strings.Builder
	for first := true; ; first = false {
		line, err := d.r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		if first && d.script != nil && d.script("text", 1) == hangUp {
			return false
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	return d.keep(text.String())
}

// chunk takes a text that comes in one piece (RFC 3030); the step is ".", as for
// the final dot.
func (d *dialogue) chunk(line string) bool {
	var size int
	if _, err := fmt.Sscanf(line, "BDAT %d LAST", &size); err != nil {
		d.t.Errorf("%q: %v", line, err)
		return false
	}
	if d.script != nil && d.script("text", 1) == hangUp {
		return false
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(d.r, text); err != nil {
		return false
	}
	if d.from == "" || d.to == "" {
		return d.answer("useless", "503 5.5.1 nobody to send it to")
	}
	return d.keep(string(text))
}

func (d *dialogue) keep(text string) bool {
	answer := d.ask(".")
	if answer == "" || answer == takeIt || answer[0] == '2' {
		d.count(func() { d.letters = append(d.letters, letter{d.from, d.to, text}) })
	}
	d.from, d.to = "", ""
	return d.say(answer, "250 2.0.0 queued as A1")
}

// refuses says whether an answer means that something was not taken.
func refuses(answer string) bool { return answer != "" && answer[0] != '3' && answer[0] != '2' }

// certificate makes one for 127.0.0.1, and the pool that trusts it.
func certificate(t testing.TB, notAfter time.Time) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "peer"},
		NotBefore: notAfter.Add(-48 * time.Hour), NotAfter: notAfter, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
