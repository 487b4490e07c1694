package app

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/mailtest"
)

// troubles are the names of what goes wrong.
func troubles(t *testing.T, a *App) (names []string) {
	t.Helper()
	all, err := a.Store.Troubles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		names = append(names, one.Name)
	}
	slices.Sort(names)
	return names
}

func wantTroubles(t *testing.T, a *App, want ...string) {
	t.Helper()
	if got := troubles(t, a); !slices.Equal(got, want) {
		t.Errorf("troubles %q, want %q", got, want)
	}
}

// Held letters are told at once with what to do, by whichever job finds them, and it is
// over when an operator has settled it: not when the next job has nothing to do.
func TestHeldLettersAreTold(t *testing.T) {
	composed(t, func(t *testing.T, w *world, a *App) {
		hook := listening(t)
		w.more = "[alerts]\nwebhook = \"" + hook.URL + "/hook\"\nafter = \"1h\"\n"
		a.Config = w.config()
		told := func(want ...AlertKind) []Alert {
			t.Helper()
			if _, err := a.DoJob(t.Context(), "alerts"); err != nil {
				t.Fatal(err)
			}
			kinds, all := hook.posted(t)
			if !slices.Equal(kinds, want) {
				t.Errorf("told %+v, want %v", all, want)
			}
			return all
		}
		w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Hangup, To: w.readers()[1], Times: 1})
		if _, err := a.DoJob(t.Context(), "send weekly"); !errors.Is(err, ErrLost) {
			t.Fatalf("nothing is lost: %v", err)
		}
		wantTroubles(t, a, "letters of weekly are held")
		for _, alert := range told(AlertBegins) {
			if alert.Name != "letters of weekly are held" || alert.Words != "1 letter of issue 1 is held, since nobody knows whether it went.\n"+
				"What to do: look in the server's log whether they went; \"sigpost digest held\" names them, and takes your word of those that did (--arrived); \"sigpost digest send --resend-held\" sends the others once more." {
				t.Errorf("%+v", alert)
			}
		}
		for range 2 {
			w.setNow(w.clock().Add(time.Hour))
			if _, err := a.DoJob(t.Context(), "send weekly"); err != nil {
				t.Fatal(err)
			}
		}
		told()
		wantTroubles(t, a, "letters of weekly are held")
		w.setNow(w.clock().Add(24 * time.Hour))
		if _, err := a.DoJob(t.Context(), "silence"); err != nil { // which looks what lasts
			t.Fatal(err)
		}
		told(AlertGoesOn)
		if _, err := a.SendAgain(t.Context(), w.digest(a), sigpost.DeliveryUnknown, false); err != nil {
			t.Fatal(err)
		}
		told(AlertOver)
		wantTroubles(t, a)
	})
}

// What a process had in hand that was killed is told by whoever finds it.
func TestLettersOfAKilledSenderAreTold(t *testing.T) {
	composed(t, func(t *testing.T, w *world, a *App) {
		if !a.Store.Shared() {
			t.Skip("one process sends")
		}
		w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 450, Text: "later", Times: 3})
		if _, err := a.DoJob(t.Context(), "send weekly"); err != nil {
			t.Fatal(err)
		}
		w.setNow(w.clock().Add(24 * time.Hour))
		issue, err := a.Store.LastIssue(t.Context(), "weekly")
		if err != nil {
			t.Fatal(err)
		}
		killed, _, err := a.Store.JoinSenders(t.Context(), issue.ID, 10*time.Millisecond, 0)
		if err != nil {
			t.Fatal(err)
		}
		had, err := a.Store.TurnAs(t.Context(), killed, issue.ID, nil, w.clock(), w.clock(), 2)
		if err != nil || len(had) != 2 {
			t.Fatalf("%d letters, %v", len(had), err)
		}
		time.Sleep(50 * time.Millisecond)
		if _, err := a.DoJob(t.Context(), "send weekly"); !errors.Is(err, ErrLost) {
			t.Errorf("nothing is lost: %v", err)
		}
		if _, err := a.DoJob(t.Context(), "send weekly"); err != nil {
			t.Error(err)
		}
		wantTroubles(t, a, "letters of weekly are held")
	})
}

// What failed for good is told once, and never as well again; what is held is told again,
// and over when the next issue has gone out.
func TestFailedLettersAreToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more = "[alerts]\nmail = [\"ops@example.org\"]\n"
	a := w.open()
	readers := w.manyReaders(a, 5)
	lose := func() {
		w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Hangup, To: readers[1], Times: 1},
			mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 550, Text: "5.2.1 closed", To: readers[2], Times: 1})
	}
	lose()
	wrong := map[string]int{}
	want := func(all int) {
		t.Helper()
		wrong[""] = all
		w.told(wrong)
	}
	if _, err := a.Run(t.Context(), false); !errors.Is(err, ErrLost) {
		t.Fatalf("nothing is lost: %v", err)
	}
	wrong["Wrong: letters of weekly are held"], wrong["Wrong: letters of weekly failed"] = 1, 1
	want(2)
	for _, l := range w.letters() {
		if subject := w.header(l).Get("Subject"); l.To == "ops@example.org" && strings.Contains(subject, "failed") == strings.Contains(l.Data, "You are told once more") {
			t.Errorf("%s\n%s", subject, l.Data)
		}
	}
	w.setNow(w.clock().Add(time.Hour))
	w.run(a)
	want(2)
	w.setNow(w.clock().Add(25 * time.Hour))
	w.run(a)
	wrong["Still wrong: letters of weekly are held"] = 1
	want(3)
	// The next issue has the same trouble, which is told anew.
	week := func(n int) {
		m := news("week" + itoa(n) + "@example.net")
		m.Received = monday.AddDate(0, 0, 7*n-2)
		m.Raw = []byte(strings.ReplaceAll(string(m.Raw), "Mon, 25 Apr 2016 14:00:30 +0000", m.Received.Format(time.RFC1123Z)))
		w.deliver(m)
		w.setNow(monday.AddDate(0, 0, 7*n))
	}
	week(1)
	lose()
	if _, err := a.Run(t.Context(), false); !errors.Is(err, ErrLost) {
		t.Fatalf("nothing is lost: %v", err)
	}
	wrong["Wrong: letters of weekly are held"], wrong["Wrong: letters of weekly failed"] = 2, 2
	want(5)
	week(2)
	w.run(a)
	wrong["Well again: letters of weekly are held"] = 1
	want(6)
	wantTroubles(t, a)
}

// A job that fails otherwise, too, is told as ever, and so is its recovery, whatever
// letters are held.
func TestJobThatLosesLettersAndFails(t *testing.T) {
	t.Parallel()
	held := errors.Join(errors.New("a"), ErrLost)
	for _, c := range []struct {
		err  error
		want bool
	}{{nil, false}, {ErrLost, true}, {stageFailed{errors.Join(ErrLost)}, false}, {held, false}, {errors.Join(ErrLost, nil, ErrLost), true}, {context.Canceled, false}} {
		if got := isLetters(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
	w := newWorld(t)
	w.more = "[alerts]\nmail = [\"ops@example.org\"]\n"
	a := w.open()
	readers := w.manyReaders(a, 3)
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtMail, Do: mailtest.Refuse, Code: 530, Text: "5.7.0 not you"})
	if _, err := a.Run(t.Context(), false); err == nil {
		t.Fatal("nothing fails")
	}
	w.smtp.Reset()
	w.setNow(w.clock().Add(time.Hour))
	if _, err := a.sendNotices(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Hangup, To: readers[1], Times: 1})
	if _, err := a.Run(t.Context(), false); !errors.Is(err, ErrLost) {
		t.Fatalf("nothing is lost: %v", err)
	}
	wantTroubles(t, a, "letters of weekly are held")
	if n := w.operator("Well again: send weekly"); n != 1 {
		t.Errorf("%d letters that the server works again", n)
	}
}

// An issue that the program makes stand still is told until somebody decides; one that
// somebody has made stand still is not.
func TestStandingStillIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more = "[alerts]\nmail = [\"ops@example.org\"]\n"
	a := w.open()
	w.manyReaders(a, 20)
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Refuse, Code: 554, Text: "5.7.1 this looks like spam", Times: 9})
	if _, err := a.Run(t.Context(), false); err == nil {
		t.Fatal("nothing fails")
	}
	wantTroubles(t, a, "letters of weekly stand still")
	w.setNow(w.clock().Add(time.Hour))
	w.run(a)
	if wrong, well := w.operator("Wrong: letters of weekly stand still"), w.operator("Well again"); wrong != 1 || well != 0 || w.operator("send weekly") != 0 {
		t.Errorf("%d that it stands still, %d that it is well", wrong, well)
	}
	if _, err := a.ResumeSending(t.Context(), w.digest(a), 0); err != nil {
		t.Fatal(err)
	}
	w.setNow(w.clock().Add(time.Hour))
	if _, err := a.PauseSending(t.Context(), w.digest(a), 0, "a typing error"); err != nil {
		t.Fatal(err)
	}
	w.run(a)
	if well := w.operator("Well again: letters of weekly stand still"); well != 1 {
		t.Errorf("%d letters that it goes on", well)
	}
	wantTroubles(t, a)
}

// An issue that stands still since the archive was put back is told.
func TestStandingStillAfterARestoreIsTold(t *testing.T) {
	composed(t, func(t *testing.T, w *world, a *App) {
		w.setNow(w.clock().Add(time.Hour))
		if _, err := a.Restored(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := a.DoJob(t.Context(), "send weekly"); err != nil {
			t.Fatal(err)
		}
		wantTroubles(t, a, "letters of weekly stand still")
		if _, err := a.CancelSending(t.Context(), w.digest(a), 1, "they have it"); err != nil {
			t.Fatal(err)
		}
		wantTroubles(t, a)
	})
}

// Held letters of an issue are sent once more also where the next one is approved.
func TestHeldLettersOfTheIssueBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	readers := w.manyReaders(a, 3)
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Hangup, To: readers[1], Times: 1})
	if _, err := a.Run(t.Context(), false); !errors.Is(err, ErrLost) {
		t.Fatalf("nothing is lost: %v", err)
	}
	w.deliver(sampleAfter(monday)...)
	w.setNow(monday.AddDate(0, 0, 7))
	if _, err := a.Ingest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Compose(t.Context(), w.digest(a)); err != nil {
		t.Fatal(err)
	}
	reports, err := a.SendAgain(t.Context(), w.digest(a), sigpost.DeliveryUnknown, false)
	if err != nil || len(reports) != 2 || reports[0].Outcome.Sent != 1 || reports[1].Outcome.Sent != 3 {
		t.Errorf("%+v, %v", reports, err)
	}
	wantTroubles(t, a)
}

// The trouble of a job that the configuration does not have any more is over, which is
// told to nobody; where others share the archive it stays while one of them may have it.
func TestTroubleOfWhatIsGone(t *testing.T) {
	composed(t, func(t *testing.T, w *world, a *App) {
		w.more = "[alerts]\nmail = [\"ops@example.org\"]\n"
		a.Config = w.config()
		for _, name := range []string{"read old/INBOX", "letters of old are held", "read test/INBOX"} {
			if err := a.wrong(t.Context(), name, "it is wrong", 0); err != nil {
				t.Fatal(err)
			}
		}
		forget := func() {
			t.Helper()
			if err := a.forgetTroubles(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		forget()
		if a.Store.Shared() {
			wantTroubles(t, a, "letters of old are held", "read old/INBOX", "read test/INBOX")
			w.setNow(w.clock().Add(25 * time.Hour))
			forget()
		}
		wantTroubles(t, a, "read test/INBOX")
		told, err := a.Store.Notices().To(t.Context(), "ops@example.org")
		if err != nil || len(told) != 3 {
			t.Errorf("told %d times, %v", len(told), err)
		}
	})
}

// A run that is interrupted is no failure that pages somebody, and says so once.
func TestInterruptedRunPagesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook := listening(t)
	w.more = "[alerts]\nping_url = \"" + hook.URL + "/ping\"\n"
	w.smtpKeys = "connections = 1\n"
	a := w.open()
	readers := w.manyReaders(a, 300)
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 550, Text: "5.2.1 closed", To: readers[0], Times: 1})
	ctx, cancel := context.WithCancel(context.Background())
	a.progress = func(stage string, _ Unit, done, _ int) {
		if strings.HasPrefix(stage, "sending") && done > 0 {
			cancel()
		}
	}
	r, err := a.Run(ctx, false)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, ErrLost) {
		t.Fatal(err)
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "1 failed for good") || !strings.HasPrefix(lines[1], "interrupted; what is done is kept") {
		t.Errorf("the errors are %q", lines)
	}
	if text, err := json.Marshal(r); err != nil || strings.Contains(string(text), "context canceled") {
		t.Errorf("the report says %s, %v", text, err)
	}
	if asked, _ := hook.take(); strings.Join(asked, " ") != "GET /ping/start" {
		t.Errorf("asked %v", asked)
	}
	wantTroubles(t, a) // more may fail of an issue that is being sent
	w.run(a)
	wantTroubles(t, a, "letters of weekly failed")
}

// Where nothing is left to be sent of an issue, the report says how its letters stand, and
// where it could not be begun, that it was stopped: neither says that it has no readers.
func TestNothingLeftToSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	readers := w.manyReaders(a, 5)
	w.more = "[[dkim]]\ndomain = \"digest.example.org\"\nselector = \"s1\"\nkey_file = \"dkim.pem\"\n"
	w.write("dkim.pem", "junk")
	good := a.Config
	a.Config = w.config()
	r, err := a.Run(t.Context(), false)
	if sent := r.Digests[0].Sent; err == nil || len(sent) != 1 || !sent[0].Stopped || sent[0].Outcome.Done() > 0 {
		t.Fatalf("%+v, %v", sent, err)
	}
	a.Config = good
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Hangup, To: readers[1], Times: 1})
	if _, err := a.Run(t.Context(), false); !errors.Is(err, ErrLost) {
		t.Fatalf("nothing is lost: %v", err)
	}
	issue, err := a.Store.LastIssue(t.Context(), "weekly")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Store.SetIssueState(t.Context(), issue.ID, sigpost.IssueSending, w.clock()); err != nil { // as an interrupt leaves it
		t.Fatal(err)
	}
	if s := w.run(a).Digests[0].Sent[0]; s.Stopped || len(s.Ledger) != 2 || s.Ledger[sigpost.DeliverySent] != 4 || s.Ledger[sigpost.DeliveryUnknown] != 1 {
		t.Errorf("%+v", s)
	}
}

// That an issue was too late is told once, beside what kept it from going out: it does
// not say that this is over.
func TestTooLateIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more = "[alerts]\nmail = [\"ops@example.org\"]\n"
	a := w.open()
	readers := w.manyReaders(a, 3)
	away := mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 450, Text: "4.2.1 later"}
	for _, to := range readers {
		away.To = to
		w.smtp.Fail(away)
	}
	if _, err := a.Run(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	w.smtp.Reset()
	w.deliver(news("news@example.net")) // or the next week would be quiet
	w.setNow(w.clock().Add(15 * 24 * time.Hour))
	told := map[string]int{"Wrong: letters of weekly were too late": 1, "Wrong: send weekly": 0, "Well again: ": 0}
	if _, err := a.Run(t.Context(), false); !errors.Is(err, ErrExpired) {
		t.Errorf("it is not too late: %v", err)
	}
	w.told(told)
	wantTroubles(t, a, "letters of weekly were too late")
	for range 2 {
		w.setNow(w.clock().Add(25 * time.Hour))
		if _, err := a.Run(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	w.told(told)
}
