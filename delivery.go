package sigpost

import "time"

// DeliveryState says how far one letter to one reader has come.
type DeliveryState string

// The states of a Delivery.
const (
	DeliveryQueued  DeliveryState = "queued"
	DeliverySending DeliveryState = "sending" // claimed, with a lease
	DeliverySent    DeliveryState = "sent"    // the server took it
	DeliveryFailed  DeliveryState = "failed"  // for good
	// DeliveryUnknown: the connection was lost after the final dot and before
	// the reply (RFC 1047). It may have arrived.
	DeliveryUnknown DeliveryState = "unknown"
	// DeliverySuppressed: the subscription ended before it was sent, or the
	// issue has nothing on the reader's topics.
	DeliverySuppressed DeliveryState = "suppressed"
)

// Delivery is the ledger's row for one issue and one subscription. There is
// never a second one: that is what stands between a reader and the same
// letter twice.
type Delivery struct {
	ID             int64
	IssueID        int64
	SubscriptionID int64
	State          DeliveryState
	// MessageID of the letter, derived from issue and subscription, so that
	// a repeat can be recognised.
	MessageID MessageID
	Attempts  int
	Due       time.Time // not before
	Lease     time.Time // whoever claimed it has until then
	Reply     string    // the server's last words, or why it failed
	Updated   time.Time
	// Holder is the sender that took it last, of several; 0 where there is one at
	// a time.
	Holder int64
	// Placed says that Due is its place in the pace of its domain.
	Placed bool
}

// DeliveryCounts are an issue's deliveries by state.
type DeliveryCounts map[DeliveryState]int

// Claim is a delivery that is to be made now, and for whom.
type Claim struct {
	Delivery
	Subscription Subscription
}

// DeliveryResult is what became of a delivery that was begun.
type DeliveryResult struct {
	DeliveryID int64
	// State is sent, failed, unknown, suppressed, or queued, and then not before
	// Due.
	State DeliveryState
	Reply string
	Due   time.Time
	// Placed says that Due is its place in the pace of its domain, so that it needs
	// no other one then.
	Placed bool
	// Untried says that nothing was said of it to a server, so that it counts
	// as no attempt.
	Untried bool
	// Refusal is the reply that refused it for good, whole, and Command what it
	// answered; empty where none did.
	Refusal, Command string
}
