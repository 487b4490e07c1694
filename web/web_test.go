package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/digest"
	"sigpost/search"
	"sigpost/store"
	"sigpost/store/storetest"
	"sigpost/subscribe"
)

var (
	day    = time.Date(2016, 4, 20, 12, 0, 0, 0, time.UTC)
	kuryr  = sigpost.Tag{Kind: sigpost.KindProject, Name: "kuryr"}
	tokens = subscribe.NewTokens([]byte(strings.Repeat("s", 32)))
)

// hostile is a message whose every string tries to be more than text.
func hostile() *sigpost.Message {
	text := "I say <script>alert(1)</script>\n> quoted <img src=x onerror=alert(2)>\n-- \nsignature\n"
	return &sigpost.Message{
		MessageID: "a@example.org", Author: sigpost.Address{Name: "<b>Ana</b>", Addr: "ana@example.org"},
		Subject: "Kuryr <script>alert(3)</script>", BaseSubject: "Kuryr <script>alert(3)</script>", Received: day, Text: text,
		Ranges: []sigpost.Range{{Kind: sigpost.RangeNew, End: 32}, {Kind: sigpost.RangeQuoted, Start: 32, End: 70},
			{Kind: sigpost.RangeSignature, Start: 70, End: len(text)}},
		Attachments: []sigpost.Attachment{{Name: `"><script>`, Type: "text/x-log", Size: 12}},
	}
}

// open gives a site with one thread, one issue and one reader.
func open(t *testing.T) (*httptest.Server, *store.DB) {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, storetest.SQLite(t))
	must(t, err)
	t.Cleanup(func() { db.Close() })
	m := hostile()
	_, err = db.Add(ctx, nil, []sigpost.Arrival{{Raw: []byte("x"), Message: m, List: "l", Source: "test"}}, day)
	must(t, err)
	must(t, db.SaveTaggings(ctx, 1, 1, "v", []sigpost.Tagging{{Tag: kuryr, Title: "Kuryr", Score: 0.83, State: sigpost.TagAccepted,
		Evidence: []sigpost.Evidence{{Rule: "alias kuryr", Field: "subject", MessageID: m.MessageID, Excerpt: "Kuryr <script>", Spans: []sigpost.Span{{End: 5}}, Weight: 2}}},
		{Tag: sigpost.NatureQuestion.Tag(), Title: sigpost.NatureQuestion.Title(), Score: 0.75, State: sigpost.TagAccepted, Evidence: []sigpost.Evidence{
			{Rule: "question mark", Field: "text", MessageID: m.MessageID, Excerpt: "Does it <b>?", Spans: []sigpost.Span{{End: 4}}, Weight: 1},
			{Rule: "nothing else", Field: "thread", Weight: 0.4}}}}))
	issue := sigpost.Issue{Digest: "weekly", Title: "Weekly", State: sigpost.IssueApproved, Zone: "UTC", Composed: day,
		Window:  sigpost.Window{From: day.AddDate(0, 0, -7), To: day},
		Entries: []sigpost.Entry{{ThreadID: 1, Headline: "Kuryr <script>alert(4)</script>", New: 1, Total: 1, People: []string{"Ana"}}},
		Stats:   sigpost.Stats{Threads: 1, Messages: 1, People: 1}}
	must(t, db.CreateIssue(ctx, &issue, []int64{1}))
	_, err = db.Subscribe(ctx, sigpost.Subscription{Digest: "weekly", State: sigpost.SubscriptionActive, Since: day,
		Subscriber: sigpost.Subscriber{Addr: "ana@example.org", Consent: "in a test", Created: day}})
	must(t, err)
	handler, err := New(Options{
		Title: "Test", Store: db, Titles: map[string]string{kuryr.String(): "Kuryr", "nature:question": "Needs an answer"}, Digests: map[string]string{"weekly": "The Weekly"},
		ArchiveURL: func(*sigpost.Message) string { return "https://lists.example.org/a" },
		Mail:       testMail(func([]byte) (*sigpost.Message, error) { return hostile(), nil }),
		Reader:     func(sigpost.Issue) digest.Reader { return digest.Reader{} },
		Templates:  func(string) (*digest.Templates, error) { return digest.Default(), nil },
		URL:        "https://digest.example.org",
		Calendar: func(context.Context) ([]byte, error) {
			return []byte("BEGIN:VCALENDAR\r\nUID:meeting@example.org\r\nDTSTAMP:" + time.Now().UTC().Format("20060102T150405.000000000Z") + "\r\nEND:VCALENDAR\r\n"), nil
		},
		SearchNames: func(ctx context.Context) search.Names {
			return search.Names{Now: day, LikeWord: func(w string) string { return map[string]string{"kuryrr": "kuryr"}[w] },
				NameWords: func() []string {
					all, err := db.NameWords(ctx)
					must(t, err)
					return all
				}}
		},
		Domain: func(string) string { return "example.org" }, Author: func(string) string { return "SIG Example" },
		Door: subscribe.NewDoor(tokens, db, func() time.Time { return day }), Log: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server, db
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestPages(t *testing.T) {
	server, _ := open(t)
	for _, c := range []struct {
		name, method, path string
		status             int
		has                []string
	}{
		{"home", "GET", "/", 200, []string{"/threads/1", "/issues/weekly/1", "Kuryr &lt;script&gt;", `href="/topics/project/kuryr"`}},
		{"a topic", "GET", "/?tag=project:kuryr", 200, []string{"<h1>Kuryr</h1>", "/threads/1", "1 thread, 0 with news in the last seven days"}},
		{"threads of a nature", "GET", "/?tag=nature:question", 200, []string{"of the kind “Needs an answer”", "/threads/1"}},
		{"no such nature", "GET", "/?tag=nature:gossip", 404, []string{"There is no such page here"}},
		{"no such topic", "GET", "/?tag=project:nova", 404, []string{"There is no such page here"}},
		{"thread", "GET", "/threads/1", 200, []string{"I say &lt;script&gt;", `class="quote"`, "Signature", "accepted, 83 %", "the name kuryr in the subject", `href="/topics/project/kuryr">All threads of <bdi>Kuryr</bdi>`, "https://lists.example.org/a", "&lt;b&gt;Ana"}},
		{"no such thread", "GET", "/threads/99", 404, []string{"There is no such page here"}},
		{"no thread at all", "GET", "/threads/x", 404, []string{"There is no such page here"}},
		{"issue", "GET", "/issues/weekly/1", 200, []string{"Kuryr &lt;script&gt;", `<header><a href="/">Test</a>`, "<h1>Weekly <span", `rel="alternate" type="application/atom+xml" title="The Weekly" href="/issues/weekly/feed"`}},
		{"feed", "GET", "/issues/weekly/feed", 200, []string{"<id>tag:example.org,2016:weekly/1</id>", `href="https://digest.example.org/issues/weekly/1"`, `rel="self"`, "<name>SIG Example</name>"}},
		{"calendar", "GET", "/events.ics", 200, []string{"BEGIN:VCALENDAR", "UID:meeting@example.org"}},
		{"feed of no digest", "GET", "/issues/monthly/feed", 404, []string{"There is no such page here"}},
		{"no such issue", "GET", "/issues/weekly/2", 404, []string{"There is no such page here"}},
		{"an issue of no digest", "GET", "/issues/%00/1", 404, nil},
		{"the folder of static files", "GET", "/static/", 404, nil},
		{"no such page", "GET", "/nothing", 404, []string{"There is no such page here"}},
		{"style", "GET", "/static/style.css", 200, []string{"prefers-color-scheme"}},
		{"asking to unsubscribe", "GET", "/unsubscribe/" + tokens.Unsubscribe(1), 200, []string{"a…@example.org", "The Weekly", "<button"}},
		{"a link cut off", "GET", "/unsubscribe/" + tokens.Unsubscribe(1)[:20], 404, []string{"This link is not valid"}},
		{"a link cut off, posted", "POST", "/unsubscribe/" + tokens.Unsubscribe(1)[:20], 404, []string{"This link is not valid"}},
		{"posting to a page", "POST", "/threads/1", 405, []string{"<title>Method Not Allowed", "nothing can be sent to it like that"}},
		{"posting to no page", "POST", "/nothing", 405, []string{"<title>Method Not Allowed"}},
		{"a method that nothing has", "PATCH", "/api/v1/threads", 405, []string{`"status":405`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequest(c.method, server.URL+c.path, nil)
			must(t, err)
			resp, err := http.DefaultClient.Do(req)
			must(t, err)
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			must(t, err)
			if resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
			for _, has := range c.has {
				if !strings.Contains(string(body), has) {
					t.Errorf("%q is not on the page:\n%s", has, body)
				}
			}
			if s := string(body); strings.Contains(s, "<script") || strings.Contains(s, "<img") || strings.Contains(s, "ana@example.org") {
				t.Errorf("a stranger's bytes are more than data, or an address is shown:\n%s", body)
			}
			if allow := resp.Header.Get("Allow"); (c.status == 405) != strings.Contains(allow, "GET, HEAD") {
				t.Errorf("Allow: %q", allow)
			}
			csp := resp.Header.Get("Content-Security-Policy")
			if !strings.Contains(csp, "default-src 'none'") || resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.Header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("headers: %v", resp.Header)
			}
		})
	}
}

func TestUnsubscribing(t *testing.T) {
	server, db := open(t)
	link := server.URL + "/unsubscribe/" + tokens.Unsubscribe(1)
	for range 2 { // looking, as a scanner does
		resp, err := http.Get(link)
		must(t, err)
		resp.Body.Close()
	}
	resp, err := http.Post(link, "application/x-www-form-urlencoded", strings.NewReader("something=else"))
	must(t, err)
	resp.Body.Close()
	if s, err := db.Subscription(context.Background(), 1); err != nil || s.State != sigpost.SubscriptionActive {
		t.Fatalf("looking ended it: %v, %v", s.State, err)
	}
	for range 2 { // a second click is no error
		resp, err := http.Post(link, "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click"))
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("status %d", resp.StatusCode)
		}
	}
	if s, err := db.Subscription(context.Background(), 1); err != nil || s.State != sigpost.SubscriptionEnded {
		t.Errorf("%v, %v", s.State, err)
	}
}

func TestMergedThreadLeadsToTheOneItIsIn(t *testing.T) {
	server, db := open(t)
	ctx := context.Background()
	add := func(id sigpost.MessageID, refs ...sigpost.MessageID) {
		_, err := db.Add(ctx, nil, []sigpost.Arrival{{Raw: []byte(id), Message: &sigpost.Message{MessageID: id, References: refs, Received: day}, List: "l", Source: "test"}}, day)
		must(t, err)
	}
	add("b@example.org")
	add("c@example.org", "a@example.org", "b@example.org")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(server.URL + "/threads/2")
	must(t, err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusMovedPermanently || resp.Header.Get("Location") != "/threads/1" {
		t.Errorf("status %d to %s", resp.StatusCode, resp.Header.Get("Location"))
	}
}

// get gives a page.
func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	must(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	return string(body)
}

// A thread says in words of what nature it is, before its topics, and why; the
// list of topics has no natures.
func TestNatureIsNoTopic(t *testing.T) {
	server, _ := open(t)
	page := get(t, server.URL+"/threads/1")
	nature, topic := strings.Index(page, `<span class="tag">Needs an answer</span>`), strings.Index(page, `<span class="tag">Kuryr</span>`)
	if nature < 0 || topic < nature {
		t.Errorf("the nature stands at %d, the topic at %d of\n%s", nature, topic, page)
	}
	for _, has := range []string{`<li>question mark in the text: <q><bdi><mark>Does</mark> it &lt;b&gt;?</bdi></q> <a href="/m/a@example.org">`, "<li>nothing else</li>"} {
		if !strings.Contains(page, has) {
			t.Errorf("%q is not on the page:\n%s", has, page)
		}
	}
	home := get(t, server.URL+"/")
	_, topics, _ := strings.Cut(home, "<h2>Topics</h2>")
	topics, threads, _ := strings.Cut(topics, "<h2>Latest threads</h2>")
	if strings.Contains(topics, "nature") || !strings.Contains(topics, "Kuryr") {
		t.Errorf("the topics are %s", topics)
	}
	if !strings.Contains(threads, `href="/threads?nature=question">Needs an answer</a>`) {
		t.Errorf("the threads are %s", threads)
	}
}

// What is not approved is for its editors alone.
func TestDraftsAreNotShown(t *testing.T) {
	server, db := open(t)
	for state, status := range map[sigpost.IssueState]int{sigpost.IssueDraft: 404, sigpost.IssueReady: 404} {
		must(t, db.SetIssueState(t.Context(), 1, state, day))
		resp, err := http.Get(server.URL + "/issues/weekly/1")
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("a %s has status %d", state, resp.StatusCode)
		}
		resp, err = http.Get(server.URL + "/")
		must(t, err)
		home, err := io.ReadAll(resp.Body)
		must(t, err)
		resp.Body.Close()
		if strings.Contains(string(home), "/issues/weekly/1") {
			t.Errorf("a %s is listed", state)
		}
	}
}

// A calendar program that asks again gets nothing again, though the file was
// written at another moment.
func TestCalendarIsAskedForOften(t *testing.T) {
	server, _ := open(t)
	ask := func(etag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/events.ics", nil)
		if etag != "" {
			r.Header.Set("If-None-Match", etag)
		}
		w := httptest.NewRecorder()
		server.Config.Handler.ServeHTTP(w, r)
		return w
	}
	first := ask("")
	if first.Code != 200 || first.Header().Get("Content-Type") != "text/calendar; charset=utf-8" {
		t.Fatalf("%d, %v", first.Code, first.Header())
	}
	if again := ask(first.Header().Get("ETag")); again.Code != 304 || again.Body.Len() > 0 {
		t.Errorf("%d, %d bytes", again.Code, again.Body.Len())
	}
}
