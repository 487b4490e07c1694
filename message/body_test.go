package message

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDecodeTransfer(t *testing.T) {
	long := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("the quick brown fox. ", 6)))
	lines := long[:76] + "\n" + long[76:152] + "\n" + long[152:]
	text := strings.Repeat("the quick brown fox. ", 6)
	for _, c := range []struct{ name, encoding, in, want, defect string }{
		{"7bit", "7bit", "a=20b", "a=20b", ""},
		{"none", "", "a=20b", "a=20b", ""},
		{"semicolon", "quoted-printable;", "a=20b", "a b", ""},
		{"8bits", "8bits", "a=20b", "a=20b", ""},
		{"a charset", "utf-8", "a=20b", "a=20b", ""},
		{"unknown", "x-odd", "a=20b", "a=20b", "not known"},
		{"quoted-printable", "Quoted-Printable", "caf=C3=A9 =\nau lait\n", "café au lait\n", ""},
		{"bad quoted-printable", "quoted-printable", "\x01a=ZZb=C3=A9\nc = d=\ne\n", "\x01a=ZZbé\nc = de\n", "damaged"},
		{"base64", "BASE64", lines, text, ""},
		{"base64 with a footer", "base64", "aGVsbG8=\n-- \nYou received this\n", "hello\n-- \nYou received this", "text follows"},
		{"base64 with a footer, no padding", "base64", lines + "\n_______________\nDev mailing list\n", text + "\n_______________\nDev mailing list", "text follows"},
		{"base64 cut off", "base64", "aGVsbG8gd29ybG", "hello worl", "damaged"},
		{"base64 with a bad line", "base64", lines[:77] + "?!?!\n" + lines[77:], text, "damaged"},
		{"base64 with a stranger's line", "base64", lines[:77] + "%% not this %%\n" + lines[77:], text, "damaged"},
		{"two blocks of base64", "base64", "aGVsbG8=\nd29ybGQ=\n", "helloworld", "damaged"},
		{"base64 with strange characters", "base64", "aGVs!bG8gd*29yb-GQ=", "hello world", "damaged"},
		{"one word that is no base64", "base64", "n!o?n!e?", "n!o?n!e?", "is not"},
		{"no base64 at all", "base64", "Hello, this is text.\n", "Hello, this is text.\n", "is not"},
		{"empty base64", "base64", "\n", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var wrong defects
			got := string(decodeTransfer(c.encoding, []byte(c.in), &wrong))
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if said := strings.Join(wrong, "; "); !strings.Contains(said, c.defect) || c.defect == "" && said != "" {
				t.Errorf("defects %q, want %q", said, c.defect)
			}
		})
	}
}

// TestSalvageReadsWhatIsRight holds that the lenient decoders agree with the
// strict ones where nothing is wrong.
func TestSalvageReadsWhatIsRight(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(rt, "data")
		encoded := base64.StdEncoding.EncodeToString(data)
		for i := 76; i < len(encoded); i += 77 {
			encoded = encoded[:i] + "\n" + encoded[i:]
		}
		got, tail := salvageBase64([]byte(encoded))
		if string(got) != string(data) || len(tail) > 0 {
			rt.Fatalf("%q becomes %q and %q", data, got, tail)
		}
		if size := decodedSize("base64", []byte(encoded)); size != len(data) {
			rt.Fatalf("size %d, want %d", size, len(data))
		}
	})
}

// multi makes a mail of a multipart body.
func multi(kind, boundary, body string) string {
	return fmt.Sprintf("From: a@x\nContent-Type: multipart/%s; boundary=%s\n\n%s", kind, boundary, body)
}

func TestMultipart(t *testing.T) {
	const plain, html = "--b\nContent-Type: text/plain\n\nplain\n", "--b\nContent-Type: text/html\n\n<p>rich</p>\n"
	for _, c := range []struct{ name, raw, text, parts, defect string }{
		{"alternative", multi("alternative", "b", plain+html+"--b--\n"), "plain\n", "", ""},
		{"alternative, other order", multi("alternative", "b", html+plain+"--b--\n"), "plain\n", "", ""},
		{"alternative, plain is blank", multi("alternative", "b", "--b\n\n \n"+html+"--b--"), "rich\n", "", ""},
		{"HTML only", multi("alternative", "b", html+"--b--\n"), "rich\n", "", ""},
		{"mixed", multi("mixed", "b", plain+html+"--b--\n"), "plain\n\nrich\n", "", ""},
		{"preamble and epilogue", multi("mixed", "b", "old reader?\n"+plain+"--b--\nafter\n"), "plain\n", "", ""},
		{"never closed", multi("mixed", "b", plain), "plain\n", "", "not closed"},
		{"cut off in a boundary", multi("mixed", "b", plain+"--b"), "plain\n", "", "not closed"},
		{"boundary that begins another", multi("mixed", "b", "--b\n\none\n--bc\ntwo\n--b--\n"), "one\n--bc\ntwo\n", "", ""},
		{"white space behind the boundary", multi("mixed", "b", "--b \t\n\none\n--b-- \n"), "one\n", "", ""},
		{"no boundary given", "From: a@x\nContent-Type: multipart/mixed\n\n" + plain + "--b--\n", "plain\n", "", "another one"},
		{"wrong boundary given", multi("mixed", "zzz", plain+"--b--\n"), "plain\n", "", "another one"},
		{"no boundary to be found", multi("mixed", "b", "just\ntext\n"), "just\ntext\n", "", "all of it"},
		{"empty body", multi("mixed", "b", "\n"), "", "", "before its first part"},
		{"part of junk", multi("mixed", "b", "--b\njunk here\n\n"+plain+"--b--\n"), "junk here\n\nplain\n", "", ""},
		{"unknown type", "From: a@x\nContent-Type: text\n\nhello\n", "hello\n", "", ""},
		{"broken type", "From: a@x\nContent-Type: <html>\n\nhello\n", "hello\n", "", "cannot be read"},
		{"text of another kind", "From: a@x\nContent-Type: text/x-log\n\nhello\n", "hello\n", "", ""},
		{
			"attachments", multi("mixed", "b", plain+"--b\nContent-Type: text/x-diff; name=a.diff\n\n+1\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\nContent-Disposition: inline; filename=\"../p.png\"\n\naGVsbG8=\n--b--\n"),
			"plain\n", "2 a.diff text/x-diff 2; 3 p.png image/png 5", "",
		},
		{
			"nested", multi("mixed", "b", "--b\nContent-Type: multipart/related; boundary=c\n\n--c\n\ninner\n--c\nContent-Type: image/gif\n\nGIF\n--c--\n--b\nContent-Type: application/pdf\n\nPDF\n--b--\n"),
			"inner\n", "1.2  image/gif 3; 2  application/pdf 3", "",
		},
		{"digest", multi("digest", "b", "--b\n\nSubject: one\n\nfirst\n--b--\n"), "---------- Forwarded message ----------\nSubject: one\n\nfirst\n", "1  message/rfc822 19", ""},
		{"only a text attachment", "From: a@x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment; filename=a.txt\n\nhello\n--b--\n", "hello\n", "1 a.txt text/plain 5", "no text of its own"},
		{"one part, no text", "From: a@x\nContent-Type: image/png\n\nPNG\n", "", "1  image/png 4", ""},
		{"header only", "From: a@x\nSubject: x\n", "", "", ""},
		{"charset in the HTML", "From: a@x\nContent-Type: text/html\n\n<meta charset=\"koi8-r\"><p>\xf0\xd2\xc9</p>", "При\n", "", ""},
		{
			"quotes marked in the HTML only", multi("alternative", "b", "--b\n\nOn Mon, 4 Apr 2016 at 10:00 Ann <ann@x> wrote:\n\nasked\n\nanswer\n--b\nContent-Type: text/html\n\n<div>On Mon, 4 Apr 2016 at 10:00 Ann &lt;ann@x&gt; wrote:</div><blockquote>asked</blockquote><div>answer</div>\n--b--\n"),
			"On Mon, 4 Apr 2016 at 10:00 Ann <ann@x> wrote:\n\n> asked\n\nanswer\n", "", "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := mustParse(t, c.raw)
			var parts []string
			for _, a := range m.Attachments {
				parts = append(parts, fmt.Sprintf("%s %s %s %d", a.Part, a.Name, a.Type, a.Size))
			}
			if m.Text != c.text || strings.Join(parts, "; ") != c.parts {
				t.Errorf("got %q and %q", m.Text, strings.Join(parts, "; "))
			}
			var said []string
			for _, d := range m.Defects {
				if !strings.Contains(d, "Message-ID") && !strings.Contains(d, "Date") {
					said = append(said, d)
				}
			}
			if s := strings.Join(said, "; "); !strings.Contains(s, c.defect) || c.defect == "" && s != "" {
				t.Errorf("defects %q, want %q", s, c.defect)
			}
		})
	}
}

// TestBombs holds that nesting and numbers are bounded, and reading stays fast.
func TestBombs(t *testing.T) {
	var nested strings.Builder
	nested.WriteString("From: a@x\n")
	for i := range 3000 {
		fmt.Fprintf(&nested, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	var mails strings.Builder
	mails.WriteString("From: a@x\n")
	for range 5000 {
		mails.WriteString("Content-Type: message/rfc822\n\n")
	}
	for name, c := range map[string]struct{ raw, defect string }{
		"nested":    {nested.String(), "nested more than 32 deep: the inner ones were taken as they are"},
		"many":      {multi("mixed", "b", strings.Repeat("--b\n\nx\n", 50000)), "more than 1000 parts"},
		"mails":     {mails.String(), ""},
		"base64":    {"From: a@x\nContent-Transfer-Encoding: base64\n\n" + strings.Repeat("=?\n", 300000), ""},
		"brackets":  {"From: a@x\nReferences: " + strings.Repeat("<", 250000) + "\n\n", ""},
		"words":     {"From: a@x\nSubject: " + strings.Repeat("=?utf-8?q?", 25000) + "\n\n", ""},
		"footers":   {"From: a@x\n\n" + strings.Repeat("To unsubscribe from this group\n\n\n", 30000), ""},
		"blanks":    {"From: a@x\n\nTo unsubscribe from this group" + strings.Repeat("\n", 300000) + "x", ""},
		"writers":   {"From: a@x\n\n" + strings.Repeat("On Monday 10:00 Joe wrote:\n", 30000), ""},
		"headers":   {"From: a@x\n\n" + strings.Repeat("From: a\nSent: b\n", 30000), ""},
		"separator": {"From: a@x\n\n" + strings.Repeat("--\n", 100000), ""},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			m := mustParse(t, c.raw)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			if !strings.Contains(strings.Join(m.Defects, "; "), c.defect) {
				t.Errorf("defects: %q", m.Defects)
			}
		})
	}
}

func TestUnflow(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		delSp          bool
	}{
		{"paragraph", "one \ntwo \nthree\nfour\n", "one two three\nfour\n", false},
		{"DelSp", "one \ntwo\n", "onetwo\n", true},
		{"quotes", "> one \n> two\nthree\n", "> one two\nthree\n", false},
		{"depth changes", "> one \nthree \n>> four\n", "> one \nthree \n>> four\n", false},
		{"signature", "one \n-- \nJoe\n", "one \n-- \nJoe\n", false},
		{"space-stuffing", " From here \n  on\n", "From here  on\n", false},
		{"a stuffed mark", " > x \ny\n> z\n", "\x00> x y\n> z\n", false},
		{"a stuffed mark within a paragraph", "x \n > y\n", "x > y\n", false},
		{"a stuffed mark in a quote", "> > x\n", ">> x\n", false},
		{"empty", "", "", false},
	} {
		if got := unflow(c.in, c.delSp); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestStuffedIsNoQuote: RFC 3676, section 4.4, but for programs that stuff what
// they quote.
func TestStuffedIsNoQuote(t *testing.T) {
	const head = "From: a@example.org\nContent-Type: text/plain; format=flowed\n\n"
	for _, c := range []struct{ name, body, text, own string }{
		{"a prompt", "Type this:\n\n > help\n > quit\n\nThen go.\n", "Type this:\n\n> help\n> quit\n\nThen go.\n", "Type this:\n\n> help\n> quit\n\nThen go."},
		{"beside a quote", "Ana wrote:\n> how?\n\n > help\n", "Ana wrote:\n> how?\n\n> help\n", "> help"},
		{"a program that stuffs quotes", "On Monday, Ana wrote:\n > how?\n\nSo.\n\n > And then?\n\nSo.\n", "On Monday, Ana wrote:\n> how?\n\nSo.\n\n> And then?\n\nSo.\n", "So.\n\nSo."},
	} {
		m := mustParse(t, head+c.body)
		if m.Text != c.text || m.NewText() != c.own {
			t.Errorf("%s: got %q with new text %q, %v", c.name, m.Text, m.NewText(), m.Ranges)
		}
		checkMessage(t, m)
	}
}

// TestFramedHTML: what HTML indents as a whole is its author's.
func TestFramedHTML(t *testing.T) {
	for _, c := range []struct{ name, body, text, own string }{
		{"all of it", "<blockquote><blockquote>yes<br><br>no<blockquote>deep</blockquote></blockquote></blockquote>", "yes\n\nno\n\n> deep\n", "yes\n\nno"},
		{"marks that somebody wrote", "<p>&gt; yes<br>&gt; no</p>", "> yes\n> no\n", ""},
		{"with an attribution", "Ana wrote:<blockquote>yes</blockquote>", "Ana wrote:\n\n> yes\n", ""},
		{"with an answer", "<blockquote>yes</blockquote>no", "> yes\n\nno\n", "no"},
		{"empty", "<blockquote></blockquote>", "", ""},
	} {
		m := mustParse(t, "From: a@example.org\nContent-Type: text/html\n\n"+c.body+"\n")
		if m.Text != c.text || m.NewText() != c.own {
			t.Errorf("%s: got %q with new text %q", c.name, m.Text, m.NewText())
		}
	}
	if m := mustParse(t, "From: a@example.org\n\n> yes\n"); m.NewText() != "" {
		t.Errorf("a plain quote is new: %q", m.NewText())
	}
}

func TestTidy(t *testing.T) {
	for in, want := range map[string]string{
		"":                    "",
		" \n\t\n":             "",
		"\n\n  a\n\n\n":       "  a\n",
		"a \nb\t\nc":          "a\nb\nc\n",
		"a\u00a0\nb":          "a\nb\n",
		"a\n-- \nJoe":         "a\n-- \nJoe\n",
		"a\n\n\nb":            "a\n\n\nb\n",
		"a\n-- \n":            "a\n--\n",
		"\u00a0\n\u00a0\n \n": "",
	} {
		if got := tidy(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
