package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Where a file can have no second name the old database is copied, so that it is in its
// place all the time; what is there already of the name that it gets is not touched.
func TestReplacedFileIsKeptByCopyToo(t *testing.T) {
	ctx := t.Context()
	elsewhere, err := os.MkdirTemp("/dev/shm", "kept") // another file system: no hard link leads there
	if err != nil {
		t.Skipf("there is no second file system to try it with: %v", err)
	}
	defer os.RemoveAll(elsewhere)
	file, kept := filepath.Join(t.TempDir(), "sigpost.db"), filepath.Join(elsewhere, "kept.db")
	db, err := Open(ctx, file)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	if err := os.Link(file, kept); err == nil {
		t.Skip("folders for temporary files are on /dev/shm, too: there is no second file system to try it with")
	}
	replace := func() error {
		t.Helper()
		r, err := Replace(ctx, file)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := os.WriteFile(r.Temp(), []byte("new"), 0o600); err != nil {
			t.Fatal(err)
		}
		return r.Finish(ctx, kept)
	}
	if err := replace(); err != nil {
		t.Fatal(err)
	}
	if now, _ := os.ReadFile(file); string(now) != "new" {
		t.Errorf("in its place are %d bytes", len(now))
	}
	old, err := OpenReadOnly(ctx, kept)
	if err == nil {
		err = old.Check(ctx)
		old.Close()
	}
	if err != nil {
		t.Errorf("what is kept is no archive: %v", err)
	}
	before, _ := os.ReadFile(kept)
	if info, err := os.Stat(kept); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("it is kept for others too: %v %v", info, err)
	}
	if err := replace(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second one is kept in the place of the first: %v", err)
	}
	if now, _ := os.ReadFile(kept); string(now) != string(before) {
		t.Errorf("what was kept is %d bytes now", len(now))
	}
}
