package ingest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
)

// Each error is one line that says what to do.
func TestErrorsForPeople(t *testing.T) {
	onAll(t, func(t *testing.T, s server) {
		s.load(t, "lists/sig-openstack", sample(1))
		for _, test := range []struct {
			name    string
			change  func(a *Account)
			mailbox string
			want    error
			text    []string
		}{
			{"wrong password", func(a *Account) {
				a.Password, a.PasswordPlace = func() (string, error) { return "wrong", nil }, "imap.password (password_file)"
			}, "INBOX", ErrAuthentication, []string{"the server refused the login of reader at 127.0.0.1", "check username, and the password in imap.password (password_file)"}},
			{"password cannot be read", func(a *Account) { a.Password = func() (string, error) { return "", io.ErrUnexpectedEOF } },
				"INBOX", ErrPassword, []string{"account lists", "unexpected EOF"}},
			{"mailbox missing", func(*Account) {}, "sig-openstack", ErrNoMailbox,
				[]string{`cannot open the mailbox "sig-openstack"`, `there are "lists/sig-openstack"`}},
			{"authority unknown", func(a *Account) { a.RootCAs = x509.NewCertPool() },
				"INBOX", ErrCertificate, []string{"uthority", "ca_file"}},
			{"other name in the certificate", func(a *Account) { a.ServerName = "imap.example.org" },
				"INBOX", ErrCertificate, []string{"valid for localhost, 127.0.0.1", "not for imap.example.org"}},
			{"plain to a stranger", func(a *Account) { a.TLS, a.Addr = TLSPlain, "imap.example.org:143" },
				"INBOX", ErrPlain, []string{"imap.example.org:143", "allow_plain"}},
			{"nothing listens", func(a *Account) { a.Addr = peertest.FreeAddr(t) },
				"INBOX", ErrUnreachable, []string{"connection refused", "check host and port"}},
			{"unknown TLS mode", func(a *Account) { a.TLS = "ssl" }, "INBOX", ErrTLS, []string{`tls = "ssl"`}},
		} {
			t.Run(test.name, func(t *testing.T) {
				account := s.account()
				test.change(&account)
				err := Check(t.Context(), account, []string{test.mailbox})
				if !errors.Is(err, test.want) {
					t.Fatalf("error %v", err)
				}
				for _, text := range test.text {
					if !strings.Contains(err.Error(), text) {
						t.Errorf("%q is not in %q", text, err)
					}
				}
				if strings.ContainsAny(err.Error(), "\r\n") {
					t.Errorf("more than one line: %q", err)
				}
				archive := newMemory(t)
				if _, fetchErr := ingester(t, archive).Fetch(t.Context(), Source{Account: account, Mailbox: test.mailbox}, nil); !errors.Is(fetchErr, test.want) {
					t.Errorf("Fetch gives %v", fetchErr)
				}
				if len(archive.failures) != 1 {
					t.Errorf("recorded: %q", archive.failures)
				}
			})
		}
		t.Run("all well", func(t *testing.T) {
			if err := Check(t.Context(), s.account(), []string{"INBOX", "lists/sig-openstack"}); err != nil {
				t.Error(err)
			}
		})
		t.Run("two missing", func(t *testing.T) {
			err := Check(t.Context(), s.account(), []string{"one", "INBOX", "two"})
			if !errors.Is(err, ErrNoMailbox) || strings.Count(err.Error(), "\n") != 1 {
				t.Errorf("error %v", err)
			}
		})
	})
}

func TestSTARTTLS(t *testing.T) {
	test := func(t *testing.T, account Account) {
		if err := Check(t.Context(), account, []string{"INBOX"}); err != nil {
			t.Error(err)
		}
		account.RootCAs = x509.NewCertPool()
		if err := Check(t.Context(), account, nil); !errors.Is(err, ErrCertificate) {
			t.Errorf("unknown authority: %v", err)
		}
		account.TLS = TLSImplicit
		if err := Check(t.Context(), account, nil); !errors.Is(err, ErrTLS) || !strings.Contains(err.Error(), "starttls") {
			t.Errorf("TLS where plain text is spoken: %v", err)
		}
	}
	t.Run("in-process", func(t *testing.T) {
		s := startInProcess(t, mailtest.StartTLS)
		account := s.account()
		account.TLS = TLSStart
		test(t, account)
	})
	t.Run("dovecot", func(t *testing.T) {
		s := dovecot{peertest.Dovecot(t)}
		account := s.account()
		account.TLS, account.Addr = TLSStart, s.PlainAddr
		test(t, account)
	})
	t.Run("not offered", func(t *testing.T) {
		account := startInProcess(t, mailtest.Plain).account()
		account.TLS = TLSStart
		if err := Check(t.Context(), account, nil); !errors.Is(err, ErrTLS) {
			t.Errorf("error %v", err)
		}
	})
}

// TLS on the plain port of a server that waits for the client to speak ends
// by the watchdog.
func TestHandshakeWithASilentServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	for _, mode := range []TLSMode{TLSImplicit, TLSStart, TLSPlain} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			account := Account{Addr: l.Addr().String(), TLS: mode, Timeout: time.Second}
			hint := `set tls = "tls"`
			if mode == TLSImplicit {
				hint = `set tls = "starttls"`
			}
			if err := Check(t.Context(), account, nil); !errors.Is(err, ErrStalled) || !strings.Contains(err.Error(), hint) {
				t.Error(err)
			}
		})
	}
}

// Each way of speaking to the wrong port says which one is right.
func TestWrongPort(t *testing.T) {
	test := func(t *testing.T, tlsAddr, plainAddr string, roots *x509.CertPool) {
		for _, c := range []struct {
			addr string
			mode TLSMode
			hint string
		}{
			{tlsAddr, TLSPlain, `set tls = "tls"`},
			{tlsAddr, TLSStart, `set tls = "tls"`},
			{plainAddr, TLSImplicit, `set tls = "starttls"`},
		} {
			err := Check(t.Context(), Account{Addr: c.addr, TLS: c.mode, RootCAs: roots, Timeout: time.Second}, nil)
			if err == nil || !strings.Contains(err.Error(), c.hint) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v", c.mode, err)
			}
		}
	}
	t.Run("in-process", func(t *testing.T) {
		s := startInProcess(t, mailtest.ImplicitTLS)
		test(t, s.Addr, startInProcess(t, mailtest.Plain).Addr, s.CA.Pool())
	})
	t.Run("dovecot", func(t *testing.T) {
		s := peertest.Dovecot(t)
		test(t, s.Addr, s.PlainAddr, s.Roots)
	})
	t.Run("cyrus", func(t *testing.T) {
		s := peertest.Cyrus(t)
		test(t, s.Addr, s.PlainAddr, s.Roots)
	})
	t.Run("a TLS alert", func(t *testing.T) {
		s := startScripted(t, 0, func(s *scripted) { s.greeting = "\x15\x03\x01\x00\x02\x02\x28" })
		account := s.source().Account
		if err := Check(t.Context(), account, nil); !errors.Is(err, ErrTLS) || !strings.Contains(err.Error(), `set tls = "tls"`) {
			t.Errorf("%v", err)
		}
	})
}

func TestDialError(t *testing.T) {
	unknown := dialError("imap.example.org:993", "imap.example.org", &net.OpError{Err: &net.DNSError{IsNotFound: true}})
	if !errors.Is(unknown, ErrUnknownHost) || unknown.Error() != `unknown host "imap.example.org": check the account's host` || temporary(unknown) {
		t.Errorf("%v", unknown)
	}
	away := dialError("imap.example.org:993", "imap.example.org", &net.OpError{Err: &net.DNSError{IsTimeout: true}})
	if !errors.Is(away, ErrUnreachable) || !temporary(away) {
		t.Errorf("%v", away)
	}
}

func TestTemporary(t *testing.T) {
	for err, want := range map[error]bool{
		ErrUnreachable: true, ErrStalled: true, ErrConnection: true,
		ErrAuthentication: false, ErrCertificate: false, ErrPlain: false, ErrNoMailbox: false,
		context.Canceled: false, errUIDValidity: false, io.ErrShortWrite: false,
	} {
		if temporary(err) != want {
			t.Errorf("%v: %t", err, !want)
		}
	}
}

func TestWhatAServerSaysStaysOnOneLine(t *testing.T) {
	if got := printable("a\r\nb\x1b[2Jc\x7f"); got != "a  b [2Jc " {
		t.Errorf("%q", got)
	}
	if err := tlsError("h:1", "h", tls.AlertError(40)); !errors.Is(err, ErrTLS) {
		t.Errorf("%v", err)
	}
}

func TestNearest(t *testing.T) {
	there := []string{"Trash", "Sent", "lists/kernel", "Lists/SIG-OpenStack", "a", "b", "INBOX"}
	if got, want := nearest("sig-openstack", there), `"Lists/SIG-OpenStack", "a", "Trash", "Sent", "lists/kernel" and 2 more`; got != want {
		t.Errorf("%s", got)
	}
	if got := nearest("x", nil); got != "none at all" {
		t.Errorf("%s", got)
	}
}

// Whoever is between us and the server can say what they like before TLS stands: no
// name and no password are sent, whatever it is.
func TestNoLoginBeforeTLS(t *testing.T) {
	for name, script := range map[string]func(s *scripted){
		"logged in already": func(s *scripted) { s.greeting = "* PREAUTH welcome" },
		"refused": func(s *scripted) {
			s.answer = func(c *conversation, tag, command string) bool {
				c.say("%s NO not now", tag)
				return true
			}
		},
		"answers in advance": func(s *scripted) { // as if they had come by TLS
			s.answer = func(c *conversation, tag, command string) bool {
				if command != "STARTTLS" {
					return false
				}
				c.say("%s OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n* PREAUTH welcome", tag)
				return true
			}
		},
		"not offered": func(s *scripted) {},
	} {
		t.Run(name, func(t *testing.T) {
			s := startScripted(t, 1, func(s *scripted) { s.caps = "IMAP4rev1 AUTH=PLAIN"; script(s) })
			account := Account{Name: "a", Addr: s.addr, TLS: TLSStart, Username: "ada", Password: func() (string, error) { return "geheim", nil }, Timeout: 2 * time.Second}
			if err := Check(t.Context(), account, []string{"INBOX"}); err == nil {
				t.Error("no error")
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, command := range s.commands {
				if strings.HasPrefix(command, "LOGIN") || strings.HasPrefix(command, "AUTHENTICATE") || strings.Contains(command, "geheim") || strings.HasPrefix(command, "EXAMINE") {
					t.Errorf("in clear text: %s", command)
				}
			}
		})
	}
}
