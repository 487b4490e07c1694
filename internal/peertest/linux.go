//go:build linux

package peertest

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// enterNetwork has this thread in a network namespace.
func enterNetwork(namespace *os.File) error {
	return unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET)
}

// endWithTest has a command get a signal when the test's process dies.
func endWithTest(cmd *exec.Cmd, signal syscall.Signal) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: signal}
}
