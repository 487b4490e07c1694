package app

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/mailtest"
	"sigpost/review"
	"sigpost/store"
)

// reviewers is a world in which somebody has signed in.
type reviewers struct {
	*world
	app    *App
	site   *httptest.Server
	client *http.Client
	cookie *http.Cookie
}

// plainMail are threads of which nothing says what they are about.
func plainMail(n int) (all []mailtest.Mail) {
	for i := range n {
		at := monday.Add(-time.Duration(i+1) * time.Hour)
		all = append(all, mailtest.Mail{Received: at, Raw: fmt.Appendf(nil, "Message-ID: <plain%d@example.org>\r\nFrom: Ana <ana@example.org>\r\nTo: sig-openstack@lists.example.org\r\n"+
			"Date: %s\r\nSubject: Lunch number %d\r\n\r\nWho comes to lunch number %d at noon? The table is booked.\r\n", i, at.Format(time.RFC1123Z), i, i)})
	}
	return all
}

func openReview(t *testing.T, w *world, role sigpost.Role) *reviewers {
	t.Helper()
	w.more = fmt.Sprintf("[[web.person]]\naddress = \"ada@example.org\"\nrole = %q\n", role)
	d := &reviewers{world: w, app: w.open()}
	handler, err := d.app.Handler()
	if err != nil {
		t.Fatal(err)
	}
	d.site = httptest.NewServer(handler)
	t.Cleanup(d.site.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	d.client = &http.Client{Jar: jar}
	_, token, _, err := d.app.SignIn().Link(context.Background(), "ada@example.org")
	if err != nil {
		t.Fatal(err)
	}
	_, secret, _, err := d.app.SignIn().SignIn(context.Background(), token, "a test", netip.Prefix{})
	if err != nil {
		t.Fatal(err)
	}
	site, _ := url.Parse(d.site.URL)
	d.cookie = &http.Cookie{Name: "sigpost", Value: secret, Path: "/"}
	jar.SetCookies(site, []*http.Cookie{d.cookie})
	return d
}

func (d *reviewers) do(resp *http.Response, err error) (path, body string) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if resp.StatusCode >= 500 {
		d.t.Fatalf("%s: %s\n%s", resp.Request.URL, resp.Status, data)
	}
	return resp.Request.URL.RequestURI(), string(data)
}

func (d *reviewers) get(path string) (at, body string) {
	d.t.Helper()
	return d.do(d.client.Get(d.site.URL + path))
}

func (d *reviewers) post(path string, form url.Values) (at, body string) {
	d.t.Helper()
	return d.do(d.client.PostForm(d.site.URL+path, form))
}

func (d *reviewers) queued(reason string) (ids []int64) {
	d.t.Helper()
	q := store.QueueQuery{Reason: "", Limit: 200}
	if reason != "" {
		q.Reason = "untagged"
	}
	all, err := d.app.Store.ReviewQueue(context.Background(), q)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, j := range all {
		ids = append(ids, j.ID)
	}
	return ids
}

var atThread = regexp.MustCompile(`^/review/(\d+)`)

// A reviewer goes through the queue by forms alone: adds, rejects, leaves as it is
// and takes back, and each thread is gone from the queue until something changes.
func TestReviewingByForms(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		w.deliver(plainMail(4)...)
		d, ctx := openReview(t, w, sigpost.RoleReviewer), context.Background()
		w.run(d.app)
		before := d.queued("untagged")
		if len(before) < 4 {
			t.Fatalf("the queue is %v", before)
		}
		_, page := d.get("/review?reason=untagged")
		if !strings.Contains(page, "Lunch number 0") || !strings.Contains(page, "Nothing says what it is about") {
			t.Fatalf("the queue:\n%s", page)
		}
		first := regexp.MustCompile(`href="(/review/\d+\?[^"]*)"`).FindStringSubmatch(page)[1]
		at, page := d.get(html.UnescapeString(first))
		id := atThread.FindStringSubmatch(at)[1]
		action := html.UnescapeString(regexp.MustCompile(`action="(/review/\d+[^"]*)" id="adding"`).FindStringSubmatch(page)[1])
		next, page := d.post(action, url.Values{"add": {"zaqar"}})
		if !strings.HasPrefix(next, "/review/") || strings.HasPrefix(next, "/review/"+id+"?") || !strings.Contains(page, "accepted the tag Zaqar") {
			t.Fatalf("after adding it is %s:\n%s", next, page)
		}
		if _, home := d.get("/threads/" + id); !strings.Contains(home, "Zaqar") {
			t.Error("the archive does not show what was added")
		}
		entry := regexp.MustCompile(`name="entry" value="(\d+)"`).FindStringSubmatch(page)[1]
		back, page := d.post("/review/undo?reason=untagged", url.Values{"entry": {entry}})
		if !strings.HasPrefix(back, "/review/"+id) || !strings.Contains(page, "Nothing says what it is about") || !strings.Contains(page, "Taken back: accepted the tag Zaqar") {
			t.Errorf("undoing leads to %s:\n%s", back, page)
		}
		if got := d.queued("untagged"); fmt.Sprint(got) != fmt.Sprint(before) {
			t.Errorf("after undoing the queue is %v, want %v", got, before)
		}
		for _, path := range []string{"/review", "/review/" + id, "/review/sample"} {
			if _, page := d.get(path); strings.Contains(page, "accepted the tag Zaqar (") || strings.Contains(page, `data-key="undo"`) {
				t.Errorf("%s tells of an act of before:\n%s", path, page)
			}
		}
		// Left as it is, it is gone, and stays so when it is tagged again.
		d.post("/review/"+id, url.Values{"done": {"1"}})
		if got := d.queued("untagged"); len(got) != len(before)-1 {
			t.Errorf("it is still in the queue: %v", got)
		}
		if err := d.app.Store.Tx(ctx, func(tx *store.DB) error {
			thread, err := tx.Thread(ctx, d.number(id))
			if err != nil {
				return err
			}
			return tx.SaveTaggings(ctx, thread.ID, thread.Revision, "another", nil)
		}); err != nil {
			t.Fatal(err)
		}
		if got := d.queued("untagged"); len(got) != len(before)-1 {
			t.Errorf("it came back although nothing new is in question: %v", got)
		}
		// A reader reports it, and it is back.
		if _, page := d.post("/report/"+id, url.Values{"missing": {"Zaqar"}, "words": {"it is about   queues"}}); !strings.Contains(page, "A reviewer will look") {
			t.Errorf("reporting: %s", page)
		}
		d.post("/report/"+id, url.Values{"missing": {"Zaqar"}, "words": {"again"}})
		if _, page := d.get("/review/" + id); strings.Count(page, "A reader says that it is about Zaqar: “it is about queues”") != 1 || strings.Contains(page, "again”") {
			t.Errorf("the report is not shown once:\n%s", page)
		}
		// Accepting what was reported answers the report.
		d.post("/review/"+id, url.Values{"add": {"project:zaqar"}})
		if got := d.queued(""); strings.Contains(fmt.Sprint(got), id) && len(got) > 0 && d.number(id) == got[0] {
			t.Errorf("it is in the queue although it was answered: %v", got)
		}
		for path, has := range map[string]string{"/review/counts": `"untagged":"`, "/review/tags?q=zaq": `"tag":"project:zaqar"`, "/review/tags?q=%5B%00%FF": "["} {
			if _, body := d.get(path); !strings.Contains(body, has) {
				t.Errorf("%s: %s", path, body)
			}
		}
		if _, page := d.post("/review/"+id, url.Values{"accept": {"project:no-such-tag"}}); !strings.Contains(page, "This was not done") {
			t.Errorf("a tag that there is not: %s", page)
		}
		// What is mistyped can be put right where it was typed.
		if _, page := d.post(action, url.Values{"add": {"zaqqar"}}); !strings.Contains(page, "there is no tag") || strings.Contains(page, "sigpost taxonomy") ||
			!strings.Contains(page, `value="zaqqar"`) || !strings.Contains(page, `<button name="add" value="project:zaqar"`) {
			t.Errorf("a tag that is mistyped: %s", page)
		}
		if _, page := d.post("/review/undo", url.Values{"entry": {entry}}); !strings.Contains(page, `role="alert">This was not done`) || !strings.Contains(page, `id="adding"`) {
			t.Errorf("undone twice: %s", page)
		}
	})
}

func (d *reviewers) number(id string) (n int64) {
	d.t.Helper()
	if _, err := fmt.Sscan(id, &n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

// holds are the threads for which a tag is accepted.
func (d *reviewers) holds(tag string) (ids []int64) {
	d.t.Helper()
	name, _ := sigpost.ParseTag(tag)
	all, err := d.app.Store.Threads(context.Background(), store.ThreadQuery{Tag: name, Limit: 500})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, t := range all {
		ids = append(ids, t.ID)
	}
	return ids
}

// hidden gives the value of a hidden field.
func (d *reviewers) hidden(page, name string) string {
	d.t.Helper()
	found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		d.t.Fatalf("no field %s in\n%s", name, page)
	}
	return found[1]
}

// bulkAction is where the form leads by which a page decides on several threads.
func bulkAction(t *testing.T, page string) string {
	t.Helper()
	found := regexp.MustCompile(`method="post" action="(/review/bulk[^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("nothing to decide by:\n%s", page)
	}
	return html.UnescapeString(found[1])
}

// Several threads are decided on as one act, which is undone as one.
func TestDecidingOnSeveralAtOnce(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		w.deliver(plainMail(4)...)
		d := openReview(t, w, sigpost.RoleReviewer)
		w.run(d.app)
		magnum := d.holds("project:magnum")
		if len(magnum) < 2 {
			t.Fatalf("only %v are about Magnum", magnum)
		}
		const query = "/review/bulk?tag=project:magnum"
		_, page := d.get(query)
		if !strings.Contains(page, fmt.Sprintf("%d threads", len(magnum))) || !strings.Contains(page, "Renaming") {
			t.Fatalf("the preview:\n%s", page)
		}
		if _, stale := d.post(query, url.Values{"verdict": {"reject"}, "threads": {"others"}}); !strings.Contains(stale, "Something has changed meanwhile") {
			t.Errorf("what nobody saw was applied: %s", stale)
		}
		if got := d.holds("project:magnum"); len(got) != len(magnum) {
			t.Fatalf("looking changed something: %v", got)
		}
		threads, action := d.hidden(page, "threads"), bulkAction(t, page)
		d.post(action, url.Values{"verdict": {"reject"}, "threads": {threads}, "why": {"not the ice cream"}})
		if got := d.holds("project:magnum"); len(got) != 0 {
			t.Errorf("after rejecting all it holds for %v", got)
		}
		if _, err := d.app.Classify(context.Background()); err != nil {
			t.Fatal(err)
		}
		log := w.acts(d.app)
		if log[0].Action != sigpost.AuditTagBulk || !strings.Contains(log[0].Says, fmt.Sprintf("rejected the tag Magnum of %d threads at once: not the ice cream", len(magnum))) {
			t.Errorf("the log: %+v", log[0])
		}
		// Meanwhile one of them is decided on again: that stays.
		w.later(time.Minute)
		d.post(fmt.Sprintf("/review/%d", magnum[0]), url.Values{"accept": {"project:magnum"}, "why": {"it is"}})
		_, page = d.post("/review/undo", url.Values{"entry": {fmt.Sprint(log[0].ID)}})
		if got := d.holds("project:magnum"); len(got) != len(magnum) {
			t.Errorf("after undoing it holds for %v, want %v:\n%s", got, magnum, page)
		}
		if decided, err := d.app.Store.Decisions(context.Background(), magnum[0]); err != nil || len(decided) != 1 || !decided[0].Accept {
			t.Errorf("what was decided since then: %+v, %v", decided, err)
		}
		// By words, another tag; and by a rule.
		const lunch = "/review/bulk?words=lunch&target=project:zaqar"
		_, page = d.get(lunch)
		d.post(bulkAction(t, page), url.Values{"verdict": {"accept"}, "threads": {d.hidden(page, "threads")}})
		if got := d.holds("project:zaqar"); len(got) < 4 {
			t.Errorf("Zaqar holds for %v", got)
		}
		_, page = d.get(fmt.Sprintf("/review/%d", magnum[1]))
		hits := regexp.MustCompile(`href="(/review/bulk\?rule=[^"]*)">what else this hit`).FindStringSubmatch(page)
		if hits == nil {
			t.Fatalf("no way to what else a rule hit:\n%s", page)
		}
		if _, page = d.get(html.UnescapeString(hits[1])); !strings.Contains(page, `<h2 id="found">`) || strings.Contains(page, ">0 threads") {
			t.Errorf("what else %s hit:\n%s", hits[1], page)
		}
		for _, wrong := range []string{"tag=nonsense", "least=x", "after=yesterday", "rule=x&words=y&target=project:heat", "target=project:heat", "state=accepted"} {
			if _, page := d.get("/review/bulk?" + wrong); !strings.Contains(page, `class="problem"`) {
				t.Errorf("%s is taken:\n%s", wrong, page)
			}
		}
	})
}

// Threads are split, merged and messages moved, each seen before it is done, and
// taken back.
func TestReshapingThreads(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		w.deliver(plainMail(2)...)
		d, ctx := openReview(t, w, sigpost.RoleReviewer), context.Background()
		w.run(d.app)
		shapes := func() string {
			all, err := d.app.Store.Threads(ctx, store.ThreadQuery{Limit: 500})
			if err != nil {
				t.Fatal(err)
			}
			var words []string
			for _, thread := range all {
				words = append(words, fmt.Sprintf("%s %d", thread.BaseSubject, thread.Messages))
			}
			return strings.Join(words, "\n")
		}
		before := shapes()
		lunch := func(n int) int64 {
			m, err := d.app.Store.MessageByID(ctx, sigpost.MessageID(fmt.Sprintf("plain%d@example.org", n)))
			if err != nil {
				t.Fatal(err)
			}
			return m.ThreadID
		}
		path := fmt.Sprintf("/review/threads/%d", lunch(0))
		other := fmt.Sprintf("%s/threads/%d#m3", d.site.URL, lunch(1))
		_, page := d.post(path, url.Values{"do": {"merge"}, "other": {other}})
		if !strings.Contains(page, "2 messages") || shapes() != before {
			t.Fatalf("looking at a merge:\n%s\n%s", page, shapes())
		}
		for _, seen := range []string{"", "1.1.1", d.hidden(page, "seen") + "0"} {
			if _, stale := d.post(path, url.Values{"do": {"merge"}, "other": {other}, "apply": {"1"}, "seen": {seen}}); !strings.Contains(stale, "The threads have changed since you looked") || shapes() != before {
				t.Errorf("what nobody saw was done: %s", stale)
			}
		}
		d.post(path, url.Values{"do": {"merge"}, "other": {other}, "apply": {"1"}, "why": {"one lunch"}, "seen": {d.hidden(page, "seen")}})
		if lunch(0) != lunch(1) {
			t.Error("they are not one thread")
		}
		undo := func() {
			t.Helper()
			w.later(time.Minute)
			if _, page := d.post("/review/undo", url.Values{"entry": {fmt.Sprint(w.acts(d.app)[0].ID)}}); shapes() != before {
				t.Fatalf("after undoing:\n%s\nwant\n%s\n%s", shapes(), before, page)
			}
		}
		undo()
		big, err := d.app.Store.Threads(ctx, store.ThreadQuery{Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		for _, thread := range big {
			if thread.Messages < 4 {
				continue
			}
			messages, err := d.app.Store.ThreadMessages(ctx, thread.ID)
			if err != nil {
				t.Fatal(err)
			}
			answer := string(messages[len(messages)-1].MessageID)
			path := fmt.Sprintf("/review/threads/%d", thread.ID)
			for _, c := range []url.Values{
				{"do": {"split"}, "message": {answer}},
				{"do": {"move"}, "message": {answer}, "other": {"plain0@example.org"}},
			} {
				_, page := d.post(path, c)
				if !strings.Contains(page, "These threads would come of it") || shapes() != before {
					t.Fatalf("looking at %v:\n%s", c, page)
				}
				c.Set("apply", "1")
				c.Set("seen", d.hidden(page, "seen"))
				_, done := d.post(path, c)
				if shapes() == before {
					t.Fatalf("%v does nothing:\n%s", c, done)
				}
				m, err := d.app.Store.MessageByID(ctx, sigpost.MessageID(answer))
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(done, fmt.Sprintf(`in <a href="/review/threads/%d">`, m.ThreadID)) || strings.Contains(w.acts(d.app)[0].Says, answer) {
					t.Errorf("after %v it says %q, and:\n%s", c, w.acts(d.app)[0].Says, done)
				}
				if c.Get("do") == "move" {
					if m.ThreadID != lunch(0) {
						t.Errorf("it was moved to %d, not %d", m.ThreadID, lunch(0))
					}
				}
				undo()
			}
			break
		}
		for _, wrong := range []url.Values{{}, {"do": {"split"}}, {"do": {"merge"}}, {"do": {"merge"}, "other": {"nobody@nowhere"}}, {"do": {"merge"}, "other": {"99999"}}, {"do": {"move"}, "message": {"plain0@example.org"}, "other": {"plain0@example.org"}}} {
			if _, page := d.post(path, wrong); !strings.Contains(page, `class="problem"`) || strings.Contains(page, "sigpost search") || strings.Contains(page, "json search") {
				t.Errorf("%v is taken:\n%s", wrong, page)
			}
		}
	})
}

// The week's sample is drawn once, judged, and says how precise tags are.
func TestQualityIsMeasured(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		d := openReview(t, w, sigpost.RoleAdmin)
		w.run(d.app)
		if _, page := d.get("/review/sample"); !strings.Contains(page, "has not been drawn") {
			t.Errorf("before:\n%s", page)
		}
		_, page := d.post("/review/sample", nil)
		n := strings.Count(page, `name="thread"`)
		if n < 20 {
			t.Fatalf("%d tags were drawn:\n%s", n, page)
		}
		field := regexp.MustCompile(`name="thread" value="(\d+)"><input type="hidden" name="tag" value="([^"]*)"`)
		for i, one := range field.FindAllStringSubmatch(page, 10) {
			_, page = d.post("/review/sample", url.Values{"thread": {one[1]}, "tag": {one[2]}, "verdict": {map[bool]string{true: "reject", false: "accept"}[i == 0]}})
		}
		if !strings.Contains(page, fmt.Sprintf("%d of %d are left to judge; 9 of 10 were right", n-10, n)) {
			t.Errorf("after judging ten:\n%s", page)
		}
		_, page = d.get("/review/quality")
		for _, has := range []string{"90 % (60 to 98 %) are right: 9 of 10", "Samples, week by week", "2016-04-25", "Decisions, month by month", "2016-04", "by the rule that said most"} {
			if !strings.Contains(page, has) {
				t.Errorf("%q is not there:\n%s", has, page)
			}
		}
		for path, has := range map[string]string{"/review/ingest": "Read to its end", "/review/ingest?ask=1": "all read", "/review/quarantine": "There is none"} {
			if _, page := d.get(path); !strings.Contains(page, has) {
				t.Errorf("%s: %q is not there:\n%s", path, has, page)
			}
		}
	})
}

// What is decided on a tag is in the open draft as soon as nobody holds the lock, and
// taken back it is gone again.
func TestDraftsFollowDecisions(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		w.digestKeys = "review = \"by hand\"\neditors = [\"ed@example.org\"]\n"
		d, ctx := openReview(t, w, sigpost.RoleReviewer), context.Background()
		w.run(d.app)
		draft := func() sigpost.Issue {
			t.Helper()
			issue, err := d.app.Draft(ctx, w.digest(d.app), 0)
			if err != nil {
				t.Fatal(err)
			}
			return issue
		}
		has := func(thread int64) bool {
			for _, e := range draft().Entries {
				for _, g := range e.Tags {
					if e.ThreadID == thread && g.Tag.Name == "zaqar" {
						return true
					}
				}
			}
			return false
		}
		thread := draft().Entries[0].ThreadID
		if has(thread) {
			t.Fatal("it is about Zaqar already")
		}
		ends, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() { defer close(done); d.app.watchDrafts(ends) }()
		defer func() { stop(); <-done }()
		follows := func(want bool) {
			t.Helper()
			for end := time.Now().Add(30 * time.Second); has(thread) != want; time.Sleep(50 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("the draft does not follow: want %t", want)
				}
			}
		}
		d.post(fmt.Sprintf("/review/%d", thread), url.Values{"add": {"zaqar"}})
		follows(true)
		w.later(time.Minute)
		d.post("/review/undo", url.Values{"entry": {d.lastTag(thread)}})
		follows(false)
		stop()
		<-done
		// Without the pages the next run does it.
		w.later(time.Minute)
		if _, err := d.app.DecideTag(ctx, fmt.Sprint(thread), "zaqar", true, "ben", ""); err != nil {
			t.Fatal(err)
		}
		w.run(d.app)
		if !has(thread) {
			t.Error("a run does not compose it anew")
		}
		if stale, err := d.app.Store.StaleDrafts(ctx); err != nil || len(stale) > 0 {
			t.Errorf("still to compose: %v, %v", stale, err)
		}
	})
}

// lastTag is the entry of the last decision on a thread's tags.
func (d *reviewers) lastTag(thread int64) string {
	d.t.Helper()
	for _, e := range d.acts(d.app) {
		if e.Action == sigpost.AuditTagAccept && e.Object == fmt.Sprint(thread) {
			return fmt.Sprint(e.ID)
		}
	}
	d.t.Fatal("no decision in the log")
	return ""
}

// A thread of which nothing is shown cannot be reported on, and the form shows a
// subject as readers see it.
func TestReportsKeepWhatIsHidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := monday.Add(-time.Hour).Format(time.RFC1123Z)
	w.deliver(mailtest.Mail{Received: monday.Add(-time.Hour), Raw: []byte("Message-ID: <hid@example.org>\r\nFrom: Secret Author <ana@example.org>\r\nTo: sig-openstack@lists.example.org\r\nX-No-Archive: yes\r\nDate: " + at + "\r\nSubject: Kuryr hush\r\n\r\nKuryr hush words.\r\n")},
		mailtest.Mail{Received: monday.Add(-time.Hour), Raw: []byte("Message-ID: <odd@example.org>\r\nFrom: Ana <ana@example.org>\r\nTo: sig-openstack@lists.example.org\r\nContent-Type: text/plain; charset=utf-8\r\nDate: " + at + "\r\nSubject: Ask bob@secret.example \u202eabc\r\n\r\nWords.\r\n")})
	d := openReview(t, w, sigpost.RoleReviewer)
	w.run(d.app)
	of := func(id sigpost.MessageID) string {
		m, err := d.app.Store.MessageByID(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(m.ThreadID)
	}
	for _, form := range []url.Values{nil, {"words": {"x"}}} {
		ask := func() (*http.Response, error) { return d.client.Get(d.site.URL + "/report/" + of("hid@example.org")) }
		if form != nil {
			ask = func() (*http.Response, error) {
				return d.client.PostForm(d.site.URL+"/report/"+of("hid@example.org"), form)
			}
		}
		resp, err := ask()
		if _, page := d.do(resp, err); resp.StatusCode != http.StatusGone || strings.Contains(page, "hush") || strings.Contains(page, "It is not about") {
			t.Errorf("%v: %s\n%s", form, resp.Status, page)
		}
	}
	if _, page := d.get("/report/" + of("odd@example.org")); !strings.Contains(page, "Ask bob@…") || strings.Contains(page, "secret.example") || strings.Contains(page, "\u202e") {
		t.Errorf("the form:\n%s", page)
	}
}

// A reason has a bound, and what is longer is refused in words.
func TestReasonsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deliver(plainMail(2)...)
	d := openReview(t, w, sigpost.RoleReviewer)
	w.run(d.app)
	long := strings.Repeat("x", 1001)
	magnum := d.holds("project:magnum")
	_, page := d.get("/review/bulk?tag=project:magnum")
	for path, form := range map[string]url.Values{
		fmt.Sprintf("/review/%d", magnum[0]):         {"reject": {"project:magnum"}},
		"/review/bulk?tag=project:magnum":            {"verdict": {"reject"}, "threads": {d.hidden(page, "threads")}},
		fmt.Sprintf("/review/threads/%d", magnum[0]): {"do": {"merge"}, "other": {fmt.Sprint(magnum[1])}, "apply": {"1"}},
	} {
		form.Set("why", long)
		if _, page := d.post(path, form); !strings.Contains(page, "he reason is too long: say it in at most 1000 bytes") {
			t.Errorf("%s:\n%s", path, page)
		}
	}
	if got := d.holds("project:magnum"); fmt.Sprint(got) != fmt.Sprint(magnum) {
		t.Errorf("something was done: %v, it was %v", got, magnum)
	}
}

// The desk shows no subject, author or words of what is kept out of sight.
func TestTheDeskKeepsWhatIsHidden(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		d, ctx := openReview(t, w, sigpost.RoleAdmin), sigpost.ActingAs(context.Background(), "ada@example.org")
		at := monday.Add(-time.Hour).Format(time.RFC1123Z)
		w.deliver(mailtest.Mail{Received: monday.Add(-time.Hour), Raw: []byte("Message-ID: <hid@example.org>\r\nFrom: Secret Author <ana@example.org>\r\nTo: sig-openstack@lists.example.org\r\nDate: " + at + "\r\nSubject: [Kuryr] hush\r\n\r\nKuryr hushed words on Neutron ports.\r\n")})
		w.run(d.app)
		m, err := d.app.Store.MessageByID(ctx, "hid@example.org")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.app.Store.Report(ctx, m.ThreadID, review.Report{Missing: true, Words: "look", At: d.app.now()}, "x"); err != nil {
			t.Fatal(err)
		}
		d.post("/review/sample", nil)
		secrets := []string{"hush", "Secret Author"}
		pages := map[string]bool{}
		for _, path := range []string{"/review", fmt.Sprintf("/review/%d", m.ThreadID), fmt.Sprintf("/review/threads/%d", m.ThreadID), "/review/bulk?tag=project:kuryr", "/review/sample"} {
			_, page := d.get(path)
			pages[path] = strings.Contains(page, secrets[0])
			if !pages[path] && path != "/review/sample" { // chance draws that
				t.Errorf("%s does not show it before:\n%s", path, page)
			}
		}
		if err := d.app.Store.Hide(ctx, m.ID, "ada", "it is secret", d.app.now()); err != nil {
			t.Fatal(err)
		}
		for path := range pages {
			_, page := d.get(path)
			for _, secret := range secrets {
				if strings.Contains(page, secret) {
					t.Errorf("%s shows %q:\n%s", path, secret, page)
				}
			}
		}
		_, page := d.post(fmt.Sprintf("/review/threads/%d", m.ThreadID), url.Values{"do": {"merge"}, "other": {"1"}})
		if !strings.Contains(page, "These threads would come of it") || strings.Contains(page, "hush") {
			t.Errorf("looking at a merge:\n%s", page)
		}
	})
}

// A change that somebody saw is not done to a thread that has got an answer since then.
func TestThreadsAreReshapedAsSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deliver(plainMail(2)...)
	d := openReview(t, w, sigpost.RoleReviewer)
	w.run(d.app)
	of := func(id sigpost.MessageID) int64 {
		m, err := d.app.Store.MessageByID(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return m.ThreadID
	}
	path := fmt.Sprintf("/review/threads/%d", of("plain0@example.org"))
	form := url.Values{"do": {"merge"}, "other": {"plain1@example.org"}}
	_, page := d.post(path, form)
	form.Set("apply", "1")
	form.Set("seen", d.hidden(page, "seen"))
	w.deliver(mailtest.Mail{Received: monday, Raw: []byte("Message-ID: <late@example.org>\r\nFrom: Ben <ben@example.org>\r\nTo: sig-openstack@lists.example.org\r\nIn-Reply-To: <plain1@example.org>\r\n" +
		"Date: " + monday.Format(time.RFC1123Z) + "\r\nSubject: Re: Lunch number 1\r\n\r\nI come.\r\n")})
	if _, err := d.app.Ingest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if of("late@example.org") != of("plain1@example.org") {
		t.Fatal("the answer is in another thread")
	}
	resp, err := d.client.PostForm(d.site.URL+path, form)
	if _, page := d.do(resp, err); resp.StatusCode != http.StatusConflict || !strings.Contains(page, "The threads have changed since you looked") || of("plain0@example.org") == of("plain1@example.org") {
		t.Errorf("%s\n%s", resp.Status, page)
	}
}
