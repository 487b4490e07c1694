package ingest

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"sigpost/internal/ownfile"

	"golang.org/x/oauth2"
)

const (
	// tokenMargin is how long before its end an access token is renewed.
	tokenMargin = 2 * time.Minute
	// tokenLife is how long an access token is used whose server does not
	// say how long it lasts.
	tokenLife = 5 * time.Minute
	// tokenTimeout bounds each request to a token server.
	tokenTimeout = 30 * time.Second
)

// OAuth gets access tokens for a refresh token that a person has given leave
// for (RFC 6749, section 6), without that person. Its fields are not to be
// changed once it is used; its methods may be called at the same time.
type OAuth struct {
	// Account is the config's name for the account.
	Account string
	// TokenURL is where tokens are renewed, DeviceURL where Login asks for
	// leave; "" if there is no such place. Both are https, or on loopback.
	TokenURL  string
	DeviceURL string
	// ClientID is what the token server knows this program as. ClientSecret
	// is asked for at each request; nil if there is none.
	ClientID     string
	ClientSecret func() (string, error)
	// Scopes are what leave is asked for.
	Scopes []string
	// TokenFile is where the tokens are kept, as JSON (see tokens).
	TokenFile string

	mu sync.Mutex // held while tokens are renewed
}

// tokens are what a token file holds.
type tokens struct {
	Refresh string    `json:"refresh_token"`
	Access  string    `json:"access_token,omitempty"`
	Expiry  time.Time `json:"expiry,omitzero"` // of Access
}

// AccessToken gives an access token that should be good now: the one in the
// token file, or, near the end of that one's life, a new one, which is stored.
// refused is one that a server did not take, or "". renewed says that the
// token is new. Errors wrap ErrToken, or ErrUnreachable where trying again may
// help.
func (o *OAuth) AccessToken(ctx context.Context, refused string) (token string, renewed bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	kept, err := o.read()
	if err != nil {
		return "", false, err
	}
	if kept.usable(refused) {
		return kept.Access, false, nil
	}
	fresh, err := o.renew(ctx, kept.Refresh)
	if errors.Is(err, errRevoked) {
		// Another process may have renewed it meanwhile, which ends the life
		// of the old one at servers that want it so.
		now, readErr := o.read()
		if readErr != nil || now.Refresh == kept.Refresh {
			return "", false, err
		}
		if now.usable(refused) {
			return now.Access, false, nil
		}
		fresh, err = o.renew(ctx, now.Refresh)
	}
	return fresh, true, err
}

func (t tokens) usable(refused string) bool {
	return t.Access != "" && t.Access != refused && time.Now().Add(tokenMargin).Before(t.Expiry)
}

// renew exchanges the refresh token for an access token and stores what came.
// The file is begun first: at some servers a refresh token is good for one
// time only, and the next one must not be lost.
func (o *OAuth) renew(ctx context.Context, refresh string) (string, error) {
	file, err := o.create()
	if err != nil {
		return "", err
	}
	defer file.abandon()
	config, ctx, cancel, err := o.client(ctx)
	if err != nil {
		return "", err
	}
	defer cancel()
	got, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
	if err != nil {
		return "", o.explain(ctx, err)
	}
	return got.AccessToken, file.commit(tokensOf(got, refresh))
}

func tokensOf(got *oauth2.Token, refresh string) tokens {
	kept := tokens{Refresh: got.RefreshToken, Access: got.AccessToken, Expiry: got.Expiry}
	if kept.Refresh == "" {
		kept.Refresh = refresh
	}
	if kept.Expiry.IsZero() {
		kept.Expiry = time.Now().Add(tokenLife)
	}
	return kept
}

// client makes ready for a request. Whatever comes of it within ctx ends in
// time.
func (o *OAuth) client(ctx context.Context) (*oauth2.Config, context.Context, context.CancelFunc, error) {
	for _, u := range []string{o.TokenURL, o.DeviceURL} {
		if err := checkTokenURL(u); u != "" && err != nil {
			return nil, nil, nil, fmt.Errorf("%w of account %s: %w", ErrToken, o.Account, err)
		}
	}
	secret := ""
	if o.ClientSecret != nil {
		var err error
		if secret, err = o.ClientSecret(); err != nil {
			return nil, nil, nil, fmt.Errorf("%w of account %s: %w", ErrToken, o.Account, err)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{
		Timeout: tokenTimeout,
		// Secrets go to where the configuration says, and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	return &oauth2.Config{
		ClientID: o.ClientID, ClientSecret: secret, Scopes: o.Scopes,
		Endpoint: oauth2.Endpoint{TokenURL: o.TokenURL, DeviceAuthURL: o.DeviceURL, AuthStyle: oauth2.AuthStyleInParams},
	}, ctx, cancel, nil
}

// checkTokenURL refuses addresses at which others could read along.
func checkTokenURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return fmt.Errorf("%q is no web address", address)
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("%s is not https, and everybody could read the token", address)
}

// errRevoked says that a refresh token is no longer good.
var errRevoked = errors.New("the refresh token is no longer good")

// explain says what to do about a refusal of the token server (RFC 6749,
// section 5.2). What the server sent is quoted only where it is an error's
// words.
func (o *OAuth) explain(ctx context.Context, err error) error {
	var (
		refusal *oauth2.RetrieveError
		invalid x509.CertificateInvalidError
	)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	at := "of account " + o.Account
	if u, parseErr := url.Parse(o.TokenURL); parseErr == nil {
		at += " from " + u.Host
	}
	if !errors.As(err, &refusal) {
		if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
			return fmt.Errorf("%w %s: its certificate is not valid now: check this machine's clock", ErrToken, at)
		}
		if network := (*url.Error)(nil); errors.As(err, &network) {
			return fmt.Errorf("%w: no access token %s: %w", ErrUnreachable, at, network.Err)
		}
		return fmt.Errorf("%w %s: %s", ErrToken, at, short(err.Error()))
	}
	words := short(strings.TrimSpace(refusal.ErrorCode + " " + refusal.ErrorDescription))
	status := refusal.Response.StatusCode
	switch {
	case status >= 500 || status == http.StatusTooManyRequests:
		return fmt.Errorf("%w: no access token %s at present: %s", ErrUnreachable, at, refusal.Response.Status)
	case refusal.ErrorCode == "invalid_grant":
		return fmt.Errorf("%w %s: %w (revoked, too old, or another client's%s): \"sigpost login %s\" asks for a new one (%s)",
			ErrToken, at, errRevoked, clockHint(refusal.Response), o.Account, words)
	case refusal.ErrorCode == "invalid_client" || refusal.ErrorCode == "unauthorized_client":
		return fmt.Errorf("%w %s: the client is not known or not allowed there: check client_id and client_secret_file (%s)", ErrToken, at, words)
	case refusal.ErrorCode == "invalid_scope":
		return fmt.Errorf("%w %s: check scopes (%s)", ErrToken, at, words)
	case refusal.ErrorCode == "":
		return fmt.Errorf("%w %s: it answers %s, as no token server does: check token_url", ErrToken, at, refusal.Response.Status)
	}
	return fmt.Errorf("%w %s: %s", ErrToken, at, words)
}

// clockHint says so where the server's clock shows another time: tokens that
// are signed are valid by the clock.
func clockHint(r *http.Response) string {
	theirs, err := http.ParseTime(r.Header.Get("Date"))
	if off := time.Since(theirs).Abs(); err == nil && off > 2*time.Minute {
		return fmt.Sprintf("; or this machine's clock: it is %s off the server's", off.Round(time.Minute))
	}
	return ""
}

func (o *OAuth) read() (kept tokens, err error) {
	data, err := os.ReadFile(o.TokenFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return kept, fmt.Errorf("%w of account %s: there is no token_file %s yet: \"sigpost login %s\" makes one", ErrToken, o.Account, o.TokenFile, o.Account)
	case err != nil:
		return kept, fmt.Errorf("%w of account %s: token_file cannot be read: %w", ErrToken, o.Account, err)
	}
	// An error of encoding/json could quote a secret.
	if json.Unmarshal(data, &kept) != nil || kept.Refresh == "" {
		return kept, fmt.Errorf("%w of account %s: the token_file %s holds no JSON with a \"refresh_token\": \"sigpost login %s\" makes a new one",
			ErrToken, o.Account, o.TokenFile, o.Account)
	}
	return kept, nil
}

// tokenFile is a file that takes the place of a token file, all at once.
type tokenFile struct {
	*os.File
	o    *OAuth
	path string
}

func (o *OAuth) create() (*tokenFile, error) {
	path := o.TokenFile
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	f, err := ownfile.Temp(path, "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, fmt.Errorf("%w of account %s: tokens could not be stored in its folder: %w", ErrToken, o.Account, err)
	}
	return &tokenFile{File: f, o: o, path: path}, nil
}

// abandon removes the file unless it was committed.
func (f *tokenFile) abandon() {
	f.Close()
	os.Remove(f.Name())
}

func (f *tokenFile) commit(kept tokens) error {
	data, err := json.MarshalIndent(kept, "", "  ")
	if err == nil {
		_, err = f.Write(append(data, '\n'))
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		return fmt.Errorf("%w of account %s: the new one cannot be stored: %w", ErrToken, f.o.Account, err)
	}
	return nil
}
