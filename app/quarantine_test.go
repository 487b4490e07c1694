package app

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/mailtest"
)

// heavy is a mail that is long enough for a connection to end within it.
func heavy(id string) mailtest.Mail {
	m := news(id)
	m.Raw = append(m.Raw, bytes.Repeat([]byte("a line of a log that goes on and on\r\n"), 20_000)...)
	return m
}

// cut is after how many bytes connections end within a heavy mail: there has been
// room for the handshake, the login and a mail or two.
const cut = 20_000

// A mail that the server would not hand over is fetched again, whole.
func TestRetryOfAMailThatTheServerKeptBack(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		g := w.newGate()
		a := w.open()
		w.run(a)
		mail := heavy("heavy@example.net")
		w.deliver(news("before@example.net"), mail, news("behind@example.net"))
		g.limit.Store(cut)
		r, err := a.Ingest(ctx)
		if err != nil || r.Stored != 2 || r.Quarantined != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
		kept, err := a.Store.Quarantine(ctx, 0, 0)
		if err != nil || len(kept) != 1 || !kept[0].Partial || len(kept[0].Raw) == 0 || !bytes.HasPrefix(mail.Raw, kept[0].Raw) {
			t.Fatalf("%d in quarantine, %v", len(kept), err)
		}
		g.limit.Store(0)
		status, err := a.Status(ctx)
		if err != nil || len(status) != 1 || !slices.Equal(status[0].Gaps, []uint32{kept[0].UID}) || status[0].Server.Behind != 0 {
			t.Errorf("%+v, %v", status, err)
		}

		g.limit.Store(cut)
		all, err := a.RetryQuarantined(ctx, nil)
		if err != nil || len(all) != 1 || all[0].Reason == "" {
			t.Errorf("while it is kept back: %+v, %v", all, err)
		}
		g.limit.Store(0)
		all, err = a.RetryQuarantined(ctx, []int64{kept[0].ID})
		if err != nil || len(all) != 1 || all[0].Reason != "" || all[0].MessageID != "heavy@example.net" || all[0].Duplicate {
			t.Fatalf("%+v, %v", all, err)
		}
		m, err := a.Store.MessageByID(ctx, "heavy@example.net")
		if err != nil {
			t.Fatal(err)
		}
		if raw, err := a.Store.Raw(ctx, m.ID); err != nil || !bytes.Equal(raw, mail.Raw) {
			t.Errorf("%d bytes are stored of %d, %v", len(raw), len(mail.Raw), err)
		}
		if !m.Received.Equal(mail.Received) || !slices.Equal(m.Lists, []string{"sig-openstack"}) {
			t.Errorf("received %s on %v", m.Received, m.Lists)
		}
		status, err = a.Status(ctx)
		if err != nil || len(status[0].Gaps) != 0 {
			t.Errorf("gaps: %+v, %v", status, err)
		}
		if _, err := a.RetryQuarantined(ctx, []int64{kept[0].ID}); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("once more: %v", err)
		}
	})
}

// What an older parser did not understand is stored, once, and the number that
// is not there does not undo it.
func TestRetryOfMailThatCanBeReadByNow(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		a := w.open()
		mail := news("late@example.net").Raw
		twin := bytes.ReplaceAll(mail, []byte("every pod"), []byte("each pod"))
		var arrivals []sigpost.Arrival
		for _, raw := range [][]byte{mail, append([]byte("X-Trace: 1\r\n"), mail...), twin, []byte("\r\n\x00\x01nothing")} {
			arrivals = append(arrivals, sigpost.Arrival{Raw: raw, Reason: "the parser panicked", List: "sig-openstack", Source: "old.mbox"})
		}
		if c, err := a.Store.Add(ctx, nil, arrivals, monday.Add(-time.Hour)); err != nil || c.Quarantined != 4 {
			t.Fatalf("%+v, %v", c, err)
		}
		all, err := a.RetryQuarantined(ctx, nil)
		if err != nil || len(all) != 4 {
			t.Fatalf("%+v, %v", all, err)
		}
		if all[0].MessageID != "late@example.net" || all[0].Duplicate || !all[1].Duplicate || all[1].MessageID != "late@example.net" {
			t.Errorf("%+v", all[:2])
		}
		if !strings.HasSuffix(string(all[2].MessageID), "@derived.invalid") && !all[2].Duplicate {
			t.Errorf("%+v", all[2])
		}
		if all[3].Reason == "" || all[3].MessageID != "" {
			t.Errorf("%+v", all[3])
		}
		kept, err := a.Store.Quarantine(ctx, 0, 0)
		if err != nil || len(kept) != 1 || string(kept[0].Raw) != "\r\n\x00\x01nothing" {
			t.Errorf("%+v, %v", kept, err)
		}
		all, err = a.RetryQuarantined(ctx, []int64{kept[0].ID, 999})
		if !errors.Is(err, sigpost.ErrNotFound) || len(all) != 1 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}
