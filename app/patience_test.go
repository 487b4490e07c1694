package app

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// impatient is a world in which somebody wants to know of what goes wrong, where all goes
// well for an hour.
func impatient(t *testing.T, after string) (*world, *App, *called) {
	t.Helper()
	w, hook := newWorld(t), listening(t)
	w.more = "[alerts]\nmail = [\"ops@example.org\"]\nwebhook = \"" + hook.URL + "/hook\"\nping_url = \"" + hook.URL + "/ping\"\nafter = \"" + after + "\"\n"
	a := w.open()
	w.steps(a, monday.Add(time.Hour))
	if n := w.operator(""); n != 0 {
		t.Fatalf("%d letters of nothing", n)
	}
	hook.take()
	return w, a, hook
}

// breaks has the mailbox fail from when it is read next, and gives that time.
func (w *world) breaks(a *App) time.Time {
	w.t.Helper()
	w.write("password", "wrong")
	if _, err := a.DoJob(w.t.Context(), "read test/INBOX"); err == nil {
		w.t.Fatal("nothing fails")
	}
	return w.clock()
}

// posted gives what the webhook was told since this was called last.
func (c *called) posted(t *testing.T) (kinds []AlertKind, all []Alert) {
	t.Helper()
	asked, bodies := c.take()
	for i, how := range asked {
		if how != "POST /hook" {
			continue
		}
		var a Alert
		if err := json.Unmarshal([]byte(bodies[i]), &a); err != nil {
			t.Fatal(err)
		}
		kinds, all = append(kinds, a.Kind), append(all, a)
	}
	return kinds, all
}

// A job that fails for a while and then goes well is nobody's trouble: neither the
// failure nor the recovery is told.
func TestShortTroubleIsNotTold(t *testing.T) {
	t.Parallel()
	w, a, hook := impatient(t, "")
	since := w.breaks(a)
	w.steps(a, since.Add(10*time.Minute))
	troubles, err := a.Store.Troubles(t.Context())
	if err != nil || len(troubles) != 1 || !troubles[0].Since.Equal(since) || !troubles[0].Told.IsZero() {
		t.Fatalf("%+v, %v", troubles, err)
	}
	w.write("password", w.imap.Password)
	w.steps(a, since.Add(2*time.Hour))
	if kinds, _ := hook.posted(t); len(kinds)+w.operator("") > 0 {
		t.Errorf("told %v, %d letters", kinds, w.operator(""))
	}
	if troubles, err = a.Store.Troubles(t.Context()); err != nil || len(troubles) != 0 {
		t.Errorf("left over: %+v, %v", troubles, err)
	}
}

// One that goes on failing is told when the time is over, also between two attempts, with
// since when it fails; and so, once, is its recovery.
func TestLastingTroubleIsTold(t *testing.T) {
	t.Parallel()
	for after, enough := range map[string]time.Duration{"": 15 * time.Minute, "0": 0, "10m": 10 * time.Minute, "45m": 45 * time.Minute} {
		t.Run(after, func(t *testing.T) {
			t.Parallel()
			w, a, hook := impatient(t, after)
			since := w.breaks(a)
			if enough > 0 {
				w.steps(a, since.Add(enough-time.Second))
				if kinds, _ := hook.posted(t); len(kinds)+w.operator("") > 0 {
					t.Errorf("told too soon: %v, %d letters", kinds, w.operator(""))
				}
			}
			w.steps(a, since.Add(enough))
			kinds, all := hook.posted(t)
			if len(kinds) != 1 || kinds[0] != AlertBegins || all[0].Name != "read test/INBOX" || !all[0].Since.Equal(since) || !all[0].At.Equal(since.Add(enough)) || !strings.Contains(all[0].Words, "password") {
				t.Errorf("told %+v", all)
			}
			w.steps(a, since.Add(enough+2*time.Hour))
			w.write("password", w.imap.Password)
			w.steps(a, since.Add(enough+4*time.Hour))
			if kinds, _ := hook.posted(t); len(kinds) != 1 || kinds[0] != AlertOver {
				t.Errorf("then told %v", kinds)
			}
			if wrong, well := w.operator("Wrong: read test/INBOX"), w.operator("Well again: read test/INBOX"); wrong != 1 || well != 1 {
				t.Errorf("%d letters that it fails, and %d that it is over", wrong, well)
			}
		})
	}
}

// Where nothing ran for hours, what failed before is tried before it is told.
func TestTroubleIsTriedBeforeItIsTold(t *testing.T) {
	t.Parallel()
	w, a, hook := impatient(t, "")
	since := w.breaks(a)
	w.write("password", w.imap.Password)
	w.setNow(since.Add(3 * time.Hour))
	if _, err := a.DoJob(t.Context(), "alerts"); err != nil {
		t.Fatal(err)
	}
	w.steps(a, since.Add(4*time.Hour))
	if kinds, _ := hook.posted(t); len(kinds)+w.operator("") > 0 {
		t.Errorf("told %v, %d letters", kinds, w.operator(""))
	}
}

// The dead-man's-switch has the same patience.
func TestPingHasPatience(t *testing.T) {
	t.Parallel()
	w, a, hook := impatient(t, "")
	since := w.breaks(a)
	for _, c := range []struct {
		after time.Duration
		want  string
	}{{5 * time.Minute, "GET /ping"}, {16 * time.Minute, "POST /ping/fail"}} {
		w.setNow(since.Add(c.after))
		hook.take()
		if _, err := a.DoJob(t.Context(), "ping"); err != nil {
			t.Fatal(err)
		}
		if asked, _ := hook.take(); len(asked) != 1 || asked[0] != c.want {
			t.Errorf("after %s: %v", c.after, asked)
		}
	}
}

// A run of cron's tells at once where nothing else is said (TestTroubleIsToldOnce), since
// nobody knows when the next one comes; where a time is given, it holds for runs, too.
func TestRunsHavePatienceWhereItIsGiven(t *testing.T) {
	t.Parallel()
	w, a, hook := impatient(t, "15m")
	begin := w.clock()
	for _, c := range []struct {
		at    time.Duration
		fails bool
		want  []AlertKind
	}{
		{0, true, nil}, {10 * time.Minute, false, nil}, // and never told
		{20 * time.Minute, true, nil}, {30 * time.Minute, true, nil}, {40 * time.Minute, true, []AlertKind{AlertBegins}}, {50 * time.Minute, true, nil},
		{60 * time.Minute, false, []AlertKind{AlertOver}}, {70 * time.Minute, false, nil},
	} {
		w.setNow(begin.Add(c.at))
		w.write("password", map[bool]string{true: "wrong", false: w.imap.Password}[c.fails])
		if _, err := a.Run(t.Context(), false); (err != nil) != c.fails {
			t.Fatalf("after %s: %v", c.at, err)
		}
		if kinds, _ := hook.posted(t); strings.Join(words(kinds), " ") != strings.Join(words(c.want), " ") {
			t.Errorf("after %s: told %v, want %v", c.at, kinds, c.want)
		}
	}
}

func words(kinds []AlertKind) (all []string) {
	for _, k := range kinds {
		all = append(all, string(k))
	}
	return all
}
