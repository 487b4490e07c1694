package store

import "context"

// The kinds of listings that are no tag's: no tag has a kind with a colon.
const (
	// listOf is the kind of a mailing list's, by its name.
	listOf = ":list"
	// unanswered has no name. In it are threads that a person began, that are a
	// question, a proposal or a discussion, and in which no other person has
	// written: what programs write is no answer.
	unanswered = ":unanswered"
)

// relist writes anew in which lists threads are. Whatever changes a thread calls
// it in the same transaction; a thread that is gone is in none.
func (db *DB) relist(ctx context.Context, threadIDs []int64) error {
	return inList(threadIDs, 1, func(list string, args []any) error {
		if _, err := db.exec(ctx, `DELETE FROM listing WHERE thread_id IN `+list, args...); err != nil {
			return err
		}
		_, err := db.exec(ctx, `INSERT INTO listing (kind, name, last_at, thread_id)
SELECT kind, name, last_at, thread_id FROM listed WHERE thread_id IN `+list, args...)
		return err
	})
}
