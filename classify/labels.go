package classify

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"sigpost"
)

// Labelled is what was read of a set of labelled texts.
type Labelled struct {
	Samples []Sample
	// Unknown are the labels that no tag of the taxonomy bears, with the number
	// of texts that have them. They are left out.
	Unknown map[string]int
}

// labelledLine is a line of a file of labelled texts.
type labelledLine struct {
	Project string `json:"project"`
	Tag     string `json:"tag"` // "kind:name", or a name
	Subject string `json:"subject"`
	Body    string `json:"body"`
	Text    string `json:"text"`
}

// maxLabelledLine bounds a line of labelled texts, in bytes.
const maxLabelledLine = 4 << 20

// ReadLabelled reads JSON lines of texts with a label: {"project": "heat",
// "subject": ..., "body": ...}, or "tag" for "project" and "text" for "body". A
// label is a tag's name or one of its other names. set names the set.
func (t *Taxonomy) ReadLabelled(set string, r io.Reader) (Labelled, error) {
	l := Labelled{Unknown: map[string]int{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLabelledLine)
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var line labelledLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return l, fmt.Errorf("%s:%d: this is no JSON object with the texts \"project\", \"subject\" and \"body\": %w", set, n, err)
		}
		label := line.Tag
		if label == "" {
			label = line.Project
		}
		if label == "" {
			return l, fmt.Errorf(`%s:%d: the text has no label: "project" or "tag" is missing`, set, n)
		}
		text := line.Body
		if text == "" {
			text = line.Text
		}
		l.add(t, label, Sample{Name: fmt.Sprintf("%s:%d", set, n), Set: set, Doc: Document{Subject: line.Subject, Text: text, Opener: true}})
	}
	if err := lines.Err(); err != nil {
		return l, fmt.Errorf("%s:%d: %w", set, n+1, err)
	}
	return l, nil
}

// ReadStatements reads a folder of texts, one a file in "txt", with labels.tsv
// beside them: the file's name, a tab, its label, and further columns, of which
// the fourth divides the set and the fifth is the author's address, if it has an "@".
// The words of authors' names, from it and from behind "__" in the file's name, are
// not learned.
func (t *Taxonomy) ReadStatements(set string, dir fs.FS) (Labelled, error) {
	l := Labelled{Unknown: map[string]int{}}
	table, err := fs.ReadFile(dir, "labels.tsv")
	if err != nil {
		return l, fmt.Errorf("%s: a folder of labelled texts has a labels.tsv: %w", set, err)
	}
	for n, line := range strings.Split(strings.TrimRight(string(table), "\n"), "\n") {
		columns := strings.Split(line, "\t")
		if n == 0 && columns[0] == "file" {
			continue
		}
		if len(columns) < 2 {
			return l, fmt.Errorf("%s/labels.tsv:%d: a line has a file's name, a tab, and its label", set, n+1)
		}
		text, err := fs.ReadFile(dir, "txt/"+columns[0])
		if errors.Is(err, fs.ErrNotExist) {
			text, err = fs.ReadFile(dir, columns[0])
		}
		if err != nil {
			return l, fmt.Errorf("%s/labels.tsv:%d: %w", set, n+1, err)
		}
		s := Sample{Name: columns[0], Set: set, Doc: Document{Text: string(text), Opener: true}}
		if len(columns) > 3 {
			s.Set += " " + columns[3]
		}
		if len(columns) > 4 {
			_, name, _ := cutLast(strings.TrimSuffix(columns[0], ".txt"), "__")
			if s.Author = name; strings.Contains(columns[4], "@") {
				s.Author += " " + columns[4]
			}
		}
		l.add(t, columns[1], s)
	}
	return l, nil
}

// cutLast cuts text at the last separator.
func cutLast(text, separator string) (before, after string, ok bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}

// add keeps a sample under the tag that its label means: of several the
// project, since these are mostly called alike.
func (l *Labelled) add(t *Taxonomy, label string, s Sample) {
	tags := t.Named(label)
	if len(tags) == 0 {
		tags = t.ownerOf(label)
	}
	if len(tags) == 0 {
		l.Unknown[label]++
		return
	}
	s.Tag = tags[0]
	for _, tag := range tags {
		if tag.Kind == sigpost.KindProject {
			s.Tag = tag
			break
		}
	}
	l.Samples = append(l.Samples, s)
}

// ownerOf gives the tag that a repository of that name belongs to.
func (t *Taxonomy) ownerOf(repository string) []sigpost.Tag {
	for i := range t.Tags {
		for _, r := range t.Tags[i].Repositories {
			if t.repositoryKey(r) == t.repositoryKey(repository) {
				return []sigpost.Tag{t.Tags[i].Tag()}
			}
		}
	}
	return nil
}
