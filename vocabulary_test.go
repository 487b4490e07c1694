package sigpost

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestAddress(t *testing.T) {
	for _, c := range []struct {
		in            Address
		label, domain string
	}{
		{Address{"Ana Moreau", "ana@Example.ORG"}, "Ana Moreau", "example.org"},
		{Address{"", "ana@example.org"}, "ana", "example.org"},
		{Address{"", `"a@b"@example.org`}, `"a`, "example.org"},
		{Address{}, "", ""},
	} {
		if got := c.in.Label(); got != c.label {
			t.Errorf("%v: label %q, want %q", c.in, got, c.label)
		}
		if got := c.in.Domain(); got != c.domain {
			t.Errorf("%v: domain %q, want %q", c.in, got, c.domain)
		}
	}
}

func TestMessageTexts(t *testing.T) {
	m := Message{Text: "> Who?\nI do.\n-- \nAna\nfooter\n", References: []MessageID{"a", "b"}, Ranges: []Range{
		{Kind: RangeQuoted, Start: 0, End: 7}, {Kind: RangeNew, Start: 7, End: 13}, {Kind: RangeSignature, Start: 13, End: 21}, {Kind: RangeFooter, Start: 21, End: 28},
	}}
	if got := m.NewText(); got != "I do." {
		t.Errorf("new text %q", got)
	}
	if got := m.QuotedText(); got != "> Who?" {
		t.Errorf("quoted text %q", got)
	}
	if m.Parent() != "b" || (&Message{}).Parent() != "" {
		t.Error("the parent is the last reference")
	}
	if got := m.Parent().String(); got != "<b>" {
		t.Errorf("written %s", got)
	}
}

func TestTagIsReadAsItIsWritten(t *testing.T) {
	tag := Tag{KindProject, "kuryr"}
	if got, ok := ParseTag(tag.String()); !ok || got != tag {
		t.Errorf("%v, %v", got, ok)
	}
	for _, bad := range []string{"", "kuryr", ":kuryr", "project:"} {
		if _, ok := ParseTag(bad); ok {
			t.Errorf("%q is no tag", bad)
		}
	}
}

func TestWindowIsHalfOpen(t *testing.T) {
	w := Window{time.Unix(10, 0), time.Unix(20, 0)}
	for at, want := range map[int64]bool{9: false, 10: true, 19: true, 20: false} {
		if w.Contains(time.Unix(at, 0)) != want {
			t.Errorf("%d: %v", at, !want)
		}
	}
}

func TestUsageMarksWithoutChangingWhatIsSaid(t *testing.T) {
	inner := errors.New("inner")
	err := Usage(fmt.Errorf("line 3: %w", inner))
	if !errors.Is(err, ErrUsage) || !errors.Is(err, inner) || err.Error() != "line 3: inner" {
		t.Errorf("%v", err)
	}
	if Usage(nil) != nil {
		t.Error("no error is no error of usage")
	}
}
