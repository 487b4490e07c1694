package deliver

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	stdmail "net/mail"
	"strings"

	mail "github.com/wneessen/go-mail"

	"sigpost"
)

// Personal is what of a letter is one reader's own. All but To has the same
// length for every reader of an issue, and is made of letters, digits, "-", "_",
// and in the Message-ID "." and "@": what neither a header nor quoted-printable
// writes in another way.
type Personal struct {
	To        sigpost.Address
	MessageID sigpost.MessageID
	// Unsubscribe and Preferences are the tokens in the links.
	Unsubscribe, Preferences string
}

// Mold is a letter for many readers, cut into what is common to all and the
// places of what is personal. It is safe for use by many goroutines.
type Mold struct {
	header, body []piece
	// lengths are those of the values of slots.
	lengths [slots]int
	// signer may be nil. begun is the hash of what is in front of the body's first
	// personal piece, and hashed what follows: its pieces as they are hashed.
	signer *Signer
	begun  hash.Cloner
	hashed []piece
}

// slot names a personal value.
type slot int

const (
	common slot = iota
	slotTo      // the whole field
	slotMessageID
	slotUnsubscribe
	slotPreferences
	slots
)

// piece is a stretch of a letter: common text, or bytes from..to of a personal
// value, which a soft line break may have cut in two.
type piece struct {
	slot     slot
	text     []byte // common text as it is
	wire     []byte // the same with its dots stuffed (RFC 5321, section 4.5.2)
	from, to int
}

// Casting builds a whole letter, Build's way, with somebody's values in it.
type Casting func(p Personal) ([]byte, error)

// NewMold makes a mold of a letter. like has a reader's values: their lengths
// are those of all readers. The letter is built twice, with values of our own,
// at which it is cut, and with that reader's: what the mold gives for them must
// be the same, byte for byte. That proves that no personal part was overlooked.
//
// Letters are signed where signer is not nil, each when it is written.
func NewMold(like Personal, cast Casting, signer *Signer) (*Mold, error) {
	m, err := cut(standIn(like), cast)
	if err != nil {
		return nil, err
	}
	whole, err := cast(like)
	if err != nil {
		return nil, err
	}
	letter, err := m.Letter(like)
	if err != nil {
		return nil, err
	}
	if got, _ := letter.Append(nil, false); !bytes.Equal(got, whole) {
		return nil, fmt.Errorf("the letter that the mold gives differs from the one that was built, beginning with %q", differing(got, whole))
	}
	m.sign(signer)
	return m, nil
}

// sign makes the mold one of signed letters.
func (m *Mold) sign(signer *Signer) {
	if signer == nil {
		return
	}
	m.signer, m.begun = signer, sha256.New().(hash.Cloner)
	// A personal piece has no white space, so that it ends all that a hash of the
	// body keeps back: how common text is hashed depends on no reader.
	text := &noted{}
	body := BodyHash{hash: text}
	note := func() {
		if len(m.hashed) == 0 {
			m.begun.Write(text.text) // a hash takes every write
		} else {
			m.hashed = append(m.hashed, piece{text: text.text})
		}
		text.text = nil
	}
	for _, p := range m.body {
		if p.slot == common {
			body.Write(p.text) // has no errors
			continue
		}
		body.flush()
		note()
		m.hashed = append(m.hashed, p)
	}
	body.Sum()
	note()
}

// noted is a hash that notes what is written to it.
type noted struct {
	hash.Hash
	text []byte
}

// Write takes the next piece.
func (n *noted) Write(p []byte) (int, error) {
	n.text = append(n.text, p...)
	return len(p), nil
}

// Sum is that of nothing.
func (n *noted) Sum(b []byte) []byte { return b }

// differing is the beginning of what differs in a from b.
func differing(a, b []byte) []byte {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[n:min(len(a), n+60)]
}

// standIn is values of the same lengths that are nowhere else in a letter: no
// text has so many of a letter in a row by chance.
func standIn(like Personal) Personal {
	same := func(s, mark string) string {
		if len(s) <= len(mark) {
			return s
		}
		return mark + strings.Repeat("x", len(s)-len(mark))
	}
	p := Personal{To: sigpost.Address{Addr: same(strings.Repeat("0", 24), "T") + "@stand-in.example"},
		Unsubscribe: same(like.Unsubscribe, "U"), Preferences: same(like.Preferences, "P")}
	left, right, _ := strings.Cut(string(like.MessageID), "@")
	p.MessageID = sigpost.MessageID(same(left, "M") + "@" + right)
	return p
}

// values are p's by slot, as they stand in a letter.
func (p Personal) values() [slots]string {
	return [slots]string{slotMessageID: string(p.MessageID), slotUnsubscribe: p.Unsubscribe, slotPreferences: p.Preferences}
}

// cut builds a letter and finds the places of p in it.
func cut(p Personal, cast Casting) (*Mold, error) {
	data, err := cast(p)
	if err != nil {
		return nil, err
	}
	end := bytes.Index(data, []byte("\r\n\r\n"))
	if end < 0 {
		return nil, errors.New("the letter has no body")
	}
	m := &Mold{}
	for s, v := range p.values() {
		m.lengths[s] = len(v)
	}
	header, body := data[:end+4], data[end+4:]
	to, err := toField(p.To)
	if err != nil {
		return nil, err
	}
	before, after, found := bytes.Cut(header, []byte("\r\n"+to))
	if !found {
		return nil, fmt.Errorf("its header has no %q", to)
	}
	m.header = append(pieces(append(before, "\r\n"...), p), piece{slot: slotTo})
	m.header = append(m.header, pieces(after, p)...)
	m.body = pieces(body, p)
	lineStart := true
	for i := range m.body {
		lineStart = m.body[i].stuff(lineStart)
	}
	return m, nil
}

// pieces cuts text at the values of p.
func pieces(text []byte, p Personal) []piece {
	var all []piece
	values := p.values()
	for len(text) > 0 {
		at, best := len(text), common
		for s, v := range values {
			if v == "" {
				continue
			}
			if i := broken(text[:min(len(text), at+len(v)+3)], v); i >= 0 && i < at {
				at, best = i, slot(s)
			}
		}
		if at > 0 {
			all = append(all, piece{text: text[:at]})
		}
		if text = text[at:]; best == common {
			continue
		}
		v := values[best]
		for done := 0; done < len(v); {
			n := 0
			for n < len(text) && done+n < len(v) && text[n] == v[done+n] {
				n++
			}
			all = append(all, piece{slot: best, from: done, to: done + n})
			if done, text = done+n, text[n:]; done < len(v) { // a soft line break
				all = append(all, piece{text: text[:len(softBreak)]})
				text = text[len(softBreak):]
			}
		}
	}
	return all
}

// softBreak is that of quoted-printable (RFC 2045, section 6.7 (5)).
const softBreak = "=\r\n"

// broken finds v in text, whole or with one soft line break in it.
func broken(text []byte, v string) int {
	at := bytes.Index(text, []byte(v))
	for from := 0; ; {
		i := bytes.IndexByte(text[from:], v[0])
		if i < 0 || at >= 0 && from+i >= at {
			return at
		}
		i += from
		n := 1
		for i+n < len(text) && n < len(v) && text[i+n] == v[n] {
			n++
		}
		rest := text[i+n:]
		if bytes.HasPrefix(rest, []byte(softBreak)) && bytes.HasPrefix(rest[len(softBreak):], []byte(v[n:])) {
			return i
		}
		from = i + 1
	}
}

// stuff doubles dots at the beginnings of lines. lineStart says whether the
// piece begins one; it gives whether the next one does.
func (p *piece) stuff(lineStart bool) bool {
	if p.slot != common {
		return false // values hold no line ends, and begin with no dot
	}
	text := p.text
	if lineStart && text[0] == '.' || bytes.Contains(text, []byte("\n.")) {
		text = bytes.ReplaceAll(text, []byte("\n."), []byte("\n.."))
		if lineStart && text[0] == '.' {
			text = append([]byte{'.'}, text...)
		}
	}
	p.wire = text
	return p.text[len(p.text)-1] == '\n'
}

// toField is the To field as go-mail writes it: addresses in the form of
// net/mail, lines folded between words.
func toField(to sigpost.Address) (string, error) {
	if err := checkAddrSpec(to.Addr); err != nil {
		return "", fmt.Errorf("field To: %w", err)
	}
	if isPlainTo(to) {
		return `To: "` + to.Name + `" <` + to.Addr + ">\r\n", nil
	}
	return foldedTo(to), nil
}

func foldedTo(to sigpost.Address) string {
	value := (&stdmail.Address{Name: displayName(to.Name), Address: to.Addr}).String()
	var b strings.Builder
	b.WriteString("To:")
	// Of the names that go-mail gives to lengths, this is what is left of a line.
	left := mail.MaxHeaderLength - 2 - len("To") - 2
	for i, word := range strings.Split(value, " ") {
		if i > 0 {
			left--
		}
		if left-len(word) <= 1 {
			b.WriteString("\r\n ")
			left = mail.MaxHeaderLength - 3
		} else {
			b.WriteByte(' ')
		}
		b.WriteString(word)
		left -= len(word)
	}
	b.WriteString("\r\n")
	return b.String()
}

// isPlainTo says that a field To is written as its parts are, in one line: most
// are, and to find that out costs less than to write it. The address has been
// checked.
func isPlainTo(to sigpost.Address) bool {
	if to.Name == "" || len(to.Name)+len(to.Addr) > 60 || to.Name[0] == ' ' {
		return false
	}
	for i := range len(to.Name) {
		switch c := to.Name[i]; {
		case c == ' ' && (i+1 == len(to.Name) || to.Name[i+1] == ' '):
			return false
		case c != ' ' && c != '.' && !isWordByte(c):
			return false
		}
	}
	for i := range len(to.Addr) {
		switch c := to.Addr[i]; {
		case (c == '.' || c == '@') && (i == 0 || i+1 == len(to.Addr) || !isWordByte(to.Addr[i+1])):
			return false
		case c != '.' && c != '@' && !isWordByte(c):
			return false
		}
	}
	return to.Addr[0] != '.'
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// Cast is one reader's letter out of a mold.
type Cast struct {
	mold   *Mold
	to     string
	values [slots]string
}

// Letter is the letter for one reader.
func (m *Mold) Letter(p Personal) (Cast, error) {
	to, err := toField(p.To)
	if err != nil {
		return Cast{}, err
	}
	c := Cast{m, to, p.values()}
	for s, v := range c.values {
		if len(v) != m.lengths[s] {
			return Cast{}, fmt.Errorf("%q has %d bytes where a reader of this letter has %d", v, len(v), m.lengths[s])
		}
		if strings.IndexFunc(v, func(r rune) bool { return !isPlain(r) }) >= 0 {
			return Cast{}, fmt.Errorf("%q has characters that would be written in another way", v)
		}
	}
	return c, nil
}

func isPlain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' || r == '@' || r == '+'
}

// Append writes the letter behind b (see Text), with its signature.
func (c Cast) Append(b []byte, stuffed bool) ([]byte, error) {
	if c.mold.signer == nil {
		return c.appendPieces(c.appendPieces(b, c.mold.header, false), c.mold.body, stuffed), nil
	}
	scratch := c.mold.signer.free.Get().(*[]byte)
	defer c.mold.signer.free.Put(scratch)
	sum := c.bodySum(scratch)
	header := c.appendPieces((*scratch)[:0], c.mold.header, false)
	*scratch = header
	signature, err := c.mold.signer.Sign(header, sum, c.mold.signer.clock())
	if err != nil {
		return b, err
	}
	return c.appendPieces(append(append(b, signature...), header...), c.mold.body, stuffed), nil
}

func (c Cast) bodySum(scratch *[]byte) (sum [32]byte) {
	h, err := c.mold.begun.Clone()
	if err != nil {
		panic(err) // SHA-256 can always be cloned
	}
	*scratch = c.appendPieces((*scratch)[:0], c.mold.hashed, false)
	h.Write(*scratch)
	h.Sum(sum[:0])
	return sum
}

func (c Cast) appendPieces(b []byte, pieces []piece, stuffed bool) []byte {
	for i := range pieces {
		switch p := &pieces[i]; {
		case p.slot == slotTo:
			b = append(b, c.to...)
		case p.slot != common:
			b = append(b, c.values[p.slot][p.from:p.to]...)
		case stuffed:
			b = append(b, p.wire...)
		default:
			b = append(b, p.text...)
		}
	}
	return b
}
