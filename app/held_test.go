package app

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sigpost"
	"sigpost/internal/mailtest"
	"sigpost/store"
)

// What is held is named, with what to look for in the mail server's log. What somebody
// says arrived counts as sent and is not sent again; the others are, when somebody says
// so. With the last one the trouble is over.
func TestArrived(t *testing.T) {
	composed(t, func(t *testing.T, w *world, a *App) {
		d, lost := w.digest(a), w.readers()[:3]
		for _, to := range lost {
			w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Hangup, To: to, Times: 1})
		}
		if _, err := a.Send(t.Context(), d, false); !errors.Is(err, ErrLost) {
			t.Fatalf("nothing is lost: %v", err)
		}
		h, err := a.Held(t.Context(), d, 0)
		if err != nil || len(h.Letters) != 3 || h.Number != 1 || !h.Last {
			t.Fatalf("%+v, %v", h, err)
		}
		for _, l := range h.Letters {
			letter := w.lettersTo(l.To)
			if len(letter) != 1 || !strings.Contains(string(letter[0].Data), "<"+string(l.MessageID)+">") {
				t.Errorf("%s was not sent as %s", l.To, l.MessageID)
			}
			if l.Why == "" || l.At.IsZero() {
				t.Errorf("%+v", l)
			}
		}
		for _, who := range [][]string{{lost[0], "nobody@example.org"}, {w.readers()[5]}} {
			if _, err := a.Arrived(t.Context(), d, 0, who); !errors.Is(err, sigpost.ErrNotFound) || !strings.Contains(err.Error(), who[len(who)-1]) {
				t.Errorf("%v: %v", who, err)
			}
		}
		one := a.Config.Digests
		a.Config.Digests = append(slices.Clone(one), one[0]) // which has to be named
		if _, err := a.Arrived(t.Context(), d, 0, []string{"nobody@example.org"}); err == nil || !strings.Contains(err.Error(), `"sigpost digest held --digest weekly 1" names what is`) {
			t.Errorf("of one of two digests: %v", err)
		}
		a.Config.Digests = one
		if _, err := a.Arrived(t.Context(), d, 2, []string{lost[0]}); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("of an issue that is not there: %v", err)
		}
		if h, err = a.Held(t.Context(), d, 1); err != nil || len(h.Letters) != 3 {
			t.Errorf("what was refused changed %+v, %v", h, err)
		}
		if h, err = a.Arrived(t.Context(), d, 0, []string{strings.ToUpper(lost[0]), lost[0]}); err != nil || h.Arrived != 1 || len(h.Letters) != 2 {
			t.Errorf("%+v, %v", h, err)
		}
		wantTroubles(t, a, "letters of weekly are held")
		if _, err := a.SendAgain(t.Context(), d, sigpost.DeliveryUnknown, false); err != nil {
			t.Fatal(err)
		}
		for i, want := range []int{1, 2, 2, 1} {
			if n := len(w.lettersTo(w.readers()[i])); n != want {
				t.Errorf("%s has %d letters, want %d", w.readers()[i], n, want)
			}
		}
		wantTroubles(t, a)
		if _, err := a.Arrived(t.Context(), d, 0, []string{AllHeld}); !errors.Is(err, sigpost.ErrNotFound) {
			t.Errorf("of nothing: %v", err)
		}
	})
}

// All that is held of the issue before, while the next one is not sent yet.
func TestAllArrived(t *testing.T) {
	composed(t, func(t *testing.T, w *world, a *App) {
		d := w.digest(a)
		for _, to := range w.readers()[:2] {
			w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Hangup, To: to, Times: 1})
		}
		if _, err := a.Send(t.Context(), d, false); !errors.Is(err, ErrLost) {
			t.Fatalf("nothing is lost: %v", err)
		}
		a.noteLetters(t.Context(), d)
		wantTroubles(t, a, "letters of weekly are held")
		h, err := a.Arrived(t.Context(), d, 0, []string{AllHeld})
		if err != nil || h.Arrived != 2 || h.All() != 0 {
			t.Errorf("%+v, %v", h, err)
		}
		wantTroubles(t, a)
		log, err := a.Store.AuditLog(t.Context(), store.AuditQuery{Action: sigpost.AuditSendingArrived})
		if err != nil || len(log) != 1 || log[0].Says != "said that 2 letters arrived that were held" {
			t.Errorf("%+v, %v", log, err)
		}
	})
}
