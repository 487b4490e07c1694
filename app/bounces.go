package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sigpost"
	"sigpost/bounce"
	"sigpost/config"
	"sigpost/store"
	"sigpost/subscribe"
)

// bounceOf gives the delivery whose token an address holds.
func (a *App) bounceOf(address string) (int64, error) {
	return a.tokens.ParseBounce(subscribe.BounceToken(address))
}

// event is what is recorded of a report or refusal. Its fingerprint is that of its
// source, and of what it says: one report is one event.
func event(r bounce.Recipient, letter sigpost.Delivery, s sigpost.Subscription, source sigpost.BounceSource, from string, at time.Time) sigpost.Bounce {
	return sigpost.Bounce{
		DeliveryID: letter.ID, At: at, Source: source, Class: r.Class, Reason: string(r.Reason), Status: r.Status, Reply: r.ReplyCode,
		Evidence: r.Evidence, Domain: domain(s.Subscriber.Addr), Feedback: r.Feedback, Counts: r.OfAddress() || r.ByReader(),
		Fingerprint: fmt.Sprintf("%s %d %s", from, letter.ID, r.Class),
	}
}

// Refused records that a server refused a letter for good: reply is its whole
// reply, command the command of SMTP that it answered ("RCPT", "DATA"), host its
// name. Words that speak of the letter and not of the address only count for the
// operator. It is recorded once for each delivery.
func (a *App) Refused(ctx context.Context, db *store.DB, letter sigpost.Delivery, s sigpost.Subscription, reply, command, host string) (sigpost.BounceEffect, error) {
	r := bounce.Refusal(s.Subscriber.Addr, reply, command, host)
	return db.RecordBounce(ctx, event(r, letter, s, sigpost.BounceSMTP, "smtp", a.now()), a.Config.Bounces.Rules())
}

func sameAddress(a, b string) bool { return a != "" && strings.EqualFold(a, b) }

// TrialReport says which suspended readers a run mails again.
type TrialReport struct {
	// Tried are mailed again since their rest is over, Recovered had a letter
	// that arrived.
	Tried     int `json:"tried"`
	Recovered int `json:"recovered"`
}

// trySuspended has readers mailed again whose rest is over.
func (a *App) trySuspended(ctx context.Context) (r TrialReport, err error) {
	r.Tried, r.Recovered, err = a.Store.TrySuspended(ctx, a.Config.Bounces.Rules(), a.now())
	return r, err
}

// SuspendedReader is a reader to whom nothing is sent since letters came back.
type SuspendedReader struct {
	Address  string    `json:"address"`
	Digest   string    `json:"digest"`
	Since    time.Time `json:"since"`
	Reason   string    `json:"reason"`
	Tried    int       `json:"tried"` // again, since then
	Evidence string    `json:"evidence"`
}

// BounceCount is how often letters to a domain came back for one reason.
type BounceCount struct {
	Domain string              `json:"domain"`
	Class  sigpost.BounceClass `json:"class"`
	Reason string              `json:"reason"`
	// Counts says that it counts against the addresses.
	Counts bool `json:"counts"`
	Count  int  `json:"count"`
	// Latest is the last thing that was said of it.
	Latest string `json:"latest"`
}

// BounceReport is what operators want to know of what comes back.
type BounceReport struct {
	Days      int               `json:"days"`
	Suspended []SuspendedReader `json:"suspended"`
	Counts    []BounceCount     `json:"counts"`
}

// maxBounceLines bounds what a BounceReport lists.
const maxBounceLines = 1000

// Bounces says who is suspended, and what came back in the last days.
func (a *App) Bounces(ctx context.Context, days int) (BounceReport, error) {
	report := BounceReport{Days: days, Suspended: []SuspendedReader{}, Counts: []BounceCount{}}
	suspended, err := a.Store.Suspensions(ctx, maxBounceLines)
	if err != nil {
		return report, err
	}
	for _, s := range suspended {
		report.Suspended = append(report.Suspended, SuspendedReader{s.Subscriber.Addr, s.Digest, s.At, s.Reason, s.Tried, s.Last.Evidence})
	}
	counts, err := a.Store.BounceCounts(ctx, a.now().AddDate(0, 0, -days), maxBounceLines)
	for _, c := range counts {
		report.Counts = append(report.Counts, BounceCount(c))
	}
	return report, err
}

// BouncesOf gives what came back for a reader, the latest first.
func (a *App) BouncesOf(ctx context.Context, d config.Digest, address string) ([]sigpost.Bounce, error) {
	s, err := a.Store.SubscriptionFor(ctx, d.Name, strings.TrimSpace(address))
	if err != nil {
		return nil, err
	}
	return a.Store.Bounces(ctx, s.ID, maxBounceLines)
}
