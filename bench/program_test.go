package bench

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program is sigpost, built, in a folder with a configuration of its own.
type program struct{ dir string }

// build builds sigpost into a new folder, beside config.toml and a secret.
func build(t *testing.T, config string) program {
	t.Helper()
	p := program{t.TempDir()}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(p.dir, "sigpost"), "sigpost/cmd/sigpost").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p.write(t, "config.toml", config)
	p.write(t, "secret", strings.Repeat("s", 40))
	return p
}

func (p program) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs sigpost, which must end well, and gives what it printed.
func (p program) run(t *testing.T, args ...string) ([]byte, *os.ProcessState) {
	t.Helper()
	c := exec.Command(filepath.Join(p.dir, "sigpost"), append([]string{"--config", filepath.Join(p.dir, "config.toml")}, args...)...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("sigpost %v: %v\n%s", args, err, errs.Bytes())
	}
	return out.Bytes(), c.ProcessState
}
