package classify

import (
	"math"
	"slices"
	"strings"
	"testing"

	"sigpost"
)

// beds is a taxonomy with a part, for small samples.
func beds() *Taxonomy {
	return &Taxonomy{Tags: []TagSpec{
		{Kind: "project", Name: "spade", Title: "Spade"}, {Kind: "project", Name: "rake", Title: "Rake"},
		{Kind: "project", Name: "tines", Title: "Tines", Parents: []string{"rake"}}, {Kind: "scenario", Name: "digging", Title: "Digging"},
	}}
}

func project(name string) sigpost.Tag { return sigpost.Tag{Kind: sigpost.KindProject, Name: name} }

// judgedText makes a sample and its tags of "name score" each.
func judgedText(label string, tags ...sigpost.Tagging) (Sample, []sigpost.Tagging) {
	return Sample{Name: label + "1", Set: "s", Tag: project(label)}, tags
}

func tagged(name string, score float64) sigpost.Tagging {
	t := sigpost.Tagging{Tag: project(name), Score: score, State: sigpost.TagBelow}
	if score >= acceptScore {
		t.State = sigpost.TagAccepted
	}
	return t
}

func TestEvaluate(t *testing.T) {
	var samples []Sample
	var found [][]sigpost.Tagging
	add := func(s Sample, tags []sigpost.Tagging) { samples, found = append(samples, s), append(found, tags) }
	scenario := sigpost.Tagging{Tag: sigpost.Tag{Kind: sigpost.KindScenario, Name: "digging"}, Score: 1}
	add(judgedText("spade", scenario, tagged("spade", 0.95), tagged("rake", 0.92)))
	add(judgedText("spade", tagged("rake", 0.55), tagged("spade", 0.35)))
	add(judgedText("tines", tagged("rake", 0.95), tagged("tines", 0.91)))
	add(judgedText("tines", tagged("tines", 0.25)))
	add(judgedText("rake"))
	all := beds().Evaluate(samples, found)
	if len(all) != 1 {
		t.Fatalf("%d sets", len(all))
	}
	e := all[0]
	if e.Texts != 5 || e.Right != 2 {
		t.Errorf("%d texts, %d right", e.Texts, e.Right)
	}
	// Four of five have a best tag, and two of them are right.
	if want := (Quality{0.5, 0.4, 0.4444}); e.Micro != want {
		t.Errorf("micro %v, want %v", e.Micro, want)
	}
	wantTags := []TagQuality{
		{project("rake"), 1, 2, 0, Quality{0, 0, 0}},
		{project("spade"), 2, 1, 1, Quality{1, 0.5, 0.6667}},
		{project("tines"), 2, 1, 1, Quality{1, 0.5, 0.6667}},
	}
	if !slices.Equal(e.Tags, wantTags) {
		t.Errorf("tags %v, want %v", e.Tags, wantTags)
	}
	if want := (Quality{0.6667, 0.3333, 0.4445}); e.Macro != want {
		t.Errorf("macro %v, want %v", e.Macro, want)
	}
	// "rake" is wrong for the spade and right for the tines, which are a part of it.
	if want := (Acceptance{0.9, 4, 3, 0.75, 0.4}); e.Accepted != want {
		t.Errorf("accepted %v, want %v", e.Accepted, want)
	}
	if want := (Acceptance{0.95, 2, 2, 1, 0.2}); e.Sure == nil || *e.Sure != want {
		t.Errorf("sure %v, want %v", e.Sure, want)
	}
	wantConfused := []string{"rake>:1", "spade>rake:1", "tines>rake:1"}
	var confused []string
	for _, c := range e.Confusions {
		confused = append(confused, c.Label.Name+">"+c.Best.Name+":"+string(rune('0'+c.Texts)))
	}
	if !slices.Equal(confused, wantConfused) {
		t.Errorf("confusions %v, want %v", confused, wantConfused)
	}
	// Off by 2·0.05 (0.9 to 1), 0.55 (0.5 to 0.6) and 0.75 (0.2 to 0.3), over four.
	if want := (2*0.05 + 0.55 + 0.75) / 4; math.Abs(e.CalibrationError-want) > 1e-4 {
		t.Errorf("calibration is off by %v, want %v", e.CalibrationError, want)
	}
	if b := e.Calibration[9]; b.Tags != 2 || b.Score != 0.95 || b.Right != 1 {
		t.Errorf("the last bin is %v", b)
	}
}

func TestEvaluateSure(t *testing.T) {
	for _, tt := range []struct {
		name string
		tags []sigpost.Tagging
		want float64 // 0: no score is sure enough
	}{
		{"all right", []sigpost.Tagging{tagged("spade", 0.9), tagged("spade", 0.6)}, 0.6},
		{"wrong from a score down", []sigpost.Tagging{tagged("spade", 0.9), tagged("rake", 0.8)}, 0.9},
		{"as sure as a wrong one", []sigpost.Tagging{tagged("spade", 0.9), tagged("rake", 0.9)}, 0},
		{"right only below a proposal", []sigpost.Tagging{tagged("spade", 0.4)}, 0},
		{"nothing", nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, tags := judgedText("spade", tt.tags...)
			e := beds().Evaluate([]Sample{s}, [][]sigpost.Tagging{tags})[0]
			got := 0.0
			if e.Sure != nil {
				got = e.Sure.Score
			}
			if got != tt.want {
				t.Errorf("sure from %v, want %v", got, tt.want)
			}
		})
	}
}

// TestCrossValidateFolds: no text is judged by weights that have seen it. A
// word that stands in one text alone is learned, but says nothing of that text.
func TestCrossValidateFolds(t *testing.T) {
	var samples []Sample
	for i := range 40 {
		label, word := "spade", "dig"
		if i%2 == 1 {
			label, word = "rake", "leaves"
		}
		own := strings.Repeat(string(rune('a'+i%26)), 4) + string(rune('a'+i/26))
		samples = append(samples, Sample{Set: "s", Tag: project(label), Doc: Document{Text: word + " in the morning " + own + " " + own}})
	}
	v := crossValidate(beds(), samples)
	for i := range samples {
		words := splitAtoms(samples[i].Doc.Text)
		own := words[len(words)-1]
		for _, tag := range v.weights[v.fold[i]].Kinds["project"] {
			if _, ok := tag.Terms[own]; ok {
				t.Errorf("text %d: %q was learned by the fold that judges it", i, own)
			}
		}
	}
	found := CrossValidate(beds(), samples)
	e := beds().Evaluate(samples, found)[0]
	if e.Right != len(samples) {
		t.Errorf("%d of %d are right", e.Right, len(samples))
	}
}

func TestTypoNames(t *testing.T) {
	taxonomy := &Taxonomy{Tags: []TagSpec{
		{Kind: "project", Name: "kuryr", Title: "K", Former: []string{"Kurrier"}, CommonAliases: []string{"courier"}, Aliases: []string{"kuryr-cni", "k8s-kuryr"}},
		{Kind: "project", Name: "nova", Title: "N", Aliases: []string{"courier"}},
		{Kind: "project", Name: "documentation", Title: "D", NeverInText: true},
		{Kind: "scenario", Name: "edges", Title: "E"},
	}}
	var got []string
	for _, n := range taxonomy.typoNames(sigpost.KindProject) {
		name := n.name
		for _, tag := range n.tags {
			name += " " + tag.Name
		}
		got = append(got, name)
	}
	if want := []string{"courier kuryr nova", "kurrier kuryr", "kuryr kuryr", "kuryr-cni kuryr"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTyposOf(t *testing.T) {
	taxonomy := &Taxonomy{Tags: []TagSpec{{Kind: "project", Name: "spade", Title: "S"}, {Kind: "project", Name: "spode", Title: "P"}}}
	c := New(taxonomy, nil)
	ordinary := func(w string) bool { return w == "spae" || w == "sade" }
	for _, kind := range typoKinds[1:] {
		for seed := range uint64(50) {
			for _, typo := range c.typosOf("spade", kind, newTypoRandom(seed), ordinary) {
				if typo == "spade" || typo == "spode" || typo == "spae" || typo == "sade" || typo[0] != 's' {
					t.Errorf("%s: %q", kind.name, typo)
				}
			}
		}
	}
	if got := c.typosOf("spade", typoKinds[0], newTypoRandom(1), ordinary); !slices.Equal(got, []string{"spade"}) {
		t.Errorf("no typo: %q", got)
	}
}

// TestTyposLearned holds what the built-in weights and rules make of misspelt
// names.
func TestTyposLearned(t *testing.T) {
	r := New(OpenStack(), OpenStackWeights()).Typos(OrdinaryWords())
	texts, found := 0, 0.0
	for _, k := range r.Kinds {
		if k.Kind == noTypo {
			continue
		}
		least := 0.97
		switch {
		case k.Kind == "all":
			texts, found = texts+k.Texts, found+k.Found*float64(k.Texts)
			least = 0.96
		case k.SeveralWords && k.Kind == "delete": // short words of the language are left out only by a dictionary
			least = 0.90
		}
		if k.Texts < 1000 || k.Found < least || k.Precision < 0.99 {
			t.Errorf("%s, several words %v: of %d texts %.3f are found, at a precision of %.3f", k.Kind, k.SeveralWords, k.Texts, k.Found, k.Precision)
		}
	}
	if all := found / float64(max(texts, 1)); all < 0.97 {
		t.Errorf("of all %d texts %.3f are found", texts, all)
	}
}

// TestTyposRespelt: names of several words are found misspelt also where something
// else stands between the words than the taxonomy has there.
func TestTyposRespelt(t *testing.T) {
	c, ordinary := New(OpenStack(), OpenStackWeights()), OrdinaryWords()
	for _, tt := range []struct {
		between string
		found   float64
	}{{"-", 0.95}, {" ", 0.88}, {"", 0.88}} {
		random := newTypoRandom(typoSeed + 1)
		all := typoCount{}
		respell := strings.NewReplacer("-", tt.between, "_", tt.between, ".", tt.between, " ", tt.between)
		for _, n := range c.taxonomy.typoNames(sigpost.KindProject) {
			if len(splitAtoms(n.name)) < 2 {
				continue
			}
			for _, kind := range typoKinds[1:] {
				for _, typo := range c.typosOf(n.name, kind, random, ordinary) {
					all.try(c, n, respell.Replace(typo))
				}
			}
		}
		q := all.quality(true)
		t.Logf("%q between the words: of %d texts %.3f are found, at a precision of %.3f", tt.between, q.Texts, q.Found, q.Precision)
		if q.Texts < 10000 || q.Found < tt.found || q.Precision < 0.99 {
			t.Errorf("at least %.2f are to be found, at a precision of 0.99", tt.found)
		}
	}
}
