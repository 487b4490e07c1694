package soak_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"sigpost/app"
	"sigpost/soak"
)

// killed counts how often the server was.
const killed = "server killed"

// serve has a server begin to do what cron did, or end: by SIGTERM, in time.
func (w *world) serve(on bool) {
	w.t.Helper()
	switch {
	case on && w.server == nil:
		w.server = w.begin("server")
		w.aimed = false
		if a, err := w.server.tell(command{Op: "serve", Now: w.now}); err != nil || a.Err != "" {
			w.t.Fatalf("%s: the server does not begin: %s %v", w.now.Format(time.RFC3339), a.Err, err)
		}
	case !on && w.server != nil:
		w.calmServer()
		begin, ending := time.Now(), w.server
		w.server = nil
		ending.Process.Signal(syscall.SIGTERM)
		if err := ending.Wait(); err != nil || time.Since(begin) > 10*time.Second {
			w.t.Errorf("%s: the server ends after %s: %v", w.now.Format(time.RFC3339), time.Since(begin), err)
		}
		w.settle()
		w.done["server ended"]++
	}
}

// calmServer has nothing strike the server any more.
func (w *world) calmServer() {
	w.imap.strike(0, nil)
	w.smtp.strike(0, nil)
	if w.aimed {
		w.done[killed]++ // now, as it has not been when it was at work
		w.done[killed+" at rest"]++
		w.server.Process.Kill()
		w.revive()
	}
}

// attend has the server know what time it is, and come to an end of what it does by
// itself, before anything else happens. Of mail that comes it is told by IDLE alone.
func (w *world) attend(e soak.Event) {
	w.t.Helper()
	switch e.Kind {
	case soak.Deliver, soak.Run, soak.Depart:
	default:
		if w.server != nil {
			w.serves()
		}
	}
}

// serves has the server do all that is due. One that dies at it is started again.
func (w *world) serves() {
	w.t.Helper()
	for range 20 {
		a, err := w.server.tell(command{Op: "settle", Now: w.now})
		if err == nil {
			w.done["settled by the server"]++
			w.ran(a, true)
			return
		}
		if !w.aimed {
			w.t.Fatalf("%s: the server is gone, and nobody killed it: %v", w.now.Format(time.RFC3339), err)
		}
		w.done[killed]++
		w.done[killed+" at "+w.aimedAt]++
		w.revive()
	}
	w.t.Fatalf("%s: the server never comes to an end", w.now.Format(time.RFC3339))
}

// revive starts the server again that was killed.
func (w *world) revive() {
	w.t.Helper()
	w.server.Wait()
	w.inHand()
	w.imap.strike(0, nil)
	w.smtp.strike(0, nil)
	w.settle()
	w.drain()
	w.goOn(w.moment(time.Now())) // behind all that it did
	w.troubled = w.now.Add(9 * time.Hour)
	w.server = nil
	w.serve(true)
}

// aim has the server be killed at some point of what it does next: it may be at once, or
// days later.
func (w *world) aim(e soak.Event) {
	w.t.Helper()
	if w.server == nil {
		w.t.Fatal("there is no server to be killed")
	}
	if w.aimed { // the one before has not struck
		w.calmServer()
	}
	w.aimed, w.aimedAt = true, e.Where
	kill := func(p *process) func() { return func() { p.Process.Kill() } }(w.server)
	switch {
	case e.Where == "smtp" && !w.smtpDown:
		w.smtp.strike(1+e.Number%60_000, kill)
	case e.Where == "imap" && !w.imapDown:
		w.imap.strike(1+e.Number%2_500, kill)
	case e.Where == "time":
		time.AfterFunc(time.Duration(e.Number%60)*time.Millisecond, kill)
	default:
		w.aimedAt = "clock"
		if _, err := w.server.tell(command{Op: "die", Now: w.now, Number: 1 + e.Number%400}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// settle has the scheduler look what is due, and waits until nothing is and nothing is
// being done. What failed since a moment is as a run tells it. What other processes make
// due it would see within half a minute by itself.
func (p *product) settle(ctx context.Context, since time.Time, a *answer) error {
	for begin, looks := time.Now(), 0; ; time.Sleep(5 * time.Millisecond) {
		if looks++; looks%50 == 1 {
			p.Look()
		}
		plans, err := p.Plans(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(plans, p.works) {
			return p.settled(ctx, plans, since, a)
		}
		if time.Since(begin) > 3*time.Minute {
			for _, plan := range plans {
				if p.works(plan) {
					return fmt.Errorf("after %s the job %q is still to be done: due %s, %+v", time.Since(begin), plan.Job.Name, plan.Next, plan.State)
				}
			}
		}
	}
}

// works says whether a job is due, or is being done by this process.
func (p *product) works(plan app.Plan) bool {
	now := p.clock.now()
	due := !plan.Next.IsZero() && !plan.Next.After(now)
	return due || plan.State.Begun.After(plan.State.Ended) && !plan.State.Begun.Before(p.opened) && !plan.State.Begun.After(now)
}

func (p *product) settled(ctx context.Context, plans []app.Plan, since time.Time, a *answer) error {
	var failures []string
	for _, plan := range plans {
		s := plan.State
		if plan.Job.Kind == app.JobRead && s.Succeeded.Before(since) {
			a.Failed = append(a.Failed, plan.Job.Of)
		}
		expected := strings.Contains(s.Failure, app.ErrRestored.Error()) || strings.Contains(s.Failure, app.ErrLost.Error())
		if !s.Failing.IsZero() && !s.Failed.Before(since) && !expected {
			failures = append(failures, s.Failure)
		}
	}
	_, restored, err := p.Store.PutBack(ctx)
	if err != nil {
		return err
	}
	doubted, err := p.Doubted(ctx)
	a.Restored, a.Paused = restored, len(doubted) > 0
	if err == nil && len(failures) > 0 {
		err = fmt.Errorf("%s", strings.Join(failures, "\n"))
	}
	return err
}
