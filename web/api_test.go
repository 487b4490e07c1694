package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sigpost"
	"sigpost/digest"
	"sigpost/internal/apitest"
	"sigpost/message"
	"sigpost/store"
	"sigpost/store/storetest"
	"sigpost/thread"
)

// The document has every way in of the API with its parameters, and no other.
func TestAPIDocumentIsTheRoutes(t *testing.T) {
	doc := apitest.Read(t, "openapi.json")
	s, _ := everything(t)
	params := map[string][]string{}
	for _, way := range s.apiWays() {
		params["GET "+apiPath+way.path] = way.params
	}
	written := map[string]bool{}
	for _, o := range doc.Operations() {
		what := o.Method + " " + o.Path
		written[what] = true
		if got, want := slices.Sorted(slices.Values(o.Params)), slices.Sorted(slices.Values(params[what])); !slices.Equal(got, want) {
			t.Errorf("%s has the parameters %v in the document, and takes %v", what, got, want)
		}
	}
	for _, to := range s.routes() {
		if strings.Contains(to.pattern, apiPath) && !strings.HasPrefix(to.pattern, "OPTIONS ") && !written[to.pattern] {
			t.Errorf("%s is not in the document", to.pattern)
		}
		delete(written, to.pattern)
	}
	if len(written) > 0 {
		t.Errorf("the document has what there is not: %v", written)
	}
}

// apiMails are an archive of three threads; the third one has nothing that is
// shown.
var apiMails = []string{
	"From: Ann <ann@secret.example>\nMessage-ID: <a@x>\nSubject: Kuryr ports\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nI wrote to bob@secret.example.\n\nSecond <b>last</b>.\n-- \nAnn\n--b\nContent-Type: text/x-log; name=a.log\nContent-Disposition: attachment; filename=a.log\n\nlog\n--b--\n",
	"From: Bob <bob@secret.example>\nMessage-ID: <b/%41@x>\nSubject: Re: Kuryr ports\nIn-Reply-To: <a@x>\n\nOn 1 April Ann wrote:\n> I wrote to bob@secret.example.\n\nIt works.\n",
	"From: cid@secret.example\nMessage-ID: <c@x>\nSubject: Something else\n\nWords.\n",
	"From: Dee <dee@secret.example>\nMessage-ID: <d@x>\nX-No-Archive: yes\nSubject: Private\n\nPrivate words.\n",
	"From: Eve <eve@secret.example>\nMessage-ID: <e@x>\nSubject: Re: Kuryr ports\nIn-Reply-To: <a@x>\n\nLibel.\n",
}

// apiSite is a site over apiMails, with tags, an issue and events.
func apiSite(t *testing.T, dsn string, change func(*Options)) (*store.DB, http.Handler) {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, dsn)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	(&archive{t: t, db: db}).add(apiMails...)
	threads, err := db.Threads(ctx, store.ThreadQuery{})
	must(t, err)
	for _, of := range threads {
		if of.BaseSubject != "Kuryr ports" {
			continue
		}
		must(t, db.SaveTaggings(ctx, of.ID, of.Revision, "v", []sigpost.Tagging{
			{Tag: sigpost.NatureQuestion.Tag(), Title: "Needs an answer", Score: 0.75, State: sigpost.TagAccepted},
			{Tag: kuryr, Title: "Kuryr", Score: 0.9, State: sigpost.TagAccepted, Evidence: []sigpost.Evidence{{Rule: "alias kuryr", Field: "subject", MessageID: "a@x", Excerpt: "Kuryr ports of ann@secret.example"}, {Rule: "libel", Field: "text", MessageID: "e@x", Excerpt: "Libel."}}},
			{Tag: sigpost.Tag{Kind: "project", Name: "nova"}, Title: "Nova", Score: 0.3, State: sigpost.TagProposed}}))
		must(t, db.Decide(ctx, of.ID, sigpost.Tag{Kind: "scenario", Name: "edge"}, "Edge", true, "jo@secret.example", "Private reason", day))
	}
	libel, err := db.MessageByID(ctx, "e@x")
	must(t, err)
	must(t, db.Hide(ctx, libel.ID, "jo", "libel", day))
	for n := range 3 {
		window := sigpost.Window{From: day.AddDate(0, 0, 7*n-7), To: day.AddDate(0, 0, 7*n)}
		issue := sigpost.Issue{Digest: "weekly", Title: "The Weekly", Window: window, State: sigpost.IssueDraft, Zone: "UTC", Composed: day, Stats: sigpost.Stats{Messages: 3, Threads: 2},
			Entries: []sigpost.Entry{{ThreadID: 1, Headline: "Kuryr ports", Lists: []string{"sig"}, Tags: []sigpost.Tagging{{Tag: kuryr, Title: "Kuryr"}}, New: 2, Total: 2, First: day, Last: day, People: []string{"Ann"},
				Quotes: []sigpost.Quote{{Author: "Ann", MessageID: "a@x", Text: "I wrote to bob@secret.example.", At: day}}}},
			Events: []sigpost.Occurrence{{UID: "u", Kind: sigpost.EventDeadline, Title: "Talks", Start: day, End: day.AddDate(0, 0, 1), AllDay: true}}}
		if n == 2 {
			issue.SendAfter = day.AddDate(100, 0, 0)
		}
		must(t, db.CreateIssue(ctx, &issue, nil))
		must(t, db.SetIssueState(ctx, issue.ID, sigpost.IssueApproved, day))
	}
	o := Options{Title: "Test", Store: db, Digests: map[string]string{"weekly": "The Weekly"}, Titles: map[string]string{"project:unused": "Unused"}, Mail: testMail(message.Parse),
		ArchiveURL: func(*sigpost.Message) string { return "" }, URL: "https://digest.example.org", Log: slog.New(slog.DiscardHandler),
		Templates: func(string) (*digest.Templates, error) { return digest.Default(), nil },
		Browse: Browse{Lists: map[string]string{"sig": "SIG"}, Events: func(context.Context) ([]sigpost.Occurrence, error) {
			return []sigpost.Occurrence{{UID: "v", Kind: sigpost.EventSummit, Title: "Summit", Start: day, End: day.AddDate(0, 0, 2), Zone: "UTC", Where: "Here", Links: []sigpost.Link{{Title: "More", URL: "https://example.org"}},
				Sessions: []sigpost.Session{{Title: "Talk", Start: day, Tags: []sigpost.Tag{kuryr}}}}}, nil
		}}}
	if change != nil {
		change(&o)
	}
	handler, err := New(o)
	must(t, err)
	return db, handler
}

// Each answer is as the document says, on both engines; each that the document has
// is asked for; what was asked for is asked for once more, with its ETag.
func TestAPIAnswersAreAsDocumented(t *testing.T) {
	for engine, dsn := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			doc := apitest.Read(t, "openapi.json")
			db, handler := apiSite(t, dsn(t), func(o *Options) { o.RequestsPerMinute = 10_000 })
			merged := merge(t, db)
			for path, c := range apiCases(merged) {
				url := apiPath + path
				plain, _, _ := strings.Cut(url, "?")
				w := answer(handler, from("192.0.2.1", "GET", url, ""))
				if err := doc.Check("GET", plain, w.Code, w.Header(), w.Body.Bytes()); err != nil {
					t.Error(err)
				}
				if w.Header().Get("RateLimit") == "" || w.Header().Get("RateLimit-Policy") == "" {
					t.Errorf("%s does not say what is left of the rate: %v", url, w.Header())
				}
				if w.Code != c.status {
					t.Errorf("%s: %d, want %d: %s", url, w.Code, c.status, w.Body)
				}
				body := w.Body.String()
				for _, part := range c.has {
					if !strings.Contains(body, part) {
						t.Errorf("%s is without %s: %s", url, part, body)
					}
				}
				hasNot(t, url, body, "secret.example", "Private", "Libel")
				if w.Code == http.StatusOK {
					checkSame(t, doc, handler, url, w.Header().Get("ETag"))
				}
			}
			for _, what := range doc.Unseen(http.StatusTooManyRequests, http.StatusServiceUnavailable) {
				if strings.HasPrefix(what, "GET ") && !strings.Contains(what, "/preferences") { // those are tried where there are readers
					t.Errorf("nothing here is answered with %s", what)
				}
			}
		})
	}
}

func checkSame(t *testing.T, doc *apitest.Document, handler http.Handler, url, etag string) {
	t.Helper()
	plain, _, _ := strings.Cut(url, "?")
	again := ask(handler, "GET", url, "", map[string]string{"If-None-Match": etag})
	if again.Code != http.StatusNotModified || again.Body.Len() > 0 {
		t.Errorf("%s once more: %d", url, again.Code)
	}
	if !strings.HasSuffix(url, "/openapi.json") {
		if err := doc.Check("GET", plain, again.Code, again.Header(), again.Body.Bytes()); err != nil {
			t.Error(err)
		}
	}
	if head := ask(handler, "HEAD", url, "", nil); head.Code != http.StatusOK {
		t.Errorf("HEAD %s: %d", url, head.Code)
	}
}

// merge joins a thread to the first one and gives the number that it had.
func merge(t *testing.T, db *store.DB) int64 {
	t.Helper()
	(&archive{t: t, db: db}).add("From: Fay <fay@secret.example>\nMessage-ID: <f@x>\nSubject: Late\n\nFirst.\n")
	m, err := db.MessageByID(t.Context(), "f@x")
	must(t, err)
	must(t, db.DecideThread(t.Context(), store.ThreadDecision{Decision: thread.Decision{Kind: thread.Merge, Message: "f@x", Other: "a@x"}, Who: "jo", At: day}))
	return m.ThreadID
}

type apiCase struct {
	status int
	has    []string
}

func apiCases(merged int64) map[string]apiCase {
	ok := func(has ...string) apiCase { return apiCase{200, has} }
	wrong := func(has ...string) apiCase { return apiCase{400, has} }
	missing := apiCase{404, []string{"nothing here"}}
	old := fmt.Sprintf("/threads/%d", merged)
	return map[string]apiCase{
		"/openapi.json": ok("3.1.0"),
		"/threads":      ok(`"subject":"Kuryr ports"`, `"subject":"Something else"`, `"tag":"scenario:edge"`, `"url":"https://digest.example.org/threads/1"`),
		"/threads?topic=project:kuryr&topic=scenario:edge&nature=question&list=sig&after=2016-01-01&before=2030-01-01&author=ann": ok(`"subject":"Kuryr ports"`),
		"/threads?topic=project:unused": ok(`"threads":[]`),
		"/threads?topic=project:nope":   wrong(`there is no topic \"project:nope\"; those that there are are at /api/v1/tags`),
		"/threads?unanswered=1":         ok(`"threads":[`),
		"/threads?limit=1":              ok(`"next":"https://digest.example.org/api/v1/threads?from=`, `limit=1"`),
		"/threads?limit=0":              wrong("from 1 to 200"),
		"/threads?limit=201":            wrong("from 1 to 200"),
		"/threads?limit=1&limit=2":      wrong("once is enough"),
		"/threads?colour=red":           wrong(`\"colour\" is no parameter`, "topic, nature, list"),
		"/threads?q=words":              wrong("/api/v1/search"),
		"/threads?topic=nova":           wrong("project:nova"),
		"/threads?list=none":            wrong("there is no list"),
		"/threads?after=yesterday":      wrong("is no day"),
		"/threads?unanswered=yes":       wrong("can only be 1"),
		"/threads?from=x":               wrong("begin anew"),
		"/threads?a;b":                  wrong("cannot be read"),

		"/threads/1":                ok(`"message_id":"a@x"`, `"kind":"quoted"`, `"kind":"signature"`, `"shown":false`, `"name":"a.log"`, `bob@…`),
		"/threads/1?limit=1":        ok(`"next":"https://digest.example.org/api/v1/threads/1?from=1\u0026limit=1"`),
		"/threads/1?from=6&limit=1": ok(`"references":["a@x"]`),
		"/threads/1?from=999":       wrong("begin anew"),
		"/threads/1?limit=x":        wrong("from 1 to 100"),
		"/threads/999":              missing,
		"/threads/x":                missing,
		"/threads/3":                {410, []string{"not shown"}},
		old:                         {301, nil},

		"/threads/1/taggings":     ok(`"state":"proposed"`, `"field":"decision"`, `"decided by a person"`, "not shown", "ann@…"),
		"/threads/1/taggings?x=1": wrong("there are none here"),
		"/threads/x/taggings":     missing,
		"/threads/3/taggings":     {410, nil},
		old + "/taggings":         {301, nil},

		"/messages/a@x":         ok(`"thread":1`, `"author":"Ann"`),
		"/messages/b%2F%2541@x": ok(`"url":"https://digest.example.org/m/b%2F%2541@x"`),
		"/messages/c@x":         ok(`"author":"cid"`),
		"/messages/none@x":      missing,
		"/messages/a@x?x":       wrong("no parameter"),
		"/messages/d@x":         {410, nil},
		"/messages/e@x":         {410, nil},
		"/tags":                 ok(`"tag":"project:kuryr"`, `"tag":"project:unused"`, `"natures":[{`),
		"/tags?x":               wrong("no parameter"),
		"/lists":                ok(`"name":"sig"`, `"title":"SIG"`),
		"/lists?x":              wrong("no parameter"),
		"/search?q=works":       ok(`"passage":"It works."`, `"count":1`),
		"/search?q=wrote":       ok(`"attachments":[{`),
		"/search?q=-nothing&limit=1&order=newest": ok(`"next":"https://digest.example.org/api/v1/search?from=`),
		"/search?q=kuryr&order=relevance":         ok(`"hits":[{`),
		"/search?q=libel":                         ok(`"hits":[]`, `"count":0`),
		"/search":                                 wrong("q is missing"),
		"/search?q=from:":                         wrong("character"),
		"/search?q=a&order=best":                  wrong("newest or relevance"),
		"/search?q=a&from=!":                      wrong(""),
		"/issues":                                 ok(`"name":"weekly"`, `"number":2`),
		"/issues?x":                               wrong("no parameter"),
		"/issues/weekly":                          ok(`"number":2`, `"number":1`),
		"/issues/weekly?limit=1":                  ok(`"number":2`, `"next":"https://digest.example.org/api/v1/issues/weekly?from=2\u0026limit=1"`),
		"/issues/weekly?limit=1&from=2":           ok(`"number":1`),
		"/issues/weekly?from=x":                   wrong("begin anew"),
		"/issues/none":                            missing,
		"/issues/weekly/1":                        ok(`"headline":"Kuryr ports"`, `"start":"2016-04-`, "bob@…"),
		"/issues/weekly/1?x":                      wrong("no parameter"),
		"/issues/weekly/3":                        missing, // is for later
		"/issues/weekly/x":                        missing,
		"/events":                                 ok(`"title":"Summit"`, `"tags":["project:kuryr"]`),
		"/events?x":                               wrong("no parameter"),
	}
}

// Pages are followed to the end by next, and give everything once.
func TestAPIPages(t *testing.T) {
	_, handler, _ := browse(t, nil)
	for first, key := range map[string]string{"/api/v1/threads?limit=7&topic=project:kuryr": "threads", "/api/v1/search?limit=7&q=matter": "hits"} {
		seen, pages := map[string]bool{}, 0
		for url := first; url != ""; pages++ {
			w := read(handler, url)
			var page map[string]json.RawMessage
			must(t, json.Unmarshal(w.Body.Bytes(), &page))
			if key == "hits" && (page["count"] != nil) != (pages == 0) {
				t.Errorf("page %d counts %s", pages, page["count"])
			}
			var rows []struct{ URL string }
			must(t, json.Unmarshal(page[key], &rows))
			for _, row := range rows {
				if seen[row.URL] {
					t.Errorf("%s comes twice", row.URL)
				}
				seen[row.URL] = true
			}
			next := ""
			if page["next"] != nil {
				must(t, json.Unmarshal(page["next"], &next))
			}
			url = strings.TrimPrefix(next, "https://digest.example.org")
		}
		if want := map[string]int{"threads": 60, "hits": 120}[key]; len(seen) != want || pages < want/7 {
			t.Errorf("%s gives %d in %d pages, want %d", first, len(seen), pages, want)
		}
	}
}

// Only sites that are named may read, only by GET, and without cookies.
func TestAPIForOtherSites(t *testing.T) {
	for name, c := range map[string]struct {
		origins       []string
		origin, allow string
	}{
		"nobody is named":  {nil, "https://a.example", ""},
		"a site":           {[]string{"https://a.example"}, "https://a.example", "https://a.example"},
		"another site":     {[]string{"https://a.example"}, "https://b.example", ""},
		"a site like it":   {[]string{"https://a.example"}, "https://a.example.evil.example", ""},
		"any site":         {[]string{"*"}, "https://b.example", "*"},
		"no browser":       {[]string{"https://a.example"}, "", ""},
		"an opaque origin": {[]string{"https://a.example"}, "null", ""},
	} {
		_, handler := apiSite(t, storetest.SQLite(t), func(o *Options) { o.CORSOrigins = c.origins })
		for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
			for _, path := range []string{"/api/v1/threads", "/api/v1/threads?x", "/api/v1/openapi.json"} {
				w := ask(handler, method, path, "", map[string]string{"Origin": c.origin, "Access-Control-Request-Method": "GET", "Sec-Fetch-Site": "cross-site"})
				h := w.Header()
				if got := h.Get("Access-Control-Allow-Origin"); got != c.allow || h.Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("%s, %s %s: %q, want %q", name, method, path, got, c.allow)
				}
				if varies := strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin"); varies != (len(c.origins) > 0 && c.allow != "*") {
					t.Errorf("%s, %s %s varies by origin: %t", name, method, path, varies)
				}
				if methods := h.Get("Access-Control-Allow-Methods"); methods != map[bool]string{true: "GET, HEAD"}[method == "OPTIONS" && c.allow != ""] {
					t.Errorf("%s, %s %s: methods %q", name, method, path, methods)
				}
			}
		}
		for _, path := range []string{"/threads/1", "/feed", "/events.ics", "/sign-in"} {
			if w := ask(handler, "GET", path, "", map[string]string{"Origin": c.origin}); w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: %s is for other sites", name, path)
			}
		}
	}
}

// Who asks too much is told when to come again, as the document says.
func TestAPIRates(t *testing.T) {
	doc := apitest.Read(t, "openapi.json")
	_, handler := apiSite(t, storetest.SQLite(t), func(o *Options) { o.RequestsPerMinute = 20 })
	for path, most := range map[string]int{"/api/v1/search": 2, "/api/v1/events": 20} {
		limited := false
		for range most + 1 {
			w := answer(handler, from("192.0.2.1", "GET", path+"?q=a", ""))
			if limited = w.Code == http.StatusTooManyRequests; limited {
				if err := doc.Check("GET", path, w.Code, w.Header(), w.Body.Bytes()); err != nil {
					t.Error(err)
				}
			}
		}
		if !limited {
			t.Errorf("%s is never too much", path)
		}
	}
}
