package ingest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// writers write mails in a format, and give the path of it. None of them knows
// anything of the readers.
var writers = map[Format]func(dir string, mails []string) (string, error){
	FormatMaildir: func(dir string, mails []string) (string, error) {
		for i, m := range mails {
			sub := filepath.Join(dir, []string{"new", "cur"}[i%2])
			_ = os.MkdirAll(filepath.Join(dir, []string{"cur", "new"}[i%2]), 0o755)
			if err := os.MkdirAll(sub, 0o755); err != nil {
				return "", err
			}
			if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("146%07d.Q%d.host,S=%d", i, i, len(m))), []byte(m), 0o600); err != nil {
				return "", err
			}
		}
		return dir, nil
	},
	FormatFolder: func(dir string, mails []string) (string, error) {
		for i, m := range mails {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d.eml", i)), []byte(m), 0o600); err != nil {
				return "", err
			}
		}
		return dir, nil
	},
	FormatPipermail: func(dir string, mails []string) (string, error) {
		var b strings.Builder
		for _, m := range mails {
			b.WriteString("From ana at example.org  Mon Apr 18 10:00:00 2016\n")
			b.WriteString(strings.TrimPrefix(strings.ReplaceAll("\n"+m, "\nFrom ", "\n>From "), "\n"))
			b.WriteString("\n")
		}
		path := filepath.Join(dir, "2016-April.txt")
		return path, os.WriteFile(path, []byte(b.String()), 0o600)
	},
}

// TestRoundTrip: whatever mails are written in a format come back byte for
// byte and in order, as far as the format can hold them.
func TestRoundTrip(t *testing.T) {
	line := rapid.OneOf(
		rapid.SampledFrom([]string{"", "From ana@example.org Mon Apr 18 10:00:00 2016", "From here on", "> From x", "A: 1", "\r", "\tfolded", "Content-Length: 3", "."}),
		rapid.StringOfN(rapid.RuneFrom([]rune("aFrom: >\r\x00ü\xff")), 0, 40, -1).Filter(func(s string) bool { return !strings.Contains(s, ">From ") }),
	)
	lines := rapid.SliceOfN(line, 0, 8)
	for format, write := range writers {
		t.Run(string(format), rapid.MakeCheck(func(rt *rapid.T) {
			var mails []string
			for i, body := range rapid.SliceOfN(lines, 1, 7).Draw(rt, "bodies") {
				m := fmt.Sprintf("Message-ID: <%d@example.org>\nFrom: ana at example.org (Ana)\n\n%s", i, strings.Join(body, "\n"))
				if format == FormatPipermail && !strings.HasSuffix(m, "\n") {
					m += "\n"
				}
				mails = append(mails, m)
			}
			dir, err := os.MkdirTemp(t.TempDir(), "")
			if err != nil {
				rt.Fatal(err)
			}
			path, err := write(dir, mails)
			if err != nil {
				rt.Fatal(err)
			}
			s := newShelf()
			report, err := quiet(s).Import(t.Context(), path, "", nil)
			if err != nil || report.Format != format || !slices.Equal(s.raws(), mails) {
				rt.Fatalf("%+v, %v: %q, want %q", report, err, s.raws(), mails)
			}
		}))
	}
}

// TestPublicInboxRoundTrip: git holds any bytes.
func TestPublicInboxRoundTrip(t *testing.T) {
	mails := []string{
		"A: 1\n\ntext", "A: 2\r\n\r\n\x00\xff\n\n\n", "", "\n", strings.Repeat("A: 3\n", 100_000) + "\nx", "From a@example.org Mon Apr 18 10:00:00 2016\nA: 4\n\n>From x\n",
	}
	dir := filepath.Join(t.TempDir(), "0.git")
	newEpoch(t, dir).mails(mails)
	s := newShelf()
	report, err := quiet(s).Import(t.Context(), dir, "", nil)
	if err != nil || report.Format != FormatPublicInbox || !slices.Equal(s.raws(), mails) {
		t.Errorf("%+v, %v: %.300q", report, err, s.raws())
	}
	in := quiet(newShelf())
	in.MaxMessageBytes = 1000
	if report, err := in.Import(t.Context(), dir, "", nil); err != nil || report.Bytes > 1200 || report.Found != len(mails) {
		t.Errorf("bounded: %+v, %v", report, err)
	}
}
