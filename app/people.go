package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/signin"
	"sigpost/store"
)

// LocalOperator is who can sign in where the configuration names nobody, and the
// pages are served to this machine alone: as an admin, by a link that the terminal
// shows.
const LocalOperator = "operator@localhost"

// people are those who can sign in, by the configuration as it is on disk: who is
// taken out there is signed out at once.
type people struct {
	log  *slog.Logger
	file string

	mu    sync.Mutex
	stamp string // of the file as it was read
	all   []sigpost.Person
	local bool // the pages are served to this machine alone
}

func newPeople(c *config.Config, log *slog.Logger) *people {
	p := &people{log: log, file: c.File(), all: personsOf(c)}
	p.stamp = p.look()
	p.serving(c.Web.Listen)
	return p
}

func personsOf(c *config.Config) (all []sigpost.Person) {
	for _, w := range c.Web.People {
		all = append(all, sigpost.Person{Addr: w.Address, Role: w.Role})
	}
	return all
}

// look says which file there is now.
func (p *people) look() string {
	info, err := os.Stat(p.file)
	if err != nil {
		return ""
	}
	return fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size())
}

// serving says where the pages are served.
func (p *people) serving(listen string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.local = config.Loopback(listen)
}

// servesHereAlone says whether the pages are served to this machine alone.
func (p *people) servesHereAlone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.local
}

// now are the people by the configuration of now. While that cannot be read, those
// of before stay.
func (p *people) now() []sigpost.Person {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stamp := p.look(); stamp != p.stamp {
		p.stamp = stamp
		c, err := config.Load(p.file)
		if err != nil {
			p.log.Error("the configuration has changed and cannot be read: who can sign in stays as it was", "error", err)
		} else {
			p.all = personsOf(c)
			p.log.Info("who can sign in was read anew", "people", len(p.all))
		}
	}
	if len(p.all) == 0 && p.local {
		return []sigpost.Person{{Addr: LocalOperator, Role: sigpost.RoleAdmin}}
	}
	return p.all
}

// signRows is the store as the desk for signing in sees it.
type signRows struct{ *store.DB }

// Tx runs do in one transaction.
func (r signRows) Tx(ctx context.Context, do func(tx signin.Rows) error) error {
	return r.DB.Tx(ctx, func(tx *store.DB) error { return do(signRows{tx}) })
}

// SignIn is where people sign in and out.
func (a *App) SignIn() signin.Desk {
	w := a.Config.Web
	return signin.Desk{
		Rows: signRows{a.Store}, Clock: a.now, People: a.people.now, Letter: notices{a}.signIn, Bucket: a.tokens.Bucket, Wake: a.wakeNotices, Log: a.log,
		Local:    func(addr string) bool { return strings.EqualFold(addr, LocalOperator) },
		LinkTime: time.Duration(w.SignInMinutes) * time.Minute, SessionTime: time.Duration(w.SessionDays) * 24 * time.Hour,
	}
}

// linksByMail says whether links to sign in can be mailed.
func (a *App) linksByMail() bool {
	return a.Config.Web.URL != "" && a.Config.SMTP.Host != "" && len(a.Config.Digests) > 0
}

// signIn brings a link that signs somebody in.
func (a notices) signIn(p sigpost.Person, token string, expires time.Time) (sigpost.Notice, error) {
	if !a.linksByMail() {
		return sigpost.Notice{}, fmt.Errorf("a link to sign in cannot be mailed to %s: that needs web.url, smtp.host and a digest", p.Addr)
	}
	d := a.Config.Digests[0]
	ps := []paragraph{
		{Text: fmt.Sprintf("Somebody, most likely you, wants to sign in at %s as %s, who is named there as %s.", a.Config.Web.URL, p.Addr, p.Role)},
		{Text: "To sign in, open this page and press its button:", URL: a.SignInURL("", token)},
		{Text: fmt.Sprintf("The link can be used once, until %s. If it was not you, do nothing, and give it to nobody: who has it is signed in as you.",
			expires.In(d.Location()).Format("15:04 MST on 2 January"))},
	}
	return a.write(sigpost.NoticeSignIn, d, p.Addr, "Sign in at "+a.base(d).Title, "Sign in", ps)
}

// SignInURL is the page of a link, at web.url or, without that, where the pages
// listen.
func (a *App) SignInURL(listen, token string) string {
	base := a.Config.Web.URL
	if base == "" {
		base = PagesAt(cmp.Or(listen, a.Config.Web.Listen))
	}
	return base + "/sign-in/" + url.PathEscape(token)
}

// PagesAt is the URL by which pages that listen at an address can be opened on this
// machine.
func PagesAt(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Link is what signs somebody in, once.
type Link struct {
	Address string       `json:"address"`
	Role    sigpost.Role `json:"role"`
	URL     string       `json:"url"`
	Expires string       `json:"expires"` // RFC 3339
	Minutes int          `json:"minutes"`
	Days    int          `json:"session_days"`
}

// LoginLink makes a link for who uses the terminal: for the person of an address
// or, where it is empty, for the first admin. listen is where the pages are served,
// or empty where that is as configured.
func (a *App) LoginLink(ctx context.Context, address, listen string) (Link, error) {
	desk := a.SignIn()
	all := desk.People()
	if address == "" {
		for _, p := range all {
			if p.Role == sigpost.RoleAdmin {
				address = p.Addr
				break
			}
		}
	}
	if _, ok := desk.Named(address); !ok {
		return Link{}, a.nobodyNamed(address, all)
	}
	p, token, expires, err := desk.Link(ctx, address)
	return Link{Address: p.Addr, Role: p.Role, URL: a.SignInURL(listen, token), Expires: expires.UTC().Format(time.RFC3339),
		Minutes: a.Config.Web.SignInMinutes, Days: a.Config.Web.SessionDays}, err
}

func (a *App) nobodyNamed(address string, all []sigpost.Person) error {
	var names []string
	for _, p := range all {
		names = append(names, p.Addr)
	}
	switch {
	case len(all) == 0:
		return sigpost.Usage(fmt.Errorf("nobody can sign in: name people in the configuration, each in a table [[web.person]] with address and role"))
	case address == "":
		return sigpost.Usage(fmt.Errorf("the configuration names no admin: say for whom the link is (%s)", strings.Join(names, ", ")))
	}
	return sigpost.Usage(fmt.Errorf("nobody of the address %s can sign in; there is: %s", address, strings.Join(names, ", ")))
}

// FirstAdmin is the address of the first admin, for a LoginLink, where nobody has ever
// signed in and the pages are served to this machine alone; "" elsewhere.
func (a *App) FirstAdmin(ctx context.Context, listen string) (address string, err error) {
	if !config.Loopback(listen) {
		return "", nil
	}
	ever, err := a.Store.SignedInEver(ctx)
	if err != nil || ever {
		return "", err
	}
	a.people.serving(listen)
	for _, p := range a.people.now() {
		if p.Role == sigpost.RoleAdmin {
			return p.Addr, nil
		}
	}
	return "", nil
}

// WarnOfListening says what is not safe about where the pages are served.
func (a *App) WarnOfListening(listen string) {
	w := a.Config.Web
	switch https := strings.HasPrefix(w.URL, "https:"); {
	case !config.Loopback(listen) && !https:
		a.log.Warn("the pages are served beyond this machine without https: sessions, and links that sign in, can be read on the way. "+
			"Put a proxy with TLS in front, let web.listen be 127.0.0.1, and give web.url", "listen", listen)
	case config.Loopback(listen) && https && len(w.TrustedProxies) == 0:
		a.log.Warn("web.trusted_proxies is empty: behind a proxy on this machine all readers count as one network, and requests are not limited", "listen", listen)
	}
}
