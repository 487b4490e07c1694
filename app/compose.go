package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/digest"
	"sigpost/summary"
)

// How far ahead an issue looks.
const (
	meetingHorizon = 45 * 24 * time.Hour
	summitHorizon  = 90 * 24 * time.Hour
)

// ErrNotRead says that a mailbox was not read to its end after a window had
// closed: an issue composed now could miss mail.
var ErrNotRead = errors.New("not read to its end")

// notRead is ErrNotRead of a mailbox, by its name ("account/name").
type notRead struct{ digest, mailbox string }

// Error says which mailbox, and what to do.
func (e *notRead) Error() string {
	return fmt.Sprintf("the issue of %s is not composed: the mailbox %s was %v since its window ended, so mail could be missing; \"sigpost ingest\" reads it",
		e.digest, e.mailbox, ErrNotRead)
}

// Is says that it is ErrNotRead.
func (e *notRead) Is(target error) bool { return target == ErrNotRead }

// Compose makes the issue of a digest that is due. Where nobody is to look at
// it, it is approved with that, and frozen.
func (a *App) Compose(ctx context.Context, d config.Digest) (report DigestReport, err error) {
	err = a.within(ctx, []Scope{scopeOfDigest(d)}, func(a *App) error {
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
	now, wrong, err := a.sharedNow(ctx)
	if err != nil {
		return sigpost.Issue{}, err
	}
	if wrong.Abs() > clockOff {
		a.log.Warn("this machine's clock is not the database's, which decides what is due: set it right, and have it kept (timedatectl set-ntp true)", "ahead", wrong.Round(time.Second))
	}
	w, due := schedule(d).Window(last.Window.To, now)
	if !due {
		return sigpost.Issue{}, nil
	}
	if err := a.wasRead(ctx, d, w.To); err != nil {
		return sigpost.Issue{}, err
	}
	// What is not tagged yet would be missed by those who follow its tags.
	if err := a.tagEverything(ctx); err != nil {
		return sigpost.Issue{}, fmt.Errorf("the issue of %s is not composed, since its threads cannot be tagged: %w", d.Name, err)
	}
	issue, carried, err := a.draft(ctx, d, last, w)
	if err != nil {
		return sigpost.Issue{}, err
	}
	if issue.State == sigpost.IssueDraft && d.Review == config.ReviewNone {
		issue.State = sigpost.IssueApproved
	}
	// In a statement of its own: it gives the issue its ID and number.
	err = a.Store.CreateIssue(ctx, &issue, carried)
	return issue, err
}

// sharedNow is what time it is for all machines that share an archive: the app's clock,
// put right by how wrong this machine's is by the database's.
func (a *App) sharedNow(ctx context.Context) (now time.Time, wrong time.Duration, err error) {
	before := a.machine()
	shown, shared, err := a.Store.Clock(ctx)
	if err != nil || !shared {
		return a.now(), 0, err
	}
	wrong = before.Sub(shown)
	return a.now().Add(-wrong), wrong, nil
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

// DraftOrPreview is the draft that waits for its editors, or else what Preview
// gives.
func (a *App) DraftOrPreview(ctx context.Context, d config.Digest) (sigpost.Issue, error) {
	drafts, err := a.Store.OpenDrafts(ctx, d.Name)
	if err == nil && len(drafts) == 1 {
		return drafts[0], nil
	}
	if err != nil {
		return sigpost.Issue{}, err
	}
	return a.Preview(ctx, d)
}

// PreviewFor drafts the issue of a digest over any window, as if none had been
// composed before, and keeps nothing.
func (a *App) PreviewFor(ctx context.Context, d config.Digest, w sigpost.Window) (sigpost.Issue, error) {
	issue, _, err := a.draft(ctx, d, sigpost.Issue{}, w)
	return issue, err
}

func schedule(d config.Digest) digest.Schedule {
	return digest.Schedule{
		Every: digest.Cadence(d.Every), Weekday: d.Weekday.Weekday(), Nth: d.NthWeekday(), Day: d.Day,
		Hour: d.At.Minutes / 60, Minute: d.At.Minutes % 60, Zone: d.Location(),
	}
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
			if mailbox.For == config.ForService || !anywhere && !lists[mailbox.List] {
				continue
			}
			m, err := a.Store.Mailbox(ctx, account.Name, mailbox.Name, mailbox.List)
			if err != nil {
				return err
			}
			if m.Complete.Before(closed) || m.Complete.After(latest) {
				return &notRead{d.Name, account.Name + "/" + mailbox.Name}
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
	return a.composeOf(ctx, d, 0, w, news)
}

// composeOf composes the issue that is stored as id, or a new one where that is
// 0, of the messages that are news to it.
func (a *App) composeOf(ctx context.Context, d config.Digest, id int64, w sigpost.Window, news []sigpost.Message) (issue sigpost.Issue, carried []int64, err error) {
	isNew := map[int64]map[int64]bool{} // thread → messages
	var threads []int64
	for _, m := range news {
		if isNew[m.ThreadID] == nil {
			isNew[m.ThreadID] = map[int64]bool{}
			threads = append(threads, m.ThreadID)
		}
		isNew[m.ThreadID][m.ID] = true
	}
	in := digest.Input{
		Digest: d.Name, Title: d.Title, Zone: d.Location(), Window: w, Composed: a.now(),
		Titles: a.titles(), ThreadURL: a.threadURL, MessageURL: a.messageURL, Maintainers: a.maintainers(d),
		Until: w.To.Add(schedule(d).Soon()), Always: d.Empty == "always",
	}
	if threads, err = a.onTopics(ctx, d, threads); err != nil {
		return issue, nil, err
	}
	for _, m := range news {
		if slices.Contains(threads, m.ThreadID) {
			carried = append(carried, m.ID)
		}
	}
	if in.Threads, err = a.news(ctx, d.Name, id, threads, isNew, w.To); err != nil {
		return issue, nil, err
	}
	if in.First, err = a.firstPosts(ctx, w, news); err != nil {
		return issue, nil, err
	}
	if in.Course, err = a.course(ctx, d, w); err != nil {
		return issue, nil, err
	}
	if in.Events, err = a.events(ctx, a.now()); err != nil {
		return issue, nil, err
	}
	return digest.Compose(in), carried, nil
}

// onTopics leaves of threads those that a digest tells of. What it does not tell
// of is not carried either: a thread that gets a topic late is told of late.
func (a *App) onTopics(ctx context.Context, d config.Digest, threads []int64) ([]int64, error) {
	if len(d.Topics) == 0 {
		return threads, nil
	}
	topics, err := a.topics(d.Topics)
	if err != nil {
		return nil, sigpost.Usage(fmt.Errorf("the topics of the digest %s: %w", d.Name, err))
	}
	taggings, err := a.Store.Taggings(ctx, threads)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(threads), func(id int64) bool {
		return !slices.ContainsFunc(accepted(taggings[id]), func(t sigpost.Tagging) bool { return slices.Contains(topics, t.Tag) })
	}), nil
}

// newsBatch is how many threads are gathered at once: it bounds the memory that
// their texts take.
const newsBatch = 200

// news gathers the threads that have something new.
func (a *App) news(ctx context.Context, digestName string, id int64, threads []int64, isNew map[int64]map[int64]bool, to time.Time) ([]digest.News, error) {
	since, err := a.Store.CarriedThreads(ctx, digestName, threads, id)
	if err != nil {
		return nil, err
	}
	var all []digest.News
	for chunk := range slices.Chunk(threads, newsBatch) {
		found, err := a.newsOf(ctx, chunk, isNew, since, to)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		a.progress("composing", Threads, len(all), len(threads))
	}
	return all, nil
}

// newsOf is news for some threads. Of the messages that are old news no text is
// read, so that none of it is quoted again, but that of the opener of a thread of
// which no issue has told.
func (a *App) newsOf(ctx context.Context, threads []int64, isNew map[int64]map[int64]bool, since map[int64]int, to time.Time) ([]digest.News, error) {
	tagged, err := a.Store.ThreadsOf(ctx, threads)
	if err != nil {
		return nil, err
	}
	messages, err := a.Store.MessagesOf(ctx, threads)
	if err != nil {
		return nil, err
	}
	all := make([]digest.News, len(threads))
	var told []sigpost.Message
	for i, id := range threads {
		all[i] = digest.News{Thread: tagged[id], Tags: tagged[id].Tags, New: isNew[id], Since: since[id]}
		for j := range messages[id] {
			m := &messages[id][j]
			if !m.Received.Before(to) || m.Own {
				continue
			}
			if !m.Shown() {
				m.Subject, m.Author.Name = "", "somebody"
			}
			all[i].Messages = append(all[i].Messages, m)
			if (all[i].New[m.ID] || j == 0 && since[id] == 0) && !m.Robot {
				told = append(told, *m)
			}
		}
	}
	read := make(map[int64]*sigpost.Message, len(told))
	if err := a.eachText(ctx, told, func(_ int, m *sigpost.Message) { read[m.ID] = m }); err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(n digest.News) bool { // nothing of it may be told
		return len(n.Messages) > 0 && !slices.ContainsFunc(n.Messages, (*sigpost.Message).Shown)
	})
	for i := range all {
		for j, m := range all[i].Messages {
			if with := read[m.ID]; with != nil {
				all[i].Messages[j] = with
			}
		}
	}
	sumUp(all)
	return all, nil
}

// sumUp finds what to quote of each thread, on all processors.
func sumUp(threads []digest.News) {
	next := make(chan *digest.News)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for n := range next {
				n.Quotes = quotes(n.Messages)
			}
		})
	}
	for i := range threads {
		next <- &threads[i]
	}
	close(next)
	workers.Wait()
}

// quotes are the sentences that sum up a thread. What it is about and what came
// of it weigh more than all others.
func quotes(messages []*sigpost.Message) []sigpost.Quote {
	var all []sigpost.Quote
	for _, s := range summary.Of(messages, summary.Options{}) {
		q := sigpost.Quote{MessageID: s.MessageID, Text: s.Text, Weight: s.Score, Reason: s.Reason}
		if s.Key {
			q.Weight++
		}
		all = append(all, q)
	}
	return all
}

// knownSince is how far the archive must reach back before somebody is said to
// write for the first time, or a stretch is compared with the one before it.
const knownSince = 8 * 7 * 24 * time.Hour

// reachesBack says whether the archive holds mail from so long before a moment.
func (a *App) reachesBack(ctx context.Context, before time.Time, by time.Duration) (bool, error) {
	reach, err := a.Store.Reach(ctx)
	if errors.Is(err, sigpost.ErrNotFound) {
		return false, nil
	}
	return err == nil && !reach.After(before.Add(-by)), err
}

// firstPosts says since when those write who wrote something new; nothing where
// the archive is too young to know.
func (a *App) firstPosts(ctx context.Context, w sigpost.Window, news []sigpost.Message) (map[string]time.Time, error) {
	if knows, err := a.reachesBack(ctx, w.From, knownSince); err != nil || !knows {
		return nil, err
	}
	seen := map[string]bool{}
	var addrs []string
	for i := range news {
		if addr := strings.ToLower(news[i].Author.Addr); addr != "" && !news[i].Robot && !seen[addr] {
			seen[addr] = true
			addrs = append(addrs, addr)
		}
	}
	return a.Store.FirstPosts(ctx, addrs)
}

// course counts the messages of persons on each day of a window, and of as many
// days before it.
func (a *App) course(ctx context.Context, d config.Digest, w sigpost.Window) (sigpost.Course, error) {
	from, to := w.From.In(d.Location()), w.To.In(d.Location())
	days := 0
	for from.AddDate(0, 0, days).Before(to) && days <= maxCourse {
		days++
	}
	if days < 2 || days > maxCourse {
		return sigpost.Course{}, nil
	}
	count := func(from, to time.Time) ([]int, error) {
		arrivals, err := a.Store.Arrivals(ctx, d.Lists, sigpost.Window{From: from, To: to})
		counts := make([]int, days)
		day := 0
		for _, at := range arrivals {
			for day+1 < days && !at.Before(from.AddDate(0, 0, day+1)) {
				day++
			}
			counts[day]++
		}
		return counts, err
	}
	c := sigpost.Course{From: from}
	var err error
	if c.Days, err = count(from, to); err != nil {
		return c, err
	}
	before := from.AddDate(0, 0, -days)
	if knows, err := a.reachesBack(ctx, before, 0); err != nil || !knows {
		return c, err
	}
	c.Before, err = count(before, from)
	return c, err
}

// maxCourse is how many days are counted one by one.
const maxCourse = 31

// maintainers are the addresses of a digest's maintainers, in lower case.
func (a *App) maintainers(d config.Digest) map[string]bool {
	all := map[string]bool{}
	for _, addr := range d.Maintainers {
		all[strings.ToLower(addr)] = true
	}
	return all
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
