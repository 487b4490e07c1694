package summary

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigpost"
	"sigpost/message"
	"sigpost/thread"
)

// goldIn reads the gold summaries of a folder.
func goldIn(t testing.TB, dir string) []Gold {
	t.Helper()
	gold, err := ReadGold(os.DirFS(dir), func(mbox string) ([]*sigpost.Message, error) {
		return readMbox(filepath.Join(dir, mbox))
	})
	if err != nil {
		t.Fatal(err)
	}
	return gold
}

// readMbox reads a file of mail as simply as can be.
func readMbox(file string) ([]*sigpost.Message, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var all []*sigpost.Message
	for _, raw := range strings.Split("\n"+string(data), "\nFrom ")[1:] {
		_, raw, _ = strings.Cut(raw, "\n")
		m, err := message.Parse([]byte(raw))
		if err != nil {
			return nil, err
		}
		m.BaseSubject = thread.BaseSubject(m.Subject)
		all = append(all, m)
	}
	return all, nil
}

// TestCorpusFolds holds what summaries are worth on threads that others judged,
// each summed up by weights that were learned from the others.
func TestCorpusFolds(t *testing.T) {
	dir := filepath.Join("..", "..", "shared", "corpora", "gold-bc3-dev")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no gold summaries at %s", dir)
	}
	r := Evaluate(goldIn(t, dir), Builtin(), 120, true)
	for _, m := range r.Methods {
		t.Logf("%-10s F1 %.3f pyramid %.3f ROUGE-1 %.3f ROUGE-2 %.3f ROUGE-L %.3f, %.1f words, %.1f sentences",
			m.Method, m.Sentences.F1, m.Pyramid, m.One.F1, m.Two.F1, m.Long.F1, m.Words, m.Chosen)
	}
	ours, lead, lexrank := r.Methods[0], r.Methods[1], r.Methods[5]
	if ours.Sentences.F1 < 0.56 || ours.One.F1 < 0.37 {
		t.Errorf("F1 is %.3f and ROUGE-1 %.3f; 0.56 and 0.37 are the least", ours.Sentences.F1, ours.One.F1)
	}
	for _, other := range []Result{lead, lexrank} {
		if ours.Sentences.F1 <= other.Sentences.F1 || ours.One.F1 <= other.One.F1 {
			t.Errorf("%s is as good as ours", other.Method)
		}
	}
}
