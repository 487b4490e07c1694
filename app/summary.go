package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"sigpost"
	"sigpost/message"
	"sigpost/summary"
	"sigpost/thread"
)

// Summary is the sentences that sum up a thread.
type Summary struct {
	Sentences []SummarySentence `json:"sentences"`
}

// SummarySentence is a sentence of somebody's, with the reason why it was
// chosen.
type SummarySentence struct {
	Text      string            `json:"text"`
	MessageID sigpost.MessageID `json:"message_id"`
	Author    string            `json:"author"`
	Reason    string            `json:"reason"`
}

// ExplainSummary sums up the mail of a file or folder, which is taken for one
// thread, in at most so many words, or by its size where words is 0. It needs
// no archive and no configuration. unreadable counts the mails that cannot be
// understood.
func ExplainSummary(ctx context.Context, path string, words int) (s Summary, unreadable int, err error) {
	s.Sentences = []SummarySentence{}
	if words < 0 {
		return s, 0, sigpost.Usage(fmt.Errorf("a summary of %d words: the number must be above 0, or 0 for a summary by the size of the thread", words))
	}
	msgs, unreadable, err := readTexts(ctx, path)
	if err != nil {
		return s, unreadable, err
	}
	slices.SortStableFunc(msgs, func(x, y *sigpost.Message) int { return x.Received.Compare(y.Received) })
	for _, c := range summary.Of(msgs, summary.Options{Words: words}) {
		s.Sentences = append(s.Sentences, SummarySentence{Text: c.Text, MessageID: c.MessageID, Author: c.Author.Label(), Reason: c.Reason})
	}
	return s, unreadable, nil
}

// readTexts understands every mail of a file or folder, in its order.
func readTexts(ctx context.Context, path string) (msgs []*sigpost.Message, unreadable int, err error) {
	unreadable, err = readMail(ctx, path, parseText, func(m *sigpost.Message) { msgs = append(msgs, m) })
	return msgs, unreadable, err
}

func parseText(raw []byte, date time.Time) (*sigpost.Message, error) {
	m, err := message.Parse(raw)
	if err != nil {
		return nil, err
	}
	m.BaseSubject = thread.BaseSubject(m.Subject)
	m.Received = received(m, date, time.Unix(0, 0))
	return m, nil
}

// SummaryReport is how good summaries are.
type SummaryReport = summary.Report

// SummaryEvalOptions say what EvalSummaries measures.
type SummaryEvalOptions struct {
	Gold    []string // folders with gold/NAME.json and mbox/NAME.mbox
	Words   int      // of each summary
	Folds   bool     // learn from all threads but the one that is summed up
	Weights string   // a file; empty for the built-in ones
}

// EvalSummaries measures summaries against those that people made. It needs no
// archive and no configuration.
func EvalSummaries(ctx context.Context, o SummaryEvalOptions) (r SummaryReport, err error) {
	if o.Words < 1 {
		return r, sigpost.Usage(fmt.Errorf("summaries of %d words: the number must be above 0", o.Words))
	}
	w := summary.Builtin()
	if o.Weights != "" {
		data, err := os.ReadFile(o.Weights)
		if err != nil {
			return r, sigpost.Usage(fmt.Errorf("the weights cannot be read: %w", err))
		}
		if w, err = summary.ParseWeights(o.Weights, data); err != nil {
			return r, sigpost.Usage(err)
		}
	}
	gold, err := readGold(ctx, o.Gold)
	if err != nil {
		return r, err
	}
	if o.Folds && len(gold) < 2 {
		return r, sigpost.Usage(errors.New("one thread has no others to learn from: leave --folds out, or give more threads"))
	}
	return summary.Evaluate(gold, w, o.Words, o.Folds), nil
}

// SummaryTraining says what was learned from.
type SummaryTraining struct {
	Threads  int `json:"threads"`
	Features int `json:"features"`
}

// TrainSummaries learns from what people picked which sentences sum up a
// thread, and gives the weights as a file.
func TrainSummaries(ctx context.Context, folders []string) ([]byte, SummaryTraining, error) {
	gold, err := readGold(ctx, folders)
	if err != nil {
		return nil, SummaryTraining{}, err
	}
	w := summary.Train(gold)
	return w.Format(summaryHead), SummaryTraining{Threads: len(gold), Features: len(w.Features)}, nil
}

const summaryHead = `What speaks for a sentence as part of a summary, and what against it, as learned by
"sigpost digest train". docs/summaries.md says what each feature is. Change what is
wrong by hand; training writes the file anew.`

func readGold(ctx context.Context, folders []string) (all []summary.Gold, err error) {
	for _, folder := range folders {
		gold, err := summary.ReadGold(os.DirFS(folder), func(mbox string) ([]*sigpost.Message, error) {
			msgs, unreadable, err := readTexts(ctx, filepath.Join(folder, mbox))
			if err == nil && unreadable > 0 {
				err = fmt.Errorf("%d of its mails cannot be understood", unreadable)
			}
			return msgs, err
		})
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, sigpost.Usage(fmt.Errorf("%s: gold summaries are gold/NAME.json with their mail in mbox/NAME.mbox: %w", folder, err))
		case err != nil:
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
		all = append(all, gold...)
	}
	return all, nil
}
