package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"sigpost"
	"sigpost/app"
	"sigpost/config"
)

type taxonomyCommand struct {
	Check  taxonomyCheck  `cmd:"" help:"Say what is wrong with a taxonomy, and what in it may not be meant."`
	Show   taxonomyShow   `cmd:"" help:"Show a tag and everything that shows it, or list the tags."`
	Import taxonomyImport `cmd:"" help:"Make a taxonomy of what others have written down."`
}

// openTaxonomy reads the file if there is one, else the taxonomy of the
// configuration, else, where there is no configuration, the built-in one.
func (s *session) openTaxonomy(file string) (*app.Taxonomy, error) {
	if file != "" {
		return app.OpenTaxonomy(nil, file)
	}
	cfg, err := s.loadIfThere()
	if err != nil {
		return nil, err
	}
	return app.OpenTaxonomy(cfg, "")
}

// loadIfThere reads the configuration, or gives nil where there is none and
// none is named.
func (s *session) loadIfThere() (*config.Config, error) {
	if _, err := os.Stat(s.Config); !s.namesConfig() && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return s.load()
}

type wordsFlag struct {
	Words string `type:"path" placeholder:"FILE" help:"A dictionary, with a word on each line (default: /usr/share/dict/words if it is there)."`
}

type taxonomyCheck struct {
	wordsFlag
	File string `arg:"" optional:"" type:"path" help:"A taxonomy (default: that of the configuration, or the built-in one)."`
}

// Run tells the mistakes, which fail, or the findings, which do not.
func (c taxonomyCheck) Run(s *session) error {
	t, err := s.openTaxonomy(c.File)
	if err != nil {
		return err
	}
	report, err := t.Check(c.Words)
	if err != nil {
		return err
	}
	return s.tell(report, func(w io.Writer) {
		for _, f := range report.Findings {
			fmt.Fprintf(w, "%s:%d: tag %s: %s: %s\n", report.File, f.Line, f.Tag.Name, f.Rule, printable(f.Says))
		}
		if len(report.NearWords) > 0 {
			fmt.Fprintf(w, "%s of the dictionary would be taken for misspelt names; put them into ordinary_words:\n", plural(len(report.NearWords), "word"))
			quoted := make([]string, len(report.NearWords))
			for i, word := range report.NearWords {
				quoted[i] = `"` + word + `"`
			}
			tellWrapped(w, "", quoted)
		}
		words := "the words of " + report.Words
		if report.Words == "" {
			words = "the few words that are built in; --words FILE names a dictionary"
		}
		fmt.Fprintf(w, "%s is a taxonomy: %s, version %s, %s (ordinary words: %s)\n", report.File, plural(report.Tags, "tag"), report.Version,
			plural(len(report.Findings), "finding"), words)
	})
}

type taxonomyShow struct {
	Tag  string `arg:"" optional:"" help:"A tag by any of its names, such as kuryr or scenario:openstack-on-kubernetes; all tags without one."`
	File string `type:"path" placeholder:"FILE" help:"A taxonomy (default: that of the configuration, or the built-in one)."`
}

// Run shows one tag, or lists them.
func (c taxonomyShow) Run(s *session) error {
	t, err := s.openTaxonomy(c.File)
	if err != nil {
		return err
	}
	if c.Tag == "" {
		list := t.List()
		return s.tell(list, func(w io.Writer) {
			for _, l := range list {
				fmt.Fprintf(w, "%-45s %s\n", l.Tag, printable(l.Title))
			}
		})
	}
	reports, err := t.Show(c.Tag)
	if err != nil {
		return err
	}
	return s.tell(reports, func(w io.Writer) {
		for i, r := range reports {
			if i > 0 {
				fmt.Fprintln(w)
			}
			tellTag(w, r)
		}
	})
}

// tellWrapped writes values behind a word, in as many lines as they take.
func tellWrapped(w io.Writer, what string, values []string) {
	const indent, width = 15, 110
	line := fmt.Sprintf("%-*s", indent, what)
	for i, v := range values {
		v = printable(v)
		if i < len(values)-1 {
			v += ","
		}
		if i > 0 && len(line)+1+len(v) > width {
			fmt.Fprintln(w, line)
			line = strings.Repeat(" ", indent)
		}
		line += " " + v
	}
	fmt.Fprintln(w, line)
}

func tellTag(w io.Writer, r app.TagReport) {
	line := func(what string, values []string) {
		if len(values) > 0 {
			tellWrapped(w, what+":", values)
		}
	}
	line("Tag", []string{r.Tag.String()})
	line("Title", []string{r.Title})
	if r.Description != "" {
		line("Description", []string{r.Description})
	}
	for _, k := range r.Shows {
		line(strings.ToUpper(k.Key[:1])+strings.ReplaceAll(k.Key[1:], "_", " "), k.Values)
	}
	for _, of := range []struct {
		what string
		tags []sigpost.Tag
	}{{"Part of", r.Parents}, {"Parts", r.Parts}, {"Hinted at by", r.Hints}, {"Hints at", r.HintsAt}} {
		var names []string
		for _, tag := range of.tags {
			names = append(names, tag.String())
		}
		line(of.what, names)
	}
}
