package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"sigpost"
)

type secretCommand struct {
	New secretNew `cmd:"" help:"Write a new key into a file beside the configuration, and say how to use it."`
}

type secretNew struct{}

// Run writes a new secret. It does not change the configuration: until somebody
// does, everything is as it was.
func (secretNew) Run(s *session) error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	name := "sigpost." + s.now().UTC().Format(time.DateOnly) + ".secret"
	secret, err := newSecret()
	if err != nil {
		return err
	}
	made, err := create(filepath.Join(filepath.Dir(s.Config), name), secret, 0o600)
	if err != nil {
		return err
	}
	if !made {
		return sigpost.Usage(fmt.Errorf("%s is there already and is not overwritten", name))
	}
	old := cfg.Archive.OldSecretFiles
	if cfg.Archive.SecretFile != "" {
		old = append([]string{cfg.Archive.SecretFile}, old...)
	}
	return s.tell(struct {
		File string   `json:"file"`
		Old  []string `json:"old"`
	}{name, old}, func(w io.Writer) {
		fmt.Fprintf(w, "Wrote %s. It is used when the configuration says so, under [archive]:\n\n    secret_file = %q\n    old_secret_files = %s\n\n", name, name, quoted(old))
		if cfg.Archive.SecretFile == "" {
			fmt.Fprintf(w, "and no secret_env any more: put what %s holds into a file of its own, and name it first among the old ones.\n", cfg.Archive.SecretEnv)
		}
		fmt.Fprintln(w, "Then start \"sigpost serve\" anew. Keep the old files: links in letters that were sent, and what was erased, are known by them.")
	})
}

// quoted is a list as TOML writes it.
func quoted(all []string) string {
	text := "["
	for i, s := range all {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%q", s)
	}
	return text + "]"
}

// newSecret is 48 random bytes, as text.
func newSecret() ([]byte, error) {
	secret := make([]byte, 48)
	_, err := rand.Read(secret)
	return []byte(base64.StdEncoding.EncodeToString(secret) + "\n"), err
}
