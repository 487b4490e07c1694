package message

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"sigpost"
)

// corpus gives the path of a folder of real mail that may lie beside the
// project, and skips the test where it does not.
func corpus(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "shared", "corpora", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the corpus %s is absent: this test is left out", name)
	}
	return path
}

// mboxMails cuts an mboxrd file into its mails.
func mboxMails(t testing.TB, path string) [][]byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	var mails [][]byte
	for i, mail := range bytes.Split(append([]byte("\n"), all...), []byte("\nFrom mboxrd@z ")) {
		if i > 0 {
			_, mail, _ = bytes.Cut(mail, []byte("\n"))
			mails = append(mails, bytes.ReplaceAll(mail, []byte("\n>From "), []byte("\nFrom ")))
		}
	}
	return mails
}

// openISCSI gives the 1,233 mails of a Google Groups list.
func openISCSI(t testing.TB) [][]byte {
	t.Helper()
	return mboxMails(t, filepath.Join(corpus(t, "googlegroups-openiscsi-dev"), "open-iscsi.googlegroups.com.mbox.gz"))
}

func TestCorpusGoogleGroups(t *testing.T) {
	counts := map[string]int{}
	footers := []string{
		"You received this message because you are subscribed to the Google Groups",
		"To unsubscribe from this group",
	}
	for i, raw := range openISCSI(t) {
		m, err := Parse(raw)
		if err != nil {
			t.Errorf("mail %d: %v", i, err)
			continue
		}
		checkMessage(t, m)
		counts["mails"]++
		count := func(name string, is bool) {
			if is {
				counts[name]++
			}
		}
		count("with new text", m.NewText() != "")
		count("with footer", hasKind(m, sigpost.RangeFooter))
		count("with defects", len(m.Defects) > 0)
		count("robots", m.Robot)
		count("derived ids", m.Derived)
		count("with references", len(m.References) > 0)
		count("without date", m.Sent.IsZero())
		count("without trace", m.Trace.IsZero())
		count("without author", m.Author.Addr == "")
		count("with list id", len(m.ListIDs) == 1 && m.ListIDs[0] == "open-iscsi.googlegroups.com")
		if m.Author.Addr == "open-iscsi@googlegroups.com" {
			t.Errorf("mail %d: its author is the list: %+v", i, m.Author)
		}
		for _, footer := range footers {
			if strings.Contains(m.NewText(), footer) {
				t.Errorf("mail %d (%s): the new text holds the footer %q", i, m.MessageID, footer)
			}
		}
		for _, d := range m.Defects {
			counts["defect: "+d]++
		}
	}
	if counts["mails"] != 1233 {
		t.Errorf("%d mails were read, want 1233", counts["mails"])
	}
	t.Log(counts)
}

func hasKind(m *sigpost.Message, kind sigpost.RangeKind) bool {
	for _, r := range m.Ranges {
		if r.Kind == kind {
			return true
		}
	}
	return false
}

// TestCorpusReadable runs over mail that other parsers are tested with, and over
// mail that people got: every file is read unless it is empty, and what
// says that it is a text has one.
func TestCorpusReadable(t *testing.T) {
	for _, name := range []string{
		"spamassassin-dev", "dsn-sisimai-dev", "mime-dev/enmime_MIT", "mime-dev/ruby-mail_MIT",
		"mime-dev/python-email_PSF", "mime-dev/mailparser-node",
	} {
		t.Run(name, func(t *testing.T) {
			counts := map[string]int{}
			err := filepath.WalkDir(corpus(t, name), func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() || isNoMail(path) {
					return err
				}
				raw, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				counts["files"]++
				e, err := Explain(raw)
				if err != nil {
					if !errors.Is(err, ErrUnreadable) {
						t.Errorf("%s: %v", path, err)
					}
					counts["refused"]++
					t.Logf("refused %s: %v", path, err)
					if len(bytes.TrimSpace(raw)) > 0 {
						t.Errorf("%s is lost: %v", path, err)
					}
					return nil
				}
				checkCorpusMail(t, path, raw, e, counts)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Log(counts)
		})
	}
}

// checkCorpusMail holds what a mail of a corpus must have, and counts what it
// has.
func checkCorpusMail(t *testing.T, path string, raw []byte, e Explanation, counts map[string]int) {
	checkMessage(t, e.Message)
	count := func(name string, is bool) {
		if is {
			counts[name]++
		}
	}
	o, err := open(raw, new(scratch), nil)
	if err != nil {
		t.Fatal(err)
	}
	count("without text", e.Text == "")
	count("with defects", len(e.Defects) > 0)
	count("with attachments", len(e.Attachments) > 0)
	count("with a guessed charset", strings.Contains(strings.Join(e.CharsetNotes, " "), "guessed"))
	count("robots", e.Robot)
	count("answers", e.Message.Answering)
	count("without author", e.Author.Addr == "")
	count("whose Date cannot be read", e.Sent == nil && o.h.get("date") != "")
	kind, _ := parseMediaType(o.h.get("content-type"))
	if hasLetters(o.body) && e.Text == "" && (kind == "" || kind == "text/plain") {
		t.Errorf("%s: the text is lost", path)
	}
	if strings.Contains(e.Subject+e.Author.Name, "=?") {
		t.Errorf("%s: the header is not decoded: %q by %q", path, e.Subject, e.Author.Name)
	}
	if strings.Contains(o.h.get("from"), "@") && e.Author.Addr == "" {
		t.Errorf("%s: the author is lost: %q", path, o.h.get("from"))
	}
}

func hasLetters(b []byte) bool {
	return bytes.ContainsFunc(b, unicode.IsLetter)
}

// isNoMail says whether a file of a corpus is not a mail but beside one.
func isNoMail(path string) bool {
	base := filepath.Base(path)
	switch filepath.Ext(base) {
	case ".golden", ".png", ".tsv", ".md", ".py", ".gif", ".jpg", ".au", ".bmp", ".pdf", ".json", ".gitattributes",
		".exr", ".pbm", ".pgm", ".ppm", ".ras", ".sgi", ".tiff", ".webp", ".xbm", ".aifc", ".aiff", ".wav":
		return true
	}
	return strings.Contains(base, "LICENSE")
}

// TestCorpusReplies counts how many texts are cut exactly as Discourse's own
// tests want them.
func TestCorpusReplies(t *testing.T) {
	dir := filepath.Join(corpus(t, "reply-dev"), "discourse-trimmer_MIT")
	entries, err := os.ReadDir(filepath.Join(dir, "trimmed"))
	if err != nil {
		t.Fatal(err)
	}
	exact := 0
	for _, e := range entries {
		want, err := os.ReadFile(filepath.Join(dir, "trimmed", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		body, err := os.ReadFile(filepath.Join(dir, "emails", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse(append([]byte("From: a@example.org\nContent-Type: text/plain; charset=utf-8\n\n"), body...))
		if err != nil {
			t.Fatal(err)
		}
		if m.NewText() == strings.TrimSpace(string(want)) {
			exact++
			continue
		}
		t.Logf("differs: %s\n--- want\n%s\n--- got\n%s", e.Name(), want, m.NewText())
	}
	t.Logf("%d of %d texts are cut exactly as wanted", exact, len(entries))
}

// BenchmarkCorpus reads real mail with the line ends of the network, as IMAP
// gives it. Its speed is in bytes of raw mail.
func BenchmarkCorpus(b *testing.B) {
	for name, mails := range map[string]func(testing.TB) [][]byte{"open-iscsi": openISCSI, "ham": ham} {
		b.Run(name, func(b *testing.B) {
			raws, size := mails(b), 0
			for i, raw := range raws {
				raws[i] = bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))
				size += len(raws[i])
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for _, raw := range raws {
					if _, err := Parse(raw); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(raws)), "µs/mail")
		})
	}
}

// ham gives the 1,400 mails of SpamAssassin's corpus that are none.
func ham(t testing.TB) [][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(corpus(t, "spamassassin-dev"), "*ham*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var mails [][]byte
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		mails = append(mails, raw)
	}
	return mails
}

// BenchmarkParse reads a real list; its speed is in bytes of raw mail.
func BenchmarkParse(b *testing.B) {
	mails := openISCSI(b)
	size := 0
	for _, raw := range mails {
		size += len(raw)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, raw := range mails {
			if _, err := Parse(raw); err != nil {
				b.Fatal(err)
			}
		}
	}
}
