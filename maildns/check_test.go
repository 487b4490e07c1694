package maildns_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sigpost/deliver"
	"sigpost/internal/mailtest"
	"sigpost/maildns"
)

const letter = "From: Weekly <weekly@news.example.org>\r\nTo: ada@example.net\r\nSubject: x\r\nDate: Mon, 25 Apr 2016 06:00:00 +0000\r\nMessage-ID: <a@news.example.org>\r\n\r\nA line.\r\n"

// private are keys, made once.
var private = sync.OnceValue(func() map[string]crypto.Signer {
	all := map[string]crypto.Signer{}
	for name, bits := range map[string]int{"strong": 2048, "other": 2048, "weak": 1024} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		all[name] = key
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	all["new"] = key
	return all
})

func key(t *testing.T, domain, selector, name string) maildns.Key {
	t.Helper()
	k := deliver.SigningKey{Domain: domain, Selector: selector, Key: private()[name]}
	record, err := k.Record()
	if err != nil {
		t.Fatal(err)
	}
	s, err := deliver.NewSigner([]deliver.SigningKey{k}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	probe, err := s.SignMessage([]byte(letter))
	if err != nil {
		t.Fatal(err)
	}
	return maildns.Key{Domain: domain, Selector: selector, Public: k.Key.Public(), Record: record, Probe: probe}
}

// good is a zone in which everything is right.
const good = `
news.example.org MX 10 mail.example.org
news.example.org TXT some other words
news.example.org TXT v=spf1 include:spf.example.org -all
spf.example.org TXT v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 -all
_dmarc.example.org TXT v=DMARC1; p=none; SP=Quarantine; rua=mailto:reports@example.org
mail.example.org A 192.0.2.25
mail.example.org AAAA 2001:db8::25
192.0.2.25 PTR mail.example.org
2001:db8::25 PTR mail.example.org
`

func TestFindings(t *testing.T) {
	strong := key(t, "news.example.org", "s1", "strong")
	published := good + "s1._domainkey.news.example.org TXT " + strong.Record + "\n"
	sender := maildns.Sender{
		From: "news.example.org", Envelope: "weekly@news.example.org", Hello: "mail.example.org",
		SendFrom: []netip.Addr{netip.MustParseAddr("192.0.2.25"), netip.MustParseAddr("2001:db8::25")},
		Keys:     []maildns.Key{strong}, Mailboxes: []string{"news.example.org"},
	}
	with := func(change func(*maildns.Sender)) maildns.Sender {
		s := sender
		change(&s)
		return s
	}
	replaced := func(old, new string) string {
		if !strings.Contains(published, old) {
			t.Fatalf("the zone has no %q", old)
		}
		return strings.Replace(published, old, new, 1)
	}
	for _, c := range []struct {
		name   string
		zone   string
		sender maildns.Sender
		want   []string // all that is not "ok"
	}{
		{"all is well", published, sender, nil},
		{"no MX, but an address", replaced("news.example.org MX 10 mail.example.org", "news.example.org A 192.0.2.25"), sender, nil},
		{"no mail", replaced("news.example.org MX 10 mail.example.org", "news.example.org MX 0 ."), sender, []string{"mailboxes severe: says that it takes no mail"}},
		{"nowhere", replaced("news.example.org MX 10 mail.example.org", ""), sender, []string{"mailboxes severe: mail to news.example.org goes nowhere"}},
		{"no answers", published, with(func(s *maildns.Sender) { s.Mailboxes = []string{"gone.example.net"} }), []string{"mailboxes warning: mail to gone.example.net goes nowhere"}},

		{"no SPF", replaced("news.example.org TXT v=spf1 include:spf.example.org -all", ""), sender, []string{"SPF severe: does not say who may send"}},
		{"two SPF", replaced("news.example.org TXT some other words", "news.example.org TXT v=spf1 -all"), sender, []string{"SPF severe: has 2 SPF records"}},
		{"another address", replaced("ip4:192.0.2.25", "ip4:192.0.2.26"), sender, []string{"SPF severe: does not let 192.0.2.25 send for it (fail)"}},
		{"soft", replaced("include:spf.example.org -all", "ip6:2001:db8::25 ~all"), sender, []string{"SPF severe: does not let 192.0.2.25 send for it (softfail)"}},
		{"neutral", replaced("include:spf.example.org -all", "?all"), sender, []string{"SPF severe: 192.0.2.25 send for it (neutral)", "SPF severe: 2001:db8::25 send for it (neutral)"}},
		{"broken", replaced("include:spf.example.org -all", "ip5:1 -all"), sender, []string{"SPF severe: is broken", "SPF severe: is broken"}},
		{"a loop", replaced("include:spf.example.org -all", "include:news.example.org -all"), sender, []string{"SPF severe: is broken", "SPF severe: is broken"}},
		{"everybody", replaced("include:spf.example.org -all", "+all"), sender, []string{"SPF warning: lets everybody send"}},
		{"no answer about SPF", published + "spf.example.org FAIL\n", sender, []string{"SPF unknown: whether news.example.org lets 192.0.2.25", "SPF unknown: whether news.example.org lets 2001:db8::25"}},
		{"a provider sends", published, with(func(s *maildns.Sender) { s.SendFrom = nil }), []string{"SPF unknown: well-formed", "reverse DNS unknown: not known from which address"}},
		{"a provider, and broken", replaced("include:spf.example.org -all", "ip4:1 -all"), with(func(s *maildns.Sender) { s.SendFrom = nil }), []string{"SPF severe: is broken", "reverse DNS unknown: not known"}},

		{"not published", good, sender, []string{"DKIM severe: there is no key at s1._domainkey.news.example.org", "alignment warning: only SPF"}},
		{"published twice", published + "s1._domainkey.news.example.org TXT x\n", sender, []string{"DKIM severe: there are 2 records", "alignment warning: only SPF"}},
		{"another key", good + "s1._domainkey.news.example.org TXT " + key(t, "news.example.org", "s1", "other").Record, sender, []string{"DKIM severe: is another one", "alignment warning: only SPF"}},
		{"revoked", good + "s1._domainkey.news.example.org TXT v=DKIM1; p=", sender, []string{"DKIM severe: is revoked", "alignment warning: only SPF"}},
		{"not for mail", published[:strings.LastIndex(published, "v=DKIM1;")] + "v=DKIM1; s=tlsrpt; p=" + strings.Split(strong.Record, "p=")[1], sender, []string{"DKIM severe: inappropriate service", "alignment warning: only SPF"}},
		{"another hash", strings.Replace(published, "v=DKIM1;", "v=DKIM1; h=sha1;", 1), sender, []string{"DKIM severe: inappropriate hash", "alignment warning: only SPF"}},
		{"being tested", strings.Replace(published, "v=DKIM1;", "v=DKIM1; t=s:y;", 1), sender, []string{"DKIM warning: is being tested"}},
		{"no answer about DKIM", published + "s1._domainkey.news.example.org FAIL\n", sender, []string{"DKIM unknown: the key s1", "alignment warning: only SPF"}},
		{"no key", published, with(func(s *maildns.Sender) { s.Keys = nil }), []string{"DKIM unknown: has no key", "alignment warning: only SPF"}},
		{"nothing at all", published, with(func(s *maildns.Sender) { s.Keys, s.SendFrom = nil, nil }), []string{"SPF unknown", "DKIM unknown", "alignment unknown", "reverse DNS unknown"}},

		{"no policy", replaced("_dmarc.example.org TXT v=DMARC1", "_dmarc.example.org TXT v=DMARC2"), sender, []string{"DMARC severe: has no policy"}},
		{"no such policy", replaced("p=none", "p=nothing"), sender, []string{"DMARC severe: is of no use: invalid policy"}},
		{"two policies", published + "_dmarc.example.org TXT v=DMARC1; p=reject\n", sender, []string{"DMARC severe: there are 2"}},
		{"no answer about DMARC", published + "_dmarc.news.example.org FAIL\n", sender, []string{"DMARC unknown: the policy of news.example.org"}},
		{"strict, and fits", replaced("p=none", "p=none; adkim=s; aspf=s"), sender, nil},

		{"no name", replaced("192.0.2.25 PTR mail.example.org\n", ""), sender, []string{"reverse DNS severe: 192.0.2.25 has no name"}},
		{"a name of another", replaced("2001:db8::25 PTR mail.example.org", "2001:db8::25 PTR www.example.net"), sender, []string{"reverse DNS severe: is called www.example.net"}},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, findings(t, c.zone, c.sender), c.want) })
	}
}

// A domain in another script is asked about as the DNS has it.
func TestFindingsOfAnInternationalDomain(t *testing.T) {
	k := key(t, "xn--mnchen-3ya.example", "s1", "strong")
	zone := strings.NewReplacer("news.example.org", "xn--mnchen-3ya.example", "_dmarc.example.org", "_dmarc.xn--mnchen-3ya.example").Replace(good)
	s := maildns.Sender{From: "münchen.example", Envelope: "post@MÜNCHEN.example", Keys: []maildns.Key{k}, SendFrom: []netip.Addr{netip.MustParseAddr("192.0.2.25")}}
	expect(t, findings(t, zone+k.Name()+" TXT "+k.Record+"\n", s), nil)
}

// Keys of a domain above the author's, of a stranger, of other kinds.
func TestFindingsOfKeys(t *testing.T) {
	above, weak, modern := key(t, "example.org", "a", "strong"), key(t, "news.example.org", "w", "weak"), key(t, "news.example.org", "n", "new")
	strange := key(t, "example.net", "x", "strong")
	zone := good
	for _, k := range []maildns.Key{above, weak, modern, strange} {
		zone += k.Name() + " TXT " + k.Record + "\n"
	}
	strict := strings.Replace(zone, "p=none", "p=none; adkim=s", 1)
	for _, c := range []struct {
		name, zone, envelope string
		keys                 []maildns.Key
		want                 []string
	}{
		{"above", zone, "weekly@bounces.example.com", []maildns.Key{above}, nil},
		{"above, and strict", strict, "weekly@bounces.example.com", []maildns.Key{above}, []string{"alignment severe: not in the name of"}},
		{"above, and strict, but SPF", strict, "weekly@news.example.org", []maildns.Key{above}, []string{"alignment warning: only SPF"}},
		{"weak", zone, "weekly@news.example.org", []maildns.Key{weak}, []string{"DKIM warning: has 1024 bits"}},
		{"two kinds", zone, "weekly@news.example.org", []maildns.Key{above, modern}, nil},
		{"one kind", zone, "weekly@news.example.org", []maildns.Key{modern}, []string{"DKIM warning: with Ed25519 alone"}},
		{"nobody speaks", good, "weekly@bounces.example.com", []maildns.Key{above}, []string{"DKIM severe: no key at", "alignment severe: nothing speaks"}},
		{"a bad envelope", zone, "weekly", []maildns.Key{above}, []string{"SPF severe: no address"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := maildns.Sender{From: "news.example.org", Envelope: c.envelope, Keys: c.keys, SendFrom: []netip.Addr{netip.MustParseAddr("192.0.2.25")}}
			zone := c.zone + "bounces.example.com TXT v=spf1 ip4:192.0.2.25 -all\nbounces.example.com MX 10 mail.example.org\n"
			expect(t, findings(t, zone, s), c.want)
		})
	}
}

func findings(t *testing.T, zone string, s maildns.Sender) []maildns.Finding {
	t.Helper()
	d, err := mailtest.StartDNS(zone)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	return maildns.Check(t.Context(), maildns.NewResolver(d.Addr, 5*time.Second), s)
}

// expect compares what is not ok with "check severity: words".
func expect(t *testing.T, found []maildns.Finding, want []string) {
	t.Helper()
	var got []string
	for _, f := range found {
		if f.Severity != maildns.OK {
			got = append(got, fmt.Sprintf("%s %s: %s", f.Check, f.Severity, f.What))
			if f.Do == "" {
				t.Errorf("nothing to do about %s", f.What)
			}
		}
	}
	same := slices.EqualFunc(got, want, func(g, w string) bool {
		about, words, _ := strings.Cut(w, ": ")
		return strings.HasPrefix(g, about+": ") && strings.Contains(g, words)
	})
	if !same {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestNobodyAnswers(t *testing.T) {
	d, err := mailtest.StartDNS("")
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	s := maildns.Sender{From: "example.org", Envelope: "a@example.org", SendFrom: []netip.Addr{netip.MustParseAddr("192.0.2.25")}}
	for _, f := range maildns.Check(t.Context(), maildns.NewResolver(d.Addr, time.Second), s) {
		if f.Severity == maildns.Severe || f.Severity == maildns.OK {
			t.Errorf("without the DNS: %+v", f)
		}
	}
}

func TestAlignment(t *testing.T) {
	for _, c := range []struct {
		a, b            string
		relaxed, strict bool
	}{
		{"example.org", "example.org", true, true},
		{"Example.org", "example.ORG", true, true},
		{"news.example.org", "example.org", true, false},
		{"news.example.org", "mail.example.org", true, false},
		{"example.co.uk", "other.co.uk", false, false},
		{"a.example.co.uk", "b.example.co.uk", true, false},
		{"example.org", "example.net", false, false},
		{"news.münchen.example", "xn--mnchen-3ya.example", true, false},
		{"MÜNCHEN.example", "xn--mnchen-3ya.example", true, true},
		{"", "", false, false},
	} {
		if maildns.Aligned(c.a, c.b, false) != c.relaxed || maildns.Aligned(c.a, c.b, true) != c.strict {
			t.Errorf("%s and %s", c.a, c.b)
		}
	}
}

// Whatever stands in the DNS, it is somebody else's: it is looked at, and no more.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{"v=spf1 include:%{d} -all", "v=DMARC1; p=none; pct=9999", "v=DKIM1; k=rsa; p=MII", "v=DKIM1;;p", "v=spf1 ip4:1/99 mx//1 exists:%{i", "=;=;", "\x00"} {
		f.Add(seed)
	}
	d, err := mailtest.StartDNS("")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { d.Close() })
	strong := deliver.SigningKey{Domain: "example.org", Selector: "s", Key: private()["new"]}
	signer, err := deliver.NewSigner([]deliver.SigningKey{strong}, time.Now)
	if err != nil {
		f.Fatal(err)
	}
	probe, err := signer.SignMessage([]byte(letter))
	if err != nil {
		f.Fatal(err)
	}
	s := maildns.Sender{From: "example.org", Envelope: "a@example.org", SendFrom: []netip.Addr{netip.MustParseAddr("192.0.2.25")},
		Keys: []maildns.Key{{Domain: "example.org", Selector: "s", Public: strong.Key.Public(), Probe: probe}}}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.Join(strings.Fields(text), " ")
		if len(text) > 4000 {
			return
		}
		zone := ""
		for _, name := range []string{"example.org", "_dmarc.example.org", "s._domainkey.example.org"} {
			zone += name + " TXT " + text + "\n"
		}
		if err := d.Set(zone); err != nil {
			t.Fatal(err)
		}
		found := maildns.Check(t.Context(), maildns.NewResolver(d.Addr, 5*time.Second), s)
		if len(found) < 5 {
			t.Errorf("%d findings", len(found))
		}
	})
}
