package subscribe_test

import (
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"testing"

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
