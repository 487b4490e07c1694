package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// usage is what a process took, with all its children that it has waited for.
type usage struct {
	CPU  time.Duration // user and system
	Wall time.Duration
	Peak int64 // resident bytes, of the process that had most
}

// and is one process after another.
func (u usage) and(v usage) usage {
	return usage{u.CPU + v.CPU, u.Wall + v.Wall, max(u.Peak, v.Peak)}
}

// agentVariable makes this test program the agent that it says.
const agentVariable = "SIGPOST_BENCH_AGENT"

// TestMain is the test, or an agent of it. A process that is started from here
// would be said to have had the memory of all this mail itself, because Linux
// counts what it was until exec. So a small process stands between.
func TestMain(m *testing.M) {
	agent := os.Getenv(agentVariable)
	os.Unsetenv(agentVariable)
	switch agent {
	case "":
		os.Exit(m.Run())
	case "measure":
		os.Exit(measureAgent(os.Args[1:]))
	case "profile":
		os.Exit(profileAgent(os.Args[1:]))
	}
}

// measureAgent runs a command and writes its usage as JSON to file 3.
func measureAgent(args []string) int {
	c := exec.Command(args[0], args[1:]...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	begin := time.Now()
	err := c.Run()
	wall := time.Since(begin)
	if c.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	r := c.ProcessState.SysUsage().(*syscall.Rusage)
	u := usage{c.ProcessState.UserTime() + c.ProcessState.SystemTime(), wall, r.Maxrss << 10}
	if err := json.NewEncoder(os.NewFile(3, "usage")).Encode(u); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return c.ProcessState.ExitCode()
}

// asAgent is this program as an agent.
func asAgent(agent, dir string, env, args []string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Dir = dir
	c.Env = append(append(os.Environ(), agentVariable+"="+agent), env...)
	return c
}

// measure runs a command in dir, which must end well, and gives what it took
// and printed.
func measure(t *testing.T, dir string, env []string, args ...string) (usage, []byte) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c := asAgent("measure", dir, env, args)
	c.ExtraFiles = []*os.File{w}
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err = c.Run()
	w.Close()
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, tail(out.Bytes()), tail(errs.Bytes()))
	}
	var u usage
	if err := json.NewDecoder(r).Decode(&u); err != nil {
		t.Fatal(err)
	}
	return u, out.Bytes()
}

// tail is the end of an output, where the reason stands.
func tail(b []byte) []byte { return b[max(0, len(b)-2000):] }

// output runs a command that is not measured.
func output(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	c := exec.Command(args[0], args[1:]...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, tail(out))
	}
	return string(out)
}

// diskBytes is the apparent size of all files in a folder.
func diskBytes(t *testing.T, dir string) (n int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// median is the middle one, of an even number the mean of the two.
func median[T ~int64 | ~float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
