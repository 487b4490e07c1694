package message

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"unicode"
	"unicode/utf8"

	"sigpost"
)

// DerivedID names a mail after its bytes, so that two copies of it get the
// same name whatever their line ends are, with or without an mbox's "From "
// line. It is the Message-ID that Parse gives a mail without one. ".invalid"
// is reserved for names that no host has (RFC 2606, section 2).
func DerivedID(raw []byte) sigpost.MessageID {
	return derivedID(skipPreamble(toLF(raw), new(defects)))
}

func derivedID(src []byte) sigpost.MessageID {
	sum := sha256.Sum256(bytes.TrimRight(src, "\n"))
	return sigpost.MessageID("sha256." + hex.EncodeToString(sum[:])[:32] + "@derived.invalid")
}

// fingerprint sums up a mail. Line ends at the very end do not count, as an
// mbox adds some; Raw covers the header and the sum of the body, so that the
// body is gone through once.
func (o *opened) fingerprint(m *sigpost.Message) sigpost.Fingerprint {
	var f sigpost.Fingerprint
	body := sha256.Sum256(bytes.TrimRight(o.body, "\n"))
	f.Body = [16]byte(body[:16])

	all := sha256.New()
	all.Write(bytes.TrimRight(o.src[:len(o.src)-len(o.body)], "\n"))
	all.Write(body[:])
	f.Raw = [16]byte(all.Sum(body[:0]))

	f.Words = f.Body
	if words := o.ownWords(m); len(words) > 0 {
		sum := sha256.Sum256(words)
		f.Words = [16]byte(sum[:16])
	}
	return f
}

// ownWords gives the words of the new text with one space between each. Where
// there are none, as in a mail that is only a picture, the body has to do.
func (s *scratch) ownWords(m *sigpost.Message) []byte {
	words := s.words[:0]
	for _, r := range m.Ranges {
		if !r.Kind.Own() {
			continue
		}
		words = appendWords(words, trimSpace(m.Text[r.Start:r.End]))
	}
	s.words = words
	return bytes.TrimSuffix(words, []byte(" "))
}

// appendWords appends each word of s with one space behind it.
func appendWords(out []byte, s string) []byte {
	for s != "" {
		n := 0
		for n < len(s) && s[n] > ' ' && s[n] < utf8.RuneSelf {
			n++
		}
		out = append(out, s[:n]...)
		for n < len(s) && s[n] >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[n:])
			if unicode.IsSpace(r) {
				break
			}
			out = append(out, s[n:n+size]...)
			n += size
		}
		s = s[n:]
		rest := trimSpace(s)
		if len(rest) < len(s) || s == "" {
			out = append(out, ' ')
		}
		s = rest
	}
	return out
}

// trimSpace is s without the white space and the controls that it begins with.
func trimSpace(s string) string {
	for s != "" {
		if s[0] <= ' ' {
			s = s[1:]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		if s[0] < utf8.RuneSelf || !unicode.IsSpace(r) {
			return s
		}
		s = s[n:]
	}
	return s
}
