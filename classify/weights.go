package classify

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sigpost"
	"sigpost/internal/tomlfile"
)

// Weights say which words speak for and against tags. They were learned from
// texts whose tags are known (Train), or from what reviewers decided (Learn),
// and are small enough to be read and put right by hand.
type Weights struct {
	// Kinds has a table for each kind, and in it one for each tag.
	Kinds map[string]map[string]TagWeights `toml:"kind"`
	// Calibration makes a probability of the margin by which they decide.
	Calibration Calibration `toml:"calibration"`
}

// TagWeights are what was learned of one tag.
type TagWeights struct {
	// Bias is what a text has before a word of it was read.
	Bias float64 `toml:"bias"`
	// Rules is what it adds that the rules name the tag, Others what it takes
	// away that they name another; both are multiplied by how surely, between
	// 0 and 1. What is learned from decisions has neither.
	Rules  float64 `toml:"rules"`
	Others float64 `toml:"others"`
	// Decisions is how many decisions of reviewers it was learned from.
	Decisions int `toml:"decisions"`
	// Terms are words, less their endings, and pairs of words, with what each
	// adds (speaks for the tag) or takes away. A text has (1 + ln n) / √N of a
	// term that stands in it n times among N.
	Terms map[string]float64 `toml:"terms"`
}

//go:embed learned.toml
var learnedTOML []byte

// openStackWeights reads the built-in weights once.
var openStackWeights = sync.OnceValue(func() *Weights {
	w, err := ParseWeights("learned.toml", learnedTOML)
	if err != nil {
		panic(err) // they are embedded, and a test parses them
	}
	return w
})

// OpenStackWeights are the weights that are built in, for the taxonomy OpenStack.
func OpenStackWeights() *Weights { return openStackWeights() }

// OpenStackWeightsVersion is WeightsVersion of the built-in weights.
func OpenStackWeightsVersion() string { return WeightsVersion(learnedTOML) }

// WeightsVersion is a short hash of a file of weights.
func WeightsVersion(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])[:12]
}

// ParseWeights reads weights from TOML, as Format writes them. Its error has a
// line for each mistake.
func ParseWeights(file string, data []byte) (*Weights, error) {
	if w, ok := readFormatted(string(data)); ok {
		return w, nil
	}
	w := &Weights{}
	if err := tomlfile.Decode(file, data, w); err != nil {
		return nil, err
	}
	for _, kind := range slices.Sorted(maps.Keys(w.Kinds)) {
		for _, name := range slices.Sorted(maps.Keys(w.Kinds[kind])) {
			for term, weight := range w.Kinds[kind][name].Terms {
				if n := len(splitAtoms(term)); n < 1 || n > 2 || math.IsNaN(weight) || math.Abs(weight) > maxWeight {
					return nil, fmt.Errorf("%s: tag %s: the term %q with weight %g: a term is one word or two, and a weight lies between -%d and %d", file, name, term, weight, maxWeight, maxWeight)
				}
			}
		}
	}
	return w, nil
}

// maxWeight bounds what a person may write for a term.
const maxWeight = 1000

// Format writes the weights as TOML, the strongest first, with a comment at the
// head.
func (w *Weights) Format(comment string) []byte {
	var b strings.Builder
	for line := range strings.Lines(comment) {
		b.WriteString("# " + line)
	}
	b.WriteString("\n")
	if w.Calibration != (Calibration{}) { // what was learned from decisions has none
		fmt.Fprintf(&b, "\n[calibration]\nbias = %s\nmargin = %s\nlead = %s\n", number(w.Calibration.Bias), number(w.Calibration.Margin), number(w.Calibration.Lead))
	}
	for _, kind := range slices.Sorted(maps.Keys(w.Kinds)) {
		for _, name := range slices.Sorted(maps.Keys(w.Kinds[kind])) {
			t := w.Kinds[kind][name]
			fmt.Fprintf(&b, "\n[kind.%s.%s]\nbias = %s\n", kind, name, number(t.Bias))
			if t.Decisions > 0 {
				fmt.Fprintf(&b, "decisions = %d\n", t.Decisions)
			} else {
				fmt.Fprintf(&b, "rules = %s\nothers = %s\n", number(t.Rules), number(t.Others))
			}
			fmt.Fprintf(&b, "[kind.%s.%s.terms]\n", kind, name)
			for _, term := range slices.SortedFunc(maps.Keys(t.Terms), func(x, y string) int {
				return cmp.Or(cmp.Compare(t.Terms[y], t.Terms[x]), cmp.Compare(x, y))
			}) {
				if isLetters(term) {
					fmt.Fprintf(&b, "%s = %s\n", term, number(t.Terms[term]))
				} else {
					fmt.Fprintf(&b, "%q = %s\n", term, number(t.Terms[term]))
				}
			}
		}
	}
	return []byte(b.String())
}

// number writes a weight with two digits behind the point.
func number(x float64) string { return strconv.FormatFloat(math.Round(100*x)/100, 'f', -1, 64) }

// lexicon is weights made ready for matching: terms have numbers, and each has
// its weights by tag. What was trained and what was learned from decisions are
// apart.
type lexicon struct {
	ids     table
	names   []string        // by term
	speaks  [][]tagValue    // by term: what was trained
	adds    [][]tagValue    // by term: what was learned from decisions
	known   []int32         // the tags of which something was trained
	biases  []float64       // by tag; NaN for a tag of which nothing was trained
	rules   []named         // by tag: what the rules count
	taught  []lesson        // by tag
	kinds   map[string]bool // the kinds of known tags
	lessons []int32         // the tags of which decisions taught something
}

// lesson is what decisions taught of a tag beside its terms.
type lesson struct {
	decisions int
	bias      float64
}

// knows says whether anything was trained of a tag.
func (x *lexicon) knows(tag int32) bool { return !math.IsNaN(x.biases[tag]) }

// assumes says whether nothing was trained of a tag, but of others of its kind.
func (x *lexicon) assumes(t *Taxonomy, tag int32) bool {
	return !x.knows(tag) && x.kinds[t.Tags[tag].Kind]
}

// because says from how many decisions of reviewers something of a tag was
// learned.
func (x *lexicon) because(tag int32) string {
	return fmt.Sprintf("learned from %d decisions", x.taught[tag].decisions)
}

// tagValue is what a term adds to a tag.
type tagValue struct {
	tag    int32
	weight float32
	// doubtful says that the term is a name of the tag, or holds one, and an
	// ordinary word: the rules alone tell which is meant.
	doubtful bool
}

func newLexicon(t *Taxonomy, w, learned *Weights) *lexicon {
	n := len(t.Tags)
	x := &lexicon{kinds: map[string]bool{}, biases: make([]float64, n), rules: make([]named, n), taught: make([]lesson, n)}
	for i := range t.Tags {
		tag := t.Tags[i].Tag()
		x.biases[i] = math.NaN()
		if trained, ok := w.of(tag); ok {
			x.known = append(x.known, int32(i))
			x.kinds[t.Tags[i].Kind] = true
			x.biases[i], x.rules[i] = trained.Bias, named{trained.Rules, trained.Others}
			doubtful := t.Tags[i].doubtfulWords()
			for term, weight := range trained.Terms {
				id := x.term(term)
				first, second, _ := strings.Cut(term, " ")
				x.speaks[id] = append(x.speaks[id], tagValue{int32(i), float32(weight), weight > 0 && (doubtful[first] || doubtful[second])})
			}
		}
		if taught, ok := learned.of(tag); ok {
			x.taught[i] = lesson{taught.Decisions, taught.Bias}
			x.lessons = append(x.lessons, int32(i))
			for _, term := range slices.Sorted(maps.Keys(taught.Terms)) {
				id := x.term(term)
				x.adds[id] = append(x.adds[id], tagValue{tag: int32(i), weight: float32(taught.Terms[term])})
			}
		}
	}
	return x
}

// doubtfulWords are the words of the tag's names that need context.
func (s *TagSpec) doubtfulWords() map[string]bool {
	names := slices.Concat(s.CommonAliases, s.Former)
	if s.CommonWord || s.NeverInText {
		names = append(names, s.Name)
	}
	words := map[string]bool{}
	for _, name := range names {
		for _, w := range splitAtoms(name) {
			words[w] = true
		}
	}
	return words
}

// of gives what was learned of a tag.
func (w *Weights) of(tag sigpost.Tag) (TagWeights, bool) {
	if w == nil {
		return TagWeights{}, false
	}
	t, ok := w.Kinds[string(tag.Kind)][tag.Name]
	return t, ok
}

// term gives the number of a term that is written as one word or two.
func (x *lexicon) term(text string) int32 {
	h := hashTerm(text)
	id, ok := x.ids.get(h)
	if !ok {
		id = int32(len(x.names))
		x.ids.put(h, id)
		x.names = append(x.names, text)
		x.speaks, x.adds = append(x.speaks, nil), append(x.adds, nil)
	}
	return id
}

func hashTerm(text string) termHash {
	var h termHash
	for i, w := range splitAtoms(text) {
		_, word := hashWord([]byte(w))
		if i == 0 {
			h = word
		} else {
			h = h.pair(word)
		}
	}
	return h
}
