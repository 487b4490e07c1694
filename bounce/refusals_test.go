package bounce

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRefusals judges what servers say, at which command.
func TestRefusals(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "refusals.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]string{"RCPT": "in reply to RCPT TO command", "DATA": "in reply to end of DATA command", "MAIL": "in reply to MAIL FROM command",
		"HELO": "in reply to EHLO command", "CONN": "after initial connection", "": ""}
	n := 0
	for line := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) != 4 {
			continue
		}
		n++
		kind, diagnosis := diagnosticCode(f[3])
		d := finding{address: "ada@example.org", mta: f[2], kind: kind, diagnosis: diagnosis, context: at[f[1]]}
		got := d.recipient()
		if got.Reason != Reason(f[0]) {
			t.Errorf("%s %s: got %s (%s), want %s", f[1], f[3], got.Reason, got.Class, f[0])
		}
		if got.Class == Hard && slices.Contains(content, Reason(f[0])) {
			t.Errorf("%s: a healthy address was marked hard", f[3])
		}
	}
	if n < 100 {
		t.Errorf("%d refusals were read", n)
	}
}
