package digest

import (
	"cmp"
	"slices"
	"strings"

	"sigpost"
)

// formChanges works out by which edits a draft becomes what a form says.
type formChanges struct {
	*form
	composed sigpost.Issue
	had      map[sigpost.EditKey]sigpost.Edit // that count
	want     map[sigpost.EditKey]sigpost.Edit
}

// set wants an edit; one that says the same already stays what it was.
func (c *formChanges) set(kind sigpost.EditKind, thread int64, section, text string) {
	e := sigpost.Edit{Kind: kind, ThreadID: thread, Section: section, Text: text}
	if was, ok := c.had[e.Key()]; ok && says(was) == says(e) {
		e = was
	}
	c.want[e.Key()] = e
}

// hadText says whether there was an edit with just that text. Such a one stays
// also where it makes no difference any more.
func (c *formChanges) hadText(kind sigpost.EditKind, thread int64, text string) bool {
	was, ok := c.had[sigpost.EditKey{Kind: kind, ThreadID: thread}]
	return ok && says(was) == text
}

// keep leaves an edit as it was, if there was one.
func (c *formChanges) keep(key sigpost.EditKey) {
	if e, ok := c.had[key]; ok {
		c.want[key] = e
	}
}

func (c *formChanges) compare(edits []sigpost.Edit) {
	for _, e := range Lost(c.composed, edits) {
		c.keep(e.Key())
	}
	for _, e := range c.composed.Entries {
		c.thread(e)
	}
	if c.note != "" {
		c.set(sigpost.EditNote, 0, "", c.note)
	}
	usual := map[int64]string{}
	for _, s := range sequences(c.apply()) {
		for _, id := range s.threads {
			usual[id] = s.title
		}
	}
	for _, s := range c.sections {
		if s.title == LeftOut {
			continue
		}
		for _, t := range s.threads {
			if s.title != usual[t.id] || c.hadText(sigpost.EditMove, t.id, s.title) {
				c.set(sigpost.EditMove, t.id, "", s.title)
			}
		}
		if text := s.body(); text != "" {
			c.set(sigpost.EditSection, 0, s.title, text)
		}
	}
	c.emptySections(usual)
	c.orders()
}

// thread compares what is said of a thread by itself.
func (c *formChanges) thread(e sigpost.Entry) {
	t := c.threads[e.ThreadID]
	if t == nil || t.section.title == LeftOut {
		c.set(sigpost.EditDrop, e.ThreadID, "", "")
		c.keep(sigpost.EditKey{Kind: sigpost.EditMove, ThreadID: e.ThreadID})
	}
	if t == nil {
		for _, kind := range []sigpost.EditKind{sigpost.EditPin, sigpost.EditHeadline, sigpost.EditSummary, sigpost.EditNote} {
			c.keep(sigpost.EditKey{Kind: kind, ThreadID: e.ThreadID})
		}
		return
	}
	if t.headline != Told(c.composed, e) || c.hadText(sigpost.EditHeadline, t.id, t.headline) {
		c.set(sigpost.EditHeadline, t.id, "", t.headline)
	}
	if yes, _ := pinned(t.value("pin")); yes {
		c.set(sigpost.EditPin, t.id, "", "")
	}
	for kind, text := range map[sigpost.EditKind]string{sigpost.EditSummary: t.value("summary"), sigpost.EditNote: t.value("note")} {
		if text != "" {
			c.set(kind, t.id, "", text)
		}
	}
}

// emptySections finds headings that somebody wrote and put nothing under.
func (c *formChanges) emptySections(usual map[int64]string) {
	known := map[string]bool{LeftOut: true}
	for _, title := range usual {
		known[title] = true
	}
	for _, s := range sequences(Apply(c.composed, editsOf(c.had))) {
		known[s.title] = true
	}
	for _, s := range c.sections {
		if len(s.threads) == 0 && s.body() == "" && !known[s.title] {
			c.add(s.line, "the section %q is empty: write text under it, or move a thread there", s.title)
		}
	}
}

// orders compares the order of threads and sections. An order that the form
// leaves as it is stays an edit only if it was one.
func (c *formChanges) orders() {
	mine := []sequence{}
	for _, s := range c.sections {
		if s.title == LeftOut || len(s.threads) == 0 && s.body() == "" {
			continue
		}
		one := sequence{title: s.title}
		for _, t := range s.threads {
			one.threads = append(one.threads, t.id)
		}
		mine = append(mine, one)
	}
	free := c.apply()
	for key := range c.had {
		if key.Kind == sigpost.EditOrder {
			c.keep(key)
		}
	}
	kept := c.apply()
	moved := c.repinned()
	for _, s := range mine {
		key := sigpost.EditKey{Kind: sigpost.EditOrder, Section: s.title}
		is := within(s.threads, c.pinnedThreads(), moved)
		switch {
		case slices.Equal(is, within(threadsUnder(kept, s.title), c.pinnedThreads(), moved)):
		case slices.Equal(is, within(threadsUnder(free, s.title), c.pinnedThreads(), moved)):
			delete(c.want, key)
		default:
			c.set(sigpost.EditOrder, 0, s.title, spell(s.threads))
		}
	}
	key := sigpost.EditKey{Kind: sigpost.EditOrder}
	delete(c.want, key)
	without := titlesOf(sequences(c.apply()))
	c.keep(key)
	with := titlesOf(sequences(c.apply()))
	switch is := titlesOf(mine); {
	case slices.Equal(is, with):
	case slices.Equal(is, without):
		delete(c.want, key)
	default:
		c.set(sigpost.EditOrder, 0, "", strings.Join(is, "\n"))
	}
}

// repinned are the threads whose pin the form changes: they stand where they do
// for that.
func (c *formChanges) repinned() map[int64]bool {
	changed := map[int64]bool{}
	for id := range c.threads {
		key := sigpost.EditKey{Kind: sigpost.EditPin, ThreadID: id}
		_, was := c.had[key]
		_, is := c.want[key]
		changed[id] = was != is
	}
	return changed
}

func (c *formChanges) pinnedThreads() map[int64]bool {
	pinned := map[int64]bool{}
	for key := range c.want {
		if key.Kind == sigpost.EditPin {
			pinned[key.ThreadID] = true
		}
	}
	return pinned
}

// within is an order as it comes out: pinned threads first, those left out that
// do not count.
func within(threads []int64, first, ignore map[int64]bool) []int64 {
	var front, back []int64
	for _, id := range threads {
		switch {
		case ignore[id]:
		case first[id]:
			front = append(front, id)
		default:
			back = append(back, id)
		}
	}
	return append(front, back...)
}

// apply gives the draft with what is wanted so far.
func (c *formChanges) apply() sigpost.Issue { return Apply(c.composed, editsOf(c.want)) }

func editsOf(by map[sigpost.EditKey]sigpost.Edit) (all []sigpost.Edit) {
	for _, e := range by {
		all = append(all, e)
	}
	return all
}

// result compares what is wanted with what there was.
func (c *formChanges) result() (save []sigpost.Edit, undo []sigpost.EditKey) {
	for key, e := range c.want {
		if was, ok := c.had[key]; !ok || was.Text != e.Text {
			save = append(save, e)
		}
	}
	for key := range c.had {
		if _, ok := c.want[key]; !ok {
			undo = append(undo, key)
		}
	}
	slices.SortFunc(save, func(a, b sigpost.Edit) int { return byKey(a.Key(), b.Key()) })
	slices.SortFunc(undo, byKey)
	return save, undo
}

func byKey(a, b sigpost.EditKey) int {
	return cmp.Or(cmp.Compare(a.ThreadID, b.ThreadID), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Section, b.Section))
}

// sequence is the threads of a section in their order.
type sequence struct {
	title   string
	threads []int64
}

func sequences(issue sigpost.Issue) (all []sequence) {
	for _, s := range Sections(issue) {
		one := sequence{title: s.Title}
		for _, g := range s.Groups {
			for _, e := range g.Entries {
				one.threads = append(one.threads, e.ThreadID)
			}
		}
		all = append(all, one)
	}
	return all
}

func threadsUnder(issue sigpost.Issue, title string) []int64 {
	for _, s := range sequences(issue) {
		if s.title == title {
			return s.threads
		}
	}
	return nil
}

func titlesOf(all []sequence) (titles []string) {
	for _, s := range all {
		titles = append(titles, s.title)
	}
	return titles
}
