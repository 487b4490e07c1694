package classify

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost"
)

// talk is a thread for tests: "author|subject|text" for each message. An empty
// subject is an answer to the first; an author with "!" behind it is a robot.
func talk(lines ...string) []Document {
	var docs []Document
	for i, line := range lines {
		part := strings.SplitN(line, "|", 3)
		author, robot := strings.CutSuffix(part[0], "!")
		d := Document{
			MessageID: sigpost.MessageID(fmt.Sprintf("%d@example.org", i)), Author: author + "@example.org", Robot: robot,
			Subject: part[1], Text: part[2], Opener: i == 0,
		}
		if d.Subject == "" && i > 0 {
			d.Subject = "Re: " + stripReplies(docs[0].Subject)
		}
		docs = append(docs, d)
	}
	return docs
}

// ofNature are sample threads with the nature that a reader would give them.
func ofNature() []struct {
	name string
	want sigpost.Nature
	docs []Document
} {
	return []struct {
		name string
		want sigpost.Nature
		docs []Document
	}{
		{"how do I", sigpost.NatureQuestion, talk("ana|[Users] Second greenhouse|Hello,\n\nhow do I connect a second greenhouse to the pump?\n\nThanks,\nAna")},
		{"no question mark", sigpost.NatureQuestion, talk("ana|Pump and frost|I cannot figure out how the pump is drained before the frost. Please help.")},
		{"in the subject alone", sigpost.NatureQuestion, talk("ana|[garden] Does the pump survive frost?|See subject.")},
		{"a problem", sigpost.NatureQuestion, talk("ana|Pump stops|I have a problem with the new pump. It stops after an hour with the following error.\n")},
		{"only asked back", sigpost.NatureQuestion, talk("ana|Pump stops|Does anyone know why the pump stops after an hour?", "ben||Which version of the pump is it?")},
		{"only the asker", sigpost.NatureQuestion, talk("ana|Pump stops|Does anyone know why the pump stops after an hour?", "ana||I still see this every day, nobody with an idea so far.")},
		{"asks on", sigpost.NatureQuestion, talk("ana|Pump stops|Does anyone know why the pump stops after an hour?", "ben||The valve sticks in many of them.", "ana||I see no valve in mine. Where is it?")},
		{"it did not help", sigpost.NatureQuestion, talk("ana|Pump stops|Does anyone know why the pump stops after an hour?", "ben||The valve sticks in many of them.", "ana||I oiled it, and I still have the same problem.")},
		{"only a robot replies", sigpost.NatureQuestion, talk("ana|Pump stops|Does anyone know why the pump stops after an hour?", "tracker!||You should know that ticket 12 was opened for this question.")},
		{"no case", sigpost.NatureQuestion, talk("ana|HELP NEEDED|WHY DOES THE PUMP STOP?")},

		{"advice", sigpost.NatureAnswered, talk("ana|Pump stops|Does anyone know why the pump stops after an hour?", "ben||You need to clean the filter once a week. The manual has it on page 12.")},
		{"thanks", sigpost.NatureAnswered, talk("ana|Is there a way to drain the pump?|I did not find one in the manual.", "ben||Second lever from the left.", "ana||Thanks, that worked!")},
		{"confirms", sigpost.NatureAnswered, talk("ana|Pump|How can I drain it?", "ben||Did you pull the lever?", "ana||I did now, and the problem is solved.")},
		{"it helped at the second try", sigpost.NatureAnswered, talk("ana|Pump stops|Does anyone know why the pump stops?", "ben||The valve sticks in many of them.", "ana||That did not help.", "ben||Then clean the filter.", "ana||That did it, thank you!")},
		{"a link", sigpost.NatureAnswered, talk("ana|Pump|How can I drain it?", "ben||Have a look at https://garden.example/manual#drain please.")},
		{"thanks and asks something else", sigpost.NatureAnswered, talk("ana|Pump|How can I drain it?", "ben||Pull the lever, as the manual says.", "ana||Thank you, that works now. And how long does it take?")},
		{"the opener came in later", sigpost.NatureAnswered, talk("ben|Re: Draining the pump|Pull the second lever, you can see it from the door.", "ana|Draining the pump|Does anybody know how to drain it?")},
		{"the asker was not seen", sigpost.NatureAnswered, talk("ben|Re: [garden] How do I drain the pump?|You can pull the second lever, it is behind the door.")},

		{"RFC", sigpost.NatureProposal, talk("ana|[RFC] One pump for two greenhouses|What do you think? Could we do that?")},
		{"patch", sigpost.NatureProposal, talk("ana|[PATCH 1/2] pump: stop before frost|Why is it this simple? Because the valve does it.\n\nSigned-off-by: Ana", "ben||Reviewed-by: Ben")},
		{"patch, answers alone", sigpost.NatureProposal, talk("ben|Re: [PATCH v3] pump: stop before frost|Is the lock held here?")},
		{"in words", sigpost.NatureProposal, talk("ana|Watering at night|I propose that we water at night only, since half of it dries up at noon. Any objections?", "ben||+1")},
		{"suggestion", sigpost.NatureProposal, talk("ana|Proposal: a rota for the weekends|Everybody takes one weekend in a season.")},
		{"prefix", sigpost.NatureProposal, talk("ana|RFC: what to do about the hedge?|It grows into the path. Should we cut it? Anyone?")},

		{"applied", sigpost.NatureDecision, talk("ana|[PATCH] pump: stop before frost|This patch stops it.", "ben||Looks good.", "cleo||Applied to the tree, thanks!")},
		{"agreed", sigpost.NatureDecision, talk("ana|Watering at night|I propose that we water at night only.", "ben||+1", "cleo||We agreed on this in yesterday's round: from May on.")},
		{"called decided", sigpost.NatureDecision, talk("ana|Watering at night|I propose that we water at night only.", "ben||+1", "cleo||So let us call it decided: we water at night from May on.")},
		{"decided then", sigpost.NatureDecision, talk("ana|Watering at night|I propose that we water at night only, or option B.", "ben||I prefer B.", "ana||OK, decided then. We go with option B.")},
		{"agreed at a meeting", sigpost.NatureDecision, talk("ana|Watering at night|I propose that we water at night only.", "ben||+1", "cleo||Agreed at today's meeting: from May on.")},
		{"withdrawn", sigpost.NatureDecision, talk("ana|[Proposal] A second pump|It would help in August.", "ben||The well has too little water for two.", "ana||I hereby withdraw this, Ben is right.")},
		{"result of a vote", sigpost.NatureDecision, talk("ana|[VOTE] Watering at night|Please vote until Friday.", "ben||+1", "ana|[RESULT] [VOTE] Watering at night|Three for, none against.")},
		{"the board decided", sigpost.NatureDecision, talk("ana|Hedges|The board has decided to cut the hedge in March.")},
		{"stated in the subject", sigpost.NatureDecision, talk("ana|Spring planting has been approved|It goes ahead as planned.")},

		{"ANN", sigpost.NatureAnnouncement, talk("ana|[ANN] The tool shed has moved|It stands behind the well now. Questions? Ask Ben.")},
		{"pleased to announce", sigpost.NatureAnnouncement, talk("ana|New gardeners|We are happy to announce that two schools have joined us.")},
		{"reminder", sigpost.NatureAnnouncement, talk("ana|Reminder: hand back your keys|They are needed on Monday.")},
		{"newsletter", sigpost.NatureAnnouncement, talk("ana|Garden newsletter, April|In this issue: frost, bees and a barbecue.")},

		{"version in the subject", sigpost.NatureRelease, talk("ana|pumpctl 2.1.0 released|It fixes the valve.")},
		{"ANN with a version", sigpost.NatureRelease, talk("ana|[ANN] pumpctl 2.1|We are pleased to announce the release of pumpctl 2.1.\n\nChanges since 2.0: none that you will see.")},
		{"tagged", sigpost.NatureRelease, talk("ana|pumpctl|I just tagged version 2.1.1, which has bug fixes alone. Enjoy.")},
		{"a candidate", sigpost.NatureRelease, talk("ana|[new] pumpctl 3.0.0.0rc1 (april)|A new release candidate is out, please test it.")},

		{"papers", sigpost.NatureCall, talk("ana|Call for papers: Garden Days 2016|Submit your proposal until 1 May. Have you something to tell?")},
		{"CFP", sigpost.NatureCall, talk("ana|[CFP] Garden Days 2016|Talks of 20 minutes.")},
		{"vote", sigpost.NatureCall, talk("ana|[VOTE] Watering at night|Please vote until Friday.", "ben||+1", "cleo||-1, it wakes the hedgehogs.")},
		{"nominations", sigpost.NatureCall, talk("ana|Nominations for the board are now open|Anybody who has a bed may stand.")},

		{"minutes", sigpost.NatureMeeting, talk("ana|[meeting] Minutes of 4 April|We agreed to cut the hedge. Action items: Ben asks for a ladder.")},
		{"invitation", sigpost.NatureMeeting, talk("ana|Weekly meeting on Thursday|The agenda: frost. Who will come? Join us at 14 UTC in #garden.")},
		{"announced", sigpost.NatureMeeting, talk("ana|Next team meeting cancelled|There will be none this week.")},
		{"log", sigpost.NatureMeeting, talk("ana|Log|#startmeeting garden\n\nMeeting ended Thu Apr 7 14:59 2016 UTC.\nMinutes: https://garden.example/minutes", "ben|Re: Log|Thanks for the meeting minutes.")},

		{"OSSA", sigpost.NatureAdvisory, talk("ana|[OSSA-2016-005] Pump opens to anyone (CVE-2016-0001)|A vulnerability in the valve. Affected versions: 2.0. Are you affected?")},
		{"CVE", sigpost.NatureAdvisory, talk("ana|CVE-2016-0002: key of the shed is guessable|Users are advised to change it.")},
		{"notice", sigpost.NatureAdvisory, talk("ana|Security advisory for pumpctl|All versions before 2.1 let anybody drain the pump.")},
		{"XSA", sigpost.NatureAdvisory, talk("ana|Xen Security Advisory XSA-120 v2|See below for the issue.")},

		{"tracker", sigpost.NatureRobot, talk("tracker!|[Bug 12] Why does the pump stop?|Ana wrote: how do I drain the pump?")},
		{"builder", sigpost.NatureRobot, talk("builder!|Build failed|It failed. What now?", "builder!||It works again.")},
		{"nightly", sigpost.NatureRobot, talk("cron!|[ANN] pumpctl 2.1 released|Tagged by a script.")},

		{"a guide", sigpost.NatureDiscussion, talk("ana|How to build a shed|First one digs four holes.")},
		{"a tale", sigpost.NatureDiscussion, talk("ana|Hedgehogs|Three of them live under the shed.", "ben||I saw a fourth one.")},
		{"an answer to what was not seen", sigpost.NatureDiscussion, talk("ben|Re: Hedgehogs|There is a fourth one, too.")},
		{"nothing", sigpost.NatureDiscussion, talk("ana||")},
	}
}

func TestNature(t *testing.T) {
	n := NewNatures()
	samples := map[sigpost.Nature]int{}
	for _, tt := range ofNature() {
		samples[tt.want]++
		t.Run(string(tt.want)+", "+tt.name, func(t *testing.T) { wantNature(t, n, tt.docs, tt.want) })
	}
	for _, nature := range sigpost.Natures() {
		if samples[nature] < 3 {
			t.Errorf("%d samples of %s", samples[nature], nature)
		}
	}
}

// wantNature checks the nature and the form of its reasons.
func wantNature(t *testing.T, n *Natures, docs []Document, want sigpost.Nature) {
	t.Helper()
	got := n.Of(docs)
	if got.Tag != want.Tag() {
		t.Errorf("%s, want %s: %+v", got.Tag, want, got.Evidence)
	}
	if got.Title != want.Title() || got.State != sigpost.TagAccepted || len(got.Evidence) == 0 {
		t.Errorf("tagging %+v", got)
	}
}

func TestNatureTraps(t *testing.T) {
	n := NewNatures()
	code := "Yesterday the valve was painted green, and it looks fine.\n\nif (pump.ok?) how do I stop it?\n"
	verbatim := talk("ana|The valve|" + code)
	verbatim[0].Verbatim = []sigpost.Span{{Start: strings.Index(code, "if ("), End: len(code) + 9}}
	quoting := talk("ana|The valve|It was painted green yesterday.")
	quoting[0].Quoted = "How do I stop the pump? Is it possible?"
	for _, tt := range []struct {
		name string
		want sigpost.Nature
		docs []Document
	}{
		{"a question about a release", sigpost.NatureQuestion, talk("ana|Question about release 2.1|When will 2.1.4 be released?")},
		{"the same, answers alone", sigpost.NatureDiscussion, talk("ben|Re: question about release|It is planned for May, you can see it in the calendar.")},
		{"is it released", sigpost.NatureQuestion, talk("ana|Is pumpctl 2.1 available?|I could not find it.")},
		{"not yet released", sigpost.NatureDiscussion, talk("ana|pumpctl 2.1|Version 2.1 has not been released.")},
		{"a release with a question in it", sigpost.NatureRelease, talk("ana|pumpctl 2.1 released|Do you want to try it? Have you questions? How do I get it, you ask? Write to us.")},
		{"thanks in a proposal", sigpost.NatureProposal, talk("ana|[RFC] Water at night|Any objections?", "ben||Thank you, this is a good idea.", "ana||Thanks for your comments, that helps.")},
		{"thanks in advance", sigpost.NatureQuestion, talk("ana|Pump|How can I drain it? Thanks in advance.", "ben||Which one?")},
		{"no question", sigpost.NatureDiscussion, talk("ana|Hedgehogs|This is not a question, just something to look at.")},
		{"a vote in a long thread", sigpost.NatureDiscussion, talk("ana|Hedgehogs|Three of them live under the shed.", "ben||I saw a fourth one.", "cleo||They eat the slugs.", "ben||I would vote for a house of their own.", "dan||+1", "ana||+1 from me.")},
		{"a vote on a question", sigpost.NatureAnswered, talk("ana|How do I drain the pump?|I cannot find out.", "ben||The second lever does it in a minute.", "cleo||+1")},
		{"minutes tell of decisions", sigpost.NatureMeeting, talk("ana|Meeting minutes, 4 April|We decided to propose a second pump. It was agreed that Ben asks.")},
		{"when is the meeting", sigpost.NatureQuestion, talk("ana|When is the next meeting?|I could not find it.")},
		{"announces a meeting", sigpost.NatureMeeting, talk("ana|[meeting] Announcement: next one on Monday|We are happy to announce guests.")},
		{"agreed in principle", sigpost.NatureProposal, talk("ana|Proposal: water at night|I propose that we water at night only.", "ben||Agreed in principle, the pump is loud at night.")},
		{"not called decided yet", sigpost.NatureProposal, talk("ana|Proposal: water at night|I propose that we water at night only.", "ben||I would not call it decided, the pump is loud at night.")},
		{"an earlier decision in a proposal", sigpost.NatureProposal, talk("ana|Proposal: water at night|It was agreed last year that we save water, so I propose this.")},
		{"will be merged", sigpost.NatureProposal, talk("ana|[PATCH] pump: stop before frost|x", "ben||This can be merged once the test passes. Should it be applied to stable?")},
		{"not accepted yet", sigpost.NatureProposal, talk("ana|[Proposal] A second pump|x", "ben||It has not been accepted so far.")},
		{"affected by a CVE", sigpost.NatureQuestion, talk("ana|Is the pump affected by CVE-2016-0001?|How can I find out?")},
		{"a patch for a CVE", sigpost.NatureProposal, talk("ana|[PATCH] Fix CVE-2016-0001|A vulnerability in the valve.")},
		{"a robot opens, a person talks", sigpost.NatureDiscussion, talk("tracker!|[Bug 12] Why does the pump stop?|How do I drain it?", "ben|Re: [Bug 12] pump|Mine stops as well, in the evening.")},
		{"an address of the Web", sigpost.NatureDiscussion, talk("ana|Hedgehogs|A picture: https://garden.example/show?id=3 and one more.")},
		{"what it was", sigpost.NatureDiscussion, talk("ana|Hedgehogs (was: What lives under the shed?)|Three of them.")},
		{"code", sigpost.NatureDiscussion, verbatim},
		{"quoted", sigpost.NatureDiscussion, quoting},
		{"the middle of a tale", sigpost.NatureDiscussion, talk("ana|Hedgehogs|" + strings.Repeat("Once there was a garden in which many lived. ", 50) + "Where are they now? " + strings.Repeat("They went to the woods and stayed there. ", 50))},
		{"a list's tag", sigpost.NatureDiscussion, talk("ana|[Garden-help] Hedgehogs|Three of them.")},
		{"security as a topic", sigpost.NatureDiscussion, talk("ana|[security] Locks of the shed|They were oiled.")},
	} {
		t.Run(tt.name, func(t *testing.T) { wantNature(t, n, tt.docs, tt.want) })
	}
}

func TestNatureOfNobody(t *testing.T) {
	wantNature(t, NewNatures(), nil, sigpost.NatureRobot)
}

func TestNatureSaysWhy(t *testing.T) {
	got := NewNatures().Of(talk("ana|Pump stops|Hello,\n\ndoes anybody know why?", "ben||Clean the filter first.", "ana||Thanks, it works now."))
	var why []string
	sum := 0.0
	for _, e := range got.Evidence {
		spans := ""
		for _, s := range e.Spans {
			spans += e.Excerpt[s.Start:s.End]
		}
		why = append(why, fmt.Sprintf("%.1f %s, %s of %s: %s", e.Weight, e.Rule, e.Field, string(e.MessageID), spans))
		sum += e.Weight
	}
	want := []string{
		"4.0 the asker says that it helped \"it works\", text of 2@example.org: it works",
		"2.0 asks \"does anybody\", text of 0@example.org: does anybody",
		"2.0 the asker gives thanks \"thanks\", text of 2@example.org: Thanks",
		"1.5 question \"does\", text of 0@example.org: does anybody know why",
		"1.2 somebody else has replied, text of 1@example.org: Clean",
		"1.0 question mark, text of 0@example.org: does anybody know why",
	}
	if !slices.Equal(why, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(why, "\n"), strings.Join(want, "\n"))
	}
	if got.Score < 0.99 || sum < 11 {
		t.Errorf("score %v, sum %v", got.Score, sum)
	}
}

func TestCue(t *testing.T) {
	for _, tt := range []struct {
		cue, text string
		want      bool
	}{
		{"how do i", "Well, how do I stop?", true},
		{"how do i", "how. Do I stop?", false},
		{"how do|can i", "how can I", true},
		{"dont know", "I don't know", true},
		{"dont know", "I don’t know", true},
		{"^ +1", "+1 from me", true},
		{"^ +1", "Fine.\n+1", true},
		{"^ +1", "I give +1", false},
		{"minutes $", "The minutes. They", true},
		{"minutes $", "five minutes later", false},
		{"thoughts ?", "Any thoughts or ideas?", true},
		{"thoughts ?", "My thoughts. Yours?", false},
		{"release * <version>", "release of 2.1", true},
		{"<version>", "v1.4.2", true},
		{"<version>", "3.0.0.0rc1", true},
		{"<version>", "10.0.0.1", false},
		{"<version>", "e.g. 3", false},
		{"<version>", "17", false},
		{"<advisory>", "[OSSA-2016-005]", true},
		{"<advisory>", "FreeBSD-SA-02:36.nfs", true},
		{"<advisory>", "nova-sa", false},
		{"<cve>", "(CVE-2016-0001)", true},
		{"<part>", "PATCH v2 03/12", true},
		{"<part>", "and/or", false},
		{"<url>", "see https://garden.example/a?b.", true},
		{"#startmeeting", "#startmeeting garden", true},
		{"reviewed-by", "Reviewed-by: Ana", true},
	} {
		t.Run(tt.cue+" in "+tt.text, func(t *testing.T) {
			words := readProse(tt.text, sigpost.Span{End: len(tt.text)})
			c := parseCue(tt.cue)
			if got := slices.ContainsFunc(indices(words), func(i int) bool { return c.at(words, i) }); got != tt.want {
				t.Errorf("%v in %+v", got, words)
			}
		})
	}
}

func indices(words []proseWord) []int {
	all := make([]int, len(words))
	for i := range all {
		all[i] = i
	}
	return all
}

// TestNatureRules finds slips in the table: what stands there twice, and a cue
// that nothing can match.
func TestNatureRules(t *testing.T) {
	table, err := readNatures()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range append(table.Opening, table.Ending...) {
		seen := map[string]bool{}
		for _, text := range r.Cues {
			if seen[text] {
				t.Errorf("%s, %s: %q stands in it twice", r.Nature, r.Name, text)
			}
			seen[text] = true
			c := parseCue(text)
			if len(c.words) == 0 {
				t.Fatalf("%s, %s: %q has no words", r.Nature, r.Name, text)
			}
			for _, w := range c.words {
				for _, s := range w.any {
					if words := readProse(s, sigpost.Span{End: len(s)}); len(words) != 1 || words[0].text != s || words[0].class != classPlain {
						t.Errorf("%s, %s: %q in %q is no word of a text", r.Nature, r.Name, s, text)
					}
				}
			}
		}
	}
}

// The page for chairs has every nature, in the order that decides between
// equals, and the numbers of the rules.
func TestNaturesAreDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "taxonomy.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "## Natures")
	at := 0
	for _, n := range sigpost.Natures() {
		row := fmt.Sprintf("| `%s` | %s | ", n, n.Title())
		next := strings.Index(section, row)
		if next < at {
			t.Errorf("%q stands at %d, after %d", row, next, at)
		}
		at = next
	}
	for _, says := range []string{
		fmt.Sprintf("`discussion` has %v from the start", discussionWeight), fmt.Sprintf("(%v or more)", endingWeight),
		fmt.Sprintf("counts %v of its weight", lostOpener), fmt.Sprintf("last %v bytes", lastBytes), "1,500", "up to\nthree words",
	} {
		if !strings.Contains(section, says) {
			t.Errorf("it does not say %q", says)
		}
	}
	if firstBytes != 1500 || guardWords != 3 {
		t.Error("the page has other numbers")
	}
}

func TestNatureVersion(t *testing.T) {
	if first, second := natureVersion(), natureVersion(); first != second || len(first) != 64 {
		t.Error("the version of the rules is not always the same")
	}
}

// Whatever is written, there is one nature, and its excerpts are what was
// written.
func TestNatureOfAnything(t *testing.T) {
	n := NewNatures()
	pieces := []string{"how do I ", "?", "!\n\n", "[PATCH 1/2] ", "Re: ", "was ", "(was ", "2.1 released", "+1", "thanks ", "Applied.", "ünï ", "\xff", "> ", "[", "]", "“", "http://x/?", "'"}
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.Map(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12), func(s []string) string { return strings.Join(s, "") })
		var docs []Document
		for range rapid.IntRange(0, 4).Draw(t, "messages") {
			d := Document{Subject: some.Draw(t, "subject"), Text: some.Draw(t, "text"), Author: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "author"), Robot: rapid.Bool().Draw(t, "robot")}
			d.MessageID = sigpost.MessageID(fmt.Sprint(len(docs)))
			if from := rapid.IntRange(0, len(d.Text)).Draw(t, "from"); rapid.Bool().Draw(t, "code") {
				d.Verbatim = []sigpost.Span{{Start: from, End: rapid.IntRange(from, len(d.Text)+3).Draw(t, "to")}}
			}
			docs = append(docs, d)
		}
		got := n.Of(docs)
		if sigpost.Nature(got.Tag.Name).Title() == "" || got.Tag.Kind != sigpost.KindNature || len(got.Evidence) == 0 || got.Score <= 0 || got.Score > 1 {
			t.Fatalf("%+v", got)
		}
		for _, e := range got.Evidence {
			for _, s := range e.Spans {
				if s.Start < 0 || s.End <= s.Start || s.End > len(e.Excerpt) {
					t.Fatalf("span %v of %q", s, e.Excerpt)
				}
			}
		}
	})
}

// A stranger's megabytes do not hold up the rest.
func TestNatureOfHostileText(t *testing.T) {
	n := NewNatures()
	for _, text := range []string{strings.Repeat("how ", 1<<20), strings.Repeat("[", 1<<20), strings.Repeat("a", 4<<20), strings.Repeat("?\n", 1<<20), strings.Repeat("\n", 4<<20)} {
		docs := talk("ana|" + text + "|" + text)
		for i := range 2000 {
			docs = append(docs, Document{MessageID: sigpost.MessageID(fmt.Sprint(i)), Subject: text, Text: text})
		}
		begin := time.Now()
		n.Of(docs)
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("%q... took %s", text[:4], took)
		}
	}
}

func BenchmarkNature(b *testing.B) {
	n := NewNatures()
	threads := ofNature()
	body := strings.Repeat("The pump ran for an hour and then it stopped, as it did the day before.\n", 70)
	bytes := 0
	for i := range threads {
		for j := range threads[i].docs {
			threads[i].docs[j].Text += "\n\n" + body
			bytes += len(threads[i].docs[j].Text)
		}
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for b.Loop() {
		for i := range threads {
			n.Of(threads[i].docs)
		}
	}
}
