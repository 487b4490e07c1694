package maildns

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"
)

// Resolver asks the DNS. Names are taken as they are: no search list of this
// machine adds a domain to them.
type Resolver struct {
	net     *net.Resolver
	timeout time.Duration
}

// NewResolver asks the server at an address and port, or the system's where
// server is "". Each lookup takes at most timeout.
func NewResolver(server string, timeout time.Duration) *Resolver {
	r := &Resolver{net: &net.Resolver{}, timeout: timeout}
	if server != "" {
		r.net.PreferGo = true
		r.net.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server)
		}
	}
	return r
}

// look asks with a time limit.
func look[T any](ctx context.Context, r *Resolver, ask func(context.Context, string) (T, error), name string) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	return ask(ctx, name)
}

// full is a name that is not completed from a search list.
func full(name string) string { return strings.TrimSuffix(name, ".") + "." }

// LookupTXT gives the TXT records of a name, each in one piece.
func (r *Resolver) LookupTXT(ctx context.Context, name string) ([]string, error) {
	return look(ctx, r, r.net.LookupTXT, full(name))
}

// LookupMX gives the mail servers of a domain.
func (r *Resolver) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	return look(ctx, r, r.net.LookupMX, full(name))
}

// LookupIPAddr gives the addresses of a host.
func (r *Resolver) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	return look(ctx, r, r.net.LookupIPAddr, full(host))
}

// LookupAddr gives the names of an address.
func (r *Resolver) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	return look(ctx, r, r.net.LookupAddr, addr)
}

// absent says that the DNS answered, and has no such thing.
func absent(err error) bool {
	var failure *net.DNSError
	return errors.As(err, &failure) && failure.IsNotFound
}
