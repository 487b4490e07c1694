// Package ownfile makes files that are only for their owner, and where root makes them,
// for the owner of what they replace or of their folder: what "sudo sigpost restore" puts in its place
// is for the service, which is somebody else.
package ownfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Open opens a file, by the flags of os.OpenFile, and makes it where there is none.
func Open(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		// O_CREATE nevertheless: it may be gone by now, or be a link to what is to be made.
		return os.OpenFile(path, flag|os.O_CREATE, 0o600)
	}
	if err == nil {
		give(f, filepath.Dir(path))
	}
	return f, err
}

// Temp makes a file in the folder of path, whose place it is to take when it is whole;
// pattern is that of os.CreateTemp.
func Temp(path, pattern string) (*os.File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), pattern)
	if err == nil && !give(f, path) {
		give(f, filepath.Dir(path))
	}
	return f, err
}

// give gives a file that was just made to the owner of another: false where that is not
// there. What the file system does not let be given stays root's.
func give(f *os.File, like string) (ok bool) {
	info, err := os.Stat(like)
	if err != nil {
		return false
	}
	if owner, known := info.Sys().(*syscall.Stat_t); known && os.Geteuid() == 0 {
		f.Chown(int(owner.Uid), int(owner.Gid))
	}
	return true
}
