package ownfile_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"sigpost/internal/ownfile"
)

func ownerOf(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s is for others too: %v", path, info.Mode())
	}
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

// What root makes in somebody's folder is theirs; what was there keeps its owner. Who is
// not root makes files of their own.
func TestFilesAreTheFoldersOwners(t *testing.T) {
	dir := t.TempDir()
	folder, other := os.Getuid(), os.Getuid()
	if folder == 0 {
		folder, other = 4711, 4712
		if err := os.Chown(dir, folder, folder); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "file")
	temp := func() int {
		t.Helper()
		f, err := ownfile.Temp(path, "new*")
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		return ownerOf(t, f.Name())
	}
	open := func() int {
		t.Helper()
		f, err := ownfile.Open(path, os.O_WRONLY|os.O_APPEND)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString("line\n")
		f.Close()
		return ownerOf(t, path)
	}
	if of := temp(); of != folder {
		t.Errorf("a file for a new place is %d's, not %d's", of, folder)
	}
	if of := open(); of != folder {
		t.Errorf("a new file is %d's, not %d's", of, folder)
	}
	if err := os.Chown(path, other, -1); err != nil {
		t.Fatal(err)
	}
	if of := open(); of != other {
		t.Errorf("a file that was there is %d's, not %d's", of, other)
	}
	if of := temp(); of != other {
		t.Errorf("a file for the place of another is %d's, not %d's", of, other)
	}
	if text, _ := os.ReadFile(path); string(text) != "line\nline\n" {
		t.Errorf("it has %q", text)
	}
}
