package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/store"
	"sigpost/thread"
	"sigpost/web"
)

// Rethread changes which messages are a thread, and gives the threads that come of
// it. Without apply it only says what would come of it, with what stands for the threads
// as they are, and changes nothing. What is applied must be what was seen: else the error
// wraps web.ErrOtherThreads.
func (d reviewDesk) Rethread(ctx context.Context, c web.ThreadChange, apply bool, who, why string) (after []sigpost.Thread, seen string, err error) {
	decisions, first, err := d.rethreading(ctx, c)
	if err != nil {
		return nil, "", onPage(err)
	}
	if !apply {
		return d.foresee(ctx, decisions, first)
	}
	err = d.within(ctx, d.scopeOfDigests(), func(a *App) error {
		err := a.Store.Tx(ctx, func(tx *store.DB) error {
			if seen, err = standing(ctx, tx, decisions); err != nil {
				return err
			}
			if seen != c.Seen {
				return web.ErrOtherThreads
			}
			if err := a.rethread(ctx, tx, c, decisions, first, who, why); err != nil {
				return err
			}
			after, err = outcome(ctx, tx, decisions, first)
			return err
		})
		if err == nil {
			_, err = a.classify(ctx)
		}
		return err
	})
	if err == nil {
		d.wakeDrafts()
	}
	return after, seen, err
}

// standing stands for the threads that decisions are about, as they are.
func standing(ctx context.Context, tx *store.DB, decisions []thread.Decision) (string, error) {
	var all []string
	for _, d := range decisions {
		for _, id := range []sigpost.MessageID{d.Message, d.Other} {
			if id == "" {
				continue
			}
			m, err := tx.MessageByID(ctx, id)
			if err != nil {
				return "", err
			}
			t, err := tx.ThreadRow(ctx, m.ThreadID)
			if err != nil {
				return "", err
			}
			all = append(all, fmt.Sprintf("%d.%d.%d", t.ID, t.Revision, t.Messages))
		}
	}
	return strings.Join(all, "-"), nil
}

// rethreading are the decisions that a change is made of, and the message that it is
// about.
func (d reviewDesk) rethreading(ctx context.Context, c web.ThreadChange) (decisions []thread.Decision, first sigpost.Message, err error) {
	if c.Kind == web.ThreadMerge {
		first, err = d.messageOf(ctx, named(c.Message))
	} else {
		first, err = d.messageNamed(ctx, c.Message)
	}
	if err != nil {
		return nil, first, err
	}
	split, merge := thread.Decision{Kind: thread.Split, Message: first.MessageID}, thread.Decision{Kind: thread.Merge, Message: first.MessageID}
	if c.Kind == web.ThreadSplit {
		return []thread.Decision{split}, first, nil
	}
	if strings.TrimSpace(c.Other) == "" {
		return nil, first, sigpost.Usage(errors.New("say which thread or message it belongs to"))
	}
	other, err := d.messageOf(ctx, named(c.Other))
	switch {
	case err != nil:
		return nil, first, err
	case first.ThreadID == other.ThreadID:
		return nil, first, sigpost.Usage(fmt.Errorf("%s is in the same thread already (%d)", c.Other, first.ThreadID))
	}
	merge.Other = other.MessageID
	if c.Kind == web.ThreadMove {
		return []thread.Decision{split, merge}, first, nil
	}
	return []thread.Decision{merge}, first, nil
}

// named is the number or the Message-ID in what somebody gives, which may be the URL
// of a thread or of a message.
func named(text string) string {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	if _, number, ok := strings.Cut(u.Path, "/threads/"); ok {
		number, _, _ = strings.Cut(number, "/")
		return number
	}
	if _, id, ok := strings.Cut(u.Path, "/m/"); ok {
		id, _, _ = strings.Cut(id, "/")
		return id
	}
	return text
}

// rethread keeps the decisions, and notes the change as one act.
func (a *App) rethread(ctx context.Context, tx *store.DB, c web.ThreadChange, decisions []thread.Decision, first sigpost.Message, who, why string) error {
	at := a.now().UTC().Truncate(time.Microsecond)
	if len(decisions) == 1 {
		return a.decideThreadIn(ctx, tx, store.ThreadDecision{Decision: decisions[0], Who: who, Why: why, At: at})
	}
	var undo []threadUndo
	for _, d := range decisions {
		if err := tx.DecideThread(ctx, store.ThreadDecision{Decision: d, Who: who, Why: why, At: at}); err != nil {
			return err
		}
		undo = append(undo, threadUndo{d, at})
	}
	other, err := tx.MessageByID(ctx, decisions[1].Other)
	if err != nil {
		return err
	}
	return tx.Audit(ctx, sigpost.AuditEntry{At: at, Who: who, Action: sigpost.AuditThreadReattach, Kind: sigpost.AuditThread, Object: fmt.Sprint(first.ThreadID),
		Says: because("moved "+messageWords(first)+", with what answers it, to the thread of "+messageWords(other), why), Undo: encode(undo)})
}

// undoReattach takes the decisions back, the last one first.
func undoReattach(ctx context.Context, tx *store.DB, e sigpost.AuditEntry) error {
	var undo []threadUndo
	if err := json.Unmarshal([]byte(e.Undo), &undo); err != nil {
		return err
	}
	for _, u := range slices.Backward(undo) {
		if err := tx.UndecideThread(ctx, store.ThreadDecision{Decision: u.Decision, At: u.At}); err != nil {
			return err
		}
	}
	return nil
}

// errForeseen takes back what was only tried.
var errForeseen = errors.New("only tried")

// foresee says what decisions would do to threads, and how those stand.
func (a *App) foresee(ctx context.Context, decisions []thread.Decision, first sigpost.Message) (after []sigpost.Thread, seen string, err error) {
	err = a.Store.Tx(ctx, func(tx *store.DB) error {
		var err error
		if seen, err = standing(ctx, tx, decisions); err != nil {
			return err
		}
		for _, d := range decisions {
			if err := tx.DecideThread(ctx, store.ThreadDecision{Decision: d, Who: "nobody", At: a.now()}); err != nil {
				return err
			}
		}
		if after, err = outcome(ctx, tx, decisions, first); err != nil {
			return err
		}
		return errForeseen
	})
	if errors.Is(err, errForeseen) {
		err = nil
	}
	return after, seen, err
}

// outcome are the threads in which what was decided on is now, and what is left of
// the one in which it was.
func outcome(ctx context.Context, tx *store.DB, decisions []thread.Decision, first sigpost.Message) (after []sigpost.Thread, err error) {
	ids := []int64{first.ThreadID}
	for _, d := range decisions {
		for _, id := range []sigpost.MessageID{d.Message, d.Other} {
			if id == "" {
				continue
			}
			m, err := tx.MessageByID(ctx, id)
			if err != nil {
				return nil, err
			}
			ids = append(ids, m.ThreadID)
		}
	}
	unseen, err := tx.Unseen(ctx, ids, nil)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		t, err := tx.Thread(ctx, id)
		if err != nil {
			return nil, err
		}
		if unseen.Threads[t.ID] {
			t.BaseSubject = web.NotShown
		}
		if !slices.ContainsFunc(after, func(known sigpost.Thread) bool { return known.ID == t.ID }) {
			after = append(after, t)
		}
	}
	return after, nil
}

// Mailboxes says how far each mailbox was read; with ask it asks the servers too.
func (d reviewDesk) Mailboxes(ctx context.Context, ask bool) (all []web.MailboxView, err error) {
	status, err := d.status(ctx, ask)
	for _, s := range status {
		v := web.MailboxView{Name: s.Mailbox, List: s.List, Service: s.Service, Complete: s.Complete, Failing: s.Failing, Failure: s.Failure,
			Latest: s.Latest, Gaps: len(s.Gaps), Unreachable: s.Unreachable}
		if s.Server != nil {
			v.Asked, v.Behind, v.NewUIDs = true, s.Server.Behind, s.Server.NewUIDs
		}
		all = append(all, v)
	}
	return all, err
}

// Retry reads a mail in quarantine again.
func (d reviewDesk) Retry(ctx context.Context, quarantined int64) (reason string, err error) {
	all, err := d.RetryQuarantined(ctx, []int64{quarantined})
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0].Reason, nil
}
