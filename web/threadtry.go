package web

import (
	"time"

	"sigpost"
)

// tryThreads are the pages of threads and messages, in all their states.
func (s *site) tryThreads() []tried {
	now := time.Unix(0, 0)
	t := sigpost.Thread{ID: 1, BaseSubject: "One", Lists: []string{"a", "b"}, Messages: 2, First: now, Last: now}
	tagging := sigpost.Tagging{Tag: sigpost.Tag{Kind: sigpost.KindProject, Name: "one"}, Title: "One", Score: 1, State: sigpost.TagAccepted}
	full := threadPage{
		page: s.page(nil, "One"), Thread: t, Subject: "One", From: &sigpost.Thread{ID: 2}, LedTo: []sigpost.Thread{{ID: 2}, t},
		Taggings: []taggingView{{tagging, []reason{{"the name one", "in the subject", "<mark>one</mark>", "/m/a"}, {Rule: "list"}}, "/topics/project/one"}, {Tagging: tagging}},
		Issues:   []issueLink{{"D No. 1", "/"}, {"D No. 2", "/"}}, Since: "D No. 1", New: 1, FirstNew: "#m1", OtherView: "/", Visiting: true, Reviewing: true,
		Pages: []pageLink{{Number: 1, URL: "/", From: 1, To: 2}, {Number: 9, From: 3, To: 4, GapBefore: true}}, Previous: "/", Next: "/",
		Contents: []contentsLine{{"#m1", "Jo", "Two", now, 1, true}},
		Messages: []messageView{
			{ID: 1, Author: "Jo", Received: now, Robot: true, New: true, Answered: "Mo", AnsweredURL: "#m2", BySubject: true, NewSubject: "Two", Cut: true,
				Parts:       []passage{{"Quoted", true, "/m/a", "a", nil}, {Text: "b"}, {Paragraphs: []paragraph{{Flow: true, Text: "d"}, {true, true, "e"}, {Text: "f"}}}, {Text: "c", Quote: true}},
				Attachments: []attachmentView{{"a", "text/plain", "1 byte", "/"}, {}}, Path: "/m/a", ArchiveURL: "https://example.org/", HTML: true, HidePath: "/m/a"},
			{ID: 2, Received: now, Tombstone: "Gone.", Removed: true, HidePath: "/m/b"},
		},
	}
	plain := threadPage{page: s.page(nil, "One"), Thread: sigpost.Thread{ID: 1, Messages: 1}, Subject: "One", Flat: true, Since: "D No. 1"}
	return []tried{
		{"thread", full}, {"thread", plain}, {"thread", threadPage{page: s.page(nil, "Not shown")}},
		{"htmlmail", htmlPage{s.page(nil, "One"), "Jo", "", "/m/a", "/"}},
		{"htmlview", htmlView{"One", "<p>One</p>"}},
	}
}
