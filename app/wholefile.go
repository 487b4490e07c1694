package app

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"

	"sigpost/internal/ownfile"
)

// writeWhole writes a file, for its owner only, such that whatever was there of its
// name stays until the new one is whole and on the disk.
func writeWhole(path string, write func(w io.Writer) error) error {
	if at, err := filepath.EvalSymlinks(path); err == nil {
		path = at
	}
	temp, err := ownfile.Temp(path, filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(temp, 1<<16)
	err = write(out)
	err = errors.Join(err, out.Flush(), temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		os.Remove(temp.Name()) // it is half of one
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes sure that the names in a folder outlive a power cut.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
