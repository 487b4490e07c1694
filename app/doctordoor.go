package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"sigpost/config"
	"sigpost/fetch"
	"sigpost/maildns"
)

// doorLimit is how long the pages may take to answer; providers do not wait.
const doorLimit = 15 * time.Second

// maxAnswer is the most that is read of an answer, in bytes.
const maxAnswer = 1 << 20

// checkDoor calls the door that List-Unsubscribe names, as a provider does when a
// reader clicks (RFC 8058, section 3.2). The token is a good one, of a
// subscription that never is: what answers has to know the archive's secret, and
// there is nobody who could be unsubscribed. lookup says where a name leads to for this
// machine, which is whom is asked: for others it may lead elsewhere.
func (a *App) checkDoor(ctx context.Context, lookup lookup) []maildns.Finding {
	r := &mailFindings{}
	const about = "one click"
	base := a.Config.Web.URL
	if base == "" {
		r.add(about, maildns.Severe, "set [web] url, and run \"sigpost serve\" behind it", "readers cannot unsubscribe with one click (RFC 8058), as large providers demand")
		return r.found
	}
	handler, err := a.Handler()
	if err != nil {
		r.add(about, maildns.Severe, "put it right", "%v", err)
		return r.found
	}
	const nobody = 0
	good := a.Config.Web.URL + "/unsubscribe/" + a.tokens.Unsubscribe(nobody)
	bad, last := good[:len(good)-1], "A" // the same token with another proof
	if strings.HasSuffix(good, last) {
		last = "B"
	}
	bad += last
	u, err := url.Parse(base)
	if err != nil {
		r.add(about, maildns.Severe, "put [web] url right", "%v", err)
		return r.found
	}
	addresses, _ := lookup(ctx, u.Hostname()) // who asks finds out why not
	inside, loopback := notPublic(addresses), config.Loopback(u.Host)
	door := door{ctx: ctx, handler: handler, report: r, about: about, client: clientTo(u.Hostname(), addresses)}
	defer door.client.CloseIdleConnections()
	answers := door.try(http.MethodPost, good, bad) && door.try(http.MethodGet, good, bad)
	says := base + " was asked from this machine"
	if answers {
		says = base + ", asked from this machine, answers a click at once, without login, cookie or another page"
	}
	switch {
	case len(inside) > 0 && !loopback:
		r.add(about, maildns.Warning, "ask the DNS outside for "+u.Hostname()+", and open "+base+" from a machine outside; where all readers are in this network, nothing has to be done",
			"%s; but %s is %s here, which is no public address, so that says nothing of readers outside", says, u.Hostname(), strings.Join(inside, ", "))
	case answers:
		r.add(about, maildns.OK, "", "%s", says)
	}
	if loopback {
		r.add(about, maildns.Unknown, "before readers get letters, set [web] url to where they reach the pages, by https", "%s is this machine alone: it serves for trying out", base)
	}
	return r.found
}

// lookup finds the addresses of a host.
type lookup func(ctx context.Context, host string) ([]netip.Addr, error)

// lookupHere is what this machine thinks, by its hosts file and its resolver.
func lookupHere(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, doorLimit)
	defer cancel()
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// notPublic are those of some addresses that nobody outside reaches.
func notPublic(addresses []netip.Addr) (inside []string) {
	for _, addr := range addresses {
		if !fetch.Public(addr) {
			inside = append(inside, addr.Unmap().String())
		}
	}
	return inside
}

// clientTo asks a host at some addresses, and follows nowhere. What is between, such as a
// proxy, is asked where it is.
func clientTo(host string, addresses []netip.Addr) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = func(ctx context.Context, network, addr string) (conn net.Conn, err error) {
		to, port, err := net.SplitHostPort(addr)
		if err != nil || to != host || len(addresses) == 0 {
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
		// One that swallows all leaves time for the others.
		dialer := net.Dialer{Timeout: doorLimit / time.Duration(len(addresses)+1)}
		for _, one := range addresses {
			if conn, err = dialer.DialContext(ctx, network, net.JoinHostPort(one.String(), port)); err == nil {
				return conn, nil
			}
		}
		return nil, err
	}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// door is where readers leave, and how it is tried.
type door struct {
	ctx     context.Context
	handler http.Handler
	report  *mailFindings
	about   string
	client  *http.Client
}

// answer is what came of a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// page is the body without the request's own id, which is another each time.
func (a answer) page() []byte {
	id := a.header.Get("X-Request-Id")
	if id == "" {
		return a.body
	}
	return bytes.ReplaceAll(a.body, []byte(id), []byte("…"))
}

// try has the pages answer a request, and this program itself the same one: they
// have to be alike, and unlike what a token of another secret gets.
func (d door) try(method, target, other string) bool {
	got, err := d.call(method, target)
	if err != nil {
		do := "see that \"sigpost serve\" runs, and that [web] url leads to it from outside"
		if errors.As(err, new(*tls.CertificateVerificationError)) {
			do = "give what answers at [web] url a certificate of its name, in date, of an authority that everybody knows: providers do not click otherwise"
		}
		d.report.add(d.about, maildns.Severe, do, "%v", err)
		return false
	}
	want, unproven := d.own(method, target), d.own(method, other)
	severe := func(do, format string, args ...any) bool {
		d.report.add(d.about, maildns.Severe, do, method+" "+d.place(target)+" "+format, args...)
		return false
	}
	const front = "have whatever stands in front of \"sigpost serve\" pass requests to /unsubscribe/ on as they are"
	switch {
	case got.status >= 300 && got.status < 400:
		return severe(front+", and set [web] url to where it leads", "leads elsewhere (%d, to %s); providers do not follow", got.status, got.header.Get("Location"))
	case got.status == http.StatusUnauthorized || got.status == http.StatusForbidden || got.status == http.StatusProxyAuthRequired:
		return severe(front, "wants a login, or refuses programs (%d)", got.status)
	case len(got.header.Values("Set-Cookie")) > 0:
		return severe(front, "sets a cookie")
	case got.status != want.status:
		return severe(front, "answers %d instead of %d", got.status, want.status)
	case bytes.Equal(got.page(), unproven.page()) && !bytes.Equal(want.page(), unproven.page()):
		return severe("let \"sigpost serve\" run with this configuration's secret_file", "does not know this archive's secret: no reader's link would work")
	case !bytes.Equal(got.page(), want.page()):
		d.report.add(d.about, maildns.Warning, "if \"sigpost serve\" was not started again after an upgrade or a change of titles or templates, do that; else see what changes the page on its way",
			"%s %s answers with another page than this program's", method, d.place(target))
		return false
	}
	return true
}

// place is a URL for people: the token says nothing to them.
func (d door) place(target string) string {
	before, _, _ := strings.Cut(target, "/unsubscribe/")
	return before + "/unsubscribe/…"
}

const oneClick = "List-Unsubscribe=One-Click"

func (d door) request(ctx context.Context, method, target string) (*http.Request, error) {
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(oneClick)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err == nil && method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, err
}

// call asks over the network.
func (d door) call(method, target string) (answer, error) {
	ctx, cancel := context.WithTimeout(d.ctx, doorLimit)
	defer cancel()
	req, err := d.request(ctx, method, target)
	if err != nil {
		return answer{}, err
	}
	res, err := d.client.Do(req)
	if err != nil {
		var broken *url.Error
		if errors.As(err, &broken) { // it would name the token
			err = broken.Err
		}
		return answer{}, fmt.Errorf("%s %s has no answer: %w", method, d.place(target), err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return answer{}, fmt.Errorf("%s %s breaks off: %w", method, d.place(target), err)
	}
	return answer{res.StatusCode, res.Header, body}, nil
}

// own is what this program itself answers.
func (d door) own(method, target string) answer {
	req, err := d.request(d.ctx, method, target)
	if err != nil {
		return answer{}
	}
	if u, err := url.Parse(target); err == nil { // a server sees no more of it, and may lie in a folder
		if i := strings.Index(u.Path, "/unsubscribe/"); i > 0 {
			req.URL.Path = u.Path[i:]
		}
	}
	req.RequestURI, req.RemoteAddr = req.URL.RequestURI(), "127.0.0.1:1"
	w := &recorder{answer{status: http.StatusOK, header: http.Header{}}}
	d.handler.ServeHTTP(w, req)
	return w.answer
}

// recorder keeps an answer.
type recorder struct{ answer }

// Header is of the answer.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader keeps the status.
func (r *recorder) WriteHeader(status int) { r.status = status }

// Write keeps a part of the body.
func (r *recorder) Write(p []byte) (int, error) {
	r.body = append(r.body, p...)
	return len(p), nil
}
