package prose

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// drawLine makes text of what the patterns speak of, in any case, with the signs
// between that change whether they match.
func drawLine(t *rapid.T) string {
	pieces := append(append(wordsOf(courtesy), wordsOf(abbreviated)...),
		"thank you", "my name is", "i’m new", "I’m a new", "have a nice", "looking forward", "let me know", "any help is", "top-posting", "see inline", "good morning",
		"e.g", "approx", "Sept", "ſept", "et al", "U.S", "nova", "\u0345", "it works", "ERROR", "xERROR", "ERRORx", "INFO", "WARN", "WARNING", "DEBUG", "TRACE", "CRITICAL", "API", "Traceback (", "KeyError: x", "sudo reboot", "git a b",
		"Apr 18 14:00:01 host", "14:00:01", "[ 1.5]", "From: x", "Signed-off-by: x", "sshd[42]: x", "https://a.example/x", "www.a.example", "- ", "1) ", "a) ", "(b) ", "• ",
		"    ", "\t", "\u00a0", "\u200b", "\u200d", "\u202e", "\x01", "\xff", "é", "ſ", "K", "Ж", "7", "12.", ".", "!", "?", "？", ")", "”", "(", ",", ":", "@a.example", "a@b.example", "*", "_", "\n", "\r\n", "\v", " ", " ", " ")
	s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 6).Draw(t, "pieces"), rapid.SampledFrom([]string{"", " "}).Draw(t, "between"))
	return rapid.SampledFrom([]func(string) string{strings.ToUpper, strings.ToLower, func(s string) string { return s }}).Draw(t, "case")(s)
}

// wordsOf are the words that a pattern is made of.
func wordsOf(pattern *regexp.Regexp) []string {
	return regexp.MustCompile(`[A-Za-z]+`).FindAllString(pattern.String(), -1)
}

// TestCourtesies holds that no alternative of courtesy is missing from what
// is looked at first.
func TestCourtesies(t *testing.T) {
	all := wordsOf(courtesy)
	matched := 0
	for _, first := range all {
		for _, second := range all {
			for _, s := range []string{first + second, first + " " + second, first + "'" + second + " new", first + " " + second + " this", first + " " + second + " is new", strings.ToUpper(first) + " " + second + " reminder"} {
				want := courtesy.MatchString(s)
				if got := IsCourtesy(s); got != want {
					t.Fatalf("IsCourtesy(%q) is %v, want %v", s, got, want)
				}
				if want {
					matched++
				}
			}
		}
	}
	if matched < 1000 {
		t.Errorf("only %d texts were courtesies", matched)
	}
}

// TestGuards holds that what is looked at before a pattern is asked never
// changes the answer.
func TestGuards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawLine(t)
		line := strings.TrimRightFunc(s, unicode.IsSpace)
		for _, c := range []struct {
			what      string
			got, want any
		}{
			{"courtesy", IsCourtesy(s), courtesy.MatchString(s)},
			{"salutation", Salutation(s), len(salutation.FindString(s))},
			{"abbreviation", endsAbbreviated(s + "."), abbreviated.MatchString(s + ".")},
			{"address", HasAddress(s), address.MatchString(s)},
			{"marker", markerOf(line), listMarker.FindString(line)},
			{"link", isBareLink(line), bareLink.MatchString(line)},
			{"log level", hasLogLevel(line), regexp.MustCompile(`\b(?:ERROR|WARN|WARNING|INFO|DEBUG|TRACE|CRITICAL)\b`).MatchString(line)},
			{"no prose", mayBeNoProse(line) && notProse.MatchString(line), notProse.MatchString(line)},
			{"numbers", len(numberBegins(s)), len(beforeNumber.FindAllStringIndex(s, -1))},
		} {
			if c.got != c.want {
				t.Fatalf("%s of %q: %v, want %v", c.what, s, c.got, c.want)
			}
		}
		if clean, ok := cleanASCII(s); ok && clean != cleanAny(s) {
			t.Fatalf("cleanASCII(%q) is %q, want %q", s, clean, cleanAny(s))
		}
		want := []rune(cleanAny(s))
		if first, ok := firstVisible(s); ok != (len(want) > 0) || ok && first != want[0] {
			t.Fatalf("firstVisible(%q) is %q, want the first of %q", s, first, string(want))
		}
	})
}
