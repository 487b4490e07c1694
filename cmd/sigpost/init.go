package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sigpost"
)

type initCommand struct{}

// Run writes what is missing of the two; it never overwrites.
func (initCommand) Run(s *session) error {
	secretFile := filepath.Join(filepath.Dir(s.Config), "sigpost.secret")
	secret, err := newSecret()
	if err != nil {
		return err
	}
	madeSecret, err := create(secretFile, secret, 0o600)
	if err != nil {
		return err
	}
	madeConfig, err := create(s.Config, []byte(sigpost.ExampleConfig), 0o640) // it says where secrets are
	if err != nil {
		return err
	}
	if !madeConfig && !madeSecret {
		return sigpost.Usage(fmt.Errorf("%s and %s are there already and are not overwritten; --config names another file", s.Config, secretFile))
	}
	for _, f := range []struct {
		path string
		made bool
	}{{s.Config, madeConfig}, {secretFile, madeSecret}} {
		verb := "Wrote"
		if !f.made {
			verb = "Kept"
		}
		fmt.Fprintf(s.stdout, "%s %s\n", verb, f.path)
	}
	fmt.Fprintf(s.stdout, "Edit the configuration, then run \"sigpost doctor\".\n")
	return nil
}

// create writes a file unless it is there.
func create(path string, data []byte, mode os.FileMode) (made bool, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = f.Write(data)
	return true, errors.Join(err, f.Close())
}
