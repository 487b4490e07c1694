// Package deliver measures how fast an issue goes out, beside the tool that comes
// with the sink.
package deliver

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sigpost"
	"sigpost/app"
	"sigpost/bench/internal/program"
	sigconfig "sigpost/config"
	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
	"sigpost/store"
)

var (
	readers     = flag.Int("readers", 300, "how many readers get the issue")
	selections  = flag.Int("selections", 40, "how many kinds of readers there are: topics and time zones")
	connections = flag.Int("connections", 10, "how many connections there may be")
	keys        = flag.String("dkim", "", "sign with a new key of this type: ed25519 or rsa")
	roundTrip   = flag.Duration("rtt", 0, "the round trip to the sink")
	mails       = flag.Int("mails", 8, "how many mails of the sample list the issue tells of")
	profile     = flag.String("profile", "", "where to write a CPU profile of sending once more, within the test")
	runs        = flag.Int("runs", 1, "how often each is measured")
	source      = flag.Bool("source", true, "measure smtp-source, too")
)

// config has a web address, so that each letter has its own links.
const config = program.Weekly + `postal_address = "1 Main Street, Springfield"
[web]
url = "https://digest.example.org"
[smtp]
host = %q
tls = "plain"
connections = %d
`

// measured is what one contender took.
type measured struct {
	wall, cpu time.Duration
	peak      int64 // MB
}

func (m measured) row(who string, n int) string {
	return fmt.Sprintf("%-28s %8.0f a second  %6.2f CPU s per 10,000  %5d MB  %v", who, float64(n)/m.wall.Seconds(),
		m.cpu.Seconds()*1e4/float64(n), m.peak, m.wall.Round(time.Millisecond))
}

func used(state *os.ProcessState) (time.Duration, int64) {
	return state.UserTime() + state.SystemTime(), state.SysUsage().(*syscall.Rusage).Maxrss / 1024
}

// TestDeliver sends an issue of the sample list to a smtp-sink that keeps nothing,
// each reader's letter with links and an address of their own, and its ledger in
// SQLite; and as many mails of the same size with smtp-source.
func TestDeliver(t *testing.T) {
	sink := peertest.SMTPDrain(t)
	addr := sink.Addr
	if *roundTrip > 0 {
		addr = distant(t, addr, *roundTrip)
	}
	p, file := ready(t, addr)
	size := letterSize(t, p)
	t.Logf("%d readers of %d kinds, letters of %d bytes, %d connections, round trip %v", *readers, *selections, size, *connections, *roundTrip)
	copyFile(t, file, file+".clean")
	clean := func() {
		copyFile(t, file+".clean", file)
		for _, beside := range []string{".generation", "-wal", "-shm"} {
			os.Remove(file + beside)
		}
	}
	t.Logf("the first letter is begun after %v", firstLetter(t, p, sink.Addr))
	if *profile != "" {
		clean()
		inProcess(t, p)
	}
	for range *runs {
		clean()
		t.Log(send(t, p).row("sigpost", *readers))
		before, after := fileSize(t, file+".clean"), fileSize(t, file)
		t.Logf("the file has %d MB before and %d MB after: %d bytes a reader, %d more a letter", before>>20, after>>20, before/int64(*readers), (after-before)/int64(*readers))
		if *keys != "" {
			t.Log(onlySigns(t).row("a program that only signs", *readers))
		}
		if *source {
			t.Log(smtpSource(t, addr, size).row("smtp-source -d", *readers))
		}
	}
}

func fileSize(t *testing.T, name string) int64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// copyFile copies without holding it: a child's peak of memory is at least what
// its parent has.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// inProcess sends within the test, and writes a profile of that.
func inProcess(t *testing.T, p program.Program) {
	cfg, err := sigconfig.Load(filepath.Join(p.Dir, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), cfg, app.Options{Now: func() time.Time { return time.Date(2016, 4, 25, 14, 1, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	f, err := os.Create(*profile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		t.Fatal(err)
	}
	defer pprof.StopCPUProfile()
	if _, err := a.Send(t.Context(), cfg.Digests[0], false); err != nil {
		t.Fatal(err)
	}
}

// ready is a program with an issue that is approved, and its archive.
func ready(t *testing.T, addr string) (p program.Program, file string) {
	p = program.Build(t, fmt.Sprintf(config, addr, *connections))
	p.Write(t, "config.toml", fmt.Sprintf(config, addr, *connections)+signing(t, p))
	p.Write(t, "sample.mbox", string(sampleMbox()))
	p.Run(t, "import", filepath.Join(p.Dir, "sample.mbox"))
	file = filepath.Join(p.Dir, "sigpost.db")
	subscribe(t, file, *readers)
	p.Run(t, "classify")
	p.At(t, "2016-04-25T14:00:00Z", "digest", "compose")
	return p, file
}

// signing makes a key where letters are to be signed, and gives what names it in a
// configuration beside it.
func signing(t *testing.T, p program.Program) string {
	if *keys == "" {
		return ""
	}
	p.Run(t, "dkim", "new", "--domain", "digest.example.org", "--selector", "bench", "--type", *keys, "--out", filepath.Join(p.Dir, "dkim.pem"))
	return "[[dkim]]\ndomain = \"digest.example.org\"\nselector = \"bench\"\nkey_file = \"dkim.pem\"\n"
}

func send(t *testing.T, p program.Program) measured {
	begin := time.Now()
	out, state := p.At(t, "2016-04-25T14:01:00Z", "digest", "send", "--json")
	m := measured{wall: time.Since(begin)}
	m.cpu, m.peak = used(state)
	var sent []app.SendReport
	if err := json.Unmarshal(out, &sent); err != nil {
		t.Fatal(err)
	}
	if len(sent) != 1 || sent[0].Outcome.Sent != *readers {
		t.Errorf("%d readers got %+v", *readers, sent)
	}
	return m
}

// letterSize is what one reader's letter has, in bytes.
func letterSize(t *testing.T, p program.Program) int {
	out, _ := p.At(t, "2016-04-25T14:00:30Z", "digest", "show", "--format", "eml")
	return len(out)
}

// firstLetter is how long it takes from the start of the program to the first
// MAIL. The program is killed then.
func firstLetter(t *testing.T, p program.Program, to string) time.Duration {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	was, err := os.ReadFile(filepath.Join(p.Dir, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Write(t, "config.toml", string(was))
	p.Write(t, "config.toml", regexp.MustCompile(`(?m)^host = .*`).ReplaceAllString(string(was), fmt.Sprintf("host = %q", listener.Addr())))
	c := exec.Command(p.Path(), "--config", filepath.Join(p.Dir, "config.toml"), "--now", "2016-04-25T14:01:00Z", "digest", "send")
	begin := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { c.Process.Kill(); c.Wait() }()
	listener.(*net.TCPListener).SetDeadline(begin.Add(time.Minute))
	client, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := net.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go io.Copy(client, server)
	said := make([]byte, 4096)
	for {
		n, err := client.Read(said)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(said[:n]), "MAIL FROM") {
			return time.Since(begin)
		}
		if _, err := server.Write(said[:n]); err != nil {
			t.Fatal(err)
		}
	}
}

// onlySigns makes as many signatures as there are letters, on all cores: what
// nobody who signs can be faster than.
func onlySigns(t *testing.T) measured {
	var key crypto.Signer
	var err error
	options := crypto.SignerOpts(crypto.SHA256)
	if *keys == "rsa" {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		_, key, err = ed25519.GenerateKey(rand.Reader)
		options = crypto.Hash(0)
	}
	if err != nil {
		t.Fatal(err)
	}
	digest := make([]byte, 32)
	begin, before := time.Now(), own(t)
	var all sync.WaitGroup
	cores := runtime.GOMAXPROCS(0)
	for core := range cores {
		all.Go(func() {
			for n := core; n < *readers; n += cores {
				if _, err := key.Sign(rand.Reader, digest, options); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return measured{wall: time.Since(begin), cpu: own(t) - before}
}

// own is the CPU time of this process.
func own(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func smtpSource(t *testing.T, addr string, size int) measured {
	c := exec.Command(peertest.Need(t, "Postfix's smtp-source", "smtp-source")[0], "-4", "-d", "-s", fmt.Sprint(*connections), "-m", fmt.Sprint(*readers),
		"-l", fmt.Sprint(size), "-f", "weekly@digest.example.org", "-t", "reader@readers.example.org", addr)
	begin := time.Now()
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("smtp-source: %v\n%s", err, out)
	}
	m := measured{wall: time.Since(begin)}
	m.cpu, m.peak = used(c.ProcessState)
	return m
}

// sampleMbox is the first mails of the sample list: as many as make a letter of
// some 14.5 kB.
func sampleMbox() []byte {
	var b []byte
	for _, m := range mailtest.SampleList()[:*mails] {
		b = fmt.Appendf(b, "From sample %s\n%s\n\n", m.Received.UTC().Format(time.ANSIC), m.Raw)
	}
	return b
}

// subscribe puts readers straight into the archive: a process for each would
// take longer than all that is measured.
func subscribe(t *testing.T, file string, n int) {
	t.Helper()
	db, err := store.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	zones := []string{"", "Europe/Berlin", "Asia/Tokyo", "America/New_York"}
	topics := []string{"kuryr", "magnum", "kolla", "heat", "nova", "neutron", "cinder", "keystone", "murano", "swift"}
	err = db.Tx(t.Context(), func(tx *store.DB) error {
		for i := range n {
			kind := i % *selections
			s := sigpost.Subscription{Digest: "weekly", State: sigpost.SubscriptionActive, Since: time.Now(),
				Subscriber: sigpost.Subscriber{Name: fmt.Sprintf("Reader No. %d", i), Addr: fmt.Sprintf("reader%d@readers.example.org", i),
					Zone: zones[kind%len(zones)], Consent: "in a measurement", Created: time.Now()}}
			for bit := kind / len(zones); bit > 0; bit-- { // muting keeps the letters long
				s.Muted = append(s.Muted, sigpost.Tag{Kind: sigpost.KindProject, Name: topics[bit%len(topics)] + strings.Repeat("x", bit/len(topics))})
			}
			if _, err := tx.Subscribe(context.Background(), s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// distant is a proxy that is half a round trip away from both sides, with no
// limit to what is under way.
func distant(t *testing.T, to string, roundTrip time.Duration) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				client.Close()
				continue
			}
			var both sync.WaitGroup
			both.Go(func() { late(server, client, roundTrip/2) })
			both.Go(func() { late(client, server, roundTrip/2) })
			go func() { both.Wait(); client.Close(); server.Close() }()
		}
	}()
	return listener.Addr().String()
}

// late passes on what it reads, each piece after a delay.
func late(dst net.Conn, src net.Conn, delay time.Duration) {
	type piece struct {
		data []byte
		at   time.Time
	}
	pieces := make(chan piece, 1024)
	go func() {
		defer close(pieces)
		for {
			b := make([]byte, 32<<10)
			n, err := src.Read(b)
			if n > 0 {
				pieces <- piece{b[:n], time.Now().Add(delay)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range pieces {
		time.Sleep(time.Until(p.at))
		if _, err := dst.Write(p.data); err != nil {
			break
		}
	}
	dst.(*net.TCPConn).CloseWrite()
	io.Copy(io.Discard, src)
}
