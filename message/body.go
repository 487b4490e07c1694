package message

import (
	"bytes"
	"fmt"
	"strings"

	"sigpost"
)

const (
	// maxDepth is how deep parts may lie in one another. Reading them costs
	// the size of the mail once for each level.
	maxDepth = 32
	// maxBelow is how much is shown, as it is, of what lies deeper, in bytes.
	maxBelow = 64 << 10
	// maxParts is how many parts of one mail are read.
	maxParts = 1000
	// digestPart is the type of the parts of a digest that say none (RFC 2046,
	// section 5.1.5).
	digestPart = "message/rfc822"
)

// walker goes through the parts of a mail, gathers its text and lists the rest.
type walker struct {
	defects     *defects
	notes       *charsetNotes
	attachments []sigpost.Attachment
	parts       int
	// depth is how many mails this one lies in.
	depth int
	// html is the first text of the mail in HTML.
	html *leaf
	// file is told of each attachment in turn, with what is in it; nil where
	// nobody asks.
	file func(a sigpost.Attachment, data func() []byte)
	// instead is what is shown where there is no text: texts that came as
	// attachments, and mails inside.
	instead []leaf
}

// text gives the readable text of a whole mail.
func (w *walker) text(h header, body []byte) string {
	leaves := w.walk(h, body, "", "text/plain", 0)
	if text := w.join(leaves); text != "" || len(w.instead) == 0 {
		return text
	}
	w.defects.add("it has no text of its own: what is attached was taken for it")
	return w.join(w.instead)
}

// join decodes texts and puts them below one another.
func (w *walker) join(leaves []leaf) string {
	var b strings.Builder
	for _, l := range leaves {
		text := ""
		if l.isMail() {
			text = w.embedded(l)
		} else {
			text = w.decode(l)
		}
		// Google's web interface, among others, marks quotes in the HTML only.
		if l.html != nil && hasUnmarkedQuote(text) {
			if rich := w.decode(*l.html); strings.Contains(rich, "\n>") {
				text = rich
			}
		}
		if text == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(text)
	}
	return b.String()
}

// walk reads one part and gives the texts in it. number is its part number as
// in RFC 9051, section 6.4.5.1, "" for the mail itself; missing is the media
// type that it has where it does not say one.
func (w *walker) walk(h header, body []byte, number, missing string, depth int) []leaf {
	inDigest := missing == digestPart
	if w.parts++; w.parts > maxParts {
		w.defects.add("it has more than %d parts: the others were left out", maxParts)
		return nil
	}
	declared := h.get("content-type")
	mediaType, params := parseMediaType(declared)
	mediaType = usualType(mediaType)
	if !validMediaType(mediaType) {
		// RFC 2045, section 5.2: what cannot be read is plain text.
		if declared != "" && mediaType != "text" {
			w.defects.add("its Content-Type %s cannot be read: it was taken for plain text", oneWord(declared))
		}
		mediaType = missing
	}
	if isStrayMultipart(mediaType, declared, params["boundary"], body) {
		w.defects.add("its header does not say so, but it has parts: they were read")
		mediaType = "multipart/mixed"
	}
	if strings.HasPrefix(mediaType, "multipart/") {
		if depth >= maxDepth {
			w.defects.add("its parts are nested more than %d deep: the inner ones were taken as they are", maxDepth)
			return []leaf{{contentType: "text/plain", body: body[:min(len(body), maxBelow)], number: number}}
		}
		return w.multipart(mediaType, params, h, body, number, depth)
	}
	disposition, dispParams := parseMediaType(h.get("content-disposition"))
	name := fileName(dispParams, params)
	l := leaf{contentType: mediaType, params: params, encoding: h.get("content-transfer-encoding"), body: body, number: number}
	sent := disposition == "attachment" && name != "" // a file that is the whole mail is listed, too
	if isText(mediaType, number == "") && (number == "" && !sent || disposition != "attachment" && name == "") {
		if l.contentType == "text/html" && w.html == nil {
			w.html = &l
		}
		return []leaf{l}
	}
	w.attach(sigpost.Attachment{Name: name, Type: mediaType, Part: l.part(), Size: decodedSize(l.encoding, body)},
		func() []byte { return decodeTransfer(l.encoding, body, new(defects)) })
	switch {
	case l.isMail() && (inDigest || number == "1"):
		// What a digest is of, or what somebody sends on with a list's footer
		// below it.
		return []leaf{l}
	case strings.HasPrefix(mediaType, "text/") && !strings.HasPrefix(mediaType, "text/rfc822-header") || l.isMail():
		w.instead = append(w.instead, l)
	}
	return nil
}

// attach lists an attachment.
func (w *walker) attach(a sigpost.Attachment, data func() []byte) {
	w.attachments = append(w.attachments, a)
	if w.file != nil {
		w.file(a, data)
	}
}

// isStrayMultipart says whether a body has parts though its header says that it
// is a text: where that names a boundary all the same, or says nothing at all.
func isStrayMultipart(mediaType, declared, boundary string, body []byte) bool {
	if !strings.HasPrefix(mediaType, "text/") {
		return false
	}
	if boundary != "" {
		return bytes.HasPrefix(bytes.TrimLeft(body, " \n"), []byte("--"+boundary+"\n"))
	}
	if declared != "" || !bytes.Contains(body[:min(len(body), 2000)], []byte("\nContent-")) {
		return false
	}
	boundary = guessBoundary(body[:min(len(body), 2000)])
	if len(boundary) < 6 || !bytes.Contains(body, []byte("\n--"+boundary+"--")) {
		return false
	}
	// Whoever shows what a mail looks like has something else to say first.
	preamble, _, _ := bytes.Cut(body, []byte("--"+boundary))
	return len(bytes.TrimSpace(preamble)) == 0 || bytes.Contains(preamble, []byte("MIME format"))
}

// embedded gives the text of a mail inside the mail. What is attached to that
// is not listed.
func (w *walker) embedded(l leaf) string {
	if w.depth >= maxDepth {
		l.contentType, l.body = "text/plain", l.body[:min(len(l.body), maxBelow)]
		return w.decode(l)
	}
	inner := walker{defects: new(defects), notes: w.notes, parts: w.parts, depth: w.depth + 1}
	src := skipPreamble(toLF(decodeTransfer(l.encoding, l.body, inner.defects)), inner.defects)
	h, body := splitHeader(src, inner.defects)
	h.decode8bit(body, inner.defects, nil)
	text := inner.text(h, body)
	w.parts = inner.parts
	return pastedHeader(h) + text
}

// pastedHeader is what stands above a mail inside the mail, in the form in
// which people forward: what is below is quoted.
func pastedHeader(h header) string {
	var b strings.Builder
	b.WriteString("---------- Forwarded message ----------\n")
	if from, ok := firstAddress(h.all("from")); ok {
		b.WriteString("From: " + from.Label() + "\n")
	}
	if date := oneLine(h.get("date")); date != "" {
		b.WriteString("Date: " + date + "\n")
	}
	b.WriteString("Subject: " + oneLine(decodeWords(h.get("subject"))) + "\n\n")
	return b.String()
}

// split cuts a multipart into its parts, and finds what they are where it does
// not say so rightly. found is false where they cannot be told apart.
func (w *walker) split(boundary string, h header, body []byte) (parts [][]byte, found bool) {
	parts, found, closed := splitMultipart(body, boundary)
	if encoding := h.get("content-transfer-encoding"); !found && encoding != "" {
		// RFC 2045, section 6.4, forbids to encode a multipart.
		if plain := decodeTransfer(encoding, body, new(defects)); len(plain) != len(body) {
			if parts, found, closed = splitMultipart(toLF(plain), boundary); found {
				w.defects.add("its parts are encoded as a whole: they were decoded first")
			}
		}
	}
	if !found {
		if parts, found, closed = splitMultipart(body, guessBoundary(body)); !found {
			w.defects.add("its parts cannot be told apart, as the boundary is missing: all of it was taken for text")
			return nil, false
		}
		w.defects.add("the boundary that it declares does not occur: another one was found")
	}
	if !closed {
		w.defects.add("its last part is not closed: it may be cut off")
	}
	return parts, true
}

// multipart reads the parts of one multipart and gives the texts to show.
func (w *walker) multipart(mediaType string, params map[string]string, h header, body []byte, number string, depth int) []leaf {
	if len(bytes.TrimSpace(body)) == 0 {
		w.defects.add("it ends before its first part")
		return nil
	}
	parts, found := w.split(params["boundary"], h, body)
	if !found {
		return []leaf{{contentType: "text/plain", encoding: h.get("content-transfer-encoding"), body: body}}
	}
	missing := "text/plain"
	if mediaType == "multipart/digest" {
		missing = digestPart
	}
	var best, all []leaf
	bestPlain := false
	for i, part := range parts {
		inner := fmt.Sprintf("%d", i+1)
		if number != "" {
			inner = number + "." + inner
		}
		ph, pbody := splitHeader(part, w.defects)
		ph.decode8bit(pbody, w.defects, w.notes)
		leaves := w.walk(ph, pbody, inner, missing, depth+1)
		all = append(all, leaves...)
		if plain, blank := describe(leaves); !blank && (best == nil || plain && !bestPlain || !plain && !bestPlain) {
			best, bestPlain = leaves, plain
		}
	}
	if mediaType != "multipart/alternative" || best == nil {
		return all
	}
	if len(best) == 1 && best[0].contentType == "text/plain" {
		for _, l := range all {
			if l.contentType == "text/html" {
				best[0].html = &l
			}
		}
	}
	return best
}
