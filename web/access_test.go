package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/digest"
	"sigpost/signin"
	"sigpost/store"
	"sigpost/store/storetest"
)

// access says for each way in who may come in at least, and whether other sites'
// pages may send it. A route that is not here, or not as here, is a fault: think
// before you change it.
var access = map[string]struct {
	needs   sigpost.Role
	foreign bool
}{
	"GET /healthz":                             {},
	"GET /readyz":                              {},
	"GET /report/{thread}":                     {},
	"POST /report/{thread}":                    {},
	"GET /review":                              {needs: sigpost.RoleReviewer},
	"GET /review/counts":                       {needs: sigpost.RoleReviewer},
	"GET /review/tags":                         {needs: sigpost.RoleReviewer},
	"POST /review/undo":                        {needs: sigpost.RoleReviewer},
	"GET /review/bulk":                         {needs: sigpost.RoleReviewer},
	"POST /review/bulk":                        {needs: sigpost.RoleReviewer},
	"GET /review/threads/{id}":                 {needs: sigpost.RoleReviewer},
	"POST /review/threads/{id}":                {needs: sigpost.RoleReviewer},
	"GET /review/ingest":                       {needs: sigpost.RoleReviewer},
	"GET /review/quarantine":                   {needs: sigpost.RoleAdmin},
	"POST /review/quarantine":                  {needs: sigpost.RoleAdmin},
	"GET /review/quarantine/{id}":              {needs: sigpost.RoleAdmin},
	"GET /review/quality":                      {needs: sigpost.RoleReviewer},
	"GET /review/sample":                       {needs: sigpost.RoleReviewer},
	"POST /review/sample":                      {needs: sigpost.RoleReviewer},
	"GET /review/{thread}":                     {needs: sigpost.RoleReviewer},
	"POST /review/{thread}":                    {needs: sigpost.RoleReviewer},
	"GET /events":                              {},
	"GET /topics/{kind}/{name}/events.ics":     {},
	"GET /search":                              {},
	"GET /search/feed":                         {},
	"GET /threads":                             {},
	"GET /topics":                              {},
	"GET /topics/{kind}/{name}":                {},
	"GET /lists":                               {},
	"GET /lists/{name}":                        {},
	"GET /issues":                              {},
	"GET /statistics":                          {},
	"GET /{$}":                                 {},
	"GET /":                                    {},
	"GET /threads/{id}":                        {},
	"GET /threads/{id}/mbox":                   {},
	"GET /lists/{name}/mbox":                   {},
	"GET /search/mbox":                         {},
	"GET /m/{id}":                              {},
	"GET /m/{id}/raw":                          {},
	"GET /m/{id}/html":                         {},
	"GET /m/{id}/html/view":                    {},
	"GET /m/{id}/attachments/{part}":           {},
	"POST /m/{id}/hide":                        {needs: sigpost.RoleReviewer},
	"POST /m/{id}/unhide":                      {needs: sigpost.RoleReviewer},
	"POST /visits":                             {}, // a cookie of the one who asks for it
	"GET /issues/{digest}/{number}":            {},
	"GET /issues/{digest}/feed":                {},
	"GET /events.ics":                          {},
	"GET /static/{file}":                       {},
	"GET /privacy":                             {},
	"GET /unsubscribe/{token}":                 {},
	"POST /unsubscribe/{token}":                {foreign: true}, // RFC 8058: from wherever mail is read
	"GET /subscribe":                           {},
	"POST /subscribe":                          {},
	"GET /subscribe/{digest}":                  {},
	"POST /subscribe/{digest}":                 {},
	"GET /confirm/{token}":                     {},
	"POST /confirm/{token}":                    {},
	"GET /preferences/{token}":                 {},
	"POST /preferences/{token}":                {},
	"POST /api/v1/subscriptions":               {},
	"POST /api/v1/confirmations":               {},
	"POST /api/v1/unsubscriptions":             {},
	"GET /feed":                                {},
	"GET /topics/{kind}/{name}/feed":           {},
	"GET /lists/{name}/feed":                   {},
	"GET /threads/{id}/feed":                   {},
	"GET /robots.txt":                          {},
	"GET /api/v1/openapi.json":                 {},
	"GET /api/v1/threads":                      {},
	"GET /api/v1/threads/{id}":                 {},
	"GET /api/v1/threads/{id}/taggings":        {},
	"GET /api/v1/messages/{id}":                {},
	"GET /api/v1/tags":                         {},
	"GET /api/v1/lists":                        {},
	"GET /api/v1/search":                       {},
	"GET /api/v1/issues":                       {},
	"GET /api/v1/issues/{digest}":              {},
	"GET /api/v1/issues/{digest}/{number}":     {},
	"GET /api/v1/events":                       {},
	"GET /api/v1/preferences":                  {},
	"PUT /api/v1/preferences":                  {},
	"GET /sign-in":                             {},
	"POST /sign-in":                            {},
	"GET /sign-in/{token}":                     {},
	"POST /sign-in/{token}":                    {},
	"POST /sign-out":                           {needs: sigpost.RoleReader},
	"GET /sessions":                            {needs: sigpost.RoleReader},
	"POST /sessions":                           {needs: sigpost.RoleReader},
	"GET /audit":                               {needs: sigpost.RoleReviewer},
	"POST /audit/undo":                         {needs: sigpost.RoleReviewer},
	"GET /edit":                                {needs: sigpost.RoleEditor},
	"GET /edit/{digest}/{number}":              {needs: sigpost.RoleEditor},
	"POST /edit/{digest}/{number}/act":         {needs: sigpost.RoleEditor},
	"POST /edit/{digest}/{number}/undo":        {needs: sigpost.RoleEditor},
	"GET /edit/{digest}/{number}/text":         {needs: sigpost.RoleEditor},
	"POST /edit/{digest}/{number}/text":        {needs: sigpost.RoleEditor},
	"GET /edit/{digest}/{number}/preview":      {needs: sigpost.RoleEditor},
	"GET /edit/{digest}/{number}/preview/{as}": {needs: sigpost.RoleEditor},
	"GET /edit/{digest}/{number}/preflight":    {needs: sigpost.RoleEditor},
	"GET /edit/{digest}/{number}/changes":      {needs: sigpost.RoleEditor},
	"POST /edit/{digest}/{number}/rebuild":     {needs: sigpost.RoleEditor},
	"POST /edit/{digest}/{number}/ready":       {needs: sigpost.RoleEditor},
	"GET /edit/{digest}/{number}/approve":      {needs: sigpost.RoleEditor},
	"POST /edit/{digest}/{number}/approve":     {needs: sigpost.RoleEditor},
	"POST /edit/{digest}/{number}/unapprove":   {needs: sigpost.RoleEditor},
	"POST /edit/{digest}/{number}/sending":     {needs: sigpost.RoleEditor},
}

// signRows is the store as the desk for signing in wants it.
type signRows struct{ *store.DB }

func (r signRows) Tx(ctx context.Context, do func(tx signin.Rows) error) error {
	return r.DB.Tx(ctx, func(tx *store.DB) error { return do(signRows{tx}) })
}

// desk is where one person of each role can sign in.
func desk(db *store.DB, now func() time.Time) signin.Desk {
	return signin.Desk{Rows: signRows{db}, Clock: now, LinkTime: time.Hour, SessionTime: 24 * time.Hour, Wake: func() {}, Log: slog.New(slog.DiscardHandler), Local: func(string) bool { return false },
		Bucket: func(kind, word string) string { return kind + word },
		Letter: func(p sigpost.Person, token string, _ time.Time) (sigpost.Notice, error) {
			return sigpost.Notice{Kind: sigpost.NoticeSignIn, Addr: p.Addr, Letter: sigpost.Letter{Text: token}, Delivery: sigpost.Delivery{MessageID: "a@example.org"}}, nil
		},
		People: func() (all []sigpost.Person) {
			for _, role := range sigpost.Roles() {
				all = append(all, sigpost.Person{Addr: string(role) + "@example.org", Role: role})
			}
			return all
		}}
}

// noEditing and noReview are desks that nobody comes to.
type (
	noEditing struct{ Editing }
	noReview  struct{ ReviewDesk }
)

// everything is a site with every part of it, and the store behind it. What is left
// out here is left out of the table of ways in, too.
func everything(t *testing.T) (*site, *store.DB) {
	t.Helper()
	db, err := store.Open(t.Context(), storetest.SQLite(t))
	must(t, err)
	t.Cleanup(func() { db.Close() })
	s, err := newSite(Options{Title: "Test", Store: db, URL: "https://digest.example.org", Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Digests: map[string]string{"weekly": "The Weekly"}, Publications: []string{"weekly"}, People: desk(db, time.Now), LinksByMail: true,
		Templates: func(string) (*digest.Templates, error) { return digest.Default(), nil }, RequestsPerMinute: 600,
		Undo: func(context.Context, sigpost.AuditEntry, sigpost.Person) error { return nil }, Editing: noEditing{}, Review: noReview{},
		Browse:        Browse{Events: func(context.Context) ([]sigpost.Occurrence, error) { return nil, nil }},
		TopicCalendar: func(context.Context, sigpost.Tag, string) ([]byte, error) { return nil, nil }})
	must(t, err)
	return s, db
}

// session signs somebody in and gives the secret of their session.
func session(t *testing.T, people signin.Desk, role sigpost.Role) string {
	t.Helper()
	_, token, _, err := people.Link(t.Context(), string(role)+"@example.org")
	must(t, err)
	_, secret, _, err := people.SignIn(t.Context(), token, "test", httptestNetwork)
	must(t, err)
	return secret
}

// Each way in is tried as everybody, from here and from another site, with real
// sessions; in place of what it does something says that it was reached.
func TestWhoMayComeIn(t *testing.T) {
	s, _ := everything(t)
	routes := s.routes()
	known := map[string]bool{}
	for i, to := range routes {
		if want, ok := access[to.pattern]; !ok || want.needs != to.needs || want.foreign != to.foreign || known[to.pattern] {
			t.Errorf("the table of this test does not have %q as %q, foreign %t", to.pattern, to.needs, to.foreign)
		}
		known[to.pattern] = true
		routes[i].handle = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Reached", to.pattern)
			w.WriteHeader(http.StatusNoContent)
		}
	}
	for pattern := range access {
		if !known[pattern] {
			t.Errorf("there is no way in %q", pattern)
		}
	}
	handler, err := s.handler(routes)
	must(t, err)
	secrets := map[sigpost.Role]string{sigpost.RoleNobody: ""}
	for _, role := range sigpost.Roles() {
		secrets[role] = session(t, s.People.(signin.Desk), role)
	}
	tried := 0
	for _, to := range routes {
		for role, secret := range secrets {
			for from, headers := range map[string]map[string]string{
				"no browser": {}, "this site": {"Sec-Fetch-Site": "same-origin", "Origin": "https://digest.example.org"},
				"another site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, "another site, an old browser": {"Origin": "https://evil.example"},
			} {
				wants, path, _ := strings.Cut(to.pattern, " ")
				methods := []string{"GET", "POST"}
				if !slices.Contains(methods, wants) {
					methods = append(methods, wants)
				}
				for _, method := range methods {
					tried++
					w := ask(handler, method, filled(path), secret, headers)
					reached := w.Header().Get("Reached") == to.pattern
					safe := method == "GET" || access[to.pattern].foreign || !strings.HasPrefix(from, "another")
					may := method == wants && role.May(access[to.pattern].needs) && safe
					if reached != may {
						t.Errorf("%s %s as %q from %s: reached %t, want %t (status %d)", method, path, role, from, reached, may, w.Code)
					}
					if refused := map[bool]int{true: http.StatusUnauthorized, false: http.StatusForbidden}[role == ""]; method == wants && safe && !may && w.Code != refused {
						t.Errorf("%s %s as %q: status %d, want %d", method, path, role, w.Code, refused)
					}
					if method == wants && !safe && w.Code != http.StatusForbidden {
						t.Errorf("POST %s from %s: status %d", path, from, w.Code)
					}
					for name, value := range securityHeaders {
						if w.Header().Get(name) != value {
							t.Errorf("%s %s: %s is %q", method, path, name, w.Header().Get(name))
						}
					}
					if access[to.pattern].needs != "" && method == wants && w.Code != http.StatusForbidden && !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
						t.Errorf("%s %s may be kept by a cache", method, path)
					}
				}
			}
		}
	}
	t.Logf("%d requests over %d routes", tried, len(routes))
}

var wildcard = regexp.MustCompile(`\{[a-z]+\}`)

// filled is a path of a pattern.
func filled(pattern string) string {
	if pattern == "/" { // what no other route takes
		return "/nothing"
	}
	return wildcard.ReplaceAllString(strings.TrimSuffix(pattern, "{$}"), "1")
}

func ask(handler http.Handler, method, path, secret string, headers map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr = "127.0.0.1:1"
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	if secret != "" {
		r.AddCookie(&http.Cookie{Name: "__Host-sigpost", Value: secret})
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}
