package main

import (
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/app"
)

func TestTellAnnounced(t *testing.T) {
	due := time.Date(2016, 4, 25, 15, 0, 0, 0, time.UTC)
	for want, r := range map[string]app.SendReport{
		"announce  weekly: issue 3 in slack: said\n": {Announced: []app.AnnounceReport{{Channel: "slack", State: sigpost.DeliverySent, Says: "200 ok"}}},
		"announce  weekly: issue 3 in slack: not said (503); the next try is due Mon, 25 Apr 2016 15:00:00 UTC\n": {
			Announced: []app.AnnounceReport{{Channel: "slack", State: sigpost.DeliveryQueued, Says: "503", Due: due}}},
		"announce  weekly: issue 3 in slack: held (digest held says what to do): no answer\n": {
			Announced: []app.AnnounceReport{{Channel: "slack", State: sigpost.DeliveryUnknown, Says: "no answer"}}},
		"announce  weekly: issue 3 in slack: failed (digest send --retry-failed tries again): 404\n": {
			Announced: []app.AnnounceReport{{Channel: "slack", State: sigpost.DeliveryFailed, Says: "404"}}},
		"announce  weekly: issue 3 in slack: would be said:\n          a\n          b\n": {DryRun: true,
			Announced: []app.AnnounceReport{{Channel: "slack", State: sigpost.DeliverySent, Text: "a\nb"}}},
	} {
		r.Digest, r.Number, r.Closed = "weekly", 3, true
		var b strings.Builder
		tellSend(&b, r)
		if b.String() != want {
			t.Errorf("got %q, want %q", b.String(), want)
		}
	}
}
