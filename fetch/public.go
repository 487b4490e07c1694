package fetch

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrInside says that an address is of this machine or its network. Whom a
// stranger sends us on must not be what only we can reach.
var ErrInside = errors.New("its address is not a public one")

// inside are networks that net/netip takes for public and that lead to others
// than the public: those of a provider behind one address (RFC 6598), of an IPv4
// address in an IPv6 one (RFC 6052, 3056, 4380), and for measurements (RFC 2544).
var inside = []netip.Prefix{
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
}

// Public says whether everybody can reach an address.
func Public(addr netip.Addr) bool {
	addr = addr.Unmap()
	if !addr.IsGlobalUnicast() || addr.IsPrivate() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return false
	}
	for _, p := range inside {
		if p.Contains(addr) {
			return false
		}
	}
	return true
}

// Dialer dials public addresses only. It looks at the address that a name has led
// to, so that a name which leads elsewhere the next time gains nothing.
func Dialer(timeout time.Duration) *net.Dialer { return dialerTo(timeout, Public) }

func dialerTo(timeout time.Duration, public func(netip.Addr) bool) *net.Dialer {
	return &net.Dialer{Timeout: timeout, Control: func(_, addr string, _ syscall.RawConn) error {
		if to, err := netip.ParseAddrPort(addr); err != nil || !public(to.Addr()) {
			return ErrInside
		}
		return nil
	}}
}

// journey is how far a request may go: to where the configuration sends it, or to
// the proxy on the way, wherever these are; and where that is inside, to anything.
type journey struct {
	meant  []string // host:port
	inside atomic.Bool
}

type journeyKey struct{}

// onItsWay notes where a request is meant to go.
func onItsWay(r *http.Request) *http.Request {
	j := &journey{meant: []string{hostPort(r.URL)}}
	if proxy, err := http.ProxyFromEnvironment(r); err == nil && proxy != nil {
		j.meant = append(j.meant, hostPort(proxy))
	}
	return r.WithContext(context.WithValue(r.Context(), journeyKey{}, j))
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// dial opens a connection for a request. What a source leads on to has to be
// public, unless the source itself is not.
func (f *Fetcher) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	j, _ := ctx.Value(journeyKey{}).(*journey)
	for i := 0; j != nil && i < len(j.meant); i++ {
		if j.meant[i] != addr {
			continue
		}
		conn, err := (&net.Dialer{Timeout: Timeout}).DialContext(ctx, network, addr)
		if err == nil && i == 0 {
			to, err := netip.ParseAddrPort(conn.RemoteAddr().String())
			j.inside.Store(err == nil && !f.public(to.Addr()))
		}
		return conn, err
	}
	if j != nil && j.inside.Load() {
		return (&net.Dialer{Timeout: Timeout}).DialContext(ctx, network, addr)
	}
	return dialerTo(Timeout, f.public).DialContext(ctx, network, addr)
}
