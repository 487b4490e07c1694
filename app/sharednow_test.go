package app

import (
	"testing"
	"time"

	"sigpost/store/storetest"
)

// What is due is decided by the database's clock, whatever this machine's shows: no issue
// is composed of a window that has not ended, nor of one that a wrong clock makes up.
func TestComposeByTheDatabasesClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dsn = storetest.Postgres(t)
	a := w.open()
	if _, err := a.Ingest(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The app's clock is wrong as the machine's is.
	wrong := func(d time.Duration) {
		w.setNow(monday.Add(d))
		a.machine = func() time.Time { return time.Now().Add(d) }
	}
	composes := func(want bool) {
		t.Helper()
		if _, due, err := a.windowDue(t.Context(), w.digest(a)); due != want || err != nil {
			t.Errorf("due: %v, %v", due, err)
		}
		r, err := a.Compose(t.Context(), w.digest(a))
		if err != nil || (r.Composed != nil) != want {
			t.Fatalf("%+v, %v", r, err)
		}
		if want && !r.Composed.Window.To.Equal(time.Date(2016, 4, 25, 7, 0, 0, 0, time.UTC)) {
			t.Errorf("the window ends %s", r.Composed.Window.To)
		}
	}
	for _, ahead := range []time.Duration{8 * 24 * time.Hour, -10 * time.Minute} {
		wrong(ahead)
		if ahead > 0 {
			composes(true) // the last window, and not the next one
		}
		composes(false)
	}
}
