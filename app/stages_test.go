package app

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/ingest"
	"sigpost/internal/mailtest"
	"sigpost/internal/metrics"
	"sigpost/store"
)

// monitored is a world whose metrics are looked at without serving them.
type monitored struct {
	*world
	app *App
}

func (w *world) monitored() *monitored {
	w.t.Helper()
	v := &monitored{w, w.open()}
	v.app.options.Monitor = newMonitor(Build{})
	return v
}

// series are the values of all metrics of stages, each asked now, by their names and
// labels as they are written.
func (v *monitored) series() map[string]float64 {
	v.t.Helper()
	m := v.app.options.Monitor.metrics
	stop := m.Watch(metrics.Source{Rows: v.app.rowsSeen, Now: v.clock, Census: func(context.Context) (store.Census, error) { return store.Census{}, nil }})
	defer stop()
	answer := httptest.NewRecorder()
	m.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	all := map[string]float64{}
	for _, line := range regexp.MustCompile(`(?m)^(sigpost_stage_\S+) (\S+)$`).FindAllStringSubmatch(answer.Body.String(), -1) {
		value, err := strconv.ParseFloat(line[2], 64)
		if err != nil {
			v.t.Fatal(err)
		}
		all[line[1]] = value
	}
	return all
}

// seriesOf are what there is of a stage: digest is "" where it is of none.
func seriesOf(stage, digest string) []string {
	return []string{
		fmt.Sprintf(`sigpost_stage_waiting_rows{digest=%q,stage=%q}`, digest, stage), fmt.Sprintf(`sigpost_stage_lag_seconds{digest=%q,stage=%q}`, digest, stage),
		fmt.Sprintf(`sigpost_stage_rows_total{result="done",stage=%q}`, stage), fmt.Sprintf(`sigpost_stage_rows_total{result="failed",stage=%q}`, stage),
		fmt.Sprintf(`sigpost_stage_duration_seconds_count{stage=%q}`, stage), fmt.Sprintf(`sigpost_stage_duration_seconds_sum{stage=%q}`, stage),
	}
}

// Each stage has each metric of stages before anything was done, and no stage or digest
// that there is not has one.
func TestEveryStageHasEveryMetric(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.more = "[[digest]]\nname = \"daily\"\nevery = \"day\"\ntitle = \"Daily\"\nfrom = \"daily@digest.example.org\"\nunsubscribe_mailto = \"leave@digest.example.org\"\n"
	all := w.monitored().series()
	want := map[string]bool{}
	for _, stage := range store.Stages() {
		digests := []string{""}
		if store.OfDigests(stage) {
			digests = []string{"weekly", "daily"}
		}
		for _, digest := range digests {
			for _, name := range seriesOf(stage, digest) {
				want[name] = true
				if value, there := all[name]; !there {
					t.Errorf("there is no %s", name)
				} else if value != 0 && stage != store.StageRead && stage != store.StageCompose { // which wait in a new archive
					t.Errorf("%s is %v", name, value)
				}
			}
		}
	}
	for name := range all {
		if !want[name] && !strings.HasPrefix(name, "sigpost_stage_duration_seconds_bucket{") {
			t.Errorf("%s is of no stage", name)
		}
	}
}

func (v *monitored) do(name string) error {
	v.t.Helper()
	_, err := v.app.DoJob(v.t.Context(), name)
	return err
}

func (v *monitored) must(name string) {
	v.t.Helper()
	if err := v.do(name); err != nil {
		v.t.Fatal(err)
	}
}

func (v *monitored) exec(query string) {
	v.t.Helper()
	db, err := sql.Open("sqlite", v.dsn)
	if err != nil {
		v.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		v.t.Fatal(err)
	}
}

// Whatever keeps a stage from its work, its failures rise, by one for each row that
// failed, or for the attempt; those of stages that did well do not. What was not done waits.
func TestStagesFail(t *testing.T) {
	t.Parallel()
	const digestOfStages = "weekly"
	noServer := func(v *monitored) { v.smtp.Close() }
	putBack := func(v *monitored) {
		if err := os.WriteFile(v.app.generationFile(), []byte("99\n"), 0o600); err != nil {
			v.t.Fatal(err)
		}
	}
	refused := mailtest.SMTPFault{At: mailtest.AtRcpt, Code: 550, Text: "5.1.1 no such mailbox"}
	notice := func(v *monitored) {
		if err := v.app.Store.QueueNotice(v.t.Context(), sigpost.Notice{Kind: sigpost.NoticeLink, Digest: digestOfStages, Addr: "ana@readers.example.org",
			Delivery: sigpost.Delivery{MessageID: "n@example.org", Due: v.clock()}, Letter: sigpost.Letter{Subject: "S", Text: "T\n"}}); err != nil {
			v.t.Fatal(err)
		}
	}
	var slack *slackChannel
	for _, c := range []struct {
		name   string
		keys   string   // of the digest
		before []string // jobs that go well
		spoil  func(v *monitored)
		job    string
		// fails are by how much failures rise, and waits what waits then.
		fails map[string]float64
		waits string
	}{
		{"a server that cannot be reached", "", nil, func(v *monitored) { v.imap.Close() }, "read test/INBOX", map[string]float64{"read": 1}, "read"},
		{"a thread that cannot be read", "", []string{"read test/INBOX"}, func(v *monitored) { v.exec(`ALTER TABLE raw_blocks RENAME TO gone`) }, "tag", map[string]float64{"tag": 1}, "tag"},
		{"a mailbox that was not read", "", nil, func(v *monitored) { v.imap.Close() }, "compose weekly", map[string]float64{"compose": 1}, "compose"},
		{"threads that cannot be tagged for an issue", "", []string{"read test/INBOX"}, func(v *monitored) { v.exec(`ALTER TABLE raw_blocks RENAME TO gone`) }, "compose weekly", map[string]float64{"compose": 1}, "compose"},
		{"editors who cannot be told", "review = \"deadline\"\n" + twoEditors, []string{"read test/INBOX", "compose weekly"}, noServer, "review weekly", map[string]float64{"review": 1, "nudges": 1}, "nudges"},
		{"editors who are refused", "review = \"deadline\"\n" + twoEditors, []string{"read test/INBOX", "compose weekly"}, func(v *monitored) { v.smtp.Fail(refused, refused) }, "review weekly", map[string]float64{"review": 1, "nudges": 2}, "review"},
		{"no mail server", "", []string{"read test/INBOX", "compose weekly"}, noServer, "send weekly", map[string]float64{"send": 1}, "send"},
		{"letters that are refused", "", []string{"read test/INBOX", "compose weekly"}, func(v *monitored) { v.smtp.Fail(refused, refused) }, "send weekly", map[string]float64{"send": 2}, ""},
		{"an archive that was put back", "", []string{"read test/INBOX", "compose weekly"}, putBack, "send weekly", map[string]float64{"send": 1}, "send"},
		{"a channel that is gone", "", []string{"read test/INBOX", "compose weekly"}, func(*monitored) { slack.set(refuses(http.StatusGone)) }, "send weekly", map[string]float64{"announce": 1}, ""},
		{"a notice without a server", "", nil, func(v *monitored) { notice(v); noServer(v) }, "notices", map[string]float64{"notices": 1}, "notices"},
		{"a notice that is refused", "", nil, func(v *monitored) { notice(v); v.smtp.Fail(refused) }, "notices", map[string]float64{"notices": 1}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w *world
			w, slack = announcing(t)
			w.digestKeys = c.keys
			v := w.monitored()
			v.subscribe(v.app, "ana@readers.example.org")
			v.subscribe(v.app, "ben@readers.example.org")
			for _, job := range c.before {
				v.must(job)
			}
			c.spoil(v)
			before := v.series()
			err := v.do(c.job)
			v.setNow(v.clock().Add(10 * time.Minute))
			after := v.series()
			for _, stage := range store.Stages() {
				failed := seriesOf(stage, "")[3]
				if rose := after[failed] - before[failed]; rose != c.fails[stage] {
					t.Errorf("the failures of %s rose by %v, want %v (%v)", stage, rose, c.fails[stage], err)
				}
				took := seriesOf(stage, "")[4]
				if rose := after[took] - before[took]; c.name != "an archive that was put back" && c.fails[stage] > 0 && rose != 1 {
					t.Errorf("%s took %v times", stage, rose)
				}
			}
			if c.waits == "" {
				return
			}
			digest := ""
			if store.OfDigests(c.waits) {
				digest = digestOfStages
			}
			of := seriesOf(c.waits, digest)
			if after[of[0]] < 1 || after[of[1]] < 600 {
				t.Errorf("%s: %v rows wait for %v s", c.waits, after[of[0]], after[of[1]])
			}
		})
	}
}

// What goes well is counted as done, once, and nothing waits then.
func TestStagesAreDone(t *testing.T) {
	t.Parallel()
	w, _ := announcing(t)
	w.digestKeys = "review = \"deadline\"\n" + twoEditors
	v := w.monitored()
	v.subscribe(v.app, "ana@readers.example.org")
	v.run(v.app)
	v.later(5 * time.Hour)
	v.run(v.app)
	all := v.series()
	for stage, want := range map[string]float64{"read": 58, "compose": 1, "review": 1, "send": 1, "announce": 1, "notices": 0, "nudges": 2} {
		of := seriesOf(stage, "")
		if all[of[2]] != want || all[of[3]] != 0 {
			t.Errorf("%s has done %v, and %v failed; want %v", stage, all[of[2]], all[of[3]], want)
		}
	}
	if of := seriesOf("tag", ""); all[of[2]] < 17 {
		t.Errorf("%v threads were tagged", all[of[2]])
	}
	for name, value := range all {
		if value != 0 && (strings.HasPrefix(name, "sigpost_stage_waiting") || strings.HasPrefix(name, "sigpost_stage_lag")) {
			t.Errorf("%s is %v", name, value)
		}
	}
}

// Threads are counted whoever has them tagged, once.
func TestThreadsAreCountedWhoeverTagsThem(t *testing.T) {
	t.Parallel()
	v := newWorld(t).monitored()
	v.must("read test/INBOX")
	of := seriesOf("tag", "")
	waiting := v.series()[of[0]]
	report := must2(v.app.Classify(t.Context()))(t)
	if waiting == 0 || report.Threads != int(waiting) {
		t.Fatalf("%v threads waited, and %d were tagged", waiting, report.Threads)
	}
	for range 2 {
		if all := v.series(); all[of[0]] != 0 || all[of[2]] != waiting || all[of[3]] != 0 {
			t.Errorf("%v wait, %v are done, %v failed; want %v done", all[of[0]], all[of[2]], all[of[3]], waiting)
		}
		v.must("tag")
	}
}

// A mailbox that nobody reads waits for the longer the longer that is so.
func TestAMailboxThatNobodyReads(t *testing.T) {
	t.Parallel()
	v := newWorld(t).monitored()
	of := seriesOf("read", "")
	for _, want := range []float64{0, 3600} {
		if all := v.series(); all[of[0]] != 1 || all[of[1]] != want {
			t.Errorf("%v wait for %v s, want 1 for %v s", all[of[0]], all[of[1]], want)
		}
		v.later(time.Hour)
	}
	v.must("read test/INBOX")
	if all := v.series(); all[of[0]] != 0 || all[of[1]] != 0 {
		t.Errorf("%v wait for %v s when it has been read", all[of[0]], all[of[1]])
	}
}

// Connections to the mail server are seen while letters go out: here one stays with its
// letter, to whose envelope the server says nothing.
func TestSMTPConnectionsAreSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Stall, Times: 1})
	v := serveWatched(w, "ana@readers.example.org")
	v.scrape(`sigpost_smtp_connections{state="busy"} 1`)
	v.scrape(`sigpost_smtp_connections{state="busy"} 0`, `sigpost_smtp_connections{state="connecting"} 0`, `sigpost_smtp_connections{state="idle"} 0`)
}

// Mail that a server is known to have waits to be read, since it was seen there, until
// whoever reads it has moved the cursor behind it.
func TestMailThatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.monitored()
	v.run(v.app)
	at := mailboxOf(must2(v.app.Store.Mailboxes(t.Context()))(t), "test", "INBOX")
	is := func(rows, lag float64) {
		t.Helper()
		all, of := v.series(), seriesOf("read", "")
		if all[of[0]] != rows || all[of[1]] != lag {
			t.Errorf("%v mails wait for %v s, want %v for %v s", all[of[0]], all[of[1]], rows, lag)
		}
	}
	seen := func(validity, next, messages uint32) {
		v.app.sawEnd("test/INBOX", ingest.End{UIDValidity: validity, UIDNext: next, Messages: messages})
	}
	is(0, 0)
	seen(at.UIDValidity, at.UIDNext, 57)
	is(0, 0)
	v.later(time.Minute)
	seen(at.UIDValidity, at.UIDNext+2, 59)
	v.later(time.Minute)
	seen(at.UIDValidity, at.UIDNext+3, 60)
	is(3, 60)
	for i := range uint32(100) { // nobody scrapes, and all is read
		seen(at.UIDValidity, at.UIDNext+4+i, 61+i)
	}
	is(103, 60)
	v.exec(fmt.Sprintf(`UPDATE mailboxes SET uid_next = %d`, at.UIDNext+102))
	is(1, 0)
	v.exec(fmt.Sprintf(`UPDATE mailboxes SET uid_next = %d`, at.UIDNext+103))
	is(0, 0)
	seen(at.UIDValidity+1, 8, 7) // its UIDs are others: all is to be read again
	is(7, 0)
	v.exec(fmt.Sprintf(`UPDATE mailboxes SET uid_validity = %d, uid_next = 8`, at.UIDValidity+1))
	is(0, 0)
	v.later(2 * time.Hour) // nobody has looked, as the clock wanted
	all, of := v.series(), seriesOf("read", "")
	if all[of[0]] != 1 || all[of[1]] <= 0 {
		t.Errorf("%v wait for %v s, though nobody has looked for hours", all[of[0]], all[of[1]])
	}
}

// The watch knows of the mail that waits while another has the archive, and it waits no
// more when it has been read.
func TestTheWatchKnowsOfMailThatWaits(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		other := w.open()
		unlock, err := other.Store.Lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		v := serveWatched(w)
		v.scrape(`sigpost_stage_waiting_rows{digest="",stage="read"} 58`, `sigpost_mailbox_connection{mailbox="test/INBOX",state="idle"} 1`)
		unlock()
		v.scrape(`sigpost_stage_waiting_rows{digest="",stage="read"} 0`, `sigpost_stage_rows_total{result="done",stage="read"} 58`, `sigpost_stage_rows_total{result="failed",stage="read"} 0`)
	})
}
