package classify

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sigpost"
)

func TestFindings(t *testing.T) {
	const file = `domain = ["gardening"]
organisation = "garden"
kinds = ["part"]

[[tag]]
kind = "project"
name = "spade"
title = "Spade"
aliases = ["shovel"]
acronyms = ["DIG"]
clients = ["spade-ctl", "turn soil", "spade dig-out"]

[[tag]]
kind = "project"
name = "rake"
title = "Rake"
common_word = true
aliases = [
  "rakette",
]
phrases = ["from spade to rakette"]
former = ["hoe"]
acronyms = ["RK"]

[[tag]]
kind = "project"
name = "rakete"
title = "Rakete"
repositories = ["rakete-x", "rakete-y"]
urls = ["a.example/b", "a.example/*"]
channels = ["rakete"]
together = [["soil", "rakete"]]

[[tag]]
kind = "part"
name = "handle"
title = "Handle"
aliases = ["RK", "handgrip"]
parents = ["project:spade"]

[[tag]]
kind = "part"
name = "spade-blade"
title = "Blade"
aliases = ["shovel"]
parents = ["handle"]
`
	taxonomy, err := ParseTaxonomy("f.toml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"spade", "shovel", "dig", "rake", "hoe", "turn", "soil", "handle"}
	var got []string
	for _, f := range taxonomy.Findings([]byte(file), func(w string) bool { return slices.Contains(words, w) }) {
		got = append(got, fmt.Sprintf("%d %s %s: %s", f.Line, f.Tag.Name, f.Rule, f.Says))
	}
	want := []string{
		`7 spade ordinary: "spade" is an ordinary word: set common_word, or never_in_text if it is said of anything`,
		`9 spade ordinary: "shovel" is an ordinary word: move it to common_aliases`,
		`10 spade ordinary: "DIG" is an ordinary word in capitals, as some write for emphasis`,
		`11 spade ordinary: "turn soil" is made of ordinary words: say more of the command, or move it to common_aliases`,
		`21 rake overlap: "from spade to rakette" holds "spade" of spade in line 5, which is not seen there; name it in parents if this is a part of it`,
		`27 rakete near: "rakete" is 1 letter(s) away from "rakette" of rake in line 13: a misspelling may be either`,
		`36 handle ordinary: "handle" is an ordinary word: set common_word, or never_in_text if it is said of anything`,
		`38 handle ambiguous: "RK" stands for project:rake in line 13, too`,
		`45 spade-blade ordinary: "shovel" is an ordinary word: move it to common_aliases`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestFindingsHidden: what the checks of a file let pass, but is never found.
func TestFindingsHidden(t *testing.T) {
	const file = `synonyms = [["spade", "shovel"]]

[[tag]]
kind = "project"
name = "spade"
title = "Spade"

[[tag]]
kind = "project"
name = "shovel"
title = "Shovel"

[[tag]]
kind = "project"
name = "rake"
title = "Rake"
aliases = ["shovel rake", "rake it"]
`
	taxonomy, err := ParseTaxonomy("f.toml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range taxonomy.Findings([]byte(file), func(string) bool { return false }) {
		got = append(got, fmt.Sprintf("%d %s %s: %s", f.Line, f.Tag.Name, f.Rule, f.Says))
	}
	want := []string{`10 shovel unreachable: nothing of it is ever found: all that would show it is found as something else`}
	if !slices.Equal(got[:min(1, len(got))], want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestOpenStackFindings: nothing in the built-in taxonomy is in vain, and no
// name stands for two.
func TestOpenStackFindings(t *testing.T) {
	for _, f := range OpenStack().Findings(OpenStackSource(), OrdinaryWords()) {
		if f.Rule == "unreachable" || f.Rule == "hidden" || f.Rule == "ambiguous" {
			t.Errorf("line %d: %s %s: %s", f.Line, f.Tag, f.Rule, f.Says)
		}
	}
}

func TestNearWords(t *testing.T) {
	taxonomy, err := ParseTaxonomy("f.toml", []byte("ordinary_words = [\"spate\"]\n[[tag]]\nkind = \"project\"\nname = \"spade\"\ntitle = \"S\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := taxonomy.NearWords([]string{"spade", "spare", "spate", "shovel", "spaed"}); !slices.Equal(got, []string{"spare", "spaed"}) {
		t.Errorf("got %q", got)
	}
}

func TestShown(t *testing.T) {
	s := &TagSpec{
		Kind: "project", Name: "spade", Title: "Spade", Description: "Digs.", CommonWord: true, Aliases: []string{"a", "b"},
		Together: [][]string{{"x", "y"}}, Lists: map[string]float64{"l": 0.5, "k": 2},
	}
	want := []Shown{{"common_word", []string{"yes"}}, {"aliases", []string{"a", "b"}}, {"together", []string{"x + y"}}, {"lists", []string{"k (2)", "l (0.5)"}}}
	if got := s.Shown(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRelations(t *testing.T) {
	project := func(name string) sigpost.Tag { return sigpost.Tag{Kind: sigpost.KindProject, Name: name} }
	scenario := sigpost.Tag{Kind: sigpost.KindScenario, Name: "kubernetes-on-openstack"}
	r := OpenStack().Relations(scenario)
	if !slices.Contains(r.Hints, project("kuryr")) || !slices.Contains(r.Parts, project("cluster-api-provider-openstack")) || r.Parents != nil || r.HintsAt != nil {
		t.Errorf("%+v", r)
	}
	if r := OpenStack().Relations(project("kuryr")); !slices.Contains(r.HintsAt, scenario) || !slices.Contains(r.Parts, project("fuxi")) {
		t.Errorf("%+v", r)
	}
	if r := OpenStack().Relations(project("fuxi")); !slices.Equal(r.Parents, []sigpost.Tag{project("kuryr")}) {
		t.Errorf("%+v", r)
	}
}

func TestNamedAndLike(t *testing.T) {
	taxonomy := OpenStack()
	// The names under which candidates stood.
	for name, want := range map[string]string{
		"kolla": "kolla", "project:kolla": "kolla", "quality_assurance": "quality-assurance", "quality assurance": "quality-assurance",
		"openstack_charms": "openstack-charms", "openstackansible": "openstackansible", "OpenStack-Ansible": "openstackansible",
		"chef_openstack": "openstack-chef", "chefopenstack": "openstack-chef", "openstack_chef": "openstack-chef", "ceilometer": "telemetry",
		"openstackclient": "openstacksdk", "shade": "openstacksdk", "puppetopenstack": "puppet-openstack", "packaging_rpm": "packaging-rpm",
		"rpmpackaging": "packaging-rpm", "release cycle management": "release-management", "tc": "governance", "ec2_api": "ec2-api",
		"stable_branch_maintenance": "stable-branch-maintenance", "community app catalog": "community-app-catalog", "savanna": "sahara",
		"PowerVMStackers SIG": "powervmstackers", "occm": "cloud-provider-openstack", "nonsense": "",
	} {
		got := ""
		if tags := taxonomy.Named(name); len(tags) > 0 {
			got = tags[0].Name
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"kuyr": "kuryr", "magnmu": "magnum", "project:magmum": "magnum", "cpo": "cloud-provider-openstack", "osh": "openstack-helm", "zzzzzzzz": "",
	} {
		if got := taxonomy.Like(name); want == "" && len(got) > 0 || want != "" && !slices.Contains(got, want) || len(got) > maxLike {
			t.Errorf("%s: got %v, want %q among them", name, got, want)
		}
	}
}

// TestString: the taxonomy as a file is the same taxonomy.
func TestString(t *testing.T) {
	taxonomy := OpenStack()
	taxonomy.Tags[0].Lists = map[string]float64{"openstack-discuss": 0.25}
	again, err := ParseTaxonomy("again.toml", []byte(taxonomy.String()))
	if err != nil || again.Version() != taxonomy.Version() {
		t.Errorf("%v: %s and %s", err, again.Version(), taxonomy.Version())
	}
}
