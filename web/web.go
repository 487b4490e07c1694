// Package web serves the archive's pages: issues, tagged threads with the
// reasons for each tag, and the door through which readers unsubscribe. Every
// page works without a script.
package web

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"sigpost"
	"sigpost/digest"
	"sigpost/store"
	"sigpost/subscribe"
	"sigpost/templates"
)

// Options are what the pages show and who they ask.
type Options struct {
	Title string // of the site
	Store *store.DB
	// Messages gives a thread's messages with their text, answers after what
	// they answer.
	Messages func(ctx context.Context, threadID int64) ([]*sigpost.Message, error)
	// ArchiveURL is where everybody can read a message, or "".
	ArchiveURL func(*sigpost.Message) string
	// Reader is what an issue's web copy must know, without anything personal.
	Reader func(issue sigpost.Issue) digest.Reader
	// Titles are the names for people of tags, by Tag.String.
	Titles  map[string]string
	Digests map[string]string // titles of the digests whose issues are shown, by name
	Door    subscribe.Door
	Log     *slog.Logger
	// Templates are those of an issue of a digest. Theme, which may be nil, has
	// templates of the pages that go before the embedded ones.
	Templates func(digest string) (*digest.Templates, error)
	Theme     fs.FS
	// Calendar is what takes place, as iCalendar to subscribe to.
	Calendar func(ctx context.Context) ([]byte, error)
	// URL is where readers reach the pages; it may be empty. Domain is the
	// publisher's of a digest, for the ids of its feed, and Author its name.
	URL            string
	Domain, Author func(digest string) string

	// Publications are the names of the digests that can be subscribed to, without
	// their other editions; none where nobody can. Publication says what a digest
	// is an edition of.
	Publications []string
	Publication  func(digest string) (p subscribe.Publication, ok bool)
	Desk         Desk
	// Volume gives the tags of each thread since a time that a digest would tell
	// of; from is that time, or when the archive begins.
	Volume func(ctx context.Context, digest string, since time.Time) (threads [][]sigpost.Tag, from time.Time, err error)
	// Wishes say in words what somebody gets; Zone is a digest's, and Contact an
	// address of those who publish it.
	Wishes        func(sigpost.Subscription) string
	Zone, Contact func(digest string) string
	// TrustedProxies are believed about where a request comes from.
	TrustedProxies []netip.Prefix
	Now            func() time.Time
	// AnswerTime is how long answers take at least that must not say, by how long
	// they take, what is known of an address.
	AnswerTime time.Duration
}

type site struct {
	Options
	files fs.FS
	pages *template.Template
	feeds []feedLink
}

// newSite reads the templates of the pages.
func newSite(o Options) (*site, error) {
	s := &site{Options: o}
	var err error
	if s.files, err = templates.Overlay(o.Theme); err != nil {
		return nil, err
	}
	if s.pages, err = parsePages(s.files); err != nil {
		return nil, templates.Explain(err)
	}
	s.feeds = s.feedLinks()
	if err := s.try(); err != nil {
		return nil, templates.Explain(err)
	}
	return s, nil
}

// New makes the handler of all pages. What is wrong with a template is a
// *templates.Error.
func New(o Options) (http.Handler, error) {
	s, err := newSite(o)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /threads/{id}", s.thread)
	mux.HandleFunc("GET /issues/{digest}/{number}", s.issue)
	mux.HandleFunc("GET /issues/{digest}/feed", s.feed)
	mux.HandleFunc("GET "+CalendarPath, s.calendar)
	mux.HandleFunc("GET /unsubscribe/{token}", personal(s.unsubscribePage))
	mux.HandleFunc("POST /unsubscribe/{token}", personal(s.unsubscribe))
	mux.HandleFunc("GET /privacy", s.privacy)
	mux.HandleFunc("POST "+unsubscriptionsPath, personal(s.apiUnsubscribe))
	if len(s.Publications) > 0 {
		s.doors(mux)
	}
	mux.HandleFunc("GET /static/style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, s.files, "web/static/style.css")
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, sigpost.ErrNotFound) })
	guarded, err := s.sameOrigin(mux)
	return secure(guarded), err
}

// doors are where readers come and change what they get.
func (s *site) doors(mux *http.ServeMux) {
	mux.HandleFunc("GET "+SubscribePath, s.subscribeHome)
	mux.HandleFunc("GET "+SubscribePath+"/{digest}", s.subscribePage)
	if len(s.Publications) == 1 { // the form is there without its name, and goes back there
		mux.HandleFunc("POST "+SubscribePath, func(w http.ResponseWriter, r *http.Request) {
			r.SetPathValue("digest", s.Publications[0])
			s.subscribe(w, r)
		})
	}
	mux.HandleFunc("POST "+SubscribePath+"/{digest}", s.subscribe)
	mux.HandleFunc("GET /confirm/{token}", personal(s.confirmPage))
	mux.HandleFunc("POST /confirm/{token}", personal(s.confirm))
	mux.HandleFunc("GET /preferences/{token}", personal(s.preferencesPage))
	mux.HandleFunc("POST /preferences/{token}", personal(s.preferences))
	mux.HandleFunc("POST "+subscriptionsPath, s.apiSubscribe)
	mux.HandleFunc("POST "+confirmationsPath, personal(s.apiConfirm))
	mux.HandleFunc("GET "+preferencesPath, personal(s.apiPreferences))
	mux.HandleFunc("PUT "+preferencesPath, personal(s.apiChange))
}

// personal keeps a page that is one reader's out of caches and search engines.
func personal(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Robots-Tag", "noindex")
		next(w, r)
	}
}

// sameOrigin refuses what another site's page makes a browser send. Mail providers
// send the one click of RFC 8058 from wherever they are.
func (s *site) sameOrigin(next http.Handler) (http.Handler, error) {
	guard := http.NewCrossOriginProtection()
	guard.AddInsecureBypassPattern("POST /unsubscribe/{token}")
	if u, err := url.Parse(s.URL); err == nil && u.Host != "" { // a proxy may have changed Host
		if err := guard.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, err
		}
	}
	return guard.Handler(next), nil
}

// parsePages parses the templates of the pages.
func parsePages(files fs.FS) (*template.Template, error) {
	pages := template.New("").Funcs(template.FuncMap{
		"date":  func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
		"dates": dates,
		"day":   func(t time.Time) string { return t.UTC().Format("2 January 2006") },
		"percent": func(score float64) string {
			return strconv.Itoa(int(score*100+0.5)) + " %"
		},
	})
	names, err := fs.Glob(templates.Files, "web/*.html.tmpl")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		source, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		if _, err := pages.New(name).Parse(string(source)); err != nil {
			return nil, err
		}
	}
	return pages, nil
}

// dates says in words what an issue covers.
func dates(i sigpost.Issue) string {
	zone, err := time.LoadLocation(i.Zone)
	if err != nil { // a name that this machine does not know
		zone = i.Window.From.Location()
	}
	return digest.Dates(i.Window, zone)
}

// secure puts on every answer what keeps a stranger's bytes mere data: no
// script runs, nothing is loaded from elsewhere, no other site can frame a
// page, and links do not tell where they were followed from (tokens are in
// paths).
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		// All that a reader sends is a form of a few bytes.
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r)
	})
}

// show renders a page whole before the first byte of it is sent.
func (s *site) show(w http.ResponseWriter, r *http.Request, status int, page string, data any) {
	text, err := s.render(page, data)
	if err != nil {
		s.Log.Error("a page cannot be rendered", "page", page, "error", err)
		http.Error(w, "This page cannot be shown just now.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write(text); err != nil {
		s.Log.Debug("a page was not taken", "path", r.URL.Path, "error", err)
	}
}

func (s *site) render(page string, data any) ([]byte, error) {
	var b bytes.Buffer
	err := s.pages.ExecuteTemplate(&b, page, data)
	return b.Bytes(), err
}

// page is what every page has.
type page struct {
	Site  string
	Title string
	Feeds []feedLink
	// Subscribing says that readers can subscribe here.
	Subscribing bool
}

// page is one with a title.
func (s *site) page(title string) page {
	return page{s.Title, title, s.feeds, len(s.Publications) > 0}
}

// problems say what people see of an error; one that is none of these is ours
// to know, in the log.
var problems = []struct {
	is     error
	status int
	says   string
}{
	{sigpost.ErrNotFound, http.StatusNotFound, "There is no such page here. It may have been mistyped, or what it showed is gone."},
	{sigpost.ErrUsage, http.StatusBadRequest, "This cannot be read. Please go back and try once more."},
	{subscribe.ErrToken, http.StatusNotFound, "This link is not valid. It may have been cut off: please copy the whole link from the letter."},
}

// fail shows what went wrong.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, says := http.StatusInternalServerError, "This page cannot be shown just now. Please try again later."
	for _, p := range problems {
		if errors.Is(err, p.is) {
			status, says = p.status, p.says
		}
	}
	if limited := (subscribe.ErrLimited{}); errors.As(err, &limited) {
		retryAfter(w, limited)
		status, says = http.StatusTooManyRequests, sentence(limited.Error())
	}
	if status == http.StatusInternalServerError {
		s.Log.Error("a request failed", "path", r.URL.Path, "error", err)
	}
	s.show(w, r, status, "message", messagePage{s.page(http.StatusText(status)), says})
}

type messagePage struct {
	page
	Says string
}
