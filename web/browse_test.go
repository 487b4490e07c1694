package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
	"sigpost/store/storetest"
)

// browse gives a site with 120 threads on two lists.
func browse(t *testing.T, change func(*Options)) (*site, http.Handler, *store.DB) {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, storetest.SQLite(t))
	must(t, err)
	t.Cleanup(func() { db.Close() })
	var all []sigpost.Arrival
	for i := range 120 {
		m := &sigpost.Message{MessageID: sigpost.MessageID(fmt.Sprint("m", i)), Subject: fmt.Sprint("Matter ", i), BaseSubject: fmt.Sprint("Matter ", i),
			Author: sigpost.Address{Name: "Ana <b>", Addr: "ana@example.org"}, Received: day.Add(-time.Duration(i) * 6 * time.Hour)}
		if i%10 == 0 {
			m.Author = sigpost.Address{Name: "Bob", Addr: "bob@example.org"}
		}
		all = append(all, sigpost.Arrival{Raw: []byte("x"), Message: m, List: []string{"dev", "ops"}[i%2], Source: "test"})
	}
	_, err = db.Add(ctx, nil, all, day)
	must(t, err)
	threads, err := db.Threads(ctx, store.ThreadQuery{Limit: 200})
	must(t, err)
	for i, thread := range threads {
		nature := sigpost.NatureQuestion
		if i%3 == 0 {
			nature = sigpost.NatureAnnouncement
		}
		taggings := []sigpost.Tagging{{Tag: nature.Tag(), Title: nature.Title(), State: sigpost.TagAccepted}}
		if i%2 == 0 {
			taggings = append(taggings, sigpost.Tagging{Tag: kuryr, Title: "Kuryr", State: sigpost.TagAccepted})
		}
		if i == 7 {
			taggings = append(taggings, sigpost.Tagging{Tag: sigpost.Tag{Kind: "own", Name: "gone"}, Title: "Gone by", State: sigpost.TagAccepted})
		}
		must(t, db.SaveTaggings(ctx, thread.ID, thread.Revision, "v", taggings))
	}
	o := Options{Title: "Test", Store: db, Titles: map[string]string{kuryr.String(): "Kuryr", "project:nova": "Nova", "nature:question": "Needs an answer"},
		Digests: map[string]string{"weekly": "The Weekly"}, URL: "https://digest.example.org", Now: func() time.Time { return day }, Log: slog.New(slog.DiscardHandler),
		Browse: Browse{Lists: map[string]string{"dev": "Developers", "ops": "Operators", "empty": "Nobody's"}, Events: func(context.Context) ([]sigpost.Occurrence, error) {
			return []sigpost.Occurrence{{Kind: sigpost.EventMeeting, Title: "Kuryr <meeting>", Start: day.Add(26 * time.Hour), End: day.Add(27 * time.Hour), Zone: "UTC", Notes: "Bring *tea*."},
				{Kind: sigpost.EventSummit, Title: "Summit", Start: day.Add(48 * time.Hour), End: day.Add(96 * time.Hour), Zone: "America/Chicago", AllDay: true, Sessions: []sigpost.Session{
					{Title: "Late <talk>", Start: day.Add(60 * time.Hour), Room: "B 2", Speakers: "Ana", URL: "javascript:alert(1)"}, {Title: "Early talk", Start: day.Add(50 * time.Hour), URL: "https://example.org/early"}}}}, nil
		}}}
	if change != nil {
		change(&o)
	}
	s, err := newSite(o)
	must(t, err)
	handler, err := New(o)
	must(t, err)
	return s, handler, db
}

func read(handler http.Handler, path string) *httptest.ResponseRecorder {
	return ask(handler, http.MethodGet, path, "", nil)
}

func TestBrowsing(t *testing.T) {
	_, handler, _ := browse(t, nil)
	for _, c := range []struct {
		path   string
		status int
		has    []string
		hasNot []string
	}{
		{"/", 200, []string{`action="/search"`, "Matter 0", "14 this week", "Kuryr &lt;meeting&gt;", `href="/topics/project/kuryr"`, `href="/lists">Lists`,
			"in each of the last 12 weeks, the oldest first: 0, 0, 0, 0, 0, 0, 0, 4, 14, 14, 14, 14"}, []string{"Matter 15<", "Nova", "tea"}},
		{"/?tag=project:kuryr", 301, nil, nil},
		{"/topics", 200, []string{"<h2>Projects</h2>", "Kuryr", "14 this week, 60 threads in all", "Nova</a>\n<span class=\"quiet\">no threads yet", "<h2>Owns</h2>", "Gone by"}, []string{"Needs an answer"}},
		{"/topics/project/kuryr", 200, []string{"<h1>Kuryr</h1>", "60 threads, 14 with news", "Older threads", `href="https://digest.example.org/topics/project/kuryr"`}, []string{"Matter 1<", "noindex"}},
		{"/topics/project/nova", 200, []string{"<h1>Nova</h1>", "There are no threads here"}, nil},
		{"/topics/own/gone", 200, []string{"<h1>Gone by</h1>", "Matter 7<"}, []string{"Matter 6<"}},
		{"/topics/project/none", 404, nil, nil},
		{"/topics/:list/dev", 404, nil, nil},
		{"/topics/%3Aunanswered/x", 404, nil, nil},
		{"/topics/nature/question", 301, nil, nil},
		{"/topics/nature/gossip", 404, nil, nil},
		{"/lists", 200, []string{"Developers", "Operators", "60 threads with 60 messages"}, nil},
		{"/lists/ops", 200, []string{"<h1>Operators</h1>", "Matter 1<"}, []string{"Matter 2<"}},
		{"/lists/empty", 200, []string{"There are no threads here"}, nil},
		{"/lists/none", 404, nil, nil},
		{"/threads", 200, []string{"Matter 0<", "Matter 49<", "20 April 2016", "Nobody has answered yet", "Older threads", `href="/lists/dev"`}, []string{"Matter 50<", "noindex"}},
		{"/threads?topic=project:kuryr&nature=question&list=dev&unanswered=1&after=2016-04-10&before=2016-04-20", 200, []string{"Matter 4<", "noindex", "about Kuryr", "on the list dev", "last message before 20 April 2016",
			`<a href="/threads?after=2016-04-10&amp;before=2016-04-20&amp;list=dev&amp;topic=project%3Akuryr&amp;unanswered=1">Take away`, `name="topic" value="project:kuryr"`, `<option value="question" selected>`},
			[]string{"Matter 2<", "Matter 6<", "Matter 5<", "Older threads"}},
		{"/threads?author=bob", 200, []string{"Matter 10<", "Matter 110<", "with a message by “bob”"}, []string{"Matter 11<"}},
		{"/threads?author=nobody", 200, []string{"There are no threads here"}, nil},
		{"/threads?after=yesterday", 400, []string{"&#34;yesterday&#34; is no day", `value="yesterday"`}, []string{"Matter"}},
		{"/threads?topic=project:none", 404, nil, nil},
		{"/threads?topic=nature:question", 404, nil, nil},
		{"/threads?nature=gossip", 404, nil, nil},
		{"/threads?list=none", 404, nil, nil},
		{"/threads?from=rubbish!", 400, nil, nil},
		{"/threads?from=1.", 400, nil, nil},
		{"/threads?topic=&q=port+leak&list=dev&author=Ana+B&unanswered=1", 303, nil, nil},
		{"/threads?" + strings.Repeat("topic=a:b&", 1) + "topic=a:c&topic=a:d&topic=a:e&topic=a:f&topic=a:g", 400, nil, nil},
		{"/threads?q=%zz", 400, nil, nil},
		{"/issues", 200, []string{"The Weekly", "There is no issue here yet"}, nil},
		{"/issues?digest=none", 404, nil, nil},
		{"/issues?digest=weekly&below=x", 400, nil, nil},
		{"/events", 200, []string{"Kuryr &lt;meeting&gt;", "Bring tea.", `datetime="2016-04-21T14:00:00Z"`, "UTC"}, nil},
		{"/statistics", 200, []string{"14 April 2016 to 20 April 2016", "<td>27</td>", "Developers", "Of the 80 questions, proposals and discussions that people began in the last 12 weeks, 0 (0 %)"}, []string{"2015", "February 2016", "16 March 2016", "<td>0</td>"}}, // it begins on 21 March
	} {
		w := read(handler, c.path)
		if w.Code != c.status {
			t.Errorf("%s: status %d, want %d", c.path, w.Code, c.status)
		}
		for _, has := range c.has {
			if !strings.Contains(w.Body.String(), has) {
				t.Errorf("%s: %q is not on the page:\n%s", c.path, has, w.Body)
			}
		}
		for _, has := range append(c.hasNot, "<b>", "@example.org", " style=") {
			if strings.Contains(w.Body.String(), has) {
				t.Errorf("%s: %q is on the page:\n%s", c.path, has, w.Body)
			}
		}
	}
	for path, want := range map[string]string{
		"/?tag=project:kuryr":     "/topics/project/kuryr",
		"/?tag=nature:question":   "/threads?nature=question",
		"/topics/nature/question": "/threads?nature=question",
		"/threads?topic=project:kuryr&q=port+leak&list=dev&author=Ana+B&unanswered=1": "/search?q=" + url.QueryEscape(`port leak tag:kuryr list:dev from:"Ana B" is:unanswered`),
	} {
		if to := read(handler, path).Header().Get("Location"); to != want {
			t.Errorf("%s leads to %s, want %s", path, to, want)
		}
	}
}

// Turning the pages shows each thread once, in order, to the end.
func TestTurningPages(t *testing.T) {
	_, handler, _ := browse(t, nil)
	rows, older := regexp.MustCompile(`<bdi>Matter (\d+)</bdi>`), regexp.MustCompile(`href="([^"]*)" rel="next"`)
	for path, want := range map[string]int{"/threads": 120, "/topics/project/kuryr": 60, "/lists/dev": 60, "/threads?nature=question&list=ops": 40} {
		var seen []string
		for pages := 0; path != "" && pages < 9; pages++ {
			body := read(handler, path).Body.String()
			for _, m := range rows.FindAllStringSubmatch(body, -1) {
				seen = append(seen, fmt.Sprintf("%03s", m[1]))
			}
			path = ""
			if m := older.FindStringSubmatch(body); m != nil {
				path = strings.ReplaceAll(m[1], "&amp;", "&")
			}
		}
		if len(seen) != want || !slices.IsSorted(seen) || len(slices.Compact(slices.Clone(seen))) != want {
			t.Errorf("%d threads, want %d: %v", len(seen), want, seen)
		}
	}
}

// An archive without mail, and one with one list, have no empty words.
func TestSmallArchives(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "empty.db"))
	must(t, err)
	t.Cleanup(func() { db.Close() })
	_, handler, _ := browse(t, func(o *Options) { o.Store, o.Titles, o.Browse = db, nil, Browse{} })
	for _, path := range []string{"/", "/topics", "/lists", "/threads", "/issues", "/statistics"} {
		w := read(handler, path)
		if w.Code != 200 {
			t.Errorf("%s: status %d", path, w.Code)
		}
		if body := w.Body.String(); strings.Contains(body, `href="/lists"`) || strings.Contains(body, `href="/events"`) {
			t.Errorf("%s leads to what is not there:\n%s", path, body)
		}
	}
	if w := read(handler, "/events"); w.Code != 404 {
		t.Errorf("events: status %d", w.Code)
	}
	_, err = db.Add(t.Context(), nil, []sigpost.Arrival{{Raw: []byte("x"), Message: hostile(), List: "only", Source: "test"}}, day)
	must(t, err)
	_, handler, _ = browse(t, func(o *Options) {
		o.Store, o.Browse = db, Browse{Lists: map[string]string{"only": "The only one"}}
	})
	if w := read(handler, "/lists"); w.Code != 302 || w.Header().Get("Location") != "/lists/only" {
		t.Errorf("the only list: status %d to %s", w.Code, w.Header().Get("Location"))
	}
	if body := read(handler, "/threads").Body.String(); strings.Contains(body, "Mailing list") || strings.Contains(body, "/lists") {
		t.Errorf("one list is made much of:\n%s", body)
	}
}

// What was decided this moment has a page, though it is not counted yet.
func TestATopicOfThisMoment(t *testing.T) {
	_, handler, db := browse(t, nil)
	if w := read(handler, "/topics/project/zun"); w.Code != 404 {
		t.Errorf("status %d", w.Code)
	}
	must(t, db.Decide(t.Context(), 1, sigpost.Tag{Kind: "project", Name: "zun"}, "Zun", true, "ana", "", day))
	if w := read(handler, "/topics/project/zun"); w.Code != 200 || !strings.Contains(w.Body.String(), "<h1>Zun</h1>") || !strings.Contains(w.Body.String(), "/threads/1\"") {
		t.Errorf("status %d:\n%s", w.Code, w.Body)
	}
}

// Issues are listed, the latest first, page by page; drafts are not.
func TestIssues(t *testing.T) {
	_, handler, db := browse(t, nil)
	for i := range 40 {
		state := sigpost.IssueApproved
		if i == 39 {
			state = sigpost.IssueDraft
		}
		must(t, db.CreateIssue(t.Context(), &sigpost.Issue{Digest: "weekly", Title: "Weekly", State: state, Zone: "UTC",
			Window: sigpost.Window{From: day.AddDate(0, 0, 7*i), To: day.AddDate(0, 0, 7*i+7)}, Entries: []sigpost.Entry{{ThreadID: 1, Headline: "One <thing>"}}}, nil))
	}
	first := read(handler, "/issues").Body.String()
	if !strings.Contains(first, `href="/issues/weekly/39"`) || strings.Contains(first, `href="/issues/weekly/40"`) || !strings.Contains(first, `href="/issues?digest=weekly&amp;below=10"`) {
		t.Errorf("the first page:\n%s", first)
	}
	second := read(handler, "/issues?digest=weekly&below=10").Body.String()
	if !strings.Contains(second, `href="/issues/weekly/9"`) || !strings.Contains(second, `href="/issues/weekly/1"`) || strings.Contains(second, "Older issues") {
		t.Errorf("the second page:\n%s", second)
	}
	home := read(handler, "/").Body.String()
	if !strings.Contains(home, "Weekly No. 39") || !strings.Contains(home, "One &lt;thing&gt;") || strings.Contains(home, "No. 40") {
		t.Errorf("the home page:\n%s", home)
	}
}

// What is old is given out while it is made anew; what failed stays old.
func TestKept(t *testing.T) {
	made, fails := 0, false
	turn := make(chan bool)
	k := kept[int]{life: time.Hour, log: slog.New(slog.NewTextHandler(io.Discard, nil)), make: func(context.Context) (int, error) {
		if made > 0 {
			<-turn
		}
		made++
		if fails {
			return 0, sigpost.ErrNotFound
		}
		return made, nil
	}}
	get := func(want int) {
		t.Helper()
		if got, err := k.get(t.Context()); err != nil || got != want {
			t.Errorf("%d, %v, want %d", got, err, want)
		}
	}
	age := func() { k.mu.Lock(); k.at = k.at.Add(-2 * time.Hour); k.mu.Unlock() }
	settle := func() {
		for turn <- true; ; time.Sleep(time.Millisecond) {
			k.mu.Lock()
			busy := k.busy
			k.mu.Unlock()
			if !busy {
				return
			}
		}
	}
	get(1)
	age()
	get(1)
	get(1) // one is on its way already
	settle()
	get(2)
	fails = true
	age()
	get(2)
	settle()
	get(2)
	settle()
}

// A summit's sessions stand on the page of events by time, all of them, on its clock.
func TestSessionsOfASummit(t *testing.T) {
	_, handler, _ := browse(t, nil)
	body := read(handler, "/events").Body.String()
	early, late := strings.Index(body, `<a href="https://example.org/early">Early talk</a>`), strings.Index(body, "Late &lt;talk&gt;")
	if early < 0 || late < early || !strings.Contains(body, "2 sessions") || !strings.Contains(body, "Ana, B 2") || strings.Contains(body, "javascript:") {
		t.Errorf("%d, %d: %s", early, late, body)
	}
	if at := day.Add(50 * time.Hour); !strings.Contains(body, at.In(zoneOf(t, "America/Chicago")).Format("Mon 2 Jan 15:04")) {
		t.Errorf("no session is at %s by the summit's clock: %s", at, body)
	}
	if home := read(handler, "/").Body.String(); strings.Contains(home, "Early talk") {
		t.Error("the home page lists sessions")
	}
}

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	must(t, err)
	return zone
}
