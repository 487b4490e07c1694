package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/search"
)

// searchable is a site with some messages to look for.
func searchable(t *testing.T) *httptest.Server {
	t.Helper()
	server, db := open(t)
	var all []sigpost.Arrival
	for i := range 30 {
		text := fmt.Sprintf("Word number %d & <b>heat</b> of the stack, and so on.", i)
		all = append(all, sigpost.Arrival{Raw: []byte("x"), List: "l", Source: "test", Message: &sigpost.Message{
			MessageID: sigpost.MessageID(fmt.Sprintf("m/%d@example.org", i)), Subject: "Bays", BaseSubject: "Bays", Author: sigpost.Address{Name: "Zoë", Addr: "zoe@example.org"},
			Received: day.Add(time.Duration(i) * time.Hour), Text: text, Ranges: []sigpost.Range{{Kind: sigpost.RangeNew, End: len(text)}}}})
	}
	_, err := db.Add(context.Background(), nil, all, day)
	must(t, err)
	return server
}

func fetch(t *testing.T, server *httptest.Server, path string) (status int, body string) {
	t.Helper()
	r, err := http.Get(server.URL + path)
	must(t, err)
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	must(t, err)
	return r.StatusCode, string(data)
}

func TestSearchPage(t *testing.T) {
	server := searchable(t)
	for _, c := range []struct {
		name, query string
		status      int
		has, hasNot []string
	}{
		{"the form", "", 200, []string{`<form action="/search"`, "How to search", "<details class=\"language\" open>"}, []string{"Nothing was found", "noindex", "<ol"}},
		{"results", "q=heat", 200, []string{"30 messages.", `&lt;b&gt;<mark>heat</mark>&lt;/b&gt; of the stack`, `href="/m/m%2F29@example.org"`, "Zoë", "More results", "noindex",
			"Word number 29", `href="/search/feed?q=heat"`, `value="heat"`}, []string{"zoe@example.org", "Word number 4 ", "Did you mean"}},
		{"the best", "q=%22number+7%22&order=relevance", 200, []string{"1 message.", "<mark>number 7</mark>"}, nil},
		{"hostile mail", "q=script", 200, []string{"&lt;<mark>script</mark>&gt;alert(1)", "Kuryr &lt;<mark>script</mark>&gt;", "/topics/project/kuryr"}, []string{"<script>alert"}},
		{"a hostile query", "q=" + url.QueryEscape(`"><script>x`), 200, []string{"Nothing was found", "&#34;&gt;&lt;script&gt;x"}, []string{"<script>x"}},
		{"a bad query", "q=heat+before:lunch", 400, []string{"This cannot be searched for.", "heat <mark>before:lunch</mark>", "before: needs a day"}, []string{"<ol"}},
		{"a misspelt field", "q=form:zoe", 200, []string{"There is no field form", `<a href="/search?q=from%3Azoe"><bdi>from:zoe</bdi></a>`}, nil},
		{"a misspelt word", "q=kuryrr", 200, []string{"Nothing was found", `<a href="/search?q=kuryr"><bdi>kuryr</bdi></a>`}, nil},
		{"a wrong place", "q=heat&from=!", 400, []string{"This cannot be read"}, nil},
		{"only signs", "q=!", 200, []string{"There is no letter and no digit"}, []string{"Nothing was found"}},
	} {
		status, body := fetch(t, server, "/search?"+c.query)
		if status != c.status {
			t.Errorf("%s: status %d, want %d", c.name, status, c.status)
		}
		for _, want := range c.has {
			if !strings.Contains(body, want) {
				t.Errorf("%s: %q is missing in\n%s", c.name, want, body)
			}
		}
		for _, not := range c.hasNot {
			if strings.Contains(body, not) {
				t.Errorf("%s: there is %q", c.name, not)
			}
		}
	}
}

// A misspelt author is named, but for one of whom nothing is shown any more.
func TestMisspeltAuthors(t *testing.T) {
	server, db := open(t)
	for i, name := range []string{"Grace Hopper", "Linus Ericsson"} {
		_, err := db.Add(t.Context(), nil, []sigpost.Arrival{{Raw: []byte("x"), List: "l", Source: "test", Message: &sigpost.Message{MessageID: sigpost.MessageID(fmt.Sprintf("by%d@x", i)),
			Subject: "Bays", BaseSubject: "Bays", Author: sigpost.Address{Name: name, Addr: "who@example.net"}, Received: day}}}, day)
		must(t, err)
	}
	_, body := fetch(t, server, "/search?q=from:hoper")
	has(t, "a misspelt author", body, "Nothing was found", `<a href="/search?q=from%3Ahopper"><bdi>from:hopper</bdi></a>`)
	_, body = fetch(t, server, "/search?q=from:ericson")
	has(t, "another", body, "<bdi>from:ericsson</bdi>")
	_, body = fetch(t, server, "/api/v1/search?q=from:ericson")
	has(t, "by the API", body, "from:ericsson")
	m, err := db.MessageByID(t.Context(), "by1@x")
	must(t, err)
	must(t, db.Hide(t.Context(), m.ID, "rev", "x", day))
	_, body = fetch(t, server, "/search?q=from:ericson")
	has(t, "who is not shown", body, "Nothing was found")
	hasNot(t, "who is not shown", body, "ericsson", "Did you mean")
	_, body = fetch(t, server, "/api/v1/search?q=from:ericson")
	hasNot(t, "who is not shown, by the API", body, "ericsson")
}

// What is found can be had as it came.
func TestSearchMbox(t *testing.T) {
	server := searchable(t)
	status, body := fetch(t, server, "/search/mbox?q=heat")
	if n := strings.Count("\n"+body, "\nFrom "); status != 200 || n != 30 {
		t.Errorf("status %d, %d messages", status, n)
	}
	for query, want := range map[string]int{"q=": 400, "q=before:lunch": 400, "q=nothinglikeit": 404} {
		if status, _ := fetch(t, server, "/search/mbox?"+query); status != want {
			t.Errorf("%s: status %d, want %d", query, status, want)
		}
	}
}

// All results are reached by following "More results", each once.
func TestSearchPages(t *testing.T) {
	server := searchable(t)
	for _, order := range []string{"", "&order=relevance"} {
		seen := map[string]bool{}
		path := "/search?q=heat" + order
		for pages := 0; path != "" && pages < 5; pages++ {
			_, body := fetch(t, server, path)
			if counted := strings.Contains(body, "30 messages") || strings.Contains(body, "More than"); counted != (pages == 0) || strings.Contains(body, "More of what was found") != (pages > 0) {
				t.Errorf("%s: page %d counts: %t", path, pages, counted)
			}
			for _, part := range strings.Split(body, `href="/m/`)[1:] {
				id, _, _ := strings.Cut(part, `"`)
				if seen[id] {
					t.Errorf("%s is there twice", id)
				}
				seen[id] = true
			}
			_, next, _ := strings.Cut(body, `<a rel="next" href="`)
			path, _, _ = strings.Cut(next, `"`)
			path = strings.ReplaceAll(path, "&amp;", "&")
		}
		if len(seen) != 30 {
			t.Errorf("%q reaches %d of 30", order, len(seen))
		}
	}
}

func TestSearchFeed(t *testing.T) {
	server := searchable(t)
	status, body := fetch(t, server, "/search/feed?q=heat")
	for _, want := range []string{"<id>mid:m%2F29@example.org</id>", `href="https://digest.example.org/m/m%2F29@example.org"`, "Word number 29 &amp; &lt;b&gt;heat"} {
		if status != 200 || !strings.Contains(body, want) {
			t.Errorf("status %d, %q is missing in\n%s", status, want, body)
		}
	}
	for _, path := range []string{"/search/feed", "/search/feed?q=before:lunch"} {
		if status, _ := fetch(t, server, path); status != 400 {
			t.Errorf("%s: status %d", path, status)
		}
	}
}

// A search that takes too long is told how to be quicker.
func TestSlowSearch(t *testing.T) {
	_, db := open(t)
	s, err := newSite(Options{Title: "Test", Store: db})
	must(t, err)
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/search?q=heat", nil)
	p := searchPage{page: s.page(r, "Search"), Query: "heat", Asked: true}
	s.find(w, r, p, search.Parse("heat", search.Names{}), search.Names{}, "", -time.Second)
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "Narrow it down") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}
