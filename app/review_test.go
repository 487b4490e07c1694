package app

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/digest"
	"sigpost/internal/mailtest"
	"sigpost/store"
)

const twoEditors = `editors = ["Ada <ada@editors.example.org>", "bob@editors.example.org"]` + "\n"

// lettersTo are those that one address has got, as they are read.
func (w *world) lettersTo(address string) (all []letter) {
	w.t.Helper()
	for _, l := range w.letters() {
		if l.To == address {
			l.Data = strings.ReplaceAll(l.Data, "=\n", "") // lines that quoted-printable has broken
			all = append(all, l)
		}
	}
	return all
}

func (w *world) later(d time.Duration) { w.setNow(w.clock().Add(d)) }

// Editors are told once that a draft is ready and once before the deadline, and
// then it is sent as they left it.
func TestADraftIsApprovedAtItsDeadline(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		w.digestKeys = `review = "deadline"` + "\n" + twoEditors
		a := w.open()
		w.subscribe(a, "ana@readers.example.org")
		d := w.digest(a)
		r := w.run(a).Digests[0]
		if len(r.Review) != 1 || r.Review[0].State != sigpost.IssueReady || r.Review[0].Nudged != 2 || len(r.Sent) != 0 {
			t.Fatalf("the first run: %+v", r)
		}
		if at := r.Review[0].Deadline; at.Before(monday.Add(4*time.Hour)) || at.After(monday.Add(4*time.Hour+time.Minute)) {
			t.Errorf("the deadline is %s", at)
		}
		w.wantOnce("ada@editors.example.org", "bob@editors.example.org")
		l := w.lettersTo("ada@editors.example.org")[0]
		if h := w.header(l); h.Get("Subject") != "SIG-OpenStack Weekly No. 1 is ready for you" || h.Get("List-Unsubscribe") != "" || h.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("the letter has %v", h)
		}
		for _, want := range []string{"sigpost digest approve --digest weekly 1", "sent after Monday 25 April 11:00 PDT", "Magnum"} {
			if !strings.Contains(l.Data, want) {
				t.Errorf("the letter does not say %q:\n%s", want, l.Data)
			}
		}
		save := []sigpost.Edit{{Kind: sigpost.EditNote, Text: "Good morning."}}
		if _, err := a.Edit(t.Context(), d, 0, save, nil, "ada"); err != nil {
			t.Fatal(err)
		}
		w.later(2 * time.Hour)
		w.run(a)
		w.wantOnce("ada@editors.example.org", "bob@editors.example.org")
		w.later(time.Hour + 10*time.Minute)
		w.run(a)
		w.run(a)
		ada := w.lettersTo("ada@editors.example.org")
		reminders := 0
		for _, l := range ada { // a sink does not say which came first
			if strings.HasPrefix(w.header(l).Get("Subject"), "Reminder: ") {
				reminders++
			}
		}
		if len(ada) != 2 || reminders != 1 || len(w.letters()) != 4 {
			t.Fatalf("ada has %d letters of %d", len(ada), len(w.letters()))
		}
		w.later(time.Hour)
		r = w.run(a).Digests[0]
		if r.Review[0].State != sigpost.IssueApproved || len(r.Sent) != 1 || r.Sent[0].Outcome.Sent != 1 {
			t.Fatalf("the last run: %+v", r)
		}
		if got := w.lettersTo("ana@readers.example.org"); len(got) != 1 || !strings.Contains(got[0].Data, "Good morning.") {
			t.Errorf("the reader has %d letters", len(got))
		}
		issue, err := a.Issue(t.Context(), d, 1)
		if err != nil || issue.ApprovedBy != "nobody, at the deadline" || issue.State != sigpost.IssueSent || !issue.Approved.Equal(w.clock().Truncate(time.Microsecond)) {
			t.Errorf("%+v, %v", issue.Approved, err)
		}
		w.run(a)
		if n := len(w.letters()); n != 5 {
			t.Errorf("there are %d letters, want 5", n)
		}
	})
}

// Nobody was told, so nothing approves itself; the time counts from when the
// mail server takes letters again.
func TestNoDraftIsApprovedWithoutItsEditors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.digestKeys = `review = "deadline"` + "\n" + `deadline = "1h"` + "\n" + `editors = ["ada@editors.example.org"]`
	a := w.open()
	w.subscribe(a, "ana@readers.example.org")
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 450, Text: "4.2.0 later", Times: 1})
	r := w.run(a).Digests[0]
	if !r.Review[0].Deadline.IsZero() || len(w.letters()) != 0 {
		t.Fatalf("%+v", r.Review)
	}
	w.later(3 * time.Hour)
	r = w.run(a).Digests[0]
	if r.Review[0].Deadline.Before(w.clock().Add(time.Hour)) || r.Review[0].State != sigpost.IssueReady {
		t.Errorf("%+v", r.Review)
	}
	w.wantOnce("ada@editors.example.org")
	w.later(time.Hour + time.Second)
	w.run(a)
	w.wantOnce("ada@editors.example.org", "ana@readers.example.org")
}

func TestNoEditorCanBeTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.digestKeys = `review = "deadline"` + "\n" + `editors = ["ada@editors.example.org"]`
	a := w.open()
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 550, Text: "5.1.1 no such user"})
	for range 2 {
		_, err := a.Run(t.Context(), false)
		if err == nil || !strings.Contains(err.Error(), "no editor could be told, so it does not approve itself: ada@editors.example.org: ") {
			t.Errorf("%v", err)
		}
		w.later(24 * time.Hour)
	}
}

// What the preflight finds keeps a draft from being ready, from approving
// itself, and, but for those who insist, from being approved.
func TestErrorsKeepADraftBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.digestKeys = `review = "deadline"` + "\n" + `editors = ["ada@editors.example.org"]`
	a := w.open()
	d := w.digest(a)
	if _, err := a.Ingest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Compose(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	save := []sigpost.Edit{{Kind: sigpost.EditNote, Text: "See [the page]()."}}
	if _, err := a.Edit(t.Context(), d, 0, save, nil, "ada"); err != nil {
		t.Fatal(err)
	}
	r := w.run(a).Digests[0].Review[0]
	if r.State != sigpost.IssueDraft || len(r.Errors) != 1 || !strings.Contains(r.Errors[0], `the link "the page" leads nowhere`) {
		t.Fatalf("%+v", r)
	}
	if l := w.lettersTo("ada@editors.example.org"); len(l) != 1 || !strings.Contains(w.header(l[0]).Get("Subject"), "needs you") || !strings.Contains(l[0].Data, "leads nowhere") {
		t.Errorf("%+v", l)
	}
	if _, err := a.Approve(t.Context(), d, 0, Approval{Who: "ada"}); !errors.Is(err, ErrFindings) {
		t.Errorf("%v", err)
	}
	w.later(5 * time.Hour)
	if _, err := a.Run(t.Context(), false); !errors.Is(err, ErrStuck) {
		t.Errorf("%v", err)
	}
	if issue, err := a.Approve(t.Context(), d, 0, Approval{Who: "ada", Despite: true}); err != nil || issue.State != sigpost.IssueApproved {
		t.Errorf("%v, %v", issue.State, err)
	}
}

func TestByHandWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.digestKeys = `review = "by hand"` + "\n" + twoEditors
	a := w.open()
	w.subscribe(a, "ana@readers.example.org")
	d := w.digest(a)
	dry, err := a.Run(t.Context(), true)
	if err != nil || len(dry.Digests[0].Review[0].Letters) != 2 || len(w.letters()) != 0 {
		t.Fatalf("the dry run: %+v, %v", dry.Digests, err)
	}
	for range 4 {
		w.run(a)
		w.later(23 * time.Hour)
	}
	if n := len(w.letters()); n != 4 { // two letters and two reminders
		t.Errorf("there are %d letters, want 4", n)
	}
	w.setNow(monday.Add(7 * 24 * time.Hour))
	w.deliver(sampleAfter(monday)...)
	w.run(a)
	if _, err := a.Approve(t.Context(), d, 0, Approval{Who: "ada"}); !errors.Is(err, sigpost.ErrUsage) || !strings.Contains(err.Error(), "(1, 2)") {
		t.Errorf("which of two drafts: %v", err)
	}
	if _, err := a.Approve(t.Context(), d, 1, Approval{Who: "ada"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Approve(t.Context(), d, 1, Approval{Who: "ada"}); !errors.Is(err, store.ErrFrozen) {
		t.Errorf("approved twice: %v", err)
	}
	w.run(a)
	if got := w.lettersTo("ana@readers.example.org"); len(got) != 1 || !strings.Contains(got[0].Data, "No. 1") {
		t.Errorf("the reader has %d letters", len(got))
	}
	if _, err := a.Unapprove(t.Context(), d, 1); !errors.Is(err, store.ErrFrozen) {
		t.Errorf("unapproved what was sent: %v", err)
	}
}

// A digest may be of some topics and come at another pace, from the same archive.
func TestSeveralDigests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more = `
[[digest]]
name = "kuryr"
title = "Kuryr and Magnum"
topics = ["project:kuryr", "project:magnum"]
zone = "Europe/Berlin"
from = "kuryr@digest.example.org"
unsubscribe_mailto = "leave@digest.example.org"
[[digest]]
name = "daily"
every = "day"
zone = "Europe/Berlin"
from = "daily@digest.example.org"
unsubscribe_mailto = "leave@digest.example.org"
[[digest]]
name = "monthly"
every = "month"
day = 25
zone = "UTC"
from = "monthly@digest.example.org"
unsubscribe_mailto = "leave@digest.example.org"
`
	a := w.open()
	r := w.run(a)
	weekly, kuryr, daily, monthly := r.Digests[0].Composed, r.Digests[1].Composed, r.Digests[2].Composed, r.Digests[3].Composed
	if weekly == nil || kuryr == nil || daily == nil || monthly == nil {
		t.Fatalf("%+v", r.Digests)
	}
	if kuryr.Entries < 2 || kuryr.Entries >= weekly.Entries {
		t.Errorf("%d of %d threads are on two topics", kuryr.Entries, weekly.Entries)
	}
	if from := "2016-04-24T00:00:00+02:00"; daily.Window.From.Format(time.RFC3339) != from || monthly.Window.From.Format(time.DateOnly) != "2016-03-25" {
		t.Errorf("windows: %v, %v", daily.Window, monthly.Window)
	}
	if monthly.Stats.Threads < weekly.Stats.Threads {
		t.Errorf("the month has %d threads, the week %d", monthly.Stats.Threads, weekly.Stats.Threads)
	}
	w.setNow(monday.Add(7 * 24 * time.Hour))
	w.deliver(sampleAfter(monday)...)
	w.run(a)
	d, err := a.Config.Digest("kuryr")
	if err != nil {
		t.Fatal(err)
	}
	issues, err := a.Store.Issues(t.Context(), "daily", 0)
	if err != nil || len(issues) != 2 || !issues[0].Window.From.Equal(issues[1].Window.To) || issues[0].Window.To.Sub(issues[0].Window.From) != 7*24*time.Hour {
		t.Fatalf("seven days are not one issue: %+v, %v", issues, err)
	}
	if issues, err = a.Store.Issues(t.Context(), "kuryr", 0); err != nil {
		t.Fatal(err)
	}
	for _, i := range issues {
		for _, e := range i.Entries {
			if !slices.ContainsFunc(e.Tags, func(g sigpost.Tagging) bool { return slices.Contains(d.Topics, g.Tag.String()) }) {
				t.Errorf("%s is on none of the topics", e.Headline)
			}
		}
	}
	wrong := d
	wrong.Topics = []string{"project:kuryrr"}
	if _, err := a.Preview(t.Context(), wrong); !errors.Is(err, sigpost.ErrUsage) || !strings.Contains(err.Error(), `did you mean "project:kuryr"?`) {
		t.Errorf("a topic that there is not: %v", err)
	}
}

func TestAlwaysSends(t *testing.T) {
	t.Parallel()
	for empty, want := range map[string]int{"skip": 0, "always": 2} {
		w := newWorld(t)
		w.digestKeys = `empty = "` + empty + `"`
		a := w.open()
		w.subscribe(a, "ana@readers.example.org")
		w.run(a)
		w.later(14 * 24 * time.Hour)
		before := len(w.letters())
		w.subscribe(a, "cyd@readers.example.org", "freezer") // of which there is nothing in any week
		w.run(a)
		got := w.letters()[before:]
		if len(got) != want {
			t.Errorf("%s: %d letters of a quiet week, want %d", empty, len(got), want)
		}
		for _, l := range got {
			if !strings.Contains(l.Data, "had anything new") {
				t.Errorf("%s", l.Data)
			}
		}
	}
}

// A rebuild takes today's tags, and tells an edit whose thread is gone.
func TestRebuild(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.digestKeys = `review = "by hand"`
	a := w.open()
	w.run(a)
	d := w.digest(a)
	ctx := t.Context()
	issue, err := a.Draft(ctx, d, 0)
	if err != nil {
		t.Fatal(err)
	}
	first, second := issue.Entries[0], issue.Entries[1]
	save := []sigpost.Edit{{Kind: sigpost.EditHeadline, ThreadID: first.ThreadID, Text: "Ours"}, {Kind: sigpost.EditPin, ThreadID: second.ThreadID}}
	if _, err := a.Edit(ctx, d, 0, save, nil, "ada"); err != nil {
		t.Fatal(err)
	}
	for _, g := range first.Tags {
		if _, err := a.DecideTag(ctx, string(first.Quotes[0].MessageID), g.Tag.String(), false, "ada", ""); err != nil && g.Tag.Kind != sigpost.KindNature {
			t.Fatal(err)
		}
	}
	merge, err := a.MergeThreads(ctx, string(first.Quotes[0].MessageID), string(second.Quotes[0].MessageID), "ada", "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Rebuild(ctx, d, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Difference.Gone) != 1 || len(r.Difference.Changed) == 0 || len(r.Lost) != 0 {
		t.Errorf("%+v", r)
	}
	now, err := a.Draft(ctx, d, 0)
	if err != nil || len(now.Entries) != len(issue.Entries)-1 || now.Number != issue.Number || now.Window != issue.Window {
		t.Fatalf("%d entries of %d, %v", len(now.Entries), len(issue.Entries), err)
	}
	if e := now.Entries[0]; e.ThreadID != merge.ID || e.Headline != "Ours" || !e.Pinned {
		t.Errorf("the merged thread is told as %+v", e)
	}
	again, err := a.Rebuild(ctx, d, 0)
	if err != nil || !again.Difference.None() {
		t.Errorf("composing it anew changes something again: %+v, %v", again, err)
	}
}

func TestLinksAreFollowed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/gone":
			http.Error(w, "no", http.StatusGone)
		case r.URL.Path == "/get" && r.Method == http.MethodGet, r.URL.Path == "/good":
		case r.URL.Path == "/get":
			http.Error(w, "no", http.StatusMethodNotAllowed)
		case r.URL.Path == "/inside":
			http.Redirect(w, r, "http://127.0.0.2:9/", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	a := &App{Config: &config.Config{Web: config.Web{URL: server.URL}}}
	var urls []string
	for _, path := range []string{"/good", "/gone", "/get", "/lost", "/inside"} {
		urls = append(urls, server.URL+path)
	}
	urls = append(urls, "http://127.0.0.1:1/", "http://[::1]:1/", "http://10.0.0.1/", "http://169.254.169.254/")
	got := map[string]digest.Severity{}
	for _, f := range a.checkLinks(t.Context(), urls) {
		for _, u := range urls {
			if strings.HasPrefix(f.What, "the link "+u+" ") {
				got[strings.TrimPrefix(u, server.URL)] = f.Severity
			}
		}
	}
	want := map[string]digest.Severity{"/gone": digest.Severe, "/lost": digest.Severe, "/inside": digest.Remark, "http://127.0.0.1:1/": digest.Remark,
		"http://[::1]:1/": digest.Remark, "http://10.0.0.1/": digest.Remark, "http://169.254.169.254/": digest.Remark}
	for u, s := range want {
		if got[u] != s {
			t.Errorf("%s: %q, want %q", u, got[u], s)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
}
