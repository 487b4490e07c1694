package peertest

import (
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
// Each line that it reads before ends the server so and starts it again.
const keepPostgres = `
"$0" "$@" & pid=$!
while read again; do
  kill -QUIT $pid
  wait $pid
  "$0" "$@" & pid=$!
done
kill -QUIT $pid
wait $pid
rm -rf "$FOLDER"`

// PostgresAlone is Postgres on a server of the test's own, which restart stops in the
// middle of whatever it does (an immediate shutdown) and starts again, with the same
// data. What it said was committed is there afterwards.
func PostgresAlone(t testing.TB) (dsn string, restart func()) {
	t.Helper()
	bin := filepath.Dir(Need(t, "PostgreSQL", "/usr/lib/postgresql/*/bin/initdb", "/usr/lib/postgresql/*/bin/postgres", "/usr/lib/postgresql/*/bin/createdb")[0])
	s, err := startPostgres(bin, "-c", "synchronous_commit=on")
	if err != nil {
		t.Fatalf("PostgreSQL does not start: %v", err)
	}
	t.Cleanup(func() { s.alive.Close() })
	if err := s.run("createdb", "alone"); err != nil {
		t.Fatal(err)
	}
	return s.dsn("alone"), func() {
		t.Helper()
		if _, err := io.WriteString(s.alive.(io.Writer), "again\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond) // until it has stopped
		if err := WaitFor(s.addr, 30*time.Second); err != nil {
			t.Fatal(err)
		}
	}
}

func startPostgres(bin string, options ...string) (_ *postgresServer, err error) {
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
	s := &postgresServer{bin: bin, password: rand.Text()}
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
	keeper := exec.Command("/bin/sh", append([]string{"-c", keepPostgres, filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "synchronous_commit=off",
		"-c", "full_page_writes=off", "-c", "shared_buffers=32MB", "-c", "max_connections=200"}, options...)...)
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
