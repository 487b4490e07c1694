package app

import (
	"errors"
	"net"
	"strings"
	"testing"

	"sigpost"
)

func TestTitleOfTheSite(t *testing.T) {
	t.Parallel()
	a := newWorld(t).open()
	title := func() string {
		t.Helper()
		o, err := a.webOptions()
		if err != nil {
			t.Fatal(err)
		}
		return o.Title
	}
	if got := title(); got != a.Config.Digests[0].Title {
		t.Errorf("with one digest it is called %q", got)
	}
	second := a.Config.Digests[0]
	second.Name = "monthly"
	a.Config.Digests = append(a.Config.Digests, second)
	if got := title(); got != "sigpost" {
		t.Errorf("with two digests it is called %q", got)
	}
	a.Config.Web.Title = "The lists"
	if got := title(); got != "The lists" {
		t.Errorf("with a title it is called %q", got)
	}
}

// Each address that cannot be listened at gets advice of its own.
func TestListen(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		addr, says string
		usage      bool
	}{
		{taken.Addr().String(), "another program has the port", false},
		{"192.0.2.1:0", "this machine does not have the address", false}, // RFC 5737: nobody has it
		{"127.0.0.1", "needs a port", true},
		{"127.0.0.1:99999", "no port from 0 to 65535", true},
		{"::1:80", "brackets", true},
		{"127.0.0.1:web", "no port from 0 to 65535", true},
	} {
		l, err := Listen(c.addr)
		if err == nil {
			l.Close()
			t.Errorf("%s is listened at", c.addr)
			continue
		}
		if !strings.Contains(err.Error(), c.says) || errors.Is(err, sigpost.ErrUsage) != c.usage {
			t.Errorf("%s: %v", c.addr, err)
		}
		if c.says != "another program has the port" && strings.Contains(err.Error(), "another program") {
			t.Errorf("%s: %v", c.addr, err)
		}
	}
}
