package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"sigpost"
	"sigpost/app"
)

type classifyCommand struct {
	Threads classifyThreads `cmd:"" default:"withargs" help:"Tag the threads that have grown (the default)."`
	Eval    classifyEval    `cmd:"" help:"Measure how well tags are found: in labelled texts, in mail about other things, and where names are misspelt."`
	Learn   classifyLearn   `cmd:"" help:"Learn from what people decided on tags which words speak for and against them."`
	Train   classifyTrain   `cmd:"" help:"Learn from labelled texts which words speak for and against tags."`
}

type classifyThreads struct {
	Diff     bool   `help:"Change nothing, but show which threads would get other tags, and why."`
	Taxonomy string `type:"path" placeholder:"FILE" help:"With --diff: by this taxonomy in place of the configuration's."`
	Weights  string `type:"path" placeholder:"FILE" help:"With --diff: by these weights (see classify train)."`
}

// Run tags what has grown, or shows what would be tagged otherwise.
func (c classifyThreads) Run(s *session) error {
	if c.Diff {
		return c.diff(s)
	}
	if c.Taxonomy != "" || c.Weights != "" {
		return sigpost.Usage(errors.New("--taxonomy and --weights are for --diff; to tag by them, name them in the configuration (classify.taxonomy, classify.weights)"))
	}
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	report, err := a.Classify(s.ctx)
	if err != nil {
		return err
	}
	return s.tell(report, func(w io.Writer) { tellClassify(w, report) })
}

func (c classifyThreads) diff(s *session) error {
	a, err := s.openWith(app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	report, err := a.Diff(s.ctx, app.DiffOptions{Taxonomy: c.Taxonomy, Weights: c.Weights}, s.tellThreadDiff)
	if err != nil {
		return err
	}
	return s.tellDiff(report)
}

// tellThreadDiff tells what would change in a thread as soon as it is known: a
// line of JSON, or some lines for people.
func (s *session) tellThreadDiff(d app.ThreadDiff) error {
	if s.JSON {
		return json.NewEncoder(s.stdout).Encode(d)
	}
	if s.Quiet {
		return nil
	}
	s.finish()
	fmt.Fprintf(s.stdout, "thread %d: %s\n", d.Thread, printable(d.Subject))
	for _, c := range d.Changes {
		fmt.Fprintf(s.stdout, "  %-40s %s", c.Tag, changeWords(c))
		if c.Reason != "" {
			fmt.Fprintf(s.stdout, "  %s", printable(c.Reason))
		}
		if c.Excerpt != "" {
			fmt.Fprintf(s.stdout, " in the %s: %s", c.Field, printable(strings.TrimSpace(c.Excerpt)))
		}
		fmt.Fprintln(s.stdout)
	}
	return nil
}

func changeWords(c app.TagChange) string {
	switch {
	case c.Before == "":
		return fmt.Sprintf("gained (%s)", c.After)
	case c.After == "":
		return fmt.Sprintf("lost (was %s)", c.Before)
	}
	return fmt.Sprintf("%s, was %s", c.After, c.Before)
}

// tellDiff tells the counts: the last line of JSON, or in words.
func (s *session) tellDiff(r app.DiffReport) error {
	s.finish()
	if s.JSON {
		return json.NewEncoder(s.stdout).Encode(struct {
			Counts app.DiffReport `json:"counts"`
		}{r})
	}
	if !s.Quiet {
		fmt.Fprintf(s.stdout, "diff      %s looked at; %s would change: %s gained, %d lost, %d in another state; nothing was changed\n",
			plural(r.Threads, "thread"), plural(r.Differ, "thread"), plural(r.Gained, "tag"), r.Lost, r.Changed)
	}
	return nil
}

type classifyLearn struct {
	Diff bool `help:"Keep nothing, but show which threads would get other tags, and why."`
}

// Run learns, or shows what that would change.
func (c classifyLearn) Run(s *session) error {
	a, err := s.openWith(app.Options{ReadOnly: c.Diff})
	if err != nil {
		return err
	}
	defer a.Close()
	if !c.Diff {
		report, err := a.Learn(s.ctx)
		if err != nil {
			return err
		}
		return s.tell(report, func(w io.Writer) { tellLearn(w, report) })
	}
	learning, diff, err := a.DiffLearn(s.ctx, s.tellThreadDiff)
	if err != nil {
		return err
	}
	if !s.JSON && !s.Quiet {
		s.finish()
		tellLessons(s.stdout, learning)
	}
	return s.tellDiff(diff)
}

func tellLearn(w io.Writer, r app.LearnReport) {
	tellLessons(w, r)
	tellLearned(w, r)
	if r.Changed {
		fmt.Fprintln(w, "          threads are tagged by it from the next \"sigpost classify\" or \"sigpost run\" on")
	}
}

func tellLearned(w io.Writer, r app.LearnReport) {
	news := "nothing new"
	if r.Changed {
		news = "something new"
	}
	fmt.Fprintf(w, "learn     %s on %s taught %s, in %s\n", plural(r.Decisions, "decision"), plural(r.Threads, "thread"), news, short(r.Took))
}

func tellLessons(w io.Writer, r app.LearnReport) {
	for _, l := range r.Lessons {
		fmt.Fprintf(w, "%-40s learned from %s: %s; agrees with %d of them, before with %d\n",
			l.Tag, plural(l.Decisions, "decision"), plural(l.Terms, "word"), l.RightAfter, l.RightBefore)
	}
	if r.Few > 0 {
		fmt.Fprintf(w, "%s with too few decisions to learn from (%d are the least)\n", plural(r.Few, "tag"), r.Least)
	}
}

func tellClassify(w io.Writer, r app.ClassifyReport) {
	fmt.Fprintf(w, "classify  %s looked at, %d of them tagged, in %s\n", plural(r.Threads, "thread"), r.Tagged, short(r.Took))
}

type topicsCommand struct{}

// Run lists the topics of the taxonomy.
func (topicsCommand) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	topics := a.Topics()
	return s.tell(topics, func(w io.Writer) {
		for _, name := range sortedKeys(topics) {
			fmt.Fprintf(w, "%-40s %s\n", name, topics[name])
		}
	})
}

type classifyTrain struct {
	Labels []string `arg:"" placeholder:"PATH[=WEIGHT]" help:"Labelled texts: JSON lines of project, subject and body, or a folder with labels.tsv and txt/. A weight makes each text count for more or less than one."`
	Output string   `short:"o" required:"" type:"path" placeholder:"FILE" help:"Write the weights to this file."`
}

// Run learns, and writes the weights.
func (c classifyTrain) Run(s *session) error {
	cfg, err := s.loadIfThere()
	if err != nil {
		return err
	}
	if cfg != nil {
		cfg.Classify.Weights = "" // they are made here, and may not be there yet
	}
	t, err := app.OpenTaxonomy(cfg, "")
	if err != nil {
		return err
	}
	weights, report, err := t.Train(c.Labels)
	if err != nil {
		return err
	}
	if err := writeWhole(c.Output, weights); err != nil {
		return fmt.Errorf("the weights cannot be written: %w", err)
	}
	return s.tell(report, func(w io.Writer) {
		for _, set := range sortedKeys(report.Sets) {
			fmt.Fprintf(w, "%-30s %s\n", set, plural(report.Sets[set], "text"))
		}
		tellUnknown(w, report.Unknown)
		fmt.Fprintf(w, "learned %s of %s\n", plural(report.Terms, "weight"), plural(report.Tags, "tag"))
	})
}

func tellUnknown(w io.Writer, unknown map[string]int) {
	for _, label := range sortedKeys(unknown) {
		fmt.Fprintf(w, "left out: %s with the label %q, which no tag bears\n", plural(unknown[label], "text"), label)
	}
}
