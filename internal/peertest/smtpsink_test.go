package peertest_test

import (
	"net/smtp"
	"slices"
	"testing"

	"sigpost/internal/peertest"
)

func TestSMTPSinkKeepsWhatItIsSent(t *testing.T) {
	sink := peertest.SMTPSink(t)
	const text = "Subject: hi\r\nReceived: by nobody\r\n\r\n.dot\r\nthe end\r\n\r\n"
	if err := smtp.SendMail(sink.Addr, nil, "a@example.org", []string{"b@example.org", "c@example.org"}, []byte(text)); err != nil {
		t.Fatal(err)
	}
	got := sink.Letters()
	if len(got) != 1 || got[0].From != "a@example.org" || !slices.Equal(got[0].To, []string{"b@example.org", "c@example.org"}) {
		t.Fatalf("got %+v", got)
	}
	if want := "Subject: hi\nReceived: by nobody\n\n.dot\nthe end\n\n"; string(got[0].Data) != want {
		t.Errorf("got %q, want %q", got[0].Data, want)
	}
}

func TestSMTPSinkOptions(t *testing.T) {
	sink := peertest.SMTPSink(t, "-f", "rcpt")
	if err := smtp.SendMail(sink.Addr, nil, "a@example.org", []string{"b@example.org"}, []byte("\r\n")); err == nil {
		t.Error("RCPT was not refused")
	}
	if got := sink.Letters(); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}
