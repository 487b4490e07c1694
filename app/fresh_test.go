package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost/internal/mailtest"
	"sigpost/store"
)

// footed is a mail as a list hands it on that puts a footer to it.
func footed(m mailtest.Mail) mailtest.Mail {
	m.Raw = append(slices.Clone(m.Raw), "\r\n_______________________________________________\r\nMurano mailing list\r\nmurano@lists.example.net\r\n"...)
	return m
}

// twoMailboxes has the sample list's first half in one mailbox, and in another
// the rest with copies of some.
func twoMailboxes(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	mails := sampleBefore(monday)
	if err := w.imap.Reset("INBOX"); err != nil {
		t.Fatal(err)
	}
	w.deliver(mails[:25]...)
	rest := append([]mailtest.Mail{footed(mails[2]), footed(mails[30])}, mails[25:]...)
	if err := w.imap.Append("Second", rest); err != nil {
		t.Fatal(err)
	}
	w.mailboxes = `[[account.mailbox]]
name = "Second"
list = "sig-openstack"
`
	return w
}

// taggings gives all taggings with their evidence, as text, by threads.
func (w *world) taggings(a *App) string {
	w.t.Helper()
	ctx := context.Background()
	threads, err := a.Store.Threads(ctx, store.ThreadQuery{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, t := range threads {
		tags, err := a.Store.Taggings(ctx, []int64{t.ID})
		if err != nil {
			w.t.Fatal(err)
		}
		msgs, err := a.Store.ThreadMessages(ctx, t.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		line, err := json.Marshal(tags[t.ID])
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, string(msgs[0].MessageID)+" "+string(line))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// A run that tags what it has just read, bit by bit, tags it as a run does that
// reads all first and takes the texts from the archive.
func TestARunTagsAsIngestAndClassifyDo(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := twoMailboxes(t)
	a := w.open()
	if _, err := a.Ingest(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Classify(ctx); err != nil {
		t.Fatal(err)
	}
	want := w.taggings(a)
	for name, limit := range map[string]int{"all at once": maxFresh, "what there is room for": 3000, "next to nothing": 0} {
		t.Run(name, func(t *testing.T) {
			w := twoMailboxes(t)
			a := w.open()
			a.fresh.limit = limit
			var stages []string
			a.progress = func(stage string, _ Unit, _, _ int) { stages = append(stages, stage) }
			w.run(a)
			if got := w.taggings(a); got != want {
				t.Errorf("the run tags\n%s\ningest and classify tag\n%s", got, want)
			}
			between := slices.Index(stages, "classifying") < slices.Index(stages, "reading test/Second")
			if between != (limit < maxFresh) {
				t.Errorf("it goes %v", stages)
			}
			if len(a.fresh.texts) != 0 || a.fresh.bytes != 0 {
				t.Errorf("%d texts of %d bytes are left over", len(a.fresh.texts), a.fresh.bytes)
			}
		})
	}
}

// What is never tagged, such as copies and our own letters, does not use up the
// room.
func TestFreshTextsAreThoseOfNewMessages(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	a := w.open()
	w.run(a)
	defer a.begin()()
	a.fresh.begin()
	for i, m := range sampleBefore(monday)[:10] {
		m = footed(m)
		m.Received = monday.Add(time.Duration(i) * time.Second)
		w.deliver(m)
	}
	r, err := a.ingest(ctx)
	if err != nil || r.Duplicates != 10 || r.Modified == 0 {
		t.Fatalf("%+v, %v", r.AddCounts, err)
	}
	if a.fresh.bytes != 0 || a.fresh.full() {
		t.Errorf("%d bytes of copies are kept", a.fresh.bytes)
	}
	w.deliver(news("news@example.net"))
	if _, err := a.ingest(ctx); err != nil {
		t.Fatal(err)
	}
	if text, ok := a.fresh.take("news@example.net"); !ok || !strings.Contains(text.own, "takes a port") {
		t.Errorf("%v %+v", ok, text)
	}
	if a.fresh.bytes != 0 {
		t.Errorf("%d bytes are left over", a.fresh.bytes)
	}
}
