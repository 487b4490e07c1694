package digest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/summary"
)

// The rich issue of the tests: a week at the end of October 2016, after which
// clocks go back in Berlin (30 October) a week before they do in the United
// States (6 November). Everything in it is invented.

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	when, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

// post makes a message of text in which lines that begin with ">" are quoted,
// those that end with "wrote:" are attributions, and "-- " begins a signature.
func post(id int64, author, received, subject, text string) *sigpost.Message {
	m := &sigpost.Message{ID: id, MessageID: sigpost.MessageID(fmt.Sprintf("m%d@lists.example.net", id)), Subject: subject, Text: text}
	m.Author.Name, m.Author.Addr, _ = strings.Cut(strings.TrimSuffix(author, ">"), " <")
	if !strings.Contains(author, " <") {
		m.Author.Addr = strings.ToLower(strings.ReplaceAll(author, " ", ".")) + "@corp.example"
	}
	m.Received, _ = time.Parse("2006-01-02 15:04", received)
	m.Sent = m.Received
	if strings.HasPrefix(subject, "Re:") {
		m.References = []sigpost.MessageID{"opener@lists.example.net"}
	}
	start, signed := 0, false
	for line := range strings.Lines(text) {
		kind := sigpost.RangeNew
		switch signed = signed || strings.TrimRight(line, "\n") == "-- "; {
		case signed:
			kind = sigpost.RangeSignature
		case strings.HasPrefix(line, ">"):
			kind = sigpost.RangeQuoted
		case strings.HasSuffix(line, "wrote:\n"):
			kind = sigpost.RangeAttribution
		}
		if last := len(m.Ranges) - 1; last >= 0 && m.Ranges[last].Kind == kind {
			m.Ranges[last].End = start + len(line)
		} else {
			m.Ranges = append(m.Ranges, sigpost.Range{Kind: kind, Start: start, End: start + len(line)})
		}
		start += len(line)
	}
	return m
}

func tagging(kind sigpost.TagKind, name, title string, score float64) sigpost.Tagging {
	return sigpost.Tagging{Tag: sigpost.Tag{Kind: kind, Name: name}, Title: title, Score: score, State: sigpost.TagAccepted}
}

// thread makes news of messages; all are new but those before the window.
func thread(id int64, window sigpost.Window, tags []sigpost.Tagging, messages ...*sigpost.Message) News {
	n := News{Tags: tags, Messages: messages, New: map[int64]bool{}}
	n.Thread = sigpost.Thread{
		ID: id, Subject: messages[0].Subject, Lists: []string{"sig-openstack"},
		Messages: len(messages), First: messages[0].Received, Last: messages[len(messages)-1].Received,
	}
	for _, m := range messages {
		m.ThreadID = id
		n.New[m.ID] = window.Contains(m.Received)
	}
	n.Quotes = summed(messages)
	return n
}

// summed are the sentences that sum up a thread.
func summed(messages []*sigpost.Message) []sigpost.Quote {
	var all []sigpost.Quote
	for _, s := range summary.Of(messages, summary.Options{}) {
		all = append(all, sigpost.Quote{MessageID: s.MessageID, Text: s.Text, Weight: s.Score, Reason: s.Reason})
	}
	return all
}

// ofNature is what the tags of a thread of that nature have.
func ofNature(n sigpost.Nature) sigpost.Tagging {
	return tagging(sigpost.KindNature, string(n), n.Title(), 1)
}

func richInput(t testing.TB) Input {
	berlin := zone(t, "Europe/Berlin")
	window := sigpost.Window{
		From: time.Date(2016, 10, 24, 0, 0, 0, 0, berlin),
		To:   time.Date(2016, 10, 31, 0, 0, 0, 0, berlin),
	}
	onTop := tagging(sigpost.KindScenario, "kubernetes-on-openstack", "Kubernetes on OpenStack", 0.9)
	below := tagging(sigpost.KindScenario, "openstack-on-kubernetes", "OpenStack on Kubernetes", 0.9)
	kuryr := tagging(sigpost.KindProject, "kuryr", "Kuryr", 0.8)
	magnum := tagging(sigpost.KindProject, "magnum", "Magnum", 0.9)
	kolla := tagging(sigpost.KindProject, "kolla", "Kolla", 0.7)
	heat := tagging(sigpost.KindProject, "heat", "Heat", 0.7)
	return Input{
		Digest: "sig", Title: "SIG-OpenStack Weekly", Zone: berlin, Window: window,
		Composed: at(t, "2016-10-31 05:00"),
		First:    map[string]time.Time{"lena.fischer@corp.example": at(t, "2014-02-01 10:00"), "zoë.brandt@corp.example": at(t, "2016-10-27 12:00")},
		Course:   sigpost.Course{From: window.From, Days: []int{2, 2, 1, 3, 2, 0, 0}, Before: []int{0, 1, 4, 2, 0, 0, 0}},
		Titles: map[string]string{
			"project:kuryr": "Kuryr", "project:magnum": "Magnum", "project:kolla": "Kolla", "project:heat": "Heat", "project:murano": "Murano",
			"scenario:kubernetes-on-openstack": "Kubernetes on OpenStack", "scenario:openstack-on-kubernetes": "OpenStack on Kubernetes",
		},
		ThreadURL:  func(id int64) string { return fmt.Sprintf("https://digest.example.org/threads/%d", id) },
		MessageURL: func(m *sigpost.Message) string { return fmt.Sprintf("https://digest.example.org/messages/%d", m.ID) },
		Threads: []News{
			thread(1, window, []sigpost.Tagging{onTop, kuryr, ofNature(sigpost.NatureQuestion)},
				post(11, "Lena Fischer", "2016-10-26 08:10", "[sig-openstack] [Kuryr] port per pod exhausts the quota",
					"Hi all,\n\nour pods stay pending once a node reaches 500 ports on Mitaka. The quota\nis per tenant, and for Neutron the whole cluster is one tenant.\n\n    $ openstack quota show\n    ports 500\n\nHas anybody found a way around it that does not need a second tenant?\n\n-- \nLena\n"),
			),
			thread(2, window, []sigpost.Tagging{onTop, magnum, ofNature(sigpost.NatureDecision)},
				post(21, "Ana Moreau", "2016-10-24 09:00", "[magnum] rename \"bay\" to \"cluster\"",
					"Hello everyone,\n\nI propose that we rename bays to clusters before the next release. Every\ntalk that I give starts with five minutes on what a bay is.\n\nThoughts?\n"),
				post(22, "Jin Park", "2016-10-24 15:30", "Re: [magnum] rename \"bay\" to \"cluster\"",
					"On Monday Ana Moreau wrote:\n> I propose that we rename bays to clusters\n\nTwo releases of double API names will confuse more people than the word does.\n"),
				post(23, "'Oleg Tarasov' via sig-openstack <list@lists.example.net>", "2016-10-25 07:30", "Re: [magnum] rename \"bay\" to \"cluster\"",
					"+1\n"),
				post(24, "CI Bot", "2016-10-25 07:31", "Re: [magnum] rename", "Build succeeded on all of the gates that were asked for it.\n"),
				post(25, "Ana Moreau", "2016-10-27 18:00", "Re: [magnum] rename \"bay\" to \"cluster\"",
					"> Two releases of double API names\n\nSo let us rename now, and keep the old path for one cycle. I will send the\nfirst patch this week.\n"),
			),
			thread(3, window, []sigpost.Tagging{below, kolla, ofNature(sigpost.NatureAnswered)},
				post(31, "Priya Raman", "2016-10-19 11:00", "Kolla: upgrading MariaDB in place (was: Re: [kolla] database)",
					"We want to upgrade the database without taking the API down.\n"),
				post(32, "Tomás Núñez", "2016-10-20 11:00", "Re: Kolla: upgrading MariaDB in place", "Old advice that an earlier issue told of already.\n"),
				post(33, "Tomás Núñez", "2016-10-28 11:00", "Re: Kolla: upgrading MariaDB in place",
					"Rolling one Galera node at a time worked for us, with about forty seconds of\nread-only time per node. Thanks!\n"),
			),
			thread(4, window, []sigpost.Tagging{below, kolla, ofNature(sigpost.NatureQuestion)},
				post(41, "李 明", "2016-10-25 02:00", "Mixing Ubuntu and CentOS images in one deployment?",
					"Is it supported to run the Nova images from Ubuntu beside a CentOS control plane?\n"),
			),
			thread(5, window, []sigpost.Tagging{heat, ofNature(sigpost.NatureProposal)},
				post(51, "Sam O'Neil", "2016-10-27 10:00", "[heat] who owns the Kubernetes templates",
					"The Kubernetes templates in the Heat repository have had no commit for a year.\nI would like to move them to a repository of their own.\n"),
				post(52, "Zoë Brandt", "2016-10-27 12:00", "Re: [heat] who owns the Kubernetes templates",
					"Thanks for picking this up.\nI can review, but I cannot test on anything newer than Fedora 23.\n"),
			),
			thread(6, window, []sigpost.Tagging{ofNature(sigpost.NatureAnnouncement)},
				post(61, "Meera Iyer", "2016-10-28 16:00", "Fwd: [announce] notes of the last meeting are online",
					"The notes of the meeting on 18 October are in the usual document, with the list\nof people who offered to review the scenario guide.\n"),
			),
			thread(7, window, []sigpost.Tagging{heat},
				post(71, "Build Robot", "2016-10-28 16:00", "[heat] gate is green", "All of the jobs have passed in this run today.\n"),
			),
		},
		Events: richEvents(t),
	}
}

func richEvents(t testing.TB) []sigpost.Occurrence {
	la, paris := zone(t, "America/Los_Angeles"), zone(t, "Europe/Paris")
	return []sigpost.Occurrence{
		{
			UID: "summit", Kind: sigpost.EventSummit, Title: "OpenStack Days, Paris", Zone: "Europe/Paris", AllDay: true,
			Start: time.Date(2016, 11, 22, 0, 0, 0, 0, paris), End: time.Date(2016, 11, 24, 0, 0, 0, 0, paris), Where: "Palais de l'Invention",
			Notes: "# Travel\n\nWe meet for **dinner** on the first evening; say so [on the page](https://pad.example.org/dinner).\n\n- bring a badge\n- ![map](https://tracker.example.com/x.png) of the venue <script>alert(1)</script>\n",
			Links: []sigpost.Link{{Title: "Programme", URL: "https://summit.example.org/"}},
			Sessions: []sigpost.Session{
				{Title: "Opening", Start: time.Date(2016, 11, 22, 9, 0, 0, 0, paris), Room: "Main hall"},
				{Title: "Murano in production", Start: time.Date(2016, 11, 22, 14, 0, 0, 0, paris), Speakers: "Ida Holm", Tags: []sigpost.Tag{{Kind: "project", Name: "murano"}}},
				{Title: "Containers without overlays", Start: time.Date(2016, 11, 23, 11, 0, 0, 0, paris), Speakers: "Lena Fischer", Room: "Room 4",
					URL: "https://summit.example.org/s/12", Tags: []sigpost.Tag{{Kind: "project", Name: "kuryr"}}},
			},
		},
		{
			UID: "meeting", Kind: sigpost.EventMeeting, Title: "SIG meeting", Zone: "America/Los_Angeles",
			Start: time.Date(2016, 11, 1, 14, 0, 0, 0, la), End: time.Date(2016, 11, 1, 15, 0, 0, 0, la),
			Next: time.Date(2016, 11, 15, 14, 0, 0, 0, la), Where: "Video call",
			Links: []sigpost.Link{{Title: "Agenda", URL: "https://pad.example.org/agenda"}, {Title: "Channel", URL: "irc://irc.example.org/sig"}},
		},
		{
			UID: "cfp", Kind: sigpost.EventDeadline, Title: "Last day to propose talks for Boston", Zone: sigpost.AnywhereOnEarth, AllDay: true,
			Start: time.Date(2016, 11, 4, 0, 0, 0, 0, zone(t, sigpost.AnywhereOnEarth)), End: time.Date(2016, 11, 5, 0, 0, 0, 0, zone(t, sigpost.AnywhereOnEarth)),
			Links: []sigpost.Link{{Title: "Call for papers", URL: "https://summit.example.org/boston"}},
		},
		{
			UID: "office", Kind: sigpost.EventMeeting, Title: "Office hour", Zone: "America/Los_Angeles", Cancelled: true,
			Start: time.Date(2016, 11, 3, 17, 0, 0, 0, la), End: time.Date(2016, 11, 3, 18, 0, 0, 0, la),
			Next: time.Date(2016, 11, 10, 17, 0, 0, 0, la),
		},
	}
}

func richIssue(t testing.TB) sigpost.Issue {
	in := richInput(t)
	in.Threads[1].Messages[3].Robot = true
	in.Threads[6].Messages[0].Robot = true
	in.Threads[2].Since = 11
	issue := Compose(in)
	issue.Number = 12
	return issue
}
