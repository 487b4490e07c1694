package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/mailtest"
)

// steps drives an app from due time to due time until a moment, and gives what was done
// at each.
func (w *world) steps(a *App, until time.Time) map[time.Time][]JobOutcome {
	w.t.Helper()
	all := map[time.Time][]JobOutcome{}
	for n := 0; ; n++ {
		if n > 5000 {
			w.t.Fatal("the clock hardly moves")
		}
		r, err := a.RunDue(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if len(r.Done) > 0 {
			all[w.clock()] = append(all[w.clock()], r.Done...)
		}
		if r.Next.IsZero() || r.Next.After(until) {
			w.setNow(until)
			return all
		}
		if !r.Next.After(w.clock()) {
			w.t.Fatalf("at %s the next is due %s, after %v", w.clock(), r.Next, r.Done)
		}
		w.setNow(r.Next)
	}
}

// when is when a job was done.
func when(all map[time.Time][]JobOutcome, name string) (at []time.Time) {
	for t, jobs := range all {
		for _, j := range jobs {
			if j.Name == name && j.Result == "done" {
				at = append(at, t)
			}
		}
	}
	slices.SortFunc(at, time.Time.Compare)
	return at
}

// A digest is composed and sent in the minute in which it is due, of mailboxes that
// were read to their end for it; all else goes by its expression.
func TestTheSchedulerGoesByTheClock(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		due := time.Date(2016, 4, 25, 13, 0, 0, 0, time.UTC) // 06:00 in Los Angeles
		w.setNow(due.Add(-36 * time.Hour))
		a := w.open()
		w.subscribe(a, "ana@readers.example.org")
		first := w.steps(a, due.Add(-time.Minute))
		if n := len(when(first, "compose weekly")); n != 1 { // the week before
			t.Errorf("composed %d times", n)
		}
		before := len(w.letters())
		all := w.steps(a, due.Add(2*time.Minute))
		if at := when(all, "compose weekly"); len(at) != 1 || !at[0].Equal(due) {
			t.Errorf("composed %v, want %v", at, due)
		}
		if at := when(all, "send weekly"); len(at) != 1 || !at[0].Equal(due) {
			t.Errorf("sent %v", at)
		}
		if n := len(w.letters()); n != before+1 {
			t.Errorf("%d letters, had %d", n, before)
		}
		hourly := when(first, "read test/INBOX")
		if len(hourly) < 36 || len(hourly) > 38 {
			t.Errorf("read %d times in 36 hours", len(hourly))
		}
		for _, at := range hourly[1:] {
			if late := at.Sub(at.Truncate(time.Hour).Add(17 * time.Minute)); late < 0 || late > 2*time.Minute {
				t.Errorf("read at %s", at)
			}
		}

		// Days in which nothing runs are made up for at once, each job once.
		w.deliver(sampleAfter(monday)...)
		w.setNow(due.AddDate(0, 0, 24))
		r, err := a.RunDue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		for _, o := range r.Done {
			if count[o.Name]++; o.Result != "done" {
				t.Errorf("%+v", o)
			}
		}
		for name, n := range count {
			if n != 1 {
				t.Errorf("%s was done %d times", name, n)
			}
		}
		last, err := a.Store.LastIssue(t.Context(), "weekly")
		if err != nil || !last.Window.From.Equal(time.Date(2016, 4, 25, 7, 0, 0, 0, time.UTC)) || !last.Window.To.Equal(time.Date(2016, 5, 16, 7, 0, 0, 0, time.UTC)) {
			t.Errorf("the issue after the downtime covers %+v, %v", last.Window, err)
		}
	})
}

// What fails is tried again, later each time, and tried no more often when it is due
// anyway; what follows from it says why it waits.
func TestTheSchedulerBacksOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.imap.Close()
	for _, address := range []string{"ana@readers.example.org"} {
		w.subscribe(a, address)
	}
	var tries []time.Time
	begin := w.clock()
	for w.clock().Before(begin.Add(3 * time.Hour)) {
		r, err := a.RunDue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range r.Done {
			if o.Name == "read test/INBOX" {
				if tries = append(tries, w.clock()); o.Result != "failed" || !strings.Contains(o.Failure, "test/INBOX") {
					t.Errorf("%+v", o)
				}
			}
			if o.Name == "compose weekly" && !strings.Contains(o.Failure, ErrNotRead.Error()) {
				t.Errorf("%+v", o)
			}
		}
		w.setNow(r.Next)
	}
	// After 1, 2, 4, 8, 16 and 30 minutes, and from then on each half an hour, and by its expression.
	if len(tries) < 9 || len(tries) > 13 {
		t.Errorf("tried %v", tries)
	}
	for i := 2; i < 5; i++ {
		if gap := tries[i].Sub(tries[i-1]); gap != time.Minute<<(i-1) {
			t.Errorf("tried again after %s", gap)
		}
	}
	states, err := a.Store.Jobs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s := states["read test/INBOX"]; !s.Failing.Equal(begin) || s.Failures != len(tries) || !s.Succeeded.IsZero() {
		t.Errorf("%+v", s)
	}
}

// A panic in a job is a failure of that job alone.
func TestAPanicIsAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	err := a.locked(t.Context(), false, func(a *App) error {
		_, err := a.perform(t.Context(), Job{Name: "broken", do: func(context.Context) (any, error) {
			var none *sigpost.Issue
			return none.Number, nil
		}})
		return err
	})
	if !errors.Is(err, errPanic) || !strings.Contains(err.Error(), "scheduler_test.go") {
		t.Errorf("%v", err)
	}
	states, _ := a.Store.Jobs(t.Context())
	if s := states["broken"]; s.Failures != 1 || s.Ended.IsZero() {
		t.Errorf("%+v", s)
	}
	w.run(a)
}

// Letters go out only in their hours: what is due waits, and what is under way stops.
func TestSendHours(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.digestKeys = "send_hours = \"09:00-17:00\"\nsend_days = [\"monday\", \"wednesday\"]\n"
	a := w.open()
	const readers = 60
	var all []string
	for i := range readers {
		all = append(all, fmt.Sprintf("reader%d@readers.example.org", i))
		w.subscribe(a, all[i])
	}
	r := w.run(a) // 07:00
	opens := time.Date(2016, 4, 25, 16, 0, 0, 0, time.UTC)
	if s := r.Digests[0].Sent; len(s) != 1 || !s[0].Waits.Equal(opens) || s[0].Hours == "" {
		t.Fatalf("before the hours: %+v", s)
	}
	// It closes when the first letter is out.
	w.setNow(opens.Add(8*time.Hour - 1))
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		for len(w.letters()) == 0 {
			time.Sleep(time.Millisecond)
		}
		w.setNow(opens.Add(8 * time.Hour))
	}()
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 451, Text: "later", To: all[0], Times: 1})
	r = w.run(a)
	<-stop
	s := r.Digests[0].Sent[0]
	closed := time.Date(2016, 4, 27, 16, 0, 0, 0, time.UTC) // Wednesday
	if n := len(w.letters()); n == 0 || n >= readers-1 || !s.Waits.Equal(closed) {
		t.Fatalf("%d letters until it closed; %+v", n, s)
	}
	all2, err := a.RunDue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all2.Done {
		if strings.HasPrefix(o.Name, "send") {
			t.Errorf("outside of the hours: %+v", o)
		}
	}
	w.steps(a, closed.Add(time.Hour))
	w.wantOnce(all...)
}

// The scheduler of a running server sends when it is time, not at the next tick; the
// pages say so at once.
func TestScheduleFiresInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	due := time.Date(2016, 4, 25, 13, 0, 0, 0, time.UTC)
	w.setNow(due.Add(-time.Hour))
	a := w.open()
	w.subscribe(a, "ana@readers.example.org")
	w.run(a)
	begin := time.Now()
	a.now = func() time.Time { return due.Add(-3*time.Second + time.Since(begin)) }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Schedule(ctx) }()
	had := len(w.letters())
	for late := time.Now().Add(patience); len(w.letters()) == had; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("nothing is sent")
		}
	}
	if at := a.now(); at.Before(due) || at.After(due.Add(longestSleep-5*time.Second)) {
		t.Errorf("sent at %s", at)
	}
	if err := a.Alive(t.Context()); err != nil {
		t.Error(err)
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the scheduler does not end")
	}
}

// Whoever looks whether the service is alive is not fooled by a loop that is stuck, nor
// by a database that does not answer.
func TestAlive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	if err := a.Alive(t.Context()); err != nil {
		t.Error(err)
	}
	b := a.beats.of(stages)
	b.until = time.Now().Add(-time.Second)
	if err := a.Alive(t.Context()); err == nil {
		t.Error("a loop is stuck and nobody notices")
	}
	b.working()
	if err := a.Alive(t.Context()); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Alive(ctx); err == nil {
		t.Error("the database does not answer and nobody notices")
	}
	b.end()
}
