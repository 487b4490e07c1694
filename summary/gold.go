package summary

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"sigpost"
)

// Gold is what people chose and wrote of a thread.
type Gold struct {
	Name     string // of the files
	Messages []*sigpost.Message
	// Sentences are those that the annotators were shown, in order.
	Sentences  []GoldSentence
	Annotators []Annotator
	expects    int // messages, or 0 where the file does not say
}

// GoldSentence is a sentence as the annotators saw it.
type GoldSentence struct {
	ID      string // message and sentence, from 1 on: "2.3"
	Message int    // from 0 on
	Text    string
	Picked  int // annotators who picked it
	// at is where it stands among the words of its message; Start is -1 where
	// it was not found.
	at sigpost.Span
}

// Annotator is one person's work.
type Annotator struct {
	Who     string
	Picked  map[string]bool // ids of sentences
	Summary string          // what they wrote
}

type goldFile struct {
	Name       string      `json:"name"`
	Messages   int         `json:"messages"`
	Sentences  [][2]string `json:"sentences"`
	Annotators []struct {
		Who        string      `json:"who"`
		Extractive []string    `json:"extractive"`
		Summary    [][2]string `json:"summary"`
	} `json:"annotators"`
}

// ReadGold reads the gold summaries of a folder: gold/NAME.json, with the mail
// of each in mbox/NAME.mbox, which read understands, oldest first.
func ReadGold(folder fs.FS, read func(mbox string) ([]*sigpost.Message, error)) ([]Gold, error) {
	files, err := fs.Glob(folder, "gold/*.json")
	if err != nil || len(files) == 0 {
		return nil, cmp.Or(err, fmt.Errorf("there is no gold/NAME.json in the folder: %w", fs.ErrNotExist))
	}
	var all []Gold
	for _, file := range files {
		g, err := readGold(folder, file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		mbox := "mbox/" + g.Name + ".mbox"
		if g.Messages, err = read(mbox); err != nil {
			return nil, fmt.Errorf("%s: %w", mbox, err)
		}
		if g.expects > 0 && g.expects != len(g.Messages) {
			return nil, fmt.Errorf("%s: it speaks of %d messages, and the mail has %d", file, g.expects, len(g.Messages))
		}
		if err := g.locate(); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, g)
	}
	return all, nil
}

func readGold(folder fs.FS, file string) (g Gold, err error) {
	data, err := fs.ReadFile(folder, file)
	if err != nil {
		return g, err
	}
	var f goldFile
	if err := json.Unmarshal(data, &f); err != nil {
		return g, err
	}
	g.Name, g.expects = strings.TrimSuffix(path.Base(file), ".json"), f.Messages
	index := map[string]int{}
	for _, s := range f.Sentences {
		id, number := cleanID(s[0])
		if number < 1 {
			return g, fmt.Errorf("the sentence %q has no number such as 2.3", s[0])
		}
		index[id] = len(g.Sentences)
		g.Sentences = append(g.Sentences, GoldSentence{ID: id, Message: number - 1, Text: html.UnescapeString(s[1])})
	}
	for _, a := range f.Annotators {
		annotator := Annotator{Who: a.Who, Picked: map[string]bool{}}
		for _, raw := range a.Extractive {
			id, _ := cleanID(raw)
			if i, ok := index[id]; ok && !annotator.Picked[id] {
				annotator.Picked[id] = true
				g.Sentences[i].Picked++
			}
		}
		var written []string
		for _, s := range a.Summary {
			written = append(written, html.UnescapeString(s[1]))
		}
		annotator.Summary = strings.Join(written, " ")
		g.Annotators = append(g.Annotators, annotator)
	}
	return g, nil
}

// cleanID gives an id without white space, and the number of its message.
func cleanID(raw string) (id string, message int) {
	id = strings.TrimSpace(raw)
	before, _, _ := strings.Cut(id, ".")
	message, _ = strconv.Atoi(before)
	return id, message
}

// locate finds where each sentence stands among the words of its message.
func (g *Gold) locate() error {
	texts := make([][]string, len(g.Messages))
	for i, m := range g.Messages {
		texts[i] = words(html.UnescapeString(m.Text))
	}
	next := make([]int, len(g.Messages)) // from where on the following is looked for
	for i := range g.Sentences {
		s := &g.Sentences[i]
		if s.Message >= len(texts) {
			return fmt.Errorf("the sentence %s is of message %d, and the mail has %d", s.ID, s.Message+1, len(texts))
		}
		text, w := texts[s.Message], words(s.Text)
		start := find(text, w, next[s.Message])
		if start < 0 {
			start = find(text, w, 0)
		}
		s.at = sigpost.Span{Start: start, End: start + len(w)}
		if start >= 0 {
			next[s.Message] = s.at.End
		}
	}
	return nil
}

// find gives where words stand in a text from a place on, or -1.
func find(text, w []string, from int) int {
	if len(w) == 0 {
		return -1
	}
	for i := from; i+len(w) <= len(text); i++ {
		if slices.Equal(text[i:i+len(w)], w) {
			return i
		}
	}
	return -1
}
