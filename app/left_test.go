package app

import (
	"os"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/subscribe"
)

// Who leaves has left, also where the archive is put back to a time before that.
func TestWhoHasLeftLeavesARestoredArchive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.digestKeys = "editions = [\"month\"]\n"
	reopen := func() *App {
		a, err := Open(t.Context(), w.config(), Options{Now: w.clock})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := reopen()
	all := map[string]sigpost.Subscription{}
	for _, name := range []string{"click", "operator", "erased", "stays", "returns"} {
		all[name] = w.subscribe(a, name+"@example.net")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	saved, err := os.ReadFile(w.dsn)
	if err != nil {
		t.Fatal(err)
	}

	w.setNow(monday.Add(time.Hour))
	a = reopen()
	door := subscribe.NewDoor(a.tokens, a.rows(), a.now)
	// A power cut left one line half written.
	if err := os.WriteFile(a.leftFile(), []byte("left 1461"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"click", "returns"} {
		if _, err := door.Unsubscribe(t.Context(), a.tokens.Unsubscribe(all[name].ID)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Unsubscribe(t.Context(), w.digest(a), "operator@example.net"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Erase(t.Context(), "erased@example.net", ""); err != nil {
		t.Fatal(err)
	}
	w.setNow(monday.Add(2 * time.Hour))
	w.subscribe(a, "returns@example.net")
	// Saying it without need harms nobody who came back.
	if r, err := a.Restored(t.Context()); err != nil || r.Left != 0 {
		t.Errorf("nothing was put back: %+v, %v", r, err)
	}
	if s := w.state(a, all["returns"]); s != sigpost.SubscriptionActive {
		t.Errorf("who came back is %s", s)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if noted, err := os.ReadFile(a.leftFile()); err != nil || strings.Contains(string(noted), "example.net") || len(strings.Fields(string(noted))) != 2+4*4 {
		t.Errorf("noted is\n%s%v", noted, err)
	}

	if err := os.WriteFile(w.dsn, saved, 0o600); err != nil {
		t.Fatal(err)
	}
	a = reopen()
	defer a.Close()
	if s := w.state(a, all["click"]); s != sigpost.SubscriptionActive {
		t.Fatalf("the archive was not put back: %s", s)
	}
	if r, err := a.Restored(t.Context()); err != nil || r.Left != 4 {
		t.Errorf("%+v, %v", r, err)
	}
	for name, want := range map[string]sigpost.SubscriptionState{"click": "ended", "operator": "ended", "stays": "active", "returns": "ended"} {
		if got := w.state(a, all[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if why, err := a.suppressed(t.Context(), "erased@example.net"); why == "" || err != nil {
		t.Errorf("who was erased is known: %q, %v", why, err)
	}
}
