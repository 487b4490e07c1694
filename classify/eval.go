package classify

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"sigpost"
)

// Quality says how well tags were found, between 0 and 1.
type Quality struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// TagQuality is how well the best tag finds the texts of one label.
type TagQuality struct {
	Tag sigpost.Tag `json:"tag"`
	// Texts bear the label, Best have it for their best tag, Right both.
	Texts int `json:"texts"`
	Best  int `json:"best"`
	Right int `json:"right"`
	Quality
}

// Acceptance says what accepting tags from a score on gives. A tag is right if
// it is the label of its text, or a whole of which the label is a part.
type Acceptance struct {
	Score     float64 `json:"score"`
	Tags      int     `json:"tags"`
	Right     int     `json:"right"`
	Precision float64 `json:"precision"`
	// Recall is the share of the texts whose own label is accepted.
	Recall float64 `json:"recall"`
}

// Confusion is how often texts of a label have another best tag. The tag is
// empty where they have none.
type Confusion struct {
	Label    sigpost.Tag `json:"label"`
	Best     sigpost.Tag `json:"best"`
	Texts    int         `json:"texts"`
	Examples []string    `json:"examples"` // names of texts
}

// CalibrationBin are the best tags with a score between two tenths.
type CalibrationBin struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Tags  int     `json:"tags"`
	Score float64 `json:"score"` // their mean
	Right float64 `json:"right"` // the share of them that is
}

// Evaluation says how well the tags of labelled texts were found. The best tag
// is the one of the label's kind that scores best, whatever its score.
type Evaluation struct {
	Set   string `json:"set"`
	Texts int    `json:"texts"`
	Right int    `json:"right"` // whose best tag is their label
	// Macro is the mean over the tags that are labels.
	Micro Quality      `json:"micro"`
	Macro Quality      `json:"macro"`
	Tags  []TagQuality `json:"tags"`
	// Accepted is what is accepted, At what would be from other scores on, Sure
	// what would be from the least with a precision of 0.95, where there is one.
	Accepted    Acceptance       `json:"accepted"`
	At          []Acceptance     `json:"at"`
	Sure        *Acceptance      `json:"sure"`
	Confusions  []Confusion      `json:"confusions"`
	Calibration []CalibrationBin `json:"calibration"`
	// CalibrationError is by how much the score of the best tag is off the share
	// that is right, as the mean over the bins by their tags (the expected
	// calibration error).
	CalibrationError float64 `json:"calibration_error"`
}

const (
	// surePrecision is what Evaluation.Sure reaches.
	surePrecision    = 0.95
	calibrationBins  = 10
	confusionExample = 2 // how many names of texts a confusion has
)

// Evaluate measures the tags that were found in each of the samples, best
// first, set by set in the order of their names.
func (t *Taxonomy) Evaluate(samples []Sample, found [][]sigpost.Tagging) []Evaluation {
	sets := map[string][]judged{}
	parents := t.parentsByTag()
	for i := range samples {
		s := &samples[i]
		j := judged{name: s.Name, label: s.Tag}
		for _, g := range found[i] {
			if g.Tag.Kind != s.Tag.Kind {
				continue
			}
			right := g.Tag == s.Tag || slices.Contains(parents[s.Tag], g.Tag)
			j.tags = append(j.tags, scored{g.Tag, g.Score, right, g.State == sigpost.TagAccepted})
		}
		sets[s.Set] = append(sets[s.Set], j)
	}
	var all []Evaluation
	for _, set := range slices.Sorted(maps.Keys(sets)) {
		all = append(all, evaluate(set, sets[set]))
	}
	return all
}

// parentsByTag are the tags that each tag is a part of.
func (t *Taxonomy) parentsByTag() map[sigpost.Tag][]sigpost.Tag {
	parents := map[sigpost.Tag][]sigpost.Tag{}
	for i := range t.Tags {
		s := &t.Tags[i]
		for _, p := range s.Parents {
			parents[s.Tag()] = append(parents[s.Tag()], reference(p, s.Kind))
		}
	}
	return parents
}

// judged is a text with its label and the tags of that kind, the best first.
type judged struct {
	name  string
	label sigpost.Tag
	tags  []scored
}

// scored is a tag that was found, and whether it is right.
type scored struct {
	tag   sigpost.Tag
	score float64
	right bool
	held  bool // it was accepted
}

// best is the best tag, or the empty one where there is none.
func (j *judged) best() scored {
	if len(j.tags) == 0 {
		return scored{}
	}
	return j.tags[0]
}

func evaluate(set string, texts []judged) Evaluation {
	e := Evaluation{Set: set, Texts: len(texts), Tags: tagQualities(texts), Confusions: confusions(texts)}
	answered := 0
	for i := range texts {
		if len(texts[i].tags) > 0 {
			answered++
		}
	}
	for _, q := range e.Tags {
		e.Right += q.Right
		e.Macro.Precision += q.Precision / float64(len(e.Tags))
		e.Macro.Recall += q.Recall / float64(len(e.Tags))
		e.Macro.F1 += q.F1 / float64(len(e.Tags))
	}
	e.Macro = e.Macro.rounded()
	e.Micro = qualityOf(e.Right, answered, e.Texts)
	e.Accepted = acceptance(texts, acceptScore, func(g scored) bool { return g.held })
	for _, score := range []float64{proposeScore, 0.7, 0.8, 0.95, 0.98, 0.99, 0.995, 0.999} {
		e.At = append(e.At, acceptance(texts, score, func(g scored) bool { return g.score >= score }))
	}
	e.Sure = sureAcceptance(texts)
	e.Calibration, e.CalibrationError = calibration(texts)
	return e
}

// qualityOf is the quality of finding right of the wanted among those that
// were given.
func qualityOf(right, given, wanted int) Quality {
	return Quality{Precision: share(right, given), Recall: share(right, wanted), F1: share(2*right, given+wanted)}.rounded()
}

func (q Quality) rounded() Quality {
	return Quality{round(q.Precision), round(q.Recall), round(q.F1)}
}

// share is a part of a whole; of nothing, it is nothing.
func share(part, whole int) float64 { return round(float64(part) / float64(max(whole, 1))) }

// tagQualities measures each label, in the order of their names.
func tagQualities(texts []judged) []TagQuality {
	by := map[sigpost.Tag]*TagQuality{}
	for i := range texts {
		if label := texts[i].label; by[label] == nil {
			by[label] = &TagQuality{Tag: label}
		}
	}
	for i := range texts {
		j := &texts[i]
		by[j.label].Texts++
		if best := by[j.best().tag]; best != nil {
			best.Best++
			if j.best().tag == j.label {
				best.Right++
			}
		}
	}
	var all []TagQuality
	for _, tag := range slices.SortedFunc(maps.Keys(by), compareTags) {
		q := by[tag]
		q.Quality = qualityOf(q.Right, q.Best, q.Texts)
		all = append(all, *q)
	}
	return all
}

// confusions counts the labels that another tag was taken for, the most
// frequent first.
func confusions(texts []judged) []Confusion {
	type pair struct{ label, best sigpost.Tag }
	by := map[pair]*Confusion{}
	for i := range texts {
		j := &texts[i]
		p := pair{j.label, j.best().tag}
		if p.label == p.best {
			continue
		}
		if by[p] == nil {
			by[p] = &Confusion{Label: p.label, Best: p.best}
		}
		by[p].Texts++
		if len(by[p].Examples) < confusionExample {
			by[p].Examples = append(by[p].Examples, j.name)
		}
	}
	all := []Confusion{}
	for _, c := range by {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b Confusion) int {
		return cmp.Or(cmp.Compare(b.Texts, a.Texts), compareTags(a.Label, b.Label), compareTags(a.Best, b.Best))
	})
	return all
}

func acceptance(texts []judged, score float64, counts func(scored) bool) Acceptance {
	a := Acceptance{Score: score}
	labels := 0
	for i := range texts {
		for _, g := range texts[i].tags {
			if !counts(g) {
				continue
			}
			a.Tags++
			if g.right {
				a.Right++
			}
			if g.tag == texts[i].label {
				labels++
			}
		}
	}
	a.Precision, a.Recall = share(a.Right, a.Tags), share(labels, len(texts))
	return a
}

// sureAcceptance looks for the least score from which accepted tags are right as
// often as wanted, or gives nil: the least of all at which the share is reached,
// for it may be missed again above it where there are few tags.
func sureAcceptance(texts []judged) *Acceptance {
	var tags []scored
	for i := range texts {
		tags = append(tags, texts[i].tags...)
	}
	slices.SortFunc(tags, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	least, right := math.NaN(), 0
	for n, g := range tags {
		if g.right {
			right++
		}
		last := n == len(tags)-1 || tags[n+1].score < g.score
		if last && g.score >= proposeScore && float64(right) >= surePrecision*float64(n+1) {
			least = g.score
		}
	}
	if math.IsNaN(least) {
		return nil
	}
	a := acceptance(texts, least, func(g scored) bool { return g.score >= least })
	return &a
}

// calibration compares the scores of best tags with how many are right.
func calibration(texts []judged) ([]CalibrationBin, float64) {
	bins := make([]CalibrationBin, calibrationBins)
	tags := 0
	for i := range texts {
		if len(texts[i].tags) == 0 {
			continue
		}
		best := texts[i].best()
		b := &bins[min(int(best.score*calibrationBins), calibrationBins-1)]
		b.Tags++
		b.Score += best.score
		if best.right {
			b.Right++
		}
		tags++
	}
	off := 0.0
	for i := range bins {
		b := &bins[i]
		b.From, b.To = float64(i)/calibrationBins, float64(i+1)/calibrationBins
		off += math.Abs(b.Score-b.Right) / float64(max(tags, 1))
		n := float64(max(b.Tags, 1))
		b.Score, b.Right = round(b.Score/n), round(b.Right/n)
	}
	return bins, round(off)
}
