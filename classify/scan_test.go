package classify

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// picture writes atoms with what stands before each: "|" a break, " " a
// space, "-" glue, "/" a slash; with ^ before a name's capital, "." before
// what may begin a sentence, "@" for addresses, "~" for URLs, "#" for channels.
func picture(text string) string {
	var b strings.Builder
	for _, a := range scan(nil, text) {
		b.WriteByte("| -/"[a.gap])
		for _, f := range []struct {
			flag atomFlags
			mark string
		}{{atomSentence, "."}, {atomCapital, "^"}, {atomAddress, "@"}, {atomURL, "~"}, {atomHash, "#"}} {
			if a.flags&f.flag != 0 {
				b.WriteString(f.mark)
			}
		}
		b.WriteString(text[a.start:a.end])
	}
	return b.String()
}

func TestScan(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"words", "the heat", "|.the heat"},
		{"glue", "os-brick oslo.config a_b", "|.os-brick oslo-config a-b"},
		{"slash", "etc/heat", "|.etc/heat"},
		{"sentences", "On. Then Heat, Nova", "|.^On|.^Then ^Heat|^Nova"},
		{"wrapped line", "uses\nHeat", "|.uses ^Heat"},
		{"empty line", "uses\n\nHeat", "|.uses|.^Heat"},
		{"bullet", "so:\n- Heat", "|.so|.^Heat"},
		{"quotation", "the \"Heat\" thing", "|.the .^Heat .thing"},
		{"shouting", "the HEAT", "|.the HEAT"},
		{"possessive", "Heat's", "|.^Heat s"},
		{"address", "to a.heat@nova.org now", "|.to @a-@heat|@nova-@org now"},
		{"URL", "see http://x.org/heat now", "|.see http|.~x-~org/~heat now"},
		{"URL in brackets", "<http://x.org> heat", "|.http|.~x-~org|.heat"},
		{"channel", "in #heat", "|.in|.#heat"},
		{"far apart", "a" + strings.Repeat(" ", maxGap+1) + "b", "|.a|.b"},
		{"letters beyond ASCII", "naïve “heat”", "|.naïve heat"},
		{"no UTF-8", "a\xffb", "|.a b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := picture(tt.in); got != tt.want {
				t.Errorf("%q:\n got %q\nwant %q", tt.in, got, tt.want)
			}
		})
	}
}

// TestScanWhole: atoms are in order, apart, and made of letters and digits.
func TestScanWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		end := 0
		for _, a := range scan(nil, text) {
			if int(a.start) < end || a.end <= a.start || int(a.end) > len(text) {
				t.Fatalf("atom %+v behind %d", a, end)
			}
			for i := int(a.start); i < int(a.end); i += wordSize(text[i:]) {
				if wordSize(text[i:]) == 0 {
					t.Fatalf("%q is an atom", text[a.start:a.end])
				}
			}
			end = int(a.end)
		}
	})
}

func TestPlaceInSubject(t *testing.T) {
	for _, tt := range []struct {
		subject string // with the name in < >
		want    place
	}{
		{"[<kuryr>] ports", placeBracket},
		{"Re: [a] [ <kuryr> ] ports", placeBracket},
		{"[a,<kuryr>/b]", placeBracket},
		{"[the <kuryr>]", placeNone},
		{"[<kuryr> ports]", placeNone},
		{"[<kuryr> ports", placeNone},
		{"[a] <kuryr>", placeNone},
		{"<kuryr>: ports", placePrefix},
		{"Re: FWD: [a] <kuryr>: ports", placePrefix},
		{"<kuryr>:", placePrefix},
		{"<kuryr>::ports", placeNone},
		{"our <kuryr>: ports", placeNone},
		{"ports of <kuryr>", placeNone},
	} {
		t.Run(tt.subject, func(t *testing.T) {
			before, rest, _ := strings.Cut(tt.subject, "<")
			name, after, _ := strings.Cut(rest, ">")
			if got := placeInSubject(before+name+after, len(before), len(before)+len(name)); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestStripReplies(t *testing.T) {
	for in, want := range map[string]string{
		"Re: re:FWD: a": "a", " a ": "a", "Re:": "", "regarding: a": "regarding: a", "AW: Fw: [b] a": "[b] a",
	} {
		if got := stripReplies(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestDamp(t *testing.T) {
	last := 0.0
	for x := 0.0; x < 50; x += 0.01 {
		if d := damp(x); d < last || d > x {
			t.Fatal(fmt.Sprint("damp(", x, ") is ", d, " after ", last))
		} else {
			last = d
		}
	}
}
