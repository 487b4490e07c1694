// Package logs writes what the program says of its work: one structured line each,
// without the addresses of readers and the tokens in their links.
package logs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"

	"sigpost"
)

// Format is how lines are written.
type Format string

// The formats.
const (
	Text Format = "text" // key=value
	JSON Format = "json" // an object a line
)

// New makes a logger that writes lines of at least a level. Lines that are about a
// request have its id (WithRequest), as "request". Mail addresses lose what stands in front of the @, in all values but "who"
// and "by", which are of those who look after the archive; Message-IDs stay whole.
func New(w io.Writer, format Format, level slog.Leveler) *slog.Logger {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: discreet}
	var lines slog.Handler = slog.NewTextHandler(w, o)
	if format == JSON {
		lines = slog.NewJSONHandler(w, o)
	}
	return slog.New(&handler{lines})
}

type requestKey struct{}

// WithRequest gives a context whose lines are about a request.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestOf is the id of the request that a context is of, or "".
func RequestOf(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// handler puts the request of the context on each line.
type handler struct{ slog.Handler }

// Handle writes a line.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestOf(ctx); id != "" {
		r.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the request.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the request.
func (h *handler) WithGroup(name string) slog.Handler { return &handler{h.Handler.WithGroup(name)} }

// discreet is a value as it may stand in a log.
func discreet(_ []string, a slog.Attr) slog.Attr {
	if a.Key == "who" || a.Key == "by" {
		return a
	}
	switch a.Value.Kind() {
	case slog.KindString:
		if text := a.Value.String(); telling(text) {
			a.Value = slog.StringValue(Discreet(text))
		}
	case slog.KindAny:
		v := a.Value.Any()
		if _, public := v.(sigpost.MessageID); public {
			return a
		}
		if text := fmt.Sprintf("%+v", v); telling(text) {
			a.Value = slog.StringValue(Discreet(text))
		}
	}
	return a
}

func telling(text string) bool { return strings.ContainsAny(text, "@/") }

var (
	// address is what may be a mail address, with the part in front of the @ first: as in
	// RFC 5322, section 3.4.1, and more, since it is better to hide too much.
	address = regexp.MustCompile(`(?:"[^"\n]{0,64}"|[^\s<>"'(),:;\\\[\]/@]+)@([\pL\pN\[])`)
	// link is a page whose path has somebody's token.
	link = regexp.MustCompile(`/(unsubscribe|confirm|preferences|sign-in)/[^\s"'<>?#]+`)
)

// Discreet takes out of a text what is in front of the @ of mail addresses, and the
// tokens in links.
func Discreet(text string) string {
	if strings.Contains(text, "/") {
		text = link.ReplaceAllString(text, "/$1/…")
	}
	if strings.Contains(text, "@") {
		text = address.ReplaceAllString(text, "…@$1")
	}
	return text
}
