package sigpost

import "time"

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
)

// Subscription is one subscriber's wish to get one digest.
type Subscription struct {
	ID         int64
	Subscriber Subscriber
	Digest     string
	State      SubscriptionState
	// Topics are what the reader follows; none means everything.
	Topics []Tag
	Since  time.Time
}
