package peertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Invalid asks the Nu Html Checker what is wrong with HTML documents (the HTML
// standard, and WAI-ARIA in it), by name; what it says only for information is
// left out. One question for many documents costs little more than for one: it
// is Java that takes its time.
func Invalid(t testing.TB, documents map[string][]byte) []string {
	t.Helper()
	java := Need(t, "Nu Html Checker", "java", npmFolder+"vnu-jar/build/dist/vnu.jar")
	dir := t.TempDir()
	names := map[string]string{} // by file
	args := []string{"-Xss1m", "-jar", java[1], "--format", "json", "--stdout", "--exit-zero-always"}
	for name, html := range documents {
		file := filepath.Join(dir, fmt.Sprintf("%d.html", len(names)))
		if err := os.WriteFile(file, html, 0o600); err != nil {
			t.Fatal(err)
		}
		names["file:"+file] = name
		args = append(args, file)
	}
	cmd := exec.Command(java[0], args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var said struct {
		Messages []struct{ Type, URL, Message, Extract string }
	}
	if err == nil {
		err = json.Unmarshal(out, &said)
	}
	if err != nil {
		t.Fatalf("the Nu Html Checker: %v\n%s", err, errs.Bytes())
	}
	var wrong []string
	for _, m := range said.Messages {
		if m.Type != "info" {
			wrong = append(wrong, fmt.Sprintf("%s: %s: %s", names[m.URL], m.Message, m.Extract))
		}
	}
	return wrong
}
