package store

import (
	"context"
	"database/sql/driver"
)

// SQLite's driver compiles a statement anew for each call, and database/sql
// keeps a transaction's statements no longer than the transaction. A fetch says
// the same few dozen sentences in each batch, with lists of hundreds of
// parameters in them, so that connections remember what they have compiled.

// maxKept is how many statements a connection remembers, which bounds the
// memory that they take.
const maxKept = 128

// remembering makes connections that remember compiled statements.
type remembering struct{ driver.Connector }

// Connect opens a connection.
func (r remembering) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &rememberingConn{c.(sqliteConn), map[string]sqliteStmt{}}, nil
}

// sqliteConn and sqliteStmt are what the driver's connections and statements
// can do.
type (
	sqliteConn interface {
		driver.Conn
		driver.ConnPrepareContext
		driver.ConnBeginTx
		driver.ExecerContext
		driver.Pinger
		driver.SessionResetter
		driver.Validator
	}
	sqliteStmt interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
)

// rememberingConn has in idle the compiled statements that nobody uses, by
// their text. It has no QueryContext, so that database/sql compiles what is
// asked. What is executed beside transactions is not: it may be many statements.
type rememberingConn struct {
	sqliteConn
	idle map[string]sqliteStmt
}

// PrepareContext gives a compiled statement, to its caller alone: the rows of
// one may be open while the same text is asked again.
func (c *rememberingConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if s := c.idle[query]; s != nil {
		delete(c.idle, query)
		return &rememberedStmt{s, c, query}, nil
	}
	s, err := c.sqliteConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &rememberedStmt{s.(sqliteStmt), c, query}, nil
}

// Prepare is PrepareContext.
func (c *rememberingConn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// Close lets go of the statements first: SQLite leaves a file open while it has
// any.
func (c *rememberingConn) Close() error {
	for query, s := range c.idle {
		s.Close() // the connection is given up whatever it says
		delete(c.idle, query)
	}
	return c.sqliteConn.Close()
}

// rememberedStmt goes back to its connection when it is closed. The driver has
// reset it by then: it does so after each call, and when rows are closed.
type rememberedStmt struct {
	sqliteStmt
	conn  *rememberingConn
	query string
}

// Close gives the statement back.
func (s *rememberedStmt) Close() error {
	if s.conn.idle[s.query] != nil || len(s.conn.idle) >= maxKept {
		return s.sqliteStmt.Close()
	}
	s.conn.idle[s.query] = s.sqliteStmt
	return nil
}
