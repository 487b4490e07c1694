package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/digest"
)

// How far ahead an issue looks.
const (
	meetingHorizon = 45 * 24 * time.Hour
	summitHorizon  = 90 * 24 * time.Hour
)

// ErrNotRead says that a mailbox was not read to its end after a window had
// closed: an issue composed now could miss mail.
var ErrNotRead = errors.New("not read to its end")

// Compose makes and freezes the issue of a digest that is due.
func (a *App) Compose(ctx context.Context, d config.Digest) (report DigestReport, err error) {
	err = a.locked(ctx, false, func(a *App) error {
		report, err = a.composeDue(ctx, d)
		return err
	})
	return report, err
}

func (a *App) composeDue(ctx context.Context, d config.Digest) (DigestReport, error) {
	begin := time.Now()
	report := DigestReport{Digest: d.Name, NextDue: schedule(d).Next(a.now())}
	issue, err := a.compose(ctx, d)
	if err == nil && issue.ID != 0 {
		report.Composed = &IssueReport{
			Number: issue.Number, State: issue.State, Window: issue.Window, Stats: issue.Stats,
			Entries: len(issue.Entries), Events: len(issue.Events), Took: time.Since(begin),
		}
		a.log.Info("issue composed", "digest", d.Name, "number", issue.Number, "state", issue.State,
			"from", issue.Window.From, "to", issue.Window.To, "threads", issue.Stats.Threads, "messages", issue.Stats.Messages)
	}
	return report, err
}

// compose makes the issue that is due; its ID is 0 where none is.
func (a *App) compose(ctx context.Context, d config.Digest) (sigpost.Issue, error) {
	last, err := a.lastIssue(ctx, d.Name)
	if err != nil {
		return sigpost.Issue{}, err
	}
	w, due := schedule(d).Window(last.Window.To, a.now())
	if !due {
		return sigpost.Issue{}, nil
	}
	if err := a.wasRead(ctx, d, w.To); err != nil {
		return sigpost.Issue{}, err
	}
	// What is not tagged yet would be missed by those who follow its tags.
	if _, err := a.classify(ctx); err != nil {
		return sigpost.Issue{}, fmt.Errorf("the issue of %s is not composed, since its threads cannot be tagged: %w", d.Name, err)
	}
	issue, carried, err := a.draft(ctx, d, last, w)
	if err != nil {
		return sigpost.Issue{}, err
	}
	// In a statement of its own: it gives the issue its ID and number.
	err = a.Store.CreateIssue(ctx, &issue, carried)
	return issue, err
}

// Preview drafts the issue of a digest as it would be if its window ended
// now, and keeps nothing.
func (a *App) Preview(ctx context.Context, d config.Digest) (sigpost.Issue, error) {
	last, err := a.lastIssue(ctx, d.Name)
	if err != nil {
		return sigpost.Issue{}, err
	}
	w, due := schedule(d).Window(last.Window.To, a.now())
	if !due {
		w = sigpost.Window{From: last.Window.To, To: a.now()}
	}
	issue, _, err := a.draft(ctx, d, last, w)
	if err != nil {
		return issue, err
	}
	numbered, err := a.lastNumbered(ctx, d) // the last one may have been quiet
	if errors.Is(err, sigpost.ErrNotFound) {
		err = nil
	}
	issue.Number = numbered.Number + 1
	return issue, err
}

func schedule(d config.Digest) digest.Schedule {
	return digest.Schedule{Weekday: d.Weekday.Weekday(), Hour: d.At.Minutes / 60, Minute: d.At.Minutes % 60, Zone: d.Location()}
}

// lastIssue is the digest's latest; its zero value where there is none.
func (a *App) lastIssue(ctx context.Context, name string) (sigpost.Issue, error) {
	last, err := a.Store.LastIssue(ctx, name)
	if errors.Is(err, sigpost.ErrNotFound) {
		return sigpost.Issue{}, nil
	}
	return last, err
}

// wasRead makes sure that every mailbox that feeds the digest was read to its
// end after the window had closed. Mail of a list with a List-Id is recognised
// in any mailbox, so all of them feed that.
func (a *App) wasRead(ctx context.Context, d config.Digest, closed time.Time) error {
	lists, anywhere := map[string]bool{}, false
	for _, l := range a.Config.Lists {
		if slices.Contains(d.Lists, l.Name) {
			lists[l.Name] = true
			anywhere = anywhere || l.ListID != ""
		}
	}
	// A mailbox that was read in the future was read by a wrong clock. A present
	// in the past (--now) is no wrong clock, so the machine's counts too.
	latest := a.now()
	if machine := time.Now(); machine.After(latest) {
		latest = machine
	}
	latest = latest.Add(time.Hour)
	for _, account := range a.Config.Accounts {
		for _, mailbox := range account.Mailboxes {
			if !anywhere && !lists[mailbox.List] {
				continue
			}
			m, err := a.Store.Mailbox(ctx, account.Name, mailbox.Name, mailbox.List)
			if err != nil {
				return err
			}
			if m.Complete.Before(closed) || m.Complete.After(latest) {
				return fmt.Errorf("the issue of %s is not composed: the mailbox %s/%s was %w since the week ended, so mail could be missing; \"sigpost ingest\" reads it",
					d.Name, account.Name, mailbox.Name, ErrNotRead)
			}
		}
	}
	return nil
}

// draft gathers what is new in a window and composes the issue. carried are
// the messages that it takes up, robots' too, so that none is told twice.
func (a *App) draft(ctx context.Context, d config.Digest, last sigpost.Issue, w sigpost.Window) (issue sigpost.Issue, carried []int64, err error) {
	var late time.Time
	if last.ID != 0 { // what came late is looked for in the window before this
		late = last.Window.From
	}
	news, err := a.Store.NewsFor(ctx, d.Name, d.Lists, w, late)
	if err != nil {
		return issue, nil, err
	}
	isNew := map[int64]map[int64]bool{} // thread → messages
	var threads []int64
	for _, m := range news {
		carried = append(carried, m.ID)
		if isNew[m.ThreadID] == nil {
			isNew[m.ThreadID] = map[int64]bool{}
			threads = append(threads, m.ThreadID)
		}
		isNew[m.ThreadID][m.ID] = true
	}
	in := digest.Input{
		Digest: d.Name, Title: d.Title, Zone: d.Location(), Window: w, Composed: a.now(),
		Titles: a.titles(), ThreadURL: a.threadURL, MessageURL: a.messageURL,
	}
	if in.Threads, err = a.news(ctx, d.Name, threads, isNew, w.To); err != nil {
		return issue, nil, err
	}
	if in.Events, err = a.events(ctx, a.now()); err != nil {
		return issue, nil, err
	}
	return digest.Compose(in), carried, nil
}

// news gathers the threads that have something new.
func (a *App) news(ctx context.Context, digestName string, threads []int64, isNew map[int64]map[int64]bool, to time.Time) ([]digest.News, error) {
	earlier, err := a.Store.CarriedThreads(ctx, digestName, threads)
	if err != nil {
		return nil, err
	}
	taggings, err := a.Store.Taggings(ctx, threads)
	if err != nil {
		return nil, err
	}
	var all []digest.News
	for i, id := range threads {
		t, err := a.Store.Thread(ctx, id)
		if err != nil {
			return nil, err
		}
		msgs, err := a.Thread(ctx, id)
		if err != nil {
			return nil, err
		}
		n := digest.News{Thread: t, Tags: accepted(taggings[id]), New: isNew[id], Earlier: earlier[id]}
		for j, m := range msgs {
			if j > 0 && !n.New[m.ID] { // what is old news is not quoted again
				m.Text, m.Ranges = "", nil
			}
			if m.Received.Before(to) && !m.Own {
				n.Messages = append(n.Messages, m)
			}
		}
		all = append(all, n)
		a.progress("composing", Threads, i+1, len(threads))
	}
	return all, nil
}

// threadURL is where a thread can be read, or "" where only its messages can.
func (a *App) threadURL(id int64) string {
	if a.Config.Web.URL == "" {
		return ""
	}
	return fmt.Sprintf("%s/threads/%d", a.Config.Web.URL, id)
}

// messageURL is where a message can be read: on our own pages, in the list's
// archive, where the mail itself says (RFC 5064), or "" where nobody knows.
func (a *App) messageURL(m *sigpost.Message) string {
	if u := a.anyMessageURL(m); len(u) <= maxURL {
		return u
	}
	return ""
}

// maxURL is the longest link that a letter carries, in bytes: a stranger's
// Message-ID is in it.
const maxURL = 1000

func (a *App) anyMessageURL(m *sigpost.Message) string {
	if a.Config.Web.URL != "" {
		return fmt.Sprintf("%s/threads/%d#m%d", a.Config.Web.URL, m.ThreadID, m.ID)
	}
	return a.archiveURL(m)
}

// archiveURL is where the list, or the mail itself, says that everybody can
// read a message.
func (a *App) archiveURL(m *sigpost.Message) string {
	for _, name := range m.Lists {
		// No archive knows the id that was derived for a mail without one.
		if l, err := a.Config.List(name); err == nil && l.ArchiveURL != "" && !m.Derived {
			return strings.ReplaceAll(l.ArchiveURL, "{message_id}", url.PathEscape(string(m.MessageID)))
		}
	}
	if u, err := url.Parse(m.ArchivedAt); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
		return m.ArchivedAt
	}
	return ""
}
