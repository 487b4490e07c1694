package digest

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"sigpost"
)

func TestHeadline(t *testing.T) {
	for _, c := range []struct{ name, subject, want string }{
		{"plain", "Quota per tenant", "Quota per tenant"},
		{"list and project tags", "[openstack-dev] [Kuryr][magnum] port per pod", "Port per pod"},
		{"reply marks", "Re: RE: Fwd: AW: SV: [sig] Re[2]: port per pod", "Port per pod"},
		{"reply marks of other scripts", "回复：Re: 端口", "端口"},
		{"former subject", "Overlays (was: Re: [sig] bridges (again))", "Overlays"},
		{"former subject in words", "Overlays [was bridges]", "Overlays"},
		{"former subject behind a dash", "overlays - was: bridges", "Overlays"},
		{"not a former subject", "Nova (was broken) works", "Nova (was broken) works"},
		{"only a former subject", "(was: bridges)", "(was: bridges)"},
		{"former subject first", "[magnum] Re: [was: foo] How do I pin a flavor?", "How do I pin a flavor?"},
		{"former subject in parentheses first", "Re: (was: x) y", "Y"},
		{"former subject in the middle", "Overlays (was: [sig] bridges) in depth", "Overlays in depth"},
		{"former subject that does not close", "Overlays (was: Re: [sig] bridges", "Overlays"},
		{"only a former subject behind a mark", "Re: (was: bridges)", "(was: bridges)"},
		{"only a former subject behind tags", "[magnum] Re: [was: foo]", "was: foo"},
		{"only a tag", "[announce]", "Announce"},
		{"list before a colon", "sig-openstack: notes are online", "Notes are online"},
		{"command stays lower", "kube-proxy eats memory", "kube-proxy eats memory"},
		{"brand stays", "iSCSI login loops", "iSCSI login loops"},
		{"subsystem stays", "libfc: switch to tags", "libfc: switch to tags"},
		{"apostrophe", "what's next?", "What's next?"},
		{"a word that begins with re", "Return: of the king", "Return: of the king"},
		{"address", "Bounce for eve@corp.example", "Bounce for eve@…"},
		{"two lines", "One\r\nBcc: two", "One Bcc: two"},
		{"turned round", "\u202egnp.\u2066exe", "gnp.exe"},
		{"nothing", " \t", "(no subject)"},
		{"nothing behind the mark", "Re: ", "(no subject)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Headline(c.subject, "sig-openstack"); got != c.want {
				t.Errorf("Headline(%q) = %q, want %q", c.subject, got, c.want)
			}
		})
	}
}

func TestLabel(t *testing.T) {
	for _, c := range []struct {
		name   string
		author sigpost.Address
		want   string
	}{
		{"name", sigpost.Address{Name: "Ana Moreau", Addr: "ana@corp.example"}, "Ana Moreau"},
		{"no name", sigpost.Address{Addr: "ana.moreau@corp.example"}, "ana.moreau"},
		{"an address for a name", sigpost.Address{Name: "ana@corp.example", Addr: "ana@corp.example"}, "ana"},
		{"name and address", sigpost.Address{Name: "Ana (ana@corp.example)", Addr: "ana@corp.example"}, "Ana"},
		{"rewritten by the list", sigpost.Address{Name: "'Ana Moreau' via sig", Addr: "sig@lists.example"}, "Ana Moreau"},
		{"turned round", sigpost.Address{Name: "\u202eanA", Addr: "ana@corp.example"}, "anA"},
		{"nothing", sigpost.Address{}, "somebody"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Label(c.author); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDates(t *testing.T) {
	for _, c := range []struct{ name, zone, from, to, want, short string }{
		{"a week", "UTC", "2016-04-18 00:00", "2016-04-25 00:00", "Monday 18 to Sunday 24 April 2016", "18–24 April"},
		{"in the digest's zone", "Europe/Berlin", "2016-04-17 22:00", "2016-04-24 22:00", "Monday 18 to Sunday 24 April 2016", "18–24 April"},
		{"over the spring change", "Europe/Berlin", "2016-03-20 23:00", "2016-03-27 22:00", "Monday 21 to Sunday 27 March 2016", "21–27 March"},
		{"a day that begins at one", "America/Sao_Paulo", "2016-10-16 03:00", "2016-10-17 02:00", "Sunday 16 October 2016", "16 October"},
		{"one day", "UTC", "2016-02-29 00:00", "2016-03-01 00:00", "Monday 29 February 2016", "29 February"},
		{"over months", "UTC", "2016-04-25 00:00", "2016-05-02 00:00", "Monday 25 April to Sunday 1 May 2016", "25 April–1 May"},
		{"over years", "UTC", "2015-12-28 00:00", "2016-01-04 00:00", "Monday 28 December 2015 to Sunday 3 January 2016", "28 December 2015–3 January 2016"},
		{"not at midnight", "Europe/Berlin", "2016-03-21 05:00", "2016-03-28 04:00", "Monday 21 March, 06:00 CET to Monday 28 March 2016, 06:00 CEST", "21–28 March"},
		{"not at midnight over years", "UTC", "2015-12-28 06:00", "2016-01-04 06:00", "Monday 28 December 2015, 06:00 UTC to Monday 4 January 2016, 06:00 UTC", "28 December 2015–4 January 2016"},
		{"hours of a day", "UTC", "2016-04-18 06:00", "2016-04-18 18:30", "Monday 18 April 2016, 06:00 UTC to 18:30 UTC", "18 April"},
		{"only its end at midnight", "UTC", "2016-04-18 06:00", "2016-04-19 00:00", "Monday 18 April, 06:00 UTC to Tuesday 19 April 2016, 00:00 UTC", "18 April"},
		{"a zone without letters", "America/Sao_Paulo", "2016-04-18 06:00", "2016-04-18 18:30", "Monday 18 April 2016, 03:00 UTC−3 to 15:30 UTC−3", "18 April"},
		{"empty", "UTC", "2016-04-18 06:00", "2016-04-18 06:00", "Monday 18 April 2016", "18 April"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := sigpost.Window{From: at(t, c.from), To: at(t, c.to)}
			if got := Dates(w, zone(t, c.zone)); got != c.want {
				t.Errorf("Dates: %q, want %q", got, c.want)
			}
			if got := shortDates(w, zone(t, c.zone)); got != c.short {
				t.Errorf("shortDates: %q, want %q", got, c.short)
			}
		})
	}
}

func TestClocks(t *testing.T) {
	for _, c := range []struct {
		name, event, reader string
		own                 bool
		at, want            string
	}{
		{"summer", "America/Los_Angeles", "Europe/Berlin", true, "2016-04-26 21:00", "14:00 PDT (UTC−7) | 21:00 UTC | 23:00 your time (Berlin, UTC+2)"},
		{"between the two changes", "America/Los_Angeles", "Europe/Berlin", true, "2016-11-01 21:00", "14:00 PDT (UTC−7) | 21:00 UTC | 22:00 your time (Berlin, UTC+1)"},
		{"winter", "America/Los_Angeles", "Europe/Berlin", true, "2016-11-15 22:00", "14:00 PST (UTC−8) | 22:00 UTC | 23:00 your time (Berlin, UTC+1)"},
		{"the digest's zone", "America/Los_Angeles", "Europe/Berlin", false, "2016-04-26 21:00", "14:00 PDT (UTC−7) | 21:00 UTC | 23:00 in Berlin (UTC+2)"},
		{"the next day", "America/Los_Angeles", "Asia/Kolkata", true, "2016-04-26 21:00", "14:00 PDT (UTC−7) | 21:00 UTC | Wed 02:30 your time (Kolkata, UTC+5:30)"},
		{"same clock", "America/Los_Angeles", "America/Vancouver", true, "2016-04-26 21:00", "14:00 PDT (UTC−7), your time | 21:00 UTC"},
		{"London in winter", "America/New_York", "Europe/London", true, "2016-01-26 15:00", "10:00 EST (UTC−5) | 15:00 UTC, your time"},
		{"event in UTC", "UTC", "America/New_York", true, "2016-01-26 15:00", "15:00 UTC | 10:00 your time (New York, UTC−5)"},
		{"all in UTC", "UTC", "UTC", false, "2016-01-26 15:00", "15:00 UTC"},
		{"no letters", "America/Sao_Paulo", "UTC", false, "2016-04-26 15:00", "12:00 UTC−3 | 15:00 UTC"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(clocks(at(t, c.at).In(zone(t, c.event)), readerClock{zone(t, c.reader), c.own}), " | ")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestDaysLeft(t *testing.T) {
	austin := zone(t, "America/Chicago")
	summit := sigpost.Occurrence{AllDay: true, Start: time.Date(2016, 4, 25, 0, 0, 0, 0, austin), End: time.Date(2016, 4, 30, 0, 0, 0, 0, austin)}
	for now, want := range map[string]string{
		"2016-04-14 12:00": "in 11 days", "2016-04-24 12:00": "starts tomorrow", "2016-04-25 12:00": "starts today",
		"2016-04-27 12:00": "under way", "2016-04-29 12:00": "ends today", "2016-04-30 12:00": "",
	} {
		if got := daysLeft(summit, austin, at(t, now)); got != want {
			t.Errorf("%s: %q, want %q", now, got, want)
		}
	}
}

func TestSubject(t *testing.T) {
	window := sigpost.Window{From: at(t, "2016-04-18 00:00"), To: at(t, "2016-04-25 00:00")}
	long := strings.Repeat("a rather long headline ", 5)
	for _, c := range []struct {
		name      string
		headlines []string
		events    []sigpost.Occurrence
		want      string
	}{
		{"two", []string{"Magnum drops bays", "Who owns the Heat templates?", "More"}, nil, "Magnum drops bays; Who owns the Heat templates? (SIG-OpenStack, 18–24 April)"},
		{"one", []string{"Magnum drops bays"}, nil, "Magnum drops bays (SIG-OpenStack, 18–24 April)"},
		{"one too long", []string{long}, nil, "a rather long headline a rather long headline a rather long headline a rather… (SIG-OpenStack, 18–24 April)"},
		{"twice the same", []string{"Magnum drops bays", "Magnum drops bays", "More"}, nil, "Magnum drops bays (SIG-OpenStack, 18–24 April)"},
		{"two too long", []string{long, long + "too"}, nil, "a rather long headline a rather long headline a rather long headline a rather… (SIG-OpenStack, 18–24 April)"},
		{"long and short", []string{long, "Kuryr quota"}, nil, "a rather long headline a rather long headline a rather long headline a rather… (SIG-OpenStack, 18–24 April)"},
		{"events alone", nil, []sigpost.Occurrence{{Title: "Summit,\nAustin"}}, "Coming up: Summit, Austin (SIG-OpenStack, 18–24 April)"},
		{"nothing", nil, nil, "Nothing new (SIG-OpenStack, 18–24 April)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			issue := sigpost.Issue{Title: "SIG-OpenStack", Window: window, Zone: "UTC", Events: c.events}
			for i, h := range c.headlines {
				issue.Entries = append(issue.Entries, sigpost.Entry{ThreadID: int64(i), Headline: strings.TrimSpace(h)})
			}
			got, _ := subject(issue)
			if got != c.want || utf8.RuneCountInString(got) > subjectLimit {
				t.Errorf("got  %q (%d)\nwant %q", got, utf8.RuneCountInString(got), c.want)
			}
		})
	}
}

func TestState(t *testing.T) {
	for _, c := range []struct {
		entry sigpost.Entry
		want  string
	}{
		{sigpost.Entry{New: 1, Total: 1, People: []string{"a"}}, "New · 1 message"},
		{sigpost.Entry{New: 9, Total: 9, People: []string{"a", "b"}}, "New · 9 messages, 2 people"},
		{sigpost.Entry{New: 4, Total: 1012, Continued: true, People: []string{"a", "b"}}, "Goes on · 4 new of 1,012 messages, 2 people"},
		{sigpost.Entry{New: 4, Total: 4, Continued: true}, "Goes on · 4 messages"},
		{sigpost.Entry{New: 4, Total: 12, Continued: true, Since: 11, People: []string{"a", "b"}}, "4 new since No. 11, 2 people"},
		{sigpost.Entry{New: 1, Total: 1, Unanswered: true}, "Needs an answer · 1 message"},
		{sigpost.Entry{New: 1, Total: 1, Unanswered: true, First: week(t).To.Add(-47 * time.Hour)}, "New · 1 message"}, // somebody may yet answer
		{sigpost.Entry{New: 2, Total: 9, Continued: true, Since: 11, Nature: sigpost.NatureDecision}, "Decided · 2 new since No. 11"},
		{sigpost.Entry{New: 2, Total: 2, Nature: sigpost.NatureAnswered}, "Answered · 2 messages"},
	} {
		if got := State(c.entry, week(t)); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestAmong(t *testing.T) {
	for want, names := range map[string]string{
		"": "", "a": "a", "a and b": "a b", "a, b and c": "a b c", "a, b, c and d": "a b c d", "a, b, c and 2 others": "a b c d e",
	} {
		if got := among(strings.Fields(names), 3); got != want {
			t.Errorf("among(%s) = %q, want %q", names, got, want)
		}
	}
}

func TestLayout(t *testing.T) {
	word := strings.Repeat("x", 30)
	for _, c := range []struct{ name, in, want string }{
		{"short", "a b", "a b\n"},
		{"wraps", word + " " + word + " " + word, word + " " + word + "\n" + word + "\n"},
		{"keeps its indent", "  " + word + " " + word + " " + word, "  " + word + " " + word + "\n  " + word + "\n"},
		{"hangs behind a marker", "- " + word + " " + word + " " + word, "- " + word + " " + word + "\n  " + word + "\n"},
		{"a number is no marker", "3 " + word + " " + word + " " + word, "3 " + word + " " + word + "\n" + word + "\n"},
		{"hangs behind a label", "Tue" + hangMark + word + " " + word, "Tue             " + word + "\n                " + word + "\n"},
		{"a label too long", word + hangMark + "b", word + "\n                b\n"},
		{"at the right margin", word + flushMark + word, word + strings.Repeat(" ", 12) + word + "\n"},
		{"no room at the right margin", word + " " + word + flushMark + word, word + " " + word + "\n  " + word + "\n"},
		{"glued", word + " " + word + " and" + glue + "more" + glue + "glue", word + " " + word + "\nand more glue\n"},
		{"glued too long", strings.Repeat("word"+glue, 20), strings.TrimSpace(strings.Repeat("word ", 14)) + "\n" + strings.TrimSpace(strings.Repeat("word ", 6)) + "\n"},
		{"blank lines", "\n\na\n\n\n\nb\n\n", "a\n\nb\n"},
		{"URL", "see https://example.org/" + strings.Repeat("x", 80), "see\nhttps://example.org/" + strings.Repeat("x", 80) + "\n"},
		{"ideographs", strings.Repeat("漢", 40), strings.Repeat("漢", 36) + "\n" + strings.Repeat("漢", 4) + "\n"},
		{"punctuation begins no line", strings.Repeat("漢", 36) + "。", strings.Repeat("漢", 35) + "\n漢。\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := layout(c.in); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

// A library that measures whole characters never finds a text wider.
func TestDisplayWidth(t *testing.T) {
	for _, s := range []string{"plain", "größer", "é", "漢字", "வண", "עב", "❤️", "👩‍💻", "🇩🇪", "Ａ", "“quoted” · −"} {
		if got, want := displayWidth(s), uniseg.StringWidth(s); got < want || got > want && !strings.ContainsRune(s, joiner) {
			t.Errorf("%q is %d wide, not %d", s, got, want)
		}
	}
}

func TestToldLeavesAMisspelledProject(t *testing.T) {
	for _, c := range []struct{ project, headline, want string }{
		{"Magnum", "Magnm: a different flavor for the master?", "Magnm: a different flavor for the master?"},
		{"Heat", "Heap of trouble", "Heat: Heap of trouble"}, // too short to tell
		{"Swift", "Swit", "Swift: Swit"},
	} {
		issue := sigpost.Issue{Titles: map[string]string{"project:p": c.project}}
		e := sigpost.Entry{Headline: c.headline, Tags: []sigpost.Tagging{{Tag: sigpost.Tag{Kind: sigpost.KindProject, Name: "p"}}}}
		if got := Told(issue, e); got != c.want {
			t.Errorf("%q: %q, want %q", c.headline, got, c.want)
		}
	}
}

func TestToldNamesAProjectOnce(t *testing.T) {
	issue := sigpost.Issue{Titles: map[string]string{"project:neutron": "Neutron", "project:kuryr": "Kuryr"}}
	tags := []sigpost.Tagging{{Tag: sigpost.Tag{Kind: sigpost.KindProject, Name: "neutron"}}, {Tag: sigpost.Tag{Kind: sigpost.KindProject, Name: "kuryr"}}}
	for headline, want := range map[string]string{
		"port per pod":                "Neutron: port per pod",
		"neutron port per pod":        "Neutron port per pod",
		"Kuryr: port per pod":         "Kuryr: port per pod",
		"Ports (kuryr) eat the quota": "Ports (kuryr) eat the quota",
		"Kuryrs of the world":         "Neutron: Kuryrs of the world",
		"Neutorn: port per pod":       "Neutorn: port per pod",
		"nutron ports":                "nutron ports",
		"Neutral ports":               "Neutron: Neutral ports",
		"The neutorn agent":           "Neutron: The neutorn agent",
	} {
		if got := Told(issue, sigpost.Entry{Headline: headline, Tags: tags}); got != want {
			t.Errorf("%q: %q, want %q", headline, got, want)
		}
	}
}

// Across a change of the clocks each session has its own offset, and a meeting
// whose day is another one at the reader's says so.
func TestOffsetsAndDaysOfTheirOwn(t *testing.T) {
	paris, pacific, tokyo := zone(t, "Europe/Paris"), zone(t, "America/Los_Angeles"), zone(t, "Asia/Tokyo")
	summit := sigpost.Occurrence{Kind: sigpost.EventSummit, AllDay: true, Zone: "Europe/Paris",
		Start: time.Date(2026, 10, 24, 0, 0, 0, 0, paris), End: time.Date(2026, 10, 27, 0, 0, 0, 0, paris),
		Sessions: []sigpost.Session{{Title: "before", Start: time.Date(2026, 10, 24, 9, 0, 0, 0, paris), Room: "14", Speakers: "Ana"},
			{Title: "after", Start: time.Date(2026, 10, 26, 9, 0, 0, 0, paris)}}}
	u := upcoming(summit, summit.Start, readerClock{zone: paris})
	u.sessions(sigpost.Issue{}, summit, nil)
	if u.Sessions[0].When != "Sat 24 Oct 09:00 UTC+2" || u.Sessions[1].When != "Mon 26 Oct 09:00 UTC+1" || u.SessionZone != "Times are local" {
		t.Errorf("%+v, %s", u.Sessions, u.SessionZone)
	}
	if u.Sessions[0].By != "Ana; room 14" {
		t.Errorf("by %s", u.Sessions[0].By)
	}
	meeting := sigpost.Occurrence{Zone: "America/Los_Angeles", Start: time.Date(2026, 9, 29, 14, 0, 0, 0, pacific), Next: time.Date(2026, 10, 13, 14, 0, 0, 0, pacific)}
	if got := next(meeting, pacific, readerClock{tokyo, true}); got != "Tuesday 13 October, Wednesday 14 October your time" {
		t.Errorf("next: %s", got)
	}
}

func TestIsReply(t *testing.T) {
	for subject, want := range map[string]bool{
		"Re: ports": true, "[sig] RE: ports": true, "AW: [sig] ports": true, "Re[2]: ports": true,
		"ports": false, "[PATCH 5.8 03/20] ports": false, "Rest: ports": false, "[sig]": false, "": false,
	} {
		if isReply(subject) != want {
			t.Errorf("%q: %v", subject, !want)
		}
	}
}

func TestMovedAndTentative(t *testing.T) {
	paris := zone(t, "Europe/Paris")
	start := time.Date(2016, 4, 26, 14, 0, 0, 0, paris)
	for want, was := range map[string]time.Time{
		"moved from Tuesday 19 April":       start.AddDate(0, 0, -7),
		"moved from 15:00":                  start.Add(time.Hour),
		"moved from Monday 25 April, 09:00": start.Add(-29 * time.Hour),
		"":                                  start,
	} {
		o := sigpost.Occurrence{Title: "SIG meeting", Zone: "Europe/Paris", Start: start, End: start.Add(time.Hour), Overridden: true, RecurrenceID: was, Tentative: true}
		u := upcoming(o, start, readerClock{zone: paris})
		if got := u.When[len(u.When)-1]; want != "" && got != want || want == "" && strings.HasPrefix(got, "moved") {
			t.Errorf("%q, want %q", got, want)
		}
		if u.Title != "SIG meeting (not certain yet)" {
			t.Errorf("title %q", u.Title)
		}
	}
}

// Of a schedule a reader hears of what is on their topics; whoever follows all, of
// those on any topic first.
func TestSessionsOnTopicsComeFirst(t *testing.T) {
	start := time.Date(2016, 4, 25, 0, 0, 0, 0, time.UTC)
	kuryr, heat := sigpost.Tag{Kind: "project", Name: "kuryr"}, sigpost.Tag{Kind: "project", Name: "heat"}
	o := sigpost.Occurrence{Kind: sigpost.EventSummit, AllDay: true, Zone: "UTC", Start: start, End: start.AddDate(0, 0, 5)}
	for i := range 20 {
		o.Sessions = append(o.Sessions, sigpost.Session{Title: "other", Start: start.Add(time.Duration(i) * time.Hour)})
	}
	o.Sessions[18].Tags, o.Sessions[19].Tags = []sigpost.Tag{heat}, []sigpost.Tag{kuryr}
	issue := sigpost.Issue{Titles: map[string]string{"project:kuryr": "Kuryr"}}
	var u Upcoming
	u.sessions(issue, o, []sigpost.Tag{kuryr})
	if u.Matching != "1 of 20 sessions on your topics" || len(u.Sessions) != 1 || !u.Sessions[0].Yours || u.Sessions[0].About != "Kuryr" || u.More != "and 19 more sessions" {
		t.Errorf("%s: %+v", u.Matching, u.Sessions)
	}
	u = Upcoming{}
	u.sessions(issue, o, nil)
	if u.Matching != "2 of 20 sessions on topics of this digest" || u.Sessions[0].About != "Heat" || u.More != "and 12 more sessions" {
		t.Errorf("%s: %+v, %s", u.Matching, u.Sessions, u.More)
	}
}

// Issues that were composed before evidence kept silent about who decided do not say
// it on their pages either.
func TestTagsDoNotSayWhoDecided(t *testing.T) {
	e := sigpost.Entry{Tags: []sigpost.Tagging{{Tag: sigpost.Tag{Kind: "project", Name: "kuryr"}, Title: "Kuryr", Evidence: []sigpost.Evidence{
		{Rule: "decided by jo@example.org", Field: sigpost.DecisionField, Excerpt: "they do not like it"},
		{Rule: "alias kuryr", Field: "text", Excerpt: "ports of Kuryr"}}}}}
	got := storyTags(sigpost.Issue{}, e)[0].Why
	if want := []string{"decided by a person", "alias kuryr: “ports of Kuryr”"}; strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q", got)
	}
}
