package app

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sigpost/config"
)

// PingKind is what a dead-man's-switch is told. The kinds are those of healthchecks.io:
// what stands behind the path of its URL.
type PingKind string

// The kinds.
const (
	PingStart   PingKind = "/start"
	PingSuccess PingKind = ""
	PingFail    PingKind = "/fail"
)

// maxPing bounds what is posted with PingFail, in bytes.
const maxPing = 10 << 10

// ping tells the dead-man's-switch how it goes: words are what went wrong. That it
// cannot be told is logged and harms nobody: that nothing comes is what it is for.
func (a *App) ping(ctx context.Context, kind PingKind, words string) {
	to, err := a.Config.Ping()
	if err == nil && to == "" || a.dry {
		return
	}
	if err == nil {
		method, body := http.MethodGet, []byte(nil)
		if kind == PingFail {
			method, body = http.MethodPost, []byte(shortened(words, maxPing))
		}
		if to, err = behind(to, string(kind)); err == nil {
			// Also when the run was interrupted.
			err = a.call(context.WithoutCancel(ctx), method, to, nil, body)
		}
	}
	if err != nil {
		a.log.Warn("the dead-man's-switch could not be told", "of", strings.TrimPrefix(string(kind), "/"), "error", err)
	}
}

// behind puts something behind the path of a URL, which may have a query. The error
// does not have the URL: who knows it can say that all is well.
func behind(to, more string) (string, error) {
	u, err := url.Parse(to)
	if err != nil {
		return "", errors.New("its URL cannot be understood")
	}
	u.Path = strings.TrimRight(u.Path, "/") + more
	return u.String(), nil
}

// PingFailure tells the dead-man's-switch of a configuration that a run could not even
// begin.
func PingFailure(ctx context.Context, cfg *config.Config, o Options, failed error) {
	a := &App{Config: cfg, log: o.Log, now: o.Now}
	a.ping(ctx, PingFail, failed.Error())
}

// pingAll tells the dead-man's-switch how all jobs stand; one that has just begun to fail
// is given the time that people who are told of it give it, too.
func (a *App) pingAll(ctx context.Context) (any, error) {
	states, err := a.Store.Jobs(ctx)
	if err != nil {
		return nil, err
	}
	var wrong []string
	for _, j := range a.Jobs() {
		if s := states[j.Name]; !s.Failing.IsZero() && a.now().Sub(s.Failing) >= a.patience() {
			wrong = append(wrong, j.Name+", since "+s.Failing.Format(time.RFC3339)+": "+s.Failure)
		}
	}
	slices.Sort(wrong)
	if len(wrong) > 0 {
		a.ping(ctx, PingFail, strings.Join(wrong, "\n"))
	} else {
		a.ping(ctx, PingSuccess, "")
	}
	return nil, nil
}
