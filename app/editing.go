package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sigpost"
	"sigpost/config"
	"sigpost/digest"
	"sigpost/store"
	"sigpost/web"
)

// editing is the editors' desk on the pages: what the command line does, with errors
// for who looks at a page.
type editing struct{ *App }

var _ web.Editing = editing{}

// said gives an error in words for a page.
func said(err error) error {
	refuse := func(says string) error { return &web.Refusal{Status: http.StatusConflict, Says: says} }
	notNow := notNow{}
	switch {
	case err == nil, errors.Is(err, digest.ErrChanged):
		return err
	case errors.Is(err, sigpost.ErrLocked):
		return refuse("A run is at work just now: it reads mail, or sends. Nothing was changed. Try again when it has ended; most take a minute.")
	case errors.Is(err, digest.ErrAct):
		_, why, _ := strings.Cut(err.Error(), digest.ErrAct.Error()+": ")
		return refuse(sentenceOf(why))
	case errors.Is(err, store.ErrFrozen):
		return refuse("The issue is in another state than this needs: what is approved or sent stays as it is, and only what is approved can be opened again. Nothing was changed.")
	case errors.Is(err, store.ErrUndone):
		return refuse("This was undone already.")
	case errors.Is(err, ErrSince):
		return refuse("This cannot be undone any more, since something was done after it that it would take away as well.")
	case errors.Is(err, ErrFindings):
		return refuse("It was not approved: the preflight finds something that must be put right.")
	case errors.As(err, &notNow):
		return refuse(sentenceOf(err.Error()))
	}
	if wrong := (digest.FormErrors)(nil); errors.As(err, &wrong) {
		return wrong
	}
	if errors.Is(err, sigpost.ErrUsage) {
		return &web.Refusal{Status: http.StatusUnprocessableEntity, Says: sentenceOf(err.Error())}
	}
	return err
}

// sentenceOf is a message as a sentence.
func sentenceOf(words string) string {
	first, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + words[size:] + "."
}

// digestOf is the digest of a name on a page.
func (a editing) digestOf(name string) (config.Digest, error) {
	for _, d := range a.Config.Digests {
		if d.Name == name && name != "" {
			return d, nil
		}
	}
	return config.Digest{}, sigpost.NotFound(fmt.Errorf("there is no digest %q", name))
}

// on does something with an issue's digest.
func (a editing) on(name string, do func(d config.Digest) error) error {
	d, err := a.digestOf(name)
	if err != nil {
		return err
	}
	return said(do(d))
}

// lastShown is how many issues that were sent are listed.
const lastShown = 5

// Digests are all of them, with what is to be done about each.
func (a editing) Digests(ctx context.Context) (all []web.EditedDigest, err error) {
	for _, d := range a.Config.Digests {
		one := web.EditedDigest{Name: d.Name, Title: d.Title, Zone: d.Location(), Next: schedule(d).Next(a.now())}
		drafts, err := a.Store.OpenDrafts(ctx, d.Name)
		if err != nil {
			return nil, err
		}
		for _, i := range drafts {
			draft, err := a.inShort(ctx, d, i)
			if err != nil {
				return nil, err
			}
			one.Drafts = append(one.Drafts, draft)
		}
		open, err := a.Store.OpenIssues(ctx, d.Name)
		if err != nil {
			return nil, err
		}
		for _, i := range open {
			if i.State == sigpost.IssueApproved {
				one.Waiting = append(one.Waiting, i)
				continue
			}
			s, err := a.progressOf(ctx, i)
			if err != nil {
				return nil, err
			}
			one.Sending = append(one.Sending, s)
		}
		issues, err := a.Store.Issues(ctx, d.Name, 3*lastShown) // quiet ones among them
		if err != nil {
			return nil, err
		}
		for _, i := range issues {
			if i.State == sigpost.IssueSent && len(one.Last) < lastShown {
				one.Last = append(one.Last, i)
			}
		}
		all = append(all, one)
	}
	return all, nil
}

func (a editing) inShort(ctx context.Context, d config.Digest, issue sigpost.Issue) (draft web.EditedDraft, err error) {
	draft.Issue = issue
	found, err := a.findings(ctx, d, issue)
	if err != nil {
		return draft, err
	}
	for _, f := range found.Findings {
		switch f.Severity {
		case digest.Severe:
			draft.Errors++
		case digest.Warning:
			draft.Warnings++
		}
	}
	draft.Deadline, err = a.deadline(ctx, d, issue)
	return draft, err
}

// deadline is when a draft approves itself; zero where it does not, or no editor was
// told yet.
func (a *App) deadline(ctx context.Context, d config.Digest, issue sigpost.Issue) (at time.Time, err error) {
	if d.Review != config.ReviewDeadline || !issue.State.Open() {
		return at, nil
	}
	nudges, err := a.Store.Nudges().All(ctx, issue.ID)
	if told := firstTold(nudges); !told.IsZero() {
		at = told.Add(time.Duration(d.Deadline))
	}
	return at, err
}

// rateOver is the time over which the rate of sending is taken.
const rateOver = time.Minute

// progressOf says how the sending of an issue goes, or went.
func (a *App) progressOf(ctx context.Context, issue sigpost.Issue) (p web.EditedSending, err error) {
	p.Issue = issue
	s, err := a.Store.Sending(ctx, issue.ID)
	if errors.Is(err, sigpost.ErrNotFound) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	p.Begun, p.Expires, p.Paused, p.Ended = s.Begun, s.Expires, s.PausedWhy, s.EndedWhy
	if p.Letters, err = a.Store.DeliveryCounts(ctx, issue.ID); err != nil || issue.State != sigpost.IssueSending {
		return p, err
	}
	if p.Waiting, err = a.Store.SendingTotal(ctx, s, issue.Digest); err != nil {
		return p, err
	}
	over := min(rateOver, max(a.now().Sub(s.Begun), time.Second))
	n, err := a.Store.SentSince(ctx, issue.ID, a.now().Add(-over))
	if p.Rate = float64(n) / over.Minutes(); n > 0 {
		p.Left = time.Duration(float64(p.Waiting) / p.Rate * float64(time.Minute))
	}
	return p, err
}

// logShown is how many acts are shown on the page of an issue.
const logShown = 20

// Open is an issue with what an editor needs to know of it.
func (a editing) Open(ctx context.Context, name string, number int) (e web.EditedIssue, err error) {
	d, err := a.digestOf(name)
	if err != nil {
		return e, err
	}
	if e.Issue, err = a.Issue(ctx, d, number); err != nil {
		return e, err
	}
	e.Zone = d.Location()
	if e.Draft, err = a.Store.Draft(ctx, e.Issue.ID); err != nil && !errors.Is(err, sigpost.ErrNotFound) {
		return e, err
	}
	if e.Issue.State.Open() {
		e.Version = digest.Version(e.Draft.Composed, e.Draft.Edits)
	}
	if e.Deadline, err = a.deadline(ctx, d, e.Issue); err != nil {
		return e, err
	}
	if e.Log, err = a.Store.AuditLog(ctx, store.AuditQuery{Kind: sigpost.AuditIssue, Object: objectOf(e.Issue), Limit: logShown}); err != nil {
		return e, err
	}
	can, err := a.CanUndo(ctx, e.Log)
	if err != nil {
		return e, err
	}
	for i, entry := range e.Log {
		if !can[entry.ID] {
			e.Log[i].Undo = ""
		}
	}
	e.Sending, err = a.progressOf(ctx, e.Issue)
	return e, err
}

// Act does one thing to a draft.
func (a editing) Act(ctx context.Context, name string, number int, version string, act digest.Act) error {
	return a.on(name, func(d config.Digest) error {
		_, err := a.App.Act(ctx, d, number, version, act, sigpost.Acting(ctx))
		return err
	})
}

// Undo takes back what was done to an issue, and nothing else.
func (a editing) Undo(ctx context.Context, name string, number int, entry int64, by sigpost.Person) error {
	return a.on(name, func(config.Digest) error {
		e, err := a.Store.AuditEntry(ctx, entry)
		if err == nil && (e.Kind != sigpost.AuditIssue || e.Object != fmt.Sprintf("%s/%d", name, number)) {
			err = sigpost.NotFound(fmt.Errorf("entry %d is not of this issue", entry))
		}
		if err != nil {
			return err
		}
		return a.App.Undo(ctx, entry, by)
	})
}

// ApplyForm takes a draft as a text.
func (a editing) ApplyForm(ctx context.Context, name string, number int, form string) error {
	return a.on(name, func(d config.Digest) error {
		_, err := a.App.ApplyForm(ctx, d, number, form, sigpost.Acting(ctx))
		return err
	})
}

// Rebuild composes a draft anew.
func (a editing) Rebuild(ctx context.Context, name string, number int) error {
	return a.on(name, func(d config.Digest) error {
		_, err := a.App.Rebuild(ctx, d, number)
		return err
	})
}

// Letter is an issue as a reader of some topics gets it.
func (a editing) Letter(ctx context.Context, name string, number int, chosen sigpost.Selection, zone string) (l web.EditedLetter, err error) {
	err = a.on(name, func(d config.Digest) error {
		issue, err := a.Issue(ctx, d, number)
		if err != nil {
			return err
		}
		t, err := a.templates(d)
		if err != nil {
			return err
		}
		s := sigpost.Subscription{Digest: d.Name, Selection: chosen, Subscriber: sigpost.Subscriber{Addr: address(d.From).Address, Zone: zone}}
		letter, err := t.Render(issue, a.Reader(d, issue, s))
		l = web.EditedLetter{Subject: letter.Subject, HTML: withPictures(letter.HTML, letter.Images), Text: letter.Text, Nothing: !digest.Worth(digest.Cut(issue, chosen))}
		return err
	})
	return l, err
}

// linksOnPage is how long somebody waits for a page while links are followed.
const linksOnPage = 40 * time.Second

// buttons are what the desk has for commands.
var buttons = strings.NewReplacer(`"sigpost digest rebuild"`, "“Compose it anew” under the draft", `"sigpost digest diff"`, "the page “Changes”")

// Preflight says what may be wrong with an issue, and who gets it.
func (a editing) Preflight(ctx context.Context, name string, number int, links bool) (p web.EditedPreflight, err error) {
	err = a.on(name, func(d config.Digest) error {
		found, err := a.App.Preflight(ctx, d, number, false)
		if err != nil {
			return err
		}
		issue, err := a.Issue(ctx, d, number)
		if err != nil {
			return err
		}
		if links {
			letter, err := a.wholeLetter(d, issue)
			if err != nil {
				return err
			}
			soon, cancel := context.WithTimeout(ctx, linksOnPage)
			defer cancel()
			found.Findings = append(found.Findings, a.checkLinks(soon, digest.Links(letter))...)
		}
		for _, f := range found.Findings {
			f.Do = buttons.Replace(f.Do)
			p.Findings = append(p.Findings, web.EditedFinding{Finding: f, Where: concerns(issue, f.What)})
		}
		for _, c := range found.Cohorts {
			p.Cohorts = append(p.Cohorts, web.EditedCohort{Selection: c.selection, Readers: c.Readers, Threads: c.Threads, Nothing: c.Nothing})
			p.Readers += c.Readers
			if !c.Nothing {
				p.Letters += c.Readers
			}
		}
		return nil
	})
	return p, err
}

// Words of findings that say what they are about.
var (
	namedThread = regexp.MustCompile(`\bthread (\d+)\b`)
	namedWords  = regexp.MustCompile(`"([^"]{2,})"|(https?://[^\s,;]+)`)
)

// concerns is where on the desk that is shown which a finding is about: a thread, a
// text, or what is coming up. It is found by what the finding names.
func concerns(issue sigpost.Issue, what string) string {
	if n := namedThread.FindStringSubmatch(what); n != nil {
		return "#t" + n[1]
	}
	if strings.Contains(what, "coming up") {
		return "/changes?since=next"
	}
	named := namedWords.FindStringSubmatch(what)
	if named == nil {
		return ""
	}
	words := cmp.Or(named[1], named[2])
	if strings.Contains(issue.Note, words) {
		return "#lead"
	}
	for i, s := range digest.Sections(issue) {
		if strings.Contains(s.Text, words) {
			return fmt.Sprintf("#s%d", i+1)
		}
	}
	for _, e := range issue.Entries {
		said := []string{e.URL, e.Summary, e.Note, e.Headline}
		for _, q := range e.Quotes {
			said = append(said, q.URL, q.Text)
		}
		if strings.Contains(strings.Join(said, "\n"), words) {
			return fmt.Sprintf("#t%d", e.ThreadID)
		}
	}
	if slices.ContainsFunc(issue.Events, func(o sigpost.Occurrence) bool { return o.Title == words }) {
		return "/changes?since=next"
	}
	return ""
}

// Changes compares an issue with another state of it.
func (a editing) Changes(ctx context.Context, name string, number int, since web.ChangesSince) (diff digest.Difference, err error) {
	err = a.on(name, func(d config.Digest) error {
		issue, err := a.Issue(ctx, d, number)
		if err != nil {
			return err
		}
		nothing := func(err error, says string) error {
			if errors.Is(err, sigpost.ErrNotFound) {
				return &web.Refusal{Status: http.StatusNotFound, Says: says}
			}
			return err
		}
		switch since {
		case web.SinceApproved:
			was, err := a.Store.ApprovedBefore(ctx, issue.ID)
			diff = digest.Diff(was, issue)
			return nothing(err, "It was not approved before.")
		case web.SinceBefore, web.SinceNext:
			report, err := a.IssueDiff(ctx, d, number, since == web.SinceNext)
			diff = report.Difference
			return nothing(err, "It was composed only once.")
		}
		draft, err := a.Store.Draft(ctx, issue.ID)
		diff = digest.Diff(draft.Composed, issue)
		return nothing(err, "It is not known what it was composed as.")
	})
	return diff, err
}

// Ready says that a draft waits to be approved.
func (a editing) Ready(ctx context.Context, name string, number int) error {
	return a.on(name, func(d config.Digest) error {
		_, err := a.SetReady(ctx, d, number)
		return err
	})
}

// Approve freezes the draft that somebody saw.
func (a editing) Approve(ctx context.Context, name string, number int, version, at string, despite bool) error {
	return a.on(name, func(d config.Digest) error {
		how := Approval{Who: sigpost.Acting(ctx), Despite: despite, Version: version}
		var err error
		if at != "" {
			if how.After, err = ParseMoment(at, d.Location()); err != nil {
				return err
			}
		}
		_, err = a.App.Approve(ctx, d, number, how)
		return err
	})
}

// Unapprove opens an issue again.
func (a editing) Unapprove(ctx context.Context, name string, number int) error {
	return a.on(name, func(d config.Digest) error {
		_, err := a.App.Unapprove(ctx, d, number)
		return err
	})
}

// noReason is why, where nobody said.
const noReason = "somebody said so"

// Pause makes the sending of an issue stand still.
func (a editing) Pause(ctx context.Context, name string, number int, why string) error {
	return a.on(name, func(d config.Digest) error {
		_, err := a.PauseSending(ctx, d, number, cmp.Or(strings.TrimSpace(why), noReason))
		return err
	})
}

// Resume lets it go on.
func (a editing) Resume(ctx context.Context, name string, number int) error {
	return a.on(name, func(d config.Digest) error {
		_, err := a.ResumeSending(ctx, d, number)
		return err
	})
}

// Cancel ends it.
func (a editing) Cancel(ctx context.Context, name string, number int, why string) error {
	return a.on(name, func(d config.Digest) error {
		_, err := a.CancelSending(ctx, d, number, cmp.Or(strings.TrimSpace(why), noReason))
		return err
	})
}

// Retry queues lost letters again.
func (a editing) Retry(ctx context.Context, name string, number int, state sigpost.DeliveryState) error {
	return a.on(name, func(d config.Digest) error {
		_, err := a.App.Retry(ctx, d, number, state)
		return err
	})
}

// Arrived takes somebody's word that all letters arrived that are held.
func (a editing) Arrived(ctx context.Context, name string, number, seen int) error {
	return a.on(name, func(d config.Digest) error {
		h, err := a.Held(ctx, d, number)
		if err != nil {
			return err
		}
		var to []string
		for _, l := range h.Letters {
			to = append(to, l.To)
		}
		if len(to) != seen {
			return notNow{fmt.Errorf("%s %s held by now, and not %d: nothing was noted", lettersOf(len(to)), plural(len(to), "is", "are"), seen)}
		}
		_, err = a.App.Arrived(ctx, d, number, to)
		return err
	})
}

// Lost are letters that failed or are held.
func (a editing) Lost(ctx context.Context, name string, number, limit int) (all []web.EditedLoss, err error) {
	err = a.on(name, func(d config.Digest) error {
		issue, err := a.Issue(ctx, d, number)
		if err != nil {
			return err
		}
		lost, err := a.Store.LostDeliveries(ctx, issue.ID, limit)
		for _, l := range lost {
			all = append(all, web.EditedLoss{Addr: l.Subscription.Subscriber.Addr, State: l.State, At: l.Updated, Why: l.Reply})
		}
		return err
	})
	return all, err
}
