package sigpost

import "time"

// EditKind says what an Edit changes.
type EditKind string

// The kinds of an Edit. Those with a thread change what is told of it.
const (
	// EditPin puts a thread first in its section and in the subject line.
	EditPin EditKind = "pin"
	// EditDrop leaves a thread out.
	EditDrop EditKind = "drop"
	// EditMove puts a thread under another heading: Text is its title.
	EditMove EditKind = "move"
	// EditHeadline and EditSummary say it in other words: Text.
	EditHeadline EditKind = "headline"
	EditSummary  EditKind = "summary"
	// EditNote adds the editor's words: to a thread, or without one to the
	// issue, in Markdown.
	EditNote EditKind = "note"
	// EditSection adds Text, in Markdown, under the heading Section.
	EditSection EditKind = "section"
	// EditOrder puts the threads under the heading Section in the order of
	// Text, which are their numbers; without Section it puts headings in the
	// order of Text, a title a line.
	EditOrder EditKind = "order"
)

// Edit is one thing that an editor changed about a draft. It is kept apart from
// what was composed, and so outlives composing it anew. Of several with the same
// Kind, ThreadID and Section the latest counts.
type Edit struct {
	Kind     EditKind  `json:"kind"`
	ThreadID int64     `json:"thread_id,omitempty"` // 0 where it is about no thread
	Section  string    `json:"section,omitempty"`
	Text     string    `json:"text,omitempty"`
	Who      string    `json:"who"`
	At       time.Time `json:"at"`
}

// EditKey is what at most one edit that counts has.
type EditKey struct {
	Kind     EditKind
	ThreadID int64
	Section  string
}

// Key gives what at most one edit that counts has.
func (e Edit) Key() EditKey { return EditKey{e.Kind, e.ThreadID, e.Section} }

// Draft is what an issue is made of while it can be changed.
type Draft struct {
	// Composed is what was composed, without edits.
	Composed Issue
	// Built is when. Before is what had been composed before that, nil where
	// the draft was never composed anew.
	Built  time.Time
	Before *Issue
	// Made is when the draft was composed first.
	Made time.Time
	// Edits are the editors', the oldest first.
	Edits []Edit
}
