package store

import (
	"context"

	"sigpost"
)

// SQL runs a statement as it is, for tests that break things.
func (db *DB) SQL(ctx context.Context, query string, args ...any) error {
	_, err := db.exec(ctx, query, args...)
	return err
}

// Texts reads a row of texts.
func (db *DB) Texts(ctx context.Context, n int, query string, args ...any) ([]string, error) {
	texts := make([]string, n)
	into := make([]any, n)
	for i := range texts {
		into[i] = &texts[i]
	}
	return texts, db.scan(ctx, query, args, into...)
}

// True is how goose's table says yes.
func (db *DB) True() string {
	if db.file != "" {
		return "1"
	}
	return "true"
}

// InList gives the lists that inList makes.
func InList[T any](values []T, from int) (lists []string, args [][]any) {
	inList(values, from, func(list string, a []any) error {
		lists, args = append(lists, list), append(args, a)
		return nil
	})
	return lists, args
}

// Pack, Unpack and Clean are those of values.go.
var (
	Pack   = pack[string]
	Unpack = unpack[string]
	Clean  = clean
)

// Rows reads rows of texts.
func (db *DB) Rows(ctx context.Context, n int, query string, args ...any) ([][]string, error) {
	return collect(ctx, db, func(row scanner) ([]string, error) {
		texts := make([]string, n)
		into := make([]any, n)
		for i := range texts {
			into[i] = &texts[i]
		}
		return texts, row.Scan(into...)
	}, query, args...)
}

// TextID is the full-text index's column of message numbers.
func (db *DB) TextID() string { return db.textID }

// KeyOf is how indexes hold a Message-ID.
func KeyOf(id sigpost.MessageID) []byte {
	k := keyOf(id)
	return k[:]
}

// SubjectKeyOf is what the column subject_key says of a message.
var SubjectKeyOf = subjectKeyOf
