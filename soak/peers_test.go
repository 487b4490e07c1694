package soak_test

import (
	"fmt"
	"testing"
	"time"

	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
	"sigpost/soak"
	"sigpost/soak/check"
)

// peers are the servers of a year: in this process, or real ones.
type peers struct {
	t       *testing.T
	imap    *mailtest.IMAP
	smtp    *mailtest.SMTP
	dovecot *peertest.DovecotServer
	postfix *peertest.PostfixServer
	sink    *peertest.Sink // behind Postfix
	// hosts are those of readers whose server behind Postfix does not take everything.
	hosts map[string]host
	// had is what was put into each mailbox.
	had map[string][]soak.Mail
}

var mailboxes = []string{"INBOX", "Dev", "Service"}

func inProcess(t *testing.T, _ *soak.Script) *peers {
	p := &peers{t: t, had: map[string][]soak.Mail{}}
	var err error
	if p.imap, err = mailtest.StartIMAP(mailtest.IMAPOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.imap.Close() })
	if p.smtp, err = mailtest.StartSMTP(mailtest.SMTPOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.smtp.Close() })
	for _, m := range mailboxes {
		p.put(m)
	}
	return p
}

func realPeers(t *testing.T, s *soak.Script) *peers {
	p := &peers{t: t, had: map[string][]soak.Mail{}, dovecot: peertest.Dovecot(t), sink: peertest.SMTPSink(t), hosts: map[string]host{}}
	p.startPostfix(s)
	for _, m := range mailboxes {
		p.put(m)
	}
	return p
}

func (p *peers) imapAddr() string {
	if p.dovecot != nil {
		return p.dovecot.PlainAddr
	}
	return p.imap.Addr
}

func (p *peers) login() (user, password string) {
	if p.dovecot != nil {
		return p.dovecot.User, p.dovecot.Password
	}
	return p.imap.Username, p.imap.Password
}

func (p *peers) smtpAddr() string {
	if p.postfix != nil {
		return p.postfix.Addr
	}
	return p.smtp.Addr
}

// put puts mail into a mailbox, which is made where it is missing.
func (p *peers) put(mailbox string, mails ...soak.Mail) {
	p.t.Helper()
	p.had[mailbox] = append(p.had[mailbox], mails...)
	if p.dovecot != nil {
		var all []peertest.Mail
		for _, m := range mails {
			all = append(all, peertest.Mail{Raw: m.Raw, Received: m.Internal})
		}
		p.dovecot.Load(p.t, mailbox, all)
		return
	}
	var all []mailtest.Mail
	for i, m := range mails {
		all = append(all, mailtest.Mail{Name: fmt.Sprint(i), Raw: m.Raw, Received: m.Internal})
	}
	if err := p.imap.Append(mailbox, all); err != nil {
		p.t.Fatal(err)
	}
}

// renumber gives a mailbox another UIDVALIDITY, with the same mail in it.
func (p *peers) renumber(mailbox string) {
	p.t.Helper()
	had := p.had[mailbox]
	p.had[mailbox] = nil
	if p.dovecot != nil {
		p.dovecot.Remove(p.t, mailbox)
	} else if err := p.imap.Reset(mailbox); err != nil {
		p.t.Fatal(err)
	}
	p.put(mailbox, had...)
}

// take gives the letters that came since the last call, when all that are on their way
// have.
func (p *peers) take(now time.Time) (all []check.Letter) {
	p.t.Helper()
	if p.postfix != nil {
		p.postfix.Settle()
		for _, l := range p.sink.Take() {
			all = append(all, check.Letter{At: now, From: l.From, To: l.To[0], Data: l.Data})
		}
		return all
	}
	for _, l := range p.smtp.Take() {
		all = append(all, check.Letter{At: now, From: l.From, To: l.To[0], Data: l.Data})
	}
	return all
}

// refuse has the server of letters fail; gate is the one before it.
func (p *peers) refuse(gate *gate, how, who string, n int) {
	switch {
	case p.postfix != nil && how == "later":
		p.postfix.Greylist(who, n)
	case p.postfix != nil:
		gate.hangUp(how)
	case how == "later":
		p.smtp.Fail(mailtest.SMTPFault{At: mailtest.AtRcpt, Code: 451, Text: "4.7.1 Greylisted, come again", To: who, Times: n})
	case how == "drop":
		p.smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Hangup, Times: 1})
	case how == "stray":
		p.smtp.Fail(mailtest.SMTPFault{At: mailtest.MidData, Do: mailtest.Hangup, Times: 1})
	}
}
