package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
)

// tight is an archive on a file system of its own: configuration, secret, database,
// write-ahead log, the generation beside it, and temporary files.
type tight struct {
	*peertest.SmallDisk
	t   *testing.T
	now string
}

func newTight(t *testing.T, kib int, config string, others map[string]string) *tight {
	t.Helper()
	d := &tight{peertest.MountSmallDisk(t, kib), t, "2016-04-25T14:00:00Z"}
	must(t, os.Mkdir(d.File("tmp"), 0o700))
	d.write("config.toml", config)
	d.write("sigpost.secret", strings.Repeat("s", 40))
	for name, text := range others {
		d.write(name, text)
	}
	return d
}

func (d *tight) write(name, text string) {
	d.t.Helper()
	must(d.t, os.WriteFile(d.File(name), []byte(text), 0o600))
}

func (d *tight) command(args ...string) *exec.Cmd {
	cmd := d.Command("sigpost", append([]string{"--now", d.now}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+d.Path, "TMPDIR="+filepath.Join(d.Path, "tmp"))
	return cmd
}

// run runs a command to its end.
func (d *tight) run(args ...string) (code int, out, said string) {
	d.t.Helper()
	cmd := d.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		d.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// does runs a command that has to succeed.
func (d *tight) does(args ...string) string {
	d.t.Helper()
	code, out, said := d.run(args...)
	if code != 0 {
		d.t.Fatalf("%v ends with %d:\n%s%s", args, code, out, said)
	}
	return out
}

// fill leaves no room at all.
func (d *tight) fill() {
	d.t.Helper()
	f, err := os.Create(d.File("ballast"))
	must(d.t, err)
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatal(err)
	}
}

// noRoom is how it is said that the disk is full.
var noRoom = regexp.MustCompile(`(?m)^sigpost: .*/sigpost\.db cannot be written: .*(disk is full|the disk has no room for .*).*; make room or give sigpost the right to write there$`)

// isFull runs a command for which there is no room.
func (d *tight) isFull(args ...string) {
	d.t.Helper()
	if code, _, said := d.run(args...); code != 1 || !noRoom.MatchString(said) {
		d.t.Errorf("%v ends with %d, and does not say what is full and what to do:\n%s", args, code, said)
	}
}

var countLine = regexp.MustCompile(`(?m)^ok +database: archive: (\d+) messages`)

// sound looks whether the archive is whole, and gives how many messages it has.
func (d *tight) sound() string {
	d.t.Helper()
	out := d.does("doctor", "--only", "database")
	count := countLine.FindStringSubmatch(out)
	if count == nil || !strings.Contains(out, "soundness: no damage") {
		d.t.Fatalf("the archive is not sound:\n%s", out)
	}
	return count[1]
}

// pages asks the server's pages, which it starts. It gives what they are.
func (d *tight) pages(paths ...string) (all []string) {
	d.t.Helper()
	cmd := d.command("serve", "--no-ingest", "--listen", peertest.FreeAddr(d.t))
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	must(d.t, err)
	must(d.t, cmd.Start())
	defer func() {
		cmd.Process.Signal(syscall.SIGTERM)
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			d.t.Errorf("the server ends with %v:\n%s", err, said.String())
		}
	}()
	line, _ := bufio.NewReader(out).ReadString('\n')
	at := regexp.MustCompile(`^Serving (http://[^/]+)/`).FindStringSubmatch(line)
	if at == nil {
		d.t.Errorf("nothing is served: %q", line)
		return make([]string, len(paths))
	}
	for _, path := range paths {
		answer, err := http.Get(at[1] + path)
		must(d.t, err)
		page, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		must(d.t, err)
		if answer.StatusCode != http.StatusOK {
			d.t.Errorf("%s: %s\n%.300s", path, answer.Status, page)
		}
		all = append(all, string(page))
	}
	return all
}

// Mail comes in until the disk is full. What is stored by then is whole and can be read;
// with more room the rest comes in.
func TestFullDiskWhileMailComes(t *testing.T) {
	const mails = 1500
	mbox := filepath.Join(t.TempDir(), "mail.mbox")
	must(t, os.WriteFile(mbox, manyMails(mails), 0o600))
	config := scriptConfig("127.0.0.1:1", "127.0.0.1:2")
	for _, kib := range []int{96, 1000, 3000, 5000, 8000} {
		t.Run(fmt.Sprintf("%d KiB", kib), func(t *testing.T) {
			d := newTight(t, kib, config, nil)
			d.isFull("import", "--list", "sig-openstack", mbox)
			d.isFull("import", "--list", "sig-openstack", mbox) // and again
			d.fill()
			if code, out, _ := d.run("doctor", "--only", "disk"); code != 1 || !regexp.MustCompile(`(?m)^error +disk: database: only 0 bytes are free`).MatchString(out) {
				t.Errorf("doctor ends with %d:\n%s", code, out)
			}
			if kib >= 3000 { // there are tables
				stored := d.sound()
				t.Logf("%s messages are stored", stored)
				if page := d.pages("/", "/threads", "/search?q=thread")[1]; (stored != "0") != strings.Contains(page, "Thread ") {
					t.Errorf("%s messages are stored; the page of threads is\n%s", stored, page)
				}
			}
			d.Resize(1 << 20)
			d.does("import", "--list", "sig-openstack", mbox)
			if n := d.sound(); n != fmt.Sprint(mails) {
				t.Errorf("%s messages are there in the end, want %d", n, mails)
			}
			if out := d.does("import", "--list", "sig-openstack", mbox); !strings.Contains(out, " 0 new") {
				t.Errorf("once more: %s", out)
			}
		})
	}
}

// manyMails is an mbox whose mail cannot be made much smaller.
func manyMails(n int) []byte {
	var b bytes.Buffer
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		at := demoNow.AddDate(0, 0, -3).Add(time.Duration(i-n) * time.Minute)
		fmt.Fprintf(&b, "From x@example.org %s\nFrom: Ada <ada@example.org>\nTo: sig-openstack@lists.example.org\nSubject: Thread %d\nDate: %s\nMessage-ID: <f%d@example.org>\n\n",
			at.Format("Mon Jan _2 15:04:05 2006"), i/3, at.Format("Mon, 2 Jan 2006 15:04:05 -0700"), i)
		for range 12 {
			for range 10 {
				fmt.Fprintf(&b, "%x ", r.Uint32())
			}
			b.WriteByte('\n')
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// The disk becomes full somewhere between reading mail and recording the last letter.
// Nobody gets a letter twice, and whoever has none is known to who looks after it.
func TestFullDiskWhileLettersGoOut(t *testing.T) {
	const readers = 40
	imap, smtp := mailServers(t)
	must(t, imap.Append("INBOX", sample(func(at time.Time) bool { return !at.After(demoNow) })))
	// At such a rate results are recorded many times while letters go out.
	config := scriptConfig(imap.Addr, smtp.Addr) + "rate = 200\nconnections = 2\n"
	file := "address,consent_source,consent_date\n"
	for i := range readers {
		file += fmt.Sprintf("r%d@readers.example.org,by mail,2016-04-01\n", i)
	}
	d := newTight(t, 1<<20, config, map[string]string{"ca.pem": string(imap.CA.PEM), "imap.password": "demo\n", "readers.csv": file})
	d.does("subscriber", "import", "readers.csv")
	unread := d.save()
	d.does("ingest")
	d.does("digest", "compose")
	composed := d.save()
	amid, most := 0, 0
	try := func(saved []byte, room int) (first int) {
		d.put(saved)
		d.Resize(d.Used() + room)
		code, out, said := d.run("run")
		got := lettersTo(smtp)
		first = len(got)
		if code != 0 && !noRoom.MatchString(said) && !strings.Contains(said, "no space left on device") || code == 0 && first != readers {
			t.Errorf("with room for %d KiB it ends with %d after %d letters:\n%s%s", room, code, first, out, said)
		}
		d.Resize(1 << 20)
		d.sound()
		d.now = "2016-04-25T14:05:00Z"
		code, out, said = d.run("run")
		for who, n := range lettersTo(smtp) {
			got[who] += n
		}
		for who, n := range got {
			if n > 1 {
				t.Errorf("with room for %d KiB %s has %d letters:\n%s%s", room, who, n, out, said)
			}
		}
		resent := d.resendHeld(smtp)
		for i := range readers {
			if who := fmt.Sprintf("r%d@readers.example.org", i); got[who]+resent[who] == 0 {
				t.Errorf("with room for %d KiB %s has no letter, and nobody is told (%d):\n%s%s", room, who, code, out, said)
			}
		}
		if (code != 0) != (len(resent) > 0) {
			t.Errorf("with room for %d KiB %d letters are held, and the next run ends with %d:\n%s%s", room, len(resent), code, out, said)
		}
		d.now = "2016-04-25T14:00:00Z"
		if first > 0 && first < readers {
			amid++
		}
		most = max(most, len(resent))
		t.Logf("room for %d KiB: %d letters, then %d, %d held", room, first, len(got)-first, len(resent))
		return first
	}
	for _, room := range []int{0, 30, 120, 500, 1000, 1300} {
		try(unread, room)
	}
	room := 40
	for ; try(composed, room) == 0; room += 60 {
	}
	for range 12 {
		room += 20
		try(composed, room)
	}
	if amid < 5 || most > readers/2 {
		t.Errorf("%d times it was full while letters went out, want 5 or more; up to %d letters were held, want %d at most", amid, most, readers/2)
	}
}

// save gives the database; put puts it back, and nothing else of the archive.
func (d *tight) save() []byte {
	d.t.Helper()
	if log, err := os.Stat(d.File("sigpost.db-wal")); err == nil && log.Size() > 0 {
		d.t.Fatal("part of the archive is in the write-ahead log")
	}
	data, err := os.ReadFile(d.File("sigpost.db"))
	must(d.t, err)
	return data
}

func (d *tight) put(saved []byte) {
	d.t.Helper()
	for _, name := range []string{"-wal", "-shm", ".lock", ".generation", ".left"} {
		if err := os.Remove(d.File("sigpost.db" + name)); !errors.Is(err, os.ErrNotExist) {
			must(d.t, err)
		}
	}
	d.write("sigpost.db", string(saved))
}

// resendHeld has letters sent again of which it is not known whether they arrived.
func (d *tight) resendHeld(smtp *mailtest.SMTP) map[string]int {
	d.t.Helper()
	d.does("digest", "send", "--resend-held")
	return lettersTo(smtp)
}

func lettersTo(smtp *mailtest.SMTP) map[string]int {
	got := map[string]int{}
	for _, l := range smtp.Take() {
		got[l.To[0]]++
	}
	return got
}
