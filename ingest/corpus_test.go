package ingest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpus gives the path of a folder of real mail that may lie beside the
// project, and skips the test where it does not.
func corpus(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "shared", "corpora", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the corpus %s is absent: this test is left out", name)
	}
	return path
}

// TestCorpusCounts: no mail of these folders is lost, doubled or cut in two.
func TestCorpusCounts(t *testing.T) {
	for name, want := range map[string]int{
		"googlegroups-openiscsi-dev": 1233,
		"gold-bc3-dev/mbox":          76,
		"spamassassin-dev":           1680,
		"thread-dev":                 0,
	} {
		t.Run(name, func(t *testing.T) {
			dir := corpus(t, name)
			if name == "thread-dev" {
				want = fromLines(t, dir)
			}
			s := newShelf()
			report := imported(t, s, dir)
			if report.Found != want || report.Quarantined > 0 || report.Expunged > 0 {
				t.Errorf("%d mails were found, want %d: %+v", report.Found, want, report)
			}
			t.Logf("%d stored, %d known already, %d files skipped %v", report.Stored, report.Duplicates, report.Skipped.Count, report.Skipped.Files)
			costsNothing(t, s, dir)
		})
	}
}

// fromLines counts the mails of tidy mboxes.
func fromLines(t testing.TB, dir string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".mbox" {
			return err
		}
		b, err := os.ReadFile(path)
		n += strings.Count("\n"+string(b), "\nFrom ")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestCorpusSingleMails: each file that another parser is tested with is known
// for a mail, however odd.
func TestCorpusSingleMails(t *testing.T) {
	for _, name := range []string{"mime-dev", "dsn-sisimai-dev", "reply-dev"} {
		t.Run(name, func(t *testing.T) {
			s := newShelf()
			report := imported(t, s, corpus(t, name))
			t.Logf("%d mails, %d files skipped: %s", report.Found, report.Skipped.Count, strings.Join(report.Skipped.Files, "\n"))
			for _, path := range report.Skipped.Files {
				if name == "reply-dev" || strings.Contains(path, "(empty)") {
					continue // it has texts, which are replies, and no mails beside them
				}
				if strings.Contains(path, ".eml (") || strings.Contains(path, ".raw (") || strings.Contains(path, ".txt (") {
					t.Errorf("%s was skipped", path)
				}
			}
		})
	}
}
