package web

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"sigpost"
)

func TestParagraphs(t *testing.T) {
	const wrapped = "Every pod takes a port of its own, so that a project with the usual quota\nof fifty ports has no more pods than that. We have seen\u00a0this in two clouds\nby now."
	for _, c := range []struct {
		name, text string
		want       []string // "~" before what flows, "+" before what goes on without a gap
	}{
		{"prose", wrapped, []string{"~" + wrapped}},
		{"two paragraphs", wrapped + "\n\n\n" + wrapped, []string{"~" + wrapped, "~" + wrapped}},
		{"a greeting", "Hi all,\n" + wrapped, []string{"~Hi all,", "~+" + wrapped}},
		{"a good-bye", "Thanks,\nAna", []string{"~Thanks,", "~+Ana"}},
		{"lines that are not wrapped", strings.Repeat("many words ", 20) + "end.\nNext.", []string{"~" + strings.Repeat("many words ", 20) + "end.", "~+Next."}},
		{"a list", "There are:\n- one\n- two", []string{"There are:\n- one\n- two"}},
		{"a numbered list", "1. one\n2. two", []string{"1. one\n2. two"}},
		{"a lettered list", "a) one\nb) two", []string{"a) one\nb) two"}},
		{"a table", "name   ports\nana    5", []string{"name   ports\nana    5"}},
		{"set in", "    quota = 50\n    ports = 2", []string{"    quota = 50\n    ports = 2"}},
		{"code with gaps", "int a;\n\nint b;", []string{"int a;\n\nint b;"}},
		{"a command", "$ openstack quota show\n| ports | 50 |", []string{"$ openstack quota show\n| ports | 50 |"}},
		{"a quote", "> somebody wrote\n> this", []string{"> somebody wrote\n> this"}},
		{"a heading with its line", "Quota\n=====", []string{"Quota\n====="}},
		{"references", "[1] https://example.org/a\n[2] https://example.org/b", []string{"[1] https://example.org/a\n[2] https://example.org/b"}},
		{"a number in prose", "It has been so since\n2016 in all clouds.", []string{"~It has been so since", "~+2016 in all clouds."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range paragraphsOf(c.text) {
				mark := ""
				if p.Flow {
					mark = "~"
				}
				if p.On {
					mark += "+"
				}
				got = append(got, mark+html.UnescapeString(regexp.MustCompile("<[^>]*>").ReplaceAllString(string(p.Text), "")))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// FuzzParagraphs holds that a text is neither longer nor shorter in paragraphs, but
// for what is white.
func FuzzParagraphs(f *testing.F) {
	for _, text := range []string{"words", "a\n\nb", "  a\n\n- b\n\nc", "\n\n", "a\r\n\r\nb", "see http://a.b/c\nd <script>\n\n\x00", strings.Repeat("word ", 15) + "\n" + strings.Repeat("word ", 12)} {
		f.Add(text)
	}
	inked := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return -1
			}
			return r
		}, s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "@") || !utf8.ValidString(text) { // addresses are masked; a message's text is made valid where it is read
			return
		}
		var seen strings.Builder
		for _, p := range paragraphsOf(text) {
			seen.WriteString(html.UnescapeString(regexp.MustCompile("<[^>]*>").ReplaceAllString(string(p.Text), "")))
		}
		if got, want := inked(seen.String()), inked(sigpost.Legible(text)); got != want {
			t.Errorf("%q is shown as %q", want, got)
		}
	})
}
