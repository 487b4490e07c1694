package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"sigpost"
	"sigpost/ingest"
	"sigpost/message"
	"sigpost/thread"
)

// Explanation is how a mail is understood.
type Explanation = message.Explanation

// ExplainMessage says how the mail in a file is understood. It needs no archive
// and no configuration.
func ExplainMessage(file string) (Explanation, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return Explanation{}, sigpost.Usage(fmt.Errorf("the mail cannot be read: %w", err))
	}
	e, err := message.Explain(raw)
	if err != nil {
		return e, fmt.Errorf("%s: %w", file, err)
	}
	e.BaseSubject = thread.BaseSubject(e.Subject)
	return e, nil
}

// ThreadForm is how threads are written.
type ThreadForm int

// The forms.
const (
	Roots ThreadForm = iota // a line for each message: its id, a tab, that of its thread's root
	Tree                    // for people: each thread indented
	JSON
)

// ExplainThreads writes what threads the mail of a file or folder makes, in its
// order. It needs no archive and no configuration. unreadable counts the mails
// that cannot be understood.
func ExplainThreads(ctx context.Context, path string, w io.Writer, form ThreadForm) (unreadable int, err error) {
	msgs, unreadable, err := readFile(ctx, path)
	switch {
	case err != nil:
		return unreadable, err
	case form == Tree:
		return unreadable, thread.WriteTree(w, thread.Tree(msgs))
	case form == JSON:
		return unreadable, thread.WriteJSON(w, thread.Explain(msgs))
	}
	return unreadable, thread.WriteRoots(w, thread.Explain(msgs))
}

// readFile understands every mail of a file or folder, but for its text. A mail
// that comes twice is given once.
func readFile(ctx context.Context, path string) (msgs []*sigpost.Message, unreadable int, err error) {
	unreadable, err = readMail(ctx, path, parseFile, func(m *sigpost.Message) { msgs = append(msgs, m) })
	return msgs, unreadable, err
}

// readMail gives every mail of a file or folder, as parse understands it. It
// counts those that it does not.
func readMail(ctx context.Context, path string, parse ingest.Parse, give func(*sigpost.Message)) (unreadable int, err error) {
	if _, err := os.Stat(path); err != nil {
		return 0, sigpost.Usage(fmt.Errorf("the mail cannot be read: %w", err))
	}
	shelf := &shelf{seen: map[sigpost.MessageID]bool{}, give: give}
	in := ingest.New(shelf, parse, time.Now, slog.New(slog.DiscardHandler))
	if _, err := in.Import(ctx, path, "", nil); err != nil {
		return 0, err
	}
	return shelf.unreadable, nil
}

func parseFile(raw []byte, date time.Time) (*sigpost.Message, error) {
	m, err := message.Parse(raw)
	if err != nil {
		return nil, err
	}
	m.BaseSubject = thread.BaseSubject(m.Subject)
	m.Received = received(m, date, time.Unix(0, 0))
	m.Text = "" // threads need none
	return m, nil
}

// shelf gives messages on instead of storing them.
type shelf struct {
	give       func(*sigpost.Message)
	seen       map[sigpost.MessageID]bool
	unreadable int
}

// Mailbox is that of a source that was never read.
func (s *shelf) Mailbox(context.Context, string, string, string) (sigpost.Mailbox, error) {
	return sigpost.Mailbox{ID: 1}, nil
}

// Add keeps what has not come before.
func (s *shelf) Add(_ context.Context, _ *sigpost.Mailbox, arrivals []sigpost.Arrival, _ time.Time) (c sigpost.AddCounts, err error) {
	for _, a := range arrivals {
		switch {
		case a.Message == nil:
			s.unreadable++
		case !s.seen[a.Message.MessageID]:
			s.seen[a.Message.MessageID] = true
			s.give(a.Message)
		}
	}
	return c, nil
}

// ResetMailbox, Fetched and FetchFailed have nothing to note.
func (s *shelf) ResetMailbox(context.Context, *sigpost.Mailbox, uint32) error { return nil }

// Fetched has nothing to note.
func (s *shelf) Fetched(context.Context, *sigpost.Mailbox, time.Time) error { return nil }

// FetchFailed has nothing to note.
func (s *shelf) FetchFailed(context.Context, int64, time.Time, string) error { return nil }
