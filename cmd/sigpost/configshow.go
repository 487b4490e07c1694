package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"sigpost/config"
)

type configCommand struct {
	Show configShowCommand `cmd:"" help:"Print every key as it is in force, and where it comes from; secrets are masked."`
}

type configShowCommand struct{}

// Run prints a configuration that can be read again.
func (configShowCommand) Run(s *session) error {
	cfg, err := s.load()
	if err != nil {
		return err
	}
	all, err := cfg.Settings()
	if err != nil {
		return err
	}
	keys := []config.Setting{}
	for _, k := range all {
		if k.Source != "" { // the others begin tables
			keys = append(keys, k)
		}
	}
	report := struct {
		Config   string           `json:"config"`
		Source   string           `json:"source"` // of Config
		Settings []config.Setting `json:"settings"`
	}{cfg.File(), s.configSource, keys}
	var writing error
	err = s.tell(report, func(w io.Writer) {
		fmt.Fprintf(w, "# %s (%s)\n\n", printable(cfg.File()), s.configSource)
		writing = config.WriteSettings(w, all)
	})
	return errors.Join(err, writing)
}

// sourceOfConfig says why this configuration is read: flagged says that a flag names
// it.
func sourceOfConfig(flagged bool) string {
	switch {
	case flagged:
		return "the flag --config"
	case os.Getenv("SIGPOST_CONFIG") != "":
		return "the environment variable SIGPOST_CONFIG"
	}
	return "default"
}
