package main

import (
	"fmt"
	"io"
	"strings"

	"sigpost"
	"sigpost/app"
)

type classifyEval struct {
	Labels  []string `sep:"none" placeholder:"PATH[=WEIGHT]" help:"Labelled texts: JSON lines of project, subject and body, or a folder with labels.tsv and txt/. May be repeated; a weight counts with --folds, as in training."`
	Folds   bool     `help:"Judge each text by weights that were learned from the other texts of all --labels, in five parts."`
	Foreign []string `sep:"none" type:"path" placeholder:"PATH" help:"Mail about other things, in any form that import reads; no message should get a project's tag. May be repeated."`
	Typos   bool     `help:"Put a typo into each name of five letters or more, and see whether it is found."`
	Words   string   `type:"path" placeholder:"FILE" help:"A dictionary, with a word on each line, whose words are no typos (default: the system's, if there is one)."`
}

// Run measures, and reports.
func (c classifyEval) Run(s *session) error {
	t, err := s.openTaxonomy("")
	if err != nil {
		return err
	}
	report, err := t.Evaluate(s.ctx, app.EvalOptions{Labels: c.Labels, Folds: c.Folds, Foreign: c.Foreign, Typos: c.Typos, Words: c.Words})
	if err != nil {
		return err
	}
	return s.tell(report, func(w io.Writer) { tellEval(w, report) })
}

func tellEval(w io.Writer, r app.EvalReport) {
	if len(r.Sets) > 0 {
		switch {
		case r.Folds:
			fmt.Fprintln(w, "Each text is judged by weights that have not seen it: learned from the other four fifths of all sets together.")
		case r.Learned:
			fmt.Fprintln(w, "The texts are judged by the weights at hand. If these were learned from them, the figures are too good: use --folds.")
		default:
			fmt.Fprintln(w, "The texts are judged by the rules of the taxonomy alone: there are no learned weights.")
		}
	}
	for i := range r.Sets {
		fmt.Fprintln(w)
		tellSet(w, &r.Sets[i])
	}
	tellUnknown(w, r.Unknown)
	for i := range r.Foreign {
		fmt.Fprintln(w)
		tellForeign(w, &r.Foreign[i])
	}
	if r.Typos != nil {
		fmt.Fprintln(w)
		tellTypos(w, r.Typos)
	}
}

// shownConfusions and shownLost are how many are shown to people; JSON has all.
const (
	shownConfusions = 15
	shownLost       = 20
)

func tellSet(w io.Writer, e *app.Evaluation) {
	fmt.Fprintf(w, "%s: %s, the best tag of %d is right\n", printable(e.Set), plural(e.Texts, "text"), e.Right)
	fmt.Fprintf(w, "  %-40s %6s %9s %7s %6s\n", "best tag", "texts", "precision", "recall", "F1")
	for _, q := range e.Tags {
		tellQuality(w, q.Tag.String(), fmt.Sprint(q.Texts), q.Quality)
	}
	tellQuality(w, "micro", fmt.Sprint(e.Texts), e.Micro)
	tellQuality(w, "macro", "", e.Macro)
	tellAcceptance(w, "accepted", e.Accepted)
	for _, a := range e.At {
		tellAcceptance(w, "if it were", a)
	}
	if e.Sure != nil {
		tellAcceptance(w, "0.95 right", *e.Sure)
	} else {
		fmt.Fprintln(w, "  0.95 right  from no score on")
	}
	if len(e.Confusions) > 0 {
		fmt.Fprintln(w, "  confusions (label, best tag, texts, such as)")
	}
	for _, c := range e.Confusions[:min(len(e.Confusions), shownConfusions)] {
		fmt.Fprintf(w, "    %-32s %-32s %4d  %s\n", c.Label, orNone(c.Best), c.Texts, printable(strings.Join(c.Examples, ", ")))
	}
	fmt.Fprintf(w, "  calibration of the best tag's score: off by %.3f\n", e.CalibrationError)
	for _, b := range e.Calibration {
		if b.Tags > 0 {
			fmt.Fprintf(w, "    %.1f to %.1f  %5d tags  mean score %.3f  right %.3f\n", b.From, b.To, b.Tags, b.Score, b.Right)
		}
	}
}

func tellQuality(w io.Writer, name, texts string, q app.Quality) {
	fmt.Fprintf(w, "  %-40s %6s %9.3f %7.3f %6.3f\n", name, texts, q.Precision, q.Recall, q.F1)
}

func tellAcceptance(w io.Writer, what string, a app.Acceptance) {
	fmt.Fprintf(w, "  %-10s  from %.3f on %5d tags, precision %.3f, recall %.3f\n", what, a.Score, a.Tags, a.Precision, a.Recall)
}

func orNone(t sigpost.Tag) string {
	if t.Name == "" {
		return "none"
	}
	return t.String()
}

func tellForeign(w io.Writer, r *app.ForeignReport) {
	fmt.Fprintf(w, "%s: %s about other things, %d (%.2f %%) with an accepted project, %d (%.2f %%) with one that is at least proposed\n",
		printable(r.Path), plural(r.Messages, "message"), r.Accepted, 100*r.AcceptedShare, r.Proposed, 100*r.ProposedShare)
	if r.Unreadable > 0 {
		fmt.Fprintf(w, "  %s could not be understood\n", plural(r.Unreadable, "mail"))
	}
	for _, t := range r.Tags {
		fmt.Fprintf(w, "  %4d  %-8s  %-32s %s\n", t.Messages, t.State, t.Tag, printable(t.Rule))
	}
}

func tellTypos(w io.Writer, r *app.TypoReport) {
	fmt.Fprintf(w, "typos in %s\n", plural(r.Names, "name"))
	fmt.Fprintf(w, "  %-13s %-11s %6s %6s %9s %6s %9s\n", "names of", "typo", "texts", "found", "accepted", "taken", "precision")
	for _, k := range r.Kinds {
		words := "one word"
		if k.SeveralWords {
			words = "several words"
		}
		fmt.Fprintf(w, "  %-13s %-11s %6d %6.3f %9.3f %6d %9.3f\n", words, k.Kind, k.Texts, k.Found, k.Accepted, k.Taken, k.Precision)
	}
	for _, l := range r.Lost[:min(len(r.Lost), shownLost)] {
		fmt.Fprintf(w, "  lost: %s for %s of %s; the best tag is %s (%.2f)\n", l.Typo, l.Name, l.Tag, orNone(l.Best), l.Score)
	}
	if more := len(r.Lost) - shownLost; more > 0 {
		fmt.Fprintf(w, "  lost: %d more\n", more)
	}
}
