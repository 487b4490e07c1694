package classify

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
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

// commit is a labelled text.
type commit struct {
	Project, Subject, Body string
}

func commits(t *testing.T) []commit {
	f, err := os.Open(filepath.Join(corpora(t, "os-commits-dev"), "os-commits.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []commit
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l commit
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		if l.Project == "kuryr-kubernetes" {
			l.Project = "kuryr" // the team's name
		}
		all = append(all, l)
	}
	return all
}

// TestCorpusCommits measures the best tag of commit messages, which mostly do
// not name their project.
func TestCorpusCommits(t *testing.T) {
	c := New(OpenStack(), nil)
	all := commits(t)
	type counts struct{ n, right, top, accepted, acceptedRight, chosen int }
	by := map[string]*counts{}
	total := &counts{}
	for _, l := range all {
		by[l.Project] = &counts{}
	}
	for _, l := range all {
		first := true
		for _, at := range []*counts{by[l.Project], total} {
			at.n++
		}
		for _, g := range c.Classify([]Document{{Subject: l.Subject, Text: l.Body, Opener: true}}) {
			if g.Tag.Kind != sigpost.KindProject {
				continue
			}
			// What a part is about, its whole is about.
			right := g.Tag.Name == l.Project || g.Tag.Name == "kolla" && l.Project == "kolla-kubernetes"
			if chosen := by[g.Tag.Name]; first && chosen != nil {
				chosen.chosen++
			}
			for _, at := range []*counts{by[l.Project], total} {
				if first {
					at.top++
					if g.Tag.Name == l.Project {
						at.right++
					}
				}
				if g.State == sigpost.TagAccepted {
					at.accepted++
					if right {
						at.acceptedRight++
					}
				}
			}
			first = false
		}
	}
	var b strings.Builder
	show := func(name string, at *counts) {
		fmt.Fprintf(&b, "%-18s %5d texts, top tag right %5.1f %% (where there is one %5.1f %%), accepted tags right %5.1f %%\n",
			name, at.n, percent(at.right, at.n), percent(at.right, at.top), percent(at.acceptedRight, at.accepted))
	}
	f1 := 0.0
	for _, project := range slices.Sorted(maps.Keys(by)) {
		at := by[project]
		show(project, at)
		f1 += 2 * float64(at.right) / float64(at.chosen+at.n) / float64(len(by))
	}
	show("all", total)
	t.Logf("commits: macro-F1 of the top tag %.2f\n%s", f1, b.String())
	if f1 < 0.33 {
		t.Errorf("macro-F1 %.2f, it has been 0.35", f1)
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
