package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// Slack is a channel's incoming webhook: a URL that is a secret, to which a note
// is posted.
type Slack struct {
	url     func() (string, error)
	timeout time.Duration
	client  *http.Client
}

// NewSlack makes the courier of a webhook. Its URL is asked for when it is
// needed, so that a new one is seen.
func NewSlack(url func() (string, error), timeout time.Duration) *Slack {
	return &Slack{url: url, timeout: timeout, client: &http.Client{
		// A connection for each note: on one that was kept it could not be known
		// whether the other end had closed it before.
		Transport:     &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: timeout},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Send posts a note. Once the request was written whole, an answer that does not
// come leaves it unknown whether the note is in the channel.
func (s *Slack) Send(ctx context.Context, _, _ string, data []byte) (string, error) {
	target, err := s.url()
	if err != nil {
		return "", &SendError{Kind: Temporary, Step: StepConnect, Err: err}
	}
	body, err := json.Marshal(map[string]any{"text": string(data), "unfurl_links": false})
	if err != nil {
		return "", &SendError{Kind: Permanent, Step: StepPost, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) { written.Store(info.Err == nil) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return "", &SendError{Kind: Permanent, Step: StepConnect, Err: errors.New("the webhook's URL is none")} // not shown: it is the secret
	}
	req.GetBody = nil // nothing is posted a second time
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := s.client.Do(req)
	if err != nil {
		// The error names the URL, which is the secret.
		if failed := (*url.Error)(nil); errors.As(err, &failed) {
			err = failed.Err
		}
		kind, step := Temporary, StepConnect
		if written.Load() {
			kind, step = Unknown, StepPost
		}
		return "", &SendError{Kind: kind, Step: step, Err: err}
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, maxReply)) // what counts is the status
	reply := oneLine(fmt.Sprintf("%d %s", resp.StatusCode, said))
	kind := Permanent
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return reply, nil
	case code == http.StatusBadGateway || code == http.StatusGatewayTimeout:
		// Something between us and Slack did not hear what became of it.
		return "", &SendError{Kind: Unknown, Step: StepPost, Code: code, Err: errors.New(reply)}
	case code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= 500:
		kind = Temporary
	}
	return "", &SendError{Kind: kind, Step: StepPost, Code: resp.StatusCode, Reply: reply}
}

// Close has nothing to close.
func (s *Slack) Close() error { return nil }
