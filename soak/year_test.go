package soak_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost/soak"
	"sigpost/soak/check"
)

var (
	seedFlag = flag.Uint64("soak.seed", 0, "play the year of this seed, to see again what another run has seen")
	dirFlag  = flag.String("soak.dir", "", "keep the program's files, with its log, in this folder")
	daysFlag = flag.Int("soak.days", 0, "stop a year after so many days")
	forFlag  = flag.Duration("soak.for", 0, "play years of one seed after the other for so long, and weeks with real servers between them")
)

// year is what a test plays where nobody says otherwise. The rates are per year.
func year(seed uint64) soak.Options {
	return soak.Options{Seed: seed, Days: 365, PerDay: 4, Crashes: 30, Restores: 10, Fulls: 2, Renumberings: 2, Departures: 12, Serves: 2, Kills: 8, Refusals: true}
}

// weeks is what is played with real servers.
func weeks(seed uint64) soak.Options {
	return soak.Options{Seed: seed, Days: 42, PerDay: 5, Crashes: 5, Restores: 2, Fulls: 1, Renumberings: 1, Departures: 3, Serves: 1, Kills: 4, Refusals: true}
}

// TestYear plays a year to the program and has it checked. With -soak.for it plays
// more of them, for three quarters of the time.
func TestYear(t *testing.T) {
	if testing.Short() && *forFlag == 0 && *seedFlag == 0 {
		t.Skip("scripts/soak plays a year")
	}
	playAll(t, 2024, *forFlag*3/4, func(t *testing.T, seed uint64) { play(t, year(seed), inProcess) })
}

// TestWeeks plays some weeks with Dovecot, Postfix, and its smtp-sink behind it, for the
// rest of the time.
func TestWeeks(t *testing.T) {
	if testing.Short() && *forFlag == 0 && *seedFlag == 0 {
		t.Skip("scripts/soak plays weeks with real servers")
	}
	playAll(t, 7, *forFlag/4, func(t *testing.T, seed uint64) { play(t, weeks(seed), realPeers) })
}

// playAll plays one seed, or for some time one after the other, as long as the next one
// is likely to end in time.
func playAll(t *testing.T, seed uint64, limit time.Duration, one func(t *testing.T, seed uint64)) {
	begin := time.Now()
	if limit > 0 {
		seed = uint64(begin.UnixNano()) % 1_000_000
	}
	if *seedFlag > 0 {
		seed, limit = *seedFlag, 0
	}
	for last := time.Duration(0); last == 0 || time.Since(begin)+last < limit; seed++ {
		started := time.Now()
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { one(t, seed) })
		last = time.Since(started)
	}
}

// play plays a script, checks what came of it, and checks the checker.
func play(t *testing.T, o soak.Options, start func(*testing.T, *soak.Script) *peers) {
	s := soak.New(o)
	t.Logf("seed %d: %d events from %s to %s, script %s; \"go test ./soak -run '%s' -soak.seed %d\" plays it again",
		o.Seed, len(s.Events), s.Begin.Format(time.DateOnly), s.End.Format(time.DateOnly), s.Sum(), strings.SplitN(t.Name(), "/", 2)[0], o.Seed)
	w := newWorld(t, s, start(t, s))
	for _, e := range s.Events {
		if *daysFlag > 0 && e.At.Sub(s.Begin) > time.Duration(*daysFlag)*24*time.Hour {
			s.End = e.At
			break
		}
		w.play(e)
		if t.Failed() {
			break
		}
	}
	w.calmDown()
	y := w.year()
	begin := time.Now()
	result := check.Check(y)
	w.understood()
	w.report(result, time.Since(begin))
	for i, c := range result.Complaints {
		if i < 40 {
			t.Error(c)
		}
	}
	told := map[string]bool{}
	for _, c := range result.Complaints[:min(5, len(result.Complaints))] {
		for who, r := range w.readers {
			if strings.Contains(c, who) && !told[who] {
				told[who] = true
				t.Logf("%+v", r.Person)
				for _, a := range w.acts {
					if a.Who == who {
						t.Logf("  %s %s %s by %s (by %s) until %s %v", a.At.Format(time.DateTime), a.Kind, a.Digest, a.How, a.By.Format(time.DateTime), a.Until.Format(time.DateTime), a.Topics)
					}
				}
			}
		}
	}
	if len(result.Complaints) > 40 {
		t.Errorf("and %d more", len(result.Complaints)-40)
	}
	if !t.Failed() {
		mutate(t, y)
	}
}

// play has one thing happen.
func (w *world) play(e soak.Event) {
	w.t.Helper()
	w.event = e.At
	w.goOn(e.At)
	w.drain() // what was sent meanwhile
	w.attend(e)
	switch e.Kind {
	case soak.Deliver:
		for _, m := range e.Mails {
			w.peers.put(m.Mailbox, m)
		}
	case soak.Reader:
		w.reader(e)
	case soak.Run:
		w.cronCalls()
	case soak.Crash, soak.Full:
		w.fault(e)
	case soak.Depart:
		w.depart(e)
	case soak.Return:
		w.comeBack()
	case soak.Serve:
		w.serve(!e.Down)
	case soak.Kill:
		w.aim(e)
	case soak.Backup:
		w.backup()
	case soak.Restore:
		w.restore()
	case soak.Renumber:
		w.peers.renumber(e.Where)
		w.done["UIDVALIDITY changed"]++
	case soak.IMAP:
		w.imap.setDown(e.Down)
		w.imapDown, w.troubled = e.Down, w.now.Add(24*time.Hour)
	case soak.SMTP:
		w.smtp.setDown(e.Down)
		w.smtpDown, w.troubled = e.Down, w.now.Add(24*time.Hour)
	case soak.Refuse:
		w.peers.refuse(w.smtp, e.Where, e.Who, e.Number)
		w.done["letters refused: "+e.Where]++
		w.troubled = w.now.Add(8 * 24 * time.Hour)
	case soak.Meeting:
		w.meeting(e)
	case soak.Review:
		w.review(e)
	case soak.Edit:
		w.must(command{Op: "edit", Number: e.Number})
	case soak.Measure:
		w.figures = append(w.figures, w.must(command{Op: "measure"}).Figures)
		for _, page := range []string{"/", "/threads", "/issues/weekly", "/api/v1/threads", "/subscribe/weekly"} {
			w.ask(http.MethodGet, page, "", "", "")
		}
	}
}

// cronCalls is a run, or a fault that has not struck yet.
func (w *world) cronCalls() {
	// Faults are of runs that begin and end.
	i := slices.IndexFunc(w.again, func(e soak.Event) bool { return w.server == nil || e.Kind == soak.Depart })
	if i < 0 {
		w.run()
		return
	}
	e := w.again[i]
	w.again = slices.Delete(w.again, i, i+1)
	e.Number /= 3
	if e.Kind == soak.Depart {
		w.depart(e)
		return
	}
	w.fault(e)
}

// fault is a run in which something happens to the process. One that does not strike
// is tried again by the next run, and earlier in it.
func (w *world) fault(e soak.Event) {
	w.t.Helper()
	n := 0
	kind := e.Where
	switch kind {
	case "clock":
		n = 1 + e.Number%400
	case "smtp":
		n = 1 + e.Number%500_000
	case "imap":
		n = 1 + e.Number%2_500
	case "time":
		n = 30 + e.Number%300
	case "write":
		n = 8<<10 + e.Number%(512<<10)
	}
	if w.imapDown && kind == "imap" || w.smtpDown && kind == "smtp" {
		kind, n = "clock", 1+e.Number%20
	}
	w.troubled = w.now.Add(9 * time.Hour)
	if !w.cron(kind, n) {
		e.Where = kind
		if e.Number < 3 {
			e.Where, e.Number = "clock", 60
			if e.Kind == soak.Full {
				e.Where, e.Number = "write", 3
			}
		}
		w.again = append(w.again, e)
		return
	}
	w.done[string(e.Kind)]++
	w.done[string(e.Kind)+" at "+kind]++
}

// meeting writes the calendar anew: a meeting that moves, or does not take place.
func (w *world) meeting(e soak.Event) {
	const stamp = "20060102T150405"
	first := time.Date(2024, 9, 4, 15, 0, 0, 0, time.UTC)
	event := func(more string) string {
		return "BEGIN:VEVENT\r\nUID:community@example.org\r\nDTSTAMP:20240901T000000Z\r\nSUMMARY:Community call\r\n" + more + "END:VEVENT\r\n"
	}
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
	rule := "DTSTART:" + first.Format(stamp) + "Z\r\nDTEND:" + first.Add(time.Hour).Format(stamp) + "Z\r\nRRULE:FREQ=WEEKLY\r\n"
	next := first
	for !next.After(w.now.Add(36 * time.Hour)) {
		next = next.AddDate(0, 0, 7)
	}
	moved := ""
	switch e.Where {
	case "move":
		at := next.Add(time.Duration(1+e.Number%20) * time.Hour)
		moved = event("RECURRENCE-ID:" + next.Format(stamp) + "Z\r\nDTSTART:" + at.Format(stamp) + "Z\r\nDTEND:" + at.Add(time.Hour).Format(stamp) + "Z\r\n")
	case "cancel":
		rule += "EXDATE:" + next.Format(stamp) + "Z\r\n"
	}
	w.write("community.ics", text+event(rule)+moved+"END:VCALENDAR\r\n")
	if e.Where != "" {
		w.done["meetings: "+e.Where]++
	}
}

var caseWords = regexp.MustCompile(`case\s+\d+`)

// review has a reviewer decide on a topic of a message's thread.
func (w *world) review(e soak.Event) {
	had := w.peers.had["INBOX"]
	if len(had) == 0 {
		return
	}
	h := headerOf(check.Letter{Data: had[e.Number%len(had)].Raw})
	w.decided[caseWords.FindString(h.Get("Subject"))] = true
	a := w.tell(command{Op: "tag", Thread: h.Get("Message-ID"), Tag: "project:" + e.Topic, Accept: e.Down})
	if a.Err != "" && !strings.Contains(a.Err, "not found") && !strings.Contains(a.Err, "no message") {
		w.t.Errorf("a reviewer cannot decide: %s", a.Err)
	}
	w.done["reviewers' decisions"]++
}

// calmDown lets everything come to its end.
func (w *world) calmDown() {
	if w.t.Failed() {
		return
	}
	w.serve(false)
	w.imap.setDown(false)
	w.smtp.setDown(false)
	w.imapDown, w.smtpDown = false, false
	w.troubled = w.script.End.Add(48 * time.Hour)
	w.again = slices.DeleteFunc(w.again, func(e soak.Event) bool { return e.Kind == soak.Depart })
	for i := range 8 {
		w.goOn(w.script.End.Add(time.Duration(i+1) * 9 * time.Hour))
		w.run()
	}
	w.arrive()
	w.keepSpared()
}

// year is what there is to check: what is read of the mailboxes, and of what the pages
// give to everybody.
func (w *world) year() check.Year {
	y := check.Year{Letters: w.letters, Digests: w.digests, Acts: w.acts, Restores: w.restores, Decided: w.decided,
		Begin: w.script.Begin, End: w.script.End, Archive: w.archive(), Spared: append(w.sparedLetters(), w.given...)}
	user, password := w.peers.login()
	for _, mailbox := range []string{"INBOX", "Dev"} {
		mails, err := check.ReadMailbox(w.peers.imapAddr(), user, password, mailbox)
		if err != nil {
			w.t.Fatal(err)
		}
		y.Mails = append(y.Mails, mails...)
	}
	return y
}

// archive reads the whole of it by the API.
func (w *world) archive() map[string]int {
	all := map[string]int{}
	var page struct {
		Threads []struct{ ID int64 }
		Next    string
	}
	for path := "/api/v1/threads?limit=200"; path != ""; path = page.Next {
		page.Next = ""
		w.read(path, &page)
		for _, thread := range page.Threads {
			var whole struct {
				Mails []struct {
					MessageID string `json:"message_id"`
				}
				Next string
			}
			for path := fmt.Sprintf("/api/v1/threads/%d?limit=100", thread.ID); path != ""; path = whole.Next {
				whole.Next, whole.Mails = "", nil
				w.read(path, &whole)
				for _, m := range whole.Mails {
					all[m.MessageID]++
				}
			}
		}
	}
	return all
}

func (w *world) read(path string, into any) {
	w.t.Helper()
	if u, err := url.Parse(path); err == nil && u.Host != "" {
		path = u.RequestURI()
	}
	status, said := w.ask(http.MethodGet, path, "", "", "")
	if err := json.Unmarshal(said, into); status != http.StatusOK || err != nil {
		w.t.Fatalf("%s: %d %v %.300s", path, status, err, said)
	}
}

// report prints what was played, and what the checker looked at.
func (w *world) report(r check.Result, took time.Duration) {
	t := w.t
	t.Logf("checked in %s: %d messages, %d letters of %d issues to %d readers (%d pairs of reader and digest), %d stories; spared: %v",
		took.Round(time.Millisecond), r.Messages, r.Letters, r.Issues, r.Readers, r.Pairs, r.Stories, r.Spared)
	for how, n := range w.smtp.hung {
		w.done["connections cut by the gate: "+how] = n
	}
	for _, what := range slices.Sorted(maps.Keys(w.done)) {
		t.Logf("%6d %s", w.done[what], what)
	}
	for _, what := range slices.Sorted(maps.Keys(w.errs)) {
		t.Logf("%6d times: %s", w.errs[what], what)
	}
	w.reportHeld(r)
	if w.script.Days >= 365 && *daysFlag == 0 && (w.done["crash"] < w.script.Crashes || w.done["restores"] < w.script.Restores || w.done["full"] < w.script.Fulls) {
		t.Errorf("of %d crashes, %d restores and %d full disks not all took place", w.script.Crashes, w.script.Restores, w.script.Fulls)
	}
	if least := w.script.Departures / 2; *daysFlag == 0 && w.done[departures] < least {
		t.Errorf("%d readers left in the middle of a sending, before their letter was begun; that should be at least %d", w.done[departures], least)
	}
	if least := w.script.Serves * w.script.Kills; *daysFlag == 0 && w.done[killed] < least {
		t.Errorf("the server was killed %d times, and should have been %d times", w.done[killed], least)
	}
	w.flat("heap in use, KiB", func(f figures) float64 { return float64(f.Heap) / 1024 }, 2048)
	w.flat("goroutines", func(f figures) float64 { return float64(f.Goroutines) }, 4)
	w.flat("open files", func(f figures) float64 { return float64(f.Files) }, 4)
}

// flat says of a figure whether it grows over the year: by the median of the slopes
// between any two weeks (Theil and Sen), which a few odd weeks do not move. The first
// weeks do not count, in which caches fill.
func (w *world) flat(what string, of func(figures) float64, most float64) {
	if len(w.figures) < 12 {
		return
	}
	all := w.figures[8:]
	var slopes, values []float64
	for i := range all {
		values = append(values, of(all[i]))
		for j := range i {
			slopes = append(slopes, (of(all[i])-of(all[j]))/float64(i-j))
		}
	}
	slices.Sort(slopes)
	slices.Sort(values)
	grown := slopes[len(slopes)/2] * float64(len(all))
	w.t.Logf("%s: median %.0f, least %.0f, most %.0f; grows by %.1f in %d weeks", what, values[len(values)/2], values[0], values[len(values)-1], grown, len(all))
	if grown > most && !math.IsNaN(grown) {
		w.t.Errorf("%s grows by %.1f over the year, which is more than %.0f", what, grown, most)
	}
}
