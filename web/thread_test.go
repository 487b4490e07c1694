package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sigpost"
	"sigpost/digest"
	"sigpost/message"
	"sigpost/store"
	"sigpost/store/storetest"
	"sigpost/subscribe"
	"sigpost/thread"
)

// testMail reads mail as the program does, or with another reader.
func testMail(read func([]byte) (*sigpost.Message, error)) Mail {
	return Mail{Read: read, HTML: message.HTML, Attached: message.Attached, Masked: message.Masked,
		Order: func(_ context.Context, msgs []*sigpost.Message) (all []Place, _ error) {
			index := map[*thread.Node]int{}
			thread.Walk(thread.Tree(msgs), func(n *thread.Node, depth int) {
				p := Place{Message: n.Message, Depth: depth, Answers: -1}
				if at, ok := index[n]; ok {
					p.Answers = at
				}
				for _, c := range n.Children {
					index[c] = len(all)
				}
				all = append(all, p)
			})
			return all, nil
		}}
}

// signedIn are the people of a test: a session's secret is their role.
type signedIn struct{ People }

func (signedIn) Person(_ context.Context, secret string) (sigpost.Person, error) {
	return sigpost.Person{Addr: secret + "@example.org", Role: sigpost.Role(secret)}, nil
}

// archive is a site over mails as they came.
type archive struct {
	t  *testing.T
	db *store.DB
	*httptest.Server
	now   time.Time
	reads atomic.Int64 // mails that were read for pages
}

func newArchive(t *testing.T, mails ...string) *archive {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, storetest.SQLite(t))
	must(t, err)
	t.Cleanup(func() { db.Close() })
	a := &archive{t: t, db: db, now: day.AddDate(0, 0, 9)}
	a.add(mails...)
	mail := testMail(func(raw []byte) (*sigpost.Message, error) {
		a.reads.Add(1)
		return message.Parse(raw)
	})
	mail.Hide = func(ctx context.Context, id int64, why string) error {
		return db.Hide(ctx, id, sigpost.Acting(ctx), why, a.now)
	}
	mail.Show = func(ctx context.Context, id int64) error { return db.Unhide(ctx, &sigpost.Message{ID: id}, a.now) }
	handler, err := New(Options{
		Title: "Test", Store: db, Digests: map[string]string{"weekly": "The Weekly"}, Mail: mail, People: signedIn{}, Browse: Browse{},
		ArchiveURL: func(*sigpost.Message) string { return "" }, Now: func() time.Time { return a.now }, URL: "http://example.org",
		Reader:    func(sigpost.Issue) digest.Reader { return digest.Reader{} },
		Templates: func(string) (*digest.Templates, error) { return digest.Default(), nil },
		Domain:    func(string) string { return "example.org" },
		Author:    func(string) string { return "SIG Example" },
		Door:      subscribe.NewDoor(tokens, db, func() time.Time { return day }), Log: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	a.Server = httptest.NewServer(handler)
	t.Cleanup(a.Close)
	return a
}

// add stores mails, a minute after one another.
func (a *archive) add(mails ...string) {
	a.t.Helper()
	var arrivals []sigpost.Arrival
	for i, raw := range mails {
		m, err := message.Parse([]byte(raw))
		must(a.t, err)
		m.BaseSubject, m.Received = thread.BaseSubject(m.Subject), day.Add(time.Duration(i)*time.Minute)
		arrivals = append(arrivals, sigpost.Arrival{Raw: []byte(raw), Message: m, List: "sig", Source: "test"})
	}
	_, err := a.db.Add(a.t.Context(), nil, arrivals, day)
	must(a.t, err)
}

// ask asks as somebody of a role and gives the answer with its body. headers are
// "Name: value".
func (a *archive) ask(method, path string, role sigpost.Role, headers ...string) (*http.Response, string) {
	a.t.Helper()
	path, form, _ := strings.Cut(path, " ")
	req, err := http.NewRequest(method, a.URL+path, strings.NewReader(form))
	must(a.t, err)
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if role != sigpost.RoleNobody {
		req.AddCookie(&http.Cookie{Name: "sigpost", Value: string(role)})
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	must(a.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(a.t, err)
	return resp, string(body)
}

// see asks as nobody.
func (a *archive) see(path string) string {
	_, body := a.ask("GET", path, sigpost.RoleNobody)
	return body
}

func has(t *testing.T, what, body string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(body, want) {
			t.Errorf("%s: %q is not in\n%.4000s", what, want, body)
		}
	}
}

func hasNot(t *testing.T, what, body string, all ...string) {
	t.Helper()
	for _, not := range all {
		if strings.Contains(body, not) {
			t.Errorf("%s: %q is in\n%.4000s", what, not, body)
		}
	}
}

// mailOf is a mail; answers may be "".
func mailOf(id, answers, subject, text string) string {
	refs := ""
	if answers != "" {
		refs = "References: <" + answers + ">\n"
	}
	return "From: Ana Lee <ana@example.org>\nMessage-ID: <" + id + ">\n" + refs + "Subject: " + subject + "\nDate: Wed, 20 Apr 2016 12:00:00 +0000\n\n" + text
}

func TestThreadAsTreeAndFlat(t *testing.T) {
	a := newArchive(t,
		mailOf("a@x", "", "Kuryr", "First, to jo@example.org.\nSee https://example.org/x?a=1&b=2.\n"),
		mailOf("b@x", "a@x", "Re: Kuryr", "Second.\n"),
		mailOf("c@x", "a@x", "Re: Kuryr", "Third.\n"),
		mailOf("d@x", "b@x", "Re: Kuryr", "Ana Lee <ana@example.org> wrote:\n> one\n> two\n> three\n> four\n> five\n> six\n> seven\n\nFourth.\n"))
	tree := a.see("/threads/1")
	order := func(body string) string {
		return strings.Join(regexp.MustCompile(`(?m)^<article id="m\d" class="in\d">`).FindAllString(body, -1), "")
	}
	if got := order(tree); got != `<article id="m1" class="in0"><article id="m2" class="in1"><article id="m4" class="in2"><article id="m3" class="in1">` {
		t.Error(got)
	}
	has(t, "the tree", tree, `In answer to <a href="#m2"><bdi>Ana Lee</bdi></a>`, "jo@…", `<a href="https://example.org/x?a=1&amp;b=2" rel="nofollow noopener">`,
		"7 lines quoted of Ana Lee", `href="/m/a@x/raw"`, `href="/threads/1?view=flat"`, `href="/report/1"`)
	hasNot(t, "the tree", tree, "example.org&gt;", "/review/", "/hide")
	flat := a.see("/threads/1?view=flat")
	if got := order(flat); got != `<article id="m1" class="in0"><article id="m2" class="in0"><article id="m3" class="in0"><article id="m4" class="in0">` {
		t.Error(got)
	}
	_, desk := a.ask("GET", "/threads/1", sigpost.RoleReviewer)
	has(t, "a reviewer's page", desk, "/review/1", `action="/m/a@x/hide"`)
	hasNot(t, "the tree after a reviewer", a.see("/threads/1"), "/review/", "/hide")
}

func TestPagesAreKeptWhileTheyAreRight(t *testing.T) {
	a := newArchive(t, mailOf("a@x", "", "Kuryr", "First.\n"))
	resp, _ := a.ask("GET", "/threads/1", sigpost.RoleNobody)
	etag := resp.Header.Get("ETag")
	if resp, body := a.ask("GET", "/threads/1", sigpost.RoleNobody, "If-None-Match: "+etag); resp.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("status %d with %q", resp.StatusCode, body)
	}
	must(t, a.db.Decide(t.Context(), 1, kuryr, "Kuryr", true, "rev@example.org", "a private reason", day))
	resp, body := a.ask("GET", "/threads/1", sigpost.RoleNobody, "If-None-Match: "+etag)
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	has(t, "a tag", body, "decided by a person")
	hasNot(t, "a tag", body, "rev@", "private reason")
	a.add(mailOf("b@x", "a@x", "Re: Kuryr", "Second.\n"))
	has(t, "an answer", a.see("/threads/1"), "Second.")
	for _, coding := range []string{"identity", "gzip;q=0", "gzip"} {
		resp, body := a.ask("GET", "/threads/1", sigpost.RoleNobody, "Accept-Encoding: "+coding)
		if packed := resp.Header.Get("Content-Encoding") == "gzip"; packed != (coding == "gzip") || packed == strings.Contains(body, "Second.") {
			t.Errorf("%s: %v", coding, resp.Header)
		}
	}
}

func TestNewSinceLastVisit(t *testing.T) {
	a := newArchive(t, mailOf("a@x", "", "Kuryr", "First.\n"), mailOf("b@x", "a@x", "Re: Kuryr", "Second.\n"))
	resp, _ := a.ask("GET", "/threads/1", sigpost.RoleNobody)
	if len(resp.Cookies()) > 0 {
		t.Errorf("a cookie that nobody asked for: %v", resp.Cookies())
	}
	a.now = day.Add(30 * time.Second) // after the first, before the second
	resp, _ = a.ask("POST", "/visits do=on&thread=1", sigpost.RoleNobody)
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/threads/1" || len(resp.Cookies()) != 1 {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	cookie := resp.Cookies()[0]
	a.now = day.Add(2 * time.Hour) // another visit
	resp, body := a.ask("GET", "/threads/1", sigpost.RoleNobody, "Cookie: "+cookie.String())
	has(t, "marks", body, "1 new since your last visit.", `<a href="#m2">To the first new one</a>`, "new since your last visit</span>")
	if resp.Header.Get("Cache-Control") != "private, no-store" || !cookie.HttpOnly {
		t.Errorf("%v", resp.Header)
	}
	hasNot(t, "others", a.see("/threads/1"), "since your last visit.")
	resp, _ = a.ask("POST", "/visits do=off&thread=1", sigpost.RoleNobody)
	if c := resp.Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
		t.Errorf("%v", c)
	}
}

func TestNewSinceIssue(t *testing.T) {
	a := newArchive(t, mailOf("a@x", "", "Kuryr", "First.\n"), mailOf("b@x", "a@x", "Re: Kuryr", "Second.\n"))
	issue := sigpost.Issue{Digest: "weekly", Title: "Weekly", State: sigpost.IssueApproved, Zone: "UTC", Composed: day,
		Window:  sigpost.Window{From: day.AddDate(0, 0, -7), To: day.Add(30 * time.Second)},
		Entries: []sigpost.Entry{{ThreadID: 1, Headline: "Kuryr"}}}
	must(t, a.db.CreateIssue(t.Context(), &issue, []int64{1}))
	has(t, "the thread", a.see("/threads/1"), "1 new since The Weekly No. 1.", `In <a href="/issues/weekly/1">The Weekly No. 1</a>`, `<a href="#m2">To the first new one</a>`)
}

// However many messages of a page are asked for, it is kept once.
func TestPageIsKeptOnce(t *testing.T) {
	mails := []string{mailOf("0@x", "", "Long", "zero\n")}
	for i := 1; i < 150; i++ {
		mails = append(mails, mailOf(fmt.Sprintf("%d@x", i), fmt.Sprintf("%d@x", i-1), "Re: Long", fmt.Sprintf("text %d\n", i)))
	}
	a := newArchive(t, mails...)
	see := func(path string) string {
		resp, _ := a.ask("GET", path, sigpost.RoleNobody)
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, resp.Status)
		}
		return resp.Header.Get("ETag")
	}
	first, second := see("/threads/1"), see("/threads/1?from=101")
	made := a.reads.Load()
	if made != 150 {
		t.Errorf("two pages read %d mails", made)
	}
	for _, path := range []string{"/threads/1?from=1", "/threads/1?from=50", "/threads/1?from=100"} {
		if see(path) != first {
			t.Errorf("%s is another page than the first", path)
		}
	}
	for _, path := range []string{"/threads/1?from=120", "/threads/1?from=150"} {
		if see(path) != second || first == second {
			t.Errorf("%s is another page than the second", path)
		}
	}
	if n := a.reads.Load(); n != made {
		t.Errorf("pages that are kept read %d mails more", n-made)
	}
	if resp, _ := a.ask("GET", "/threads/1?from=999", sigpost.RoleNobody); resp.StatusCode != http.StatusFound {
		t.Errorf("a message of no page: %s", resp.Status)
	}
}

func TestLongThread(t *testing.T) {
	mails := []string{mailOf("0@x", "", "Long", "zero\n")}
	for i := 1; i < 250; i++ {
		mails = append(mails, mailOf(fmt.Sprintf("%d@x", i), fmt.Sprintf("%d@x", i-1), "Re: Long", fmt.Sprintf("text %d\n", i)))
	}
	a := newArchive(t, mails...)
	first := a.see("/threads/1")
	has(t, "first page", first, "text 99\n</pre>"[:7], "Contents: 100 messages", `<a rel="next" href="/threads/1?from=101">`, `<a href="/threads/1?from=201">201–250</a>`)
	if n := strings.Count(first, "<article"); n != 100 {
		t.Errorf("%d messages", n)
	}
	third := a.see("/threads/1?from=250")
	has(t, "third page", third, "text 249", `In answer to <a href="/threads/1?from=101#m200">`, `<link rel="canonical" href="http://example.org/threads/1?from=201">`)
	resp, _ := a.ask("GET", "/m/180@x", sigpost.RoleNobody)
	if to := resp.Header.Get("Location"); to != "/threads/1?from=181#m181" {
		t.Error(to)
	}
	if resp, _ := a.ask("GET", "/threads/1?from=9999", sigpost.RoleNobody); resp.StatusCode != http.StatusFound {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestPermalinks(t *testing.T) {
	odd := "a/b//../?c=%41#d e@x"
	a := newArchive(t, mailOf("a@x", "", "One", "First.\n"), mailOf(odd, "", "Two", "Second.\n"))
	id := stored(t, a, 2)
	resp, _ := a.ask("GET", messagePath(id), sigpost.RoleNobody)
	if to := resp.Header.Get("Location"); resp.StatusCode != http.StatusFound || to != "/threads/2#m2" {
		t.Errorf("%q leads to %d %q", id, resp.StatusCode, to)
	}
	for _, path := range []string{"/m/%3Ca@x%3E", "/m/a%40x"} {
		if resp, _ := a.ask("GET", path, sigpost.RoleNobody); resp.Header.Get("Location") != "/threads/1#m1" {
			t.Errorf("%s: %d %v", path, resp.StatusCode, resp.Header)
		}
	}
	for _, path := range []string{"/m/%00", "/m/none@x", "/m/%ff%fe", "/m/..%2f..%2fetc", "/m/none@x/raw", "/m/a@x/html", "/m/a@x/attachments/1", "/m/a@x/attachments/1-99999999999999999999", "/m/a@x/attachments/1--3"} {
		if resp, body := a.ask("GET", path, sigpost.RoleNobody); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d %.200s", path, resp.StatusCode, body)
		}
	}
}

func stored(t *testing.T, a *archive, id int64) sigpost.MessageID {
	t.Helper()
	m, err := a.db.Message(t.Context(), id)
	must(t, err)
	return m.MessageID
}

func TestRawAndMbox(t *testing.T) {
	text := "From here on\n>From there\nto jo@example.org\n"
	a := newArchive(t, mailOf("a@x.org", "", "One", text), mailOf("b@x.org", "a@x.org", "Re: One", "Second.\n"))
	resp, raw := a.ask("GET", "/m/a@x.org/raw", sigpost.RoleNobody)
	has(t, "raw", raw, "From: Ana Lee <ana@...>", "Message-ID: <a@x.org>", "to jo@...\n")
	if resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%v", resp.Header)
	}
	if m, err := message.Parse([]byte(raw)); err != nil || m.MessageID != "a@x.org" || m.Author.Name != "Ana Lee" {
		t.Errorf("a masked mail is read as %+v, %v", m, err)
	}
	_, whole := a.ask("GET", "/m/a@x.org/raw", sigpost.RoleReviewer)
	has(t, "raw for reviewers", whole, "From: Ana Lee <ana@example.org>", "to jo@example.org\n")
	for _, path := range []string{"/threads/1/mbox", "/lists/sig/mbox?month=2016-04"} {
		_, mbox := a.ask("GET", path, sigpost.RoleNobody)
		has(t, path, mbox, "From mboxrd@z Wed Apr 20 12:00:00 2016\nFrom: Ana Lee <ana@...>\n", "\n>From here on\n>>From there\n", "References: <a@x.org>", "\nSecond.\n\n")
		if n := strings.Count("\n"+mbox, "\nFrom mboxrd@z "); n != 2 {
			t.Errorf("%s: %d mails", path, n)
		}
	}
	for path, status := range map[string]int{"/lists/sig/mbox?month=x": 400, "/lists/none/mbox": 404, "/lists/sig/mbox?month=2016-05": 404, "/lists/none/mbox?month=2016-04": 404, "/threads/9/mbox": 404} {
		if resp, _ := a.ask("GET", path, sigpost.RoleNobody); resp.StatusCode != status {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
}

func TestRemoval(t *testing.T) {
	a := newArchive(t, mailOf("a@x", "", "One", "First words.\n"), mailOf("b@x", "a@x", "Re: One", "Libel.\n"), mailOf("c@x", "b@x", "Re: One", "Third.\n"))
	if resp, _ := a.ask("POST", "/m/b@x/hide why=libel", sigpost.RoleReader); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a reader: status %d", resp.StatusCode)
	}
	if resp, _ := a.ask("POST", "/m/b@x/hide why=+", sigpost.RoleReviewer); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("no reason: status %d", resp.StatusCode)
	}
	has(t, "before", a.see("/threads/1"), "Libel.")
	resp, _ := a.ask("POST", "/m/b@x/hide why=libel+<b>", sigpost.RoleReviewer)
	again, says := a.ask("POST", "/m/b@x/hide why=more", sigpost.RoleReviewer)
	if again.StatusCode != http.StatusConflict {
		t.Errorf("removing what is removed gives %d", again.StatusCode)
	}
	has(t, "removing what is removed", says, "removed this message already")
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/threads/1#m2" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	page := a.see("/threads/1")
	has(t, "after", page, "A reviewer removed it on 29 April 2016: libel &lt;b&gt;", "First words.", "Third.", `id="m2"`, "3 messages", "a message that is not shown")
	hasNot(t, "after", page, "Libel.", "/m/b@x")
	for _, path := range []string{"/m/b@x/raw", "/m/b@x/html", "/m/b@x/attachments/1"} {
		if resp, body := a.ask("GET", path, sigpost.RoleNobody); resp.StatusCode != http.StatusGone || strings.Contains(body, "Libel") {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
	hasNot(t, "mbox", a.see("/threads/1/mbox"), "Libel.")
	_, raw := a.ask("GET", "/m/b@x/raw", sigpost.RoleReviewer)
	has(t, "raw for reviewers", raw, "Libel.")
	hasNot(t, "search", a.see("/search?q=libel"), "/m/b@x", "Libel.")
	has(t, "search", a.see("/search?q=third"), "/m/c@x")
	a.ask("POST", "/m/a@x/hide why=x", sigpost.RoleReviewer)
	a.ask("POST", "/m/c@x/hide why=x", sigpost.RoleReviewer)
	resp, gone := a.ask("GET", "/threads/1", sigpost.RoleNobody)
	if resp.StatusCode != http.StatusGone {
		t.Errorf("nothing left: status %d", resp.StatusCode)
	}
	hasNot(t, "nothing left", gone, "One")
	has(t, "nothing left", gone, "noindex")
	hasNot(t, "the list of threads", a.see("/"), "/threads/1")
	_, desk := a.ask("GET", "/threads/1", sigpost.RoleReviewer)
	has(t, "the desk", desk, `action="/m/b@x/unhide"`)
	a.ask("POST", "/m/b@x/unhide", sigpost.RoleReviewer)
	has(t, "shown again", a.see("/threads/1"), "Libel.")
}

func TestNotArchivedAtTheAuthorsWish(t *testing.T) {
	for _, field := range []string{"X-No-Archive: yes", "x-no-archive:  YES", "Archive: no", "Archive: no; filename=x"} {
		a := newArchive(t, mailOf("a@x", "", "One", "First words.\n"), field+"\n"+mailOf("b@x", "a@x", "Re: One", "Not for ever.\n"))
		page := a.see("/threads/1")
		has(t, field, page, "whose author wished it not to be archived", "2 messages")
		hasNot(t, field, page, "Not for ever", "/m/b@x")
		if resp, body := a.ask("GET", "/m/b@x/raw", sigpost.RoleAdmin); resp.StatusCode != http.StatusGone || strings.Contains(body, "ever") {
			t.Errorf("%s: status %d", field, resp.StatusCode)
		}
		hasNot(t, field, a.see("/threads/1/mbox"), "Not for ever")
	}
	has(t, "yes to archives", newArchive(t, "X-No-Archive: no\nArchive: yes\n"+mailOf("a@x", "", "One", "For ever.\n")).see("/threads/1"), "For ever.")
}

// What is encoded or attached is masked too, but for reviewers.
func TestEncodedMailIsMasked(t *testing.T) {
	encoded := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	raw := "From: Ana Lee <ana@secret.example>\nMessage-ID: <a@x>\nSubject: One\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n" + encoded("Ask jo@secret.example.\n") +
		"\n--b\nContent-Type: text/x-patch\nContent-Disposition: attachment; filename=a.patch\nContent-Transfer-Encoding: base64\n\n" + encoded("From: jo@secret.example\n") +
		"\n--b\nContent-Type: message/rfc822\n\nFrom: jo@secret.example\nSubject: Two\n\nInner words.\n--b--\n"
	a := newArchive(t, raw)
	for _, path := range []string{"/m/a@x/raw", "/threads/1/mbox", "/m/a@x/attachments/2", "/m/a@x/attachments/3"} {
		_, given := a.ask("GET", path, sigpost.RoleNobody)
		hasNot(t, path, given, "@secret.example", encoded("Ask jo@secret.example.\n"), encoded("From: jo@secret.example\n"))
		if m, err := message.Parse([]byte(given)); !strings.Contains(path, "attach") && (err != nil || !strings.Contains(m.Text, "Ask jo@....")) {
			t.Errorf("%s: %+v, %v", path, m, err)
		}
	}
	_, patch := a.ask("GET", "/m/a@x/attachments/2", sigpost.RoleNobody)
	has(t, "the patch", patch, "From: jo@...")
	_, patch = a.ask("GET", "/m/a@x/attachments/2", sigpost.RoleReviewer)
	has(t, "the patch for reviewers", patch, "From: jo@secret.example")
	_, whole := a.ask("GET", "/m/a@x/raw", sigpost.RoleReviewer)
	has(t, "the mail for reviewers", whole, encoded("Ask jo@secret.example.\n"))
}

func TestAttachments(t *testing.T) {
	mail := func(kind, name string) string {
		return "From: a@example.org\nMessage-ID: <a@x>\nSubject: One\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSee.\n--b\nContent-Type: " + kind +
			"\nContent-Disposition: inline; filename*=utf-8''" + name + "\nContent-Transfer-Encoding: base64\n\nPHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==\n--b--\n"
	}
	for _, c := range []struct{ kind, name, want, file string }{
		{"text/html", "x.html", "application/octet-stream", "x.html"},
		{"image/svg+xml", "x.svg", "application/octet-stream", "x.svg"},
		{"text/plain", "..%2f..%2fetc%2fpasswd", "text/plain", "passwd"},
		{"application/xhtml+xml", "%E2%80%AEgpj.exe", "application/octet-stream", "gpj.exe"},
		{"image/png", "a%0d%0aSet-Cookie:%20x=1", "image/png", "a Set-Cookie_ x=1"},
		{"text/javascript", "a%22b%3Bc.js", "application/octet-stream", "a_b;c.js"},
	} {
		a := newArchive(t, mail(c.kind, c.name))
		page := a.see("/threads/1")
		has(t, c.name, page, `<a href="/m/a@x/attachments/2" download="`+c.file+`">`)
		resp, body := a.ask("GET", "/m/a@x/attachments/2", sigpost.RoleNobody)
		if body != "<script>alert(1)</script>" || resp.Header.Get("Content-Type") != c.want || resp.Header.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(resp.Header.Get("Content-Security-Policy"), "sandbox;") || len(resp.Cookies()) > 0 {
			t.Errorf("%s: %q with %v", c.name, body, resp.Header)
		}
		if got := resp.Header.Get("Content-Disposition"); got != disposition(c.file) || !strings.HasPrefix(got, "attachment") {
			t.Errorf("%s: %s, want %s", c.name, got, disposition(c.file))
		}
	}
	uu := "From: a@example.org\nMessage-ID: <a@x>\nSubject: One\n\nSee.\nbegin 644 one\n#86)C\n`\nend\nbegin 644 two\n#9&5F\n`\nend\n"
	a := newArchive(t, uu)
	has(t, "uuencoded", a.see("/threads/1"), `href="/m/a@x/attachments/1"`, `href="/m/a@x/attachments/1-2"`)
	if one, two := a.see("/m/a@x/attachments/1"), a.see("/m/a@x/attachments/1-2"); one != "abc" || two != "def" {
		t.Errorf("%q and %q", one, two)
	}
}

func TestMboxIsBoundedInMemoryAndWhole(t *testing.T) {
	var mails []string
	for i := range 130 {
		mails = append(mails, mailOf(fmt.Sprintf("%d@x", i), "", "One", strings.Repeat("words and words\n", 3000)))
	}
	a := newArchive(t, mails...)
	m, err := a.db.MessageByID(t.Context(), "70@x")
	must(t, err)
	must(t, a.db.Hide(t.Context(), m.ID, "jo", "libel", day))
	has(t, "the list", a.see("/lists/sig"), `href="/lists/sig/mbox"`)
	for _, path := range []string{"/lists/sig/mbox?month=2016-04", "/lists/sig/mbox"} {
		mbox := a.see(path)
		if n := strings.Count("\n"+mbox, "\nFrom mboxrd@z "); n != 129 || !bytes.HasSuffix([]byte(mbox), []byte("words\n\n")) {
			t.Errorf("%s: %d mails", path, n)
		}
		for i := range 130 {
			if n := strings.Count(mbox, fmt.Sprintf("\nMessage-ID: <%d@x>\n", i)); n != 1 && i != 70 || i == 70 && n != 0 {
				t.Errorf("%s has mail %d %d times", path, i, n)
			}
		}
	}
}
