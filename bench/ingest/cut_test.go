package ingest

import (
	"bytes"
	"regexp"
	"strings"
)

// kind says what a copy does with a piece of a mail.
type kind uint8

const (
	aWord  kind = iota // of subject or body: another one in some copies
	aToken             // of the header, such as a signature: another one in each copy
	anID               // a Message-ID: another one in each copy, the same wherever it is named
	aDate              // moved by the copy's weeks
)

// piece is a part of a mail that is not the same in a copy.
type piece struct {
	from, to int
	kind     kind
}

// Fields whose words are kept, so that people, lists and the parts of a mail
// stay what they are.
var kept = map[string]bool{
	"from": true, "to": true, "cc": true, "sender": true, "reply-to": true, "precedence": true, "mailing-list": true,
	"x-original-from": true, "x-original-sender": true, "x-beenthere": true, "auto-submitted": true, "return-path": true,
	"mime-version": true, "delivered-to": true, "x-original-to": true,
}

var (
	idPattern   = regexp.MustCompile(`[^\s<>]+@[^\s<>]+|<[^<>\s]+>`)
	datePattern = regexp.MustCompile(`\b(\d{1,2}\s+[A-Z][a-z][a-z]\s+\d{4})(?:\s+\d\d:\d\d(?::\d\d)?(?:\s+[-+]\d{4})?)?`)
)

// cutter finds the pieces of one mail.
type cutter struct {
	raw    []byte
	pieces []piece
	ids    map[string]bool // that header fields of the list name; nil while these are collected
}

func (c *cutter) emit(from, to int, k kind) { c.pieces = append(c.pieces, piece{from, to, k}) }

// cut gives the pieces of a mail in their order. ids are all Message-IDs that
// the list's header fields name: they are recognised in bodies.
func cut(raw []byte, ids map[string]bool) []piece {
	c := cutter{raw: raw, ids: ids}
	c.body(c.header())
	return c.pieces
}

// headerIDs gives the Message-IDs that the header names.
func headerIDs(raw []byte) []string {
	c := cutter{raw: raw}
	c.header()
	var ids []string
	for _, p := range c.pieces {
		if p.kind == anID {
			ids = append(ids, strings.Trim(string(raw[p.from:p.to]), "<>"))
		}
	}
	return ids
}

// header cuts the header and gives where the body begins.
func (c *cutter) header() int {
	field, from := "", 0
	for from < len(c.raw) {
		to := lineEnd(c.raw, from)
		line := c.raw[from:to]
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return to
		}
		start := from
		if line[0] != ' ' && line[0] != '\t' {
			name, _, found := bytes.Cut(line, []byte(":"))
			field = strings.ToLower(string(name))
			if found {
				start += len(name) + 1
			}
		}
		c.field(field, start, to)
		from = to
	}
	return from
}

func (c *cutter) field(name string, from, to int) {
	switch {
	case name == "message-id" || name == "references" || name == "in-reply-to":
		for _, m := range idPattern.FindAllIndex(c.raw[from:to], -1) {
			c.emit(from+m[0], from+m[1], anID)
		}
	case name == "subject":
		c.words(from, to, aWord)
	case kept[name] || strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "list-"):
	case name == "date" || strings.HasSuffix(name, "received") || name == "resent-date":
		done := from
		for _, m := range datePattern.FindAllSubmatchIndex(c.raw[from:to], -1) {
			c.words(done, from+m[0], aToken)
			c.emit(from+m[2], from+m[3], aDate)
			done = from + m[1]
		}
		c.words(done, to, aToken)
	default:
		c.words(from, to, aToken)
	}
}

// body cuts the words out of everything but base64, MIME's own lines, and
// lines that begin with "--", which may be boundaries.
func (c *cutter) body(from int) {
	base64 := bytes.Contains(bytes.ToLower(c.raw[:from]), []byte("content-transfer-encoding: base64"))
	mime, pending := false, false // within MIME header fields; base64 begins behind them
	for from < len(c.raw) {
		to := lineEnd(c.raw, from)
		line := c.raw[from:to]
		switch lower := bytes.ToLower(line); {
		case bytes.HasPrefix(line, []byte("--")):
			base64, mime = false, false
		case bytes.HasPrefix(lower, []byte("content-")):
			mime = true
			pending = pending || bytes.HasPrefix(lower, []byte("content-transfer-encoding:")) && bytes.Contains(lower, []byte("base64"))
		case len(bytes.TrimSpace(line)) == 0:
			base64, mime, pending = base64 || pending, false, false
		case mime && (line[0] == ' ' || line[0] == '\t'), base64:
		default:
			c.words(from, to, aWord)
		}
		from = to
	}
}
