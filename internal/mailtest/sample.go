package mailtest

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"net/mail"
	"path"
	"strings"
	"time"
)

//go:embed sample/*.eml
var sampleFiles embed.FS

// Mail is one mail as a mailbox holds it.
type Mail struct {
	// Name is for people: that of the file it comes from.
	Name string
	// Raw are its bytes with CRLF line ends (RFC 5322, section 2.1).
	Raw []byte
	// Received is when it came into the mailbox (INTERNALDATE, RFC 9051,
	// section 2.3.3).
	Received time.Time
}

// SampleList is a made-up SIG-OpenStack list of April 2016, in the order in
// which the mails came into the mailbox. sample/README.md describes it. Every
// call makes its own copy.
func SampleList() []Mail {
	names, err := fs.Glob(sampleFiles, "sample/*.eml")
	if err != nil || len(names) == 0 {
		panic("mailtest: the sample list was not built in")
	}
	mails := make([]Mail, 0, len(names))
	for _, name := range names { // sorted: the number in front is the order
		raw, err := sampleFiles.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("mailtest: %v", err))
		}
		raw = withCRLF(raw)
		received, err := topReceived(raw)
		if err != nil {
			panic(fmt.Sprintf("mailtest: %s: %v", name, err))
		}
		mails = append(mails, Mail{Name: path.Base(name), Raw: raw, Received: received})
	}
	return mails
}

// withCRLF makes every line end CRLF, however the file was checked out.
func withCRLF(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}

// topReceived is the date of the topmost Received field, which the last
// server put in (RFC 5321, section 4.4).
func topReceived(raw []byte) (time.Time, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return time.Time{}, err
	}
	field := m.Header.Get("Received")
	t, err := mail.ParseDate(strings.TrimSpace(field[strings.LastIndexByte(field, ';')+1:]))
	if err != nil {
		return time.Time{}, fmt.Errorf("date of the Received field %q: %w", field, err)
	}
	return t, nil
}
