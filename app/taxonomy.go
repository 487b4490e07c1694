package app

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"sigpost"
	"sigpost/classify"
	"sigpost/classify/governance"
	"sigpost/config"
)

// Taxonomy is a taxonomy and where it came from.
type Taxonomy struct {
	// File is its path, or builtInFile.
	File string
	data []byte
	t    *classify.Taxonomy
	// learned gives what was trained for its tags, or nil; learnedVersion tells
	// it from others.
	learned        func() *classify.Weights
	learnedVersion string
}

// Version tells by which taxonomy and which weights a thread was tagged.
func (t *Taxonomy) Version() string { return t.t.Version() + t.learnedVersion }

// Classifier makes a classifier of the taxonomy and what was trained.
func (t *Taxonomy) Classifier() *classify.Classifier { return classify.New(t.t, t.learned()) }

// taught is Classifier with what reviewers taught; nil for nothing.
func (t *Taxonomy) taught(w *classify.Weights) *classify.Classifier {
	return classify.NewTaught(t.t, t.learned(), w)
}

// builtInFile is what the file of the built-in taxonomy is called.
const builtInFile = "openstack.toml"

// OpenTaxonomy reads a taxonomy: the file if one is named, else what the
// configuration names, else the built-in one. The configuration may be nil.
func OpenTaxonomy(cfg *config.Config, file string) (*Taxonomy, error) {
	t, err := openTaxonomy(cfg, file)
	if err != nil || cfg == nil || cfg.Classify.Weights == "" {
		return t, err
	}
	return t, t.openWeights(cfg.Path(cfg.Classify.Weights), "classify.weights")
}

func openTaxonomy(cfg *config.Config, file string) (*Taxonomy, error) {
	named := "the taxonomy cannot be read"
	if file == "" && cfg != nil && cfg.Classify.Taxonomy != config.OpenStackTaxonomy {
		file = cfg.Path(cfg.Classify.Taxonomy)
		named += " (classify.taxonomy)"
	}
	if file == "" {
		return &Taxonomy{
			File: builtInFile, data: classify.OpenStackSource(), t: classify.OpenStack(),
			learned: classify.OpenStackWeights, learnedVersion: classify.OpenStackWeightsVersion(),
		}, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, sigpost.Usage(fmt.Errorf("%s: %w", named, err))
	}
	t, err := classify.ParseTaxonomy(file, data)
	if err != nil {
		return nil, sigpost.Usage(err)
	}
	return &Taxonomy{File: file, data: data, t: t, learned: func() *classify.Weights { return nil }}, nil
}

// openWeights reads what was trained from a file, which key names.
func (t *Taxonomy) openWeights(file, key string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return sigpost.Usage(fmt.Errorf("the weights cannot be read (%s): %w", key, err))
	}
	w, err := classify.ParseWeights(file, data)
	if err != nil {
		return sigpost.Usage(err)
	}
	t.learned, t.learnedVersion = func() *classify.Weights { return w }, classify.WeightsVersion(data)
	return nil
}

// TaxonomyFinding is something in a taxonomy that may not be meant.
type TaxonomyFinding struct {
	Line int         `json:"line"`
	Tag  sigpost.Tag `json:"tag"`
	Rule string      `json:"rule"`
	Says string      `json:"says"`
}

// TaxonomyReport is what a look through a taxonomy gave.
type TaxonomyReport struct {
	File    string `json:"file"`
	Title   string `json:"title"`
	Version string `json:"version"`
	Tags    int    `json:"tags"`
	// Words is the dictionary that was asked, or empty.
	Words    string            `json:"words"`
	Findings []TaxonomyFinding `json:"findings"`
	// NearWords are those of the dictionary that would be taken for misspelt
	// names.
	NearWords []string `json:"near_words"`
}

// Check looks through a taxonomy. Words is a dictionary, with a word on each
// line; the system's if empty, and where there is none, the few words that are
// built in.
func (t *Taxonomy) Check(words string) (TaxonomyReport, error) {
	dict, err := readDictionary(words)
	if err != nil {
		return TaxonomyReport{}, err
	}
	r := TaxonomyReport{
		File: t.File, Title: t.t.Title, Version: t.t.Version(), Tags: len(t.t.Tags), Words: dict.file, Findings: []TaxonomyFinding{},
		NearWords: append([]string{}, t.t.NearWords(dict.words)...),
	}
	for _, f := range t.t.Findings(t.data, dict.ordinary) {
		r.Findings = append(r.Findings, TaxonomyFinding(f))
	}
	return r, nil
}

// systemWords is where systems keep their dictionary (hier(7)).
const systemWords = "/usr/share/dict/words"

// dictionary is what is known of the language.
type dictionary struct {
	// ordinary says whether a word in lower case is one of the language.
	ordinary func(word string) bool
	// file is what was read, words what was in it: nothing where there is no
	// dictionary.
	file  string
	words []string
}

// readDictionary reads a dictionary, or the system's. Names, which dictionaries
// write with a capital letter, are no ordinary words.
func readDictionary(file string) (dictionary, error) {
	f, err := os.Open(cmp.Or(file, systemWords))
	if file == "" && errors.Is(err, fs.ErrNotExist) {
		return dictionary{ordinary: classify.OrdinaryWords()}, nil
	}
	if err != nil {
		return dictionary{}, sigpost.Usage(fmt.Errorf("the dictionary cannot be read (--words): %w", err))
	}
	defer f.Close()
	d := dictionary{file: f.Name()}
	known := map[string]bool{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if w := lines.Text(); !known[w] && w == strings.ToLower(w) {
			known[w] = true
			d.words = append(d.words, w)
		}
	}
	if err := lines.Err(); err != nil {
		return dictionary{}, fmt.Errorf("reading the dictionary %s: %w", f.Name(), err)
	}
	d.ordinary = func(word string) bool { return known[word] }
	return d, nil
}

// TagLine is a tag in a list of them.
type TagLine struct {
	Tag         sigpost.Tag `json:"tag"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
}

// List gives the tags in the taxonomy's order.
func (t *Taxonomy) List() []TagLine {
	lines := []TagLine{}
	for i := range t.t.Tags {
		lines = append(lines, lineOfTag(&t.t.Tags[i]))
	}
	return lines
}

func lineOfTag(s *classify.TagSpec) TagLine {
	return TagLine{Tag: s.Tag(), Title: s.Title, Description: s.Description}
}

// TagReport is everything about a tag.
type TagReport struct {
	TagLine
	// Shows is what shows it, by the taxonomy's keys.
	Shows []TagKey `json:"shows"`
	// Parents are what it is a part of, Parts what is a part of it, Hints what
	// hints at it, HintsAt what it hints at.
	Parents []sigpost.Tag `json:"parents"`
	Parts   []sigpost.Tag `json:"parts"`
	Hints   []sigpost.Tag `json:"hints"`
	HintsAt []sigpost.Tag `json:"hints_at"`
}

// TagKey is a key of a tag.
type TagKey struct {
	Key    string   `json:"key"`
	Values []string `json:"values"`
}

// Show gives the tags of a name: mostly one, several where it stands for them.
func (t *Taxonomy) Show(name string) ([]TagReport, error) {
	tags := t.t.Named(name)
	if len(tags) == 0 {
		return nil, noSuchTag(t.t, name)
	}
	var reports []TagReport
	for _, tag := range tags {
		spec, _ := t.t.Find(tag)
		r := t.t.Relations(tag)
		report := TagReport{TagLine: lineOfTag(&spec), Parents: noNil(r.Parents), Parts: noNil(r.Parts), Hints: noNil(r.Hints), HintsAt: noNil(r.HintsAt)}
		for _, s := range spec.Shown() {
			if s.Key != "parents" && s.Key != "hints" {
				report.Shows = append(report.Shows, TagKey(s))
			}
		}
		reports = append(reports, report)
	}
	return reports, nil
}

// noSuchTag says that no tag goes by a name, and which may have been meant.
func noSuchTag(t *classify.Taxonomy, name string) error {
	none := sigpost.Usage(fmt.Errorf("there is no tag %q", name))
	if like := t.Like(name); len(like) > 0 {
		return hinted{none, "did you mean " + strings.Join(like, ", ") + "?"}
	}
	return hinted{none, "\"sigpost taxonomy show\" lists them"}
}

// hinted is an error with what helps at a terminal; pages have their own ways.
type hinted struct {
	error
	hint string
}

// Error has the hint behind it.
func (h hinted) Error() string { return h.error.Error() + "; " + h.hint }

// Unwrap is the error alone.
func (h hinted) Unwrap() error { return h.error }

// onPage is an error without what helps at a terminal.
func onPage(err error) error {
	if h := (hinted{}); errors.As(err, &h) {
		return h.error
	}
	return err
}

// noNil keeps a list of none from being null in JSON.
func noNil(tags []sigpost.Tag) []sigpost.Tag { return append([]sigpost.Tag{}, tags...) }

// GovernanceImport is a taxonomy made of governance files.
type GovernanceImport struct {
	// TOML is the taxonomy as a file.
	TOML string `json:"-"`
	// Teams are those in the files, Tags what became of them.
	Teams int `json:"teams"`
	Tags  int `json:"tags"`
	// Common are the tags whose names were taken for ordinary words.
	Common []string `json:"common"`
	// Notes say what was left out, and why.
	Notes []string `json:"notes"`
}

// ImportGovernance makes a taxonomy of OpenStack's governance files. Words is
// as in Check.
func ImportGovernance(files []string, words string) (GovernanceImport, error) {
	dict, err := readDictionary(words)
	if err != nil {
		return GovernanceImport{}, err
	}
	var (
		teams []governance.Team
		errs  []error
	)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			errs = append(errs, fmt.Errorf("the governance file cannot be read: %w", err))
			continue
		}
		more, err := governance.Parse(file, data)
		errs = append(errs, err)
		teams = append(teams, more...)
	}
	if err := errors.Join(errs...); err != nil {
		return GovernanceImport{}, sigpost.Usage(err)
	}
	t, notes := governance.Taxonomy(teams, dict.ordinary)
	if err := t.Check(); err != nil {
		return GovernanceImport{}, fmt.Errorf("what the files give is no taxonomy: %w", err)
	}
	r := GovernanceImport{Teams: len(teams), Tags: len(t.Tags), Common: []string{}, Notes: append([]string{}, notes...)}
	for i := range t.Tags {
		if s := &t.Tags[i]; s.CommonWord || s.NeverInText {
			r.Common = append(r.Common, s.Name)
		}
	}
	guess := "a dictionary"
	if dict.file == "" {
		guess = "the few words that are built in, for want of a dictionary"
	}
	r.TOML = "# Made of governance files. common_word and never_in_text are guesses by " + guess + ":\n" +
		"# look them through, then try \"sigpost taxonomy check\" on this file.\n\n" + t.String()
	return r, nil
}
