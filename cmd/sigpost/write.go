package main

import (
	"errors"
	"os"
	"path/filepath"

	"sigpost/internal/ownfile"
)

// writeWhole writes a file such that the old one is there until the new one is
// whole. What is no file, such as /dev/stdout, is just written to.
func writeWhole(path string, data []byte) error { return writeWholeAs(path, data, 0o644) }

// writeWholeAs is writeWhole with the mode of a file that is not there yet.
func writeWholeAs(path string, data []byte, mode os.FileMode) error {
	if at, err := filepath.EvalSymlinks(path); err == nil {
		path = at
	}
	if info, err := os.Stat(path); err == nil {
		if !info.Mode().IsRegular() {
			return os.WriteFile(path, data, mode)
		}
		mode = info.Mode().Perm()
	}
	f, err := ownfile.Temp(path, filepath.Base(path)+".new*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name()) // it is half of one
	}
	return err
}
