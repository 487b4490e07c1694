package message

import (
	"bytes"
	"encoding/base64"
	"html"
	"mime"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"
)

// maxMasked bounds the mail that Masked takes apart, in bytes. Of a longer one it
// gives the header and says so.
const maxMasked = 64 << 20

// notGiven stands where a part was that cannot be read.
const notGiven = "(This part is not given out, since it cannot be read.)\n"

// Masked gives a mail with its texts masked wherever a reader finds them: in fields
// and their encoded words, in texts of any transfer encoding and charset, in what is
// attached and is text, in mails inside the mail. Its parts stay in their order, and
// what has nothing to mask stays as it came, with "\n" at line ends. Fields that hold
// ids stay whole, since threads hang on them. mask has to give ASCII for ASCII, and
// to change nothing in what it gave. What it cannot see are pictures and packed files.
func Masked(raw []byte, mask func(string) string) []byte {
	src := skipPreamble(toLF(wholeUTF16(raw, new(defects))), new(defects))
	m := masker{mask: mask}
	junk := junkAbove(src)
	out := []byte(mask(string(src[:junk])))
	if len(src) > maxMasked {
		_, head, _ := cutHead(src[junk:min(len(src), junk+maxHeader)])
		return append(append(out, m.header(head, nil)...), "\n"+notGiven...)
	}
	return append(out, m.part(src[junk:], "text/plain", 0)...)
}

type masker struct {
	mask  func(string) string
	parts int
}

// cutHead reads the header of a part, and gives it also as it came.
func cutHead(src []byte) (h header, head, body []byte) {
	h.every = true
	body = h.read(src, new(defects))
	return h, src[:len(src)-len(body)], body
}

// part masks a part with its header.
func (m *masker) part(src []byte, missing string, depth int) []byte {
	h, head, body := cutHead(src)
	if m.parts++; m.parts > maxParts || depth > maxDepth {
		return []byte("\n" + notGiven)
	}
	body, changed := m.body(h, body, missing, depth)
	return append(m.header(head, changed), body...)
}

// body masks a body; changed are the fields, by their names, that say how it is
// written now.
func (m *masker) body(h header, body []byte, missing string, depth int) (out []byte, changed map[string]string) {
	mediaType, params := parseMediaType(h.get("content-type"))
	if mediaType = usualType(mediaType); !validMediaType(mediaType) {
		mediaType = missing
	}
	encoding := h.get("content-transfer-encoding")
	if strings.HasPrefix(mediaType, "multipart/") || isStrayMultipart(mediaType, h.get("content-type"), params["boundary"], body) {
		if out, changed, ok := m.multipart(mediaType, params["boundary"], encoding, body, depth); ok {
			return out, changed
		}
	}
	l := leaf{contentType: mediaType, params: params, encoding: encoding, body: body}
	data := decodeTransfer(encoding, body, new(defects))
	if l.isMail() {
		out := m.part(toLF(data), "text/plain", depth+1)
		if !bytes.Equal(data, body) {
			changed = map[string]string{"content-transfer-encoding": "8bit"}
		}
		return out, changed
	}
	return m.leaf(l, data)
}

// multipart masks the parts of a multipart; ok is false where they cannot be told
// apart. What stands around its parts is left out.
func (m *masker) multipart(mediaType, boundary, encoding string, body []byte, depth int) (out []byte, changed map[string]string, ok bool) {
	parts, ok, closed := splitMultipart(body, boundary)
	if !ok && encoding != "" {
		if parts, ok, closed = splitMultipart(toLF(decodeTransfer(encoding, body, new(defects))), boundary); ok {
			changed = map[string]string{"content-transfer-encoding": "8bit"}
		}
	}
	if !ok {
		boundary = guessBoundary(body)
		if parts, ok, closed = splitMultipart(body, boundary); !ok {
			return nil, nil, false
		}
	}
	missing := "text/plain"
	if mediaType == "multipart/digest" {
		missing = digestPart
	}
	for _, p := range parts {
		out = append(out, "--"+boundary+"\n"...)
		out = append(append(out, m.part(p, missing, depth+1)...), '\n')
	}
	if closed {
		out = append(out, "--"+boundary+"--\n"...)
	}
	return out, changed, true
}

// leaf masks what has no parts. data is its body without its transfer encoding.
func (m *masker) leaf(l leaf, data []byte) (out []byte, changed map[string]string) {
	name, _ := transferEncoding(l.encoding)
	encoded := name == "base64" || name == "quoted-printable" || name == "uuencode"
	readable := isReadable(l.contentType)
	if !readable && (!utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0) {
		if encoded {
			return l.body, nil
		}
		return []byte(m.mask(string(l.body))), nil // what is not text is not sent so
	}
	if !encoded {
		if plain := []byte(m.mask(string(l.body))); m.clean(l, plain) {
			return plain, nil
		}
	} else if m.clean(l, data) && m.mask(string(l.body)) == string(l.body) {
		return l.body, nil
	}
	text := m.text(l, data)
	if name == "quoted-printable" {
		out = quotedPrintable(text)
	} else {
		name, out = "base64", base64Lines([]byte(text))
	}
	changed = map[string]string{"content-transfer-encoding": name}
	if readable {
		changed["content-type"] = l.contentType + "; charset=utf-8"
		if file := m.mask(l.params["name"]); file != "" {
			changed["content-type"] += "; " + fileParam("name", file)
		}
		if strings.EqualFold(l.params["format"], "flowed") {
			changed["content-type"] += "; format=flowed"
			if strings.EqualFold(l.params["delsp"], "yes") {
				changed["content-type"] += "; delsp=yes"
			}
		}
	}
	return out, changed
}

// clean says that a reader finds nothing to mask in data, the content of a leaf.
func (m *masker) clean(l leaf, data []byte) bool {
	text := m.utf8(l, data)
	if m.mask(text) != text {
		return false
	}
	if l.contentType == "text/html" {
		seen := html.UnescapeString(text) + "\n" + HTMLText(text)
		if m.mask(seen) != seen {
			return false
		}
	}
	if files, _ := cutUUEncoded([]byte(text)); len(files) > 0 {
		for _, f := range files {
			if m.mask(string(f.data)) != string(f.data) || m.mask(f.name) != f.name {
				return false
			}
		}
	}
	flowed := unflow(text, true)
	return m.mask(flowed) == flowed || !strings.EqualFold(l.params["format"], "flowed")
}

func (m *masker) utf8(l leaf, data []byte) string {
	declared := l.params["charset"]
	if charsetAlias(declared) == "" && l.contentType == "text/html" {
		declared = metaCharset(data)
	}
	text, _ := toUTF8(data, declared)
	return text
}

// text is the masked text of a leaf, as UTF-8. HTML that has addresses between its
// tags becomes the text that is seen; files that are uuencoded follow the text.
func (m *masker) text(l leaf, data []byte) string {
	text := m.utf8(l, data)
	if l.contentType == "text/html" {
		text = m.mask(text)
		l.params = map[string]string{"charset": "utf-8"}
		if !m.clean(l, []byte(text)) {
			text = "<pre>" + html.EscapeString(m.mask(html.UnescapeString(m.mask(HTMLText(text))))) + "</pre>\n"
		}
		return text
	}
	files, rest := cutUUEncoded([]byte(text))
	text = m.mask(string(rest))
	if strings.EqualFold(l.params["format"], "flowed") {
		if flowed := unflow(text, strings.EqualFold(l.params["delsp"], "yes")); m.mask(flowed) != flowed {
			text = m.mask(flowed)
		}
	}
	for _, f := range files {
		text += uuencoded(m.mask(f.name), []byte(m.mask(string(f.data))))
	}
	return text
}

// holdsIDs are the fields whose @ is no address's.
var holdsIDs = map[string]bool{"message-id": true, "in-reply-to": true, "references": true, "content-id": true, "archived-at": true, "list-id": true,
	"list-archive": true, "resent-message-id": true}

// header masks a header block; changed are fields that are written anew.
func (m *masker) header(head []byte, changed map[string]string) []byte {
	var out bytes.Buffer
	var field []byte // with the lines that continue it
	flush := func() {
		if len(field) == 0 {
			return
		}
		line, _ := cutLine(field)
		name := fieldName(line)
		switch _, anew := changed[strings.ToLower(string(name))]; {
		case anew: // written above
		case name == nil:
			out.WriteString(m.mask(string(field)))
		default:
			value := string(field[bytes.IndexByte(field, ':')+1:])
			out.WriteString(string(name) + ":" + m.value(strings.ToLower(string(name)), value))
		}
		field = nil
	}
	for _, name := range []string{"content-type", "content-transfer-encoding"} {
		if value := changed[name]; value != "" {
			out.WriteString(name + ": " + value + "\n")
		}
	}
	for line := range bytes.Lines(head) {
		if len(line) == 1 {
			flush()
			out.Write(line)
			continue
		}
		if fieldName(line) != nil && line[0] != ' ' && line[0] != '\t' {
			flush()
		}
		field = append(field, line...)
	}
	flush()
	return out.Bytes()
}

// value masks the value of a field, with its line end.
func (m *masker) value(name, value string) string {
	if holdsIDs[name] {
		return value
	}
	if name == "content-type" || name == "content-disposition" {
		return m.parameters(value)
	}
	masked := m.mask(value)
	unfolded := strings.Join(strings.Fields(masked), " ")
	seen := decodeWords(unfolded)
	if m.mask(seen) == seen {
		return masked
	}
	return " " + encodeWords(m.mask(seen)) + "\n"
}

// parameters masks those of a field but for the boundary, without which the parts
// are lost.
func (m *masker) parameters(value string) string {
	unfolded := strings.Join(strings.Fields(value), " ")
	kind, params := parseMediaType(unfolded)
	dirty := m.mask(kind) != kind
	rest := strings.ReplaceAll(unfolded, params["boundary"], "")
	if seen := decodeWords(rest); m.mask(rest) == rest && m.mask(seen) == seen {
		for name, v := range params {
			dirty = dirty || name != "boundary" && m.mask(v) != v
		}
		if !dirty {
			return value
		}
	}
	out := " " + m.mask(kind)
	for _, name := range []string{"boundary", "charset", "format", "delsp", "name", "filename", "report-type", "type"} {
		switch v := params[name]; {
		case v == "":
		case name == "boundary":
			out += `; boundary="` + v + `"`
		default:
			out += "; " + fileParam(name, m.mask(v))
		}
	}
	return out + "\n"
}

// fileParam writes a parameter so that every reader reads it.
func fileParam(name, value string) string {
	value = strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || r < ' ' {
			return '_'
		}
		return r
	}, value)
	if !isASCII([]byte(value)) {
		value = mime.BEncoding.Encode("utf-8", value)
	}
	return name + `="` + value + `"`
}

// encodeWords writes a line for a field: encoded where it is not ASCII, or would be
// decoded once more.
func encodeWords(s string) string {
	if isASCII([]byte(s)) && !strings.Contains(s, "=?") {
		return s
	}
	return strings.ReplaceAll(mime.BEncoding.Encode("utf-8", s), "?= =?", "?=\n =?")
}

func quotedPrintable(text string) []byte {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	w.Write([]byte(text)) // into memory
	w.Close()
	return toLF(b.Bytes())
}

// base64Lines are 76 characters long (RFC 2045, section 6.8).
func base64Lines(data []byte) []byte {
	var b bytes.Buffer
	for len(data) > 0 {
		n := min(57, len(data))
		b.WriteString(base64.StdEncoding.EncodeToString(data[:n]) + "\n")
		data = data[n:]
	}
	return b.Bytes()
}

// uuencoded is a file as cutUUEncoded reads it.
func uuencoded(name string, data []byte) string {
	var b strings.Builder
	six := func(c byte) {
		if c &= 63; c == 0 {
			c = '`' - ' '
		}
		b.WriteByte(c + ' ')
	}
	b.WriteString("begin 644 " + name + "\n")
	for len(data) > 0 {
		n := min(45, len(data))
		line := append(bytes.Clone(data[:n]), 0, 0)
		six(byte(n))
		for i := 0; i < n; i += 3 {
			six(line[i] >> 2)
			six(line[i]<<4 | line[i+1]>>4)
			six(line[i+1]<<2 | line[i+2]>>6)
			six(line[i+2])
		}
		b.WriteByte('\n')
		data = data[n:]
	}
	b.WriteString("`\nend\n")
	return b.String()
}
