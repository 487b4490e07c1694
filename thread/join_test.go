package thread

import (
	"strings"
	"testing"
	"time"

	"sigpost"
)

func TestSubjectKey(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"folded", "Re: [sig] Bays  or CLUSTERS?", "bays or clusters?"},
		{"what it was before", "Bays (was: Clusters)", "bays"},
		{"a version and a number", "Re: [sig] [PATCH v2 1/3] x: drop y", "1/3 v2 x: drop y"},
		{"a bug's number", "[Bug #1234] Crash at start", "#1234 crash at start"},
		{"no subject", "Re:", ""},
		{"says nothing", "Re: Hi!", ""},
		{"says nothing either", "(no subject)", ""},
		{"one letter", "x", ""},
		{"another script", "回复：集群升级", "集群升级"},
		{"very long", strings.Repeat("é", maxKey), strings.Repeat("é", maxKey/2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := SubjectKey(&sigpost.Message{Subject: c.in}); got != c.want {
				t.Errorf("%q: %q, want %q", c.in, got, c.want)
			}
			if got := SubjectKey(&sigpost.Message{Subject: c.in, Robot: true}); got != "" {
				t.Errorf("%q of a robot: %q", c.in, got)
			}
		})
	}
}

func TestJoinsBySubject(t *testing.T) {
	type change func(m, older *sigpost.Message)
	for _, c := range []struct {
		name   string
		change change
		want   bool
	}{
		{"an answer", func(m, older *sigpost.Message) {}, true},
		{"to an answer", func(m, older *sigpost.Message) { older.Answering = true }, true},
		{"to what has references", func(m, older *sigpost.Message) { older.References = []sigpost.MessageID{"x"} }, true},
		{"no answer", func(m, older *sigpost.Message) { m.Answering = false }, false},
		{"with references", func(m, older *sigpost.Message) { m.References = []sigpost.MessageID{"x"} }, false},
		{"another subject", func(m, older *sigpost.Message) { older.Subject = "Clusters" }, false},
		{"another list", func(m, older *sigpost.Message) { older.Lists = []string{"dev"} }, false},
		{"one list of two", func(m, older *sigpost.Message) { older.Lists = []string{"dev", "sig"} }, true},
		{"another List-Id", func(m, older *sigpost.Message) {
			m.Lists, older.Lists = nil, nil
			m.ListIDs, older.ListIDs = []string{"sig.example.org"}, []string{"dev.example.org"}
		}, false},
		{"no list at all", func(m, older *sigpost.Message) { m.Lists, older.Lists = nil, nil }, true},
		{"later", func(m, older *sigpost.Message) { older.Received = m.Received.Add(time.Second) }, false},
		{"at the same moment", func(m, older *sigpost.Message) { older.Received = m.Received }, true},
		{"just in time", func(m, older *sigpost.Message) { older.Received = m.Received.Add(-JoinWindow) }, true},
		{"too old", func(m, older *sigpost.Message) { older.Received = m.Received.Add(-JoinWindow - 1) }, false},
		{"a robot", func(m, older *sigpost.Message) { older.Robot = true }, false},
		{"itself", func(m, older *sigpost.Message) { *older = *m }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			older := msg(1, "z")
			older.Subject, older.Lists = "Bays", []string{"sig"}
			m := msg(9, "m")
			m.Subject, m.Lists, m.Answering = "Re: bays", []string{"sig"}, true
			c.change(m, older)
			if got := JoinsBySubject(m, older); got != c.want {
				t.Errorf("%v", got)
			}
			_, joined := joins([]*sigpost.Message{older, m})[m]
			if Compare(older, m) < 0 && joined != c.want {
				t.Errorf("joined: %v", joined)
			}
		})
	}
}
