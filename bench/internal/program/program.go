// Package program builds and runs sigpost as people do, for measuring it.
package program

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Weekly is a configuration with a weekly digest and no mailbox: the mail is
// imported. More may follow it, and [smtp] has to.
const Weekly = `[archive]
database = "sigpost.db"
secret_file = "secret"
[[list]]
name = "list"
[[digest]]
name = "weekly"
title = "The sample's week"
from = "weekly@digest.example.org"
unsubscribe_mailto = "leave@digest.example.org"
`

// Program is sigpost, built, in a folder with a configuration of its own.
type Program struct{ Dir string }

// Build builds sigpost into a new folder, beside config.toml and a secret.
func Build(t testing.TB, config string) Program {
	t.Helper()
	p := Program{t.TempDir()}
	if out, err := exec.Command("go", "build", "-o", p.Path(), "sigpost/cmd/sigpost").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p.Write(t, "config.toml", config)
	p.Write(t, "secret", strings.Repeat("s", 40))
	return p
}

// Path is the executable file.
func (p Program) Path() string { return filepath.Join(p.Dir, "sigpost") }

// Write writes a file that only its owner may read into the folder.
func (p Program) Write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.Dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Run runs sigpost, which must end well, and gives what it printed.
func (p Program) Run(t testing.TB, args ...string) ([]byte, *os.ProcessState) {
	t.Helper()
	c := exec.Command(p.Path(), append([]string{"--config", filepath.Join(p.Dir, "config.toml")}, args...)...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("sigpost %v: %v\n%s", args, err, errs.Bytes())
	}
	return out.Bytes(), c.ProcessState
}

// At is Run as of a time, such as "2016-04-25T14:00:00Z".
func (p Program) At(t testing.TB, now string, args ...string) ([]byte, *os.ProcessState) {
	t.Helper()
	return p.Run(t, append([]string{"--now", now}, args...)...)
}
