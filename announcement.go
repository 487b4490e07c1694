package sigpost

// Announcement is the ledger's row for one issue and one channel, in which a
// note says that the issue is out. It goes the way of a Delivery, under the same
// rules; its SubscriptionID and MessageID are empty.
type Announcement struct {
	Delivery
	Channel string // the name of the [[announce]] in the configuration
}
