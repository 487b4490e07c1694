package signin

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"sigpost"
)

// busyRows know a session, and cannot be written to.
type busyRows struct{ Rows }

func (busyRows) Session(context.Context, string) (sigpost.WebSession, error) {
	return sigpost.WebSession{ID: 7, Addr: "jo@example.org", Seen: time.Unix(0, 0), Expires: time.Unix(1e6, 0)}, nil
}

func (busyRows) SeeSession(context.Context, int64, time.Time) error {
	return errors.New("the database is locked")
}

// Who has signed in is let in while it cannot be noted that they were here.
func TestASessionIsNotNoted(t *testing.T) {
	var log strings.Builder
	d := Desk{Rows: busyRows{}, Clock: func() time.Time { return time.Unix(1e5, 0) }, Log: slog.New(slog.NewTextHandler(&log, nil)),
		People: func() []sigpost.Person { return []sigpost.Person{{Addr: "jo@example.org", Role: sigpost.RoleReviewer}} }}
	p, err := d.Person(t.Context(), "secret")
	if err != nil || p.Role != sigpost.RoleReviewer || p.Session != 7 || !strings.Contains(log.String(), "the database is locked") {
		t.Errorf("%+v, %v; the log says %s", p, err, log.String())
	}
}

func TestLocalPath(t *testing.T) {
	for back, want := range map[string]string{
		"/": "/", "/review?a=b&c=%2F": "/review?a=b&c=%2F", "/m/a@example.org": "/m/a@example.org",
		"": "", "review": "", "https://evil.example/": "", "//evil.example": "", "/\\evil.example": "", "\\\\evil.example": "", "/\t/evil.example": "",
		"/a\r\nSet-Cookie: x": "", " /": "", "javascript:alert(1)": "", "/sign-in": "", "/sign-in/token": "", "/sign-out": "", "/é": "",
		"/preferences/token": "", "/confirm/token?x": "", "/unsubscribe/token": "", "/privacy": "/privacy", "/" + strings.Repeat("x", 1000): "",
	} {
		if got := LocalPath(back); got != want {
			t.Errorf("%q: %q, want %q", back, got, want)
		}
	}
}

// Wherever it leads, it is on this site.
func FuzzLocalPath(f *testing.F) {
	for _, back := range []string{"/a?b#c", "//a", "/\\a", "/..//a", "/%2f/a"} {
		f.Add(back)
	}
	base, err := url.Parse("https://digest.example.org/sign-in/x")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, back string) {
		path := LocalPath(back)
		if path == "" {
			return
		}
		u, err := base.Parse(path)
		if err == nil && (u.Host != base.Host || u.Scheme != base.Scheme) {
			t.Errorf("%q leads to %s", back, u)
		}
	})
}

func TestSecrets(t *testing.T) {
	one, hash := newSecret()
	other, _ := newSecret()
	if one == other || len(one) != 43 || hash != hashOf(one) || len(hash) != 64 || strings.Contains(hash, one) {
		t.Errorf("%s %s %s", one, other, hash)
	}
}
