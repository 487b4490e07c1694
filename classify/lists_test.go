package classify

import (
	"fmt"
	"strings"
	"testing"
)

const listTaxonomy = `
domain = ["gardening"]
domain_lists = ["Garden-Dev"]
neighbours = ["handle"]

[[tag]]
kind = "project"
name = "spade"
title = "Spade"
common_word = true
clients = ["spadectl", "garden tool dig"]
lists = { "garden-dev" = 0.25, "Spade.lists.garden.example" = 1.5 }

[[tag]]
kind = "project"
name = "rake"
title = "Rake"
common_word = true
[tag.lists]
garden-dev = 0.5
`

func TestLists(t *testing.T) {
	taxonomy, err := ParseTaxonomy("l.toml", []byte(listTaxonomy))
	if err != nil {
		t.Fatal(err)
	}
	c := New(taxonomy, nil)
	dev, spade := []string{"garden-dev"}, []string{"other", "spade.lists.garden.example"}
	for _, tt := range []struct {
		name string
		docs []Document
		want string
	}{
		{"no list", []Document{{Text: "It rains."}}, ""},
		{"a list that says enough", []Document{{Text: "It rains.", Lists: spade}}, "spade accepted 1.5 list Spade.lists.garden.example in \"spade.lists.garden.example\";"},
		{"a list that says little", []Document{{Text: "It rains.", Lists: dev}}, "rake proposed 0.5 list garden-dev in \"garden-dev\";"},
		{"each list counts once", []Document{{Lists: dev}, {Lists: dev}, {Lists: dev}}, "rake proposed 0.5 list garden-dev in \"garden-dev\";"},
		{"answers count like the first message", []Document{{Text: "Hm."}, {Subject: "Re:", Lists: spade}}, "spade accepted 1.5 list Spade.lists.garden.example in \"spade.lists.garden.example\";"},
		{"a capital letter is not enough elsewhere", []Document{{Text: "I like Rake."}}, ""},
		{"but is on the field's list", []Document{{Text: "I like Rake.", Lists: dev}}, "rake accepted 0.95 alias rake with a capital letter in \"Rake\"; 0.5 list garden-dev in \"garden-dev\";"},
		{"client", []Document{{Text: "I typed garden tool\ndig twice."}}, "spade accepted 1 client garden tool dig in \"garden tool\ndig\";"},
		{"client of one word", []Document{{Text: "Spadectl fails."}}, "spade accepted 1 client spadectl in \"Spadectl\";"},
		{"a client shows the field", []Document{{Text: "Spadectl fails. I like Rake."}}, "spade accepted 1 client spadectl in \"Spadectl\";rake accepted 0.95 alias rake with a capital letter in \"Rake\";"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, g := range c.Classify(tt.docs) {
				got += g.Tag.Name + " " + string(g.State)
				for _, e := range g.Evidence {
					got += fmt.Sprintf(" %v %s in %q;", e.Weight, e.Rule, e.Excerpt[e.Spans[0].Start:e.Spans[0].End])
				}
			}
			// An excerpt is one line, so what stood in two has a space in it.
			if want := strings.ReplaceAll(tt.want, "\n", " "); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestListErrors(t *testing.T) {
	const head = "[[tag]]\nkind = \"project\"\nname = \"spade\"\ntitle = \"S\"\n"
	for _, tt := range []struct{ name, in, want string }{
		{"negative", head + "lists = { a = 0.5, b = -1.0 }\n", `f.toml:5: tag spade: lists: the weight of "b" must be above 0 and 3 at most, not -1`},
		{"nothing", head + "[tag.lists]\na = 0.0\n", `f.toml:6: tag spade: lists: the weight of "a" must be`},
		{"absurd", head + "[tag.lists]\nok = 1\n\"big.list.example\" = 1000\n", `f.toml:7: tag spade: lists: the weight of "big.list.example" must be above 0 and 3 at most, not 1000`},
		{"endless", head + "lists.a = inf\n", `f.toml:5: tag spade: lists: the weight of "a"`},
		{"no number", head + "lists.a = nan\n", `f.toml:5: tag spade: lists: the weight of "a"`},
		{"a word", head + "lists.a = \"much\"\n", `f.toml:5:`},
		{"no list", head + "[tag.lists]\n\"--\" = 0.5\n", `f.toml:6: tag spade: lists: "--" is no name of a list`},
		{"with brackets", head + "[tag.lists]\n\"Our list <a.example.org>\" = 0.5\n", `f.toml:6: tag spade: lists: "Our list <a.example.org>" is no name`},
		{"twice", head + "[tag.lists]\na = 0.5\nA = 0.6\n", `tag spade: lists: "a" is there twice`},
		{"second tag", head + strings.Replace(head, "spade", "rake", 1) + "lists = { a = 7 }\n", `f.toml:9: tag rake: lists: the weight`},
		{"domain list", "domain_lists = [\n  \"a\",\n  \"\",\n]\n" + head, `f.toml:3: domain_lists: "" is no name of a list`},
		{"client of nothing", head + "clients = [\"-\"]\n", `f.toml:5: tag spade: empty entry "-" in clients`},
		{"star in a client", head + "clients = [\"spade*\"]\n", `f.toml:5: tag spade: clients: in "spade*": "*" may stand only in repositories and urls`},
		{"client of another", head + "clients = [\"dig\"]\n[[tag]]\nkind = \"project\"\nname = \"rake\"\ntitle = \"R\"\naliases = [\"Dig\"]\n",
			`f.toml:10: tag rake: "Dig" belongs to the tag spade in line 1 already`},
		{"url of another", head + "urls = [\"a.example/b\"]\n[[tag]]\nkind = \"project\"\nname = \"rake\"\ntitle = \"R\"\nurls = [\"A.example/b/\"]\n",
			`f.toml:10: tag rake: "A.example/b/" belongs to the tag spade in line 1 already`},
		{"url for a repository", head + "repositories = [\"https://git.example/spade\"]\n", `f.toml:5: tag spade: repositories: in "https://git.example/spade": write its name`},
		{"repository of three parts", head + "repositories = [\"a/b/c\"]\n", `f.toml:5: tag spade: repositories: in "a/b/c": write its name, or organisation/name`},
		{"repository without name", head + "repositories = [\"garden/\"]\n", `f.toml:5: tag spade: repositories: in "garden/": write`},
		{"repository with a space", head + "repositories = [\"my spade\"]\n", `f.toml:5: tag spade: repositories: in "my spade": there is white space`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseTaxonomy("f.toml", []byte(tt.in))
			if err == nil || got != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}
