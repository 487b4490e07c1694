package check

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"strings"
)

// Returned is what a mail server reports of a letter that it had taken (RFC 3464).
type Returned struct {
	Letter // whole where it failed
	Action string
	Status string
}

// ReadReturned reads such a report.
func ReadReturned(raw []byte) (out Returned, err error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return out, err
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" {
		return out, fmt.Errorf("a mail of a server is no report, but %q: %v", kind, err)
	}
	out.From = strings.Trim(m.Header.Get("To"), "<>")
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := parts.NextRawPart()
		if err == io.EOF { // as it is: one within the report is wrapped
			break
		}
		if err != nil {
			return out, err
		}
		text, err := io.ReadAll(p)
		if err != nil {
			return out, err
		}
		switch p.Header.Get("Content-Type") {
		case "message/delivery-status":
			err = out.readStatus(text)
		case "message/rfc822":
			out.Data = text
		}
		if err != nil {
			return out, err
		}
	}
	if out.To == "" || out.Action == "failed" && out.Data == nil {
		return out, fmt.Errorf("a report does not say what is back: %.2000q", raw)
	}
	return out, nil
}

// readStatus reads the fields of the message, and behind an empty line those of its
// recipient.
func (r *Returned) readStatus(text []byte) error {
	fields := textproto.NewReader(bufio.NewReader(bytes.NewReader(text)))
	if _, err := fields.ReadMIMEHeader(); err != nil {
		return err
	}
	of, err := fields.ReadMIMEHeader()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	r.Action, r.Status = of.Get("Action"), of.Get("Status")
	_, to, _ := strings.Cut(of.Get("Final-Recipient"), ";")
	r.To = strings.TrimSpace(to)
	return nil
}
