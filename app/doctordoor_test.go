package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigpost"
	"sigpost/maildns"
)

// What stands between readers and the pages breaks one-click unsubscribing in
// many ways; each is found out by calling the door.
func TestDoorIsTried(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.web = "http://127.0.0.1:1"
	a := w.open()
	s := w.subscribe(a, "ada@example.net")
	type front = func(pages http.Handler) http.Handler
	only := func(method string, odd http.HandlerFunc) front {
		return func(pages http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == method {
					odd(w, r)
					return
				}
				pages.ServeHTTP(w, r)
			})
		}
	}
	// changed lets the pages answer and changes that.
	changed := func(change func(*http.Response)) front {
		return func(pages http.Handler) http.Handler {
			behind := httptest.NewServer(pages)
			t.Cleanup(behind.Close)
			u, err := url.Parse(behind.URL)
			if err != nil {
				t.Fatal(err)
			}
			proxy := httputil.NewSingleHostReverseProxy(u)
			proxy.ModifyResponse = func(r *http.Response) error { change(r); return nil }
			return proxy
		}
	}
	var asked []string
	for _, c := range []struct {
		name  string
		front front
		want  maildns.Severity
		says  string
	}{
		{"as they are", func(pages http.Handler) http.Handler { return pages }, maildns.OK, "answers a click at once"},
		{"a proxy", changed(func(*http.Response) {}), maildns.OK, "answers a click at once"},
		{"a redirect", only(http.MethodPost, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://www.example.org"+r.URL.Path, http.StatusMovedPermanently)
		}), maildns.Severe, "leads elsewhere (301, to https://www.example.org/unsubscribe/"},
		{"a login", only(http.MethodPost, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }), maildns.Severe, "wants a login"},
		{"no programs", only(http.MethodGet, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }), maildns.Severe, "GET http"},
		{"no POST", only(http.MethodPost, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMethodNotAllowed) }), maildns.Severe, "answers 405 instead of 404"},
		{"a cookie", changed(func(r *http.Response) { r.Header.Set("Set-Cookie", "a=b") }), maildns.Severe, "sets a cookie"},
		{"another page", changed(func(r *http.Response) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("<p>hello")), 8
			r.Header.Set("Content-Length", "8")
		}), maildns.Warning, "another page"},
		{"a file server", func(http.Handler) http.Handler { return http.NotFoundHandler() }, maildns.Warning, "another page"},
		{"a broken answer", only(http.MethodPost, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), maildns.Severe, "has no answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(nil)
			a.Config.Web.URL = "http://" + server.Listener.Addr().String()
			pages, err := a.Handler()
			if err != nil {
				t.Fatal(err)
			}
			before := c.front(pages)
			server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL.Path)
				before.ServeHTTP(w, r)
			})
			server.Start()
			defer server.Close()
			found := a.checkDoor(t.Context(), lookupHere)
			if f := found[0]; f.Severity != c.want || !strings.Contains(f.What, c.says) || f.Severity != maildns.OK && f.Do == "" {
				t.Errorf("%+v", f)
			}
			for _, f := range found {
				if strings.Contains(f.What, a.tokens.Unsubscribe(0)) && c.name != "a redirect" {
					t.Errorf("it shows the token: %s", f.What)
				}
			}
		})
	}
	// A name that leads to an address of this network here may lead nowhere outside.
	for name, is := range map[string][]string{"private": {"127.0.0.1"}, "shared": {"127.0.0.1", "100.64.0.9"}, "both": {"127.0.0.1", "2606:4700::1"}} {
		t.Run("a name with addresses that are "+name, func(t *testing.T) {
			pages, err := a.Handler()
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(pages)
			defer server.Close()
			a.Config.Web.URL = "http://news.example.org:" + server.URL[strings.LastIndexByte(server.URL, ':')+1:]
			found := a.checkDoor(t.Context(), func(_ context.Context, host string) (all []netip.Addr, err error) {
				if host != "news.example.org" {
					t.Errorf("asked for %s", host)
				}
				for _, addr := range is {
					all = append(all, netip.MustParseAddr(addr))
				}
				return all, nil
			})
			if len(found) != 1 || found[0].Severity != maildns.Warning || !strings.Contains(found[0].What, "asked from this machine, answers a click at once") ||
				!strings.Contains(found[0].What, "news.example.org is 127.0.0.1") || strings.Contains(found[0].What, "2606:") || found[0].Do == "" {
				t.Errorf("%+v", found)
			}
		})
	}
	if inside := notPublic([]netip.Addr{netip.MustParseAddr("2606:4700::1"), netip.MustParseAddr("::ffff:10.0.0.1"), netip.MustParseAddr("9.9.9.9"), netip.MustParseAddr("fd00::1")}); fmt.Sprint(inside) != "[10.0.0.1 fd00::1]" {
		t.Errorf("not public are %v", inside)
	}
	for _, path := range asked {
		if strings.Contains(path, a.tokens.Unsubscribe(s.ID)) {
			t.Errorf("a reader's door was called")
		}
	}
	if now, err := a.Store.Subscription(t.Context(), s.ID); err != nil || now.State != sigpost.SubscriptionActive {
		t.Errorf("the reader is %v, %v", now.State, err)
	}
}

// deaf is an address of this machine that answers nobody at a port: its queue is full.
func deaf(t *testing.T, port int) netip.Addr {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	at := &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 9}, Port: port}
	if err := errors.Join(syscall.Bind(fd, at), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	addr := netip.AddrFrom4(at.Addr)
	for range 10 {
		conn, err := net.DialTimeout("tcp", netip.AddrPortFrom(addr, uint16(port)).String(), 300*time.Millisecond)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { conn.Close() })
	}
	t.Fatal("it takes any number of connections")
	return addr
}

// pagesToTry are pages that a test serves.
func pagesToTry(t *testing.T) (*App, http.Handler) {
	t.Helper()
	w := newWorld(t)
	w.web = "http://127.0.0.1:1"
	a := w.open()
	pages, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return a, pages
}

// Of a name with two addresses one may swallow all, such as where IPv6 is broken: mail
// servers try the other one then.
func TestDoorHasAnotherAddress(t *testing.T) {
	t.Parallel()
	a, pages := pagesToTry(t)
	server := httptest.NewServer(pages)
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).Port
	a.Config.Web.URL = fmt.Sprintf("http://news.example.org:%d", port)
	silent := deaf(t, port)
	found := a.checkDoor(t.Context(), func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{silent, netip.MustParseAddr("127.0.0.1")}, nil
	})
	if len(found) != 1 || !strings.Contains(found[0].What, "answers a click at once") {
		t.Errorf("%+v", found)
	}
}

// A certificate that providers do not believe is what is to be put right, and not whether
// the pages are served.
func TestDoorWithAWrongCertificate(t *testing.T) {
	t.Parallel()
	a, pages := pagesToTry(t)
	server := httptest.NewUnstartedServer(pages)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that turn away
	server.StartTLS()
	defer server.Close()
	a.Config.Web.URL = server.URL
	if f := a.checkDoor(t.Context(), lookupHere)[0]; f.Severity != maildns.Severe || !strings.Contains(f.What, "certificate") || !strings.Contains(f.Do, "a certificate of its name") {
		t.Errorf("%+v", f)
	}
	server.Close()
	if f := a.checkDoor(t.Context(), lookupHere)[0]; f.Severity != maildns.Severe || !strings.Contains(f.Do, "\"sigpost serve\" runs") {
		t.Errorf("%+v", f)
	}
}
