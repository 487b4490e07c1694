package governance

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"sigpost"
	"sigpost/classify"
)

// neighbours show, beside an ordinary word, that a team's work is meant. They
// are what every team has.
var neighbours = [...]string{
	"service", "api", "driver", "client", "agent", "team", "ptl", "plugin", "endpoint", "project", "spec",
	"blueprint", "repo", "repository", "gate", "core", "meeting", "dashboard", "config", "policy",
}

// Taxonomy makes a tag of every team, active ones first in the order given. A
// team of several files becomes one tag; what two teams claim is the first
// one's, and a note says so. Whether a name is an ordinary word, which needs
// context, is a guess of ordinary.
func Taxonomy(teams []Team, ordinary func(word string) bool) (t *classify.Taxonomy, notes []string) {
	b := builder{
		t:     &classify.Taxonomy{Title: "Projects", Neighbours: neighbours[:]},
		tags:  map[string]int{},
		owner: map[string]string{}, ordinary: ordinary,
	}
	b.t.Organisation = organisation(teams)
	if b.t.Organisation != "" {
		b.t.Domain = []string{b.t.Organisation}
	}
	for _, team := range teams {
		b.open(team)
	}
	for _, team := range teams {
		b.fill(team)
	}
	return b.t, b.notes
}

// organisation is where most repositories live.
func organisation(teams []Team) string {
	count := map[string]int{}
	for _, team := range teams {
		for _, r := range team.Repositories {
			if org, _, ok := strings.Cut(r, "/"); ok {
				count[org]++
			}
		}
	}
	best := ""
	for _, org := range slices.Sorted(maps.Keys(count)) {
		if count[org] > count[best] {
			best = org
		}
	}
	return best
}

// builder is a taxonomy in the making.
type builder struct {
	t        *classify.Taxonomy
	tags     map[string]int    // by what spelling leaves of a team's name
	owner    map[string]string // of repositories, channels, phrases and pages: the tag
	ordinary func(string) bool
	notes    []string
}

// bare is what stays of a name in any spelling: "OpenStack-Helm" and
// "OpenStackHelm" are one team.
func bare(name string) string { return strings.ReplaceAll(TagName(name), "-", "") }

// TagName is the name of a team's tag: its key in lower case with dashes.
func TagName(team string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(team), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
}

// open makes the team's tag, or gives another spelling of its name to it.
func (b *builder) open(team Team) {
	name := TagName(team.Name)
	if name == "" {
		b.note("%q has no letter of a to z in its name and is left out", team.Name)
		return
	}
	if i, ok := b.tags[bare(name)]; ok {
		if s := &b.t.Tags[i]; s.Name != name && !slices.Contains(s.Aliases, name) {
			s.Aliases = append(s.Aliases, name)
			b.owner["service "+name] = s.Name
		}
		return
	}
	s := classify.TagSpec{Kind: string(sigpost.KindProject), Name: name, Title: title(team.Name)}
	switch words := strings.Split(name, "-"); {
	case len(words) == 1:
		s.CommonWord = b.ordinary(name)
	case !slices.ContainsFunc(words, func(w string) bool { return !b.ordinary(w) }):
		// "release management" is said of anything: only brackets are sure.
		s.NeverInText = true
	}
	b.tags[bare(name)], b.owner["service "+name] = len(b.t.Tags), name
	b.t.Tags = append(b.t.Tags, s)
}

// title is a team's key, with capitals if it has none.
func title(key string) string {
	if key != strings.ToLower(key) {
		return key
	}
	words := strings.Fields(strings.ReplaceAll(key, "-", " "))
	for i, w := range words {
		r := []rune(w)
		r[0] = unicode.ToUpper(r[0])
		words[i] = string(r)
	}
	return strings.Join(words, " ")
}

// fill gives a team's repositories and the rest to its tag.
func (b *builder) fill(team Team) {
	i, ok := b.tags[bare(team.Name)]
	if !ok {
		return
	}
	s := &b.t.Tags[i]
	if s.Description == "" {
		s.Description = cmp.Or(team.Mission, team.Service)
		if s.Description != "" && team.Retired {
			s.Description += " (Retired.)"
		}
	}
	for _, r := range team.Repositories {
		if org, name, _ := strings.Cut(r, "/"); org == b.t.Organisation && !strings.Contains(name, "/") {
			r = name
		}
		b.claim(s, "repository", r, &s.Repositories)
	}
	if team.Channel != "" {
		b.claim(s, "channel", team.Channel, &s.Channels)
	}
	// One word is no phrase: "Telemetry" would be the name once more.
	if len(strings.Fields(team.Service)) > 1 {
		b.claim(s, "service", team.Service, &s.Phrases)
	}
	// A page of everybody's, such as the organisation's own, shows no team.
	if _, page, ok := strings.Cut(team.URL, "://"); ok && strings.Contains(bare(page), bare(s.Name)) {
		page = strings.TrimRight(page, "/")
		b.claim(s, "url", page, &s.URLs)
		b.claim(s, "url", page+"/*", &s.URLs)
	}
}

// claim gives a value to a tag, unless it is another's or no taxonomy would
// take it.
func (b *builder) claim(s *classify.TagSpec, what, value string, list *[]string) {
	key := what + " " + TagName(value)
	if strings.HasSuffix(value, "*") {
		key += "*"
	}
	switch owner, taken := b.owner[key]; {
	case taken && owner == s.Name:
		return
	case taken:
		b.note("%s %s of %s belongs to %s already", what, value, s.Name, owner)
		return
	}
	b.owner[key] = s.Name
	*list = append(*list, value)
	alone := classify.TagSpec{Kind: s.Kind, Name: s.Name, Title: s.Title}
	switch what {
	case "repository":
		alone.Repositories = []string{value}
	case "url":
		alone.URLs = []string{value}
	case "channel":
		alone.Channels = []string{value}
	case "service":
		alone.Phrases = []string{value}
	}
	if err := (&classify.Taxonomy{Tags: []classify.TagSpec{alone}}).Check(); err != nil {
		*list = (*list)[:len(*list)-1]
		b.note("left out: %v", err)
	}
}

func (b *builder) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
}
