package peertest

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"
)

func TestCyrusServesWhatIsLoaded(t *testing.T) {
	s := Cyrus(t)
	at := time.Date(2016, 4, 12, 9, 30, 0, 0, time.UTC)
	s.Load(t, "INBOX", []Mail{{Raw: []byte("Subject: one\n\nfirst\n"), Received: at}})
	s.Load(t, "lists/sig", []Mail{
		{Raw: []byte("Subject: two\n\nsecond\n"), Received: at},
		{Raw: []byte("Subject: three\r\n\r\nthird\r\n"), Received: at.Add(-time.Hour)},
		{Raw: []byte("Subject: four\n\nfourth\n"), Received: at},
	})
	s.Expunge(t, "lists/sig", "3")
	conn, err := tls.Dial("tcp", s.Addr, &tls.Config{RootCAs: s.Roots, ServerName: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	owner := newIMAPTalk(t, conn)
	defer owner.Close()
	owner.must("LOGIN %s %q", s.User, s.Password)
	got := owner.must("EXAMINE INBOX") + owner.must("FETCH 1 (INTERNALDATE BODY.PEEK[TEXT])") +
		owner.must("EXAMINE lists/sig") + owner.must("UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
	for _, want := range []string{"* 1 EXISTS", "first\r\n", `"12-Apr-2016 09:30:00 +0000"`, "* 2 EXISTS", "Subject: two", "Subject: three"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
	anonymous := newIMAPTalk(t, must(tls.Dial("tcp", s.Addr, &tls.Config{RootCAs: s.Roots, ServerName: "localhost"})))
	defer anonymous.Close()
	anonymous.must("AUTHENTICATE ANONYMOUS bWU=")
	if got := anonymous.must("EXAMINE %q", OthersPrefix+"lists/sig"); !strings.Contains(got, "* 2 EXISTS") {
		t.Errorf("anonymous sees %s", got)
	}
	before := uidValidity(t, owner.must("EXAMINE lists/sig"))
	s.Remove(t, "lists/sig")
	s.Load(t, "lists/sig", nil)
	again := newIMAPTalk(t, must(tls.Dial("tcp", s.Addr, &tls.Config{RootCAs: s.Roots, ServerName: "localhost"})))
	defer again.Close()
	again.must("LOGIN %s %q", s.User, s.Password)
	if after := uidValidity(t, again.must("EXAMINE lists/sig")); after == before {
		t.Errorf("UIDVALIDITY is %s still", after)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func uidValidity(t *testing.T, lines string) string {
	t.Helper()
	_, rest, ok := strings.Cut(lines, "[UIDVALIDITY ")
	if !ok {
		t.Fatalf("no UIDVALIDITY in %s", lines)
	}
	number, _, _ := strings.Cut(rest, "]")
	return number
}
