package web

import (
	"time"

	"sigpost"
	"sigpost/digest"
)

// tryBrowsing are the home page and all lists.
func (s *site) tryBrowsing() []tried {
	tag := sigpost.Tag{Kind: sigpost.KindProject, Name: "one"}
	now := time.Unix(0, 0)
	p := s.page(nil, "One")
	p.Subscribing = true
	row := threadRow{ID: 1, Subject: "One", Facts: "2 messages", Tags: []sigpost.Tagging{{Tag: tag, Title: "One"}}, Waits: true}
	rows := []threadRow{row, {ID: 2}}
	issue := sigpost.Issue{Digest: "d", Title: "D", Number: 2, Zone: "UTC", Window: sigpost.Window{From: now, To: now.AddDate(0, 0, 7)}}
	topics := []topicCount{{Tag: tag, Title: "One", Threads: 2, Week: 1, Trend: trendOf(nil)}, {Tag: tag, Title: "Two"}}
	lists := []listCount{{Name: "one", Title: "One", Trend: trendOf(nil)}}
	talks := []talkView{{"2016-04-26T09:00:00Z", "Tue 26 Apr 09:00", "T", "/", "A"}, {Begins: "2016-04-26T09:00:00Z", Title: "U"}}
	events := []eventView{{Program: talks, Upcoming: digest.Upcoming{SessionZone: "Times are local", Label: "Mon", Title: "One", When: []string{"now"}, Where: "here", Next: "then",
		Links: []sigpost.Link{{Title: "One", URL: "https://example.org/"}, {Title: "Two"}}}, Text: "Notes.", Begins: "1970-01-01"}}
	choices := []choice{{"one", "One", true}, {"two", "Two", false}}
	active := []activeFilter{{"about One", "/threads"}}
	filtered := filter{Topics: []sigpost.Tag{tag}, Unanswered: true, List: "one"}
	return []tried{
		{"home", homePage{page: s.page(nil, "")}},
		{"home", homePage{page: p, Latest: []teaser{{issue, []sigpost.Entry{{ThreadID: 1, Headline: "One"}}, 3}, {Issue: issue}}, Topics: topics, Events: events, Threads: rows}},
		{"threads", threadsPage{page: p, Filter: filtered, Active: active, Topics: topicOptions(topics), Natures: choices, Lists: choices, Threads: rows, Next: "/", Start: "/"}},
		{"threads", threadsPage{page: p, Filter: filter{List: "L", After: "x", Before: "x"}, Problem: "P"}},
		{"threads", threadsPage{page: p, Natures: choices}},
		{"found", foundPage{page: p, Kind: "Projects", KindURL: "/topics", Threads: rows, Messages: 3, Trend: trendOf(nil), CalendarURL: "/", MboxURL: "/", Next: "/"}},
		{"topics", topicsPage{p, groups(topics)}},
		{"topics", topicsPage{page: p}},
		{"lists", listsPage{p, lists}},
		{"lists", listsPage{page: p}},
		{"issues", issuesPage{p, []digestIssues{{"D", []sigpost.Issue{issue}, "/", "/", "/"}, {Title: "E"}}}},
		{"issues", issuesPage{page: p}},
		{"events", eventsPage{p, events}},
		{"events", eventsPage{page: p}},
		{"statistics", statisticsPage{page: p, Weeks: []weekRow{{now, now, 1, 1}}, Lists: lists, Topics: topics, Natures: []natureRow{{"One", "/", 1, trendOf(nil)}}, Answers: "A."}},
	}
}
