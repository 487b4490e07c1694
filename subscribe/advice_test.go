package subscribe_test

import (
	"net/netip"
	"strings"
	"testing"

	"sigpost/subscribe"
)

func TestCheckReader(t *testing.T) {
	own := []string{"sig@lists.example.org", "Weekly@Example.org"}
	for addr, want := range map[string]string{
		"ada@example.org":                  "",
		"ada+digest@example.org":           "",
		"info@example.org":                 "",
		"sig@example.org":                  "",
		"sig@lists.example.org":            "round in circles",
		"SIG+x@Lists.example.org":          "round in circles",
		"sig-request@lists.example.org":    "round in circles",
		"weekly@example.org":               "round in circles",
		"postmaster@example.org":           "nobody reads",
		"Abuse@example.org":                "nobody reads",
		"no-reply+7@example.org":           "nobody reads",
		"kde-devel-request@lists.kde.org":  "a list's program",
		"kernel-owner@vger.kernel.org":     "a list's program",
		"ada-request-for-change@x.example": "",
		"mailer-daemon@xn--bcher-kva.exam": "nobody reads mailer-daemon@bücher.exam",
	} {
		err := subscribe.CheckReader(addr, own)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", addr, err, want)
		}
	}
}

func TestDoubts(t *testing.T) {
	for addr, want := range map[string]string{
		"ada@example.org":  "",
		"ada@gmail.com":    "",
		"Ada@gmial.com":    "Did you mean Ada@gmail.com?",
		"ada@gmail.con":    "Did you mean ada@gmail.com?",
		"ada@hotmial.com":  "Did you mean ada@hotmail.com?",
		"ada@mail.com":     "", // a letter from gmail.com, and real
		"ada@ymail.com":    "",
		"ada@gmx.net":      "",
		"ada@gmx.se":       "", // too short to be sure
		"info@example.org": "several people",
	} {
		got := strings.Join(subscribe.Doubts(addr), " ")
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
}

func TestNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.77":        "192.0.2.0/24",
		"::ffff:192.0.2.77": "192.0.2.0/24",
		"2001:db8:1:2ff::1": "2001:db8:1:200::/56",
		"fe80::1%eth0":      "fe80::/56",
	} {
		if got := subscribe.Network(netip.MustParseAddr(in)); got.String() != want {
			t.Errorf("%s is in %s, want %s", in, got, want)
		}
	}
	if subscribe.Network(netip.Addr{}).IsValid() {
		t.Error("no address has a network")
	}
}
