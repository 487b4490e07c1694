package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/mailtest"
	"sigpost/search"
	"sigpost/store"
)

// everywhere runs a test on in-process servers with SQLite, and on Dovecot,
// smtp-sink and PostgreSQL.
func everywhere(t *testing.T, test func(t *testing.T, w *world)) {
	t.Run("in process, SQLite", func(t *testing.T) { test(t, newWorld(t)) })
	t.Run("Dovecot, smtp-sink, PostgreSQL", func(t *testing.T) { test(t, newRealWorld(t)) })
}

func TestTheWholeWay(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		a := w.open()
		w.subscribe(a, "Ana Moreau <ana@readers.example.org>")
		w.subscribe(a, "ben@readers.example.org", "murano")
		w.subscribe(a, "cyd@readers.example.org", "freezer") // of which the week says nothing

		r := w.run(a)
		if r.Ingest.Stored != 57 || r.Ingest.Duplicates != 1 || r.Ingest.Quarantined != 0 {
			t.Errorf("ingest: %+v", r.Ingest.AddCounts)
		}
		d := r.Digests[0]
		if d.Composed == nil || d.Composed.Number != 1 || d.Composed.Stats.Threads != 17 || d.Composed.Stats.Messages != 50 {
			t.Fatalf("composed: %+v", d.Composed)
		}
		if s := d.Sent[0]; s.Outcome.Sent != 2 || s.Nothing != 1 {
			t.Errorf("sent: %+v", s)
		}
		w.wantOnce("ana@readers.example.org", "ben@readers.example.org")
		for _, l := range w.letters() {
			h := w.header(l)
			for key, want := range map[string]string{
				"Auto-Submitted": "auto-generated", "Precedence": "bulk", "List-Unsubscribe-Post": "",
				"List-Id": `"SIG-OpenStack Weekly" <weekly.digest.example.org>`,
			} {
				if h.Get(key) != want {
					t.Errorf("to %s: %s is %q, want %q", l.To, key, h.Get(key), want)
				}
			}
			if !strings.HasPrefix(h.Get("List-Unsubscribe"), "<mailto:leave@digest.example.org?subject=unsubscribe") {
				t.Errorf("List-Unsubscribe: %s", h.Get("List-Unsubscribe"))
			}
			if l.To == "ben@readers.example.org" && strings.Contains(l.Data, "Cinder volume stays") {
				t.Error("a thread that ben does not follow")
			}
		}

		w.setNow(monday.Add(time.Hour))
		if r = w.run(a); r.Ingest.Stored != 0 || r.Classify.Threads != 0 || r.Digests[0].Composed != nil || len(r.Digests[0].Sent) != 0 {
			t.Errorf("the second run did something: %+v", r)
		}

		// The week after has news, and our own letter, which the list sent back.
		own := w.letters()[0].Data
		w.deliver(sampleAfter(monday)...)
		w.deliver(mailtest.Mail{Raw: []byte(strings.ReplaceAll(own, "\n", "\r\n")), Received: monday.Add(26 * time.Hour)})
		w.setNow(monday.AddDate(0, 0, 7))
		r = w.run(a)
		if c := r.Digests[0].Composed; c == nil || c.Number != 2 || c.Stats.Messages != 5 || !c.Window.From.Equal(d.Composed.Window.To) {
			t.Errorf("the second issue: %+v", c)
		}
		issue, err := a.Store.LastIssue(context.Background(), "weekly")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range issue.Entries {
			if strings.Contains(e.Headline, "Weekly") {
				t.Errorf("the digest tells of itself: %s", e.Headline)
			}
			if e.Headline == "" || e.New > 3 {
				t.Errorf("old news: %+v", e)
			}
		}
	})
}

func TestDryRunSaysExactlyWhatARunThenDoes(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		a := w.open()
		w.subscribe(a, "ana@readers.example.org")
		dry, err := a.Run(context.Background(), true)
		if err != nil {
			t.Fatal(err)
		}
		if n, _, _, _ := a.Store.CountMessages(context.Background()); n != 0 {
			t.Errorf("%d messages are stored", n)
		}
		if _, err := a.Store.LastIssue(context.Background(), "weekly"); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("there is an issue: %v", err)
		}
		if n := len(w.letters()); n != 0 {
			t.Fatalf("%d letters were sent", n)
		}
		wet := w.run(a)
		if letters := dry.Digests[0].Sent[0].Letters; len(letters) != 1 || letters[0].To != "ana@readers.example.org" {
			t.Errorf("letters of the dry run: %+v", letters)
		} else if id := w.header(w.letters()[0]).Get("Message-Id"); id != letters[0].MessageID.String() {
			t.Errorf("sent %s, said %s", id, letters[0].MessageID)
		}
		if d, r := whatWasDone(dry), whatWasDone(wet); d != r {
			t.Errorf("dry: %s\nrun: %s", d, r)
		}
	})
}

// whatWasDone is a report without times and without what only a dry run has.
func whatWasDone(r RunReport) string {
	c := *r.Digests[0].Composed
	c.Took = 0
	text, _ := json.Marshal([]any{r.Ingest.AddCounts, r.Classify.Threads, r.Classify.Tagged, c, r.Digests[0].Sent[0].Queued, r.Digests[0].Sent[0].Outcome})
	return string(text)
}

// A fetch that is cut off at any place goes on where it stopped, and the
// archive is the same in the end as an undisturbed one.
func TestIngestInterruptedAnywhere(t *testing.T) {
	t.Parallel()
	whole := newWorld(t)
	want := archived(t, whole, whole.open())
	total := whole.imap.BytesSent()
	const cuts = 12
	for i := range cuts {
		t.Run(fmt.Sprintf("cut %d of %d", i+1, cuts), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			at := total * int64(i) / cuts
			// As often as a fetch tries again by itself, and once more.
			w.imap.FailNext(mailtest.CutAfterBytes(at), mailtest.CutAfterBytes(at/2), mailtest.CutAfterBytes(at/3), mailtest.CutAfterBytes(at), mailtest.CutAfterBytes(at))
			a := w.open()
			for range 4 {
				if _, err := a.Ingest(context.Background()); err == nil {
					break
				}
			}
			if got := archived(t, w, a); got != want {
				t.Errorf("the archive differs:\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// archived ingests and gives the archive's messages, thread by thread.
func archived(t *testing.T, w *world, a *App) string {
	t.Helper()
	ctx := context.Background()
	if _, err := a.Ingest(ctx); err != nil {
		t.Fatal(err)
	}
	n, threads, quarantined, err := a.Store.CountMessages(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d messages, %d threads, %d in quarantine\n", n, threads, quarantined)
	for _, m := range sampleBefore(monday) {
		parsed, err := a.parse(m.Raw, m.Received)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := a.Store.MessageByID(ctx, parsed.MessageID)
		if err != nil {
			t.Fatal(err)
		}
		root, err := a.Store.ThreadMessages(ctx, stored.ThreadID)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s in the thread of %s\n", stored.MessageID, root[0].MessageID)
	}
	return b.String()
}

// Sending that is interrupted goes on where it stopped: everybody gets one
// letter.
func TestSendInterrupted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fault mailtest.SMTPFault
	}{
		{"the connection is lost at MAIL", mailtest.SMTPFault{At: mailtest.AtMail, Do: mailtest.Hangup, Nth: 7}},
		{"the connection is lost at RCPT", mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Hangup, Nth: 7}},
		{"the server is busy", mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 450, Text: "later", Nth: 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			a := w.open()
			readers := w.manyReaders(a, 20)
			w.smtp.Fail(c.fault)
			// Whatever the first run says, later ones finish the work.
			_, _ = a.Run(context.Background(), false)
			for range 3 {
				w.setNow(w.clock().Add(time.Hour))
				w.run(a)
			}
			w.wantOnce(readers...)
		})
	}
	t.Run("by a signal", func(t *testing.T) {
		w := newWorld(t)
		a := w.open()
		readers := w.manyReaders(a, 300)
		ctx, cancel := context.WithCancel(context.Background())
		a.progress = func(stage string, _ Unit, done, _ int) {
			if strings.HasPrefix(stage, "sending") && done > 0 {
				cancel()
			}
		}
		if _, err := a.Run(ctx, false); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		if n := len(w.letters()); n == 0 || n == len(readers) {
			t.Errorf("%d letters before the interrupt was heard", n)
		}
		w.run(a)
		w.wantOnce(readers...)
	})
}

func TestUnknownDeliveryIsHeldAndCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	readers := w.manyReaders(a, 5)
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Hangup, To: readers[1], Times: 1})
	r, err := a.Run(context.Background(), false)
	sent := r.Digests[0].Sent[0]
	if !errors.Is(err, ErrLost) || sent.Outcome.Unknown != 1 || sent.Outcome.Sent != 4 {
		t.Errorf("%+v, %v", sent, err)
	}
	if len(sent.Lost) != 1 || sent.Lost[0].To != readers[1] || sent.Lost[0].State != sigpost.DeliveryUnknown {
		t.Errorf("lost: %+v", sent.Lost)
	}
	w.setNow(w.clock().Add(24 * time.Hour))
	w.run(a)
	w.wantOnce(readers...) // it had arrived

	// The operator may decide otherwise.
	if _, err := a.SendAgain(context.Background(), w.digest(a), sigpost.DeliveryUnknown, false); err != nil {
		t.Error(err)
	}
	if n := len(w.letters()); n != 6 {
		t.Errorf("%d letters", n)
	}
	var ids []string
	for _, l := range w.letters() {
		if l.To == readers[1] {
			ids = append(ids, w.header(l).Get("Message-Id"))
		}
	}
	if len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("the repeat has another Message-ID: %v", ids)
	}
}

// What is refused for good is said, and can be tried again.
func TestFailedLettersAreSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	readers := w.manyReaders(a, 3)
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 550, Text: "5.1.1 no such user", To: readers[1], Times: 1})
	r, err := a.Run(context.Background(), false)
	if lost := r.Digests[0].Sent[0].Lost; !errors.Is(err, ErrLost) || len(lost) != 1 || lost[0].To != readers[1] || !strings.Contains(lost[0].Why, "no such user") {
		t.Errorf("%+v, %v", lost, err)
	}
	w.wantOnce(readers[0], readers[2])
	if _, err := a.SendAgain(context.Background(), w.digest(a), sigpost.DeliveryFailed, false); err != nil {
		t.Error(err)
	}
	w.wantOnce(readers...)
}

// Letters that are lost are named also in a run that something else stops.
func TestLostLettersAreNamedWhenSendingStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.smtpKeys = "connections = 1\n"
	a := w.open()
	readers := w.manyReaders(a, 20)
	w.smtp.Fail(
		mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 550, Text: "no such user", To: readers[0], Times: 1},
		mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 554, Text: "5.7.1 Relay access denied", Times: 5})
	r, err := a.Run(context.Background(), false)
	sent := r.Digests[0].Sent[0]
	if !errors.Is(err, ErrLost) || !strings.Contains(err.Error(), "in a row got nowhere") || len(sent.Lost) != 1 || sent.Lost[0].To != readers[0] {
		t.Errorf("%+v, %v", sent.Lost, err)
	}
	w.setNow(w.clock().Add(time.Hour))
	w.run(a)
	w.wantOnce(readers[1:]...)
}

// A preview has the number that the issue will have, quiet weeks or not.
func TestPreviewAfterAQuietWeek(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.subscribe(a, "ana@readers.example.org")
	if issue, err := a.Preview(context.Background(), w.digest(a)); err != nil || issue.Number != 1 {
		t.Errorf("before the first: number %d, %v", issue.Number, err)
	}
	w.run(a)
	w.setNow(monday.AddDate(0, 0, 7))
	if c := w.run(a).Digests[0].Composed; c.State != sigpost.IssueQuiet {
		t.Fatalf("the week is not quiet: %+v", c)
	}
	w.setNow(monday.AddDate(0, 0, 9))
	if issue, err := a.Preview(context.Background(), w.digest(a)); err != nil || issue.Number != 2 {
		t.Errorf("after a quiet week: number %d, %v", issue.Number, err)
	}
}

// A server that refuses us altogether costs nobody their issue.
func TestRelayDeniedLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.smtpKeys = "connections = 1\n"
	a := w.open()
	readers := w.manyReaders(a, 20)
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 554, Text: "5.7.1 Relay access denied", Times: 5})
	if r, err := a.Run(context.Background(), false); err == nil || r.Digests[0].Sent[0].Outcome.Failed > 0 {
		t.Errorf("%+v, %v", r.Digests[0].Sent[0].Outcome, err)
	}
	w.setNow(w.clock().Add(time.Hour))
	w.run(a)
	w.wantOnce(readers...)
}

// A summit that is near is reason enough for a letter.
func TestIssueOfEventsAloneIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more = `
[[summit]]
title = "Summit"
first = 2016-06-08
last = 2016-06-10
zone = "UTC"
`
	w.setNow(time.Date(2016, 6, 6, 14, 0, 0, 0, time.UTC))
	a := w.open()
	w.subscribe(a, "ana@readers.example.org")
	w.subscribe(a, "ben@readers.example.org", "kuryr")
	if r := w.run(a); r.Digests[0].Composed.Number != 1 || r.Digests[0].Composed.Entries != 0 {
		t.Errorf("%+v", r.Digests[0].Composed)
	}
	w.wantOnce("ana@readers.example.org", "ben@readers.example.org")
}

// Issues that wait are sent in their order, and not any more when the one after
// them is overdue.
func TestIssuesThatWaitedAreSentInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deliver(sampleAfter(monday)...)
	a := w.open()
	w.subscribe(a, "ana@readers.example.org")
	ctx := context.Background()
	if _, err := a.Ingest(ctx); err != nil {
		t.Fatal(err)
	}
	for week := range 2 {
		w.setNow(monday.AddDate(0, 0, 7*week))
		if _, err := a.Ingest(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Compose(ctx, w.digest(a)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Send(ctx, w.digest(a), false); err != nil {
		t.Fatal(err)
	}
	letters := w.letters()
	if len(letters) != 2 || !strings.Contains(letters[0].Data, "No. 1") || !strings.Contains(letters[1].Data, "No. 2") {
		t.Errorf("%d letters, not No. 1 and then No. 2", len(letters))
	}
}

// A job that stood still for months does not surprise anybody with old issues.
func TestStaleIssuesExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.subscribe(a, "ana@readers.example.org")
	ctx := context.Background()
	if _, err := a.Ingest(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Compose(ctx, w.digest(a)); err != nil {
		t.Fatal(err)
	}
	w.setNow(w.clock().AddDate(0, 3, 0))
	reports, err := a.Send(ctx, w.digest(a), false)
	if !errors.Is(err, ErrExpired) || len(reports) != 1 || reports[0].Ended == "" || len(w.letters()) != 0 {
		t.Errorf("%+v, %v; %d letters", reports, err, len(w.letters()))
	}
	if reports, err = a.Send(ctx, w.digest(a), false); err != nil || len(reports) != 0 {
		t.Errorf("once more: %+v, %v", reports, err)
	}
}

// Who changes topics between two attempts gets no empty letter.
func TestTopicsChangedBeforeARetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.subscribe(a, "ana@readers.example.org", "murano")
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 450, Text: "later", Times: 1})
	w.run(a)
	w.subscribe(a, "ana@readers.example.org", "freezer")
	w.setNow(w.clock().Add(24 * time.Hour))
	w.run(a)
	w.wantOnce()
}

// What is not tagged yet is tagged before an issue is cut by tags.
func TestComposeTagsFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.subscribe(a, "ben@readers.example.org", "murano")
	ctx := context.Background()
	if _, err := a.Ingest(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Compose(ctx, w.digest(a)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Send(ctx, w.digest(a), false); err != nil {
		t.Fatal(err)
	}
	w.wantOnce("ben@readers.example.org")
}

// Our letters are known by the ledger where the list has replaced the List-Id,
// and by the List-Id where the Message-ID is another.
func TestOwnLettersAreKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.subscribe(a, "ana@readers.example.org")
	w.run(a)
	sent := w.letters()[0].Data
	id := w.header(w.letters()[0]).Get("Message-Id")
	at := monday.Add(26 * time.Hour)
	for _, back := range []string{
		strings.Replace(sent, "<weekly.digest.example.org>", "<sig-openstack.lists.example.org>", 1),
		strings.Replace(sent, id, "<rewritten@example.org>", 1),
	} {
		if back == sent {
			t.Fatal("nothing was replaced")
		}
		w.deliver(mailtest.Mail{Raw: []byte(strings.ReplaceAll(back, "\n", "\r\n")), Received: at})
	}
	w.setNow(monday.AddDate(0, 0, 1).Add(time.Hour))
	w.run(a)
	for _, id := range []string{strings.Trim(id, "<>"), "rewritten@example.org"} {
		m, err := a.Store.MessageByID(context.Background(), sigpost.MessageID(id))
		if err != nil || !m.Own {
			t.Errorf("%s: own %v, %v", id, m.Own, err)
		}
	}
}

func (w *world) manyReaders(a *App, n int) (addresses []string) {
	for i := range n {
		addresses = append(addresses, fmt.Sprintf("reader%d@readers.example.org", i))
		w.subscribe(a, addresses[i])
	}
	return addresses
}

func TestRunsAtTheSameTime(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		first := w.open()
		readers := w.manyReaders(first, 10)
		var wg sync.WaitGroup
		errs := make([]error, 3)
		apps := []*App{first, w.open(), w.open()}
		for i, a := range apps {
			wg.Go(func() { _, errs[i] = a.Run(context.Background(), false) })
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if !errors.Is(err, sigpost.ErrLocked) {
				t.Error(err)
			}
		}
		if done == 0 {
			t.Error("no run did anything")
		}
		w.wantOnce(readers...)
	})
}

// What comes after the issue of its window is in the next one, once.
func TestLateMailIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.subscribe(a, "ana@readers.example.org")
	w.run(a)
	late := mailtest.Mail{Received: monday.AddDate(0, 0, -3), Raw: []byte(strings.ReplaceAll(`Received: from a by b; Fri, 22 Apr 2016 14:00:00 +0000
From: Late Writer <late@example.net>
To: sig-openstack@lists.example.org
Subject: Kuryr on a slow link
Date: Fri, 22 Apr 2016 14:00:00 +0000
Message-ID: <late@example.net>

Our Kuryr agent needs a minute for every port on a slow link.
`, "\n", "\r\n"))}
	w.deliver(late)
	for week := 1; week <= 2; week++ {
		w.setNow(monday.AddDate(0, 0, 7*week))
		r := w.run(a)
		c := r.Digests[0].Composed
		if week == 1 && (c.Stats.Messages != 1 || c.State == sigpost.IssueQuiet) {
			t.Errorf("the week after: %+v", c)
		}
		if week == 2 && c.State != sigpost.IssueQuiet {
			t.Errorf("two weeks after: %+v", c)
		}
	}
}

// Two mails with one Message-ID: what differs by header and footer is one
// message, what says something else is not lost.
func TestMailsWithTheSameMessageID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	mail := func(subject, text string) mailtest.Mail {
		return mailtest.Mail{Received: monday.Add(-time.Hour), Raw: []byte("From: Ana <ana@example.net>\r\nMessage-ID: <same@example.net>\r\nSubject: " +
			subject + "\r\n\r\n" + text + "\r\n")}
	}
	w.deliver(mail("Ports", "One port per pod."), mail("[list] Ports", "One  port per pod.\r\n_______________________________________________\r\nList mailing list\r\nList@lists.example.net"),
		mail("Ports", "Quite another thing."))
	ctx := context.Background()
	first, err := a.Ingest(ctx)
	if err != nil || first.Different != 1 || first.Modified != 2 || first.Quarantined != 0 {
		t.Errorf("at first: %+v, %v", first, err)
	}
	w.deliver(mail("Ports", "And a third."), mail("Ports", "Quite another thing."))
	second, err := a.Ingest(ctx)
	if err != nil || second.Different != 1 || second.Duplicates != 1 || second.Stored != 1 {
		t.Errorf("then: %+v, %v", second, err)
	}
	for text, claimed := range map[string]sigpost.MessageID{"port": "", "quite": "same@example.net", "third": "same@example.net"} {
		hits, err := a.Store.Find(ctx, store.Find{Query: search.Parse(text+" ana@example.net", search.Names{})})
		var found []sigpost.Message
		for _, h := range hits.Hits {
			m, err := a.Store.MessageByID(ctx, h.MessageID)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, m)
		}
		if err != nil || len(found) != 1 || found[0].Claimed != claimed || (claimed == "") != (found[0].MessageID == "same@example.net") {
			t.Errorf("%s: %+v, %v", text, found, err)
		}
	}
}

// A window is not closed over a mailbox that could not be read.
func TestNoIssueFromAMailboxThatWasNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.subscribe(a, "ana@readers.example.org")
	w.imap.FailNext(mailtest.CutAfterBytes(0), mailtest.CutAfterBytes(0), mailtest.CutAfterBytes(0), mailtest.CutAfterBytes(0), mailtest.CutAfterBytes(0), mailtest.CutAfterBytes(0))
	r, err := a.Run(context.Background(), false)
	if !errors.Is(err, ErrNotRead) || r.Digests[0].Composed != nil {
		t.Errorf("%+v, %v", r, err)
	}
	w.imap.FailNext()
	w.setNow(monday.Add(2 * 24 * time.Hour)) // it is back on Wednesday
	for range 3 {
		if r, err = a.Run(context.Background(), false); err == nil {
			break
		}
	}
	if c := r.Digests[0].Composed; c == nil || !c.Window.To.Equal(time.Date(2016, 4, 25, 7, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v", c, err)
	}
	w.wantOnce("ana@readers.example.org")
}

// The one click of RFC 8058 works from what stands in the letter alone, and a
// scanner that only looks changes nothing.
func TestOneClickUnsubscribe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.web = "http://127.0.0.1:1" // known before the server is
	a := w.open()
	w.subscribe(a, "ana@readers.example.org")
	w.run(a)
	h := w.header(w.letters()[0])
	if h.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
		t.Fatalf("List-Unsubscribe-Post: %q", h.Get("List-Unsubscribe-Post"))
	}
	url, _, _ := strings.Cut(strings.TrimPrefix(h.Get("List-Unsubscribe"), "<"), ">")
	handler, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	url = strings.Replace(url, w.web, server.URL, 1)

	for _, step := range []struct {
		method string
		want   sigpost.SubscriptionState
	}{{http.MethodGet, sigpost.SubscriptionActive}, {http.MethodHead, sigpost.SubscriptionActive}, {http.MethodPost, sigpost.SubscriptionEnded}} {
		req, _ := http.NewRequest(step.method, url, strings.NewReader("List-Unsubscribe=One-Click"))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		s, err := a.Store.SubscriptionFor(context.Background(), "weekly", "ana@readers.example.org")
		if err != nil || resp.StatusCode != http.StatusOK || s.State != step.want {
			t.Errorf("%s: status %d, %s, %v", step.method, resp.StatusCode, s.State, err)
		}
	}
	w.deliver(sampleAfter(monday)...)
	w.setNow(monday.AddDate(0, 0, 7))
	w.run(a)
	w.wantOnce("ana@readers.example.org") // the first issue's
}

func TestReceived(t *testing.T) {
	t.Parallel()
	day := func(d int) time.Time { return time.Date(2016, 4, d, 12, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		name                  string
		trace, sent, internal time.Time
		want                  time.Time
	}{
		{"as the server says", day(3), day(3), day(3).Add(time.Minute), day(3).Add(time.Minute)},
		{"a copied mailbox", day(3), day(3), day(20), day(3)},
		{"a copied mailbox without traces", time.Time{}, day(3), day(20), day(3)},
		{"a slow way", day(3), day(1), day(4), day(4)},
		{"a Date of its own", day(20), day(1), day(20), day(20)},
		{"a Date in the future", day(3), day(29), day(3), day(3)},
		{"no dates at all", time.Time{}, time.Time{}, time.Time{}, monday},
		{"a file", day(3), day(2), time.Time{}, day(3)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := received(&sigpost.Message{Trace: c.trace, Sent: c.sent}, c.internal, monday); !got.Equal(c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
