package message

import (
	"testing"

	"sigpost"
)

func TestQuotesNameTheirMessage(t *testing.T) {
	head := "From: Ana <ana@example.org>\nMessage-ID: <c@x>\nReferences: <a@x> <b@x>\nSubject: Re: bays\n\n"
	for _, c := range []struct {
		name, mail string
		want       []sigpost.MessageID // of each quote
	}{
		{"one person", head + "On Monday, Ben wrote:\n> One.\n\nTwo.\n\n> Three.\n\nFour.\n", []sigpost.MessageID{"b@x", "b@x"}},
		{"nobody named", head + "> One.\n\nTwo.\n", []sigpost.MessageID{"b@x"}},
		{"two people", head + "On Monday, Ben wrote:\n> One.\n\nTwo.\n\nOn Tuesday, Cyd wrote:\n> Three.\n\nFour.\n", []sigpost.MessageID{"", ""}},
		{"it says so itself", head + "In message <a@x>, Ben wrote:\n> One.\n\nTwo.\n", []sigpost.MessageID{"a@x"}},
		{"no answer", "From: a@x\nReferences: <b@x>\nSubject: bays\n\n> One.\n\nTwo.\n", []sigpost.MessageID{""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := Parse([]byte(c.mail))
			if err != nil {
				t.Fatal(err)
			}
			var got []sigpost.MessageID
			for _, r := range m.Ranges {
				if r.Kind == sigpost.RangeQuoted {
					got = append(got, r.Of)
				}
			}
			if len(got) != len(c.want) {
				t.Fatalf("quotes of %v, want %v: %+v", got, c.want, m.Ranges)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("quote %d is of %q, want %q", i, got[i], c.want[i])
				}
			}
		})
	}
}
