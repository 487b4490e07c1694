package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"sigpost"
	"sigpost/app"
	"sigpost/store"
)

type runCommand struct {
	DryRun bool   `help:"Change nothing and mail nothing, but say exactly what would happen."`
	Report string `placeholder:"FILE" type:"path" help:"Write what was done as JSON to this file, also where it failed. The file is whole or not there."`
}

// Run does what is due, and says what it did even where a part of it failed.
func (c runCommand) Run(s *session) error {
	begun := s.now().UTC()
	report, err := c.run(s)
	if c.Report != "" {
		err = errors.Join(err, writeReport(c.Report, begun, s.now().UTC(), report, err))
	}
	return err
}

// run gives no report where the run did not begin.
func (c runCommand) run(s *session) (*app.RunReport, error) {
	cfg, err := s.load()
	if err != nil {
		return nil, err
	}
	a, err := s.openConfig(cfg, app.Options{DryRun: c.DryRun})
	if err != nil {
		if !c.DryRun {
			app.PingFailure(s.ctx, cfg, app.Options{Log: s.log, Now: s.now}, err)
		}
		return nil, err
	}
	defer a.Close()
	report, err := a.Run(s.ctx, c.DryRun)
	if errors.Is(err, sigpost.ErrLocked) {
		return nil, err
	}
	return &report, errors.Join(s.tell(report, func(w io.Writer) { tellRun(w, report) }), err)
}

// runFile is what --report writes: docs/operations.md has its schema.
type runFile struct {
	Schema   int       `json:"schema"`
	Begun    time.Time `json:"begun"`
	Ended    time.Time `json:"ended"`
	ExitCode int       `json:"exit_code"`
	Errors   []string  `json:"errors"` // a line each, as on standard error
	// Report is null where the run did not begin: the configuration is wrong, the
	// archive cannot be opened, another run holds the lock.
	Report *app.RunReport `json:"report"`
}

// reportSchema goes up when a field means something else than before, or is gone.
const reportSchema = 1

func writeReport(path string, begun, ended time.Time, report *app.RunReport, failed error) error {
	f := runFile{Schema: reportSchema, Begun: begun, Ended: ended, ExitCode: exitCode(failed), Errors: []string{}, Report: report}
	if failed != nil {
		f.Errors = strings.Split(strings.TrimSpace(failed.Error()), "\n")
	}
	data, err := json.MarshalIndent(f, "", "  ")
	if err == nil {
		err = writeWholeAs(path, append(data, '\n'), 0o600) // it names readers
	}
	if err != nil {
		err = fmt.Errorf("the report cannot be written: %w", err)
	}
	return err
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
	for _, l := range r.Silent {
		for line := range strings.SplitSeq(l.Words, "\n") {
			fmt.Fprintf(w, "silent    %s\n", printable(line))
		}
	}
	if r.Retain != nil {
		maps.DeleteFunc(r.Retain.Removed, func(_ store.Retained, n int) bool { return n == 0 })
		tellRetained(w, *r.Retain)
	}
	if o := r.Notices.Outcome; o.Done() > 0 {
		fmt.Fprintf(w, "notices   %s to single people sent, %d failed, %d to be tried again\n", plural(o.Sent, "letter"), o.Failed, o.Waiting)
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
	waiting := "waiting to be tried again"
	if o.NextDue.IsZero() { // they have not been tried, or it is time
		waiting = "still to be sent"
	}
	fmt.Fprintf(w, "send      %s: issue %d: %s %s", r.Digest, r.Number, plural(o.Sent, "letter"), verb)
	for _, more := range []struct {
		n    int
		what string
	}{
		{o.Failed, "failed for good"}, {o.Waiting, waiting}, {o.Unknown, "held, since it is unknown whether they arrived"},
		{r.Nothing, "reader(s) without news on their topics"},
	} {
		if more.n > 0 {
			fmt.Fprintf(w, ", %d %s", more.n, more.what)
		}
	}
	fmt.Fprintf(w, ", in %s\n", short(r.Took))
	if o.Done()+r.Queued == 0 && !r.Stopped {
		fmt.Fprintf(w, "          %s\n", nothingWords(r.Ledger))
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

// nothingWords say why there was nothing to do about an issue's letters.
func nothingWords(ledger sigpost.DeliveryCounts) string {
	var parts []string
	for _, one := range []struct {
		state sigpost.DeliveryState
		words string
	}{{sigpost.DeliverySent, "sent"}, {sigpost.DeliveryFailed, "failed"}, {sigpost.DeliveryUnknown, "held"},
		{sigpost.DeliverySuppressed, "not sent to"}, {sigpost.DeliveryQueued, "waiting"}, {sigpost.DeliverySending, "being sent"}} {
		if n := ledger[one.state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, one.words))
		}
	}
	if len(parts) == 0 {
		return "nobody is subscribed: \"sigpost subscriber add\" adds readers"
	}
	return "nothing was left to send: " + strings.Join(parts, ", ") + " before"
}

// lostWords say what became of a letter, and what can be done.
var lostWords = map[sigpost.DeliveryState]string{
	sigpost.DeliveryFailed:  "failed (digest send --retry-failed tries again)",
	sigpost.DeliveryUnknown: "held (digest held says what to do)",
}
