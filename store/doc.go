// Package store is the archive: every row that sigpost keeps, and all of its
// SQL. SQLite is the default (one file, one machine); PostgreSQL serves many.
//
// Both engines run the same statements. What truly differs is in dialect.go:
//
//   - parameters are $1, $2, ... on both;
//   - RETURNING and ON CONFLICT DO NOTHING, never LastInsertId;
//   - NULLS LAST wherever a NULL can be sorted; text is ordered in Go;
//   - no LIKE, no JSON functions, no dates: times are integers, microseconds
//     since 1970, and 0 is no time;
//   - what strangers wrote is made valid UTF-8 without NUL (see clean), since
//     PostgreSQL takes nothing else. Raw mail is kept to the byte.
//
// A transaction is the same type as the database: see DB.Tx.
package store
