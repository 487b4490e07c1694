package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"sigpost"
	"sigpost/store"
)

func entry(who string, action sigpost.AuditAction, kind sigpost.AuditKind, object string, hour int) sigpost.AuditEntry {
	return sigpost.AuditEntry{At: hours(hour), Who: who, Action: action, Kind: kind, Object: object, Says: "did it\x00", Detail: `{"a":1}`, Undo: `{"b":2}`}
}

func numbers(all []sigpost.AuditEntry) (ids []int64) {
	for _, e := range all {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestAudit(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		check(t, db.Audit(ctx, entry("ada@example.org", sigpost.AuditTagAccept, sigpost.AuditThread, "12", 0)))
		check(t, db.Audit(ctx, entry("ben", sigpost.AuditTagReject, sigpost.AuditThread, "12", 1)))
		check(t, db.Audit(ctx, entry("ada@example.org", sigpost.AuditIssueApprove, sigpost.AuditIssue, "weekly/3", 2)))
		check(t, db.Audit(sigpost.ActingAs(ctx, "eve"), entry("", sigpost.AuditTagReject, sigpost.AuditThread, "13", 3)))
		check(t, db.Audit(ctx, entry("", sigpost.AuditTagReject, sigpost.AuditThread, "14", 4)))
		for name, c := range map[string]struct {
			query store.AuditQuery
			want  []int64
		}{
			"all":          {store.AuditQuery{}, []int64{5, 4, 3, 2, 1}},
			"a page":       {store.AuditQuery{Limit: 2}, []int64{5, 4}},
			"the next":     {store.AuditQuery{Limit: 2, Before: 4}, []int64{3, 2}},
			"who":          {store.AuditQuery{Who: "ada@example.org"}, []int64{3, 1}},
			"acting":       {store.AuditQuery{Who: "eve"}, []int64{4}},
			"the program":  {store.AuditQuery{Who: sigpost.AuditProgram}, []int64{5}},
			"action":       {store.AuditQuery{Action: sigpost.AuditTagReject}, []int64{5, 4, 2}},
			"kind":         {store.AuditQuery{Kind: sigpost.AuditIssue}, []int64{3}},
			"object":       {store.AuditQuery{Kind: sigpost.AuditThread, Object: "12"}, []int64{2, 1}},
			"since":        {store.AuditQuery{Since: hours(2)}, []int64{5, 4, 3}},
			"since later":  {store.AuditQuery{Since: hours(5)}, nil},
			"all together": {store.AuditQuery{Who: "ada@example.org", Action: sigpost.AuditTagAccept, Kind: sigpost.AuditThread, Object: "12", Since: start, Before: 9}, []int64{1}},
		} {
			equal(t, name, numbers(must(db.AuditLog(ctx, c.query))(t)), c.want)
		}
		want := entry("ada@example.org", sigpost.AuditTagAccept, sigpost.AuditThread, "12", 0)
		want.ID, want.Says = 1, "did it\uFFFD"
		equal(t, "an entry", must(db.AuditEntry(ctx, 1))(t), want)
		if _, err := db.AuditEntry(ctx, 99); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("no entry: %v", err)
		}
		undo := entry("ben", sigpost.AuditTagReject, sigpost.AuditThread, "12", 5)
		undo.Undoes = 1
		check(t, db.Audit(ctx, undo))
		if e := must(db.AuditEntry(ctx, 1))(t); e.UndoneBy != 6 {
			t.Errorf("undone by %d", e.UndoneBy)
		}
		if err := db.Audit(ctx, undo); !errors.Is(err, store.ErrUndone) {
			t.Errorf("undone twice: %v", err)
		}
		equal(t, "entries", len(must(db.AuditLog(ctx, store.AuditQuery{}))(t)), 6)
		if _, err := db.Rows(ctx, 1, `UPDATE audit SET who = 'mallory' WHERE id = 1 RETURNING id`); err == nil || !strings.Contains(err.Error(), "frozen") {
			t.Errorf("what was done can be changed: %v", err)
		}
	})
}

// An entry is gone with what it tells of.
func TestAuditIsOfTheTransaction(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		failed := errors.New("it failed")
		err := db.Tx(t.Context(), func(tx *store.DB) error {
			check(t, tx.Audit(t.Context(), entry("ada", sigpost.AuditTagAccept, sigpost.AuditThread, "1", 0)))
			return failed
		})
		if !errors.Is(err, failed) || len(must(db.AuditLog(t.Context(), store.AuditQuery{}))(t)) != 0 {
			t.Errorf("%v", err)
		}
	})
}

func TestSessions(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		s := sigpost.WebSession{Addr: "Ada@example.org", Way: sigpost.SignInByMail, Network: "192.0.2.0/24", Agent: "Browser", Created: start, Expires: hours(24)}
		s.ID = must(db.AddSession(ctx, "hash", s))(t)
		s.Seen = start
		equal(t, "kept", must(db.Session(ctx, "hash"))(t), s)
		if !s.Open(hours(23)) || s.Open(hours(24)) {
			t.Error("it does not end when it expires")
		}
		check(t, db.SeeSession(ctx, s.ID, hours(2)))
		check(t, db.SeeSession(ctx, s.ID, hours(1)))
		s.Seen = hours(2)
		equal(t, "seen", must(db.SessionByNumber(ctx, s.ID))(t), s)
		other := s
		other.Addr = "ben@example.org"
		other.ID = must(db.AddSession(ctx, "other", other))(t)
		for addr, n := range map[string]int{"ada@EXAMPLE.org": 1, "": 2, "eve@example.org": 0} {
			equal(t, "sessions of "+addr, len(must(db.Sessions(ctx, addr, hours(3)))(t)), n)
		}
		equal(t, "when they are over", len(must(db.Sessions(ctx, "", hours(24)))(t)), 0)
		if ok := must(db.RevokeSession(ctx, s.ID, hours(4)))(t); !ok {
			t.Error("it cannot be revoked")
		}
		if ok := must(db.RevokeSession(ctx, s.ID, hours(5)))(t); ok {
			t.Error("it was revoked twice")
		}
		if got := must(db.Session(ctx, "hash"))(t); got.Open(hours(5)) || !got.Revoked.Equal(hours(4)) {
			t.Errorf("revoked: %+v", got)
		}
		check(t, db.Forget(ctx, hours(25), hours(10)))
		if _, err := db.Session(ctx, "hash"); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("the session is kept for ever: %v", err)
		}
		must(db.Session(ctx, "other"))(t)
	})
}

func TestSignInLinks(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		l := sigpost.SignInLink{Addr: "ada@example.org", Way: sigpost.SignInByTerminal, Back: "/review?x=1", Made: start, Expires: hours(1)}
		check(t, db.AddSignInLink(ctx, "hash", l))
		equal(t, "kept", must(db.SignInLink(ctx, "hash", start))(t), l)
		for _, hash := range []string{"", "has", "hash "} {
			if _, err := db.SignInLink(ctx, hash, start); !errors.Is(err, sigpost.ErrNotFound) {
				t.Errorf("%q: %v", hash, err)
			}
		}
		if ok := must(db.UseSignInLink(ctx, "hash", hours(1)))(t); ok {
			t.Error("used too late")
		}
		for i, want := range []bool{true, false} {
			if ok := must(db.UseSignInLink(ctx, "hash", start))(t); ok != want {
				t.Errorf("time %d: %t", i+1, ok)
			}
		}
		if _, err := db.SignInLink(ctx, "hash", start); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("used: %v", err)
		}
		check(t, db.Forget(ctx, hours(1), start))
		if n := must(db.Rows(ctx, 1, `SELECT hash FROM sign_in_links`))(t); len(n) != 0 {
			t.Error("links are kept for ever")
		}
		ever := func() bool { return must(db.SignedInEver(context.Background()))(t) }
		if ever() {
			t.Error("somebody has signed in")
		}
		check(t, db.Audit(ctx, entry("ada", sigpost.AuditSignIn, sigpost.AuditSession, "1", 0)))
		if !ever() {
			t.Error("nobody has signed in")
		}
	})
}

// What is asked for each request, and each page of the log, is found by an index.
func TestPeopleAreFoundByIndexes(t *testing.T) {
	db := open(t, engines[0].dsn(t))
	ctx := t.Context()
	var statements []string
	check(t, db.Tx(ctx, func(tx *store.DB) error {
		id := must(tx.AddSession(ctx, "hash", sigpost.WebSession{Addr: "ada@example.org", Way: sigpost.SignInByMail, Created: start, Expires: hours(1)}))(t)
		must(tx.Session(ctx, "hash"))(t)
		check(t, tx.SeeSession(ctx, id, hours(1)))
		must(tx.Sessions(ctx, "ada@example.org", start))(t)
		check(t, tx.AddSignInLink(ctx, "hash", sigpost.SignInLink{Way: sigpost.SignInByMail, Expires: hours(1)}))
		must(tx.SignInLink(ctx, "hash", start))(t)
		must(tx.UseSignInLink(ctx, "hash", start))(t)
		must(tx.SignedInEver(ctx))(t)
		for _, q := range []store.AuditQuery{{Who: "ada"}, {Action: sigpost.AuditSignIn}, {Kind: sigpost.AuditThread, Object: "1"}, {Since: start}, {Before: 3}, {Who: "ada", Since: start, Before: 3}} {
			must(tx.AuditLog(ctx, q))(t)
		}
		statements = tx.Compiled()
		return nil
	}))
	if len(statements) < 13 {
		t.Errorf("%d statements", len(statements))
	}
	for _, query := range statements {
		how := plan(t, db, query)
		for _, table := range []string{"audit", "sessions", "sign_in_links"} {
			if strings.Contains(how, "SCAN "+table) && !strings.Contains(how, "USING INDEX audit_at") && !strings.Contains(how, "USING COVERING INDEX") || strings.Contains(how, "TEMP B-TREE") {
				t.Errorf("%s\n%s", query, how)
			}
		}
	}
}
