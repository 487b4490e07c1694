package mailtest

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
)

func TestDNSAnswersGosResolver(t *testing.T) {
	long := "v=DKIM1; k=rsa; p=" + strings.Repeat("A", 700)
	d, err := StartDNS("# a zone\nexample.org MX 10 mail.example.org\nexample.org TXT v=spf1 mx -all\nexample.org TXT another\n" +
		"mail.example.org A 192.0.2.1\nmail.example.org AAAA 2001:db8::1\n192.0.2.1 PTR mail.example.org\n2001:db8::1 PTR mail.example.org\n" +
		"alias.example.org CNAME long.example.org\nlong.example.org TXT " + long + "\nbroken.example.org FAIL\n")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, d.Addr)
	}}
	ctx := t.Context()
	if mx, err := r.LookupMX(ctx, "Example.ORG."); err != nil || len(mx) != 1 || mx[0].Host != "mail.example.org." || mx[0].Pref != 10 {
		t.Errorf("MX: %v, %v", mx, err)
	}
	if txt, err := r.LookupTXT(ctx, "example.org."); err != nil || len(txt) != 2 || txt[0] != "v=spf1 mx -all" {
		t.Errorf("TXT: %q, %v", txt, err)
	}
	if ips, err := r.LookupIPAddr(ctx, "mail.example.org."); err != nil || len(ips) != 2 {
		t.Errorf("addresses: %v, %v", ips, err)
	}
	for _, addr := range []string{"192.0.2.1", "2001:db8::1"} {
		if names, err := r.LookupAddr(ctx, addr); err != nil || len(names) != 1 || names[0] != "mail.example.org." {
			t.Errorf("PTR of %s: %v, %v", addr, names, err)
		}
	}
	if txt, err := r.LookupTXT(ctx, "alias.example.org."); err != nil || len(txt) != 1 || txt[0] != long {
		t.Errorf("a long TXT behind an alias: %q, %v", txt, err)
	}
	if _, byTCP := d.Asked(); byTCP != 1 {
		t.Errorf("%d questions by TCP, want 1", byTCP)
	}
	var failure *net.DNSError
	for name, gone := range map[string]bool{"none.example.org.": true, "broken.example.org.": false} {
		if _, err := r.LookupTXT(ctx, name); !errors.As(err, &failure) || failure.IsNotFound != gone {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, zone := range []string{"a B c", "a A b", "a PTR b", "a MX b", strings.Repeat("a", 300) + " A 192.0.2.1"} {
		if d.Set(zone) == nil {
			t.Errorf("taken: %.60s", zone)
		}
	}
}
