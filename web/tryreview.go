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
	bulk := &lastAct{AuditEntry: sigpost.AuditEntry{ID: 1, Kind: sigpost.AuditTag, Object: "project:one", Says: "S"}, Back: "/"}
	named := []NamedTag{{tag, "One"}}
	why := []reviewEvidence{{Evidence: sigpost.Evidence{Rule: "alias one", Field: "subject", Excerpt: "one"}, Pieces: []piece{{"o", true}, {"ne", false}}, HitsURL: "/"},
		{Evidence: sigpost.Evidence{Rule: "list"}}}
	message := &sigpost.Message{ID: 1, Author: sigpost.Address{Name: "Jo"}, Received: now, Robot: true}
	return []tried{
		{"queue", queuePage{page: p, Counts: counts, Threads: []queuedThread{{store.Judged{Thread: thread, Questions: questions}, "/"}, {store.Judged{Thread: sigpost.Thread{Messages: 1}}, "/"}},
			Tag: "project:one", List: "l", Lists: []string{"l", "m"}, Reason: review.Untagged, MoreURL: "/", FirstURL: "/", Last: last, Ended: true}},
		{"queue", queuePage{page: s.page(nil, "One"), Last: bulk}},
		{"review", reviewPage{page: p, Thread: thread, Questions: questions, Query: "?", NextURL: "/", PreviousURL: "/", Counts: counts, Last: last, All: named, Left: 1,
			Tags:      []reviewTag{{Tagging: sigpost.Tagging{Tag: tag, Title: "One", Score: 1}, Open: true, Why: why}, {Decided: true}, {IsNature: true}},
			Decisions: []store.Decision{{Tag: tag, Title: "One", Who: "jo", At: now, Why: "W"}, {Tag: tag, Accept: true}},
			Messages:  []reviewMessage{{message, []markedPart{{"Quoted text", []piece{{"a", true}}}, {"", []piece{{"b", false}}}}}, {&sigpost.Message{}, nil}}}},
		{"review", reviewPage{page: s.page(nil, "One"), Thread: sigpost.Thread{Messages: 1}}},
		{"report", reportPage{page: p, Thread: thread, All: named, Problem: "P"}},
		{"report", reportPage{page: p}},
		{"reported", reportPage{page: p, Thread: thread}},
	}
}
