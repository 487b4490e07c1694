package web

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"sigpost/subscribe"
)

// network is where a request comes from. Proxies that are trusted say whom they
// ask for in X-Forwarded-For: the last address that is none of theirs is the
// client's. What anybody else says there is not believed.
func (s *site) network(r *http.Request) netip.Prefix {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	client := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(client); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		client = hop.Unmap()
	}
	return subscribe.Network(client)
}

func (s *site) trusted(addr netip.Addr) bool {
	for _, p := range s.TrustedProxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// ask asks the desk, and takes the same time whatever is known of the address.
func (s *site) ask(ctx context.Context, do func() error) error {
	due := time.NewTimer(s.AnswerTime)
	defer due.Stop()
	err := do()
	select {
	case <-due.C:
	case <-ctx.Done():
	}
	return err
}
