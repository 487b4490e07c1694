package app

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// Who can write in a folder has its files replaced, whatever their rights are.
func TestFoldersOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open().Close()
	chmod := func(path string, mode os.FileMode) {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, of := range map[string]struct {
		mode  os.FileMode
		level Level
		says  string
	}{
		"everybody":           {0o777, LevelError, "everybody on this machine can put others in the place of files in "},
		"everybody, sticky":   {0o777 | os.ModeSticky, LevelWarning, "everybody on this machine can make files in "},
		"the group":           {0o770, LevelNote, "can put others in the place of files in "},
		"the group, sticky":   {0o770 | os.ModeSticky, LevelNote, "can make files in "},
		"the owner":           {0o755, LevelOK, ""},
		"nobody, of a volume": {0o777, LevelOK, ""},
	} {
		chmod(w.dir, of.mode)
		r := w.doctor(func(d *Doctor) {
			if strings.HasPrefix(name, "nobody") {
				d.machine.writable = func(path string) error { return map[string]error{w.dir: syscall.EROFS}[path] }
			}
		}, "permissions")
		if of.says != "" {
			r.want(t, of.level, "folder", of.says+w.dir, ": account[0].password_file, archive.database_file, archive.secret_file, configuration")
		} else if slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Item == "folder" }) {
			t.Errorf("%s: %+v", name, r.Findings)
		}
	}
	chmod(filepath.Dir(w.dir), 0o777)
	w.doctor(nil, "permissions").want(t, LevelError, "folder", "everybody on this machine can put other folders in the place of those in "+filepath.Dir(w.dir))
	chmod(filepath.Dir(w.dir), 0o700)
}
