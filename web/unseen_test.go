package web

import (
	"strings"
	"testing"
	"time"

	"sigpost"
)

// What is removed after an issue was published is in none of its copies, and what
// was stored stays.
func TestIssueWithoutWhatIsRemoved(t *testing.T) {
	from := func(raw, who string) string {
		return strings.Replace(raw, "From: Ana Lee <ana@", "From: "+who+" <"+who+"@", 1)
	}
	a := newArchive(t, mailOf("a@x", "", "Kuryr", "First.\n"), from(mailOf("b@x", "a@x", "Re: Kuryr", "Libel.\n"), "Bob"), from(mailOf("c@x", "", "Scandal", "Dirt.\n"), "Cy"))
	quote := func(id sigpost.MessageID, who, text string) sigpost.Quote {
		return sigpost.Quote{Author: who, MessageID: id, Text: text, At: day}
	}
	id := func(of sigpost.MessageID) sigpost.Message {
		m, err := a.db.MessageByID(t.Context(), of)
		must(t, err)
		return m
	}
	b, c := id("b@x"), id("c@x")
	seen := sigpost.Evidence{Rule: "alias kuryr", Field: "text", MessageID: "b@x", Excerpt: "Evidence of libel"}
	issue := sigpost.Issue{Digest: "weekly", Title: "Weekly", State: sigpost.IssueApproved, Zone: "UTC", Composed: day, Window: sigpost.Window{From: day.AddDate(0, 0, -7), To: day.Add(time.Hour)},
		Entries: []sigpost.Entry{
			{ThreadID: b.ThreadID, Headline: "Kuryr", New: 2, Total: 2, First: day, Last: day, People: []string{"Ana Lee", "Bob"}, Quotes: []sigpost.Quote{quote("a@x", "Ana Lee", "Firstly so."), quote("b@x", "Bob", "Libellous.")},
				Tags: []sigpost.Tagging{{Tag: kuryr, Title: "Kuryr", State: sigpost.TagAccepted, Evidence: []sigpost.Evidence{seen}}}},
			{ThreadID: c.ThreadID, Headline: "Scandal", New: 1, Total: 1, First: day, Last: day, People: []string{"Cy"}, Quotes: []sigpost.Quote{quote("c@x", "Cy", "Dirty.")}}},
		Newcomers: []sigpost.Newcomer{{Name: "Cy", ThreadID: c.ThreadID}, {Name: "Ana Lee", ThreadID: b.ThreadID}}}
	must(t, a.db.CreateIssue(t.Context(), &issue, []int64{1}))
	paths := []string{"/", "/issues/weekly/1", "/issues/weekly/feed", "/api/v1/issues/weekly/1"}
	has(t, "the page", a.see(paths[1]), "Libellous.", "Bob", "Scandal", "Cy")
	must(t, a.db.Hide(t.Context(), b.ID, "jo", "libel", day))
	must(t, a.db.Hide(t.Context(), c.ID, "jo", "libel", day))
	for _, path := range paths {
		text := a.see(path)
		has(t, path, text, "Kuryr")
		hasNot(t, path, text, "Libellous", "Bob", "Evidence of libel", "Scandal", "Dirty", "Cy<", `"Cy"`)
	}
	has(t, "the page", a.see(paths[1]), "Firstly so.", "Ana Lee")
	stored, err := a.db.IssueByNumber(t.Context(), "weekly", 1)
	must(t, err)
	if len(stored.Entries) != 2 || len(stored.Entries[0].Quotes) != 2 {
		t.Errorf("what was stored has changed: %+v", stored.Entries)
	}
	must(t, a.db.Unhide(t.Context(), &c, day))
	has(t, "the page when it is shown again", a.see(paths[1]), "Scandal", "Dirty.")
}
