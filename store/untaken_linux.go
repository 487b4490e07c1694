package store

import (
	"strings"
	"syscall"
)

// tcpUserTimeout is TCP_USER_TIMEOUT (linux/tcp.h).
const tcpUserTimeout = 18

// endUntaken has a connection end that is being made when what is said is not taken for
// half a minute (tcp(7)): the kernel looks for no sign of life meanwhile, and says it
// again for a quarter of an hour.
func endUntaken(network, _ string, c syscall.RawConn) (err error) {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	if failed := c.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, 30_000)
	}); failed != nil {
		return failed
	}
	return err
}
