package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sigpost"
	"sigpost/internal/mailtest"
	"sigpost/store"
)

// What a reviewer removes is gone from the pages, from the reasons for tags and from
// the issue that is composed later; the log tells of it, and it can be undone.
func TestRemovedMessagesAreNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	ctx := sigpost.ActingAs(t.Context(), "rev@example.org")
	w.deliver(mailtest.Mail{Received: monday.AddDate(0, 0, -4), Raw: []byte("From: Ana <ana@example.org>\r\nMessage-ID: <secret@x>\r\nSubject: Kuryr secret plans\r\nDate: Mon, 21 Apr 2016 09:00:00 +0000\r\n\r\nKuryr has a terrible secret that nobody may read, in Neutron ports.\r\n")})
	if _, err := a.Ingest(ctx); err != nil {
		t.Fatal(err)
	}
	m, err := a.Store.MessageByID(ctx, "secret@x")
	if err != nil {
		t.Fatal(err)
	}
	handler, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	see := func(path string) (int, string) {
		t.Helper()
		resp, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	if status, body := see("/m/secret@x"); status != http.StatusOK || !strings.Contains(body, "terrible secret") {
		t.Errorf("before: %d %s", status, body)
	}
	if err := a.hideMessage(ctx, m.ID, "it is a secret"); err != nil {
		t.Fatal(err)
	}
	if status, body := see("/m/secret@x"); status != http.StatusGone || strings.Contains(body, "secret plans") || strings.Contains(body, "terrible") {
		t.Errorf("after: %d %s", status, body)
	}
	if _, body := see("/"); strings.Contains(body, "secret plans") {
		t.Errorf("home: %s", body)
	}
	w.run(a)
	issue, err := a.Store.LastIssue(ctx, "weekly")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range issue.Entries {
		if e.ThreadID == m.ThreadID {
			t.Errorf("the issue tells of it: %+v", e)
		}
	}
	log, err := a.Store.AuditLog(ctx, store.AuditQuery{Action: sigpost.AuditMessageHide})
	if err != nil || len(log) != 1 || log[0].Who != "rev@example.org" || !strings.Contains(log[0].Says, "it is a secret") {
		t.Fatalf("the log has %+v, %v", log, err)
	}
	if err := a.Undo(ctx, log[0].ID, sigpost.Person{Addr: "other@example.org", Role: sigpost.RoleReviewer}); err != nil {
		t.Fatal(err)
	}
	if status, body := see("/m/secret@x"); status != http.StatusOK || !strings.Contains(body, "terrible secret") {
		t.Errorf("undone: %d %s", status, body)
	}
	if err := a.Undo(ctx, log[0].ID, sigpost.Person{Addr: "other@example.org", Role: sigpost.RoleReviewer}); err == nil {
		t.Error("it can be undone twice")
	}
	if err := a.hideMessage(ctx, m.ID, "once more"); err != nil {
		t.Fatal(err)
	}
	if err := a.showMessage(ctx, m.ID); err != nil {
		t.Fatal(err)
	}
	log, err = a.Store.AuditLog(ctx, store.AuditQuery{Action: sigpost.AuditMessageShow})
	if err != nil || len(log) != 1 {
		t.Fatalf("the log has %+v, %v", log, err)
	}
	if err := a.Undo(ctx, log[0].ID, sigpost.Person{Addr: "other@example.org", Role: sigpost.RoleReviewer}); err != nil {
		t.Fatal(err)
	}
	if m, err := a.Store.Message(ctx, m.ID); err != nil || !m.Removed {
		t.Errorf("%+v, %v", m, err)
	}
}
