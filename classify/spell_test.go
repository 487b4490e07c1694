package classify

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestSpell(t *testing.T) {
	taxonomy := OpenStack()
	program := compile(taxonomy)
	s := newSpeller(taxonomy, program.words)
	meant := func(word string) string {
		got := s.spell(word)
		for name, id := range program.words {
			if got.id == id && name != "k8s" && name != "kube" {
				return name
			}
		}
		return ""
	}
	for _, tt := range []struct{ name, word, want string }{
		{"letter left out", "kuyr", "kuryr"},
		{"letter too many", "kurryr", "kuryr"},
		{"wrong letter", "kurzr", "kuryr"},
		{"swapped", "kuyrr", "kuryr"},
		{"first two swapped", "ukryr", "kuryr"},
		{"two edits of a short name", "kuyyrr", ""},
		{"two edits of a long name", "cloudkttyi", "cloudkitty"},
		{"three edits of a long name", "cludkttyi", ""},
		{"wrong first letter", "buryr", ""},
		{"name of four letters", "nvoa", ""},
		{"ordinary word", "cider", ""},
		{"form of an ordinary word", "glancing", ""},
		{"not only letters", "kury1", ""},
		{"not ASCII", "kurÿr", ""},
		{"very long", strings.Repeat("kuryr", 20), ""},
		{"empty", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := meant(tt.word); got != tt.want {
				t.Errorf("%q is taken for %q, want %q", tt.word, got, tt.want)
			}
		})
	}
}

// TestSpellAmbiguous: a word between two names is neither.
func TestSpellAmbiguous(t *testing.T) {
	taxonomy := &Taxonomy{Tags: []TagSpec{
		{Kind: "project", Name: "karbon", Title: "A"}, {Kind: "project", Name: "karton", Title: "B"},
	}}
	s := newSpeller(taxonomy, compile(taxonomy).words)
	if got := s.spell("karxon"); got.id != noWord {
		t.Errorf("got %v", got)
	}
	if got := s.spell("karboon"); got.id == noWord {
		t.Error("no name is found for karboon")
	}
}

// edits are the four ways of slipping on a keyboard.
var edits = []struct {
	name string
	do   func(r *rand.Rand, s string, at int) string
}{
	{"insert", func(r *rand.Rand, s string, at int) string { return s[:at] + letter(r) + s[at:] }},
	{"delete", func(_ *rand.Rand, s string, at int) string { return s[:at] + s[at+1:] }},
	{"substitute", func(r *rand.Rand, s string, at int) string { return s[:at] + letter(r) + s[at+1:] }},
	{"swap", func(_ *rand.Rand, s string, at int) string { return s[:at-1] + s[at:at+1] + s[at-1:at] + s[at+1:] }},
}

func letter(r *rand.Rand) string { return string(rune('a' + r.IntN(26))) }

// TestTypos measures how many misspelt names are found in a neutral sentence
// of the field, and how many of the tags are the right ones. The slips come
// behind the first letter, as most do.
func TestTypos(t *testing.T) {
	taxonomy := OpenStack()
	c := New(taxonomy, nil)
	r := rand.New(rand.NewPCG(1, 2))
	all, allFound, allTags, words := 0, 0, 0, 0
	for _, edit := range edits {
		tried, found, tags, accepted := 0, 0, 0, 0
		for i := range taxonomy.Tags {
			s := &taxonomy.Tags[i]
			if s.Kind != "project" || s.NeverInText || len(s.Name) < minSpellName || strings.Contains(s.Name, "-") {
				continue
			}
			for at := 1; at < len(s.Name); at++ {
				typo := edit.do(r, s.Name, at)
				if typo == s.Name {
					continue
				}
				tried++
				if c.speller.isOrdinary(typo) {
					words++ // nobody could tell; they are counted as not found
				}
				got := classifyOne(c, Document{Text: "Since the upgrade of our OpenStack cloud, " + typo + " needs a restart each night."})
				tags += len(got)
				if slices.Contains(got, s.Name) {
					accepted++
				}
				if slices.Contains(got, s.Name) || slices.Contains(got, s.Name+"?") {
					found++
				}
			}
		}
		t.Logf("%-10s %4d typos: %5.1f %% found, %5.1f %% of the tags right, %5.1f %% accepted at once",
			edit.name, tried, percent(found, tried), percent(found, tags), percent(accepted, tried))
		all, allFound, allTags = all+tried, allFound+found, allTags+tags
	}
	t.Logf("%d of %d typos are ordinary words or forms of them", words, all)
	if found, right := percent(allFound, all), percent(allFound, allTags); found < 95 || right < 99 {
		t.Errorf("%.1f %% of the typos are found, %.1f %% of the tags are right", found, right)
	}
}

func TestSpellJoined(t *testing.T) {
	taxonomy := &Taxonomy{Domain: []string{"garden"}, Tags: []TagSpec{
		{Kind: "project", Name: "garden-path", Title: "P", Aliases: []string{"path.cli", "deep green"}},
		{Kind: "project", Name: "garden-bush", Title: "B", Former: []string{"garden_busk"}},
		{Kind: "project", Name: "lawn-mower-part", Title: "M"},
	}}
	c := New(taxonomy, nil)
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"short word", "the garden-pahth is closed", []string{"garden-path?"}},
		{"first word", "the lavn-mower-part is broken", []string{"lawn-mower-part?"}},
		{"other mark, capitals", "the Garden_Paht is closed", []string{"garden-path?"}},
		{"of three words, one", "in the garden, a lawn-mower-prat is broken", []string{"lawn-mower-part?"}},
		{"may be either", "the garden-busx is closed", nil},
		{"too short a word", "the old path.csi is closed", nil},
		{"not joined", "the garden pahth is closed", nil},
		{"two edits", "the garden-pahtth is closed", nil},
		{"nothing is right", "the gardem-pahth is closed", nil},
		{"first letter", "the farden-path is closed", nil},
		{"an address", "write to garden-pahth@example.org", nil},
		{"a web address", "see https://example.org/garden-pahth", nil},
		{"word of three letters", "the old path.cl is closed", []string{"garden-path?"}},
		{"wrong letter of three", "the old path.clx is closed", []string{"garden-path?"}},
		{"another abbreviation", "the old path.ci is closed", nil},
		{"plural", "many garden-paths are closed", nil},
		{"another word of the taxonomy", "the garden-part is closed", nil},
		{"letter on the other side", "the garde-npath is closed", []string{"garden-path?"}},
		{"letter on the other side, back", "the gardenp ath is closed", []string{"garden-path?"}},
		{"letter on the other side, of three words", "the lawn-mowe-rpart is broken", []string{"lawn-mower-part?"}},
		{"two letters on the other side", "the gard-enpath is closed", nil},
		{"spaces, long word", "a lawn mowwer part is broken", []string{"lawn-mower-part?"}},
		{"spaces, short first word", "a lavn mower part is broken", []string{"lawn-mower-part?"}},
		{"spaces, short word behind others", "a lawn mower prat is broken", nil},
		{"spaces in the name", "the deep gren is closed", []string{"garden-path?"}},
		{"spaces in the name, short first word", "the deeep green is closed", []string{"garden-path?"}},
		{"dash for a space", "the deep-gren is closed", []string{"garden-path?"}},
		{"a sentence between", "it is a lawn. Mowwer part of it is broken", nil},
		{"nothing between", "a lawnmowerpart is broken", []string{"lawn-mower-part?"}},
		{"nothing between, one edit", "a lawnmowwerpart is broken", []string{"lawn-mower-part?"}},
		{"nothing between, two edits", "a lawnmowwerprat is broken", nil},
		{"nothing between, too short", "the pathcli is old", []string{"garden-path?"}},
		{"in brackets", "[garden-pahth] it is closed", []string{"garden-path?"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := classifyOne(c, Document{Text: "In the garden. " + tt.text + "."}); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
