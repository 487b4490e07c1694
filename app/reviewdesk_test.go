package app

import (
	"context"
	"fmt"
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
		at, page := d.get(strings.ReplaceAll(first, "&amp;", "&"))
		id := atThread.FindStringSubmatch(at)[1]
		action := strings.ReplaceAll(regexp.MustCompile(`action="(/review/\d+[^"]*)" id="adding"`).FindStringSubmatch(page)[1], "&amp;", "&")
		next, page := d.post(action, url.Values{"add": {"zaqar"}})
		if !strings.HasPrefix(next, "/review/") || strings.HasPrefix(next, "/review/"+id+"?") || !strings.Contains(page, "accepted the tag Zaqar") {
			t.Fatalf("after adding it is %s:\n%s", next, page)
		}
		if _, home := d.get("/threads/" + id); !strings.Contains(home, "Zaqar") {
			t.Error("the archive does not show what was added")
		}
		entry := regexp.MustCompile(`name="entry" value="(\d+)"`).FindStringSubmatch(page)[1]
		back, page := d.post("/review/undo?reason=untagged", url.Values{"entry": {entry}})
		if !strings.HasPrefix(back, "/review/"+id) || !strings.Contains(page, "Nothing says what it is about") {
			t.Errorf("undoing leads to %s:\n%s", back, page)
		}
		if got := d.queued("untagged"); fmt.Sprint(got) != fmt.Sprint(before) {
			t.Errorf("after undoing the queue is %v, want %v", got, before)
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
	})
}

func (d *reviewers) number(id string) (n int64) {
	d.t.Helper()
	if _, err := fmt.Sscan(id, &n); err != nil {
		d.t.Fatal(err)
	}
	return n
}
