package classify

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/sahilm/fuzzy"

	"sigpost"
	"sigpost/internal/osa"
	"sigpost/internal/tomlfile"
)

// Shown is a key of a tag with its values, as people read them.
type Shown struct {
	Key    string
	Values []string
}

// Shown gives every key of the tag that has a value, but for those that say
// what the tag is: kind, name, title and description.
func (s *TagSpec) Shown() []Shown {
	var all []Shown
	v := reflect.ValueOf(s).Elem()
	for _, f := range reflect.VisibleFields(v.Type()) {
		key, value := f.Tag.Get("toml"), v.FieldByIndex(f.Index)
		if values := words(value); len(values) > 0 && !slices.Contains([]string{"kind", "name", "title", "description"}, key) {
			all = append(all, Shown{key, values})
		}
	}
	return all
}

// words gives a value of a tag as strings: those of a list, groups with "+",
// a table's keys with their values, "yes" for what is set.
func words(v reflect.Value) []string {
	switch value := v.Interface().(type) {
	case bool:
		if value {
			return []string{"yes"}
		}
	case string:
		if value != "" {
			return []string{value}
		}
	case []string:
		return value
	case [][]string:
		var groups []string
		for _, g := range value {
			groups = append(groups, strings.Join(g, " + "))
		}
		return groups
	default:
		return otherWords(v)
	}
	return nil
}

// otherWords is words for tables of weights, and for what else there may be.
func otherWords(v reflect.Value) []string {
	if weights, ok := v.Interface().(map[string]float64); ok {
		var all []string
		for _, key := range slices.Sorted(maps.Keys(weights)) {
			all = append(all, fmt.Sprintf("%s (%g)", key, weights[key]))
		}
		return all
	}
	if v.IsZero() {
		return nil
	}
	return []string{fmt.Sprint(v.Interface())}
}

// Relations are a tag's places among the others.
type Relations struct {
	Parents []sigpost.Tag // what it is a part of
	Parts   []sigpost.Tag // what is a part of it
	Hints   []sigpost.Tag // what hints at it
	HintsAt []sigpost.Tag // what it hints at
}

// Relations gives the tag's places among the others.
func (t *Taxonomy) Relations(tag sigpost.Tag) Relations {
	var r Relations
	for i := range t.Tags {
		s := &t.Tags[i]
		other := s.Tag()
		for _, ref := range s.Parents {
			if to := reference(ref, s.Kind); other == tag {
				r.Parents = append(r.Parents, to)
			} else if to == tag {
				r.Parts = append(r.Parts, other)
			}
		}
		for _, ref := range s.Hints {
			if from := reference(ref, s.Kind); other == tag {
				r.Hints = append(r.Hints, from)
			} else if from == tag {
				r.HintsAt = append(r.HintsAt, other)
			}
		}
	}
	return r
}

// maxLike is how many tags Like gives at most.
const maxLike = 3

// Like gives the names of tags that may have been meant by one that is none,
// the likeliest first: those that hold its letters in their order, by
// sahilm/fuzzy, and the one with the fewest edits, which it does not see.
func (t *Taxonomy) Like(name string) []string {
	var names []string
	tags := map[string]string{} // tag of each name
	for i := range t.Tags {
		s := &t.Tags[i]
		for _, v := range slices.Concat([]string{s.Name}, s.Aliases, s.CommonAliases, s.Former) {
			if tags[v] == "" {
				tags[v] = s.Name
				names = append(names, v)
			}
		}
	}
	if _, bare, ok := strings.Cut(name, ":"); ok {
		name = bare
	}
	name = strings.ToLower(name[:min(len(name), osa.MaxLen)])
	var like []string
	add := func(v string) {
		if tag := tags[v]; tag != "" && !slices.Contains(like, tag) && len(like) < maxLike {
			like = append(like, tag)
		}
	}
	add(osa.Nearest(name, names))
	for _, m := range fuzzy.Find(name, names) {
		add(m.Str)
	}
	return like
}

// Meant gives the name of a tag of which a word may be a misspelling; "" where it
// is a name itself, or like none.
func (t *Taxonomy) Meant(word string) string {
	word = strings.ToLower(word)
	best, edits := "", maxSpellWord
	for i := range t.Tags {
		s := &t.Tags[i]
		for _, name := range slices.Concat([]string{s.Name}, s.Aliases, s.CommonAliases) {
			name = strings.ToLower(name)
			if name == word {
				return ""
			}
			if d := osa.Distance(word, name, MaxEdits(name)); d <= MaxEdits(name) && d < edits {
				best, edits = name, d
			}
		}
	}
	return best
}

// String gives the taxonomy as a file that ParseTaxonomy reads.
func (t *Taxonomy) String() string {
	var b strings.Builder
	if err := tomlfile.Encode(&b, t); err != nil {
		panic(err) // every key is of a kind that can be written; a test writes them all
	}
	return b.String()
}

// Search gives the tags for what somebody types: those that go by the very name
// first, then those with a name that holds its letters in their order, the likeliest
// first, by sahilm/fuzzy. Nothing typed gives all.
func (t *Taxonomy) Search(query string) []sigpost.Tag {
	query = strings.ToLower(strings.TrimSpace(query[:min(len(query), osa.MaxLen)]))
	found := t.Named(query)
	var names []string
	var tags []sigpost.Tag // of the names
	for i := range t.Tags {
		s := &t.Tags[i]
		for _, v := range slices.Concat([]string{s.Tag().String(), strings.ToLower(s.Title)}, s.Aliases, s.CommonAliases, s.Former) {
			names, tags = append(names, v), append(tags, s.Tag())
		}
	}
	if query == "" {
		found = append(found, tags...)
	}
	for _, m := range fuzzy.Find(query, names) {
		found = append(found, tags[m.Index])
	}
	seen := map[sigpost.Tag]bool{}
	return slices.DeleteFunc(found, func(tag sigpost.Tag) bool {
		was := seen[tag]
		seen[tag] = true
		return was
	})
}
