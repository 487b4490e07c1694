package store_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigpost/store"
)

// Another program's file is refused, and stays as it is; so it is where that program
// numbers the versions of its tables as we do.
func TestAnotherProgramsFile(t *testing.T) {
	t.Parallel()
	for name, tables := range map[string]string{
		"tables":            `CREATE TABLE bookmarks (id INTEGER PRIMARY KEY AUTOINCREMENT, url TEXT); INSERT INTO bookmarks (url) VALUES ('https://example.org/')`,
		"write-ahead log":   `PRAGMA journal_mode = WAL; CREATE TABLE bookmarks (url TEXT)`,
		"table of versions": `CREATE TABLE goose_db_version (version_id INTEGER); CREATE TABLE messages (id INTEGER)`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "places.db")
			other, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := other.Exec(tables); err != nil {
				t.Fatal(err)
			}
			if err := other.Close(); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for how, open := range map[string]func() (*store.DB, error){
				"to write":   func() (*store.DB, error) { return store.Open(t.Context(), path) },
				"to read":    func() (*store.DB, error) { return store.OpenReadOnly(t.Context(), path) },
				"to examine": func() (*store.DB, error) { return store.OpenForExamination(t.Context(), path) },
			} {
				db, err := open()
				if err == nil {
					db.Close()
				}
				if err == nil || !strings.Contains(err.Error(), path+" is another program's") {
					t.Errorf("opened %s: %v", how, err)
				}
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed, or %v", err)
			}
		})
	}
}
