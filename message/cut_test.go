package message

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost"
)

func splitAfterLines(s string) []string {
	return strings.SplitAfter(strings.TrimSuffix(s, "\n")+"\n", "\n")[:strings.Count(strings.TrimSuffix(s, "\n"), "\n")+1]
}

// proseWords are what prose in the property tests is made of: words that tables
// know as well.
func proseWords() []string {
	return []string{
		"we", "wrote", "the", "Code", "from", "Ana", "said", "to", "sent", "list", "unsubscribe", "on", "Monday", "2016", "regards", "thanks", "original", "message", "group", "iPhone",
		"écrit", "schrieb", "über", "and", "if", "for", "return", "=", "a", "mailing", "confidential", "subject", "(see", "it)", "10:00", "write,", "no;",
	}
}

// TestCutProseIsNew is the promise that a text without any marks is all new:
// sentences in paragraphs, whatever they speak of.
func TestCutProseIsNew(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sentence := rapid.Custom(func(rt *rapid.T) string {
			return "It " + strings.Join(rapid.SliceOfN(rapid.SampledFrom(proseWords()), 3, 9).Draw(rt, "words"), " ") + " now."
		})
		paragraph := rapid.Custom(func(rt *rapid.T) string {
			return strings.Join(rapid.SliceOfN(sentence, 1, 4).Draw(rt, "sentences"), "\n")
		})
		text := strings.Join(rapid.SliceOfN(paragraph, 1, 4).Draw(rt, "paragraphs"), "\n\n") + "\n"
		if ranges := Cut(text); len(ranges) != 1 || ranges[0].Kind != sigpost.RangeNew {
			rt.Fatalf("%s", marked(text))
		}
	})
}

// ownText is what Cut leaves of a text as the author's.
func ownText(text string) string {
	m := sigpost.Message{Text: text, Ranges: Cut(text)}
	return m.NewText() + "\n"
}

// TestCutAgain cuts what was left of a text again, where its author wrote above
// what is answered: nothing more is lost.
func TestCutAgain(t *testing.T) {
	for _, c := range attributionCases() {
		text := "Yes, that is so.\n\nAnd this.\n\n" + c.text + "\n> which?\n-- \nBob\n"
		if once := ownText(text); ownText(once) != once {
			t.Errorf("%s: first %q, then %q", c.name, once, ownText(once))
		}
	}
}

// hostileLines are single lines that are costly or confusing.
func hostileLines() []string {
	return []string{
		"", ">", "> a", "<", "wrote:", "On 4 Apr 2016 10:00 Ann <a@x> wrote:", "--", "-- ", "____________", "From: a", "Sent: b", "```", "~~~", "@@ -1,99999 +1,99999 @@", "+a", "-b",
		"diff --git a b", "--- a", "+++ b", "Ana> x", "| x", "Sent from my phone", "Regards,", "+----+", "| a |", "NAME  AGE  ID", "$ ls", "Traceback (most recent call last):", "    x = 1;", "x;",
		"To unsubscribe from this group", "Ops mailing list x@y", "This e-mail is confidential", "-----BEGIN PGP SIGNATURE-----", "BEGIN:VCARD", "-----Original Message-----", ">>> a wrote", "<1@x>:", "a:",
	}
}

// TestCutIsLinear cuts long texts of one line, and of two in turn, repeated:
// ten times the length may take no more than about ten times as long.
func TestCutIsLinear(t *testing.T) {
	cost := func(text string) time.Duration {
		start := time.Now()
		Cut(text)
		return time.Since(start)
	}
	for i, line := range hostileLines() {
		other := hostileLines()[(i*7+3)%len(hostileLines())]
		for _, unit := range []string{line + "\n", line + "\n" + other + "\n", line + "\n\n" + other + "\n", line} {
			if unit == "" {
				continue
			}
			short, long := strings.Repeat(unit, 40_000/len(unit)), strings.Repeat(unit, 400_000/len(unit))
			// A busy machine is slow at times, what is not linear always.
			slow := 0
			for slow < 5 && cost(long) > 300*time.Millisecond+30*cost(short) {
				slow++
			}
			if slow == 5 {
				t.Errorf("%q takes %v for %d bytes, and %v for a tenth", unit, cost(long), len(long), cost(short))
			}
		}
	}
}

func FuzzCut(f *testing.F) {
	f.Add("yes\n\nOn 4 Apr 2016 Ann <\n>:\n> which?\n-- \nJoe\n\n-- \nTo unsubscribe from this group\n")
	f.Add("From: a\nSent: b\nTo: c\nSubject: d\n")
	for _, c := range attributionCases() {
		f.Add("yes\n\n" + c.text + "\n> which?\n")
	}
	f.Add(strings.Join(hostileLines(), "\n"))
	for _, seed := range replySeeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		ranges := Cut(text)
		if took := time.Since(start); took > 5*time.Second && len(text) < 1<<20 {
			t.Errorf("%d bytes take %v", len(text), took)
		}
		checkRanges(t, text, ranges)
		m := sigpost.Message{Text: text, Ranges: ranges}
		for _, r := range ranges {
			if r.Kind != sigpost.RangeQuoted && (r.Whom != sigpost.Address{} || r.Of != "") {
				t.Errorf("a range that is %s quotes %v", r.Kind, r.Whom)
			}
			if len(r.Whom.Name) > 200 || strings.ContainsAny(r.Whom.Name+r.Whom.Addr+string(r.Of), "\n") {
				t.Errorf("it quotes %+v", r)
			}
		}
		if len(m.NewText()) > len(text) {
			t.Error("there is more new text than text")
		}
	})
}

// replySeeds are the texts of the corpora of replies, where they lie beside
// the project.
func replySeeds() (seeds []string) {
	for _, pattern := range []string{"crisp_MIT/fixtures/*.txt", "discourse-trimmer_MIT/emails/*.txt", "github-email_reply_parser_MIT/emails/*.txt"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "shared", "corpora", "reply-dev", pattern))
		if err != nil {
			return nil
		}
		for _, path := range files {
			if text, err := os.ReadFile(path); err == nil && len(text) < 4<<10 {
				seeds = append(seeds, string(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
			}
		}
	}
	return seeds
}

// BenchmarkCut cuts texts of about 3 KB from a real list.
func BenchmarkCut(b *testing.B) {
	var texts []string
	size := 0
	for _, raw := range openISCSI(b) {
		m, err := Parse(raw)
		if err == nil && len(m.Text) > 2000 && len(m.Text) < 4000 {
			texts = append(texts, m.Text)
			size += len(m.Text)
		}
	}
	b.SetBytes(int64(size / len(texts)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Cut(texts[i%len(texts)])
	}
}
