package classify

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"sigpost"
)

// Sample is a text of which somebody has said what it is about.
type Sample struct {
	// Name is where it comes from, for people: a file and line.
	Name string
	// Set is the set that it belongs to, such as "commits".
	Set string
	// Author is who wrote it: a name, an address, or both with a space between. Who
	// writes from several hosts under one name is one author. It is empty where
	// nobody knows, which counts as somebody else each time.
	Author string
	Doc    Document
	Tag    sigpost.Tag
	// Weight is how much it counts in training; 0 means 1.
	Weight float64
}

// How weights are learned. The numbers were chosen by cross-validation
// (docs/accuracy.md).
const (
	trainCost = 0.02 // of a mistake, against the size of the weights
	// maxBalance bounds how much more a mistake counts in a tag with few texts.
	maxBalance = 20
	// minTexts is how many texts a tag needs, and minTermTexts how many a term.
	minTexts     = 4
	minTermTexts = 2
	// termsPerText and maxTerms bound how many terms a tag keeps.
	termsPerText = 16
	maxTerms     = 1600
	// minWeight is the least weight of a term that is kept.
	minWeight = 0.2

	// otherScale makes it less telling that another tag is named.
	otherScale = 0.5
	// rulesPrior and othersPrior are what the rules count for a tag with few
	// texts; from priorTexts texts on, ever less.
	rulesPrior  = 0.5
	othersPrior = -0.1
	priorTexts  = 20
)

// several stands for the authors of a term that more than one uses.
const several = "\x00"

// corpus is samples as rows.
type corpus struct {
	taxonomy *Taxonomy
	sets     []string
	rules    []map[int32]float64 // by text and tag: how surely the rules name it
	rows     []row
	tags     []sigpost.Tag
	cost     []float64
	names    []string // by term
	// private says of each term that only one author uses it, or that it is an
	// author's name: that would tell people, not topics.
	private []bool
	texts   []int // by term: how many texts have it
}

// newCorpus turns samples into rows.
func newCorpus(t *Taxonomy, samples []Sample) *corpus {
	c := &corpus{taxonomy: t}
	rules := New(t, nil)
	ids := map[termHash]int32{}
	var surface []map[string]int
	var authors []string // by term: its author, or several
	for i := range samples {
		s := &samples[i]
		author := authorOf(s.Author, rules.program.words)
		counts, total := map[int32]float64{}, 0.0
		rules.eachTermOf(s.Doc, func(h termHash, words string, weight float64) {
			id, ok := ids[h]
			if !ok {
				id = int32(len(surface))
				ids[h] = id
				surface, authors = append(surface, map[string]int{}), append(authors, cmp.Or(author, several))
			}
			if authors[id] != author {
				authors[id] = several
			}
			surface[id][words]++
			counts[id] += weight
			total += weight
		})
		r := row{terms: slices.Sorted(maps.Keys(counts))}
		for _, t := range r.terms {
			r.values = append(r.values, float32(value(counts[t], total)))
		}
		c.rows, c.sets, c.rules = append(c.rows, r), append(c.sets, s.Set), append(c.rules, rules.named(s.Doc))
		c.tags = append(c.tags, s.Tag)
		c.cost = append(c.cost, cmp.Or(s.Weight, 1))
	}
	c.texts = make([]int, len(surface))
	for _, r := range c.rows {
		for _, t := range r.terms {
			c.texts[t]++
		}
	}
	c.private = make([]bool, len(surface))
	c.names = make([]string, len(surface))
	for t, forms := range surface {
		c.names[t] = commonest(forms)
	}
	people := peopleOf(samples, rules.program.words)
	for t, author := range authors {
		c.private[t] = author != several || c.texts[t] < commonTexts && slices.ContainsFunc(splitAtoms(c.names[t]), func(w string) bool { return people[w] })
	}
	return c
}

// authorOf tells authors from each other: by the words of the address in front of
// "@", or of the name where there is no address. People change their employers and
// so their hosts. An address that is all words of the taxonomy ("openstack@") may be
// anybody's, and tells them as a whole.
func authorOf(author string, known map[string]int32) string {
	name, _, isAddress := strings.Cut(author, "@")
	if isAddress {
		name = name[strings.LastIndexByte(name, ' ')+1:]
	}
	words := splitAtoms(name)
	if !slices.ContainsFunc(words, func(w string) bool { _, ok := known[w]; return !ok }) {
		return strings.ToLower(author)
	}
	return strings.Join(words, " ")
}

// commonTexts is in how many texts a word stands that is no name of a person,
// though an author is called so.
const commonTexts = 25

// peopleOf gives the words of authors' names, but for those that the taxonomy
// uses.
func peopleOf(samples []Sample, known map[string]int32) map[string]bool {
	people := map[string]bool{}
	for i := range samples {
		name, _, _ := strings.Cut(samples[i].Author, "@")
		for _, w := range splitAtoms(name) {
			if _, ok := known[w]; !ok && len(w) > 3 {
				people[w] = true
			}
		}
	}
	return people
}

// eachTermOf calls add with each term of a text as it is written, and how much
// it counts.
func (c *Classifier) eachTermOf(d Document, add func(h termHash, words string, weight float64)) {
	s := c.take()
	defer c.give(s)
	s.hits = s.hits[:0]
	for _, field := range []field{fieldSubject, fieldText} {
		text := d.text(field)
		first, weight := len(s.hits), 1.0
		s.find(c, text, field, 0)
		if field == fieldSubject {
			weight = subjectCounts
		} else {
			s.markPassing(c.program, first)
		}
		eachTerm(s.atoms, func(h termHash, first, last int) {
			words := strings.ToLower(text[s.atoms[first].start:s.atoms[first].end])
			if last > first {
				words += " " + strings.ToLower(text[s.atoms[last].start:s.atoms[last].end])
			}
			add(h, words, weight)
		})
	}
}

// commonest is how a term is written most often.
func commonest(forms map[string]int) string {
	return slices.MinFunc(slices.Collect(maps.Keys(forms)), func(a, b string) int {
		return cmp.Or(cmp.Compare(forms[b], forms[a]), cmp.Compare(a, b))
	})
}

// Train learns weights from samples: for each tag with enough of them, which
// terms tell its texts from those of all others. The method is that of Wang and
// Manning (Baselines and Bigrams, 2012): a linear support vector machine over
// terms that are scaled by how much oftener they stand in the tag's texts. What
// the rules find in the texts is learned together with them. The calibration
// comes from cross-validation. The same samples give the same weights.
func Train(t *Taxonomy, samples []Sample) (*Weights, error) {
	if len(samples) == 0 {
		return nil, fmt.Errorf("there is nothing to learn from: no text with a label")
	}
	v := crossValidate(t, samples)
	w := v.corpus.train(nil)
	w.Calibration = v.weights[0].Calibration
	return w, nil
}

// train learns from the rows that without does not hold.
func (c *corpus) train(without map[int]bool) *Weights {
	var rows []row
	var which []int
	var tags []sigpost.Tag
	var cost []float64
	texts := make([]int, len(c.names))
	count := map[sigpost.Tag]float64{}
	for i := range c.rows {
		if without[i] {
			continue
		}
		which = append(which, i)
		rows, tags, cost = append(rows, c.rows[i]), append(tags, c.tags[i]), append(cost, c.cost[i])
		count[c.tags[i]]++
		for _, t := range c.rows[i].terms {
			texts[t]++
		}
	}
	rarity := make([]float64, len(texts)) // inverse document frequency
	for t, n := range texts {
		if n >= minTermTexts && !c.private[t] {
			rarity[t] = math.Log(float64(len(rows)+1)/float64(n+1)) + 1
		}
	}
	w := &Weights{Kinds: map[string]map[string]TagWeights{}}
	for _, tag := range slices.SortedFunc(maps.Keys(count), compareTags) {
		if count[tag] < minTexts {
			continue
		}
		yes, costs := make([]bool, len(rows)), make([]float64, len(rows))
		all := float64(len(rows))
		for i := range rows {
			yes[i] = tags[i] == tag
			n := all - count[tag]
			if yes[i] {
				n = count[tag]
			}
			costs[i] = trainCost * cost[i] * min(all/(2*n), maxBalance)
		}
		prior := priorOf(count[tag])
		m := trainMachine(rows, c.namedBy(which, tag), prior, yes, costs, c.scale(rows, yes, cost, rarity))
		if w.Kinds[string(tag.Kind)] == nil {
			w.Kinds[string(tag.Kind)] = map[string]TagWeights{}
		}
		w.Kinds[string(tag.Kind)][tag.Name] = c.prune(m, prior, rows, min(maxTerms, int(count[tag])*termsPerText))
	}
	return w
}

func compareTags(a, b sigpost.Tag) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
}

// scale is what the values of each term are multiplied by: its rarity, and the
// logarithm of how much likelier it is in a text of the tag than in another.
func (c *corpus) scale(rows []row, yes []bool, cost, rarity []float64) []float64 {
	sumIn, sumOut := 0.0, 0.0
	nIn, nOut := 1.0, 1.0
	for i := range rows {
		if yes[i] {
			nIn += cost[i]
		} else {
			nOut += cost[i]
		}
	}
	in, out := make([]float64, len(rarity)), make([]float64, len(rarity))
	for t := range in {
		in[t], out[t] = 1, 1
	}
	for i, r := range rows {
		to := out
		if yes[i] {
			to = in
		}
		for _, t := range r.terms {
			to[t] += cost[i]
		}
	}
	scale := make([]float64, len(rarity))
	for t := range scale {
		if rarity[t] > 0 {
			sumIn, sumOut = sumIn+in[t], sumOut+out[t]
		}
	}
	for t := range scale {
		scale[t] = rarity[t] * math.Log(in[t]/nIn*nOut/out[t])
	}
	return scale
}

// prune keeps the terms that matter most over all texts.
func (c *corpus) prune(m machine, prior named, rows []row, most int) TagWeights {
	effect := make([]float64, len(m.weights))
	for _, r := range rows {
		for k, t := range r.terms {
			v := float64(r.values[k])
			effect[t] += v * v
		}
	}
	var kept []int32
	for t := range m.weights {
		if effect[t] = math.Sqrt(effect[t]) * math.Abs(m.weights[t]); math.Abs(m.weights[t]) >= minWeight {
			kept = append(kept, int32(t))
		}
	}
	slices.SortFunc(kept, func(a, b int32) int { return cmp.Or(cmp.Compare(effect[b], effect[a]), cmp.Compare(a, b)) })
	learned := TagWeights{
		Bias: m.bias, Rules: max(m.named[0]+prior[0], 0), Others: min((m.named[1]+prior[1])*otherScale, 0),
		Terms: map[string]float64{},
	}
	for _, t := range kept[:min(len(kept), most)] {
		learned.Terms[c.names[t]] += math.Round(100*m.weights[t]) / 100
	}
	return learned
}

// named says how surely the rules name each tag of a text.
func (c *Classifier) named(d Document) map[int32]float64 {
	s := c.take()
	defer c.give(s)
	docs := []Document{d}
	names := map[int32]float64{}
	for tag, f := range c.findings(s, s.match(c, docs), docs) {
		names[tag] = f.named()
	}
	return names
}

// namedBy gives what the rules say of the texts for one tag.
func (c *corpus) namedBy(texts []int, tag sigpost.Tag) []named {
	at := int32(slices.IndexFunc(c.taxonomy.Tags, func(s TagSpec) bool { return s.Tag() == tag }))
	all := make([]named, len(texts))
	for k, i := range texts {
		all[k][0] = c.rules[i][at]
		for other, much := range c.rules[i] {
			if other != at {
				all[k][1] = max(all[k][1], otherScale*much)
			}
		}
	}
	return all
}

// priorOf is what the rules count for a tag of that many texts before anything
// was learned of it.
func priorOf(texts float64) named {
	share := min(1, priorTexts/texts)
	return named{rulesPrior * share, othersPrior / otherScale * share}
}
