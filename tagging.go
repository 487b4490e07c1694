package sigpost

import "strings"

// TagKind is the dimension of a tag: "project", "scenario", or a taxonomy's
// own.
type TagKind string

// The kinds that every taxonomy has, and the one that none may have.
const (
	KindProject  TagKind = "project"
	KindScenario TagKind = "scenario"
	// KindNature is reserved: its tags are the natures, one for each thread,
	// whatever the taxonomy. They are no topics.
	KindNature TagKind = "nature"
)

// Tag is a topic that threads are sorted by.
type Tag struct {
	Kind TagKind `json:"kind"`
	// Name identifies the tag within its kind: lower case with dashes, for a
	// project that of its governance team.
	Name string `json:"name"`
}

// String gives "kind:name".
func (t Tag) String() string { return string(t.Kind) + ":" + t.Name }

// ParseTag reads what Tag.String writes.
func ParseTag(s string) (tag Tag, ok bool) {
	kind, name, ok := strings.Cut(s, ":")
	return Tag{Kind: TagKind(kind), Name: name}, ok && kind != "" && name != ""
}

// TaggingState says whether a tag holds.
type TaggingState string

// The states of a Tagging.
const (
	// TagAccepted holds: readers see it.
	TagAccepted TaggingState = "accepted"
	// TagProposed waits for a reviewer.
	TagProposed TaggingState = "proposed"
	// TagBelow is too unlikely to be kept; only who asks sees it.
	TagBelow TaggingState = "below"
)

// Tagging is the statement that a thread is about a tag, with its reasons.
type Tagging struct {
	Tag Tag `json:"tag"`
	// Title is the tag's name for people.
	Title string `json:"title"`
	// Score is between 0 and 1, higher is surer.
	Score    float64      `json:"score"`
	State    TaggingState `json:"state"`
	Evidence []Evidence   `json:"evidence"`
}

// Evidence is one reason for a tagging: which rule saw what, and where.
type Evidence struct {
	// Rule names what matched, such as "alias kuryr" or "fuzzy magnum".
	Rule string `json:"rule"`
	// Field is where: "subject-tag", "subject", "text", "path", "quoted", DecisionField.
	Field string `json:"field"`
	// MessageID is the message in which it was seen; empty where the text
	// was no message.
	MessageID MessageID `json:"message_id,omitempty"`
	// Excerpt is the text around it, on one line; Spans are what matched, as
	// byte ranges of Excerpt.
	Excerpt string `json:"excerpt"`
	Spans   []Span `json:"spans"`
	// Weight is what it added to the score, before scaling.
	Weight float64 `json:"weight"`
}

// DecisionField is the Field of the Evidence that stands for a person's decision.
// Everybody can read evidence, so it says neither who that was nor why: the
// decisions themselves do, to reviewers.
const DecisionField = "decision"

// DecisionRule is the Rule of such Evidence.
const DecisionRule = "decided by a person"

// Span is the bytes [Start, End) of a text.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}
