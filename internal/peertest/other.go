//go:build !linux

package peertest

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// enterNetwork says that there are no network namespaces.
func enterNetwork(*os.File) error { return errors.ErrUnsupported }

// endWithTest leaves it to the test to end a command.
func endWithTest(cmd *exec.Cmd, _ syscall.Signal) { cmd.SysProcAttr = &syscall.SysProcAttr{} }
