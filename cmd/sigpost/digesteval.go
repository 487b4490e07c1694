package main

import (
	"fmt"
	"io"

	"sigpost/app"
)

type digestEval struct {
	Gold    []string `required:"" sep:"none" type:"existingdir" placeholder:"DIR" help:"Gold summaries: gold/NAME.json, with the mail of each thread in mbox/NAME.mbox. May be repeated."`
	Words   int      `default:"120" placeholder:"N" help:"Words of each summary, by every method (default: ${default})."`
	Folds   bool     `help:"Sum up each thread by weights that were learned from the other threads of all --gold."`
	Weights string   `type:"path" placeholder:"FILE" help:"Sum up by these weights (see digest train; default: the built-in ones)."`
}

// Run measures, and reports.
func (c digestEval) Run(s *session) error {
	report, err := app.EvalSummaries(s.ctx, app.SummaryEvalOptions{Gold: c.Gold, Words: c.Words, Folds: c.Folds, Weights: c.Weights})
	if err != nil {
		return err
	}
	return s.tell(report, func(w io.Writer) { tellSummaryEval(w, report) })
}

func tellSummaryEval(w io.Writer, r app.SummaryReport) {
	how := "by the weights at hand; if these were learned from the same threads, the figures are too good: use --folds"
	if r.Folds {
		how = "each by weights that were learned from the others"
	}
	fmt.Fprintf(w, "%s summed up in %d words, %s\n", plural(r.Threads, "thread"), r.Words, how)
	fmt.Fprintf(w, "  %-12s %9s %7s %6s %8s %8s %8s %8s %6s %10s\n", "method", "precision", "recall", "F1", "pyramid", "ROUGE-1", "ROUGE-2", "ROUGE-L", "words", "sentences")
	for _, m := range r.Methods {
		fmt.Fprintf(w, "  %-12s %9.3f %7.3f %6.3f %8.3f %8.3f %8.3f %8.3f %6.1f %10.1f\n", m.Method, m.Sentences.Precision, m.Sentences.Recall,
			m.Sentences.F1, m.Pyramid, m.One.F1, m.Two.F1, m.Long.F1, m.Words, m.Chosen)
	}
	fmt.Fprintln(w, "  sigpost, by thread")
	for _, t := range r.ByThread {
		fmt.Fprintf(w, "    %-32s F1 %.3f  pyramid %.3f  ROUGE-1 %.3f\n", printable(t.Name), t.Sentences.F1, t.Pyramid, t.One.F1)
	}
}

type digestTrain struct {
	Gold   []string `arg:"" type:"existingdir" placeholder:"DIR" help:"Gold summaries, as for digest eval."`
	Output string   `short:"o" required:"" type:"path" placeholder:"FILE" help:"Write the weights to this file."`
}

// Run learns, and writes the weights.
func (c digestTrain) Run(s *session) error {
	weights, report, err := app.TrainSummaries(s.ctx, c.Gold)
	if err != nil {
		return err
	}
	if err := writeWhole(c.Output, weights); err != nil {
		return fmt.Errorf("the weights cannot be written: %w", err)
	}
	return s.tell(report, func(w io.Writer) {
		fmt.Fprintf(w, "learned %s from %s\n", plural(report.Features, "weight"), plural(report.Threads, "thread"))
	})
}
