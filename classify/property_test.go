package classify

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"sigpost"
)

// The sentences of the properties. Neutral ones hold ordinary words that are
// names elsewhere, but nothing that is about the field.
var (
	neutralSentences = []string{
		"The heat is on, and the horizon is far away.", "It is ironic that nobody came.",
		"At a glance everything was swift.", "I will be on holiday until Monday.",
		"Does the nova shine tonight?", "My watcher found a trove of old letters.",
		"The magnum was empty, and so was the freezer.", "Thanks a lot for the quick answer!",
		"Congress will rally around the placement of the keystone.", "Kubernetes 1.3 came out last week.",
		"What are the requirements, and where is the documentation?", "The driver waits at the gate.",
		"Please find the minutes below.", "Security is everybody's topic.", "The team meets on Tuesday.",
		"We also log what the kitty sees in the clouds.", "The app catalog of a community is no open stack of chefs.",
		"An os-wide build-in on-off policy, cached by the win log.",
	}
	tellingSentences = []string{
		"The Heat templates fail to update.", "We use kuryr-kubernetes with OpenStack.", "kuyr leaves ports behind.",
		"See https://opendev.org/openstack/magnum for it.", "Neutron and Octavia disagree.",
		"Kubernetes on top of OpenStack is what we run.", "The glance images are gone.", "OpenStack Swift lost its rings.",
		"Ask in #openstack-kolla.", "The OpenStack Key Manager service is down.", "kolla\nansible fails.", "Nova, Cinder, Ironic.",
	}
)

func paragraphs(t *rapid.T, label string, from []string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(from), 0, 6).Draw(t, label), "\n\n")
}

// checkTaggings holds what is true of any answer.
func checkTaggings(t interface{ Fatalf(string, ...any) }, c *Classifier, docs []Document, tags []sigpost.Tagging) {
	for i, g := range tags {
		named := slices.ContainsFunc(g.Evidence, func(e sigpost.Evidence) bool { return !strings.HasPrefix(e.Rule, "learned ") })
		if !(g.Score > 0 && g.Score <= 1) || g.Score < proposeScore || (g.State == sigpost.TagAccepted) != (g.Score >= acceptScore && named) {
			t.Fatalf("%s is %s with a score of %v", g.Tag, g.State, g.Score)
		}
		if i > 0 && tags[i-1].Score < g.Score {
			t.Fatalf("%s stands behind %s", g.Tag, tags[i-1].Tag)
		}
		x := 0.0
		for _, e := range g.Evidence {
			x += e.Weight
			checkEvidence(t, docs, e)
		}
		learned := slices.ContainsFunc(c.taxonomy.Tags, func(s TagSpec) bool {
			_, ok := c.weights.of(s.Tag())
			return ok && s.Tag() == g.Tag
		})
		if f := logistic(plainSlope*x + plainBias); !learned && (f < g.Score-1e-3 || f > g.Score+1e-3) {
			t.Fatalf("%s: the evidence adds up to %v, the score is %v", g.Tag, f, g.Score)
		}
	}
}

func checkEvidence(t interface{ Fatalf(string, ...any) }, docs []Document, e sigpost.Evidence) {
	speaksAgainst := strings.HasPrefix(e.Rule, "learned ") || strings.HasPrefix(e.Rule, "word ") || strings.HasPrefix(e.Rule, "against ")
	if e.Rule == "" || e.Weight == 0 || e.Weight < 0 && !speaksAgainst || len(e.Spans) == 0 || strings.ContainsAny(e.Excerpt, "\n\r") || !utf8.ValidString(e.Excerpt) {
		t.Fatalf("evidence %+v", e)
	}
	end := 0
	for _, s := range e.Spans {
		if s.Start < end || s.End <= s.Start || s.End > len(e.Excerpt) {
			t.Fatalf("span %v in %+v", s, e)
		}
		end = s.End
	}
	for _, d := range docs {
		for _, text := range []string{d.Subject, d.Text, d.Quoted} {
			if d.MessageID == e.MessageID && strings.Contains(oneLine(text), e.Excerpt) {
				return
			}
		}
	}
	t.Fatalf("the excerpt %q is in no document", e.Excerpt)
}

// TestSpans: the spans are the bytes that the rule names.
func TestSpans(t *testing.T) {
	c := New(OpenStack(), nil)
	rapid.Check(t, func(t *rapid.T) {
		d := Document{
			Subject: rapid.SampledFrom([]string{"", "[kuryr] ports", "Re: Heat stacks", "plain"}).Draw(t, "subject"),
			Text:    paragraphs(t, "text", append(tellingSentences, neutralSentences...)),
			Quoted:  paragraphs(t, "quoted", tellingSentences), Opener: true,
		}
		tags := c.Classify([]Document{d})
		checkTaggings(t, c, []Document{d}, tags)
		for _, g := range tags {
			for _, e := range g.Evidence {
				kind, name, _ := strings.Cut(e.Rule, " ")
				if kind != "alias" && kind != "phrase" && kind != "former" {
					continue
				}
				name, _, _ = strings.Cut(name, " beside ")
				name, _, _ = strings.Cut(name, " with a ")
				for _, s := range e.Spans {
					if got := strings.Join(splitAtoms(e.Excerpt[s.Start:s.End]), " "); got != strings.Join(splitAtoms(name), " ") {
						t.Fatalf("rule %q marks %q", e.Rule, e.Excerpt[s.Start:s.End])
					}
				}
			}
		}
	})
}

// TestNeutralText: text about nothing never adds a project. With learned words
// it may make one likelier that is named already, since every word counts for
// less among many; but it adds none that is not.
func TestNeutralText(t *testing.T) {
	for name, w := range map[string]*Weights{"names": nil, "learned": OpenStackWeights()} {
		t.Run(name, func(t *testing.T) { testNeutralText(t, New(OpenStack(), w)) })
	}
}

func testNeutralText(t *testing.T, c *Classifier) {
	rapid.Check(t, func(t *rapid.T) {
		d := Document{
			Subject: rapid.SampledFrom([]string{"", "[kuryr] ports", "Re: Heat stacks", "plain"}).Draw(t, "subject"),
			Text:    paragraphs(t, "text", tellingSentences), Opener: true,
		}
		if rapid.Bool().Draw(t, "mail") {
			d.StandsAlone = true
		}
		had := map[string]bool{}
		for _, name := range projects(c.Classify([]Document{d})) {
			had[strings.TrimSuffix(name, "?")] = true
		}
		for _, g := range c.Explain([]Document{d}) {
			if c.weights != nil && slices.ContainsFunc(g.Evidence, func(e sigpost.Evidence) bool { return !strings.HasPrefix(e.Rule, "learned ") }) {
				had[g.Tag.Name] = true
			}
		}
		before, after := paragraphs(t, "before", neutralSentences), paragraphs(t, "after", neutralSentences)
		more := d
		more.Text = before + "\n\n" + d.Text + "\n\n" + after
		for _, name := range projects(c.Classify([]Document{more})) {
			if !had[strings.TrimSuffix(name, "?")] {
				t.Fatalf("%s was added to %q by %q and %q", name, d.Text, before, after)
			}
		}
	})
}

// TestMoreEvidence: saying it again never makes a score smaller.
func TestMoreEvidence(t *testing.T) {
	c := New(OpenStack(), nil)
	rapid.Check(t, func(t *rapid.T) {
		docs := []Document{{Text: paragraphs(t, "text", tellingSentences), Opener: true}}
		more := append(docs, Document{Text: paragraphs(t, "reply", tellingSentences)})
		scores := map[sigpost.Tag]float64{}
		for _, g := range c.Classify(more) {
			scores[g.Tag] = g.Score
		}
		for _, g := range c.Classify(docs) {
			if scores[g.Tag] < g.Score-1e-9 {
				t.Fatalf("%s falls from %v to %v", g.Tag, g.Score, scores[g.Tag])
			}
		}
	})
}

func FuzzClassify(f *testing.F) {
	c := New(OpenStack(), OpenStackWeights())
	f.Add("[kuryr] ports", "kuyr on Kubernetes\non top of OpenStack", "> Neutron")
	f.Add("Re: [", "https://docs.openstack.org/developer/heat/ openstack/nova.git a@b.c", "]]")
	f.Add("heat:", "\xff\xfe kolla\u2028ansible \u00e9kuryr os\x00lo.config", "OpenStack's Heat's stacks")
	f.Add("[kolla,magnum/heat]", strings.Repeat("kubernetes openstack cinder ", 40), "#openstack-heat")
	f.Fuzz(func(t *testing.T, subject, text, quoted string) {
		docs := []Document{{MessageID: "a", Subject: subject, Text: text, Quoted: quoted, Opener: true}, {MessageID: "b", Subject: text, Text: subject}}
		checkTaggings(t, c, docs, c.Classify(docs))
	})
}
