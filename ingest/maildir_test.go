package ingest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// maildir makes a maildir with the given mails, half of them in new.
func makeMaildir(t testing.TB, dir string, mails []string) []string {
	t.Helper()
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var paths []string
	for i, m := range mails {
		name := fmt.Sprintf("new/%d.M%dP7.host.example.org", 1460000000+i, i)
		if i%2 == 1 {
			name = fmt.Sprintf("cur/%d.M%dP7.host.example.org,S=%d:2,RS", 1460000000+i, i, len(m))
		}
		paths = append(paths, wrote(t, filepath.Join(dir, name), m))
	}
	return paths
}

func TestImportMaildir(t *testing.T) {
	dir := t.TempDir()
	mails := letters(100)
	paths := makeMaildir(t, dir, mails)
	wrote(t, filepath.Join(dir, "tmp", "1460000999.half"), "Message-ID: <half@example.org>\n")
	wrote(t, filepath.Join(dir, "new", ".hidden"), "no mail")
	wrote(t, filepath.Join(dir, "dovecot-uidlist"), "3 V1 N1\n")
	early := time.Date(2016, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := os.Chtimes(paths[9], early, early); err != nil {
		t.Fatal(err)
	}
	s := newShelf()
	report := imported(t, s, dir)
	if report.Format != FormatMaildir || report.Found != 100 || !slices.Equal(s.raws(), mails) {
		t.Errorf("%+v", report)
	}
	if !s.mails[3].received.Equal(time.Unix(1460000003, 0)) || !s.mails[9].received.Equal(early) {
		t.Errorf("received %s and %s", s.mails[3].received, s.mails[9].received)
	}
	if want := dir + "/new/1460000000.M0P7.host.example.org"; s.mails[0].source != want {
		t.Errorf("from %s, want %s", s.mails[0].source, want)
	}
	costsNothing(t, s, dir)
	if mark := s.mailboxes[dir].Mark; len(mark) > 2000 {
		t.Errorf("a mark of %d bytes", len(mark))
	}
	interruptedEverywhere(t, dir)
}

// TestMaildirChanges: flags and moves are nothing new, and what comes in
// between what was read is.
func TestMaildirChanges(t *testing.T) {
	dir := t.TempDir()
	mails := letters(300)
	paths := makeMaildir(t, dir, mails)
	s := newShelf()
	imported(t, s, dir)
	for i, path := range paths {
		if i%2 == 0 {
			if err := os.Rename(path, filepath.Join(dir, "cur", filepath.Base(path)+":2,S")); err != nil {
				t.Fatal(err)
			}
		}
	}
	costsNothing(t, s, dir)

	wrote(t, filepath.Join(dir, "cur", "1460000005.M0.moved-here:2,"), "Message-ID: <old@example.org>\n\n")
	wrote(t, filepath.Join(dir, "new", "1560000005.M0.new"), "Message-ID: <new@example.org>\n\n")
	report := imported(t, s, dir)
	if report.Stored != 2 || report.Duplicates > 20 {
		t.Errorf("two new ones: %+v", report)
	}
	costsNothing(t, s, dir)

	if err := os.Remove(filepath.Join(dir, "cur", filepath.Base(paths[10])+":2,S")); err != nil {
		t.Fatal(err)
	}
	if report := imported(t, s, dir); report.Stored != 0 || report.Duplicates > 20 {
		t.Errorf("one gone: %+v", report)
	}
	costsNothing(t, s, dir)
}

// TestMaildirChangesWhileRead renames and removes between listing and reading.
func TestMaildirChangesWhileRead(t *testing.T) {
	dir := t.TempDir()
	mails := letters(40)
	paths := makeMaildir(t, dir, mails)
	s := newShelf()
	s.beforeAdd = func(add int) error {
		if add > 1 {
			return nil
		}
		for i, path := range paths[20:] {
			var err error
			if name := filepath.Base(path); i%4 == 3 {
				err = os.Remove(path)
			} else {
				name, _, _ = strings.Cut(name, ":")
				err = os.Rename(path, filepath.Join(dir, "cur", name+":2,FRS"))
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	in := shelver(t, s)
	in.batch = 2
	report, err := in.Import(t.Context(), dir, "sig", nil)
	if err != nil || report.Expunged == 0 || report.Stored+report.Expunged != 40 || report.Stored < 35 {
		t.Errorf("%+v, %v", report, err)
	}
	s.beforeAdd = nil
	costsNothing(t, s, dir)
}

func TestMaildirSubfolders(t *testing.T) {
	dir := t.TempDir()
	mails := letters(6)
	makeMaildir(t, dir, mails[:2])
	makeMaildir(t, filepath.Join(dir, ".List.2016"), mails[2:4])
	makeMaildir(t, filepath.Join(dir, "plain", "List"), mails[4:])
	makeMaildir(t, filepath.Join(dir, ".empty"), nil)
	wrote(t, filepath.Join(dir, ".notmuch", "config"), "From: x\nTo: y\n")
	s := newShelf()
	report := imported(t, s, dir)
	if report.Format != FormatFolder || report.Stored != 6 || len(report.Parts) != 4 || len(s.complete) != 4 {
		t.Errorf("%+v, %v", report, s.complete)
	}
	if s.mailboxes[filepath.Join(dir, ".List.2016")] == nil {
		t.Errorf("mailboxes %v", s.mailboxes)
	}
	costsNothing(t, s, dir)
}

// TestUnreadableFile is tried again, and keeps nothing else from being read.
func TestUnreadableFile(t *testing.T) {
	dir := t.TempDir()
	mails := letters(20)
	paths := makeMaildir(t, dir, mails)
	broken := string(compressed(t, mails[4]))
	wrote(t, paths[4], broken[:len(broken)-12])
	s := newShelf()
	report, err := shelver(t, s).Import(t.Context(), dir, "sig", nil)
	if err == nil || !strings.Contains(err.Error(), paths[4]) || report.Stored != 19 || s.failing[dir] == "" {
		t.Errorf("%+v, %v", report, err)
	}
	wrote(t, paths[4], broken)
	if report := imported(t, s, dir); report.Stored != 1 || s.failing[dir] != "" {
		t.Errorf("mended: %+v", report)
	}
	costsNothing(t, s, dir)
}

func TestTooLargeFile(t *testing.T) {
	dir := t.TempDir()
	huge := "Message-ID: <huge@example.org>\n\n" + strings.Repeat("0123456789\n", 10_000)
	makeMaildir(t, dir, []string{huge, letters(1)[0]})
	s := newShelf()
	in := shelver(t, s)
	in.MaxMessageBytes = 5000
	if report, err := in.Import(t.Context(), dir, "sig", nil); err != nil || report.Stored != 2 {
		t.Fatalf("%+v, %v", report, err)
	}
	if m := s.mails[0]; len(m.raw) > 5000 || !strings.HasPrefix(huge, m.raw) || !strings.Contains(fmt.Sprint(m.defects), fmt.Sprintf("of %d bytes", len(huge))) {
		t.Errorf("%d bytes, %q", len(m.raw), m.defects)
	}
}
