package app

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/mailtest"
)

// A process that has another secret than those beside it neither begins to work nor sends
// the rest of an issue, until it has theirs too.
func TestWorkersHaveOneSecret(t *testing.T) {
	composed(t, func(t *testing.T, w *world, a *App) {
		if !a.Store.Shared() {
			t.Skip("one process works")
		}
		issue, err := a.Store.LastIssue(t.Context(), "weekly")
		if err != nil {
			t.Fatal(err)
		}
		roles := []string{RoleDeliver}
		refused := func(who string, err error) {
			t.Helper()
			if err == nil || errors.Is(err, sigpost.ErrUsage) || !strings.Contains(err.Error(), "the letters of issue 1 of weekly were made with another secret") || !strings.Contains(err.Error(), "old_secret_files") {
				t.Errorf("%s: %v", who, err)
			}
		}
		w.write("old", strings.Repeat("s", 40))
		other := w.open()
		other.secret = []byte(strings.Repeat("t", 40))
		if err := other.checkSecret(t.Context()); err != nil {
			t.Errorf("before the first letter: %v", err)
		}
		w.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Do: mailtest.Refuse, Code: 450, Text: "later", To: w.readers()[0]})
		if _, err := a.DeliverSome(t.Context(), w.digest(a), issue.Number, time.Minute); err != nil {
			t.Fatal(err)
		}
		w.smtp.Reset()
		w.setNow(w.clock().Add(time.Hour))
		_, err = other.DeliverSome(t.Context(), w.digest(other), issue.Number, time.Minute)
		refused("sending", err)
		if n := len(w.letters()); n != 0 {
			t.Errorf("%d letters", n)
		}
		refused("working", (&Serving{}).Work(t.Context(), other, roles))
		other.Config.Archive.OldSecretFiles = []string{w.dir + "/old"}
		if err := other.checkSecret(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := other.DeliverSome(t.Context(), w.digest(other), issue.Number, time.Minute); err != nil {
			t.Error(err)
		}
		if n := len(w.lettersTo(w.readers()[0])); n != 1 {
			t.Errorf("%d letters", n)
		}
	})
}
