package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sigpost"
)

// ErrUndone says that an act was undone already.
var ErrUndone = errors.New("it was undone already")

// Audit writes an entry into the audit log. It belongs into the transaction of what
// it tells of. Who may be empty: then it is sigpost.Acting's. An entry that undoes
// another one marks that; the error wraps ErrUndone where somebody was quicker.
func (db *DB) Audit(ctx context.Context, e sigpost.AuditEntry) error {
	e.Who = cmp.Or(e.Who, sigpost.Acting(ctx))
	err := db.Tx(ctx, func(tx *DB) error {
		var id int64
		err := tx.scan(ctx, `INSERT INTO audit (at, who, action, object_kind, object, says, detail, undo, undoes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
			[]any{micros(e.At), clean(e.Who), string(e.Action), string(e.Kind), clean(e.Object), clean(e.Says), clean(e.Detail), clean(e.Undo), e.Undoes}, &id)
		if err != nil || e.Undoes == 0 {
			return err
		}
		n, err := tx.exec(ctx, `UPDATE audit SET undone_by = $2 WHERE id = $1 AND undone_by = 0`, e.Undoes, id)
		if err == nil && n == 0 {
			err = &failure{fmt.Sprintf("entry %d of the audit log cannot be undone: it was already, or there is none", e.Undoes), ErrUndone}
		}
		return err
	})
	return db.fail("writing the audit log", err)
}

// AuditQuery says which entries are wanted; what is empty does not narrow it.
type AuditQuery struct {
	Who    string
	Action sigpost.AuditAction
	Kind   sigpost.AuditKind
	Object string // with Kind
	Since  time.Time
	Before int64 // only entries of smaller numbers
	Limit  int   // 0 means 100
}

const auditColumns = `id, at, who, action, object_kind, object, says, detail, undo, undoes, undone_by`

func readAudit(row scanner) (e sigpost.AuditEntry, err error) {
	var at int64
	err = row.Scan(&e.ID, &at, &e.Who, &e.Action, &e.Kind, &e.Object, &e.Says, &e.Detail, &e.Undo, &e.Undoes, &e.UndoneBy)
	e.At = moment(at)
	return e, err
}

// AuditLog gives entries of the audit log, newest first.
func (db *DB) AuditLog(ctx context.Context, q AuditQuery) ([]sigpost.AuditEntry, error) {
	var where []string
	var args []any
	narrow := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	if q.Who != "" {
		narrow("who = $%d", q.Who)
	}
	if q.Action != "" {
		narrow("action = $%d", string(q.Action))
	}
	if q.Kind != "" {
		narrow("object_kind = $%d", string(q.Kind))
		if q.Object != "" {
			narrow("object = $%d", q.Object)
		}
	}
	if !q.Since.IsZero() { // numbers grow with time, so the first one since then is where it ends
		narrow("id >= (SELECT id FROM audit WHERE at >= $%d ORDER BY at, id LIMIT 1)", micros(q.Since))
	}
	if q.Before > 0 {
		narrow("id < $%d", q.Before)
	}
	query := `SELECT ` + auditColumns + ` FROM audit`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, " AND ")
	}
	args = append(args, cmp.Or(q.Limit, 100))
	all, err := collect(ctx, db, readAudit, fmt.Sprintf("%s ORDER BY id DESC LIMIT $%d", query, len(args)), args...)
	return all, db.fail("reading the audit log", err)
}

// AuditEntry gives an entry of the audit log. The error wraps sigpost.ErrNotFound
// where there is none of that number.
func (db *DB) AuditEntry(ctx context.Context, id int64) (sigpost.AuditEntry, error) {
	e, err := first(ctx, db, readAudit, `SELECT `+auditColumns+` FROM audit WHERE id = $1`, id)
	return e, db.fail(fmt.Sprintf("reading entry %d of the audit log", id), err)
}
