package store

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// endUntaken has a connection end that is being made when what is said is not taken for
// half a minute (TCP_USER_TIMEOUT, tcp(7)): the kernel looks for no sign of life
// meanwhile, and says it again for a quarter of an hour.
func endUntaken(network, _ string, c syscall.RawConn) (err error) {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	if failed := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 30_000)
	}); failed != nil {
		return failed
	}
	return err
}
