package digest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sigpost"
)

// ActKind says what an Act does.
type ActKind string

// The kinds of an Act.
const (
	ActPin     ActKind = "pin"
	ActUnpin   ActKind = "unpin"
	ActDrop    ActKind = "drop"
	ActRestore ActKind = "restore"
	ActUp      ActKind = "up"   // before the thread before it, in its section
	ActDown    ActKind = "down" // behind the one behind it
	// ActMove puts a thread at the end of the section of the title Text, which
	// need not be there yet.
	ActMove ActKind = "move"
	// ActWords tells of a thread by Headline, Summary and Note; an empty one
	// brings what was composed back.
	ActWords ActKind = "words"
	// ActLead opens the issue with Text, ActText puts Text under the heading
	// Section, which need not be there yet; both in Markdown. An empty one takes
	// the text away.
	ActLead ActKind = "lead"
	ActText ActKind = "text"
	// ActRename calls the section Section by the title Text; where there is one of
	// that title, it becomes part of it.
	ActRename      ActKind = "rename"
	ActSectionUp   ActKind = "section-up"
	ActSectionDown ActKind = "section-down"
)

// Act is one thing that somebody does to a draft, without a form.
type Act struct {
	Kind                    ActKind
	ThreadID                int64
	Section, Text           string
	Headline, Summary, Note string // of ActWords
}

// ErrAct says that an act cannot be done, and why.
var ErrAct = errors.New("this cannot be done")

// ErrChanged says that a draft is not any more as it was when somebody looked at it.
var ErrChanged = errors.New("the draft has changed meanwhile")

func cannot(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrAct, fmt.Sprintf(format, args...))
}

// Version stands for a draft with its edits: it is another one where a form
// of it would be.
func Version(composed sigpost.Issue, edits []sigpost.Edit) string {
	head, _, _ := strings.Cut(Form(composed, edits), "\n")
	if found := stampLine.FindStringSubmatch(head); found != nil {
		return found[3]
	}
	return ""
}

// LeftOutOf are the entries that an editor dropped, as they would be told.
func LeftOutOf(composed sigpost.Issue, edits []sigpost.Edit) []sigpost.Entry {
	dropped := map[int64]bool{}
	var others []sigpost.Edit
	for _, e := range edits {
		if e.Kind == sigpost.EditDrop {
			dropped[e.ThreadID] = true
		} else {
			others = append(others, e)
		}
	}
	return slices.DeleteFunc(Apply(composed, others).Entries, func(e sigpost.Entry) bool { return !dropped[e.ThreadID] })
}

// Edits says by which edits an act is done: those to be saved, without who and
// when, and those to be taken back. An error wraps ErrAct. What an act does to the
// order and to sections is worked out as for a form that somebody changed like
// that.
func (act Act) Edits(composed sigpost.Issue, edits []sigpost.Edit) (save []sigpost.Edit, undo []sigpost.EditKey, err error) {
	if act.ThreadID != 0 && !slices.ContainsFunc(composed.Entries, func(e sigpost.Entry) bool { return e.ThreadID == act.ThreadID }) {
		return nil, nil, cannot("the draft does not tell of thread %d any more", act.ThreadID)
	}
	set := func(kind sigpost.EditKind, thread int64, section, text string) {
		e := sigpost.Edit{Kind: kind, ThreadID: thread, Section: section, Text: text}
		if wordless := kind == sigpost.EditPin || kind == sigpost.EditDrop; !wordless && says(e) == "" {
			undo = append(undo, e.Key())
			return
		}
		save = append(save, e)
	}
	switch act.Kind {
	case ActPin, ActDrop:
		set(map[ActKind]sigpost.EditKind{ActPin: sigpost.EditPin, ActDrop: sigpost.EditDrop}[act.Kind], act.ThreadID, "", "")
	case ActUnpin:
		undo = append(undo, sigpost.EditKey{Kind: sigpost.EditPin, ThreadID: act.ThreadID})
	case ActRestore:
		undo = append(undo, sigpost.EditKey{Kind: sigpost.EditDrop, ThreadID: act.ThreadID})
	case ActWords:
		set(sigpost.EditHeadline, act.ThreadID, "", act.headline(composed))
		set(sigpost.EditSummary, act.ThreadID, "", act.Summary)
		set(sigpost.EditNote, act.ThreadID, "", act.Note)
	case ActLead:
		set(sigpost.EditNote, 0, "", act.Text)
	case ActText:
		title := clean(act.Section)
		if title == "" {
			return nil, nil, cannot("the section has no title")
		}
		set(sigpost.EditSection, 0, title, act.Text)
	default:
		return act.arrange(composed, edits)
	}
	if act.Kind == ActDrop || act.Kind == ActRestore {
		save = steady(composed, edits, save, undo, act.ThreadID)
	}
	save, undo = whatChanges(edits, save, undo)
	return save, undo, nil
}

// headline is what is told instead of what was composed; empty where it is that.
func (act Act) headline(composed sigpost.Issue) string {
	for _, e := range composed.Entries {
		if e.ThreadID == act.ThreadID && Told(composed, e) == clean(act.Headline) {
			return ""
		}
	}
	return act.Headline
}

// whatChanges leaves out what is so already.
func whatChanges(edits, save []sigpost.Edit, undo []sigpost.EditKey) ([]sigpost.Edit, []sigpost.EditKey) {
	had := counting(edits)
	save = slices.DeleteFunc(save, func(e sigpost.Edit) bool {
		was, ok := had[e.Key()]
		return ok && says(was) == says(e)
	})
	undo = slices.DeleteFunc(undo, func(key sigpost.EditKey) bool { _, ok := had[key]; return !ok })
	return save, undo
}

// arrange does what is about order and sections.
func (act Act) arrange(composed sigpost.Issue, edits []sigpost.Edit) ([]sigpost.Edit, []sigpost.EditKey, error) {
	f, _ := parseForm(Form(composed, edits))
	if len(f.wrong) > 0 { // a fault of ours: a form of a draft is right
		return nil, nil, f.wrong
	}
	var err error
	switch act.Kind {
	case ActUp, ActDown, ActMove:
		t := f.threads[act.ThreadID]
		if t == nil || t.section.title == LeftOut {
			return nil, nil, cannot("thread %d is left out: put it back first", act.ThreadID)
		}
		if act.Kind == ActMove {
			err = f.moveTo(t, clean(act.Text))
		} else {
			err = f.step(t, act.Kind == ActUp)
		}
	case ActRename:
		err = f.rename(clean(act.Section), clean(act.Text))
	case ActSectionUp, ActSectionDown:
		err = f.stepSection(clean(act.Section), act.Kind == ActSectionUp)
	default:
		err = cannot("there is no act %q", act.Kind)
	}
	if err != nil {
		return nil, nil, err
	}
	c := &formChanges{form: f, composed: composed, had: counting(edits), want: map[sigpost.EditKey]sigpost.Edit{}}
	c.compare(edits)
	if len(f.wrong) > 0 {
		return nil, nil, cannot("%s", f.wrong[0].What)
	}
	save, undo := c.result()
	return save, undo, nil
}

func (f *form) section(title string) *formSection {
	if i := slices.IndexFunc(f.sections, func(s *formSection) bool { return s.title == title }); i >= 0 {
		return f.sections[i]
	}
	return nil
}

func (f *form) moveTo(t *formThread, title string) error {
	switch {
	case title == "":
		return cannot("the section has no title")
	case title == LeftOut:
		return cannot("%q is no section: drop the thread to leave it out", LeftOut)
	case title == t.section.title:
		return cannot("the thread is under %q already", title)
	}
	to := f.section(title)
	if to == nil {
		to = &formSection{title: title}
		at := len(f.sections)
		if f.section(LeftOut) != nil { // which is the last
			at--
		}
		f.sections = slices.Insert(f.sections, at, to)
	}
	t.section.threads = slices.DeleteFunc(t.section.threads, func(other *formThread) bool { return other == t })
	to.threads = append(to.threads, t)
	t.section = to
	return nil
}

func (f *form) step(t *formThread, up bool) error {
	all := t.section.threads
	at, to := slices.Index(all, t), slices.Index(all, t)+1
	if up {
		to = at - 1
	}
	if to < 0 || to >= len(all) {
		return cannot("the thread is the %s of its section already", map[bool]string{true: "first", false: "last"}[up])
	}
	mine, _ := pinned(t.value("pin"))
	other, _ := pinned(all[to].value("pin"))
	if mine != other {
		return cannot("pinned threads come first in their section: pin or unpin it")
	}
	all[at], all[to] = all[to], all[at]
	return nil
}

func (f *form) rename(from, title string) error {
	s := f.section(from)
	switch {
	case s == nil || from == LeftOut:
		return cannot("there is no section %q any more", from)
	case title == "":
		return cannot("the section has no title")
	case title == LeftOut:
		return cannot("%q is what is left out: call the section something else", LeftOut)
	case title == from:
		return cannot("the section is called %q already", title)
	}
	to := f.section(title)
	if to == nil {
		s.title = title
		return nil
	}
	for _, t := range s.threads {
		t.section = to
	}
	to.threads = append(to.threads, s.threads...)
	if s.body() != "" {
		to.text = append(append(to.text, ""), s.text...)
	}
	f.sections = slices.DeleteFunc(f.sections, func(other *formSection) bool { return other == s })
	return nil
}

func (f *form) stepSection(title string, up bool) error {
	at := slices.IndexFunc(f.sections, func(s *formSection) bool { return s.title == title })
	to := at + 1
	if up {
		to = at - 1
	}
	switch {
	case at < 0 || title == LeftOut:
		return cannot("there is no section %q any more", title)
	case to < 0 || to >= len(f.sections) || f.sections[to].title == LeftOut:
		return cannot("the section is the %s already", map[bool]string{true: "first", false: "last"}[up])
	}
	f.sections[at], f.sections[to] = f.sections[to], f.sections[at]
	return nil
}

// FormVersion is the version of the draft of which a form was made; "" where its
// first line does not say.
func FormVersion(form string) string {
	for _, line := range formLines(form) {
		if found := stampLine.FindStringSubmatch(line); found != nil {
			return found[3]
		}
	}
	return ""
}
