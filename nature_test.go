package sigpost

import (
	"slices"
	"testing"
)

func TestNatures(t *testing.T) {
	titles := map[string]bool{}
	for _, n := range Natures() {
		title := n.Title()
		if title == "" || titles[title] {
			t.Errorf("%s is called %q", n, title)
		}
		titles[title] = true
		if tag, ok := ParseTag(n.Tag().String()); !ok || tag != n.Tag() || tag.Kind != KindNature {
			t.Errorf("%s is read as %v", n.Tag(), tag)
		}
	}
	if len(titles) != 11 || Nature("else").Title() != "" {
		t.Errorf("%d natures", len(titles))
	}
}

func TestNatureOf(t *testing.T) {
	project := Tagging{Tag: Tag{KindProject, "question"}}
	if got := NatureOf([]Tagging{project}); got != "" {
		t.Errorf("without one: %q", got)
	}
	if got := NatureOf([]Tagging{project, {Tag: NatureCall.Tag()}}); got != NatureCall {
		t.Errorf("got %q", got)
	}
}

func TestVerbatim(t *testing.T) {
	m := Message{Text: "\n\nHello\n> old\n  code\nmore\ndiff\n"}
	at := 0
	for _, r := range []struct {
		kind RangeKind
		text string
	}{{RangeCode, "\n"}, {RangeNew, "\nHello\n"}, {RangeQuoted, "> old\n"}, {RangeCode, "  code\n"}, {RangeNew, "more\n"}, {RangeDiff, "diff\n"}} {
		m.Ranges = append(m.Ranges, Range{Kind: r.kind, Start: at, End: at + len(r.text)})
		at += len(r.text)
	}
	own := m.NewText() + "\n" // its end is trimmed, spans may reach behind it
	var got []string
	for _, s := range m.Verbatim() {
		got = append(got, own[s.Start:s.End])
	}
	if !slices.Equal(got, []string{"  code\n", "diff\n"}) {
		t.Errorf("%q of %q", got, own)
	}
	if got := (&Message{Text: "x", Ranges: []Range{{Kind: RangeNew, End: 1}}}).Verbatim(); got != nil {
		t.Errorf("of prose alone: %v", got)
	}
}
