package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"sigpost/config"
	"sigpost/internal/peertest"
)

// That the database is away, and is back, stands in the log of each process that works,
// once, whoever asks it for anything.
func TestWorkSaysThatTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	server := peertest.PostgresOwn(t)
	w := newWorld(t)
	w.dsn = server.DSN
	a := w.open()
	a.Config.Work.Look = config.Duration(20 * time.Millisecond)
	lines := a.logged()
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.outdated(ctx) }()
	server.Away(func() {
		await(t, lines, "the database does not answer, so that nothing is done until it does")
		time.Sleep(100 * time.Millisecond)
	})
	if line := <-lines; !strings.Contains(line, "the database answers again") {
		t.Errorf("it says more: %s", line)
	}
	end()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
