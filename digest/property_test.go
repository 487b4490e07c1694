package digest

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"

	"sigpost"
	"sigpost/internal/prose"
)

// Lines that strangers write, some of them to do harm.
var lines = []string{
	"", "", "Hi all,", "Hello Ana, we have seen the same on two other clouds.",
	"The scheduler places every pod on the same node, e.g. after a restart.",
	"Does anybody know why the overlay needs a second bridge? We do not.",
	"> Does anybody know why?", "On Monday Ana wrote:", "    kubectl get pods", "2016-04-18 14:00:01.123 ERROR nova",
	"Write to me at eve@secret.example for the rest of the numbers.",
	"\u202eThis sentence is turned round by an override character.\u202c",
	"Ein Satz mit Umlauten: größere Übersetzungen überfordern die Prüfung nicht.",
	"これは改行のない長い日本語の文章で、七十二桁を超える幅になるまで続きますが、どこかで折り返されなければなりません。",
	"הודעה זו נכתבה בעברית כדי לבדוק את כיוון הכתיבה.",
	"See https://example.org/" + strings.Repeat("a/very/long/path/", 8) + " for how that was done.",
	strings.Repeat("unbreakable", 30), "<script>alert('x')</script> is what the page showed us then.",
	"- the first of the things that we would like to see", "Thanks,", "-- ", "\x1b[31mRed letters\x1b[0m are what the terminal shows us here.",
	strings.Repeat("A sentence that goes on and on without an end in sight ", 8) + ".",
	"\xff\xfe broken bytes are in this sentence of ours too.",
}

var subjects = []string{
	"[sig] [Kuryr] port per pod", "Re: Re: [sig] AW: what now?", "", "[only-a-tag]", "Bug for eve@secret.example\r\nBcc: all@secret.example",
	"\u202egnp.exe", strings.Repeat("long ", 60), "長い件名" + strings.Repeat("続く", 80), "<b>bold</b> & \"quoted\"",
}

var authors = []string{
	"Ana Moreau <ana@secret.example>", "eve@secret.example <eve@secret.example>", " <nameless@secret.example>",
	"'Jin Park' via sig <jin@secret.example>", "\u202eOleg (oleg@secret.example) <oleg@secret.example>", "李 明 <ming@secret.example>",
}

var anyTags = []sigpost.Tagging{
	tagging("scenario", "on-top", "On top", 0.9), tagging("scenario", "below", "", 0.5),
	tagging("project", "kuryr", "Kuryr", 0.8), tagging("project", "magnum", "Magnum", 0.8), tagging("topic", "docs", "Docs", 0.4),
}

// drawInput makes any window's worth of threads.
func drawInput(t *rapid.T) Input {
	from := time.Date(2016, 3, 20, 0, 0, 0, 0, time.UTC)
	window := sigpost.Window{From: from, To: from.AddDate(0, 0, 7)}
	in := Input{
		Digest: "d", Title: "Any title at all", Window: window, Composed: window.To,
		ThreadURL:  func(id int64) string { return fmt.Sprintf("https://a.example/threads/%d", id) },
		MessageURL: func(m *sigpost.Message) string { return fmt.Sprintf("https://a.example/messages/%d", m.ID) },
	}
	id := int64(0)
	for thread := range rapid.IntRange(0, 8).Draw(t, "threads") {
		n := News{New: map[int64]bool{}, Since: rapid.IntRange(0, 2).Draw(t, "since")}
		n.Thread = sigpost.Thread{ID: int64(thread + 1), Subject: rapid.SampledFrom(subjects).Draw(t, "subject")}
		n.Tags = rapid.SliceOfNDistinct(rapid.SampledFrom(anyTags), 0, 3, func(g sigpost.Tagging) string { return g.Tag.String() }).Draw(t, "tags")
		received := from.AddDate(0, 0, -3)
		for range rapid.IntRange(1, 5).Draw(t, "messages") {
			id++
			text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(lines), 0, 8).Draw(t, "text"), "\n")
			m := post(id, rapid.SampledFrom(authors).Draw(t, "author"), "", n.Thread.Subject, text)
			received = received.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "hours")) * time.Hour)
			m.Received, m.Robot = received, rapid.IntRange(0, 4).Draw(t, "robot") == 0
			n.Messages = append(n.Messages, m)
			n.New[id] = window.Contains(received)
		}
		n.Thread.First = n.Messages[0].Received
		n.Quotes = summed(n.Messages) // old news, too, which Compose must leave out
		in.Threads = append(in.Threads, n)
	}
	return in
}

func TestPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		issue := Compose(in)
		checkIssue(t, in, issue)
		topics := rapid.SliceOfN(rapid.Map(rapid.SampledFrom(anyTags), func(g sigpost.Tagging) sigpost.Tag { return g.Tag }), 0, 2).Draw(t, "topics")
		wanted := sigpost.Selection{Topics: topics}
		letter, err := Render(issue, Reader{Selection: wanted})
		if err != nil {
			t.Fatal(err)
		}
		again, _ := Render(Compose(in), Reader{Selection: wanted})
		if !reflect.DeepEqual(letter, again) {
			t.Fatal("the same input gave two letters")
		}
		checkLetter(t, Cut(issue, wanted), letter)
	})
}

// checkIssue holds the counts and quotes of an issue against what it was
// composed of.
func checkIssue(t *rapid.T, in Input, issue sigpost.Issue) {
	people, told := 0, map[int64]bool{}
	for _, e := range issue.Entries {
		if told[e.ThreadID] {
			t.Fatalf("thread %d is told twice", e.ThreadID)
		}
		told[e.ThreadID] = true
		n := in.Threads[e.ThreadID-1]
		fresh := 0
		for _, m := range n.Messages {
			if n.New[m.ID] && !m.Robot {
				fresh++
			}
		}
		if fresh != e.New || fresh == 0 {
			t.Fatalf("thread %d: New is %d, want %d", e.ThreadID, e.New, fresh)
		}
		people += len(e.People)
		for _, q := range e.Quotes {
			i := slices.IndexFunc(n.Messages, func(m *sigpost.Message) bool { return m.MessageID == q.MessageID })
			m := n.Messages[i]
			opener := n.Since == 0 && i == slices.IndexFunc(n.Messages, func(m *sigpost.Message) bool { return !m.Robot })
			if !n.New[m.ID] && !opener || m.Robot {
				t.Fatalf("quoted message %d is old or a robot's", m.ID)
			}
			if said := prose.WithoutAddresses(clean(m.NewText())); !strings.Contains(said, strings.TrimSuffix(q.Text, "…")) {
				t.Fatalf("quote %q is not in %q", q.Text, said)
			}
			if n := utf8.RuneCountInString(q.Text); n > quoteLimit {
				t.Fatalf("a quote has %d characters", n)
			}
		}
	}
	if issue.Stats.People > people || issue.Stats.Threads != len(issue.Entries) {
		t.Fatalf("stats %+v", issue.Stats)
	}
	if (len(issue.Entries) == 0) != (issue.State == sigpost.IssueQuiet) {
		t.Fatalf("%d entries make it %s", len(issue.Entries), issue.State)
	}
}

var reference = regexp.MustCompile(`^\[\d+\] `)

func checkLetter(t *rapid.T, cut sigpost.Issue, letter sigpost.Letter) {
	for _, s := range []string{letter.Subject, letter.Text, letter.HTML} {
		if strings.Contains(s, "@secret.example") {
			t.Fatalf("an address is in %q", s)
		}
		if !utf8.ValidString(s) {
			t.Fatalf("not UTF-8: %q", s)
		}
		for _, r := range s {
			if r != '\n' && (unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r)) {
				t.Fatalf("control character %U in %q", r, s)
			}
		}
	}
	if n := utf8.RuneCountInString(letter.Subject); n > subjectLimit || strings.Contains(letter.Subject, "\n") {
		t.Fatalf("subject of %d characters: %q", n, letter.Subject)
	}
	for line := range strings.Lines(letter.Text) {
		line = strings.TrimSuffix(line, "\n")
		words := strings.Fields(reference.ReplaceAllString(line, ""))
		if w := uniseg.StringWidth(line); w > columns && len(words) > 1 {
			t.Fatalf("%d columns: %q", w, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Fatalf("space at the end of %q", line)
		}
	}
	for _, e := range cut.Entries {
		if n := len(regexp.MustCompile(fmt.Sprintf(`<h3 [^>]*><a href="https://a.example/threads/%d"`, e.ThreadID)).FindAllString(letter.HTML, -1)); n != 1 {
			t.Fatalf("thread %d is told %d times", e.ThreadID, n)
		}
	}
	if n := strings.Count(letter.HTML, "<h3 "); n != len(cut.Entries) {
		t.Fatalf("%d threads told, %d in the issue", n, len(cut.Entries))
	}
	if strings.Contains(letter.HTML, "<script") || strings.Contains(letter.HTML, "<img") || strings.Contains(letter.HTML, "<b>") {
		t.Fatal("a stranger's markup is markup")
	}
}

func FuzzStrangersText(f *testing.F) {
	for _, l := range lines {
		f.Add(l, l)
	}
	f.Add("Re: [a] [b](was: c)", "One sentence of six words is here.\nAnother\n\n---\n a patch | 2 +-\n")
	f.Fuzz(func(t *testing.T, subject, text string) {
		head := Headline(subject)
		if head != clean(head) || head == "" || utf8.RuneCountInString(head) > headlineLimit {
			t.Errorf("headline %q", head)
		}
		for line := range strings.Lines(layout(clean(text))) {
			if w := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); w > columns && len(strings.Fields(line)) > 2 {
				t.Errorf("%d columns: %q", w, line)
			}
		}
	})
}
