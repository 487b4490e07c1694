// Package governance makes a taxonomy of the files by which OpenStack is
// governed: projects.yaml and legacy.yaml, with a table for each team. It does
// no I/O.
package governance

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Team is one that a governance file describes.
type Team struct {
	// Name is the team's key in the file.
	Name string
	// Service and Mission are what it makes, in few words and in many; they
	// may be empty.
	Service, Mission string
	// Channel is its IRC channel without the "#"; URL is its page. Both may be
	// empty.
	Channel, URL string
	// Retired says that nothing of it is there any more.
	Retired bool
	// Repositories are those of its deliverables, as organisation/name, in the
	// file's order.
	Repositories []string
	// Deliverables are the deliverables' names.
	Deliverables []string
}

// entry is a team as it stands in the file. What is not here is of no use for
// a taxonomy: people, elections, releases.
type entry struct {
	Service      string    `yaml:"service"`
	Mission      string    `yaml:"mission"`
	Channel      string    `yaml:"irc-channel"`
	URL          string    `yaml:"url"`
	RetiredOn    string    `yaml:"retired-on"`
	Deliverables yaml.Node `yaml:"deliverables"`
}

type deliverable struct {
	Repos []string `yaml:"repos"`
}

// maxRepositories bounds those of a team, of which large ones have some hundreds: a
// short file can name one long list many times.
const maxRepositories = 10_000

// Parse reads the teams of a governance file, in its order. Its error has
// FILE:LINE in front.
func Parse(file string, data []byte) ([]Team, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return nil, fmt.Errorf("%s: there is nothing in it", file)
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: no governance file: a table is expected, with a team's name for each key", file, root.Line)
	}
	var (
		teams []Team
		errs  []error
	)
	lines := map[string]int{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i]
		team, err := parseTeam(key.Value, root.Content[i+1])
		if first := lines[key.Value]; err == nil && first > 0 {
			err = fmt.Errorf("it is there in line %d already", first)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: team %s: %w", file, key.Line, key.Value, err))
			continue
		}
		lines[key.Value] = key.Line
		teams = append(teams, team)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return teams, nil
}

func parseTeam(name string, node *yaml.Node) (Team, error) {
	if node.Kind != yaml.MappingNode {
		return Team{}, errors.New("its key has no table of a team, with deliverables in it")
	}
	var e entry
	if err := node.Decode(&e); err != nil {
		return Team{}, plain(err)
	}
	t := Team{
		Name: name, Service: oneLine(e.Service), Mission: oneLine(e.Mission),
		Channel: strings.TrimPrefix(strings.TrimSpace(e.Channel), "#"), URL: strings.TrimSpace(e.URL), Retired: e.RetiredOn != "",
	}
	switch e.Deliverables.Kind {
	case 0, yaml.ScalarNode: // none, or null
		return t, nil
	case yaml.MappingNode:
	default:
		return Team{}, fmt.Errorf("line %d: its deliverables are no table", e.Deliverables.Line)
	}
	for i := 0; i+1 < len(e.Deliverables.Content); i += 2 {
		key, value := e.Deliverables.Content[i], e.Deliverables.Content[i+1]
		var d deliverable
		if err := value.Decode(&d); err != nil {
			return Team{}, fmt.Errorf("deliverable %s: %w", key.Value, plain(err))
		}
		t.Deliverables = append(t.Deliverables, key.Value)
		if t.Repositories = append(t.Repositories, d.Repos...); len(t.Repositories) > maxRepositories {
			return Team{}, fmt.Errorf("deliverable %s: with it the team has more than %d repositories", key.Value, maxRepositories)
		}
	}
	return t, nil
}

// plain gives an error of the YAML library in one line.
func plain(err error) error {
	var te *yaml.TypeError
	if errors.As(err, &te) {
		return errors.New(strings.Join(te.Errors, "; "))
	}
	return err
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
