package summary

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"sigpost/internal/prose"
)

// patterns say a second time, as regular expressions, what marks a sentence.
// \b and \w are of ASCII there.
var patterns = map[marks]*regexp.Regexp{
	proposal:   regexp.MustCompile(`(?i)\b(?:propos\w+|suggest\w*|how about|what about|what if|why (?:not|don['’]t we)|let['’]?s|let us|we (?:should|could|might)|should we|shall we|could we|i(?:['’]d| would) (?:like|love)|recommend\w*|would like to)\b`),
	position:   regexp.MustCompile(`(?i)(?:\b(?:i (?:\w+ )?(?:think|believe|agree|disagree|prefer|support|feel|doubt|object|am (?:for|against|in favou?r)|would rather|don['’]t (?:think|see|like|agree))|in my (?:opinion|view)|imo|imho|makes sense|(?:good|great|bad) (?:idea|point|thing)|no problems?|not sure|why not)\b|[+-]1\b)`),
	decision:   regexp.MustCompile(`(?i)\b(?:decided|decision|agreed|consensus|resolved|conclu\w+|approved|accepted|merged|fixed|settled|we will|i will|i['’]ll|we['’]ll|will be|is now|are now|is available|has been|have been|done)\b`),
	aside:      regexp.MustCompile(`(?i)^(?:\(|for example|for instance|e\.g\.|by the way|btw|p\.?s\.?[ :]|note that|also,|well,? |hmm|of course|anyway|just |fyi)`),
	refersBack: regexp.MustCompile(`(?i)^(?:this|that|these|those|it|they|he|she|and|but|so|or|then|because|which|such)\b`),
	link:       regexp.MustCompile(`(?i)https?://|\bwww\.`),
}

// drawSentence makes a text of what the patterns speak of, in any case and
// with the signs between that change whether they match.
func drawSentence(t *rapid.T) string {
	pieces := []string{"_", "1", "+1", "-1", "'", "’", ".", ", ", ":", " ", " ", "  ", "\n", "é", "日本", "ly", "s", "ing", "really ", "https://", "www.", "(", "e.g.", "p.s. ", "ps: ", "don't", "don’t", "i'd ", "we’ll", "let’s", "?", "!"}
	for _, pattern := range patterns {
		pieces = append(pieces, regexp.MustCompile(`[A-Za-z]+`).FindAllString(pattern.String(), -1)...)
	}
	slices.Sort(pieces) // the same draws in each run: maps have no order
	pieces = slices.Compact(pieces)
	for _, c := range cues {
		pieces = append(pieces, strings.NewReplacer("~ ", "", "+", "ing", "*", "").Replace(c.phrase))
		before, after, _ := strings.Cut(c.phrase, "|")
		_, after, _ = strings.Cut(after, " ")
		pieces = append(pieces, before+" "+after)
	}
	s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 7).Draw(t, "pieces"), rapid.SampledFrom([]string{"", " ", " "}).Draw(t, "between"))
	return rapid.SampledFrom([]func(string) string{strings.ToUpper, strings.ToLower, func(s string) string { return s }}).Draw(t, "case")(s)
}

func TestMarks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSentence(t)
		got := marksOf(s)
		for mark, pattern := range patterns {
			if want := pattern.MatchString(s); got.has(mark) != want {
				t.Fatalf("%q: %v, want %v by %v", s, got.has(mark), want, pattern)
			}
		}
		if got.has(question) != prose.IsQuestion(s) || got.has(courtesy) != prose.IsCourtesy(s) || got.has(finished) != prose.EndsSentence(s) {
			t.Fatalf("%q: question %v, courtesy %v, finished %v", s, got.has(question), got.has(courtesy), got.has(finished))
		}
	})
}

// TestCuesOneByOne holds that each cue is known to the patterns and, for pairs and
// triples of the words of a pattern, that nothing that it matches is missing.
func TestCuesOneByOne(t *testing.T) {
	for mark, pattern := range patterns {
		all := regexp.MustCompile(`[A-Za-z]+`).FindAllString(strings.NewReplacer(`\b`, " ", `\w`, " ").Replace(pattern.String()), -1)
		slices.Sort(all)
		all = slices.Compact(all)
		matched := 0
		test := func(s string) {
			want := pattern.MatchString(s)
			if got := marksOf(s).has(mark); got != want {
				t.Fatalf("%q: %v, want %v by %v", s, got, want, pattern)
			}
			if want {
				matched++
			}
		}
		for _, x := range all {
			for _, ending := range []string{"", "e", "es", ",", " "} {
				test(x + ending)
			}
			for _, y := range all {
				for _, between := range []string{"", " ", "'", "’", ".", "  "} {
					test(x + between + y)
				}
				for _, first := range []string{"i", "we", "am", "why"} {
					test(first + " " + x + " " + y)
					test(first + "'" + x + " " + y)
					test(first + " really " + x + " " + y)
					test(first + " " + x + "’t " + y)
				}
			}
		}
		if matched == 0 {
			t.Errorf("nothing matched %v", pattern)
		}
	}
}

// plainWords is words without haste.
func plainWords(text string) []string {
	var all []string
	word := ""
	end := func() {
		if word != "" {
			all = append(all, word)
		}
		word = ""
	}
	for _, r := range text {
		switch {
		case isSpaceless(r):
			end()
			all = append(all, string(r))
		case unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r):
			word += string(unicode.ToLower(r))
		case r != '\'' && r != '’':
			end()
		}
	}
	end()
	return all
}

func TestWords(t *testing.T) {
	for r := range rune(unicode.MaxRune) {
		s := "Don't" + string(r) + "Go"
		if got, want := words(s), plainWords(s); !slices.Equal(got, want) {
			t.Errorf("U+%04X: %q, want %q", r, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("aZ09_'’ .é日ジﬁİ\u0345\u00a0\n")))).Draw(t, "text")
		if got, want := words(s), plainWords(s); !slices.Equal(got, want) {
			t.Fatalf("%q: %q, want %q", s, got, want)
		}
		n, spaceless := 0, 0
		for _, field := range strings.Fields(s) {
			some := strings.Count(strings.Map(func(r rune) rune {
				if isSpaceless(r) {
					return 'x'
				}
				return '-'
			}, field), "x")
			if spaceless += some; some == 0 {
				n++
			}
		}
		if got, want := length(s), n+(spaceless+1)/2; got != want {
			t.Fatalf("%q has %d words, want %d", s, got, want)
		}
	})
}

// TestEdges holds that sentences resemble each other as their cosine says.
func TestEdges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := converse(drawThread(t))
		edges := c.edges()
		for i := range c.vectors {
			for j := range i {
				want := cosine(c.vectors[i], c.vectors[j]) >= similar
				if got := slices.Contains(edges[i], int32(j)); got != want || slices.Contains(edges[j], int32(i)) != want {
					t.Fatalf("%q and %q: %v, want %v", c.candidates[i].text, c.candidates[j].text, got, want)
				}
			}
		}
	})
}
