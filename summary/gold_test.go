package summary

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"sigpost"
)

func near(x, y float64) bool { return math.Abs(x-y) < 1e-9 }

func TestRouge(t *testing.T) {
	for _, c := range []struct {
		name, summary, written string
		one, two, long         Quality
	}{
		{"the same", "the cat sat", "the cat sat", Quality{1, 1, 1}, Quality{1, 1, 1}, Quality{1, 1, 1}},
		{"nothing shared", "a b", "c d", Quality{}, Quality{}, Quality{}},
		// Lin (2004), section 3: "police kill the gunman", "the gunman kill police".
		{"another order", "the gunman kill police", "police kill the gunman", Quality{1, 1, 1}, Quality{1. / 3, 1. / 3, 1. / 3}, Quality{.5, .5, .5}},
		{"each word counts once", "the the the cat", "the cat sat", Quality{.5, 2. / 3, 4. / 7}, Quality{1. / 3, .5, .4}, Quality{.5, 2. / 3, 4. / 7}},
		{"empty", "", "a", Quality{}, Quality{}, Quality{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rouge(strings.Fields(c.summary), strings.Fields(c.written))
			for _, x := range []struct {
				name      string
				got, want Quality
			}{{"1", r.One, c.one}, {"2", r.Two, c.two}, {"L", r.Long, c.long}} {
				if !near(x.got.Precision, x.want.Precision) || !near(x.got.Recall, x.want.Recall) || !near(x.got.F1, x.want.F1) {
					t.Errorf("ROUGE-%s is %+v, want %+v", x.name, x.got, x.want)
				}
			}
		})
	}
}

// threadOf is gold with one annotator of one message.
func threadOf(t *testing.T, text string, sentences ...GoldSentence) (*Gold, *conversation) {
	t.Helper()
	g := &Gold{Messages: []*sigpost.Message{mail(t, 1, "Ana", "Ports", text)}, Sentences: sentences, Annotators: []Annotator{{Who: "A1"}}}
	if err := g.locate(); err != nil {
		t.Fatal(err)
	}
	return g, converse(g.Messages)
}

func TestPicks(t *testing.T) {
	const text = "We run it on forty nodes - and pods get stuck all the time. It is new. The ports stay behind when pods go away.\n\nThe ports stay behind when pods go away.\n"
	g, c := threadOf(t, text,
		GoldSentence{ID: "1.1", Text: "We run it on forty nodes"},
		GoldSentence{ID: "1.2", Text: "- and pods get stuck all the time."},
		GoldSentence{ID: "1.3", Text: "It is new. The ports stay behind when pods go away."},
		GoldSentence{ID: "1.4", Text: "The ports stay behind when pods go away."},
		GoldSentence{ID: "1.5", Text: "--"})
	for _, x := range []struct {
		name   string
		chosen []int
		gold   []int
		none   int
	}{
		{"one of ours, two of theirs", []int{0}, []int{0, 1}, 0},
		{"the lesser part of one of theirs", []int{1}, nil, 1},
		{"the greater part, and not its copy", []int{2}, []int{2}, 0},
		{"nothing", nil, nil, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			if gold, none := g.picks(c, x.chosen); !slices.Equal(gold, x.gold) || none != x.none {
				t.Errorf("picks are %v and %d others, want %v and %d", gold, none, x.gold, x.none)
			}
		})
	}
}

func TestScore(t *testing.T) {
	g, c := threadOf(t, "We run it on forty nodes. Pods get stuck all the time. The ports stay behind.\n",
		GoldSentence{ID: "1.1", Text: "We run it on forty nodes.", Picked: 1},
		GoldSentence{ID: "1.2", Text: "Pods get stuck all the time.", Picked: 1},
		GoldSentence{ID: "1.3", Text: "The ports stay behind."})
	s := g.judge(c, []int{1, 2})
	if !near(s.Sentences.Precision, .5) || !near(s.Sentences.Recall, .5) || !near(s.Pyramid, .5) || s.Words != 10 || s.Chosen != 2 {
		t.Errorf("the score is %+v", s)
	}
	g.Annotators = append(g.Annotators, Annotator{Who: "A2"})
	if s := g.judge(c, []int{1, 2}); s.Sentences.F1 != 0 || !near(s.Pyramid, .5) {
		t.Errorf("of what only one of two picked, the score is %+v", s)
	}
}

func TestOwnGold(t *testing.T) {
	gold := goldIn(t, "testdata/gold")
	if len(gold) != 4 {
		t.Fatalf("%d threads", len(gold))
	}
	for i := range gold {
		g := &gold[i]
		for _, s := range g.Sentences {
			if s.at.Start < 0 && len(words(s.Text)) > 0 {
				t.Errorf("%s: %s is not in its message: %q", g.Name, s.ID, s.Text)
			}
		}
		c := converse(g.Messages)
		all := make([]int, len(c.candidates))
		for k := range all {
			all[k] = k
		}
		picks, none := g.picks(c, all)
		if none > 0 {
			t.Errorf("%s: %d candidates are cut otherwise than people did", g.Name, none)
		}
		for k, s := range g.Sentences {
			switch chosen := slices.Contains(picks, k); {
			case s.Picked > 0 && !chosen:
				t.Errorf("%s: %s can never be chosen: %q", g.Name, s.ID, s.Text)
			case chosen && strings.HasPrefix(s.Text, ">"):
				t.Errorf("%s: %s is a quote and may be chosen", g.Name, s.ID)
			}
		}
	}
}

// TestOwnFolds holds what summaries are worth on threads of a list like
// OpenStack's.
func TestOwnFolds(t *testing.T) {
	r := Evaluate(goldIn(t, "testdata/gold"), nil, 120, true)
	if len(r.Methods) != len(methods()) || r.Methods[0].Method != Ours || len(r.ByThread) != 4 {
		t.Fatalf("the report is %+v", r)
	}
	for _, m := range r.Methods {
		t.Logf("%-10s F1 %.3f ROUGE-1 %.3f", m.Method, m.Sentences.F1, m.One.F1)
		if m.Words > 120 {
			t.Errorf("%s has %.1f words", m.Method, m.Words)
		}
	}
	if f := r.Methods[0].Sentences.F1; f < 0.65 {
		t.Errorf("F1 is %.3f, 0.65 is the least", f)
	}
}

func TestReadGoldErrors(t *testing.T) {
	for _, c := range []struct{ name, json, want string }{
		{"none", "", "there is no gold/NAME.json"},
		{"broken", "{", "gold/x.json: unexpected end"},
		{"no number", `{"sentences": [["one", "x"]]}`, `gold/x.json: the sentence "one" has no number`},
		{"another message", `{"sentences": [["2.1", "x"]]}`, "gold/x.json: the sentence 2.1 is of message 2, and the mail has 1"},
		{"messages differ", `{"messages": 3}`, "gold/x.json: it speaks of 3 messages, and the mail has 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if c.json != "" {
				if err := os.MkdirAll(dir+"/gold", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(dir+"/gold/x.json", []byte(c.json), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			_, err := ReadGold(os.DirFS(dir), func(string) ([]*sigpost.Message, error) {
				return []*sigpost.Message{mail(t, 1, "Ana", "Ports", "Hello.")}, nil
			})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want %q", err, c.want)
			}
		})
	}
}

func TestWeights(t *testing.T) {
	w := Builtin()
	again, err := ParseWeights("again", w.Format("A comment."))
	if err != nil || again.Bias != w.Bias || len(again.Features) != len(features) {
		t.Fatalf("%+v, %v", again, err)
	}
	for _, f := range features {
		if again.Features[f.name] != w.Features[f.name] {
			t.Errorf("%s is %g, was %g", f.name, again.Features[f.name], w.Features[f.name])
		}
	}
	for _, c := range []struct{ name, from, to, want string }{
		{"unknown", "opener =", "opner =", "opener needs a weight"},
		{"more", "opener =", "opner = 1\nopener =", "there is no feature opner"},
		{"too much", "\nopener = ", "\nopener = 1000", "opener needs a weight between"},
		{"unknown key", "bias", "bais", "bais"},
	} {
		text := strings.Replace(string(w.Format("x")), c.from, c.to, 1)
		if _, err := ParseWeights("w.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: the error is %v, want %q", c.name, err, c.want)
		}
	}
}

func TestFit(t *testing.T) {
	var lessons []lesson
	for range 50 { // the first feature tells, the second does not
		lessons = append(lessons, lesson{[]float64{1, 0}, 0.9}, lesson{[]float64{1, 1}, 0.9}, lesson{[]float64{0, 0}, 0.1}, lesson{[]float64{0, 1}, 0.1})
	}
	w, bias := fit(lessons, []float64{0, 0}, 0.01)
	if p := logistic(w[0] + bias); math.Abs(p-0.9) > 0.01 || math.Abs(w[1]) > 0.01 || math.Abs(logistic(bias)-0.1) > 0.01 {
		t.Errorf("weights %v and bias %g", w, bias)
	}
	held, _ := fit(lessons, []float64{0, 1}, 1e6)
	if math.Abs(held[0]) > 0.01 || math.Abs(held[1]-1) > 0.01 {
		t.Errorf("held near what was expected, the weights are %v", held)
	}
	if _, bias := fit(nil, []float64{1, 1}, 1); math.IsNaN(bias) {
		t.Error("from nothing, the bias is no number")
	}
}
