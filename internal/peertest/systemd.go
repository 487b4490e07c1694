package peertest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Systemd is a service manager of its own: the init of a container whose root is a copy
// of this machine's, and in which nothing runs but what a test starts. It has the loopback
// addresses and the clock of this machine.
type Systemd struct {
	t       testing.TB
	process *exec.Cmd
	init    string // its process number, as this machine sees it
	said    bytes.Buffer
}

// BootSystemd starts a service manager that is ended with the test. shared, a folder, is
// seen in the container as /mnt, and read-only. What is written in the container is in memory
// and gone with it. It wants root.
func BootSystemd(t testing.TB, shared string) *Systemd {
	t.Helper()
	nspawn := Need(t, "systemd", "systemd-nspawn", "nsenter", "unshare")[0]
	if os.Getuid() != 0 {
		leftOut(t, "systemd was left out: only root can boot one")
	}
	s := &Systemd{t: t}
	// In a mount namespace of its own: what is mounted is gone with the process. Debian's
	// own services are not wanted: of multi-user.target there is only what a test enables.
	s.process = exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-euc", `
		mount -t tmpfs tmpfs "$1"
		mkdir "$1/upper" "$1/work" "$1/root"
		mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
		: >"$1/root/etc/machine-id"
		rm -rf "$1"/root/etc/systemd/system/*.wants
		exec "$2" --quiet --directory "$1/root" --bind-ro "$3:/mnt" --register=no --keep-unit --console=pipe --boot systemd.unit=multi-user.target
	`, "sh", t.TempDir(), nspawn, shared)
	s.process.Stdout, s.process.Stderr = &s.said, &s.said
	endWithTest(s.process, syscall.SIGKILL)
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.process.Wait() }()
	t.Cleanup(func() {
		s.process.Process.Signal(syscall.SIGTERM) // nspawn has the init shut down
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			t.Error("systemd does not end within 30 s")
			s.process.Process.Kill()
			<-ended
		}
	})
	for late := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if s.init == "" {
			s.init = s.child()
		}
		state := "no init yet"
		if s.init != "" {
			state, _ = s.try("systemctl is-system-running")
			if state = strings.TrimSpace(state); state == "running" || state == "degraded" {
				return s
			}
		}
		if time.Now().After(late) {
			t.Fatalf("systemd does not start within 30 s: %s\n%s", state, s.said.String())
		}
	}
}

// child is nspawn's child once it is the init.
func (s *Systemd) child() string {
	pid := s.process.Process.Pid
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, child := range strings.Fields(string(children)) {
		if name, _ := os.ReadFile(filepath.Join("/proc", child, "comm")); string(name) == "systemd\n" {
			return child
		}
	}
	return ""
}

func (s *Systemd) try(command string) (output string, err error) {
	out, err := exec.Command("nsenter", "--target", s.init, "--all", "sh", "-euc", "cd /mnt\n"+command).CombinedOutput()
	return string(out), err
}

// Do runs a command of the shell as the container's root, in the shared folder, and gives
// what it says. One that fails fails the test.
func (s *Systemd) Do(command string) string {
	s.t.Helper()
	out, err := s.try(command)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return out
}

// Property is what "systemctl show" says of a unit.
func (s *Systemd) Property(unit, name string) string {
	s.t.Helper()
	return strings.TrimSpace(s.Do("systemctl show --value --property " + name + " " + unit))
}

// Until waits until a property of a unit has a value.
func (s *Systemd) Until(unit, name, value string) {
	s.t.Helper()
	for late := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		is := s.Property(unit, name)
		if is == value {
			return
		}
		if time.Now().After(late) {
			s.t.Fatalf("%s of %s is %s, not %s, after 30 s\n%s", name, unit, is, value, s.Do("journalctl --no-pager --lines 30 --unit "+unit))
		}
	}
}
