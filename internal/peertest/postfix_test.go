package peertest

import (
	"bytes"
	"net/smtp"
	"strings"
	"testing"
	"time"
)

// What Postfix takes arrives, waits, or comes back, and it says so.
func TestPostfix(t *testing.T) {
	sink := SMTPSink(t)
	refuses, later := SMTPSink(t, "-f", "RCPT", "-B", "550 5.1.1 User unknown"), SMTPSink(t, "-r", "RCPT")
	p := Postfix(t, "home.example.org", sink.Addr, map[string]string{"gone@example.net": refuses.Addr, "busy@example.net": later.Addr})
	p.Greylist("grey@example.net", 1)
	send := func(to string) error {
		return smtp.SendMail(p.Addr, nil, "news+b1@home.example.org", []string{to}, []byte("Subject: to "+to+"\r\n\r\ntext\r\n"))
	}
	for _, to := range []string{"one@example.net", "gone@example.net", "busy@example.net"} {
		if err := send(to); err != nil {
			t.Fatal(err)
		}
	}
	if err := send("grey@example.net"); err == nil || !strings.HasPrefix(err.Error(), "451 ") {
		t.Errorf("the first letter to who is greylisted is answered with %v", err)
	}
	if err := send("grey@example.net"); err != nil {
		t.Error(err)
	}
	if n := p.Settle(); n != 1 {
		t.Errorf("%d letters wait, want 1", n)
	}
	if got := sink.Take(); len(got) != 2 {
		t.Errorf("%d letters have arrived, want 2", len(got))
	}
	back := p.Returned()
	time.Sleep(time.Second) // after which Postfix says that a letter is late
	p.Flush()
	for begin := time.Now(); len(back) < 2 && time.Since(begin) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
		back = append(back, p.Returned()...)
	}
	all := string(bytes.Join(back, nil))
	for _, want := range []string{"gone@example.net\nAction: failed\nStatus: 5.1.1\n", "busy@example.net\nAction: delayed\nStatus: 4.3.0\n"} {
		if strings.Count(all, want) != 1 || len(back) != 2 {
			t.Errorf("%d mails have come back, want two, one with %q:\n%s", len(back), want, all)
		}
	}
}
