package app

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/mailtest"
	"sigpost/search"
	"sigpost/store"
)

// What a reviewer removes is gone from the pages, from the reasons for tags and from
// the issue that is composed later; the log tells of it, and it can be undone.
func TestRemovedMessagesAreNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	ctx := sigpost.ActingAs(t.Context(), "rev@example.org")
	w.deliver(mailtest.Mail{Received: monday.AddDate(0, 0, -4), Raw: []byte("From: Ana <ana@example.org>\r\nMessage-ID: <secret@x>\r\nSubject: Kuryr secret plans\r\nDate: Mon, 21 Apr 2016 09:00:00 +0000\r\n\r\nKuryr has a terrible secret that nobody may read, in Neutron ports.\r\n")})
	if _, err := a.Ingest(ctx); err != nil {
		t.Fatal(err)
	}
	m, err := a.Store.MessageByID(ctx, "secret@x")
	if err != nil {
		t.Fatal(err)
	}
	handler, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	see := func(path string) (int, string) {
		t.Helper()
		resp, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	if status, body := see("/m/secret@x"); status != http.StatusOK || !strings.Contains(body, "terrible secret") {
		t.Errorf("before: %d %s", status, body)
	}
	found := func() (n int) {
		t.Helper()
		got, err := a.Store.Find(ctx, store.Find{Query: search.Parse("terrible secret", search.Names{Now: monday})})
		if err != nil {
			t.Fatal(err)
		}
		return got.Count
	}
	if n := found(); n != 1 {
		t.Errorf("found before: %d", n)
	}
	if err := a.hideMessage(ctx, m.ID, "it is a secret"); err != nil {
		t.Fatal(err)
	}
	if n := found(); n != 0 {
		t.Errorf("found while it is removed: %d", n)
	}
	if status, body := see("/m/secret@x"); status != http.StatusGone || strings.Contains(body, "secret plans") || strings.Contains(body, "terrible") {
		t.Errorf("after: %d %s", status, body)
	}
	if _, body := see("/"); strings.Contains(body, "secret plans") {
		t.Errorf("home: %s", body)
	}
	w.run(a)
	issue, err := a.Store.LastIssue(ctx, "weekly")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range issue.Entries {
		if e.ThreadID == m.ThreadID {
			t.Errorf("the issue tells of it: %+v", e)
		}
	}
	log, err := a.Store.AuditLog(ctx, store.AuditQuery{Action: sigpost.AuditMessageHide})
	if err != nil || len(log) != 1 || log[0].Who != "rev@example.org" || !strings.Contains(log[0].Says, "it is a secret") {
		t.Fatalf("the log has %+v, %v", log, err)
	}
	if err := a.Undo(ctx, log[0].ID, sigpost.Person{Addr: "other@example.org", Role: sigpost.RoleReviewer}); err != nil {
		t.Fatal(err)
	}
	if status, body := see("/m/secret@x"); status != http.StatusOK || !strings.Contains(body, "terrible secret") {
		t.Errorf("undone: %d %s", status, body)
	}
	if n := found(); n != 1 {
		t.Errorf("found again: %d", n)
	}
	if err := a.Undo(ctx, log[0].ID, sigpost.Person{Addr: "other@example.org", Role: sigpost.RoleReviewer}); err == nil {
		t.Error("it can be undone twice")
	}
	if err := a.hideMessage(ctx, m.ID, "once more"); err != nil {
		t.Fatal(err)
	}
	if err := a.hideMessage(ctx, m.ID, "and again"); !errors.Is(err, store.ErrRemoved) {
		t.Errorf("removing what is removed: %v", err)
	}
	if again, err := a.Store.AuditLog(ctx, store.AuditQuery{Action: sigpost.AuditMessageHide}); err != nil || len(again) != 2 {
		t.Errorf("the log has %+v, %v", again, err)
	}
	if removals, err := a.Store.Removals(ctx, m.ThreadID); err != nil || removals[m.ID].Why != "once more" {
		t.Errorf("removals: %+v, %v", removals, err)
	}
	if err := a.showMessage(ctx, m.ID); err != nil {
		t.Fatal(err)
	}
	if n := found(); n != 1 {
		t.Errorf("found when it is shown again: %d", n)
	}
	log, err = a.Store.AuditLog(ctx, store.AuditQuery{Action: sigpost.AuditMessageShow})
	if err != nil || len(log) != 1 {
		t.Fatalf("the log has %+v, %v", log, err)
	}
	if err := a.Undo(ctx, log[0].ID, sigpost.Person{Addr: "other@example.org", Role: sigpost.RoleReviewer}); err != nil {
		t.Fatal(err)
	}
	if m, err := a.Store.Message(ctx, m.ID); err != nil || !m.Removed {
		t.Errorf("%+v, %v", m, err)
	}
}

// A draft loses the words of a message that is removed, has them again when it is
// shown, and cannot be approved while it has them. What was approved before is not sent.
func TestRemovedMessagesAreNotMailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.digestKeys = "review = \"by hand\"\n"
	a := w.open()
	ctx := sigpost.ActingAs(t.Context(), "rev@example.org")
	w.deliver(mailtest.Mail{Received: monday.AddDate(0, 0, -4), Raw: []byte("From: Ana <ana@example.org>\r\nMessage-ID: <open@x>\r\nSubject: Kuryr libel of ports\r\nDate: Mon, 21 Apr 2016 09:00:00 +0000\r\n\r\nKuryr asks whether Neutron ports can be shared by several pods of one node.\r\n")},
		mailtest.Mail{Received: monday.AddDate(0, 0, -3), Raw: []byte("From: Ben <ben@example.org>\r\nMessage-ID: <answer@x>\r\nIn-Reply-To: <open@x>\r\nReferences: <open@x>\r\nSubject: Re: Kuryr ports in the clear\r\nDate: Mon, 22 Apr 2016 09:00:00 +0000\r\n\r\nKuryr shares trunk ports of Neutron since the last release, so they can be.\r\n")})
	w.subscribe(a, "reader@example.org")
	w.run(a)
	d := w.digest(a)
	opener, err := a.Store.MessageByID(ctx, "open@x")
	if err != nil {
		t.Fatal(err)
	}
	issue := func() sigpost.Issue {
		t.Helper()
		issue, err := a.Store.LastIssue(ctx, "weekly")
		if err != nil {
			t.Fatal(err)
		}
		return issue
	}
	tells := func(when string, want bool) {
		t.Helper()
		if got := strings.Contains(encode(issue()), "libel") && strings.Contains(encode(issue()), "several pods"); got != want {
			t.Errorf("%s: the draft has the words: %t\n%s", when, got, encode(issue()))
		}
		if !want && (strings.Contains(encode(issue()), "libel") || strings.Contains(encode(issue()), "several pods")) {
			t.Errorf("%s: the draft has some of the words:\n%s", when, encode(issue()))
		}
	}
	woken := func(when string) {
		t.Helper()
		select {
		case <-a.stale:
		default:
			t.Errorf("%s: nobody is told that drafts are to be composed anew", when)
		}
	}
	severe := func() []string {
		t.Helper()
		p, err := a.Preflight(ctx, d, issue().Number, false)
		if err != nil {
			t.Fatal(err)
		}
		return p.Severe()
	}
	tells("at first", true)
	if err := a.hideMessage(ctx, opener.ID, "libel"); err != nil {
		t.Fatal(err)
	}
	woken("removed")
	if all := severe(); len(all) != 1 || !strings.Contains(all[0], "<open@x>") {
		t.Errorf("the preflight finds %q", all)
	}
	if err := a.FreshenDrafts(ctx); err != nil {
		t.Fatal(err)
	}
	tells("removed", false)
	if all := severe(); len(all) > 0 {
		t.Errorf("the preflight finds %q", all)
	}
	if err := a.showMessage(ctx, opener.ID); err != nil {
		t.Fatal(err)
	}
	woken("shown")
	if err := a.FreshenDrafts(ctx); err != nil {
		t.Fatal(err)
	}
	tells("shown again", true)

	// People divide the thread: the draft follows that too.
	entries := len(issue().Entries)
	if _, err := a.SplitThread(ctx, "answer@x", "rev", "other matter"); err != nil {
		t.Fatal(err)
	}
	woken("split")
	if err := a.FreshenDrafts(ctx); err != nil {
		t.Fatal(err)
	}
	if n := len(issue().Entries); n != entries+1 {
		t.Errorf("split: the draft has %d entries, had %d", n, entries)
	}

	if _, err := a.Approve(ctx, d, 0, Approval{Who: "ed"}); err != nil {
		t.Fatal(err)
	}
	if err := a.hideMessage(ctx, opener.ID, "libel"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Send(ctx, d, false); !errors.Is(err, ErrHidden) || !strings.Contains(err.Error(), "<open@x>") {
		t.Errorf("sending what was removed: %v", err)
	}
	if n := len(w.letters()); n != 0 {
		t.Errorf("%d letters were sent", n)
	}
	if err := a.showMessage(ctx, opener.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Send(ctx, d, false); err != nil {
		t.Error(err)
	}
	w.wantOnce("reader@example.org")
}

// An issue that is being sent stands still when a message is removed that it quotes:
// the reason names it, an editor decides whether the rest goes out as it is.
func TestSendingStandsStillForWhatIsRemoved(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		w.digestKeys, w.smtpKeys = "review = \"by hand\"\n", "operator = \"ops@example.org\"\n"
		a := w.open()
		ctx := sigpost.ActingAs(t.Context(), "rev@example.org")
		w.subscribe(a, "reader@example.org")
		w.run(a)
		d := w.digest(a)
		issue, err := a.Approve(ctx, d, 0, Approval{Who: "ed"})
		if err != nil {
			t.Fatal(err)
		}
		quoted := quotedIn(issue)
		if len(quoted) < 2 {
			t.Fatalf("the issue quotes %q", quoted)
		}
		if _, err := a.beginSending(ctx, d, issue, time.Time{}); err != nil {
			t.Fatal(err)
		}
		message := func(id sigpost.MessageID) int64 {
			t.Helper()
			m, err := a.Store.MessageByID(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			return m.ID
		}
		standsStill := func(when string, want ...string) {
			t.Helper()
			reports, err := a.Send(ctx, d, false)
			if err != nil || len(reports) != 1 {
				t.Fatalf("%s: %+v, %v", when, reports, err)
			}
			for _, words := range want {
				if !strings.Contains(reports[0].Paused, words) {
					t.Errorf("%s: it stands still since %q, which does not say %q", when, reports[0].Paused, words)
				}
			}
			if n := len(w.lettersTo("reader@example.org")); n != 0 {
				t.Errorf("%s: %d letters were sent", when, n)
			}
		}
		// What it does not quote changes nothing.
		all, err := a.Store.Threads(ctx, store.ThreadQuery{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
	search:
		for _, th := range all {
			msgs, err := a.Store.ThreadMessages(ctx, th.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range msgs {
				if !slices.Contains(quoted, m.MessageID) {
					if err := a.hideMessage(ctx, m.ID, "spam"); err != nil {
						t.Fatal(err)
					}
					break search
				}
			}
		}
		if s, err := a.Store.Sending(ctx, issue.ID); err != nil || !s.Paused.IsZero() {
			t.Fatalf("what is not quoted was removed: %+v, %v", s, err)
		}
		if err := a.hideMessage(ctx, message(quoted[0]), "libel"); err != nil {
			t.Fatal(err)
		}
		standsStill("removed", string(quoted[0]), "resume it", "cancel the rest")
		if err := a.hideMessage(ctx, message(quoted[1]), "libel"); err != nil {
			t.Fatal(err)
		}
		standsStill("another one removed", string(quoted[0]), string(quoted[1]))
		log, err := a.Store.AuditLog(ctx, store.AuditQuery{Action: sigpost.AuditSendingPause})
		if err != nil || len(log) != 2 || log[0].Who != "rev@example.org" || !strings.Contains(log[0].Says, string(quoted[1])) {
			t.Errorf("the log has %+v, %v", log, err)
		}
		// The editor lets it go on; what is undone and done again needs them again.
		if _, err := a.ResumeSending(ctx, d, issue.Number); err != nil {
			t.Fatal(err)
		}
		if err := a.showMessage(ctx, message(quoted[0])); err != nil {
			t.Fatal(err)
		}
		shown, err := a.Store.AuditLog(ctx, store.AuditQuery{Action: sigpost.AuditMessageShow})
		if err != nil || len(shown) != 1 {
			t.Fatalf("the log has %+v, %v", shown, err)
		}
		if err := a.Undo(ctx, shown[0].ID, sigpost.Person{Addr: "rev@example.org", Role: sigpost.RoleReviewer}); err != nil {
			t.Fatal(err)
		}
		standsStill("removed by undoing", string(quoted[0]))
		if _, err := a.ResumeSending(ctx, d, issue.Number); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Send(ctx, d, false); err != nil {
			t.Fatal(err)
		}
		if n := len(w.lettersTo("reader@example.org")); n != 1 {
			t.Errorf("resumed: %d letters were sent", n)
		}
		w.run(a)
		told := 0
		for _, l := range w.letters() {
			if strings.Contains(l.Data, "Not sent") && strings.Contains(l.Data, "sigpost digest resume") {
				told++
			}
		}
		if told == 0 {
			t.Error("the operator was not told")
		}
	})
}

// Letters of an issue that go out once more, since they had failed, wait too.
func TestLostLettersWaitForWhatIsRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, ctx := w.open(), t.Context()
	w.subscribe(a, "reader@example.org")
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 550, Text: "5.1.1 unknown here", To: "reader@example.org", Times: 1})
	if _, err := a.Run(ctx, false); !errors.Is(err, ErrLost) {
		t.Fatalf("the run: %v", err)
	}
	issue, err := a.Store.LastIssue(ctx, "weekly")
	if err != nil || issue.State != sigpost.IssueSent {
		t.Fatalf("%s, %v", issue.State, err)
	}
	m, err := a.Store.MessageByID(ctx, quotedIn(issue)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := a.hideMessage(ctx, m.ID, "libel"); err != nil {
		t.Fatal(err)
	}
	reports, err := a.SendAgain(ctx, w.digest(a), sigpost.DeliveryFailed, false)
	if err != nil || len(reports) != 1 || !strings.Contains(reports[0].Paused, string(m.MessageID)) || len(w.letters()) != 0 {
		t.Fatalf("%d letters, %+v, %v", len(w.letters()), reports, err)
	}
	if _, err := a.ResumeSending(ctx, w.digest(a), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Send(ctx, w.digest(a), false); err != nil {
		t.Fatal(err)
	}
	w.wantOnce("reader@example.org")
}

// No output of a published issue has the words of a message that was removed since.
func TestOutputsAreWithoutWhatIsRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.web = "https://digest.example.org"
	a, ctx := w.open(), t.Context()
	w.subscribe(a, "reader@example.org")
	w.run(a)
	issue, err := a.Store.LastIssue(ctx, "weekly")
	if err != nil || !issue.State.Public() {
		t.Fatalf("%s, %v", issue.State, err)
	}
	var quote sigpost.Quote
	for _, e := range issue.Entries {
		if len(e.Quotes) > 0 && quote.Text == "" && len(strings.Fields(e.Quotes[0].Text)) > 9 {
			quote = e.Quotes[0]
		}
	}
	words := strings.Join(strings.Fields(quote.Text)[:9], " ")
	m, err := a.Store.MessageByID(ctx, quote.MessageID)
	if err != nil {
		t.Fatal(err)
	}
	has := func(format string) bool {
		t.Helper()
		data, err := a.Copy(ctx, w.digest(a), issue, format, "")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(strings.Join(strings.Fields(string(data)), " "), words)
	}
	formats := []string{FormatText, FormatHTML, FormatMail, FormatWeb, FormatMarkdown, FormatAtom, FormatSlack, FormatIRC}
	before := 0
	for _, format := range formats {
		if has(format) {
			before++
		}
	}
	if before < 4 {
		t.Fatalf("%q is in %d outputs", words, before)
	}
	for _, id := range append(evidenceWith(issue, words), m.MessageID) { // answers that quote it are removed one by one
		m, err := a.Store.MessageByID(ctx, id)
		if err == nil && !m.Removed {
			err = a.hideMessage(ctx, m.ID, "libel")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, format := range formats {
		if has(format) {
			t.Errorf("%s has %q of <%s>, which was removed: %v", format, words, quote.MessageID, evidenceWith(issue, words))
		}
	}
	stored, err := a.Store.LastIssue(ctx, "weekly")
	if err != nil || !strings.Contains(encode(stored), string(quote.MessageID)) {
		t.Errorf("what is stored has changed: %v", err)
	}
}

// evidenceWith names the messages from which an issue has words as a reason for a tag.
func evidenceWith(issue sigpost.Issue, words string) (ids []sigpost.MessageID) {
	for _, e := range issue.Entries {
		for _, t := range e.Tags {
			for _, seen := range t.Evidence {
				if strings.Contains(seen.Excerpt, words) {
					ids = append(ids, seen.MessageID)
				}
			}
		}
	}
	return ids
}
