package bounce

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestTab(t *testing.T) {
	data, _ := os.ReadFile(os.Getenv("TAB"))
	at := map[string]string{"RCPT": "in reply to RCPT TO command", "DATA": "in reply to end of DATA command", "MAIL": "in reply to MAIL FROM command",
		"HELO": "in reply to EHLO command", "CONN": "after initial connection", "": ""}
	n, ok := 0, 0
	for line := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) < 4 { continue }
		kind, d := diagnosticCode(f[3])
		got := finding{address: "ada@example.org", mta: f[2], kind: kind, diagnosis: d, context: at[f[1]]}.recipient()
		n++
		if string(got.Reason) == f[0] { ok++ } else { 
			h := ""
			if got.Class == Hard { h = "HARD" }
			fmt.Printf("%-15s got %-15s %s %s | %s | %s\n", f[0], got.Reason, h, f[1], f[3], f[2]) }
	}
	fmt.Println(n, ok)
}
