package peertest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// riverUI is the version that docs/workers.md names, made with the versions of River and
// all else that it names itself.
const riverUI = "riverqueue.com/riverui/cmd/riverui@v0.22.0"

// RiverUI starts River's pages over the queue in a schema of a database, and stops them
// when the test ends. It gives their address, where they want a password.
func RiverUI(t testing.TB, dsn, schema, user, password string) (url string) {
	t.Helper()
	bin := t.TempDir()
	install := exec.Command(Need(t, "River's pages", "go")[0], "install", riverUI)
	install.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=")
	install.Dir = bin // of no module
	if out, err := install.CombinedOutput(); err != nil {
		leftOut(t, "River's pages were left out: go install %s: %v\n%s", riverUI, err, out)
	}
	addr := FreeAddr(t)
	host, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(filepath.Join(bin, "riverui"))
	cmd.Env = append(os.Environ(), "DATABASE_URL="+dsn, "RIVER_SCHEMA="+schema, "RIVER_HOST="+host, "PORT="+port,
		"RIVER_BASIC_AUTH_USER="+user, "RIVER_BASIC_AUTH_PASS="+password)
	runUntilEnd(t, cmd)
	if err := WaitFor(addr, 30*time.Second); err != nil {
		t.Fatalf("River's pages do not start: %v", err)
	}
	return "http://" + addr
}
