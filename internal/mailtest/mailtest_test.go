package mailtest

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"
)

func TestCAForAnotherHost(t *testing.T) {
	ca, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	for name, names := range map[string][]string{"right": nil, "wrong": {"mail.example.org"}} {
		config, err := ca.ServerConfig(names...)
		if err != nil {
			t.Fatal(err)
		}
		l, err := tls.Listen("tcp", "127.0.0.1:0", config)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			if conn, err := l.Accept(); err == nil {
				io.Copy(io.Discard, conn)
				conn.Close()
			}
		}()
		conn, err := tls.Dial("tcp", l.Addr().String(), ca.ClientConfig())
		if err == nil {
			conn.Close()
		}
		if (err == nil) != (name == "right") {
			t.Errorf("%s host: %v", name, err)
		}
	}
}

func TestFixedClock(t *testing.T) {
	at := time.Date(2016, 4, 25, 9, 0, 0, 0, time.UTC)
	now := FixedClock(at)
	if first, second := now(), now(); !first.Equal(at) || !second.Equal(at) {
		t.Error("it moves")
	}
}

func TestCloseAtOnceAndTwice(t *testing.T) {
	for range 50 {
		imap, err := StartIMAP(IMAPOptions{})
		if err != nil {
			t.Fatal(err)
		}
		smtp, err := StartSMTP(SMTPOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := imap.Close(); err != nil {
				t.Error(err)
			}
			if err := smtp.Close(); err != nil {
				t.Error(err)
			}
		}
		for _, addr := range []string{imap.Addr, smtp.Addr} {
			if conn, err := net.Dial("tcp", addr); err == nil {
				conn.Close()
				t.Errorf("%s still listens", addr)
			}
		}
	}
}
