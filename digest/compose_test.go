package digest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
)

func week(t testing.TB) sigpost.Window {
	return sigpost.Window{From: at(t, "2016-04-18 00:00"), To: at(t, "2016-04-25 00:00")}
}

// What of a mail an issue quotes, and what of it never.
func TestQuotes(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       string
	}{
		{"two sentences", "The quota is per tenant. It stops us at 500 ports.\n", "The quota is per tenant."},
		{"greeting on its own line", "Hi all,\n\nThe quota is per tenant here.\n", "The quota is per tenant here."},
		{"greeting on the same line", "Hello everybody, the quota is per tenant here.\n", "the quota is per tenant here."},
		{"courtesy", "Thanks for the quick answer to this.\nSorry for the late reply to you.\n\nThe quota is per tenant here.\n", "The quota is per tenant here."},
		{"quotes", "> What about the quota for these?\n\nThe quota is per tenant here.\n", "The quota is per tenant here."},
		{"indented code", "    neutron quota show for the tenant here.\n\nThe quota is per tenant here.\n", "The quota is per tenant here."},
		{"fenced code", "```\nthis is a line of code here.\n```\nThe quota is per tenant here.\n", "The quota is per tenant here."},
		{"log", "2016-04-18 14:00:01.2 ERROR the quota was exceeded again here.\nThe quota is per tenant here.\n", "The quota is per tenant here."},
		{"daemon's log", "sshd[42]: the quota was exceeded again here.\n\nThe quota is per tenant here.\n", "The quota is per tenant here."},
		{"forwarded fields", "From: somebody who is not here now.\n\nThe quota is per tenant here.\n", "The quota is per tenant here."},
		{"abbreviation and version", "Kuryr v. 1.2 breaks it, e.g. On Fedora it stops.\n", "Kuryr v. 1.2 breaks it, e.g. On Fedora it stops."},
		{"lower case goes on", "It stops at node no. three of them. the rest works fine.\n", "It stops at node no. three of them. the rest works fine."},
		{"introduces code", "This is the output of it all:\n\n    code\n\nThe quota is per tenant here.\n", "The quota is per tenant here."},
		{"address", "Write to eve@corp.example about it today please.\n\nThe quota is per tenant here.\n", "The quota is per tenant here."},
		{"url", "It is all at https://corp.example/x in there.\n\nThe quota is per tenant here.\n", "The quota is per tenant here."},
		{"behind a patch", "short\n---\n file | 2 +-\nThe quota is per tenant here.\n", ""},
		{"shouting", "THE QUOTA IS PER TENANT HERE.\n", ""},
		{"list item", "What we want:\n\n- the first of them is a quota per node.\n- the second\n", "the first of them is a quota per node."},
		{"short line ends a passage", "Summary\nThe quota is per tenant, and for Neutron the whole cluster is one tenant.\n", "The quota is per tenant, and for Neutron the whole cluster is one tenant."},
		{"a line broken early goes on", "There are two of these functions\nin the library, which is one too many for us all here.\n", "There are two of these functions in the library, which is one too many for us all here."},
		{"the rest of a line that is no prose", "Use f(a, b)->c = d[e]; here\ninstead of the other one that we had.\n\nThe quota is per tenant here.\n", "The quota is per tenant here."},
		{"too long", strings.Repeat("a word and ", 40) + "the end.\n", strings.TrimSpace(strings.Repeat("a word and ", 28)) + " a word and…"},
		{"Chinese", "我们在同一个节点上看到了这个问题。\n", "我们在同一个节点上看到了这个问题。"},
		{"nothing", "+1\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			issue := Compose(Input{Window: week(t), Threads: []News{thread(1, week(t), nil, post(1, "Ana", "2016-04-19 10:00", "s", c.text))}})
			if quotes := issue.Entries[0].Quotes; len(quotes) > 0 {
				got = quotes[0].Text
			}
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestQuotesNothingTwice(t *testing.T) {
	text := "The same sentence is in both of the patches.\n"
	issue := Compose(Input{Window: week(t), Threads: []News{thread(1, week(t), nil,
		post(1, "Ana", "2016-04-19 10:00", "patch", text), post(2, "Ana", "2016-04-20 10:00", "Re: patch", text))}})
	if n := len(issue.Entries[0].Quotes); n != 1 {
		t.Errorf("%d quotes", n)
	}
}

func TestUnanswered(t *testing.T) {
	asked := post(1, "Ana", "2016-04-19 10:00", "ports", "Does anybody know why the port stays down?\n")
	for _, c := range []struct {
		name     string
		nature   sigpost.Nature
		messages []*sigpost.Message
		want     bool
	}{
		{"question", "", []*sigpost.Message{asked}, true},
		{"opener again", "", []*sigpost.Message{asked, post(2, "Ana", "2016-04-19 11:00", "Re: ports", "Ping.\n")}, true},
		{"somebody wrote", "", []*sigpost.Message{asked, post(2, "Jin", "2016-04-19 11:00", "Re: ports", "Which release?\n")}, false},
		{"no question", sigpost.NatureDiscussion, []*sigpost.Message{asked}, false},
		{"a reply to what nobody has seen", "", []*sigpost.Message{post(1, "Ana", "2016-04-19 10:00", "Re: ports", "Why is that?\n")}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			nature := sigpost.NatureQuestion
			if c.nature != "" {
				nature = c.nature
			}
			issue := Compose(Input{Window: week(t), Threads: []News{thread(1, week(t), []sigpost.Tagging{ofNature(nature)}, c.messages...)}})
			if got := issue.Entries[0].Unanswered; got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestComposeContinued(t *testing.T) {
	old := post(1, "Ana", "2016-04-10 10:00", "ports", "An old sentence that was told of already.\n")
	reply := post(2, "Jin", "2016-04-19 10:00", "Re: ports", "A new sentence that nobody has been told.\n")
	robot := post(3, "Bot", "2016-04-19 11:00", "Re: ports", "The robot says that the gate is green.\n")
	robot.Robot = true
	n := thread(7, week(t), nil, old, reply, robot)
	n.Tags = []sigpost.Tagging{
		{Tag: sigpost.Tag{Kind: "project", Name: "a"}, Score: 0.3, State: sigpost.TagAccepted},
		{Tag: sigpost.Tag{Kind: "project", Name: "b"}, Score: 0.9, State: sigpost.TagProposed},
		{Tag: sigpost.Tag{Kind: "project", Name: "c"}, Score: 0.6, State: sigpost.TagAccepted},
	}
	n.Since = 3
	issue := Compose(Input{Window: week(t), Threads: []News{n}})
	e := issue.Entries[0]
	if !e.Continued || e.New != 1 || e.Total != 2 || !slices.Equal(e.People, []string{"Jin"}) {
		t.Errorf("%+v", e)
	}
	if len(e.Quotes) != 1 || e.Quotes[0].Author != "Jin" {
		t.Errorf("quotes %+v", e.Quotes)
	}
	n.Since = 0 // nobody was told yet what it is about
	if e := Compose(Input{Window: week(t), Threads: []News{n}}).Entries[0]; len(e.Quotes) != 2 || e.Quotes[0].Author != "Ana" {
		t.Errorf("quotes of a thread that is not known: %+v", e.Quotes)
	}
	if len(e.Tags) != 2 || e.Tags[0].Tag.Name != "c" {
		t.Errorf("tags %+v", e.Tags)
	}
	if issue.Stats != (sigpost.Stats{Threads: 1, Messages: 1, People: 1, Organisations: 1, Robots: 1}) {
		t.Errorf("stats %+v", issue.Stats)
	}
}

func TestComposeOrderAndNames(t *testing.T) {
	w := week(t)
	issue := Compose(Input{Window: w, Threads: []News{
		thread(1, w, nil, post(1, "Ana <ana@corp.example>", "2016-04-19 10:00", "one", "x\n")),
		thread(2, w, nil, post(2, " <ana@corp.example>", "2016-04-19 12:00", "later", "x\n")),
		thread(3, w, nil, post(3, "Ana <ana@corp.example>", "2016-04-19 10:00", "more people", "x\n"), post(4, "Jin", "2016-04-19 11:00", "Re: more people", "x\n")),
		thread(4, w, nil, post(5, "Jin", "2016-04-19 10:00", "alone", "x\n"), post(6, "Jin", "2016-04-20 11:00", "Re: alone", "x\n")),
	}})
	var order []int64
	for _, e := range issue.Entries {
		order = append(order, e.ThreadID)
	}
	// More people go first, then what was written last; how much it was counts
	// for nothing.
	if !slices.Equal(order, []int64{3, 4, 2, 1}) {
		t.Errorf("order %v", order)
	}
	if issue.Entries[2].People[0] != "Ana" || issue.Stats.People != 2 {
		t.Errorf("a mail without a name made another person: %v, %+v", issue.Entries[2].People, issue.Stats)
	}
}

func TestQuiet(t *testing.T) {
	w := week(t)
	robot := post(1, "Bot", "2016-04-19 10:00", "green", "The gate is green.\n")
	robot.Robot = true
	own := post(2, "Digest", "2016-04-19 10:00", "No. 3", "Our own letter came back.\n")
	own.Own = true
	meeting := sigpost.Occurrence{Kind: sigpost.EventMeeting, Start: w.To.Add(24 * time.Hour), End: w.To.Add(25 * time.Hour)}
	off, summit, far := meeting, meeting, meeting
	off.Cancelled, summit.Kind = true, sigpost.EventSummit
	far.Kind, far.Start, far.End = sigpost.EventSummit, w.To.AddDate(0, 1, 0), w.To.AddDate(0, 1, 3)
	for _, c := range []struct {
		name    string
		threads []News
		events  []sigpost.Occurrence
		want    sigpost.IssueState
	}{
		{"nothing", nil, nil, sigpost.IssueQuiet},
		{"robots and own mail", []News{thread(1, w, nil, robot), thread(2, w, nil, own)}, nil, sigpost.IssueQuiet},
		{"only old", []News{thread(1, w, nil, post(1, "Ana", "2016-04-10 10:00", "old", "x\n"))}, nil, sigpost.IssueQuiet},
		{"the usual meeting", nil, []sigpost.Occurrence{meeting}, sigpost.IssueQuiet},
		{"a summit far away", nil, []sigpost.Occurrence{far}, sigpost.IssueQuiet},
		{"a cancelled meeting", nil, []sigpost.Occurrence{off}, sigpost.IssueDraft},
		{"a summit", nil, []sigpost.Occurrence{summit}, sigpost.IssueDraft},
		{"a thread", []News{thread(1, w, nil, post(1, "Ana", "2016-04-19 10:00", "new", "x\n"))}, nil, sigpost.IssueDraft},
	} {
		t.Run(c.name, func(t *testing.T) {
			issue := Compose(Input{Window: w, Threads: c.threads, Events: c.events})
			if issue.State != c.want || issue.Number != 0 {
				t.Errorf("got %s, number %d", issue.State, issue.Number)
			}
		})
	}
}

func TestSections(t *testing.T) {
	issue := richIssue(t)
	var got []string
	for _, s := range Sections(issue) {
		for _, g := range s.Groups {
			for _, e := range g.Entries {
				got = append(got, fmt.Sprintf("%s/%s/%d", s.Title, g.Title, e.ThreadID))
			}
		}
	}
	want := []string{
		"Kubernetes on OpenStack/Magnum/2", "Kubernetes on OpenStack/Kuryr/1",
		"OpenStack on Kubernetes/Kolla/4", "OpenStack on Kubernetes/Kolla/3", "More projects/Heat/5", "Other threads//6",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestCut(t *testing.T) {
	issue := richIssue(t)
	kolla, magnum := sigpost.Tag{Kind: sigpost.KindProject, Name: "kolla"}, sigpost.Tag{Kind: sigpost.KindProject, Name: "magnum"}
	cut := Cut(issue, sigpost.Selection{Topics: []sigpost.Tag{kolla}})
	if cut.Stats.Threads != 2 || cut.Stats.Messages != 2 || cut.Stats.People != 2 || len(cut.Events) != len(issue.Events) {
		t.Errorf("%+v", cut.Stats)
	}
	if all := Cut(issue, sigpost.Selection{}); len(all.Entries) != len(issue.Entries) {
		t.Errorf("without topics %d of %d entries", len(all.Entries), len(issue.Entries))
	}
	if none := Cut(issue, sigpost.Selection{Topics: []sigpost.Tag{{Kind: sigpost.KindProject, Name: "murano"}}}); none.Entries == nil || len(none.Entries) != 0 {
		t.Errorf("%+v", none.Entries)
	}
	onTop := sigpost.Tag{Kind: sigpost.KindScenario, Name: "kubernetes-on-openstack"}
	for _, c := range []struct {
		wanted sigpost.Selection
		want   []int64
	}{
		{sigpost.Selection{Muted: []sigpost.Tag{kolla, sigpost.NatureAnnouncement.Tag()}}, []int64{2, 5, 1}},
		{sigpost.Selection{Topics: []sigpost.Tag{onTop}, Muted: []sigpost.Tag{magnum}}, []int64{1}}, // it is of both
		{sigpost.Selection{Topics: []sigpost.Tag{magnum}, Muted: []sigpost.Tag{magnum}}, nil},
	} {
		var got []int64
		for _, e := range Cut(issue, c.wanted).Entries {
			got = append(got, e.ThreadID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v leaves %v, not %v", c.wanted, got, c.want)
		}
	}
}

// Mail programs clip what is longer than 102 kB.
func TestLetterSize(t *testing.T) {
	w := week(t)
	in := Input{Title: "Big", Window: w, ThreadURL: richInput(t).ThreadURL, MessageURL: richInput(t).MessageURL, Events: richEvents(t)}
	long := strings.Repeat("many words that stand in a long sentence ", 6) + "end.\n"
	for i := range int64(40) {
		in.Threads = append(in.Threads, thread(i+1, w, []sigpost.Tagging{tagging("project", fmt.Sprint("p", i%9), "Project", 0.9)},
			post(10*i+1, fmt.Sprint("Author Number ", i), "2016-04-19 10:00", strings.Repeat("a subject of some length ", 4), long),
			post(10*i+2, fmt.Sprint("Another Number ", i), "2016-04-19 11:00", "Re: it", long),
			post(10*i+3, fmt.Sprint("Third Number ", i), "2016-04-19 12:00", "Re: it", long)))
	}
	letter, err := Render(Compose(in), Reader{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("40 threads: %d bytes of HTML, %d of text", len(letter.HTML), len(letter.Text))
	if len(letter.HTML) > 100_000 {
		t.Errorf("%d bytes of HTML", len(letter.HTML))
	}
}

var remote = regexp.MustCompile(`(?i)\b(?:src|background|srcset)\s*=|url\(|@import|<link|<img|<script|<iframe`)

func TestNotes(t *testing.T) {
	issue := richIssue(t)
	letter, err := Render(issue, Reader{})
	if err != nil {
		t.Fatal(err)
	}
	if found := remote.FindString(strings.Replace(letter.HTML, `<img src="cid:week@issue.sigpost"`, "", 1)); found != "" {
		t.Errorf("the letter fetches something: %q", found)
	}
	for _, want := range []string{"<strong>dinner</strong>", "map of the venue", `<a href="https://pad.example.org/dinner" style="`} {
		if !strings.Contains(letter.HTML, want) {
			t.Errorf("no %q in the HTML", want)
		}
	}
	html := string(notesHTML("<img src=x onerror=alert(1)>\n\n[a](javascript:alert(1)) ![b **c** <d>](data:x)\n\n### H\n\n1. one\n2. two\n\nhttps://pad.example.org/x\n", true))
	for _, bad := range []string{"<img", "javascript", "<h3", "data:x", "raw HTML"} {
		if strings.Contains(html, bad) {
			t.Errorf("%q in %s", bad, html)
		}
	}
	refs := &page{}
	got := strings.Join(notesText("# Head\n\nA [link](https://a.example/)\nand `code`.\n\n3. one\n4. two\n\n   more\n\n```\nx = 1\n```\n", refs.Ref), "\n")
	if want := "Head\nA link [1] and code.\n3. one\n4. two\nmore\nx = 1"; got != want {
		t.Errorf("got %q", got)
	}
	got = PlainNotes("A **working session** on [the pad](https://a.example/), [not](javascript:alert(1))\n\n- https://b.example/\n")
	if want := "A working session on the pad <https://a.example/>, not\n- https://b.example/"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestHeadingsInOrder(t *testing.T) {
	letter, err := Render(richIssue(t), Reader{})
	if err != nil {
		t.Fatal(err)
	}
	last := byte('0')
	for _, h := range regexp.MustCompile(`<h([1-6])`).FindAllStringSubmatch(letter.HTML, -1) {
		if h[1][0] > last+1 {
			t.Errorf("a heading of level %s after one of level %c", h[1], last)
		}
		last = h[1][0]
	}
}

// A patch that was sent for seven branches is told once.
func TestRepeatsAreToldOnce(t *testing.T) {
	in := Input{Zone: time.UTC, Window: sigpost.Window{From: time.Unix(0, 0), To: time.Unix(1e6, 0)}}
	post := func(id int64, text string) News {
		m := &sigpost.Message{ID: id, MessageID: sigpost.MessageID(rune('a' + id)), Author: sigpost.Address{Name: "Sasha", Addr: "s@example.org"},
			Subject: "[PATCH AUTOSEL 5." + string(rune('0'+id)) + "] Do not put host", Received: time.Unix(1000+id, 0),
			Text: text, Ranges: []sigpost.Range{{Kind: sigpost.RangeNew, End: len(text)}}}
		return News{Thread: sigpost.Thread{ID: id, Subject: m.Subject}, Messages: []*sigpost.Message{m}, New: map[int64]bool{id: true}, Quotes: summed([]*sigpost.Message{m})}
	}
	for id := range int64(7) {
		in.Threads = append(in.Threads, post(id+1, "If the look-up fails we jump to the end, which may cause a panic.\n"))
	}
	in.Threads = append(in.Threads, post(8, "This one is about something else than the other seven are.\n"))
	issue := Compose(in)
	if len(issue.Entries) != 2 || issue.Stats.Threads != 8 || issue.Stats.Messages != 8 || issue.Stats.People != 1 {
		t.Fatalf("%d entries, %+v", len(issue.Entries), issue.Stats)
	}
	if e := issue.Entries[1]; e.Repeats != 6 || State(e, issue.Window) != "New · posted 7 times" {
		t.Errorf("%d repeats: %s", e.Repeats, State(e, issue.Window))
	}
}
