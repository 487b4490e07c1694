package classify

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sigpost"
)

const learnTaxonomy = `
title = "Garden"
domain = ["garden"]
[[tag]]
kind = "project"
name = "spade"
title = "The Spade"
[[tag]]
kind = "project"
name = "rake"
title = "The Rake"
common_word = true
`

var (
	spade = sigpost.Tag{Kind: sigpost.KindProject, Name: "spade"}
	rake  = sigpost.Tag{Kind: sigpost.KindProject, Name: "rake"}
)

func garden(t testing.TB) *Taxonomy {
	t.Helper()
	taxonomy, err := ParseTaxonomy("g.toml", []byte(learnTaxonomy))
	if err != nil {
		t.Fatal(err)
	}
	return taxonomy
}

// decision is a thread of one message with what was decided of it.
type decision struct {
	text   string
	tag    sigpost.Tag
	accept bool
}

func learnFrom(t *Taxonomy, w *Weights, order []int, decisions []decision) (*Weights, []Lesson) {
	l := NewLearner(t, w)
	for _, i := range order {
		d := decisions[i]
		l.Add(int64(i+1), []Document{{Subject: "Garden", Text: d.text, Opener: true}}, []Verdict{{d.tag, d.accept}})
	}
	return l.Learn()
}

func inOrder(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

var cards = []decision{
	{"The spade is trumps in this game of cards.", spade, false},
	{"He plays cards, and holds the seven of spade.", spade, false},
	{"My spade broke in the clay.", spade, true},
	{"Which spade for heavy clay?", spade, true},
	{"Double the stake: cards with a spade on it, at the club.", spade, false},
	{"We dig a trench through roots and clay.", rake, true},
	{"Raking leaves off the lawn.", rake, true},
	{"The leaves on the lawn.", rake, true},
	{"The leaves", sigpost.NatureQuestion.Tag(), true},
	{"Gone", sigpost.Tag{Kind: "project", Name: "gone"}, true},
}

func stateOf(c *Classifier, tag sigpost.Tag, text string) string {
	for _, g := range c.Classify([]Document{{Subject: "Garden", Text: text, Opener: true}}) {
		if g.Tag == tag {
			return string(g.State)
		}
	}
	return ""
}

func TestLearn(t *testing.T) {
	taxonomy := garden(t)
	learned, lessons := learnFrom(taxonomy, nil, inOrder(len(cards)), cards)
	for i := range lessons {
		if lessons[i].Terms == 0 {
			t.Errorf("no term was learned: %+v", lessons[i])
		}
		lessons[i].Terms = 0
	}
	want := []Lesson{{Tag: rake, Decisions: 3, RightBefore: 0, RightAfter: 3}, {Tag: spade, Decisions: 5, RightBefore: 2, RightAfter: 5}}
	if !reflect.DeepEqual(lessons, want) {
		t.Errorf("the lessons are %+v, not %+v", lessons, want)
	}
	file := learned.Format("Learned.")
	again, err := ParseWeights("learned.toml", file)
	if err != nil || !reflect.DeepEqual(again, learned) {
		t.Errorf("written and read again it is another: %v\n%s", err, file)
	}
	c := NewTaught(taxonomy, nil, again)
	for _, tt := range []struct {
		tag        sigpost.Tag
		text, want string
	}{
		// The decided threads themselves, and what is like them.
		{spade, cards[0].text, ""}, {spade, cards[1].text, ""}, {spade, cards[2].text, "accepted"}, {spade, cards[4].text, ""},
		{rake, cards[6].text, "accepted"}, {spade, "A spade of cards", "proposed"}, {spade, "A spade in clay", "accepted"},
		{rake, "Lawn, leaves", "accepted"}, {rake, "A long lawn", "proposed"}, {spade, "Clay", ""},
		// What nothing was decided about is as before.
		{spade, "A spade.", "accepted"}, {rake, "Lettuce", ""},
	} {
		if got := stateOf(c, tt.tag, tt.text); got != tt.want {
			t.Errorf("%q: %s is %q, not %q", tt.text, tt.tag, got, tt.want)
		}
	}
	for _, g := range c.Classify([]Document{{Text: "Leaves and lawn, in my garden"}}) {
		if !strings.HasPrefix(g.Evidence[0].Rule, "word ") || !strings.HasSuffix(g.Evidence[0].Rule, ", learned from 3 decisions") {
			t.Errorf("the reason is %+v", g.Evidence[0])
		}
	}
	if got := c.Classify([]Document{{Text: "Leaves and lawn"}}); len(got) > 0 {
		t.Errorf("words alone give tags to mail about anything: %+v", got)
	}
}

// Two decisions teach nothing, nor do those that the classifier agrees with.
func TestLearnNeedsMistakes(t *testing.T) {
	taxonomy := garden(t)
	for _, few := range [][]decision{cards[:2], {cards[2], cards[3], {"Spade!", spade, true}, {"Nothing.", spade, false}}} {
		if learned, _ := learnFrom(taxonomy, nil, inOrder(len(few)), few); len(learned.Kinds) > 0 {
			t.Errorf("%d decisions teach %+v", len(few), learned)
		}
	}
}

// Where people contradict each other there is no end to it; it stops, and the
// weights stay small.
func TestLearnFromContradictions(t *testing.T) {
	var same []decision
	for i := range 8 {
		same = append(same, decision{"The same text again.", spade, i%2 == 0})
	}
	learned, lessons := learnFrom(garden(t), nil, inOrder(len(same)), same)
	if lessons[0].RightAfter > 4 {
		t.Errorf("%+v", lessons[0])
	}
	for term, w := range learned.Kinds["project"]["spade"].Terms {
		if math.Abs(w) > maxLearned {
			t.Errorf("%s: %v", term, w)
		}
	}
}

func TestLearnIsIndependentOfTheOrder(t *testing.T) {
	taxonomy := garden(t)
	words := []string{"spade", "rake", "clay", "cards", "leaves", "lawn", "trumps", "the", "is", "game", "stake", "Spades", "team"}
	rapid.Check(t, func(t *rapid.T) {
		var decisions []decision
		for i := range rapid.IntRange(0, 12).Draw(t, "decisions") {
			text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 8).Draw(t, fmt.Sprint("text ", i)), " ")
			tag := rapid.SampledFrom([]sigpost.Tag{spade, rake}).Draw(t, "tag")
			decisions = append(decisions, decision{text, tag, rapid.Bool().Draw(t, "accept")})
		}
		first, lessons := learnFrom(taxonomy, nil, inOrder(len(decisions)), decisions)
		order := rapid.Permutation(inOrder(len(decisions))).Draw(t, "order")
		second, _ := learnFrom(taxonomy, nil, order, decisions)
		if a, b := first.Format(""), second.Format(""); string(a) != string(b) {
			t.Fatalf("in another order something else is learned:\n%s\n%s", a, b)
		}
		for _, l := range lessons {
			if l.RightAfter < l.RightBefore {
				t.Fatalf("after learning it knows less: %+v", l)
			}
		}
	})
}

// More evidence never weighs less, whatever was learned.
func TestLearnedIsMonotone(t *testing.T) {
	taxonomy := garden(t)
	learned, _ := learnFrom(taxonomy, nil, inOrder(len(cards)), cards)
	c := NewTaught(taxonomy, nil, learned)
	s := c.take()
	lesson, last := -1.5, math.Inf(-1)
	for x := 0.0; x < 5; x += 0.1 {
		w := weighed{found: &finding{x: x}}
		if odds := c.baseOdds(s, w, 0, nil) + lesson; odds < last {
			t.Fatalf("at x = %v the odds fall from %v to %v", x, last, odds)
		} else {
			last = odds
		}
	}
}

// What is built in can be taught as well: a name in a subject, which no trained
// weight can outvote, included.
func TestLearnOverTrainedWeights(t *testing.T) {
	taxonomy := OpenStack()
	heat := sigpost.Tag{Kind: sigpost.KindProject, Name: "heat"}
	var decisions []decision
	for _, text := range []string{
		"The Heat in the server room of our OpenStack cloud: the cooling fans fail.", "OpenStack racks and Heat: fans, cooling, air.",
		"Cooling! The fans cannot carry the Heat off, said OpenStack's facility people.",
	} {
		decisions = append(decisions, decision{text, heat, false})
	}
	for _, text := range []string{"An OpenStack Heat stack update fails.", "Heat templates on OpenStack: resource groups.", "OpenStack Heat engine workers."} {
		decisions = append(decisions, decision{text, heat, true})
	}
	learned, lessons := learnFrom(taxonomy, OpenStackWeights(), inOrder(len(decisions)), decisions)
	if l := lessons[0]; l.RightAfter != 6 || l.RightBefore == 6 {
		t.Errorf("%+v", l)
	}
	c := NewTaught(taxonomy, OpenStackWeights(), learned)
	if got := stateOf(c, heat, decisions[0].text); got != "" {
		t.Errorf("a rejected tag is %s", got)
	}
	if got := stateOf(c, heat, "The OpenStack Heat stack of ours is stuck in update."); got != "accepted" {
		t.Errorf("another thread's tag is %q", got)
	}
}

// Learned words alone are shown to a reviewer, and to readers only once one has
// decided so.
func TestWordsAloneAreProposed(t *testing.T) {
	taxonomy := OpenStack()
	octavia := sigpost.Tag{Kind: sigpost.KindProject, Name: "octavia"}
	text := "In our OpenStack cloud the failover leaves listeners, pools, L7 policies, the VIP and health monitors of the load balancer behind; the provider driver and the haproxy flavor are to blame."
	c := New(taxonomy, OpenStackWeights())
	for _, g := range c.Classify([]Document{{Text: text}}) {
		if g.Tag == octavia && (g.State != sigpost.TagProposed || g.Score < acceptScore) {
			t.Errorf("it is %s with %.2f: %+v", g.State, g.Score, g.Evidence)
		}
	}
	if got := stateOf(c, octavia, text); got != "proposed" {
		t.Errorf("it is %q", got)
	}
	if got := stateOf(c, octavia, text+" Octavia is at fault."); got != "accepted" {
		t.Errorf("with its name it is %q", got)
	}
}
