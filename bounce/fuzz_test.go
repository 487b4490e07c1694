package bounce

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// checkReport holds what is promised of any report.
func checkReport(t *testing.T, r Report) {
	t.Helper()
	if len(r.Recipients) > maxRecipients {
		t.Errorf("%d recipients", len(r.Recipients))
	}
	for _, x := range r.Recipients {
		if x.Class == "" || x.Reason == "" {
			t.Errorf("no class or reason: %+v", x)
		}
		if len(x.Evidence) > 400 || strings.ContainsAny(x.Evidence, "\n\r") || !utf8.ValidString(x.Evidence+x.Address) {
			t.Errorf("evidence %q of %q", x.Evidence, x.Address)
		}
		if x.Class == Hard && x.Reason != "userunknown" && x.Reason != "hostunknown" && x.Reason != "hasmoved" && x.Reason != "notaccept" {
			t.Errorf("%s is hard", x.Reason)
		}
	}
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.eml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if r, err := Read(raw); err == nil {
			checkReport(t, r)
		}
	})
}

// TestHostile reads what nobody sends by mistake, in bounded time.
func TestHostile(t *testing.T) {
	head := "From: mailer-daemon@example.com\nSubject: failure notice\n"
	many := func(s string, n int) string { return strings.Repeat(s, n) }
	for name, mail := range map[string]string{
		"recipients":         head + "\n" + many("<a@example.org>:\n550 no\n\n", 50_000),
		"distinct":           head + "\n" + distinct(50_000),
		"groups":             head + "Content-Type: message/delivery-status\n\n" + many("Final-Recipient: rfc822; a@example.org\nAction: failed\nStatus: 5.1.1\n\n", 20_000),
		"small groups":       head + "Content-Type: message/delivery-status\n\n" + many("a: b\n\n", 200_000),
		"one line":           head + "\n" + many("550 5.1.1 user unknown a@example.org ", 30_000),
		"continued":          head + "\n<a@example.org>:\n" + many("550-5.1.1 x ", 90_000),
		"reports in reports": many(head+"Content-Type: message/rfc822\n\n", 3_000),
		"json":               head + "\n" + many(`{"Message":"`, 50_000),
		"at signs":           head + "\n" + many("@", 500_000),
		"stars":              head + "\n<a@example.org>: " + many("user ", 100_000),
	} {
		start := time.Now()
		r, err := Read([]byte(mail))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		checkReport(t, r)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
}

func distinct(n int) string {
	var b bytes.Buffer
	for i := range n {
		b.WriteString("<a" + strings.Repeat("x", i%60) + string(rune('a'+i%26)) + "@example.org>: 550 no\n")
	}
	return b.String()
}
