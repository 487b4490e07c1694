package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"sigpost"
	"sigpost/ingest"
	"sigpost/store"
)

// What is told of each stage: the rows that wait for it and since when, those that it has
// done and that have failed, and how long it took. docs/monitoring.md says what each is.

// busy says that somebody else has what was to be worked on, which is no failure.
func busy(err error) bool {
	return errors.Is(err, sigpost.ErrLocked) || errors.Is(err, sigpost.ErrCursorMoved) || errors.Is(err, store.ErrWindowTaken)
}

// attempt counts an attempt at a stage: 1 where it failed.
func attempt(ctx context.Context, err error) int {
	if err == nil || ctx.Err() != nil || busy(err) {
		return 0
	}
	return 1
}

// stageRows are what an attempt at a stage has come to. told are those of the failed that
// have been counted meanwhile.
type stageRows struct{ done, failed, told int }

// counted counts what a stage does, which says in n what became of its rows. The error
// that it gives is one failure more, where no row has failed.
func (a *App) counted(ctx context.Context, stage string, do func(n *stageRows) error) (err error) {
	n, begun, ended := stageRows{}, time.Now(), false
	defer func() {
		if n.failed == 0 {
			n.failed = attempt(ctx, err)
		}
		if !ended { // it panics
			n.failed++
		}
		if errors.Is(err, sigpost.ErrLocked) { // others do it
			return
		}
		m := a.seen()
		m.Took(stage, time.Since(begun))
		m.Rows(stage, n.done, max(0, n.failed-n.told))
	}()
	err = do(&n)
	ended = true
	return err
}

// notEven counts an attempt at a stage that failed before there was anything to count.
func (a *App) notEven(ctx context.Context, stage string, err error) error {
	a.seen().Rows(stage, 0, attempt(ctx, err))
	return err
}

// sawJob counts what a job did. What has to be counted elsewhere, since others do it
// too, is counted there: threads tagged, letters, notes, approvals.
func (a *App) sawJob(j Job, report any, r sigpost.JobReport, err error) {
	m := a.seen()
	if m == nil {
		return
	}
	m.Job(string(j.Kind), outcomeWords[r.Result], r.Took)
	stage, n, took := "", stageRows{}, r.Took
	if r.Result == sigpost.JobFailed && !busy(err) {
		n.failed = 1
	}
	switch j.Kind {
	case JobRead:
		stage = store.StageRead
	case JobTag:
		stage = store.StageTag
	case JobCompose:
		stage = store.StageCompose
	case JobReview:
		stage = store.StageReview
	default:
		return
	}
	switch of := report.(type) {
	case IngestReport:
		took = of.Took // without what was tagged meanwhile
		for _, one := range of.Mailboxes {
			m.Mail(j.Of, one.Stored, one.Duplicates, one.Quarantined)
			n.done += one.Found - one.Expunged - one.Quarantined
			n.failed += one.Quarantined
		}
	case ClassifyReport:
		took = of.Took
	case DigestReport:
		if of.Composed != nil {
			n.done = 1
		}
	}
	m.Took(stage, took)
	m.Rows(stage, n.done, n.failed)
}

// letterResults are the results of attempts at letters, as metrics name them.
var letterResults = map[sigpost.DeliveryState]string{
	sigpost.DeliverySent: "sent", sigpost.DeliveryFailed: "failed", sigpost.DeliveryQueued: "deferred",
	sigpost.DeliveryUnknown: "unknown", sigpost.DeliverySuppressed: "suppressed",
}

// sawLetters counts attempts at letters of a digest that are in the ledger by now, while
// they go out. It gives how many of them failed, or may have arrived.
func (a *App) sawLetters(digest string, results []sigpost.DeliveryResult) (lost int) {
	m := a.seen()
	if m == nil {
		return 0
	}
	sent := 0
	for _, r := range results {
		result, known := letterResults[r.State]
		if r.Untried || !known {
			continue
		}
		m.Letters(digest, result, 1)
		switch r.State {
		case sigpost.DeliverySent:
			sent++
		case sigpost.DeliveryFailed, sigpost.DeliveryUnknown:
			lost++
		}
	}
	m.Rows(store.StageSend, sent, lost)
	return lost
}

// backlogs are what waits for each stage, zeros included: of each digest, or of all.
func (a *App) backlogs(ctx context.Context, known []sigpost.Mailbox, jobs map[string]sigpost.JobState) ([]store.Backlog, error) {
	found, err := a.Store.Backlogs(ctx, a.now())
	if err != nil {
		return nil, err
	}
	found = append(found, a.toRead(known, jobs))
	for _, d := range a.Config.Digests {
		last, err := a.Store.LastWindow(ctx, d.Name)
		if err != nil {
			return nil, err
		}
		if _, due := schedule(d).Window(last, a.now()); due {
			found = append(found, store.Backlog{Stage: store.StageCompose, Digest: d.Name, Waiting: 1, Oldest: schedule(d).Since(last, a.now())})
		}
	}
	var all []store.Backlog
	add := func(stage, digest string) {
		b := store.Backlog{Stage: stage, Digest: digest}
		if i := slices.IndexFunc(found, func(f store.Backlog) bool { return f.Stage == stage && f.Digest == digest }); i >= 0 {
			b = found[i]
		}
		all = append(all, b)
	}
	for _, stage := range store.Stages() {
		if !store.OfDigests(stage) {
			add(stage, "")
			continue
		}
		for _, d := range a.Config.Digests {
			add(stage, d.Name)
		}
	}
	return all, nil
}

// toRead is what waits to be read: mails that are known to be on a server, and where
// nothing is known of a mailbox that cannot be read or was to be looked at by now, that.
func (a *App) toRead(known []sigpost.Mailbox, jobs map[string]sigpost.JobState) store.Backlog {
	b := store.Backlog{Stage: store.StageRead}
	for _, account := range a.Config.Accounts {
		for _, mailbox := range account.Mailboxes {
			name := account.Name + "/" + mailbox.Name
			cursor, last := mailboxOf(known, account.Name, mailbox.Name), jobs["read "+name]
			mails, since := a.options.Monitor.unread(name, cursor)
			since = sooner(since, sooner(cursor.Failing, last.Failing))
			at := a.byCron("read", "read "+name, last)
			if since.IsZero() && a.isDue(at) {
				since = at
			}
			since = sooner(since, a.options.Monitor.neverRead(name, a.finished(last).IsZero(), a.now()))
			if !since.IsZero() {
				b.Waiting += max(mails, 1)
				b.Oldest = sooner(b.Oldest, since)
			}
		}
	}
	b.Waiting = min(b.Waiting, store.CountedTo)
	return b
}

// seenEnd is how far a mailbox goes, and when that was seen first.
type seenEnd struct {
	ingest.End
	at time.Time
}

// maxEnds is how many ends of a mailbox are kept to tell since when mail waits.
const maxEnds = 32

// sawEnd notes how far a mailbox goes.
func (a *App) sawEnd(mailbox string, end ingest.End) {
	m := a.options.Monitor
	if m == nil || a.dry {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	ends := m.ends[mailbox]
	switch last := len(ends) - 1; {
	case last >= 0 && ends[last].UIDValidity != end.UIDValidity:
		ends = nil
	case last >= 0 && ends[last].UIDNext >= end.UIDNext:
		ends[last].Messages = end.Messages
		return
	}
	if len(ends) == maxEnds { // since when the oldest wait is a little too early then
		ends[1].at = ends[0].at
		ends = ends[1:]
	}
	m.ends[mailbox] = append(ends, seenEnd{end, a.now()})
}

// neverRead is since when it is known here that nobody has read a mailbox yet; zero where
// somebody has.
func (m *Monitor) neverRead(mailbox string, never bool, now time.Time) (since time.Time) {
	if m == nil {
		return since
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !never {
		delete(m.unbegun, mailbox)
	} else if m.unbegun[mailbox].IsZero() {
		m.unbegun[mailbox] = now
	}
	return m.unbegun[mailbox]
}

// unread is how many mails of a mailbox are known to be on its server and not behind the
// cursor, and since when; 0 where nobody here knows of any. Some may be gone from there.
func (m *Monitor) unread(mailbox string, cursor sigpost.Mailbox) (mails int, since time.Time) {
	if m == nil {
		return 0, since
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	ends := slices.DeleteFunc(m.ends[mailbox], func(e seenEnd) bool {
		if e.UIDValidity != cursor.UIDValidity { // its UIDs are others: it is read from its beginning
			return cursor.UIDValidity != 0 && !e.at.After(cursor.Complete)
		}
		return e.UIDNext <= cursor.UIDNext
	})
	m.ends[mailbox] = ends
	if len(ends) == 0 {
		return 0, since
	}
	last, from := ends[len(ends)-1], uint32(1)
	if last.UIDValidity == cursor.UIDValidity {
		from = max(from, cursor.UIDNext)
	}
	if mails = int(min(last.UIDNext-from, last.Messages)); mails == 0 {
		return 0, since
	}
	return mails, ends[0].at
}
