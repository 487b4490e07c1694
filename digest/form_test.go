package digest

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost"
)

// merged are edits after a change of them.
func merged(edits, save []sigpost.Edit, undo []sigpost.EditKey) []sigpost.Edit {
	by := counting(edits)
	for _, key := range undo {
		delete(by, key)
	}
	for _, e := range save {
		e.At = time.Time{}
		by[e.Key()] = e
	}
	return slices.SortedFunc(maps.Values(by), func(a, b sigpost.Edit) int { return byKey(a.Key(), b.Key()) })
}

var words = []string{
	"Our own words", "## not a heading", "\\## nor this", "<!-- hidden -->", "pin: yes", "> quoted?", "First.\n\nSecond, with [a link](https://x.example).",
	"x\n# y\n  z", strings.Repeat("many words ", 30), "größer", "日本語の文", "\u202eturned", "[9] nine", "note: on", "-- ", "--> ends", "\\<!-- \\",
}

// drawEdits makes edits of an issue, some of threads that it does not have.
func drawEdits(t *rapid.T, issue sigpost.Issue) (edits []sigpost.Edit) {
	threads := []int64{0, 99}
	titles := []string{"News", "Jobs", "Other threads", "More projects", "On top"}
	for _, e := range issue.Entries {
		threads = append(threads, e.ThreadID)
	}
	kinds := []sigpost.EditKind{sigpost.EditPin, sigpost.EditDrop, sigpost.EditMove, sigpost.EditHeadline, sigpost.EditSummary, sigpost.EditNote, sigpost.EditSection, sigpost.EditOrder}
	for i := range rapid.IntRange(0, 12).Draw(t, "edits") {
		e := sigpost.Edit{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), ThreadID: rapid.SampledFrom(threads).Draw(t, "of"), At: time.Unix(int64(i), 0),
			Text: rapid.SampledFrom(words).Draw(t, "text")}
		switch e.Kind {
		case sigpost.EditSection:
			e.ThreadID, e.Section = 0, rapid.SampledFrom(titles).Draw(t, "section")
		case sigpost.EditMove:
			e.Text = rapid.SampledFrom(titles).Draw(t, "to")
		case sigpost.EditOrder:
			e.ThreadID, e.Section = 0, rapid.SampledFrom(append(titles, "")).Draw(t, "section")
			e.Text = spell(rapid.Permutation(threads).Draw(t, "order"))
			if e.Section == "" {
				e.Text = strings.Join(rapid.Permutation(titles).Draw(t, "order"), "\n")
			}
		}
		if e, err := CheckEdit(e); err == nil {
			edits = append(edits, e)
		}
	}
	return edits
}

// The form of a draft, read again, changes nothing, whatever the edits so far.
func TestAnUnchangedFormChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		issue := Compose(drawInput(t))
		edits := drawEdits(t, issue)
		text := Form(issue, edits)
		for _, as := range []string{text, "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n"), strings.TrimSpace(text)} {
			save, undo, err := ReadForm(as, issue, edits)
			if err != nil || len(save)+len(undo) > 0 {
				t.Fatalf("%v: saves %+v, undoes %+v, of %+v, from:\n%s", err, save, undo, edits, as)
			}
		}
	})
}

// rewrite is a form in pieces that a test moves about.
type rewrite struct {
	head     string
	sections []*rewritten
}

type rewritten struct {
	title, text string
	threads     []string
}

func takeApart(text string) *rewrite {
	r := &rewrite{}
	parts := strings.Split("\n"+text, "\n## ")
	r.head = parts[0][1:]
	for _, part := range parts[1:] {
		title, rest, _ := strings.Cut(part, "\n")
		blocks := strings.Split("\n"+rest, "\n### ")
		r.sections = append(r.sections, &rewritten{title, blocks[0], blocks[1:]})
	}
	return r
}

func (r *rewrite) String() string {
	var b strings.Builder
	b.WriteString(r.head)
	for _, s := range r.sections {
		fmt.Fprintf(&b, "\n## %s\n%s", s.title, s.text)
		for _, t := range s.threads {
			fmt.Fprintf(&b, "\n### %s", t)
		}
	}
	return b.String()
}

// Whatever an editor does to a form comes out in the issue: each thread under
// the heading where it was put, in that order but for the pinned ones, which
// come first; and the next form says the same.
func TestAFormSaysWhatBecomesOfTheIssue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		issue := Compose(drawInput(t))
		edits := drawEdits(t, issue)
		r := takeApart(Form(issue, edits))
		for range rapid.IntRange(0, 6).Draw(t, "changes") {
			r.change(t)
		}
		save, undo, err := ReadForm(r.String(), issue, edits)
		if err != nil {
			t.Fatalf("%v in\n%s", err, r)
		}
		after := merged(edits, save, undo)
		form, _ := parseForm(r.String())
		repinned := (&formChanges{form: form, had: counting(edits), want: counting(after)}).repinned()
		edited := Apply(issue, after)
		pins := map[int64]bool{}
		for _, e := range edited.Entries {
			pins[e.ThreadID] = e.Pinned
			if want := form.threads[e.ThreadID]; Told(edited, e) != want.headline || e.Note != want.value("note") || e.Summary != want.value("summary") {
				t.Fatalf("thread %d is told as %+v, wanted %+v", e.ThreadID, e, want)
			}
		}
		told := map[string][]int64{}
		for _, s := range sequences(edited) {
			told[s.title] = within(s.threads, pins, repinned)
		}
		for _, s := range form.sections {
			var want []int64
			for _, b := range s.threads {
				want = append(want, b.id)
			}
			if s.title != LeftOut && !slices.Equal(within(want, pins, repinned), told[s.title]) {
				t.Fatalf("under %q are %v, wanted %v; saved %+v, undone %+v from %+v in\n%s", s.title, told[s.title], want, save, undo, edits, r)
			}
			delete(told, s.title)
		}
		if len(told) > 0 {
			t.Fatalf("sections came from nowhere: %v in\n%s", told, r)
		}
		if save, undo, err := ReadForm(Form(issue, after), issue, after); err != nil || len(save)+len(undo) > 0 {
			t.Fatalf("the next form changes something: %v, %v, %v", save, undo, err)
		}
	})
}

// change does one thing that editors do.
func (r *rewrite) change(t *rapid.T) {
	full := []*rewritten{}
	for _, s := range r.sections {
		if len(s.threads) > 0 {
			full = append(full, s)
		}
	}
	if len(full) == 0 {
		return
	}
	from := rapid.SampledFrom(full).Draw(t, "from")
	i := rapid.IntRange(0, len(from.threads)-1).Draw(t, "thread")
	block := from.threads[i]
	take := func() { from.threads = slices.Delete(slices.Clone(from.threads), i, i+1) }
	switch rapid.IntRange(0, 6).Draw(t, "what") {
	case 0: // move
		take()
		to := rapid.SampledFrom(r.sections).Draw(t, "to")
		to.threads = slices.Insert(slices.Clone(to.threads), rapid.IntRange(0, len(to.threads)).Draw(t, "at"), block)
	case 1: // drop
		take()
	case 2:
		r.sections = rapid.Permutation(r.sections).Draw(t, "order")
		if i := slices.IndexFunc(r.sections, func(s *rewritten) bool { return s.title == LeftOut }); i >= 0 { // or it gets the comment at the end, which is no matter, and text
			last := r.sections[i]
			r.sections = append(slices.Delete(r.sections, i, i+1), last)
		}
	case 3:
		title := rapid.SampledFrom([]string{"Elsewhere", "For you", "Fresh"}).Draw(t, "title")
		if !slices.ContainsFunc(r.sections, func(s *rewritten) bool { return s.title == title }) {
			take()
			r.sections = slices.Insert(r.sections, rapid.IntRange(0, len(r.sections)).Draw(t, "at"), &rewritten{title: title, text: "\nOur text.\n", threads: []string{block}})
		}
	case 4:
		block = strings.NewReplacer("pin: no", "pin: yes", "pin: yes", "pin: no").Replace(block)
		from.threads[i] = block
	case 5:
		number, rest, _ := strings.Cut(block, "]")
		_, rest, _ = strings.Cut(rest, "\n")
		from.threads[i] = number + "] " + rapid.SampledFrom([]string{"New words", "Kuryr: other words"}).Draw(t, "headline") + "\n" + rest
	case 6:
		from.threads = slices.Clone(from.threads)
		from.threads[i] = strings.Replace(block, "\nnote:", "\nnote: we think\n  so, too", 1)
	}
}

// Each thing that can be wrong is said with its line and with what to do.
func TestFormErrors(t *testing.T) {
	issue := richIssue(t)
	issue.Number = 12
	text := Form(issue, nil)
	golden(t, "form.golden.md", text)
	first := issue.Entries[0]
	line := func(text, of string) int {
		before, _, ok := strings.Cut(text, of)
		if !ok {
			t.Fatalf("the form has no %q:\n%s", of, text)
		}
		return strings.Count(before, "\n") + 1
	}
	block := fmt.Sprintf("### [%d] ", first.ThreadID)
	for _, c := range []struct{ name, old, new, at, what string }{
		{"no stamp", "<!-- sigpost draft", "<!-- draft", "", "the first line is gone"},
		{"another issue", "draft: sig 12", "draft: sig 11", "", "this form is of issue 11 of sig, not of issue 12"},
		{"no number", block, "### ", "### " + Told(issue, first), "keeps its number in brackets"},
		{"another number", block, "### [4711] ", "### [4711]", "there is no thread 4711"},
		{"no headline", block + Told(issue, first), block, block[:6], "has no headline"},
		{"a headline that is too long", block, block + strings.Repeat("x", 201), block, "and 200 are the most"},
		{"neither yes nor no", "pin: no", "pin: perhaps", "pin: perhaps", "neither yes nor no"},
		{"twice the same key", "pin: no", "pin: no\nPin: no", "Pin: no", "\"pin\" is here twice"},
		{"an unknown key", "pin: no", "colour: red", "colour: red", "there is no \"colour\""},
		{"a text of nothing", "pin: no", "Hello.", "Hello.", "belongs to nothing"},
		{"quotes changed", "\n> ", "\n> Surely ", block, "are other words than those that were written"},
		{"a heading of one mark", "pin: no", "# Big", "# Big", "a heading begins with ##"},
		{"a section without a title", block, "##\n" + block, "##\n", "has no title"},
		{"an empty section", block, "## Nothing\n## Else\nText.\n" + block, "## Nothing", "the section \"Nothing\" is empty"},
		{"a section twice", block, "## Else\nText.\n## Else\n" + block, "## Else\n###", "\"Else\" is here twice"},
		{"a comment without an end", block, "<!-- open\n" + block, "<!-- open", "does not end"},
		{"a headline that is gone", block + Told(issue, first) + "\n", "", "pin: no", "belongs to a thread, whose headline"},
		{"text behind a comment", "pin: no", "<!-- x --> y\npin: no", "<!-- x --> y", "behind the end of a comment"},
		{"text left out", block, "## Left out\nWhy\n" + block, "## Left out\nWhy", "where nobody would read it"},
		{"a long summary", "summary:", "summary: " + strings.Repeat("long ", 500), "summary: long", "and 2000 are the most"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := strings.Index(text, "\n## ") // the explanations have such lines, too
			at, tail := text[:body], text[body:]
			if strings.Contains(c.old, "draft") {
				at, tail = "", text
			}
			if !strings.Contains(tail, c.old) {
				t.Fatalf("there is no %q in\n%s", c.old, tail)
			}
			tail = strings.Replace(tail, c.old, c.new, 1)
			save, undo, err := ReadForm(at+tail, issue, nil)
			var wrong FormErrors
			if !errors.As(err, &wrong) || len(save)+len(undo) > 0 {
				t.Fatalf("%v, saves %v, undoes %v", err, save, undo)
			}
			want := 0
			if c.at != "" {
				want = strings.Count(at, "\n") + line(tail, c.at)
			}
			if !slices.ContainsFunc(wrong, func(e FormError) bool { return e.Line == want && strings.Contains(e.What, c.what) }) {
				t.Errorf("want line %d: %s; got\n%v", want, c.what, err)
			}
		})
	}
}

// A form of nothing but faults is refused at once.
func TestAFormFullOfFaults(t *testing.T) {
	issue := smallIssue(t)
	for name, line := range map[string]string{"sections": "## %d\n", "faults": "# %d\n", "threads": "### [%d] x\n"} {
		var b strings.Builder
		b.WriteString(Form(issue, nil))
		for i := range 100_000 {
			fmt.Fprintf(&b, line, i)
		}
		text := b.String()
		begin := time.Now()
		_, _, err := ReadForm(text, issue, nil)
		var wrong FormErrors
		if !errors.As(err, &wrong) || len(wrong) > maxWrong+2 {
			t.Errorf("%s: %d faults, %T", name, len(wrong), err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s take %s", name, took)
		}
	}
	if _, _, err := ReadForm(strings.Repeat("x", maxForm+1), issue, nil); err == nil || !strings.Contains(err.Error(), "larger than 4 MiB") {
		t.Errorf("%v", err)
	}
}

func TestQuotesGoWhereASummaryStands(t *testing.T) {
	issue := smallIssue(t)
	text := Form(issue, nil)
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "> ") {
			kept = append(kept, line)
		}
	}
	without := strings.Join(kept, "")
	if _, _, err := ReadForm(without, issue, nil); err == nil || !strings.Contains(err.Error(), "the quotes of thread 1 are gone") {
		t.Errorf("%v", err)
	}
	save, _, err := ReadForm(strings.Replace(without, "\nsummary:", "\nsummary: It gives\nup.", 1), issue, nil)
	if err != nil || !reflect.DeepEqual(save, []sigpost.Edit{{Kind: sigpost.EditSummary, ThreadID: 1, Text: "It gives up."}}) {
		t.Errorf("%+v, %v", save, err)
	}
}

// Whatever somebody makes of a form, it is read or refused, and what is read
// is what the next form says.
func FuzzReadForm(f *testing.F) {
	issue := richIssue(f)
	issue.Entries = issue.Entries[:3]
	edits := []sigpost.Edit{
		{Kind: sigpost.EditDrop, ThreadID: issue.Entries[1].ThreadID}, {Kind: sigpost.EditNote, Text: "Hello *all*"},
		{Kind: sigpost.EditSection, Section: "News", Text: "Some\n\n## news"}, {Kind: sigpost.EditPin, ThreadID: issue.Entries[2].ThreadID},
		{Kind: sigpost.EditPin, ThreadID: 4711},
	}
	form := Form(issue, edits)
	f.Add(form)
	stamp, _, _ := strings.Cut(form, "\n")
	f.Add(stamp + "\n## A\n### [1] x\npin: y\nnote: a\n b\n> c\n## Left out\n")
	f.Add(stamp + "\n\\# x\n<!-- -->\n## A\ntext\n")
	more, _ := filepath.Glob("testdata/form*.md")
	for _, name := range more {
		if text, err := os.ReadFile(name); err == nil {
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = stamp + "\n" + text
		save, undo, err := ReadForm(text, issue, edits)
		var wrong FormErrors
		if errors.As(err, &wrong) {
			for i, e := range wrong {
				if e.Line < 0 || e.Line > strings.Count(text, "\n")+strings.Count(text, "\r")+1 || e.What == "" || i > 0 && e.Line < wrong[i-1].Line {
					t.Fatalf("%+v", wrong)
				}
			}
			return
		} else if err != nil {
			t.Fatalf("%T", err)
		}
		for _, e := range save {
			if _, err := CheckEdit(e); err != nil {
				t.Fatalf("%+v: %v", e, err)
			}
		}
		after := merged(edits, save, undo)
		again := Form(issue, after)
		if save, undo, err := ReadForm(again, issue, after); err != nil || len(save)+len(undo) > 0 {
			t.Fatalf("%v: saves %+v, undoes %+v from\n%s", err, save, undo, again)
		}
		if _, err := Render(Apply(issue, after), Reader{}); err != nil {
			t.Fatal(err)
		}
	})
}
