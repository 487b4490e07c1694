package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"sigpost"
)

// NewsFor gives the messages that an issue of a digest over a window has to
// tell of, in the order in which they were received, without Text and Ranges:
// those received in the window, and those received in [lateFrom, w.From) which
// came too late for the issues before (a zero lateFrom asks for none). Left
// out are those that an issue of the digest carried already and sigpost's own
// letters. lists are the names of the digest's lists; none means all.
func (db *DB) NewsFor(ctx context.Context, digest string, lists []string, w sigpost.Window, lateFrom time.Time) ([]sigpost.Message, error) {
	from := micros(w.From)
	if !lateFrom.IsZero() {
		from = min(from, micros(lateFrom))
	}
	args := []any{from, micros(w.To), digest}
	onList := ""
	if len(lists) > 0 {
		onList = ` AND EXISTS (SELECT 1 FROM message_lists l WHERE l.message_id = m.id AND l.list IN (` + params(4, len(lists)) + `))`
		for _, l := range lists {
			args = append(args, l)
		}
	}
	news, err := collect(ctx, db, readMessage, `SELECT `+messageColumns+` FROM messages m
WHERE m.received >= $1 AND m.received < $2 AND m.own = 0
AND NOT EXISTS (SELECT 1 FROM carried c WHERE c.digest = $3 AND c.message_id = m.id)`+onList+` ORDER BY m.received, m.id`, args...)
	return news, db.fail("looking for news for the digest "+digest, err)
}

// CreateIssue stores an issue and notes which messages it carries. It sets
// the issue's ID, and its Number unless it is quiet: one more than the last.
// The error wraps ErrWindowTaken where an issue of the digest covers part of
// the window, or of what is after it, already.
func (db *DB) CreateIssue(ctx context.Context, issue *sigpost.Issue, carried []int64) error {
	frozen := *issue
	err := db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil {
			return err
		}
		if err := tx.freeze(ctx, &frozen); err != nil {
			return err
		}
		if err := tx.carry(ctx, &frozen, carried); err != nil {
			return err
		}
		if err := tx.keepDraft(ctx, &frozen); err != nil {
			return err
		}
		return tx.tell(ctx, &frozen, frozen.ID)
	})
	if err != nil {
		return db.fail("storing the issue of the digest "+issue.Digest, err)
	}
	*issue = frozen
	return nil
}

// freeze writes the row of an issue.
func (db *DB) freeze(ctx context.Context, issue *sigpost.Issue) error {
	var last, number int64
	err := db.scan(ctx, `SELECT COALESCE(max(window_to), 0), COALESCE(max(number), 0) FROM issues WHERE digest = $1`,
		[]any{issue.Digest}, &last, &number)
	if err != nil {
		return err
	}
	if last > micros(issue.Window.From) {
		return &failure{fmt.Sprintf("the digest %s has an issue up to %s already; one from %s would repeat it", issue.Digest,
			moment(last).Format(time.RFC3339), issue.Window.From.UTC().Format(time.RFC3339)), ErrWindowTaken}
	}
	issue.Number = 0
	var column any
	if issue.State != sigpost.IssueQuiet {
		issue.Number = int(number) + 1
		column = issue.Number
	}
	// The number of the row is known only once it is there: readIssue sets it.
	issue.ID = 0
	content, err := toJSON(issue)
	if err != nil {
		return err
	}
	return db.scan(ctx, `INSERT INTO issues (digest, number, window_from, window_to, state, state_at, content)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`, []any{issue.Digest, column, micros(issue.Window.From), micros(issue.Window.To),
		string(issue.State), micros(issue.Composed), content}, &issue.ID)
}

// carry notes which messages an issue carried.
func (db *DB) carry(ctx context.Context, issue *sigpost.Issue, messages []int64) error {
	messages = slices.Compact(slices.Sorted(slices.Values(messages)))
	rows := make([][]any, len(messages))
	for i, id := range messages {
		rows[i] = []any{issue.Digest, id, issue.ID}
	}
	n, err := db.insert(ctx, "carried (digest, message_id, issue_id)", rows)
	if err == nil && n < len(messages) {
		err = fmt.Errorf("%d of its messages were carried by an earlier issue", len(messages)-n)
	}
	return err
}

// tell notes which threads an issue tells of.
func (db *DB) tell(ctx context.Context, issue *sigpost.Issue, id int64) error {
	rows := make([][]any, 0, len(issue.Entries))
	for _, e := range issue.Entries {
		thread, err := db.follow(ctx, e.ThreadID)
		if err != nil {
			return fmt.Errorf("its entry %q is of thread %d: %w", e.Headline, e.ThreadID, err)
		}
		rows = append(rows, []any{thread, id})
	}
	_, err := db.insert(ctx, "issue_threads (thread_id, issue_id)", rows)
	return err
}

const issueColumns = `i.id, i.state, i.content`

func readIssue(row scanner) (issue sigpost.Issue, err error) {
	var id int64
	var state, content string
	if err = row.Scan(&id, &state, &content); err != nil {
		return issue, err
	}
	err = json.Unmarshal([]byte(content), &issue)
	issue.ID, issue.State = id, sigpost.IssueState(state)
	return issue, err
}

// Issue gives an issue as it would be sent, in the state that it is in now. The
// error wraps sigpost.ErrNotFound where there is none.
func (db *DB) Issue(ctx context.Context, id int64) (sigpost.Issue, error) {
	issue, err := first(ctx, db, readIssue, `SELECT `+issueColumns+` FROM issues i WHERE i.id = $1`, id)
	return issue, db.fail(fmt.Sprintf("reading issue %d", id), err)
}

// IssueByNumber is Issue for a digest's number, which quiet ones do not have.
func (db *DB) IssueByNumber(ctx context.Context, digest string, number int) (sigpost.Issue, error) {
	issue, err := first(ctx, db, readIssue, `SELECT `+issueColumns+` FROM issues i WHERE i.digest = $1 AND i.number = $2`, digest, number)
	return issue, db.fail(fmt.Sprintf("reading issue %d of the digest %s", number, digest), err)
}

// LastIssue gives the issue with the latest window of a digest, in whatever
// state, quiet ones among them. The error wraps sigpost.ErrNotFound where
// there is none.
func (db *DB) LastIssue(ctx context.Context, digest string) (sigpost.Issue, error) {
	all, err := db.Issues(ctx, digest, 1)
	if err == nil && len(all) == 0 {
		return sigpost.Issue{}, &failure{"the digest " + digest + " has no issue yet", sigpost.ErrNotFound}
	}
	if err != nil {
		return sigpost.Issue{}, err
	}
	return all[0], nil
}

// Issues gives the issues of a digest, the latest window first, at most limit
// (0 means 50).
func (db *DB) Issues(ctx context.Context, digest string, limit int) ([]sigpost.Issue, error) {
	if limit == 0 {
		limit = 50
	}
	all, err := collect(ctx, db, readIssue, `SELECT `+issueColumns+` FROM issues i WHERE i.digest = $1
ORDER BY i.window_to DESC LIMIT $2`, digest, limit)
	return all, db.fail("reading the issues of the digest "+digest, err)
}

// PublicIssues gives the issues of a digest that are for readers to see now, the
// latest first: those with a number below below, where that is not 0, at most
// limit.
func (db *DB) PublicIssues(ctx context.Context, digest string, now time.Time, below, limit int) ([]sigpost.Issue, error) {
	var all []sigpost.Issue
	for {
		some, err := collect(ctx, db, readIssue, `SELECT `+issueColumns+` FROM issues i
WHERE i.digest = $1 AND i.state IN ('approved', 'sending', 'sent') AND ($2 = 0 OR i.number < $2) ORDER BY i.number DESC LIMIT $3`, digest, below, limit-len(all))
		if err != nil {
			return nil, db.fail("reading the issues of the digest "+digest, err)
		}
		ended := len(some) < limit-len(all)
		if len(some) > 0 {
			below = some[len(some)-1].Number
		}
		// Those that are to be sent later are among the latest.
		all = append(all, slices.DeleteFunc(some, func(i sigpost.Issue) bool { return !i.Published(now) })...)
		if ended || len(all) == limit {
			return all, nil
		}
	}
}

// OpenIssues gives the issues of a digest that are approved and not sent to
// everybody yet,
// the oldest first.
func (db *DB) OpenIssues(ctx context.Context, digest string) ([]sigpost.Issue, error) {
	all, err := collect(ctx, db, readIssue, `SELECT `+issueColumns+` FROM issues i
WHERE i.digest = $1 AND i.state IN ('approved', 'sending') ORDER BY i.window_to`, digest)
	return all, db.fail("looking for issues to send of the digest "+digest, err)
}

// SetIssueState notes how far an issue has come; at is now. What it holds
// stays as it is, and so does a quiet issue.
func (db *DB) SetIssueState(ctx context.Context, id int64, state sigpost.IssueState, at time.Time) error {
	doing := fmt.Sprintf("storing that issue %d is %s", id, state)
	n, err := db.exec(ctx, `UPDATE issues SET state = $2, state_at = $3 WHERE id = $1`, id, string(state), micros(at))
	if err == nil && n == 0 {
		_, err = db.Issue(ctx, id)
	}
	return db.fail(doing, err)
}

// MoveIssue notes that an issue that has come to one state has come to another; ok is
// false where it is not in the first one any more. at is now.
func (db *DB) MoveIssue(ctx context.Context, id int64, from, to sigpost.IssueState, at time.Time) (ok bool, err error) {
	n, err := db.exec(ctx, `UPDATE issues SET state = $3, state_at = $4 WHERE id = $1 AND state = $2`, id, string(from), string(to), micros(at))
	return n > 0, db.fail(fmt.Sprintf("storing that issue %d is %s", id, to), err)
}

// CarriedThreads gives the number of the last issue of the digest that told of
// each of the threads, of those that are older than the one with the ID before
// (0 stands for all issues); threads that none told of are missing.
func (db *DB) CarriedThreads(ctx context.Context, digest string, threadIDs []int64, before int64) (map[int64]int, error) {
	told := map[int64]int{}
	err := inList(threadIDs, 3, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var id int64
			var number int
			err := row.Scan(&id, &number)
			told[id] = number
			return err
		}, `SELECT t.thread_id, max(i.number) FROM issue_threads t JOIN issues i ON i.id = t.issue_id
WHERE i.digest = $1 AND ($2 = 0 OR i.id < $2) AND i.number IS NOT NULL AND t.thread_id IN `+list+` GROUP BY t.thread_id`, slices.Concat([]any{digest, before}, args)...)
	})
	return told, db.fail("looking for threads that the digest "+digest+" told of", err)
}
