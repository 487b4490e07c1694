package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sigpost"
)

// Apply gives a composed issue with an editor's edits. Of several edits with
// one key the latest counts; those of threads that the issue does not tell of
// change nothing: see Lost.
func Apply(composed sigpost.Issue, edits []sigpost.Edit) sigpost.Issue {
	said := counting(edits)
	issue := composed
	issue.Entries = []sigpost.Entry{}
	for _, e := range composed.Entries {
		of := func(kind sigpost.EditKind) (string, bool) {
			edit, ok := said[sigpost.EditKey{Kind: kind, ThreadID: e.ThreadID}]
			return edit.Text, ok
		}
		if _, dropped := of(sigpost.EditDrop); dropped {
			continue
		}
		if text, ok := of(sigpost.EditHeadline); ok {
			e.Headline, e.Reworded = clean(text), true
		}
		summary, _ := of(sigpost.EditSummary)
		note, _ := of(sigpost.EditNote)
		section, _ := of(sigpost.EditMove)
		e.Summary, e.Note, e.Section = clean(summary), clean(note), clean(section)
		_, e.Pinned = of(sigpost.EditPin)
		issue.Entries = append(issue.Entries, e)
	}
	slices.SortStableFunc(issue.Entries, pinnedFirst)
	robots := issue.Stats.Robots
	issue.Stats = stats(issue.Entries, issue.Window)
	issue.Stats.Robots = robots
	issue.Newcomers = newcomersIn(issue)
	issue.Note = tidy(said[sigpost.EditKey{Kind: sigpost.EditNote}].Text)
	issue.Arranged, issue.SectionOrder = arrangedSections(said)
	return issue
}

func pinnedFirst(a, b sigpost.Entry) int {
	switch {
	case a.Pinned == b.Pinned:
		return 0
	case a.Pinned:
		return -1
	}
	return 1
}

// counting gives the edits that count, by their key: of those with the same the
// latest, unless it says nothing.
func counting(edits []sigpost.Edit) map[sigpost.EditKey]sigpost.Edit {
	said := map[sigpost.EditKey]sigpost.Edit{}
	for _, e := range edits {
		if wordless := e.Kind == sigpost.EditPin || e.Kind == sigpost.EditDrop; !wordless && says(e) == "" {
			continue
		}
		if was, ok := said[e.Key()]; !ok || !e.At.Before(was.At) {
			said[e.Key()] = e
		}
	}
	return said
}

// says is an edit's text as it comes out.
func says(e sigpost.Edit) string {
	switch e.Kind {
	case sigpost.EditPin, sigpost.EditDrop:
		return ""
	case sigpost.EditSection:
		return tidy(e.Text)
	case sigpost.EditNote:
		if e.ThreadID == 0 {
			return tidy(e.Text)
		}
	case sigpost.EditOrder:
		if e.Section != "" {
			return spell(numbers(e.Text))
		}
		return strings.Join(titles(e.Text), "\n")
	}
	return clean(e.Text)
}

// CheckEdit tidies an edit's words, and says what is wrong with it by itself.
func CheckEdit(e sigpost.Edit) (sigpost.Edit, error) {
	e.Section, e.Text = clean(e.Section), says(e)
	words, limit := utf8.RuneCountInString(e.Text), maxRemark
	about := e.ThreadID > 0 && e.Section == ""
	switch e.Kind {
	case sigpost.EditPin, sigpost.EditDrop:
		words = 1
	case sigpost.EditMove, sigpost.EditHeadline:
		limit = maxHeadline
	case sigpost.EditSummary:
	case sigpost.EditNote:
		about = e.Section == "" && e.ThreadID >= 0
	case sigpost.EditSection:
		about, limit = e.Section != "" && e.ThreadID == 0, maxText
	case sigpost.EditOrder:
		about, limit = e.ThreadID == 0, maxText
	default:
		return e, fmt.Errorf("there is no edit of kind %q", e.Kind)
	}
	if e.Kind == sigpost.EditNote && e.ThreadID == 0 {
		limit = maxText
	}
	switch {
	case !about:
		return e, fmt.Errorf("an edit of kind %q is about another thing than thread %d, section %q", e.Kind, e.ThreadID, e.Section)
	case words == 0:
		return e, fmt.Errorf("an edit of kind %q needs a text", e.Kind)
	case words > limit:
		return e, fmt.Errorf("an edit of kind %q has a text of %d characters, and %d are the most", e.Kind, words, limit)
	case e.Kind == sigpost.EditMove && e.Text == LeftOut, e.Section == LeftOut:
		return e, fmt.Errorf("%q is no section: drop the thread to leave it out", LeftOut)
	}
	return e, nil
}

// arrangedSections is what edits say of sections.
func arrangedSections(said map[sigpost.EditKey]sigpost.Edit) (all []sigpost.ArrangedSection, order []string) {
	byTitle := map[string]*sigpost.ArrangedSection{}
	of := func(title string) *sigpost.ArrangedSection {
		title = clean(title)
		if byTitle[title] == nil {
			byTitle[title] = &sigpost.ArrangedSection{Title: title}
		}
		return byTitle[title]
	}
	for key, e := range said {
		switch {
		case key.Kind == sigpost.EditSection && key.Section != "":
			of(key.Section).Text = tidy(e.Text)
		case key.Kind == sigpost.EditOrder && key.Section != "":
			of(key.Section).Order = numbers(e.Text)
		case key.Kind == sigpost.EditOrder:
			order = titles(e.Text)
		}
	}
	for _, s := range byTitle {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b sigpost.ArrangedSection) int { return cmp.Compare(a.Title, b.Title) })
	return all, order
}

// Lost are the edits of threads that a composed issue does not tell of, which
// therefore change nothing.
func Lost(composed sigpost.Issue, edits []sigpost.Edit) []sigpost.Edit {
	there := map[int64]bool{0: true}
	for _, e := range composed.Entries {
		there[e.ThreadID] = true
	}
	lost := []sigpost.Edit{}
	for _, e := range edits {
		if !there[e.ThreadID] {
			lost = append(lost, e)
		}
	}
	return lost
}

// numbers reads the numbers of threads.
func numbers(text string) (ids []int64) {
	for _, word := range strings.Fields(text) {
		if id, err := strconv.ParseInt(word, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// spell writes the numbers of threads.
func spell(ids []int64) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(words, " ")
}

// titles reads titles, one a line.
func titles(text string) (all []string) {
	for line := range strings.Lines(text) {
		if title := clean(line); title != "" {
			all = append(all, title)
		}
	}
	return all
}

// tidy tidies a text of several lines: no invisible characters, no space
// at the end of a line, no blank lines at the ends, and one between paragraphs.
func tidy(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", "    ").Replace(text)
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRightFunc(strings.Map(func(r rune) rune {
			if r != joiner && r != nonJoiner && (unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r)) {
				return -1
			}
			return r
		}, line), unicode.IsSpace)
		if line == "" && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		lines = append(lines, line)
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// hasText says that an editor wrote a section.
func hasText(issue sigpost.Issue) bool {
	return slices.ContainsFunc(issue.Arranged, func(s sigpost.ArrangedSection) bool { return s.Text != "" })
}
