package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"sigpost"
	"sigpost/app"
	"sigpost/search"
)

type searchCommand struct {
	Limit     int      `default:"20" help:"How many messages to list."`
	Relevance bool     `help:"List the best first, not the newest."`
	Words     []string `arg:"" help:"What to look for: words, \"phrases\", from:ada subject:quota tag:nova list:NAME nature:question after:2016-04-01 before:30d has:attachment is:unanswered, OR, NOT or -, parentheses; docs/archive.md has more. Put -- in front if it begins with a minus."`
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
	a, err := s.openWith(app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	names := a.SearchNames(s.ctx)
	query := search.Parse(c.query(names), names)
	if err := query.Err(); err != nil {
		return err
	}
	if query.Root == nil {
		return sigpost.Usage(fmt.Errorf("there is no word in %s: letters and digits are searched for, not the signs between them", query.Text))
	}
	found, err := a.Find(s.ctx, query, c.Relevance, c.Limit)
	if err != nil {
		return err
	}
	lines := make([]searchLine, len(found.Hits))
	for i, h := range found.Hits {
		lines[i] = searchLine{h.MessageID, h.ThreadID, h.Received, h.Author, h.Subject, h.Lists}
	}
	old, err := a.Store.NotIndexed(s.ctx)
	if err != nil {
		return err
	}
	return s.tell(lines, func(w io.Writer) {
		hints(w, &query, names, len(lines) == 0)
		if old > 0 {
			fmt.Fprintf(w, "%s cannot be found yet, stored before there was this index: \"sigpost reparse\" takes them up.\n", plural(old, "message"))
		}
		for _, l := range lines {
			fmt.Fprintf(w, "%s  %-20.20s  %s  (thread %d)\n", l.Received.Format(time.DateOnly), printable(l.Author.Label()), printable(l.Subject), l.Thread)
		}
	})
}

// query is one of the words as the shell gave them.
func (c searchCommand) query(names search.Names) string {
	query := make([]string, len(c.Words))
	for i, w := range c.Words {
		query[i] = w
		if strings.Contains(w, " ") && search.Plain(w, names) { // the shell took the quotes
			query[i] = `"` + w + `"`
		}
	}
	return strings.Join(query, " ")
}

// hints say what may have been meant.
func hints(w io.Writer, query *search.Query, names search.Names, nothing bool) {
	for _, p := range query.Problems {
		fmt.Fprintln(w, p.Says)
		if p.Instead != "" {
			fmt.Fprintf(w, "Did you mean %s?\n", printable(p.Instead))
		}
	}
	if nothing {
		fmt.Fprintln(w, "Nothing holds all of these words.")
		if meant := query.Meant(names); meant != "" {
			fmt.Fprintf(w, "Did you mean %s?\n", printable(meant))
		}
	}
}
