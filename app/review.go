package app

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/deliver"
	"sigpost/digest"
	"sigpost/store"
	"sigpost/web"
)

// ReviewReport says how a draft stands that editors are to look at.
type ReviewReport struct {
	Digest string             `json:"digest"`
	Number int                `json:"number"`
	State  sigpost.IssueState `json:"state"`
	// Errors are what the preflight found that keeps it from being approved.
	Errors []string `json:"errors,omitempty"`
	// Nudged is how many letters went to editors in this run; Letters are what
	// would have gone, in a dry run.
	Nudged  int         `json:"nudged"`
	Letters []DryLetter `json:"letters,omitempty"`
	// Deadline is when it approves itself; zero where it never does, or nobody
	// has been told yet.
	Deadline time.Time `json:"deadline,omitzero"`
}

// ErrStuck says that an issue cannot approve itself at its deadline.
var ErrStuck = errors.New("the issue is past its deadline and is not approved")

// Kinds of letters to editors.
const (
	nudgeReady    = "ready"    // a draft waits for you
	nudgeReminder = "reminder" // it still does
)

// When an editor is reminded: this long before the deadline, or when half of
// the time is over, and without a deadline after a day.
const (
	remindBefore = time.Hour
	remindAfter  = 24 * time.Hour
)

// review moves the drafts of a digest on: from draft to ready, telling editors,
// and at the deadline to approved.
func (a *App) review(ctx context.Context, d config.Digest) ([]ReviewReport, error) {
	open, err := a.Store.OpenDrafts(ctx, d.Name)
	if err != nil {
		return nil, err
	}
	if len(open) > 0 {
		// What an archive that was put back does not know of was done: nobody is told of
		// its drafts again, and none is approved, before somebody has looked.
		if _, err := a.checkGeneration(ctx); err != nil {
			return nil, err
		}
	}
	var reports []ReviewReport
	var failures []error
	for _, issue := range open {
		r, err := a.reviewIssue(ctx, d, issue)
		reports = append(reports, r)
		if err != nil {
			failures = append(failures, fmt.Errorf("issue %d of %s: %w", issue.Number, d.Name, err))
		}
	}
	return reports, errors.Join(failures...)
}

func (a *App) reviewIssue(ctx context.Context, d config.Digest, issue sigpost.Issue) (ReviewReport, error) {
	r := ReviewReport{Digest: d.Name, Number: issue.Number, State: issue.State}
	flight, err := a.preflight(ctx, d, issue)
	if err != nil {
		return r, err
	}
	r.Errors = flight.Severe()
	if d.Review == config.ReviewNone { // it was another when the draft was made
		return r, nil
	}
	if issue.State == sigpost.IssueDraft && len(r.Errors) == 0 {
		// An editor, or another process, may have approved it meanwhile.
		if ok, err := a.Store.MoveIssue(ctx, issue.ID, sigpost.IssueDraft, sigpost.IssueReady, a.now()); err != nil || !ok {
			return r, err
		}
		issue.State, r.State = sigpost.IssueReady, sigpost.IssueReady
	}
	told, err := a.nudge(ctx, d, issue, &r)
	if err != nil {
		return r, err
	}
	if d.Review != config.ReviewDeadline || told.IsZero() {
		return r, nil
	}
	r.Deadline = told.Add(time.Duration(d.Deadline))
	if a.now().Before(r.Deadline) {
		return r, nil
	}
	if len(r.Errors) > 0 {
		return r, fmt.Errorf("%w, since the preflight finds errors; put them right, or approve it by hand:\n%s", ErrStuck, strings.Join(r.Errors, "\n"))
	}
	err = a.approve(ctx, &issue, Approval{Who: "nobody, at the deadline"})
	r.State = issue.State
	return r, err
}

// nudge sends the letters to editors that are due, and gives the time at which
// the first editor was told; zero where none was.
func (a *App) nudge(ctx context.Context, d config.Digest, issue sigpost.Issue, r *ReviewReport) (told time.Time, err error) {
	if err := a.queueNudges(ctx, d, issue, nudgeReady); err != nil {
		return told, err
	}
	nudges := a.Store.Nudges()
	had, err := nudges.All(ctx, issue.ID)
	if err != nil {
		return told, err
	}
	over := d.Review == config.ReviewDeadline && !a.now().Before(firstTold(had).Add(time.Duration(d.Deadline)))
	if told = firstTold(had); !told.IsZero() && !a.now().Before(remindAt(d, told)) && !over {
		if err := a.queueNudges(ctx, d, issue, nudgeReminder); err != nil {
			return told, err
		}
		if had, err = nudges.All(ctx, issue.ID); err != nil {
			return told, err
		}
	}
	due := func(n store.Nudge) bool {
		return (n.State == sigpost.DeliveryQueued || n.State == sigpost.DeliverySending) && !n.Due.After(a.now())
	}
	if !slices.ContainsFunc(had, due) {
		return told, a.nobodyTold(d, had)
	}
	if err := a.sendNudges(ctx, d, issue, r); err != nil {
		return told, fmt.Errorf("its editors cannot be told: %w", err)
	}
	if had, err = nudges.All(ctx, issue.ID); err != nil {
		return told, err
	}
	return firstTold(had), a.nobodyTold(d, had)
}

// nobodyTold is an error where no letter to an editor can arrive any more.
func (a *App) nobodyTold(d config.Digest, had []store.Nudge) error {
	var why []string
	for _, n := range had {
		if n.State != sigpost.DeliveryFailed {
			return nil
		}
		why = append(why, n.Addr+": "+n.Reply)
	}
	if len(had) == 0 || d.Review != config.ReviewDeadline {
		return nil
	}
	return fmt.Errorf("no editor could be told, so it does not approve itself: %s", strings.Join(why, "; "))
}

// remindAt is when editors are told again.
func remindAt(d config.Digest, told time.Time) time.Time {
	if d.Review != config.ReviewDeadline {
		return told.Add(remindAfter)
	}
	deadline := time.Duration(d.Deadline)
	return told.Add(max(deadline-remindBefore, deadline/2))
}

// firstTold is when the first letter to an editor was, or may have been, sent.
func firstTold(nudges []store.Nudge) (at time.Time) {
	for _, n := range nudges {
		arrived := n.State == sigpost.DeliverySent || n.State == sigpost.DeliveryUnknown
		if arrived && (at.IsZero() || n.Updated.Before(at)) {
			at = n.Updated
		}
	}
	return at
}

func (a *App) queueNudges(ctx context.Context, d config.Digest, issue sigpost.Issue, kind string) error {
	for _, editor := range d.Editors {
		to := address(editor).Address
		sum := fnv.New64a()
		fmt.Fprintf(sum, "%s\n%s", kind, to)
		// Readers' numbers are above 0, so that no letter to one has this id.
		id := a.messageID(d, issue, -int64(sum.Sum64()>>1))
		err := a.Store.Nudges().Queue(ctx, store.Nudge{Kind: kind, Addr: to,
			Delivery: sigpost.Delivery{IssueID: issue.ID, MessageID: id, Due: a.now()}})
		if err != nil {
			return err
		}
	}
	return nil
}

// nudgeLedger is the store's, as the sender sees it. It remembers to whom the
// letters go that were claimed last.
type nudgeLedger struct {
	store.Nudges
	claimed map[int64]store.Nudge
}

// Claim claims, and remembers to whom.
func (l *nudgeLedger) Claim(ctx context.Context, issueID int64, now, lease time.Time, limit int) ([]sigpost.Delivery, error) {
	claimed, err := l.Nudges.Claim(ctx, issueID, now, lease, limit)
	l.claimed = map[int64]store.Nudge{}
	var deliveries []sigpost.Delivery
	for _, n := range claimed {
		l.claimed[n.ID] = n
		deliveries = append(deliveries, n.Delivery)
	}
	return deliveries, err
}

func (a *App) sendNudges(ctx context.Context, d config.Digest, issue sigpost.Issue, r *ReviewReport) error {
	return a.counted(ctx, store.StageNudges, func(n *stageRows) error {
		outcome, err := a.sendDueNudges(ctx, d, issue, r)
		n.done, n.failed = outcome.Sent, outcome.Failed+outcome.Unknown
		return err
	})
}

func (a *App) sendDueNudges(ctx context.Context, d config.Digest, issue sigpost.Issue, r *ReviewReport) (outcome deliver.Outcome, err error) {
	var dry SendReport
	courier, err := a.openCourier(&dry)
	if err != nil {
		return outcome, err
	}
	defer courier.Close()
	l := &nudgeLedger{Nudges: a.Store.Nudges()}
	outcome, err = deliver.New(l, courier, a.now, a.log, deliver.Options{}).Send(ctx, issue.ID,
		func(_ context.Context, delivery sigpost.Delivery) (from, to string, data []byte, err error) {
			n := l.claimed[delivery.ID]
			data, err = a.nudgeLetter(d, issue, n, r.Errors)
			data, err = a.signed(d, data, err)
			return address(d.From).Address, n.Addr, data, err
		}, nil)
	r.Nudged, r.Letters = outcome.Sent, dry.Letters
	return outcome, err
}

// nudgeLetter is what an editor gets.
func (a *App) nudgeLetter(d config.Digest, issue sigpost.Issue, n store.Nudge, wrong []string) ([]byte, error) {
	name := fmt.Sprintf("%s No. %d", d.Title, issue.Number)
	subject := name + " is ready for you"
	if len(wrong) > 0 {
		subject = name + " needs you"
	}
	if n.Kind == nudgeReminder {
		subject = "Reminder: " + subject
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s.\n%s\n", name, digest.Dates(issue.Window, d.Location()), digest.Volume(issue.Stats))
	if len(wrong) > 0 {
		b.WriteString("\nIt cannot be approved yet:\n")
		for _, line := range wrong {
			fmt.Fprintf(&b, "- %s\n", line)
		}
	}
	for _, s := range digest.Sections(issue) {
		fmt.Fprintf(&b, "\n%s\n", s.Title)
		for _, g := range s.Groups {
			for _, e := range g.Entries {
				fmt.Fprintf(&b, "- %s (%s)\n", digest.Told(issue, e), digest.State(e, issue.Window))
			}
		}
	}
	commands := fmt.Sprintf(" --digest %s %d", d.Name, issue.Number)
	if a.Config.Web.URL != "" {
		fmt.Fprintf(&b, "\nIn a browser: %s%s/%s/%d\n", a.Config.Web.URL, web.EditPath, d.Name, issue.Number)
	}
	fmt.Fprintf(&b, "\nLook at it:   sigpost digest show%[1]s\nChange it:    sigpost digest edit%[1]s\nCheck it:     sigpost digest preflight%[1]s\nApprove it:   sigpost digest approve%[1]s\n", commands)
	switch {
	case d.Review != config.ReviewDeadline:
		b.WriteString("\nIt waits until somebody approves it.\n")
	case len(wrong) > 0:
		b.WriteString("\nIt does not approve itself while there are errors in it.\n")
	default:
		at := a.now().Add(time.Duration(d.Deadline))
		if n.Kind == nudgeReminder {
			b.WriteString("\nIt approves itself and is sent soon, unless somebody does something about it.\n")
			break
		}
		fmt.Fprintf(&b, "\nIf nobody does, it approves itself and is sent after %s.\n", at.In(d.Location()).Format("Monday 2 January 15:04 MST"))
	}
	h := deliver.Header{From: author(d.From), To: sigpost.Address{Addr: n.Addr}, ReplyTo: author(d.ReplyTo), Date: a.now().In(d.Location()), MessageID: n.MessageID}
	return deliver.Build(h, sigpost.Letter{Subject: subject, Text: b.String()})
}
