package store

import (
	"context"
	"fmt"
	"time"

	"sigpost"
)

// AddSignInLink keeps a link, by the hash of its secret.
func (db *DB) AddSignInLink(ctx context.Context, hash string, l sigpost.SignInLink) error {
	_, err := db.insert(ctx, "sign_in_links (hash, addr, way, back, made, expires)",
		[][]any{{hash, l.Addr, string(l.Way), clean(l.Back), micros(l.Made), micros(l.Expires)}})
	return db.fail("keeping a link to sign in", err)
}

// SignInLink gives a link that can be used at now. The error wraps
// sigpost.ErrNotFound where it was used, is too old, or never was.
func (db *DB) SignInLink(ctx context.Context, hash string, now time.Time) (sigpost.SignInLink, error) {
	l, err := first(ctx, db, func(row scanner) (l sigpost.SignInLink, err error) {
		var made, expires int64
		err = row.Scan(&l.Addr, &l.Way, &l.Back, &made, &expires)
		l.Made, l.Expires = moment(made), moment(expires)
		return l, err
	}, `SELECT addr, way, back, made, expires FROM sign_in_links WHERE hash = $1 AND used = 0 AND expires > $2`, hash, micros(now))
	return l, db.fail("looking for a link to sign in", err)
}

// UseSignInLink uses a link up; ok is false where somebody was quicker.
func (db *DB) UseSignInLink(ctx context.Context, hash string, now time.Time) (ok bool, err error) {
	n, err := db.exec(ctx, `UPDATE sign_in_links SET used = $2 WHERE hash = $1 AND used = 0 AND expires > $2`, hash, micros(now))
	return n > 0, db.fail("using a link to sign in", err)
}

// AddSession keeps a session, by the hash of its secret, and gives its number.
func (db *DB) AddSession(ctx context.Context, hash string, s sigpost.WebSession) (id int64, err error) {
	err = db.scan(ctx, `INSERT INTO sessions (hash, addr, addr_key, way, network, agent, created, seen, expires)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8) RETURNING id`,
		[]any{hash, s.Addr, addrKey(s.Addr), string(s.Way), clean(s.Network), clean(s.Agent), micros(s.Created), micros(s.Expires)}, &id)
	return id, db.fail("keeping a session", err)
}

const sessionColumns = `id, addr, way, network, agent, created, seen, expires, revoked`

func readSession(row scanner) (s sigpost.WebSession, err error) {
	var created, seen, expires, revoked int64
	err = row.Scan(&s.ID, &s.Addr, &s.Way, &s.Network, &s.Agent, &created, &seen, &expires, &revoked)
	s.Created, s.Seen, s.Expires, s.Revoked = moment(created), moment(seen), moment(expires), moment(revoked)
	return s, err
}

// Session gives the session whose secret has a hash, open or not.
func (db *DB) Session(ctx context.Context, hash string) (sigpost.WebSession, error) {
	s, err := first(ctx, db, readSession, `SELECT `+sessionColumns+` FROM sessions WHERE hash = $1`, hash)
	return s, db.fail("looking for a session", err)
}

// SessionByNumber gives a session, open or not.
func (db *DB) SessionByNumber(ctx context.Context, id int64) (sigpost.WebSession, error) {
	s, err := first(ctx, db, readSession, `SELECT `+sessionColumns+` FROM sessions WHERE id = $1`, id)
	return s, db.fail(fmt.Sprintf("looking for session %d", id), err)
}

// SeeSession notes that a session is used.
func (db *DB) SeeSession(ctx context.Context, id int64, at time.Time) error {
	_, err := db.exec(ctx, `UPDATE sessions SET seen = $2 WHERE id = $1 AND seen < $2`, id, micros(at))
	return db.fail(fmt.Sprintf("noting that session %d is used", id), err)
}

// RevokeSession ends a session; ok is false where it had been ended already.
func (db *DB) RevokeSession(ctx context.Context, id int64, at time.Time) (ok bool, err error) {
	n, err := db.exec(ctx, `UPDATE sessions SET revoked = $2 WHERE id = $1 AND revoked = 0`, id, micros(at))
	return n > 0, db.fail(fmt.Sprintf("ending session %d", id), err)
}

// Sessions gives the sessions of an address that hold at now, or everybody's where
// it is empty, newest first; at most 200.
func (db *DB) Sessions(ctx context.Context, addr string, now time.Time) ([]sigpost.WebSession, error) {
	query, args := `SELECT `+sessionColumns+` FROM sessions WHERE revoked = 0 AND expires > $1`, []any{micros(now)}
	if addr != "" {
		query, args = query+` AND addr_key = $2`, append(args, addrKey(addr))
	}
	all, err := collect(ctx, db, readSession, query+` ORDER BY id DESC LIMIT 200`, args...)
	return all, db.fail("reading sessions", err)
}

// SignedInEver says whether anybody has ever signed in.
func (db *DB) SignedInEver(ctx context.Context) (ever bool, err error) {
	var n int
	err = db.scan(ctx, `SELECT count(*) FROM (SELECT 1 AS one FROM audit WHERE action = $1 LIMIT 1) AS found`, []any{string(sigpost.AuditSignIn)}, &n)
	return n > 0, db.fail("looking whether anybody has signed in", err)
}
