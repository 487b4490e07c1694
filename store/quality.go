package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sigpost"
	"sigpost/review"
)

// Report keeps what a reader says of a thread's tags. source stands for who says
// it, and for what: the same one says the same thing once, and taken is false then,
// or where the thread has as many reports of the kind that nobody closed as there
// is room for.
func (db *DB) Report(ctx context.Context, threadID int64, r review.Report, source string) (taken bool, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil {
			return err
		}
		thread, err := tx.follow(ctx, threadID)
		if err != nil {
			return err
		}
		open := 0
		if err := tx.scan(ctx, `SELECT count(*) FROM reports WHERE thread_id = $1 AND closed = 0`, []any{thread}, &open); err != nil || open >= maxReports {
			return err
		}
		n, err := tx.exec(ctx, `INSERT INTO reports (thread_id, kind, name, title, missing, words, source, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
			thread, string(r.Tag.Kind), r.Tag.Name, clean(r.Title), number(r.Missing), clean(r.Words), source, micros(r.At))
		taken = n > 0
		if err != nil || !taken {
			return err
		}
		return tx.ask(ctx, []int64{thread})
	})
	return taken, db.fail(fmt.Sprintf("keeping a report on thread %d", threadID), err)
}

// maxReports is how many reports of a thread can be open: reviewers look at it
// anyway.
const maxReports = 20

// Judgement is a decision on a tag, and what the classifier had said of it.
type Judgement struct {
	Thread int64
	Tag    sigpost.Tag
	At     time.Time
	Accept bool
	// State is empty where the classifier had not found the tag.
	State    sigpost.TaggingState
	Score    float64
	Rule     string // that said most for the tag
	Taxonomy string
}

// Judgements gives the decisions since a time, the oldest first.
func (db *DB) Judgements(ctx context.Context, since time.Time) ([]Judgement, error) {
	all, err := collect(ctx, db, func(row scanner) (j Judgement, err error) {
		var at int64
		var verdict string
		err = row.Scan(&j.Thread, &j.Tag.Kind, &j.Tag.Name, &at, &verdict, &j.State, &j.Score, &j.Rule, &j.Taxonomy)
		j.At, j.Accept = moment(at), verdict == accepted
		return j, err
	}, `SELECT thread_id, kind, name, at, verdict, state, score, rule, taxonomy FROM judgements WHERE at >= $1 ORDER BY at, thread_id, kind, name`, micros(since))
	return all, db.fail("reading what was decided", err)
}

// Sampled is a tag of a week's sample, and what somebody said of it.
type Sampled struct {
	Week   time.Time
	Thread int64
	Tag    sigpost.Tag
	Title  string
	Score  float64
	Rule   string
	// Taxonomy is the one by which it was accepted, Population how many accepted
	// tags there were to draw from.
	Taxonomy   string
	Population int
	// Subject is the thread's.
	Subject string
	// Judged says that somebody has decided, Right what.
	Judged, Right bool
}

// Samples gives what was drawn since a week, the newest week first, in the order in
// which it was drawn.
func (db *DB) Samples(ctx context.Context, since time.Time) ([]Sampled, error) {
	all, err := collect(ctx, db, func(row scanner) (s Sampled, err error) {
		var week int64
		var verdict string
		err = row.Scan(&week, &s.Thread, &s.Tag.Kind, &s.Tag.Name, &s.Title, &s.Score, &s.Rule, &s.Taxonomy, &s.Population, &s.Subject, &verdict)
		s.Week, s.Judged, s.Right = moment(week), verdict != "", verdict == accepted
		return s, err
	}, `SELECT s.week, s.thread_id, s.kind, s.name, s.title, s.score, s.rule, s.taxonomy, s.population, t.subject, COALESCE(d.verdict, '')
FROM samples s JOIN threads t ON t.id = s.thread_id
LEFT JOIN decisions d ON d.thread_id = s.thread_id AND d.kind = s.kind AND d.name = s.name
WHERE s.week >= $1 ORDER BY s.week DESC, s.kind, s.name, s.thread_id`, micros(since))
	return all, db.fail("reading samples", err)
}

// Draw draws the sample of a week: n of all topics that the classifier has accepted,
// those too on which somebody has decided. They are taken at equal distances from
// all of them in the order of tags and threads, beginning at the start-th part of
// such a distance, 0 to 1: each is as likely as any other, and each tag has its
// share. Where there is a sample for the week, it stays.
func (db *DB) Draw(ctx context.Context, week time.Time, n int, start float64) error {
	err := db.Tx(ctx, func(tx *DB) error {
		if err := tx.alone(ctx); err != nil {
			return err
		}
		drawn, population := 0, 0
		if err := tx.scan(ctx, `SELECT count(*) FROM samples WHERE week = $1`, []any{micros(week)}, &drawn); err != nil || drawn > 0 {
			return err
		}
		nature := string(sigpost.KindNature)
		if err := tx.scan(ctx, `SELECT count(*) FROM taggings WHERE state = 'accepted' AND kind <> $1`, []any{nature}, &population); err != nil || population == 0 {
			return err
		}
		step := max(float64(population)/float64(n), 1)
		next, at := start*step, 0
		var chosen []Sampled
		err := tx.each(ctx, func(row scanner) error {
			var s Sampled
			if err := row.Scan(&s.Thread, &s.Tag.Kind, &s.Tag.Name); err != nil {
				return err
			}
			if float64(at+1) > next {
				next += step
				chosen = append(chosen, s)
			}
			at++
			return nil
		}, `SELECT thread_id, kind, name FROM taggings WHERE state = 'accepted' AND kind <> $1 ORDER BY kind, name, thread_id`, nature)
		if err != nil {
			return err
		}
		for _, s := range chosen {
			if err := tx.keepSample(ctx, week, s, population); err != nil {
				return err
			}
		}
		return nil
	})
	return db.fail("drawing the sample of a week", err)
}

// keepSample keeps a tag with what is said of it now.
func (db *DB) keepSample(ctx context.Context, week time.Time, s Sampled, population int) error {
	var evidence string
	var why []sigpost.Evidence
	err := db.scan(ctx, `SELECT g.title, g.score, g.evidence, t.classified_taxonomy FROM taggings g JOIN threads t ON t.id = g.thread_id
WHERE g.thread_id = $1 AND g.kind = $2 AND g.name = $3`, []any{s.Thread, string(s.Tag.Kind), s.Tag.Name}, &s.Title, &s.Score, &evidence, &s.Taxonomy)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(evidence), &why); err != nil {
		return err
	}
	_, err = db.exec(ctx, `INSERT INTO samples (week, thread_id, kind, name, title, score, rule, taxonomy, population)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, micros(week), s.Thread, string(s.Tag.Kind), s.Tag.Name, s.Title, s.Score, clean(leading(why)), s.Taxonomy, population)
	return err
}
