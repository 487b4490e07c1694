package app

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"sigpost"
	"sigpost/bounce"
	"sigpost/config"
	"sigpost/store"
	"sigpost/subscribe"
)

// Correspondence acts on a mail to a service mailbox that a person wrote: a
// command, an answer. tx is the transaction in which the mailbox's cursor moves
// on, and what is done through it is done once, whatever becomes of the run or
// of the mailbox's UIDs. So what is to be sent is queued there. Whatever is wrong
// with the mail itself is no error: one undoes the batch, which then comes
// again and again.
type Correspondence func(ctx context.Context, tx *store.DB, m *sigpost.Message, raw []byte) error

// answerIn is the Correspondence of readers.
func (a *App) answerIn(ctx context.Context, tx *store.DB, m *sigpost.Message, raw []byte) error {
	inside := *a
	inside.Store = tx
	return inside.correspond(ctx, m, raw)
}

// ServiceReport says what was done with the mail of service mailboxes.
type ServiceReport struct {
	// Reports and Complaints are of letters that were found; Unmatched are those
	// of which no letter is known.
	Reports    int `json:"reports"`
	Complaints int `json:"complaints"`
	Unmatched  int `json:"unmatched"`
	// AutoReplies are vacation notes and their like.
	AutoReplies int `json:"auto_replies"`
	// Letters were handed to whoever answers readers.
	Letters int `json:"letters"`
	// Again were acted on before.
	Again int `json:"again"`
	// Suspended and Ended are what became of subscriptions.
	Suspended int `json:"suspended"`
	Ended     int `json:"ended"`
}

func (r *ServiceReport) add(other ServiceReport) {
	r.Reports += other.Reports
	r.Complaints += other.Complaints
	r.Unmatched += other.Unmatched
	r.AutoReplies += other.AutoReplies
	r.Letters += other.Letters
	r.Again += other.Again
	r.Suspended += other.Suspended
	r.Ended += other.Ended
}

// desk acts on the mail of service mailboxes.
type desk struct {
	app    *App
	names  map[string]bool // "account/mailbox"
	report ServiceReport
}

func (a *App) newDesk() *desk {
	d := &desk{app: a, names: map[string]bool{}}
	for _, account := range a.Config.Accounts {
		for _, m := range account.Mailboxes {
			if m.For == config.ForService {
				d.names[account.Name+"/"+m.Name] = true
			}
		}
	}
	return d
}

// serves says whether arrivals are for it: those of a service mailbox, also
// where they come from quarantine, without the mailbox.
func (d *desk) serves(mailbox *sigpost.Mailbox, arrivals []sigpost.Arrival) bool {
	if mailbox != nil {
		return d.names[mailbox.Account+"/"+mailbox.Name]
	}
	return len(arrivals) > 0 && d.names[arrivals[0].Source]
}

// add acts on mail, and counts in its report what was done once that is certain.
func (d *desk) add(ctx context.Context, db *store.DB, mailbox *sigpost.Mailbox, arrivals []sigpost.Arrival, at time.Time) (sigpost.AddCounts, error) {
	var done ServiceReport
	counts, err := db.Serve(ctx, mailbox, arrivals, at, func(tx *store.DB, a sigpost.Arrival) error {
		return d.act(ctx, tx, a, at, &done)
	})
	if err != nil {
		return sigpost.AddCounts{}, err
	}
	done.Again = counts.Again
	d.report.add(done)
	return sigpost.AddCounts{Duplicates: counts.Again, Quarantined: counts.Quarantined}, nil
}

// act acts on one mail.
func (d *desk) act(ctx context.Context, tx *store.DB, a sigpost.Arrival, at time.Time, done *ServiceReport) error {
	report := d.read(a)
	switch {
	case len(report.Recipients) == 0:
		return d.correspond(ctx, tx, a, done)
	case report.IsAutoReply():
		done.AutoReplies++
		d.app.log.Info("an automatic answer came to a service mailbox", "source", a.Source, "from", report.Recipients[0].Address)
		return nil
	}
	letter, err := d.letter(ctx, tx, report)
	if errors.Is(err, sigpost.ErrNotFound) {
		if ended, err := d.complained(ctx, tx, a, report, at, done); ended || err != nil {
			return err
		}
		done.Unmatched++
		r := report.Recipients[0]
		d.app.log.Info("a report is of no letter of ours, and changes nothing", "source", a.Source, "address", r.Address, "class", r.Class, "reason", r.Reason)
		return nil
	}
	if err != nil {
		return err
	}
	return d.reported(ctx, tx, a, letter, report, at, done)
}

// read reads a report. The reader promises not to panic; if it breaks its
// promise, one mail must still not stop a mailbox.
func (d *desk) read(a sigpost.Arrival) (report bounce.Report) {
	defer func() {
		if v := recover(); v != nil {
			d.app.log.Error("the reader of reports panicked", "source", a.Source, "uid", a.UID, "panic", v, "stack", string(debug.Stack()))
			report = bounce.Report{}
		}
	}()
	report, err := bounce.Read(a.Raw)
	if err != nil {
		return bounce.Report{}
	}
	return report
}

// correspond hands a mail on, but for our own letters that have come back.
func (d *desk) correspond(ctx context.Context, tx *store.DB, a sigpost.Arrival, done *ServiceReport) error {
	own, err := tx.KnownLetters(ctx, []sigpost.MessageID{a.Message.MessageID})
	if err != nil || own[a.Message.MessageID] || a.Message.Own {
		return err
	}
	done.Letters++
	return d.app.answer(ctx, tx, a.Message, a.Raw)
}

// reported acts on a report about one letter.
func (d *desk) reported(ctx context.Context, tx *store.DB, a sigpost.Arrival, letter sigpost.Delivery, report bounce.Report, at time.Time, done *ServiceReport) error {
	s, err := tx.Subscription(ctx, letter.SubscriptionID)
	if err != nil {
		return err
	}
	r := about(report.Recipients, s.Subscriber.Addr)
	if r.Class == bounce.Complaint {
		done.Complaints++
	} else {
		done.Reports++
	}
	effect, err := tx.RecordBounce(ctx, event(r, letter, s, sigpost.BounceReport, "mail "+string(a.Message.MessageID), at), d.app.Config.Bounces.Rules())
	if err != nil {
		return err
	}
	switch effect {
	case sigpost.BounceSuspended:
		done.Suspended++
	case sigpost.BounceEnded:
		done.Ended++
		inside := *d.app
		inside.Store = tx
		inside.leftPublication(s)
		if r.ByReader() { // no import may bring back who complained
			if err := inside.suppress(ctx, s.Subscriber.Addr, "complaint"); err != nil {
				return err
			}
		}
	}
	d.app.log.Log(ctx, levelOf(effect), "a report on a letter", "digest", s.Digest, "subscription", s.ID, "class", r.Class, "reason", r.Reason, "effect", effect)
	return nil
}

// complained ends the subscription of a reader who complains of a letter that the
// archive does not know, since it was put back to before that: by the link to
// unsubscribe in the letter that comes with the complaint, which can do as much.
func (d *desk) complained(ctx context.Context, tx *store.DB, a sigpost.Arrival, report bounce.Report, at time.Time, done *ServiceReport) (ended bool, err error) {
	if !report.Recipients[0].ByReader() {
		return false, nil
	}
	for _, token := range subscribe.TokensIn(strings.ReplaceAll(string(a.Raw), "%20", " ")) {
		id, err := d.app.tokens.ParseUnsubscribe(token)
		if err != nil {
			continue
		}
		s, err := tx.Successor(ctx, id)
		if errors.Is(err, sigpost.ErrNotFound) {
			continue
		} else if err != nil {
			return false, err
		}
		done.Complaints++
		inside := *d.app
		inside.Store = tx
		if changed, err := inside.rows().EndSubscription(ctx, id, at); err != nil {
			return false, err
		} else if changed {
			done.Ended++
		}
		d.app.log.Warn("a complaint about a letter that the archive does not know", "digest", s.Digest, "subscription", s.ID)
		return true, inside.suppress(ctx, s.Subscriber.Addr, "complaint")
	}
	return false, nil
}

// levelOf is how loud an effect is.
func levelOf(effect sigpost.BounceEffect) slog.Level {
	if effect == sigpost.BounceSuspended || effect == sigpost.BounceEnded {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// letter finds the letter that a report is about: by the token in the address that
// it was sent to, or else by the id of the letter that is returned in it. An
// address alone proves nothing: anybody can write a report.
func (d *desk) letter(ctx context.Context, tx *store.DB, report bounce.Report) (sigpost.Delivery, error) {
	for _, to := range report.To {
		if id, err := d.app.bounceOf(to); err == nil {
			return tx.Delivery(ctx, id)
		}
	}
	for _, id := range report.Sent {
		if found, err := tx.DeliveryOf(ctx, id); !errors.Is(err, sigpost.ErrNotFound) {
			return found, err
		}
	}
	return sigpost.Delivery{}, sigpost.ErrNotFound
}

// about is what a report says of a reader. Where it is about others, to whom the
// reader's own server sent the letter on, it speaks of the reader only if it says
// the same of all.
func about(all []bounce.Recipient, addr string) bounce.Recipient {
	for _, r := range all {
		if sameAddress(r.Address, addr) || sameAddress(r.Original, addr) {
			return r
		}
	}
	for _, r := range all {
		if r.Class != bounce.Hard {
			return r
		}
	}
	return all[0]
}
