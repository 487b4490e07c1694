package sigpost

import "time"

// Thread is a conversation: messages joined by their references (RFC 5256,
// section 3, "REFERENCES"), whether or not all of them have been seen.
type Thread struct {
	ID int64
	// Subject is that of its oldest message, decoded; BaseSubject as in RFC
	// 5256, section 2.1.
	Subject     string
	BaseSubject string
	// Lists are the names of the lists it was on.
	Lists []string
	// Messages counts the messages that are stored; First and Last are when
	// the oldest and the newest of them were received.
	Messages int
	First    time.Time
	Last     time.Time
	// Revision grows whenever a message joins, is taken out of sight or comes back.
	// A stage that has seen a revision has nothing to do before it grows again.
	Revision int64
	// Tags are the accepted ones, best first.
	Tags []Tagging
	// From is the message in another thread that this one began by answering;
	// empty for most.
	From MessageID
}
