package summary

import (
	"slices"
	"strings"
)

// phrase is a cue made ready: what is to follow its first word.
type phrase struct {
	mark marks
	rest []step
}

// step is one word of a phrase: what is to stand before it, and what it may be.
type step struct {
	before byte // ' ' or '\''
	words  []string
	any    bool
}

// phrases are the cues by their first word, or the beginning of it.
type phrases struct {
	whole    map[string][]phrase
	prefixed []prefixed
}

// prefixed is a cue of one word of which only the beginning is told.
type prefixed struct {
	mark    marks
	begin   string
	atLeast int // bytes that the word has
}

var known = index(cues)

// index makes cues ready.
func index(cues []cue) phrases {
	p := phrases{whole: map[string][]phrase{}}
	add := func(m marks, steps []step) {
		for _, w := range steps[0].words {
			p.whole[w] = append(p.whole[w], phrase{m, steps[1:]})
		}
	}
	for _, c := range cues {
		if begin, ok := strings.CutSuffix(c.phrase, "+"); ok {
			p.prefixed = append(p.prefixed, prefixed{c.mark, begin, len(begin) + 1})
			continue
		}
		if begin, ok := strings.CutSuffix(c.phrase, "*"); ok {
			p.prefixed = append(p.prefixed, prefixed{c.mark, begin, len(begin)})
			continue
		}
		if strings.Contains(c.phrase, " ~ ") {
			add(c.mark, steps(strings.Replace(c.phrase, " ~ ", " ", 1)))
		}
		add(c.mark, steps(c.phrase))
	}
	return p
}

// steps are the words of a cue's phrase.
func steps(phrase string) []step {
	var all []step
	for _, field := range strings.Fields(phrase) {
		for k, w := range strings.Split(field, "'") {
			s := step{before: ' ', words: strings.Split(w, "|"), any: w == "~"}
			if k > 0 {
				s.before = '\''
			}
			all = append(all, s)
		}
	}
	return all
}

// token is a word of ASCII and what stands before it: ' ' for one space, '\”
// for one apostrophe, 0 for anything else.
type token struct {
	word   string
	before byte
}

// phrasesIn finds the marks of all cues in a text in lower case.
func phrasesIn(lower string) marks {
	var found marks
	var few [64]token // most sentences have no more
	all := tokens(lower, few[:0])
	for k, t := range all {
		for _, p := range known.whole[t.word] {
			if !found.has(p.mark) && follows(all[k+1:], p.rest) {
				found |= p.mark
			}
		}
		for _, p := range known.prefixed {
			if len(t.word) >= p.atLeast && strings.HasPrefix(t.word, p.begin) {
				found |= p.mark
			}
		}
	}
	return found
}

// follows says whether words begin with the steps of a phrase.
func follows(words []token, steps []step) bool {
	if len(words) < len(steps) {
		return false
	}
	for k, s := range steps {
		if words[k].before != s.before || !s.any && !slices.Contains(s.words, words[k].word) {
			return false
		}
	}
	return true
}

// tokens appends the words of a text to some.
func tokens(text string, all []token) []token {
	end := 0 // of the word before
	for i := 0; i < len(text); {
		word := firstWord(text[i:])
		if word == "" {
			i++
			continue
		}
		t := token{word: word}
		switch text[end:i] {
		case " ":
			t.before = ' '
		case "'", "’":
			t.before = '\''
		}
		all = append(all, t)
		i += len(word)
		end = i
	}
	return all
}
