package osa

import (
	"testing"

	"pgregory.net/rapid"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		limit int
		want  int
	}{
		{"magnum", "magnum", 2, 0},
		{"magnum", "mangum", 2, 1},   // swap
		{"magnum", "magnm", 2, 1},    // deletion
		{"magnum", "magnuum", 2, 1},  // insertion
		{"magnum", "magnim", 2, 1},   // substitution
		{"ca", "abc", 3, 3},          // restricted: no part is edited twice
		{"", "abc", 3, 3},            //
		{"kitten", "sitting", 2, 3},  // past the limit: limit+1
		{"kolla", "a", 2, 3},         // lengths alone pass it
		{"ironic", "ironical", 2, 2}, //
	} {
		if got := Distance(c.a, c.b, c.limit); got != c.want {
			t.Errorf("Distance(%q, %q, %d) = %d, want %d", c.a, c.b, c.limit, got, c.want)
		}
	}
}

func TestDistanceIsSymmetricAndBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringMatching(`[a-c]{0,9}`).Draw(t, "a")
		b := rapid.StringMatching(`[a-c]{0,9}`).Draw(t, "b")
		limit := rapid.IntRange(0, 9).Draw(t, "limit")
		full := Distance(a, b, MaxLen)
		if full != Distance(b, a, MaxLen) {
			t.Fatal("not symmetric")
		}
		if got := Distance(a, b, limit); got != min(full, limit+1) {
			t.Fatalf("with limit %d: %d, without %d", limit, got, full)
		}
		if (full == 0) != (a == b) {
			t.Fatal("0 is for equal words alone")
		}
	})
}

func TestNearest(t *testing.T) {
	words := []string{"mailbox", "mailboxes", "since", "tls"}
	for name, want := range map[string]string{
		"mailbx": "mailbox", "mailboxs": "mailbox", "sinse": "since", "password": "", "tsl": "tls",
	} {
		if got := Nearest(name, words); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
