package web

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/digest"
	"sigpost/store"
)

// How much of each the home page has, and how many issues a page of theirs.
const (
	homeThreads   = 15
	homeTopics    = 12
	homeEvents    = 5
	homeHeadlines = 5
	issuesShown   = 30
)

type homePage struct {
	page
	// Latest are the latest issues, one of each digest that has one.
	Latest  []teaser
	Topics  []topicCount
	Events  []eventView
	Threads []threadRow
}

// teaser is an issue with its first headlines.
type teaser struct {
	sigpost.Issue
	Headlines []sigpost.Entry
	More      int
}

// home is the front page. What asks for ?tag=kind:name, as links of before do,
// is sent to the topic's page.
func (s *site) home(w http.ResponseWriter, r *http.Request) {
	if name := r.FormValue("tag"); name != "" {
		tag, ok := sigpost.ParseTag(name)
		if !ok {
			s.fail(w, r, sigpost.ErrNotFound)
			return
		}
		http.Redirect(w, r, topicPath(tag), http.StatusMovedPermanently)
		return
	}
	p := homePage{page: s.page(r, s.Title)}
	p.Canonical, p.Description = s.absolute("/"), "What is written on the mailing lists, sorted by what it is about: threads, topics, issues and events."
	if err := s.fillHome(r.Context(), &p); err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "home", p)
}

func (s *site) fillHome(ctx context.Context, p *homePage) error {
	for _, d := range slices.Sorted(maps.Keys(s.Digests)) {
		issues, err := s.publicIssues(ctx, d, 0, 1)
		if err != nil {
			return err
		}
		for _, i := range issues {
			n := min(homeHeadlines, len(i.Entries))
			p.Latest = append(p.Latest, teaser{i, i.Entries[:n], len(i.Entries) - n})
		}
	}
	slices.SortStableFunc(p.Latest, func(a, b teaser) int { return b.Window.To.Compare(a.Window.To) })
	c, err := s.counts.get(ctx)
	if err != nil {
		return err
	}
	p.Topics = busiest(c.topics)
	if s.Browse.Events != nil {
		events, err := s.events.get(ctx)
		if err != nil {
			return err
		}
		p.Events = s.eventViews(events[:min(len(events), homeEvents)], false)
	}
	list, err := s.Store.ListThreads(ctx, store.ThreadQuery{Limit: homeThreads})
	p.Threads = s.rows(list)
	return err
}

// busiest are the topics with the most news this week, and of those with as much
// the ones with the most threads.
func busiest(topics []topicCount) []topicCount {
	all := slices.DeleteFunc(slices.Clone(topics), func(t topicCount) bool { return t.Threads == 0 })
	slices.SortStableFunc(all, func(a, b topicCount) int {
		return cmp.Or(cmp.Compare(b.Week, a.Week), cmp.Compare(b.Threads, a.Threads))
	})
	return all[:min(len(all), homeTopics)]
}

type issuesPage struct {
	page
	Digests []digestIssues
}

// digestIssues are issues of one digest.
type digestIssues struct {
	Title   string
	Issues  []sigpost.Issue
	FeedURL string
	// Older is where older ones are, Start where the latest are; "" where these
	// are they.
	Older, Start string
}

// issues lists all past issues; with ?digest= only that one's, below number
// ?below=.
func (s *site) issues(w http.ResponseWriter, r *http.Request) {
	digests, below := slices.Sorted(maps.Keys(s.Digests)), 0
	if only := r.FormValue("digest"); only != "" {
		if s.Digests[only] == "" {
			s.fail(w, r, sigpost.ErrNotFound)
			return
		}
		digests = []string{only}
		if n := r.FormValue("below"); n != "" {
			var err error
			if below, err = strconv.Atoi(n); err != nil || below < 1 {
				s.fail(w, r, sigpost.Usage(strconv.ErrSyntax))
				return
			}
		}
	}
	p := issuesPage{page: s.page(r, "Issues")}
	p.Canonical, p.Description, p.NoIndex = s.absolute("/issues"), "All past issues, to be read here.", below > 0
	shown := issuesShown
	if len(digests) > 1 {
		shown = issuesShown / 3
	}
	for _, name := range digests {
		d, err := s.digestIssues(r.Context(), name, below, shown)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		p.Digests = append(p.Digests, d)
	}
	s.show(w, r, http.StatusOK, "issues", p)
}

func (s *site) digestIssues(ctx context.Context, name string, below, shown int) (digestIssues, error) {
	issues, err := s.Store.PublicIssues(ctx, name, s.now(), below, shown+1)
	d := digestIssues{Title: s.Digests[name], FeedURL: FeedPath(name), Issues: issues}
	path := "/issues?digest=" + name
	if len(issues) > shown {
		d.Issues = issues[:shown]
		d.Older = path + "&below=" + strconv.Itoa(issues[shown-1].Number)
	}
	if below > 0 {
		d.Start = path
	}
	return d, err
}

// eventView is what takes place, in words.
type eventView struct {
	digest.Upcoming
	Text string // the notes, as plain text
	// Begins is for programs.
	Begins string
	// Program are all sessions, by time.
	Program []talkView
}

// talkView is a session of an event, by the event's clock.
type talkView struct {
	Begins, When, Title, URL, About string
}

// program are the sessions of an event by time.
func program(o sigpost.Occurrence) (all []talkView) {
	zone, err := time.LoadLocation(o.Zone)
	if err != nil || o.Zone == "" {
		zone = o.Start.Location()
	}
	sessions := slices.Clone(o.Sessions)
	slices.SortStableFunc(sessions, func(a, b sigpost.Session) int { return a.Start.Compare(b.Start) })
	for _, s := range sessions {
		v := talkView{Begins: s.Start.UTC().Format(time.RFC3339), When: s.Start.In(zone).Format("Mon 2 Jan 15:04"), Title: s.Title, About: s.Speakers}
		if s.Room != "" {
			v.About = strings.TrimPrefix(v.About+", "+s.Room, ", ")
		}
		if strings.HasPrefix(s.URL, "https://") || strings.HasPrefix(s.URL, "http://") {
			v.URL = s.URL
		}
		all = append(all, v)
	}
	return all
}

// eventViews are events with their times in UTC, with their notes or without.
func (s *site) eventViews(events []sigpost.Occurrence, notes bool) (all []eventView) {
	for i, u := range digest.Coming(sigpost.Issue{Events: events, Composed: s.now(), Zone: "UTC"}, nil, nil) {
		begins := events[i].Start.UTC().Format(time.RFC3339)
		if events[i].AllDay {
			begins = events[i].Start.Format(time.DateOnly)
		}
		v := eventView{Upcoming: u, Begins: begins}
		if notes {
			v.Text = digest.PlainNotes(events[i].Notes)
			v.Program = program(events[i])
		}
		all = append(all, v)
	}
	return all
}

type eventsPage struct {
	page
	Events []eventView
}

func (s *site) eventsPage(w http.ResponseWriter, r *http.Request) {
	events, err := s.events.get(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := eventsPage{s.page(r, "Events"), s.eventViews(events, true)}
	p.Canonical, p.Description = s.absolute("/events"), "Coming meetings and deadlines."
	s.show(w, r, http.StatusOK, "events", p)
}
