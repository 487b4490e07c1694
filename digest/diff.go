package digest

import (
	"slices"

	"sigpost"
)

// Difference is what sets two states of one issue apart, as its reader would
// see it.
type Difference struct {
	Added   []DiffEntry `json:"added"`   // threads that the later one tells of
	Gone    []DiffEntry `json:"gone"`    // and that it does not tell of any more
	Changed []DiffEntry `json:"changed"` // and of which it tells otherwise
	// Issue says what changed that is about no thread.
	Issue []string `json:"issue"`
}

// DiffEntry is a thread with what changed about it.
type DiffEntry struct {
	ThreadID int64    `json:"thread_id"`
	Headline string   `json:"headline"`
	What     []string `json:"what,omitempty"`
}

// None says that there is no difference.
func (d Difference) None() bool {
	return len(d.Added)+len(d.Gone)+len(d.Changed)+len(d.Issue) == 0
}

// Diff compares two states of an issue.
func Diff(before, after sigpost.Issue) Difference {
	d := Difference{Added: []DiffEntry{}, Gone: []DiffEntry{}, Changed: []DiffEntry{}, Issue: []string{}}
	was, is := sectionsOf(before), sectionsOf(after)
	for _, e := range after.Entries {
		old, ok := was[e.ThreadID]
		if !ok {
			d.Added = append(d.Added, DiffEntry{ThreadID: e.ThreadID, Headline: Told(after, e)})
			continue
		}
		what := changes(before, after, old.entry, e)
		if title := is[e.ThreadID].title; title != old.title {
			what = append(what, `it was under "`+old.title+`", and is under "`+title+`"`)
		}
		if len(what) > 0 {
			d.Changed = append(d.Changed, DiffEntry{e.ThreadID, Told(after, e), what})
		}
	}
	for _, e := range before.Entries {
		if _, ok := is[e.ThreadID]; !ok {
			d.Gone = append(d.Gone, DiffEntry{ThreadID: e.ThreadID, Headline: Told(before, e)})
		}
	}
	if a, b := Volume(before.Stats)+".", Volume(after.Stats)+"."; a != b {
		d.Issue = append(d.Issue, "it had "+a+" It has "+b)
	}
	same := func(a, b sigpost.Occurrence) bool {
		return a.UID == b.UID && a.Title == b.Title && a.Start.Equal(b.Start) && a.End.Equal(b.End) && a.Cancelled == b.Cancelled && a.Where == b.Where && a.Notes == b.Notes
	}
	if !slices.EqualFunc(before.Events, after.Events, same) {
		d.Issue = append(d.Issue, "what is coming up is not the same")
	}
	if !slices.Equal(threadOrder(before, is), threadOrder(after, was)) {
		d.Issue = append(d.Issue, "sections or threads are in another order")
	}
	if before.Note != after.Note {
		d.Issue = append(d.Issue, "the opening text is not the same")
	}
	if !slices.EqualFunc(before.Arranged, after.Arranged, func(a, b sigpost.ArrangedSection) bool { return a.Title == b.Title && a.Text == b.Text }) {
		d.Issue = append(d.Issue, "the texts of sections are not the same")
	}
	return d
}

// threadOrder is the order in which an issue tells of threads of the other one.
func threadOrder(issue sigpost.Issue, other map[int64]placed) (ids []int64) {
	for _, s := range sequences(issue) {
		for _, id := range s.threads {
			if _, ok := other[id]; ok {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

type placed struct {
	title string
	entry sigpost.Entry
}

func sectionsOf(issue sigpost.Issue) map[int64]placed {
	all := map[int64]placed{}
	for _, s := range Sections(issue) {
		for _, g := range s.Groups {
			for _, e := range g.Entries {
				all[e.ThreadID] = placed{s.Title, e}
			}
		}
	}
	return all
}

// changes says in words how an entry is told otherwise.
func changes(before, after sigpost.Issue, old, e sigpost.Entry) (what []string) {
	if was, is := Told(before, old), Told(after, e); was != is {
		what = append(what, `it was told as "`+was+`"`)
	}
	if was, is := State(old, before.Window), State(e, after.Window); was != is {
		what = append(what, "it was: "+was+"; it is: "+is)
	}
	if !slices.Equal(quoteLines(old), quoteLines(e)) {
		what = append(what, "other words of it are quoted")
	}
	if old.Summary != e.Summary {
		what = append(what, "the summary is not the same")
	}
	if old.Note != e.Note {
		what = append(what, "the note is not the same")
	}
	if old.Pinned != e.Pinned {
		what = append(what, map[bool]string{true: "it is pinned", false: "it is not pinned any more"}[e.Pinned])
	}
	if was, is := topicsOf(old), topicsOf(e); was != is {
		what = append(what, "its topics were "+was+"; they are "+is)
	}
	return what
}
