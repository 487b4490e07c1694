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
	"strconv"
	"strings"
	"sync"
	"time"

	"sigpost"
	"sigpost/digest"
	"sigpost/internal/logs"
	"sigpost/search"
	"sigpost/store"
	"sigpost/subscribe"
	"sigpost/templates"
)

// Options are what the pages show and who they ask.
type Options struct {
	Title string // of the site
	Store *store.DB
	Mail  Mail
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
	// TopicCalendar is that of what is about a tag, under its title; nil where nobody
	// can say.
	TopicCalendar func(ctx context.Context, tag sigpost.Tag, title string) ([]byte, error)
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
	// CORSOrigins are of sites whose pages may read the API; "*" is any.
	CORSOrigins []string
	// TrustedProxies are believed about where a request comes from.
	TrustedProxies []netip.Prefix
	// Browse is what lists of threads and the home page ask for.
	Browse Browse
	Now    func() time.Time
	// People sign in and out; nil where nobody can. LinksByMail says that links are
	// mailed to them.
	People      People
	LinksByMail bool
	// Review is what reviewers do; nil where nobody can.
	Review ReviewDesk
	// Editing is the editors' desk; nil where there is none.
	Editing Editing
	// RequestsPerMinute is how many pages a network gets, and of those that cost more a
	// tenth; 0 is any number.
	RequestsPerMinute int
	// Undo takes an entry of the audit log back, and CanUndo of which, by their
	// numbers, that can be done as things are; nil where nobody can.
	Undo    func(ctx context.Context, e sigpost.AuditEntry, by sigpost.Person) error
	CanUndo func(ctx context.Context, all []sigpost.AuditEntry) (map[int64]bool, error)
	// SearchNames are what searches may name; nil where they can name anything.
	SearchNames func(ctx context.Context) search.Names
	// AnswerTime is how long answers take at least that must not say, by how long
	// they take, what is known of an address.
	AnswerTime time.Duration
	// Watch is told of each request; nil where nobody wants to know. LogRequests says
	// that requests are logged like all else, and not only for debugging.
	Watch       Watcher
	LogRequests bool
	// Ready says what keeps requests from being answered, in words that everybody may
	// read; nil where nothing ever does.
	Ready func(ctx context.Context) error
	// Copied says that the pages are written to files (NewCopy). Live is then the
	// URL of a site that does what files cannot; it may be empty.
	Copied bool
	Live   string
}

type site struct {
	Options
	files fs.FS
	pages *template.Template
	feeds []feedLink
	// all counts requests, costly those that cost more.
	all, costly *rates
	// style is all style sheets, one after the other; version stands for the bytes
	// of all static files.
	style   []byte
	version string
	// threadPages are pages of threads that are the same for everybody, outlines threads
	// without their texts.
	threadPages *keeper[packedPage]
	outlines    *keeper[*outline]
	// What is counted and shown for a while.
	counts     kept[*counts]
	statistics kept[*statistics]
	events     kept[[]sigpost.Occurrence]
	months     months
}

// newSite reads the templates of the pages.
func newSite(o Options) (*site, error) {
	s := &site{Options: o, all: newRates(o.RequestsPerMinute, nil), costly: newRates((o.RequestsPerMinute+9)/10, nil),
		threadPages: newKeeper[packedPage](pagesKept), outlines: newKeeper[*outline](outlinesKept)}
	var err error
	if s.files, err = templates.Overlay(o.Theme); err != nil {
		return nil, err
	}
	if s.pages, err = pagesOf(o.Theme, s.files); err != nil {
		return nil, templates.Explain(err)
	}
	s.feeds = s.feedLinks()
	s.counts = kept[*counts]{life: countsLife, make: s.count, log: s.Log}
	s.statistics = kept[*statistics]{life: statisticsLife, make: s.measure, log: s.Log}
	s.events = kept[[]sigpost.Occurrence]{life: countsLife, make: s.Browse.Events, log: s.Log}
	if err := s.readStatic(); err != nil {
		return nil, err
	}
	if o.Theme != nil {
		if err := s.try(); err != nil {
			return nil, templates.Explain(err)
		}
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
	return s.handler(s.routes())
}

// readingRoutes are what everybody can read.
func (s *site) readingRoutes() []route {
	return []route{
		{pattern: "GET /issues/{digest}/{number}", handle: s.issue},
		{pattern: "GET /robots.txt", handle: s.robots, shared: true},
		{pattern: "GET " + CalendarPath, handle: s.calendar, shared: true},
		{pattern: "GET /static/{file}", handle: s.static, shared: true},
	}
}

// doorRoutes are where readers come, change what they get, and leave.
func (s *site) doorRoutes() []route {
	routes := []route{
		{pattern: "GET /unsubscribe/{token}", handle: s.unsubscribePage, personal: true},
		{pattern: "POST /unsubscribe/{token}", handle: s.unsubscribe, personal: true, foreign: true},
		{pattern: "POST " + unsubscriptionsPath, handle: s.apiUnsubscribe, personal: true},
		{pattern: "GET /privacy", handle: s.privacy},
	}
	if len(s.Publications) == 0 {
		return routes
	}
	if len(s.Publications) == 1 { // the form is there without its name, and goes back there
		routes = append(routes, route{pattern: "POST " + SubscribePath, handle: func(w http.ResponseWriter, r *http.Request) {
			r.SetPathValue("digest", s.Publications[0])
			s.subscribe(w, r)
		}})
	}
	return append(routes, []route{
		{pattern: "GET " + SubscribePath, handle: s.subscribeHome},
		{pattern: "GET " + SubscribePath + "/{digest}", handle: s.subscribePage},
		{pattern: "POST " + SubscribePath + "/{digest}", handle: s.subscribe},
		{pattern: "GET /confirm/{token}", handle: s.confirmPage, personal: true},
		{pattern: "POST /confirm/{token}", handle: s.confirm, personal: true},
		{pattern: "GET /preferences/{token}", handle: s.preferencesPage, personal: true},
		{pattern: "POST /preferences/{token}", handle: s.preferences, personal: true},
		{pattern: "POST " + subscriptionsPath, handle: s.apiSubscribe},
		{pattern: "POST " + confirmationsPath, handle: s.apiConfirm, personal: true},
		{pattern: "GET " + preferencesPath, handle: s.apiPreferences, personal: true},
		{pattern: "PUT " + preferencesPath, handle: s.apiChange, personal: true},
	}...)
}

// pagesOf gives the templates of the pages, which are safe for use by many
// goroutines. The built-in ones are parsed once and shared; nobody adds to them.
func pagesOf(theme, files fs.FS) (*template.Template, error) {
	if theme == nil {
		return builtIn()
	}
	return parsePages(files, pageFuncs())
}

var builtIn = sync.OnceValues(func() (*template.Template, error) { return parsePages(templates.Files, pageFuncs()) })

// pageFuncs are what the templates of the pages can call.
func pageFuncs() template.FuncMap {
	return template.FuncMap{
		"date":     func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
		"dates":    dates,
		"legible":  legible,
		"day":      func(t time.Time) string { return t.UTC().Format("2 January 2006") },
		"taglinks": tagLinks,
		"plural":   plural,
		"percent": func(score float64) string {
			return strconv.Itoa(int(score*100+0.5)) + " %"
		},
	}
}

// parsePages parses the templates of the pages.
func parsePages(files fs.FS, funcs template.FuncMap) (*template.Template, error) {
	pages := template.New("").Funcs(funcs)
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

// show renders a page whole before the first byte of it is sent.
func (s *site) show(w http.ResponseWriter, r *http.Request, status int, page string, data any) {
	text, err := s.render(page, data)
	if err != nil {
		s.Log.ErrorContext(r.Context(), "a page cannot be rendered", "page", page, "error", err)
		http.Error(w, "This page cannot be shown just now.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write(text); err != nil {
		s.Log.DebugContext(r.Context(), "a page was not taken", "path", shownPath(r), "error", err)
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
	// Subscribing says that readers can subscribe here, SigningIn that people can
	// sign in.
	Subscribing, SigningIn bool
	// Reviewing says that there is a desk for reviewers.
	Reviewing bool
	// HasLists, HasIssues and HasEvents say which ways there are.
	HasLists, HasIssues, HasEvents bool
	// Person has signed in; their Role is RoleNobody where nobody has.
	Person sigpost.Person
	// Path is where the page is, with its query: signing in leads back there.
	Path string
	// Live says that something can be looked for, sent and told: here, or where
	// links and forms of a copy lead.
	Live bool
	// Canonical is the one URL of what the page shows, Description a sentence of
	// what that is; both may be empty.
	Canonical, Description string
	// Article says that it is one text of its own, for sites that show links to it.
	Article bool
	// NoIndex keeps the page out of search engines.
	NoIndex bool
	// Scripts are the names of files in web/static that make the page more
	// comfortable.
	Scripts []string
	// Refresh is after how many seconds the page is loaded anew where no scripts run;
	// 0 is never.
	Refresh int
	// Request is the id of the request, where the page says that something went wrong:
	// who asks about it can name it.
	Request string
	editing bool   // there is an editors' desk
	static  string // version of the static files
}

// Static is the path of a static file, which changes with what it holds.
func (p page) Static(name string) string { return "/static/" + name + "?v=" + p.static }

// May says whether who has signed in may do what needs a role.
func (p page) May(role sigpost.Role) bool { return p.Person.Role.May(role) }

// Edits says whether who has signed in edits issues here.
func (p page) Edits() bool { return p.editing && p.May(sigpost.RoleEditor) }

// Absolute says that Canonical is a whole URL, as Open Graph wants it.
func (p page) Absolute() bool { return strings.Contains(p.Canonical, "://") }

// page is one with a title; r may be nil, where nobody has asked for it.
func (s *site) page(r *http.Request, title string) page {
	p := page{Site: s.Title, Title: title, Feeds: s.feeds, Subscribing: len(s.Publications) > 0, SigningIn: s.People != nil, static: s.version,
		Reviewing: s.Review != nil && s.People != nil && !s.Copied, Live: !s.Copied || s.Live != "",
		HasLists: len(s.Browse.Lists) > 1, HasIssues: len(s.Digests) > 0, HasEvents: s.Browse.Events != nil, editing: s.Editing != nil && !s.Copied}
	if s.Copied {
		p.Subscribing, p.SigningIn = p.Subscribing && p.Live, false
	}
	if r != nil {
		p.Person, p.Path = personOf(r), r.URL.RequestURI()
	}
	return p
}

// problems say what people see of an error; one that is none of these is ours
// to know, in the log.
var problems = []struct {
	is     error
	status int
	says   string
}{
	{sigpost.ErrNotFound, http.StatusNotFound, "There is no such page here. It may have been mistyped, or what it showed is gone."},
	{errGone, http.StatusGone, "This message is not shown: a reviewer removed it, or its author wished it not to be archived."},
	{sigpost.ErrForbidden, http.StatusForbidden, "This is not for you to do. You may have been signed out, or your role has changed."},
	{errForeign, http.StatusForbidden, "This was sent from another site. Please do it on the page itself."},
	{errMethod, http.StatusMethodNotAllowed, "This page can be read, and nothing can be sent to it like that. Please go back to the form and try once more."},
	{errTooLarge, http.StatusRequestEntityTooLarge, "This is larger than anything that can be sent here."},
	{errTooLong, http.StatusRequestURITooLong, "This address is longer than any of a page here. Please shorten what you look for."},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "This takes too long just now. Please try again later, or ask for less."},
	{store.ErrRemoved, http.StatusConflict, "Somebody has removed this message already, so nothing was done. To give another reason, show it again first."},
	{store.ErrAway, http.StatusServiceUnavailable, "The archive cannot be reached just now. Please try again in a minute."},
	{sigpost.ErrLocked, http.StatusServiceUnavailable, "The archive is being written just now. Please try again in a minute."},
	{sigpost.ErrUsage, http.StatusBadRequest, "This cannot be read. Please go back and try once more."},
	{subscribe.ErrToken, http.StatusNotFound, "This link is not valid. It may have been cut off: please copy the whole link from the letter."},
}

// formError says of a form that cannot be read what is wrong with it.
func formError(err error) error {
	if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
		return err
	}
	return sigpost.ErrUsage
}

// fail shows what went wrong.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, says := http.StatusInternalServerError, "This page cannot be shown just now. Please try again later."
	err = beyond(r, err)
	for _, p := range problems {
		if errors.Is(err, p.is) {
			status, says = p.status, p.says
		}
	}
	if limited := (subscribe.ErrLimited{}); errors.As(err, &limited) {
		retryAfter(w, limited)
		status, says = http.StatusTooManyRequests, sentence(limited.Error())
	}
	switch {
	case errors.Is(r.Context().Err(), context.Canceled): // nobody waits for it any more
		s.Log.DebugContext(r.Context(), "a request was given up", "path", shownPath(r))
	case status >= http.StatusInternalServerError:
		s.Log.ErrorContext(r.Context(), "a request failed", "path", shownPath(r), "error", err)
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "60")
	}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		apiAnswer(w, status, apiError{says})
		return
	}
	p := s.page(r, http.StatusText(status))
	p.Request = logs.RequestOf(r.Context())
	s.show(w, r, status, "message", messagePage{p, says})
}

type messagePage struct {
	page
	Says string
}
