package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/peertest"
)

// Axe-core finds nothing wrong with the pages of threads, in the light and in the
// dark, and nothing stands out sideways at 320 pixels, whatever the mail holds.
func TestThreadsInABrowser(t *testing.T) {
	browser := peertest.Chromium(t)
	long := "From: Ana <a@example.org>\nMessage-ID: <html@x>\nReferences: <a@x>\nSubject: Re: One\nMIME-Version: 1.0\nContent-Type: text/html\n\n" +
		strings.Join([]string{hostileHTML["overlay"], hostileHTML["events"], hostileHTML["styles"], hostileHTML["pictures"], hostileHTML["end of a frame"]}, "\n")
	mails := []string{
		mailOf("a@x", "", "One", "First, of "+strings.Repeat("x", 400)+" https://example.org/"+strings.Repeat("y", 300)+"\n"), long,
		mailOf("b@x", "a@x", "Re: One", "Ana <a@example.org> wrote:\n"+strings.Repeat("> a line\n", 9)+"\nSecond.\n-- \nAna\n"), hostileMails()["file names"],
		mailOf("h@x", "b@x", "Re: One", "Removed.\n"), mailOf("שלום@x", "h@x", "Re: One", "שלום עולם\n"),
	}
	above := "b@x"
	for _, id := range []string{"c@x", "d@x", "e@x", "f@x", "g@x"} {
		mails, above = append(mails, mailOf(id, above, "Re: One", "Answer.\n")), id
	}
	a := newArchive(t)
	a.add(mails[:3]...)
	a.add(strings.Replace(mails[3], "<a@x>", "<file@x>\nReferences: <a@x>", 1))
	a.add(mails[4:]...)
	must(t, a.db.SaveTaggings(t.Context(), 1, 1, "v", []sigpost.Tagging{{Tag: kuryr, Title: "Kuryr", Score: 0.8, State: sigpost.TagAccepted,
		Evidence: []sigpost.Evidence{{Rule: "alias kuryr", Field: "subject", MessageID: "a@x", Excerpt: "of kuryr", Spans: []sigpost.Span{{Start: 3, End: 8}}}}}}))
	must(t, a.db.Hide(t.Context(), func() int64 { m, _ := a.db.MessageByID(t.Context(), "h@x"); return m.ID }(), "rev", "libel", day))
	for _, path := range []string{"/threads/1", "/threads/1?view=flat", "/m/html@x/html", "/privacy"} {
		browser.Visit(a.URL+path, peertest.View{})
		for _, fault := range browser.Faults() {
			t.Errorf("%s: %s", path, fault)
		}
	}
	// What is in the frame cannot reach the page around it, and is words.
	browser.Visit(a.URL+"/m/html@x/html/view", peertest.View{})
	if shown, ok := browser.Shows("words", 20*time.Second); !ok {
		t.Errorf("the frame shows %s", shown)
	}
	// What is ours of that document, around a mail that means no ill, keeps the rules for
	// documents, too. It is looked at without its policy, since axe-core is a script.
	a.add("From: Jo <jo@example.org>\nMessage-ID: <plain@x>\nSubject: Plain\nMIME-Version: 1.0\nContent-Type: text/html\n\n" + plainHTML + "\n")
	_, frame := a.ask("GET", "/m/plain@x/html/view", sigpost.RoleNobody)
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte(frame))
	}))
	defer bare.Close()
	browser.Visit(bare.URL, peertest.View{Width: 320}) // its colours in the dark are the browser's own, of which axe-core knows only one
	for _, v := range browser.Axe("document-title", "html-has-lang", "html-lang-valid", "meta-viewport", "meta-refresh", "color-contrast", "link-in-text-block", "target-size") {
		t.Errorf("the frame of HTML: %s", v)
	}
	if wide := browser.Sideways(); wide != "" {
		t.Errorf("the frame of HTML is wider than the window by %s", wide)
	}
}
