package app

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sigpost"
	"sigpost/classify"
	"sigpost/message"
)

// foreignMail gives mail about other things, which is not part of the project,
// or skips the test.
func foreignMail(t *testing.T, name string) [][]byte {
	t.Helper()
	dir := filepath.Join("..", "..", "shared", "corpora")
	var mails [][]byte
	switch name {
	case "ham":
		files, _ := filepath.Glob(filepath.Join(dir, "spamassassin-dev", "easy-ham-2", "*"))
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			mails = append(mails, raw)
		}
	case "open-iscsi":
		f, err := os.Open(filepath.Join(dir, "googlegroups-openiscsi-dev", "open-iscsi.googlegroups.com.mbox.gz"))
		if err != nil {
			break
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
		for _, part := range bytes.Split(append([]byte("\n"), data...), []byte("\nFrom mboxrd@z "))[1:] {
			_, mail, _ := bytes.Cut(part, []byte("\n"))
			mails = append(mails, mail)
		}
	}
	if len(mails) == 0 {
		t.Skipf("no mail of %s in %s", name, dir)
	}
	return mails
}

// TestCorpusForeign measures how often a message about something else gets a
// project's tag, read as the archive reads it: each one a thread of its own.
func TestCorpusForeign(t *testing.T) {
	t.Parallel()
	c := classify.New(classify.OpenStack(), classify.OpenStackWeights())
	for _, name := range []string{"ham", "open-iscsi"} {
		t.Run(name, func(t *testing.T) {
			mails := foreignMail(t, name)
			tagged := 0
			for _, raw := range mails {
				m, err := message.Parse(raw)
				if err != nil {
					continue
				}
				text := textOf(m)
				tags := c.Classify([]classify.Document{{Subject: m.Subject, Text: text.own, Quoted: text.quoted, Lists: listsOf(m), Opener: true, StandsAlone: true}})
				i := slices.IndexFunc(tags, func(g sigpost.Tagging) bool {
					return g.Tag.Kind == sigpost.KindProject && g.State == sigpost.TagAccepted
				})
				if i >= 0 {
					tagged++
					t.Logf("%s %.2f: %s %q", tags[i].Tag, tags[i].Score, tags[i].Evidence[0].Rule, tags[i].Evidence[0].Excerpt)
				}
			}
			share := float64(tagged) / float64(len(mails))
			t.Logf("%s: %d messages, %d (%.2f %%) with an accepted project", name, len(mails), tagged, 100*share)
			if share > 0.005 {
				t.Errorf("%.2f %% of foreign messages have an accepted project, 0.5 %% is the most", 100*share)
			}
		})
	}
}
