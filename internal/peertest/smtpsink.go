package peertest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Sink is a running smtp-sink of Postfix: it takes every mail and keeps it in
// a file.
type Sink struct {
	Addr string // host:port on loopback; clear text, no login needed

	t   testing.TB
	dir string
}

// SinkLetter is a mail that a Sink took.
type SinkLetter struct {
	From string   // the reverse-path of MAIL, without brackets and parameters
	To   []string // the forward-paths of the RCPTs, likewise
	// Data is the mail as it was sent, except that its lines end in "\n" and
	// that the sink adds an empty line, which is cut off again.
	Data []byte
}

// SMTPSink starts a sink that is stopped when the test ends. more are further
// options of smtp-sink(1), such as "-r", "rcpt".
func SMTPSink(t testing.TB, more ...string) *Sink {
	t.Helper()
	dir := t.TempDir()
	return startSink(t, dir, append([]string{"-d", dir + "/letter."}, more...))
}

// SMTPDrain starts a sink that keeps nothing, which is much faster: for
// measuring senders.
func SMTPDrain(t testing.TB) *Sink {
	t.Helper()
	return startSink(t, t.TempDir(), nil)
}

func startSink(t testing.TB, dir string, options []string) *Sink {
	t.Helper()
	program := Need(t, "Postfix's smtp-sink", "smtp-sink")[0]
	s := &Sink{Addr: FreeAddr(t), t: t, dir: dir}
	args := append([]string{"-4"}, options...)
	if os.Geteuid() == 0 {
		// It insists on being told whom to become. Staying root lets it write
		// into the test's own folder.
		args = append(args, "-u", "root")
	}
	cmd := exec.Command(program, append(args, s.Addr, "1000")...)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start smtp-sink: %v", err)
	}
	t.Cleanup(func() { stopSink(t, cmd) })
	if err := WaitFor(s.Addr, 10*time.Second); err != nil {
		t.Fatalf("smtp-sink did not start: %v", err)
	}
	return s
}

func stopSink(t testing.TB, cmd *exec.Cmd) {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("stop smtp-sink: %v", err)
	}
	_ = cmd.Wait() // it always ends by our signal
}

// Letters are the mails that have come in so far, in no order that means
// anything. A mail that is still being received may be there in part: ask
// after the sender has its reply.
func (s *Sink) Letters() []SinkLetter {
	s.t.Helper()
	return s.read(false)
}

// Take gives the mails that have come in since the last call, and keeps them no
// more.
func (s *Sink) Take() []SinkLetter {
	s.t.Helper()
	return s.read(true)
}

func (s *Sink) read(remove bool) []SinkLetter {
	s.t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.dir, "letter.*"))
	if err != nil {
		s.t.Fatal(err)
	}
	var letters []SinkLetter
	for _, path := range paths {
		dump, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			s.t.Fatal(err)
		}
		letter, whole := parseSinkDump(dump)
		if !whole {
			continue
		}
		letters = append(letters, letter)
		if remove {
			if err := os.Remove(path); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	return letters
}

// parseSinkDump takes a dump apart: the lines that the sink puts before the
// mail, of which the last is Received with two more, and then the mail. A
// transaction that was refused or given up leaves a dump without a mail.
func parseSinkDump(dump []byte) (letter SinkLetter, whole bool) {
	for {
		line, rest, found := bytes.Cut(dump, []byte("\n"))
		if !found {
			return letter, false
		}
		dump = rest
		name, value, _ := strings.Cut(string(line), ": ")
		switch name {
		case "X-Mail-Args":
			letter.From = path(value)
		case "X-Rcpt-Args":
			letter.To = append(letter.To, path(value))
		case "Received":
			for range 2 {
				_, dump, _ = bytes.Cut(dump, []byte("\n"))
			}
			letter.Data = bytes.TrimSuffix(dump, []byte("\n"))
			return letter, true
		}
	}
}

// path is an address of MAIL or RCPT without brackets and parameters.
func path(args string) string {
	address, _, _ := strings.Cut(args, " ")
	return strings.TrimSuffix(strings.TrimPrefix(address, "<"), ">")
}
