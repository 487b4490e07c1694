package main

import (
	"strings"
	"testing"
	"time"

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
		"send      weekly: issue 2: 1 letter sent, in 0 ms\n":                         {Outcome: deliver.Outcome{Sent: 1}},
		"send      weekly: issue 2: 63 letters sent, 120 still to be sent, in 0 ms\n": {Outcome: deliver.Outcome{Sent: 63, Waiting: 120}},
		"send      weekly: issue 2: 1 letter sent, 2 waiting to be tried again, in 0 ms\n          the next try is due Mon, 25 Apr 2016 15:00:00 UTC\n": {
			Outcome: deliver.Outcome{Sent: 1, Waiting: 2, NextDue: time.Date(2016, 4, 25, 15, 0, 0, 0, time.UTC)}},
	} {
		r.Digest, r.Number = "weekly", 2
		var b strings.Builder
		tellSend(&b, r)
		if b.String() != want {
			t.Errorf("got %q, want %q", b.String(), want)
		}
	}
}
