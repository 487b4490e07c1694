package app

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"sigpost"
	"sigpost/config"
	"sigpost/deliver"
	"sigpost/digest"
	"sigpost/maildns"
)

// mailSender is who sends a digest, with what the configuration says of it.
func (a *App) mailSender(r *mailFindings, d config.Digest, probe []byte) maildns.Sender {
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

// checkLetter builds a letter and looks at its form, as far as it is the same for
// every issue; the preflight looks at the rest.
func (a *App) checkLetter(r *mailFindings, d config.Digest) []byte {
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

// relayKey is what the configuration calls the server at a place in Relays.
func relayKey(i int) string {
	if i == 0 {
		return "smtp"
	}
	return fmt.Sprintf("smtp.fallback[%d]", i-1)
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
