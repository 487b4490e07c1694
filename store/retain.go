package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sigpost"
)

// Retained is a kind of rows that are not kept for ever.
type Retained string

// The kinds, as configuration and reports name them.
const (
	RetainQuarantine Retained = "quarantine"     // mail that was kept aside
	RetainReplies    Retained = "replies"        // what servers said of letters
	RetainLedger     Retained = "ledger"         // who was sent what
	RetainAudit      Retained = "audit"          // who did what
	RetainReaders    Retained = "former_readers" // who left
	RetainMail       Retained = "mail"           // threads
)

// retained are what is taken from tables: find gives the next $3 rows with numbers
// above $1 that are older than $2, and each of do ends in the list of them.
var retained = map[Retained][]struct {
	find string
	do   []string
}{
	RetainQuarantine: {{`SELECT id FROM quarantine WHERE id > $1 AND at < $2 ORDER BY id LIMIT $3`, []string{`DELETE FROM quarantine WHERE id IN `}}},
	RetainReplies: {
		{`SELECT id FROM deliveries WHERE id > $1 AND updated < $2 AND reply <> '' AND state IN ('sent', 'failed', 'suppressed', 'unknown') ORDER BY id LIMIT $3`,
			[]string{`UPDATE deliveries SET reply = '' WHERE id IN `}},
		{`SELECT id FROM nudges WHERE id > $1 AND updated < $2 AND reply <> '' ORDER BY id LIMIT $3`, []string{`UPDATE nudges SET reply = '' WHERE id IN `}},
		{`SELECT id FROM announcements WHERE id > $1 AND updated < $2 AND reply <> '' ORDER BY id LIMIT $3`, []string{`UPDATE announcements SET reply = '' WHERE id IN `}},
		{`SELECT id FROM bounces WHERE id > $1 AND at < $2 AND (reply <> '' OR evidence <> '' OR feedback <> '') ORDER BY id LIMIT $3`,
			[]string{`UPDATE bounces SET reply = '', evidence = '', feedback = '' WHERE id IN `}},
	},
	// Only of issues that are done with: what is in the ledger of others decides who
	// gets them.
	RetainLedger: {{`SELECT d.id FROM deliveries d JOIN issues i ON i.id = d.issue_id WHERE d.id > $1 AND i.state = 'sent' AND i.state_at < $2 AND d.updated < $2 ORDER BY d.id LIMIT $3`,
		[]string{`DELETE FROM bounces WHERE delivery_id IN `, `DELETE FROM deliveries WHERE id IN `}}},
	RetainAudit: {{`SELECT id FROM audit WHERE id > $1 AND at < $2 ORDER BY id LIMIT $3`, []string{`DELETE FROM audit WHERE id IN `}}},
}

// retainRows is how many rows a transaction takes, and retainThreads how many
// threads: other writers wait meanwhile.
const (
	retainRows    = 500
	retainThreads = 50
)

// Retain takes away what is of that kind and older than before, some rows at a time,
// and gives how many there were. Stopped and called again, it goes on. progress is
// told how many were taken so far.
func (db *DB) Retain(ctx context.Context, what Retained, before time.Time, progress func(done int)) (n int, err error) {
	if what == RetainMail {
		n, err = db.retainMail(ctx, before, progress)
		return n, db.fail("removing old mail", err)
	}
	for _, step := range retained[what] {
		for after := int64(0); ; {
			ids, err := collect(ctx, db, readID, step.find, after, micros(before), retainRows)
			if err != nil {
				return n, db.fail("looking for old rows of "+string(what), err)
			}
			if len(ids) == 0 {
				break
			}
			err = db.Tx(ctx, func(tx *DB) error {
				return inList(ids, 1, func(list string, args []any) error {
					for _, do := range step.do {
						if _, err := tx.exec(ctx, do+list, args...); err != nil {
							return err
						}
					}
					return nil
				})
			})
			if err != nil {
				return n, db.fail("removing old rows of "+string(what), err)
			}
			after = ids[len(ids)-1]
			n += len(ids)
			progress(n)
		}
	}
	return n, nil
}

func readID(row scanner) (id int64, err error) { return id, row.Scan(&id) }

// FormerReaders gives the addresses of those who left everything before a moment, and
// do not want to come back: at most limit, behind an address.
func (db *DB) FormerReaders(ctx context.Context, before time.Time, after string, limit int) ([]string, error) {
	all, err := collect(ctx, db, func(row scanner) (addr string, err error) { return addr, row.Scan(&addr) },
		`SELECT b.addr FROM subscribers b WHERE b.addr <> '' AND b.addr > $2 AND b.created < $1
AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.subscriber_id = b.id AND (s.state = 'active' OR s.ended_at >= $1))
AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.addr_key = b.addr_key) ORDER BY b.addr LIMIT $3`, micros(before), after, limit)
	return all, db.fail("looking for former readers", err)
}

// ofThreads are the tables whose rows belong to a thread, and ofMessages those whose
// rows belong to a message: they go with it. A test looks that all are here that
// refer to the two.
var (
	ofThreads = []string{"redirects", "ghosts", "thread_lists", "outward", "taggings", "decisions", "issue_threads", "listing",
		"review_queue", "review_tags", "review_seen", "review_changes", "reports", "judgements", "samples", "tagging_claims"}
	ofMessages = []string{"message_lists", "removals", "carried"}
)

// retainMail removes whole threads whose last message was received before a moment,
// but for those of which an issue tells that is not sent yet.
func (db *DB) retainMail(ctx context.Context, before time.Time, progress func(done int)) (n int, err error) {
	for {
		took := 0
		err := db.Tx(ctx, func(tx *DB) error {
			if err := tx.alone(ctx); err != nil {
				return err
			}
			ids, err := collect(ctx, tx, readID, `SELECT t.id FROM threads t WHERE t.last_at < $1 AND NOT EXISTS
(SELECT 1 FROM issue_threads x JOIN issues i ON i.id = x.issue_id WHERE x.thread_id = t.id AND i.state NOT IN ('sent', 'quiet')) ORDER BY t.last_at, t.id LIMIT $2`,
				micros(before), retainThreads)
			if err != nil || len(ids) == 0 {
				return err
			}
			took = len(ids)
			return tx.removeThreads(ctx, ids)
		})
		if n += took; err != nil || took == 0 {
			return n, err
		}
		progress(n)
	}
}

// removeThreads removes threads with all that belongs to them.
func (db *DB) removeThreads(ctx context.Context, threads []int64) error {
	var messages []*sigpost.Message
	all, err := db.MessagesOf(ctx, threads)
	if err != nil {
		return err
	}
	for _, of := range all {
		for i := range of {
			messages = append(messages, &of[i])
		}
	}
	ids := make([]int64, len(messages))
	for i, m := range messages {
		ids[i] = m.ID
		if err := db.unindex(ctx, m); err != nil {
			return err
		}
	}
	var blocks []int64
	if err := inList(ids, 1, func(list string, args []any) error {
		some, err := collect(ctx, db, readID, `SELECT DISTINCT raw_block FROM messages WHERE id IN `+list, args...)
		blocks = append(blocks, some...)
		return err
	}); err != nil {
		return err
	}
	if err := db.removeRows(ctx, ids, "message_id", ofMessages); err != nil {
		return err
	}
	if err := db.removeRows(ctx, ids, "id", []string{"messages"}); err != nil {
		return err
	}
	if err := db.removeRows(ctx, threads, "thread_id", ofThreads); err != nil {
		return err
	}
	if err := db.removeRows(ctx, threads, "id", []string{"threads"}); err != nil {
		return err
	}
	if err := db.repack(ctx, blocks); err != nil {
		return err
	}
	return db.forgetAuthors(ctx, messages)
}

func (db *DB) removeRows(ctx context.Context, ids []int64, column string, tables []string) error {
	return inList(ids, 1, func(list string, args []any) error {
		for _, table := range tables {
			if _, err := db.exec(ctx, `DELETE FROM `+table+` WHERE `+column+` IN `+list, args...); err != nil {
				return fmt.Errorf("table %s: %w", table, err)
			}
		}
		return nil
	})
}

// repack gives blocks up of which some mail is gone; what is left goes into others.
func (db *DB) repack(ctx context.Context, blocks []int64) error {
	type left struct {
		id int64
		place
		moved *place
	}
	p := packer{db: db}
	var all []*left
	seen := map[int64]bool{}
	for _, block := range blocks {
		if seen[block] {
			continue
		}
		seen[block] = true
		rest, err := collect(ctx, db, func(row scanner) (*left, error) {
			l := &left{}
			return l, row.Scan(&l.id, &l.offset, &l.size)
		}, `SELECT id, raw_offset, raw_size FROM messages WHERE raw_block = $1 ORDER BY id`, block)
		if err != nil {
			return err
		}
		if len(rest) == 0 {
			continue
		}
		var packed []byte
		if err := db.scan(ctx, `SELECT data FROM raw_blocks WHERE id = $1`, []any{block}, &packed); err != nil {
			return err
		}
		whole, err := db.expand.DecodeAll(packed, nil)
		if err != nil {
			return err
		}
		for _, l := range rest {
			if l.offset+l.size > int64(len(whole)) {
				return fmt.Errorf("the raw bytes of message %d are damaged in the database %s; restore a backup", l.id, db.where)
			}
			if l.moved, err = p.put(ctx, whole[l.offset:l.offset+l.size]); err != nil {
				return err
			}
			all = append(all, l)
		}
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	for _, l := range all {
		if _, err := db.exec(ctx, `UPDATE messages SET raw_block = $2, raw_offset = $3, raw_size = $4 WHERE id = $1`, l.id, l.moved.block, l.moved.offset, l.moved.size); err != nil {
			return err
		}
	}
	return inList(blocks, 1, func(list string, args []any) error {
		_, err := db.exec(ctx, `DELETE FROM raw_blocks WHERE id IN `+list, args...)
		return err
	})
}

// forgetAuthors drops those who wrote some messages, and none that is left.
func (db *DB) forgetAuthors(ctx context.Context, messages []*sigpost.Message) error {
	seen := map[string]bool{}
	for _, m := range messages {
		addr := strings.ToLower(m.Author.Addr)
		if addr == "" || seen[addr] {
			continue
		}
		seen[addr] = true
		if _, err := db.exec(ctx, `DELETE FROM authors WHERE lower(addr) = $1 AND NOT EXISTS (SELECT 1 FROM messages m WHERE lower(m.author_addr) = $1)`, addr); err != nil {
			return err
		}
	}
	return nil
}
