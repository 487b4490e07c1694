package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/message"
	"sigpost/search"
	"sigpost/store"
)

// talks are how many threads oldMail has, of three messages each.
const talks = 120

// oldMail writes an mbox of threads, in each of which an answer comes in first,
// and with an earlier date than what it answers.
func (w *world) oldMail() string {
	w.t.Helper()
	var b strings.Builder
	write := func(talk, number int, refs string) {
		at := time.Date(2015, 1, 1, 0, talk, 0, 0, time.UTC).Add([]time.Duration{0, time.Hour, -time.Hour}[number])
		fmt.Fprintf(&b, "From x@example.org %s\nFrom: Writer %d <w%d@example.org>\nSubject: Talk %d\nMessage-ID: <%d.%d@example.org>\nDate: %s\n%s\n",
			at.Format(time.ANSIC), number, number, talk, talk, number, at.Format(time.RFC1123Z), refs)
		fmt.Fprintf(&b, "The text of talk%d says word%dx%d.\n\n", talk, talk, number)
	}
	for talk := range talks {
		write(talk, 2, fmt.Sprintf("In-Reply-To: <%d.0@example.org>\n", talk))
	}
	for talk := range talks {
		write(talk, 0, "")
		write(talk, 1, fmt.Sprintf("In-Reply-To: <%d.0@example.org>\n", talk))
	}
	w.write("old.mbox", b.String())
	return filepath.Join(w.dir, "old.mbox")
}

// importOld has an archive of oldMail, with what people decided about it.
func (w *world) importOld() *App {
	w.t.Helper()
	ctx := context.Background()
	a := w.open()
	if r, err := a.Import(ctx, []string{w.oldMail()}, ""); err != nil || r.Stored != 3*talks {
		w.t.Fatalf("%+v, %v", r, err)
	}
	if _, err := a.Classify(ctx); err != nil {
		w.t.Fatal(err)
	}
	if _, err := a.SplitThread(ctx, "5.1@example.org", "ana", "another matter"); err != nil {
		w.t.Fatal(err)
	}
	if _, err := a.MergeThreads(ctx, "6.0@example.org", "7.0@example.org", "ana", "the same"); err != nil {
		w.t.Fatal(err)
	}
	return a
}

// misread puts the archive into the state that another parser might have left:
// one that misses references, sees some that are not there, and gets texts and
// subjects wrong.
func (w *world) misread(a *App) {
	w.t.Helper()
	ctx := context.Background()
	msgs := w.messages(a)
	for i := range msgs {
		m := &msgs[i]
		var talk, number int
		if _, err := fmt.Sscanf(string(m.MessageID), "%d.%d@", &talk, &number); err != nil {
			w.t.Fatal(err)
		}
		m.Reader, m.Text, m.Subject = 1, "gibberish", "=?Talk?="
		m.Ranges = []sigpost.Range{{Kind: sigpost.RangeNew, Start: 0, End: len(m.Text)}}
		m.Fingerprint.Words = [16]byte{1, byte(talk), byte(number)}
		switch {
		case number == 2:
			m.References, m.Answering = nil, false
		case number == 1 && talk%10 == 0:
			m.References = []sigpost.MessageID{sigpost.MessageID(fmt.Sprintf("%d.0@example.org", (talk+10)%talks))}
		}
	}
	for part := range slices.Chunk(msgs, 100) {
		all := make([]*sigpost.Message, len(part))
		for i := range part {
			// Where it is by now: those before may have moved it.
			now, err := a.Store.Message(ctx, part[i].ID)
			if err != nil {
				w.t.Fatal(err)
			}
			part[i].ThreadID = now.ThreadID
			all[i] = &part[i]
		}
		if _, err := a.Store.Reread(ctx, all); err != nil {
			w.t.Fatal(err)
		}
	}
	if w.find(a, "gibberish") != 50 || w.find(a, "word9x1") != 0 {
		w.t.Fatal("the archive is as it should be, and not as another parser left it")
	}
}

// messages gives all messages of the archive, by Message-ID.
func (w *world) messages(a *App) (all []sigpost.Message) {
	w.t.Helper()
	ctx := context.Background()
	threads, err := a.Store.Threads(ctx, store.ThreadQuery{Limit: 100_000})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, t := range threads {
		msgs, err := a.Store.ThreadMessages(ctx, t.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, msgs...)
	}
	slices.SortFunc(all, func(a, b sigpost.Message) int { return strings.Compare(string(a.MessageID), string(b.MessageID)) })
	return all
}

func (w *world) find(a *App, words string) int {
	w.t.Helper()
	found, err := a.Store.Find(context.Background(), store.Find{Query: search.Parse(words, search.Names{}), Limit: 50})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(found.Hits)
}

// picture is all that an archive knows, but for its numbers: each message, and
// the first one of its thread.
func (w *world) picture(a *App) []string {
	w.t.Helper()
	msgs := w.messages(a)
	first := map[int64]sigpost.MessageID{}
	for _, m := range msgs {
		if _, ok := first[m.ThreadID]; !ok {
			first[m.ThreadID] = m.MessageID
		}
	}
	lines := make([]string, len(msgs))
	for i, m := range msgs {
		thread := first[m.ThreadID]
		m.ID, m.ThreadID = 0, 0
		line, err := json.Marshal(m)
		if err != nil {
			w.t.Fatal(err)
		}
		lines[i] = fmt.Sprintf("%s in %s: %s", m.MessageID, thread, line)
	}
	return lines
}

func (w *world) wantPicture(a *App, want []string) {
	w.t.Helper()
	got := w.picture(a)
	if len(got) != len(want) {
		w.t.Fatalf("%d messages, want %d", len(got), len(want))
	}
	wrong := 0
	for i := range got {
		if got[i] != want[i] {
			if wrong++; wrong < 5 {
				w.t.Errorf("got\n%s\nwant\n%s", got[i], want[i])
			}
		}
	}
	if wrong > 0 {
		w.t.Errorf("%d messages are not what they should be", wrong)
	}
}

// After a reparse the archive is what a fresh import would make of the mail,
// also where the run was stopped in the middle, and what people decided stays.
func TestReparseGivesWhatAFreshImportWould(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{false, true} {
		for _, stopped := range []bool{false, true} {
			t.Run(fmt.Sprintf("all %v, stopped %v", all, stopped), func(t *testing.T) {
				everywhere(t, func(t *testing.T, w *world) { testReparse(t, w, all, stopped) })
			})
		}
	}
}

func testReparse(t *testing.T, w *world, all, stopped bool) {
	ctx := context.Background()
	a := w.importOld()
	want := w.picture(a)
	decided, err := a.Store.MessageByID(ctx, "9.0@example.org")
	if err != nil {
		t.Fatal(err)
	}
	tag := sigpost.Tag{Kind: sigpost.KindProject, Name: "kuryr"}
	if err := a.Store.Decide(ctx, decided.ThreadID, tag, "Kuryr", true, "ana", "I know", a.now()); err != nil {
		t.Fatal(err)
	}
	w.misread(a)

	read := 0
	if stopped {
		stopping, stop := context.WithCancel(ctx)
		a.progress = func(string, Unit, int, int) { stop() }
		r, err := a.Reparse(stopping, all)
		if !errors.Is(err, context.Canceled) || r.Messages == 0 || r.Messages == 3*talks {
			t.Fatalf("stopped: %+v, %v", r, err)
		}
		a.progress = func(string, Unit, int, int) {}
		read = r.Messages
	}
	r, err := a.Reparse(ctx, all)
	if err != nil || read+r.Messages != 3*talks || !stopped && r.Changed != r.Messages || r.Unreadable != 0 {
		t.Errorf("%+v after %d, %v", r, read, err)
	}
	w.wantPicture(a, want)
	if w.find(a, "gibberish") != 0 || w.find(a, "word9x1") != 1 || w.find(a, `"talk9 says word9x2"`) != 1 {
		t.Error("what is found is not what the mail says")
	}
	if _, err := a.Classify(ctx); err != nil {
		t.Fatal(err)
	}
	again, err := a.Store.MessageByID(ctx, "9.0@example.org")
	if err != nil {
		t.Fatal(err)
	}
	tags, err := a.Store.Taggings(ctx, []int64{again.ThreadID})
	if err != nil || !slices.ContainsFunc(tags[again.ThreadID], func(g sigpost.Tagging) bool { return g.Tag == tag && g.State == sigpost.TagAccepted }) {
		t.Errorf("the tag that was decided on: %+v, %v", tags, err)
	}
	if r, err := a.Reparse(ctx, false); err != nil || r.Messages != 0 {
		t.Errorf("once more: %+v, %v", r, err)
	}
}

// What was read by today's parser is what it would read.
func TestReparseOfWhatIsRightChangesNothing(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		a := w.open()
		w.run(a)
		want, tags := w.picture(a), w.taggings(a)
		r, err := a.Reparse(ctx, true)
		if err != nil || r.Messages != 57 || r.Changed != 0 {
			t.Errorf("%+v, %v", r, err)
		}
		w.wantPicture(a, want)
		if w.messages(a)[0].Reader != message.Version {
			t.Error("it is not noted which parser read it")
		}
		if _, err := a.Classify(ctx); err != nil {
			t.Fatal(err)
		}
		if got := w.taggings(a); got != tags {
			t.Errorf("tags: %s\nwere: %s", got, tags)
		}
	})
}

// A reparse of all that was stopped goes on, also where today's parser had read
// it all before; the next one begins anew.
func TestReparseOfAllGoesOn(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		a := w.importOld()
		want := w.picture(a)
		read := 0
		for stops := 0; ; stops++ {
			stopping, stop := context.WithCancel(ctx)
			a.progress = func(string, Unit, int, int) { stop() }
			r, err := a.Reparse(stopping, true)
			stop()
			if read += r.Messages; errors.Is(err, context.Canceled) && stops < 3*talks {
				continue
			}
			if err != nil || stops == 0 {
				t.Fatalf("stopped %d times: %+v, %v", stops, r, err)
			}
			break
		}
		if read != 3*talks {
			t.Errorf("%d messages were read, want each once", read)
		}
		w.wantPicture(a, want)
		a.progress = func(string, Unit, int, int) {}
		if r, err := a.Reparse(ctx, true); err != nil || r.Messages != 3*talks || r.Changed != 0 {
			t.Errorf("once more: %+v, %v", r, err)
		}
	})
}

// What a source said of a mail is not the parser's to forget.
func TestReparseKeepsWhatTheSourceSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	ctx := context.Background()
	raw := []byte("From: Ana <ana@example.net>\r\nMessage-ID: <long@example.net>\r\nSubject: Long\r\n\r\nMuch.\r\n")
	m, err := a.parse(raw, monday)
	if err != nil {
		t.Fatal(err)
	}
	m.Defects = append(m.Defects, sigpost.SourceDefect+"only the first 100 of 4000 bytes were read")
	if _, err := a.Store.Add(ctx, nil, []sigpost.Arrival{{Raw: raw, Message: m, List: "sig-openstack"}}, monday); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Reparse(ctx, true); err != nil {
		t.Fatal(err)
	}
	got, err := a.Store.MessageByID(ctx, "long@example.net")
	if err != nil || !slices.Contains(got.Defects, m.Defects[len(m.Defects)-1]) {
		t.Errorf("%q, %v", got.Defects, err)
	}
}
