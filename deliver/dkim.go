package deliver

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// SigningKey is a key that signs letters in the name of a domain (DKIM, RFC
// 6376). Its public half is published at <selector>._domainkey.<domain>.
type SigningKey struct {
	Domain   string // ASCII
	Selector string
	Key      crypto.Signer // *rsa.PrivateKey, or ed25519.PrivateKey (RFC 8463)
}

// Name is where the public half is published.
func (k SigningKey) Name() string { return k.Selector + "._domainkey." + k.Domain }

// Record is what to publish there (RFC 6376, section 3.6.1).
func (k SigningKey) Record() (string, error) {
	switch key := k.Key.(type) {
	case *rsa.PrivateKey:
		der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), err
	case ed25519.PrivateKey: // the key as it is: RFC 8463, section 4.2
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)), nil
	}
	return "", k.refused()
}

func (k SigningKey) refused() error {
	return fmt.Errorf("the DKIM key %s is a %T: it has to be of RSA or Ed25519", k.Name(), k.Key)
}

// Signer signs letters. It may be used by several goroutines.
//
// It signs as "relaxed/relaxed", the whole body, with the time but without an
// expiry. The body is hashed apart (Body), so that what many letters begin with
// can be hashed once.
type Signer struct {
	keys  []signingKey
	clock func() time.Time
	free  sync.Pool // of *[]byte
}

// signingKey is a SigningKey with the tags of its signatures that are always
// the same.
type signingKey struct {
	signer crypto.Signer
	tags   []string
	hash   crypto.Hash // that signer is told of
}

// NewSigner makes a Signer: each letter gets one signature by each key. An error
// names the key that cannot sign.
func NewSigner(keys []SigningKey, clock func() time.Time) (*Signer, error) {
	s := &Signer{clock: clock, free: sync.Pool{New: func() any { return new([]byte) }}}
	if len(keys) == 0 {
		return nil, errors.New("there is no key to sign with (DKIM)")
	}
	for _, k := range keys {
		algorithm, hash := "", crypto.Hash(0)
		switch key := k.Key.(type) {
		case *rsa.PrivateKey:
			if key.N.BitLen() < 1024 {
				return nil, fmt.Errorf("the DKIM key %s has %d bits: nobody takes fewer than 1024 (RFC 8301, section 3.2)", k.Name(), key.N.BitLen())
			}
			algorithm, hash = "rsa-sha256", crypto.SHA256
		case ed25519.PrivateKey:
			algorithm = "ed25519-sha256" // PureEdDSA of the SHA-256 (RFC 8463, section 3)
		default:
			return nil, k.refused()
		}
		if !isDotAtom(k.Domain) || !isDotAtom(k.Selector) {
			return nil, fmt.Errorf("a DKIM key has the domain %q and the selector %q: both are names of letters, digits, dashes and dots", k.Domain, k.Selector)
		}
		s.keys = append(s.keys, signingKey{k.Key, []string{"v=1;", "a=" + algorithm + ";", "c=relaxed/relaxed;", "d=" + k.Domain + ";", "s=" + k.Selector + ";"}, hash})
	}
	return s, nil
}

// signedFields are the fields that a signature covers where a letter has them.
// Those that are sealed are named once more than they are there, so that adding
// one breaks the signature (RFC 6376, section 8.15): a reader's program may
// show or follow the added one. RFC 8058, section 4, wants both fields of
// List-Unsubscribe signed.
var signedFields = []struct {
	name   string
	sealed bool
}{
	{"From", true}, {"Reply-To", false}, {"Subject", true}, {"Date", true}, {"To", true}, {"Message-ID", true},
	{"MIME-Version", false}, {"Content-Type", false}, {"Content-Transfer-Encoding", false},
	{"List-Id", false}, {"List-Unsubscribe", true}, {"List-Unsubscribe-Post", true},
	{"Auto-Submitted", false}, {"Precedence", false},
}

// SignMessage signs a whole letter and gives it with its signatures in front.
// Lines end in CRLF.
func (s *Signer) SignMessage(data []byte) ([]byte, error) {
	header, body, found := bytes.Cut(data, []byte("\r\n\r\n"))
	if found {
		header = data[:len(header)+2]
	}
	b := s.Body()
	_, _ = b.Write(body) // has no errors
	fields, err := s.Sign(header, b.Sum(), s.clock())
	if err != nil {
		return nil, err
	}
	return append(fields, data...), nil
}

// Sign gives the DKIM-Signature fields for a letter, one for each key, to be put
// in front of its header. header is all of it, in lines that end in CRLF, with
// or without the empty line behind it; body is the sum of Body; at is when it
// was signed.
func (s *Signer) Sign(header []byte, body [32]byte, at time.Time) ([]byte, error) {
	var room [32]headerField
	fields, err := headerFields(room[:0], header)
	if err != nil {
		return nil, fmt.Errorf("sign a letter (DKIM): %w", err)
	}
	scratch := s.free.Get().(*[]byte)
	defer s.free.Put(scratch)
	signed, names := appendSigned((*scratch)[:0], fields)
	bodyHash := base64.StdEncoding.EncodeToString(body[:])
	out := make([]byte, 0, 1024*len(s.keys))
	for _, k := range s.keys {
		begin := len(out)
		out = k.appendUnsigned(out, names, bodyHash, at)
		all := appendRelaxed(signed, out[begin:])
		*scratch = all
		digest := sha256.Sum256(all[:len(all)-2]) // without its line end (section 3.7)
		signature, err := k.signer.Sign(rand.Reader, digest[:], k.hash)
		if err != nil {
			return nil, fmt.Errorf("sign a letter (DKIM): %w", err)
		}
		out = appendSignature(out, signature)
	}
	return out, nil
}

// headerField is a field with its line end, and where its name ends.
type headerField struct {
	raw  []byte
	name int
}

func (f headerField) is(name string) bool {
	return f.name == len(name) && strings.EqualFold(string(f.raw[:f.name]), name)
}

// headerFields cuts a header into its fields (RFC 5322, section 2.2).
func headerFields(fields []headerField, header []byte) ([]headerField, error) {
	from := false
	for len(header) > 0 && header[0] != '\r' {
		end := fieldEnd(header)
		if end < 0 {
			return nil, errors.New("a line of its header does not end in CRLF")
		}
		field := headerField{raw: header[:end]}
		colon := bytes.IndexByte(field.raw, ':')
		field.name = len(bytes.TrimRight(field.raw[:max(0, colon)], " \t"))
		if field.name == 0 {
			return nil, fmt.Errorf("its header has a line that is no field: %q", field.raw)
		}
		from = from || field.is("From")
		fields = append(fields, field)
		header = header[end:]
	}
	if !from {
		return nil, errors.New("it has no field From, which has to be signed")
	}
	return fields, nil
}

// fieldEnd is where the first field ends, with the lines that it is folded
// into, or -1 where a CR or LF stands alone.
func fieldEnd(header []byte) int {
	for end := 0; ; {
		n := bytes.IndexByte(header[end:], '\n')
		if n < 1 || bytes.IndexByte(header[end:end+n], '\r') != n-1 {
			return -1
		}
		if end += n + 1; end == len(header) || header[end] != ' ' && header[end] != '\t' {
			return end
		}
	}
}

// appendSigned appends the fields that are signed, as they are hashed, and
// gives their names. Of several with one name the last comes first (RFC 6376,
// section 5.4.2).
func appendSigned(out []byte, fields []headerField) ([]byte, []string) {
	names := make([]string, 0, 2*len(signedFields))
	for _, s := range signedFields {
		there := false
		for _, f := range slices.Backward(fields) {
			if f.is(s.name) {
				there = true
				names = append(names, s.name)
				out = appendRelaxed(out, f.raw)
			}
		}
		if there && s.sealed {
			names = append(names, s.name)
		}
	}
	return out, names
}

// appendRelaxed appends a field in the form that is hashed (RFC 6376, section
// 3.4.2): its name in lower case, its value in one line, white space as single
// spaces, and none around the colon or at the end.
func appendRelaxed(out, field []byte) []byte {
	colon := bytes.IndexByte(field, ':')
	for _, c := range bytes.TrimRight(field[:colon], " \t") {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		out = append(out, c)
	}
	out = append(out, ':')
	begin, space := len(out), false
	for _, c := range field[colon+1:] {
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			space = true
			continue
		}
		if space && len(out) > begin {
			out = append(out, ' ')
		}
		space = false
		out = append(out, c)
	}
	return append(out, "\r\n"...)
}

// appendUnsigned appends a DKIM-Signature whose b= is still empty (RFC 6376,
// section 3.5).
func (k signingKey) appendUnsigned(out []byte, names []string, bodyHash string, at time.Time) []byte {
	f := folded{append(out, "DKIM-Signature:"...), len("DKIM-Signature:")}
	for _, tag := range k.tags {
		f.word(" ", tag)
	}
	f.word(" ", "t=", strconv.FormatInt(at.Unix(), 10), ";")
	f.word(" ", "h=", names[0])
	for _, name := range names[1:] {
		f.word("", ":", name)
	}
	f.word("", ";")
	f.word(" ", "bh=", bodyHash, ";")
	return append(f.out, "\r\n b="...)
}

// appendSignature ends a DKIM-Signature. White space within b= does not count.
func appendSignature(out, signature []byte) []byte {
	const width = 72
	var room [1024]byte
	for text := base64.StdEncoding.AppendEncode(room[:0], signature); ; {
		n := min(width, len(text))
		out = append(out, text[:n]...)
		if text = text[n:]; len(text) == 0 {
			return append(out, "\r\n"...)
		}
		out = append(out, "\r\n "...)
	}
}

// folded is a header field as far as it is written.
type folded struct {
	out    []byte
	column int
}

// word writes a word of some pieces, behind a separator or on a line of its own
// (RFC 5322, section 2.1.1).
func (f *folded) word(separator string, pieces ...string) {
	const longest = 78
	size := 0
	for _, p := range pieces {
		size += len(p)
	}
	if f.column+len(separator)+size > longest {
		f.out, f.column, separator = append(f.out, "\r\n"...), 0, " "
	}
	f.out = append(f.out, separator...)
	for _, p := range pieces {
		f.out = append(f.out, p...)
	}
	f.column += len(separator) + size
}
