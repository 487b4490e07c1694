package message

import (
	"fmt"
	"strings"
	"testing"
)

// nastyMail is a mail that some program has really written in this way, or
// might, and what a person would read in it.
type nastyMail struct {
	name, raw string
	text      string // "-" where it does not matter
	parts     string // the attachments, "part name type size" with "; " between
	defect    string // a piece of what is said; "" for nothing
}

// plain is a mail with the given header lines and body.
func plain(header, body string) string {
	return "From: a@x\nMessage-ID: <1@x>\nDate: Mon, 4 Apr 2016 10:00:00 +0000\n" + header + "\n" + body
}

func TestNastyBodies(t *testing.T) {
	for _, c := range []nastyMail{
		{"bare CR line ends", strings.ReplaceAll(plain("Subject: x\n", "one\ntwo\n"), "\n", "\r"), "one\ntwo\n", "", ""},
		{"CRLF in the header, LF in the body", strings.ReplaceAll(plain("", ""), "\n", "\r\n") + "one\ntwo\n", "one\ntwo\n", "", ""},
		{"NUL bytes", plain("", "o\x00ne\x00\n"), "one\n", "", ""},
		{"byte order mark before the header", "\xef\xbb\xbf" + plain("", "one\n"), "one\n", "", ""},
		{"byte order mark in the body", plain("Content-Type: text/plain; charset=utf-8\n", "\xef\xbb\xbfone\n"), "one\n", "", ""},
		{"blank lines before the header", "\n\r\n" + plain("", "one\n"), "one\n", "", "blank lines before"},
		{"mbox line before the header", "From a@x Mon Apr  4 10:00:00 2016\n" + plain("", "one\n"), "one\n", "", ""},
		{"mbox line with quoting", ">From a@x Mon Apr  4 10:00:00 2016\n" + plain("", "one\n"), "one\n", "", ""},
		{"header only, no blank line", strings.TrimSuffix(plain("Subject: x\n", ""), "\n"), "", "", ""},
		{"header only, no line end", strings.TrimRight(plain("Subject: x\n", ""), "\n"), "", "", ""},
		{"white space for a body", plain("", " \n\t\n"), "", "", ""},
		{"no Content-Type but parts", plain("MIME-Version: 1.0\n", "This is a message in MIME format.\n\n--=_next_1\nContent-Type: text/plain\n\none\n\n--=_next_1--\n"), "one\n", "", "it has parts"},
		{"text that shows a boundary", plain("Content-Type: text/plain\n", "see:\n--=_next_1\nContent-Type: text/plain\n\none\n\n--=_next_1--\n"), "see:\n--=_next_1\nContent-Type: text/plain\n\none\n\n--=_next_1--\n", "", ""},
		{"HTML that is a multipart", plain("Content-Type: text/html; boundary=\"--99\"\n", "----99\nContent-Type: text/html\n\n<b>one</b>\n----99--\n"), "one\n", "", "it has parts"},
		{"multipart in base64", plain("Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n", "LS1iCkNvbnRlbnQtVHlwZTogdGV4dC9wbGFpbgoKb25lCi0tYi0tCg==\n"), "one\n", "", "encoded as a whole"},
		{"multipart that says quoted-printable", plain("Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: quoted-printable\n", "--b\n\none\n--b--\n"), "one\n", "", ""},
		{"boundary in quotes with spaces", plain("Content-Type: multipart/mixed;\n boundary=\"a b\"\n", "--a b\n\none\n--a b--\n"), "one\n", "", ""},
		{"boundary in single quotes", plain("Content-Type: multipart/mixed; boundary='b'\n", "--b\nContent-Type: text/plain\n\none\n--b--\n"), "one\n", "", "another one"},
		{"boundary in pieces", plain("Content-Type: multipart/mixed; boundary*0=\"a\";\n boundary*1=\"b\"\n", "--ab\n\none\n--ab--\n"), "one\n", "", ""},
		{"boundary with a comment behind", plain("Content-Type: multipart/mixed (mixed); boundary=\"b\" (mine)\n", "--b\n\none\n--b--\n"), "one\n", "", ""},
		{"inner boundary begins as the outer one", plain("Content-Type: multipart/mixed; boundary=b\n", "--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\n\none\n--bb--\n--b\nContent-Type: image/png\n\nx\n--b--\n"), "one\n", "2  image/png 1", ""},
		{"inner part never closed", plain("Content-Type: multipart/mixed; boundary=b\n", "--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\none\n--b\nContent-Type: image/png\n\nx\n--b--\n"), "one\n", "2  image/png 1", "not closed"},
		{"part without blank line before its text", plain("Content-Type: multipart/mixed; boundary=b\n", "--b\nContent-Type: text/plain\none line\n\n--b--\n"), "one line\n", "", "no blank line"},
		{"parts of nothing", plain("Content-Type: multipart/mixed; boundary=b\n", "--b\n--b\n--b--\n"), "", "", ""},
		{"epilogue with text", plain("Content-Type: multipart/mixed; boundary=b\n", "--b\n\none\n--b--\n_______\nlist footer\n"), "one\n", "", ""},
		{"alternative: blank text in base64", plain("Content-Type: multipart/alternative; boundary=b\n", "--b\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nIAogCg==\n--b\nContent-Type: text/html\n\n<p>one</p>\n--b--\n"), "one\n", "", ""},
		{"alternative: text is only a no-break space", plain("Content-Type: multipart/alternative; boundary=b\n", "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C2=A0\n--b\nContent-Type: text/html\n\n<p>one</p>\n--b--\n"), "one\n", "", ""},
		{"alternative: related HTML with a picture", plain("Content-Type: multipart/alternative; boundary=b\n", "--b\n\none\n--b\nContent-Type: multipart/related; boundary=c\n\n--c\nContent-Type: text/html\n\n<p>rich<img src=cid:1></p>\n--c\nContent-Type: image/png\nContent-ID: <1>\n\nx\n--c--\n--b--\n"), "one\n", "2.2  image/png 1", ""},
		{"alternative: an invitation", plain("Content-Type: multipart/alternative; boundary=b\n", "--b\n\none\n--b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n--b--\n"), "one\n", "2  text/calendar 15", ""},
		{"related alone", plain("Content-Type: multipart/related; boundary=b; type=\"text/html\"\n", "--b\nContent-Type: text/html\n\n<p>one</p>\n--b\nContent-Type: image/gif; name=a.gif\n\nx\n--b--\n"), "one\n", "2 a.gif image/gif 1", ""},
		{"text, picture, text", plain("Content-Type: multipart/mixed; boundary=b\n", "--b\n\none\n--b\nContent-Type: image/gif\nContent-Disposition: inline\n\nx\n--b\n\ntwo\n--b--\n"), "one\n\ntwo\n", "2  image/gif 1", ""},
		{"signed", plain("Content-Type: multipart/signed; boundary=b; micalg=pgp-sha1; protocol=\"application/pgp-signature\"\n", "--b\n\none\n--b\nContent-Type: application/pgp-signature; name=signature.asc\n\nx\n--b--\n"), "one\n", "2 signature.asc application/pgp-signature 1", ""},
		{"encrypted", plain("Content-Type: multipart/encrypted; boundary=b\n", "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream; name=e.asc\n\nxyz\n--b--\n"), "", "1  application/pgp-encrypted 10; 2 e.asc application/octet-stream 3", ""},
		{"TNEF", plain("Content-Type: multipart/mixed; boundary=b\n", "--b\n\none\n--b\nContent-Type: application/ms-tnef; name=\"winmail.dat\"\nContent-Transfer-Encoding: base64\n\neJ8+Ig==\n--b--\n"), "one\n", "2 winmail.dat application/ms-tnef 4", ""},
		{"a mail in a mail beside text", plain("Content-Type: multipart/mixed; boundary=b\n", "--b\n\none\n--b\nContent-Type: message/rfc822\n\nSubject: inner\n\ntwo\n--b--\n"), "one\n", "2  message/rfc822 19", ""},
		{"a mail in a mail alone", plain("Content-Type: message/rfc822\n", "From: B <b@x>\nSubject: inner\n\ntwo\n"), "---------- Forwarded message ----------\nFrom: B\nSubject: inner\n\ntwo\n", "1  message/rfc822 34", "no text of its own"},
		{"a mail in a mail in base64", plain("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n", "RnJvbTogQiA8YkB4PgpTdWJqZWN0OiBpbm5lcgoKdHdvCg==\n"), "---------- Forwarded message ----------\nFrom: B\nSubject: inner\n\ntwo\n", "1  message/rfc822 34", "no text of its own"},
		{"a mail in a mail with a footer below", plain("Content-Type: multipart/mixed; boundary=b\n", "--b\nContent-Type: message/rfc822\n\nFrom: B <b@x>\nSubject: inner\n\ntwo\n--b\n\nDev mailing list\n--b--\n"),
			"---------- Forwarded message ----------\nFrom: B\nSubject: inner\n\ntwo\n\nDev mailing list\n", "1  message/rfc822 33", ""},
		{"no Content-Type, and parts are only shown", plain("", "Look at this:\n\n--=_next_1\nContent-Type: text/plain\n\none\n--=_next_1--\n"), "Look at this:\n\n--=_next_1\nContent-Type: text/plain\n\none\n--=_next_1--\n", "", ""},
		{"Markdown", plain("Content-Type: multipart/alternative; boundary=b\n", "--b\nContent-Type: text/markdown\n\n*one*\n--b\nContent-Type: text/html\n\n<i>one</i>\n--b--\n"), "*one*\n", "", ""},
		{"digest of a list", plain("Content-Type: multipart/mixed; boundary=b\n", "--b\n\nToday's topics\n--b\nContent-Type: multipart/digest; boundary=c\n\n--c\n\nFrom: B <b@x>\nSubject: one\n\nfirst\n--c\nContent-Type: message/rfc822\n\nFrom: C <c@x>\nSubject: two\n\nsecond\n--c--\n--b\n\nEnd\n--b--\n"),
			"Today's topics\n\n---------- Forwarded message ----------\nFrom: B\nSubject: one\n\nfirst\n\n---------- Forwarded message ----------\nFrom: C\nSubject: two\n\nsecond\n\nEnd\n", "2.1  message/rfc822 33; 2.2  message/rfc822 34", ""},
		{"uuencoded file in the text", plain("", "see\n\nbegin 644 hi.txt\n&:&5L;&\\*\n`\nend\n\nbye\n"), "see\n\n\nbye\n", "1 hi.txt application/octet-stream 6", ""},
		{"uuencoded, never ended", plain("", "see\nbegin 644 a/hi.txt\n&:&5L;&\\*\n"), "see\n", "1 hi.txt application/octet-stream 6", ""},
		{"uuencode as the encoding", plain("Content-Type: application/octet-stream; name=hi.txt\nContent-Transfer-Encoding: x-uuencode\n", "begin 644 hi.txt\n&:&5L;&\\*\n`\nend\n"), "", "1 hi.txt application/octet-stream 6", ""},
		{"prose that begins a line with begin", plain("", "We\nbegin 100 things and\nend none.\nbegin 644 times\n"), "We\nbegin 100 things and\nend none.\nbegin 644 times\n", "", ""},
		{"enriched", plain("Content-Type: text/enriched\n", "<bold>one</bold> <<two\nthree\n\nfour <color><param>red</param>five</color> a < b\n<nofill>x\ny</nofill>\n"), "one <two three\nfour five a < b x\ny\n", "", ""},
		{"flowed", plain("Content-Type: text/plain; format=flowed\n", "one \ntwo\n \n > three\n> > four \n>> five\n\n-- \nA\n"), "one two\n\n> three\n>> four five\n\n-- \nA\n", "", ""},
		{"flowed, Japanese", plain("Content-Type: text/plain; charset=utf-8; Format=Flowed; DelSp=yes\n", "日本 \n語\n"), "日本語\n", "", ""},
		{"upper case everything", plain("CONTENT-TYPE: TEXT/HTML; CHARSET=ISO-8859-1\nCONTENT-TRANSFER-ENCODING: QUOTED-PRINTABLE\n", "<P>caf=E9</P>"), "café\n", "", ""},
		{"type with a space in it", plain("Content-Type: text / html\n", "<p>one</p>"), "one\n", "", ""},
		{"type is only text", plain("Content-Type: text\n", "one"), "one\n", "", ""},
		{"empty type", plain("Content-Type:\n", "one"), "one\n", "", ""},
		{"type with doubled semicolons", plain("Content-Type: text/plain;; charset=utf-8;;\n", "é"), "é\n", "", ""},
		{"charset without quotes end", plain("Content-Type: text/plain; charset=\"iso-8859-1\n", "caf\xe9"), "café\n", "", ""},
		{"two Content-Types", plain("Content-Type: text/plain\nContent-Type: text/html\n", "a <b>"), "a <b>\n", "", ""},
		{"two encodings", plain("Content-Transfer-Encoding: quoted-printable\nContent-Transfer-Encoding: base64\n", "a=20b"), "a b\n", "", ""},
		{"base64 without padding", plain("Content-Transfer-Encoding: base64\n", "aGVsbG8\n"), "hello\n", "", "damaged"},
		{"base64 with white space inside", plain("Content-Transfer-Encoding: base64\n", "aGVs bG8=\n"), "hello\n", "", "damaged"},
		{"base64 with line ends at odd places", plain("Content-Transfer-Encoding: base64\n", "a\nGV\n\nsbG8=\n"), "hello\n", "", ""},
		{"base64 with a byte too many", plain("Content-Transfer-Encoding: base64\n", "aGVsbG8hA\n"), "hello!\n", "", "damaged"},
		{"quoted-printable in small letters", plain("Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=utf-8\n", "caf=c3=a9"), "café\n", "", ""},
		{"quoted-printable ends in a soft break", plain("Content-Transfer-Encoding: quoted-printable\n", "one=\n"), "one\n", "", ""},
		{"HTML without a tag around", plain("Content-Type: text/html\n", "one<br>two &amp; three"), "one\ntwo & three\n", "", ""},
		{"HTML in UTF-7", plain("Content-Type: text/html; charset=utf-7\n", "Gr+APwA3w-e"), "Grüße\n", "", ""},
		{"attachment is the only text", plain("Content-Type: multipart/mixed; boundary=b\n", "--b\nContent-Type: text/html\nContent-Disposition: attachment; filename=a.html\n\n<p>one</p>\n--b--\n"), "one\n", "1 a.html text/html 10", "no text of its own"},
		{"a picture alone", plain("Content-Type: image/png; name=p.png\nContent-Transfer-Encoding: base64\n", "aGVsbG8=\n"), "", "1 p.png image/png 5", ""},
		{"partial", plain("Content-Type: message/partial; number=1; total=2; id=z\n", "Subject: x\n\none\n"), "", "1  message/partial 16", ""},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t) })
	}
}

func (c nastyMail) check(t *testing.T) {
	m := mustParse(t, c.raw)
	if c.text != "-" && m.Text != c.text {
		t.Errorf("text %q, want %q", m.Text, c.text)
	}
	var parts []string
	for _, a := range m.Attachments {
		parts = append(parts, fmt.Sprintf("%s %s %s %d", a.Part, a.Name, a.Type, a.Size))
	}
	if got := strings.Join(parts, "; "); got != c.parts {
		t.Errorf("attachments %q, want %q", got, c.parts)
	}
	if said := strings.Join(m.Defects, "; "); !strings.Contains(said, c.defect) || c.defect == "" && said != "" {
		t.Errorf("defects %q, want %q", said, c.defect)
	}
}

// A mail that is nothing but a file has its text to read, and the file is listed.
func TestFileAlone(t *testing.T) {
	m := mustParse(t, "From: a@x.org\nContent-Type: text/csv; name=a.csv\nContent-Disposition: attachment; filename=a.csv\n\none;two\n")
	if len(m.Attachments) != 1 || m.Attachments[0].Name != "a.csv" || m.Attachments[0].Part != "1" || m.Text != "one;two\n" {
		t.Errorf("got %+v and %q", m.Attachments, m.Text)
	}
}

func TestNastyFileNames(t *testing.T) {
	for _, c := range []struct{ name, header, want string }{
		{"RFC 2231", "Content-Disposition: attachment; filename*=utf-8''na%C3%AFve%20plan.txt", "naïve plan.txt"},
		{"RFC 2231 in pieces", "Content-Disposition: attachment; filename*0*=iso-8859-1'fr'caf%E9; filename*1=\" menu\"; filename*2*=%2Etxt", "café menu.txt"},
		{"RFC 2231 in pieces, out of order", "Content-Disposition: attachment; filename*1=b; filename*0=a; filename*2=.c", "ab.c"},
		{"RFC 2231 beside the old way", "Content-Disposition: attachment; filename=\"na_ve.txt\"; filename*=utf-8''na%C3%AFve.txt", "naïve.txt"},
		{"RFC 2231 without charset", "Content-Disposition: attachment; filename*=plan%20b.txt", "plan b.txt"},
		{"RFC 2047 in quotes", "Content-Disposition: attachment; filename=\"=?utf-8?q?na=C3=AFve.txt?=\"", "naïve.txt"},
		{"RFC 2047 without quotes", "Content-Disposition: attachment; filename==?utf-8?b?bmHDr3ZlLnR4dA==?=", "naïve.txt"},
		{"RFC 2047 in two words", "Content-Disposition: attachment;\n filename=\"=?utf-8?q?na=C3=AF?=\n =?utf-8?q?ve.txt?=\"", "naïve.txt"},
		{"raw UTF-8", "Content-Disposition: attachment; filename=\"naïve.txt\"", "naïve.txt"},
		{"raw Latin-1", "Content-Disposition: attachment; filename=\"na\xefve.txt\"", "naïve.txt"},
		{"the name of the type", "Content-Type: text/x-y; name=a.txt", "a.txt"},
		{"both names", "Content-Type: text/x-y; name=a.txt\nContent-Disposition: attachment; filename=b.txt", "b.txt"},
		{"a path", "Content-Disposition: attachment; filename=\"../../etc/passwd\"", "passwd"},
		{"a path of Windows", "Content-Disposition: attachment; filename=\"C:\\\\temp\\\\a.txt\"", "a.txt"},
		{"no name but a path", "Content-Disposition: attachment; filename=\"/tmp/..\"", ""},
		{"spaces without quotes", "Content-Disposition: attachment; filename=plan b (2).txt", "plan b (2).txt"},
		{"semicolon in quotes", "Content-Disposition: attachment; filename=\"a;b.txt\"", "a;b.txt"},
		{"quote in quotes", "Content-Disposition: attachment; filename=\"a\\\"b.txt\"", "a\"b.txt"},
		{"line end and NUL", "Content-Disposition: attachment; filename*=utf-8''a%0D%0Ab%00.txt", "a b.txt"},
		{"doubled", "Content-Disposition: attachment; filename=a.txt; filename=b.txt", "a.txt"},
		{"percent that is none", "Content-Disposition: attachment; filename*=utf-8''100%.txt", "100%.txt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := mustParse(t, plain("Content-Type: multipart/mixed; boundary=bb\n", "--bb\n\none\n--bb\n"+c.header+"\n\nx\n--bb--\n"))
			if len(m.Attachments) != 1 || m.Attachments[0].Name != c.want {
				t.Errorf("got %+v, want %q", m.Attachments, c.want)
			}
		})
	}
}

func TestNastyPeople(t *testing.T) {
	for _, c := range []struct{ name, from, label, addr string }{
		{"comment", "joe@x.org (Joe Doe)", "Joe Doe", "joe@x.org"},
		{"nested comment", "joe@x.org (Joe (the) Doe)", "Joe (the) Doe", "joe@x.org"},
		{"comments in the address", "Joe <joe(his)@(own)x.org>", "Joe", "joe@x.org"},
		{"quoted local part", `"joe doe"@x.org`, "", `"joe doe"@x.org`},
		{"quoted local part in brackets", `Joe <"joe doe"@x.org>`, "Joe", `"joe doe"@x.org`},
		{"quoted pair", `"Joe \"ops\" Doe" <joe@x.org>`, `Joe "ops" Doe`, "joe@x.org"},
		{"route", "Joe <@a.org,@b.org:joe@x.org>", "Joe", "joe@x.org"},
		{"group", "Team: Joe <joe@x.org>, Ann <ann@x.org>;", "Joe", "joe@x.org"},
		{"group with a comment", "Team (ops) : joe@x.org;", "", "joe@x.org"},
		{"empty group", "undisclosed-recipients:;", "", ""},
		{"at", "joe at x.org (Joe Doe)", "Joe Doe", "joe@x.org"},
		{"at in brackets", "Joe Doe <joe at x.org>", "Joe Doe", "joe@x.org"},
		{"(a)", "joe (a) x.org", "", "joe@x.org"},
		{"[at] and [dot]", "joe[at]x[dot]org", "", "joe@x.org"},
		{"at work", "Joe at Work <joe@x.org>", "Joe at Work", "joe@x.org"},
		{"spaces", "joe @ x.org", "", "joe@x.org"},
		{"spaces around dots", "jdoe@test  . example", "", "jdoe@test.example"},
		{"comma in a name", "Doe, Joe <joe@x.org>", "Doe, Joe", "joe@x.org"},
		{"forgotten comma", "Joe <joe@x.org> Ann <ann@x.org>", "Joe", "joe@x.org"},
		{"two", "Joe <joe@x.org>, Ann <ann@x.org>", "Joe", "joe@x.org"},
		{"semicolon", "Joe <joe@x.org>; Ann <ann@x.org>", "Joe", "joe@x.org"},
		{"no closing bracket", "Joe <joe@x.org", "Joe", "joe@x.org"},
		{"no opening bracket", "Joe joe@x.org>", "Joe", "joe@x.org"},
		{"doubled brackets", "Joe <<joe@x.org>>", "Joe", "joe@x.org"},
		{"name with brackets", "Joe [ops] <joe@x.org>", "Joe [ops]", "joe@x.org"},
		{"name with an address", `"joe@x.org" <joe@x.org>`, "", "joe@x.org"},
		{"mailto", "<mailto:joe@x.org>", "", "joe@x.org"},
		{"encoded name", "=?utf-8?q?J=C3=B6?= <joe@x.org>", "Jö", "joe@x.org"},
		{"encoded name in quotes", `"=?utf-8?q?J=C3=B6?=" <joe@x.org>`, "Jö", "joe@x.org"},
		{"encoded comma", "=?utf-8?q?Doe=2C_Joe?= <joe@x.org>", "Doe, Joe", "joe@x.org"},
		{"encoded together with the address", "=?utf-8?q?Joe_=3Cjoe=40x.org=3E?=", "Joe", "joe@x.org"},
		{"encoded in an unknown charset", "=?x-odd?q?Joe?= <joe@x.org>", "Joe", "joe@x.org"},
		{"encoded with a language", "=?utf-8*de?q?J=C3=B6?= <joe@x.org>", "Jö", "joe@x.org"},
		{"cut inside a character", "=?utf-8?q?J=C3?= =?utf-8?q?=B6?= <joe@x.org>", "Jö", "joe@x.org"},
		{"raw Latin-1", "J\xf6 <joe@x.org>", "Jö", "joe@x.org"},
		{"raw UTF-8", "Jö <jö@exämple.org>", "Jö", "jö@exämple.org"},
		{"punycode", "Joe <joe@xn--exmple-cua.org>", "Joe", "joe@xn--exmple-cua.org"},
		{"domain literal", "Joe <joe@[192.0.2.1]>", "Joe", "joe@[192.0.2.1]"},
		{"no domain", "root", "", "root"},
		{"no address", "Mail Daemon <>", "Mail Daemon", ""},
		{"single quotes", "'Joe Doe' <joe@x.org>", "Joe Doe", "joe@x.org"},
		{"dots in a row", "joe..doe@x.org", "", "joe..doe@x.org"},
		{"white space before the colon", " : Joe <joe@x.org>", "Joe", "joe@x.org"},
	} {
		t.Run(c.name, func(t *testing.T) {
			field := "From: " + c.from
			if strings.HasPrefix(c.from, " :") {
				field = "From" + c.from
			}
			m := mustParse(t, field+"\nSubject: x\n\none\n")
			if m.Author.Name != c.label || m.Author.Addr != c.addr {
				t.Errorf("got %+v", m.Author)
			}
		})
	}
}

func TestRewrittenAuthors(t *testing.T) {
	const list = "List-Id: <dev.lists.x.org>\nList-Post: <mailto:dev@lists.x.org>\n"
	for _, c := range []struct{ name, header, label, addr string }{
		{"Mailman, Reply-To", "From: Joe Doe via Dev <dev@lists.x.org>\nReply-To: Joe Doe <joe@y.org>\n" + list, "Joe Doe", "joe@y.org"},
		{"Mailman, Reply-To with the list", "From: Joe Doe via Dev <dev@lists.x.org>\nReply-To: dev@lists.x.org, Joe Doe <joe@y.org>\n" + list, "Joe Doe", "joe@y.org"},
		{"Mailman, Cc", "From: Joe Doe via Dev <dev@lists.x.org>\nReply-To: dev@lists.x.org\nCc: Ann <ann@y.org>, Joe Doe <joe@y.org>\n" + list, "Joe Doe", "joe@y.org"},
		{"Google Groups", "From: 'Joe Doe' via Dev <dev@lists.x.org>\nX-Original-Sender: joe@y.org\n" + list, "Joe Doe", "joe@y.org"},
		{"Google Groups, X-Original-From", "From: 'Joe Doe' via Dev <dev@lists.x.org>\nX-Original-From: Joe Doe <joe@y.org>\nX-Original-Sender: bounce@y.org\n" + list, "Joe Doe", "joe@y.org"},
		{"encoded", "From: =?utf-8?q?J=C3=B6_via_Dev?= <dev@lists.x.org>\nX-Original-Sender: joe@y.org\n" + list, "Jö", "joe@y.org"},
		{"German", "From: Joe Doe über Dev <dev@lists.x.org>\nReply-To: joe@y.org\n" + list, "Joe Doe", "joe@y.org"},
		{"French", "From: Joe Doe par Dev <dev@lists.x.org>\nReply-To: joe@y.org\n" + list, "Joe Doe", "joe@y.org"},
		{"Russian", "From: Joe Doe через Dev <dev@lists.x.org>\nReply-To: joe@y.org\n" + list, "Joe Doe", "joe@y.org"},
		{"Spanish", "From: Joe Doe por medio de Dev <dev@lists.x.org>\nReply-To: joe@y.org\n" + list, "Joe Doe", "joe@y.org"},
		{"Chinese", "From: Joe Doe 通过 Dev <dev@lists.x.org>\nReply-To: joe@y.org\n" + list, "Joe Doe", "joe@y.org"},
		{"Japanese", "From: Joe Doe 経由 Dev <dev@lists.x.org>\nReply-To: joe@y.org\n" + list, "Joe Doe", "joe@y.org"},
		{"Greek", "From: Joe Doe μέσω Dev <dev@lists.x.org>\nReply-To: joe@y.org\n" + list, "Joe Doe", "joe@y.org"},
		{"Danish", "From: Joe Doe gennem Dev <dev@lists.x.org>\nReply-To: joe@y.org\n" + list, "Joe Doe", "joe@y.org"},
		{"Turkish, behind a comma", "From: \"Joe Doe, Dev aracılığıyla\" <dev@lists.x.org>\nReply-To: joe@y.org\n" + list, "Joe Doe", "joe@y.org"},
		{"Turkish, of the list's name", "From: Joe van Doe Open Stack Dev aracılığıyla <openstack-dev@lists.x.org>\nX-Original-Sender: joe@y.org\nList-Post: <mailto:openstack-dev@lists.x.org>\n" + list, "Joe van Doe", "joe@y.org"},
		{"Turkish, behind quotes", "From: 'Joe Doe' Dev List üzerinden <dev@lists.x.org>\nX-Original-Sender: joe@y.org\n" + list, "Joe Doe", "joe@y.org"},
		{"Hungarian", "From: \"Doe Joe a(z) Dev listán keresztül\" <dev@lists.x.org>\nReply-To: joe@y.org\n" + list, "Doe Joe", "joe@y.org"},
		{"Hungarian, without an article", "From: Doe Joe dev keresztül <dev@lists.x.org>\nReply-To: joe@y.org\n" + list, "Doe Joe", "joe@y.org"},
		{"in brackets", "From: \"Joe Doe (via Dev)\" <dev@lists.x.org>\nReply-To: joe@y.org\n" + list, "Joe Doe", "joe@y.org"},
		{"Japanese in brackets", "From: \"Joe Doe（Dev 経由）\" <dev@lists.x.org>\nReply-To: joe@y.org\n" + list, "Joe Doe", "joe@y.org"},
		{"X-Original-Sender and no other field", "From: \"'Joe Doe' via dev\" <dev@lists.x.org>\nX-Original-Sender: joe@y.org\n", "Joe Doe", "joe@y.org"},
		{"a list without fields of its own", "From: Joe Doe via Dev <dev@lists.x.org>\nTo: Dev <dev@lists.x.org>\nReply-To: Joe Doe <joe@y.org>\n", "Joe Doe", "joe@y.org"},
		{"a service that says via", "From: Joe Doe via Cards <mail@cards.x.org>\nTo: ann@y.org\nReply-To: Joe Doe <joe@y.org>\n", "Joe Doe via Cards", "mail@cards.x.org"},
		{"X-Original-Sender of a name without via", "From: Joe Doe <joe@y.org>\nX-Original-Sender: bounce@y.org\n", "Joe Doe", "joe@y.org"},
		{"IETF", "From: Joe Doe <joe=40y.org@dmarc.ietf.org>\n" + list, "Joe Doe", "joe@y.org"},
		{"groups.io", "From: Joe Doe via groups.io <joe=y.org@groups.io>\n" + list, "Joe Doe", "joe@y.org"},
		{"RFC 9057", "From: Joe via Dev <dev@lists.x.org>\nAuthor: Joe Doe <joe@y.org>\n" + list, "Joe Doe", "joe@y.org"},
		{"nothing to restore from", "From: Joe Doe via Dev <dev@lists.x.org>\n" + list, "Joe Doe", "dev@lists.x.org"},
		{"a name with via", "From: Ann via Anna <ann@y.org>\n" + list, "Ann via Anna", "ann@y.org"},
		{"a name with por", "From: Ana por Dios <ana@y.org>\nReply-To: other@y.org\n" + list, "Ana por Dios", "ana@y.org"},
		{"a bounce address", "From: Ann <ann+b=c.org@y.org>\n" + list, "Ann", "ann+b=c.org@y.org"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := mustParse(t, c.header+"\none\n")
			if m.Author.Name != c.label || m.Author.Addr != c.addr {
				t.Errorf("got %+v", m.Author)
			}
		})
	}
}
