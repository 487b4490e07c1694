package sdnotify

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A real datagram socket gets what a service manager would.
func TestManager(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	got := func() string {
		t.Helper()
		buf := make([]byte, 4096)
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return string(buf[:n])
	}
	m := &Manager{Failed: func(err error) { t.Error(err) }}
	m.Ready("Serving\nREADY=0")
	if s := got(); s != "READY=1\nSTATUS=Serving READY=0" {
		t.Errorf("ready: %q", s)
	}
	m.Reloading()
	state, usec, _ := strings.Cut(got(), "\nMONOTONIC_USEC=")
	if n, err := strconv.ParseInt(usec, 10, 64); state != "RELOADING=1" || err != nil || n <= 0 {
		t.Errorf("reloading: %q at %q", state, usec)
	}
	m.Alive()
	if s := got(); s != "WATCHDOG=1" {
		t.Errorf("alive: %q", s)
	}
	m.Stopping()
	if s := got(); s != "STOPPING=1\nSTATUS=Stopping." {
		t.Errorf("stopping: %q", s)
	}
	if m.Watchdog() != 0 {
		t.Error("there is a watchdog that nobody asked for")
	}
	t.Setenv("WATCHDOG_USEC", "30000000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	if m.Watchdog() != 15*time.Second {
		t.Errorf("the watchdog wants a sign every %s", m.Watchdog())
	}
	t.Setenv("WATCHDOG_PID", "1")
	if m.Watchdog() != 0 {
		t.Error("the watchdog is another process's")
	}
}

// A manager that has gone harms nobody, and is complained of once.
func TestNoManager(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	(&Manager{Failed: func(err error) { t.Error(err) }}).Ready("")
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nobody"))
	complaints := 0
	m := &Manager{Failed: func(error) { complaints++ }}
	m.Ready("")
	m.Alive()
	if complaints != 1 {
		t.Errorf("%d complaints", complaints)
	}
}

// What a journal gets is kept, by whatever type of unit; what only was started from one,
// such as a terminal of a desktop, is not.
func TestKept(t *testing.T) {
	var out syscall.Stat_t
	if err := syscall.Fstat(int(os.Stdout.Fd()), &out); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		socket, stream string
		want           bool
	}{
		{"", "", false},
		{"/run/notify", "", true},
		{"", fmt.Sprintf("%d:%d", out.Dev, out.Ino), true},
		{"", fmt.Sprintf("%d:%d", out.Dev, out.Ino+1), false},
		{"", "nonsense", false},
	} {
		t.Setenv("NOTIFY_SOCKET", c.socket)
		t.Setenv("JOURNAL_STREAM", c.stream)
		if got := Kept(); got != c.want {
			t.Errorf("NOTIFY_SOCKET=%q JOURNAL_STREAM=%q: %t", c.socket, c.stream, got)
		}
	}
}
