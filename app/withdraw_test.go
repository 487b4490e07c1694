package app

import (
	"slices"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/mailtest"
	"sigpost/store/storetest"
)

// hearing is a world in which two addresses and a webhook are told of trouble.
type hearing struct {
	*world
	app  *App
	hook *called
	sent []letter // before the mail server was healed
}

const ops, oncall = "ops@example.org", "oncall@example.org"

func newHearing(t *testing.T, dsn string) *hearing {
	w := &hearing{world: newWorld(t), hook: listening(t)}
	w.dsn = dsn
	w.more = "[alerts]\nmail = [\"Ops <" + ops + ">\", \"" + oncall + "\", \"" + ops + "\", \"" + oncall + "\"]\nwebhook = \"" + w.hook.URL + "/hook\"\ntimeout = \"1s\"\n"
	w.app = w.open()
	return w
}

// wrong and well have it go wrong and well, and tell what can be told.
func (w *hearing) wrong(again time.Duration) {
	w.t.Helper()
	w.setNow(w.clock().Add(again))
	w.tell(w.app.wrong(w.t.Context(), "read x", "it is wrong", 0))
}

func (w *hearing) well() {
	w.t.Helper()
	w.setNow(w.clock().Add(time.Minute))
	w.tell(w.app.well(w.t.Context(), "read x"))
}

func (w *hearing) tell(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	w.app.sendNotices(w.t.Context())
	w.app.postAlerts(w.t.Context())
}

// refuses has the mail server do so with the mail to ops.
func (w *hearing) refuses() {
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 450, Text: "4.2.0 later", To: ops})
}

// heals has mail and webhook work, and waits for what is tried again.
func (w *hearing) heals() {
	w.t.Helper()
	w.sent = append(w.sent, w.letters()...)
	w.smtp.Reset() // which forgets them
	w.hook.answer = 200
	for range 3 {
		w.setNow(w.clock().Add(time.Hour))
		w.tell(nil)
	}
}

// heard wants an address to have heard that, in that order.
func (w *hearing) heard(address string, want ...string) {
	w.t.Helper()
	var got []string
	for _, l := range append(slices.Clone(w.sent), w.letters()...) {
		if l.To == address {
			got = append(got, w.header(l).Get("Subject"))
		}
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("%s heard %q, want %q", address, got, want)
	}
}

func (w *hearing) posted(want ...AlertKind) {
	w.t.Helper()
	if kinds, _ := w.hook.posted(w.t); !slices.Equal(kinds, want) {
		w.t.Errorf("the webhook heard %q, want %q", kinds, want)
	}
}

const isWrong, stillWrong, isWell = "Wrong: read x", "Still wrong: read x", "Well again: read x"

// Who could not be told that something goes wrong before it was over hears nothing of it,
// and the others that it is over.
func TestTroubleThatIsOverBeforeItWasTold(t *testing.T) {
	t.Parallel()
	for engine, dsn := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			w := newHearing(t, dsn(t))
			w.refuses()
			w.hook.answer = 503
			w.wrong(0)
			w.heard(oncall, isWrong)
			w.hook.take()
			w.well()
			w.heals()
			w.heard(ops)
			w.heard(oncall, isWrong, isWell)
			w.posted()
			told, err := w.app.Store.Notices().To(t.Context(), ops)
			if err != nil || len(told) != 1 || told[0].State != sigpost.DeliverySuppressed || told[0].Letter.Text != "" {
				t.Errorf("%+v, %v", told, err)
			}
		})
	}
}

// Where the mail server was what failed, nobody gets a letter of that when it is back.
func TestTroubleOfTheMailServer(t *testing.T) {
	t.Parallel()
	w := newHearing(t, storetest.SQLite(t))
	w.more += "after = \"0\"\n"
	w.app.Config = w.config()
	works := w.app.Config
	away := *works
	away.SMTP.Host = "127.0.0.1:1"
	w.app.Config = &away
	if err := w.app.wrong(t.Context(), "read x", "it is wrong", 0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := w.app.DoJob(t.Context(), "notices"); err == nil {
			t.Fatal("the mail server is there")
		}
		w.setNow(w.clock().Add(6 * time.Minute))
	}
	w.app.postAlerts(t.Context())
	wantTroubles(t, w.app, "notices", "read x")
	w.app.Config = works
	w.setNow(w.clock().Add(-4 * time.Minute)) // what was claimed is not due again
	if _, err := w.app.DoJob(t.Context(), "notices"); err != nil {
		t.Fatal(err)
	}
	wantTroubles(t, w.app, "read x")
	w.heals()
	w.heard(ops, isWrong)
	w.heard(oncall, isWrong)
	w.posted(AlertBegins, AlertBegins, AlertOver) // which the webhook was told
}

// What was not told is not told as what goes on beside it, but once.
func TestTroubleThatGoesOnBeforeItWasTold(t *testing.T) {
	t.Parallel()
	w := newHearing(t, storetest.SQLite(t))
	w.refuses()
	w.hook.answer = 503
	w.wrong(0)
	w.hook.take()
	w.wrong(25 * time.Hour)
	w.hook.take()
	w.heals()
	w.heard(ops, isWrong)
	w.heard(oncall, isWrong, stillWrong)
	w.posted(AlertBegins)
	w.well()
	w.heard(ops, isWrong, isWell)
	w.posted(AlertOver)
}

// Who could not be told that it is well before it went wrong again hears that it still
// does, and at last that it is well.
func TestTroubleThatBeginsAnewBeforeItWasWell(t *testing.T) {
	t.Parallel()
	w := newHearing(t, storetest.SQLite(t))
	w.wrong(0)
	w.posted(AlertBegins)
	w.refuses()
	w.hook.answer = 503
	w.well()
	w.hook.take()
	w.wrong(time.Minute)
	w.hook.take()
	w.heals()
	w.heard(ops, isWrong, stillWrong)
	w.heard(oncall, isWrong, isWell, isWrong)
	w.posted(AlertGoesOn)
	w.refuses()
	w.hook.answer = 503
	w.wrong(25 * time.Hour) // which they do not hear of, as it is over before
	w.well()
	w.hook.take()
	w.heals()
	w.heard(ops, isWrong, stillWrong, isWell)
	w.posted(AlertOver)
}

// Of what may have arrived, they are told that it is over, and not again that it began.
func TestTroubleOfWhichNobodyKnowsWhetherItWasTold(t *testing.T) {
	t.Parallel()
	w := newHearing(t, storetest.SQLite(t))
	w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Hangup, To: ops, Times: 1})
	w.hook.late = 2 * time.Second
	w.wrong(0)
	w.posted(AlertBegins)
	w.hook.late = 0
	w.well()
	w.heals()
	w.posted(AlertOver)
	told, err := w.app.Store.Notices().To(t.Context(), ops)
	if err != nil || len(told) != 2 || told[0].State != sigpost.DeliverySuppressed || told[1].State != sigpost.DeliverySent {
		t.Errorf("%+v, %v", told, err)
	}
}

// What is refused that was in hand while it changed is taken back, too.
func TestTroubleThatEndsWhileItIsTold(t *testing.T) {
	t.Parallel()
	for engine, dsn := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			w := newHearing(t, dsn(t))
			ctx, a := t.Context(), w.app
			l := &noticeLedger{Notices: a.Store.Notices(), app: a}
			// begun has the letter to ops in hand, and refused has it refused.
			begun := func() int64 {
				t.Helper()
				claimed, err := l.Claim(ctx, 0, w.clock(), w.clock().Add(time.Minute), 9)
				for _, d := range claimed {
					if n := l.claimed[d.ID]; n.Addr == ops && err == nil {
						ok, err := l.Begin(ctx, d.ID, w.clock())
						if !ok || err != nil {
							t.Fatal(ok, err)
						}
						return d.ID
					}
				}
				t.Fatal("nothing to tell", err)
				return 0
			}
			refused := func(id int64) {
				t.Helper()
				if err := l.Record(ctx, id, sigpost.DeliveryQueued, "450 later", w.clock().Add(5*time.Minute), w.clock()); err != nil {
					t.Fatal(err)
				}
			}
			waiting := func(want ...string) {
				t.Helper()
				all, err := a.Store.Notices().Waiting(ctx, sigpost.NoticeTrouble, ops)
				var got []string
				for _, n := range all {
					got = append(got, n.Letter.Subject)
				}
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("%q waits, want %q, %v", got, want, err)
				}
			}
			do := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			do(a.wrong(ctx, "read x", "it is wrong", 0))
			id := begun()
			do(a.well(ctx, "read x"))
			waiting(isWrong, isWell)
			refused(id)
			waiting()

			do(a.wrong(ctx, "read x", "it is wrong", 0))
			w.tell(nil)
			do(a.well(ctx, "read x"))
			id = begun()
			do(a.wrong(ctx, "read x", "it is wrong", 0))
			refused(id)
			waiting(isWrong)

			once := lettersFailed.trouble("weekly") // stays what it is
			do(a.wrong(ctx, once, "550", 0))
			w.tell(nil)
			do(a.wellIf(ctx, once, false))
			do(a.wrong(ctx, once, "550", 0))
			id = begun()
			do(a.wellIf(ctx, once, false))
			refused(id)
			waiting("Wrong: " + once)
		})
	}
}
