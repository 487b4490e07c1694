package governance

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost/classify"
	"sigpost/internal/tomlfile"
)

const active = `---
spade:
  ptl: {name: 'Somebody', irc: 'somebody'}
  irc-channel: '#garden-spade'
  service: Digging service
  mission: >
    To turn
    the soil.
  url: https://wiki.garden.example/wiki/Spade
  deliverables:
    spade:
      repos:
        - garden/spade
        - garden/python-spadeclient
    handle:
      release-management: none
      repos: [other/handle]
Rake-It:
  service: Raking
  url: https://garden.example/
  deliverables:
    rake:
      repos:
        - garden/rake
        - garden/spade
Tool Management:
  deliverables:
empty: {}
`

const legacy = `
spade:
  partial: yes
  deliverables:
    trowel:
      retired-on: 2019-05-22
      repos:
        - garden/trowel
RakeIt:
  retired-on: 2020-01-01
hoe:
  retired-on: 2016-10-06
  irc-channel: garden-spade
  mission: To weed.
  service: Digging Service
  deliverables:
    hoe: {repos: [garden/hoe, garden/bad/path]}
`

func parse(t *testing.T, file, data string) []Team {
	t.Helper()
	teams, err := Parse(file, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return teams
}

func TestParse(t *testing.T) {
	teams := parse(t, "projects.yaml", active)
	if len(teams) != 4 {
		t.Fatalf("%d teams", len(teams))
	}
	spade := teams[0]
	if spade.Name != "spade" || spade.Service != "Digging service" || spade.Mission != "To turn the soil." || spade.Channel != "garden-spade" ||
		spade.Retired || !slices.Equal(spade.Deliverables, []string{"spade", "handle"}) ||
		!slices.Equal(spade.Repositories, []string{"garden/spade", "garden/python-spadeclient", "other/handle"}) {
		t.Errorf("%+v", spade)
	}
	if hoe := parse(t, "legacy.yaml", legacy)[2]; !hoe.Retired {
		t.Errorf("%+v", hoe)
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"nothing", "", "f.yaml: there is nothing in it"},
		{"comments alone", "---\n# nothing\n", "f.yaml"},
		{"no YAML", "a:\n  b: [\n", "f.yaml: line "},
		{"a list", "---\n- a\n- b\n", "f.yaml:2: no governance file"},
		{"a word", "hello", "f.yaml:1: no governance file"},
		{"team without table", "a: {}\nb: 12\n", "f.yaml:2: team b: its key has no table of a team"},
		{"list of repositories (sigs-repos.yaml)", "A SIG:\n  - repo: a/b\n", "f.yaml:1: team A SIG: its key has no table"},
		{"deliverables as a list", "a:\n  deliverables:\n    - b\n", "f.yaml:1: team a: line 3: its deliverables are no table"},
		{"repos as a word", "a:\n  deliverables:\n    b:\n      repos: c\n", "f.yaml:1: team a: deliverable b: line 4: "},
		{"the same team twice", "a: {}\nb: {}\na: {}\n", "f.yaml:3: team a: it is there in line 1 already"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if teams, err := Parse("f.yaml", []byte(tt.in)); err == nil || teams != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v, want %s", teams, err, tt.want)
			}
		})
	}
}

func TestTaxonomy(t *testing.T) {
	teams := append(parse(t, "projects.yaml", active), parse(t, "legacy.yaml", legacy)...)
	taxonomy, notes := Taxonomy(teams, func(w string) bool { return w == "spade" || w == "tool" || w == "management" })
	if err := taxonomy.Check(); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := tomlfile.Encode(&b, taxonomy); err != nil {
		t.Fatal(err)
	}
	_, tags, _ := strings.Cut(b.String(), "[[tag]]\n")
	want := `kind = "project"
name = "spade"
title = "Spade"
description = "To turn the soil."
common_word = true
repositories = ["spade", "python-spadeclient", "other/handle", "trowel"]
urls = ["wiki.garden.example/wiki/Spade", "wiki.garden.example/wiki/Spade/*"]
channels = ["garden-spade"]
phrases = ["Digging service"]

[[tag]]
kind = "project"
name = "rake-it"
title = "Rake-It"
description = "Raking"
aliases = ["rakeit"]
repositories = ["rake"]

[[tag]]
kind = "project"
name = "tool-management"
title = "Tool Management"
never_in_text = true

[[tag]]
kind = "project"
name = "empty"
title = "Empty"

[[tag]]
kind = "project"
name = "hoe"
title = "Hoe"
description = "To weed. (Retired.)"
repositories = ["hoe"]
`
	if tags != want {
		t.Errorf("got\n%s\nwant\n%s", tags, want)
	}
	if taxonomy.Organisation != "garden" || !slices.Equal(taxonomy.Domain, []string{"garden"}) {
		t.Errorf("organisation %q, domain %q", taxonomy.Organisation, taxonomy.Domain)
	}
	if got := strings.Join(notes, "\n"); len(notes) != 4 || !strings.Contains(got, "repository spade of rake-it belongs to spade already") ||
		!strings.Contains(got, "bad/path") {
		t.Errorf("notes:\n%s", got)
	}
	if _, err := classify.ParseTaxonomy("f.toml", []byte(b.String())); err != nil {
		t.Error(err)
	}
}

func TestTagName(t *testing.T) {
	for team, want := range map[string]string{
		"nova": "nova", "Puppet OpenStack": "puppet-openstack", "OpenStack-Helm": "openstack-helm", "OpenStackAnsible": "openstackansible",
		"ec2-api": "ec2-api", "I18n": "i18n", " A  (b) ": "a-b", "日本": "",
	} {
		if got := TagName(team); got != want {
			t.Errorf("%q: got %q, want %q", team, got, want)
		}
	}
}

// A short file that stands for an enormous one is refused, soon.
func TestYAMLThatGrowsIsRefused(t *testing.T) {
	var long, nested strings.Builder
	long.WriteString("a:\n  deliverables:\n    d0:\n      repos: &r\n")
	for i := range 5000 {
		fmt.Fprintf(&long, "      - o/%d\n", i)
	}
	for i := range 20000 {
		fmt.Fprintf(&long, "    d%d:\n      repos: *r\n", i+1)
	}
	nested.WriteString("x0: &x0 [o, o, o, o, o, o, o, o, o, o]\n")
	for i := range 12 {
		fmt.Fprintf(&nested, "x%d: &x%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d, ", i), 10), ", "))
	}
	nested.WriteString("a:\n  deliverables:\n    d:\n      repos: *x12\n")
	for name, text := range map[string]string{"one list many times": long.String(), "lists of lists": nested.String()} {
		begin := time.Now()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if teams, err := Parse("projects.yaml", []byte(text)); err == nil {
			t.Errorf("%s: %d teams", name, len(teams))
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 200<<20 || time.Since(begin) > 20*time.Second {
			t.Errorf("%s: %d MiB, %s", name, grown>>20, time.Since(begin))
		}
	}
}
