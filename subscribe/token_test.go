package subscribe_test

import (
	"encoding/base64"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost/subscribe"
)

var secret = []byte("thirty-two bytes of a test secret")

func TestTokenNamesItsSubscription(t *testing.T) {
	tokens := subscribe.NewTokens(secret)
	for _, id := range []int64{1, 17, math.MaxInt64} {
		token := tokens.Unsubscribe(id)
		if len(token) != 36 || strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			t.Errorf("%q cannot stand in a URL as it is", token)
		}
		if got, err := tokens.ParseUnsubscribe(token); err != nil || got != id {
			t.Errorf("%d became %d, %v", id, got, err)
		}
		if again := subscribe.NewTokens(secret).Unsubscribe(id); again != token {
			t.Errorf("the token for %d changed", id)
		}
	}
}

// Links in letters that were sent must work for ever: this pins the format.
func TestTokenFormatStays(t *testing.T) {
	const old = "AQAAAAAAAAAqEcF9SsenVcIbAatTc7JbVwMx"
	if got := subscribe.NewTokens(secret).Unsubscribe(42); got != old {
		t.Errorf("got %s, want %s", got, old)
	}
}

func TestTokenIsRefused(t *testing.T) {
	tokens := subscribe.NewTokens(secret)
	good := tokens.Unsubscribe(42)
	raw, _ := base64.RawURLEncoding.DecodeString(good)
	raw[0] = 2
	cases := map[string]struct{ token, says string }{
		"empty":          {"", "not whole"},
		"cut off":        {good[:30], "not whole"},
		"with more":      {good + "AAAA", "not whole"},
		"with a line":    {good[:18] + "\n" + good[18:], "not whole"},
		"not base64":     {strings.Repeat("ä", 18), "not whole"},
		"other version":  {base64.RawURLEncoding.EncodeToString(raw), "newest letter"},
		"other secret":   {subscribe.NewTokens([]byte("another secret of good length")).Unsubscribe(42), "newest letter"},
		"other id":       {subscribe.NewTokens(secret).Unsubscribe(43)[:12] + good[12:], "newest letter"},
		"without secret": {subscribe.NewTokens(nil).Unsubscribe(42), "newest letter"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			id, err := tokens.ParseUnsubscribe(c.token)
			if !errors.Is(err, subscribe.ErrToken) || id != 0 || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %d, %v", id, err)
			}
		})
	}
	short := subscribe.NewTokens([]byte("too short"))
	if _, err := short.ParseUnsubscribe(short.Unsubscribe(42)); !errors.Is(err, subscribe.ErrToken) {
		t.Errorf("a short secret was used: %v", err)
	}
}

// No token that differs in any way from the one that was made is taken.
func TestTokenCannotBeChanged(t *testing.T) {
	tokens := subscribe.NewTokens(secret)
	rapid.Check(t, func(t *rapid.T) {
		good := tokens.Unsubscribe(rapid.Int64Min(1).Draw(t, "id"))
		at := rapid.IntRange(0, len(good)-1).Draw(t, "at")
		with := rapid.SampledFrom([]byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=\n ")).Draw(t, "with")
		bad := good[:at] + string(with) + good[at+1:]
		if _, err := tokens.ParseUnsubscribe(bad); bad != good && !errors.Is(err, subscribe.ErrToken) {
			t.Fatalf("%q was taken for %q: %v", bad, good, err)
		}
	})
}

func FuzzParseUnsubscribe(f *testing.F) {
	tokens := subscribe.NewTokens(secret)
	f.Add(tokens.Unsubscribe(42))
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, token string) {
		id, err := tokens.ParseUnsubscribe(token)
		if err == nil && tokens.Unsubscribe(id) != token {
			t.Errorf("%q is taken for subscription %d", token, id)
		}
	})
}

// Letters hold these tokens in places of a fixed size.
func TestTimedTokens(t *testing.T) {
	tokens := subscribe.NewTokens(secret)
	until := noon.Add(48 * time.Hour)
	made := map[string]string{"preferences": tokens.Preferences(7, 3, until), "confirm": tokens.Confirm(7, until)}
	for name, token := range made {
		if len(token) != 44 || strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			t.Errorf("%s: %q cannot stand in a URL as it is", name, token)
		}
	}
	for _, c := range []struct {
		name, token string
		at          time.Time
		err         error
	}{
		{"good", made["preferences"], noon, nil},
		{"on its last day", made["preferences"], until.Add(11 * time.Hour), nil},
		{"a day late", made["preferences"], until.Add(12 * time.Hour), subscribe.ErrExpired},
		{"of another purpose", made["confirm"], noon, subscribe.ErrToken},
		{"to unsubscribe", tokens.Unsubscribe(7), noon, subscribe.ErrToken},
		{"of another secret", subscribe.NewTokens([]byte("another secret of good length")).Preferences(7, 3, until), noon, subscribe.ErrToken},
	} {
		id, serial, err := tokens.ParsePreferences(c.token, c.at)
		if !errors.Is(err, c.err) || c.err == nil && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if known := c.err != subscribe.ErrToken; known != (id == 7 && serial == 3) {
			t.Errorf("%s: it is for %d, %d", c.name, id, serial)
		}
	}
	if _, err := tokens.ParseConfirm(made["preferences"], noon); !errors.Is(err, subscribe.ErrToken) {
		t.Errorf("a token for preferences confirms: %v", err)
	}
	if _, err := tokens.ParseUnsubscribe(made["preferences"]); !errors.Is(err, subscribe.ErrToken) {
		t.Errorf("a token for preferences unsubscribes: %v", err)
	}
}

// What an older secret has made is valid for as long as that one is known.
func TestRotatedSecrets(t *testing.T) {
	young := []byte("a young secret of good length")
	old, rotated, forgotten := subscribe.NewTokens(secret), subscribe.NewTokens(young, secret), subscribe.NewTokens(young)
	if id, err := rotated.ParseUnsubscribe(old.Unsubscribe(42)); err != nil || id != 42 {
		t.Errorf("old links: %d, %v", id, err)
	}
	if _, _, err := rotated.ParsePreferences(old.Preferences(42, 0, noon), noon); err != nil {
		t.Errorf("old links: %v", err)
	}
	if _, err := forgotten.ParseUnsubscribe(old.Unsubscribe(42)); !errors.Is(err, subscribe.ErrToken) {
		t.Errorf("the old secret is known: %v", err)
	}
	if rotated.Unsubscribe(42) != forgotten.Unsubscribe(42) || rotated.Unsubscribe(42) == old.Unsubscribe(42) {
		t.Error("new links are not made with the new secret")
	}
	hash, name := old.SuppressionHash("Ada@example.org")
	if !slices.Contains(rotated.SuppressionHashes("ada@example.org"), hash) || slices.Contains(forgotten.SuppressionHashes("ada@example.org"), hash) {
		t.Error("an address is not known by its hash")
	}
	if !slices.Contains(rotated.Secrets(), name) || slices.Contains(forgotten.Secrets(), name) {
		t.Errorf("the secrets are %q, %q", rotated.Secrets(), name)
	}
}

func FuzzParsePreferences(f *testing.F) {
	tokens := subscribe.NewTokens(secret)
	f.Add(tokens.Preferences(42, 1, noon))
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, token string) {
		id, serial, err := tokens.ParsePreferences(token, noon)
		if err == nil && tokens.Preferences(id, serial, noon) != token {
			t.Errorf("%q is taken for subscription %d", token, id)
		}
	})
}

func BenchmarkPreferences(b *testing.B) {
	tokens := subscribe.NewTokens(secret)
	for i := range b.N {
		tokens.Preferences(int64(i), 3, noon)
	}
}
