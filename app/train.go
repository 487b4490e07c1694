package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"sigpost"
	"sigpost/classify"
)

// TrainReport says what was learned from.
type TrainReport struct {
	Sets    map[string]int `json:"sets"`    // texts by set
	Unknown map[string]int `json:"unknown"` // texts by label that no tag bears
	Tags    int            `json:"tags"`    // that something was learned of
	Terms   int            `json:"terms"`   // weights of words
}

// Train learns weights from labelled texts, each a path, or "PATH=WEIGHT" where
// its texts count more or less than those of others, and gives them as a file.
// It needs no archive.
func (t *Taxonomy) Train(paths []string) ([]byte, TrainReport, error) {
	r := TrainReport{Sets: map[string]int{}}
	samples, unknown, err := t.readAllLabels(paths)
	if err != nil {
		return nil, r, err
	}
	r.Unknown = unknown
	for i := range samples {
		r.Sets[samples[i].Set]++
	}
	w, err := classify.Train(t.t, samples)
	if err != nil {
		return nil, r, sigpost.Usage(err)
	}
	for _, tags := range w.Kinds {
		for _, tag := range tags {
			r.Tags++
			r.Terms += len(tag.Terms)
		}
	}
	return w.Format(learnedHead), r, nil
}

const learnedHead = `What was learned of the words in texts about each tag, by "sigpost classify train".
docs/taxonomy.md says how it counts. Words above 0 speak for a tag, those below against
it. Change what is wrong by hand; training writes the file anew.`

// readAllLabels reads the labelled texts of all paths, and counts those whose
// label no tag bears.
func (t *Taxonomy) readAllLabels(paths []string) (samples []classify.Sample, unknown map[string]int, err error) {
	unknown = map[string]int{}
	for _, path := range paths {
		l, err := t.ReadLabels(path)
		if err != nil {
			return nil, unknown, err
		}
		samples = append(samples, l.Samples...)
		for label, n := range l.Unknown {
			unknown[label] += n
		}
	}
	return samples, unknown, nil
}

// ReadLabels reads labelled texts: a file of JSON lines, or a folder with
// labels.tsv. path may end in "=WEIGHT".
func (t *Taxonomy) ReadLabels(path string) (l classify.Labelled, err error) {
	weight := 0.0
	if before, after, ok := strings.Cut(path, "="); ok {
		if weight, err = strconv.ParseFloat(after, 64); err != nil || !(weight > 0 && weight <= 100) { // NaN is neither
			return l, sigpost.Usage(fmt.Errorf("%s: the weight %q is no number above 0 and up to 100", before, after))
		}
		path = before
	}
	info, err := os.Stat(path)
	if err != nil {
		return l, sigpost.Usage(fmt.Errorf("the labelled texts cannot be read: %w", err))
	}
	set := strings.TrimSuffix(filepath.Base(path), ".jsonl")
	if info.IsDir() {
		l, err = t.t.ReadStatements(set, os.DirFS(path))
	} else {
		l, err = readLabelledFile(t.t, set, path)
	}
	if err != nil {
		return l, sigpost.Usage(err)
	}
	for i := range l.Samples {
		l.Samples[i].Weight = weight
	}
	return l, nil
}

func readLabelledFile(t *classify.Taxonomy, set, path string) (classify.Labelled, error) {
	f, err := os.Open(path)
	if err != nil {
		return classify.Labelled{}, err
	}
	defer f.Close()
	return t.ReadLabelled(set, f)
}
