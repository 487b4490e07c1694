package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"sigpost"
)

// writeQuarantine keeps what could not be understood. The same bytes are kept
// once; what came as part of a mail that is kept whole, or more whole, is not
// kept beside it.
func (b *batch) writeQuarantine(ctx context.Context) error {
	for _, q := range b.aside {
		if err := b.db.quarantine(ctx, q); err != nil {
			return fmt.Errorf("putting mail of %s in quarantine: %w", q.Source, err)
		}
	}
	return nil
}

func (db *DB) quarantine(ctx context.Context, q sigpost.Quarantined) error {
	q.Source, q.List, q.Reason = clean(q.Source), clean(q.List), clean(q.Reason)
	if q.UID != 0 {
		// A server that breaks off hands over less or more of the same mail
		// each time. Other mail under the same number is another mail: the
		// mailbox may have been made anew.
		earlier, err := collect(ctx, db, db.readQuarantined,
			`SELECT `+quarantineColumns+` FROM quarantine WHERE source = $1 AND uid = $2`, q.Source, int64(q.UID))
		if err != nil {
			return err
		}
		for _, e := range earlier {
			if bytes.HasPrefix(e.Raw, q.Raw) {
				return nil
			}
			if bytes.HasPrefix(q.Raw, e.Raw) {
				if _, err := db.exec(ctx, `DELETE FROM quarantine WHERE id = $1`, e.ID); err != nil {
					return err
				}
			}
		}
	}
	sum := sha256.Sum256(q.Raw)
	if len(q.Raw) == 0 {
		sum = sha256.Sum256(fmt.Appendf(nil, "nothing of %s\x00%d", q.Source, q.UID))
	}
	_, err := db.exec(ctx, `INSERT INTO quarantine (quarantine_key, source, uid, list, raw, raw_size, partial, reason, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		sum[:16], q.Source, int64(q.UID), q.List, db.squeeze.EncodeAll(q.Raw, []byte{}), len(q.Raw), number(q.Partial), q.Reason, micros(q.At))
	return err
}

const quarantineColumns = `id, source, uid, list, raw, partial, reason, at`

func (db *DB) readQuarantined(row scanner) (q sigpost.Quarantined, err error) {
	var packed []byte
	var at int64
	if err = row.Scan(&q.ID, &q.Source, &q.UID, &q.List, &packed, &q.Partial, &q.Reason, &at); err != nil {
		return q, err
	}
	q.At = moment(at)
	q.Raw, err = db.expand.DecodeAll(packed, nil)
	return q, err
}

// Quarantine gives what is in quarantine with its raw bytes, the newest
// first: at most limit (0 means 50) of those that came before the one with the
// number before (0 means all).
func (db *DB) Quarantine(ctx context.Context, before int64, limit int) ([]sigpost.Quarantined, error) {
	if limit == 0 {
		limit = 50
	}
	all, err := collect(ctx, db, db.readQuarantined, `SELECT `+quarantineColumns+` FROM quarantine
WHERE id < $1 OR $1 = 0 ORDER BY id DESC LIMIT $2`, before, limit)
	return all, db.fail("reading the quarantine", err)
}

// Quarantined gives one mail of the quarantine. The error wraps
// sigpost.ErrNotFound where there is none.
func (db *DB) Quarantined(ctx context.Context, id int64) (sigpost.Quarantined, error) {
	q, err := first(ctx, db, db.readQuarantined, `SELECT `+quarantineColumns+` FROM quarantine WHERE id = $1`, id)
	return q, db.fail(fmt.Sprintf("looking for number %d in quarantine", id), err)
}

// Release takes a mail out of quarantine, since it is stored now.
func (db *DB) Release(ctx context.Context, id int64) error {
	_, err := db.exec(ctx, `DELETE FROM quarantine WHERE id = $1`, id)
	return db.fail(fmt.Sprintf("taking number %d out of quarantine", id), err)
}
