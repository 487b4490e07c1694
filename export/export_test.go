package export

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pages are a source: what is at a path, as HTML where nothing else is said.
type pages struct {
	at    map[string]Answer
	made  map[string]int // how often each was asked for
	stamp map[int64]string
	wrong error
}

func (p *pages) Get(_ context.Context, target string) (Answer, error) {
	p.made[target]++
	a, ok := p.at[target]
	if !ok {
		return Answer{Status: 404, Type: "text/html", Body: []byte("<p>no</p>")}, nil
	}
	if p.wrong != nil && strings.HasPrefix(target, "/threads/1") {
		return Answer{}, p.wrong
	}
	if a.Status == 0 {
		a.Status = 200
	}
	if a.Type == "" {
		a.Type = "text/html; charset=utf-8"
	}
	return a, nil
}

func (p *pages) Place(u *url.URL) (place Place, ok bool) {
	if strings.HasPrefix(u.Path, "/live") {
		return place, false
	}
	place.Folder = strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' })
	if _, err := fmt.Sscanf(u.Path, "/threads/%d", &place.Thread); err == nil && len(place.Folder) > 2 {
		place.File, place.Folder = place.Folder[2], place.Folder[:2]
	}
	if strings.HasSuffix(u.Path, ".ics") {
		place.File, place.Folder = place.Folder[0], nil
	}
	return place, true
}

func (p *pages) Starts() []string { return []string{"/", "/a.ics"} }

func (p *pages) Threads(context.Context) (all []int64, err error) {
	for id := range p.stamp {
		all = append(all, id)
	}
	slices.Sort(all)
	return all, nil
}
func (p *pages) ThreadPath(id int64) string                        { return fmt.Sprint("/threads/", id) }
func (p *pages) Stamp(_ context.Context, id int64) (string, error) { return p.stamp[id], nil }
func markupOf(body string) Answer                                  { return Answer{Body: []byte("<!doctype html><head></head>" + body)} }
func (p *pages) write(t *testing.T, dir string, o Options) (Report, int) {
	t.Helper()
	p.made = map[string]int{}
	r, err := Write(t.Context(), dir, p, o)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for target, times := range p.made {
		if times > 1 {
			t.Errorf("%s was asked for %d times", target, times)
		}
		n += times
	}
	return r, n
}

func sample() *pages {
	return &pages{stamp: map[int64]string{1: "a", 2: "a"}, at: map[string]Answer{
		"/":              markupOf(`<a href="/threads/1">1</a><a href="/live?q=x">search</a><form action="/live"><input name="q"></form><form method="post" action="/x"><b>no</b></form>`),
		"/threads/1":     markupOf(`<a href="/threads/1/raw">raw</a> <a href="/threads/2#m1">2</a> <a href="#m2">here</a> <a href="https://elsewhere.example.org/?a=1&amp;b=2">away</a>`),
		"/threads/1/raw": {Type: "text/plain", Body: []byte("raw <a href=\"/\">")},
		"/threads/2":     markupOf(`<a href="/old">old</a>`),
		"/old":           {Status: 301, Location: "/threads/1#m3"},
		"/a.ics":         {Type: "text/calendar", Body: []byte("BEGIN:VEVENT\r\nDTSTAMP:1\r\nUID:1\r\n")},
	}}
}

func text(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	p := sample()
	r, _ := p.write(t, dir, Options{})
	if r.Files != 6 || r.Written != 6 || r.Threads != 2 {
		t.Errorf("%+v", r)
	}
	for name, want := range map[string]string{
		"index.html":           `<a href="threads/1/">1</a>search`,
		"threads/1/index.html": `<a href="raw">raw</a> <a href="../2/#m1">2</a> <a href="#m2">here</a> <a href="https://elsewhere.example.org/?a=1&amp;b=2">away</a>`,
		"threads/1/raw":        `raw <a href="/">`,
		"old/index.html":       `content="0; url=../threads/1/#m3"`,
	} {
		if got := text(t, dir, name); !strings.Contains(got, want) {
			t.Errorf("%s is %s, want %s in it", name, got, want)
		}
	}
	if got := text(t, dir, "index.html"); strings.Contains(got, "<form") || strings.Contains(got, "<b>") {
		t.Errorf("forms are still there: %s", got)
	}

	// Another time: threads are not asked for, and a calendar's stamp is no news.
	p.at["/a.ics"] = Answer{Type: "text/calendar", Body: []byte("BEGIN:VEVENT\r\nDTSTAMP:2\r\nUID:1\r\n")}
	r, n := p.write(t, dir, Options{})
	if r.Written != 0 || r.Unchanged != 2 || n != 3 { // the start, the calendar, what was moved
		t.Errorf("%d targets were asked for: %+v", n, r)
	}

	// A thread has changed, and lost a file.
	p.stamp[1], p.at["/threads/1"] = "b", markupOf("new")
	r, _ = p.write(t, dir, Options{})
	if r.Written != 1 || r.Removed != 1 {
		t.Errorf("a thread has changed: %+v", r)
	}

	// What cannot be made is as it was, and is tried again.
	p.stamp[1], p.at["/threads/1"], p.wrong = "c", markupOf("newer"), errors.New("broken")
	r, _ = p.write(t, dir, Options{})
	if len(r.Failed) != 1 || !strings.Contains(r.Failed[0], "/threads/1: broken") || !strings.Contains(text(t, dir, "threads/1/index.html"), "new") {
		t.Errorf("a page could not be made: %+v", r)
	}
	p.wrong = nil
	if r, _ = p.write(t, dir, Options{}); r.Written != 1 || !strings.Contains(text(t, dir, "threads/1/index.html"), "newer") {
		t.Errorf("it is made the next time: %+v", r)
	}

	// A thread is gone; another one leads there.
	delete(p.stamp, 2)
	delete(p.at, "/threads/2")
	p.at["/threads/2"] = Answer{Status: 301, Location: "/threads/1"}
	for range 2 {
		p.write(t, dir, Options{})
		if got := text(t, dir, "threads/2/index.html"); !strings.Contains(got, "url=../1/") {
			t.Errorf("a thread was joined to another, and is %s", got)
		}
	}
}

// Forms that only ask lead to a live site; absolute links know where the files are.
func TestWriteBesideALiveSite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	p := sample()
	p.at["/"] = Answer{Body: []byte(`<head><link rel="canonical" href="https://s.example.org/x/threads/1"><meta property="og:url" content="https://s.example.org/x/threads/1"></head>` +
		`<a href="https://live.example.org/threads/2">2</a><form action="/live"><input name="q"></form>`)}
	p.at["/a.ics"] = Answer{Type: "application/atom+xml", Body: []byte(`<link href="https://s.example.org/x/threads/2"/>&lt;a href=&#34;https://s.example.org/x/threads/1#m1&#34;&gt; https://s.example.org/x/live`)}
	p.write(t, dir, Options{URL: "https://s.example.org/x", Live: "https://live.example.org"})
	home := text(t, dir, "index.html")
	for _, want := range []string{`rel="canonical" href="https://s.example.org/x/threads/1/"`, `content="https://s.example.org/x/threads/1/"`, `<a href="threads/2/">2</a>`,
		`<form action="https://live.example.org/live"><input name="q"></form>`, `form-action https://live.example.org;`} {
		if !strings.Contains(home, want) {
			t.Errorf("the page has no %s: %s", want, home)
		}
	}
	feed := text(t, dir, "a.ics")
	for _, want := range []string{`href="https://s.example.org/x/threads/2/"`, `https://s.example.org/x/threads/1/#m1&#34;`, ` https://live.example.org/live`} {
		if !strings.Contains(feed, want) {
			t.Errorf("the feed has no %s: %s", want, feed)
		}
	}
}

// Two exports never write to one folder, and no link in it leads out of it.
func TestTheFolderIsOnesOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	held, err := openTree(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), dir, sample(), Options{}); err == nil || !strings.Contains(err.Error(), "another export is writing") {
		t.Errorf("a second export: %v", err)
	}
	held.close()
	outside := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "threads")); err != nil {
		t.Fatal(err)
	}
	p := sample()
	p.made = map[string]int{}
	if _, err := Write(t.Context(), dir, p, Options{}); err == nil {
		t.Error("it was written through a link that leads out")
	}
	if entries, _ := os.ReadDir(outside); len(entries) > 0 {
		t.Errorf("outside there is %v", entries)
	}
}
