package classify

import (
	"fmt"
	"strings"
	"testing"
)

const termTaxonomy = `
title = "Garden"
domain = ["garden"]
[[tag]]
kind = "project"
name = "spade"
title = "The Spade"
aliases = ["digging tool"]
terms = { "handle" = 1.5, "broom" = 1.5, "digging tool shed" = 0.5, "deep hole" = 0.5, "hole" = 0.25 }
against = { "playing card" = 2, "ace of spades" = 5, "poker" = 0.5 }
[[tag]]
kind = "project"
name = "rake"
title = "The Rake"
against = { "broom" = 1, "Old Rake" = 2 }
[[tag]]
kind = "scenario"
name = "moat"
title = "A moat"
parents = ["project:spade"]
terms = { "deep hole" = 0.3 }
`

func TestTerms(t *testing.T) {
	taxonomy, err := ParseTaxonomy("t.toml", []byte(termTaxonomy))
	if err != nil {
		t.Fatal(err)
	}
	c := New(taxonomy, nil)
	for _, tt := range []struct {
		name string
		doc  Document
		want string
	}{
		{"a term beside the name", Document{Text: "The spade has a handle."}, "spade 2.41: 1.4055 term handle in text, 1 alias spade in text"},
		{"once in a field", Document{Text: "Spade: handle, handle, handles."}, "spade 2.41: 1.4055 term handle in text, 1 alias spade in text"},
		{"in each field", Document{Subject: "The hole", Text: "Spade, hole."}, "spade 1.65: 1 alias spade in text, 0.4 term hole in subject, 0.25 term hole in text"},
		{"a name inside a term, and a term inside another", Document{Text: "The digging tool shed has a deep hole."},
			"spade 2.25: 1 alias digging tool in text, 0.5 term deep hole in text, 0.5 term digging tool shed in text, 0.25 term hole in text; " +
				"moat 0.30: 0.3 term deep hole in text"},
		{"quoted", Document{Text: "Spade", Quoted: "handle"}, "spade 1.15: 1 alias spade in text, 0.15 term handle in quoted"},
		{"alone, in a foreign text", Document{Text: "The handle of a deep hole."}, ""},
		{"alone, in the field, it does not accept", Document{Text: "The handle of a deep hole in my garden."},
			"spade 0.80: 0.5 term deep hole in text, 0.3 term handle in text; moat 0.30: 0.3 term deep hole in text"},
		{"against", Document{Text: "A spade is on this playing card."}, "spade -0.69: 1 alias spade in text, -1.6931 against playing card in text"},
		{"a little against", Document{Text: "A spade, as in Poker."}, "spade 0.50: 1 alias spade in text, -0.5 against poker in text"},
		{"against alone", Document{Text: "Poker!"}, "spade -0.50: -0.5 against poker in text"},
		{"for one, against another", Document{Text: "The spade and the rake, by the broom."},
			"spade 2.41: 1.4055 term broom in text, 1 alias spade in text; rake 0.00: 1 alias rake in text, -1 against broom in text"},
		{"quoted against is little", Document{Text: "A spade", Quoted: "the ace of spades"}, "spade 0.70: 1 alias spade in text, -0.3 against ace of spades in quoted"},
		{"not across sentences", Document{Text: "A spade. I was playing. Card games"}, "spade 1.00: 1 alias spade in text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := c.take()
			tt.doc.Opener = true
			docs := []Document{tt.doc}
			found := c.findings(s, s.match(c, docs), docs)
			var got []string
			for tag, name := range []string{"spade", "rake", "moat"} {
				f := found[int32(tag)]
				if f == nil || len(f.sums) == 0 {
					continue
				}
				got = append(got, fmt.Sprintf("%s %.2f: %s", name, f.x, saidOf(c, f, docs)))
			}
			if got := strings.Join(got, "; "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			for _, g := range c.Classify(docs) {
				checkEvidence(t, docs, g.Evidence[0])
				if g.Score >= acceptScore && tt.name == "alone, in the field, it does not accept" {
					t.Errorf("%s is accepted", g.Tag)
				}
			}
		})
	}
}

// saidOf gives the evidence of a finding, the strongest first.
func saidOf(c *Classifier, f *finding, docs []Document) string {
	g := c.tagging(&scratch{}, &weighed{found: f}, docs)
	var all []string
	for _, e := range g.Evidence {
		if !strings.HasPrefix(e.Rule, "part ") {
			all = append(all, fmt.Sprintf("%v %s in %s", e.Weight, e.Rule, e.Field))
		}
	}
	return strings.Join(all, ", ")
}

func TestTermErrors(t *testing.T) {
	const head = "[[tag]]\nkind = \"project\"\nname = \"spade\"\ntitle = \"S\"\n"
	for _, tt := range []struct{ name, in, want string }{
		{"empty", head + "terms = { \"-\" = 1 }\n", `f.toml:5: tag spade: terms: empty entry "-"`},
		{"too large", head + "[tag.against]\nok = 5\n\"big thing\" = 5.1\n", `f.toml:7: tag spade: against: the weight of "big thing" must be above 0 and 5 at most, not 5.1`},
		{"negative", head + "against = { a = -1 }\n", `f.toml:5: tag spade: against: the weight of "a" must be`},
		{"nothing", head + "terms = { a = 0 }\n", `f.toml:5: tag spade: terms: the weight of "a" must be`},
		{"no number", head + "terms.a = nan\n", `f.toml:5: tag spade: terms: the weight of "a"`},
		{"endless", head + "terms.a = inf\n", `f.toml:5: tag spade: terms: the weight of "a"`},
		{"a word", head + "terms.a = \"much\"\n", `f.toml:5:`},
		{"five words", head + "terms.\"a b c d e\" = 1\n", `f.toml:5: tag spade: terms: "a b c d e" has 5 words; 4 are the most`},
		{"in both", head + "terms = { Old-Thing = 1 }\nagainst = { \"old thing\" = 1 }\n", `f.toml:6: tag spade: against: "old thing" stands in terms already`},
		{"twice", head + "terms = { old-thing = 1, \"old thing\" = 1 }\n", `tag spade: terms: "old-thing" is there twice`},
		{"second tag", head + strings.Replace(head, "spade", "rake", 1) + "terms = { a = 7 }\n", `f.toml:9: tag rake: terms: the weight`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseTaxonomy("f.toml", []byte(tt.in))
			if err == nil || got != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestOpenStackAgainst(t *testing.T) {
	c := New(OpenStack(), OpenStackWeights())
	for _, text := range []string{
		"Two neutron stars have collided, and the radiation came here.", "The neutron beam of the institute is on again.",
	} {
		for _, g := range c.Classify([]Document{{Subject: "Neutron stars", Text: text, Lists: []string{"fork"}}}) {
			t.Errorf("%q is tagged %s: %+v", text, g.Tag, g.Evidence)
		}
	}
}
