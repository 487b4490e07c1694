package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"sigpost/digest"
	"sigpost/fetch"
)

// Bounds of following links.
const (
	linkLimit   = 200 // of an issue
	linkTime    = 10 * time.Second
	linkWorkers = 4
	linksTime   = 2 * time.Minute // all of them together
)

// checkLinks follows links and says which of them lead nowhere.
func (a *App) checkLinks(ctx context.Context, urls []string) []digest.Finding {
	ctx, cancel := context.WithTimeout(ctx, linksTime)
	defer cancel()
	found := make([]digest.Finding, min(len(urls), linkLimit))
	client := linkClient(a.ownHosts())
	next := make(chan int)
	var workers sync.WaitGroup
	for range linkWorkers {
		workers.Go(func() {
			for i := range next {
				found[i] = followed(urls[i], follow(ctx, client, urls[i]))
			}
		})
	}
	for i := range found {
		next <- i
	}
	close(next)
	workers.Wait()
	var all []digest.Finding
	for _, f := range found {
		if f.What != "" {
			all = append(all, f)
		}
	}
	if left := len(urls) - len(found); left > 0 {
		all = append(all, digest.Finding{Severity: digest.Remark, What: fmt.Sprintf("%d more links were not followed", left)})
	}
	return all
}

// linkAnswer is what came of following a link.
type linkAnswer struct {
	status int
	err    error
}

// followed makes a finding of an answer; an empty one where the link is good.
func followed(link string, answer linkAnswer) digest.Finding {
	what := func(s digest.Severity, do, format string, args ...any) digest.Finding {
		return digest.Finding{Severity: s, What: "the link " + link + " " + fmt.Sprintf(format, args...), Do: do}
	}
	switch {
	case errors.Is(answer.err, fetch.ErrInside):
		return what(digest.Remark, "look at it yourself", "was not followed: %v", fetch.ErrInside)
	case answer.err != nil:
		return what(digest.Warning, "look at it yourself", "cannot be followed: %v", rootOf(answer.err))
	case answer.status == http.StatusNotFound || answer.status == http.StatusGone:
		return what(digest.Severe, "put it right, or take it out", "is dead (%d %s)", answer.status, http.StatusText(answer.status))
	case answer.status >= 400:
		return what(digest.Warning, "look at it yourself", "answers %d %s", answer.status, http.StatusText(answer.status))
	}
	return digest.Finding{}
}

// rootOf leaves out what net/http says around an error, which repeats the URL.
func rootOf(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// follow asks for the head of what a link leads to, and for the thing itself
// where a server does not know that question.
func follow(ctx context.Context, client *http.Client, link string) (answer linkAnswer) {
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		ctx, cancel := context.WithTimeout(ctx, linkTime)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, method, link, nil)
		if err != nil {
			return linkAnswer{err: err}
		}
		r.Header.Set("User-Agent", "sigpost (preflight)")
		resp, err := client.Do(r)
		if err != nil {
			return linkAnswer{err: err}
		}
		io.CopyN(io.Discard, resp.Body, 4<<10)
		resp.Body.Close()
		answer = linkAnswer{status: resp.StatusCode}
		if answer.status < 400 || answer.status == http.StatusGone {
			return answer
		}
	}
	return answer
}

// ownHosts are those of the configuration, which may be anywhere.
func (a *App) ownHosts() map[string]bool {
	own := map[string]bool{}
	add := func(s string) {
		u, err := url.Parse(s)
		switch {
		case err != nil || u.Host == "":
		case u.Port() != "":
			own[u.Host] = true
		default:
			own[net.JoinHostPort(u.Hostname(), map[string]string{"https": "443", "http": "80"}[u.Scheme])] = true
		}
	}
	add(a.Config.Web.URL)
	for _, l := range a.Config.Lists {
		add(l.ArchiveURL)
	}
	return own
}

// linkClient calls on public addresses only, and on the hosts that are named:
// strangers write links, and must not have us call on what only we can reach.
func linkClient(own map[string]bool) *http.Client {
	anywhere := &net.Dialer{Timeout: linkTime}
	public := fetch.Dialer(linkTime)
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if own[addr] {
				return anywhere.DialContext(ctx, network, addr)
			}
			return public.DialContext(ctx, network, addr)
		},
		MaxIdleConns: linkWorkers, TLSHandshakeTimeout: linkTime, ResponseHeaderTimeout: linkTime,
	}}
}
