package work

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// saySame is how long nothing is said again that River has said: while the database is
// away, each of its parts says so at each attempt.
const saySame = time.Minute

// quiet leaves of a log what somebody should look at, each once in a while: River tells
// much.
func quiet(log *slog.Logger) *slog.Logger {
	return slog.New(warnings{log.Handler(), saidWithin(saySame)})
}

type warnings struct {
	slog.Handler
	said *said
}

// said is when messages were said last.
type said struct {
	within time.Duration
	mu     sync.Mutex
	last   map[string]time.Time
}

// saidWithin is of what is not to be said again within a time.
func saidWithin(d time.Duration) *said { return &said{within: d, last: map[string]time.Time{}} }

// again says whether a message was said a short time before.
func (s *said) again(message string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.last[message]) < s.within {
		return true
	}
	s.last[message] = now
	return false
}

// Enabled passes warnings and errors.
func (h warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

// softStop is what River says, behind the name of a part of it, when jobs go on for longer
// than soft after the process is to end. For one that sends, or reads a mailbox, that is so
// each time: it is told to end by this, and goes on elsewhere.
const softStop = ": Soft stop timeout; cancelling remaining job contexts"

// Handle passes what was not just said; the rest stands there for who debugs.
func (h warnings) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasSuffix(r.Message, softStop) || h.said.again(r.Message, r.Time) {
		if r.Level = slog.LevelDebug; !h.Handler.Enabled(ctx, r.Level) {
			return nil
		}
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps passing only those.
func (h warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{h.Handler.WithAttrs(attrs), h.said}
}

// WithGroup keeps passing only those.
func (h warnings) WithGroup(name string) slog.Handler {
	return warnings{h.Handler.WithGroup(name), h.said}
}
