package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/peertest"
)

// Somebody signs in and reviews twenty threads and more in a browser: by keys alone,
// or by buttons where no script runs. Axe-core finds nothing wrong.
func TestReviewingInABrowser(t *testing.T) {
	t.Parallel()
	for _, scripts := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts %t", scripts), func(t *testing.T) {
			browser := peertest.Chromium(t)
			w := newWorld(t)
			w.deliver(plainMail(24)...)
			d := openReview(t, w, sigpost.RoleReviewer)
			w.run(d.app)
			browser.Scripts(scripts)
			at := func(name, words string) {
				t.Helper()
				if shown, ok := browser.Shows(words, 20*time.Second); !ok {
					t.Fatalf("%s: %q is not shown, but %s", name, words, shown)
				}
			}
			// The world's clock is years behind the browser's, by which a cookie expires.
			browser.Visit(d.site.URL+"/", peertest.View{})
			peertest.Evaluate[string](browser, fmt.Sprintf(`document.cookie = "%s=%s; path=/"`, d.cookie.Name, d.cookie.Value))
			browser.Visit(d.site.URL+"/review?reason=untagged", peertest.View{})
			at("the queue", "the most useful first")
			todo := d.queued("untagged")
			if len(todo) < 21 {
				t.Fatalf("there are only %d threads to review", len(todo))
			}
			if scripts {
				listens(browser)
				browser.Keys("?")
				at("the keys of the queue", "look at the first thread")
				browser.Keys("\r")
			}
			r := byButtons(browser)
			if scripts {
				r = byKeys(browser)
			}
			r.open()
			at("the first thread", "Nothing says what it is about")
			if scripts {
				listens(browser)
				browser.Keys("?")
				at("the keys", "accept the chosen tag")
				look(t, browser, "the keys")
				browser.Keys("\r")
			}
			where := func() string { return peertest.Evaluate[string](browser, "location.pathname") }
			leaves := func(from string) {
				t.Helper()
				for end := time.Now().Add(20 * time.Second); where() == from; time.Sleep(30 * time.Millisecond) {
					if time.Now().After(end) {
						t.Fatalf("it stays at %s", from)
					}
				}
			}
			for i := range 20 {
				from := where()
				if i%2 == 0 {
					r.add("zaqar")
					leaves(from)
					at("after adding", "You accepted the tag Zaqar")
				} else {
					r.done()
					leaves(from)
					at("after leaving it", "You looked at the thread and left its tags as they are")
				}
			}
			left := d.queued("untagged")
			if len(todo)-len(left) != 20 {
				t.Errorf("%d threads left the queue, want 20", len(todo)-len(left))
			}
			from := where()
			r.undo()
			leaves(from)
			at("after undoing", "Nothing says what it is about")
			if now := d.queued("untagged"); len(now) != len(left)+1 {
				t.Errorf("undoing leaves %v of %v", now, left)
			}
			zaqar := 0
			for _, id := range todo {
				tags, err := d.app.ThreadTags(context.Background(), fmt.Sprint(id))
				if err != nil {
					t.Fatal(err)
				}
				if slices.ContainsFunc(tags.Decisions, func(d TagDecision) bool { return d.Who == "ada@example.org" && d.Accept && d.Tag.Name == "zaqar" }) {
					zaqar++
				}
			}
			if zaqar != 10 {
				t.Errorf("%d threads have the tag that was added to ten", zaqar)
			}
			// A key in a field is only a letter.
			if scripts {
				here := where()
				browser.Type("#add", "drunk")
				if where() != here || len(d.queued("untagged")) != len(left)+1 || !strings.Contains(peertest.Evaluate[string](browser, `document.querySelector("#add").value`), "drunk") {
					t.Error("keys act in a field")
				}
				// Who types ahead of the list has none of what was typed before.
				peertest.Evaluate[bool](browser, `document.querySelector("#add").value = "", true`)
				browser.Keys("zaqar")
				at("the list of tags", "Zaqar (project:zaqar)")
				peertest.Evaluate[bool](browser, `(window.fetch = () => new Promise(() => {}), true)`)
				browser.Keys("x")
				if n := peertest.Evaluate[int](browser, `document.querySelector("#found-tags").children.length`); n != 0 {
					t.Errorf("the list has %d tags of what was typed before", n)
				}
			}
		})
	}
}

// deskHands is how somebody works at the desk.
type deskHands struct {
	open, done, undo func()
	add              func(tag string)
}

// listens waits until a page takes keys: those that are pressed before are lost.
func listens(b *peertest.Browser) {
	for !peertest.Evaluate[bool](b, `document.readyState === "complete" && !document.querySelector("#keyhint[hidden]")`) {
		time.Sleep(20 * time.Millisecond)
	}
}

func byKeys(b *peertest.Browser) deskHands {
	press := func(keys string) {
		listens(b)
		b.Keys(keys)
	}
	return deskHands{
		open: func() { press("n") }, done: func() { press("d") }, undo: func() { press("u") },
		add: func(tag string) {
			press("t")
			// The key and its letter are two events of the driver, and under load the
			// letter may come when the field has the focus already.
			for !peertest.Evaluate[bool](b, `document.activeElement.id === "add" && (document.activeElement.value = "", true)`) {
				time.Sleep(20 * time.Millisecond)
			}
			time.Sleep(50 * time.Millisecond)
			peertest.Evaluate[bool](b, `(document.activeElement.value = "", true)`)
			b.Keys(tag)
			if shown, ok := b.Shows("Zaqar (project:zaqar)", 20*time.Second); !ok {
				panic("no list of tags: " + shown)
			}
			b.Keys("\r")
		},
	}
}

func byButtons(b *peertest.Browser) deskHands {
	return deskHands{
		open: func() { b.Press("#queue a") }, done: func() { b.Press("[data-key=done]") }, undo: func() { b.Press("[data-key=undo]") },
		add: func(tag string) {
			b.Type("#add", tag)
			b.Press("#adding button")
		},
	}
}

// Axe-core finds nothing wrong with what comes of acting at the desk. The pages as one
// finds them are those of TestEveryPage.
func TestReviewPagesInABrowser(t *testing.T) {
	t.Parallel()
	browser := peertest.Chromium(t)
	w := newWorld(t)
	d := openReview(t, w, sigpost.RoleAdmin)
	w.run(d.app)
	browser.Visit(d.site.URL+"/", peertest.View{})
	peertest.Evaluate[string](browser, fmt.Sprintf(`document.cookie = "%s=%s; path=/"`, d.cookie.Name, d.cookie.Value))
	follow := func(path string) {
		t.Helper()
		browser.Visit(d.site.URL+path, peertest.View{})
	}
	at := func(words string) {
		t.Helper()
		if shown, ok := browser.Shows(words, 20*time.Second); !ok {
			t.Fatalf("%q is not shown, but %s", words, shown)
		}
	}
	follow("/review/sample")
	browser.Press("main form:not(.lastact) button")
	at("left to judge")
	look(t, browser, "the sample")
	next := func() string {
		return peertest.Evaluate[string](browser, `document.querySelector("#next").dataset.tag + document.querySelector("#next a").textContent`)
	}
	browser.Press("#next button[name=verdict]")
	at("1 of 1 were right")
	at("You accepted the tag")
	if !peertest.Evaluate[bool](browser, `location.hash === "#next" && document.activeElement.id === "next" && document.querySelector("#next").getBoundingClientRect().top < innerHeight`) {
		t.Error("after judging it does not go on to the next one")
	}
	was := next()
	browser.Keys("r")
	at("1 of 2 were right")
	if next() == was {
		t.Errorf("by a key it stays at %s", was)
	}
	browser.Keys("?")
	at("the chosen tag is right")
	look(t, browser, "the keys of the sample")
	browser.Keys("\r")
	follow("/review/threads/1")
	browser.Press("input[name=message]")
	browser.Press("button[value=split]")
	at("These threads would come of it")
	look(t, browser, "what a split would do")
	follow("/report/1")
	browser.Press("input[name=wrong]")
	browser.Press("main form button")
	at("A reviewer will look")
	look(t, browser, "reported")
	follow("/review/1")
	at("A reader says that it is not about")
	look(t, browser, "a reported thread")
}
