package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sigpost"
)

func TestLines(t *testing.T) {
	ctx := WithRequest(t.Context(), "q1")
	for _, format := range []Format{Text, JSON} {
		var b bytes.Buffer
		log := New(&b, format, slog.LevelInfo).With("from", "canary@example.org")
		log.DebugContext(ctx, "not this")
		log.WithGroup("g").InfoContext(ctx, "a letter to canary@example.org", "reply", "550 <canary@example.org>: unknown", "who", "jo@example.net",
			"error", fmt.Errorf("at /unsubscribe/SECRET: %w", errors.New("no mailbox canary@example.org")), "message", sigpost.MessageID("a@list.example"))
		line := b.String()
		for _, want := range []string{"…@example.org", "jo@example.net", "a@list.example", "/unsubscribe/…", "q1"} {
			if !strings.Contains(line, want) {
				t.Errorf("%s: no %q in %s", format, want, line)
			}
		}
		for _, secret := range []string{"canary", "SECRET", "not this"} {
			if strings.Contains(line, secret) {
				t.Errorf("%s: %q is in %s", format, secret, line)
			}
		}
		if format == JSON {
			if err := json.Unmarshal(b.Bytes(), new(map[string]any)); err != nil {
				t.Error(err)
			}
		}
	}
	if RequestOf(ctx) != "q1" || RequestOf(context.Background()) != "" {
		t.Error("the request of a context")
	}
}

// No address comes through, whatever is around it and whatever kind of value it is in.
func TestNoAddressIsLogged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		local := "canary" + rapid.StringMatching(`[a-z0-9.+_=-]{0,8}`).Draw(t, "local")
		before := rapid.SampledFrom([]string{"", "<", "to ", "mailto:", "(", "\"", "rcpt=", "x, ", "é", "\n", "a@b ", "[", "/"}).Draw(t, "before")
		after := rapid.SampledFrom([]string{"", ">", " is unknown", ")", ":", ".", "\"", ",", "\n"}).Draw(t, "after")
		text := before + local + "@" + rapid.SampledFrom([]string{"example.org", "[192.0.2.1]", "münchen.example", "localhost"}).Draw(t, "domain") + after
		value := rapid.SampledFrom([]any{text, errors.New(text), []string{text}, struct{ Addr string }{text}, map[string]string{"a": text}}).Draw(t, "value")
		for _, format := range []Format{Text, JSON} {
			var b bytes.Buffer
			New(&b, format, slog.LevelInfo).Info("x "+text, "value", value)
			if strings.Contains(b.String(), "canary") {
				t.Fatalf("%q is logged as %s", text, &b)
			}
		}
	})
}
