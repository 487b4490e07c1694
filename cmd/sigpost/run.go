package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"sigpost"
	"sigpost/app"
)

type runCommand struct {
	DryRun bool `help:"Change nothing and mail nothing, but say exactly what would happen."`
}

// Run does what is due, and says what it did even where a part of it failed.
func (c runCommand) Run(s *session) error {
	a, err := s.openWith(app.Options{DryRun: c.DryRun})
	if err != nil {
		return err
	}
	defer a.Close()
	report, err := a.Run(s.ctx, c.DryRun)
	if errors.Is(err, sigpost.ErrLocked) {
		return err
	}
	return errors.Join(s.tell(report, func(w io.Writer) { tellRun(w, report) }), err)
}

func tellRun(w io.Writer, r app.RunReport) {
	if r.DryRun {
		fmt.Fprintln(w, "dry run   this is what would happen; nothing is changed, nothing is mailed")
	}
	tellIngest(w, r.Ingest)
	if r.Learn != nil {
		tellLearned(w, *r.Learn)
	}
	tellClassify(w, r.Classify)
	for _, c := range r.Calendars {
		fmt.Fprintf(w, "source    %s\n", calendarWords(c))
	}
	if r.Bounces != (app.TrialReport{}) {
		fmt.Fprintf(w, "bounces   %s tried again, %d reached again\n", plural(r.Bounces.Tried, "suspended subscription"), r.Bounces.Recovered)
	}
	for _, d := range r.Digests {
		tellDigest(w, d)
	}
	if o := r.Notices.Outcome; o.Done() > 0 {
		fmt.Fprintf(w, "notices   %s about subscriptions sent, %d failed, %d to be tried again\n", plural(o.Sent, "letter"), o.Failed, o.Waiting)
	}
}

func tellDigest(w io.Writer, d app.DigestReport) {
	switch i := d.Composed; {
	case i == nil && d.Failure == "":
		fmt.Fprintf(w, "compose   %s: nothing is due before %s\n", d.Digest, d.NextDue.Format("Monday 2 January 2006 15:04 MST"))
	case i == nil:
	case i.State == sigpost.IssueQuiet:
		fmt.Fprintf(w, "compose   %s: nothing was said from %s, so nothing is sent\n", d.Digest, window(i.Window))
	default:
		fmt.Fprintf(w, "compose   %s: issue %d, %s: %s, %s from %s, %s, in %s\n", d.Digest, i.Number, window(i.Window),
			plural(i.Stats.Threads, "thread"), plural(i.Stats.Messages, "message"), people(i.Stats.People), plural(i.Events, "event"), short(i.Took))
		if i.State.Open() && len(d.Review) == 0 { // what a run says of it comes below
			fmt.Fprintf(w, "          it is a draft: \"sigpost digest edit\" changes it, \"sigpost digest approve\" lets it be sent\n")
		}
	}
	for _, r := range d.Review {
		tellReview(w, r)
	}
	for _, r := range d.Sent {
		tellSend(w, r)
	}
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

func window(w sigpost.Window) string {
	const layout = "Mon 2 Jan 2006 15:04"
	return w.From.Format(layout) + " to " + w.To.Format(layout+" MST")
}

func tellSend(w io.Writer, r app.SendReport) {
	if !r.Closed {
		tellLetters(w, r)
	}
	tellAnnounced(w, r)
}

func tellLetters(w io.Writer, r app.SendReport) {
	o := r.Outcome
	if !r.Waits.IsZero() && r.Hours != "" {
		fmt.Fprintf(w, "send      %s: issue %d waits until %s: letters go out %s\n", r.Digest, r.Number, r.Waits.Format("Mon 2 Jan 2006 15:04 MST"), r.Hours)
		if o.Done() == 0 {
			return
		}
	} else if !r.Waits.IsZero() {
		fmt.Fprintf(w, "send      %s: issue %d is approved to be sent not before %s\n", r.Digest, r.Number, r.Waits.UTC().Format("Mon 2 Jan 2006 15:04 MST"))
		return
	}
	if r.Ended != "" {
		fmt.Fprintf(w, "send      %s: issue %d: %s\n", r.Digest, r.Number, r.Ended)
		return
	}
	if r.Paused != "" {
		fmt.Fprintf(w, "send      %s: issue %d stands still: %s (\"sigpost digest resume\" or \"cancel\")\n", r.Digest, r.Number, printable(r.Paused))
		if o.Done() == 0 {
			return
		}
	}
	verb := "sent"
	if r.DryRun {
		verb = "would be sent"
	}
	fmt.Fprintf(w, "send      %s: issue %d: %s %s", r.Digest, r.Number, plural(o.Sent, "letter"), verb)
	for _, more := range []struct {
		n    int
		what string
	}{
		{o.Failed, "failed for good"}, {o.Waiting, "waiting to be tried again"}, {o.Unknown, "held, since it is unknown whether they arrived"},
		{r.Nothing, "reader(s) without news on their topics"},
	} {
		if more.n > 0 {
			fmt.Fprintf(w, ", %d %s", more.n, more.what)
		}
	}
	fmt.Fprintf(w, ", in %s\n", short(r.Took))
	if o.Done()+r.Queued == 0 {
		fmt.Fprintf(w, "          nobody is subscribed: \"sigpost subscriber add\" adds readers\n")
	}
	for _, l := range r.Lost {
		fmt.Fprintf(w, "          %s to %s: %s\n", lostWords[l.State], l.To, l.Why)
	}
	for _, l := range r.Letters {
		fmt.Fprintf(w, "          to %s: %s (%d bytes, Message-ID %s)\n", l.To, l.Subject, l.Bytes, l.MessageID)
	}
	if o.Waiting > 0 && !o.NextDue.IsZero() {
		fmt.Fprintf(w, "          the next try is due %s\n", o.NextDue.Format(time.RFC1123))
	}
}

// lostWords say what became of a letter, and what can be done.
var lostWords = map[sigpost.DeliveryState]string{
	sigpost.DeliveryFailed:  "failed (digest send --retry-failed tries again)",
	sigpost.DeliveryUnknown: "held (digest send --resend-held sends it once more)",
}
