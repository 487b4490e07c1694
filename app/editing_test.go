package app

import (
	"context"
	"errors"
	"html"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/digest"
	"sigpost/internal/mailtest"
	"sigpost/store"
)

// deskPeople can sign in, one of each role.
const deskPeople = `[[web.person]]
address = "rev@desk.example.org"
role = "reviewer"
[[web.person]]
address = "ada@desk.example.org"
role = "editor"
[[web.person]]
address = "ben@desk.example.org"
role = "editor"
[[web.person]]
address = "root@desk.example.org"
role = "admin"
`

// visitor is somebody with a browser, who may have signed in.
type visitor struct {
	*doors
	cookie string
}

// openDesk has a draft that waits for its editors.
func openDesk(w *world) *doors {
	w.t.Helper()
	w.more += deskPeople
	d := doorsOf(w, "review = \"by hand\"\n")
	w.subscribe(d.app, "ana@readers.example.org")
	w.subscribe(d.app, "grace@readers.example.org", "kuryr")
	w.run(d.app)
	return d
}

func (d *doors) signIn(who string) visitor {
	d.t.Helper()
	desk := d.app.SignIn()
	_, token, _, err := desk.Link(context.Background(), who)
	if err != nil {
		d.t.Fatal(err)
	}
	_, secret, _, err := desk.SignIn(context.Background(), token, "a test", netip.MustParsePrefix("127.0.0.0/24"))
	if err != nil {
		d.t.Fatal(err)
	}
	return visitor{d, secret}
}

// ask sends a request, and gives the answer without following it.
func (v visitor) ask(method, path string, form url.Values) (*http.Response, string) {
	v.t.Helper()
	r, err := http.NewRequest(method, v.site.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if v.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "sigpost", Value: v.cookie})
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer, string(body)
}

// see opens a page.
func (v visitor) see(path string, want ...string) string {
	v.t.Helper()
	answer, body := v.ask(http.MethodGet, path, nil)
	if answer.StatusCode != http.StatusOK {
		v.t.Fatalf("%s: %s\n%s", path, answer.Status, body)
	}
	for _, words := range want {
		if !strings.Contains(body, words) {
			v.t.Errorf("%s does not say %q:\n%s", path, words, body)
		}
	}
	return body
}

// do sends a form, which leads on.
func (v visitor) do(path string, fields ...string) string {
	v.t.Helper()
	answer, body := v.ask(http.MethodPost, path, formOf(fields...))
	if answer.StatusCode != http.StatusSeeOther {
		v.t.Fatalf("%s %v: %s\n%s", path, fields, answer.Status, body)
	}
	return answer.Header.Get("Location")
}

// refused sends a form that is not taken.
func (v visitor) refused(status int, path string, want string, fields ...string) string {
	v.t.Helper()
	answer, body := v.ask(http.MethodPost, path, formOf(fields...))
	if answer.StatusCode != status || !strings.Contains(body, want) {
		v.t.Errorf("%s %v: %s, and not %d and %q\n%s", path, fields, answer.Status, status, want, body)
	}
	return body
}

func formOf(fields ...string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return form
}

var versionField = regexp.MustCompile(`name="version" value="([0-9a-f]{16})"`)

func (v visitor) version() string {
	v.t.Helper()
	found := versionField.FindStringSubmatch(v.see("/edit/weekly/1"))
	if found == nil {
		v.t.Fatal("the draft has no version")
	}
	return found[1]
}

// act does one thing to the draft as it is now.
func (v visitor) act(fields ...string) string {
	v.t.Helper()
	return v.do("/edit/weekly/1/act", append([]string{"version", v.version()}, fields...)...)
}

func (d *doors) draft() sigpost.Issue {
	d.t.Helper()
	issue, err := d.app.Issue(context.Background(), d.digest(d.app), 1)
	if err != nil {
		d.t.Fatal(err)
	}
	return issue
}

func idText(id int64) string { return strconv.FormatInt(id, 10) }

// withoutTokens are the words of a letter but for the links that are a reader's own.
func withoutTokens(text string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(text), func(word string) bool {
		return strings.Contains(word, "/unsubscribe/") || strings.Contains(word, "/preferences/") || strings.Contains(word, "mailto:")
	}), " ")
}

// textarea is what the form of a draft holds.
func textarea(t *testing.T, page string) string {
	t.Helper()
	_, rest, _ := strings.Cut(page, `<textarea id="form"`)
	_, rest, _ = strings.Cut(rest, ">")
	text, _, ok := strings.Cut(rest, "</textarea>")
	if !ok {
		t.Fatalf("there is no form:\n%s", page)
	}
	return html.UnescapeString(text)
}

// titled is where each thread stands.
func titled(issue sigpost.Issue) map[string][]int64 {
	all := map[string][]int64{}
	for _, s := range digest.Sections(issue) {
		for _, g := range s.Groups {
			for _, e := range g.Entries {
				all[s.Title] = append(all[s.Title], e.ThreadID)
			}
		}
	}
	return all
}

// An editor changes a draft on the pages, approves it, and that is what is sent.
func TestEditorsDesk(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		d := openDesk(w)
		for who, want := range map[string]int{"": http.StatusUnauthorized, "rev@desk.example.org": http.StatusForbidden, "ada@desk.example.org": http.StatusOK, "root@desk.example.org": http.StatusOK} {
			v := visitor{doors: d}
			if who != "" {
				v = d.signIn(who)
			}
			if answer, _ := v.ask(http.MethodGet, "/edit", nil); answer.StatusCode != want {
				t.Errorf("%q gets %s", who, answer.Status)
			}
		}
		ada := d.signIn("ada@desk.example.org")
		ada.see("/edit", "SIG-OpenStack Weekly", "No. 1", "ready, waits to be approved", "The next issue is due Mon 2 May 2016 06:00 PDT")
		before := d.draft()
		if len(before.Entries) < 4 {
			t.Fatalf("the draft tells of %d threads", len(before.Entries))
		}
		drop, word, move := before.Entries[0].ThreadID, before.Entries[1].ThreadID, before.Entries[2].ThreadID
		if to := ada.act("do", "drop", "thread", idText(drop), "next", idText(word)); to != "/edit/weekly/1#t"+idText(word) {
			t.Errorf("leaving out leads to %s", to)
		}
		ada.act("do", "words", "thread", idText(word), "headline", "Our own <headline>", "summary", "In a word.", "note", "See you.")
		ada.act("do", "move", "thread", idText(move), "text", "Meeting people")
		ada.act("do", "pin", "thread", idText(word))
		ada.act("do", "lead", "text", "Good morning, *readers*.")
		ada.act("do", "text", "section", "Jobs", "text", "An operator is wanted.")
		ada.act("do", "rename", "section", "Meeting people", "text", "People")
		after := d.draft()
		if titled(after)["People"][0] != move || !after.Entries[0].Pinned || after.Entries[0].Headline != "Our own <headline>" || after.Note != "Good morning, *readers*." ||
			slices.ContainsFunc(after.Entries, func(e sigpost.Entry) bool { return e.ThreadID == drop }) {
			t.Errorf("the draft is %+v", after)
		}
		ada.see("/edit/weekly/1", "Our own &lt;headline&gt;", "Left out", "ada@desk.example.org", `wrote the text of &#34;Jobs&#34;`)
		ada.see("/edit/weekly/1/changes", "Threads that went", "it is pinned")
		ada.see("/edit/weekly/1/preflight", "Nothing has to be put right", "2 of 2 readers get a letter", "Kuryr")
		ada.see("/edit/weekly/1/preview?topic=project:kuryr&zone=Europe/Berlin", "?topic=project%3Akuryr&amp;zone=Europe%2FBerlin")
		shown := ada.see("/edit/weekly/1/preview/text", "Our own <headline>", "An operator is wanted.")

		// Approving is of what was looked at, and not while a run is at work.
		version := ada.version()
		unlock, err := d.app.Store.Lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ada.refused(http.StatusConflict, "/edit/weekly/1/approve", "A run is at work just now", "version", version, "when", "now")
		unlock()
		ada.act("do", "unpin", "thread", idText(word))
		ada.refused(http.StatusConflict, "/edit/weekly/1/approve", "Somebody has changed the draft", "version", version, "when", "now")
		ada.do("/edit/weekly/1/undo", "entry", lastEntry(t, d.app))
		if ada.version() != version {
			t.Error("undone, the draft is another one than before")
		}
		ada.do("/edit/weekly/1/approve", "version", version, "when", "now")
		ada.see("/edit/weekly/1", "Approved by ada@desk.example.org", "Take the approval back")
		w.run(d.app)
		w.wantOnce("ana@readers.example.org", "grace@readers.example.org")
		for _, l := range w.letters() {
			if l.To != "ana@readers.example.org" {
				continue
			}
			if got, _ := partsOf(t, []byte(l.Data)); withoutTokens(got) != withoutTokens(shown) {
				t.Errorf("what was approved is\n%s\nwhat was sent is\n%s", shown, got)
			}
		}
		ada.see("/edit/weekly/1", "2 sent, 0 waiting", "approved the issue")
		ada.see("/edit", "No. 1", "sent")
	})
}

// lastEntry is the number of the latest act that can be undone.
func lastEntry(t *testing.T, a *App) string {
	t.Helper()
	log, err := a.Store.AuditLog(t.Context(), store.AuditQuery{Kind: sigpost.AuditIssue, Object: "weekly/1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range log {
		if e.Undo != "" && e.UndoneBy == 0 {
			return idText(e.ID)
		}
	}
	t.Fatal("nothing can be undone")
	return ""
}

// Two editors at once: nobody's work is lost in silence, and what was typed is kept.
func TestTwoEditors(t *testing.T) {
	t.Parallel()
	d := openDesk(newWorld(t))
	ada, ben := d.signIn("ada@desk.example.org"), d.signIn("ben@desk.example.org")
	threads := d.draft().Entries
	one, two := threads[0].ThreadID, threads[1].ThreadID
	old := ada.version()
	ben.act("do", "drop", "thread", idText(one))
	body := ada.refused(http.StatusConflict, "/edit/weekly/1/act", "Somebody has changed the draft", "version", old, "do", "words", "thread", idText(two), "headline", "Words of mine", "summary", "A long one")
	if !strings.Contains(body, "Words of mine") || !strings.Contains(body, "A long one") || !strings.Contains(body, "ben@desk.example.org") {
		t.Errorf("what was typed, or who was first, is not there:\n%s", body)
	}
	if slices.ContainsFunc(d.draft().Entries, func(e sigpost.Entry) bool { return e.Headline == "Words of mine" || e.ThreadID == one }) {
		t.Error("a refused act has done something")
	}
	fresh := versionField.FindStringSubmatch(body)
	ada.do("/edit/weekly/1/act", "version", fresh[1], "do", "words", "thread", idText(two), "headline", "Words of mine", "summary", "A long one")

	text := textarea(t, ada.see("/edit/weekly/1/text"))
	ben.act("do", "restore", "thread", idText(one))
	body = ada.refused(http.StatusUnprocessableEntity, "/edit/weekly/1/text", "the draft has changed since this form was made", "form", strings.Replace(text, "Words of mine", "Other words of mine", 1))
	if !strings.Contains(body, "Other words of mine") || !strings.Contains(body, "What you typed") {
		t.Errorf("the typed text is lost:\n%s", body)
	}
	text = textarea(t, ada.see("/edit/weekly/1/text"))
	body = ada.refused(http.StatusUnprocessableEntity, "/edit/weekly/1/text", "says neither yes nor no", "form", strings.Replace(text, "pin: no", "pin: perhaps", 1))
	if !strings.Contains(body, "pin: perhaps") || strings.Contains(body, "What you typed") {
		t.Errorf("a form that is wrong is not there to be put right:\n%s", body)
	}
	ada.do("/edit/weekly/1/text", "form", strings.ReplaceAll(strings.Replace(text, "pin: no", "pin: yes", 1), "\n", "\r\n"))

	// Ada's summary was changed by Ben, so that undoing Ada's would undo his.
	ada.act("do", "words", "thread", idText(two), "headline", "Words of mine", "summary", "Ada's")
	hers := lastEntry(t, d.app)
	ben.act("do", "words", "thread", idText(two), "headline", "Words of mine", "summary", "Ben's")
	ada.refused(http.StatusConflict, "/edit/weekly/1/undo", "cannot be undone any more", "entry", hers)
	ben.do("/edit/weekly/1/undo", "entry", lastEntry(t, d.app))
	ada.do("/edit/weekly/1/undo", "entry", hers)
	ada.refused(http.StatusConflict, "/edit/weekly/1/undo", "undone already", "entry", hers)
	for _, e := range d.draft().Entries {
		if e.ThreadID == two && e.Summary != "A long one" {
			t.Errorf("undone, the summary is %q", e.Summary)
		}
	}
	ada.refused(http.StatusConflict, "/edit/weekly/1/act", "The thread is the first of its section already", "version", ada.version(), "do", "up", "thread", idText(titled(d.draft())[digest.Sections(d.draft())[0].Title][0]))
	ada.refused(http.StatusBadRequest, "/edit/weekly/1/act", "cannot be read", "do", "pin", "thread", idText(two))
	ada.refused(http.StatusNotFound, "/edit/weekly/9/act", "no such page", "version", ada.version(), "do", "pin", "thread", idText(two))
}

// A letter is shown in a frame in which nothing can run, with its own styles.
func TestPreviewFrames(t *testing.T) {
	t.Parallel()
	d := openDesk(newWorld(t))
	ada := d.signIn("ada@desk.example.org")
	for _, as := range []string{"html", "text", "web"} {
		answer, body := ada.ask(http.MethodGet, "/edit/weekly/1/preview/"+as, nil)
		policy := answer.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "sandbox") || strings.Contains(policy, "script-src") || !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'self'") {
			t.Errorf("%s: the policy is %q", as, policy)
		}
		if !strings.Contains(body, "Magnum") || strings.Contains(body, "cid:") {
			t.Errorf("%s:\n%s", as, body)
		}
	}
	if body := ada.see("/edit/weekly/1/preview/web", "<style>:root"); strings.Contains(body, `rel="stylesheet"`) {
		t.Error("the web copy asks for its style sheet, which a frame does not get")
	}
	if page, _ := ada.ask(http.MethodGet, "/edit/weekly/1/preview", nil); strings.Contains(page.Header.Get("Content-Security-Policy"), "unsafe-inline") {
		t.Error("the page around the frames may have inline styles")
	}
	cut := ada.see("/edit/weekly/1/preview/text?topic=project:kuryr", "Kuryr")
	if strings.Contains(cut, "Renaming \"bay\"") {
		t.Errorf("cut to a topic it has others:\n%s", cut)
	}
	ada.see("/edit/weekly/1/preview?zone=Nowhere/Land", "There is no time zone of that name")
}

// An issue is approved for a time: nobody is sent or shown it before.
func TestScheduledOnTheDesk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := openDesk(w)
	ada := d.signIn("ada@desk.example.org")
	approve := func(at string, more ...string) []string {
		return append([]string{"version", ada.version(), "when", "later", "at", at}, more...)
	}
	ada.refused(http.StatusUnprocessableEntity, "/edit/weekly/1/approve", "is over", approve("2016-04-25T06:00")...)
	ada.refused(http.StatusUnprocessableEntity, "/edit/weekly/1/approve", "more than 31 days", approve("2017-04-25T06:00")...)
	ada.refused(http.StatusUnprocessableEntity, "/edit/weekly/1/approve", "Give the time", approve("")...)
	// A time that is given is not passed over: neither is anything approved, nor is it lost.
	at := approve("2016-04-26T09:00")
	at[slices.Index(at, "later")] = "now"
	page := ada.refused(http.StatusUnprocessableEntity, "/edit/weekly/1/approve", "Nothing was approved", at...)
	if !strings.Contains(page, `value="later" checked`) || !strings.Contains(page, `value="2016-04-26T09:00"`) || strings.Contains(page, `value="now" checked`) {
		t.Errorf("what was typed is not kept:\n%s", page)
	}
	ada.do("/edit/weekly/1/approve", approve("2016-04-26T09:00")...)
	ada.see("/edit/weekly/1", "It is sent by the first run after Tue 26 Apr 2016 09:00 PDT")
	ada.see("/edit", "to be sent not before Tue 26 Apr 2016 09:00 PDT")
	// A reviewer reads the audit log, and undoes no editor's act there.
	rev, approval := d.signIn("rev@desk.example.org"), lastEntry(t, d.app)
	if page := rev.see("/audit", "approved the issue"); strings.Contains(page, `name="entry" value="`+approval) {
		t.Error("a reviewer is offered to undo an approval")
	}
	rev.refused(http.StatusForbidden, "/audit/undo", "not for you", "entry", approval)
	nobody := visitor{doors: d}
	if answer, _ := nobody.ask(http.MethodGet, "/issues/weekly/1", nil); answer.StatusCode != http.StatusNotFound {
		t.Errorf("before its time the issue is shown: %s", answer.Status)
	}
	w.run(d.app)
	if n := len(w.letters()); n != 0 {
		t.Errorf("before its time there are %d letters", n)
	}
	ada.do("/edit/weekly/1/undo", "entry", lastEntry(t, d.app))
	if is := d.draft(); is.State != sigpost.IssueReady || !is.SendAfter.IsZero() {
		t.Errorf("undone it is %s, for %s", is.State, is.SendAfter)
	}
	ada.see("/edit/weekly/1", "Taken back: approved")
	ada.act("do", "drop", "thread", idText(d.draft().Entries[0].ThreadID))
	edit := lastEntry(t, d.app)
	ada.see("/edit/weekly/1/changes?since=approved", "Threads that went")
	ada.do("/edit/weekly/1/approve", approve("2016-04-26T09:00")...)
	// Edits of what is approved stay: nobody is offered to take them back.
	for _, path := range []string{"/edit/weekly/1", "/audit"} {
		page := ada.see(path, `name="entry" value="`+lastEntry(t, d.app)+`"`, "PDT")
		if strings.Contains(page, `name="entry" value="`+edit+`"`) {
			t.Errorf("%s offers to undo an edit of an approved issue", path)
		}
	}
	w.setNow(time.Date(2016, 4, 26, 16, 1, 0, 0, time.UTC))
	w.run(d.app)
	w.wantOnce("ana@readers.example.org", "grace@readers.example.org")
	nobody.see("/issues/weekly/1")
}

// Sending is paused, goes on, and what failed is tried again; addresses are for
// admins.
func TestSendingOnTheDesk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := openDesk(w)
	ada, root := d.signIn("ada@desk.example.org"), d.signIn("root@desk.example.org")
	ada.do("/edit/weekly/1/approve", "version", ada.version(), "when", "now")
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 550, Text: "5.1.1 <ana@readers.example.org>: ana is unknown here", To: "ana@readers.example.org", Times: 1})
	if _, err := d.app.Run(t.Context(), false); !errors.Is(err, ErrLost) {
		t.Fatalf("the run: %v", err)
	}
	masked := ada.see("/edit/weekly/1", "1 sent, 0 waiting, 1 failed", "a…@readers.example.org", "… is unknown here")
	if strings.Contains(masked, "ana@") {
		t.Errorf("an editor sees an address:\n%s", masked)
	}
	root.see("/edit/weekly/1", "ana@readers.example.org")
	ada.do("/edit/weekly/1/sending", "do", "retry")
	ada.see("/edit/weekly/1", `<noscript><meta http-equiv="refresh" content="10"></noscript>`, `id="live" data-refresh="10"`, "1 waiting", "queued again what failed: 1 letters, 0 notes in channels")
	ada.do("/edit/weekly/1/sending", "do", "pause", "why", "The date is wrong")
	ada.see("/edit/weekly/1", "It stands still: The date is wrong.")
	ada.refused(http.StatusConflict, "/edit/weekly/1/sending", "stands still already", "do", "pause", "why", "again")
	w.run(d.app)
	if n := len(w.lettersTo("ana@readers.example.org")); n != 0 {
		t.Errorf("paused, %d letters went out", n)
	}
	ada.do("/edit/weekly/1/sending", "do", "resume")
	w.run(d.app)
	w.wantOnce("ana@readers.example.org", "grace@readers.example.org")
	ada.refused(http.StatusNotFound, "/edit/weekly/1/sending", "", "do", "cancel", "sure", "yes")
	ada.refused(http.StatusUnprocessableEntity, "/edit/weekly/1/sending", "mark that you are sure", "do", "cancel", "why", "no")
	ada.refused(http.StatusUnprocessableEntity, "/edit/weekly/1/sending", "mark that they arrived", "do", "arrived", "held", "0")
}

// Held letters are said to have arrived where the page had as many as there are.
func TestHeldOnTheDesk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := openDesk(w)
	ada := d.signIn("ada@desk.example.org")
	ada.do("/edit/weekly/1/approve", "version", ada.version(), "when", "now")
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Hangup, To: "ana@readers.example.org", Times: 1})
	if _, err := d.app.Run(t.Context(), false); !errors.Is(err, ErrLost) {
		t.Fatalf("the run: %v", err)
	}
	ada.see("/edit/weekly/1", "1 held", `name="held" value="1"`, "All 1 arrived")
	ada.refused(http.StatusConflict, "/edit/weekly/1/sending", "1 letter is held by now, and not 2: nothing was noted", "do", "arrived", "sure", "yes", "held", "2")
	ada.do("/edit/weekly/1/sending", "do", "arrived", "sure", "yes", "held", "1")
	page := ada.see("/edit/weekly/1", "2 sent, 0 waiting", "said that 1 letter arrived that was held")
	if strings.Contains(page, "1 held") {
		t.Errorf("a letter is still held:\n%s", page)
	}
	w.run(d.app)
	if n := len(w.lettersTo("ana@readers.example.org")); n != 1 {
		t.Errorf("%d letters", n)
	}
}
