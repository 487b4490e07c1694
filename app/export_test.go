package app

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"sigpost/export"
	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
)

// strange are Message-IDs that no file can have as its name, and two that some file
// systems do not tell apart.
var strange = []string{"AbC@example.org", "abc@example.org", "a/../../b?x=1#y%2F@example.org", strings.Repeat("long", 80) + "@example.org", ".hidden@example.org",
	"con", "é&<b>@example.org", "plus+$~=@example.org", "a:b|c*@example.org", "index.html"}

// exportedWorld has issues, two lists, mail of several months, a thread of several
// pages, attachments and strange names.
func exportedWorld(t *testing.T, web string) (*world, *App) {
	w := newWorld(t)
	w.web = web
	w.more = "[[list]]\nname = \"ops\"\ntitle = \"Operators\"\nlist_id = \"ops.lists.example.org\"\n"
	var mails []mailtest.Mail
	add := func(received time.Time, header, text string) {
		mails = append(mails, mailtest.Mail{Received: received, Raw: []byte("From: Ana <ana@example.org>\r\nDate: " + received.Format(time.RFC1123Z) + "\r\n" + header + "\r\n\r\n" + text + "\r\n")})
	}
	for i, id := range strange {
		at := monday.AddDate(0, -i, -2)
		add(at, "Message-ID: <"+id+">\r\nSubject: Strange "+fmt.Sprint(i)+" <b>\r\nList-Id: <ops.lists.example.org>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b",
			"--b\r\nContent-Type: text/plain\r\n\r\nIs it of use?\r\n--b\r\nContent-Type: text/html; name=evil.html\r\nContent-Disposition: attachment; filename=\"evil .html\"\r\n\r\n<script>alert(1)</script>\r\n--b--")
	}
	add(monday.AddDate(0, 0, -3), "Message-ID: <root@example.org>\r\nSubject: A long one", "It begins.")
	for i := range 105 {
		add(monday.AddDate(0, 0, -3).Add(time.Duration(i)*time.Minute), fmt.Sprintf("Message-ID: <l%d@example.org>\r\nIn-Reply-To: <root@example.org>\r\nSubject: Re: A long one", i), "It goes on.")
	}
	w.deliver(mails...)
	a := w.open()
	w.subscribe(a, "jo@example.net")
	w.run(a)
	return w, a
}

func exported(t *testing.T, a *App, dir string, o ExportOptions) export.Report {
	t.Helper()
	r, err := a.Export(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// files are those of an export, with what tells whether they were written anew.
func files(t *testing.T, dir string) map[string]os.FileInfo {
	t.Helper()
	all := map[string]os.FileInfo{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".sigpost-export" {
			return fs.SkipDir
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		name, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(name)] = info
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// crawler follows every link of a copy that http.FileServer serves.
type crawler struct {
	t     *testing.T
	base  string
	seen  map[string]bool
	away  map[string]bool // what leads elsewhere
	forms int
}

func (c *crawler) follow(from, link string) {
	c.t.Helper()
	here, err := url.Parse(from)
	if err != nil {
		c.t.Fatal(err)
	}
	u, err := here.Parse(link)
	if err != nil {
		c.t.Errorf("%s: the link %s: %v", from, link, err)
		return
	}
	u.Fragment = ""
	at := u.String()
	if !strings.HasPrefix(at, c.base+"/") {
		c.away[at] = true
		return
	}
	if c.seen[at] {
		return
	}
	c.seen[at] = true
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(at)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		c.t.Errorf("%s leads to %s, which is answered with %d", from, at, answer.StatusCode)
		return
	}
	kind := answer.Header.Get("Content-Type")
	if strings.HasSuffix(u.Path, ".bin") && kind != "application/octet-stream" {
		c.t.Errorf("the attachment %s is served as %s", at, kind)
	}
	if !strings.HasPrefix(kind, "text/html") {
		return
	}
	root, err := html.Parse(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" {
			c.forms++
		}
		for _, attr := range n.Attr {
			_, refresh, _ := strings.Cut(attr.Val, "url=")
			switch {
			case attr.Key == "src", attr.Key == "href":
				c.follow(at, attr.Val)
			case attr.Key == "content" && refresh != "":
				c.follow(at, refresh)
			}
		}
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "out")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(http.StripPrefix("/sub", http.FileServerFS(os.DirFS(dir))))
	defer site.Close()
	base := site.URL + "/sub"
	w, a := exportedWorld(t, base)
	t.Run("cut off", func(t *testing.T) { cutOff(t, a, dir) })
	t.Run("links", func(t *testing.T) { exportedLinks(t, a, dir, base) })
	t.Run("again", func(t *testing.T) { exportedAgain(t, w, a, dir) })
	t.Run("others", func(t *testing.T) { exportedBesideOthers(t, a, dir) })
}

// Every link of a copy leads to a file of it, and every file is reached; forms are
// gone, or lead to the live site. Nothing else leads there.
func exportedLinks(t *testing.T, a *App, dir, base string) {
	there := files(t, dir)
	c := &crawler{t: t, base: base, seen: map[string]bool{}, away: map[string]bool{}}
	c.follow(base+"/", base+"/")
	reached := map[string]bool{}
	for at := range c.seen {
		u, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		reached[u.Path] = true
	}
	small := map[string]string{}
	for name := range there {
		if !reached["/sub/"+strings.TrimSuffix(name, "index.html")] && name != "robots.txt" {
			t.Errorf("nothing leads to %s", name)
		}
		if other := small[strings.ToLower(name)]; other != "" {
			t.Errorf("%s and %s are one file where case does not count", name, other)
		}
		small[strings.ToLower(name)] = name
	}
	if !strings.Contains(fileText(t, dir, "threads/index.html"), "April 2016") {
		t.Error("threads cannot be found by month")
	}
	feed := fileText(t, dir, "issues/weekly/feed.xml")
	for _, want := range []string{`href="` + base + `/issues/weekly/1/"`, `href="` + base + `/issues/weekly/feed.xml"`} {
		if !strings.Contains(feed, want) {
			t.Errorf("the feed has no %s", want)
		}
	}
	if c.forms > 0 {
		t.Errorf("%d forms are there, and nothing answers them", c.forms)
	}

	documents := map[string][]byte{}
	for _, name := range []string{"index.html", "threads/index.html", "threads/unanswered=1/index.html", "months/2016-04/index.html", "topics/index.html", "lists/ops/index.html",
		"issues/weekly/1/index.html", "m/root@example.org/index.html", "statistics/index.html"} {
		documents[name] = []byte(fileText(t, dir, name))
	}
	root, err := a.messageNamed(context.Background(), "root@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if pages, err := filepath.Glob(filepath.Join(dir, fmt.Sprintf("threads/%d/from=*", root.ThreadID))); err != nil || len(pages) != 1 {
		t.Errorf("a thread of two pages has %v beside its first, %v", pages, err)
	}
	documents["thread"] = []byte(fileText(t, dir, fmt.Sprintf("threads/%d/index.html", root.ThreadID)))
	for _, wrong := range peertest.Invalid(t, documents) {
		t.Error(wrong)
	}

	beside := filepath.Join(t.TempDir(), "beside")
	other := httptest.NewServer(http.FileServerFS(os.DirFS(beside)))
	defer other.Close()
	exported(t, a, beside, ExportOptions{URL: other.URL + "/"})
	c = &crawler{t: t, base: other.URL, seen: map[string]bool{}, away: map[string]bool{}}
	c.follow(other.URL+"/", other.URL+"/")
	live := regexp.MustCompile(`^` + regexp.QuoteMeta(base) + `/(search|subscribe|threads\?|threads/\d+\?view=flat|report/|m/[^/]*/html)`)
	for at := range c.away {
		if strings.HasPrefix(at, base) && !live.MatchString(at) {
			t.Errorf("it leads to the live site: %s", at)
		}
	}
	if !c.away[base+"/search"] || !c.away[base+"/subscribe"] || c.forms == 0 {
		t.Errorf("nothing leads to search and subscribing at the live site; %d forms", c.forms)
	}
}

func fileText(t *testing.T, dir, name string) string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A second export writes what has changed, and heals what was lost.
func exportedAgain(t *testing.T, w *world, a *App, dir string) {
	ctx := context.Background()
	before := files(t, dir)
	changed := func() (written, gone []string) {
		t.Helper()
		now := files(t, dir)
		for name, info := range now {
			if old := before[name]; old == nil || !os.SameFile(old, info) || !old.ModTime().Equal(info.ModTime()) {
				written = append(written, name)
			}
		}
		for name := range before {
			if now[name] == nil {
				gone = append(gone, name)
			}
		}
		before = now
		slices.Sort(written)
		return written, gone
	}
	if r := exported(t, a, dir, ExportOptions{}); r.Written != 0 || r.Removed != 0 || r.Unchanged != r.Threads {
		t.Errorf("a second export: %+v", r)
	}
	if written, gone := changed(); len(written)+len(gone) > 0 {
		t.Errorf("nothing was new, and written were %v, gone %v", written, gone)
	}

	// A file that is lost, and one that was cut off, come again.
	for name, do := range map[string]func(string) error{"m/root@example.org/raw.txt": os.Remove, "m/l7@example.org/raw.txt": func(p string) error { return os.Truncate(p, 3) }} {
		if err := do(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	exported(t, a, dir, ExportOptions{})
	if written, _ := changed(); !slices.Equal(written, []string{"m/l7@example.org/raw.txt", "m/root@example.org/raw.txt"}) {
		t.Errorf("lost were two files, and written %v", written)
	}

	// Mail comes in: its thread is written, and lists with it; others are not.
	at := monday.Add(-time.Hour)
	w.deliver(mailtest.Mail{Received: at, Raw: []byte("From: Bo <bo@example.org>\r\nDate: " + at.Format(time.RFC1123Z) + "\r\nMessage-ID: <new@example.org>\r\nIn-Reply-To: <plus+$~=@example.org>\r\nSubject: Re: Strange\r\n\r\nIt is.\r\n")})
	w.run(a)
	exported(t, a, dir, ExportOptions{})
	written, gone := changed()
	if !slices.Contains(written, "m/new@example.org/raw.txt") || !slices.Contains(written, "index.html") {
		t.Errorf("after new mail: %v, gone %v", written, gone)
	}
	for _, name := range gone { // the thread was the only one of a month
		if !strings.Contains(name, "months/2015-09/") {
			t.Errorf("after new mail %s is gone", name)
		}
	}
	threads := 0
	for _, name := range written {
		if strings.HasPrefix(name, "threads/") && strings.HasSuffix(name, "thread.mbox") {
			threads++
		}
	}
	if threads != 1 || len(written) > 40 {
		t.Errorf("after one new mail written were %d threads, and in all %v", threads, written)
	}

	// A message that is hidden vanishes from all files.
	m, err := a.messageNamed(ctx, "l9@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.hideMessage(ctx, m.ID, "spam"); err != nil {
		t.Fatal(err)
	}
	exported(t, a, dir, ExportOptions{})
	_, gone = changed()
	if !slices.Contains(gone, "m/l9@example.org/raw.txt") {
		t.Errorf("a message was hidden, and gone are %v", gone)
	}
	for name := range files(t, dir) {
		if text := fileText(t, dir, name); strings.Contains(text, "l9@example.org") {
			t.Errorf("%s has the hidden message", name)
		}
	}

	// A thread that is joined to another leads there.
	one, err := a.messageNamed(ctx, "AbC@example.org")
	if err != nil {
		t.Fatal(err)
	}
	root, err := a.messageNamed(ctx, "root@example.org")
	if err != nil {
		t.Fatal(err)
	}
	now, err := a.MergeThreads(ctx, "AbC@example.org", "root@example.org", "jo", "")
	if err != nil {
		t.Fatal(err)
	}
	old := one.ThreadID + root.ThreadID - now.ID
	for range 2 {
		exported(t, a, dir, ExportOptions{})
		if page := fileText(t, dir, fmt.Sprintf("threads/%d/index.html", old)); !strings.Contains(page, fmt.Sprintf(`url=../%d/"`, now.ID)) {
			t.Errorf("the thread that was joined to another has the page %s", page)
		}
	}
	if page := fileText(t, dir, "m/AbC@example.org/index.html"); !strings.Contains(page, fmt.Sprintf("threads/%d/", now.ID)) {
		t.Errorf("the message of a joined thread leads to %s", page)
	}
}

// An export that was cut off is healed by the next one.
func cutOff(t *testing.T, a *App, dir string) {
	ctx, stop := context.WithCancel(context.Background())
	n := 0
	a.progress = func(string, Unit, int, int) {
		if n++; n == 12 {
			stop()
		}
	}
	if _, err := a.Export(ctx, dir, ExportOptions{}); err == nil {
		t.Fatal("it was not cut off")
	}
	a.progress = func(string, Unit, int, int) {}
	half := len(files(t, dir))
	whole := filepath.Join(t.TempDir(), "whole")
	if r := exported(t, a, whole, ExportOptions{}); r.Written != r.Files || len(files(t, whole)) != r.Files || r.Files < 400 {
		t.Errorf("%d files are there of %+v", len(files(t, whole)), r)
	}
	r := exported(t, a, dir, ExportOptions{})
	if half == 0 || r.Files <= half || r.Unchanged != 0 {
		t.Errorf("%d files were there, and then %+v", half, r)
	}
	want, got := files(t, whole), files(t, dir)
	for name := range want {
		if got[name] == nil || fileText(t, dir, name) != fileText(t, whole, name) {
			t.Errorf("%s is not as in a whole export", name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
}

// What others have written is never touched.
func exportedBesideOthers(t *testing.T, a *App, dir string) {
	if err := os.WriteFile(filepath.Join(dir, "mine.txt"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := exported(t, a, dir, ExportOptions{Fresh: true}); r.Written != r.Files || r.Removed != 0 {
		t.Errorf("a fresh export: %+v", r)
	}
	if fileText(t, dir, "mine.txt") != "mine" {
		t.Error("a file of others is not as it was")
	}
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "index.html"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Export(context.Background(), foreign, ExportOptions{}); err == nil || !strings.Contains(err.Error(), "no export has written") {
		t.Errorf("a folder of others: %v", err)
	}
	if _, err := a.Export(context.Background(), dir, ExportOptions{URL: "ftp:x"}); err == nil || !strings.Contains(err.Error(), "--url ftp:x is no URL") {
		t.Errorf("a wrong URL: %v", err)
	}
}
