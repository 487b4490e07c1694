package ingest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"
)

// alike are letters about as frequent as each other: exchanged within a row
// they make words that compress as well as the ones before.
var alike = []string{"eaoi", "tnsr", "hldc", "umfp", "gwyb", "vkxjqz", "0123456789"}

// letters is what each byte becomes.
type letters [256]byte

// lettersOf gives the letters of a copy: a permutation, so that no two words
// become one.
func lettersOf(n int) *letters {
	var l letters
	for i := range l {
		l[i] = byte(i)
	}
	if n == 0 {
		return &l
	}
	r := rand.New(rand.NewPCG(uint64(n), 0))
	for _, row := range alike {
		for i, j := range r.Perm(len(row)) {
			l[row[i]] = row[j]
			if row[i] >= 'a' {
				l[row[i]-32] = row[j] - 32
			}
		}
	}
	return &l
}

func (l *letters) appendTo(b, word []byte) []byte {
	for _, c := range word {
		b = append(b, l[c])
	}
	return b
}

func (c *corpus) letters(n int) *letters {
	for len(c.alphabets) <= n {
		c.alphabets = append(c.alphabets, lettersOf(len(c.alphabets)))
	}
	return c.alphabets[n]
}

// render makes the mail of copy n.
func (c *corpus) render(m *template, n int) []byte {
	b := make([]byte, 0, len(m.Raw)+len(m.Raw)/20+64)
	at := 0
	for _, p := range m.pieces {
		b = append(b, m.Raw[at:p.from]...)
		was := m.Raw[p.from:p.to]
		switch p.kind {
		case aWord:
			b = c.letters(c.origin(bytes.ToLower(was), n)).appendTo(b, was)
		case aToken:
			b = c.letters(n).appendTo(b, was)
		case anID:
			b = appendID(b, was, c.letters(n), n)
		case aDate:
			b = appendDate(b, was, n)
		}
		at = p.to
	}
	return append(b, m.Raw[at:]...)
}

// appendID makes a Message-ID another one by its letters, for it to look as
// random as it was, and by the copy's number, for it to be nobody else's.
func appendID(b, id []byte, letters *letters, n int) []byte {
	local := bytes.LastIndexByte(id, '@')
	if local < 0 {
		local = max(0, len(id)-1) // in front of the bracket
	}
	b = letters.appendTo(b, id[:local])
	return append(fmt.Appendf(b, ".%d", n), id[local:]...)
}

// appendDate moves a date such as "1 May 2019" back, by whole weeks so that
// the day of the week in front of it stays right.
func appendDate(b, date []byte, n int) []byte {
	day, err := time.Parse("2 Jan 2006", string(bytes.Join(bytes.Fields(date), []byte(" "))))
	if err != nil {
		return append(b, date...)
	}
	layout := "2 Jan 2006"
	if date[1] >= '0' && date[1] <= '9' {
		layout = "02 Jan 2006"
	}
	return day.AddDate(0, 0, -7*weeks(n)).AppendFormat(b, layout)
}
