package classify

import (
	"slices"
	"testing"

	"sigpost"
)

// TestCorpusLearn measures what decisions teach about texts that nobody decided
// on: reviewers say of every second commit message which of its tags are right, and
// which is missing; the others are then tagged. By the rules alone, since the
// trained weights know these texts.
func TestCorpusLearn(t *testing.T) {
	taxonomy := OpenStack()
	all := commits(t)
	docs := func(l commit) []Document {
		return []Document{{Subject: l.Subject, Text: l.Body + "\n\nOpenStack", Opener: true}}
	}
	right := func(g sigpost.Tagging, l commit) bool {
		return g.Tag.Name == l.Project || g.Tag.Name == "kolla" && l.Project == "kolla-kubernetes"
	}
	before := New(taxonomy, nil)
	var f1s, precisions []float64
	for _, reviewed := range []int{0, 50, 100, 200, 400, len(all) / 2} {
		l := NewLearner(taxonomy, nil)
		decisions := 0
		for i := range reviewed {
			text := all[2*shuffled(len(all) / 2)[i]]
			verdicts := []Verdict{{sigpost.Tag{Kind: sigpost.KindProject, Name: text.Project}, true}}
			for _, g := range before.Classify(docs(text)) {
				if g.Tag.Kind == sigpost.KindProject && g.Tag.Name != text.Project {
					verdicts = append(verdicts, Verdict{g.Tag, right(g, text)})
				}
			}
			l.Add(int64(i), docs(text), verdicts)
			decisions += len(verdicts)
		}
		learned, lessons := l.Learn()
		c := NewTaught(taxonomy, nil, learned)
		accepted, good, texts, agree, of := 0, 0, 0, 0, 0
		for _, lesson := range lessons {
			agree, of = agree+lesson.RightAfter, of+lesson.Decisions
		}
		for i := 1; i < len(all); i += 2 {
			texts++
			tags := slices.DeleteFunc(c.Classify(docs(all[i])), func(g sigpost.Tagging) bool {
				return g.Tag.Kind != sigpost.KindProject || g.State != sigpost.TagAccepted
			})
			for _, g := range tags {
				accepted++
				if right(g, all[i]) {
					good++
				}
			}
		}
		precision, recall := float64(good)/float64(max(1, accepted)), float64(good)/float64(texts)
		f1s, precisions = append(f1s, 2*precision*recall/(precision+recall)), append(precisions, precision)
		t.Logf("%4d texts reviewed, %4d decisions, of which it agrees with %d of %d: precision %.3f, recall %.3f, F1 %.3f of accepted tags",
			reviewed, decisions, agree, of, precision, recall, f1s[len(f1s)-1])
		if precision < precisions[0]-0.005 {
			t.Errorf("with %d texts reviewed, the precision falls from %.3f to %.3f", reviewed, precisions[0], precision)
		}
	}
	if gain := f1s[len(f1s)-1] - f1s[0]; gain < 0.05 {
		t.Errorf("all that was decided makes F1 better by %.3f only, it has been 0.069", gain)
	}
}

// commit is a labelled text.
type commit struct{ Project, Subject, Body string }

// commits are the commit messages of the corpora.
func commits(t *testing.T) (all []commit) {
	for _, s := range labelledCorpora(t, OpenStack()) {
		if s.Set == "commits" {
			all = append(all, commit{s.Tag.Name, s.Doc.Subject, s.Doc.Text})
		}
	}
	return all
}
