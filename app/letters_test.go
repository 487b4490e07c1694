package app

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/logs"
	"sigpost/internal/mailtest"
	"sigpost/subscribe"
)

// Letters are as each reader wants them, have their links in them, and tell by
// their envelope which of them comes back.
func TestLettersAreAsReadersWantThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.web = "https://digest.example.org"
	w.mailboxes = serviceMailbox
	w.digestKeys = "service_address = \"weekly-request@digest.example.org\"\n"
	w.service()
	a := w.open()
	ctx := context.Background()
	wishes := map[string]func(*sigpost.Subscription){
		"all@readers.example.org":    func(*sigpost.Subscription) {},
		"text@readers.example.org":   func(s *sigpost.Subscription) { s.Text = true },
		"paused@readers.example.org": func(s *sigpost.Subscription) { s.PausedUntil = monday.AddDate(0, 0, 9) },
		"gone@readers.example.org":   func(*sigpost.Subscription) {},
	}
	readers := map[string]sigpost.Subscription{}
	for addr, wish := range wishes {
		s := w.subscribe(a, addr)
		wish(&s)
		var err error
		if s, err = a.Store.SetPreferences(ctx, s); err != nil {
			t.Fatal(err)
		}
		readers[addr] = s
	}
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 550, Text: "5.1.1 no such user", To: "gone@readers.example.org", Times: 1})
	w.setNow(monday.Add(time.Hour))
	if _, err := a.Run(ctx, false); !errors.Is(err, ErrLost) {
		t.Errorf("%v", err)
	}
	w.wantOnce("all@readers.example.org", "text@readers.example.org")

	for _, l := range w.smtp.Letters() {
		s := readers[l.To[0]]
		id, err := a.bounceOf(l.From)
		if err != nil || id != w.letterTo(a, s).ID || !strings.HasPrefix(l.From, "weekly-request+b") {
			t.Errorf("the letter to %s is from %s: %v", l.To[0], l.From, err)
		}
		plain := strings.ReplaceAll(string(l.Data), "=\r\n", "")
		for _, want := range []string{"/unsubscribe/" + a.tokens.Unsubscribe(s.ID), "/preferences/" + a.preferencesToken(s), "List-Unsubscribe-Post: List-Unsubscribe=One-Click"} {
			if !strings.Contains(plain, want) {
				t.Errorf("the letter to %s has no %s", l.To[0], want)
			}
		}
		if html := strings.Contains(plain, "text/html"); html == s.Text {
			t.Errorf("the letter to %s has HTML: %v", l.To[0], html)
		}
	}
	// The refusal of an address counts against it, as a report does.
	bounces, err := a.Store.Bounces(ctx, readers["gone@readers.example.org"].ID, 9)
	if err != nil || len(bounces) != 1 || bounces[0].Class != sigpost.BounceHard || bounces[0].Source != sigpost.BounceSMTP || !bounces[0].Counts {
		t.Errorf("%+v, %v", bounces, err)
	}
	if row := w.letterTo(a, readers["paused@readers.example.org"]); row.State != sigpost.DeliverySuppressed || !strings.Contains(row.Reply, "paused until 2016-05-04") {
		t.Errorf("who pauses has %+v", row)
	}

	// A letter that comes back to its envelope sender, and a reader who answers.
	all := readers["all@readers.example.org"]
	w.service(notDelivered(1, subscribe.BounceAddress("weekly-request@digest.example.org", a.tokens.Bounce(w.letterTo(a, all).ID)), "all@readers.example.org",
		"5.2.2", "552 5.2.2 mailbox full", "Subject: cut off"),
		"From: text@readers.example.org\nTo: weekly-request@digest.example.org\nSubject: unsubscribe\nMessage-ID: <leave@readers.example.org>\nDate: Mon, 25 Apr 2016 15:00:00 +0000\n\nunsubscribe\n")
	if service := w.run(a).Ingest.Service; service.Reports != 1 || service.Letters != 1 {
		t.Errorf("%+v", service)
	}
	if bounces, err := a.Store.Bounces(ctx, all.ID, 9); err != nil || len(bounces) != 1 || bounces[0].Reason != "mailboxfull" {
		t.Errorf("%+v, %v", bounces, err)
	}
	if state := w.state(a, readers["text@readers.example.org"]); state != sigpost.SubscriptionEnded {
		t.Errorf("who asked to leave is %s", state)
	}
	letters := w.letters()
	last := letters[len(letters)-1]
	if last.To != "text@readers.example.org" || !strings.Contains(last.Data, "weekly-request") {
		t.Errorf("who left was told %s", last.Data)
	}
}

// An issue that is refused for what it says stands still, and the operator is told.
func TestOperatorIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.smtpKeys = "operator = \"ops@example.org\"\n"
	a := w.open()
	w.manyReaders(a, 20)
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Refuse, Code: 554, Text: "5.7.1 this looks like spam", Times: 9})
	r, err := a.Run(context.Background(), false)
	if err == nil || r.Digests[0].Sent[0].Paused == "" {
		t.Errorf("%+v, %v", r.Digests[0].Sent, err)
	}
	w.setNow(w.clock().Add(time.Hour))
	if r, err = a.Run(context.Background(), false); err != nil || r.Digests[0].Sent[0].Paused == "" || r.Digests[0].Sent[0].Outcome.Done() > 0 {
		t.Errorf("the next run: %+v, %v", r.Digests[0].Sent, err)
	}
	told := 0
	for _, l := range w.letters() {
		if l.To == "ops@example.org" && strings.Contains(l.Data, "sigpost digest resume") && strings.Contains(l.Data, "looks like spam") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the operator was told %d times", told)
	}
}

// The line about sending does not contradict itself: it is complete where nothing waits,
// and says what stopped it.
func TestSendingEndedSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	log := &logged{}
	a.log = logs.New(log, logs.Text, slog.LevelInfo)
	w.subscribe(a, "ana@readers.example.org")
	w.subscribe(a, "ada@readers.example.org")
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 450, Text: "later", Times: 1})
	w.run(a)
	w.setNow(w.clock().Add(24 * time.Hour))
	stopped, stop := context.WithCancel(t.Context())
	stop()
	a.Send(stopped, w.digest(a), false)
	w.run(a)
	var got []string
	for line := range strings.Lines(log.String()) {
		if _, said, ok := strings.Cut(line, "sending ended"); ok {
			got = append(got, regexp.MustCompile(`sent=\d|waiting=\d|complete=\S+|stopped=`).FindAllString(said, -1)...)
		}
	}
	if want := "sent=1 waiting=1 complete=false sent=1 waiting=0 complete=true"; strings.Join(got, " ") != want {
		t.Errorf("%s, want %s", got, want)
	}
}
