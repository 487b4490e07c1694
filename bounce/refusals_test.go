package bounce

import (
	"os"
	"path/filepath"
	"regexp"
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
	codes := regexp.MustCompile(`^[245]\d\d[ -](?:#?[245]\.\d+\.\d+ )?|[245]\d\d-[245]\.\d+\.\d+ `)
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
		if !slices.Contains(content, Reason(f[0])) || strings.Contains(f[3], "5.1.7") {
			continue
		}
		// Servers refuse letters at RCPT, and with the code of an unknown address.
		for _, as := range []string{"550 ", "550 5.7.1 ", "550 5.1.1 ", "550 5.1.1 <ada@example.org>: Recipient address rejected: "} {
			if got := Refusal("ada@example.org", as+codes.ReplaceAllString(diagnosis, ""), "RCPT", f[2]); got.Class == Hard {
				t.Errorf("%s: at RCPT, as %q, a healthy address was marked hard as %s", f[3], as, got.Reason)
			}
		}
	}
	if n < 500 {
		t.Errorf("%d refusals were read", n)
	}
}
