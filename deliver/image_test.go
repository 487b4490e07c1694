package deliver_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"testing"

	"sigpost"
)

// A picture stands beside the alternatives, in a multipart of its own
// (RFC 2387), and each multipart has another boundary.
func TestLetterWithAPicture(t *testing.T) {
	l := sampleLetter
	l.Images = []sigpost.Image{{ID: "week@issue.sigpost", Name: "week.png", Type: "image/png", Data: []byte("\x89PNG\r\n\x1a\nand so on")}}
	data := build(t, sample, l)
	if !bytes.Equal(data, build(t, sample, l)) {
		t.Error("built again it is another letter")
	}
	msg, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	open := func(contentType string, body io.Reader, want string) (*multipart.Reader, string) {
		kind, params, err := mime.ParseMediaType(contentType)
		if err != nil || kind != want {
			t.Fatal(contentType, err)
		}
		return multipart.NewReader(body, params["boundary"]), params["boundary"]
	}
	related, outer := open(msg.Header.Get("Content-Type"), msg.Body, "multipart/related")
	first, err := related.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	alternatives, inner := open(first.Header.Get("Content-Type"), first, "multipart/alternative")
	if inner == outer {
		t.Error("both multiparts have the same boundary")
	}
	for _, want := range []string{"text/plain; charset=UTF-8", "text/html; charset=UTF-8"} {
		if part, err := alternatives.NextPart(); err != nil || part.Header.Get("Content-Type") != want {
			t.Fatal(part, err)
		}
	}
	if _, err := alternatives.NextPart(); err != io.EOF {
		t.Error("a third alternative", err)
	}
	picture, err := related.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, picture))
	if err != nil || !bytes.Equal(got, l.Images[0].Data) || picture.Header.Get("Content-Id") != "<week@issue.sigpost>" {
		t.Errorf("%q, %v, %v", got, picture.Header, err)
	}
	if kind, _, _ := mime.ParseMediaType(picture.Header.Get("Content-Disposition")); kind != "inline" {
		t.Error(picture.Header)
	}
	if _, err := related.NextPart(); err != io.EOF {
		t.Error("a third part", err)
	}
}

// The events are a file to be kept, beside all else (RFC 2046, section 5.1.3).
func TestLetterWithEvents(t *testing.T) {
	l := sampleLetter
	l.Images = []sigpost.Image{{ID: "week@issue.sigpost", Name: "week.png", Type: "image/png", Data: []byte("\x89PNG\r\n")}}
	l.Calendar = []byte("BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nEND:VCALENDAR\r\n")
	data := build(t, sample, l)
	if !bytes.Equal(data, build(t, sample, l)) {
		t.Error("built again it is another letter")
	}
	msg, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" {
		t.Fatal(msg.Header, err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	first, err := parts.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	if kind, inner, _ := mime.ParseMediaType(first.Header.Get("Content-Type")); kind != "multipart/related" || inner["boundary"] == params["boundary"] {
		t.Error(first.Header)
	}
	events, err := parts.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, events))
	kind, params, _ = mime.ParseMediaType(events.Header.Get("Content-Type"))
	if err != nil || !bytes.Equal(got, l.Calendar) || kind != "text/calendar" || params["method"] != "PUBLISH" || events.FileName() != "events.ics" {
		t.Errorf("%q, %v, %v", got, events.Header, err)
	}
}
