package digest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"sigpost"
)

// editedIssue is the rich issue after an editor has been there.
func editedIssue(t testing.TB) sigpost.Issue {
	issue := richIssue(t)
	issue.Number = 12
	var edits []sigpost.Edit
	for i, e := range []sigpost.Edit{
		{Kind: sigpost.EditNote, Text: "Welcome to the last issue before *Barcelona*.\n\nThe [agenda](https://pad.example.org/agenda) is open."},
		{Kind: sigpost.EditSection, Section: "Jobs", Text: "- [Operator](https://jobs.example.org/1), Berlin\n- <script>alert(1)</script>Writer"},
		{Kind: sigpost.EditOrder, Text: "OpenStack on Kubernetes\nJobs"},
		{Kind: sigpost.EditPin, ThreadID: 4}, {Kind: sigpost.EditSummary, ThreadID: 4, Text: "Mixing works, say two people who do it; nobody tests it."},
		{Kind: sigpost.EditNote, ThreadID: 3, Text: "See also last month's thread."},
		{Kind: sigpost.EditHeadline, ThreadID: 1, Text: "500 ports are not enough"},
		{Kind: sigpost.EditHeadline, ThreadID: 1, Text: "500 ports a node are not enough"},
		{Kind: sigpost.EditMove, ThreadID: 1, Text: "Jobs"}, {Kind: sigpost.EditDrop, ThreadID: 2}, {Kind: sigpost.EditPin, ThreadID: 4711},
	} {
		e.At = time.Unix(int64(i), 0)
		edits = append(edits, e)
	}
	if lost := Lost(issue, edits); len(lost) != 1 || lost[0].ThreadID != 4711 {
		t.Errorf("lost are %+v", lost)
	}
	return Apply(issue, edits)
}

func TestAnEditedIssue(t *testing.T) {
	issue := editedIssue(t)
	letter, err := Render(issue, Reader{Zone: zone(t, "Europe/Berlin")})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "edited.golden.txt", "Subject: "+letter.Subject+"\n\n"+letter.Text)
	golden(t, "edited.golden.html", letter.HTML)
	if strings.Contains(letter.HTML, "<script") || strings.Contains(letter.Text, "rename bays") {
		t.Error("a script, or a thread that was dropped, is in the letter")
	}
	if whole := richIssue(t); issue.Stats.Threads != whole.Stats.Threads-1 || issue.Stats.Robots != whole.Stats.Robots {
		t.Errorf("stats are %+v of %+v", issue.Stats, whole.Stats)
	}
	cut := Cut(issue, sigpost.Selection{Topics: []sigpost.Tag{{Kind: sigpost.KindProject, Name: "no-such"}}})
	if len(cut.Entries) != 0 || !Worth(cut) {
		t.Error("a section of the editor's is not worth sending")
	}
	cut.Arranged, cut.Events = nil, nil
	if Worth(cut) {
		t.Error("nothing is worth sending")
	}
	if cut.Always = true; !Worth(cut) {
		t.Error("nothing is not always sent")
	}
}

// What an issue is composed of stays as it is.
func TestApplyChangesNothingOfWhatWasComposed(t *testing.T) {
	issue := richIssue(t)
	Apply(issue, []sigpost.Edit{{Kind: sigpost.EditDrop, ThreadID: issue.Entries[0].ThreadID}, {Kind: sigpost.EditPin, ThreadID: issue.Entries[2].ThreadID},
		{Kind: sigpost.EditHeadline, ThreadID: issue.Entries[1].ThreadID, Text: "x"}})
	if !reflect.DeepEqual(issue, richIssue(t)) {
		t.Error("the composed issue has changed")
	}
	if again := Apply(issue, nil); !reflect.DeepEqual(again.Entries, issue.Entries) || again.Stats != issue.Stats {
		t.Errorf("no edits change something: %+v", again.Stats)
	}
}

func TestCheckEdit(t *testing.T) {
	for _, c := range []struct {
		name string
		edit sigpost.Edit
		text string // "" where it is wrong
	}{
		{"a headline", sigpost.Edit{Kind: sigpost.EditHeadline, ThreadID: 1, Text: " two\nlines "}, "two lines"},
		{"an empty headline", sigpost.Edit{Kind: sigpost.EditHeadline, ThreadID: 1, Text: " \u202e"}, ""},
		{"a long headline", sigpost.Edit{Kind: sigpost.EditHeadline, ThreadID: 1, Text: strings.Repeat("x", 201)}, ""},
		{"a headline of nothing", sigpost.Edit{Kind: sigpost.EditHeadline, Text: "x"}, ""},
		{"a note on the issue", sigpost.Edit{Kind: sigpost.EditNote, Text: "a  \n\n\n\nb\n"}, "a\n\nb"},
		{"a section", sigpost.Edit{Kind: sigpost.EditSection, Section: "News", Text: "x"}, "x"},
		{"a section without a title", sigpost.Edit{Kind: sigpost.EditSection, Text: "x"}, ""},
		{"the section of what is left out", sigpost.Edit{Kind: sigpost.EditSection, Section: LeftOut, Text: "x"}, ""},
		{"moved out", sigpost.Edit{Kind: sigpost.EditMove, ThreadID: 1, Text: LeftOut}, ""},
		{"an order", sigpost.Edit{Kind: sigpost.EditOrder, Section: "News", Text: "3, 4 x 5"}, "4 5"},
		{"a wish", sigpost.Edit{Kind: "wish", ThreadID: 1, Text: "x"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := CheckEdit(c.edit)
			if (err != nil) != (c.text == "") || err == nil && got.Text != c.text {
				t.Errorf("%q, %v", got.Text, err)
			}
		})
	}
}

func TestDiff(t *testing.T) {
	before, after := richIssue(t), editedIssue(t)
	after.Events = nil
	d := Diff(before, after)
	var lines []string
	for _, e := range d.Gone {
		lines = append(lines, "- "+e.Headline)
	}
	for _, e := range d.Changed {
		lines = append(lines, fmt.Sprintf("~ %s: %s", e.Headline, strings.Join(e.What, "; ")))
	}
	lines = append(lines, d.Issue...)
	golden(t, "diff.golden.txt", strings.Join(lines, "\n")+"\n")
	if back := Diff(after, before); len(back.Added) != 1 || len(back.Gone) != 0 {
		t.Errorf("the other way: %+v", back)
	}
	if same := Diff(before, richIssue(t)); !same.None() {
		t.Errorf("no difference: %+v", same)
	}
}

func TestInspect(t *testing.T) {
	good, err := Render(richIssue(t), Reader{UnsubscribeURL: "https://digest.example.org/u/1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		letter sigpost.Letter
		want   []Severity
		says   string
	}{
		{"a letter of ours", good, nil, ""},
		{"no text", sigpost.Letter{Subject: "x", HTML: "<p>x"}, []Severity{Severe}, "no text part"},
		{"no subject", sigpost.Letter{Text: "x"}, []Severity{Severe}, "no subject"},
		{"too large", sigpost.Letter{Subject: "x", Text: "x", HTML: strings.Repeat("x", maxHTML+1)}, []Severity{Warning}, "100,001 bytes"},
		{"too long", sigpost.Letter{Subject: "x", Text: strings.Repeat("x ", maxWords+1)}, []Severity{Warning}, "1,601 words"},
		{"an image", sigpost.Letter{Subject: "x", Text: "x", HTML: `<img src="a.png" alt="A map"><IMG alt='' src=b>`}, []Severity{Severe}, "<IMG"},
		{"links", sigpost.Letter{Subject: "x", Text: "x", HTML: `<a href="">Empty &amp; all</a><a>None</a><a href="https://x.example"> <b></b></a><a href="mailto:a@b.c">x</a>`},
			[]Severity{Severe, Severe, Severe}, `"Empty & all"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []Severity
			all := ""
			for _, f := range Inspect(c.letter) {
				got = append(got, f.Severity)
				all += f.What + "\n"
			}
			if !reflect.DeepEqual(got, c.want) || !strings.Contains(all, c.says) {
				t.Errorf("%v:\n%s", got, all)
			}
		})
	}
	links := Links(good)
	if len(links) < 5 || links[len(links)-1] != "https://digest.example.org/u/1" {
		t.Errorf("links are %v", links)
	}
	for i, l := range links {
		if strings.Contains(l, "&amp;") || !strings.HasPrefix(l, "http") || strings.Contains(strings.Join(links[:i], " ")+" ", l+" ") {
			t.Errorf("link %q", l)
		}
	}
}
