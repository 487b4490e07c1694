package peertest

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"testing"
)

// Network is a network namespace, in which processes see nothing of this machine but what
// listens at Host, over a link that can be cut, and what is passed in.
type Network struct {
	Host string // this machine, as seen from inside

	t    testing.TB
	name string
	link string // its end on this machine
}

var networks atomic.Int32

// NewNetwork makes a network namespace that is gone with the test. It wants root.
func NewNetwork(t testing.TB) *Network {
	t.Helper()
	Need(t, "network namespaces", "ip")
	if os.Getuid() != 0 {
		leftOut(t, "network namespaces were left out: only root can make one")
	}
	id := (os.Getpid() + int(networks.Add(1))) % (1 << 14) // for four addresses of 10.97.0.0/16
	address := func(i int) string { return fmt.Sprintf("10.97.%d.%d", id>>6, id<<2&0xff+i) }
	n := &Network{Host: address(1), t: t, name: fmt.Sprintf("sigpost%d", id), link: fmt.Sprintf("sigpost%dh", id)}
	inside := fmt.Sprintf("sigpost%dg", id)
	if err := n.ip("netns", "add", n.name); err != nil {
		leftOut(t, "network namespaces were left out: %v", err)
	}
	t.Cleanup(func() { n.must("netns", "del", n.name) }) // the link goes with it
	n.must("link", "add", n.link, "type", "veth", "peer", "name", inside)
	n.must("link", "set", inside, "netns", n.name)
	n.must("addr", "add", n.Host+"/30", "dev", n.link)
	n.must("link", "set", n.link, "up")
	n.must("-n", n.name, "addr", "add", address(2)+"/30", "dev", inside)
	n.must("-n", n.name, "link", "set", inside, "up")
	n.must("-n", n.name, "link", "set", "lo", "up")
	return n
}

func (n *Network) ip(args ...string) error {
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %v: %w: %s", args, err, out)
	}
	return nil
}

func (n *Network) must(args ...string) {
	n.t.Helper()
	if err := n.ip(args...); err != nil {
		n.t.Fatal(err)
	}
}

// Command is a command that runs inside.
func (n *Network) Command(program string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", n.name, program}, args...)...)
}

// Cut cuts the link to Host: what is said is lost, and nobody is told.
func (n *Network) Cut() { n.must("link", "set", n.link, "down") }

// Heal mends it.
func (n *Network) Heal() { n.must("link", "set", n.link, "up") }

// Pass has what listens at a loopback address of this machine listen at the same address
// inside too, whether the link is cut or not.
func (n *Network) Pass(addr string) {
	n.t.Helper()
	l, err := n.listen(addr)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				server, err := net.Dial("tcp", addr)
				if err != nil {
					client.Close()
					return
				}
				go carry(server, client)
				carry(client, server)
			}()
		}
	}()
}

func carry(to, from net.Conn) {
	io.Copy(to, from)
	to.Close()
}

// listen listens inside: a socket belongs to the namespace of the thread that makes it.
func (n *Network) listen(addr string) (l net.Listener, err error) {
	outside, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return nil, err
	}
	defer outside.Close()
	inside, err := os.Open("/run/netns/" + n.name)
	if err != nil {
		return nil, err
	}
	defer inside.Close()
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		runtime.LockOSThread()
		if err = enterNetwork(inside); err == nil {
			l, err = net.Listen("tcp", addr)
		}
		if enterNetwork(outside) == nil {
			runtime.UnlockOSThread() // else the thread ends with this
		}
	}()
	<-listening
	return l, err
}
