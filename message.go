package sigpost

import (
	"strings"
	"time"
	"unicode"
)

// MessageID is a message identifier without its angle brackets (RFC 5322,
// section 3.6.4).
type MessageID string

// String gives the id in its brackets, as header fields write it.
func (id MessageID) String() string { return "<" + string(id) + ">" }

// Address is a mailbox of RFC 5322, section 3.4: a name for people and an
// addr-spec.
type Address struct {
	Name string `json:"name"`
	Addr string `json:"address"`
}

// Label is what a reader sees of the address: its name, or the part before
// the @ where it has none. It never shows the addr-spec, and is Legible.
func (a Address) Label() string {
	if name := Legible(a.Name); name != "" {
		return MaskAddresses(name)
	}
	local, _, _ := strings.Cut(a.Addr, "@")
	return Legible(local)
}

// Domain is the part behind the last @, in lower case.
func (a Address) Domain() string {
	return strings.ToLower(a.Addr[strings.LastIndexByte(a.Addr, '@')+1:])
}

// Message is one mail (RFC 5322), understood: decoded, and its text cut into
// ranges. It does not hold the raw bytes.
type Message struct {
	// ID is the archive's number for it; 0 before it is stored.
	ID int64
	// ThreadID is the archive's number of its thread; 0 before it is stored.
	ThreadID int64
	// MessageID identifies it. Where the mail carried none that can be used,
	// it is derived from the bytes, and Derived says so.
	MessageID MessageID
	Derived   bool
	// Claimed is the Message-ID that it carries where that already belongs to
	// a message that says something else; then MessageID is derived. It is
	// empty otherwise.
	Claimed MessageID
	// References are the messages that it answers, oldest first, the direct
	// parent last: the References field with In-Reply-To merged in (RFC 5256,
	// section 3, "REFERENCES", step 1). It never holds the message itself.
	References []MessageID
	// Author is who wrote it (From), Sender who handed it in (Sender, or the
	// same as Author).
	Author Address
	Sender Address
	// Subject is decoded and on one line. BaseSubject is that of RFC 5256,
	// section 2.1.
	Subject     string
	BaseSubject string
	// Answering says that the subject is marked as an answer ("Re:" and its
	// translations), Quoting that the text quotes somebody.
	Answering bool
	Quoting   bool
	// Sent is the Date field: a claim, and zero where there is none that can
	// be read.
	Sent time.Time
	// Received is when it came into the mailbox; it orders the archive. See
	// docs/design.md, "When a message was received".
	Received time.Time
	// Trace is the date of the topmost Received field (RFC 5321, section
	// 4.4); zero where there is none.
	Trace time.Time
	// ListIDs are the List-Id identifiers in it (RFC 2919), in lower case.
	ListIDs []string
	// Lists are the names of the lists that it came through.
	Lists []string
	// ArchivedAt is the Archived-At field's URL (RFC 5064), or empty.
	ArchivedAt string
	// Robot says that a program wrote it: it never counts in an issue.
	Robot bool
	// Own says that it is one of sigpost's own letters, come back.
	Own bool
	// NoArchive says that its author wished it not to be archived: it is counted
	// and never shown. Removed says that a reviewer took it out of sight.
	NoArchive, Removed bool
	// HTML says that it has a version in HTML. The parser says so; the archive
	// does not keep it.
	HTML bool
	// Text is the readable text in UTF-8 with "\n" line ends: the plain part,
	// or what became of the HTML one. Ranges cover it from start to end.
	Text   string
	Ranges []Range
	// Attachments are the parts that are not its text.
	Attachments []Attachment
	// Size is the number of raw bytes.
	Size int
	// Fingerprint tells it from another mail under its Message-ID.
	Fingerprint Fingerprint
	// Reader is the version of the parser that understood it (message.Version).
	Reader int
	// Defects say what was wrong with the mail and how it was read all the
	// same, for people.
	Defects []string
}

// SourceDefect begins those Defects that a source noted and not the parser, who
// sees only what the source kept.
const SourceDefect = "at the source: "

// Shown says whether its words, its author and its subject may be shown. Whatever
// gives messages to people asks it first.
func (m *Message) Shown() bool { return !m.NoArchive && !m.Removed }

// Parent is the message that it answers, or "" where it opens a thread.
func (m *Message) Parent() MessageID {
	if len(m.References) == 0 {
		return ""
	}
	return m.References[len(m.References)-1]
}

// NewText is what the author wrote here, code and all: the text without
// quotes, attribution lines, signature and list footer.
func (m *Message) NewText() string { return m.text(RangeKind.Own) }

// Verbatim says which bytes of NewText nobody reads as prose: code, diffs and
// logs. The last may reach behind its end.
func (m *Message) Verbatim() []Span {
	var spans []Span
	at, lead := 0, 0 // lead is the white space that NewText leaves out
	for _, r := range m.Ranges {
		if !r.Kind.Own() {
			continue
		}
		text := m.Text[r.Start:r.End]
		if at == lead {
			lead += len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
		}
		if start, end := max(at-lead, 0), at+len(text)-lead; r.Kind != RangeNew && start < end {
			spans = append(spans, Span{start, end})
		}
		at += len(text)
	}
	return spans
}

// QuotedText is what it quotes of others.
func (m *Message) QuotedText() string {
	return m.text(func(k RangeKind) bool { return k == RangeQuoted })
}

func (m *Message) text(wanted func(RangeKind) bool) string {
	size, last := 0, ""
	for _, r := range m.Ranges {
		if wanted(r.Kind) {
			size, last = size+r.End-r.Start, m.Text[r.Start:r.End]
		}
	}
	if size == len(last) { // one range, as most mail has
		return strings.TrimSpace(last)
	}
	var b strings.Builder
	b.Grow(size)
	for _, r := range m.Ranges {
		if wanted(r.Kind) {
			b.WriteString(m.Text[r.Start:r.End])
		}
	}
	return strings.TrimSpace(b.String())
}

// RangeKind says what a stretch of a message's text is.
type RangeKind string

// The kinds of Range.
const (
	RangeNew         RangeKind = "new"
	RangeQuoted      RangeKind = "quoted"
	RangeAttribution RangeKind = "attribution" // "On Monday, A wrote:"
	RangeSignature   RangeKind = "signature"
	RangeFooter      RangeKind = "footer" // what the list's software added
	// What the author brings along word for word, and nobody reads as prose.
	RangeCode RangeKind = "code"
	RangeDiff RangeKind = "diff"
	RangeLog  RangeKind = "log" // output of programs
)

// Own says whether the author of the message put it there.
func (k RangeKind) Own() bool {
	switch k {
	case RangeNew, RangeCode, RangeDiff, RangeLog:
		return true
	}
	return false
}

// Range is a stretch of Message.Text: the bytes [Start, End), whole lines.
type Range struct {
	Kind  RangeKind `json:"kind"`
	Start int       `json:"start"`
	End   int       `json:"end"`
	// Whom and Of say whom a quote quotes and from which message, where the
	// line before it does; they may be empty.
	Whom Address   `json:"whom,omitzero"`
	Of   MessageID `json:"of,omitempty"`
}

// Attachment is a part of a message that is not its text (RFC 2183).
type Attachment struct {
	Name string `json:"name"` // as the mail gives it, without any path; may be empty
	Type string `json:"type"` // media type, lower case, without parameters
	Size int    `json:"size"` // bytes, decoded
	Part string `json:"part"` // part number as in IMAP (RFC 9051, section 6.4.5.1)
}

// Fingerprint is what of a mail stays the same on different ways to the
// archive, as half SHA-256 sums. Mails with the same Message-ID are the same
// mail when Words agree.
type Fingerprint struct {
	// Raw covers all bytes but line ends, Body those behind the header, Words
	// what the author wrote, but for white space.
	Raw, Body, Words [16]byte
}

// Sameness says how two mails under one Message-ID resemble each other.
type Sameness string

// From alike to different. Only the last one is another message.
const (
	Identical   Sameness = "identical"   // every byte but line ends
	Redelivered Sameness = "redelivered" // another header, such as trace fields
	Modified    Sameness = "modified"    // the same words, in other clothes: a list's footer, another encoding
	Different   Sameness = "different"
)

// Compare says how alike two mails are by their fingerprints alone.
func (f Fingerprint) Compare(other Fingerprint) Sameness {
	switch {
	case f.Raw == other.Raw:
		return Identical
	case f.Body == other.Body:
		return Redelivered
	case f.Words == other.Words:
		return Modified
	}
	return Different
}
