package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"sigpost"
)

// ServeCounts say what became of the mail of a service mailbox.
type ServeCounts struct {
	Acted       int // handed to act
	Again       int // acted on before
	Quarantined int
}

// Serve acts on mail that is not for the archive, in one transaction with the
// cursor of its mailbox, which may be nil: all of it, or none. A mail that was
// acted on before, by its Message-ID and body, is passed over, also where it
// comes under another UID. What was not understood goes to quarantine. at is
// now. An error of act undoes the whole batch, which comes again: act returns
// only those of the archive.
func (db *DB) Serve(ctx context.Context, mailbox *sigpost.Mailbox, arrivals []sigpost.Arrival, at time.Time,
	act func(tx *DB, a sigpost.Arrival) error) (counts ServeCounts, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		counts = ServeCounts{}
		for _, a := range arrivals {
			if err := tx.serve(ctx, a, at, act, &counts); err != nil {
				return err
			}
		}
		if mailbox == nil {
			return nil
		}
		return tx.moveCursor(ctx, mailbox)
	})
	if err != nil {
		return ServeCounts{}, db.fail("acting on mail", err)
	}
	return counts, nil
}

func (db *DB) serve(ctx context.Context, a sigpost.Arrival, at time.Time, act func(tx *DB, a sigpost.Arrival) error, counts *ServeCounts) error {
	if a.Message == nil {
		counts.Quarantined++
		return db.quarantine(ctx, sigpost.Quarantined{Source: a.Source, UID: a.UID, Raw: a.Raw, Partial: a.Partial, Reason: a.Reason, At: at})
	}
	n, err := db.exec(ctx, `INSERT INTO served (mail_key, at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, servedKey(a.Message), micros(at))
	if err != nil {
		return err
	}
	if n == 0 {
		counts.Again++
		return nil
	}
	counts.Acted++
	return act(db, a)
}

// servedKey is one mail's, whatever the servers on its way wrote above it.
func servedKey(m *sigpost.Message) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%x", m.MessageID, m.Fingerprint.Body))
	return hex.EncodeToString(sum[:16])
}
