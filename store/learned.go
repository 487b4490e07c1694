package store

import (
	"context"

	"sigpost"
)

// Verdict is what a person decided of a tag of a thread.
type Verdict struct {
	Thread int64
	Tag    sigpost.Tag
	Accept bool
}

// Verdicts gives what people decided on tags, in the order of threads, kinds and
// names.
func (db *DB) Verdicts(ctx context.Context) ([]Verdict, error) {
	all, err := collect(ctx, db, func(row scanner) (v Verdict, err error) {
		var verdict string
		err = row.Scan(&v.Thread, &v.Tag.Kind, &v.Tag.Name, &verdict)
		v.Accept = verdict == accepted
		return v, err
	}, `SELECT thread_id, kind, name, verdict FROM decisions ORDER BY thread_id, kind, name`)
	return all, db.fail("reading what people decided on tags", err)
}

// Learned gives the weights that were learned from such decisions, as SaveLearned
// was told; empty where nothing was learned.
func (db *DB) Learned(ctx context.Context) (weights string, err error) {
	var learned []string
	learned, err = collect(ctx, db, func(row scanner) (text string, err error) { return text, row.Scan(&text) },
		`SELECT value FROM notes WHERE name = 'learned'`)
	if len(learned) > 0 {
		weights = learned[0]
	}
	return weights, db.fail("reading what was learned from decisions", err)
}

// SaveLearned keeps the weights that were learned from decisions, in the place of
// those that were before. The decisions stay as they are.
func (db *DB) SaveLearned(ctx context.Context, weights string) error {
	_, err := db.exec(ctx, `INSERT INTO notes (name, value) VALUES ('learned', $1)
ON CONFLICT (name) DO UPDATE SET value = excluded.value`, weights)
	return db.fail("keeping what was learned from decisions", err)
}
