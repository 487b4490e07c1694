package prose

import (
	"slices"
	"strings"
	"testing"

	"sigpost"
)

func TestSentences(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		want []string
	}{
		{"two", "It works. Does it scale?", []string{"It works.", "Does it scale?"}},
		{"version", "We run 2.4.1 since v. 3 is late. It is fine.", []string{"We run 2.4.1 since v. 3 is late.", "It is fine."}},
		{"link", "See https://a.example/x.html?q=1!b and tell. Thanks.", []string{"See https://a.example/x.html?q=1!b and tell.", "Thanks."}},
		{"abbreviations", "Ask Dr. Holt, e.g. Mira, i.e. her. Or J. Li et al. They know.", []string{"Ask Dr. Holt, e.g. Mira, i.e. her.", "Or J. Li et al. They know."}},
		{"months", "It starts on Oct. 5 in Bonn. Come.", []string{"It starts on Oct. 5 in Bonn.", "Come."}},
		{"file name", "Edit nova.conf. Then restart.", []string{"Edit nova.conf.", "Then restart."}},
		{"a number begins", "Both make sense. 9123 is merged now.", []string{"Both make sense.", "9123 is merged now."}},
		{"a number that is counted", "It is change No. 9123 in Fig. 2 there.", []string{"It is change No. 9123 in Fig. 2 there."}},
		{"quoted", "He said \"it works.\" She did not.", []string{"He said \"it works.\"", "She did not."}},
		{"brackets", "It works (so far. Mostly.) Good.", []string{"It works (so far.", "Mostly.)", "Good."}},
		{"goes on in lower case", "We tried... and failed! again.", []string{"We tried... and failed! again."}},
		{"all in lower case", "is there an agenda? would it be of help? i can come.", []string{"is there an agenda?", "would it be of help?", "i can come."}},
		{"lines", "It was\nmerged on\r\nMonday. It\tholds.", []string{"It was\nmerged on\r\nMonday.", "It\tholds."}},
		{"Japanese", "再起動しました。動きますか？はい。", []string{"再起動しました。", "動きますか？", "はい。"}},
		{"Russian", "Мы обновили узлы. Всё работает? Да.", []string{"Мы обновили узлы.", "Всё работает?", "Да."}},
		{"nothing", " \n ", nil},
		{"broken bytes", "It is\xff\xfe odd. Yes.", []string{"It is\xff\xfe odd.", "Yes."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, s := range Sentences(c.text) {
				got = append(got, c.text[s.Start:s.End])
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPassages(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		want []string
	}{
		{"wrapped", "We saw it on a node that has been there since the very first day of it\nall.\n\nThen it went.\n", []string{"We saw it on a node that has been there since the very first day of it all.", "Then it went."}},
		{"list", "There are:\n- ports\n- nets\n1) and routers\n2.) more of them\n", []string{"There are:", "ports", "nets", "and routers", "more of them"}},
		{"code and logs", "It fails:\n\n    nova boot x\n2016-04-18 14:00:01 ERROR x\nWhy?\n", []string{"It fails:", "Why?"}},
		{"a link ends the sentence", "The minutes are at\nhttps://a.example/m.txt\nRead them.\n", []string{"The minutes are at https://a.example/m.txt", "Read them."}},
		{"a link alone", "It is done.\nhttps://a.example/m.txt\n", []string{"It is done."}},
		{"not wrapped", strings.Repeat("This line is long. ", 8) + "\nThis one is of its own and has no full stop at all, though it is not short\nNeither has this\n",
			[]string{strings.TrimSpace(strings.Repeat("This line is long. ", 8)), "This one is of its own and has no full stop at all, though it is not short", "Neither has this"}},
		{"patch", "Please review.\n---\n a.go | 2 +-\nNot prose any more.\n", []string{"Please review."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &sigpost.Message{Text: c.text, Ranges: []sigpost.Range{{Kind: sigpost.RangeNew, End: len(c.text)}}}
			var got []string
			for _, p := range Passages(m) {
				got = append(got, Clean(m.Text[p.Start:p.End]))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzSentences(f *testing.F) {
	f.Add("It works. Does it? 3 do.\n\u202e。x")
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, s := range Sentences(text) {
			if s.Start < last || s.End <= s.Start || s.End > len(text) {
				t.Fatalf("%v behind %d in %q", s, last, text)
			}
			if strings.TrimSpace(text[last:s.Start]) != "" {
				t.Fatalf("%q is left out of %q", text[last:s.Start], text)
			}
			last = s.End
		}
		if strings.TrimSpace(text[last:]) != "" {
			t.Fatalf("%q is left out of %q", text[last:], text)
		}
	})
}
