package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/subscribe"
)

// wishForm is the part of a form that says what somebody wants to get.
type wishForm struct {
	Groups   []topicGroup
	Editions []choice // one alone is no choice
	// NewsOnly is offered where issues go to everybody; else it always holds.
	OffersNewsOnly, NewsOnly bool
	Text                     bool
	Zone                     string // empty for the digest's
	DigestZone               string
	Zones                    []string
	// Volume is what to expect of what is chosen, in words, and of everything.
	Volume, All string
	SampleURL   string // of a web copy that is cut to it; empty where there is none
}

type topicGroup struct {
	Title  string
	Topics []topicChoice
	// Followed and LeftOut say that one of them is.
	Followed, LeftOut bool
}

type topicChoice struct {
	Tag           string
	Title         string
	Threads       string // in the last four weeks, in words
	Follow, Muted bool
	threads       int
	kind          sigpost.TagKind
}

type choice struct {
	Value, Label string
	Chosen       bool
}

// frequencies are editions in words.
var frequencies = map[string]string{"day": "Each day", "week": "Each week", "month": "Each month"}

// someZones are offered by name; any other can be typed.
var someZones = []string{"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Bogota", "America/Buenos_Aires", "America/Chicago", "America/Denver",
	"America/Halifax", "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Santiago", "America/Sao_Paulo", "America/Toronto", "Asia/Bangkok", "Asia/Dubai",
	"Asia/Hong_Kong", "Asia/Jakarta", "Asia/Jerusalem", "Asia/Karachi", "Asia/Kolkata", "Asia/Manila", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tokyo",
	"Atlantic/Reykjavik", "Australia/Adelaide", "Australia/Brisbane", "Australia/Perth", "Australia/Sydney", "Europe/Athens", "Europe/Berlin", "Europe/Helsinki", "Europe/Istanbul",
	"Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Moscow", "Europe/Paris", "Europe/Prague", "Europe/Rome", "Europe/Stockholm", "Europe/Warsaw", "Europe/Zurich",
	"Pacific/Auckland", "Pacific/Honolulu"}

// volumeDays is what the volume to expect is worked out from.
const volumeDays = 28

// wishForm is the form for a wish.
func (s *site) wishForm(r *http.Request, p subscribe.Publication, wish sigpost.Subscription) (wishForm, error) {
	f := wishForm{Text: wish.Text, NewsOnly: wish.NewsOnly, Zone: wish.Subscriber.Zone, DigestZone: s.Zone(wish.Digest), Zones: someZones}
	for _, e := range p.Editions {
		f.Editions = append(f.Editions, choice{e.Digest, frequencies[e.Every], e.Digest == wish.Digest})
		f.OffersNewsOnly = f.OffersNewsOnly || e.SendsAll
	}
	threads, from, err := s.Volume(r.Context(), wish.Digest, s.Now().AddDate(0, 0, -volumeDays))
	if err != nil {
		return f, err
	}
	f.Groups = s.topicGroups(wish.Selection, threads)
	weeks := max(s.Now().Sub(from).Hours()/(7*24), 1)
	f.All = volumeWords(len(threads), weeks)
	taken := 0
	for _, tags := range threads {
		taggings := make([]sigpost.Tagging, len(tags))
		for i, t := range tags {
			taggings[i].Tag = t
		}
		if wish.Takes(taggings) {
			taken++
		}
	}
	f.Volume = volumeWords(taken, weeks)
	f.SampleURL, err = s.sample(r, p, wish.Selection)
	return f, err
}

// volumeWords say how many threads a week to expect from how many there were in
// some weeks.
func volumeWords(threads int, weeks float64) string {
	switch week := float64(threads) / weeks; {
	case threads == 0:
		return "none in the last four weeks"
	case week < 0.75:
		return "less than one thread a week"
	case week < 1.5:
		return "about one thread a week"
	default:
		return fmt.Sprintf("about %.0f threads a week", week)
	}
}

// topicGroups are all topics by kind, the busiest first.
func (s *site) topicGroups(chosen sigpost.Selection, threads [][]sigpost.Tag) []topicGroup {
	counts := map[sigpost.Tag]int{}
	for _, tags := range threads {
		for _, t := range tags {
			counts[t]++
		}
	}
	var all []topicChoice
	for name, title := range s.Titles {
		tag, ok := sigpost.ParseTag(name)
		if !ok {
			continue
		}
		n := counts[tag]
		words := "no threads"
		if n > 0 {
			words = plural(n, "thread")
		}
		all = append(all, topicChoice{name, title, words, slices.Contains(chosen.Topics, tag), slices.Contains(chosen.Muted, tag), n, tag.Kind})
	}
	slices.SortFunc(all, func(a, b topicChoice) int {
		return cmp.Or(cmp.Compare(kindOrder(a.kind), kindOrder(b.kind)), cmp.Compare(a.kind, b.kind), cmp.Compare(b.threads, a.threads), cmp.Compare(a.Title, b.Title))
	})
	var groups []topicGroup
	for _, t := range all {
		if title := kindTitle(t.kind); len(groups) == 0 || groups[len(groups)-1].Title != title {
			groups = append(groups, topicGroup{Title: title})
		}
		g := &groups[len(groups)-1]
		g.Topics = append(g.Topics, t)
		g.Followed, g.LeftOut = g.Followed || t.Follow, g.LeftOut || t.Muted
	}
	return groups
}

func kindOrder(k sigpost.TagKind) int {
	switch k {
	case sigpost.KindProject:
		return 0
	case sigpost.KindScenario:
		return 1
	case sigpost.KindNature:
		return 3
	}
	return 2
}

func kindTitle(k sigpost.TagKind) string {
	switch k {
	case sigpost.KindProject:
		return "Projects"
	case sigpost.KindScenario:
		return "Scenarios"
	case sigpost.KindNature:
		return "Kinds of conversation"
	}
	return strings.ToUpper(string(k[:1])) + string(k[1:]) + "s"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// sample is the latest web copy of any edition, cut to what is chosen.
func (s *site) sample(r *http.Request, p subscribe.Publication, chosen sigpost.Selection) (string, error) {
	for _, e := range p.Editions {
		issues, err := s.Store.Issues(r.Context(), e.Digest, feedLength)
		if err != nil {
			return "", err
		}
		for _, i := range issues {
			if s.published(i) && i.Number > 0 {
				return issuePath(e.Digest, i.Number) + selectionQuery(chosen), nil
			}
		}
	}
	return "", nil
}

// Names of fields, in forms and in the links to samples.
const (
	fieldTopic = "topic"
	fieldMute  = "mute"
)

func selectionQuery(chosen sigpost.Selection) string {
	if chosen.IsAll() {
		return ""
	}
	q := url.Values{}
	for _, t := range chosen.Topics {
		q.Add(fieldTopic, t.String())
	}
	for _, t := range chosen.Muted {
		q.Add(fieldMute, t.String())
	}
	return "?" + q.Encode()
}

// selection reads the topics of a form or a link. What is no topic is an error
// that wraps sigpost.ErrNotFound: a form has no such field.
func (s *site) selection(form url.Values) (chosen sigpost.Selection, err error) {
	read := func(field string) (tags []sigpost.Tag) {
		for _, name := range form[field] {
			tag, ok := sigpost.ParseTag(name)
			if !ok || s.Titles[name] == "" {
				err = fmt.Errorf("there is no topic %q: %w", name, sigpost.ErrNotFound)
			} else if !slices.Contains(tags, tag) {
				tags = append(tags, tag)
			}
		}
		return tags
	}
	chosen.Topics, chosen.Muted = read(fieldTopic), read(fieldMute)
	return chosen, err
}

// readWish reads what a form says about a publication. problem is what the person
// has to put right.
func (s *site) readWish(p subscribe.Publication, digest string, form url.Values) (wish sigpost.Subscription, problem string, err error) {
	wish.Digest = cmp.Or(form.Get("frequency"), digest)
	edition, ok := p.Edition(wish.Digest)
	if !ok {
		return wish, "", sigpost.ErrNotFound
	}
	if wish.Selection, err = s.selection(form); err != nil {
		return wish, "", err
	}
	for _, t := range wish.Topics {
		if slices.Contains(wish.Muted, t) {
			problem = s.Titles[t.String()] + " cannot be both chosen and left out: take one of the two marks away."
		}
	}
	wish.Text = form.Get("format") == "text"
	wish.NewsOnly = edition.SendsAll && form.Get("news") == "only"
	wish.Subscriber.Zone = strings.TrimSpace(form.Get("zone"))
	if wish.Subscriber.Zone == s.Zone(wish.Digest) {
		wish.Subscriber.Zone = ""
	}
	if zone := wish.Subscriber.Zone; !knownZone(zone) {
		problem = fmt.Sprintf("%q is not the name of a time zone: choose one that is offered as you type, such as Europe/Berlin.", zone)
	}
	return wish, problem, nil
}

// knownZone says whether a zone has a name that others know too.
func knownZone(name string) bool {
	if len(name) > 64 || strings.EqualFold(name, "local") {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}
