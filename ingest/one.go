package ingest

import (
	"bytes"
	"context"
	"fmt"

	"sigpost"
)

// FetchOne reads one message of a mailbox again, such as one that once could
// not be fetched whole, and understands it. It moves no cursor and stores
// nothing. raw is what came of it before, with which it has to begin: where the
// mailbox was made anew, its number may be that of another message. The error
// says why it cannot be had, for people.
func (in *Ingester) FetchOne(ctx context.Context, source Source, uid uint32, raw []byte) (sigpost.Arrival, error) {
	s, _, err := in.sessions.take(ctx, &source.Account)
	if err != nil {
		return sigpost.Arrival{}, err
	}
	m, err := in.fetchOne(ctx, s, source, uid)
	in.sessions.giveBack(&source.Account, s, err)
	if err != nil {
		return sigpost.Arrival{}, err
	}
	if !bytes.HasPrefix(m.raw, raw) {
		return sigpost.Arrival{}, fmt.Errorf("%s has another message under its UID %d now: this one cannot be had there any more", source.name(), uid)
	}
	p := &pipeline{in: in, list: source.List, source: source.name()}
	arrival := p.arrival(m)
	if arrival.Message == nil {
		return arrival, fmt.Errorf("it was fetched, but %s", arrival.Reason)
	}
	return arrival, nil
}

func (in *Ingester) fetchOne(ctx context.Context, s *session, source Source, uid uint32) (mail, error) {
	r := &fetchRun{in: in, source: source, report: &Report{}}
	r.begin()
	if _, err := s.examine(ctx, source.Mailbox); err != nil {
		return mail{}, err
	}
	entries, err := s.list(ctx, uid, uid)
	if err != nil {
		return mail{}, err
	}
	if len(entries) == 0 {
		return mail{}, fmt.Errorf("%s has no message with UID %d any more", source.name(), uid)
	}
	mails, gone, err := r.fetch(ctx, s, entries[:1])
	switch {
	case err != nil:
		return mail{}, err
	case gone > 0:
		return mail{}, fmt.Errorf("%s has no message with UID %d any more", source.name(), uid)
	case mails[0].broken != "":
		return mail{}, fmt.Errorf("it still cannot be fetched from %s: %s", source.name(), mails[0].broken)
	}
	return mails[0], nil
}
