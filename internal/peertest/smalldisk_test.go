package peertest

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestSmallDisk(t *testing.T) {
	d := MountSmallDisk(t, 64)
	write := func(name string, kib int) error {
		return os.WriteFile(d.File(name), []byte(strings.Repeat("0123456789abcde\n", kib*64)), 0o600)
	}
	if err := write("first", 32); err != nil || d.Used() != 32 {
		t.Errorf("%d KiB are used (%v), want 32", d.Used(), err)
	}
	if err := write("second", 40); !errors.Is(err, syscall.ENOSPC) || d.Used() != 64 {
		t.Errorf("a full disk takes more: %v, %d KiB used", err, d.Used())
	}
	if out, err := d.Command("sh", "-c", "ls; cp first third").CombinedOutput(); err == nil || !strings.HasPrefix(string(out), "first\nsecond\n") || !strings.Contains(string(out), "No space left") {
		t.Errorf("a command sees %q (%v)", out, err)
	}
	d.Resize(128)
	if err := write("second", 40); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(d.Path); err != nil || len(files) > 0 {
		t.Errorf("others see %v (%v)", files, err)
	}
}
