package app

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/deliver"
	"sigpost/digest"
	"sigpost/maildns"
)

// MailReport is what receivers will make of a digest's letters.
type MailReport struct {
	Digest   string            `json:"digest"`
	From     string            `json:"from"`
	Findings []maildns.Finding `json:"findings"`
}

func (r *MailReport) add(about string, s maildns.Severity, do, format string, args ...any) {
	r.Findings = append(r.Findings, maildns.Finding{Check: about, Severity: s, What: fmt.Sprintf(format, args...), Do: do})
}

// Severe counts what has to be put right.
func (r *MailReport) Severe() (n int) {
	for _, f := range r.Findings {
		if f.Severity == maildns.Severe {
			n++
		}
	}
	return n
}

// CheckMail looks at each digest as a large mailbox provider does: the form of
// its letters, who may send and sign them (by the DNS), the mail servers and the
// door out, which it calls. It sends nothing and changes nothing.
func (a *App) CheckMail(ctx context.Context) ([]MailReport, error) {
	c := a.Config
	dns := maildns.NewResolver(c.DNS.Resolver, time.Duration(c.DNS.Timeout))
	door, transport := a.checkDoor(ctx), a.checkTransport(ctx)
	reports := []MailReport{}
	for _, d := range c.Digests {
		r := MailReport{Digest: d.Name, From: address(d.From).Address}
		probe := a.checkLetter(&r, d)
		sender := a.mailSender(&r, d, probe)
		r.Findings = append(r.Findings, maildns.Check(ctx, dns, sender)...)
		r.Findings = append(r.Findings, transport...)
		r.Findings = append(r.Findings, door...)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// mailSender is who sends a digest, with what the configuration says of it.
func (a *App) mailSender(r *MailReport, d config.Digest, probe []byte) maildns.Sender {
	s := maildns.Sender{From: domain(d.From), Envelope: envelope(d), Hello: a.Config.SMTP.Hello}
	for _, addr := range a.Config.Check.SendFrom {
		if ip, err := netip.ParseAddr(addr); err == nil { // as the configuration's check saw to
			s.SendFrom = append(s.SendFrom, ip)
		}
	}
	for _, addr := range []string{d.ReplyTo, d.UnsubscribeMailto} {
		s.Mailboxes = append(s.Mailboxes, domain(addr))
	}
	var others []string
	for _, k := range a.Config.DKIM {
		if !maildns.Aligned(s.From, k.Domain, false) {
			others = append(others, k.Name())
			continue
		}
		key, err := a.mailKey(k, probe)
		if err != nil {
			r.add("DKIM", maildns.Severe, "put it right in [[dkim]]: no letter can be signed", "%v", err)
			continue
		}
		if path := a.Config.Path(k.KeyFile); k.KeyFile != "" && readByOthers(path) {
			r.add("DKIM", maildns.Warning, "chmod 600 "+path, "others on this machine can read the private key %s", path)
		}
		s.Keys = append(s.Keys, key)
	}
	if n := len(others); n > 0 && n == len(a.Config.DKIM) {
		r.add("DKIM", maildns.Warning, "put domain in [[dkim]] or from in [[digest]] right, or make a key for "+s.From+": \"sigpost dkim new\"",
			"letters from %s are not signed: the keys are of others (%s)", s.From, strings.Join(others, ", "))
	}
	return s
}

// mailKey is a key with a probe that it has signed.
func (a *App) mailKey(k config.DKIM, probe []byte) (maildns.Key, error) {
	key, err := signingKey(a.Config, k)
	if err != nil {
		return maildns.Key{}, err
	}
	signer, err := deliver.NewSigner([]deliver.SigningKey{key}, a.now)
	if err != nil {
		return maildns.Key{}, err
	}
	m := maildns.Key{Domain: k.Domain, Selector: k.Selector, Public: key.Key.Public()}
	if m.Record, err = key.Record(); err != nil {
		return m, err
	}
	m.Probe, err = signer.SignMessage(probe)
	return m, err
}

// readByOthers says whether more than the owner may read a file.
func readByOthers(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o077 != 0
}

// checkLetter builds a letter and looks at its form, as far as it is the same for
// every issue; the preflight looks at the rest.
func (a *App) checkLetter(r *MailReport, d config.Digest) []byte {
	const about = "letter"
	issue := sigpost.Issue{Digest: d.Name, Title: d.Title, Number: 1, Composed: a.now(),
		Window: sigpost.Window{From: a.now().AddDate(0, 0, -7), To: a.now()}}
	p := Preflight{}
	data := a.checkHeader(&p, d, issue)
	worst := maildns.OK
	for _, f := range p.Findings {
		switch f.Severity {
		case digest.Severe:
			worst = maildns.Severe
			r.add(about, maildns.Severe, f.Do, "%s", f.What)
		case digest.Warning:
			if strings.Contains(f.What, "RFC 8058") {
				continue // the door has more to say of that
			}
			r.add(about, maildns.Warning, f.Do, "%s", f.What)
		}
	}
	if worst == maildns.OK {
		r.add(about, maildns.OK, "", "it has one author, a date, a Message-ID and a List-Id, text beside HTML, and only lines that every server takes (RFC 5322)")
	}
	return data
}

// checkTransport says how letters leave this machine: for each server whether it
// takes them encrypted, and the login.
func (a *App) checkTransport(ctx context.Context) []maildns.Finding {
	var r MailReport
	for i, relay := range a.Config.SMTP.Relays() {
		a.checkRelay(ctx, &r, relayKey(i), relay)
	}
	return r.Findings
}

// relayKey is what the configuration calls the server at a place in Relays.
func relayKey(i int) string {
	if i == 0 {
		return "smtp"
	}
	return fmt.Sprintf("smtp.fallback[%d]", i-1)
}

func (a *App) checkRelay(ctx context.Context, r *MailReport, key string, relay config.Relay) {
	const about = "TLS"
	login := "without a login"
	if relay.Username != "" {
		login = "and it takes the login of " + relay.Username
	}
	local := config.Loopback(relay.Host)
	if relay.TLS == "plain" && !local {
		secret := ""
		if relay.Username != "" {
			secret = ", and so does the password"
		}
		r.add(about, maildns.Severe, "set "+key+".tls = \"starttls\"", "letters go to %s in clear text%s", relay.Host, secret)
		return
	}
	switch err := a.tryRelay(ctx, relay); {
	case err != nil:
		r.add(about, maildns.Warning, "put "+key+" right, or the server", "no letters can go to %s (%s): %v", relay.Host, relay.TLS, err)
	case relay.TLS == "plain":
		r.add(about, maildns.Unknown, "see that it uses TLS where it passes letters on, such as smtp_tls_security_level = may in Postfix", "letters go to a server on this machine, %s, %s", relay.Host, login)
	default:
		r.add(about, maildns.OK, "", "letters go to %s encrypted (%s), %s", relay.Host, relay.TLS, login)
	}
}

// tryRelay opens a connection to a server, TLS and login included, and sends nothing.
func (a *App) tryRelay(ctx context.Context, relay config.Relay) error {
	server, err := a.serverOf(relay)
	if err != nil {
		return err
	}
	courier := deliver.NewSMTP(server)
	defer courier.Close()
	return courier.Connect(ctx)
}
