package main

import (
	"strings"
	"testing"

	"sigpost"
	"sigpost/app"
	"sigpost/deliver"
)

// Why there was nothing to send is said as it is.
func TestTellNothingSent(t *testing.T) {
	const line = "send      weekly: issue 2: 0 letters sent, in 0 ms\n"
	for want, r := range map[string]app.SendReport{
		line + "          nobody is subscribed: \"sigpost subscriber add\" adds readers\n": {},
		line + "          nothing was left to send: 4 sent, 1 failed, 2 held before\n": {
			Ledger: sigpost.DeliveryCounts{sigpost.DeliverySent: 4, sigpost.DeliveryFailed: 1, sigpost.DeliveryUnknown: 2}},
		line: {Stopped: true},
		"send      weekly: issue 2: 1 letter sent, in 0 ms\n": {Outcome: deliver.Outcome{Sent: 1}},
	} {
		r.Digest, r.Number = "weekly", 2
		var b strings.Builder
		tellSend(&b, r)
		if b.String() != want {
			t.Errorf("got %q, want %q", b.String(), want)
		}
	}
}
