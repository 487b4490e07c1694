package bench

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigpost"
	"sigpost/app"
	"sigpost/bench/internal/program"
	"sigpost/config"
	"sigpost/digest"
	"sigpost/internal/mailtest"
)

const composeConfig = program.Weekly + `[smtp]
host = "127.0.0.1:25"
tls = "plain"
`

var (
	archived   = flag.Int("archived", 500, "how many messages the archive holds before the week of TestCompose")
	ofTheWeek  = flag.Int("week", 150, "how many messages the week has, in a sixth as many threads")
	selections = flag.Int("selections", 20, "how many topic selections are rendered")
)

// TestCompose measures how long an issue of a busy week takes, and its
// rendering for many selections of topics. Not on a list's own mail: nobody has
// 5,000 messages in a week.
func TestCompose(t *testing.T) {
	end := time.Date(2016, 4, 25, 0, 0, 0, 0, time.UTC)
	p := program.Build(t, composeConfig)
	p.Write(t, "busy.mbox", busyMbox(end, *archived, *ofTheWeek))
	p.Run(t, "import", filepath.Join(p.Dir, "busy.mbox"))
	p.Run(t, "classify")
	cfg, err := config.Load(filepath.Join(p.Dir, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), cfg, app.Options{ReadOnly: true, Now: func() time.Time { return end.Add(8 * time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var issue sigpost.Issue
	for range 3 {
		begin, used := time.Now(), cpu(t)
		if issue, err = a.PreviewFor(t.Context(), cfg.Digests[0], sigpost.Window{From: end.AddDate(0, 0, -7), To: end}); err != nil {
			t.Fatal(err)
		}
		t.Logf("compose   %d threads with %d messages, of %d in the archive, in %v, %v of CPU", issue.Stats.Threads, issue.Stats.Messages, *archived+*ofTheWeek,
			time.Since(begin).Round(time.Millisecond), (cpu(t) - used).Round(time.Millisecond))
	}
	if issue.Stats.Messages != *ofTheWeek {
		t.Errorf("%d messages of %d are told", issue.Stats.Messages, *ofTheWeek)
	}
	var topics []sigpost.Tag
	seen := map[sigpost.Tag]bool{}
	for _, e := range issue.Entries {
		for _, g := range e.Tags {
			if g.Tag.Kind != sigpost.KindNature && !seen[g.Tag] {
				seen[g.Tag] = true
				topics = append(topics, g.Tag)
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	begin, used := time.Now(), cpu(t)
	bytes := 0
	edition := digest.Prepare(issue)
	for range *selections {
		r := digest.Reader{IssueURL: "https://digest.example.org/issues/weekly/1", UnsubscribeURL: "https://digest.example.org/unsubscribe/token"}
		for range 1 + random.IntN(5) {
			r.Topics = append(r.Topics, topics[random.IntN(len(topics))])
		}
		letter, err := edition.Render(r)
		if err != nil {
			t.Fatal(err)
		}
		bytes = max(bytes, len(letter.HTML))
	}
	took := time.Since(begin)
	t.Logf("render    %d selections of %d topics in %v, %v of CPU; the largest has %d bytes of HTML", *selections, len(topics),
		took.Round(time.Millisecond), (cpu(t) - used).Round(time.Millisecond), bytes)
}

// cpu is the time that this process has had of processors.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// busyMbox makes a list's mail up to end: some that is old, and that of the last
// week, in threads of six on average, with the sentences of the sample list.
func busyMbox(end time.Time, old, week int) string {
	random := rand.New(rand.NewPCG(1, 1))
	var sentences []string
	for _, m := range mailtest.SampleList() {
		_, body, _ := strings.Cut(strings.ReplaceAll(string(m.Raw), "\r\n", "\n"), "\n\n")
		for _, s := range strings.SplitAfter(strings.ReplaceAll(body, "\n", " "), ". ") {
			if s = strings.TrimSpace(s); len(s) > 40 && len(s) < 300 && !strings.ContainsAny(s, ">=") {
				sentences = append(sentences, s)
			}
		}
	}
	var b strings.Builder
	n := 0
	stretch := func(from time.Time, long time.Duration, messages int) {
		for left := messages; left > 0; {
			size := min(left, 1+random.IntN(11))
			begin := from.Add(time.Duration(random.Int64N(int64(long * 3 / 4))))
			subject := strings.Join(strings.Fields(sentences[random.IntN(len(sentences))])[:5], " ")
			var ids, last []string
			for k := range size {
				at := begin.Add(time.Duration(k) * long / 48)
				id := fmt.Sprintf("busy.%d@lists.example.org", n)
				author := random.IntN(400)
				var body []string
				if k > 0 {
					for _, s := range last[:min(3, len(last))] {
						body = append(body, "> "+s)
					}
					body = append(body, "")
				}
				last = nil
				for range 4 + random.IntN(12) {
					last = append(last, sentences[random.IntN(len(sentences))])
				}
				body = append(body, last...)
				fmt.Fprintf(&b, "From busy %s\nMessage-ID: <%s>\nFrom: Author Number %d <a%d@corp%d.example.org>\nDate: %s\n", at.Format(time.ANSIC), id, author, author, author%40, at.Format(time.RFC1123Z))
				if k > 0 {
					fmt.Fprintf(&b, "Subject: Re: %s\nReferences: <%s>\n", subject, strings.Join(ids, "> <"))
				} else {
					fmt.Fprintf(&b, "Subject: %s\n", subject)
				}
				fmt.Fprintf(&b, "\n%s\n\n", strings.Join(body, "\n"))
				ids = append(ids, id)
				n++
			}
			left -= size
		}
	}
	stretch(end.AddDate(-2, 0, 0), 700*24*time.Hour, old)
	stretch(end.AddDate(0, 0, -7), 7*24*time.Hour-time.Hour, week)
	return b.String()
}
