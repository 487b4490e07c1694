package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
	"sigpost/store"
	"sigpost/subscribe"
)

// service puts mail into the service mailbox.
func (w *world) service(mails ...string) {
	w.t.Helper()
	var all []mailtest.Mail
	for _, m := range mails {
		all = append(all, mailtest.Mail{Raw: []byte(strings.ReplaceAll(m, "\n", "\r\n")), Received: w.clock()})
	}
	if w.dovecot != nil {
		var real []peertest.Mail
		for _, m := range all {
			real = append(real, peertest.Mail{Raw: m.Raw, Received: m.Received})
		}
		w.dovecot.Load(w.t, "Service", real)
	} else if err := w.imap.Append("Service", all); err != nil {
		w.t.Fatal(err)
	}
}

const serviceMailbox = `[[account.mailbox]]
name = "Service"
for = "service"
`

// notDelivered is a report that a letter could not be delivered. to is where it is
// sent, returned the header of the letter.
func notDelivered(number int, to, recipient, status, diagnosis, returned string) string {
	return fmt.Sprintf(`From: MAILER-DAEMON@mx.example.net
To: %s
Subject: Undelivered Mail Returned to Sender
Message-ID: <report-%d@mx.example.net>
Date: Mon, 25 Apr 2016 15:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_r"

--=_r
Content-Type: text/plain

It could not be delivered.
--=_r
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; %s
Action: failed
Status: %s
Diagnostic-Code: smtp; %s

--=_r
Content-Type: text/rfc822-headers

%s
--=_r--
`, to, number, recipient, status, diagnosis, returned)
}

// letterTo gives the delivery of the newest letter to a reader.
func (w *world) letterTo(a *App, s sigpost.Subscription) sigpost.Delivery {
	w.t.Helper()
	issue, err := a.Store.LastIssue(context.Background(), "weekly")
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := a.Store.Deliveries(context.Background(), issue.ID, "")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range all {
		if d.SubscriptionID == s.ID {
			return d
		}
	}
	w.t.Fatalf("no letter went to %s", s.Subscriber.Addr)
	return sigpost.Delivery{}
}

func (w *world) state(a *App, s sigpost.Subscription) sigpost.SubscriptionState {
	w.t.Helper()
	now, err := a.Store.Subscription(context.Background(), s.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return now.State
}

// What comes to a service mailbox is acted on and not archived: reports by the
// address that they were sent to or by the letter in them, complaints, automatic
// answers, and letters.
func TestServiceMailbox(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(*testing.T) *world{"in process": newWorld, "Dovecot": newRealWorld} {
		t.Run(name, func(t *testing.T) { testServiceMailbox(t, make(t)) })
	}
}

func testServiceMailbox(t *testing.T, w *world) {
	w.mailboxes = serviceMailbox
	w.service() // an empty one
	a := w.open()
	var answered []sigpost.MessageID
	a.answer = func(_ context.Context, _ *store.DB, m *sigpost.Message, raw []byte) error {
		if len(raw) == 0 {
			return errors.New("no bytes")
		}
		answered = append(answered, m.MessageID)
		return nil
	}
	gone, angry, away, full := w.subscribe(a, "gone@example.net"), w.subscribe(a, "angry@example.net"), w.subscribe(a, "away@example.net"), w.subscribe(a, "full@example.net")
	w.setNow(monday.Add(time.Hour))
	w.run(a)
	w.wantOnce("gone@example.net", "angry@example.net", "away@example.net", "full@example.net")

	tokenTo := func(s sigpost.Subscription) string {
		return subscribe.BounceAddress("weekly@digest.example.org", a.tokens.Bounce(w.letterTo(a, s).ID))
	}
	header := func(s sigpost.Subscription) string {
		return "From: weekly@digest.example.org\nTo: " + s.Subscriber.Addr + "\nSubject: Issue\nMessage-ID: " + w.letterTo(a, s).MessageID.String()
	}
	w.service(
		notDelivered(1, tokenTo(gone), "gone@example.net", "5.1.1", "550 5.1.1 User unknown", "Subject: cut off"),
		// Anybody can write this: the address alone proves nothing.
		notDelivered(2, "weekly@digest.example.org", "away@example.net", "5.1.1", "550 5.1.1 User unknown", "Message-ID: <guessed@digest.example.org>"),
		notDelivered(3, "weekly+b1-0000000000@digest.example.org", "away@example.net", "5.1.1", "550 5.1.1 User unknown", "Message-ID: <guessed@digest.example.org>"),
		notDelivered(4, "weekly@digest.example.org", "full@example.net", "5.7.1", "554 5.7.1 Message rejected, it looks like spam", header(full)),
		"From: feedback@provider.example.net\nTo: weekly@digest.example.org\nSubject: FW: Issue\nMessage-ID: <arf@provider.example.net>\n"+
			"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=\"=_r\"\n\n--=_r\nContent-Type: text/plain\n\nA complaint.\n"+
			"--=_r\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n--=_r\nContent-Type: message/rfc822\n\n"+header(angry)+"\n\ntext\n--=_r--\n",
		"From: away@example.net\nTo: weekly@digest.example.org\nSubject: Out of office\nAuto-Submitted: auto-replied\nMessage-ID: <away@example.net>\n\nBack on Monday.\n",
		"From: away@example.net\nTo: weekly@digest.example.org\nSubject: unsubscribe\nMessage-ID: <leave@example.net>\n\nunsubscribe\n",
	)
	service := w.run(a).Ingest.Service
	if want := (ServiceReport{Reports: 2, Complaints: 1, Unmatched: 2, AutoReplies: 1, Letters: 1, Ended: 1}); service != want {
		t.Errorf("%+v\nwant %+v", service, want)
	}
	if len(answered) != 1 || answered[0] != "leave@example.net" {
		t.Errorf("answered: %v", answered)
	}
	for s, want := range map[*sigpost.Subscription]sigpost.SubscriptionState{&gone: "active", &angry: "ended", &away: "active", &full: "active"} {
		if got := w.state(a, *s); got != want {
			t.Errorf("%s is %s, want %s", s.Subscriber.Addr, got, want)
		}
	}
	if _, err := a.Store.MessageByID(context.Background(), "leave@example.net"); !errors.Is(err, sigpost.ErrNotFound) {
		t.Errorf("a mail to a service mailbox is in the archive: %v", err)
	}

	// The same mail under other UIDs is nothing new, wherever it comes.
	w.service(notDelivered(1, tokenTo(gone), "gone@example.net", "5.1.1", "550 5.1.1 User unknown", "Subject: cut off"))
	if service := w.run(a).Ingest.Service; service != (ServiceReport{Again: 1}) {
		t.Errorf("again: %+v", service)
	}

	// The next letter that comes back suspends, and the one after is not sent.
	w.deliver(sampleAfter(monday)...)
	w.setNow(monday.Add(7*24*time.Hour + time.Hour))
	w.run(a)
	w.service(notDelivered(5, tokenTo(gone), "gone@example.net", "5.1.1", "550 5.1.1 User unknown", "Subject: cut off"))
	if service := w.run(a).Ingest.Service; service != (ServiceReport{Reports: 1, Suspended: 1}) {
		t.Errorf("the second one: %+v", service)
	}
	if got := w.state(a, gone); got != sigpost.SubscriptionSuspended {
		t.Errorf("whose letters came back twice is %s", got)
	}
	report, err := a.Bounces(context.Background(), 30)
	if err != nil || len(report.Suspended) != 1 || report.Suspended[0].Address != "gone@example.net" || report.Suspended[0].Reason != "userunknown" {
		t.Errorf("%+v, %v", report, err)
	}
	var blocked int
	for _, c := range report.Counts {
		if c.Reason == "spamdetected" && !c.Counts {
			blocked += c.Count
		}
	}
	if blocked != 1 {
		t.Errorf("counts: %+v", report.Counts)
	}
}

// An archive that was put back does not know the letter that a reader complains of. The
// link in it is known all the same.
func TestComplaintOfAnUnknownLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mailboxes = serviceMailbox
	complaint := func(id, link string) string {
		return "From: feedback@provider.example.net\nTo: weekly+b99-0000000000@digest.example.org\nSubject: FW: Issue\nMessage-ID: <" + id + "@provider.example.net>\n" +
			"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=\"=_r\"\n\n--=_r\nContent-Type: text/plain\n\nA complaint.\n" +
			"--=_r\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n--=_r\nContent-Type: message/rfc822\n\n" +
			"Message-ID: <lost@digest.example.org>\nList-Unsubscribe: " + link + "\n\ntext\n--=_r--\n"
	}
	a := w.open()
	angry, other, third := w.subscribe(a, "angry@example.net"), w.subscribe(a, "other@example.net"), w.subscribe(a, "third@example.net")
	mailto := "<mailto:leave@digest.example.org?subject=unsubscribe%20" + a.tokens.Unsubscribe(third.ID) + ">"
	w.service(complaint("one", "<https://digest.example.org/unsubscribe/"+a.tokens.Unsubscribe(angry.ID)+">"), complaint("two", mailto),
		complaint("forged", "<https://digest.example.org/unsubscribe/"+strings.Repeat("A", 36)+">"))
	if got := w.run(a).Ingest.Service; got != (ServiceReport{Complaints: 2, Ended: 2, Unmatched: 1}) {
		t.Errorf("%+v", got)
	}
	for s, want := range map[*sigpost.Subscription]sigpost.SubscriptionState{&angry: "ended", &other: "active", &third: "ended"} {
		if got := w.state(a, *s); got != want {
			t.Errorf("%s is %s, want %s", s.Subscriber.Addr, got, want)
		}
	}
	if why, err := a.suppressed(t.Context(), "angry@example.net"); why != "complaint" || err != nil {
		t.Errorf("suppressed for %q, %v", why, err)
	}
}

// A mailbox that is made anew has other UIDs, and nothing happens twice.
func TestServiceMailboxMadeAnew(t *testing.T) {
	t.Parallel()
	w := newRealWorld(t)
	w.mailboxes = serviceMailbox
	letter := "From: ada@example.net\nTo: weekly@digest.example.org\nSubject: help\nMessage-ID: <help@example.net>\n\nhelp\n"
	w.service(letter)
	a := w.open()
	n := 0
	a.answer = func(context.Context, *store.DB, *sigpost.Message, []byte) error { n++; return nil }
	if got := w.run(a).Ingest.Service; got != (ServiceReport{Letters: 1}) || n != 1 {
		t.Errorf("%+v, answered %d", got, n)
	}
	w.dovecot.Remove(t, "Service")
	w.service(letter, strings.ReplaceAll(letter, "help", "topics"))
	if got := w.run(a).Ingest.Service; got != (ServiceReport{Letters: 1, Again: 1}) || n != 2 {
		t.Errorf("made anew: %+v, answered %d", got, n)
	}
}

// A failing hook stops nothing but itself, and what it did is undone.
func TestServiceMailIsKeptUntilItIsActedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mailboxes = serviceMailbox
	w.service("From: ada@example.net\nTo: weekly@digest.example.org\nSubject: help\nMessage-ID: <help@example.net>\n\nhelp\n")
	a := w.open()
	broken := errors.New("the archive is broken")
	a.answer = func(context.Context, *store.DB, *sigpost.Message, []byte) error { return broken }
	report, err := a.Ingest(context.Background())
	if !errors.Is(err, broken) || report.Service != (ServiceReport{}) || report.Stored == 0 {
		t.Errorf("%+v, %v", report, err)
	}
	n := 0
	a.answer = func(context.Context, *store.DB, *sigpost.Message, []byte) error { n++; return nil }
	if report, err := a.Ingest(context.Background()); err != nil || report.Service != (ServiceReport{Letters: 1}) || n != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}

// Refusals at the door count as reports do, once for each letter.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	s := w.subscribe(a, "gone@example.net")
	w.setNow(monday.Add(time.Hour))
	w.run(a)
	ctx := context.Background()
	d := w.letterTo(a, s)
	for i, want := range []sigpost.BounceEffect{sigpost.BounceNoted, sigpost.BounceKnown} {
		got, err := a.Refused(ctx, a.Store, d, s, "550-5.1.1 The email account that you tried to reach does not exist.\n550 5.1.1 Please try again", "RCPT", "mx.example.net")
		if err != nil || got != want {
			t.Errorf("time %d: %s, %v", i+1, got, err)
		}
	}
	all, err := a.Store.Bounces(ctx, s.ID, 10)
	if err != nil || len(all) != 1 || all[0].Class != sigpost.BounceHard || all[0].Source != sigpost.BounceSMTP || !all[0].Counts || all[0].Domain != "example.net" {
		t.Errorf("%+v, %v", all, err)
	}
}
