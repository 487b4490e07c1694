package classify

import (
	"fmt"
	"strings"
	"testing"

	"sigpost"
)

func TestURLPatterns(t *testing.T) {
	taxonomy, err := ParseTaxonomy("u.toml", []byte(`
[[tag]]
kind = "project"
name = "spade"
title = "Spade"
common_word = true
urls = [
    "wiki.garden.example/wiki/Spade*", "tracker.garden.example/*/spade", "spade.example",
    "forum.garden.example/t/spade/*", "garden.example/tools/spade", "Garden.example/bugs?product=spade",
]

[[tag]]
kind = "project"
name = "rake"
title = "Rake"
common_word = true
urls = ["wiki.garden.example/wiki/SpadeAndRake", "wiki.garden.example/wiki/*", "tracker.garden.example/lost/*"]
`))
	if err != nil {
		t.Fatal(err)
	}
	c := New(taxonomy, nil)
	for _, tt := range []struct{ name, text, want, found string }{
		{"open end", "See https://wiki.garden.example/wiki/Spade/Meetings#next.", "spade", "wiki.garden.example/wiki/Spade"},
		{"open end, nothing behind", "<http://wiki.garden.example/wiki/spade>", "spade", "wiki.garden.example/wiki/spade"},
		{"open end within a word", "wiki.garden.example/wiki/SpadeHandles", "spade", "wiki.garden.example/wiki/SpadeHandles"},
		{"what is named goes first", "https://wiki.garden.example/wiki/SpadeAndRake", "rake", "wiki.garden.example/wiki/SpadeAndRake"},
		{"anything below", "https://wiki.garden.example/wiki/Hoe", "rake", "wiki.garden.example/wiki/Hoe"},
		{"nothing below", "https://wiki.garden.example/wiki/", "", ""},
		{"one part in between", "https://tracker.garden.example/open/Spade, please", "spade", "tracker.garden.example/open/Spade"},
		{"a named part that leads nowhere goes back", "https://tracker.garden.example/lost", "", ""},
		{"a named part goes before any", "https://tracker.garden.example/lost/spade", "rake", "tracker.garden.example/lost/spade"},
		{"two parts for one", "https://tracker.garden.example/a/b/spade", "", ""},
		{"host alone", "It is on https://spade.example.", "spade", "spade.example"},
		{"host with www", "http://www.spade.example/", "spade", "www.spade.example"},
		{"host of another", "http://www.spade.example.org/", "", ""},
		{"host with more below", "http://spade.example/shop", "", ""},
		{"slash at the end", "http://garden.example/tools/spade/", "spade", "garden.example/tools/spade"},
		{"query and fragment", "http://garden.example/tools/spade?x=1#y", "spade", "garden.example/tools/spade"},
		{"more below", "http://garden.example/tools/spade/x", "", ""},
		{"query in the pattern", "http://garden.example/bugs?product=spade", "spade", "garden.example/bugs?product=spade"},
		{"below a whole part", "http://forum.garden.example/t/spade/12/3", "spade", "forum.garden.example/t/spade/12"},
		{"a mail address", "spade@spade.example", "", ""},
		{"no URL", "tools/spade and garden", "", ""},
		{"a very long one", "http://garden.example/" + strings.Repeat("a/", 4000) + "tools/spade", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, found := "", ""
			for _, g := range c.Classify([]Document{{Text: tt.text}}) {
				got += g.Tag.Name
				e := g.Evidence[0]
				found = strings.TrimRight(e.Excerpt[e.Spans[0].Start:e.Spans[0].End], "/")
				if e.Field != "path" || !strings.HasPrefix(e.Rule, "url ") || g.State != sigpost.TagAccepted {
					t.Errorf("%s %+v", g.State, e)
				}
			}
			if got != tt.want || found != tt.found {
				t.Errorf("%q: got %q by %q, want %q by %q", tt.text, got, found, tt.want, tt.found)
			}
		})
	}
}

func TestURLPatternErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"https://wiki.example.org/x":             `write "wiki.example.org/x" without https://`,
		"/wiki/Spade":                            "must begin with a host",
		"wiki/Spade":                             `"wiki" is no host`,
		"wiki..org/Spade":                        `"wiki..org" is no host`,
		"wiki_.org/Spade":                        `"wiki_.org" is no host`,
		"*.example.org/x":                        `without "*"`,
		"example.org/a*b":                        "may stand for one whole part",
		"example.org/a*/b":                       "may stand for one whole part",
		"example.org/**":                         "may stand for one whole part",
		"example.org/a b":                        "white space",
		"example.org/" + strings.Repeat("a", 65): "more than 64 bytes",
	} {
		in := "[[tag]]\nkind = \"project\"\nname = \"spade\"\ntitle = \"S\"\nurls = [\n  \"ok.example.org/spade\",\n  \"" + pattern + "\",\n]\n"
		got, err := ParseTaxonomy("f.toml", []byte(in))
		if prefix := "f.toml:7: tag spade: urls: "; got != nil || err == nil || !strings.HasPrefix(err.Error(), prefix) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngot  %v\nwant %s... %s", pattern, err, prefix, want)
		}
	}
}

func FuzzURL(f *testing.F) {
	f.Add("example.org/*/a*", "see http://example.org/x/abc?d#e.")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(splitAtoms(pattern)) == 0 || checkURL(pattern) != "" {
			return
		}
		c := New(&Taxonomy{Tags: []TagSpec{{Kind: "project", Name: "a-tag-of-its-own", Title: "A", URLs: []string{pattern}}}}, nil)
		c.Classify([]Document{{Text: text}})
		if literal := strings.ReplaceAll(pattern, "*", "x1"); strings.Trim(literal, ".,;:!?'*_)]}\"<>`/#&") == literal &&
			!strings.ContainsAny(literal, "\"<>`@") && len(literal) < 200 && isASCII(literal) {
			if got := c.Classify([]Document{{Text: "https://" + literal}}); len(got) != 1 {
				t.Errorf("%q does not match %q", pattern, literal)
			}
		}
	})
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// BenchmarkURLs shows that the time does not grow with the number of patterns.
func BenchmarkURLs(b *testing.B) {
	for _, n := range []int{50, 500, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			t := &Taxonomy{}
			for i := range n {
				t.Tags = append(t.Tags, TagSpec{Kind: "project", Name: fmt.Sprintf("tag-%d", i), Title: "T", URLs: []string{
					fmt.Sprintf("wiki.example.org/wiki/Tool%d*", i), fmt.Sprintf("tracker.example.org/*/tool%d", i),
				}})
			}
			c := New(t, nil)
			docs := []Document{{Text: strings.Repeat("It is at https://wiki.example.org/wiki/Nothing/Of/Ours and https://tracker.example.org/x/tool as well.\n", 50)}}
			b.ReportAllocs()
			for b.Loop() {
				c.Classify(docs)
			}
		})
	}
}
