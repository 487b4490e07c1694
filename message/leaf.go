package message

import (
	"bytes"
	"strings"

	"sigpost"
)

// leaf is a text part that has not been decoded yet. Most HTML is thrown away
// in favour of its plain alternative.
type leaf struct {
	contentType string
	params      map[string]string
	encoding    string
	body        []byte
	number      string // of the part; "" where the mail is one part
	// html is the HTML that says the same as a plain part, or nil.
	html *leaf
}

// part is its part number as in RFC 9051, section 6.4.5.1.
func (l leaf) part() string {
	if l.number == "" {
		return "1"
	}
	return l.number
}

// usualType gives the registered name of a media type for the names that it
// had before.
func usualType(s string) string {
	switch s {
	case "text", "text/markdown", "text/x-markdown", "text/ascii", "plain/text", "plain", "text/x-plain", "text/us-ascii", "text/unicode", "txt/plain":
		return "text/plain"
	case "html", "text/htm", "text/xhtml", "application/xhtml+xml", "text/x-html":
		return "text/html"
	case "message/rfc-822", "message/news":
		return "message/rfc822"
	}
	return s
}

// isMail says whether the part is a mail inside the mail (RFC 2046, section
// 5.2.1; RFC 6532, section 3.7).
func (l leaf) isMail() bool {
	return l.contentType == "message/rfc822" || l.contentType == "message/global"
}

// isText says whether a part of this type is shown as text. Where the mail is
// one part, any text is.
func isText(mediaType string, whole bool) bool {
	return mediaType == "text/plain" || mediaType == "text/html" || mediaType == "text/enriched" ||
		whole && strings.HasPrefix(mediaType, "text/")
}

// validMediaType says whether s is "type/subtype".
func validMediaType(s string) bool {
	kind, sub, ok := strings.Cut(s, "/")
	return ok && kind != "" && sub != ""
}

// describe says whether the texts are plain, and whether there is nothing in
// them to read.
func describe(leaves []leaf) (plain, blank bool) {
	plain, blank = true, true
	for _, l := range leaves {
		if !l.isBlank() {
			blank = false
		}
		if l.contentType != "text/plain" {
			plain = false
		}
	}
	return plain, blank
}

// decode gives the readable text of a part: UTF-8, "\n" line ends, no white
// space at line ends but that of "-- ", no blank lines around it. It ends in
// "\n" unless it is empty.
func (w *walker) decode(l leaf) string {
	data := w.withoutFiles(l, decodeTransfer(l.encoding, l.body, w.defects))
	declared := l.params["charset"]
	if charsetAlias(declared) == "" && l.contentType == "text/html" {
		declared = metaCharset(data)
	}
	text, use := toUTF8(data, declared)
	if use.fault != "" {
		w.defects.add("%s", use.fault)
	}
	if w.notes != nil {
		w.notes.add("part "+l.part(), declared, use)
	}
	switch {
	case l.contentType == "text/html":
		rich := HTMLText(text)
		if strings.HasPrefix(rich, ">") && strings.Contains(strings.ToLower(text), "<blockquote") {
			rich = withoutFrame(rich)
		}
		text = rich
	case l.contentType == "text/enriched" || l.contentType == "text/richtext":
		text = enrichedText(text)
	case strings.EqualFold(l.params["format"], "flowed"):
		text = unflow(text, strings.EqualFold(l.params["delsp"], "yes"))
	}
	return tidy(text)
}

// withoutFrame takes the outermost marks off a text all of which is quoted: HTML
// indents with what it also quotes with, and a mail that says nothing else, not
// even of whom a quote is, is its author's.
func withoutFrame(text string) string {
	for {
		rest := text
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, ">") && strings.TrimSpace(line) != "" {
				return rest
			}
		}
		if !strings.Contains(text, ">") {
			return rest
		}
		var b strings.Builder
		for line := range strings.Lines(text) {
			line = strings.TrimPrefix(line, ">")
			b.WriteString(strings.TrimPrefix(line, " "))
		}
		text = b.String()
	}
}

// isBlank says whether there is nothing to read in the part. What takes more
// than a line holds something.
func (l leaf) isBlank() bool {
	const line = 200
	body := bytes.TrimSpace(l.body)
	if len(body) == 0 || len(body) > line || l.contentType != "text/plain" {
		return len(body) == 0
	}
	text, _ := toUTF8(decodeTransfer(l.encoding, body, new(defects)), l.params["charset"])
	return strings.TrimSpace(text) == ""
}

// withoutFiles takes uuencoded files out of a plain text and lists them.
func (w *walker) withoutFiles(l leaf, data []byte) []byte {
	if l.contentType == "text/html" || !bytes.Contains(data, []byte("begin ")) {
		return data
	}
	files, rest := cutUUEncoded(data)
	for _, f := range files {
		w.attach(sigpost.Attachment{Name: oneLine(f.name), Type: "application/octet-stream", Size: len(f.data), Part: l.part()},
			func() []byte { return f.data })
	}
	return rest
}

// tidy removes white space at line ends and blank lines around a text. The
// separator of a signature keeps its space (RFC 3676, section 4.3).
func tidy(text string) string {
	start := 0 // of the first line that is not blank
	for i := 0; i < len(text) && isSpace(text[i]); i++ {
		if text[i] == '\n' {
			start = i + 1
		}
	}
	text = strings.TrimRight(text[start:], " \t\n\u00a0")
	if strings.TrimLeft(text, " \t\n\u00a0") == "" {
		return ""
	}
	if !strings.Contains(text, " \n") && !strings.Contains(text, "\t\n") && !strings.Contains(text, "\u00a0\n") {
		return text + "\n"
	}
	var b strings.Builder
	b.Grow(len(text) + 1)
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if line == "-- " || line == "- -- " {
			b.WriteString(line)
		} else {
			b.WriteString(strings.TrimRight(line, " \t\u00a0"))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }
