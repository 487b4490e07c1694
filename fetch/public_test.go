package fetch

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"sigpost"
)

func TestPublicAddresses(t *testing.T) {
	for addr, want := range map[string]bool{
		"192.88.99.1": true, "8.8.8.8": true, "2a00:1450:4001::1": true,
		"127.0.0.1": false, "127.8.8.8": false, "::1": false, "::ffff:127.0.0.1": false, "0.0.0.0": false, "::": false, "255.255.255.255": false,
		"10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "::ffff:10.0.0.1": false, "fd00::1": false, "fe80::1": false,
		"169.254.169.254": false, "::ffff:169.254.169.254": false, "100.100.100.200": false, "64:ff9b::a9fe:a9fe": false, "2002:7f00:1::": false, "224.0.0.1": false, "ff02::1": false,
	} {
		if got := Public(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
}

// A calendar that strangers keep cannot have us call on what only we can reach; one
// of our own may lead on to another of our own.
func TestSourcesLeadNobodyInside(t *testing.T) {
	called := 0
	hidden := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		called++
		_, _ = w.Write([]byte("of the inside"))
	}))
	defer hidden.Close()
	source := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/again" {
			_, _ = w.Write([]byte("of the source"))
			return
		}
		http.Redirect(w, r, "/again", http.StatusFound)
	})
	outside := func() *Fetcher { // to whom the first address is public, and no other
		f, asked := New(time.Now), 0
		f.public = func(netip.Addr) bool { asked++; return asked == 1 }
		return f
	}
	if c, err := outside().Update(t.Context(), sigpost.Copy{}, source.URL, any); err != nil || string(c.Body) != "of the source" {
		t.Errorf("to itself: %q, %v", c.Body, err)
	}
	source.answer = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, hidden.URL, http.StatusFound) }
	c, err := outside().Update(t.Context(), sigpost.Copy{}, source.URL, any)
	if !errors.Is(err, ErrInside) || called > 0 || len(c.Body) > 0 {
		t.Errorf("inside: %v, called %d times, %q", err, called, c.Body)
	}
	if c, err = New(time.Now).Update(t.Context(), sigpost.Copy{}, source.URL, any); err != nil || string(c.Body) != "of the inside" {
		t.Errorf("from inside: %q, %v", c.Body, err)
	}
}
