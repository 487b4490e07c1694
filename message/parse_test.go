package message

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"

	"sigpost"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file under testdata, or writes it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it anew)\n--- want\n%s\n--- got\n%s", path, want, got)
	}
}

// mustParse reads a mail written with "\n" line ends.
func mustParse(t testing.TB, raw string) *sigpost.Message {
	t.Helper()
	m, err := Parse([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	checkMessage(t, m)
	return m
}

// checkMessage holds what every message promises, whatever it was read from.
func checkMessage(t testing.TB, m *sigpost.Message) {
	t.Helper()
	fields := map[string]string{
		"text": m.Text, "subject": m.Subject, "author": m.Author.Name, "address": m.Author.Addr,
		"message id": string(m.MessageID), "archived at": m.ArchivedAt,
	}
	for i, id := range m.References {
		fields[fmt.Sprint("reference ", i)] = string(id)
		if id == m.MessageID || id == "" {
			t.Errorf("reference %d is %q", i, id)
		}
	}
	for i, a := range m.Attachments {
		fields[fmt.Sprint("attachment ", i)] = a.Name + a.Type
		if strings.ContainsAny(a.Name, "/\\\n") {
			t.Errorf("attachment %d has a path for a name: %q", i, a.Name)
		}
	}
	for i, d := range m.Defects {
		fields[fmt.Sprint("defect ", i)] = d
	}
	for name, s := range fields {
		if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r") {
			t.Errorf("%s is not clean UTF-8: %q", name, s)
		}
		if name != "text" && strings.Contains(s, "\n") {
			t.Errorf("%s is on more than one line: %q", name, s)
		}
	}
	if m.MessageID == "" {
		t.Error("no message id")
	}
	checkRanges(t, m.Text, m.Ranges)
}

// checkRanges holds that ranges cover the text in whole lines without a gap.
func checkRanges(t testing.TB, text string, ranges []sigpost.Range) {
	t.Helper()
	at := 0
	for i, r := range ranges {
		if r.Start != at || r.End <= r.Start || r.End > len(text) {
			t.Fatalf("range %d of %v does not follow the one before (text of %d bytes)", i, ranges, len(text))
		}
		if r.End < len(text) && text[r.End-1] != '\n' {
			t.Errorf("range %d ends within a line", i)
		}
		if i > 0 && ranges[i-1].Kind == r.Kind {
			t.Errorf("ranges %d and %d are both %s", i-1, i, r.Kind)
		}
		at = r.End
	}
	if at != len(text) {
		t.Errorf("the ranges end at %d, the text at %d", at, len(text))
	}
}

// show writes all that was understood of a mail, for golden files.
func show(m *sigpost.Message) string {
	var b strings.Builder
	line := func(name string, v any) {
		if s := fmt.Sprint(v); s != "" && s != "[]" && s != "false" {
			fmt.Fprintf(&b, "%s: %s\n", name, s)
		}
	}
	line("message id", m.MessageID)
	line("derived", m.Derived)
	line("references", m.References)
	line("author", fmt.Sprintf("%q %s", m.Author.Name, m.Author.Addr))
	line("sender", fmt.Sprintf("%q %s", m.Sender.Name, m.Sender.Addr))
	line("subject", m.Subject)
	line("sent", m.Sent.Format("2006-01-02 15:04:05 MST"))
	line("trace", m.Trace.Format("2006-01-02 15:04:05 MST"))
	line("list ids", m.ListIDs)
	line("archived at", m.ArchivedAt)
	line("robot", m.Robot)
	for _, a := range m.Attachments {
		line("attachment", fmt.Sprintf("%s %q %s, %d bytes", a.Part, a.Name, a.Type, a.Size))
	}
	for _, d := range m.Defects {
		line("defect", d)
	}
	for _, r := range m.Ranges {
		for _, l := range strings.SplitAfter(m.Text[r.Start:r.End], "\n") {
			if l != "" {
				fmt.Fprintf(&b, "%-11s|%s", r.Kind, l)
			}
		}
	}
	return b.String()
}

func TestParseGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil || len(paths) == 0 {
		t.Fatal("there are no sample mails", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			m := mustParse(t, string(raw))
			if m.Size != len(raw) {
				t.Errorf("size %d, want %d", m.Size, len(raw))
			}
			golden(t, strings.TrimSuffix(path, ".eml")+".golden", show(m))
		})
	}
}

func TestParseUnreadable(t *testing.T) {
	for name, c := range map[string]struct{ raw, reason string }{
		"nothing":           {"", "empty"},
		"blank lines":       {"\r\n \r\n\n", "empty"},
		"mbox line alone":   {"From joe Mon Jan  1 00:00:00 2001\n", "empty"},
		"rules":             {"-----\n*****\n", "no text"},
		"PDF":               {"%PDF-1.4\n" + strings.Repeat("x\n", 400) + "stream\n\x00\x01", "no text"},
		"picture":           {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", "binary"},
		"zeros":             {strings.Repeat("\x00", 5000), "binary"},
		"binary with colon": {"x: \x01\x02\x03\x00\x00\x00\x04\n\x00\x00\x00\x00\x00", "binary"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Parse([]byte(c.raw))
			if !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), c.reason) {
				t.Fatalf("got %+v, %v; want an error that says %q", m, err, c.reason)
			}
		})
	}
}

// TestParseWithoutHeader: text without a header, or with a broken one, is a
// text.
func TestParseWithoutHeader(t *testing.T) {
	const none, junk = "it has no header: all of it was taken for its text", "what stands above the header is no field: it was skipped"
	for name, c := range map[string]struct{ raw, text, subject, defect string }{
		"prose":                    {"Hello everybody,\r\nthis is all.\r\n", "Hello everybody,\nthis is all.\n", "", none},
		"one line, no end":         {"Not a document of RFC 822", "Not a document of RFC 822\n", "", none},
		"behind a line of an mbox": {"From joe Mon Jan  1 00:00:00 2001\n\nHello.\n", "Hello.\n", "", none},
		"in Latin 1":               {"D\xe9j\xe0 vu, la semaine derni\xe8re.\n", "Déjà vu, la semaine dernière.\n", "", none},
		"colour":                   {"\x1b[31mred\nno header\n", "[31mred\nno header\n", "", none},
		"a server's answer":        {"+OK 99 octets\nFrom: a@example.org\nSubject: x\n\nHello.\n", "Hello.\n", "x", junk},
		"two lines of junk":        {"junk\n===\nSubject: x\nDate: Mon, 1 Feb 2016 10:00:00 +0000\n\nHello.\n", "Hello.\n", "x", junk},
		"a letter that shows one":  {"Dear all,\nFrom: is a field.\nLook!\n", "Dear all,\nFrom: is a field.\nLook!\n", "", none},
	} {
		t.Run(name, func(t *testing.T) {
			m := mustParse(t, c.raw)
			if c.defect != "" && (m.Text != c.text || m.Subject != c.subject || !slices.Contains(m.Defects, c.defect)) {
				t.Errorf("got %q of %q, %q", m.Text, m.Subject, m.Defects)
			}
			if !m.Derived || m.MessageID == "" {
				t.Errorf("it has the id %q", m.MessageID)
			}
			if crlf := mustParse(t, strings.ReplaceAll(strings.ReplaceAll(c.raw, "\r\n", "\n"), "\n", "\r\n")); crlf.MessageID != m.MessageID || crlf.Text != m.Text {
				t.Errorf("with other line ends it is %q, %q", crlf.MessageID, crlf.Text)
			}
		})
	}
}

// TestWholeUTF16 reads a mail that an editor saved.
func TestWholeUTF16(t *testing.T) {
	const mail = "From: Zo\u00eb <zoe@example.org>\r\nSubject: Quota\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nD\u00e9j\u00e0 vu \U0001f600\r\n"
	little, big := []byte{0xff, 0xfe}, []byte{0xfe, 0xff}
	for _, u := range utf16.Encode([]rune(mail)) {
		little = append(little, byte(u), byte(u>>8))
		big = append(big, byte(u>>8), byte(u))
	}
	for _, raw := range [][]byte{little, big, little[:len(little)-1]} {
		m := mustParse(t, string(raw))
		if m.Author.Name != "Zo\u00eb" || m.Subject != "Quota" || !strings.HasPrefix(m.Text, "D\u00e9j\u00e0 vu \U0001f600") || m.Size != len(raw) {
			t.Errorf("%+v", m)
		}
	}
	if _, err := Parse([]byte("\xff\xfe\x00\x01\x02\x03\x00\x00\x01")); !errors.Is(err, ErrUnreadable) {
		t.Errorf("binary data: %v", err)
	}
}

// TestDerivedID holds that two copies of a mail get the same name whatever
// their line ends are, and two different mails do not.
func TestDerivedID(t *testing.T) {
	lf := mustParse(t, "From: a@example.org\nSubject: x\n\nhello\nworld\n")
	crlf := mustParse(t, "From: a@example.org\r\nSubject: x\r\n\r\nhello\r\nworld\r\n")
	inMbox := mustParse(t, "From a@example.org Mon Jan  1 00:00:00 2001\nFrom: a@example.org\nSubject: x\n\nhello\nworld\n\n")
	other := mustParse(t, "From: a@example.org\nSubject: x\n\nhello\nWorld\n")
	if !lf.Derived || lf.MessageID != crlf.MessageID || lf.MessageID != inMbox.MessageID {
		t.Errorf("copies differ: %s, %s, %s", lf.MessageID, crlf.MessageID, inMbox.MessageID)
	}
	if lf.MessageID == other.MessageID {
		t.Error("two mails have one name")
	}
	if id := string(lf.MessageID); len(id) != len("sha256.")+32+len("@derived.invalid") || !strings.HasPrefix(id, "sha256.") {
		t.Errorf("unexpected form: %s", id)
	}
	if m := mustParse(t, "From: a@example.org\nMessage-ID: <x@y>\n\n"); m.Derived {
		t.Error("a mail with an id got another")
	}
}

func TestToLF(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing to do", "a\nb\n", "a\nb\n"},
		{"network", "a\r\nb\r\n\r\n", "a\nb\n\n"},
		{"old Macintosh", "a\rb\r\rc", "a\nb\n\nc"},
		{"converted twice", "a\r\r\nb\r\r\n", "a\nb\n"},
		{"mixed", "a\r\nb\nc\rd", "a\nb\nc\nd"},
		{"at the end", "a\r", "a\n"},
	} {
		if got := string(toLF([]byte(c.in))); got != c.want {
			t.Errorf("%s: %q becomes %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

// TestLineEndsDoNotMatter reads the samples with other line ends.
func TestLineEndsDoNotMatter(t *testing.T) {
	paths, _ := filepath.Glob("testdata/mail/*.eml")
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := show(mustParse(t, string(raw)))
		for name, eol := range map[string]string{"CRLF": "\r\n", "CRCRLF": "\r\r\n", "CR": "\r"} {
			changed := strings.ReplaceAll(string(raw), "\n", eol)
			if got := show(mustParse(t, changed)); got != want {
				t.Errorf("%s with %s is read otherwise:\n%s\n--- want\n%s", path, name, got, want)
			}
		}
	}
}

func TestDefectsAreBounded(t *testing.T) {
	var d defects
	for i := range 100 {
		d.add("fault %d", i)
		d.add("again")
	}
	if len(d) != maxDefects {
		t.Errorf("%d defects", len(d))
	}
}

// TestParseAnything is the promise that no bytes behind a header are too odd.
func TestParseAnything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		body := rapid.SliceOf(rapid.Byte()).Draw(rt, "body")
		encoding := rapid.SampledFrom([]string{"base64", "quoted-printable", "8bit", "7bit;", "odd"}).Draw(rt, "encoding")
		kind := rapid.SampledFrom([]string{
			"text/plain; charset=utf-8", "text/plain; charset=x-odd", "text/html", "text/plain; charset=iso-2022-jp",
			"text/plain; charset=utf-16", "multipart/mixed; boundary=b", "message/rfc822", "text/plain; format=flowed", "image/png",
		}).Draw(rt, "kind")
		raw := append([]byte("From: a@example.org\nContent-Type: "+kind+"\nContent-Transfer-Encoding: "+encoding+"\n\n"), body...)
		m, err := Parse(raw)
		if err != nil {
			rt.Fatal(err)
		}
		checkMessage(t, m)
	})
}

func FuzzParse(f *testing.F) {
	paths, _ := filepath.Glob("testdata/mail/*.eml")
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	for _, raw := range corpusSeeds(f) {
		f.Add(raw)
	}
	for _, raw := range hostileMails() {
		f.Add([]byte(raw[:min(len(raw), 300)]))
	}
	f.Add([]byte("From: =?utf-8?q?a?= <a@b>\r\rContent-Type: multipart/mixed; boundary*0=\"a\r\n b\"\n\n--a b\n\n--a b--"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		m, err := Parse(raw)
		if !bytes.Equal(raw, before) {
			t.Fatal("the raw bytes were changed")
		}
		if err != nil {
			if !errors.Is(err, ErrUnreadable) || m != nil {
				t.Fatalf("got %v, %v", m, err)
			}
			return
		}
		checkMessage(t, m)
		if left := parseAndSpoil(t, raw); !reflect.DeepEqual(left, m) {
			t.Fatalf("a message points into memory that is used again: %+v, not %+v", left, m)
		}
		if m.Size != len(raw) || m.Reader != Version {
			t.Fatalf("size %d of %d, reader %d", m.Size, len(raw), m.Reader)
		}
		if e, err := Explain(raw); err != nil || e.Text != m.Text || e.MessageID != m.MessageID {
			t.Fatalf("explained otherwise: %+v, %v", e, err)
		}
	})
}

// parseAndSpoil parses a mail and then overwrites what the next one would, the
// mail's own bytes too.
func parseAndSpoil(t *testing.T, raw []byte) *sigpost.Message {
	t.Helper()
	raw = bytes.Clone(raw)
	memory := new(scratch)
	o, err := open(raw, memory, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := o.message()
	for _, b := range [][]byte{raw, memory.lines, memory.words} {
		b = b[:cap(b)]
		for i := range b {
			b[i] = '~'
		}
	}
	return m
}

// corpusSeeds gives mail of other parsers' tests where it lies beside the
// project; without it the fuzzer begins with the project's own.
func corpusSeeds(f *testing.F) [][]byte {
	var seeds [][]byte
	dir := filepath.Join("..", "..", "shared", "corpora", "mime-dev")
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || isNoMail(path) {
			return err
		}
		raw, err := os.ReadFile(path)
		if err == nil && len(raw) < 20<<10 {
			seeds = append(seeds, raw)
		}
		return err
	})
	if err != nil {
		f.Logf("the fuzzer begins without the corpus mime-dev: %v", err)
	}
	return seeds
}
