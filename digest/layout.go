package digest

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Marks with which the text template says how a line is to be laid out. They
// are control characters, which clean keeps out of everything else.
const (
	// hangMark ends a line's label; what follows hangs behind it.
	hangMark = "\t"
	// flushMark comes before what stands at the right margin, or on the next
	// line where there is no room for it.
	flushMark = "\f"
	// glue is a space at which a line is not to be broken.
	glue = "\u00a0"
)

const (
	columns   = 72 // of the text part
	hang      = 16 // where text behind a label begins
	flushed   = 2  // indent of what had no room at the right margin
	bodySpace = 2  // more than a line's own indent, of the lines it goes on in
)

// layout wraps lines to 72 columns of a terminal. A line that goes on keeps its
// indent, hangs behind its list marker or label, and several blank lines are
// one. A word that is too long for a line stays whole.
func layout(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \n")
		if line == "" {
			if len(out) > 0 && out[len(out)-1] != "" {
				out = append(out, "")
			}
			continue
		}
		out = append(out, layoutLine(line)...)
	}
	text = strings.TrimRight(strings.Join(out, "\n"), "\n") + "\n"
	return strings.ReplaceAll(text, glue, " ")
}

func layoutLine(line string) []string {
	if refLine.MatchString(line) { // stays with its number, however long
		return []string{line}
	}
	body := strings.TrimLeft(line, " ")
	indent := len(line) - len(body)
	if left, right, ok := strings.Cut(body, flushMark); ok {
		room := columns - indent - displayWidth(left) - displayWidth(right)
		if room >= 2 {
			return []string{strings.Repeat(" ", indent) + left + strings.Repeat(" ", room) + right}
		}
		return append(wrap(left, indent, indent+bodySpace), wrap(right, indent+flushed, indent+flushed)...)
	}
	if label, right, ok := strings.Cut(body, hangMark); ok {
		lines := wrap(right, hang, hang+markerWidth(right))
		room := hang - indent - displayWidth(label)
		if room >= 1 {
			lines[0] = strings.Repeat(" ", indent) + label + strings.Repeat(" ", room) + strings.TrimLeft(lines[0], " ")
			return lines
		}
		return append(wrap(label, indent, indent), lines...)
	}
	return wrap(body, indent, indent+markerWidth(body))
}

// refLine is a line that says which link has which number.
var refLine = regexp.MustCompile(`^\[\d+\] \S+$`)

var marker = regexp.MustCompile(`^(?:-|\d+\.|\[\d+\]) `)

// markerWidth is how far a line hangs behind the marker of a list's item: "- ",
// "1. " or "[1] ".
func markerWidth(body string) int { return len(marker.FindString(body)) }

// piece is what a line is filled with: a word, or a part of one that follows
// the part before it without a space.
type piece struct {
	text  string
	tight bool
}

// wrap fills lines of at most 72 columns: the first behind indent, the others
// behind more.
func wrap(text string, indent, more int) []string {
	var lines []string
	line, used, empty := strings.Repeat(" ", indent), indent, true
	for _, p := range pieces(text, columns-more) {
		space, w := 1, displayWidth(p.text)
		if empty || p.tight {
			space = 0
		}
		if !empty && used+space+w > columns {
			lines = append(lines, strings.TrimRight(line, " "))
			line, used, space = strings.Repeat(" ", more), more, 0
		}
		line += strings.Repeat(" ", space) + p.text
		used += space + w
		empty = false
	}
	return append(lines, strings.TrimRight(line, " "))
}

// pieces are a text's words. One that no line of that room holds is taken
// apart where it was glued, or between the letters of scripts without spaces; a
// URL stays whole.
func pieces(text string, room int) []piece {
	var all []piece
	for word := range strings.SplitSeq(text, " ") {
		if displayWidth(word) <= room {
			all = append(all, piece{text: word})
			continue
		}
		for part := range strings.SplitSeq(word, glue) {
			if displayWidth(part) <= room || strings.Contains(part, "://") {
				all = append(all, piece{text: part})
				continue
			}
			for i, segment := range segments(part) {
				all = append(all, piece{segment, i > 0})
			}
		}
	}
	return all
}

// joiner is the zero-width joiner, which makes one character of several.
const joiner = '\u200d'

// nonJoiner keeps two characters apart that would be joined.
const nonJoiner = '\u200c'

// segments cuts a word where a line may be broken on either side of an
// ideograph (Unicode Standard Annex 14, class ID), but not before punctuation
// nor within a character that is made of several.
func segments(word string) []string {
	var all []string
	start, before := 0, rune(0)
	for i, r := range word {
		stays := runeWidth(r) == 0 || r == emojiStyle || before == joiner || unicode.IsPunct(r) || unicode.Is(unicode.Sk, r)
		if i > 0 && !stays && (runeWidth(r) == 2 || runeWidth(before) == 2) {
			all = append(all, word[start:i])
			start = i
		}
		before = r
	}
	return append(all, word[start:])
}

// displayWidth is how many columns of a terminal a text takes, or for a few
// joined emoji more than that.
func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// emojiStyle is variation selector 16.
const emojiStyle = '\ufe0f'

func runeWidth(r rune) int {
	if r < 0x300 { // most of what is written, without a look-up
		return 1
	}
	switch {
	case r == emojiStyle: // what it follows is as wide as an emoji then
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
