package sigpost

import "time"

// Mailbox is a source of messages that is read bit by bit, and the cursor in
// it (RFC 9051, section 2.3.1).
type Mailbox struct {
	ID int64
	// Account is the config's name for the server and login, Name the
	// mailbox on it, List the name of the list whose mail it holds.
	Account string
	Name    string
	List    string
	// UIDValidity and UIDNext are the cursor: every message with a UID below
	// UIDNext is stored or in quarantine. Zero before the first fetch.
	UIDValidity uint32
	UIDNext     uint32
	// HighestModSeq is the CONDSTORE position (RFC 7162); 0 where the server
	// has none.
	HighestModSeq uint64
	// Mark is the cursor in a source that has no UIDs, such as a file, and
	// what else a source must know at the next run: how it reads is the
	// source's own affair.
	Mark string
	// Version counts how often the cursor was moved. Whoever has another one than
	// the archive has not seen what another process did, and moves nothing.
	Version int64
	// Complete is when a fetch last reached the end of the mailbox.
	Complete time.Time
	// Failing is since when every fetch has failed, and Failure the last
	// reason; both are zero while the mailbox can be read.
	Failing time.Time
	Failure string
}

// Quarantined is a mail that could not be understood, kept for a better
// parser. Nothing else of it is known for certain.
type Quarantined struct {
	ID     int64
	Source string // mailbox or file, for people
	UID    uint32 // 0 where the source has none
	List   string // whose mail it is
	Raw    []byte // what there is of it
	// Partial says that this is not all: the source would not hand over the
	// rest.
	Partial bool
	Reason  string
	At      time.Time
}

// Arrival is a mail as a source hands it to the archive.
type Arrival struct {
	// Raw are the bytes as they came; they are kept.
	Raw []byte
	// Message is what was understood of them. It is nil where nothing was:
	// then the mail goes to quarantine, and Reason says why.
	Message *Message
	Reason  string
	// Partial says that Raw is not all of it, and that it is worth asking the
	// source again.
	Partial bool
	// List is the name of the list whose mail the source holds.
	List string
	// Source says where it came from, for people; UID is its number there,
	// 0 where the source has none.
	Source string
	UID    uint32
}

// AddCounts say what became of arrivals. Every arrival is in exactly one of
// Stored, Duplicates and Quarantined.
type AddCounts struct {
	Stored      int `json:"stored"`
	Duplicates  int `json:"duplicates"`  // the same mail was there already
	Quarantined int `json:"quarantined"` // kept aside with a reason
	// Redelivered and Modified count those duplicates that are not the same
	// byte for byte: see Sameness.
	Redelivered int `json:"redelivered"`
	Modified    int `json:"modified"`
	// Different counts those stored that carry the Message-ID of another
	// message: see Message.Claimed.
	Different int `json:"different"`
}

// Add adds other to c.
func (c *AddCounts) Add(other AddCounts) {
	c.Stored += other.Stored
	c.Duplicates += other.Duplicates
	c.Quarantined += other.Quarantined
	c.Redelivered += other.Redelivered
	c.Modified += other.Modified
	c.Different += other.Different
}
