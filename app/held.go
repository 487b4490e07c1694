package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/store"
)

// Held is what is held of an issue: nobody knows whether it went.
type Held struct {
	Digest string `json:"digest"`
	Number int    `json:"number"`
	// Letters and Notes that are held.
	Letters []LostLetter `json:"letters"`
	Notes   []HeldNote   `json:"notes,omitempty"`
	// Arrived counts those of which it was said just now that they arrived.
	Arrived int `json:"arrived,omitempty"`
	// Last says that "digest send --resend-held" is about this issue.
	Last bool `json:"last"`
}

// All counts what is held.
func (h Held) All() int { return len(h.Letters) + len(h.Notes) }

// HeldNote is a note in a channel that is held.
type HeldNote struct {
	id      int64
	Channel string    `json:"channel"`
	At      time.Time `json:"at"`
	Why     string    `json:"why"`
}

// Held gives what is held of an issue by its number; of 0, of the one that
// "digest send --resend-held" would send again.
func (a *App) Held(ctx context.Context, d config.Digest, number int) (Held, error) {
	issue, last, err := a.heldIssue(ctx, d, number)
	if err != nil {
		return Held{}, err
	}
	return a.heldOf(ctx, a.Store, issue, last)
}

func (a *App) heldIssue(ctx context.Context, d config.Digest, number int) (issue sigpost.Issue, isLast bool, err error) {
	last, err := a.lastLost(ctx, d, sigpost.DeliveryUnknown)
	if err != nil || number == 0 || number == last.Number {
		return last, true, err
	}
	issue, err = a.Issue(ctx, d, number)
	return issue, false, err
}

func (a *App) heldOf(ctx context.Context, db *store.DB, issue sigpost.Issue, last bool) (Held, error) {
	h := Held{Digest: issue.Digest, Number: issue.Number, Last: last, Letters: []LostLetter{}}
	all, err := lost(ctx, db, issue.ID)
	if err != nil {
		return h, err
	}
	for _, l := range all {
		if l.State == sigpost.DeliveryUnknown {
			h.Letters = append(h.Letters, l)
		}
	}
	notes, err := db.Announcements().Of(ctx, issue.ID)
	for _, n := range notes {
		if n.State == sigpost.DeliveryUnknown {
			h.Notes = append(h.Notes, HeldNote{n.ID, n.Channel, n.Updated, n.Reply})
		}
	}
	return h, err
}

// AllHeld stands for all that is held, in the place of addresses.
const AllHeld = "all"

// arrivedReply are the last words of a letter of which somebody says that it arrived.
const arrivedReply = "it was held, and somebody said that it arrived"

// Arrived takes somebody's word that what is held of an issue arrived: the letters to
// these addresses, the notes in these channels, or AllHeld. They count as sent from now
// on. Where one of them is not held, nothing is changed. number is that of Held, which
// it gives, as it is then.
func (a *App) Arrived(ctx context.Context, d config.Digest, number int, who []string) (h Held, err error) {
	issue, last, err := a.heldIssue(ctx, d, number)
	if err != nil {
		return Held{}, err
	}
	arrived := 0
	err = a.Store.Tx(ctx, func(tx *store.DB) error {
		held, err := a.heldOf(ctx, tx, issue, last)
		if err != nil {
			return err
		}
		letters, notes, err := held.these(who, a.named(d))
		if err != nil {
			return err
		}
		n, err := tx.Arrived(ctx, issue.ID, letters, arrivedReply, a.now())
		if err != nil {
			return err
		}
		said, err := tx.Announcements().Arrived(ctx, issue.ID, notes, arrivedReply, a.now())
		if err != nil {
			return err
		}
		if arrived = n + said; arrived != len(letters)+len(notes) { // sent again, or settled, meanwhile
			return notNow{fmt.Errorf("what is held of issue %d of %s has changed meanwhile, and nothing was noted: look again", issue.Number, d.Name)}
		}
		return a.auditIssue(ctx, tx, issue, sigpost.AuditSendingArrived, "", "said that "+arrivedOf(n, said))
	})
	if err != nil {
		return Held{}, err
	}
	a.noteLetters(ctx, d)
	h, err = a.heldOf(ctx, a.Store, issue, last)
	h.Arrived = arrived
	return h, err
}

func arrivedOf(letters, notes int) string {
	var parts []string
	if letters > 0 {
		parts = append(parts, lettersOf(letters))
	}
	if notes > 0 {
		parts = append(parts, fmt.Sprintf("%d %s", notes, plural(notes, "note", "notes")))
	}
	return fmt.Sprintf("%s arrived that %s held", strings.Join(parts, " and "), plural(letters+notes, "was", "were"))
}

// these are the rows of the letters and notes to somebody.
// of names the digest for a command line.
func (h Held) these(who []string, of string) (letters, notes []int64, err error) {
	if slices.Contains(who, AllHeld) {
		if h.All() == 0 {
			return nil, nil, sigpost.NotFound(fmt.Errorf("nothing of issue %d of %s is held", h.Number, h.Digest))
		}
		for _, l := range h.Letters {
			letters = append(letters, l.id)
		}
		for _, n := range h.Notes {
			notes = append(notes, n.id)
		}
		return letters, notes, nil
	}
	var missing []string
	for _, to := range who {
		l := slices.IndexFunc(h.Letters, func(l LostLetter) bool { return strings.EqualFold(l.To, to) })
		n := slices.IndexFunc(h.Notes, func(n HeldNote) bool { return n.Channel == to })
		switch {
		case l >= 0 && !slices.Contains(letters, h.Letters[l].id):
			letters = append(letters, h.Letters[l].id)
		case n >= 0 && !slices.Contains(notes, h.Notes[n].id):
			notes = append(notes, h.Notes[n].id)
		case l < 0 && n < 0:
			missing = append(missing, to)
		}
	}
	if len(missing) > 0 {
		return nil, nil, sigpost.NotFound(fmt.Errorf("nothing of issue %d of %s is held for %s, and nothing was noted; \"sigpost digest held%s %d\" names what is",
			h.Number, h.Digest, strings.Join(missing, ", "), of, h.Number))
	}
	return letters, notes, nil
}
