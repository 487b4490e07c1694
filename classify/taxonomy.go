// Package classify says which topics a thread is about, and why: it matches
// messages against a taxonomy and gives each tag a score and its evidence. It
// does no I/O.
//
// The way of a thread through it: scan.go cuts a text into atoms, spell.go
// takes a misspelt atom for the one that was meant, match.go finds the terms of
// the taxonomy in the atoms, and score.go weighs them.
package classify

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"sigpost"
	"sigpost/internal/tomlfile"
)

// rulesVersion grows whenever the rules or their weights change, so that what
// was classified by older ones can be told.
const rulesVersion = "4"

//go:generate go run ./internal/nearwords -words /usr/share/dict/words -o nearwords.txt
//go:generate go run ./internal/nearwords -words /usr/share/dict/words -short -o nearshort.txt

var (
	//go:embed openstack.toml
	openstackTOML []byte
	// nearWords are the ordinary words that look like a name of the default
	// taxonomy; internal/nearwords writes them.
	//go:embed nearwords.txt
	nearWords string
)

// Taxonomy is the set of tags that threads are sorted by, with everything that
// shows a tag. docs/taxonomy.md describes each key.
type Taxonomy struct {
	// Title names the taxonomy for people.
	Title string `toml:"title"`
	// Kinds are the kinds of tag beside "project" and "scenario".
	Kinds []string `toml:"kinds"`
	// Organisation is where repositories live that are written without one:
	// "nova" is then "openstack/nova".
	Organisation string `toml:"organisation"`
	// Pages are addresses, without their scheme, whose next path segment is
	// the name of a repository: "docs.openstack.org/".
	Pages []string `toml:"pages"`
	// Domain are words that show that a message is about the taxonomy's field
	// at all. They say nothing of a tag, but ordinary words, acronyms and
	// phrases count only beside such evidence.
	Domain []string `toml:"domain"`
	// DomainLists are lists, by name or List-Id, on which every message is
	// about the field, as if it held a word of Domain.
	DomainLists []string `toml:"domain_lists"`
	// Neighbours are words that show, directly beside an ordinary word, that it
	// is meant as a name: "service", "API". Their plurals are meant too.
	Neighbours []string `toml:"neighbours"`
	// Synonyms are groups of words that mean the same in terms of any kind.
	Synonyms [][]string `toml:"synonyms"`
	// OrdinaryWords are never taken for a misspelt name.
	OrdinaryWords []string `toml:"ordinary_words"`
	// Tags are the topics.
	Tags []TagSpec `toml:"tag"`
}

// TagSpec describes one tag and what shows it.
type TagSpec struct {
	// Kind is "project", "scenario" or one of Taxonomy.Kinds.
	Kind string `toml:"kind"`
	// Name identifies the tag within its kind: lower case with dashes. It is
	// its first alias.
	Name string `toml:"name"`
	// Title is the name for people.
	Title string `toml:"title"`
	// Description says in a sentence what it is, for people.
	Description string `toml:"description"`
	// CommonWord says that Name is an ordinary word, which needs context.
	CommonWord bool `toml:"common_word"`
	// NeverInText says that Name and CommonAliases count in a subject's
	// brackets alone.
	NeverInText bool `toml:"never_in_text"`
	// Aliases are other names, safe wherever they stand.
	Aliases []string `toml:"aliases"`
	// CommonAliases are other names that need context as CommonWord says.
	CommonAliases []string `toml:"common_aliases"`
	// Former are names it had; they need context, since they may mean
	// something else by now.
	Former []string `toml:"former"`
	// Acronyms are short names, matched in this very case.
	Acronyms []string `toml:"acronyms"`
	// Repositories are names ("nova", "kubernetes/cloud-provider-openstack"),
	// counted in paths and URLs, and in text if they hold a dash or a dot. A
	// "*" at the end stands for anything.
	Repositories []string `toml:"repositories"`
	// Clients are programs and commands by which it is used ("novaclient",
	// "openstack coe cluster"), safe wherever they stand. Those of one word
	// with a dash, dot or underscore in it are found only as they are written.
	Clients []string `toml:"clients"`
	// URLs are patterns of addresses without their scheme. A "*" stands for one
	// whole part between slashes, or at the end for anything.
	URLs []string `toml:"urls"`
	// Channels are IRC channels without the "#".
	Channels []string `toml:"channels"`
	// Neighbours are words that, directly beside an ordinary word, show that
	// this tag is meant: "template" for Heat.
	Neighbours []string `toml:"neighbours"`
	// Phrases are fixed sequences of words.
	Phrases []string `toml:"phrases"`
	// Together are groups of words and phrases that stand close to each
	// other in any order.
	Together [][]string `toml:"together"`
	// Terms are words and sequences of up to four words that make the tag
	// likelier, Against those that make it less likely, each with what it adds
	// to the score, before scaling, or takes from it: above 0 and 5 at most.
	Terms   map[string]float64 `toml:"terms"`
	Against map[string]float64 `toml:"against"`
	// Hints are tags that make this one likelier: "name" or "kind:name".
	Hints []string `toml:"hints"`
	// Lists say how much a message counts for this tag because of the list,
	// by name or List-Id, that it came through.
	Lists map[string]float64 `toml:"lists"`
	// Parents are the tags that this one is a part of: "name" or "kind:name".
	Parents []string `toml:"parents"`
}

// Tag is what identifies the tag.
func (s *TagSpec) Tag() sigpost.Tag {
	return sigpost.Tag{Kind: sigpost.TagKind(s.Kind), Name: s.Name}
}

// ParseTaxonomy reads a taxonomy from TOML. Its error has a line for each
// mistake: "FILE:LINE: tag NAME: what is wrong".
func ParseTaxonomy(file string, data []byte) (*Taxonomy, error) {
	t := &Taxonomy{}
	if err := tomlfile.Decode(file, data, t); err != nil {
		return nil, err
	}
	if err := t.check(file, data); err != nil {
		return nil, err
	}
	return t, nil
}

// OpenStack is the taxonomy that is built in: the teams of OpenStack, what
// joins it to Kubernetes, and the two ways of running one on the other.
func OpenStack() *Taxonomy {
	t, err := ParseTaxonomy("openstack.toml", openstackTOML)
	if err != nil {
		panic(err) // it is embedded, and a test parses it
	}
	return t
}

// OpenStackSource is the file of the built-in taxonomy.
func OpenStackSource() []byte { return slices.Clone(openstackTOML) }

// OrdinaryWords gives a function that says whether a word in lower case is known
// to be one of the language: one that looks like a name of the built-in
// taxonomy, or is a name in it that is marked so. A dictionary knows more.
func OrdinaryWords() func(word string) bool {
	known := map[string]bool{}
	for _, w := range strings.Fields(nearWords) {
		known[w] = true
	}
	for _, s := range OpenStack().Tags {
		if s.CommonWord {
			known[s.Name] = true
		}
		for _, w := range s.CommonAliases {
			known[w] = true
		}
	}
	return func(word string) bool { return known[word] }
}

// Version is a short hash of the taxonomy and the rules: it differs where a
// thread could be tagged differently.
func (t *Taxonomy) Version() string {
	content, err := json.Marshal(t)
	if err != nil {
		panic(err) // strings, booleans and finite numbers always marshal
	}
	h := sha256.New()
	h.Write(content)
	h.Write([]byte("\x00" + rulesVersion + "\x00" + nearWords + "\x00" + nearShort + "\x00" + abbreviations + "\x00" + natureVersion()))
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// Find gives the tag's description, and whether there is one.
func (t *Taxonomy) Find(tag sigpost.Tag) (TagSpec, bool) {
	i := slices.IndexFunc(t.Tags, func(s TagSpec) bool { return s.Tag() == tag })
	if i < 0 {
		return TagSpec{}, false
	}
	return t.Tags[i], true
}

// Named gives the tags that go by a name in any spelling: "name" or "kind:name",
// an alias, a former name, an acronym. Where it is the very name of tags, only
// they are given.
func (t *Taxonomy) Named(name string) []sigpost.Tag {
	var exact, other []sigpost.Tag
	key := strings.Join(splitAtoms(name), " ")
	for i := range t.Tags {
		s := &t.Tags[i]
		if s.Name == name || s.Tag().String() == name {
			exact = append(exact, s.Tag())
		}
		for _, v := range slices.Concat([]string{s.Name}, s.Aliases, s.CommonAliases, s.Former, s.Acronyms) {
			if strings.Join(splitAtoms(v), " ") == key {
				other = append(other, s.Tag())
				break
			}
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return other
}

// SpellNames are the words that are recognised when they are misspelt, sorted:
// those of five letters or more in names, aliases and former names.
func (t *Taxonomy) SpellNames() []string {
	var words []string
	for i := range t.Tags {
		s := &t.Tags[i]
		if s.NeverInText {
			continue
		}
		for _, name := range slices.Concat([]string{s.Name}, s.Aliases, s.CommonAliases, s.Former) {
			for _, w := range splitAtoms(name) {
				if len(w) >= minSpellName && isLetters(w) {
					words = append(words, w)
				}
			}
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// ShortWords are the words of names of several words that are too short to be
// looked for alone.
func (t *Taxonomy) ShortWords() []string {
	var words []string
	for _, n := range t.joinedNames() {
		for _, w := range n.words {
			if len(w) < minSpellName && isLetters(w) {
				words = append(words, w)
			}
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// reference reads "name" or "kind:name" as it stands in a tag of kind.
func reference(ref, kind string) sigpost.Tag {
	if k, name, ok := strings.Cut(ref, ":"); ok {
		return sigpost.Tag{Kind: sigpost.TagKind(k), Name: name}
	}
	return sigpost.Tag{Kind: sigpost.TagKind(kind), Name: ref}
}

// Titles are the tags' names for people, by Tag.String.
func (t *Taxonomy) Titles() map[string]string {
	titles := make(map[string]string, len(t.Tags))
	for i := range t.Tags {
		titles[t.Tags[i].Tag().String()] = t.Tags[i].Title
	}
	return titles
}
