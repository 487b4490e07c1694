package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"sigpost"
	"sigpost/calendar"
	"sigpost/classify"
	"sigpost/digest"
	"sigpost/fetch"
)

// stale is how long a calendar may be without confirmation before a run calls
// it a failure: by then it is no hiccup, and what an issue says may be wrong.
const stale = 24 * time.Hour

// CalendarStatus says how far a source of events can be relied on.
type CalendarStatus struct {
	// Name is "calendar NAME", or "schedule of TITLE" for a summit's.
	Name string `json:"name"`
	// Confirmed is when the source was last seen to say what is known of it; zero
	// for never.
	Confirmed time.Time `json:"confirmed,omitzero"`
	// Failing is since when every attempt has failed, and Failure why.
	Failing time.Time `json:"failing,omitzero"`
	Failure string    `json:"failure,omitempty"`
	// Events counts the events or sessions that it gives, and Refused are those
	// that it has and that are left out.
	Events  int                `json:"events"`
	Refused []calendar.Refusal `json:"refused,omitempty"`
}

// CalendarReport is what an editor wants to know of the events.
type CalendarReport struct {
	Sources   []CalendarStatus     `json:"sources,omitempty"`
	Conflicts []calendar.Conflict  `json:"conflicts,omitempty"`
	Upcoming  []sigpost.Occurrence `json:"upcoming,omitempty"`
}

// eventSource is where events or sessions come from.
type eventSource struct {
	name    string
	address func() (string, error)
	// read gives what a copy has: the number of events or sessions, and what is
	// left out.
	read func(*gathered, []byte) (int, []calendar.Refusal, error)
}

// gathered are the events of the configuration and of all sources.
type gathered struct {
	events []sigpost.Event
}

// eventSources are the calendars and the summits' schedules of the configuration.
func (a *App) eventSources() []eventSource {
	var all []eventSource
	for _, c := range a.Config.Calendars {
		all = append(all, eventSource{
			name:    "calendar " + c.Name,
			address: func() (string, error) { return a.Config.Address(c) },
			read: func(g *gathered, body []byte) (int, []calendar.Refusal, error) {
				r, err := calendar.Read(body, c.Options(a.now()))
				g.events = append(g.events, r.Events...)
				return len(r.Events), r.Refused, err
			},
		})
	}
	for i, s := range a.Config.Summits {
		if s.Schedule == "" {
			continue
		}
		all = append(all, eventSource{
			name:    "schedule of " + s.Title,
			address: func() (string, error) { return a.Config.ScheduleAddress(s), nil },
			read: func(g *gathered, body []byte) (int, []calendar.Refusal, error) {
				// The configuration's events come first, and of these the summits last.
				summit := &g.events[len(a.Config.Meetings)+i]
				sessions, refused, err := calendar.ReadSessions(body, *summit)
				sessions = slices.DeleteFunc(sessions, func(s sigpost.Session) bool { return hasSession(summit.Sessions, s) })
				summit.Sessions = append(summit.Sessions, sessions...)
				return len(sessions), refused, err
			},
		})
	}
	return all
}

// hasSession says whether the editor has written a session already.
func hasSession(sessions []sigpost.Session, s sigpost.Session) bool {
	return slices.ContainsFunc(sessions, func(known sigpost.Session) bool { return known.Title == s.Title && known.Start.Equal(s.Start) })
}

// FetchCalendars brings all calendars and schedules up to date, and reports as
// Calendars does.
func (a *App) FetchCalendars(ctx context.Context) (report CalendarReport, err error) {
	err = a.within(ctx, []Scope{{Kind: ScopeCopies}}, func(a *App) error {
		if _, err = a.fetchCalendars(ctx, 0); err != nil && ctx.Err() != nil {
			return err
		}
		failed := err
		report, err = a.Calendars(ctx)
		return errors.Join(failed, err)
	})
	return report, err
}

// fetchCalendars brings all calendars and schedules up to date. Where that fails
// the last good copy stays; it is an error once that was not confirmed for
// patience.
func (a *App) fetchCalendars(ctx context.Context, patience time.Duration) ([]CalendarStatus, error) {
	var all []CalendarStatus
	var failures []error
	f := fetch.New(a.now)
	for _, s := range a.eventSources() {
		status, err := a.fetchOne(ctx, f, s)
		if ctx.Err() != nil {
			return all, errors.Join(append(failures, ctx.Err())...)
		}
		all = append(all, status)
		if err == nil {
			continue
		}
		said := []any{"calendar", s.name, "error", err}
		if !status.Confirmed.IsZero() {
			said = append(said, "confirmed", status.Confirmed)
		}
		a.log.Warn("calendar not fetched", said...)
		if since := status.Confirmed; a.now().Sub(since) >= patience {
			failures = append(failures, fmt.Errorf("%s: %s: %w", s.name, confirmedWords(since), err))
		}
	}
	return all, errors.Join(failures...)
}

// confirmedWords say since when nobody knows whether a calendar still holds.
func confirmedWords(since time.Time) string {
	if since.IsZero() {
		return "never read yet"
	}
	return "not confirmed since " + since.UTC().Format("Mon 2 Jan 2006 15:04 MST")
}

func (a *App) fetchOne(ctx context.Context, f *fetch.Fetcher, s eventSource) (CalendarStatus, error) {
	copied, err := a.Store.Copy(ctx, s.name)
	if err != nil {
		return CalendarStatus{Name: s.name}, err
	}
	address, err := s.address()
	if err != nil {
		return statusOf(s.name, copied), err
	}
	status := CalendarStatus{}
	good := func(body []byte) (err error) {
		g := &gathered{events: a.Config.Events()}
		_, _, err = s.read(g, body)
		return err
	}
	copied, err = f.Update(ctx, copied, address, good)
	if ctx.Err() != nil {
		return status, ctx.Err()
	}
	if saving := a.Store.SaveCopy(ctx, copied); saving != nil {
		return statusOf(s.name, copied), saving
	}
	status = statusOf(s.name, copied)
	if len(copied.Body) > 0 {
		g := &gathered{events: a.Config.Events()}
		status.Events, status.Refused, _ = s.read(g, copied.Body) // it was found good
	}
	return status, err
}

func statusOf(name string, c sigpost.Copy) CalendarStatus {
	return CalendarStatus{Name: name, Confirmed: c.Confirmed, Failing: c.Failing, Failure: c.Failure}
}

// gather puts the configuration's events and those of all copies together. A copy
// that cannot be read any more, or whose address has changed, is missing, and its
// status says so.
func (a *App) gather(ctx context.Context) ([]sigpost.Event, []CalendarStatus, error) {
	g := &gathered{events: a.Config.Events()}
	var all []CalendarStatus
	for _, s := range a.eventSources() {
		copied, err := a.Store.Copy(ctx, s.name)
		if err != nil {
			return nil, nil, err
		}
		status := statusOf(s.name, copied)
		if len(copied.Body) > 0 {
			if status.Events, status.Refused, err = s.read(g, copied.Body); err != nil {
				status.Failure = err.Error()
			}
		}
		all = append(all, status)
	}
	return g.events, all, nil
}

// Calendars reports on the events: their sources, what goes wrong between them,
// and what is coming up. It fetches nothing.
func (a *App) Calendars(ctx context.Context) (report CalendarReport, err error) {
	events, sources, err := a.gather(ctx)
	if err != nil {
		return report, err
	}
	report.Sources = sources
	at := a.now()
	report.Upcoming, err = calendar.Upcoming(events, at, meetingHorizon, summitHorizon)
	var all []sigpost.Occurrence
	for _, e := range events {
		found, failed := calendar.Between(e, at, at.Add(meetingHorizon))
		if failed == nil { // else Upcoming has said so
			all = append(all, found...)
		}
	}
	report.Conflicts = calendar.Conflicts(all)
	return report, err
}

// events are what is coming up, the sessions tagged. An event that cannot be
// worked out keeps nobody waiting for the others.
func (a *App) events(ctx context.Context, at time.Time) ([]sigpost.Occurrence, error) {
	events, _, err := a.gather(ctx)
	if err != nil {
		return nil, err
	}
	upcoming, err := calendar.Upcoming(events, at, meetingHorizon, summitHorizon)
	if err != nil {
		a.log.Warn("events left out", "error", err)
	}
	for i := range upcoming {
		sessions := slices.Clone(upcoming[i].Sessions)
		for j := range sessions {
			sessions[j].Tags = a.sessionTags(upcoming[i].Title, sessions[j])
		}
		upcoming[i].Sessions = sessions
	}
	return upcoming, nil
}

// sessionTags are what a session is about. Its title is read behind the event's:
// that tells of which field its words are, and that its first one has a capital
// for another reason than its place.
func (a *App) sessionTags(event string, s sigpost.Session) []sigpost.Tag {
	return a.tagsOf(event+" "+s.Title, s.Abstract)
}

// tagsOf are the tags of something that stands for itself.
func (a *App) tagsOf(title, text string) (tags []sigpost.Tag) {
	doc := classify.Document{Subject: title, Text: text, Opener: true, StandsAlone: true}
	for _, t := range accepted(a.tagger.classifier().Classify([]classify.Document{doc})) {
		tags = append(tags, t.Tag)
	}
	return tags
}

// IssueCalendar is what is coming by an issue, as iCalendar: exactly its events.
func (a *App) IssueCalendar(issue sigpost.Issue) ([]byte, error) {
	return calendar.Write(plainNotes(issue.Events), a.publication(issue.Title, issue.Composed))
}

// plainNotes are the events with notes as iCalendar has them: as plain text (RFC
// 5545, section 3.8.1.5).
func plainNotes(events []sigpost.Occurrence) []sigpost.Occurrence {
	events = slices.Clone(events)
	for i := range events {
		events[i].Notes = digest.PlainNotes(events[i].Notes)
	}
	return events
}

// How far back and ahead a feed reaches.
const (
	feedPast   = 30 * 24 * time.Hour
	feedFuture = 365 * 24 * time.Hour
)

// Feed is what takes place in the year to come, and did lately, as iCalendar to
// subscribe to. Its events have the UIDs that they have in issues.
func (a *App) Feed(ctx context.Context) ([]byte, error) {
	title := "sigpost"
	if len(a.Config.Digests) > 0 {
		title = a.Config.Digests[0].Title
	}
	return a.feed(ctx, title, func(e sigpost.Event) (sigpost.Event, bool) { return e, true })
}

// TopicFeed is that of what is about a tag. Events carry no tags: what they are
// about is read as threads are, in their titles and in what is said of them. An
// event some of whose sessions are about it is there with these in its notes, and these
// are events of their own.
func (a *App) TopicFeed(ctx context.Context, tag sigpost.Tag, title string) ([]byte, error) {
	about := func(tags []sigpost.Tag) bool { return slices.Contains(tags, tag) }
	return a.feed(ctx, title, func(e sigpost.Event) (sigpost.Event, bool) {
		if about(a.tagsOf(e.Title, e.Where+"\n"+e.Notes+"\n"+e.Description)) {
			return e, true
		}
		e.Sessions = slices.DeleteFunc(slices.Clone(e.Sessions), func(s sigpost.Session) bool { return !about(a.sessionTags(e.Title, s)) })
		lines := make([]string, len(e.Sessions))
		for i, s := range e.Sessions {
			lines[i] = sessionLine(s)
		}
		e.Notes = strings.TrimSpace(e.Notes + "\n\n" + strings.Join(lines, "\n"))
		return e, len(e.Sessions) > 0
	})
}

// markdownSigns are the characters that Markdown may take for marks.
var markdownSigns = regexp.MustCompile("[!-/:-@\\[-`{-~]")

// asMarkdown is a text that Markdown shows as it is.
func asMarkdown(text string) string { return markdownSigns.ReplaceAllString(text, `\$0`) }

// sessionLine is a session in the list of an event's notes, in Markdown, by the
// summit's clock.
func sessionLine(s sigpost.Session) string {
	line := "- " + s.Start.Format("2 January, 15:04") + ": " + asMarkdown(s.Title)
	switch room := s.Room; {
	case room == "":
	case unicode.IsDigit([]rune(room)[0]): // as issues have it
		line += " (room " + asMarkdown(room) + ")"
	default:
		line += " (" + asMarkdown(room) + ")"
	}
	return line
}

// feed is the events that are chosen, as they are chosen.
func (a *App) feed(ctx context.Context, title string, choose func(sigpost.Event) (sigpost.Event, bool)) ([]byte, error) {
	events, _, err := a.gather(ctx)
	if err != nil {
		return nil, err
	}
	var all []sigpost.Occurrence
	for _, e := range events {
		e, chosen := choose(e)
		if !chosen {
			continue
		}
		found, err := calendar.Between(e, a.now().Add(-feedPast), a.now().Add(feedFuture))
		if err != nil {
			a.log.Warn("an event is left out of the feed", "error", err)
			continue
		}
		all = append(all, found...)
		for _, o := range found {
			all = append(all, sessionsOf(o)...)
		}
	}
	slices.SortStableFunc(all, func(x, y sigpost.Occurrence) int { return x.Start.Compare(y.Start) })
	return calendar.Write(plainNotes(all), a.publication(title, a.now()))
}

// sessionsOf are the sessions of an event as events of their own, so that a calendar has
// each at its time. Schedules do not say when they end.
func sessionsOf(o sigpost.Occurrence) (all []sigpost.Occurrence) {
	for _, s := range o.Sessions {
		part := sigpost.Occurrence{Kind: o.Kind, Source: o.Source, Zone: o.Zone, Title: s.Title, Start: s.Start, End: s.Start, Cancelled: o.Cancelled, Tentative: o.Tentative,
			UID: o.UID + "\x00" + cmp.Or(s.URL, s.Title+"\x00"+s.Start.UTC().Format(time.RFC3339)), Where: s.Room, Notes: asMarkdown("A session of " + o.Title)}
		if s.Speakers != "" {
			part.Notes += ": " + asMarkdown(s.Speakers)
		}
		if o.Where != "" {
			part.Where = strings.TrimPrefix(s.Room+", "+o.Where, ", ")
		}
		if s.URL != "" {
			part.Links = []sigpost.Link{{Title: s.Title, URL: s.URL}}
		}
		all = append(all, part)
	}
	return all
}

// publication is what our iCalendar files say of themselves. The host in UIDs is
// that of the pages, or of the address that letters come from.
func (a *App) publication(title string, at time.Time) calendar.Publication {
	p := calendar.Publication{Name: title, Stamp: at}
	if u, err := url.Parse(a.Config.Web.URL); err == nil && u.Hostname() != "" {
		p.Host = u.Hostname()
	} else if len(a.Config.Digests) > 0 {
		p.Host = a.Config.Digests[0].ListID
	}
	return p
}
