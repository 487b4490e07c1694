package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sigpost"
	"sigpost/store"
	"sigpost/thread"
)

// SplitThread makes a message and what answers it a thread of their own, for
// good, and gives that thread. The message is named by its Message-ID.
func (a *App) SplitThread(ctx context.Context, message, who, why string) (sigpost.Thread, error) {
	m, err := a.messageNamed(ctx, message)
	if err != nil {
		return sigpost.Thread{}, err
	}
	d := thread.Decision{Kind: thread.Split, Message: m.MessageID}
	return a.decideThread(ctx, d, m.MessageID, who, why)
}

// MergeThreads makes one thread of two, for good, and gives it. Each is named by
// its number or by the Message-ID of a message in it.
func (a *App) MergeThreads(ctx context.Context, one, other, who, why string) (sigpost.Thread, error) {
	first, err := a.messageOf(ctx, one)
	if err != nil {
		return sigpost.Thread{}, err
	}
	second, err := a.messageOf(ctx, other)
	if err != nil {
		return sigpost.Thread{}, err
	}
	if first.ThreadID == second.ThreadID {
		return sigpost.Thread{}, sigpost.Usage(fmt.Errorf("%s and %s are in the same thread already (%d)", one, other, first.ThreadID))
	}
	d := thread.Decision{Kind: thread.Merge, Message: first.MessageID, Other: second.MessageID}
	return a.decideThread(ctx, d, first.MessageID, who, why)
}

func (a *App) decideThread(ctx context.Context, d thread.Decision, of sigpost.MessageID, who, why string) (t sigpost.Thread, err error) {
	err = a.within(ctx, a.scopeOfDigests(), func(a *App) error {
		decision := store.ThreadDecision{Decision: d, Who: who, Why: why, At: a.now()}
		if err := a.Store.Tx(ctx, func(tx *store.DB) error { return a.decideThreadIn(ctx, tx, decision) }); err != nil {
			return err
		}
		m, err := a.Store.MessageByID(ctx, of)
		if err != nil {
			return err
		}
		if t, err = a.Store.Thread(ctx, m.ThreadID); err != nil {
			return err
		}
		_, err = a.classify(ctx)
		return err
	})
	if err == nil {
		a.wakeDrafts()
	}
	return t, err
}

// messageNamed finds a message by its id, with or without brackets.
func (a *App) messageNamed(ctx context.Context, name string) (sigpost.Message, error) {
	m, err := a.Store.MessageByID(ctx, sigpost.MessageID(strings.Trim(name, "<> ")))
	if errors.Is(err, sigpost.ErrNotFound) {
		err = hinted{sigpost.NotFound(fmt.Errorf("no message with the id %s is in the archive", name)), "\"sigpost --json search WORDS\" shows ids"}
	}
	return m, err
}

// messageOf finds a message of a thread, which is named by its number or by such
// a message.
func (a *App) messageOf(ctx context.Context, name string) (sigpost.Message, error) {
	id, err := strconv.ParseInt(name, 10, 64)
	if err != nil {
		return a.messageNamed(ctx, name)
	}
	msgs, err := a.Store.ThreadMessages(ctx, id)
	if errors.Is(err, sigpost.ErrNotFound) {
		err = hinted{sigpost.NotFound(fmt.Errorf("there is no thread %d", id)), "\"sigpost search WORDS\" shows numbers"}
	}
	if err != nil {
		return sigpost.Message{}, err
	}
	return msgs[0], nil
}

// decisions are what people decided about threads.
func (a *App) decisions(ctx context.Context) ([]thread.Decision, error) {
	kept, err := a.Store.ThreadDecisions(ctx)
	all := make([]thread.Decision, len(kept))
	for i, d := range kept {
		all[i] = d.Decision
	}
	return all, err
}
