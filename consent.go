package sigpost

import "time"

// ConsentWay says through which door somebody agreed, or took it back.
type ConsentWay string

// The ways.
const (
	ByForm     ConsentWay = "web form"
	ByMail     ConsentWay = "mail"
	ByOperator ConsentWay = "command line"
	ByImport   ConsentWay = "import"
	ByAPI      ConsentWay = "api"
	ByLink     ConsentWay = "link in a letter"
)

// Consent is the record of one moment in which a reader agreed to be sent a
// digest, changed what they agreed to, or took it back. Records are added and
// never changed.
type Consent struct {
	Digest string
	What   ConsentChange
	Way    ConsentWay
	// Asked is when they asked and At when they proved that the address is
	// theirs; Asked is zero where nobody had to prove it.
	Asked time.Time
	At    time.Time
	// Shown is the text that they agreed to, word for word, or what an
	// operator says of how they agreed.
	Shown string
	// Network is where the request came from, an IPv4 /24 or IPv6 /56 and never
	// a whole address; empty where it is not known.
	Network string
}

// ConsentChange is what happened to a consent.
type ConsentChange string

// The changes.
const (
	ConsentGiven     ConsentChange = "given"
	ConsentChanged   ConsentChange = "changed" // another frequency
	ConsentWithdrawn ConsentChange = "withdrawn"
)

// Request is a wish to be subscribed that waits for its address to prove itself
// (double opt-in).
type Request struct {
	ID int64
	// Wish is the subscription that it becomes; without ID and State.
	Wish Subscription
	// Way, Shown and Network become those of the Consent.
	Way            ConsentWay
	Shown, Network string
	Made, Expires  time.Time
	// SubscriptionID is what it became; 0 while it waits.
	SubscriptionID int64
}

// Notice is a letter to one person about their own subscription.
type Notice struct {
	Delivery // IssueID and SubscriptionID are 0
	Kind     NoticeKind
	Digest   string
	Addr     string
	// ReplyTo is an addr-spec that sigpost reads, or empty.
	ReplyTo string
	// Answers is the message that it answers, or empty.
	Answers MessageID
	Letter  Letter
}

// NoticeKind says what a Notice is about.
type NoticeKind string

// The kinds of Notice.
const (
	NoticeConfirm NoticeKind = "confirm" // please confirm that you asked
	NoticeAlready NoticeKind = "already" // you are subscribed already
	NoticeLink    NoticeKind = "link"    // a new link to the preferences
	NoticeStored  NoticeKind = "stored"  // all that is stored about them
	NoticeAnswer  NoticeKind = "answer"  // what came of a mail command
	NoticeTrouble NoticeKind = "trouble" // to the operator: an issue is not sent
	NoticeSignIn  NoticeKind = "sign-in" // a link that signs in who looks after the archive
)

// Limit is how often something may happen: N times in Per, and as many at once.
type Limit struct {
	Bucket string // what is counted together
	N      int
	Per    time.Duration
}
