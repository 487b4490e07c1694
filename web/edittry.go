package web

import (
	"time"

	"sigpost"
	"sigpost/digest"
)

// tryEdit are the pages of the editors' desk, in all their states.
func (s *site) tryEdit() []tried {
	now := time.Unix(0, 0).UTC()
	window := sigpost.Window{From: now, To: now.AddDate(0, 0, 7)}
	head := func(state sigpost.IssueState, tab string) editHead {
		issue := sigpost.Issue{Digest: "d", Title: "D", Number: 2, Zone: "UTC", State: state, Window: window, Note: "N"}
		entry := sigpost.AuditEntry{ID: 2, At: now, Who: "jo@example.org", Says: "left out “One”", Undo: "{}"}
		undone := sigpost.AuditEntry{ID: 1, At: now, Who: "jo@example.org", Says: "pinned “One”", Undo: "{}", UndoneBy: 3}
		h := s.headOf(nil, EditedIssue{Issue: issue, Version: "v", Zone: time.UTC, Log: []sigpost.AuditEntry{entry, undone}}, tab)
		return h
	}
	bare := head(sigpost.IssueReady, "draft")
	bare.Edited.Log, bare.Edited.Issue.Note = nil, ""
	all := s.tryEditDraft(head, bare)
	all = append(all, s.tryEditSending(head, now)...)
	return append(all, s.tryEditLook(head)...)
}

func (s *site) tryEditDraft(head func(sigpost.IssueState, string) editHead, bare editHead) []tried {
	draft := head(sigpost.IssueDraft, "draft")
	entry := sigpost.Entry{ThreadID: 1, Headline: "One", Pinned: true, Reworded: true, Summary: "S", Note: "N"}
	full := editedThread{Entry: entry, Told: "One", State: "New", Next: 2, Moved: true, WhyTold: []string{"a", "b"}, Places: []string{"under Highlights", "also in a line under Needs an answer"}}
	other := editedThread{Entry: sigpost.Entry{ThreadID: 2, Quotes: []sigpost.Quote{{Author: "Jo", Text: "T"}}}, Told: "Two"}
	edge := editedThread{Entry: sigpost.Entry{ThreadID: 3}, First: true, Last: true}
	form := func(kind digest.ActKind) actForm {
		return actForm{Act: digest.Act{Kind: kind, ThreadID: 1, Section: "S", Text: "T", Headline: "H"}, Version: "v", Next: 2}
	}
	return []tried{
		{"editdraft", editDraftPage{editHead: draft, Last: &draft.Edited.Log[0], TakenBack: &draft.Edited.Log[0],
			Sections: []editedSection{{Title: "S", Text: "T", N: 1, Threads: []editedThread{full, other, edge}}, {Title: "U", N: 2, First: true, Last: true}},
			LeftOut:  []editedThread{{Entry: sigpost.Entry{ThreadID: 5}, Told: "Five"}}, Lost: []lostEdit{{sigpost.Edit{Text: "T", Who: "jo"}, "thread 4, note"}}}},
		{"editdraft", editDraftPage{editHead: bare}},
		{"editdraft", editDraftPage{editHead: bare, Last: &draft.Edited.Log[0]}},
		{"edittext", editTextPage{editHead: head(sigpost.IssueDraft, "text"), Form: "F", Lines: 2, Kept: "K", Problems: []digest.FormError{{Line: 1, What: "W"}, {What: "W"}}}},
		{"edittext", editTextPage{editHead: head(sigpost.IssueApproved, "text"), Lines: 2}},
		{"editchanged", editChangedPage{head(sigpost.IssueDraft, ""), form(digest.ActWords), "Says.", "Do it"}},
		{"editchanged", editChangedPage{bare, form(digest.ActLead), "Says.", "Do it"}},
		{"editchanged", editChangedPage{bare, actForm{Act: digest.Act{Kind: digest.ActPin}}, "Says.", "Do it"}},
		{"editrefused", refusedPage{s.page(nil, "Not done"), "Says.", "/edit"}},
	}
}

func (s *site) tryEditSending(head func(sigpost.IssueState, string) editHead, now time.Time) []tried {
	sending := head(sigpost.IssueSending, "draft")
	sending.Refresh = editRefresh
	progress := EditedSending{Issue: sending.Edited.Issue, Letters: sigpost.DeliveryCounts{sigpost.DeliverySent: 1, sigpost.DeliveryFailed: 1}, Waiting: 2, Rate: 1, Left: time.Minute, Begun: now, Expires: now}
	sending.Edited.Sending = progress
	paused := sending
	paused.Edited.Sending.Paused = "P"
	stopped := progress
	stopped.Paused = "P"
	lost := []editedLoss{{EditedLoss{State: sigpost.DeliveryFailed, At: now, Why: "W"}, "j…@example.org"}, {EditedLoss{State: sigpost.DeliveryUnknown, At: now}, "k…@example.org"}}
	issue := sending.Edited.Issue
	late := issue
	late.SendAfter, late.ApprovedBy = now, "jo"
	ready := issue
	ready.State = sigpost.IssueReady
	home := s.page(nil, "Edit")
	home.Refresh = editRefresh
	return []tried{
		{"edithome", editHomePage{page: home, Digests: []editedDigest{{EditedDigest{Name: "d", Title: "D", Zone: time.UTC, Next: now,
			Drafts:  []EditedDraft{{Issue: issue, Deadline: now, Errors: 1, Warnings: 1}, {Issue: ready}},
			Waiting: []sigpost.Issue{issue, late}, Sending: []EditedSending{progress, stopped}, Last: []sigpost.Issue{issue}}}}}},
		{"edithome", editHomePage{page: s.page(nil, "Edit")}},
		{"editsending", editSendingPage{editHead: sending, Lost: lost, More: true, Failed: 1, Held: 1, Masked: true, Percent: 50}},
		{"editsending", editSendingPage{editHead: paused}},
		{"editsending", editSendingPage{editHead: head(sigpost.IssueApproved, "draft"), Waits: true}},
	}
}

func (s *site) tryEditLook(head func(sigpost.IssueState, string) editHead) []tried {
	topics := []topicGroup{{"Projects", []topicChoice{{Tag: "project:one", Title: "One", Threads: "1 thread", Follow: true}, {Tag: "project:two", Title: "Two"}}, true, false}}
	severe := EditedFinding{digest.Finding{Severity: digest.Severe, What: "W", Do: "D"}, "#t1"}
	warning := EditedFinding{digest.Finding{Severity: digest.Warning, What: "W", Do: "D"}, "#t1"}
	found := editedPreflight{Severe: []EditedFinding{severe}, Others: []EditedFinding{warning}, More: 1, Readers: 2, Letters: 1,
		Cohorts: []editedCohort{{EditedCohort{Readers: 1, Threads: 1}, []string{"One", "Two"}, []string{"Three", "Four"}, "?topic=project:one"}, {EditedCohort{Nothing: true}, nil, nil, ""}}}
	entry := digest.DiffEntry{ThreadID: 1, Headline: "One", What: []string{"W"}}
	different := digest.Difference{Added: []digest.DiffEntry{entry}, Gone: []digest.DiffEntry{entry}, Changed: []digest.DiffEntry{entry}, Issue: []string{"W"}}
	changes := head(sigpost.IssueDraft, "changes")
	return []tried{
		{"editpreview", editPreviewPage{editHead: head(sigpost.IssueDraft, "preview"), Groups: topics, Zone: "UTC", Zones: []string{"UTC"}, Chosen: true, Problem: "P", Subject: "S", Nothing: true, Query: "?zone=UTC"}},
		{"editpreflight", editPreflightPage{head(sigpost.IssueDraft, "preflight"), found, false}},
		{"editpreflight", editPreflightPage{head(sigpost.IssueSent, "preflight"), editedPreflight{}, true}},
		{"editapprove", editApprovePage{editHead: head(sigpost.IssueDraft, "approve"), editedPreflight: found, Problem: "P", At: "2016-04-26T09:00", Later: true, Despite: true}},
		{"editapprove", editApprovePage{editHead: head(sigpost.IssueReady, "approve")}},
		{"editchanges", editChangesPage{editHead: changes, Choices: []choice{{"composed", "C", true}, {"next", "N", false}}, Difference: different}},
		{"editchanges", editChangesPage{editHead: changes, Missing: "M"}},
		{"editchanges", editChangesPage{editHead: changes}},
	}
}
