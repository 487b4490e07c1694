package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"sigpost"
)

// Sending is how the sending of an issue goes, as a whole.
type Sending struct {
	IssueID int64
	Begun   time.Time
	// Letters are queued for the subscriptions with IDs up to Queued, of those up
	// to QueueEnd, which there were when it began.
	Queued, QueueEnd int64
	// Expires is when what was not sent by then is not sent any more.
	Expires time.Time
	// Paused is since when it stands still, zero while it goes on, and PausedWhy
	// why.
	Paused    time.Time
	PausedWhy string
	// EndedWhy says how it ended before everybody had it; empty where it did not.
	EndedWhy string
}

// Filled says whether every subscription has its row in the ledger.
func (s Sending) Filled() bool { return s.Queued >= s.QueueEnd }

// BeginSending notes that an issue begins to be sent, to those who are subscribed
// to its digest by now. at is now.
func (db *DB) BeginSending(ctx context.Context, issue sigpost.Issue, expires, at time.Time) (s Sending, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil { // with Hide: one of the two sees what the other one did
			return err
		}
		var end int64
		if err := tx.scan(ctx, `SELECT COALESCE(max(id), 0) FROM subscriptions WHERE digest = $1`, []any{issue.Digest}, &end); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `INSERT INTO sendings (issue_id, begun, queue_end, expires) VALUES ($1, $2, $3, $4)`,
			issue.ID, micros(at), end, micros(expires)); err != nil {
			return err
		}
		if err := tx.SetIssueState(ctx, issue.ID, sigpost.IssueSending, at); err != nil {
			return err
		}
		s, err = tx.Sending(ctx, issue.ID)
		return err
	})
	return s, db.fail(fmt.Sprintf("beginning to send issue %d", issue.ID), err)
}

// Sending gives how the sending of an issue goes. The error wraps
// sigpost.ErrNotFound where it has not begun.
func (db *DB) Sending(ctx context.Context, issueID int64) (Sending, error) {
	s, err := first(ctx, db, func(row scanner) (s Sending, err error) {
		var begun, expires, paused int64
		err = row.Scan(&s.IssueID, &begun, &s.Queued, &s.QueueEnd, &expires, &paused, &s.PausedWhy, &s.EndedWhy)
		s.Begun, s.Expires, s.Paused = moment(begun), moment(expires), moment(paused)
		return s, err
	}, `SELECT issue_id, begun, queued, queue_end, expires, paused, paused_why, ended_why FROM sendings WHERE issue_id = $1`, issueID)
	if errors.Is(err, sql.ErrNoRows) {
		err = &failure{fmt.Sprintf("issue %d has not begun to be sent", issueID), sigpost.ErrNotFound}
	}
	return s, db.fail(fmt.Sprintf("reading how the sending of issue %d goes", issueID), err)
}

// Addressees gives those who are to get an issue and have no row in its ledger
// yet, in the order of their subscriptions, at most limit: of each what a letter
// needs to know.
func (db *DB) Addressees(ctx context.Context, of Sending, digest string, limit int) ([]sigpost.Subscription, error) {
	all := make([]sigpost.Subscription, 0, limit)
	var topics, muted string
	var text, news, paused int64
	var s sigpost.Subscription
	into := []any{&s.ID, &topics, &muted, &text, &news, &paused, &s.Serial, &s.Subscriber.Name, &s.Subscriber.Addr, &s.Subscriber.Zone}
	// SQLite compiles a statement anew for each value of a bare LIMIT $4.
	known := map[string][]sigpost.Tag{} // of a few kinds of readers
	err := db.each(ctx, func(row scanner) error {
		err := row.Scan(into...)
		s.State, s.Topics, s.Muted = sigpost.SubscriptionActive, sharedTopics(known, topics), sharedTopics(known, muted)
		s.Text, s.NewsOnly, s.PausedUntil = text != 0, news != 0, moment(paused)
		all = append(all, s)
		return err
	}, `SELECT s.id, s.topics, s.muted, s.as_text, s.news_only, s.paused_until, s.serial, b.name, b.addr, b.zone FROM subscriptions s JOIN subscribers b ON b.id = s.subscriber_id
WHERE s.digest = $1 AND s.id > $2 AND s.id <= $3 AND s.state = 'active' AND s.suspended_at = 0 ORDER BY s.id LIMIT CAST($4 AS BIGINT)`, digest, of.Queued, of.QueueEnd, limit)
	return all, db.fail(fmt.Sprintf("looking for who else gets issue %d", of.IssueID), err)
}

// Enter gives subscriptions up to the one with the ID upTo their rows, being sent
// (and then held until their Lease, with one attempt) or suppressed, and sets the
// rows' IDs. ok is false where another worker was quicker, and then nothing has
// changed but s. at is now.
func (db *DB) Enter(ctx context.Context, s *Sending, upTo int64, rows []sigpost.Delivery, at time.Time) (ok bool, err error) {
	doing := fmt.Sprintf("entering letters of issue %d", s.IssueID)
	err = db.Tx(ctx, func(tx *DB) error {
		// As reserve wants it; before the row of the sending, since Hide's transaction
		// goes on to that one.
		if err := tx.alone(ctx); err != nil {
			return err
		}
		n, err := tx.exec(ctx, `UPDATE sendings SET queued = $2 WHERE issue_id = $1 AND queued = $3`, s.IssueID, upTo, s.Queued)
		if err != nil {
			return err
		}
		if ok = n > 0; !ok {
			*s, err = tx.Sending(ctx, s.IssueID)
			return err
		}
		if s.Queued = upTo; len(rows) == 0 {
			return nil
		}
		first, err := tx.reserve(ctx, "deliveries", len(rows))
		if err != nil {
			return err
		}
		var lease time.Time
		for i := range rows {
			d := &rows[i]
			d.ID, d.Updated = first+int64(i), at
			if d.State == sigpost.DeliverySending {
				d.Attempts, lease = 1, d.Lease
			}
		}
		return tx.enter(ctx, s.IssueID, rows, lease, at)
	})
	return ok, db.fail(doing, err)
}

// enteredTypes are those of what differs from one entered row to the next.
var enteredTypes = []string{"BIGINT", "BIGINT", "TEXT", "TEXT", "TEXT", "BIGINT"}

func (db *DB) enter(ctx context.Context, issueID int64, rows []sigpost.Delivery, lease, at time.Time) error {
	return inBulk(rows, func(chunk []sigpost.Delivery) error {
		params := len(chunk) * len(enteredTypes)
		query := bulkText(db.name+" entered", len(chunk), func() string {
			p := func(n int) string { return "CAST(" + db.place(params+n) + " AS BIGINT)" }
			return `WITH r (id, subscription_id, message_id, state, reply, due) AS (VALUES ` + db.rowsOf(enteredTypes, len(chunk)) + `)
INSERT INTO deliveries (id, subscription_id, message_id, state, reply, due, attempts, lease, issue_id, updated)
SELECT r.id, r.subscription_id, r.message_id, r.state, r.reply, r.due, CASE WHEN r.state = 'sending' THEN 1 ELSE 0 END,
CASE WHEN r.state = 'sending' THEN ` + p(1) + ` ELSE 0 END, ` + p(2) + `, ` + p(3) + ` FROM r WHERE TRUE`
		})
		args := make([]any, 0, params+3)
		for _, d := range chunk {
			args = append(args, d.ID, d.SubscriptionID, string(d.MessageID), string(d.State), clean(d.Reply), micros(d.Due))
		}
		_, err := db.exec(ctx, query, append(args, micros(lease), issueID, micros(at))...)
		return err
	})
}

// PauseSending makes the sending of an issue stand still; changed is false where
// it does already. ResumeSending ends that. at is now.
func (db *DB) PauseSending(ctx context.Context, issueID int64, why string, at time.Time) (changed bool, err error) {
	n, err := db.exec(ctx, `UPDATE sendings SET paused = $2, paused_why = $3 WHERE issue_id = $1 AND paused = 0`, issueID, micros(at), clean(why))
	return n > 0, db.fail(fmt.Sprintf("pausing issue %d", issueID), err)
}

// ResumeSending lets the sending of an issue go on, until expires at least;
// changed is false where it did not stand still.
func (db *DB) ResumeSending(ctx context.Context, issueID int64, expires time.Time) (changed bool, err error) {
	n, err := db.exec(ctx, `UPDATE sendings SET paused = 0, paused_why = '', expires = CASE WHEN expires < $2 THEN $2 ELSE expires END
WHERE issue_id = $1 AND paused <> 0`, issueID, micros(expires))
	return n > 0, db.fail(fmt.Sprintf("resuming issue %d", issueID), err)
}

// SendUntil lets letters of an issue be sent until at least a time.
func (db *DB) SendUntil(ctx context.Context, issueID int64, expires time.Time) error {
	_, err := db.exec(ctx, `UPDATE sendings SET expires = $2 WHERE issue_id = $1 AND expires < $2`, issueID, micros(expires))
	return db.fail(fmt.Sprintf("putting off the end of issue %d", issueID), err)
}

// EndSending ends the sending of an issue before everybody had it: letters that
// are queued are suppressed, notes in channels too, and no more are queued. at is
// now.
func (db *DB) EndSending(ctx context.Context, issueID int64, why string, at time.Time) (suppressed int, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		if _, err := tx.exec(ctx, `UPDATE sendings SET queued = queue_end, paused = 0, paused_why = '', ended_why = $2 WHERE issue_id = $1`,
			issueID, clean(why)); err != nil {
			return err
		}
		n, err := tx.exec(ctx, `UPDATE deliveries SET state = 'suppressed', reply = $2, lease = 0, updated = $3 WHERE issue_id = $1 AND state = 'queued'`,
			issueID, clean(why), micros(at))
		if suppressed = int(n); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `UPDATE announcements SET state = 'suppressed', reply = $2, lease = 0, updated = $3
WHERE issue_id = $1 AND state IN ('queued', 'sending') AND state = 'queued'`, issueID, clean(why), micros(at)); err != nil {
			return err
		}
		return tx.SetIssueState(ctx, issueID, sigpost.IssueSent, at)
	})
	return suppressed, db.fail(fmt.Sprintf("ending the sending of issue %d", issueID), err)
}

// SendingTotal counts who an issue goes to: the letters in its ledger that are
// not suppressed, and the active subscriptions that have none yet.
func (db *DB) SendingTotal(ctx context.Context, s Sending, digest string) (n int, err error) {
	err = db.scan(ctx, `SELECT (SELECT count(*) FROM deliveries WHERE issue_id = $1 AND state IN ('queued', 'sending')) +
(SELECT count(*) FROM subscriptions WHERE digest = $2 AND id > $3 AND id <= $4 AND state = 'active' AND suspended_at = 0)`,
		[]any{s.IssueID, digest, s.Queued, s.QueueEnd}, &n)
	return n, db.fail(fmt.Sprintf("counting the letters of issue %d", s.IssueID), err)
}

// LastSent is when the last letter of an issue was sent that the ledger knows of;
// zero where it knows of none.
func (db *DB) LastSent(ctx context.Context, issueID int64) (time.Time, error) {
	var at int64
	err := db.scan(ctx, `SELECT COALESCE(max(updated), 0) FROM deliveries WHERE issue_id = $1 AND state = 'sent'`, []any{issueID}, &at)
	return moment(at), db.fail(fmt.Sprintf("looking for the last letter of issue %d", issueID), err)
}

// CountGeneration counts the archive's generation on and gives it.
func (db *DB) CountGeneration(ctx context.Context) (n int64, err error) {
	err = db.scan(ctx, `UPDATE generations SET generation = generation + 1 RETURNING generation`, nil, &n)
	return n, db.fail("counting the archive's generation on", err)
}

// Generation counts how far sending has come, of all issues, and says when an
// operator last said that it had been put back to an earlier state; zero where
// nobody did. It serves to find out an archive that would send again what it does
// not know of.
func (db *DB) Generation(ctx context.Context) (n int64, restored time.Time, err error) {
	var at int64
	err = db.scan(ctx, `SELECT generation, restored FROM generations`, nil, &n, &at)
	return n, moment(at), db.fail("reading the archive's generation", err)
}

// Restored notes that the archive was put back to an earlier state, and of how
// many sendings is known from elsewhere. All issues that are being sent stand
// still from now on, and no row gets a number that is in a link which went out since
// then: it would be good for somebody else. at is now.
func (db *DB) Restored(ctx context.Context, n int64, why string, at time.Time) error {
	err := db.Tx(ctx, func(tx *DB) error {
		if _, err := tx.exec(ctx, `UPDATE generations SET generation = CASE WHEN generation < $1 THEN $1 ELSE generation END, restored = $2`, n, micros(at)); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `UPDATE sendings SET paused = $1, paused_why = $2 WHERE paused = 0
AND issue_id IN (SELECT id FROM issues WHERE state = 'sending')`, micros(at), clean(why)); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `DELETE FROM notes WHERE name = $1`, noteRestored); err != nil {
			return err
		}
		return tx.SkipNumbers(ctx)
	})
	return db.fail("noting that the archive was put back", err)
}
