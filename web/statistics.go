package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"sigpost"
	"sigpost/store"
)

// statistics are what is said of the archive as a whole. Nobody is ranked in it.
type statistics struct {
	weeks   []store.WeekCount // of a year, or since the archive begins; the latest first
	answers store.Answers
	since   time.Time // of the answers
}

func (s *site) measure(ctx context.Context) (*statistics, error) {
	w := s.window(yearWeeks)
	counted, err := s.Store.Weeks(ctx, w)
	if err != nil {
		return nil, err
	}
	all := make([]store.WeekCount, yearWeeks)
	for i := range all {
		all[i].Week = i
	}
	for _, c := range counted {
		all[c.Week] = c
	}
	// Before its first message there was no archive that could be quiet.
	_, begin, err := s.Store.Volume(ctx, nil, w.From)
	if err != nil {
		return nil, err
	}
	all = all[min(int(begin.Sub(w.From)/store.Week), yearWeeks-1):]
	slices.Reverse(all)
	since := s.window(trendWeeks).From
	answers, err := s.Store.Answers(ctx, since)
	return &statistics{all, answers, since}, err
}

type statisticsPage struct {
	page
	Weeks   []weekRow
	Lists   []listCount
	Topics  []topicCount
	Natures []natureRow
	// Answers are in words, "" where nothing wants an answer.
	Answers string
}

// weekRow is a week in words.
type weekRow struct {
	From, To          time.Time // days, both in it
	Messages, Threads int
}

type natureRow struct {
	Title string
	URL   string
	Week  int
	Trend trend
}

func (s *site) statisticsPage(w http.ResponseWriter, r *http.Request) {
	c, err := s.counts.get(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	stats, err := s.statistics.get(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := statisticsPage{page: s.page(r, "Statistics"), Lists: c.lists, Topics: busiest(c.topics), Answers: answersWords(stats.answers)}
	p.Canonical, p.Description = s.absolute("/statistics"), "How much is said on the lists, about what, and whether it is answered."
	from := s.window(yearWeeks).From
	for _, week := range stats.weeks {
		begin := from.Add(time.Duration(week.Week) * store.Week)
		p.Weeks = append(p.Weeks, weekRow{begin, begin.Add(store.Week - 24*time.Hour), week.Messages, week.Threads})
	}
	for _, n := range sigpost.Natures() {
		p.Natures = append(p.Natures, natureRow{n.Title(), topicPath(n.Tag()), lastOf(c.natures[n]), trendOf(c.natures[n])})
	}
	s.show(w, r, http.StatusOK, "statistics", p)
}

// answersWords say how people answer one another.
func answersWords(a store.Answers) string {
	if a.Begun == 0 {
		return ""
	}
	of := fmt.Sprintf("Of the %d", a.Begun)
	if a.Bounded {
		of += " latest"
	}
	words := fmt.Sprintf("%s questions, proposals and discussions that people began in the last %d weeks, %d (%d %%) have a message by somebody else", of, trendWeeks, a.Answered, (100*a.Answered+a.Begun/2)/a.Begun)
	if a.Answered == 0 {
		return words + "."
	}
	return words + ". Half of these had the first one within " + duration(a.Median) + "."
}

// duration is a time that something took, in words.
func duration(d time.Duration) string {
	switch {
	case d < time.Hour:
		return plural(max(1, int(d.Round(time.Minute)/time.Minute)), "minute")
	case d < 48*time.Hour:
		return plural(int(d.Round(time.Hour)/time.Hour), "hour")
	}
	return plural(int(d.Round(24*time.Hour)/(24*time.Hour)), "day")
}
