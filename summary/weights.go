package summary

import (
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"sigpost/internal/tomlfile"
)

// Weights say how much each feature speaks for a sentence. They were learned
// from threads of which people picked sentences, and are small enough to be read
// and put right by hand.
type Weights struct {
	// Bias is what every sentence has.
	Bias float64 `toml:"bias"`
	// Features have their weights by their names.
	Features map[string]float64 `toml:"feature"`
}

//go:embed weights.toml
var weightsTOML []byte

var builtin = sync.OnceValue(func() *Weights {
	w, err := ParseWeights("weights.toml", weightsTOML)
	if err != nil {
		panic(err) // they are embedded, and a test parses them
	}
	return w
})

// Builtin are the weights that are built in.
func Builtin() *Weights { return builtin() }

// ParseWeights reads weights from TOML, as Format writes them.
func ParseWeights(file string, data []byte) (*Weights, error) {
	w := &Weights{}
	if err := tomlfile.Decode(file, data, w); err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, f := range features {
		known[f.name] = true
		if v, ok := w.Features[f.name]; !ok || math.IsNaN(v) || math.Abs(v) > maxWeight {
			return nil, fmt.Errorf("%s: the feature %s needs a weight between -%d and %d", file, f.name, maxWeight, maxWeight)
		}
	}
	for name := range w.Features {
		if !known[name] {
			return nil, fmt.Errorf("%s: there is no feature %s", file, name)
		}
	}
	return w, nil
}

// maxWeight bounds what a person may write for a feature.
const maxWeight = 100

// Format writes the weights as TOML, in the order of the features, with a
// comment at the head.
func (w *Weights) Format(comment string) []byte {
	var b strings.Builder
	for line := range strings.Lines(comment) {
		b.WriteString("# " + line)
	}
	fmt.Fprintf(&b, "\n\nbias = %s\n\n[feature]\n", number(w.Bias))
	for _, f := range features {
		fmt.Fprintf(&b, "%s = %s\n", f.name, number(w.Features[f.name]))
	}
	return []byte(b.String())
}

// number writes a weight with two digits behind the point.
func number(x float64) string { return strconv.FormatFloat(rounded(x), 'f', -1, 64) }

func rounded(x float64) float64 { return math.Round(100*x)/100 + 0 } // no -0

// judge says of each candidate how likely it is that people would pick it.
func (c *conversation) judge(w *Weights) {
	all := w.values()
	for i := range c.candidates {
		s := &c.candidates[i]
		s.score = logistic(dot(all, s.values) + w.Bias)
	}
}

// values are the weights in the order of the features.
func (w *Weights) values() []float64 {
	all := make([]float64, len(features))
	for k, f := range features {
		all[k] = w.Features[f.name]
	}
	return all
}

// strength is how much the weights are held near what was expected of them:
// that much evidence moves one half of the way. A few threads must not teach
// much.
const strength = 10

// Train learns weights from gold summaries.
func Train(gold []Gold) *Weights {
	var lessons []lesson
	for i := range gold {
		c := converse(gold[i].Messages)
		lessons = append(lessons, gold[i].lessons(c)...)
	}
	return learn(lessons)
}

func learn(lessons []lesson) *Weights {
	expected := make([]float64, len(features))
	for k, f := range features {
		expected[k] = f.expected
	}
	values, bias := fit(lessons, expected, strength)
	w := &Weights{Bias: rounded(bias), Features: map[string]float64{}}
	for k, f := range features {
		w.Features[f.name] = rounded(values[k])
	}
	return w
}
