package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sigpost/config"
	"sigpost/maildns"
)

// doorLimit is how long the pages may take to answer; providers do not wait.
const doorLimit = 15 * time.Second

// maxAnswer is the most that is read of an answer, in bytes.
const maxAnswer = 1 << 20

// checkDoor calls the door that List-Unsubscribe names, as a provider does when a
// reader clicks (RFC 8058, section 3.2). The token is a good one, of a
// subscription that never is: what answers has to know the archive's secret, and
// there is nobody who could be unsubscribed.
func (a *App) checkDoor(ctx context.Context) []maildns.Finding {
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
	door := door{ctx: ctx, handler: handler, report: r, about: about}
	if door.try(http.MethodPost, good, bad) && door.try(http.MethodGet, good, bad) {
		r.add(about, maildns.OK, "", "%s answers a click at once, without login, cookie or another page", base)
	}
	if u, err := url.Parse(base); err == nil && config.Loopback(u.Host) {
		r.add(about, maildns.Unknown, "before readers get letters, set [web] url to where they reach the pages, by https", "%s is this machine alone: it serves for trying out", base)
	}
	return r.found
}

// door is where readers leave, and how it is tried.
type door struct {
	ctx     context.Context
	handler http.Handler
	report  *mailFindings
	about   string
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
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
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
