package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sigpost"
)

type initCommand struct{}

// Run writes both files or none; it never overwrites.
func (initCommand) Run(s *session) error {
	secretFile := filepath.Join(filepath.Dir(s.Config), "sigpost.secret")
	if err := create(s.Config, []byte(sigpost.ExampleConfig), 0o644); err != nil {
		return err
	}
	secret := make([]byte, 48)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	err := create(secretFile, []byte(base64.StdEncoding.EncodeToString(secret)+"\n"), 0o600)
	if errors.Is(err, fs.ErrExist) {
		fmt.Fprintf(s.stdout, "%s is kept: it signs links in letters that were sent.\n", secretFile)
	} else if err != nil {
		return errors.Join(err, os.Remove(s.Config))
	}
	fmt.Fprintf(s.stdout, "Wrote %s. Edit it, then run \"sigpost check\".\n", s.Config)
	return nil
}

func create(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return sigpost.Usage(fmt.Errorf("%s is there already and is not overwritten; --config names another file: %w", path, fs.ErrExist))
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
