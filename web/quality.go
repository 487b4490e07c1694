package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"sigpost"
	"sigpost/review"
	"sigpost/store"
)

type qualityPage struct {
	page
	// Sample is the precision by the samples, Decided by all decisions on accepted
	// tags.
	Sample, Decided             shareRow
	SampleTables, DecidedTables []shareTable
	Drawn                       int // tags that were drawn
}

// shareTable is how many were right of each of several.
type shareTable struct {
	Caption, What string
	Rows          []shareRow
}

// tables leaves out those with nothing in them.
func tables(all ...shareTable) []shareTable {
	return slices.DeleteFunc(all, func(t shareTable) bool { return len(t.Rows) == 0 })
}

// shareRow is how many of some accepted tags were right.
type shareRow struct {
	Title, URL string
	review.Share
}

// Range is where the precision lies, in words.
func (r shareRow) Range() string {
	if r.Of == 0 {
		return "not known"
	}
	low, high := r.Interval()
	return fmt.Sprintf("%.0f %% (%.0f to %.0f %%)", 100*r.Point(), 100*low, 100*high)
}

// shares count by some key.
type shares map[string]*shareRow

func (s shares) add(key string, right bool, row shareRow) {
	if s[key] == nil {
		s[key] = &row
	}
	s[key].Add(right)
}

func (s shares) sorted(order func(a, b shareRow) int) []shareRow {
	var all []shareRow
	for _, row := range s {
		all = append(all, *row)
	}
	slices.SortFunc(all, func(a, b shareRow) int { return cmp.Or(order(a, b), cmp.Compare(a.Title, b.Title)) })
	return all
}

// How far back the page looks, and how long its tables are.
const (
	qualityMonths = 12
	qualityRows   = 40
)

// worst puts first what errs most for certain: by how much of it is wrong at least.
func worst(a, b shareRow) int {
	_, highA := a.Interval()
	_, highB := b.Interval()
	return cmp.Or(cmp.Compare(highA, highB), cmp.Compare(b.Of, a.Of))
}

func latest(a, b shareRow) int { return cmp.Compare(b.Title, a.Title) }

// quality says how often accepted tags are right.
func (s *site) quality(w http.ResponseWriter, r *http.Request) {
	p := qualityPage{page: s.page(r, "Quality")}
	since := s.now().AddDate(0, -qualityMonths, 0)
	samples, err := s.Store.Samples(r.Context(), since)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	decided, err := s.Store.Judgements(r.Context(), since)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	weeks, versions, sampleTags := shares{}, shares{}, shares{}
	for _, one := range samples {
		if p.Drawn++; !one.Judged {
			continue
		}
		p.Sample.Add(one.Right)
		week, version := one.Week.Format(time.DateOnly), shortVersion(one.Taxonomy)
		weeks.add(week, one.Right, shareRow{Title: week})
		versions.add(version, one.Right, shareRow{Title: version})
		sampleTags.add(one.Tag.String(), one.Right, shareRow{Title: one.Title})
	}
	months, tags, rules := shares{}, shares{}, shares{}
	for _, j := range decided {
		if j.State != sigpost.TagAccepted || j.Tag.Kind == sigpost.KindNature {
			continue
		}
		p.Decided.Add(j.Accept)
		month, title := j.At.Format("2006-01"), cmp.Or(s.Titles[j.Tag.String()], j.Tag.String())
		months.add(month, j.Accept, shareRow{Title: month})
		tags.add(j.Tag.String(), j.Accept, shareRow{Title: title, URL: "/review?tag=" + url.QueryEscape(j.Tag.String())})
		if j.Rule != "" {
			rules.add(j.Tag.String()+"\n"+j.Rule, j.Accept, shareRow{Title: title + ": " + j.Rule, URL: "/review/bulk?tag=" + url.QueryEscape(j.Tag.String()) + "&rule=" + url.QueryEscape(j.Rule)})
		}
	}
	p.SampleTables = tables(shareTable{"Samples, week by week", "Week from", weeks.sorted(latest)},
		shareTable{"Samples, by the taxonomy that tagged", "Taxonomy", versions.sorted(latest)},
		shareTable{"Samples, by tag, those that err most first", "Tag", firstRows(sampleTags)})
	p.DecidedTables = tables(shareTable{"Decisions, month by month", "Month", months.sorted(latest)},
		shareTable{"Decisions, by tag, those that err most first", "Tag", firstRows(tags)},
		shareTable{"Decisions, by the rule that said most, those that err most first", "Rule", firstRows(rules)})
	s.show(w, r, http.StatusOK, "quality", p)
}

func firstRows(s shares) []shareRow {
	all := s.sorted(worst)
	return all[:min(len(all), qualityRows)]
}

// shortVersion is enough of a taxonomy's version to tell it from others.
func shortVersion(v string) string { return v[:min(len(v), 12)] }

type samplePage struct {
	page
	Week  time.Time
	Tags  []sampledView
	Share shareRow
	// Left is how many nobody has judged; Size how many would be drawn.
	Left, Size int
	Last       *lastAct
	Query      string
	Problem    string
}

type sampledView struct {
	store.Sampled
	Number int
	Why    []reviewEvidence
	// Next says that it is the first that nobody has judged.
	Next bool
}

// weekSample shows the accepted tags that were drawn this week.
func (s *site) weekSample(w http.ResponseWriter, r *http.Request) {
	s.showSample(w, r, http.StatusOK, "")
}

func (s *site) showSample(w http.ResponseWriter, r *http.Request, status int, problem string) {
	ctx := r.Context()
	p := samplePage{page: s.page(r, "This week’s sample"), Week: review.Week(s.now()), Size: review.SampleSize, Problem: problem}
	p.Scripts = []string{"review.js"}
	all, err := s.Store.Samples(ctx, p.Week)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var ids []int64
	for _, one := range all {
		ids = append(ids, one.Thread)
	}
	taggings, err := s.Store.Taggings(ctx, ids)
	if err == nil {
		p.Last, err = s.lastAct(r)
	}
	var unseen store.Unseen
	if err == nil {
		unseen, err = s.Store.Unseen(ctx, ids, nil)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for i, one := range all {
		one.Subject = subjectOf(unseen, one.Thread, one.Subject)
		v := sampledView{Sampled: one, Number: i + 1}
		for _, g := range taggings[one.Thread] {
			if g.Tag == one.Tag {
				for _, e := range g.Evidence[:min(len(g.Evidence), 4)] {
					v.Why = append(v.Why, evidenceOf(e, unseen))
				}
			}
		}
		if one.Judged {
			p.Share.Add(one.Right)
		} else {
			v.Next = p.Left == 0
			p.Left++
		}
		p.Tags = append(p.Tags, v)
	}
	s.show(w, r, status, "sample", p)
}

// drawSample draws the sample of this week, or decides on a tag of it.
func (s *site) drawSample(w http.ResponseWriter, r *http.Request) {
	ctx, tag := r.Context(), r.PostFormValue("tag")
	if tag == "" {
		week := review.Week(s.now())
		if err := s.Store.Draw(ctx, week, review.SampleSize, review.Start(week)); err != nil {
			s.fail(w, r, err)
			return
		}
		http.Redirect(w, r, "/review/sample", http.StatusSeeOther)
		return
	}
	id, err := strconv.ParseInt(r.PostFormValue("thread"), 10, 64)
	verdict := r.PostFormValue("verdict")
	if err != nil || verdict != "accept" && verdict != "reject" {
		s.fail(w, r, sigpost.ErrUsage)
		return
	}
	if err := s.Review.Decide(ctx, id, tag, verdict == "accept", personOf(r).Addr, "in the sample of a week"); err != nil {
		s.refuseAct(w, r, err, func(status int, says string) { s.showSample(w, r, status, says) })
		return
	}
	http.Redirect(w, r, s.did(r, "/review/sample#next"), http.StatusSeeOther)
}
