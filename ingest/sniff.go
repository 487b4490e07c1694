package ingest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// sniffBytes is how much of a file is looked at to tell what it is.
const sniffBytes = 16 << 10

// sniffed is what the beginning of a file shows.
type sniffed struct {
	format Format // empty where it is no mail
	// what says for people what it is instead, and what to do.
	what string
	// foreign says that it is surely something else. What has no format and
	// is neither foreign nor empty may be a broken mail.
	foreign, empty bool
	// first is the date of an mbox's first From_ line; it may be zero.
	first time.Time
	// emlx is where the mail begins in a file of Apple Mail, which tells its
	// length in front of it and more about it behind; length is that.
	emlx   int
	length int64
}

// sniff looks at the first sniffBytes of a file, unpacked where it is gzipped.
// The name helps to believe that a poor header is one, and does nothing else.
func sniff(head []byte, name string) sniffed {
	text := head[len(byteOrderMark(head)):]
	for n := blankLine(text); n > 0; n = blankLine(text) {
		text = text[n:]
	}
	if len(text) == 0 {
		return sniffed{what: "empty", empty: true}
	}
	if bytes.HasPrefix(text, []byte("From ")) && bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') >= 0 {
		return sniffed{what: "an mbox whose lines end with a bare CR: convert its line ends first, with tr '\\r' '\\n'", foreign: true}
	}
	if from, ok := fromLineAt(text, true); ok {
		if from.pipermail {
			return sniffed{format: FormatPipermail, first: from.date}
		}
		return sniffed{format: FormatMbox, first: from.date}
	}
	if what := foreign(head); what != "" {
		return sniffed{what: what, foreign: true}
	}
	if at, length := emlx(text); at > 0 && looksLikeMail(text[at:], true) {
		return sniffed{format: FormatMail, emlx: len(head) - len(text) + at, length: length}
	}
	switch {
	case looksLikeMail(text, ending(name) == ".eml"):
		return sniffed{format: FormatMail}
	case isText(head):
		return sniffed{what: "text, but no mail"}
	}
	return sniffed{what: "binary data"}
}

// magic are the first bytes of what people take for mail or keep beside it.
var magic = []struct{ bytes, what string }{
	{"PK\x03\x04", "a zip archive: unpack it first"},
	{"PK\x05\x06", "an empty zip archive"},
	{"SQLite format 3\x00", "an SQLite database"},
	{"%PDF-", "a PDF document"},
	{"\x1f\x8b", "compressed twice: unpack it first"},
	{"BZh", "compressed with bzip2: unpack it first"},
	{"\xfd7zXZ\x00", "compressed with xz: unpack it first"},
	{"\x28\xb5\x2f\xfd", "compressed with zstd: unpack it first"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"},
	{"Rar!", "a rar archive: unpack it first"},
	{"!BDN", "an Outlook data file (.pst): make an mbox of it first, with readpst"},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Outlook message (.msg) or an old Office document"},
	{"\x89PNG", "a picture"},
	{"\xff\xd8\xff", "a picture"},
	{"GIF8", "a picture"},
	{"\x7fELF", "a program"},
	{"// <!-- <mdb:mork", "an index of Thunderbird: the mail is in the file beside it without .msf"},
	{"# v", "a bundle of git"},
	{`{"sigpost":{"format":`, "a dump: \"sigpost load\" makes an archive of it"},
}

// foreign says what a file is that is surely no mail, or "".
func foreign(head []byte) string {
	for _, m := range magic {
		if bytes.HasPrefix(head, []byte(m.bytes)) && (m.bytes != "# v" || bytes.HasPrefix(head[3:], []byte(" git bundle"))) {
			return m.what
		}
	}
	if len(head) > 262 && string(head[257:262]) == "ustar" {
		return "a tar archive: unpack it first"
	}
	start := bytes.ToLower(bytes.TrimSpace(head[:min(len(head), 100)]))
	switch {
	case bytes.HasPrefix(start, []byte("<!doctype html")), bytes.HasPrefix(start, []byte("<html")):
		return "a web page"
	case bytes.HasPrefix(start, []byte("<?xml")):
		return "XML"
	}
	return ""
}

// emlx reads the line in front of a mail that tells its length.
func emlx(text []byte) (at int, length int64) {
	at = lineEnd(text)
	n, err := strconv.ParseInt(string(bytes.TrimSpace(text[:min(at, 20)])), 10, 64)
	if err != nil || n <= 0 {
		return 0, 0
	}
	return at, n
}

// mailFields are names of header fields, in lower case. Those that are true
// make a mail by themselves; of others there must be two.
var mailFields = map[string]bool{
	"received": true, "return-path": true, "message-id": true, "delivered-to": true, "mime-version": true,
	"x-mozilla-status": true, "x-received": true, "dkim-signature": true, "list-id": true, "in-reply-to": true,
	"from": false, "to": false, "cc": false, "subject": false, "date": false, "sender": false, "reply-to": false,
	"references": false, "content-type": false, "content-transfer-encoding": false, "status": false,
	"resent-from": false, "newsgroups": false, "organization": false, "x-mailer": false, "lines": false,
	"envelope-to": true, "authentication-results": true, "arc-seal": true, "x-gm-thrid": true, "x-gmail-labels": true,
	"x-status": false, "x-keywords": false, "x-uid": false, "precedence": false, "user-agent": false,
}

// isMailField says whether a header field of this name is one of mail's.
func isMailField(name []byte) bool {
	_, ok := mailFields[strings.ToLower(string(name))]
	return ok
}

// looksLikeMail says whether text begins with a header (RFC 5322, section
// 2.2). Where that is to be expected, any field is believed.
func looksLikeMail(text []byte, expected bool) bool {
	fields, odd, weight := 0, 0, 0
	for line := range bytes.Lines(text) {
		if blankLine(line) > 0 {
			break
		}
		name := fieldName(line)
		switch {
		case line[0] == ' ' || line[0] == '\t':
		case name == nil:
			odd++
		default:
			fields++
			if strong, known := mailFields[strings.ToLower(string(name))]; strong {
				weight += 2
			} else if known {
				weight++
			}
		}
		if odd > fields+1 {
			return false
		}
	}
	return weight >= 2 && odd <= fields || expected && fields > odd
}

func isText(head []byte) bool {
	if bytes.IndexByte(head, 0) >= 0 {
		return false
	}
	cut := head[:max(0, len(head)-utf8.UTFMax)]
	return len(head) < 64 || utf8.Valid(cut) || bytes.Count(head, []byte("\n")) > len(head)/200
}

// noMail says that a file holds none.
func noMail(path, what string) error {
	return fmt.Errorf("%w: %s is %s", ErrNoMail, path, what)
}
