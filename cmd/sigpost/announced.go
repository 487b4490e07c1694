package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"sigpost"
	"sigpost/app"
)

// tellAnnounced says what became of the notes in channels.
func tellAnnounced(w io.Writer, r app.SendReport) {
	for _, a := range r.Announced {
		fmt.Fprintf(w, "announce  %s: issue %d in %s: ", r.Digest, r.Number, a.Channel)
		switch {
		case r.DryRun:
			fmt.Fprintf(w, "would be said:\n          %s\n", strings.ReplaceAll(a.Text, "\n", "\n          "))
		case a.State == sigpost.DeliverySent:
			fmt.Fprintln(w, "said")
		case a.State == sigpost.DeliveryQueued:
			fmt.Fprintf(w, "not said (%s); the next try is due %s\n", a.Says, a.Due.Format(time.RFC1123))
		default:
			fmt.Fprintf(w, "%s: %s\n", lostWords[a.State], a.Says)
		}
	}
}
