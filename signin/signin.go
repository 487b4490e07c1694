// Package signin lets those sign in who look after the archive: by a link that is
// mailed to them, or printed on the terminal, and that can be used once. It keeps
// hashes of secrets alone, and tells nobody who can sign in.
package signin

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/subscribe"
)

// Rows are what the desk keeps. Tx runs do in one transaction.
type Rows interface {
	Tx(ctx context.Context, do func(tx Rows) error) error
	AddSignInLink(ctx context.Context, hash string, l sigpost.SignInLink) error
	SignInLink(ctx context.Context, hash string, now time.Time) (sigpost.SignInLink, error)
	UseSignInLink(ctx context.Context, hash string, now time.Time) (bool, error)
	AddSession(ctx context.Context, hash string, s sigpost.WebSession) (int64, error)
	Session(ctx context.Context, hash string) (sigpost.WebSession, error)
	SessionByNumber(ctx context.Context, id int64) (sigpost.WebSession, error)
	SeeSession(ctx context.Context, id int64, at time.Time) error
	RevokeSession(ctx context.Context, id int64, at time.Time) (bool, error)
	Sessions(ctx context.Context, addr string, now time.Time) ([]sigpost.WebSession, error)
	Allow(ctx context.Context, now time.Time, limits ...sigpost.Limit) (sigpost.Limit, error)
	QueueNotice(ctx context.Context, n sigpost.Notice) error
	Audit(ctx context.Context, e sigpost.AuditEntry) error
}

// Limits of what anybody can ask for.
const (
	perAddress = 5  // links an hour
	perNetwork = 20 // links an hour
	perAll     = 300
	// perFailure is how many links that are none a network can open in an hour.
	perFailure = 30
)

// Desk signs people in and out.
type Desk struct {
	Rows  Rows
	Clock func() time.Time
	// People are those who can sign in, as the configuration is now.
	People func() []sigpost.Person
	// Local says of an address that links for it are made on the terminal alone, and
	// never mailed.
	Local func(addr string) bool
	// Letter writes the mail with a link.
	Letter func(p sigpost.Person, token string, expires time.Time) (sigpost.Notice, error)
	// Bucket names what is counted together of an address or network, without
	// giving it away.
	Bucket func(kind, word string) string
	// Wake is told that there are letters to send. It must not block.
	Wake func()
	Log  *slog.Logger
	// LinkTime is how long a link can be used, SessionTime how long a session lasts.
	LinkTime, SessionTime time.Duration
}

// secretSize is that of a link's and of a session's secret, in bytes.
const secretSize = 32

// newSecret gives a secret that can stand in a URL, and its hash.
func newSecret() (secret, hash string) {
	b := make([]byte, secretSize)
	rand.Read(b) // it never fails
	secret = base64.RawURLEncoding.EncodeToString(b)
	return secret, hashOf(secret)
}

// hashOf is what is kept of a secret. It is looked up by this hash, so how long
// that takes says nothing of any secret.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Named is who the configuration names by an address; ok is false where it names
// nobody.
func (d Desk) Named(addr string) (p sigpost.Person, ok bool) {
	all := d.People()
	i := slices.IndexFunc(all, func(p sigpost.Person) bool { return strings.EqualFold(p.Addr, addr) })
	if i < 0 {
		return p, false
	}
	return all[i], true
}

// Ask has a link mailed to an address, if somebody of that address can sign in and
// has not asked too often. What it answers says nothing of the address; the error
// is a subscribe.ErrLimited where there were too many requests, or the store's.
func (d Desk) Ask(ctx context.Context, address, back string, from netip.Prefix) error {
	limits := []sigpost.Limit{{Bucket: "sign-in", N: perAll, Per: time.Hour}}
	if from.IsValid() {
		limits = append(limits, sigpost.Limit{Bucket: d.Bucket("sign-in network", from.String()), N: perNetwork, Per: time.Hour})
	}
	if err := d.allow(ctx, limits...); err != nil {
		return err
	}
	p, ok := d.Named(strings.TrimSpace(address))
	if !ok || d.Local(p.Addr) {
		return nil
	}
	err := d.Rows.Tx(ctx, func(tx Rows) error {
		refused, err := tx.Allow(ctx, d.Clock(), sigpost.Limit{Bucket: d.Bucket("sign-in address", p.Addr), N: perAddress, Per: time.Hour})
		if err != nil || refused.Bucket != "" {
			return err
		}
		token, expires, err := d.link(ctx, tx, p, sigpost.SignInByMail, back)
		if err != nil {
			return err
		}
		n, err := d.Letter(p, token, expires)
		if err != nil {
			return err
		}
		n.Due = d.Clock()
		return tx.QueueNotice(ctx, n)
	})
	if err == nil {
		d.Wake()
	}
	return err
}

func (d Desk) allow(ctx context.Context, limits ...sigpost.Limit) error {
	refused, err := d.Rows.Allow(ctx, d.Clock(), limits...)
	if err == nil && refused.Bucket != "" {
		err = subscribe.ErrLimited{Retry: refused.Per / time.Duration(refused.N)}
	}
	return err
}

func (d Desk) link(ctx context.Context, tx Rows, p sigpost.Person, way sigpost.SignInWay, back string) (token string, expires time.Time, err error) {
	token, hash := newSecret()
	now := d.Clock()
	l := sigpost.SignInLink{Addr: p.Addr, Way: way, Back: LocalPath(back), Made: now, Expires: now.Add(d.LinkTime)}
	return token, l.Expires, tx.AddSignInLink(ctx, hash, l)
}

// Link makes a link for who uses the terminal. The error wraps sigpost.ErrNotFound
// where nobody of that address can sign in.
func (d Desk) Link(ctx context.Context, address string) (p sigpost.Person, token string, expires time.Time, err error) {
	p, ok := d.Named(address)
	if !ok {
		return p, "", expires, fmt.Errorf("nobody of the address %s can sign in: %w", address, sigpost.ErrNotFound)
	}
	err = d.Rows.Tx(ctx, func(tx Rows) error {
		if token, expires, err = d.link(ctx, tx, p, sigpost.SignInByTerminal, ""); err != nil {
			return err
		}
		return tx.Audit(ctx, sigpost.AuditEntry{At: d.Clock(), Action: sigpost.AuditSignInLink, Kind: sigpost.AuditPerson, Object: p.Addr,
			Says: fmt.Sprintf("made a link that signs in %s as %s", p.Addr, p.Role)})
	})
	return p, token, expires, err
}

// Look gives whom a link signs in, and changes nothing: programs that look for
// malice open links, too. The error wraps sigpost.ErrNotFound where the link was
// used, is too old or never was, or is a subscribe.ErrLimited where a network has
// opened too many of those.
func (d Desk) Look(ctx context.Context, token string, from netip.Prefix) (sigpost.Person, error) {
	p, _, err := d.look(ctx, token, from)
	return p, err
}

func (d Desk) look(ctx context.Context, token string, from netip.Prefix) (p sigpost.Person, l sigpost.SignInLink, err error) {
	l, err = d.Rows.SignInLink(ctx, hashOf(token), d.Clock())
	if err == nil {
		ok := false
		if p, ok = d.Named(l.Addr); !ok {
			err = fmt.Errorf("nobody of that address can sign in any more: %w", sigpost.ErrNotFound)
		}
	}
	if errors.Is(err, sigpost.ErrNotFound) {
		if limited := d.allow(ctx, sigpost.Limit{Bucket: d.Bucket("sign-in failed", from.String()), N: perFailure, Per: time.Hour}); limited != nil {
			return p, l, limited
		}
	}
	return p, l, err
}

// agentLength is how much of a browser's name is kept, in bytes.
const agentLength = 200

// SignIn uses a link up and begins a session: secret is for the browser alone, and
// back the path that they came from, or "/". Errors are as for Look.
func (d Desk) SignIn(ctx context.Context, token, agent string, from netip.Prefix) (p sigpost.Person, secret, back string, err error) {
	p, l, err := d.look(ctx, token, from)
	if err != nil {
		return p, "", "", err
	}
	now := d.Clock()
	s := sigpost.WebSession{Addr: p.Addr, Way: l.Way, Agent: agent[:min(len(agent), agentLength)], Created: now, Expires: now.Add(d.SessionTime)}
	if from.IsValid() {
		s.Network = from.String()
	}
	secret, hash := newSecret()
	err = d.Rows.Tx(ctx, func(tx Rows) error {
		ok, err := tx.UseSignInLink(ctx, hashOf(token), now)
		if err == nil && !ok { // somebody was quicker
			err = fmt.Errorf("the link was used: %w", sigpost.ErrNotFound)
		}
		if err != nil {
			return err
		}
		if s.ID, err = tx.AddSession(ctx, hash, s); err != nil {
			return err
		}
		return tx.Audit(ctx, sigpost.AuditEntry{At: now, Who: p.Addr, Action: sigpost.AuditSignIn, Kind: sigpost.AuditSession, Object: fmt.Sprint(s.ID),
			Says: fmt.Sprintf("signed in as %s by a link %s", p.Role, map[sigpost.SignInWay]string{sigpost.SignInByMail: "that was mailed", sigpost.SignInByTerminal: "of the terminal"}[l.Way])})
	})
	p.Session, p.Expires = s.ID, s.Expires
	return p, secret, cmp.Or(l.Back, "/"), err
}

// Person is who a session's secret belongs to, with the role that the configuration
// of now gives them. The error wraps sigpost.ErrNotFound where the session is over,
// was revoked, or never was, and where nobody of that address can sign in any more.
func (d Desk) Person(ctx context.Context, secret string) (sigpost.Person, error) {
	s, err := d.Rows.Session(ctx, hashOf(secret))
	if err != nil {
		return sigpost.Person{}, err
	}
	now := d.Clock()
	p, ok := d.Named(s.Addr)
	if !ok && s.Open(now) { // also where they are named again one day
		if _, err := d.Rows.RevokeSession(ctx, s.ID, now); err != nil {
			return sigpost.Person{}, err
		}
	}
	if !ok || !s.Open(now) {
		return sigpost.Person{}, fmt.Errorf("session %d is over: %w", s.ID, sigpost.ErrNotFound)
	}
	p.Session, p.Expires = s.ID, s.Expires
	if now.Sub(s.Seen) >= sigpost.SessionSeen {
		if err := d.Rows.SeeSession(ctx, s.ID, now); err != nil { // no reason to refuse a page
			d.Log.Warn("it was not noted that a session was used", "session", s.ID, "error", err)
		}
	}
	return p, nil
}

// Sessions are those that somebody can end: their own, an admin everybody's.
func (d Desk) Sessions(ctx context.Context, p sigpost.Person) ([]sigpost.WebSession, error) {
	addr := p.Addr
	if p.Role.May(sigpost.RoleAdmin) {
		addr = ""
	}
	return d.Rows.Sessions(ctx, addr, d.Clock())
}

// Revoke ends a session of somebody's own, or for an admin anybody's; ending the
// one in use is signing out. The error wraps sigpost.ErrNotFound where there is no
// such session for them.
func (d Desk) Revoke(ctx context.Context, p sigpost.Person, id int64) error {
	return d.Rows.Tx(ctx, func(tx Rows) error {
		s, err := tx.SessionByNumber(ctx, id)
		if err != nil {
			return err
		}
		own := strings.EqualFold(s.Addr, p.Addr)
		if !own && !p.Role.May(sigpost.RoleAdmin) {
			return fmt.Errorf("session %d is somebody else's: %w", id, sigpost.ErrNotFound)
		}
		ok, err := tx.RevokeSession(ctx, id, d.Clock())
		if err != nil || !ok {
			return err
		}
		e := sigpost.AuditEntry{At: d.Clock(), Who: p.Addr, Action: sigpost.AuditSessionRevoke, Kind: sigpost.AuditSession, Object: fmt.Sprint(id), Says: "ended the session of " + s.Addr}
		switch {
		case id == p.Session:
			e.Action, e.Says = sigpost.AuditSignOut, "signed out"
		case own:
			e.Says = "ended another session of their own"
		}
		return tx.Audit(ctx, e)
	})
}

// LocalPath gives a path of this site back, with its query, and "" for everything
// that could lead elsewhere, and for pages whose path is a secret: a way back is
// stored.
func LocalPath(back string) string {
	if len(back) > 1000 || !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") {
		return ""
	}
	for i := range len(back) {
		if c := back[i]; c <= ' ' || c == '\\' || c >= 0x7f { // browsers take these for something else
			return ""
		}
	}
	path, _, _ := strings.Cut(back, "?")
	for _, secret := range []string{"/sign-in", "/sign-out", "/unsubscribe/", "/confirm/", "/preferences/"} {
		if strings.HasPrefix(path, secret) {
			return ""
		}
	}
	return back
}
