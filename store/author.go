package store

import (
	"context"

	"sigpost"
)

// How many bytes of an author's name are looked at, and how long an address may
// be (RFC 5321, section 4.5.3.1, has 64 + 1 + 255): an index takes no more than
// some 2,700 bytes.
const (
	maxAuthorName = 200
	maxAuthorAddr = 320
)

// meet remembers who has written, for those who look for them.
func (db *DB) meet(ctx context.Context, msgs []*sigpost.Message) error {
	seen := map[sigpost.Address]bool{}
	var rows [][]any
	for _, m := range msgs {
		author := sigpost.Address{Name: validPrefix(clean(m.Author.Name), maxAuthorName), Addr: clean(m.Author.Addr)}
		if author.Addr == "" || len(author.Addr) > maxAuthorAddr || seen[author] {
			continue
		}
		seen[author] = true
		rows = append(rows, []any{author.Addr, author.Name})
	}
	_, err := db.insert(ctx, "authors (addr, name)", rows)
	return err
}
