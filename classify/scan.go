package classify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// atom is a word without any separator in it: "os-brick" is two atoms. Terms
// are sequences of atoms, so that "kolla ansible" is found like
// "kolla-ansible".
type atom struct {
	start, end int32    // bytes of the text
	hash       termHash // of the word less its ending; 0 where it is no term
	id         int32    // number among the taxonomy's words, or noWord
	gap        gap      // what stands before it
	edits      uint8    // 1 or more where id is what a misspelling was taken for
	flags      atomFlags
}

const noWord = -1

// gap says what stands between two atoms.
type gap uint8

const (
	gapBreak gap = iota // punctuation, an empty line, or the text's start
	gapSpace            // white space or quotation marks
	gapGlue             // one of "-", "_", "."
	gapSlash
)

// maxGap is how many bytes may stand between the words of a term.
const maxGap = 40

// atomFlags say how an atom stands in the text.
type atomFlags uint16

const (
	atomCapital  atomFlags = 1 << iota // begins with a capital letter, but is no shouting
	atomSentence                       // a sentence may begin with it
	atomURL                            // in a URL, behind its scheme
	atomAddress                        // in a mail address
	atomHash                           // directly behind "#"
	atomRun                            // begins a run of atoms joined by glue
	atomTaken                          // is part of a path that was understood
	atomPassing                        // is a name's word, but used as an ordinary one
	atomOfName                         // is a word of a misspelt name of several
)

// scan appends the text's atoms. It sets no ids.
func scan(atoms []atom, text string) []atom {
	urlEnd := -1
	end := 0 // of the atom before
	first := true
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf && !isWordByte[c] {
			i++
			continue
		}
		size := wordSize(text[i:])
		if size == 0 {
			_, skip := utf8.DecodeRuneInString(text[i:])
			i += skip
			continue
		}
		start := i
		i += size
		for i < len(text) {
			if c := text[i]; c < utf8.RuneSelf {
				if !isWordByte[c] {
					break
				}
				i++
			} else if size = wordSize(text[i:]); size > 0 {
				i += size
			} else {
				break
			}
		}
		a := atom{start: int32(start), end: int32(i), id: noWord}
		if isCapital(text[start:i]) {
			a.flags |= atomCapital
		}
		sentence := false
		a.gap, sentence = gapOf(text[end:start], first)
		if sentence {
			a.flags |= atomSentence
		}
		if a.gap != gapGlue {
			a.flags |= atomRun
		}
		if start > 0 && text[start-1] == '#' {
			a.flags |= atomHash
		}
		if start < urlEnd {
			a.flags |= atomURL
		} else if strings.HasPrefix(text[i:], "://") {
			urlEnd = i + urlSize(text[i:])
		}
		atoms = append(atoms, a)
		end, first = i, false
	}
	markAddresses(atoms, text)
	return atoms
}

// isCapital says whether a word is written like a name: "Heat", "MagnetoDB",
// but not "HEAT", which some write for emphasis and all in constants.
func isCapital(word string) bool {
	if word[0] < 'A' || word[0] > 'Z' {
		return false
	}
	for i := 1; i < len(word); i++ {
		if word[i] >= 'a' && word[i] <= 'z' {
			return true
		}
	}
	return false
}

// isWordByte says which bytes are letters and digits of ASCII.
var isWordByte = func() (is [utf8.RuneSelf]bool) {
	for c := range is {
		is[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	}
	return is
}()

// wordSize is the size of the letter or digit at the text's start, or 0.
func wordSize(text string) int {
	if text == "" {
		return 0
	}
	c := text[0]
	if c < utf8.RuneSelf {
		if isWordByte[c] {
			return 1
		}
		return 0
	}
	r, size := utf8.DecodeRuneInString(text)
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return size
	}
	return 0
}

// urlSize is the length of the rest of a URL: up to white space or what
// encloses URLs in mail (RFC 3986, appendix C).
func urlSize(text string) int {
	if n := strings.IndexAny(text, " \t\r\n<>\"`"); n >= 0 {
		return n
	}
	return len(text)
}

// gapOf says what a stretch between two atoms is, and whether a sentence may
// begin behind it. Where that is in doubt it may: a capital letter says
// nothing then.
func gapOf(between string, first bool) (g gap, sentence bool) {
	if first {
		return gapBreak, true
	}
	if len(between) == 1 {
		switch between[0] {
		case '-', '_', '.':
			return gapGlue, false
		case '/':
			return gapSlash, false
		case ' ', '\'':
			return gapSpace, false
		}
	}
	g = gapSpace
	lines := 0
	for i := range len(between) {
		switch c := between[i]; c {
		case '\n':
			lines++
		case ' ', '\t', '\r', '\'', '`':
		case '"':
			sentence = true
		case '*', '-', '>', '#', '.', '!', '?', ':':
			g, sentence = gapBreak, true
		default:
			if c < utf8.RuneSelf {
				g = gapBreak
			}
		}
	}
	if lines > 1 || len(between) > maxGap {
		return gapBreak, true
	}
	return g, sentence
}

// markAddresses flags the runs on both sides of an "@": names in a mail
// address are nobody's topic.
func markAddresses(atoms []atom, text string) {
	for i := range atoms {
		a := &atoms[i]
		if a.start > 0 && text[a.start-1] == '@' {
			a.flags |= atomAddress
			for j := i + 1; j < len(atoms) && atoms[j].gap == gapGlue; j++ {
				atoms[j].flags |= atomAddress
			}
		}
		if int(a.end) < len(text) && text[a.end] == '@' {
			a.flags |= atomAddress
			for j := i; j > 0 && atoms[j].gap == gapGlue; j-- {
				atoms[j-1].flags |= atomAddress
			}
		}
	}
}

// splitAtoms gives the atoms of a term, in lower case.
func splitAtoms(term string) []string {
	var words []string
	for _, a := range scan(nil, term) {
		words = append(words, strings.ToLower(term[a.start:a.end]))
	}
	return words
}

// appendLower appends text in lower case, as far as ASCII goes.
func appendLower(buf []byte, text string) []byte {
	for i := range len(text) {
		c := text[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf = append(buf, c)
	}
	return buf
}

// isLetters says whether a word in lower case holds nothing but a to z.
func isLetters(word string) bool {
	for i := range len(word) {
		if word[i] < 'a' || word[i] > 'z' {
			return false
		}
	}
	return true
}
