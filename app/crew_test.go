package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/mailtest"
	"sigpost/store/storetest"
)

// composed is a world with an issue that is approved, on either engine.
func composed(t *testing.T, test func(t *testing.T, w *world, a *App)) {
	for name, dsn := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.dsn = dsn(t)
			a := w.open()
			for i := range 12 {
				w.subscribe(a, fmt.Sprintf("r%d@readers.example.org", i))
			}
			if _, err := a.Ingest(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Compose(t.Context(), w.digest(a)); err != nil {
				t.Fatal(err)
			}
			test(t, w, a)
		})
	}
}

func (w *world) readers() (all []string) {
	for i := range 12 {
		all = append(all, fmt.Sprintf("r%d@readers.example.org", i))
	}
	return all
}

// Several processes deliver an issue, while the clock of the test stands still: leases
// are by the database's, and each letter goes out once.
func TestDeliverSome(t *testing.T) {
	composed(t, func(t *testing.T, w *world, a *App) {
		apps := []*App{a}
		if a.Store.Shared() {
			apps = append(apps, w.open(), w.open())
		}
		var all sync.WaitGroup
		for _, one := range apps {
			all.Go(func() {
				if _, err := one.DeliverSome(t.Context(), w.digest(one), 1, 30*time.Second); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		w.wantOnce(w.readers()...)
		issue, err := a.Store.LastIssue(t.Context(), "weekly")
		if err != nil || issue.State != sigpost.IssueSent {
			t.Errorf("the issue is %s, %v", issue.State, err)
		}
		if r, err := a.DeliverSome(t.Context(), w.digest(a), 1, time.Second); err != nil || r.Outcome.Done() != 0 {
			t.Errorf("once more: %+v, %v", r, err)
		}
		w.wantOnce(w.readers()...)
	})
}

// Of processes that work as many send an issue as its letters are worth, and each once; the
// others end at once, and nothing is noted of them. A person's command always sends, and
// who may be dead keeps nobody's place.
func TestEnoughSend(t *testing.T) {
	composed(t, func(t *testing.T, w *world, a *App) {
		if !a.Store.Shared() {
			t.Skip("one process sends")
		}
		issue, err := a.Store.LastIssue(t.Context(), "weekly")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.beginSending(t.Context(), w.digest(a), issue, time.Time{}); err != nil {
			t.Fatal(err)
		}
		other, _, err := a.Store.JoinSenders(t.Context(), issue.ID, time.Minute, 0)
		if err != nil {
			t.Fatal(err)
		}
		one := a.asOneOfMany()
		refused := func(says string) {
			t.Helper()
			_, err := one.DoJob(t.Context(), "send weekly")
			if !busy(err) || !strings.Contains(err.Error(), says) {
				t.Errorf("got %v", err)
			}
			states, err := a.Store.Jobs(t.Context())
			if s := states["send weekly"]; err != nil || s.Failures > 0 || !s.Ended.IsZero() {
				t.Errorf("the job is %+v, %v", s, err)
			}
		}
		refused("enough others send issue")
		end, ok := one.sharing.begin(issue.ID)
		refused("this process sends issue 1 of weekly already")
		if end(); !ok || len(w.letters()) > 0 {
			t.Errorf("%v, and %d letters went out", ok, len(w.letters()))
		}
		if due, err := one.dueNow(t.Context(), []string{"send weekly"}); err != nil || due["send weekly"] != 1 {
			t.Errorf("%v are due, %v", due, err) // so that somebody looks whether it lives
		}
		// It has not renewed its lease for half of that.
		if ok, err := a.Store.RenewSender(t.Context(), other, 30*time.Second, ""); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if _, err := one.DoJob(t.Context(), "send weekly"); err != nil {
			t.Error(err)
		}
		w.wantOnce(w.readers()...)
	})
	composed(t, func(t *testing.T, w *world, a *App) {
		if !a.Store.Shared() {
			t.Skip("one process sends")
		}
		issue, err := a.Store.LastIssue(t.Context(), "weekly")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := a.Store.JoinSenders(t.Context(), issue.ID, time.Minute, 0); err != nil {
			t.Fatal(err)
		}
		if reports, err := a.Send(t.Context(), w.digest(a), false); err != nil || len(reports) != 1 || reports[0].Outcome.Sent != 12 {
			t.Errorf("%+v, %v", reports, err)
		}
	})
}

func TestSendersOf(t *testing.T) {
	for letters, want := range map[int]int{0: 1, 1: 1, 200: 1, 201: 2, 300: 2, 400: 2, 401: 3, 100_000: maxParts} {
		if got := sendersOf(letters); got != want {
			t.Errorf("%d letters are worth %d, want %d", letters, got, want)
		}
	}
}

// What is to be tried later is left, and said; days later, by the clock of the test, it
// is sent.
func TestDeliverSomeLater(t *testing.T) {
	composed(t, func(t *testing.T, w *world, a *App) {
		w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 450, Text: "later", Times: 1})
		r, err := a.DeliverSome(t.Context(), w.digest(a), 1, 10*time.Second)
		if err != nil || r.Outcome.Sent != 11 || r.Outcome.Waiting != 1 || r.Outcome.NextDue.Before(w.clock()) {
			t.Errorf("%+v, %v", r.Outcome, err)
		}
		w.setNow(w.clock().Add(24 * time.Hour))
		if r, err = a.DeliverSome(t.Context(), w.digest(a), 1, 10*time.Second); err != nil || r.Outcome.Sent != 1 {
			t.Errorf("%+v, %v", r.Outcome, err)
		}
		w.wantOnce(w.readers()...)
	})
}

// Who is interrupted says how many are still to get a letter, also of those who have no row in
// the ledger yet; there is nothing to wait for.
func TestInterruptedSendingCountsAll(t *testing.T) {
	composed(t, func(t *testing.T, w *world, _ *App) {
		w.smtpKeys = "connections = 1\nrate = 4\n"
		a := w.open()
		a.progress = func(stage string, _ Unit, _, total int) {
			if stage != "sending issue 1 of weekly" || total != 12 {
				t.Errorf("it shows %s, of %d", stage, total)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for len(w.letters()) < 2 && ctx.Err() == nil {
				time.Sleep(5 * time.Millisecond)
			}
			cancel()
		}()
		r, err := a.DeliverSome(ctx, w.digest(a), 1, 10*time.Second)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if o := r.Outcome; o.Sent < 2 || o.Sent > 6 || o.Sent+o.Waiting != 12 || !o.NextDue.IsZero() {
			t.Errorf("%+v", o)
		}
		issue, err := a.Store.LastIssue(t.Context(), "weekly")
		if err != nil {
			t.Fatal(err)
		}
		if s, err := a.Store.Sending(t.Context(), issue.ID); err != nil || s.Filled() {
			t.Errorf("all have their rows, so that this shows nothing: %+v, %v", s, err)
		}
	})
}

// Of several that find an issue too late one ends it.
func TestManyFindAnIssueTooLate(t *testing.T) {
	composed(t, func(t *testing.T, w *world, a *App) {
		w.smtpKeys = "operator = \"ops@example.org\"\n"
		w.setNow(w.clock().AddDate(0, 3, 0))
		apps := []*App{w.open()}
		if a.Store.Shared() {
			apps = append(apps, w.open(), w.open())
		}
		var all sync.WaitGroup
		for _, one := range apps {
			all.Go(func() {
				r, err := one.DeliverSome(context.Background(), w.digest(one), 1, time.Second)
				if err != nil && !errors.Is(err, ErrExpired) || err == nil && r.Outcome.Done() != 0 {
					t.Errorf("%+v, %v", r, err)
				}
			})
		}
		all.Wait()
		told, err := a.Store.Notices().To(t.Context(), "ops@example.org")
		if err != nil || len(told) != 1 || len(w.letters()) > 1 {
			t.Errorf("the operator was told %d times, and %d letters went out: %v", len(told), len(w.letters()), err)
		}
	})
}

// An approval that is taken back before the sending begins holds, and one that is taken
// back behind that is refused.
func TestUnapproveAgainstDeliverSome(t *testing.T) {
	composed(t, func(t *testing.T, w *world, a *App) {
		if _, err := a.Unapprove(t.Context(), w.digest(a), 1); err != nil {
			t.Fatal(err)
		}
		if r, err := a.DeliverSome(t.Context(), w.digest(a), 1, time.Second); err != nil || r.Outcome.Done() != 0 || len(w.letters()) > 0 {
			t.Errorf("%+v, %v", r, err)
		}
		issue, err := a.Store.LastIssue(t.Context(), "weekly")
		if err != nil {
			t.Fatal(err)
		}
		// As one has it that read before the approval was taken back.
		issue.State = sigpost.IssueApproved
		if _, err := a.sendIssue(t.Context(), w.digest(a), issue, time.Time{}, time.Second); err == nil || !strings.Contains(err.Error(), "not approved any more") {
			t.Errorf("got %v", err)
		}
		if len(w.letters()) > 0 {
			t.Error("letters went out")
		}
	})
}
