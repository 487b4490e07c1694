package summary

import (
	"slices"

	"sigpost"
)

// lexicon numbers the words of a thread, since numbers are compared, counted
// and sorted much faster than words. A term is a word that says what a text is
// about, less its ending; terms have the numbers 0, 1 and so on in their
// alphabetical order.
type lexicon struct {
	number map[string]int32
	words  []string
	termOf []int32          // of each word, or none
	terms  map[string]int32 // the number of each
}

// newLexicon has room for about as many words as messages bring.
func newLexicon(messages []*sigpost.Message) lexicon {
	const each, most = 64, 4096
	return lexicon{number: make(map[string]int32, min(each*len(messages), most))}
}

// none is the number of what a lexicon does not have.
const none = -1

// add gives the numbers of the words of a text, and of new words new ones.
func (l *lexicon) add(text string) []int32 {
	all := make([]int32, 0, len(text)/4)
	for w := range eachWord(text) {
		n, ok := l.number[w]
		if !ok {
			n = int32(len(l.words))
			l.number[w] = n
			l.words = append(l.words, w)
		}
		all = append(all, n)
	}
	return all
}

// find is the number of a word, or none.
func (l *lexicon) find(w string) int32 {
	if n, ok := l.number[w]; ok {
		return n
	}
	return none
}

// sort numbers the terms of all words that were added.
func (l *lexicon) sort() {
	stems := make([]string, len(l.words))
	terms := make([]string, 0, len(l.words))
	for i, w := range l.words {
		if !stop[w] {
			stems[i] = stem(w)
			terms = append(terms, stems[i])
		}
	}
	slices.Sort(terms)
	terms = slices.Compact(terms)
	l.termOf, l.terms = make([]int32, len(l.words)), make(map[string]int32, len(terms))
	for i, t := range terms {
		l.terms[t] = int32(i)
	}
	for i, s := range stems {
		l.termOf[i] = none
		if s != "" {
			l.termOf[i] = l.terms[s]
		}
	}
}

// counted is a term with how often a sentence has it.
type counted struct{ term, times int32 }

// count gives the terms of words, each once, in order.
func (l *lexicon) count(words []int32) []counted {
	var few [128]int32 // hardly any sentence has more
	all := few[:0]
	for _, w := range words {
		if t := l.termOf[w]; t != none {
			all = append(all, t)
		}
	}
	slices.Sort(all)
	terms := make([]counted, 0, len(all))
	for i, t := range all {
		if i > 0 && t == all[i-1] {
			terms[len(terms)-1].times++
		} else {
			terms = append(terms, counted{t, 1})
		}
	}
	return terms
}
