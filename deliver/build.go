package deliver

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"net"
	stdmail "net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	mail "github.com/wneessen/go-mail"

	"sigpost"
)

// Header is what stands above a letter, apart from its subject. Every value may
// come from a stranger: Build refuses or cleans whatever could be taken for
// more than one value.
type Header struct {
	From    sigpost.Address
	To      sigpost.Address
	ReplyTo sigpost.Address // left out where it has no Addr
	Date    time.Time       // in the zone that it is to be shown in
	// MessageID is that of the delivery (MessageIDFor).
	MessageID sigpost.MessageID
	// ListID is the digest's identifier without its brackets (RFC 2919), such
	// as "weekly.openstack.example.org", and ListTitle the words before it,
	// which may be empty.
	ListID    string
	ListTitle string
	// UnsubscribeURL and UnsubscribeMailto end the subscription (RFC 2369,
	// section 3.2): an http or https URL, and a URL such as
	// "mailto:leave@example.org?subject=...". Either may be empty.
	UnsubscribeURL    string
	UnsubscribeMailto string
	// Seed is what the boundaries of the parts are derived from: the same for
	// all readers of an issue, and nothing that a stranger can guess, who would
	// write them into a text. It is the MessageID where it is empty.
	Seed string
	// Answers is the message that this one answers (RFC 5322, section 3.6.4); empty
	// for none.
	Answers sigpost.MessageID
}

// maxPhrase bounds a display name or title, and maxSubject a subject, in bytes:
// nobody sees more of them, and a stranger chose how long they are.
const (
	maxPhrase  = 120
	maxSubject = 400
	// maxLine is the longest line of a message, without its end (RFC 5322,
	// section 2.1.1).
	maxLine = 998
)

// Build makes the bytes of one letter: its header, and its text and HTML as
// alternatives (RFC 2046, section 5.1.4). The same input always gives the same
// bytes. Lines end in CRLF, and all of it is ASCII unless an address is not.
func Build(h Header, letter sigpost.Letter) ([]byte, error) {
	msg, err := h.message(letter)
	if err != nil {
		return nil, fmt.Errorf("build the letter for %s: %w", oneLine(h.To.Addr), err)
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("build the letter for %s: %w", oneLine(h.To.Addr), err)
	}
	data := settle(b.Bytes(), cmp.Or(h.Seed, h.MessageID.String()))
	if err := checkLines(data); err != nil {
		return nil, fmt.Errorf("build the letter for %s: %w", oneLine(h.To.Addr), err)
	}
	return data, nil
}

// settle gives the parts boundaries that are derived, so that a letter built
// again is the same. go-mail takes one boundary for a whole message, and would
// write it for a multipart within another one, too; those that it draws itself
// are 60 random digits, which nobody else has written.
func settle(data []byte, seed string) []byte {
	for i, drawn := range drawnBoundary.FindAllSubmatch(data, -1) {
		data = bytes.ReplaceAll(data, drawn[1], []byte(boundary(seed, i)))
	}
	return data
}

var drawnBoundary = regexp.MustCompile(`(?m)^Content-Type: multipart/[a-z]+;\r\n boundary=([0-9a-f]{60})\r$`)

// message hands checked values to go-mail. They all go through SetGenHeader:
// it sorts the fields, while those that are set "preformatted" come out in
// random order and unchecked.
func (h Header) message(letter sigpost.Letter) (*mail.Msg, error) {
	if letter.Text == "" {
		return nil, errors.New("it has no text")
	}
	if h.Date.IsZero() {
		return nil, errors.New("it has no date")
	}
	if err := checkMessageID(h.MessageID); err != nil {
		return nil, err
	}
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithCharset(mail.CharsetUTF8),
		mail.WithEncoding(mail.EncodingQP))
	if err := h.addresses(msg); err != nil {
		return nil, err
	}
	msg.Subject(phrase(letter.Subject, maxSubject))
	msg.SetDateWithValue(h.Date)
	msg.SetMessageIDWithValue(string(h.MessageID))
	// RFC 3834, section 5: no robot answers it. Precedence says the same to
	// software from before that.
	submitted := "auto-generated"
	if canAnswer(h.Answers) {
		submitted = "auto-replied"
		msg.SetGenHeader("In-Reply-To", h.Answers.String())
		msg.SetGenHeader("References", h.Answers.String())
	}
	msg.SetGenHeader("Auto-Submitted", submitted)
	msg.SetGenHeader(mail.HeaderPrecedence, "bulk")
	if h.ListID != "" {
		value, err := h.listID()
		if err != nil {
			return nil, err
		}
		msg.SetGenHeader("List-Id", value)
	}
	if err := h.unsubscribe(msg); err != nil {
		return nil, err
	}
	// A CR on its own confuses Go's quoted-printable writer about the next LF.
	ends := strings.NewReplacer("\r\n", "\n", "\r", "\n")
	msg.SetBodyString(mail.TypeTextPlain, ends.Replace(letter.Text))
	if letter.HTML != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, ends.Replace(letter.HTML))
	}
	for _, i := range letter.Images {
		msg.EmbedReadSeeker(i.Name, bytes.NewReader(i.Data), mail.WithFileContentID("<"+i.ID+">"), mail.WithFileContentType(mail.ContentType(i.Type)))
	}
	if len(letter.Calendar) > 0 { // to be kept, and no invitation: RFC 6047, section 2.4
		msg.AttachReadSeeker("events.ics", bytes.NewReader(letter.Calendar), mail.WithFileContentType("text/calendar; charset=utf-8; method=PUBLISH"))
	}
	return msg, nil
}

func (h Header) addresses(msg *mail.Msg) error {
	for _, field := range []struct {
		name mail.AddrHeader
		addr sigpost.Address
	}{{mail.HeaderFrom, h.From}, {mail.HeaderTo, h.To}, {mail.HeaderReplyTo, h.ReplyTo}} {
		if field.name == mail.HeaderReplyTo && field.addr.Addr == "" {
			continue
		}
		if err := checkAddrSpec(field.addr.Addr); err != nil {
			return fmt.Errorf("%s: %w", field.name, err)
		}
		msg.SetAddrHeaderFromMailAddress(field.name,
			&stdmail.Address{Name: displayName(field.addr.Name), Address: field.addr.Addr})
	}
	return nil
}

// displayName makes a phrase for an address. net/mail writes a backslash into
// encoded words as it is, where RFC 2047, section 5 (3), does not allow it.
func displayName(s string) string {
	name := phrase(s, maxPhrase)
	if !isASCII(name) {
		name = strings.ReplaceAll(name, `\`, "/")
	}
	return name
}

// listID writes the list's identifier with its title before it (RFC 2919,
// section 3).
func (h Header) listID() (string, error) {
	if !isDotAtom(h.ListID) {
		return "", fmt.Errorf("List-Id: %q is not an identifier of letters, digits, dashes and dots", h.ListID)
	}
	title := phrase(h.ListTitle, maxPhrase)
	if title == "" {
		return "<" + h.ListID + ">", nil
	}
	if isASCII(title) {
		title = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(title) + `"`
	} else {
		title = mime.BEncoding.Encode("utf-8", title) // safe in a phrase, as Q is not
	}
	return title + " <" + h.ListID + ">", nil
}

// unsubscribe sets List-Unsubscribe (RFC 2369) and, where the URL takes a POST
// that nobody can read or change on its way, List-Unsubscribe-Post (RFC 8058,
// section 3.1, demands https; loopback is as good and serves for trying out).
func (h Header) unsubscribe(msg *mail.Msg) error {
	var values []string
	if h.UnsubscribeURL != "" {
		u, err := checkURL(h.UnsubscribeURL, "https", "http")
		if err != nil {
			return err
		}
		values = append(values, "<"+h.UnsubscribeURL+">")
		if u.Scheme == "https" || isLoopbackHost(u.Hostname()) {
			msg.SetGenHeader(mail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
		}
	}
	if h.UnsubscribeMailto != "" {
		if _, err := checkURL(h.UnsubscribeMailto, "mailto"); err != nil {
			return err
		}
		values = append(values, "<"+h.UnsubscribeMailto+">")
	}
	if len(values) > 0 {
		msg.SetGenHeader(mail.HeaderListUnsubscribe, strings.Join(values, ", "))
	}
	return nil
}

// checkURL takes URLs that can stand between angle brackets as they are.
func checkURL(s string, schemes ...string) (*url.URL, error) {
	notIn := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>"\`, r) }
	if strings.IndexFunc(s, notIn) >= 0 {
		return nil, fmt.Errorf("List-Unsubscribe: %q has characters that a URL must write as %%XX", s)
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("List-Unsubscribe: %w", err)
	}
	for _, scheme := range schemes {
		if u.Scheme == scheme && (u.Host != "" || scheme == "mailto" && u.Opaque != "") {
			return u, nil
		}
	}
	return nil, fmt.Errorf("List-Unsubscribe: %q is no URL of the kind %s", s, strings.Join(schemes, " or "))
}

func isLoopbackHost(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// boundary separates the parts of the nth multipart. It has nothing that would
// need quotes (RFC 2045, section 5.1).
func boundary(seed string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "boundary %d %s", n, seed))
	return "sigpost-" + hex.EncodeToString(sum[:12])
}

// phrase makes text that a header field can hold: one line, of at most limit
// bytes, and without "=?", which some reader would decode (RFC 2047).
func phrase(s string, limit int) string {
	clean := strings.ReplaceAll(oneLine(s), "=?", "= ?")
	return strings.TrimSpace(clip(clean, limit))
}

// checkMessageID wants an id that every program reads alike: dot-atoms on both
// sides (RFC 5322, section 3.6.4), short enough not to be folded.
func checkMessageID(id sigpost.MessageID) error {
	left, right, _ := strings.Cut(string(id), "@")
	if !isDotAtom(left) || !isDotAtom(right) || len(id) > 200 {
		return fmt.Errorf("Message-ID: %q is not of the form left@right", id)
	}
	return nil
}

// canAnswer says whether a Message-ID, which a stranger chose, can stand in a
// header as it is.
func canAnswer(id sigpost.MessageID) bool {
	plain := strings.IndexFunc(string(id), func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("<>()\\\",;", r) }) < 0
	return plain && id != "" && len(id) <= 200
}

// isDotAtom says whether s is dots between letters, digits, "-", "_" and "+":
// of the characters that RFC 5322, section 3.2.3 allows, those that nobody
// trips over.
func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for _, r := range atom {
			letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
			if !letter && !strings.ContainsRune("-_+", r) {
				return false
			}
		}
	}
	return true
}

// checkAddrSpec takes addresses (RFC 5322, section 3.4.1; RFC 6532) that can
// stand in a header field and in a command as they are. A local part that
// would have to be quoted is none of them.
func checkAddrSpec(addr string) error {
	at := strings.LastIndexByte(addr, '@')
	if at < 1 || at == len(addr)-1 || len(addr) > 254 {
		return fmt.Errorf("%q is not an address", oneLine(addr))
	}
	odd := func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == unicode.ReplacementChar || strings.ContainsRune(`<>()[],;:\"@`, r) ||
			unicode.IsSpace(r) || unicode.IsControl(r)
	}
	local, domain := addr[:at], addr[at+1:]
	if ip := strings.TrimSuffix(strings.TrimPrefix(domain, "["), "]"); len(ip) == len(domain)-2 && net.ParseIP(ip) != nil {
		domain = "literal" // an address literal (RFC 5321, section 4.1.3)
	}
	if strings.IndexFunc(local+domain, odd) >= 0 {
		return fmt.Errorf("%q is not an address that can be written to", oneLine(addr))
	}
	return nil
}

// checkLines holds what was built against RFC 5322, section 2.3: CR and LF only
// together, and no line too long. A server may cut or refuse anything else.
func checkLines(data []byte) error {
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		if end < 1 || data[end-1] != '\r' || bytes.IndexByte(data[:end-1], '\r') >= 0 {
			return errors.New("a line does not end in CRLF")
		}
		if end-1 > maxLine {
			return fmt.Errorf("a line has more than %d bytes, beginning %q", maxLine, data[:60])
		}
		data = data[end+1:]
	}
	return nil
}
