package work

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// What River says again and again is said once in a while, whatever it has beside.
func TestQuiet(t *testing.T) {
	for level, lines := range map[slog.Level]int{slog.LevelInfo: 4, slog.LevelDebug: 15} {
		var b bytes.Buffer
		h := quiet(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: level}))).Handler()
		begin := time.Now()
		for i := range 5 {
			at := begin.Add(time.Duration(i) * saySame / 4)
			for _, message := range []string{"no leader", "no job", "Client: Soft stop timeout; cancelling remaining job contexts"} {
				if !h.Enabled(t.Context(), slog.LevelError) {
					t.Fatal("errors are left out")
				}
				r := slog.NewRecord(at, slog.LevelError, message, 0)
				r.Add("attempt", i)
				if err := h.WithAttrs([]slog.Attr{slog.Int("i", i)}).Handle(context.Background(), r); err != nil {
					t.Fatal(err)
				}
			}
		}
		got := strings.Count(b.String(), "\n")
		errors := strings.Count(b.String(), "level=ERROR")
		if errors != 4 || got != lines {
			t.Errorf("%s: %d lines, %d of them errors:\n%s", level, got, errors, b.String())
		}
		if h.Enabled(t.Context(), slog.LevelInfo) {
			t.Error("what is no warning passes")
		}
	}
}
