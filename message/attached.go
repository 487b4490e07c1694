package message

import (
	"bytes"
	"fmt"

	"sigpost"
)

// Attached gives what is in an attachment of a mail, decoded: the nth of those
// that Parse lists under a part number, from 0. Only files that are uuencoded
// share the number of the text that they stand in. The error wraps
// sigpost.ErrNotFound where there is none, or is that of Parse.
func Attached(raw []byte, part string, nth int) (sigpost.Attachment, []byte, error) {
	o, err := open(raw, new(scratch), nil)
	if err != nil {
		return sigpost.Attachment{}, nil, err
	}
	var found sigpost.Attachment
	var data []byte
	seen := 0
	w := walker{defects: &o.wrong}
	w.file = func(a sigpost.Attachment, read func() []byte) {
		if a.Part != part {
			return
		}
		if seen == nth {
			found, data = a, bytes.Clone(read()) // which may be the mail's own bytes
		}
		seen++
	}
	w.text(o.h, o.body)
	if nth < 0 || nth >= seen {
		return found, nil, fmt.Errorf("%w: the mail has no attachment %s", sigpost.ErrNotFound, part)
	}
	return found, data, nil
}

// maxHTML bounds the HTML of a mail that is given out, in bytes.
const maxHTML = 1 << 20

// HTML gives the first text of a mail that is in HTML, as UTF-8 and otherwise as
// it came: whoever shows it makes it harmless first. The error wraps
// sigpost.ErrNotFound where there is none, or is that of Parse.
func HTML(raw []byte) (string, error) {
	o, err := open(raw, new(scratch), nil)
	if err != nil {
		return "", err
	}
	w := walker{defects: &o.wrong}
	w.walk(o.h, o.body, "", "text/plain", 0)
	if w.html == nil {
		return "", fmt.Errorf("%w: the mail has no HTML", sigpost.ErrNotFound)
	}
	data := decodeTransfer(w.html.encoding, w.html.body, w.defects)
	declared := w.html.params["charset"]
	if charsetAlias(declared) == "" {
		declared = metaCharset(data)
	}
	text, _ := toUTF8(data, declared)
	return short(text, maxHTML, "HTML", w.defects), nil
}
