package app

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"sigpost"
	"sigpost/message"
	"sigpost/store"
	"sigpost/thread"
)

// knowing is the archive, which tells by what the ledger and the configuration
// know where a mail belongs, and by what it holds already which mail is new.
type knowing struct {
	*store.DB
	lists map[string]string // List-Id → name
	fresh *freshTexts
	log   *slog.Logger
	desk  *desk
}

func (a *App) knowing(db *store.DB) knowing {
	lists := map[string]string{}
	for _, l := range a.Config.Lists {
		if l.ListID != "" {
			lists[strings.ToLower(l.ListID)] = l.Name
		}
	}
	return knowing{db, lists, a.fresh, a.log, a.newDesk()}
}

// Add marks our own letters that have come back, gives each mail the list that
// its List-Id names, where that is another one than its mailbox's, tells what
// has the Message-ID of another message from that, and stores. What a service
// mailbox holds is not stored but acted on.
func (k knowing) Add(ctx context.Context, mailbox *sigpost.Mailbox, arrivals []sigpost.Arrival, at time.Time) (sigpost.AddCounts, error) {
	if k.desk.serves(mailbox, arrivals) {
		return k.desk.add(ctx, k.DB, mailbox, arrivals, at)
	}
	var ids []sigpost.MessageID
	for _, a := range arrivals {
		if a.Message != nil {
			ids = append(ids, a.Message.MessageID)
		}
	}
	var found sigpost.AddCounts
	letters, err := k.KnownLetters(ctx, ids)
	if err != nil {
		return found, err
	}
	known, err := k.Known(ctx, ids)
	if err != nil {
		return found, err
	}
	twins := twins{db: k.DB, known: known, batch: map[sigpost.MessageID]*sigpost.Message{}}
	for i := range arrivals {
		a := &arrivals[i]
		if a.Message == nil {
			k.log.Warn("a mail goes to quarantine", "source", a.Source, "uid", a.UID, "reason", a.Reason)
			continue
		}
		for _, id := range a.Message.ListIDs {
			if name, ok := k.lists[id]; ok {
				a.List = name
				break
			}
		}
		a.Message.Own = a.Message.Own || letters[a.Message.MessageID]
		if err := twins.tell(ctx, a, &found); err != nil {
			return sigpost.AddCounts{}, err
		}
	}
	counts, err := k.DB.Add(ctx, mailbox, arrivals, at)
	if err != nil {
		return sigpost.AddCounts{}, err
	}
	counts.Add(found)
	k.fresh.keep(twins.fresh)
	return counts, nil
}

// twins tells apart mails under one Message-ID, in the archive and in a batch
// of arrivals.
type twins struct {
	db    *store.DB
	known map[sigpost.MessageID]store.Known
	batch map[sigpost.MessageID]*sigpost.Message // that came before
	// fresh are those of the batch that the archive does not have yet.
	fresh []*sigpost.Message
}

// tell counts how an arrival resembles the message that has its Message-ID. One
// that says something else has no place under this id: it gets one of its own,
// and keeps a note of the id that it claims.
func (t *twins) tell(ctx context.Context, a *sigpost.Arrival, counts *sigpost.AddCounts) error {
	m := a.Message
	alike, known, err := t.compare(ctx, m)
	switch {
	case err != nil:
		return err
	case !known:
		t.add(m)
	case alike == sigpost.Redelivered:
		counts.Redelivered++
	case alike == sigpost.Modified:
		counts.Modified++
	case alike == sigpost.Different:
		m.Claimed, m.Derived = m.MessageID, true
		m.MessageID = message.DerivedID(a.Raw)
		m.Defects = append(m.Defects, claims(m.Claimed))
		stored, err := t.db.Known(ctx, []sigpost.MessageID{m.MessageID})
		if err != nil {
			return err
		}
		if len(stored) == 0 && t.batch[m.MessageID] == nil {
			counts.Different++
			t.add(m)
		}
	}
	return nil
}

func (t *twins) add(m *sigpost.Message) {
	t.batch[m.MessageID] = m
	t.fresh = append(t.fresh, m)
}

// claims is the defect of a mail whose Message-ID belongs to another message.
func claims(id sigpost.MessageID) string {
	return fmt.Sprintf("its Message-ID, %s, is that of another message: it was given one of its own", id)
}

// compare says how a mail resembles the one that has its Message-ID, if any.
func (t *twins) compare(ctx context.Context, m *sigpost.Message) (alike sigpost.Sameness, known bool, err error) {
	before := t.batch[m.MessageID]
	stored, known := t.known[m.MessageID]
	switch {
	case before != nil:
		alike = before.Fingerprint.Compare(m.Fingerprint)
	case known:
		alike = stored.Fingerprint.Compare(m.Fingerprint)
	default:
		return "", false, nil
	}
	if alike == sigpost.Identical || m.Derived {
		return sigpost.Identical, true, nil
	}
	if before == nil {
		raw, err := t.db.Raw(ctx, stored.ID)
		if err != nil {
			return "", true, err
		}
		if before, err = message.Parse(raw); err != nil {
			return "", true, fmt.Errorf("message %d, which could be read once, cannot be read any more: %w", stored.ID, err)
		}
	}
	switch {
	case !sameMail(before, m):
		return sigpost.Different, true, nil
	case alike == sigpost.Redelivered:
		return alike, true, nil
	}
	return sigpost.Modified, true, nil
}

// sameMail says whether two mails under one Message-ID are one mail on two
// ways: of one author on one subject, with as large attachments, and the same
// words but for what lists put below them. If in doubt they are two: what is
// kept twice is less bad than what is lost.
func sameMail(a, b *sigpost.Message) bool {
	if !strings.EqualFold(a.Author.Addr, b.Author.Addr) ||
		!strings.EqualFold(thread.BaseSubject(a.Subject), thread.BaseSubject(b.Subject)) || len(a.Attachments) != len(b.Attachments) {
		return false
	}
	for i := range a.Attachments {
		if a.Attachments[i].Type != b.Attachments[i].Type || a.Attachments[i].Size != b.Attachments[i].Size {
			return false
		}
	}
	if a.NewText() == "" && b.NewText() == "" {
		return sameWords(a.Text, b.Text)
	}
	return sameWords(a.NewText(), b.NewText())
}

// maxAdded is how many bytes of a text below the words of another may be taken
// for what a list has added.
const maxAdded = 1000

// sameWords says whether two texts are the same, but for white space and for
// what a list may have added below one of them.
func sameWords(a, b string) bool {
	a, b = strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " ")
	if len(a) > len(b) {
		a, b = b, a
	}
	added, ok := strings.CutPrefix(b, a)
	return ok && (added == "" || len(added) <= maxAdded && looksAdded(added))
}

// looksAdded says whether a text, on one line, looks like what list software
// adds: set off by a rule, or about the list.
func looksAdded(text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	first, _, _ := strings.Cut(text, " ")
	return len(first) > 1 && strings.Trim(first, "-_=*~") == "" ||
		strings.Contains(text, "unsubscribe") || strings.Contains(text, "mailing list")
}
