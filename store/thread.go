package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

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

// threads reads threads with their accepted tags.
func (db *DB) threads(ctx context.Context, conditions string, args ...any) ([]sigpost.Thread, error) {
	threads, err := collect(ctx, db, readThread, `SELECT `+threadColumns+` FROM threads t `+conditions, args...)
	if err != nil {
		return nil, err
	}
	return threads, db.tag(ctx, threads, true)
}

// tag gives threads their accepted tags, with their evidence or without.
func (db *DB) tag(ctx context.Context, threads []sigpost.Thread, evidence bool) error {
	ids := make([]int64, len(threads))
	for i, t := range threads {
		ids[i] = t.ID
	}
	tags, err := db.taggings(ctx, ids, evidence)
	if err != nil {
		return err
	}
	for i, t := range threads {
		for _, tag := range tags[t.ID] {
			if tag.State == sigpost.TagAccepted {
				threads[i].Tags = append(threads[i].Tags, tag)
			}
		}
	}
	return nil
}
