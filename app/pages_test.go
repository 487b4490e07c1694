package app

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigpost"
	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
	"sigpost/web"
)

// example is an answer of a way in that is looked at.
type example struct {
	path   string
	who    string // who has signed in: the name before @desk.example.org
	status int    // 200 where it is 0
	// foreign says that the document is no page of ours, and not looked at: a
	// stranger's, or a letter, which others look at.
	foreign bool
}

// examples are those of each way in that is read, by its path; words in < > are
// filled in. A way without one is a fault.
var examples = map[string][]example{
	"/":                                    {{path: "/nothing", status: 404}, {path: "/nothing", who: "root", status: 404}},
	"/{$}":                                 {{path: "/"}, {path: "/", who: "root"}},
	"/threads":                             {{path: "/threads"}, {path: "/threads?topic=project:kuryr&unanswered=1&list=ops"}, {path: "/threads?after=yesterday", status: 400}, {path: "/threads?from=rubbish!", status: 400}},
	"/threads/{id}":                        {{path: "/threads/<thread>"}, {path: "/threads/<thread>?view=flat", who: "rev"}, {path: "/threads/<html>", who: "rev"}, {path: "/threads/<html>"}, {path: "/threads/999999", status: 404}},
	"/threads/{id}/mbox":                   {{path: "/threads/<thread>/mbox"}},
	"/threads/{id}/feed":                   {{path: "/threads/<thread>/feed"}},
	"/topics":                              {{path: "/topics"}},
	"/topics/{kind}/{name}":                {{path: "/topics/project/kuryr"}},
	"/topics/{kind}/{name}/feed":           {{path: "/topics/project/kuryr/feed"}},
	"/topics/{kind}/{name}/events.ics":     {{path: "/topics/project/kuryr/events.ics"}},
	"/topics/{kind}/{name}/months/{month}": {{path: "/topics/project/kuryr/months/2016-04"}},
	"/lists":                               {{path: "/lists"}},
	"/lists/{name}":                        {{path: "/lists/ops"}, {path: "/lists/none", status: 404}},
	"/lists/{name}/feed":                   {{path: "/lists/ops/feed"}},
	"/lists/{name}/mbox":                   {{path: "/lists/ops/mbox"}},
	"/lists/{name}/months/{month}":         {{path: "/lists/ops/months/2016-04"}},
	"/months/{month}":                      {{path: "/months/2016-04"}},
	"/issues":                              {{path: "/issues"}},
	"/issues/{digest}/{number}":            {{path: "/issues/weekly/1"}},
	"/issues/{digest}/feed":                {{path: "/issues/weekly/feed"}},
	"/events":                              {{path: "/events"}},
	"/events.ics":                          {{path: "/events.ics"}},
	"/feed":                                {{path: "/feed"}},
	"/statistics":                          {{path: "/statistics"}},
	"/robots.txt":                          {{path: "/robots.txt"}},
	"/static/{file}":                       {{path: "/static/style.css"}},
	"/privacy":                             {{path: "/privacy"}},
	"/m/{id}":                              {{path: "/m/html@x", status: 302}},
	"/m/{id}/raw":                          {{path: "/m/html@x/raw"}, {path: "/m/hidden@x/raw", status: 410}},
	"/m/{id}/html":                         {{path: "/m/html@x/html"}},
	"/m/{id}/html/view":                    {{path: "/m/html@x/html/view", foreign: true}},
	"/m/{id}/attachments/{part}":           {{path: "/m/file@x/attachments/2"}},
	"/search":                              {{path: "/search"}, {path: "/search?q=kuryr"}, {path: "/search?q=kuryrr"}, {path: "/search?q=kuryr+before:lunch", status: 400}, {path: "/search?q=zzzzzz"}},
	"/search/feed":                         {{path: "/search/feed?q=kuryr"}},
	"/search/mbox":                         {{path: "/search/mbox?q=kuryr"}},
	"/subscribe":                           {{path: "/subscribe"}},
	"/subscribe/{digest}":                  {{path: "/subscribe/weekly"}, {path: "/subscribe/none", status: 404}},
	"/confirm/{token}":                     {{path: "/confirm/<confirm>"}, {path: "/confirm/x", status: 404}},
	"/preferences/{token}":                 {{path: "/preferences/<preferences>"}},
	"/unsubscribe/{token}":                 {{path: "/unsubscribe/<unsubscribe>"}},
	"/sign-in":                             {{path: "/sign-in"}},
	"/sign-in/{token}":                     {{path: "/sign-in/<signin>"}, {path: "/sign-in/x", status: 410}},
	"/sessions":                            {{path: "/sessions", who: "root"}, {path: "/sessions", status: 401}},
	"/audit":                               {{path: "/audit", who: "root"}},
	"/report/{thread}":                     {{path: "/report/<thread>"}},
	"/review":                              {{path: "/review", who: "rev"}, {path: "/review?reason=untagged", who: "rev"}},
	"/review/counts":                       {{path: "/review/counts", who: "rev"}},
	"/review/tags":                         {{path: "/review/tags?q=kur", who: "rev"}},
	"/review/bulk":                         {{path: "/review/bulk", who: "rev"}, {path: "/review/bulk?tag=project:kuryr", who: "rev"}, {path: "/review/bulk?tag=nonsense", who: "rev", status: 400}},
	"/review/threads/{id}":                 {{path: "/review/threads/<thread>", who: "rev"}},
	"/review/ingest":                       {{path: "/review/ingest", who: "rev"}, {path: "/review/ingest?ask=1", who: "root"}},
	"/review/quarantine":                   {{path: "/review/quarantine", who: "root"}, {path: "/review/quarantine", who: "rev", status: 403}},
	"/review/quarantine/{id}":              {{path: "/review/quarantine/1", who: "root"}},
	"/review/quality":                      {{path: "/review/quality", who: "rev"}},
	"/review/sample":                       {{path: "/review/sample", who: "rev"}},
	"/review/{thread}":                     {{path: "/review/<thread>", who: "rev"}, {path: "/review/<html>", who: "rev"}},
	"/edit":                                {{path: "/edit", who: "ada"}},
	"/edit/{digest}/{number}":              {{path: "/edit/weekly/1", who: "ada"}, {path: "/edit/weekly/2", who: "ada"}},
	"/edit/{digest}/{number}/text":         {{path: "/edit/weekly/2/text", who: "ada"}},
	"/edit/{digest}/{number}/preview":      {{path: "/edit/weekly/2/preview", who: "ada"}},
	"/edit/{digest}/{number}/preview/{as}": {{path: "/edit/weekly/2/preview/html", who: "ada", foreign: true}, {path: "/edit/weekly/2/preview/web", who: "ada"}},
	"/edit/{digest}/{number}/preflight":    {{path: "/edit/weekly/2/preflight", who: "ada"}},
	"/edit/{digest}/{number}/changes":      {{path: "/edit/weekly/2/changes", who: "ada"}},
	"/edit/{digest}/{number}/approve":      {{path: "/edit/weekly/2/approve", who: "ada"}},
}

// answered is an answer that is a page.
type answered struct {
	name    string
	header  http.Header
	body    []byte
	foreign bool
}

// pageWorld is a desk whose archive has one of everything.
type pageWorld struct {
	*doors
	handler http.Handler
	words   *strings.Replacer
	cookies map[string]string
}

func openPages(t *testing.T) *pageWorld {
	w := newWorld(t)
	w.more = "[[list]]\nname = \"ops\"\ntitle = \"Operators\"\nlist_id = \"ops.lists.example.org\"\n" +
		"[[meeting]]\ntitle = \"The Kuryr meeting\"\nstart = 2016-03-01T14:00:00\nzone = \"America/Los_Angeles\"\nrepeat = \"FREQ=WEEKLY\"\nwhere = \"Room 1\"\n"
	mail := func(id, header, text string) mailtest.Mail {
		return mailtest.Mail{Received: monday.AddDate(0, 0, -3), Raw: []byte("From: Ana <ana@example.org>\r\nDate: Fri, 22 Apr 2016 12:00:00 +0000\r\nList-Id: <ops.lists.example.org>\r\nMessage-ID: <" + id +
			">\r\nSubject: Of all kinds\r\nMIME-Version: 1.0\r\n" + header + "\r\n\r\n" + text + "\r\n")}
	}
	w.deliver(mail("html@x", "Content-Type: text/html", "<p>Of <b>Kuryr</b> and "+strings.Repeat("long", 99)+"</p><table width=900><tr><td>wide</td></tr></table>"),
		mail("hidden@x", "In-Reply-To: <html@x>", "Not for you."),
		mail("file@x", "In-Reply-To: <html@x>\r\nContent-Type: multipart/mixed; boundary=b", "--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\""+
			strings.Repeat("name", 30)+".pdf\"\r\n\r\nx\r\n--b--"),
		mailtest.Mail{Received: monday.AddDate(0, -3, 0), Raw: []byte("From: Bo <bo@example.org>\r\nList-Id: <ops.lists.example.org>\r\nMessage-ID: <old@x>\r\nSubject: Kuryr in winter\r\n\r\nKuryr it is.\r\n")},
		mailtest.Mail{Received: monday.AddDate(0, 0, -3), Raw: []byte("\x00\x01\x02\xff\xfe\x00")})
	p := &pageWorld{doors: openDesk(w), cookies: map[string]string{}}
	ctx := context.Background()
	for _, who := range []string{"root", "ada", "rev"} {
		p.cookies[who] = p.signIn(who + "@desk.example.org").cookie
	}
	ada := visitor{p.doors, p.cookies["ada"]}
	ada.do("/edit/weekly/1/approve", "version", ada.version(), "when", "now")
	w.run(p.app)
	w.deliver(sampleAfter(monday)...)
	w.setNow(monday.AddDate(0, 0, 7))
	w.run(p.app)

	ids := map[string]*sigpost.Message{}
	for _, id := range []string{"html@x", "hidden@x"} {
		m, err := p.app.Store.MessageByID(ctx, sigpost.MessageID(id))
		if err != nil {
			t.Fatal(err)
		}
		ids[id] = &m
	}
	if err := p.app.hideMessage(ctx, ids["hidden@x"].ID, "libel"); err != nil {
		t.Fatal(err)
	}
	p.post("/report/1", url.Values{"missing": {"kuryr"}, "words": {"It is about Kuryr."}})
	s := p.subscribe(p.app, "jo@example.net", "kuryr")
	p.post("/subscribe", url.Values{"address": {"new@example.net"}, "do": {"subscribe"}})
	confirm := strings.TrimPrefix(p.path(p.one(), "confirm"), "/confirm/")
	_, signin, _, err := p.app.SignIn().Link(ctx, "ben@desk.example.org")
	if err != nil {
		t.Fatal(err)
	}
	p.words = strings.NewReplacer("<thread>", "1", "<html>", fmt.Sprint(ids["html@x"].ThreadID), "<confirm>", confirm, "<signin>", url.PathEscape(signin),
		"<preferences>", p.app.tokens.Preferences(s.ID, s.Serial, p.clock().AddDate(0, 1, 0)), "<unsubscribe>", p.app.tokens.Unsubscribe(s.ID))
	if p.handler, err = p.app.Handler(); err != nil {
		t.Fatal(err)
	}
	return p
}

// ask gives an answer, and whether it is a page.
func (p *pageWorld) ask(handler http.Handler, method, path, who string) (*httptest.ResponseRecorder, answered, bool) {
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr = "192.0.2.1:1"
	if who != "" {
		r.AddCookie(&http.Cookie{Name: "sigpost", Value: p.cookies[who]})
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	name := strings.TrimSpace(fmt.Sprintf("%s %s %d %s", method, path, w.Code, who))
	isPage := strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") && w.Body.Len() > 0 && w.Code/100 != 3
	return w, answered{name: name, header: w.Header(), body: w.Body.Bytes()}, isPage
}

// pages are the answers of all ways in that are pages: to examples, to an empty form
// for those that take one, and what is said where something is wrong.
func (p *pageWorld) pages(ways []web.Way) (all []answered) {
	p.t.Helper()
	known := map[string]bool{}
	for _, way := range ways {
		if way.Method != http.MethodGet || strings.HasPrefix(way.Path, "/api/") || way.Path == "/healthz" || way.Path == "/readyz" { // for programs
			continue
		}
		known[way.Path] = true
		if len(examples[way.Path]) == 0 {
			p.t.Errorf("GET %s has no example: what it answers is not looked at", way.Path)
		}
		for _, e := range examples[way.Path] {
			w, page, ok := p.ask(p.handler, http.MethodGet, p.words.Replace(e.path), e.who)
			if want := max(e.status, 200); w.Code != want {
				p.t.Errorf("%s: want %d", page.name, want)
			}
			if page.foreign = e.foreign; ok {
				all = append(all, page)
			}
		}
	}
	few, err := p.app.webOptions()
	if err != nil {
		p.t.Fatal(err)
	}
	few.RequestsPerMinute = 1
	limited, err := web.New(few)
	if err != nil {
		p.t.Fatal(err)
	}
	p.ask(limited, http.MethodGet, "/", "")
	for _, wrong := range []struct {
		handler      http.Handler
		method, path string
		who          string
		status       int
	}{{limited, "GET", "/", "", 429}, {p.handler, "POST", "/", "root", 405}, {p.handler, "GET", "/" + strings.Repeat("x", 9000), "", 414}} {
		w, page, ok := p.ask(wrong.handler, wrong.method, wrong.path, wrong.who)
		if page.name = fmt.Sprint("status ", wrong.status); w.Code != wrong.status || !ok {
			p.t.Errorf("%s %.20s: status %d, want %d", wrong.method, wrong.path, w.Code, wrong.status)
		}
		all = append(all, page)
	}
	for path := range examples {
		if !known[path] && !strings.Contains(path, "{month}") { // that is of a copy
			p.t.Errorf("there is no way in GET %s", path)
		}
	}
	for _, way := range ways { // last: they change something
		if way.Method != http.MethodPost || strings.HasPrefix(way.Path, "/api/") {
			continue
		}
		who := map[bool]string{true: "root"}[way.Needs != sigpost.RoleNobody]
		if who != "" {
			p.cookies[who] = p.signIn("root@desk.example.org").cookie
		}
		w, page, ok := p.ask(p.handler, http.MethodPost, p.words.Replace(filledWay(way.Path)), who)
		if w.Code >= 500 {
			p.t.Errorf("%s: %s", page.name, w.Body)
		}
		if ok {
			all = append(all, page)
		}
	}
	return all
}

// filledWay is a path of a way in that takes a form.
func filledWay(path string) string {
	return strings.NewReplacer("/unsubscribe/{token}", "/unsubscribe/<unsubscribe>", "/confirm/{token}", "/confirm/<confirm>", "/preferences/{token}", "/preferences/<preferences>",
		"/sign-in/{token}", "/sign-in/<signin>", "{digest}", "weekly", "{number}", "2", "{thread}", "1", "/threads/{id}", "/threads/1", "{id}", "html@x").Replace(path)
}

// copied are pages of a static copy: of each way in that has some, those that are
// first, by the paths of their files.
func (p *pageWorld) copied(dir string) map[string][]byte {
	p.t.Helper()
	o, err := p.app.webOptions()
	if err != nil {
		p.t.Fatal(err)
	}
	o.Copied, o.People = true, nil
	ways, err := web.Ways(o)
	if err != nil {
		p.t.Fatal(err)
	}
	places, err := web.NewCopy(o, "")
	if err != nil {
		p.t.Fatal(err)
	}
	mux, missing := http.NewServeMux(), map[string]bool{}
	for _, way := range ways {
		if way.Method != http.MethodGet {
			continue
		}
		mux.Handle("GET "+way.Path, http.NotFoundHandler())
		for _, e := range examples[way.Path] {
			u, err := url.Parse(p.words.Replace(e.path))
			if err != nil {
				p.t.Fatal(err)
			}
			if place, ok := places.Place(u); ok && place.File == "" {
				missing["GET "+way.Path] = true
			}
		}
	}
	if len(missing) < 10 {
		p.t.Errorf("a copy has pages of only %d ways in", len(missing))
	}
	taken, count := map[string][]byte{}, map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(files(p.t, dir))) {
		folder, isPage := strings.CutSuffix(name, "index.html")
		if !isPage {
			continue
		}
		plain := slices.DeleteFunc(strings.Split(strings.Trim(folder, "/"), "/"), func(part string) bool { return strings.Contains(part, "=") })
		_, pattern := mux.Handler(&http.Request{Method: http.MethodGet, Host: "copy", URL: &url.URL{Path: "/" + strings.Join(plain, "/")}})
		delete(missing, pattern)
		if count[pattern]++; count[pattern] == 1 || strings.Contains(name, "=") && count[pattern] < 4 {
			taken[name] = []byte(fileText(p.t, dir, name))
		}
	}
	for pattern := range missing {
		p.t.Errorf("the copy has no page of %s", pattern)
	}
	return taken
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	values = regexp.MustCompile(`(href|action|value|datetime|content|id|for|title)="[^"]*"`)
)

// drawing is a page without what rules of axe-core do not ask for: the texts, the
// head, and where links lead. Pages of one drawing are looked at once.
func drawing(body []byte) string {
	var b strings.Builder
	_, main, _ := strings.Cut(string(body), "<body")
	for _, tag := range tags.FindAllString(main, -1) {
		b.WriteString(values.ReplaceAllString(tag, "$1"))
	}
	return b.String()
}

// Every page is valid HTML, axe-core finds nothing wrong with it in the light and in
// the dark, and nobody has to scroll sideways at 320 pixels: of each way in that the
// site has, as who may come in, and of a copy of the site as files.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	browser := peertest.Chromium(t)
	p := openPages(t)
	o, err := p.app.webOptions()
	if err != nil {
		t.Fatal(err)
	}
	ways, err := web.Ways(o)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "copy")
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	exported(t, p.app, dir, ExportOptions{URL: server.URL + "/copy"})
	all, copies := p.pages(ways), p.copied(dir)
	documents := map[string][]byte{}
	mux.Handle("/copy/", http.StripPrefix("/copy", http.FileServerFS(os.DirFS(dir))))
	mux.Handle("/", p.handler)
	var urls, names []string
	drawn := map[string]bool{}
	see := func(at, name string, body []byte) {
		if shape := drawing(body); !drawn[shape] {
			drawn[shape] = true
			urls, names = append(urls, at), append(names, name)
		}
	}
	for i, page := range all {
		if page.foreign {
			continue
		}
		documents[page.name] = page.body
		at := fmt.Sprintf("/answers/%d", i)
		mux.HandleFunc("GET "+at, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", page.header.Get("Content-Type"))
			if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") { // axe-core is a script
				w.Header().Set("Content-Security-Policy", policy)
			}
			w.Write(page.body)
		})
		see(at, page.name, page.body)
	}
	for name, body := range copies {
		documents["copy of "+name] = body
		if !strings.Contains(string(body), `http-equiv="refresh"`) {
			see("/copy/"+strings.TrimSuffix(name, "index.html"), "copy of "+name, body)
		}
	}
	for _, wrong := range peertest.Invalid(t, documents) {
		t.Error(wrong)
	}
	browser.Visit(server.URL+"/robots.txt", peertest.View{})
	peertest.Evaluate[string](browser, fmt.Sprintf(`document.cookie = "sigpost=%s; path=/"`, p.cookies["root"]))
	for i, at := range urls {
		browser.Visit(server.URL+at, peertest.View{})
		look(t, browser, names[i])
	}
	if len(urls) < 70 {
		t.Errorf("only %d pages were looked at", len(urls))
	}
	t.Logf("%d documents, %d pages in the browser", len(documents), len(urls))
}
