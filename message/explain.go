package message

import (
	"strings"
	"time"

	"sigpost"
)

// Explanation is how a mail is understood, for people: what Parse makes of it
// and where that comes from. The JSON names are part of the command line's
// promise.
type Explanation struct {
	MessageID sigpost.MessageID `json:"message_id"`
	// InReplyTo is the id that In-Reply-To was taken to name, "" where it names
	// none. References are those of the field of that name, not merged with it.
	InReplyTo  sigpost.MessageID   `json:"in_reply_to"`
	References []sigpost.MessageID `json:"references"`
	Author     sigpost.Address     `json:"author"`
	Sender     sigpost.Address     `json:"sender"`
	Subject    string              `json:"subject"`
	// BaseSubject is for the caller to fill in.
	BaseSubject string `json:"base_subject"`
	// Sent is the Date field's claim, Received the date of the topmost Received
	// field, or else that claim. They are nil where there is none.
	Sent     *time.Time `json:"sent"`
	Received *time.Time `json:"received"`
	ListIDs  []string   `json:"list_ids"`
	// CharsetNotes say for each part and field which charset was declared and
	// which it was read as.
	CharsetNotes []string             `json:"charset_notes"`
	Text         string               `json:"text"`
	NewText      string               `json:"new_text"`
	Ranges       []sigpost.Range      `json:"ranges"`
	Attachments  []sigpost.Attachment `json:"attachments"`
	Robot        bool                 `json:"robot"`
	// RobotRule is by what it was taken for a program's, or "".
	RobotRule string   `json:"robot_rule"`
	Defects   []string `json:"defects"`

	// Message is what Parse gives.
	Message *sigpost.Message `json:"-"`
}

// Explain understands raw as Parse does and says how. Its errors are those of
// Parse. No list in the explanation is nil.
func Explain(raw []byte) (Explanation, error) {
	notes := charsetNotes{}
	o, err := open(raw, new(scratch), &notes)
	if err != nil {
		return Explanation{}, err
	}
	m := o.message()
	o.h.noteWords(&notes)
	e := Explanation{
		MessageID:    m.MessageID,
		InReplyTo:    o.h.inReplyTo(),
		References:   orEmpty(referenceIDs(o.h.all("references"))),
		Author:       m.Author,
		Sender:       m.Sender,
		Subject:      m.Subject,
		Sent:         orNil(m.Sent),
		Received:     orNil(m.Trace),
		ListIDs:      orEmpty(m.ListIDs),
		CharsetNotes: notes,
		Text:         m.Text,
		NewText:      m.NewText(),
		Ranges:       orEmpty(m.Ranges),
		Attachments:  orEmpty(m.Attachments),
		Robot:        m.Robot,
		RobotRule:    robotRuleFor(o.h, m),
		Defects:      orEmpty(m.Defects),
		Message:      m,
	}
	if e.Received == nil {
		e.Received = e.Sent
	}
	return e, nil
}

// noteWords notes the charsets of encoded words.
func (h *header) noteWords(notes *charsetNotes) {
	for _, f := range h.fields {
		for s := f.value; ; {
			start := strings.Index(s, "=?")
			if start < 0 {
				break
			}
			word, n := parseWord(s[start:])
			if n == 0 {
				s = s[start+2:]
				continue
			}
			_, use := toUTF8(word.data, word.charset)
			notes.add("the "+f.name+" field", word.charset, use)
			s = s[start+n:]
		}
	}
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
