package message

import (
	"strings"

	"sigpost"
)

// Part is one part of a mail that has no parts itself (RFC 2045, section 2.4),
// decoded.
type Part struct {
	// Type is its media type in lower case, "text/plain" where it says none
	// that can be read.
	Type string
	// Header are its own fields; of a mail that is one part, those of the mail.
	Header Fields
	// Text is what is in it: UTF-8, with "\n" at line ends. Of HTML it is the
	// text that is seen. Of a mail inside the mail it is all of that, header
	// first, as it came.
	Text string
}

// Fields are header fields (RFC 5322, section 2.2) in their order.
type Fields []Field

// Field is one of them: its name in lower case, its value unfolded.
type Field struct{ Name, Value string }

// Get is the value of the first field of that name, given in lower case, or "".
func (f Fields) Get(name string) string {
	for _, field := range f {
		if field.Name == name {
			return field.Value
		}
	}
	return ""
}

// Words is that with its encoded words (RFC 2047) decoded, on one line.
func (f Fields) Words(name string) string { return oneLine(decodeWords(f.Get(name))) }

// Addresses gives the addresses of all fields of that name.
func (f Fields) Addresses(name string) (all []sigpost.Address) {
	for _, field := range f {
		if field.Name == name {
			all = append(all, parseAddresses(field.Value)...)
		}
	}
	return all
}

// IDs gives the message ids in the first field of that name.
func (f Fields) IDs(name string) []sigpost.MessageID {
	if id := ownID([]string{f.Get(name)}); name == "message-id" && id != "" {
		return []sigpost.MessageID{id}
	}
	return referenceIDs([]string{f.Get(name)})
}

// maxPartText bounds the text of one part, in bytes.
const maxPartText = 1 << 20

// Parts gives the header of a mail and its parts in their order, those that are
// no text without their content. It is for whoever reads what Parse does not:
// reports, whose fields and parts are for programs. Its error is that of Parse.
func Parts(raw []byte) (Fields, []Part, error) {
	o, err := open(raw, new(scratch), nil)
	if err != nil {
		return nil, nil, err
	}
	h := header{every: true}
	body := h.read(o.src[junkAbove(o.src):], &o.wrong)
	h.decode8bit(body, &o.wrong, nil)
	w := walker{defects: &o.wrong}
	parts := w.leaves(h, body, "text/plain", 0)
	return h.public(), parts, nil
}

// ReadFields reads a block of fields at the start of text, whose line ends are
// "\n", and gives what stands behind it.
func ReadFields(text string) (Fields, string) {
	h := header{every: true}
	body := h.read([]byte(text), new(defects))
	h.decode8bit(body, new(defects), nil)
	return h.public(), string(body)
}

func (h header) public() Fields {
	fields := make(Fields, len(h.fields))
	for i, f := range h.fields {
		fields[i] = Field{f.name, f.value}
	}
	return fields
}

// leaves gives the parts in one part.
func (w *walker) leaves(h header, body []byte, missing string, depth int) []Part {
	if w.parts++; w.parts > maxParts {
		return nil
	}
	declared := h.get("content-type")
	mediaType, params := parseMediaType(declared)
	mediaType = usualType(mediaType)
	if !validMediaType(mediaType) {
		mediaType = missing
	}
	if isStrayMultipart(mediaType, declared, params["boundary"], body) {
		mediaType = "multipart/mixed"
	}
	if strings.HasPrefix(mediaType, "multipart/") && depth < maxDepth {
		if inner, found := w.split(params["boundary"], h, body); found {
			return w.inParts(inner, mediaType, depth)
		}
	}
	p := Part{Type: mediaType, Header: h.public()}
	l := leaf{contentType: mediaType, params: params, encoding: h.get("content-transfer-encoding"), body: body}
	switch {
	case l.isMail(), mediaType == "text/rfc822-headers", mediaType == "text/rfc822-header":
		p.Text, _ = toUTF8(toLF(decodeTransfer(l.encoding, body, w.defects)), "")
	case isReadable(mediaType):
		p.Text = w.decode(l)
	}
	p.Text = short(p.Text, maxPartText, "text", w.defects)
	return []Part{p}
}

func (w *walker) inParts(inner [][]byte, mediaType string, depth int) (all []Part) {
	missing := "text/plain"
	if mediaType == "multipart/digest" {
		missing = digestPart
	}
	for _, part := range inner {
		h := header{every: true}
		body := h.read(part, w.defects)
		h.decode8bit(body, w.defects, nil)
		all = append(all, w.leaves(h, body, missing, depth+1)...)
	}
	return all
}

// isReadable says whether a part holds text for people or fields for programs:
// texts, mail and reports about mail (RFC 3464, 5965, 6533), JSON.
func isReadable(mediaType string) bool {
	return strings.HasPrefix(mediaType, "text/") || strings.HasPrefix(mediaType, "message/") ||
		strings.HasPrefix(mediaType, "multipart/") || mediaType == "application/json"
}
