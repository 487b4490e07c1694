package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"sigpost"
)

const threadColumns = `t.id, t.subject, t.base_subject, t.messages, t.first_at, t.last_at, t.revision, t.from_id,
(SELECT COALESCE(string_agg(l.list, '
'), '') FROM thread_lists l WHERE l.thread_id = t.id)`

func readThread(row scanner) (t sigpost.Thread, err error) {
	var firstAt, lastAt int64
	var lists string
	err = row.Scan(&t.ID, &t.Subject, &t.BaseSubject, &t.Messages, &firstAt, &lastAt, &t.Revision, &t.From, &lists)
	t.First, t.Last, t.Lists = moment(firstAt), moment(lastAt), sorted(lists)
	return t, err
}

// follow gives the thread that id is part of by now: itself, or the one that
// it was joined to.
func (db *DB) follow(ctx context.Context, id int64) (int64, error) {
	now := id
	err := db.scan(ctx, `SELECT COALESCE((SELECT thread_id FROM redirects WHERE old_thread_id = $1),
(SELECT id FROM threads WHERE id = $1), 0)`, []any{id}, &now)
	if err == nil && now == 0 {
		return id, sql.ErrNoRows
	}
	return now, err
}

// Thread gives a thread with its accepted tags, or the one that it was joined
// to: its ID may differ from id. The error wraps sigpost.ErrNotFound where
// there is none.
func (db *DB) Thread(ctx context.Context, id int64) (sigpost.Thread, error) {
	id, err := db.follow(ctx, id)
	if err == nil {
		var threads []sigpost.Thread
		threads, err = db.threads(ctx, `WHERE t.id = $1`, id)
		if err == nil && len(threads) == 1 {
			return threads[0], nil
		}
		err = errors.Join(err, sql.ErrNoRows)
	}
	return sigpost.Thread{}, db.fail(fmt.Sprintf("reading thread %d", id), err)
}

// ThreadsOf gives threads with their accepted tags by their numbers, which have
// to be those of today; those that are not there are missing.
func (db *DB) ThreadsOf(ctx context.Context, ids []int64) (map[int64]sigpost.Thread, error) {
	all := make(map[int64]sigpost.Thread, len(ids))
	err := inList(ids, 1, func(list string, args []any) error {
		threads, err := db.threads(ctx, `WHERE t.id IN `+list, args...)
		for _, t := range threads {
			all[t.ID] = t
		}
		return err
	})
	return all, db.fail("reading threads", err)
}

// ThreadQuery says which threads to list. Its zero value means all.
type ThreadQuery struct {
	// Tag asks for threads for which it is accepted.
	Tag sigpost.Tag
	// List asks for threads on the list of that name.
	List string
	// Before asks for what comes after a thread that was listed, such as the
	// last one of a page.
	Before ThreadPosition
	// Limit is how many to give at most; 0 means 50.
	Limit int
}

// ThreadPosition is a thread's place in the order of Threads.
type ThreadPosition struct {
	Last time.Time // of the thread
	ID   int64
}

// PositionOf is the place of a thread.
func PositionOf(t sigpost.Thread) ThreadPosition { return ThreadPosition{t.Last, t.ID} }

// Threads lists threads with their accepted tags, those with the newest
// messages first.
func (db *DB) Threads(ctx context.Context, q ThreadQuery) ([]sigpost.Thread, error) {
	where := []string{hasShown}
	var args []any
	add := func(condition string, values ...any) {
		where = append(where, fmt.Sprintf(condition, params(len(args)+1, len(values))))
		args = append(args, values...)
	}
	if q.Tag != (sigpost.Tag{}) {
		add(`t.id IN (SELECT thread_id FROM accepted_tags WHERE (kind, name) = (%s))`, string(q.Tag.Kind), q.Tag.Name)
	}
	if q.List != "" {
		add(`EXISTS (SELECT 1 FROM thread_lists l WHERE l.thread_id = t.id AND l.list = %s)`, q.List)
	}
	if q.Before != (ThreadPosition{}) {
		add(`(t.last_at, t.id) < (%s)`, micros(q.Before.Last), q.Before.ID)
	}
	if q.Limit == 0 {
		q.Limit = 50
	}
	threads, err := db.threads(ctx, `WHERE `+strings.Join(where, " AND ")+` ORDER BY t.last_at DESC, t.id DESC LIMIT `+params(len(args)+1, 1), append(args, q.Limit)...)
	return threads, db.fail("listing threads", err)
}

// threads reads threads with their accepted tags.
func (db *DB) threads(ctx context.Context, conditions string, args ...any) ([]sigpost.Thread, error) {
	threads, err := collect(ctx, db, readThread, `SELECT `+threadColumns+` FROM threads t `+conditions, args...)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(threads))
	for i, t := range threads {
		ids[i] = t.ID
	}
	tags, err := db.Taggings(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i, t := range threads {
		for _, tag := range tags[t.ID] {
			if tag.State == sigpost.TagAccepted {
				threads[i].Tags = append(threads[i].Tags, tag)
			}
		}
	}
	return threads, nil
}
