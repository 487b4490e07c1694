// Package peertest starts real servers for tests: ordinary processes on
// loopback addresses, with their files in a temporary folder, stopped by
// their own pid. Only tests import it.
//
// A server that is not installed leaves its tests out. With PEERS=required in
// the environment, as CI has it, leaving one out is a failure.
package peertest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Need finds a peer's programs, in $PATH or as one of the globs (such as
// "/usr/lib/postgresql/*/bin/initdb"; the last match wins, and "{/a,}" in front
// stands for a folder that may be left out). Where one is
// missing the test is skipped, or fails when PEERS=required.
func Need(t testing.TB, peer string, programs ...string) []string {
	t.Helper()
	var paths []string
	for _, p := range programs {
		path := find(p)
		if path == "" {
			leftOut(t, "%s was left out: %s is not installed (scripts/install-peers installs it)", peer, p)
		}
		paths = append(paths, path)
	}
	return paths
}

func find(program string) string {
	if folder, rest, ok := strings.Cut(program, ",}"); ok {
		if path := find(rest); path != "" {
			return path
		}
		program = strings.TrimPrefix(folder, "{") + rest
	}
	if !filepath.IsAbs(program) {
		if path, err := exec.LookPath(program); err == nil {
			return path
		}
		program = "/usr/sbin/" + program
	}
	found, _ := filepath.Glob(program)
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}

func leftOut(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("PEERS") == "required" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// FreeAddr is a loopback address whose port nobody listened on just now.
func FreeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// WaitFor waits until something accepts connections at addr.
func WaitFor(addr string, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("nothing answers at %s after %s: %w", addr, limit, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// runUntilEnd starts a server in the foreground and stops it when the test
// ends.
func runUntilEnd(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-exited:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-exited
		}
	})
}
