package web

import (
	"time"

	"sigpost"
	"sigpost/review"
	"sigpost/store"
)

// tryReview are the pages of the desk for reviewers, in all their states.
func (s *site) tryReview() []tried {
	p, now := s.page(nil, "One"), time.Unix(0, 0)
	p.Reviewing, p.Person = true, sigpost.Person{Addr: "jo@example.org", Role: sigpost.RoleAdmin}
	tag := sigpost.Tag{Kind: sigpost.KindProject, Name: "one"}
	thread := sigpost.Thread{ID: 1, BaseSubject: "One", Messages: 2, First: now, Last: now, Tags: []sigpost.Tagging{{Tag: tag, Title: "One"}}}
	questions := []review.Question{{Reason: review.Untagged, Says: "S"}}
	counts := []reasonCount{{Reason: review.Untagged, Title: "untagged", Count: "1", URL: "/", Chosen: true}, {Title: "all", Count: "1", URL: "/"}}
	last := &lastAct{AuditEntry: sigpost.AuditEntry{ID: 1, Kind: sigpost.AuditThread, Object: "1", Says: "S"}, Back: "/"}
	back := &lastAct{AuditEntry: last.AuditEntry, Back: "/", TakenBack: true}
	bulk := &lastAct{AuditEntry: sigpost.AuditEntry{ID: 1, Kind: sigpost.AuditTag, Object: "project:one", Says: "S"}, Back: "/"}
	named := []NamedTag{{tag, "One"}}
	why := []reviewEvidence{{Evidence: sigpost.Evidence{Rule: "alias one", Field: "subject", Excerpt: "one"}, Pieces: []piece{{"o", true}, {"ne", false}}, HitsURL: "/"},
		{Evidence: sigpost.Evidence{Rule: "list"}}}
	row := shareRow{"One", "/", review.Share{Right: 1, Of: 2}}
	table := []shareTable{{"C", "W", []shareRow{row, {Title: "Two"}}}}
	message := &sigpost.Message{ID: 1, Author: sigpost.Address{Name: "Jo"}, Received: now, Robot: true}
	return []tried{
		{"queue", queuePage{page: p, Counts: counts, Threads: []queuedThread{{store.Judged{Thread: thread, Questions: questions}, "/"}, {store.Judged{Thread: sigpost.Thread{Messages: 1}}, "/"}},
			Tag: "project:one", List: "l", Lists: []string{"l", "m"}, Reason: review.Untagged, MoreURL: "/", FirstURL: "/", Last: last, Ended: true, Problem: "P"}},
		{"queue", queuePage{page: s.page(nil, "One"), Last: bulk}},
		{"review", reviewPage{page: p, Thread: thread, Questions: questions, Query: "?", NextURL: "/", PreviousURL: "/", Counts: counts, Last: back, All: named, Left: 1, Problem: "P", Typed: "on", Near: named,
			Tags:      []reviewTag{{Tagging: sigpost.Tagging{Tag: tag, Title: "One", Score: 1}, Open: true, Why: why}, {Decided: true}, {IsNature: true}},
			Decisions: []store.Decision{{Tag: tag, Title: "One", Who: "jo", At: now, Why: "W"}, {Tag: tag, Accept: true}},
			Messages:  []reviewMessage{{message, []markedPart{{"Quoted text", []piece{{"a", true}}}, {"", []piece{{"b", false}}}}}, {&sigpost.Message{}, nil}}}},
		{"review", reviewPage{page: s.page(nil, "One"), Thread: sigpost.Thread{Messages: 1}}},
		{"report", reportPage{page: p, Thread: thread, All: named, Problem: "P"}},
		{"report", reportPage{page: p}},
		{"bulk", bulkPage{page: p, Form: map[string]string{"tag": "project:one", "state": "accepted", "list": "l"}, Lists: []string{"l", "m"}, All: named, Asked: true, Count: 2, Most: true,
			Found: []bulkView{{store.BulkThread{ID: 1, Last: now, State: sigpost.TagAccepted}, why}, {store.BulkThread{}, nil}}, Target: "One", Chosen: "tag=one", Last: bulk}},
		{"bulk", bulkPage{page: p, Form: map[string]string{"state": "proposed"}, Asked: true, Count: 1, Problem: "P"}},
		{"bulk", bulkPage{page: p}},
		{"shape", shapePage{page: p, Thread: thread, Messages: []sigpost.Message{{MessageID: "a", Received: now}, {}}, Left: 1, Natures: named, Nature: "project:one", Last: last, New: 2, Problem: "P",
			History: []sigpost.AuditEntry{{At: now, Who: "jo", Says: "S", UndoneBy: 1}, {}}, Change: ThreadChange{Kind: ThreadSplit, Message: "a"}, Words: "W", Outcome: []sigpost.Thread{thread, {Messages: 1}}}},
		{"shape", shapePage{page: p, Thread: sigpost.Thread{Messages: 1}}},
		{"ingest", ingestPage{page: p, Quarantined: 1, Mailboxes: []MailboxView{{Name: "a", List: "l", Failing: now.AddDate(1, 0, 0), Failure: "F", Complete: now, Latest: now, Gaps: 1}, {Service: true, Unreachable: "U"},
			{NewUIDs: true}, {Behind: 1}, {Asked: true}, {Complete: now.AddDate(1, 0, 0), Latest: now.AddDate(1, 0, 0)}, {}}}},
		{"ingest", ingestPage{page: s.page(nil, "One"), Asked: true}},
		{"quarantine", quarantinePage{page: p, Mails: []sigpost.Quarantined{{ID: 1, Source: "a", UID: 1, Partial: true, At: now}, {}}, MoreURL: "/", Problem: "P"}},
		{"quarantine", quarantinePage{page: p}},
		{"quality", qualityPage{page: p, Sample: row, Decided: row, Drawn: 2, SampleTables: table, DecidedTables: table}},
		{"quality", qualityPage{page: p}},
		{"sample", samplePage{page: p, Week: now, Problem: "P", Share: row, Left: 1, Last: last, Tags: []sampledView{{Sampled: store.Sampled{Thread: 1, Tag: tag, Title: "One", Subject: "S"}, Number: 1, Why: why, Next: true},
			{Sampled: store.Sampled{Judged: true, Right: true}}, {Sampled: store.Sampled{Judged: true}}}}},
		{"sample", samplePage{page: p, Week: now, Size: 40}},
		{"reported", reportPage{page: p, Thread: thread}},
	}
}
