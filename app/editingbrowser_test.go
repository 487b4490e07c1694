package app

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/digest"
	"sigpost/internal/peertest"
)

var screenshots = flag.String("screenshots", "", "write docs/edit-*.png into this folder")

// TestScreenshots writes the pictures of the desk: see scripts/screenshots.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("only scripts/screenshots asks for them")
	}
	browser := peertest.Chromium(t)
	d := openDesk(newWorld(t))
	ada := d.signIn("ada@desk.example.org")
	browser.Visit(d.site.URL+"/robots.txt", peertest.View{})
	peertest.Evaluate[string](browser, fmt.Sprintf(`document.cookie = "sigpost=%s; path=/"`, ada.cookie))
	for name, path := range map[string]string{"edit-draft": "/edit/weekly/1", "edit-preview": "/edit/weekly/1/preview"} {
		browser.Visit(d.site.URL+path, peertest.View{Width: 1200, Height: 1000})
		time.Sleep(time.Second) // what is in frames
		if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), browser.Picture(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// An editor leaves a thread out, moves one, rewords one and approves the issue, in a
// browser, with and without scripts; that is what is sent. Axe-core finds nothing
// wrong with any page on the way.
func TestEditingInABrowser(t *testing.T) {
	t.Parallel()
	for _, scripts := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts %t", scripts), func(t *testing.T) {
			browser := peertest.Chromium(t)
			w := newWorld(t)
			d := openDesk(w)
			_, token, _, err := d.app.SignIn().Link(t.Context(), "ada@desk.example.org")
			if err != nil {
				t.Fatal(err)
			}
			browser.Scripts(scripts)
			at := func(name, words string) { // a page of TestEveryPage
				t.Helper()
				if shown, ok := browser.Shows(words, 20*time.Second); !ok {
					t.Fatalf("%s: %q is not shown, but %s", name, words, shown)
				}
			}
			changed := func(name, words string) {
				t.Helper()
				at(name, words)
				if scripts {
					look(t, browser, name)
				}
			}
			browser.Visit(d.site.URL+"/sign-in/"+url.PathEscape(token), peertest.View{})
			browser.Press("main button")
			browser.Shows("Sign out", 20*time.Second)
			browser.Visit(d.site.URL+"/edit", peertest.View{})
			at("the desk", "ready, waits to be approved")
			browser.Press("main li a")
			at("the draft", "Ready: it waits until somebody approves it.")

			entries := d.draft().Entries
			sections := digest.Sections(d.draft())
			drop, word := entries[0], entries[1]
			move := sections[len(sections)-1].Groups[0].Entries[0]
			in := func(e sigpost.Entry, selector string) string { return fmt.Sprintf("#t%d %s", e.ThreadID, selector) }
			browser.Press(in(drop, "button[value=drop]"))
			changed("left out", "left out “")
			if scripts { // the page is the same one, and goes on where somebody was
				if !peertest.Evaluate[bool](browser, `document.activeElement.matches(".deskthread") && !document.getElementById("keys").hidden`) {
					t.Error("nothing has the focus after leaving a thread out")
				}
			}
			browser.Press(in(word, "details.tools > summary"))
			browser.Type(in(word, "input[name=headline]"), "Said in our own words")
			// Of a field of several lines chromedp can only empty what is not empty.
			peertest.Evaluate[bool](browser, fmt.Sprintf(`document.querySelector(%q).value = "It works.", true`, in(word, "textarea[name=summary]")))
			browser.Press(in(word, "button[value=words]"))
			changed("reworded", "wrote a summary of")
			browser.Press(in(move, "details.tools > summary"))
			browser.Type(in(move, "input[list]"), "On the road")
			browser.Press(in(move, "button[value=move]"))
			changed("moved", `to "On the road"`)
			browser.Press(".last-edit button")
			changed("undone", "undid what ada@desk.example.org did")
			browser.Press(in(move, "details.tools > summary"))
			browser.Type(in(move, "input[list]"), "On the road")
			browser.Press(in(move, "button[value=move]"))
			for end := time.Now().Add(20 * time.Second); !peertest.Evaluate[bool](browser, `[...document.querySelectorAll("h2")].some(h => h.textContent === "On the road")`); {
				if time.Now().After(end) { // the words alone are in the log already
					t.Fatal("moved again, there is no such section")
				}
				time.Sleep(50 * time.Millisecond)
			}

			browser.Visit(d.site.URL+"/edit/weekly/1/text", peertest.View{})
			at("the text", "The draft as text")
			browser.Visit(d.site.URL+"/edit/weekly/1/changes", peertest.View{})
			changed("the changes", "Threads that went")
			browser.Visit(d.site.URL+"/edit/weekly/1/preflight", peertest.View{})
			at("the preflight", "Who gets it")
			browser.Visit(d.site.URL+"/edit/weekly/1/preview", peertest.View{})
			at("the preview", "On a phone")
			browser.Visit(d.site.URL+"/edit/weekly/1/approve", peertest.View{})
			at("what happens", "2 of 2 readers get a letter")
			browser.Press("main form button")
			changed("approved", "Take the approval back")
			w.run(d.app)
			browser.Visit(d.site.URL+"/edit/weekly/1", peertest.View{})
			changed("sent", "2 sent, 0 waiting")

			is := d.draft()
			if titled(is)["On the road"][0] != move.ThreadID || slices.ContainsFunc(is.Entries, func(e sigpost.Entry) bool { return e.ThreadID == drop.ThreadID }) {
				t.Errorf("the issue is %v", titled(is))
			}
			w.wantOnce("ana@readers.example.org", "grace@readers.example.org")
			for _, l := range w.letters() {
				if text, _ := partsOf(t, []byte(l.Data)); l.To == "ana@readers.example.org" && (!strings.Contains(text, "Said in our own words") || !strings.Contains(text, "It works.") ||
					strings.Contains(text, digest.Told(is, drop))) {
					t.Errorf("what was sent is\n%s", text)
				}
			}
		})
	}
}

// The desk by keys alone.
func TestEditingByKeys(t *testing.T) {
	t.Parallel()
	browser := peertest.Chromium(t)
	d := openDesk(newWorld(t))
	_, token, _, err := d.app.SignIn().Link(t.Context(), "ada@desk.example.org")
	if err != nil {
		t.Fatal(err)
	}
	browser.Visit(d.site.URL+"/sign-in/"+url.PathEscape(token), peertest.View{})
	browser.Press("main button")
	browser.Shows("Sign out", 20*time.Second)
	browser.Visit(d.site.URL+"/edit/weekly/1", peertest.View{})
	key := func(k, words string) {
		t.Helper()
		peertest.Evaluate[bool](browser, fmt.Sprintf(`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: %q, bubbles: true, cancelable: true}))`, k))
		if shown, ok := browser.Shows(words, 20*time.Second); !ok {
			t.Fatalf("after %q, %q is not shown, but %s", k, words, shown)
		}
	}
	first := digest.Sections(d.draft())[0].Groups[0].Entries[0]
	key("j", "Opening text")
	if at := peertest.Evaluate[string](browser, "document.activeElement.id"); at != fmt.Sprintf("t%d", first.ThreadID) {
		t.Errorf("j goes to %q", at)
	}
	key("p", "pinned “")
	key("p", "unpinned “")
	key("d", "left out “")
	key("z", "undid what")
	// Who was signed out loses nothing.
	v := d.signIn("root@desk.example.org")
	sessions, err := d.app.SignIn().Sessions(t.Context(), sigpost.Person{Addr: "root@desk.example.org", Role: sigpost.RoleAdmin})
	if err != nil {
		t.Fatal(err)
	}
	key("e", "Summary, in place of the quotes")
	if at := peertest.Evaluate[string](browser, "document.activeElement.name"); at != "headline" {
		t.Errorf("e goes to %q", at)
	}
	for _, s := range sessions {
		if s.Addr == "ada@desk.example.org" {
			v.do("/sessions", "session", strconv.FormatInt(s.ID, 10))
		}
	}
	browser.Type("details.tools[open] input[name=headline]", "Typed at length")
	browser.Press("details.tools[open] button[value=words]")
	if shown, ok := browser.Shows("You are signed out", 20*time.Second); !ok {
		t.Errorf("signed out, the page shows %s", shown)
	}
	if typed := peertest.Evaluate[string](browser, `document.querySelector("details.tools[open] input[name=headline]").value`); typed != "Typed at length" {
		t.Errorf("signed out, the headline is %q", typed)
	}
}
