package message

import (
	"fmt"
	"strings"
	"testing"
)

func TestSplitHeader(t *testing.T) {
	for _, c := range []struct {
		name, in string
		fields   string // "name=value" joined by "; "
		body     string
		defect   string // part of it
	}{
		{"plain", "From: a\nSubject: b\n\nbody\n", "from=a; subject=b", "body\n", ""},
		{"folded", "Subject: a\n b\n\tc\n\nbody", "subject=a b\tc", "body", ""},
		{"names in any case, space before the colon", "SUBJECT : a\nFrOm:b\n\n", "subject=a; from=b", "", ""},
		{"fields that are not needed go", "X-Spam: 1\n 2\nFrom: a\nDKIM-Signature: x\n\ty\n\n", "from=a", "", ""},
		{"only the topmost Received stays", "Received: by a; 1\nReceived: by b; 2\nFrom: a\n\n", "received=by a; 1; from=a", "", ""},
		{"a Received without date does not count", "Received: by a\nFrom: a\nReceived: by b; 2\nReceived: by c; 3\n\n", "received=by b; 2; from=a", "", ""},
		{"a line without colon goes on", "Subject: a\nb\nFrom: c\n\nbody", "subject=a b; from=c", "body", "no colon"},
		{"no blank line before the body", "Subject: a\nHello there\nand more\n", "subject=a", "Hello there\nand more\n", "no blank line"},
		{"header only", "From: a\nSubject: b", "from=a; subject=b", "", ""},
		{"first line indented", " From: a\nSubject: b\n\nbody", "from=a; subject=b", "body", "indented"},
		{"mbox line in the middle", "From: a\n>From joe Mon\nSubject: b\n\n", "from=a; subject=b", "", ""},
		{"white line within a folded field", "Subject: a\n \n b\nFrom: c\n\nbody", "subject=a  b; from=c", "body", ""},
		{"white line that ends the header", "From: a\n \t\nHello there\n", "from=a", "Hello there\n", ""},
		{"empty value", "Subject:\nFrom: a\n\n", "subject=; from=a", "", ""},
		{"part without header", "\nbody", "", "body", ""},
		{"part of prose", "just text\nmore: of it\n", "", "just text\nmore: of it\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var wrong defects
			h, body := splitHeader([]byte(c.in), &wrong)
			var got []string
			for _, f := range h.fields {
				got = append(got, f.name+"="+f.value)
			}
			if strings.Join(got, "; ") != c.fields || string(body) != c.body {
				t.Errorf("got %q and %q", got, body)
			}
			if said := strings.Join(wrong, "; "); !strings.Contains(said, c.defect) || c.defect == "" && said != "" {
				t.Errorf("defects %q, want %q", said, c.defect)
			}
		})
	}
}

// TestSplitHeaderKeepsSource holds that unfolding does not write into the mail.
func TestSplitHeaderKeepsSource(t *testing.T) {
	src := []byte("Subject: a\n b\nFrom: c\n\nbody")
	want := string(src)
	splitHeader(src, new(defects))
	if string(src) != want {
		t.Errorf("the source became %q", src)
	}
}

func TestHugeHeader(t *testing.T) {
	var b strings.Builder
	b.WriteString("From: a@example.org\n")
	for i := range 20000 {
		fmt.Fprintf(&b, "X-Filler-%d: %s\n", i, strings.Repeat("x", 60))
	}
	b.WriteString("Subject: too late\n\nThe body is still here.\n")
	m := mustParse(t, b.String())
	if m.Subject != "" || m.Text != "The body is still here.\n" || m.Author.Addr != "a@example.org" {
		t.Errorf("got %q, %q, %v", m.Subject, m.Text, m.Author)
	}
	if !strings.Contains(strings.Join(m.Defects, ""), "longer than 256 KB") {
		t.Errorf("defects: %q", m.Defects)
	}
}

func TestSkipPreamble(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":            "",
		"byte order mark":    "\xef\xbb\xbf",
		"blank lines":        "\n \n",
		"mbox line":          "From joe@x Mon Jan  1 00:00:00 2001\n",
		"escaped mbox line":  ">From joe@x Mon Jan  1 00:00:00 2001\n",
		"all of them at all": "\xef\xbb\xbf\n\nFrom joe@x Mon\n",
	} {
		if got := string(skipPreamble([]byte(in+"From: a\n\n"), new(defects))); got != "From: a\n\n" {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestRawEightBitHeader(t *testing.T) {
	for _, c := range []struct{ name, raw, want string }{
		{"UTF-8 (RFC 6532)", "Subject: caf\u00e9\nFrom: a\n\n", "café"},
		{"Windows-1252 by guess", "Subject: caf\xe9 \x93x\x94\nFrom: a\n\n", "café “x”"},
		{"ISO-2022-JP by its escapes", "Subject: \x1b$B$\"\x1b(B\nFrom: a\n\n", "あ"},
		{"controls go", "Subject: a\x00b\x07c\nFrom: a\n\n", "abc"},
		{"charset of the body", "Subject: \xf0\xd2\xc9\nContent-Type: text/plain; charset=koi8-r\nFrom: a\n\n", "При"},
	} {
		if m := mustParse(t, c.raw); m.Subject != c.want {
			t.Errorf("%s: got %q, want %q", c.name, m.Subject, c.want)
		}
	}
}
