// Package fetch keeps good copies of files that lie elsewhere: at a web
// address, or in a file or folder that somebody else writes. What is too large,
// too slow or not what it should be never takes the place of a good copy.
package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sigpost"
)

const (
	// MaxBytes is how large a file may be, unpacked.
	MaxBytes = 10 << 20
	// Timeout is how long fetching one may take in all.
	Timeout = 30 * time.Second

	maxRedirects = 5
)

// Fetcher brings copies up to date.
type Fetcher struct {
	client *http.Client
	now    func() time.Time
	public func(netip.Addr) bool // Public, but in tests
}

// New makes a Fetcher that goes by a clock.
func New(now func() time.Time) *Fetcher {
	f := &Fetcher{now: now, public: Public}
	f.client = &http.Client{Timeout: Timeout, Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: f.dial, ForceAttemptHTTP2: true, MaxIdleConns: 10, IdleConnTimeout: Timeout, TLSHandshakeTimeout: Timeout,
		MaxResponseHeaderBytes: 64 << 10,
	}, CheckRedirect: func(to *http.Request, via []*http.Request) error {
		switch {
		case len(via) > maxRedirects:
			return fmt.Errorf("it leads on more than %d times", maxRedirects)
		case via[0].URL.Scheme == "https" && to.URL.Scheme != "https":
			return errors.New("it leads from https to an address that is not")
		case to.URL.Scheme != "https" && to.URL.Scheme != "http":
			return fmt.Errorf("it leads to an address with %q", to.URL.Scheme)
		}
		return nil
	}}
	return f
}

// IsURL says whether an address is one of the web, and not a file. webcal, by
// which calendars are subscribed to, stands for https.
func IsURL(address string) bool {
	scheme, _, found := strings.Cut(address, "://")
	return found && slices.Contains([]string{"https", "http", "webcal"}, strings.ToLower(scheme))
}

// Update brings a copy up to date with what is at an address: a URL, a file, or
// a folder of YAML files. good says whether something can be the copy. The
// result is to be kept also where there is an error: it knows of the failure,
// and still has what it had.
func (f *Fetcher) Update(ctx context.Context, c sigpost.Copy, address string, good func([]byte) error) (sigpost.Copy, error) {
	if origin := fingerprint(address); c.Origin != origin { // what was there is of another source
		c = sigpost.Copy{Name: c.Name, Origin: origin}
	}
	got, err := f.get(ctx, c, address)
	if err == nil && got != nil {
		if err = good(got.Body); err == nil {
			c.Body, c.ETag, c.LastModified = got.Body, got.ETag, got.LastModified
		}
	}
	if err != nil {
		if ctx.Err() != nil { // we were stopped: that says nothing of the source
			return c, ctx.Err()
		}
		if c.Failing.IsZero() {
			c.Failing = f.now()
		}
		c.Failure = err.Error()
		return c, err
	}
	c.Confirmed, c.Failing, c.Failure = f.now(), time.Time{}, ""
	return c, nil
}

func fingerprint(address string) string {
	sum := sha256.Sum256([]byte(address))
	return fmt.Sprintf("%x", sum[:8])
}

// get gives what is at an address; nil where it is still what the copy has.
func (f *Fetcher) get(ctx context.Context, c sigpost.Copy, address string) (*sigpost.Copy, error) {
	if IsURL(address) {
		return f.getURL(ctx, c, address)
	}
	info, err := os.Stat(address)
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	if !info.IsDir() {
		body, err := readFile(address)
		return &sigpost.Copy{Body: body}, err
	}
	names, err := filepath.Glob(filepath.Join(address, "*.y*ml"))
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("the folder %s has no YAML files", address)
	}
	var all bytes.Buffer
	for _, name := range names {
		body, err := readFile(name)
		if err != nil {
			return nil, err
		}
		if all.Len() > 0 {
			all.WriteString("\n---\n")
		}
		if all.Write(body); all.Len() > MaxBytes {
			return nil, fmt.Errorf("the files of the folder are larger than %d MiB", MaxBytes>>20)
		}
	}
	return &sigpost.Copy{Body: all.Bytes()}, nil
}

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("the file cannot be read: %w", err)
	}
	defer file.Close()
	return limited(file)
}

// limited reads all, if that is not too much.
func limited(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("it broke off after %d bytes: %w", len(body), plain(err))
	case len(body) > MaxBytes:
		return nil, fmt.Errorf("it is larger than %d MiB", MaxBytes>>20)
	}
	return body, nil
}

func (f *Fetcher) getURL(ctx context.Context, c sigpost.Copy, address string) (*sigpost.Copy, error) {
	if _, rest, _ := strings.Cut(address, "://"); strings.HasPrefix(strings.ToLower(address), "webcal:") {
		address = "https://" + rest
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("its address is wrong: %w", plain(err))
	}
	request.Header.Set("User-Agent", "sigpost")
	request.Header.Set("Accept", "text/calendar, application/yaml, application/json, text/plain;q=0.9, */*;q=0.5")
	if len(c.Body) > 0 { // else "not modified" would leave us with nothing
		if c.ETag != "" {
			request.Header.Set("If-None-Match", c.ETag)
		}
		if c.LastModified != "" {
			request.Header.Set("If-Modified-Since", c.LastModified)
		}
	}
	response, err := f.client.Do(onItsWay(request))
	if err != nil {
		return nil, fmt.Errorf("it cannot be fetched: %w", plain(err))
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode == http.StatusNotModified && len(c.Body) > 0:
		return nil, nil
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("the server answers %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	}
	body, err := limited(response.Body)
	return &sigpost.Copy{Body: body, ETag: response.Header.Get("ETag"), LastModified: response.Header.Get("Last-Modified")}, err
}

// plain is an error without the address, which may hold a secret.
func plain(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		if of.Timeout() {
			return fmt.Errorf("there was no whole answer within %s", Timeout)
		}
		return of.Err
	}
	return err
}
