package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sigpost/internal/peertest"
)

// A reader goes the whole way in a browser, with and without scripts. Axe-core
// finds nothing wrong with any page on it, in the light, in the dark, and 320
// pixels wide.
func TestTheWayInABrowser(t *testing.T) {
	t.Parallel()
	for _, scripts := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts %t", scripts), func(t *testing.T) {
			browser := peertest.Chromium(t)
			d := openDoors(t, "editions = [\"day\"]\nempty = \"always\"\n")
			d.run(d.app)
			browser.Scripts(scripts)
			at := func(name, words string) {
				t.Helper()
				if shown, ok := browser.Shows(words, 20*time.Second); !ok {
					t.Fatalf("%s: %q is not shown, but %s", name, words, shown)
				}
				if scripts { // axe-core is one
					look(t, browser, name)
				}
			}
			follow := func(path string) { browser.Visit(d.site.URL+path, peertest.View{}) }

			follow("/subscribe")
			at("the form", "Your mail address")
			browser.Press("button[value=subscribe]")
			at("the form, with nothing in it", "There is no address")
			browser.Type("#address", "grace@gmial.com")
			browser.Press("summary")
			browser.Press("input[name=topic][value='project:kuryr']")
			browser.Press("button[value=preview]")
			at("the preview", "What you have chosen has less than one thread a week")
			browser.Press("button[value=subscribe]")
			at("a doubt", "Did you mean grace@gmail.com?")
			browser.Press("button[value=subscribe]")
			at("asked", "Look into your mailbox")

			follow(d.path(d.one(), "confirm"))
			at("the button", "g…@gmial.com asked for")
			browser.Press("main button")
			at("confirmed", "from the next issue on")
			browser.Press("main a")
			at("preferences", "g…@gmial.com gets")
			browser.Press("input[name=frequency][value=weekly-daily]")
			browser.Press("input[name=news]")
			browser.Press("button[value=save]")
			at("changed", "Kuryr, daily, only when there is news")
			// A browser's field for dates takes them in its own language.
			peertest.Evaluate[bool](browser, `document.querySelector("#paused").value = "2016-05-09", true`)
			browser.Press("button[value=save]")
			at("paused", "It is paused until 9 May 2016")
			browser.Press("button[value=stored]")
			at("sent what is stored", "on its way to you")
			if l := d.one(); !strings.Contains(l.Data, "consents") {
				t.Errorf("stored: %s", l.Data)
			}
			browser.Press("button[value=unsubscribe]")
			at("left", "You are unsubscribed")
			if s := d.stored("weekly-daily", "grace@gmial.com"); s.State != "ended" {
				t.Errorf("it is %s", s.State)
			}
			s := d.subscribe(d.app, "ana@example.org")
			follow("/preferences/" + d.app.tokens.Preferences(s.ID, s.Serial+1, monday))
			at("used up", "Send me a new link")
			browser.Press("main button")
			at("a new link", "Look into your mailbox")
			d.one()
			follow("/privacy")
			at("privacy", "Nobody sees whether you open")
		})
	}
}

// look looks at a page by the rules of axe-core.
func look(t *testing.T, browser *peertest.Browser, name string) {
	t.Helper()
	for _, fault := range browser.Faults() {
		t.Errorf("%s: %s", name, fault)
	}
}

// The mail is a page too.
func TestNoticeInABrowser(t *testing.T) {
	t.Parallel()
	browser := peertest.Chromium(t)
	d := openDoors(t, "")
	a := notices{d.app}
	s := d.subscribe(d.app, "ana@example.org", "kuryr")
	n, err := a.Already(s, d.app.tokens.Preferences(s.ID, 0, monday))
	if err != nil {
		t.Fatal(err)
	}
	browser.Visit("data:text/html;charset=utf-8,"+strings.NewReplacer("#", "%23", "\n", "%0A", " ", "%20").Replace(n.Letter.HTML), peertest.View{})
	look(t, browser, "a notice")
}
