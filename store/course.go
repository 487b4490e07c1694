package store

import (
	"context"
	"strings"
	"time"

	"sigpost"
)

// FirstPosts says when each of some addresses, in whatever case, was first
// written from, by the address in lower case. Those that nobody wrote from are
// missing.
func (db *DB) FirstPosts(ctx context.Context, addrs []string) (map[string]time.Time, error) {
	lower := make([]string, len(addrs))
	for i, a := range addrs {
		lower[i] = strings.ToLower(a)
	}
	first := map[string]time.Time{}
	err := inList(lower, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var addr string
			var at int64
			err := row.Scan(&addr, &at)
			first[addr] = moment(at)
			return err
		}, `SELECT lower(author_addr), min(received) FROM messages WHERE lower(author_addr) IN `+list+` GROUP BY lower(author_addr)`, args...)
	})
	return first, db.fail("looking for who wrote for the first time", err)
}

// Reach is when the oldest message of the archive was received; the error wraps
// sigpost.ErrNotFound where there is none.
func (db *DB) Reach(ctx context.Context) (time.Time, error) {
	var at *int64
	err := db.scan(ctx, `SELECT min(received) FROM messages`, nil, &at)
	if err == nil && at == nil {
		err = &failure{"the archive is empty", sigpost.ErrNotFound}
	}
	if err != nil {
		return time.Time{}, db.fail("looking for the oldest message", err)
	}
	return moment(*at), nil
}

// Arrivals gives when each message of a person was received in a window, in
// order, sigpost's own letters left out. lists are names of lists; none means
// all.
func (db *DB) Arrivals(ctx context.Context, lists []string, w sigpost.Window) ([]time.Time, error) {
	args := []any{micros(w.From), micros(w.To)}
	onList := ""
	if len(lists) > 0 {
		onList = ` AND EXISTS (SELECT 1 FROM message_lists l WHERE l.message_id = m.id AND l.list IN (` + params(3, len(lists)) + `))`
		for _, l := range lists {
			args = append(args, l)
		}
	}
	all, err := collect(ctx, db, func(row scanner) (time.Time, error) {
		var at int64
		err := row.Scan(&at)
		return moment(at), err
	}, `SELECT m.received FROM messages m WHERE m.received >= $1 AND m.received < $2 AND m.robot = 0 AND m.own = 0`+onList+` ORDER BY m.received`, args...)
	return all, db.fail("counting messages by day", err)
}
