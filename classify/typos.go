package classify

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"

	"sigpost"
)

// TypoQuality says what became of names with one typo.
type TypoQuality struct {
	// Kind is "insert", "delete", "substitute" or "swap", "all" for these four, or
	// "none" for the names as they are.
	Kind string `json:"kind"`
	// SeveralWords says that it is about the names of several words, such as
	// "openstack-helm"; else about those of one.
	SeveralWords bool `json:"several_words"`
	// Texts is how many texts there were, each with one name.
	Texts int `json:"texts"`
	// Found is the share whose best tag is the one meant, and at least
	// proposed; Accepted the share in which it is accepted.
	Found    float64 `json:"found"`
	Accepted float64 `json:"accepted"`
	// Taken is how many texts a typo gave any tag, at least a proposed one;
	// Precision is the share of them where the best of these is the right one.
	Taken     int     `json:"taken"`
	Precision float64 `json:"precision"`
}

// LostTypo is a misspelt name that was not found, or taken for another.
type LostTypo struct {
	Tag     sigpost.Tag `json:"tag"`
	Name    string      `json:"name"`
	Typo    string      `json:"typo"`
	Subject string      `json:"subject"`
	Text    string      `json:"text"`
	Best    sigpost.Tag `json:"best"` // instead, or the right one below a proposal
	Score   float64     `json:"score"`
}

// TypoReport says how well misspelt names are found.
type TypoReport struct {
	Names int           `json:"names"`
	Kinds []TypoQuality `json:"kinds"`
	// Lost has each typo once, with the first text that it was lost in.
	Lost []LostTypo `json:"lost"`
}

const (
	// typoSeed makes every run try the same typos.
	typoSeed = 4
	// typosPerName is how many typos of each kind are tried of a name, as long as
	// it has as many.
	typosPerName = 4
	typoTries    = 20
)

// typoKind is a way to slip on a keyboard, at a letter behind the first.
type typoKind struct {
	name string
	slip func(r *rand.Rand, name string, at int) string
}

const noTypo = "none"

var typoKinds = [...]typoKind{
	{noTypo, func(_ *rand.Rand, s string, _ int) string { return s }},
	{"insert", func(r *rand.Rand, s string, at int) string { return s[:at] + anyLetter(r) + s[at:] }},
	{"delete", func(_ *rand.Rand, s string, at int) string { return s[:at] + s[at+1:] }},
	{"substitute", func(r *rand.Rand, s string, at int) string { return s[:at] + anyLetter(r) + s[at+1:] }},
	{"swap", func(_ *rand.Rand, s string, at int) string {
		if at+1 == len(s) {
			return s
		}
		return s[:at] + s[at+1:at+2] + s[at:at+1] + s[at+2:]
	}},
}

func newTypoRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }

func anyLetter(r *rand.Rand) string { return string(rune('a' + r.IntN(26))) }

// typoTexts are the texts that a typo, for %, is put into: of the field, but of
// no tag.
var typoTexts = [...]Document{
	{Subject: "% does not start after the upgrade", Text: "Hello all,\n\nthis is OpenStack on three machines. Where would I look first?\n\nRegards\n"},
	{Subject: "Question about %", Text: "Is anybody running this in an OpenStack cloud of some size? We would like to hear about it.\n"},
	{Subject: "[%] Agenda for the next meeting", Text: "Please add to the etherpad what you would like to talk about.\n"},
	{Text: "Since we moved our OpenStack cloud to the new release, % needs a restart each night.\n"},
	{Text: "Hi, I try to set up % on a small OpenStack cluster with two nodes, and the service ends with a timeout. Has anybody seen this?\n"},
	{Text: "I spoke with some OpenStack operators at the summit. Most of them run %, and some of them would help with the review of the patches.\n"},
}

// typoName is a name that is found in text, and the tags that it may mean.
type typoName struct {
	name string
	tags []sigpost.Tag
}

// typoNames are the names of a kind's tags with five letters or more that are
// found in plain text.
func (t *Taxonomy) typoNames(kind sigpost.TagKind) []typoName {
	by := map[string]int{}
	var all []typoName
	for i := range t.Tags {
		s := &t.Tags[i]
		if sigpost.TagKind(s.Kind) != kind || s.NeverInText {
			continue
		}
		for _, name := range slices.Concat([]string{s.Name}, s.Aliases, s.CommonAliases, s.Former) {
			name = strings.ToLower(name)
			if letters := strings.Join(splitAtoms(name), ""); len(letters) < minSpellName || !isLetters(letters) {
				continue
			}
			k, ok := by[name]
			if !ok {
				k = len(all)
				by[name] = k
				all = append(all, typoName{name: name})
			}
			if !slices.Contains(all[k].tags, s.Tag()) {
				all[k].tags = append(all[k].tags, s.Tag())
			}
		}
	}
	slices.SortFunc(all, func(a, b typoName) int { return cmp.Compare(a.name, b.name) })
	return all
}

// Typos puts one typo into each name of the project tags, several times, and
// looks how often the tag is found. What happens to be another name or a word of
// the language, by ordinary in lower case, is left out: nobody could tell.
func (c *Classifier) Typos(ordinary func(word string) bool) TypoReport {
	names := c.taxonomy.typoNames(sigpost.KindProject)
	r := TypoReport{Names: len(names), Lost: []LostTypo{}}
	random := newTypoRandom(typoSeed)
	for _, several := range []bool{false, true} {
		all := typoCount{kind: "all"}
		for _, kind := range typoKinds {
			count := typoCount{kind: kind.name}
			for _, n := range names {
				if len(splitAtoms(n.name)) > 1 != several {
					continue
				}
				for _, typo := range c.typosOf(n.name, kind, random, ordinary) {
					r.Lost = append(r.Lost, count.try(c, n, typo)...)
				}
			}
			r.Kinds = append(r.Kinds, count.quality(several))
			if kind.name != noTypo {
				all.add(count)
			}
		}
		r.Kinds = append(r.Kinds, all.quality(several))
	}
	return r
}

// typosOf gives some typos of a kind, no two the same.
func (c *Classifier) typosOf(name string, kind typoKind, random *rand.Rand, ordinary func(string) bool) []string {
	var typos []string
	if kind.name == noTypo {
		return []string{name}
	}
	for range typoTries {
		at := 1 + random.IntN(len(name)-1)
		if !isLetters(name[at : at+1]) {
			continue
		}
		typo := kind.slip(random, name, at)
		if typo == name || slices.Contains(typos, typo) || len(c.taxonomy.Named(typo)) > 0 || c.hasWord(typo, name, ordinary) {
			continue
		}
		if typos = append(typos, typo); len(typos) == typosPerName {
			break
		}
	}
	return typos
}

// hasWord says whether a word of the typo is one of the language that the name
// does not have.
func (c *Classifier) hasWord(typo, name string, ordinary func(string) bool) bool {
	return slices.ContainsFunc(splitAtoms(typo), func(w string) bool {
		return !slices.Contains(splitAtoms(name), w) && (ordinary(w) || c.speller.ordinary[w])
	})
}

// typoCount counts what became of typos of a kind.
type typoCount struct {
	kind                                 string
	texts, found, accepted, taken, right int
}

func (n *typoCount) add(m typoCount) {
	n.texts, n.found, n.accepted = n.texts+m.texts, n.found+m.found, n.accepted+m.accepted
	n.taken, n.right = n.taken+m.taken, n.right+m.right
}

func (n *typoCount) quality(several bool) TypoQuality {
	return TypoQuality{
		Kind: n.kind, SeveralWords: several, Texts: n.texts, Found: share(n.found, n.texts), Accepted: share(n.accepted, n.texts),
		Taken: n.taken, Precision: share(n.right, n.taken),
	}
}

// try puts a typo into all texts, and gives the first where it was lost.
func (n *typoCount) try(c *Classifier, name typoName, typo string) []LostTypo {
	var lost []LostTypo
	for _, d := range typoTexts {
		d.Subject, d.Text, d.Opener = strings.ReplaceAll(d.Subject, "%", typo), strings.ReplaceAll(d.Text, "%", typo), true
		var best, byTypo sigpost.Tagging // the first of each
		for _, g := range c.Explain([]Document{d}) {
			if g.Tag.Kind != name.tags[0].Kind {
				continue
			}
			if best.Tag.Name == "" {
				best = g
			}
			if byTypo.Tag.Name == "" && g.State != sigpost.TagBelow && saysFuzzy(g) {
				byTypo = g
			}
		}
		n.texts++
		right := slices.Contains(name.tags, best.Tag)
		if right && best.State == sigpost.TagAccepted {
			n.accepted++
		}
		if byTypo.Tag.Name != "" {
			n.taken++
			if slices.Contains(name.tags, byTypo.Tag) {
				n.right++
			}
		}
		if right && best.Score >= proposeScore {
			n.found++
			continue
		}
		if len(lost) > 0 || n.kind == noTypo {
			continue
		}
		lost = append(lost, LostTypo{name.tags[0], name.name, typo, d.Subject, d.Text, best.Tag, best.Score})
	}
	return lost
}

// saysFuzzy says whether a misspelt name is a reason for a tag.
func saysFuzzy(g sigpost.Tagging) bool {
	return slices.ContainsFunc(g.Evidence, func(e sigpost.Evidence) bool { return strings.HasPrefix(e.Rule, "fuzzy ") })
}
