package main

import (
	"bufio"
	"bytes"
	"flag"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigpost/internal/peertest"
)

var screenshots = flag.String("screenshots", "", "write docs/issue-*.png into this folder")

// demoSite is a running demo: its pages, and its letter as a browser shows it.
type demoSite struct{ dir, pages, letter, unsubscribe string }

func startDemo(t *testing.T) demoSite {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "demo")
	cmd := exec.Command("sigpost", "demo", "--out", dir, "--listen", "127.0.0.1:0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
	})
	site := demoSite{dir: dir}
	for s := bufio.NewScanner(out); site.pages == "" && s.Scan(); {
		if at := regexp.MustCompile(`^Serving (http://[^/]+)/`).FindStringSubmatch(s.Text()); at != nil {
			site.pages = at[1]
		}
	}
	if site.pages == "" {
		t.Fatal("the demo serves no pages")
	}
	letter, err := os.ReadFile(filepath.Join(dir, "issue-1.html"))
	must(t, err)
	// The picture is a part of the mail; the page of the issue has the same.
	resp, err := http.Get(site.pages + "/issues/weekly/1")
	must(t, err)
	defer resp.Body.Close()
	var page bytes.Buffer
	_, err = page.ReadFrom(resp.Body)
	must(t, err)
	picture := regexp.MustCompile(`data:image/png;base64,[^"]*`).Find(page.Bytes())
	if picture == nil {
		t.Fatal("the page has no picture")
	}
	letter = bytes.ReplaceAll(letter, []byte("cid:week@issue.sigpost"), picture)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(letter)
	}))
	t.Cleanup(server.Close)
	site.letter = server.URL + "/"
	mailed, err := os.Open(filepath.Join(dir, "to-ana.eml"))
	must(t, err)
	defer mailed.Close()
	m, err := mail.ReadMessage(mailed)
	must(t, err)
	if site.unsubscribe = regexp.MustCompile(`http://[^>]*`).FindString(m.Header.Get("List-Unsubscribe")); site.unsubscribe == "" {
		t.Fatalf("no page in %q", m.Header.Get("List-Unsubscribe"))
	}
	return site
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// views are how letters are looked at: contrast differs in the dark, and 320 pixels
// is what is left of 640 at 200 % (WCAG 2.2, 1.4.4 and 1.4.10).
var views = []struct {
	name string
	view peertest.View
}{
	{"light", peertest.View{}},
	{"dark", peertest.View{Dark: true}},
	{"narrow", peertest.View{Width: 320}},
	{"narrow and dark", peertest.View{Width: 320, Dark: true}},
	{"zoomed", peertest.View{Width: 640, Zoom: 2}},
	{"wide and zoomed", peertest.View{Width: 1280, Zoom: 2}},
}

// axe-core finds nothing wrong with the letter, however it is looked at, and nobody
// has to scroll sideways. Package app looks at all pages.
func TestAxe(t *testing.T) {
	browser := peertest.Chromium(t)
	site := startDemo(t)
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			browser.Visit(site.letter, v.view)
			for _, violation := range browser.Axe() {
				t.Error(violation)
			}
			if wide := browser.Sideways(); wide != "" {
				t.Errorf("it is wider than the window by %s", wide)
			}
		})
	}
}

// Headings of letter and page are in order, the language is set, tables are
// for layout and nothing is fetched.
func TestIssueInBrowser(t *testing.T) {
	browser := peertest.Chromium(t)
	site := startDemo(t)
	for name, url := range map[string]string{"letter": site.letter, "issue": site.pages + "/issues/weekly/1"} {
		browser.Visit(url, peertest.View{})
		levels := peertest.Evaluate[string](browser, `[...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map(h => h.tagName[1]).join("")`)
		if !regexp.MustCompile(`^1(23*)+$`).MatchString(levels) {
			t.Errorf("%s: levels of headings: %s", name, levels)
		}
		if lang := peertest.Evaluate[string](browser, `document.documentElement.lang`); lang != "en" {
			t.Errorf("%s: the language is %q", name, lang)
		}
		if n := peertest.Evaluate[int](browser, `document.querySelectorAll("table:not([role=presentation])").length`); n > 0 {
			t.Errorf("%s: %d tables are not for layout alone", name, n)
		}
		loaded := peertest.Evaluate[[]string](browser, `performance.getEntriesByType("resource").map(r => r.name)`)
		for _, r := range loaded {
			if !strings.Contains(r, "/static/style.css?v=") && !strings.HasPrefix(r, "data:") && !strings.HasSuffix(r, "/favicon.ico") {
				t.Errorf("%s loads %s", name, r)
			}
		}
	}
}

// The preview in a browser loads itself anew when a template changes, also after
// one that was wrong.
func TestPreviewInBrowser(t *testing.T) {
	browser := peertest.Chromium(t)
	site := startDemo(t)
	theme := filepath.Join(site.dir, "theme", "mail")
	must(t, os.MkdirAll(theme, 0o755))
	file := filepath.Join(site.dir, "config.toml")
	text, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(file, bytes.Replace(text, []byte("[[digest]]\n"), []byte("[[digest]]\ntemplates = \"theme\"\n"), 1), 0o600))
	cmd := exec.Command("sigpost", "--config", file, "--now", "2016-04-26", "digest", "preview", "--format", "html", "--serve", "--listen", "127.0.0.1:0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	browser.Visit(regexp.MustCompile(`http://\S+`).FindString(line), peertest.View{})
	wait := func(words string) {
		t.Helper()
		if shown, ok := browser.Shows(words, 20*time.Second); !ok {
			t.Fatalf("%q is never shown, but %s", words, shown)
		}
	}
	wait("SIG-OpenStack Weekly")
	for _, c := range [][2]string{{"<html><head></head><body>Ours: {{.Title}}", "Ours: SIG-OpenStack Weekly"}, {"{{.Titel}}", "there is no field Titel here"},
		{"<html><head></head><body>Ours again: {{.Title}}", "Ours again: SIG-OpenStack Weekly"}} {
		must(t, os.WriteFile(filepath.Join(theme, "issue.html.tmpl"), []byte(c[0]), 0o644))
		wait(c[1])
	}
	must(t, cmd.Process.Signal(syscall.SIGINT))
	if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() > 1 {
		t.Error(err)
	}
}

// A reader finds a topic, reads a thread, searches, and leaves by one click: with
// scripts and without, on a narrow dark screen and on a wide one.
func TestReadingInABrowser(t *testing.T) {
	browser := peertest.Chromium(t)
	site := startDemo(t)
	for i, scripts := range []bool{true, false} {
		view := []peertest.View{{Width: 320, Dark: true}, {Width: 1280}}[i]
		browser.Scripts(scripts)
		at := func(where, words string) {
			t.Helper()
			if shown, ok := browser.Shows(words, 20*time.Second); !ok {
				t.Fatalf("scripts %t, %s: %q is not shown, but %s", scripts, where, words, shown)
			}
			if wide := browser.Sideways(); wide != "" {
				t.Errorf("%s is wider than the window by %s", where, wide)
			}
		}
		browser.Visit(site.pages+"/", view)
		at("home", "Latest threads")
		browser.Follow(`main a[href="/topics/project/kuryr"], main a[href="/topics"]`)
		at("topics", "Kuryr")
		browser.Visit(site.pages+"/topics/project/kuryr", view)
		at("a topic", "Kuryr: one Neutron port per pod eats the tenant quota")
		browser.Follow(`main a[href^="/threads/"]:not([href*="?"])`)
		at("a thread", "Report a wrong tag")
		browser.Follow("article a[href^='/m/']")
		at("a message's own link", "Report a wrong tag")
		if where := peertest.Evaluate[string](browser, "location.pathname + location.hash"); !regexp.MustCompile(`^/threads/\d+#m\d+$`).MatchString(where) {
			t.Errorf("a message's own link leads to %s", where)
		}
		browser.Follow(`nav a[href="/search"]`)
		at("the search", "How to search")
		browser.Type("#q", "kuryrr")
		browser.Follow("main form button")
		at("a misspelt search", "Did you mean")
		browser.Follow("#said a[href^='/search?']")
		at("what was found", "5 messages")
	}
	browser.Scripts(false)
	browser.Visit(site.unsubscribe, peertest.View{Width: 320})
	browser.Follow("main form button")
	if shown, ok := browser.Shows("You are unsubscribed", 20*time.Second); !ok {
		t.Errorf("unsubscribing shows %s", shown)
	}
}

// signIn signs in as the demo's admin.
func (site demoSite) signIn(t *testing.T, browser *peertest.Browser) {
	t.Helper()
	out, err := exec.Command("sigpost", "--config", filepath.Join(site.dir, "config.toml"), "login-link").CombinedOutput()
	link := regexp.MustCompile(`/sign-in/\S+`).FindString(string(out))
	if err != nil || link == "" {
		t.Fatalf("login-link: %v\n%s", err, out)
	}
	browser.Visit(site.pages+link, peertest.View{})
	browser.Press("main form button")
	if shown, ok := browser.Shows("Sign out", 20*time.Second); !ok {
		t.Fatalf("nobody has signed in: %s", shown)
	}
}

// TestScreenshots writes the pictures of docs/: see scripts/screenshots.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("only scripts/screenshots asks for them")
	}
	browser := peertest.Chromium(t)
	site := startDemo(t)
	signedIn := false
	for _, s := range []struct {
		name, url string
		view      peertest.View
	}{
		{"issue-light", site.letter, peertest.View{Width: 680, Height: 1300}},
		{"issue-dark", site.letter, peertest.View{Width: 680, Height: 1300, Dark: true}},
		{"issue-narrow", site.letter, peertest.View{Width: 320, Height: 1300}},
		{"page-light", site.pages + "/issues/weekly/1", peertest.View{Width: 800, Height: 1100}},
		{"page-dark", site.pages + "/issues/weekly/1", peertest.View{Width: 800, Height: 1100, Dark: true}},
		{"page-narrow", site.pages + "/issues/weekly/1", peertest.View{Width: 320, Height: 1100}},
		{"home-light", site.pages + "/", peertest.View{Width: 800, Height: 1100}},
		{"thread-light", site.pages + "/threads/3", peertest.View{Width: 800, Height: 1100}},
		{"thread-narrow", site.pages + "/threads/3", peertest.View{Width: 320, Height: 1100, Dark: true}},
		{"search-light", site.pages + "/search?q=quota+OR+port", peertest.View{Width: 800, Height: 1100}},
		{"review-dark", site.pages + "/review", peertest.View{Width: 800, Height: 800, Dark: true}},
		{"review-light", "", peertest.View{Width: 800, Height: 1100}}, // the first of the queue
	} {
		if strings.HasPrefix(s.name, "review") && !signedIn {
			site.signIn(t, browser)
			signedIn = true
		}
		if s.url == "" {
			s.url = peertest.Evaluate[string](browser, `document.querySelector("#queue a").href`)
		}
		browser.Visit(s.url, s.view)
		must(t, os.WriteFile(filepath.Join(*screenshots, s.name+".png"), browser.Picture(), 0o644))
	}
}
