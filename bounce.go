package sigpost

import "time"

// BounceClass says what came back for a letter, and what that means for its
// address.
type BounceClass string

// The classes of a Bounce.
const (
	BounceHard      BounceClass = "hard"       // the address is not there, and will not be
	BounceSoft      BounceClass = "soft"       // anything else that stood in the way
	BounceComplaint BounceClass = "complaint"  // feedback of the reader's provider (RFC 5965)
	BounceAutoReply BounceClass = "auto-reply" // a vacation note and its like (RFC 3834)
	BounceDelivered BounceClass = "delivered"  // it arrived
)

// BounceSource says how we heard of it.
type BounceSource string

// The sources of a Bounce.
const (
	BounceReport BounceSource = "report" // by mail, later
	BounceSMTP   BounceSource = "smtp"   // by the server that refused the letter
)

// Bounce is what came back for one letter. It is kept for its subscription.
type Bounce struct {
	ID             int64
	SubscriptionID int64
	DeliveryID     int64
	At             time.Time // when we heard of it
	Source         BounceSource
	Class          BounceClass
	// Reason is why, in the words of docs/bounces.md.
	Reason string
	Status string // RFC 3463; may be empty
	Reply  string // code of SMTP; may be empty
	// Evidence is what the other server said that decided.
	Evidence string
	// Domain is that of the reader's address, in lower case.
	Domain string
	// Feedback is the type of a complaint (RFC 5965, section 7.3).
	Feedback string
	// Counts says that it counts against the address, or ends the subscription
	// where it is a complaint. What speaks of the letter, of us or of the road
	// does not.
	Counts bool
	// Fingerprint tells it from any other: the second one with the same is no
	// news.
	Fingerprint string
}

// BounceRules say when a subscription is suspended, and when it is tried again.
type BounceRules struct {
	// Hard and Soft are how many letters in a row have to come back.
	Hard, Soft int
	// Window is how old a letter may be that still counts.
	Window time.Duration
	// Rest is how long a suspension lasts before one letter is tried; it
	// doubles with each try that fails.
	Rest time.Duration
}

// BounceEffect says what a Bounce did to its subscription.
type BounceEffect string

// The effects of a Bounce.
const (
	BounceKnown     BounceEffect = "known"     // it was recorded before
	BounceNoted     BounceEffect = "noted"     // it was only recorded
	BounceSuspended BounceEffect = "suspended" // the subscription is suspended now
	BounceEnded     BounceEffect = "ended"     // the subscription has ended
)
