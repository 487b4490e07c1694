package digest

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sigpost"
)

// Bounds of a form: its bytes, its sections, and how much that is wrong is said
// of it at once.
const (
	maxForm     = 4 << 20
	maxSections = 200
	maxWrong    = 50
)

// FormError is one thing that is wrong in a form.
type FormError struct {
	Line int    `json:"line"` // counts from 1; 0 where it is about the whole
	What string `json:"what"` // and what to do about it
}

// Error says where and what.
func (e FormError) Error() string {
	if e.Line == 0 {
		return e.What
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.What)
}

// FormErrors is all that is wrong in a form, from top to bottom.
type FormErrors []FormError

// Error gives a line for each.
func (all FormErrors) Error() string {
	lines := make([]string, len(all))
	for i, e := range all {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// form is what a person made of a Form.
type form struct {
	note     string
	sections []*formSection
	threads  map[int64]*formThread
	wrong    FormErrors
}

type formSection struct {
	title   string
	line    int
	text    []string
	threads []*formThread
}

// body is the Markdown under the heading.
func (s *formSection) body() string { return tidy(unmark(s.text)) }

type formThread struct {
	id       int64
	line     int
	headline string
	section  *formSection
	fields   map[string]*formField
	quotes   []string
}

type formField struct {
	line  int
	words []string
}

// value is a field's text on one line.
func (t *formThread) value(name string) string {
	if f := t.fields[name]; f != nil {
		return clean(strings.Join(f.words, " "))
	}
	return ""
}

// add notes what is wrong; more than somebody puts right at once is left out.
func (f *form) add(line int, format string, args ...any) {
	if len(f.wrong) > maxWrong {
		return
	}
	f.wrong = append(f.wrong, FormError{line, fmt.Sprintf(format, args...)})
}

// lines are those of a form, whatever program saved it.
func formLines(text string) []string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\ufeff"))
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return lines
}

// formReader reads a form line by line.
type formReader struct {
	*form
	stamp   string
	note    []string
	section *formSection
	thread  *formThread
	field   *formField
	comment int // the line in which one begins that has not ended; 0 in none
}

var (
	formHeading  = regexp.MustCompile(`^(#{1,6})(?:\s+(.*))?$`)
	formThreadID = regexp.MustCompile(`^\[(\d{1,18})\]\s*(.*)$`)
	formKey      = regexp.MustCompile(`^([A-Za-z]+)\s*:(?:\s+(.*))?$`)
)

// parseForm reads the structure of a form; what it means is not its concern.
func parseForm(text string) (*form, string) {
	r := &formReader{form: &form{threads: map[int64]*formThread{}}}
	if len(text) > maxForm {
		r.add(0, "the form is larger than %d MiB: it cannot be one of these", maxForm>>20)
		return r.form, ""
	}
	for i, line := range formLines(text) {
		if len(r.wrong) >= maxWrong || len(r.sections) > maxSections {
			r.add(i+1, "what is wrong with the rest, from here on, is said once this is right")
			r.comment = 0
			break
		}
		r.read(i+1, line)
	}
	if r.comment > 0 {
		r.add(r.comment, "the comment that begins here does not end: put --> behind it")
	}
	r.form.note = tidy(unmark(r.note))
	slices.SortStableFunc(r.wrong, func(a, b FormError) int { return cmp.Compare(a.Line, b.Line) })
	return r.form, r.stamp
}

func (r *formReader) read(n int, line string) {
	heading := formHeading.FindStringSubmatch(line)
	switch {
	case r.comment > 0:
		r.endComment(n, line)
	case strings.HasPrefix(line, "<!--"):
		if stampLine.MatchString(line) && r.stamp == "" {
			r.stamp = line
			return
		}
		r.comment = n
		r.endComment(n, line[len("<!--"):])
	case heading != nil:
		r.heading(n, len(heading[1]), heading[2])
	case r.thread != nil:
		r.threadLine(n, line)
	case marked.MatchString(line) && line[0] != '\\':
		r.add(n, "this line belongs to a thread, whose headline ### [...] is gone from above it; put a backslash before it where it is part of a text")
	case r.section != nil:
		r.section.text = append(r.section.text, line)
	default:
		r.note = append(r.note, line)
	}
}

// endComment looks for the end of a comment. One that does not end would take
// threads with it up to the end of the next.
func (r *formReader) endComment(n int, line string) {
	if strings.HasPrefix(line, "<!--") {
		r.add(r.comment, "the comment that begins here does not end before another begins in line %d: put --> behind it", n)
		r.comment = n
	}
	_, rest, ended := strings.Cut(line, "-->")
	if !ended {
		return
	}
	r.comment = 0
	if strings.TrimSpace(rest) != "" {
		r.add(n, "there is text behind the end of a comment: put it on a line of its own")
	}
}

func (r *formReader) heading(n, level int, text string) {
	r.field = nil
	switch level {
	case 2:
		r.thread = nil
		title := clean(text)
		if title == "" {
			r.add(n, "the section has no title: write it behind ##")
		}
		same := func(s *formSection) bool { return s.title == title && title != "" }
		if i := slices.IndexFunc(r.sections, same); i >= 0 {
			r.add(n, "the section %q is here twice, first in line %d: put all of it under one heading", title, r.sections[i].line)
		}
		r.section = &formSection{title: title, line: n}
		if r.sections = append(r.sections, r.section); len(r.sections) > maxSections {
			r.add(n, "there are more than %d sections", maxSections)
		}
	case 3:
		found := formThreadID.FindStringSubmatch(text)
		r.thread = &formThread{line: n, section: r.section, fields: map[string]*formField{}}
		if found == nil {
			r.add(n, "a thread's headline keeps its number in brackets, as in ### [7] Headline; a new section begins with ##")
			return
		}
		r.thread.id, _ = strconv.ParseInt(found[1], 10, 64) // of 18 digits at most
		r.thread.headline = clean(found[2])
		switch twin := r.threads[r.thread.id]; {
		case twin != nil:
			r.add(n, "the thread %d is here twice, first in line %d: leave it in one place", twin.id, twin.line)
			return
		case r.section == nil:
			r.add(n, "the thread %d is under no heading: put it below one that begins with ##", r.thread.id)
			return
		}
		r.threads[r.thread.id] = r.thread
		r.section.threads = append(r.section.threads, r.thread)
	default:
		r.add(n, "a heading begins with ## (a section) or ### (a thread); put a backslash before # where it is part of a text")
	}
}

// threadLine reads a line below a thread's headline.
func (r *formReader) threadLine(n int, line string) {
	key := formKey.FindStringSubmatch(line)
	switch {
	case strings.HasPrefix(line, ">"):
		r.field = nil
		r.thread.quotes = append(r.thread.quotes, line[1:])
	case key != nil && slices.Contains([]string{"pin", "summary", "note"}, strings.ToLower(key[1])):
		name := strings.ToLower(key[1])
		if first := r.thread.fields[name]; first != nil {
			r.add(n, "%q is here twice, first in line %d: put it on one line", name, first.line)
		}
		r.field = &formField{line: n, words: []string{key[2]}}
		r.thread.fields[name] = r.field
	case strings.TrimSpace(line) == "":
	case r.field != nil:
		r.field.words = append(r.field.words, line)
	case key != nil:
		r.add(n, "there is no %q: pin, summary and note are what you can write here", key[1])
	default:
		r.add(n, "this text belongs to nothing: write \"note:\" or \"summary:\" before it")
	}
}

// unmark joins lines of Markdown without the backslashes that Form puts before
// what would be taken for something else.
func unmark(lines []string) string {
	text := make([]string, len(lines))
	for i, line := range lines {
		if text[i] = line; marked.MatchString(line) {
			text[i] = strings.TrimPrefix(line, `\`)
		}
	}
	return strings.Join(text, "\n")
}

// ReadForm says what a person changed in the form of a draft: which edits are to
// be saved, without who and when, and which are to be taken back. The error is a
// FormErrors; nothing is to be changed then. The form of a draft itself gives
// nothing.
func ReadForm(text string, composed sigpost.Issue, edits []sigpost.Edit) (save []sigpost.Edit, undo []sigpost.EditKey, err error) {
	f, stamp := parseForm(text)
	f.checkStamp(stamp, composed, edits)
	f.checkThreads(composed)
	if len(f.wrong) > 0 {
		return nil, nil, f.wrong
	}
	c := &formChanges{form: f, composed: composed, had: counting(edits), want: map[sigpost.EditKey]sigpost.Edit{}}
	c.compare(edits)
	if len(f.wrong) > 0 {
		return nil, nil, f.wrong
	}
	save, undo = c.result()
	return save, undo, nil
}

// checkStamp makes sure that the form is of this draft as it is now: of a thread
// that came into the draft since, the form would say that it was deleted.
func (f *form) checkStamp(stamp string, composed sigpost.Issue, edits []sigpost.Edit) {
	is, _, _ := strings.Cut(Form(composed, edits), "\n")
	if len(f.wrong) > 0 && f.wrong[0].Line == 0 || stamp == is {
		return
	}
	if stamp == "" {
		f.wrong = slices.Insert(f.wrong, 0, FormError{0, "the first line is gone, which says of which draft this is: put it back, or begin with a fresh form"})
		return
	}
	was, now := stampLine.FindStringSubmatch(stamp), stampLine.FindStringSubmatch(is)
	what := "the draft has changed since this form was made: begin with a fresh form, and copy your words over"
	if now != nil && (was[1] != now[1] || was[2] != now[2]) {
		what = fmt.Sprintf("this form is of issue %s of %s, not of issue %s of %s", was[2], was[1], now[2], now[1])
	}
	f.wrong = slices.Insert(f.wrong, 0, FormError{0, what})
}

// checkThreads looks at each thread by itself.
func (f *form) checkThreads(composed sigpost.Issue) {
	there := map[int64]sigpost.Entry{}
	for _, e := range composed.Entries {
		there[e.ThreadID] = e
	}
	for _, s := range f.sections {
		for _, t := range s.threads {
			e, ok := there[t.id]
			if !ok {
				f.add(t.line, "there is no thread %d in this draft: take it out, or put the number right", t.id)
				continue
			}
			f.checkThread(t, e, composed)
		}
		if n := len([]rune(s.title)); n > maxHeadline {
			f.add(s.line, "the section's title has %d characters, and %d are the most", n, maxHeadline)
		}
		if len([]rune(s.body())) > maxText {
			f.add(s.line, "the section %q has a text of more than %d characters", s.title, maxText)
		}
		if s.title == LeftOut && s.body() != "" {
			f.add(s.line, "there is text under %q, where nobody would read it: put it under another heading", LeftOut)
		}
	}
	if len([]rune(f.note)) > maxText {
		f.add(1, "the opening text has more than %d characters", maxText)
	}
	slices.SortStableFunc(f.wrong, func(a, b FormError) int { return cmp.Compare(a.Line, b.Line) })
}

// Limits of what an editor writes, in characters.
const (
	maxHeadline = 200
	maxRemark   = 2000  // a summary, or a note on a thread
	maxText     = 20000 // of the issue, or of a section
)

func (f *form) checkThread(t *formThread, e sigpost.Entry, issue sigpost.Issue) {
	told := Told(issue, e)
	switch n := len([]rune(t.headline)); {
	case n == 0 && told != "":
		f.add(t.line, "the thread %d has no headline: write one behind its number", t.id)
	case n > maxHeadline && t.headline != told:
		f.add(t.line, "the headline has %d characters, and %d are the most", n, maxHeadline)
	}
	for _, name := range []string{"summary", "note"} {
		if n := len([]rune(t.value(name))); n > maxRemark {
			f.add(t.fields[name].line, "the %s has %d characters, and %d are the most", name, n, maxRemark)
		}
	}
	if _, ok := pinned(t.value("pin")); !ok {
		f.add(t.fields["pin"].line, "%q says neither yes nor no: write \"pin: yes\" or \"pin: no\"", t.value("pin"))
	}
	quotes := clean(strings.Join(t.quotes, " "))
	switch is := clean(strings.Join(quoteLines(e), " ")); {
	case quotes == is || quotes == "" && t.value("summary") != "":
	case quotes == "":
		f.add(t.line, "the quotes of thread %d are gone: put them back, or write a summary, which takes their place", t.id)
	default:
		f.add(t.line, "the quotes of thread %d are other words than those that were written: put them back, and write a summary to say it in yours", t.id)
	}
}

// pinned reads yes or no.
func pinned(word string) (yes, ok bool) {
	switch strings.ToLower(word) {
	case "yes", "y", "true":
		return true, true
	case "no", "n", "false", "":
		return false, true
	}
	return false, false
}
