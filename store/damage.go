package store

import (
	"context"
	"fmt"
	"strings"
)

// unsound are questions that have no answer while the archive is sound: each gives
// two columns that say of what it is so, the first a number. reindex says that
// "sigpost reparse" puts it right.
var unsound = []struct {
	what, query string
	reindex     bool
}{
	{"threads that do not say what their messages are", `SELECT t.id, t.messages FROM threads t WHERE
(t.messages, t.robots, t.first_at, t.last_at) <> (SELECT count(*), COALESCE(sum(robot), 0), COALESCE(min(received), -1), COALESCE(max(received), -1)
FROM messages m WHERE m.thread_id = t.id)`, false},
	{"messages without a thread", `SELECT m.id, m.thread_id FROM messages m WHERE NOT EXISTS (SELECT 1 FROM threads t WHERE t.id = m.thread_id)`, false},
	{"threads without a message", `SELECT t.id, t.subject FROM threads t WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.thread_id = t.id)`, false},
	{"lists of messages that their threads do not know", `SELECT m.thread_id, l.list FROM messages m JOIN message_lists l ON l.message_id = m.id
EXCEPT SELECT thread_id, list FROM thread_lists`, false},
	{"lists of threads that no message knows", `SELECT thread_id, list FROM thread_lists
EXCEPT SELECT m.thread_id, l.list FROM messages m JOIN message_lists l ON l.message_id = m.id`, false},
	{"redirects that do not lead to a thread", `SELECT old_thread_id, thread_id FROM redirects r
WHERE NOT EXISTS (SELECT 1 FROM threads t WHERE t.id = r.thread_id) OR EXISTS (SELECT 1 FROM threads t WHERE t.id = r.old_thread_id)`, false},
	{"ghosts that have come", `SELECT g.thread_id, m.id FROM ghosts g JOIN messages m ON m.message_key = g.message_key`, false},
	{"ghosts of no thread", `SELECT g.thread_id, '' FROM ghosts g WHERE NOT EXISTS (SELECT 1 FROM threads t WHERE t.id = g.thread_id)`, false},
	{"outward references of no thread", `SELECT o.thread_id, '' FROM outward o WHERE NOT EXISTS (SELECT 1 FROM threads t WHERE t.id = o.thread_id)`, false},
	{"outward references to a thread itself", `SELECT o.thread_id, m.message_id FROM outward o JOIN messages m ON m.message_key = o.message_key AND m.thread_id = o.thread_id`, false},
	{"messages that are not indexed", `SELECT id, message_id FROM messages WHERE hidden = 0 AND id NOT IN (SELECT {text} FROM message_text)`, true},
	{"indexed messages that are not there, or hidden", `SELECT {text}, '' FROM message_text WHERE {text} NOT IN (SELECT id FROM messages WHERE hidden = 0)`, true},
	{"messages that are indexed elsewhere", `SELECT m.id, m.message_id FROM messages m WHERE m.hidden = 0 AND {place} NOT IN (SELECT {textPlace} FROM message_text)`, true},
	{"messages without their words", `SELECT m.id, m.message_id FROM messages m WHERE m.hidden = 0 AND {place} NOT IN (SELECT place FROM message_words)`, true},
	{"words of no message", `SELECT place, '' FROM message_words WHERE place NOT IN (SELECT {place} FROM messages m WHERE m.hidden = 0)`, true},
	{"threads that were classified before they were there", `SELECT id, classified_revision FROM threads WHERE classified_revision > revision`, false},
	{"threads that are not in the lists of threads", `SELECT thread_id, name FROM (SELECT kind, name, last_at, thread_id FROM listed EXCEPT SELECT kind, name, last_at, thread_id FROM listing) l`, false},
	{"lists of threads with what they should not have", `SELECT thread_id, name FROM (SELECT kind, name, last_at, thread_id FROM listing EXCEPT SELECT kind, name, last_at, thread_id FROM listed) l`, false},
}

// asked is the query as the engine has it.
func (db *DB) asked(query string) string {
	return strings.NewReplacer("{text}", fmt.Sprintf(idSQL, db.textPlace), "{textPlace}", db.textPlace, "{place}", placeSQL).Replace(query)
}

// Damage is what does not fit together in an archive.
type Damage struct {
	What  string // in words, such as "messages without a thread"
	Count int
	// Such is one of them, as the engine says it or by its number.
	Such string
	// File says that the engine itself finds its file or an index damaged, and
	// Index that only the text index and its words are concerned.
	File, Index bool
}

// damageShown is how much of the damage that SQLite finds is put into words.
const damageShown = 20

// Damage looks for what does not fit together: the engine's own checks first, then
// whether rows agree. It reads all of the archive, which takes a minute for some
// gigabytes; progress is told how many of the questions are answered, and may be nil.
func (db *DB) Damage(ctx context.Context, progress func(done, total int)) (all []Damage, err error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	total := len(db.engineChecks) + len(unsound)
	for i, check := range db.engineChecks {
		d := Damage{What: check.what, File: true}
		err := db.each(ctx, func(row scanner) error {
			var says string
			if err := row.Scan(&says); err != nil || says == "ok" {
				return err
			}
			if d.Count++; d.Such == "" {
				d.Such = strings.Join(strings.Fields(says), " ")
			}
			return nil
		}, check.query)
		if err != nil {
			return all, db.fail("looking for damage", err)
		}
		if d.Count > 0 {
			all = append(all, d)
		}
		progress(i+1, total)
	}
	for i, u := range unsound {
		d := Damage{What: u.what, Index: u.reindex}
		var number int64
		// The first two columns are of any type; only the first is shown.
		err := db.scan(ctx, `WITH w (a, b) AS (`+db.asked(u.query)+`) SELECT count(*), COALESCE(min(a), 0) FROM w`, nil, &d.Count, &number)
		if err != nil {
			return all, db.fail("looking for "+u.what, err)
		}
		if d.Count > 0 {
			d.Such = fmt.Sprint(number)
			all = append(all, d)
		}
		progress(len(db.engineChecks)+i+1, total)
	}
	return all, nil
}
