package peertest

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// postgresUser is the database's superuser and its databases' owner.
const postgresUser = "sigpost"

// postgresServer is a PostgreSQL of this process's own.
type postgresServer struct {
	bin       string // folder of its programs
	folder    string // of its data
	addr      string
	password  string
	databases atomic.Int64
	// model is the database that PostgresLike copies, "" before it is there.
	model     string
	modelLock sync.Mutex
	// alive is the keeper's standard input. Were it forgotten, the garbage
	// collector would close it and so end the server.
	alive io.Closer
}

// postgres is started by the first test that asks. All tests of a process
// share it, since making one takes seconds; each has a database of its own.
var postgres = struct {
	sync.Mutex
	server *postgresServer
	err    error
}{}

// Postgres gives the URL of a new, empty PostgreSQL database that is dropped
// when the test ends. The server is private: an ordinary user's process in a
// temporary folder on a loopback port, without fsync. It ends with this
// process, however that ends.
func Postgres(t testing.TB) (dsn string) {
	t.Helper()
	server := sharedPostgres(t)
	return server.dsn(server.newDatabase(t))
}

// PostgresServer is a PostgreSQL of one test's own, which it may let fail.
type PostgresServer struct {
	DSN string // of an empty database

	t      testing.TB
	server *postgresServer
}

// PostgresOwn starts a server for one test. It ends with the test.
func PostgresOwn(t testing.TB) *PostgresServer {
	t.Helper()
	bin := filepath.Dir(Need(t, "PostgreSQL",
		"/usr/lib/postgresql/*/bin/initdb", "/usr/lib/postgresql/*/bin/postgres", "/usr/lib/postgresql/*/bin/createdb", "/usr/lib/postgresql/*/bin/pg_ctl")[0])
	server, err := startPostgres(bin)
	if err != nil {
		t.Fatalf("PostgreSQL does not start: %v", err)
	}
	t.Cleanup(func() { server.alive.Close() })
	if err := server.run("createdb", "own"); err != nil {
		t.Fatal(err)
	}
	return &PostgresServer{DSN: server.dsn("own"), t: t, server: server}
}

// Listen has it listen at another address of this machine too, starting it again, and gives
// the URL there.
func (p *PostgresServer) Listen(host string) (dsn string) {
	p.t.Helper()
	rules, err := os.OpenFile(filepath.Join(p.server.folder, "data", "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = fmt.Fprintln(rules, "host all all samenet scram-sha-256")
		err = errors.Join(err, rules.Close())
	}
	if err != nil {
		p.t.Fatal(err)
	}
	was, port, _ := net.SplitHostPort(p.server.addr)
	p.Settings("listen_addresses = " + was + "," + host)
	return strings.Replace(p.DSN, p.server.addr, net.JoinHostPort(host, port), 1)
}

// Restart stops the server as a crash would, without a word to its clients, and
// starts it again: it recovers from its log.
func (p *PostgresServer) Restart() {
	p.t.Helper()
	p.Away(func() {})
}

// Away does something while the server is stopped as by Restart.
func (p *PostgresServer) Away(do func()) {
	p.t.Helper()
	p.control("stop", "-m", "immediate")
	do()
	command, err := os.ReadFile(p.options())
	if err != nil {
		p.t.Fatal(err)
	}
	_, options, _ := strings.Cut(strings.TrimSpace(string(command)), " ")
	// Its output goes to a file, or whoever waits for pg_ctl's would wait for the server.
	p.control("start", "-l", filepath.Join(p.server.folder, "log.again"), "-o", options)
}

// options is where the server writes what it was started with.
func (p *PostgresServer) options() string {
	return filepath.Join(p.server.folder, "data", "postmaster.opts")
}

func (p *PostgresServer) control(args ...string) {
	p.t.Helper()
	owner, err := ordinaryUser(p.server.folder)
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(p.server.bin, "pg_ctl"), append(args, "-w", "-t", "60", "-D", filepath.Join(p.server.folder, "data"))...)
	cmd.Dir, cmd.SysProcAttr = p.server.folder, owner
	if err := cmd.Run(); err != nil {
		p.t.Fatalf("PostgreSQL does not %s: %v: %v", args[0], err, lastWords(p.server.folder))
	}
}

// Settings changes settings of the server, and starts it again for them.
func (p *PostgresServer) Settings(lines ...string) {
	p.t.Helper()
	// What stands on its command line wins over its files, and is told it again from
	// this one.
	text, err := os.ReadFile(p.options())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, " = ")
		text = append(bytes.TrimSpace(text), fmt.Sprintf(" \"-c\" \"%s=%s\"\n", name, value)...)
	}
	if err := os.WriteFile(p.options(), text, 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.Restart()
}

// CPU is what the server has taken of it, with all its processes.
func (p *PostgresServer) CPU() time.Duration {
	p.t.Helper()
	pid, err := os.ReadFile(filepath.Join(p.server.folder, "data", "postmaster.pid"))
	if err != nil {
		p.t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(pid), "\n")
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		p.t.Fatal(err)
	}
	var ticks int64
	for _, path := range all {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// Behind the name: state, parent, ...; utime, stime, cutime, cstime are the
		// 12th to 15th (proc(5)).
		number, rest, _ := strings.Cut(string(data), " ")
		fields := strings.Fields(rest[strings.LastIndexByte(rest, ')')+1:])
		own := number == first
		if !own && fields[1] != first {
			continue
		}
		last := 13
		if own { // those that have ended
			last = 15
		}
		for _, f := range fields[11:last] {
			n, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				p.t.Fatal(err)
			}
			ticks += n
		}
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on all that Go runs on
	return time.Duration(ticks) * tick
}

// PostgresLike is Postgres with a copy of what fill has put into an empty
// database, at the first call in this process. Every call gives the same fill, which
// leaves no connection open.
func PostgresLike(t testing.TB, fill func(dsn string) error) (dsn string) {
	t.Helper()
	server := sharedPostgres(t)
	server.modelLock.Lock()
	defer server.modelLock.Unlock()
	if server.model == "" {
		const model = "model"
		if err := server.run("createdb", model); err != nil {
			t.Fatal(err)
		}
		if err := fill(server.dsn(model)); err != nil {
			t.Fatal(err)
		}
		server.model = model
	}
	return server.dsn(server.newDatabase(t, "--template", server.model))
}

// sharedPostgres is the server of this process.
func sharedPostgres(t testing.TB) *postgresServer {
	t.Helper()
	bin := filepath.Dir(Need(t, "PostgreSQL",
		"/usr/lib/postgresql/*/bin/initdb", "/usr/lib/postgresql/*/bin/postgres", "/usr/lib/postgresql/*/bin/createdb")[0])
	postgres.Lock()
	defer postgres.Unlock()
	if postgres.server == nil && postgres.err == nil {
		postgres.server, postgres.err = startPostgres(bin)
	}
	if postgres.err != nil {
		t.Fatalf("PostgreSQL does not start: %v", postgres.err)
	}
	return postgres.server
}

// newDatabase makes a database that is dropped when the test ends.
func (s *postgresServer) newDatabase(t testing.TB, options ...string) (name string) {
	t.Helper()
	name = fmt.Sprintf("test%d", s.databases.Add(1))
	if err := s.run("createdb", append(options, name)...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.run("dropdb", "--force", name); err != nil {
			t.Error(err)
		}
	})
	return name
}

func (s *postgresServer) dsn(database string) string {
	return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", postgresUser, s.password, s.addr, database)
}

// run runs one of PostgreSQL's client programs against the server.
func (s *postgresServer) run(program string, args ...string) error {
	host, port, _ := net.SplitHostPort(s.addr)
	cmd := exec.Command(filepath.Join(s.bin, program), append([]string{"-h", host, "-p", port, "-U", postgresUser, "-w"}, args...)...)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+s.password)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w: %s", program, args, err, out)
	}
	return nil
}

// keepPostgres runs the server for as long as its standard input is open,
// which is as long as the tests' process lives, and then removes its folder.
// QUIT is PostgreSQL's immediate shutdown: nothing here is worth saving.
const keepPostgres = `
"$0" "$@" & pid=$!
read nothing
kill -QUIT $pid $(head -n 1 "$FOLDER/data/postmaster.pid")
wait $pid
rm -rf "$FOLDER"`

func startPostgres(bin string) (_ *postgresServer, err error) {
	folder, err := os.MkdirTemp("", "sigpost-postgres-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, lastWords(folder))
			os.RemoveAll(folder)
		}
	}()
	owner, err := ordinaryUser(folder)
	if err != nil {
		return nil, err
	}
	s := &postgresServer{bin: bin, folder: folder, password: rand.Text()}
	// The file must be the owner's too: PostgreSQL's folder holds all of it.
	password := filepath.Join(folder, "password")
	if err := os.WriteFile(password, []byte(s.password), 0o644); err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", postgresUser, "--pwfile", password,
		"--auth", "scram-sha-256", "-E", "UTF8", "--locale", "C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = folder, owner
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	s.addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	// Output goes to a file: a test's own output stays open, and the go
	// command waiting, for as long as any process holds it.
	keeper := exec.Command("/bin/sh", "-c", keepPostgres, filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "synchronous_commit=off",
		"-c", "full_page_writes=off", "-c", "shared_buffers=32MB", "-c", "max_connections=200")
	keeper.Env = append(os.Environ(), "FOLDER="+folder)
	keeper.Dir, keeper.SysProcAttr, keeper.Stdout, keeper.Stderr = folder, owner, log, log
	if s.alive, err = keeper.StdinPipe(); err != nil {
		return nil, err
	}
	if err := keeper.Start(); err != nil {
		return nil, err
	}
	if err := WaitFor(s.addr, 30*time.Second); err != nil {
		return nil, err
	}
	return s, s.awaken()
}

// awaken waits until the server, which listens before it is ready, serves.
func (s *postgresServer) awaken() (err error) {
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		if err = s.run("createdb", "ready"); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// ordinaryUser says as whom the server runs, which root must not be, and gives
// them the folder.
func ordinaryUser(folder string) (*syscall.SysProcAttr, error) {
	// Out of the terminal's reach: an interrupt ends the tests, and their end
	// ends the server.
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() != 0 {
		return attr, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, os.Chown(folder, uid, gid)
}

// lastWords are what the server wrote to its log.
func lastWords(folder string) error {
	log, err := os.ReadFile(filepath.Join(folder, "log"))
	if err != nil || len(log) == 0 {
		return nil
	}
	return fmt.Errorf("its log says: %s", log[max(0, len(log)-2000):])
}
