package search

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/internal/osa"
)

// Names are what a query may name, and when it is asked.
type Names struct {
	// Now is what ages such as 7d are counted from.
	Now time.Time
	// Kinds of tags are fields of their own.
	Kinds []sigpost.TagKind
	// Tags gives the tags that have a name, with or without their kind in front; nil
	// means that every name is one.
	Tags func(name string) []sigpost.Tag
	// LikeTag gives the names of tags that may have been meant by one that is none,
	// the likeliest first.
	LikeTag func(name string) []string
	// Lists gives the names of the lists; nil means that every name is one.
	Lists func() []string
	// LikeWord gives the name of something for which a word may be a misspelling; ""
	// where there is none.
	LikeWord func(word string) string
	// NameWords gives the words of all authors' names, of which some may be shown
	// nowhere; nil where nobody can.
	NameWords func() []string
}

var fields = []Field{FieldFrom, FieldSubject, FieldTag, FieldNature, FieldList, FieldBefore, FieldAfter, FieldHas, FieldIs}

// field finds a field by its name.
func (n *Names) field(name string) (f Field, kind sigpost.TagKind, ok bool) {
	name = strings.ToLower(name)
	if i := slices.Index(fields, Field(name)); i >= 0 {
		return fields[i], "", true
	}
	if kind := sigpost.TagKind(name); slices.Contains(n.Kinds, kind) {
		return FieldTag, kind, true
	}
	return "", "", false
}

// likeField is the field that may have been meant; "" for none.
func (n *Names) likeField(name string) string {
	var all []string
	for _, f := range fields {
		all = append(all, string(f))
	}
	for _, k := range n.Kinds {
		all = append(all, string(k))
	}
	if len(name) < 2 || len(name) > osa.MaxLen {
		return ""
	}
	return osa.Nearest(strings.ToLower(name), all)
}

// authors are the words of authors' names, folded in order, and as they are written.
type authors struct {
	folded []string
	as     map[string]string
}

func (n *Names) authors() (all authors) {
	all.as = map[string]string{}
	if n.NameWords == nil {
		return all
	}
	for _, w := range n.NameWords() {
		if f := Fold(w); all.as[f] == "" {
			all.folded, all.as[f] = append(all.folded, f), w
		}
	}
	slices.Sort(all.folded)
	return all
}

// like is the name that may have been meant by one whose words are not all those of
// authors; "" where there is none, and for an address.
func (all authors) like(leaf *Node) string {
	if strings.Contains(leaf.Value, "@") {
		return ""
	}
	meant, changed := slices.Clone(leaf.Words), false
	for i, w := range meant {
		if all.as[w] != "" || len(w) < 3 || len(w) > osa.MaxLen {
			continue
		}
		if like := osa.Nearest(w, all.folded); like != "" {
			meant[i], changed = all.as[like], true
		}
	}
	if !changed {
		return ""
	}
	return strings.Join(meant, " ")
}

// understand fills in what a leaf's value means. instead is a value that may have
// been meant.
func (n *Names) understand(leaf *Node) (says, instead string, fatal bool) {
	switch leaf.Field {
	case FieldTag:
		return n.tag(leaf)
	case FieldNature:
		return nature(leaf)
	case FieldList:
		if n.Lists == nil {
			break
		}
		lists := n.Lists()
		i := slices.IndexFunc(lists, func(l string) bool { return strings.EqualFold(l, leaf.Value) })
		if i < 0 {
			return fmt.Sprintf("There is no list %q here.", leaf.Value), nearest(leaf.Value, lists), false
		}
		leaf.Value = lists[i]
	case FieldBefore, FieldAfter:
		var ok bool
		if leaf.Time, ok = n.moment(leaf.Value); !ok {
			return fmt.Sprintf("%s: needs a day such as 2016-04-30, a month, a year, or an age such as 7d, 2w, 3m or 1y.", leaf.Field), "", true
		}
	case FieldHas:
		return oneOf(leaf, Attachment)
	case FieldIs:
		return oneOf(leaf, Unanswered, Robot)
	}
	return "", "", false
}

func (n *Names) tag(leaf *Node) (says, instead string, fatal bool) {
	name := strings.ToLower(leaf.Value)
	if leaf.Kind != "" {
		name = string(leaf.Kind) + ":" + name
	}
	tag, whole := sigpost.ParseTag(name)
	if n.Tags != nil {
		leaf.Tags = n.Tags(name)
	}
	switch {
	case len(leaf.Tags) > 0:
		return "", "", false
	case whole:
		leaf.Tags = []sigpost.Tag{tag}
	case len(n.Kinds) == 0:
		leaf.Tags = []sigpost.Tag{{Name: name}}
	default:
		for _, kind := range n.Kinds {
			leaf.Tags = append(leaf.Tags, sigpost.Tag{Kind: kind, Name: name})
		}
	}
	if n.Tags == nil {
		return "", "", false
	}
	if n.LikeTag != nil {
		if like := n.LikeTag(name); len(like) > 0 {
			instead = like[0]
		}
	}
	return fmt.Sprintf("There is no topic %q here.", leaf.Value), instead, false
}

func nature(leaf *Node) (says, instead string, fatal bool) {
	var names []string
	for _, known := range sigpost.Natures() {
		if strings.EqualFold(leaf.Value, string(known)) || strings.EqualFold(leaf.Value, known.Title()) {
			leaf.Value, leaf.Tags = string(known), []sigpost.Tag{known.Tag()}
			return "", "", false
		}
		names = append(names, string(known))
	}
	return fmt.Sprintf("There is no nature %q; there are %s.", leaf.Value, list(names)), nearest(leaf.Value, names), true
}

func oneOf(leaf *Node, known ...string) (says, instead string, fatal bool) {
	leaf.Value = strings.ToLower(leaf.Value)
	if slices.Contains(known, leaf.Value) {
		return "", "", false
	}
	return fmt.Sprintf("Behind %s: can stand %s.", leaf.Field, list(known)), nearest(leaf.Value, known), true
}

func nearest(name string, known []string) string {
	if len(name) > osa.MaxLen {
		return ""
	}
	return osa.Nearest(strings.ToLower(name), known)
}

func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// layouts of days; a month and a year begin with their first.
var layouts = []string{time.DateOnly, "2006-1-2", "2006/01/02", "2006.01.02", "20060102", "2006-01", "2006"}

// maxAge is more than any archive's, in any of the units.
const maxAge = 100_000

// moment is the begin of a day in UTC, or so long ago.
func (n *Names) moment(value string) (time.Time, bool) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, value); err == nil && t.Year() > 0 {
			return t, true
		}
	}
	if len(value) < 2 || n.Now.IsZero() {
		return time.Time{}, false
	}
	count, err := strconv.ParseUint(value[:len(value)-1], 10, 32)
	if err != nil || count > maxAge {
		return time.Time{}, false
	}
	ago := -int(count)
	switch value[len(value)-1] {
	case 'h':
		return n.Now.Add(time.Duration(ago) * time.Hour), true
	case 'd':
		return n.Now.AddDate(0, 0, ago), true
	case 'w':
		return n.Now.AddDate(0, 0, 7*ago), true
	case 'm':
		return n.Now.AddDate(0, ago, 0), true
	case 'y':
		return n.Now.AddDate(ago, 0, 0), true
	}
	return time.Time{}, false
}
