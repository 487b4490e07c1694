package peertest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// SmallDisk is a file system in memory that can be full. Only processes that its Command
// starts see it, in a mount namespace of their own.
type SmallDisk struct {
	Path string // where they see it

	t      testing.TB
	within []string // the command that enters the namespace
	pid    int      // of a process in it
}

// MountSmallDisk makes one of so many KiB, which is gone when the test ends.
func MountSmallDisk(t testing.TB, kib int) *SmallDisk {
	t.Helper()
	const peer = "a small disk"
	programs := Need(t, peer, "unshare", "nsenter", "mount")
	d := &SmallDisk{Path: t.TempDir(), t: t}
	unshare, within := []string{"--mount", "--propagation", "private"}, []string{programs[1], "--mount"}
	if os.Geteuid() != 0 { // root of a user namespace of its own may mount, too
		unshare, within = append(unshare, "--map-root-user"), append(within, "--user", "--preserve-credentials")
	}
	holder := exec.Command(programs[0], append(unshare, "sh", "-euc", `mount -t tmpfs -o "size=$2k" tmpfs "$1" && echo mounted && cat`, "sh", d.Path, strconv.Itoa(kib))...)
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	holder.Stderr = &said
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close() // which ends it
		_, _ = io.Copy(io.Discard, out)
		_ = holder.Wait()
	})
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "mounted\n" {
		in.Close()
		_ = holder.Wait()
		leftOut(t, "%s was left out: nothing can be mounted here: %s", peer, said.String())
	}
	d.pid = holder.Process.Pid
	d.within = append(within, "--target", strconv.Itoa(d.pid))
	return d
}

// Command is a command that sees the disk, and runs in its root.
func (d *SmallDisk) Command(name string, args ...string) *exec.Cmd {
	all := append(d.within[1:len(d.within):len(d.within)], "sh", "-euc", `cd "$1"; shift; exec "$@"`, "sh", d.Path, name)
	return exec.Command(d.within[0], append(all, args...)...)
}

// File is where this process sees a file of the disk.
func (d *SmallDisk) File(name string) string {
	return filepath.Join(fmt.Sprintf("/proc/%d/root", d.pid), d.Path, name)
}

// Resize has the disk be of so many KiB, as many as are used at least.
func (d *SmallDisk) Resize(kib int) {
	d.t.Helper()
	// All is named, so that options which mount finds are not set again: it must not those
	// of a user namespace.
	if out, err := d.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("remount,size=%dk", kib), "tmpfs", d.Path).CombinedOutput(); err != nil {
		d.t.Fatalf("the disk cannot be of %d KiB: %v\n%s", kib, err, out)
	}
}

// Used is how many KiB are.
func (d *SmallDisk) Used() int {
	d.t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.File("."), &s); err != nil {
		d.t.Fatal(err)
	}
	return int(int64(s.Blocks-s.Bfree) * int64(s.Bsize) >> 10)
}
