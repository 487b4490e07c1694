package sigpost_test

import (
	"slices"
	"strings"
	"testing"

	"sigpost"
)

func TestMaskAddresses(t *testing.T) {
	for in, want := range map[string]string{
		"":                                    "",
		"jo@example.org":                      "jo@…",
		"Jo <jo.doe+x@mail.example.org>, you": "Jo <jo.doe+x@…>, you",
		"a@example.org. b@example.org":        "a@…. b@…",
		"mailto:jo@example.org?x":             "mailto:jo@…?x",
		"https://lists.example.org/m/a@b.example.org/ jo@x.org": "https://lists.example.org/m/a@b.example.org/ jo@…",
		"@@ -1,2 +1,2 @@":          "@@ -1,2 +1,2 @@",
		"@app.route and HEAD@{1}":  "@app.route and HEAD@{1}",
		"root@localhost":           "root@localhost",
		"jo@[192.0.2.1] x":         "jo@… x",
		"grüße@exämple.org":        "grüße@…",
		"a@b@c.example.org":        "a@b@…",
		"@a.b@c.d":                 "@a.b@…",
		"x@..":                     "x@..",
		`"jo doe"@example.org`:     `"jo doe"@…`,
		"http://a/@b @c d@e.org":   "http://a/@b @c d@…",
		"jo@example.org@evil.test": "jo@…@…",
	} {
		if got := sigpost.MaskAddresses(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestMaskSpans(t *testing.T) {
	text := "to nova@lists.example.org about nova"
	got, spans := sigpost.MaskSpans(text, []sigpost.Span{{3, 7}, {8, 25}, {10, 13}, {32, 36}, {30, 99}})
	var marked []string
	for _, s := range spans {
		marked = append(marked, got[s.Start:s.End])
	}
	if strings.Join(marked, "|") != "nova|…|nova" && strings.Join(marked, "|") != "nova|…|…|nova" {
		t.Errorf("%q marks %q", got, marked)
	}
}

func TestLegible(t *testing.T) {
	for in, want := range map[string]string{
		"Jo\u202egpj.exe": "Jogpj.exe", "a\x00b\x1b[1m": "ab[1m", "two\n\tlines": "two\n\tlines", "\u2066x\u2069": "x", "שלום": "שלום", "Zoë": "Zoë", "a\u200bb": "ab",
	} {
		if got := sigpost.Legible(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	if got := (sigpost.Address{Name: "\u202ejo@example.org"}).Label(); got != "jo@…" {
		t.Error(got)
	}
}

func FuzzMask(f *testing.F) {
	f.Add("jo@example.org", 0, 5)
	f.Add("http://x@y.z a@b.c", 1, 9)
	f.Fuzz(func(t *testing.T, text string, start, end int) {
		once := sigpost.MaskAddresses(text)
		if again := sigpost.MaskAddresses(once); len(once) > len(text)+3*strings.Count(text, "@") || again != once && !strings.Contains(text, "…") {
			t.Errorf("%q is %q, and then %q", text, once, again)
		}
		got, spans := sigpost.MaskSpans(text, []sigpost.Span{{start, end}})
		if got != once {
			t.Errorf("with marks %q, without %q", got, once)
		}
		for _, s := range spans {
			if s.Start < 0 || s.End > len(got) || s.Start >= s.End {
				t.Errorf("%v of %q", s, got)
			}
		}
	})
}

func TestMaskPieces(t *testing.T) {
	for _, c := range [][2][]string{
		{{"jo@", "example", ".org, so"}, {"jo@", "…", ", so"}},
		{{"jo", "@example.org", " and a@b.org c"}, {"jo", "@…", " and a@… c"}},
		{{"jo@exa", "", "mple.org b@c.org"}, {"jo@…", "", " b@…"}},
		{{"none", ""}, {"none", ""}},
		{{}, {}},
	} {
		if got := sigpost.MaskPieces(c[0]); !slices.Equal(got, c[1]) {
			t.Errorf("%q becomes %q, want %q", c[0], got, c[1])
		}
	}
}
