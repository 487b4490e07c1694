package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"sigpost"
	"sigpost/app"
)

type searchCommand struct {
	Limit int      `default:"20" help:"How many messages to list."`
	Words []string `arg:"" help:"Words that a message has to hold, in its subject, its text or its author's name; several in double quotes stand one after the other."`
}

// searchLine is a message that was found.
type searchLine struct {
	MessageID sigpost.MessageID `json:"message_id"`
	Thread    int64             `json:"thread"`
	Received  time.Time         `json:"received"`
	Author    sigpost.Address   `json:"author"`
	Subject   string            `json:"subject"`
	Lists     []string          `json:"lists"`
}

// Run lists the newest first.
func (c searchCommand) Run(s *session) error {
	if c.Limit < 1 {
		return sigpost.Usage(fmt.Errorf("--limit %d lists nothing: give 1 or more", c.Limit))
	}
	if !strings.ContainsFunc(strings.Join(c.Words, ""), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return sigpost.Usage(fmt.Errorf("there is no word in %s: letters and digits are searched for, not the signs between them", strings.Join(c.Words, " ")))
	}
	a, err := s.openWith(app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	query := make([]string, len(c.Words))
	for i, w := range c.Words {
		query[i] = w
		if strings.Contains(w, " ") && !strings.Contains(w, `"`) { // the shell took the quotes
			query[i] = `"` + w + `"`
		}
	}
	found, err := a.Store.Search(s.ctx, strings.Join(query, " "), c.Limit)
	if err != nil {
		return err
	}
	lines := make([]searchLine, len(found))
	for i, m := range found {
		lines[i] = searchLine{m.MessageID, m.ThreadID, m.Received, m.Author, m.Subject, m.Lists}
	}
	old := 0
	if len(lines) == 0 {
		if old, err = a.Store.NotIndexed(s.ctx); err != nil {
			return err
		}
	}
	return s.tell(lines, func(w io.Writer) {
		if len(lines) == 0 {
			fmt.Fprintln(w, "Nothing holds all of these words.")
		}
		if old > 0 {
			fmt.Fprintf(w, "But %s cannot be found yet, stored before there was an index: \"sigpost reparse\" takes them up.\n", plural(old, "message"))
		}
		for _, l := range lines {
			fmt.Fprintf(w, "%s  %-20.20s  %s  (thread %d)\n", l.Received.Format(time.DateOnly), printable(l.Author.Label()), printable(l.Subject), l.Thread)
		}
	})
}
