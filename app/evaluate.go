package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/classify"
	"sigpost/message"
)

// What was measured of labelled texts and of misspelt names.
type (
	Evaluation = classify.Evaluation
	Quality    = classify.Quality
	Acceptance = classify.Acceptance
	TypoReport = classify.TypoReport
)

// EvalOptions say what to measure.
type EvalOptions struct {
	// Labels are paths of labelled texts, as Train reads them.
	Labels []string
	// Foreign are files or folders of mail about other things.
	Foreign []string
	// Folds judges each labelled text by weights that were learned from the
	// others, in five parts; else the weights at hand judge all of them.
	Folds bool
	// Typos tries misspelt names.
	Typos bool
	// Words is a dictionary, or empty for the system's.
	Words string
}

// EvalReport is what was measured.
type EvalReport struct {
	// Version tells the taxonomy and the weights.
	Version string          `json:"version"`
	Folds   bool            `json:"folds"`
	Learned bool            `json:"learned"` // there are weights, which may know the labelled texts
	Sets    []Evaluation    `json:"sets"`
	Unknown map[string]int  `json:"unknown"` // texts by label that no tag bears
	Foreign []ForeignReport `json:"foreign"`
	Typos   *TypoReport     `json:"typos,omitempty"`
}

// ForeignReport says how often mail about other things gets a project's tag,
// each message a thread of its own.
type ForeignReport struct {
	Path       string `json:"path"`
	Messages   int    `json:"messages"`
	Unreadable int    `json:"unreadable"`
	// Accepted counts the messages with an accepted project tag, Proposed those
	// with one that is at least proposed; the shares are of all messages.
	Accepted      int          `json:"accepted"`
	Proposed      int          `json:"proposed"`
	AcceptedShare float64      `json:"accepted_share"`
	ProposedShare float64      `json:"proposed_share"`
	Tags          []ForeignTag `json:"tags"`
}

// ForeignTag is a tag that mail about other things got, by the rule that spoke
// for it most.
type ForeignTag struct {
	Tag      sigpost.Tag          `json:"tag"`
	State    sigpost.TaggingState `json:"state"`
	Rule     string               `json:"rule"`
	Messages int                  `json:"messages"`
}

// Evaluate measures how well tags are found. It needs no archive.
func (t *Taxonomy) Evaluate(ctx context.Context, o EvalOptions) (EvalReport, error) {
	r := EvalReport{
		Version: t.Version(), Folds: o.Folds, Learned: t.learned() != nil,
		Sets: []Evaluation{}, Foreign: []ForeignReport{}, Unknown: map[string]int{},
	}
	switch {
	case len(o.Labels)+len(o.Foreign) == 0 && !o.Typos:
		return r, sigpost.Usage(fmt.Errorf("there is nothing to measure: name labelled texts (--labels), mail about other things (--foreign), or try misspelt names (--typos)"))
	case o.Folds && len(o.Labels) == 0:
		return r, sigpost.Usage(fmt.Errorf("--folds learns from labelled texts: name some with --labels"))
	}
	dict, err := readDictionary(o.Words)
	if err != nil {
		return r, err
	}
	samples, unknown, err := t.readAllLabels(o.Labels)
	if err != nil {
		return r, err
	}
	r.Unknown = unknown
	if len(samples) == 0 && len(o.Labels) > 0 {
		return r, sigpost.Usage(fmt.Errorf("there is nothing to measure: no text of %s has a label that a tag bears", strings.Join(o.Labels, ", ")))
	}
	c := t.Classifier()
	for _, path := range o.Foreign {
		f, err := evaluateForeign(ctx, c, path)
		if err != nil {
			return r, err
		}
		r.Foreign = append(r.Foreign, f)
	}
	if len(samples) > 0 {
		r.Sets = t.t.Evaluate(samples, t.judge(c, samples, o.Folds))
	}
	if o.Typos {
		typos := c.Typos(dict.ordinary)
		r.Typos = &typos
	}
	return r, nil
}

// judge gives the tags of samples.
func (t *Taxonomy) judge(c *classify.Classifier, samples []classify.Sample, folds bool) [][]sigpost.Tagging {
	if folds {
		return classify.CrossValidate(t.t, samples)
	}
	found := make([][]sigpost.Tagging, len(samples))
	for i := range samples {
		found[i] = c.Explain([]classify.Document{samples[i].Doc})
	}
	return found
}

// evaluateForeign classifies mail, read as the archive reads it.
func evaluateForeign(ctx context.Context, c *classify.Classifier, path string) (ForeignReport, error) {
	r := ForeignReport{Path: path, Tags: []ForeignTag{}}
	count := map[ForeignTag]int{}
	unreadable, err := readMail(ctx, path, parseWhole, func(m *sigpost.Message) {
		r.Messages++
		text := textOf(m)
		accepted, any := false, false
		for _, g := range c.Classify([]classify.Document{{Subject: m.Subject, Text: text.own, Quoted: text.quoted, Lists: listsOf(m), Opener: true}}) {
			if g.Tag.Kind != sigpost.KindProject {
				continue
			}
			accepted, any = accepted || g.State == sigpost.TagAccepted, true
			tag := ForeignTag{Tag: g.Tag, State: g.State}
			if len(g.Evidence) > 0 {
				tag.Rule = g.Evidence[0].Rule
			}
			count[tag]++
		}
		if accepted {
			r.Accepted++
		}
		if any {
			r.Proposed++
		}
	})
	if err != nil {
		return r, err
	}
	r.Unreadable = unreadable
	r.AcceptedShare = float64(r.Accepted) / float64(max(r.Messages, 1))
	r.ProposedShare = float64(r.Proposed) / float64(max(r.Messages, 1))
	r.Tags = append(r.Tags, slices.SortedFunc(maps.Keys(count), func(a, b ForeignTag) int {
		return cmp.Or(strings.Compare(string(a.State), string(b.State)), cmp.Compare(count[b], count[a]),
			strings.Compare(a.Tag.String(), b.Tag.String()), strings.Compare(a.Rule, b.Rule))
	})...)
	for i := range r.Tags {
		r.Tags[i].Messages = count[r.Tags[i]]
	}
	return r, nil
}

// parseWhole understands a mail with its text.
func parseWhole(raw []byte, date time.Time) (*sigpost.Message, error) {
	m, err := message.Parse(raw)
	if err != nil {
		return nil, err
	}
	m.Received = received(m, date, time.Unix(0, 0))
	return m, nil
}
