package web

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"sigpost"
)

// What the API says of issues and events; openapi.json says in words what it is.
type (
	apiIssueRow struct {
		Digest string        `json:"digest"`
		Number int           `json:"number"`
		Title  string        `json:"title"`
		URL    string        `json:"url"`
		From   instant       `json:"from"`
		To     instant       `json:"to"`
		Zone   string        `json:"zone"`
		Stats  sigpost.Stats `json:"stats"`
	}
	apiDigest struct {
		Name   string       `json:"name"`
		Title  string       `json:"title"`
		Latest *apiIssueRow `json:"latest,omitempty"`
	}
	apiDigestList struct {
		Digests []apiDigest `json:"digests"`
	}
	apiIssueList struct {
		Issues []apiIssueRow `json:"issues"`
		Next   string        `json:"next,omitempty"`
	}
	apiIssueWhole struct {
		apiIssueRow
		Note    string          `json:"note,omitempty"`
		Entries []apiIssueEntry `json:"entries"`
		Events  []apiEvent      `json:"events"`
	}
	apiIssueEntry struct {
		Thread     int64      `json:"thread"`
		URL        string     `json:"url"`
		Headline   string     `json:"headline"`
		Section    string     `json:"section,omitempty"`
		Lists      []string   `json:"lists"`
		Tags       []apiTag   `json:"tags"`
		Nature     string     `json:"nature,omitempty"`
		New        int        `json:"new"`
		Total      int        `json:"total"`
		First      instant    `json:"first"`
		Last       instant    `json:"last"`
		People     []string   `json:"people"`
		Unanswered bool       `json:"unanswered"`
		Summary    string     `json:"summary,omitempty"`
		Note       string     `json:"note,omitempty"`
		Quotes     []apiQuote `json:"quotes"`
	}
	apiQuote struct {
		Author    string  `json:"author"`
		MessageID string  `json:"message_id"`
		URL       string  `json:"url"`
		At        instant `json:"at"`
		Text      string  `json:"text"`
	}
	apiEvent struct {
		UID       string         `json:"uid"`
		Kind      string         `json:"kind"`
		Title     string         `json:"title"`
		Start     string         `json:"start"` // a day where it lasts whole days
		End       string         `json:"end"`
		AllDay    bool           `json:"all_day"`
		Zone      string         `json:"zone,omitempty"`
		Where     string         `json:"where,omitempty"`
		Notes     string         `json:"notes,omitempty"`
		Cancelled bool           `json:"cancelled"`
		Tentative bool           `json:"tentative"`
		Links     []sigpost.Link `json:"links,omitempty"`
		Sessions  []apiSession   `json:"sessions,omitempty"`
	}
	apiSession struct {
		Title    string   `json:"title"`
		Start    instant  `json:"start"`
		Room     string   `json:"room,omitempty"`
		Speakers string   `json:"speakers,omitempty"`
		URL      string   `json:"url,omitempty"`
		Tags     []string `json:"tags,omitempty"`
	}
	apiEventList struct {
		Events []apiEvent `json:"events"`
	}
)

func (s *site) apiIssueRow(i sigpost.Issue) apiIssueRow {
	return apiIssueRow{Digest: i.Digest, Number: i.Number, Title: i.Title, URL: s.absolute(issuePath(i.Digest, i.Number)),
		From: instant(i.Window.From), To: instant(i.Window.To), Zone: i.Zone, Stats: i.Stats}
}

// apiDigests gives the digests, each with its latest issue.
func (s *site) apiDigests(ctx context.Context, _ *apiQuestion) (any, error) {
	answer := apiDigestList{Digests: []apiDigest{}}
	for _, name := range slices.Sorted(maps.Keys(s.Digests)) {
		d := apiDigest{Name: name, Title: s.Digests[name]}
		issues, err := s.Store.PublicIssues(ctx, name, s.now(), 0, 1)
		if err != nil {
			return nil, err
		}
		for _, i := range issues {
			row := s.apiIssueRow(i)
			d.Latest = &row
		}
		answer.Digests = append(answer.Digests, d)
	}
	return answer, nil
}

// apiIssues gives the issues of a digest, the latest first.
func (s *site) apiIssues(ctx context.Context, a *apiQuestion) (any, error) {
	name := a.PathValue("digest")
	if s.Digests[name] == "" {
		return nil, sigpost.ErrNotFound
	}
	limit, err := a.limit(apiUsual, apiMost)
	if err != nil {
		return nil, err
	}
	below, err := a.number()
	if err != nil {
		return nil, err
	}
	issues, err := s.Store.PublicIssues(ctx, name, s.now(), int(below), limit+1)
	if err != nil {
		return nil, err
	}
	answer := apiIssueList{Issues: []apiIssueRow{}}
	for _, i := range issues[:min(limit, len(issues))] {
		answer.Issues = append(answer.Issues, s.apiIssueRow(i))
	}
	if len(issues) > limit {
		answer.Next = s.apiNext(a, strconv.Itoa(issues[limit-1].Number))
	}
	return answer, nil
}

// apiIssue gives an issue with all that it tells everybody.
func (s *site) apiIssue(ctx context.Context, a *apiQuestion) (any, error) {
	number, err := strconv.Atoi(a.PathValue("number"))
	if err != nil || s.Digests[a.PathValue("digest")] == "" {
		return nil, sigpost.ErrNotFound
	}
	issue, err := s.publicIssue(ctx, a.PathValue("digest"), number)
	if err != nil {
		return nil, err
	}
	answer := apiIssueWhole{apiIssueRow: s.apiIssueRow(issue), Note: issue.Note, Entries: []apiIssueEntry{}, Events: apiEvents(issue.Events)}
	for _, e := range issue.Entries {
		entry := apiIssueEntry{Thread: e.ThreadID, URL: e.URL, Headline: legible(e.Headline), Section: e.Section, Lists: some(e.Lists), Tags: apiTags(e.Tags),
			Nature: string(e.Nature), New: e.New, Total: e.Total, First: instant(e.First), Last: instant(e.Last), People: []string{}, Unanswered: e.Unanswered,
			Summary: legible(e.Summary), Note: e.Note, Quotes: []apiQuote{}}
		if e.ThreadID != 0 {
			entry.URL = s.absolute(threadPath(e.ThreadID))
		}
		for _, name := range e.People {
			entry.People = append(entry.People, legible(name))
		}
		for _, q := range e.Quotes {
			entry.Quotes = append(entry.Quotes, apiQuote{legible(q.Author), string(q.MessageID), s.absolute(messagePath(q.MessageID)), instant(q.At), legible(q.Text)})
		}
		answer.Entries = append(answer.Entries, entry)
	}
	return answer, nil
}

// apiEvents gives what is coming.
func (s *site) apiEvents(ctx context.Context, _ *apiQuestion) (any, error) {
	if s.Browse.Events == nil {
		return apiEventList{Events: []apiEvent{}}, nil
	}
	events, err := s.events.get(ctx)
	return apiEventList{Events: apiEvents(events)}, err
}

func apiEvents(all []sigpost.Occurrence) []apiEvent {
	events := []apiEvent{}
	for _, o := range all {
		form := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
		if o.AllDay {
			form = func(t time.Time) string { return t.Format(time.DateOnly) }
		}
		e := apiEvent{UID: o.UID, Kind: string(o.Kind), Title: o.Title, Start: form(o.Start), End: form(o.End), AllDay: o.AllDay, Zone: o.Zone, Where: o.Where,
			Notes: o.Notes, Cancelled: o.Cancelled, Tentative: o.Tentative, Links: o.Links}
		for _, session := range o.Sessions {
			tags := make([]string, len(session.Tags))
			for i, t := range session.Tags {
				tags[i] = t.String()
			}
			e.Sessions = append(e.Sessions, apiSession{session.Title, instant(session.Start), session.Room, session.Speakers, session.URL, tags})
		}
		events = append(events, e)
	}
	return events
}
