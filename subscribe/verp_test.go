package subscribe

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestBounceTokens(t *testing.T) {
	tokens := NewTokens([]byte("a secret of enough bytes"))
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Int64Min(1).Draw(t, "id")
		address := BounceAddress("news@lists.example.org", tokens.Bounce(id))
		if local, _, _ := strings.Cut(address, "@"); len(local) > maxLocal {
			t.Fatalf("%s is too long before the @", address)
		}
		if _, _, err := ParseAddress(address); err != nil {
			t.Fatal(err)
		}
		for _, seen := range []string{address, strings.ToUpper(address)} {
			if got, err := tokens.ParseBounce(BounceToken(seen)); err != nil || got != id {
				t.Fatalf("%s: %d, %v, want %d", seen, got, err, id)
			}
		}
		token := tokens.Bounce(id)
		i := rapid.IntRange(0, len(token)-1).Draw(t, "place")
		changed := token[:i] + rapid.StringMatching(`[a-z0-9-]`).Draw(t, "other") + token[i+1:]
		if got, err := tokens.ParseBounce(changed); changed != token && (err == nil || !errors.Is(err, ErrToken)) {
			t.Fatalf("%s was taken for %d", changed, got)
		}
	})
}

func TestNoBounceTokens(t *testing.T) {
	tokens, other := NewTokens([]byte("a secret of enough bytes")), NewTokens([]byte("another secret of bytes"))
	for _, token := range []string{"", "b", "b1", "b1-", "b0-0000000000", "b-1-0000000000", other.Bounce(7), tokens.Bounce(7) + "0", tokens.Unsubscribe(7), NewTokens(nil).Bounce(7)} {
		if id, err := tokens.ParseBounce(token); err == nil {
			t.Errorf("%q is taken for %d", token, id)
		}
	}
	if _, err := NewTokens(nil).ParseBounce(NewTokens(nil).Bounce(7)); err == nil {
		t.Error("without a secret a token is valid")
	}
	for _, address := range []string{"ada@example.org", "ada", "", "@", "+@"} {
		if BounceToken(address) != "" {
			t.Errorf("%q has the token %q", address, BounceToken(address))
		}
	}
}
