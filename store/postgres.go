package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresConns bounds the connections of one process.
const postgresConns = 10

func (e *engine) connectPostgres(ctx context.Context, dsn string) error {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The error may quote the URL with its password.
		return errors.New("the database's postgres:// URL cannot be understood; it should look like postgres://user:password@host:5432/database")
	}
	e.dialect = postgresDialect()
	e.where = fmt.Sprintf("%s on %s", config.Database, net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))))
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	if config.RuntimeParams["application_name"] == "" {
		// Whoever waits for the lock reads this: see DB.Lock.
		config.RuntimeParams["application_name"] = holderName("")
	}
	if e.readOnly {
		config.RuntimeParams["default_transaction_read_only"] = "on"
	}
	endWhenQuiet(config, keepalive)
	e.pool = stdlib.OpenDB(*config)
	e.pool.SetMaxOpenConns(postgresConns)
	e.pool.SetMaxIdleConns(postgresConns)
	e.pool.SetConnMaxIdleTime(time.Minute)
	if err := e.pool.PingContext(ctx); err != nil {
		e.pool.Close()
		return e.fail("connecting", postgresRefusal(e.where, config.User, err))
	}
	// Apart from the pool, so that those who hold locks leave each other the
	// connections that they work with. It connects when it is first asked.
	EndWhenLost(config)
	e.locks = stdlib.OpenDB(*config)
	e.locks.SetMaxIdleConns(1)
	e.locks.SetConnMaxIdleTime(time.Minute)
	return nil
}

// keepalive has the server notice within half a minute that who has a connection is gone
// without a word, where it waits for them: their transaction ends, and others need not
// wait for its locks. By itself it takes hours. It is said when there is a connection, since a pooler would
// refuse it before.
const keepalive = `set_config('tcp_keepalives_idle', '15', false), set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)`

// untaken does so where they have not taken what it said, until the transaction ends
// (true) or for good (false).
const untaken = `set_config('tcp_user_timeout', '30000', %t)`

// silent ends a transaction that others wait for whose process has said nothing for two
// minutes, though its machine answers for it: it is stopped, or hangs.
const silent = `set_config('idle_in_transaction_session_timeout', '120000', true)`

// EndWhenLost has both ends give up a connection within half a minute after the other one
// is gone.
func EndWhenLost(config *pgx.ConnConfig) {
	endWhenQuiet(config, keepalive+`, `+fmt.Sprintf(untaken, false))
}

// endWhenQuiet does so by what is said to the server. By keepalive alone it waits on for what is not
// taken: who reads much may stand still for as long as they like, such as a dump into a pipe. Who has
// others wait says untaken as well.
func endWhenQuiet(config *pgx.ConnConfig, settings string) {
	// pgx's own would wait for an answer for six minutes that was lost.
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}, Control: endUntaken}
	config.DialFunc = dialer.DialContext
	config.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		return conn.Exec(ctx, `SELECT `+settings).Close()
	}
}

// Unprotected says whether whoever is between this machine and PostgreSQL could read
// along, and the URL does not say that this is meant: without sslmode, pgx speaks in
// clear text where the server offers no TLS, and takes any certificate.
func Unprotected(dsn string) bool {
	if IsFile(dsn) {
		return false
	}
	u, err := url.Parse(dsn)
	config, wrong := pgx.ParseConfig(dsn)
	if err != nil || wrong != nil || u.Query().Get("sslmode") != "" || os.Getenv("PGSSLMODE") != "" || os.Getenv("PGSERVICE") != "" || u.Query().Get("service") != "" {
		return false
	}
	hosts := []string{config.Host}
	for _, other := range config.Fallbacks {
		hosts = append(hosts, other.Host)
	}
	return slices.ContainsFunc(hosts, func(host string) bool {
		ip := net.ParseIP(host)
		return !strings.HasPrefix(host, "/") && host != "localhost" && (ip == nil || !ip.IsLoopback())
	})
}

// postgresRefusal puts into words why there is no connection.
func postgresRefusal(where, user string, err error) error {
	switch postgresCode(err) {
	case "28P01", "28000": // invalid_password, invalid_authorization_specification
		return &failure{fmt.Sprintf("PostgreSQL does not let %s in to the database %s; put the user and password right in the database's URL", user, where), err}
	case "3D000": // invalid_catalog_name
		return &failure{fmt.Sprintf("PostgreSQL has no database %s; make it with createdb, or name another", where), err}
	}
	var refused *pgconn.ConnectError
	switch {
	case postgresCode(err) == tooManyConnections:
		return &failure{noMoreConnections(where, err), err}
	case errors.As(err, &refused):
		return &failure{fmt.Sprintf("PostgreSQL cannot be reached for the database %s; see that it runs and that the host and port are right (%s)", where, rootCause(err)), err}
	}
	return err
}

// tooManyConnections is too_many_connections.
const tooManyConnections = "53300"

// noMoreConnections says what to do about it. The numbers are in docs/workers.md, too.
func noMoreConnections(where string, err error) string {
	return fmt.Sprintf("PostgreSQL gives no more connections to the database %s; raise max_connections or the CONNECTION LIMIT of the role: "+
		"a process takes up to %d and one for each lock that it holds, of \"sigpost work\" up to 28 (%s)", where, postgresConns, rootCause(err))
}

// isDisconnected says whether an error is that there is no connection to PostgreSQL, or
// none any more.
func isDisconnected(err error) bool {
	var refused *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &refused) || errors.As(err, &network) || pgconn.SafeToRetry(err) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// postgresCode is the SQLSTATE of an error of PostgreSQL, or "".
func postgresCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// rootCause is the innermost error: pgx wraps it in the addresses that it
// tried, over several lines.
func rootCause(err error) error {
	for {
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			if e.Unwrap() == nil {
				return err
			}
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			all := e.Unwrap()
			if len(all) == 0 {
				return err
			}
			err = all[len(all)-1]
		default:
			return err
		}
	}
}
