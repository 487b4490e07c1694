package digest

import (
	"fmt"
	"time"

	"sigpost"
)

// trial is an issue that has one of everything that a template may speak of,
// and readers with everything and with nothing.
func trial() (sigpost.Issue, []Reader) {
	to := time.Date(2016, 4, 25, 0, 0, 0, 0, time.UTC)
	topic := sigpost.Tagging{Tag: sigpost.Tag{Kind: sigpost.KindProject, Name: "one"}, Title: "One", Score: 1, State: sigpost.TagAccepted,
		Evidence: []sigpost.Evidence{{Rule: "alias one", Field: "subject", Excerpt: "one"}, {Rule: "list", Field: "list"}}}
	issue := sigpost.Issue{
		ID: 1, Digest: "trial", Title: "Trial", Number: 1, State: sigpost.IssueApproved, Zone: "UTC", Composed: to,
		Window:    sigpost.Window{From: to.AddDate(0, 0, -7), To: to},
		Stats:     sigpost.Stats{Threads: 60, Messages: 70, People: 3, Organisations: 2, Waiting: 1, Decisions: 1, Robots: 1},
		Events:    trialEvents(to, topic.Tag),
		Newcomers: []sigpost.Newcomer{{Name: "Jo", ThreadID: 1, URL: "https://example.org/1"}, {Name: "Di", ThreadID: 2}, {Name: "Al", ThreadID: -1}},
		Course:    sigpost.Course{From: to.AddDate(0, 0, -7), Days: []int{1, 2, 3, 4, 5, 6, 7}, Before: []int{7, 6, 5, 4, 3, 2, 1}},
		Titles:    map[string]string{topic.Tag.String(): topic.Title},
		Note:      "An editor's *opening*.",
		Arranged:  []sigpost.ArrangedSection{{Title: "Jobs", Text: "An editor's [section](https://example.org/jobs)."}},
	}
	for i := range 60 {
		e := sigpost.Entry{ThreadID: int64(i + 1), Headline: fmt.Sprintf("Thread %d", i+1), New: 1, Total: 2, First: to.AddDate(0, 0, -2), Last: to.AddDate(0, 0, -1),
			People: []string{"Jo", "Di"}, Tags: []sigpost.Tagging{topic, topic}}
		if i%2 == 0 {
			e.URL = fmt.Sprintf("https://example.org/%d", i+1)
		}
		if i < 8 {
			e.Quotes = []sigpost.Quote{{Author: "Jo", Text: "A sentence.", At: e.First, URL: e.URL}}
			e.Continued, e.Since = i%2 == 1, i%2
		}
		switch i {
		case 0:
			e.Rank = highlightRank
		case 2, 3:
			e.Nature, e.Unanswered = sigpost.NatureQuestion, true
		case 1:
			e.Summary, e.Note = "An editor's summary.", "An editor's note."
		case 4, 5:
			e.Nature = sigpost.NatureAnnouncement
		}
		issue.Entries = append(issue.Entries, e)
	}
	return issue, []Reader{
		{},
		{Selection: sigpost.Selection{Topics: []sigpost.Tag{topic.Tag}}, Zone: time.FixedZone("", 3600), IssueURL: "https://example.org/i", CalendarURL: "https://example.org/c", FeedURL: "https://example.org/f", UnsubscribeURL: "https://example.org/u",
			PreferencesURL: "https://example.org/p", Footer: "1 Main Street"},
	}
}

func trialEvents(to time.Time, topic sigpost.Tag) []sigpost.Occurrence {
	meeting := sigpost.Occurrence{Title: "Meeting", Start: to.AddDate(0, 0, 1), End: to.AddDate(0, 0, 1).Add(time.Hour), Zone: "UTC", Next: to.AddDate(0, 0, 8),
		Where: "Here", Notes: "A [note](https://example.org/n).\n\n- one\n", Links: []sigpost.Link{{Title: "Agenda", URL: "https://example.org/a"}, {Title: "Channel", URL: "irc:x"}}}
	cancelled := meeting
	cancelled.Cancelled = true
	summit := sigpost.Occurrence{Title: "Summit", Start: to.AddDate(0, 0, 3), End: to.AddDate(0, 0, 6), Zone: "UTC", AllDay: true}
	for i := range sessionLimit + 2 {
		s := sigpost.Session{Title: fmt.Sprintf("Session %d", i), Start: to.AddDate(0, 0, 3).Add(time.Hour), Room: "A", Speakers: "Jo"}
		if i%2 == 0 {
			s.URL, s.Tags = "https://example.org/s", []sigpost.Tag{topic}
		}
		summit.Sessions = append(summit.Sessions, s)
	}
	return []sigpost.Occurrence{meeting, cancelled, summit}
}
