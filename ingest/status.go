package ingest

import (
	"context"
	"errors"
	"time"

	"sigpost"
)

// Status is what a mailbox holds on the server now.
type Status struct {
	// Messages counts all, Behind those that the next fetch would bring.
	Messages int `json:"messages"`
	Behind   int `json:"behind"`
	// UIDNext, UIDValidity and HighestModSeq are as in sigpost.Mailbox.
	UIDNext       uint32 `json:"uid_next"`
	UIDValidity   uint32 `json:"uid_validity"`
	HighestModSeq uint64 `json:"highest_mod_seq,omitempty"`
	// NewUIDs says that UIDVALIDITY has changed, so that the next fetch reads
	// from the beginning.
	NewUIDs bool `json:"new_uids,omitempty"`
}

// Status looks at a mailbox without fetching anything, nor writing anything
// down: it opens the mailbox, and counts what there is behind the cursor, if
// there is something. Nothing is tried twice. The errors are those of Fetch.
func (in *Ingester) Status(ctx context.Context, source Source, cursor sigpost.Mailbox) (Status, error) {
	for {
		s, kept, err := in.sessions.take(ctx, &source.Account)
		if err != nil {
			return Status{}, err
		}
		status, err := in.status(ctx, s, source, cursor)
		in.sessions.giveBack(&source.Account, s, err)
		if err == nil || !kept || !temporary(err) {
			return status, err
		}
	}
}

func (in *Ingester) status(ctx context.Context, s *session, source Source, cursor sigpost.Mailbox) (status Status, err error) {
	r := &fetchRun{in: in, source: source, mailbox: cursor}
	r.begin()
	if err = r.open(ctx, s); errors.Is(err, errUIDValidity) {
		status.NewUIDs = true
		r.next = 1
		err = r.open(ctx, s)
	}
	if err != nil {
		return status, err
	}
	status.Messages, status.UIDNext, status.UIDValidity, status.HighestModSeq = int(r.messages), r.uidNext, r.validity, r.modSeq
	if r.next >= r.uidNext {
		return status, nil
	}
	found, err := s.search(ctx, r.next, r.uidNext-1, time.Time{})
	status.Behind = min(countUIDs(found), status.Messages)
	return status, err
}
