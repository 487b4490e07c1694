package summary

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sigpost"
	"sigpost/internal/prose"
	"sigpost/message"
)

// mail is a message with a text, understood as one that came.
func mail(t interface{ Fatal(...any) }, n int, author, subject, text string) *sigpost.Message {
	raw := fmt.Sprintf("From: %s <%s@example.org>\nSubject: %s\nMessage-ID: <%d@example.org>\n", author, strings.ToLower(strings.Fields(author + " x")[0]), subject, n)
	if n > 1 {
		raw += "In-Reply-To: <1@example.org>\n"
	}
	m, err := message.Parse([]byte(raw + "Content-Type: text/plain; charset=utf-8\n\n" + text))
	if err != nil {
		t.Fatal(err)
	}
	m.BaseSubject = strings.TrimPrefix(subject, "Re: ")
	return m
}

func texts(all []Sentence) []string {
	var t []string
	for _, s := range all {
		t = append(t, s.Text)
	}
	return t
}

func TestOf(t *testing.T) {
	opener := mail(t, 1, "Ana Okafor", "Names of bays", "Hi all,\n\nI propose that we rename bays to clusters before 5.0 is out.\nEvery talk that I give starts with five minutes on what a bay is.\n\nThanks,\nAna\n")
	answer := mail(t, 2, "Jonas Reiter", "Re: Names of bays", "Ana wrote:\n> I propose that we rename bays to clusters before 5.0 is out.\n\nI think that two names in the API are worse than one bad name.\n\n-- \nJonas\n")
	decided := mail(t, 3, "Ana Okafor", "Re: Names of bays", "We agreed in the meeting to rename bays to clusters now.\n\nAna Okafor\nBrightsky Inc.\nA place for clouds of all kinds and sizes.\n")
	got := Of([]*sigpost.Message{opener, answer, decided}, Options{})
	if len(got) != 2 {
		t.Fatalf("%d sentences of three messages: %q", len(got), texts(got))
	}
	first, last := got[0], got[1]
	if first.Text != "I propose that we rename bays to clusters before 5.0 is out." || first.MessageID != "1@example.org" || first.Author.Name != "Ana Okafor" || first.Message != 0 {
		t.Errorf("the first sentence is %+v", first)
	}
	if !strings.Contains(first.Reason, "makes a proposal") {
		t.Errorf("its reason is %q", first.Reason)
	}
	if last.Message == 0 {
		t.Errorf("the last sentence is of the opener: %q", last.Text)
	}
	all := Of([]*sigpost.Message{opener, answer, decided}, Options{Words: 100})
	want := []string{
		"I propose that we rename bays to clusters before 5.0 is out.", "Every talk that I give starts with five minutes on what a bay is.",
		"I think that two names in the API are worse than one bad name.", "We agreed in the meeting to rename bays to clusters now.",
	}
	if !slices.Equal(texts(all), want) {
		t.Errorf("with room for all: %q, want %q", texts(all), want)
	}
	if r := all[2].Reason; !strings.Contains(r, "takes a position") && !strings.Contains(r, "answers Ana Okafor") {
		t.Errorf("the reason for the answer is %q", r)
	}
}

func TestOutcome(t *testing.T) {
	opener := mail(t, 1, "Ana", "Nodes", "Our nodes lose the network after each upgrade of the kernel.\n\nNodes of the older kind do not lose the network after upgrades.\n")
	same := mail(t, 2, "Ben", "Re: Nodes", "Our nodes lose the network after an upgrade of the kernel too.\n\nThe network comes back when nodes are started twice.\n")
	for _, c := range []struct{ name, text, want, reason string }{
		{"decided", "We looked at that together on Monday.\n\nIt was decided to leave out that kernel for good.", "It was decided to leave out that kernel for good.", "says what was decided or done"},
		{"open", "We looked at that together on Monday.\n\nWho could try it on other hardware?", "Who could try it on other hardware?", "asks what nobody has answered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			last := mail(t, 4, "Dia", "Re: Nodes", c.text+"\n")
			all := Of([]*sigpost.Message{opener, same, mail(t, 3, "Cem", "Re: Nodes", "Same here.\n"), last}, Options{})
			for _, s := range all {
				if s.Text == c.want && !strings.HasPrefix(s.Reason, c.reason) {
					t.Errorf("the reason is %q, want %q first", s.Reason, c.reason)
				}
			}
			got := texts(all)
			if len(got) != 3 || !strings.HasPrefix(got[0], "Our nodes") || !slices.Contains(got, c.want) {
				t.Errorf("chosen: %q; want the opener and %q", got, c.want)
			}
		})
	}
}

func TestNeverChosen(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"greeting", "Hello everybody,"},
		{"thanks", "Thanks a lot!"},
		{"code", "    kubectl get pods --all-namespaces"},
		{"log", "2024-03-04 10:12:31.204 ERROR lattice.ports [req-1] Quota exceeded."},
		{"quote", "Ben wrote:\n> The quota is counted per tenant, I am sure."},
		{"signature", "-- \nAna Okafor\nWe build clouds for everybody."},
		{"braces", "The answer is {\"ports\": 500} for all of them."},
		{"name", "Ana"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := mail(t, 1, "Ana Okafor", "Ports", "The pods get stuck when the tenant has no ports left.\n\n"+c.text+"\n")
			if got := texts(Of([]*sigpost.Message{m}, Options{Words: 200})); len(got) != 1 || !strings.HasPrefix(got[0], "The pods") {
				t.Errorf("chosen: %q", got)
			}
		})
	}
}

func TestQuotation(t *testing.T) {
	opener := mail(t, 1, "Ana", "Ports", "We see pods that are stuck on all of the nodes. Is there a quota for each namespace of the cluster? We could not find one in the manual.\n")
	answer := mail(t, 2, "Ben", "Re: Ports", "Ana wrote:\n> Is there a quota for each\n> namespace of the cluster?\n\nNo, there is only one for the tenant.\n")
	bottom := mail(t, 3, "Cem", "Re: Ports", "It is the same with us and all our pods.\n\nAna wrote:\n> We see pods that are stuck on all of the nodes. Is there a quota for each\n> namespace of the cluster? We could not find one in the manual.\n")
	c := converse([]*sigpost.Message{opener, answer, bottom})
	q := c.candidates[1].quotation
	if q.quotedBy != 2 || q.answeredBy != 1 || q.chosen != 1 {
		t.Errorf("the question is %+v, want quoted by two, answered by one, and once alone", q)
	}
	if q := c.candidates[0].quotation; q.quotedBy != 1 || q.answeredBy != 0 || q.chosen != 0 {
		t.Errorf("the first sentence is %+v, want quoted once with all the others", q)
	}
	if !slices.Equal(c.parent, []int{-1, 0, 0}) || c.answers[0] != 2 {
		t.Errorf("parents are %v, answers %v", c.parent, c.answers)
	}
	if s := c.candidates[3]; s.message != 1 || !s.below {
		t.Errorf("%q does not stand below the quote", s.text)
	}
}

func TestReasons(t *testing.T) {
	w := &Weights{Features: map[string]float64{}}
	for _, f := range features {
		w.Features[f.name] = 0
	}
	opener := mail(t, 1, "Ana", "Ports", "We see pods that are stuck on all of the nodes. Is there a quota for each namespace of the cluster?\n")
	answer := mail(t, 2, "Ben", "Re: Ports", "Ana wrote:\n> Is there a quota for each namespace of the cluster?\n\nThere is only one for the whole tenant.\nIt was decided in the last release.\n")
	back := mail(t, 3, "Ana", "Re: Ports", "We will live with it for now. But who writes it into the manual?\n")
	for _, c := range []struct {
		feature string
		n       int
		want    string
	}{
		{"question", 1, "asks the thread's question"},
		{"question", 5, "asks what nobody has answered"},
		{"quoted", 1, "quoted by one later message"},
		{"answered", 1, "answered right below by one message"},
		{"below_quote", 2, "answers Ana"},
		{"decision", 3, "says what was decided or done"},
		{"openers_word", 4, "the last word of whoever opened the thread"},
		{"length", 0, "the likeliest of what was said"},
	} {
		t.Run(c.feature, func(t *testing.T) {
			w.Features[c.feature] = 1
			defer func() { w.Features[c.feature] = 0 }()
			thread := converse([]*sigpost.Message{opener, answer, back})
			if got := thread.reason(&thread.candidates[c.n], w, false); got != c.want {
				t.Errorf("the reason for %q is %q, want %q", thread.candidates[c.n].text, got, c.want)
			}
		})
	}
}

func TestFitting(t *testing.T) {
	c := &conversation{}
	for _, s := range []struct {
		length int
		score  float64
	}{{10, 0.5}, {6, 0.5}, {5, 0.5}, {4, 0.05}} {
		c.candidates = append(c.candidates, candidate{length: s.length, score: s.score})
	}
	for _, x := range []struct {
		words int
		want  []int
	}{{21, []int{0, 1, 2}}, {16, []int{0, 1}}, {11, []int{1, 2}}, {4, []int{3}}, {3, nil}} {
		if got := c.fitting(x.words); !slices.Equal(got, x.want) {
			t.Errorf("in %d words: %v, want %v", x.words, got, x.want)
		}
	}
}

// lines are what drawn mails are made of.
var lines = []string{
	"Hi all,", "We run Lattice 2.4.1 on a cluster of 40 nodes, e.g. in Bonn.", "Is there a way to have one quota per namespace?",
	"> We run Lattice 2.4.1 on a cluster of 40 nodes, e.g. in Bonn.", "> Is there a way to have one quota per namespace?", "Ana wrote:",
	"I think that we should wait for 6.0.", "We decided to wait, see https://a.example/m.txt for why.", "", "", "-- ", "Ana", "Thanks!",
	"    kubectl get pods", "2024-03-04 10:12:31.204 ERROR lattice.ports [req-1] OverQuota: no.", "- ports that are left behind", "+1",
	"The ports are\u202e turned round and\u200b stay invisible.", "再起動しました。動きますか？", "it goes on in lower case", "```", "--- a.go", "Why?",
	strings.Repeat("A line that is very long. ", 40), strings.Repeat("x", 900),
}

func drawThread(t *rapid.T) []*sigpost.Message {
	var all []*sigpost.Message
	for n := range rapid.IntRange(0, 9).Draw(t, "messages") {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(lines), 0, 9).Draw(t, "text"), "\n")
		m := mail(t, n+1, rapid.SampledFrom([]string{"Ana Okafor", "Ben", "李伟"}).Draw(t, "author"), "Quota per namespace", text)
		m.Robot = rapid.IntRange(0, 5).Draw(t, "robot") == 0
		all = append(all, m)
	}
	return all
}

func TestPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		thread := drawThread(t)
		o := Options{Words: rapid.IntRange(0, 90).Draw(t, "words")}
		got := Of(thread, o)
		check(t, thread, o, got)
		if again := Of(thread, o); !reflect.DeepEqual(got, again) {
			t.Fatalf("the same thread gave %q and %q", texts(got), texts(again))
		}
	})
}

// check holds a summary against its thread.
func check(t interface{ Fatalf(string, ...any) }, thread []*sigpost.Message, o Options, got []Sentence) {
	total, before := 0, sigpost.Span{}
	for i, s := range got {
		m := thread[s.Message]
		if m.Robot || m.MessageID != s.MessageID || m.Author != s.Author {
			t.Fatalf("%+v is not of %s", s, m.MessageID)
		}
		if s.Text != prose.Clean(m.Text[s.Span.Start:s.Span.End]) || !strings.Contains(prose.Clean(m.NewText()), s.Text) {
			t.Fatalf("%q is not in %q", s.Text, m.NewText())
		}
		if !slices.ContainsFunc(m.Ranges, func(r sigpost.Range) bool {
			return r.Kind == sigpost.RangeNew && r.Start <= s.Span.Start && s.Span.End <= r.End
		}) {
			t.Fatalf("%q is not new in %q", s.Text, m.Text)
		}
		if s.Reason == "" || !(s.Score > 0 && s.Score < 1) {
			t.Fatalf("%q has the reason %q and the score %g", s.Text, s.Reason, s.Score)
		}
		if i > 0 && (s.Message < got[i-1].Message || s.Message == got[i-1].Message && s.Span.Start < before.End) {
			t.Fatalf("%q comes behind %q", s.Text, got[i-1].Text)
		}
		total, before = total+length(s.Text), s.Span
	}
	// A question that waits is told beside all others, of all but the largest.
	open := 0
	if sentencesFor(said(thread)) < maxSentences && slices.ContainsFunc(got, func(s Sentence) bool { return s.Key && prose.IsQuestion(s.Text) }) {
		open = 1
	}
	switch {
	case o.Words > 0 && total > o.Words:
		t.Fatalf("%d words, %d are the most: %q", total, o.Words, texts(got))
	case o.Words == 0 && len(got) > sentencesFor(said(thread))+open:
		t.Fatalf("%d sentences of %d messages", len(got), len(thread))
	case len(got) == 0 && speaks(thread, o.Words):
		t.Fatalf("nothing was chosen of %q", thread[0].Text)
	}
}

// speaks says whether a person wrote a sentence that can be quoted, before any
// line that may be a name, and that fits.
func speaks(thread []*sigpost.Message, words int) bool {
	for _, m := range thread {
		if m.Robot {
			continue
		}
		for _, p := range prose.Passages(m) {
			passage := m.Text[p.Start:p.End]
			for _, s := range prose.Sentences(passage) {
				text := prose.Clean(passage[s.Start:s.End])
				if prose.WorthQuoting(text) && len(text) <= maxLength && prose.Salutation(text) == 0 && (words == 0 || length(text) <= words) {
					return true
				}
			}
			if strings.Contains(passage, "Ana") {
				break // a name: what is below it may be left out
			}
		}
	}
	return false
}

func FuzzOf(f *testing.F) {
	f.Add("We run it. Is there a quota?\n", "Ana wrote:\n> Is there a quota?\n\nNo.\n-- \nBen\n", 40)
	f.Add("\u202ex。y？\n\xff\xfe", "> \n>> a b c\n", 0)
	f.Fuzz(func(t *testing.T, opener, answer string, words int) {
		thread := []*sigpost.Message{
			mail(t, 1, "Ana", "Quota", opener), mail(t, 2, "Ben", "Re: Quota", answer), mail(t, 3, "Ana", "Re: Quota", opener+"\n"+answer),
		}
		o := Options{Words: max(0, words)}
		total := 0
		for _, s := range Of(thread, o) {
			m := thread[s.Message]
			if s.Text != prose.Clean(m.Text[s.Span.Start:s.Span.End]) {
				t.Fatalf("%q is not where it is said to be", s.Text)
			}
			if !slices.ContainsFunc(m.Ranges, func(r sigpost.Range) bool {
				return r.Kind == sigpost.RangeNew && r.Start <= s.Span.Start && s.Span.End <= r.End
			}) {
				t.Fatalf("%q is not new in %q", s.Text, m.Text)
			}
			total += length(s.Text)
		}
		if o.Words > 0 && total > o.Words {
			t.Fatalf("%d words, %d are the most", total, o.Words)
		}
	})
}
