package store

import (
	"context"
	"fmt"
	"time"

	"sigpost"
)

// ledgerTable is one of the two ledgers. What happens to a row is the same in
// both.
type ledgerTable string

const (
	letters       ledgerTable = "deliveries"
	announcements ledgerTable = "announcements"
)

// Announcements is the ledger of the notes in channels.
type Announcements struct{ db *DB }

// Announcements gives the ledger of notes.
func (db *DB) Announcements() Announcements { return Announcements{db} }

// Queue gives each channel its row for an issue, due at once, and says how many
// are new: where there is one already it stays as it is.
func (l Announcements) Queue(ctx context.Context, issueID int64, channels []string, at time.Time) (added int, err error) {
	rows := make([][]any, len(channels))
	for i, c := range channels {
		rows[i] = []any{issueID, c, string(sigpost.DeliveryQueued), micros(at), micros(at)}
	}
	added, err = l.db.insert(ctx, "announcements (issue_id, channel, state, due, updated)", rows)
	return added, l.db.fail(fmt.Sprintf("queueing the announcements of issue %d", issueID), err)
}

const announcementColumns = `d.id, d.issue_id, d.channel, d.state, d.attempts, d.due, d.lease, d.reply, d.updated`

func readAnnouncement(row scanner) (a sigpost.Announcement, err error) {
	var due, lease, updated int64
	err = row.Scan(&a.ID, &a.IssueID, &a.Channel, &a.State, &a.Attempts, &due, &lease, &a.Reply, &updated)
	a.Due, a.Lease, a.Updated = moment(due), moment(lease), moment(updated)
	return a, err
}

// Claim takes up to limit announcements of an issue that are due at now and that
// nobody holds, and holds them until lease.
func (l Announcements) Claim(ctx context.Context, issueID int64, now, lease time.Time, limit int) (claimed []sigpost.Announcement, err error) {
	err = l.db.Tx(ctx, func(tx *DB) error {
		claimed, err = collect(ctx, tx, readAnnouncement, `SELECT `+announcementColumns+` FROM announcements d
WHERE d.issue_id = $1 AND d.state IN ('queued', 'sending') AND d.state = 'queued' AND d.due <= $2 AND d.lease <= $2
ORDER BY d.due, d.id LIMIT $3`+tx.skipLocked, issueID, micros(now), limit)
		if err != nil {
			return err
		}
		ids := make([]int64, len(claimed))
		for i := range claimed {
			claimed[i].Lease = moment(micros(lease))
			ids[i] = claimed[i].ID
		}
		return tx.setRows(ctx, announcements, `lease = $1`, []any{micros(lease)}, ids)
	})
	if err != nil {
		return nil, l.db.fail(fmt.Sprintf("claiming announcements of issue %d", issueID), err)
	}
	return claimed, nil
}

// Begin notes that a claimed announcement is about to be handed over; ok is
// false where it is not queued any more.
func (l Announcements) Begin(ctx context.Context, id int64, now time.Time) (ok bool, err error) {
	n, err := l.db.exec(ctx, `UPDATE announcements SET state = 'sending', attempts = attempts + 1, updated = $2
WHERE id = $1 AND state = 'queued'`, id, micros(now))
	return n > 0, l.db.fail(fmt.Sprintf("beginning announcement %d", id), err)
}

// Record notes what became of an announcement that was begun; see DB.record.
func (l Announcements) Record(ctx context.Context, id int64, state sigpost.DeliveryState, reply string, due, at time.Time) error {
	return l.db.record(ctx, announcements, fmt.Sprintf("announcement %d", id), id, state, reply, due, at)
}

// Recover is DB.Recover.
func (l Announcements) Recover(ctx context.Context, issueID int64, resend bool, at time.Time) (released, unknown int, err error) {
	return l.db.recoverRows(ctx, announcements, issueID, resend, at)
}

// Requeue is DB.Requeue.
func (l Announcements) Requeue(ctx context.Context, issueID int64, state sigpost.DeliveryState, at time.Time) (int, error) {
	return l.db.requeue(ctx, announcements, issueID, state, at)
}

// Arrived is DB.Arrived.
func (l Announcements) Arrived(ctx context.Context, issueID int64, ids []int64, reply string, at time.Time) (int, error) {
	return l.db.arrived(ctx, announcements, issueID, ids, reply, at)
}

// Of gives the announcements of an issue, in the order in which they were queued.
func (l Announcements) Of(ctx context.Context, issueID int64) ([]sigpost.Announcement, error) {
	all, err := collect(ctx, l.db, readAnnouncement, `SELECT `+announcementColumns+` FROM announcements d WHERE d.issue_id = $1 ORDER BY d.id`, issueID)
	return all, l.db.fail(fmt.Sprintf("reading the announcements of issue %d", issueID), err)
}

// OpenIssues gives the issues of a digest that have an announcement which can
// still be made, or which was begun, the oldest first; but for those whose sending
// stands still.
func (l Announcements) OpenIssues(ctx context.Context, digest string) ([]sigpost.Issue, error) {
	all, err := collect(ctx, l.db, readIssue, `SELECT `+issueColumns+` FROM issues i WHERE i.digest = $1
AND EXISTS (SELECT 1 FROM announcements a WHERE a.issue_id = i.id AND a.state IN ('queued', 'sending'))
AND NOT EXISTS (SELECT 1 FROM sendings s WHERE s.issue_id = i.id AND s.paused > 0) ORDER BY i.window_to`, digest)
	return all, l.db.fail("looking for announcements of the digest "+digest, err)
}
