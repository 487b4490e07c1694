package subscribe_test

import (
	"net/mail"
	"strings"
	"testing"
	"unicode"

	"sigpost/subscribe"
)

func TestParseAddress(t *testing.T) {
	for in, want := range map[string][2]string{
		"ada@example.org":                           {"", "ada@example.org"},
		"  Ada.Lovelace+list@EXAMPLE.Org ":          {"", "Ada.Lovelace+list@example.org"},
		"<ada@example.org>":                         {"", "ada@example.org"},
		"Ada Lovelace <ada@example.org>":            {"Ada Lovelace", "ada@example.org"},
		`"Lovelace, \"Ada\" <x>" <ada@example.org>`: {`Lovelace, "Ada" <x>`, "ada@example.org"},
		"Zoë  Ångström <zoë@bücher.example>":        {"Zoë Ångström", "zoë@xn--bcher-kva.example"},
		"zoe\u0308@BU\u0308CHER.example":            {"", "zoë@xn--bcher-kva.example"},
		"zoë@XN--bcher-KVA.example":                 {"", "zoë@xn--bcher-kva.example"},
		"ada@straße.example":                        {"", "ada@xn--strae-oqa.example"},
		"ada@例子。广告":                                 {"", "ada@xn--fsqu00a.xn--4rr70v"},
		"用户@例子.广告":                                  {"", "用户@xn--fsqu00a.xn--4rr70v"},
		"root@localhost":                            {"", "root@localhost"},
		"o'neil_{x}/y=z@sub.example.co.uk":          {"", "o'neil_{x}/y=z@sub.example.co.uk"},
	} {
		name, addr, err := subscribe.ParseAddress(in)
		if err != nil || name != want[0] || addr != want[1] {
			t.Errorf("%q: got %q, %q, %v", in, name, addr, err)
		}
	}
}

func TestParseAddressSaysWhatIsWrong(t *testing.T) {
	for in, want := range map[string]string{
		"":                                        "no address",
		"Ada <>":                                  "no address",
		"ada":                                     "has no @ in it: an address looks like",
		"ada@xn--a.example":                       "no such domain",
		"@example.org":                            "nothing before the @",
		"ada@":                                    "nothing after the @",
		"ada@b@example.org":                       "more than one @",
		"ada@example.org, bob@example.org":        "one at a time",
		"ada lovelace@example.org":                "white space",
		"ada@exam ple.org":                        "white space",
		"ada\u200b@example.org":                   "invisible character (U+200B)",
		"ada@example.org\r\nBcc: x":               "white space",
		"Ada\r\nBcc: x <ada@example.org>":         "control character",
		"Ada <ada@example.org":                    "without a >",
		`"ada lovelace"@example.org`:              "quotes",
		".ada@example.org":                        "dots before",
		"ada.@example.org":                        "dots before",
		"a..da@example.org":                       "dots before",
		"ada@example..org":                        "dots in the domain",
		"ada@example.org.":                        "dots in the domain",
		"ada@.example.org":                        "dots in the domain",
		"ada@-example.org":                        "dash",
		"ada@example-.org":                        "dash",
		"ada@exa_mple.org":                        `'_' cannot stand in a domain`,
		"mailto:ada@example.org":                  `':' cannot stand before`,
		"ada@example":                             "needs a dot",
		"ada@192.0.2.1":                           "not a number",
		"ada@[192.0.2.1]":                         "not a number",
		"ada\xff@example.org":                     "UTF-8",
		strings.Repeat("a", 65) + "@example.org":  "more than 64 bytes",
		"a@" + strings.Repeat("b", 64) + ".org":   "more than 63 bytes",
		"a@" + strings.Repeat("bcd.", 64) + "org": "more than 253 bytes",
		strings.Repeat("a", 60) + "@" + strings.Repeat("b.", 99) + "org": "more than 254 bytes",
		strings.Repeat("n", 201) + " <ada@example.org>":                  "more than 200 bytes",
	} {
		name, addr, err := subscribe.ParseAddress(in)
		if err == nil || !strings.Contains(err.Error(), want) || name+addr != "" {
			t.Errorf("%q: got %q, %q, %v; want %q", in, name, addr, err, want)
		}
	}
}

// Whatever is taken is one address for others too, and cannot leave its line.
func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"ada@example.org", "Ada <ada@example.org>", `"A \" b" <zoë@bücher.example>`, "a@b\r\nc", "<<a@b.c>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, addr, err := subscribe.ParseAddress(s)
		if err != nil {
			return
		}
		if strings.IndexFunc(name+addr, unicode.IsControl) >= 0 || strings.IndexFunc(addr, unicode.IsSpace) >= 0 {
			t.Errorf("%q became %q, %q", s, name, addr)
		}
		if _, again, err := subscribe.ParseAddress(addr); err != nil || again != addr {
			t.Errorf("%q is read as %q the second time: %v", addr, again, err)
		}
		if _, again, err := subscribe.ParseAddress(subscribe.Readable(addr)); err != nil || again != addr {
			t.Errorf("%q, as people write it, is read as %q: %v", addr, again, err)
		}
		if theirs, err := mail.ParseAddress(addr); err != nil || theirs.Address != addr {
			t.Errorf("%q is for net/mail %v, %v", addr, theirs, err)
		}
		if masked := subscribe.MaskAddress(addr); !strings.HasSuffix(masked, subscribe.Readable(addr)[strings.LastIndexByte(addr, '@'):]) {
			t.Errorf("%q is masked as %q", addr, masked)
		}
	})
}

func TestMaskAddress(t *testing.T) {
	for in, want := range map[string]string{
		"ada@example.org":         "a…@example.org",
		"a@example.org":           "a…@example.org",
		"zoë@example.org":         "z…@example.org",
		"z@xn--bcher-kva.example": "z…@bücher.example",
		"élan@x.example":          "é…@x.example",
		"":                        "…",
		"@example.org":            "…",
		"nobody":                  "…",
	} {
		if got := subscribe.MaskAddress(in); got != want {
			t.Errorf("%q is masked as %q, want %q", in, got, want)
		}
	}
}
