package message

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// hostileMails are mails of a megabyte that aim at one loop of the reader each.
func hostileMails() map[string]string {
	const size = 1 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	body := func(header, s string) string { return "From: a@x\n" + header + "\n" + fill(s) }
	var nested strings.Builder
	nested.WriteString("From: a@x\n")
	for i := 0; nested.Len() < size; i++ {
		fmt.Fprintf(&nested, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	return map[string]string{
		"one header line":             "From: a@x\nSubject: " + fill("x"),
		"header of one-letter fields": "From: a@x\n" + fill("a:\n"),
		"folds":                       "From: a@x\nSubject:" + fill("\n x"),
		"folds of nothing":            "From: a@x\nSubject: x\n" + fill(" \n"),
		"lines without colon":         "From: a@x\n" + fill("x\n"),
		"received":                    "From: a@x\n" + fill("Received: x\n"),
		"references":                  "From: a@x\nReferences: " + fill("<a@b> "),
		"references open":             "From: a@x\nReferences: " + fill("<"),
		"references bare":             "From: a@x\nReferences: " + fill("1234567@b "),
		"reference fields":            "From: a@x\n" + fill("References: <a@b>\n"),
		"encoded words":               "From: a@x\nSubject: " + fill("=?utf-8?q?a?= "),
		"encoded words open":          "From: a@x\nSubject: " + fill("=?utf-8?q?"),
		"encoded question marks":      "From: a@x\nSubject: =?utf-8?q?" + fill("a?=21"),
		"addresses":                   "From: " + fill("a@x, "),
		"address commas":              "From: " + fill("<,"),
		"address ats":                 "From: " + fill("at ,<"),
		"address comments":            "From: " + fill("("),
		"address quotes":              "From: " + fill("\",<@"),
		"address groups":              "From: " + fill("a:"),
		"cc via":                      "From: x via y <l@x>\nList-Post: <mailto:l@x>\nCc: " + fill("a@x,"),
		"list posts":                  "From: l@x\n" + fill("List-Post: <l@x.org>\n"),
		"parameters":                  "From: a@x\nContent-Type: text/plain" + fill("; a=b"),
		"parameter pieces":            "From: a@x\nContent-Type: text/plain" + fill("; a*1=b"),
		"date":                        "From: a@x\nDate: " + fill("1 : "),
		"nested":                      nested.String(),
		"parts":                       body("Content-Type: multipart/mixed; boundary=b\n", "--b\n\n"),
		"parts in one line":           body("Content-Type: multipart/mixed; boundary=b\n", "--b"),
		"parts of alternatives":       body("Content-Type: multipart/alternative; boundary=b\n", "--b\nContent-Type: text/html\n\n"),
		"boundary guess":              body("Content-Type: multipart/mixed\n", "--x\n"),
		"boundaries that lack":        body("Content-Type: multipart/mixed; boundary=zz\n", "--x\nContent-Type: text/plain\n"),
		"mails":                       body("", "Content-Type: message/rfc822\n\n"),
		"digest":                      body("Content-Type: multipart/digest; boundary=b\n", "--b\n\nFrom: a\n\nx\n"),
		"base64":                      body("Content-Transfer-Encoding: base64\n", "YWJj\n"),
		"base64 padded":               body("Content-Transfer-Encoding: base64\n", "YQ==\n"),
		"base64 broken":               body("Content-Transfer-Encoding: base64\n", "=?\n"),
		"quoted-printable":            body("Content-Transfer-Encoding: quoted-printable\n", "=41"),
		"quoted-printable broken":     body("Content-Transfer-Encoding: quoted-printable\n", "="),
		"uuencode":                    body("", "begin 644 a\n"),
		"uuencode files":              body("", "begin 644 a\n#86)C\n`\nend\n"),
		"uuencode words":              body("", "begin "),
		"flowed":                      body("Content-Type: text/plain; format=flowed\n", "> \n"),
		"flowed depth":                body("Content-Type: text/plain; format=flowed\n", "> > "),
		"enriched":                    body("Content-Type: text/enriched\n", "<"),
		"HTML tags":                   body("Content-Type: text/html\n", "<b>"),
		"HTML quotes":                 body("Content-Type: text/html\n", "<blockquote>"),
		"HTML quotes with text":       body("Content-Type: text/html\n", "<blockquote>x"),
		"HTML lists":                  body("Content-Type: text/html\n", "<ul><li>x"),
		"HTML tables":                 body("Content-Type: text/html\n", "<table border=1><td>x"),
		"HTML links":                  body("Content-Type: text/html\n", "<a href=http://x>y"),
		"HTML brackets":               body("Content-Type: text/html\n", "<"),
		"HTML attributes":             "From: a@x\nContent-Type: text/html\n\n<a " + fill("a=b "),
		"HTML entities":               body("Content-Type: text/html\n", "&amp"),
		"8 bits":                      body("", "\xe9\xe8 "),
		"8 bits that are dense":       body("", "\xd6\xd0"),
		"UTF-7":                       body("Content-Type: text/plain; charset=utf-7\n", "+AGE-"),
		"UTF-7 pluses":                body("Content-Type: text/plain; charset=utf-7\n", "+"),
		"escapes":                     body("Content-Type: text/plain; charset=iso-2022-jp\n", "\x1b$B\x1b(B"),
		"HZ":                          body("", "~{"),
		"quotes":                      body("", ">"),
		"quote lines":                 body("", "> x\n"),
		"quotes and answers":          body("", "> x\n\ny\n"),
		"blank lines":                 body("", "\n"),
		"spaces":                      body("", " "),
		"lines of spaces":             body("", " \n"),
		"carriage returns":            body("", "\r"),
		"NUL":                         "From: a@x\nSubject: x\n\ntext " + fill("\x00"),
		"attributions":                body("", "On Mon, 4 Apr 2016 Joe <a@x> wrote:\n"),
		"half attributions":           body("", "On 2016 a@x "),
		"colons":                      body("", "a:\n"),
		"signatures":                  body("", "-- \n"),
		"rules":                       body("", "____________\n"),
		"footers":                     body("", "To unsubscribe from this group\n\n"),
		"pasted headers":              body("", "From: a\nSent: b\nTo: c\nSubject: d\n"),
		"armour":                      body("", "-----BEGIN PGP SIGNATURE-----\n"),
		"diffs":                       body("", "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"),
	}
}

// TestHostileMails holds that a megabyte that means ill takes its reader no
// longer than one that means well, give or take what a busy machine needs.
func TestHostileMails(t *testing.T) {
	slowest, most := "", time.Duration(0)
	for name, raw := range hostileMails() {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			m, err := Parse([]byte(raw))
			took := time.Since(start)
			if err != nil {
				t.Fatal(err)
			}
			checkMessage(t, m)
			if took > most {
				slowest, most = name, took
			}
			if took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			if took > 500*time.Millisecond {
				t.Logf("%s took %v", name, took)
			}
		})
	}
	t.Logf("the slowest is %s: %v", slowest, most)
}
