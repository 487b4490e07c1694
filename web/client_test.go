package web

import (
	"io"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// Only proxies that are trusted are believed about where a request comes from.
func TestNetwork(t *testing.T) {
	s := &site{Options: Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8")}}}
	for name, c := range map[string]struct {
		peer string
		hops []string
		want string
	}{
		"nobody in between":          {"192.0.2.7:1234", nil, "192.0.2.0/24"},
		"a stranger claims":          {"192.0.2.7:1234", []string{"198.51.100.1"}, "192.0.2.0/24"},
		"behind a proxy":             {"127.0.0.1:1234", []string{"198.51.100.1"}, "198.51.100.0/24"},
		"behind two":                 {"127.0.0.1:1234", []string{"198.51.100.1, 10.1.2.3"}, "198.51.100.0/24"},
		"with a claim in front":      {"127.0.0.1:1234", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.0/24"},
		"with a claim of its own":    {"127.0.0.1:1234", []string{"203.0.113.9", "198.51.100.1"}, "198.51.100.0/24"},
		"a proxy that says nothing":  {"127.0.0.1:1234", nil, "127.0.0.0/24"},
		"a proxy that says nonsense": {"127.0.0.1:1234", []string{"unknown"}, "127.0.0.0/24"},
		"IPv6":                       {"[2001:db8:1:2ff::1]:1234", nil, "2001:db8:1:200::/56"},
		"IPv4 in IPv6":               {"[::ffff:127.0.0.1]:1234", []string{"2001:db8:1:2ff::1"}, "2001:db8:1:200::/56"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		for _, h := range c.hops {
			r.Header.Add("X-Forwarded-For", h)
		}
		if got := s.network(r).String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// An answer takes as long whatever the desk has to do for it, as long as that is less
// than what it is drawn out to.
func TestAskingTakesAsLong(t *testing.T) {
	for _, work := range []time.Duration{0, time.Millisecond, 249 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			s := &site{Options: Options{AnswerTime: 250 * time.Millisecond}}
			begin := time.Now()
			err := s.ask(t.Context(), func() error { time.Sleep(work); return io.EOF })
			if took := time.Since(begin); took != s.AnswerTime || err != io.EOF {
				t.Errorf("with %v of work an answer takes %v and is %v", work, took, err)
			}
		})
	}
}
