package digest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"sigpost"
)

// LeftOut is the heading of a form under which the threads are that are dropped.
const LeftOut = "Left out"

// formIntro explains a form to whoever sees one for the first time.
const formIntro = `How to edit this issue. What stands in a comment like this one is for you alone.

  ### [7] ...   a thread's headline: change its words, leave the number
  pin: yes      tells of it first, and in the subject line
  summary: ...  your words in place of the quotes
  note: ...     your words behind them
  > ...         what people wrote, word for word: it stays as it is

Move a thread to another place or under another "## Heading"; a heading that you
make up is a new section, with your text under it if you like. Delete a thread to
leave it out, or move it under "## Left out"; move it back from there to take it
in again. Text above the first heading opens the issue. Sections, their texts and
the opening text may use Markdown.

Save and close to apply it; delete everything to leave things as they are.`

// formWidth is how wide a form is where lines may end anywhere.
const formWidth = 76

// Form writes a draft as a text that a person edits, and ReadForm reads. The
// same draft always gives the same text.
func Form(composed sigpost.Issue, edits []sigpost.Edit) string {
	issue := Apply(composed, edits)
	w := &formWriter{places: Places(issue)}
	w.text(issue.Note)
	for _, s := range Sections(issue) {
		w.line("## " + s.Title)
		w.line("")
		w.text(s.Text)
		for _, g := range s.Groups {
			for _, e := range g.Entries {
				w.thread(issue, e)
			}
		}
	}
	w.leftOut(composed, edits)
	if lost := Lost(composed, edits); len(lost) > 0 {
		lines := []string{"Kept for threads that are not in the draft any more:"}
		for _, e := range lost {
			lines = append(lines, fmt.Sprintf("  thread %d, %s: %s", e.ThreadID, e.Kind, clean(e.Text)))
		}
		w.comment(strings.Join(lines, "\n"))
	}
	body := w.String()
	head := &formWriter{}
	head.line(stampOf(composed, body))
	intro := fmt.Sprintf("%s, No. %d, %s\n\n%s", clean(issue.Title), issue.Number, Dates(issue.Window, location(issue.Zone, issue.Window.From.Location())), formIntro)
	head.comment(intro)
	return head.String() + body
}

// stampLine says of which draft a form is, and how that was when it was made.
var stampLine = regexp.MustCompile(`^<!-- sigpost draft: (\S*) (\d+) ([0-9a-f]{16}) -->$`)

func stampOf(issue sigpost.Issue, body string) string {
	sum := sha256.Sum256([]byte(body))
	name := strings.ReplaceAll(clean(issue.Digest), " ", "-")
	return fmt.Sprintf("<!-- sigpost draft: %s %d %s -->", name, issue.Number, hex.EncodeToString(sum[:8]))
}

// leftOut lists what was dropped.
func (w *formWriter) leftOut(composed sigpost.Issue, edits []sigpost.Edit) {
	kept := make([]sigpost.Edit, 0, len(edits))
	dropped := map[int64]bool{}
	for key := range counting(edits) {
		if key.Kind == sigpost.EditDrop {
			dropped[key.ThreadID] = true
		}
	}
	for _, e := range edits {
		if e.Kind != sigpost.EditDrop {
			kept = append(kept, e)
		}
	}
	headed := false
	for _, e := range Apply(composed, kept).Entries {
		if !dropped[e.ThreadID] {
			continue
		}
		if !headed {
			w.line("## " + LeftOut)
			w.line("")
			headed = true
		}
		w.thread(composed, e)
	}
}

// formWriter writes the lines of a form.
type formWriter struct {
	strings.Builder
	places map[int64][]string // where a letter tells of a thread, if not under its heading
}

func (w *formWriter) line(s string) {
	w.WriteString(s)
	w.WriteByte('\n')
}

// comment writes what the reader of a form skips.
func (w *formWriter) comment(text string) {
	w.line("<!--\n" + strings.ReplaceAll(text, "-->", "-- >") + "\n-->")
	w.line("")
}

// marked is a line that would be taken for something else than a text's.
var marked = regexp.MustCompile(`^\\*(?:#{1,6}(?:\s|$)|<!--|(?i:pin|summary|note)\s*:)`)

// text writes Markdown; a backslash keeps a line from being taken for a heading,
// a comment, or what belongs to a thread.
func (w *formWriter) text(text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		if marked.MatchString(line) {
			line = `\` + line
		}
		w.line(line)
	}
	w.line("")
}

func (w *formWriter) thread(issue sigpost.Issue, e sigpost.Entry) {
	w.line(strings.TrimRight(fmt.Sprintf("### [%d] %s", e.ThreadID, Told(issue, e)), " "))
	about := State(e, issue.Window)
	if places := w.places[e.ThreadID]; len(places) > 0 {
		about += " · told " + strings.Join(places, ", ")
	}
	if url := linkable(e.URL); url != "" {
		about += " · " + url
	}
	w.line("<!-- " + strings.ReplaceAll(about, "-->", "--%3E") + " -->")
	pin := "no"
	if e.Pinned {
		pin = "yes"
	}
	w.line("pin: " + pin)
	w.field("summary", e.Summary)
	w.field("note", e.Note)
	for i, q := range quoteLines(e) {
		if i > 0 {
			w.line(">")
		}
		for _, line := range fill(q) {
			w.line("> " + line)
		}
	}
	w.line("")
}

// quoteLines are an entry's quotes, one a line.
func quoteLines(e sigpost.Entry) (lines []string) {
	for _, q := range e.Quotes {
		lines = append(lines, clean(q.Author+": "+q.Text))
	}
	return lines
}

// field writes a text that goes on in lines that are indented.
func (w *formWriter) field(name, text string) {
	w.line(strings.Join(fill(name+": "+text), "\n  "))
}

// fill breaks a text of one line into several.
func fill(text string) (lines []string) {
	line, width := "", 0
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		if line != "" && width+1+n > formWidth {
			lines = append(lines, line)
			line, width = "", 0
		}
		if line != "" {
			line += " "
			width++
		}
		line += word
		width += n
	}
	return append(lines, line)
}
