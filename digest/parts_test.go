package digest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
)

// TestPartsAreDocumented holds the page for editors and readers to the numbers.
func TestPartsAreDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "issue.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, says := range []string{
		"log2 *n* |", fmt.Sprintf("%v · log2 (1 + *n*)", rankNewPerson), fmt.Sprintf("%v · log2 *n*", rankOrg),
		fmt.Sprintf("came to a decision | %v |", rankDecision), fmt.Sprintf("security advisory | %v |", rankAdvisory),
		fmt.Sprintf("an announcement or a call | %v |", rankRelease), fmt.Sprintf("has answered somebody | %v |", rankMaintainer),
		fmt.Sprintf("about a scenario | %v |", rankScenario), fmt.Sprintf("about a project | %v |", rankTopic),
		fmt.Sprintf("A highlight has %v or more", highlightRank), "more than twelve threads", "more than five threads", "at most five",
		"1,600 words", "two days or more",
	} {
		if !strings.Contains(string(page), says) {
			t.Errorf("it does not say %q", says)
		}
	}
	if rankPerson != 1 || rankRelease != rankNews || someEntries != 12 || fewEntries != 5 || highlightLimit != 5 || maxWords != 1600 || patience != 48*time.Hour {
		t.Error("the page has other numbers")
	}
}

// Two people's fifty mails are less than what three organisations say once.
func TestVolumeIsNoRank(t *testing.T) {
	w := week(t)
	var long, short []*sigpost.Message
	for i := range 50 {
		subject := "Re: a quarrel"
		if i == 0 {
			subject = "a quarrel"
		}
		long = append(long, post(int64(i+1), fmt.Sprintf("P%d <p%d@one.example.org>", i%2, i%2), "2016-04-19 10:00", subject, "x\n"))
	}
	for i := range 3 {
		short = append(short, post(int64(i+100), fmt.Sprintf("Q%d <q%d@corp%d.com>", i, i, i), "2016-04-19 10:00", "a plan", "x\n"))
	}
	issue := Compose(Input{Window: w, Threads: []News{thread(1, w, nil, long...), thread(2, w, nil, short...)}})
	if issue.Entries[0].ThreadID != 2 || issue.Entries[1].New != 50 {
		t.Errorf("%+v", issue.Entries)
	}
	if want := []string{"3 people", "3 organisations"}; !slices.Equal(issue.Entries[0].Why, want) {
		t.Errorf("why: %q", issue.Entries[0].Why)
	}
	answer := post(200, "Maya <MAYA@corp9.com>", "2016-04-19 10:00", "Re: a question", "x\n")
	alone := Compose(Input{Window: w, Threads: []News{thread(1, w, nil, answer)}})
	by := Compose(Input{Window: w, Threads: []News{thread(1, w, nil, answer)}, Maintainers: map[string]bool{"maya@corp9.com": true}})
	if d := by.Entries[0].Rank - alone.Entries[0].Rank; math.Abs(d-rankMaintainer) > 1e-9 {
		t.Errorf("a maintainer's answer adds %v", d)
	}
}

func TestOrganisation(t *testing.T) {
	for addr, want := range map[string]string{
		"ana@corp.com": "corp.com", "ana@mail.eu.corp.co.uk": "corp.co.uk", "Ana@CORP.com": "corp.com",
		"ana@gmail.com": "", "ana@yahoo.co.jp": "", "ana@orange.fr": "", "ana@orange.com": "orange.com", "ana@localhost": "", "ana": "", "": "",
	} {
		if got := organisation(addr); got != want {
			t.Errorf("%q is of %q, not %q", addr, got, want)
		}
	}
}

// However much there is to tell, an issue is read in five minutes and is not cut
// off by a mail program; each thread is told once, or counted.
func TestIssueIsBounded(t *testing.T) {
	for i, n := range []int{1, 5, 6, 14, 60, 800} {
		letter, issue := bigLetter(t, rand.New(rand.NewPCG(uint64(i), 1)), n)
		entries := issue.Entries
		checkPlaces(t, letter, issue)
		if len(letter.HTML) > 100_000 {
			t.Errorf("%d threads: %d bytes of HTML", n, len(letter.HTML))
		}
		text, _, _ := strings.Cut(letter.Text, "\n[1] ")
		words := len(strings.Fields(regexp.MustCompile(`\[\d+\]`).ReplaceAllString(text, "")))
		t.Logf("%d threads: %d words, %d bytes of HTML", n, words, len(letter.HTML))
		if words > maxWords {
			t.Errorf("%d threads: %d words", n, words)
		}
		told := 0
		for _, e := range entries {
			at := strings.Count(letter.HTML, fmt.Sprintf(`threads/%d"`, e.ThreadID))
			if most := 1 + boolInt(waits(e, week(t))); at > most {
				t.Errorf("%d threads: thread %d is told %d times", n, e.ThreadID, at)
			}
			told += min(at, 1)
		}
		var more int
		if _, rest, ok := strings.Cut(letter.Text, "\nAnd "); ok {
			fmt.Sscanf(strings.ReplaceAll(rest, ",", ""), "%d more", &more)
		}
		if told+more != n {
			t.Errorf("of %d threads %d are told, and %d counted", n, told, more)
		}
	}
}

// bigLetter makes a letter of n threads of random length.
func bigLetter(t *testing.T, random *rand.Rand, n int) (sigpost.Letter, sigpost.Issue) {
	w := week(t)
	in := Input{Title: "Big", Window: w, ThreadURL: richInput(t).ThreadURL, MessageURL: richInput(t).MessageURL, Events: richEvents(t)}
	id := int64(0)
	for i := range int64(n) {
		var messages []*sigpost.Message
		for k := range 1 + random.IntN(3) {
			id++
			subject := strings.Repeat("word ", 1+random.IntN(20)) + fmt.Sprint(i)
			if k > 0 {
				subject = "Re: " + subject
			}
			text := strings.Repeat("many words that stand in a long sentence ", 1+random.IntN(6)) + "end.\n"
			messages = append(messages, post(id, fmt.Sprintf("A%d <a@c%d.com>", random.IntN(400), random.IntN(60)), "2016-04-19 10:00", subject, text))
		}
		natures := sigpost.Natures()
		tags := []sigpost.Tagging{ofNature(natures[1+random.IntN(len(natures)-1)])}
		if random.IntN(3) > 0 {
			tags = append(tags, tagging("project", fmt.Sprint("p", random.IntN(9)), "Project", 0.9))
		}
		in.Threads = append(in.Threads, thread(i+1, w, tags, messages...))
	}
	issue := Compose(in)
	letter, err := Render(issue, Reader{IssueURL: "https://digest.example.org/issues/1"})
	if err != nil {
		t.Fatal(err)
	}
	return letter, issue
}

// checkPlaces holds what editors are told of where a thread is told to the letter.
func checkPlaces(t *testing.T, letter sigpost.Letter, issue sigpost.Issue) {
	t.Helper()
	headings := regexp.MustCompile(`<h2[^>]*>([^<]*)</h2>`).FindAllStringSubmatchIndex(letter.HTML, -1)
	places := Places(issue)
	for _, e := range issue.Entries {
		var want []string
		for _, at := range regexp.MustCompile(fmt.Sprintf(`threads/%d"`, e.ThreadID)).FindAllStringIndex(letter.HTML, -1) {
			heading := ""
			for _, h := range headings {
				if h[0] < at[0] {
					heading = letter.HTML[h[2]:h[3]]
				}
			}
			switch heading {
			case highlightsTitle, newsTitle:
				want = append(want, "under "+heading)
			case "Also seen":
				want = append(want, "under Also seen, in a line")
			case questionsTitle:
				want = append(want, "also in a line under Needs an answer")
			default:
				want = append(want, "")
			}
		}
		told := slices.DeleteFunc(slices.Clone(want), func(p string) bool { return p == "" || strings.HasPrefix(p, "also") })
		if len(want) == 0 || len(want) == 1 && strings.HasPrefix(want[0], "also") {
			told = append(told, "in no line of its own, but counted")
		}
		if slices.Contains(want, "also in a line under Needs an answer") {
			told = append(told, "also in a line under Needs an answer")
		}
		if !slices.Equal(places[e.ThreadID], told) {
			t.Errorf("thread %d of %d is told %q, and said to be told %q", e.ThreadID, len(issue.Entries), told, places[e.ThreadID])
		}
	}
}
