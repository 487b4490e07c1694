package classify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sigpost"
	"sigpost/internal/osa"
)

// Finding is something in a taxonomy that is allowed, but may not be what was
// meant.
type Finding struct {
	// Line is where it stands, 0 where the taxonomy came from no file.
	Line int
	Tag  sigpost.Tag
	// Rule is "unreachable", "hidden", "ambiguous", "overlap", "ordinary" or
	// "near"; docs/taxonomy.md says what each is.
	Rule string
	// Says is what was found, and what may be done.
	Says string
}

// Findings looks through a taxonomy, as ParseTaxonomy gave it for the data;
// ordinary says whether a word in lower case is a word of the language.
func (t *Taxonomy) Findings(data []byte, ordinary func(word string) bool) []Finding {
	f := &finder{checker: t.checker("", data), ordinary: ordinary, classifier: New(t, nil)}
	f.hidden()
	f.names()
	f.overlaps()
	f.words()
	f.near()
	slices.SortStableFunc(f.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), strings.Compare(a.Tag.String(), b.Tag.String()), strings.Compare(a.Rule, b.Rule))
	})
	return f.found
}

// NearWords gives those of the words, in lower case, that would be taken for a
// misspelt name: they belong into ordinary_words. It keeps their order.
func (t *Taxonomy) NearWords(words []string) []string {
	p := compile(t)
	s := newSpeller(t, p.words)
	var near []string
	for _, w := range words {
		if _, used := p.words[w]; !used && s.spell(w).id != noWord {
			near = append(near, w)
		}
	}
	return near
}

// finder collects findings.
type finder struct {
	*checker
	ordinary   func(string) bool
	classifier *Classifier
	found      []Finding
}

// add notes a finding about a value of tag i.
func (f *finder) add(rule string, i int, value, format string, args ...any) {
	f.found = append(f.found, Finding{
		Line: f.tagLine(i, value), Tag: f.t.Tags[i].Tag(), Rule: rule, Says: fmt.Sprintf(format, args...),
	})
}

// entry is something of a tag that shows it, with a text that would.
type entry struct {
	key, value, text string
}

// entries are all that shows a tag in text, each at its best: in brackets
// where it needs context, beside a word of the field.
func (t *Taxonomy) entries(s *TagSpec) []entry {
	var all []entry
	add := func(key, format string, values ...string) {
		for _, v := range values {
			all = append(all, entry{key, v, fmt.Sprintf(format, strings.ReplaceAll(v, "*", "x1"))})
		}
	}
	add("name", "[%s]", s.Name)
	add("common_aliases", "[%s]", s.CommonAliases...)
	add("former", "[%s]", s.Former...)
	add("aliases", "about %s", s.Aliases...)
	add("clients", "about %s", s.Clients...)
	add("acronyms", "about %s", s.Acronyms...)
	add("phrases", "about %s", s.Phrases...)
	add("channels", "in #%s", s.Channels...)
	add("urls", "see https://%s", s.URLs...)
	for _, v := range s.Repositories {
		add("repositories", "see https://git.example/%s", v)
		if !strings.Contains(v, "/") {
			all[len(all)-1].text = "see https://git.example/" + t.Organisation + "/" + strings.ReplaceAll(v, "*", "x1")
		}
	}
	for _, group := range s.Together {
		all = append(all, entry{"together", strings.Join(group, " + "), strings.Join(group, " and ")})
	}
	return all
}

// hidden asks the classifier itself: what does not find its tag where nothing
// else stands is never found.
func (f *finder) hidden() {
	for i := range f.t.Tags {
		s := &f.t.Tags[i]
		entries := f.t.entries(s)
		var lost []entry
		for _, e := range entries {
			if !f.shows(s.Tag(), e) {
				lost = append(lost, e)
			}
		}
		if len(lost) == len(entries) && len(s.Lists) == 0 && len(s.Hints) == 0 {
			f.add("unreachable", i, s.Name, "nothing of it is ever found: all that would show it is found as something else")
			continue
		}
		for _, e := range lost {
			f.add("hidden", i, e.value, "%s: %q does not show it%s", e.key, e.value, f.instead(s.Tag(), e))
		}
	}
}

func (f *finder) document(e entry) Document {
	field := strings.Join(f.t.Domain[:min(1, len(f.t.Domain))], "")
	d := Document{Text: field + ".\n\n" + e.text, Lists: f.t.DomainLists, Opener: true}
	if strings.HasPrefix(e.text, "[") {
		d.Subject, d.Text = e.text, field
	}
	return d
}

// shows says whether an entry alone is some evidence for its tag.
func (f *finder) shows(tag sigpost.Tag, e entry) bool {
	return slices.ContainsFunc(f.classifier.Classify([]Document{f.document(e)}), func(g sigpost.Tagging) bool { return g.Tag == tag })
}

// instead says what is found in an entry's place.
func (f *finder) instead(tag sigpost.Tag, e entry) string {
	for _, g := range f.classifier.Classify([]Document{f.document(e)}) {
		if g.Tag.Kind == tag.Kind {
			return fmt.Sprintf("; what is found there is %s of %s", g.Evidence[0].Rule, g.Tag.Name)
		}
	}
	return ""
}

// owner is a tag that has a name.
type owner struct {
	tag   int
	value string
}

// names looks for names that stand for several tags: of different kinds, or
// told apart by capital letters alone.
func (f *finder) names() {
	owners := map[string][]owner{}
	for i := range f.t.Tags {
		s := &f.t.Tags[i]
		for _, v := range slices.Concat([]string{s.Name}, s.Aliases, s.CommonAliases, s.Former, s.Clients, s.Acronyms) {
			key := strings.Join(splitAtoms(v), " ")
			for _, o := range owners[key] {
				if o.tag != i && !f.related(o.tag, i) {
					f.add("ambiguous", i, v, "%q stands for %s%s, too", v, f.t.Tags[o.tag].Tag(), f.at(o.tag))
				}
			}
			owners[key] = append(owners[key], owner{i, v})
		}
	}
}

// related says whether one tag is a part of the other, over any steps.
func (f *finder) related(i, j int) bool {
	c := f.classifier
	var above func(from, to int32) bool
	above = func(from, to int32) bool {
		return slices.ContainsFunc(c.parents[from], func(p int32) bool { return p == to || above(p, to) })
	}
	return above(int32(i), int32(j)) || above(int32(j), int32(i))
}

// overlaps looks for names within longer ones of other tags. The longest is
// found, and the one within it is not.
func (f *finder) overlaps() {
	names := map[string]owner{} // of those that are safe alone
	for i := range f.t.Tags {
		s := &f.t.Tags[i]
		for _, v := range plainNames(s) {
			names[s.Kind+"\x00"+strings.Join(splitAtoms(v), " ")] = owner{i, v}
		}
	}
	for i := range f.t.Tags {
		s := &f.t.Tags[i]
		for _, v := range slices.Concat([]string{s.Name}, s.Aliases, s.CommonAliases, s.Clients, s.Phrases) {
			if isProgram(v) {
				continue // "kolla-mesos" is plainly another thing
			}
			words := splitAtoms(v)
			for from := range words {
				for to := from + 1; to <= len(words); to++ {
					o, ok := names[s.Kind+"\x00"+strings.Join(words[from:to], " ")]
					if ok && o.tag != i && to-from < len(words) && !f.related(o.tag, i) {
						f.add("overlap", i, v, "%q holds %q of %s%s, which is not seen there; name it in parents if this is a part of it",
							v, o.value, f.t.Tags[o.tag].Name, f.at(o.tag))
					}
				}
			}
		}
	}
}

// plainNames are the names that count without context.
func plainNames(s *TagSpec) []string {
	names := slices.Concat(s.Aliases, s.Clients)
	if !s.CommonWord && !s.NeverInText {
		names = append([]string{s.Name}, names...)
	}
	return names
}

// words looks for names that are ordinary words but count without context.
func (f *finder) words() {
	for i := range f.t.Tags {
		s := &f.t.Tags[i]
		for _, v := range plainNames(s) {
			words := splitAtoms(v)
			if slices.Contains(s.Clients, v) && strings.ContainsAny(v, "-_.") {
				continue // nobody writes "heat stack-list" in prose
			}
			if slices.ContainsFunc(words, func(w string) bool { return !f.ordinary(w) }) {
				continue
			}
			move := "move it to common_aliases"
			switch {
			case isProgram(v) && v != s.Name:
				move += ", or to clients if it is a program"
			case slices.Contains(s.Clients, v):
				move = "say more of the command, or move it to common_aliases"
			case v == s.Name:
				move = "set common_word, or never_in_text if it is said of anything"
			}
			what := "is an ordinary word"
			if len(words) > 1 {
				what = "is made of ordinary words"
			}
			f.add("ordinary", i, v, "%q %s: %s", v, what, move)
		}
		for _, v := range s.Acronyms {
			if f.ordinary(strings.ToLower(v)) {
				f.add("ordinary", i, v, "%q is an ordinary word in capitals, as some write for emphasis", v)
			}
		}
	}
}

// near looks for names that a misspelling may turn into one another.
func (f *finder) near() {
	type named struct {
		tag  int
		name string
	}
	var all []named
	for i := range f.t.Tags {
		s := &f.t.Tags[i]
		if s.NeverInText {
			continue
		}
		for _, v := range slices.Concat([]string{s.Name}, s.Aliases, s.CommonAliases) {
			if w := splitAtoms(v); len(w) == 1 && len(w[0]) >= minSpellName && isLetters(w[0]) {
				all = append(all, named{i, w[0]})
			}
		}
	}
	for n, a := range all {
		for _, b := range all[:n] {
			// A misspelling of one within its bound may be one of the other.
			limit := max(MaxEdits(a.name), MaxEdits(b.name))
			if d := osa.Distance(a.name, b.name, limit); a.tag != b.tag && a.name != b.name && d <= limit && !f.related(a.tag, b.tag) {
				f.add("near", a.tag, a.name, "%q is %d letter(s) away from %q of %s%s: a misspelling may be either", a.name, d, b.name,
					f.t.Tags[b.tag].Name, f.at(b.tag))
			}
		}
	}
}
