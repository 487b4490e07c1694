package governance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigpost"
	"sigpost/classify"
)

// governanceFiles gives the teams of OpenStack's own files, which are not part
// of the project, or skips the test.
func governanceFiles(t *testing.T) []Team {
	t.Helper()
	var all []Team
	for _, name := range []string{"projects.yaml", "legacy.yaml"} {
		path := filepath.Join("..", "..", "..", "shared", "corpora", "os-taxonomy-dev", name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Skipf("no governance file at %s", path)
		}
		teams, err := Parse(name, data)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, teams...)
	}
	return all
}

// TestCorpusCoverage measures how much of what the teams say of themselves the
// built-in taxonomy knows: a team, its repositories, its channel, its service.
func TestCorpusCoverage(t *testing.T) {
	teams, taxonomy := governanceFiles(t), classify.OpenStack()
	c := classify.New(taxonomy, nil)
	mentions := func(want sigpost.Tag, text string) bool {
		return slices.ContainsFunc(c.Classify([]classify.Document{{Text: text}}), func(g sigpost.Tagging) bool { return g.Tag == want })
	}
	gives := func(want sigpost.Tag, text string) bool {
		return slices.ContainsFunc(c.Classify([]classify.Document{{Text: text}}), func(g sigpost.Tagging) bool {
			return g.Tag == want && g.State == sigpost.TagAccepted
		})
	}
	counts := map[string][2]int{} // known, all
	count := func(what, value string, team string, known bool) {
		n := counts[what]
		n[1]++
		if known {
			n[0]++
		} else {
			t.Logf("unknown %s of %s: %s", what, team, value)
		}
		counts[what] = n
	}
	for _, team := range teams {
		named := taxonomy.Named(team.Name)
		count("team", team.Name, team.Name, len(named) > 0)
		if len(named) == 0 {
			continue
		}
		tag := named[0]
		if spec, _ := taxonomy.Find(tag); spec.Description == "" {
			t.Errorf("%s has no description", tag)
		}
		for _, r := range team.Repositories {
			// What a part is about, its whole is about; a repository that has
			// moved belongs to its new team.
			count("repository", r, team.Name, gives(tag, "see https://opendev.org/"+r+"/src/branch/master") || known(c, r))
		}
		if team.Channel != "" {
			count("channel", team.Channel, team.Name, mentions(tag, "OpenStack people are in #"+team.Channel+" all day"))
		}
		if len(strings.Fields(team.Service)) > 1 {
			count("service", team.Service, team.Name, gives(tag, "OpenStack has the "+team.Service+" for it"))
		}
	}
	// What is said of anything, such as "Search service", is left out.
	for _, floor := range []struct {
		what  string
		share float64
	}{{"team", 1}, {"repository", 0.99}, {"channel", 0.9}, {"service", 0.83}} {
		n := counts[floor.what]
		share := float64(n[0]) / float64(max(1, n[1]))
		t.Logf("%s: %d of %d known (%.1f %%)", floor.what, n[0], n[1], 100*share)
		if share < floor.share {
			t.Errorf("%s: %.1f %% are known, %.0f %% is the least", floor.what, 100*share, 100*floor.share)
		}
	}
}

// known says whether a repository gives any project at all.
func known(c *classify.Classifier, repository string) bool {
	return len(c.Classify([]classify.Document{{Text: "https://opendev.org/" + repository}})) > 0
}

// TestCorpusImport holds the import to the real files: what comes out is a
// taxonomy, and knows each team.
func TestCorpusImport(t *testing.T) {
	teams := governanceFiles(t)
	taxonomy, notes := Taxonomy(teams, func(word string) bool { return len(word) < 5 })
	if err := taxonomy.Check(); err != nil {
		t.Fatal(err)
	}
	for _, team := range teams {
		if !slices.ContainsFunc(taxonomy.Tags, func(s classify.TagSpec) bool { return bare(s.Name) == bare(team.Name) }) {
			t.Errorf("no tag for %s", team.Name)
		}
	}
	t.Logf("%d tags of %d entries, %d notes: %s", len(taxonomy.Tags), len(teams), len(notes), strings.Join(notes, "; "))
}
