package app

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/peertest"
	"sigpost/subscribe"
)

// Who leaves, pauses or is erased while their letter waits for a slow server, taken from the ledger
// already, gets none.
func TestWhoLeavesWhileLettersWaitGetsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := w.smtp.Addr
	w.smtp.Addr = peertest.FreeAddr(t)
	a := w.open()
	all := map[string]sigpost.Subscription{}
	for _, name := range []string{"stays", "click", "pauses", "erased"} {
		all[name] = w.subscribe(a, name+"@example.net")
	}
	leave := sync.OnceFunc(func() {
		if n := len(w.letters()); n > 0 {
			t.Errorf("%d letters were sent before anybody was let in", n)
		}
		door := subscribe.NewDoor(a.tokens, a.rows(), a.now)
		if _, err := door.Unsubscribe(t.Context(), a.tokens.Unsubscribe(all["click"].ID)); err != nil {
			t.Error(err)
		}
		s := all["pauses"]
		s.PausedUntil = monday.AddDate(0, 0, 9)
		if _, err := a.Store.SetPreferences(t.Context(), s); err != nil {
			t.Error(err)
		}
		if _, err := a.Erase(t.Context(), "erased@example.net", ""); err != nil {
			t.Error(err)
		}
	})
	slowDoor(t, w.smtp.Addr, server, func() {
		leave()
		time.Sleep(150 * time.Millisecond) // longer than what was seen of a reader holds
	})
	w.setNow(monday.Add(time.Hour))
	w.run(a)
	w.wantOnce("stays@example.net")
	for _, name := range []string{"click", "pauses"} {
		if got := w.letterTo(a, all[name]); got.State != sigpost.DeliverySuppressed {
			t.Errorf("the letter to %s is %s: %s", name, got.State, got.Reply)
		}
	}
}

// slowDoor passes connections on to a server, each behind what comes before.
func slowDoor(t *testing.T, addr, server string, before func()) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				before()
				back, err := net.Dial("tcp", server)
				if err != nil {
					return
				}
				defer back.Close()
				go io.Copy(back, client)
				io.Copy(client, back)
			}()
		}
	}()
}
