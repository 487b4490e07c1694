package sigpost

import (
	"slices"
	"time"
)

// Subscriber is a person who reads.
type Subscriber struct {
	ID   int64
	Name string // may be empty
	Addr string // addr-spec; the domain in lower case
	Zone string // IANA time zone, or empty for the digest's
	// Consent says how and when they agreed, for people: nobody is
	// subscribed without it.
	Consent string
	Created time.Time
}

// SubscriptionState says whether a subscription is mailed.
type SubscriptionState string

// The states of a Subscription.
const (
	SubscriptionActive SubscriptionState = "active"
	SubscriptionEnded  SubscriptionState = "ended" // unsubscribed
	// SubscriptionSuspended: letters came back, so that none are sent until it is
	// resumed.
	SubscriptionSuspended SubscriptionState = "suspended"
)

// Subscribed says whether the reader wants to be mailed, suspended or not.
func (s SubscriptionState) Subscribed() bool {
	return s == SubscriptionActive || s == SubscriptionSuspended
}

// Subscription is one subscriber's wish to get one digest.
type Subscription struct {
	ID         int64
	Subscriber Subscriber
	Digest     string
	State      SubscriptionState
	Selection
	Since time.Time
	// Text says that letters come as plain text alone, without HTML.
	Text bool
	// NewsOnly leaves out issues without news on the reader's topics, also of a
	// digest that sends every issue to everybody.
	NewsOnly bool
	// PausedUntil is the end of a pause: no issue that begins to be sent before
	// is sent to this reader. Zero where there is none.
	PausedUntil time.Time
	// Serial counts how often the links by which preferences are changed were
	// replaced: a link of an earlier one is not valid any more.
	Serial int64
}

// Selection is what a reader wants to read of.
type Selection struct {
	// Topics are what the reader follows; none means everything.
	Topics []Tag `json:"topics"`
	// Muted are what they want to hear nothing of, whatever else it is about.
	Muted []Tag `json:"muted,omitempty"`
}

// IsAll says whether it leaves nothing out.
func (s Selection) IsAll() bool { return len(s.Topics)+len(s.Muted) == 0 }

// Takes says whether a thread with those tags is wanted.
func (s Selection) Takes(tags []Tagging) bool {
	among := func(topics []Tag) bool {
		return slices.ContainsFunc(tags, func(t Tagging) bool { return slices.Contains(topics, t.Tag) })
	}
	return !among(s.Muted) && (len(s.Topics) == 0 || among(s.Topics))
}
