package main

import (
	"fmt"
	"io"

	"sigpost/app"
)

type classifyCommand struct {
	Threads classifyThreads `cmd:"" default:"withargs" help:"Tag the threads that have grown (the default)."`
	Eval    classifyEval    `cmd:"" help:"Measure how well tags are found: in labelled texts, in mail about other things, and where names are misspelt."`
	Train   classifyTrain   `cmd:"" help:"Learn from labelled texts which words speak for and against tags."`
}

type classifyThreads struct{}

// Run tags what has grown.
func (classifyThreads) Run(s *session) error {
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
