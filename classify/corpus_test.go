package classify

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigpost"
)

// corpora gives the folder of corpora that are not part of the project, or
// skips the test.
func corpora(t *testing.T, path string) string {
	t.Helper()
	path = filepath.Join("..", "..", "shared", "corpora", path)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no corpus at %s", path)
	}
	return path
}

// rawDocument cuts a raw mail as simply as can be: the Subject line, and
// everything behind the first empty line.
func rawDocument(raw string) Document {
	raw = strings.ReplaceAll(raw, "\r\n", "\n")
	head, body, _ := strings.Cut(raw, "\n\n")
	d := Document{Text: body, Opener: true}
	for _, line := range strings.Split(head, "\n") {
		if len(line) > 8 && strings.EqualFold(line[:8], "subject:") {
			d.Subject = strings.TrimSpace(line[8:])
			break
		}
	}
	return d
}

func openISCSI(t *testing.T) []Document {
	f, err := os.Open(filepath.Join(corpora(t, "googlegroups-openiscsi-dev"), "open-iscsi.googlegroups.com.mbox.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(gz)
	if err != nil {
		t.Fatal(err)
	}
	var docs []Document
	for _, raw := range strings.Split("\n"+string(data), "\nFrom mboxrd@z ")[1:] {
		docs = append(docs, rawDocument(raw))
	}
	return docs
}

func ham(t *testing.T) []Document {
	files, err := filepath.Glob(filepath.Join(corpora(t, "spamassassin-dev"), "easy-ham-2", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var docs []Document
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, rawDocument(string(raw)))
	}
	return docs
}

// TestCorpusForeign measures how often mail that is about something else gets
// a project's tag.
func TestCorpusForeign(t *testing.T) {
	c := New(OpenStack(), nil)
	for _, corpus := range []struct {
		name string
		docs func(*testing.T) []Document
	}{{"ham", ham}, {"open-iscsi", openISCSI}} {
		t.Run(corpus.name, func(t *testing.T) {
			docs := corpus.docs(t)
			accepted, proposed := 0, 0
			for _, d := range docs {
				state := sigpost.TaggingState("")
				for _, g := range c.Classify([]Document{d}) {
					if g.Tag.Kind != sigpost.KindProject {
						continue
					}
					if state != sigpost.TagAccepted {
						state = g.State
					}
					if testing.Verbose() {
						t.Logf("%s %.2f %s: %s %q", g.State, g.Score, g.Tag, g.Evidence[0].Rule, g.Evidence[0].Excerpt)
					}
				}
				switch state {
				case sigpost.TagAccepted:
					accepted++
				case sigpost.TagProposed:
					proposed++
				}
			}
			share := float64(accepted) / float64(len(docs))
			t.Logf("%s: %d messages, %d (%.2f %%) with an accepted project, %d more with a proposed one",
				corpus.name, len(docs), accepted, 100*share, proposed)
			if share > 0.01 {
				t.Errorf("%.2f %% of foreign messages have an accepted project, 1 %% is the most", 100*share)
			}
		})
	}
}

// labelledCorpora reads the texts that the built-in weights are learned from.
func labelledCorpora(t *testing.T, taxonomy *Taxonomy) []Sample {
	var all []Sample
	add := func(l Labelled, err error, weight float64) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range l.Samples {
			l.Samples[i].Weight = weight
		}
		all = append(all, l.Samples...)
	}
	for _, file := range []struct {
		set, path string
		weight    float64
	}{{"commits", "os-commits-dev/os-commits.jsonl", 1}, {"reno", "os-reno-dev/os-reno.jsonl", 0.5}} {
		f, err := os.Open(corpora(t, file.path))
		if err != nil {
			t.Fatal(err)
		}
		l, err := taxonomy.ReadLabelled(file.set, f)
		f.Close()
		add(l, err, file.weight)
	}
	l, err := taxonomy.ReadStatements("candidacy", os.DirFS(corpora(t, "os-candidacy-dev")))
	add(l, err, 2)
	return all
}

// TestCorpusFolds measures the tags of labelled texts by weights that have not
// seen them; docs/accuracy.md has the figures. Most texts do not name their
// project.
func TestCorpusFolds(t *testing.T) {
	if raceEnabled {
		t.Skip("five trainings take minutes under the race detector")
	}
	taxonomy := OpenStack()
	samples := labelledCorpora(t, taxonomy)
	sets := map[string]Evaluation{}
	for _, e := range taxonomy.Evaluate(samples, CrossValidate(taxonomy, samples)) {
		t.Logf("%s: %d texts, best tag right %.3f, macro-F1 %.3f; accepted %d, precision %.3f, recall %.3f; calibration off by %.3f",
			e.Set, e.Texts, e.Micro.Recall, e.Macro.F1, e.Accepted.Tags, e.Accepted.Precision, e.Accepted.Recall, e.CalibrationError)
		sets[e.Set] = e
	}
	for _, hold := range []struct {
		name       string
		got, floor float64
	}{
		{"macro-F1 of commits", sets["commits"].Macro.F1, 0.72},
		{"macro-F1 of release notes", sets["reno"].Macro.F1, 0.885},
		{"best tag of candidacies", sets["candidacy PTL"].Micro.Recall, 0.97},
		{"precision accepted of commits", sets["commits"].Accepted.Precision, 0.87},
		{"precision accepted of release notes", sets["reno"].Accepted.Precision, 0.95},
		{"precision accepted of candidacies", sets["candidacy PTL"].Accepted.Precision, 0.985},
		{"recall accepted of commits", sets["commits"].Accepted.Recall, 0.21},
		{"recall accepted of release notes", sets["reno"].Accepted.Recall, 0.37},
	} {
		if hold.got < hold.floor {
			t.Errorf("%s: %.4f, and it has been above %.3f", hold.name, hold.got, hold.floor)
		}
	}
}

// TestCorpusCandidacies measures the best tag of what candidates for the lead of
// a team wrote, by their text alone; some of them name no project at all.
func TestCorpusCandidacies(t *testing.T) {
	dir := corpora(t, "os-candidacy-dev")
	labels, err := os.ReadFile(filepath.Join(dir, "labels.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	taxonomy := OpenStack()
	c := New(taxonomy, nil)
	texts, right, untagged := 0, 0, 0
	for _, line := range strings.Split(strings.TrimSpace(string(labels)), "\n")[1:] {
		columns := strings.Split(line, "\t")
		team := taxonomy.Named(columns[1])
		if columns[3] != "PTL" {
			continue // the technical committee is about everything
		}
		if len(team) == 0 {
			t.Logf("no tag for the team %q", columns[1])
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, "txt", columns[0]))
		if err != nil {
			t.Fatal(err)
		}
		texts++
		tags := c.Classify([]Document{{Text: string(text)}})
		i := slices.IndexFunc(tags, func(g sigpost.Tagging) bool { return g.Tag.Kind == sigpost.KindProject })
		switch {
		case i < 0:
			untagged++
		case tags[i].Tag == team[0]:
			right++
		}
	}
	share := float64(right) / float64(max(1, texts))
	t.Logf("candidacies: %d texts, top tag right %.1f %%, %d without a tag", texts, 100*share, untagged)
	if share < 0.92 {
		t.Errorf("%.1f %%, it has been 93.2 %%", 100*share)
	}
}

func percent(part, of int) float64 { return 100 * float64(part) / float64(max(1, of)) }

// BenchmarkClassify classifies messages of about 5 KB, each one a thread.
func BenchmarkClassify(b *testing.B) {
	c := New(OpenStack(), OpenStackWeights())
	docs := benchDocuments()
	b.SetBytes(int64(len(docs[0].Text)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Classify(docs[i%len(docs) : i%len(docs)+1])
	}
}

var benchSentences = []string{
	"When the controller is restarted while %d pods are waiting, some of their ports stay behind in Neutron.\n",
	"I looked at the log and there is nothing but a timeout after request req-%08x was sent to the other side.\n\n",
	"Could somebody who has run this with more than %d nodes say whether the default of the pool is sensible?\n",
	"The template asks for a volume, and https://review.opendev.org/c/openstack/nova/+/%d seems to be about it.\n",
	"We have been on the old release for %d weeks because nobody had the time to follow the notes of the upgrade.\n\n",
	"It works as expected with the smaller flavour, so I suspect that the scheduller of number %d gives up early.\n",
}
