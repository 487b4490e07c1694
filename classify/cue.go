package classify

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sigpost"
)

// A cue is some words in a row. natures.toml says how it is written.
type cue struct {
	words []cueWord
	// first, last and asks want the words to stand at the beginning or the end
	// of a sentence, in a question.
	first, last, asks bool
}

// cueWord is one word of a cue: any of those, or of a class.
type cueWord struct {
	any   []string
	class wordClass
}

// wordClass is a kind of word that is known by its looks.
type wordClass uint8

const (
	classPlain wordClass = iota
	classVersion
	classAdvisory
	classCVE
	classPart
	classURL
	classAll // in a cue alone: matches any word
)

// wordClasses are the names of the classes in cues.
var wordClasses = map[string]wordClass{
	"*": classAll, "<version>": classVersion, "<advisory>": classAdvisory, "<cve>": classCVE, "<part>": classPart, "<url>": classURL,
}

// parseCue reads a cue as it is written in the table of rules.
func parseCue(text string) cue {
	var c cue
	for _, w := range strings.Fields(text) {
		switch class, special := wordClasses[w]; {
		case w == "^":
			c.first = true
		case w == "$":
			c.last = true
		case w == "?":
			c.asks = true
		case special:
			c.words = append(c.words, cueWord{class: class})
		default:
			c.words = append(c.words, cueWord{any: strings.Split(w, "|")})
		}
	}
	return c
}

func (w *cueWord) matches(p *proseWord) bool {
	if w.class == classAll {
		return true
	}
	if w.class != classPlain {
		return w.class == p.class
	}
	for _, s := range w.any {
		if s == p.text {
			return true
		}
	}
	return false
}

// at says whether the cue stands in prose from word i on.
func (c *cue) at(prose []proseWord, i int) bool {
	n := len(c.words)
	if i+n > len(prose) || c.first && !prose[i].first || c.last && !prose[i+n-1].last || c.asks && !prose[i].asks {
		return false
	}
	for k := range c.words {
		if !c.words[k].matches(&prose[i+k]) || k > 0 && prose[i+k].first {
			return false // a cue does not reach from one sentence into the next
		}
	}
	return true
}

// found names the words in which the cue was found; "" for a cue of any word.
func (c *cue) found(prose []proseWord) string {
	var words []string
	for k := range c.words {
		if c.words[k].class != classAll {
			words = append(words, prose[k].text)
		} else if k > 0 {
			words = append(words, "…")
		}
	}
	return strings.Join(words, " ")
}

// proseWord is a word of a text, and where it stands.
type proseWord struct {
	text       string // in lower case, without apostrophes
	class      wordClass
	start, end int
	// first begins a sentence, last ends it, and asks stands in one that ends
	// with a question mark.
	first, last, asks bool
}

// readProse gives the words of some parts of a text, each of which begins and
// ends a sentence.
func readProse(text string, parts ...sigpost.Span) []proseWord {
	r := proseReader{text: text}
	for _, part := range parts {
		r.words = slices.Grow(r.words, (part.End-part.Start)/6)
		r.read(part.Start, part.End)
		r.endSentence(false)
	}
	return r.words
}

// proseReader cuts a text into words and sentences.
type proseReader struct {
	text  string
	words []proseWord
	begin int // of the sentence, among words
}

func (r *proseReader) endSentence(asks bool) {
	if len(r.words) > r.begin {
		r.words[r.begin].first, r.words[len(r.words)-1].last = true, true
	}
	for i := r.begin; asks && i < len(r.words); i++ {
		r.words[i].asks = true
	}
	r.begin = len(r.words)
}

func (r *proseReader) read(at, to int) {
	for at < to {
		c, size := utf8.DecodeRuneInString(r.text[at:])
		if breaksWord(c) {
			at += size
			if c == '\n' && endsParagraph(r.text[at:max(at, to)]) {
				r.endSentence(false)
			}
			continue
		}
		end := at
		for end < to && (!breaksWord(c) || c == ':' && strings.HasPrefix(r.text[end:to], "://")) {
			end += size
			c, size = utf8.DecodeRuneInString(r.text[end:])
		}
		if w, ok := readWord(r.text, at, end); ok {
			r.words = append(r.words, w)
		}
		if marks := marksBehind(r.text[at:end]); marks != "" {
			if asks := strings.ContainsAny(marks, "?？"); asks || strings.ContainsAny(marks, ".!。！") {
				r.endSentence(asks)
			}
		}
		at = end
	}
}

// breaksWord says whether a character stands between words.
func breaksWord(r rune) bool {
	switch r {
	case ' ', '\n', ',', ';', ':', '"', '(', ')', '[', ']', '{', '}', '<', '>', '*', '|', '—', '–', '…', '“', '”':
		return true
	}
	return unicode.IsSpace(r)
}

// endsParagraph says whether what follows a line end is an empty line, or a
// line that begins as an entry of a list or like a quote does.
func endsParagraph(rest string) bool {
	rest = strings.TrimLeft(rest, " \t\r")
	return rest == "" || strings.IndexByte("\n*->|=#~", rest[0]) >= 0 && !strings.HasPrefix(rest, "#")
}

// marksBehind is the punctuation at the end of a word.
func marksBehind(s string) string {
	if c := s[len(s)-1]; 'a' <= c && c <= 'z' {
		return ""
	}
	return s[len(strings.TrimRight(s, ".!?。！？'’_~-")):]
}

// maxWord is the longest word that can be a part of a cue, in bytes.
const maxWord = 40

// readWord makes a word of text[start:end], or ok is false where it is
// punctuation alone.
func readWord(text string, start, end int) (w proseWord, ok bool) {
	s := text[start:end]
	if strings.IndexByte(s, ':') > 0 { // or it would have broken the word
		return proseWord{class: classURL, start: start, end: start + len(strings.TrimRight(s, ".!?'’"))}, true
	}
	trimmed := strings.TrimLeftFunc(s, notWord)
	start += len(s) - len(trimmed)
	if start > 0 && trimmed != "" && strings.IndexByte("+-#", text[start-1]) >= 0 && len(s) > len(trimmed) {
		if text[start-1] == '#' || isDigit(trimmed[0]) { // "+1", "#startmeeting"
			start--
		}
	}
	s = strings.TrimRightFunc(text[start:end], notWord)
	if s == "" {
		return w, false
	}
	w = proseWord{start: start, end: start + len(s)}
	if len(s) > maxWord {
		return w, true
	}
	w.text = strings.ToLower(s)
	if strings.IndexByte(w.text, '\'') >= 0 || strings.Contains(w.text, "’") {
		w.text = strings.NewReplacer("'", "", "’", "").Replace(w.text)
	}
	w.class = classOf(w.text)
	return w, true
}

func notWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// classOf knows a word's class by its looks.
func classOf(w string) wordClass {
	switch {
	case !hasDigit(w):
		return classPlain
	case strings.HasPrefix(w, "cve-"):
		return classCVE
	case isAdvisory(w):
		return classAdvisory
	case isPart(w):
		return classPart
	case isVersion(w):
		return classVersion
	}
	return classPlain
}

func hasDigit(w string) bool {
	for i := range len(w) {
		if isDigit(w[i]) {
			return true
		}
	}
	return false
}

// isAdvisory knows the numbers under which advisories are published.
func isAdvisory(w string) bool {
	for _, mark := range [...]string{"ossa-", "ossn-", "xsa-", "rhsa-", "dsa-", "dla-", "usn-", "glsa-", "ghsa-", "-sa-"} {
		if i := strings.Index(w, mark); i == 0 && w != mark || i > 0 && mark == "-sa-" {
			return true
		}
	}
	return false
}

// isPart knows "2/7".
func isPart(w string) bool {
	n, of, ok := strings.Cut(w, "/")
	return ok && n != "" && of != "" && strings.Trim(n, "0123456789") == "" && strings.Trim(of, "0123456789") == ""
}

// isVersion knows "2.0", "v1.4.2" and "3.0.0rc1", but no address of a machine.
func isVersion(w string) bool {
	w = strings.TrimPrefix(w, "v")
	if w == "" || !isDigit(w[0]) || strings.Trim(w, "0123456789abcdefghijklmnopqrstuvwxyz.-+~_") != "" {
		return false
	}
	major, rest, ok := strings.Cut(w, ".")
	if !ok || rest == "" || !isDigit(rest[0]) && rest[0] != 'x' || strings.Trim(major, "0123456789") != "" {
		return false
	}
	return strings.Count(w, ".") != 3 || strings.Trim(w, "0123456789.") != ""
}
