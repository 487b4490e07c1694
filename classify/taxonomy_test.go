package classify

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sigpost"
	"sigpost/internal/tomlfile"
)

func TestParseTaxonomyErrors(t *testing.T) {
	const tag = "[[tag]]\nkind = \"project\"\nname = \"nova\"\ntitle = \"Nova\"\n"
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", "f.toml: no tag in it"},
		{"broken", "title = ", "f.toml:1:"},
		{"unknown key", tag + "alias = [\"x\"]\n", `f.toml:5: unknown key "alias" in [tag]; did you mean "aliases"?`},
		{"duplicate", tag + "\n" + tag, "f.toml:8: tag nova: duplicate: project:nova is described already in line 1"},
		{"unknown kind", "[[tag]]\nkind = \"projct\"\nname = \"a\"\ntitle = \"A\"\n",
			`f.toml:2: tag a: unknown kind "projct"; did you mean "project"?`},
		{"unlike any kind", "[[tag]]\nkind = \"zzzzzz\"\nname = \"a\"\ntitle = \"A\"\n",
			"known kinds: project, scenario"},
		{"reserved kind", "title = \"T\"\nkinds = [\"nature\"]\n" + tag, `f.toml:2: kinds: "nature" is reserved for the natures`},
		{"tag of the reserved kind", "[[tag]]\nkind = \"nature\"\nname = \"question\"\ntitle = \"Q\"\n", `f.toml:2: tag question: unknown kind "nature"; it is reserved`},
		{"no name", "[[tag]]\nkind = \"project\"\ntitle = \"A\"\n", `f.toml:1: tag 1: name "" must be`},
		{"bad name", "[[tag]]\nkind = \"project\"\nname = \"Big_Name\"\ntitle = \"A\"\n", `f.toml:3: tag Big_Name: name "Big_Name" must be`},
		{"no title", "[[tag]]\nkind = \"project\"\nname = \"a\"\n", "f.toml:1: tag a: it has no title"},
		{"empty alias", tag + "aliases = [\"ok\", \"\"]\n", `f.toml:5: tag nova: empty entry "" in aliases`},
		{"alias of nothing but marks", tag + "aliases = [\"--\"]\n", `f.toml:5: tag nova: empty entry "--" in aliases`},
		{"both restrictions", tag + "common_word = true\nnever_in_text = true\n", "exclude each other"},
		{"star in an alias", tag + "aliases = [\"nova-*\"]\n", `f.toml:5: tag nova: aliases: in "nova-*"`},
		{"star in the middle", tag + "repositories = [\"no*va\"]\n", `f.toml:5: tag nova: repositories: in "no*va"`},
		{"star alone", tag + "repositories = [\"*\"]\n", `empty entry "*" in repositories`},
		{"alias of another tag", tag + "\n[[tag]]\nkind = \"project\"\nname = \"b\"\ntitle = \"B\"\naliases = [\n  \"c\",\n  \"Nova\",\n]\n",
			`f.toml:12: tag b: "Nova" belongs to the tag nova in line 1 already`},
		{"repository of another tag", "organisation = \"o\"\n" + tag + "repositories = [\"r-x\"]\n[[tag]]\nkind = \"project\"\nname = \"b\"\ntitle = \"B\"\nrepositories = [\"o/r_x\"]\n",
			`f.toml:11: tag b: "o/r_x" belongs to the tag nova in line 2 already`},
		{"unknown parent", tag + "parents = [\"nva\"]\n", `f.toml:5: tag nova: unknown tag "nva" in parents; did you mean "nova"?`},
		{"parent of another kind", tag + "[[tag]]\nkind = \"scenario\"\nname = \"s\"\ntitle = \"S\"\nhints = [\"nova\"]\n",
			`f.toml:9: tag s: unknown tag "nova" in hints; did you mean "project:nova"?`},
		{"own parent", tag + "parents = [\"nova\"]\n", "f.toml:3: tag nova: it is its own parent: nova → nova"},
		{"cycle of parents", tag + "parents = [\"b\"]\n[[tag]]\nkind = \"project\"\nname = \"b\"\ntitle = \"B\"\nparents = [\"nova\"]\n",
			"f.toml:5: tag nova: it is its own parent: nova → b → nova"},
		{"group of one", tag + "together = [[\"pods\"]]\n", "f.toml:5: tag nova: together: a group needs two words or more"},
		{"two words for one", "domain = [\"open stack\"]\n" + tag, `f.toml:1: domain: "open stack" is not a single word`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseTaxonomy("f.toml", []byte(tt.in))
			if err == nil || got != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestParseTaxonomyTellsAll(t *testing.T) {
	_, err := ParseTaxonomy("f.toml", []byte("[[tag]]\nkind = \"x\"\nname = \"a\"\n[[tag]]\nkind = \"project\"\nname = \"B\"\ntitle = \"B\"\n"))
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("three mistakes, a line each: %v", err)
	}
}

// TestOwnTaxonomy is another group's: own kinds, no domain, other places.
func TestOwnTaxonomy(t *testing.T) {
	taxonomy, err := ParseTaxonomy("g.toml", []byte(`
title = "Gardening"
kinds = ["season"]
organisation = "garden"
pages = ["help.example.org/tools/"]
neighbours = ["shed"]
synonyms = [["autumn", "fall"]]
ordinary_words = ["spate"]

[[tag]]
kind = "project"
name = "spade"
title = "The Spade"
common_word = true
aliases = ["digging tool"]
repositories = ["spade-core"]
neighbours = ["handle"]
phrases = ["turn the soil"]

[[tag]]
kind = "season"
name = "autumn"
title = "Autumn"
together = [["leaves", "rake"]]
hints = ["project:spade"]
`))
	if err != nil {
		t.Fatal(err)
	}
	c := New(taxonomy, nil)
	for _, tt := range []struct {
		name, text, want string
	}{
		{"alias", "A digging tool is all you need.", "project:spade accepted"},
		{"common word", "A spade is a spade.", ""},
		{"common word with its own neighbour", "The spade handle broke.", "project:spade accepted"},
		{"path", "https://example.org/garden/spade-core/issues/1", "project:spade accepted"},
		{"page", "http://help.example.org/tools/spade_core", "project:spade accepted"},
		{"phrase without any domain", "Turn the soil!", "project:spade accepted"},
		{"own kind and synonym", "In Fall it rains.", "season:autumn accepted"},
		{"together", "Rake them up, the leaves.", "season:autumn proposed"},
		{"misspelt", "In autunm it rains.", "season:autumn proposed"},
		{"ordinary word", "A spate handle.", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, g := range c.Classify([]Document{{Text: tt.text}}) {
				got += g.Tag.String() + " " + string(g.State)
			}
			if got != tt.want {
				t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestOpenStack(t *testing.T) {
	taxonomy := OpenStack()
	for _, want := range []sigpost.Tag{
		{Kind: "project", Name: "kuryr"}, {Kind: "project", Name: "murano"}, {Kind: "project", Name: "openstack-helm"},
		{Kind: "project", Name: "cloud-provider-openstack"}, {Kind: "scenario", Name: "kubernetes-on-openstack"},
		{Kind: "scenario", Name: "openstack-on-kubernetes"},
	} {
		if spec, ok := taxonomy.Find(want); !ok || spec.Title == "" || spec.Description == "" {
			t.Errorf("%s: %+v", want, spec)
		}
	}
	if _, ok := taxonomy.Find(sigpost.Tag{Kind: "project", Name: "nope"}); ok {
		t.Error("a tag that is not there is found")
	}
	// Every tag can be had by its name alone, at least in brackets.
	c := New(taxonomy, nil)
	for i := range taxonomy.Tags {
		s := &taxonomy.Tags[i]
		tags := c.Classify([]Document{{Subject: "[" + s.Name + "] OpenStack"}})
		if !slices.ContainsFunc(tags, func(g sigpost.Tagging) bool { return g.Tag == s.Tag() && g.State == sigpost.TagAccepted }) {
			t.Errorf("[%s] does not give %s", s.Name, s.Tag())
		}
	}
}

func TestVersion(t *testing.T) {
	a, b := OpenStack(), OpenStack()
	if a.Version() != b.Version() || len(a.Version()) != 12 {
		t.Errorf("versions %q and %q", a.Version(), b.Version())
	}
	b.Tags[3].Aliases = append(b.Tags[3].Aliases, "more")
	if a.Version() == b.Version() {
		t.Error("another alias, the same version")
	}
}

// TestDocumented holds docs/taxonomy.md to the keys that there are.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "taxonomy.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []reflect.Type{reflect.TypeFor[Taxonomy](), reflect.TypeFor[TagSpec]()} {
		for _, key := range tomlfile.Keys(of) {
			if !strings.Contains(string(page), "`"+key+"`") && key != "tag" {
				t.Errorf("docs/taxonomy.md says nothing of %s", key)
			}
		}
	}
	_, example, _ := strings.Cut(string(page), "```toml\n")
	example, _, _ = strings.Cut(example, "```")
	if _, err := ParseTaxonomy("docs/taxonomy.md", []byte(example)); err != nil {
		t.Errorf("its example: %v", err)
	}
}
