package classify

import (
	"math"
	"slices"
	"sync"

	"sigpost"
)

// folds is how many parts samples are cut into: each is judged by what was
// learned from the others.
const folds = 5

// crossValidated is what weights that have not seen a sample make of it.
type crossValidated struct {
	corpus  *corpus
	samples []Sample
	weights [folds]*Weights
	fold    []int // by sample
}

func crossValidate(t *Taxonomy, samples []Sample) *crossValidated {
	v := &crossValidated{corpus: newCorpus(t, samples), samples: samples, fold: make([]int, len(samples))}
	for i, k := range shuffled(len(samples)) {
		v.fold[k] = i % folds
	}
	var training sync.WaitGroup
	for f := range folds {
		training.Go(func() {
			without := map[int]bool{}
			for i := range samples {
				without[i] = v.fold[i] == f
			}
			v.weights[f] = v.corpus.train(without)
		})
	}
	training.Wait()
	calibration := v.calibrate(t)
	for f := range folds {
		v.weights[f].Calibration = calibration
	}
	return v
}

// CrossValidate gives for each sample all tags that are found by weights that
// were learned from samples of other folds, the best first.
func CrossValidate(t *Taxonomy, samples []Sample) [][]sigpost.Tagging {
	v := crossValidate(t, samples)
	all := make([][]sigpost.Tagging, len(samples))
	for f := range folds {
		c := New(t, v.weights[f])
		for i := range samples {
			if v.fold[i] == f {
				all[i] = c.Explain([]Document{samples[i].Doc})
			}
		}
	}
	return all
}

// decided is one answer of the weights: how sure they were, and whether they
// were right.
type decided struct {
	margin, lead, weight float64
	right                bool
}

// calibrate fits the probability to what the folds decided. Each set of
// samples counts the same, however large it is.
func (v *crossValidated) calibrate(t *Taxonomy) Calibration {
	size := map[string]float64{}
	for i := range v.samples {
		size[v.samples[i].Set]++
	}
	var all []decided
	for f := range folds {
		c := New(t, v.weights[f])
		for i := range v.samples {
			if s := &v.samples[i]; v.fold[i] == f {
				all = append(all, c.decide(s, 1/size[s.Set])...)
			}
		}
	}
	return fit(all)
}

// contenders is how many tags of a text are looked at to calibrate: the others
// are far behind, and teach nothing.
const contenders = 6

// decide gives the margins of the tags of a sample that come first.
func (c *Classifier) decide(sample *Sample, weight float64) []decided {
	s := c.take()
	defer c.give(s)
	docs := []Document{sample.Doc}
	lead := s.weighWords(c, c.findings(s, s.match(c, docs), docs))
	var all []decided
	for _, tag := range c.lexicon.known {
		all = append(all, decided{s.margins[tag], lead(tag), weight, c.isRight(tag, sample.Tag)})
	}
	slices.SortStableFunc(all, func(a, b decided) int {
		switch {
		case a.margin > b.margin:
			return -1
		case a.margin < b.margin:
			return 1
		}
		return 0
	})
	return all[:min(len(all), contenders)]
}

// isRight says whether a tag is what a text is about, or the whole of which
// that is a part.
func (c *Classifier) isRight(tag int32, label sigpost.Tag) bool {
	if c.taxonomy.Tags[tag].Tag() == label {
		return true
	}
	for i := range c.taxonomy.Tags {
		if c.taxonomy.Tags[i].Tag() == label {
			return slices.Contains(c.parents[i], tag)
		}
	}
	return false
}

// fit is a logistic regression on margin and lead, by Newton's method.
func fit(all []decided) Calibration {
	var w [3]float64
	for range 30 {
		var gradient [3]float64
		var hessian [3][3]float64
		for j := range hessian {
			hessian[j][j] = 1e-6
		}
		for _, d := range all {
			x := [3]float64{1, bounded(d.margin), bounded(d.lead)}
			p := logistic(w[0]*x[0] + w[1]*x[1] + w[2]*x[2])
			off := -p
			if d.right {
				off = 1 - p
			}
			for j := range x {
				gradient[j] += d.weight * off * x[j]
				for k := range x {
					hessian[j][k] += d.weight * p * (1 - p) * x[j] * x[k]
				}
			}
		}
		step := solve(hessian, gradient)
		for j := range w {
			w[j] += step[j]
		}
		if math.Abs(step[0])+math.Abs(step[1])+math.Abs(step[2]) < 1e-6 {
			break
		}
	}
	return Calibration{Bias: w[0], Margin: w[1], Lead: w[2]}
}

// solve solves a small system of linear equations by elimination.
func solve(a [3][3]float64, b [3]float64) (x [3]float64) {
	for i := range 3 {
		for j := i + 1; j < 3; j++ {
			f := a[j][i] / a[i][i]
			for k := i; k < 3; k++ {
				a[j][k] -= f * a[i][k]
			}
			b[j] -= f * b[i]
		}
	}
	for i := 2; i >= 0; i-- {
		x[i] = b[i]
		for k := i + 1; k < 3; k++ {
			x[i] -= a[i][k] * x[k]
		}
		x[i] /= a[i][i]
	}
	return x
}
