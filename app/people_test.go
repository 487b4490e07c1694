package app

import (
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sigpost"
)

const twoPeople = `[[web.person]]
address = "jo@example.org"
role = "reviewer"
[[web.person]]
address = "ada@example.org"
role = "admin"
`

// The whole way of somebody who looks after the archive: asks, gets a mail, signs
// in, decides and undoes; and is out at once when the configuration says so.
func TestTheWayOfAReviewer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more = twoPeople
	d := doorsOf(w, "")
	w.run(d.app)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	get := func(path string) (int, string) {
		resp, err := browser.Get(d.site.URL + path)
		return d.answer(resp, err)
	}
	post := func(path string, form url.Values) (int, string) {
		resp, err := browser.PostForm(d.site.URL+path, form)
		return d.answer(resp, err)
	}
	status, body := get("/audit")
	want(t, "before", status, 401, body, "please sign in", `value="/audit"`)
	status, body = post("/sign-in", url.Values{"address": {"JO@example.org"}, "back": {"/audit"}})
	want(t, "asked", status, 200, body, "Look into your mailbox")
	l := d.one()
	if l.To != "jo@example.org" || w.header(l).Get("Subject") != "Sign in at SIG-OpenStack Weekly" || w.header(l).Get("List-Unsubscribe") != "" || !strings.Contains(l.Data, "reviewer") {
		t.Errorf("the letter: %s", l.Data)
	}
	link := regexp.MustCompile(`/sign-in/[A-Za-z0-9_-]{43}`).FindString(strings.ReplaceAll(l.Data, "=\n", ""))
	status, body = get(link)
	want(t, "the link", status, 200, body, "jo@example.org", "<button>Sign in</button>")
	status, body = post(link, nil)
	want(t, "signed in", status, 200, body, "Audit log", "jo@example.org")
	if d.lastURL != "/audit" {
		t.Errorf("signing in leads to %s", d.lastURL)
	}
	ctx := sigpost.ActingAs(context.Background(), "ben")
	if _, err := d.app.DecideTag(ctx, "1", "project:zaqar", true, "ben", ""); err != nil {
		t.Fatal(err)
	}
	entry := w.acts(d.app)[0]
	status, body = post("/audit/undo", url.Values{"entry": {"2"}})
	want(t, "undone", status, 200, body, "undid what ben did: accepted the tag Zaqar")
	if got := w.acts(d.app)[0]; got.Who != "jo@example.org" || got.Undoes != entry.ID {
		t.Errorf("the log says %+v", got)
	}
	status, body = post("/audit/undo", url.Values{"entry": {"1"}})
	want(t, "undoing a sign-in", status, 409, body, "Entry 1 (sign in) cannot be undone.")

	// A configuration that cannot be read changes nothing; one without them does.
	file := filepath.Join(w.dir, "config.toml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	w.write("config.toml", string(text)+"nonsense")
	status, body = get("/audit")
	want(t, "with a broken configuration", status, 200, body)
	w.write("config.toml", strings.Replace(string(text), `"reviewer"`, `"reader"`, 1))
	status, body = get("/audit")
	want(t, "as a reader", status, 403, body, "signed in as reader")
	w.write("config.toml", strings.Replace(string(text), "jo@example.org", "joan@example.org", 1))
	status, body = get("/audit")
	want(t, "taken out", status, 401, body)
	w.write("config.toml", string(text))
	status, body = get("/audit")
	want(t, "named again", status, 401, body)
	again, err := d.app.LoginLink(ctx, "jo@example.org", "")
	if err != nil {
		t.Fatal(err)
	}
	status, body = post(strings.TrimPrefix(again.URL, d.site.URL), nil)
	want(t, "signed in again", status, 200, body, "jo@example.org")
	w.later(15 * 24 * time.Hour)
	status, body = get("/audit")
	want(t, "after two weeks", status, 401, body)
}

// Nobody else gets a mail, and links are for whom they name.
func TestNobodyElseSignsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more = twoPeople
	d := doorsOf(w, "")
	for _, address := range []string{"eve@example.org", "", "jo@example.org\r\nBcc: eve@example.org", "operator@localhost"} {
		status, body := d.post("/sign-in", url.Values{"address": {address}})
		want(t, address, status, 200, body, "Look into your mailbox")
	}
	if got := d.notices(); len(got) != 0 {
		t.Errorf("letters: %v", got)
	}
	if _, err := d.app.LoginLink(context.Background(), "eve@example.org", ""); !errors.Is(err, sigpost.ErrUsage) || !strings.Contains(err.Error(), "there is: jo@example.org, ada@example.org") {
		t.Errorf("a link for nobody: %v", err)
	}
	l, err := d.app.LoginLink(context.Background(), "", "")
	if err != nil || l.Address != "ada@example.org" || l.Role != sigpost.RoleAdmin || !strings.HasPrefix(l.URL, d.site.URL+"/sign-in/") {
		t.Errorf("the first admin's link: %+v, %v", l, err)
	}
	w.later(21 * time.Minute)
	status, body := d.get(strings.TrimPrefix(l.URL, d.site.URL))
	want(t, "a link too late", status, 410, body, "too old")
}

// Where the configuration names nobody, who uses the machine is an admin; not where
// the pages are for others as well.
func TestTheLocalOperator(t *testing.T) {
	t.Parallel()
	a, ctx := newWorld(t).open(), context.Background()
	if first, err := a.FirstAdmin(ctx, "0.0.0.0:80"); first != "" || err != nil {
		t.Errorf("a link where everybody can come: %q, %v", first, err)
	}
	a.people.serving("0.0.0.0:80")
	if all := a.people.now(); len(all) != 0 {
		t.Errorf("beyond this machine %v can sign in", all)
	}
	const listen = "127.0.0.1:8421"
	l, err := a.LoginLink(ctx, must2(a.FirstAdmin(ctx, listen))(t), listen)
	if err != nil || l.Address != LocalOperator || l.Role != sigpost.RoleAdmin || !strings.HasPrefix(l.URL, "http://127.0.0.1:8421/sign-in/") {
		t.Fatalf("the first link: %+v, %v", l, err)
	}
	token := l.URL[strings.LastIndex(l.URL, "/")+1:]
	if _, _, back, err := a.SignIn().SignIn(ctx, token, "test", netip.Prefix{}); err != nil || back != "/" {
		t.Fatal(back, err)
	}
	if first, err := a.FirstAdmin(ctx, listen); first != "" || err != nil {
		t.Errorf("a second first link: %q, %v", first, err)
	}
}

// Links for the local operator are for the terminal: anybody could ask for a mail.
func TestTheLocalOperatorGetsNoMail(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	if _, ok := d.app.SignIn().Named(LocalOperator); !ok {
		t.Fatal("there is no local operator")
	}
	for _, address := range []string{LocalOperator, " Operator@LOCALHOST "} {
		status, body := d.post("/sign-in", url.Values{"address": {address}})
		want(t, address, status, 200, body, "Look into your mailbox")
	}
	if got := d.notices(); len(got) != 0 {
		t.Errorf("letters: %v", got)
	}
}

// A foreign page whose name was made to lead to this machine reads nothing here
// (DNS rebinding), where pages are for this machine alone.
func TestPagesOfThisMachineHaveItsName(t *testing.T) {
	t.Parallel()
	a := newWorld(t).open()
	handler, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	status := func(host string) int {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	for _, c := range []struct {
		listen, url, host string
		want              int
	}{
		{"127.0.0.1:8420", "", "evil.example:8420", 421}, {"127.0.0.1:8420", "", "127.0.0.1.evil.example:8420", 421}, {"127.0.0.1:8420", "", "localhost.evil.example", 421},
		{"127.0.0.1:8420", "", "localhost:9000", 200}, {"[::1]:8420", "", "[::1]:8420", 200}, {"127.0.0.1:8420", "", "127.0.0.1:8420", 200},
		{"127.0.0.1:8420", "https://digest.example.org", "digest.example.org", 200}, {"127.0.0.1:8420", "https://digest.example.org", "backend", 200}, {"0.0.0.0:8420", "", "digest.example.org", 200},
	} {
		a.people.serving(c.listen)
		a.Config.Web.URL = c.url
		if got := status(c.host); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestPagesAt(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{"0.0.0.0:80": "http://localhost:80", "[::]:80": "http://localhost:80", ":80": "http://localhost:80", "[::1]:80": "http://[::1]:80"} {
		if got := PagesAt(listen); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
}

// The server itself bounds what comes before any page.
func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	a := newWorld(t).open()
	listener, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx, listener) }()
	defer func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	for size, want := range map[int]int{20 << 10: http.StatusOK, 64 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		r, err := http.NewRequest(http.MethodGet, "http://"+listener.Addr().String()+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", "sigpost="+strings.Repeat("x", size))
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("a header of %d bytes: %d, want %d", size, resp.StatusCode, want)
		}
	}
}
