package web

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/store"
)

// How long counts and statistics are shown before they are made anew, and how
// many weeks the one and the other look back.
const (
	countsLife     = time.Minute
	statisticsLife = 10 * time.Minute
	trendWeeks     = 12
	yearWeeks      = 52
)

// Browse is what lists of threads and the home page ask for.
type Browse struct {
	// Lists are the titles of the mailing lists by their names.
	Lists map[string]string
	// Events are what is coming, in order; nil where nobody can say.
	Events func(context.Context) ([]sigpost.Occurrence, error)
}

// topicCount is a topic with what it has.
type topicCount struct {
	Tag     sigpost.Tag
	Title   string
	Threads int
	// Week is in how many threads something came in the last seven days.
	Week  int
	Trend trend
}

// URL is the topic's page.
func (c topicCount) URL() string { return topicPath(c.Tag) }

// listCount is a mailing list with what it has.
type listCount struct {
	Name, Title             string
	Threads, Messages, Week int
	Trend                   trend
}

// URL is the list's page.
func (c listCount) URL() string { return listPath(c.Name) }

// counts are what is counted for many pages.
type counts struct {
	topics  []topicCount // kind by kind, what has most news first
	byTag   map[sigpost.Tag]*topicCount
	lists   []listCount
	natures map[sigpost.Nature][]int // threads with news, week by week
	options template.HTML            // of the topics
}

// now is the time.
func (s *site) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// window are the last weeks, the present day included (UTC).
func (s *site) window(weeks int) sigpost.Window {
	to := s.now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	return sigpost.Window{From: to.Add(-time.Duration(weeks) * store.Week), To: to}
}

// count makes the counts.
func (s *site) count(ctx context.Context) (*counts, error) {
	topics, err := s.Store.TagCounts(ctx)
	if err != nil {
		return nil, err
	}
	lists, err := s.Store.ListCounts(ctx)
	if err != nil {
		return nil, err
	}
	news, err := s.Store.News(ctx, s.window(trendWeeks))
	if err != nil {
		return nil, err
	}
	c := &counts{byTag: map[sigpost.Tag]*topicCount{}, natures: map[sigpost.Nature][]int{}}
	used := map[string]bool{}
	for _, t := range topics {
		used[t.Tag.String()] = true
		c.topics = append(c.topics, topicCount{Tag: t.Tag, Title: cmp.Or(s.Titles[t.Tag.String()], t.Title), Threads: t.Threads})
	}
	for name, title := range s.Titles {
		if tag, ok := sigpost.ParseTag(name); ok && !used[name] && tag.Kind != sigpost.KindNature {
			c.topics = append(c.topics, topicCount{Tag: tag, Title: title})
		}
	}
	for i, t := range c.topics {
		c.topics[i].Week, c.topics[i].Trend = lastOf(news.Tags[t.Tag]), trendOf(news.Tags[t.Tag])
	}
	slices.SortFunc(c.topics, func(a, b topicCount) int {
		return cmp.Or(cmp.Compare(kindOrder(a.Tag.Kind), kindOrder(b.Tag.Kind)), cmp.Compare(a.Tag.Kind, b.Tag.Kind),
			cmp.Compare(b.Week, a.Week), cmp.Compare(b.Threads, a.Threads), cmp.Compare(a.Title, b.Title))
	})
	for i := range c.topics {
		c.byTag[c.topics[i].Tag] = &c.topics[i]
	}
	c.options = topicOptions(c.topics)
	for _, l := range lists {
		of := news.Lists[l.List]
		c.lists = append(c.lists, listCount{l.List, cmp.Or(s.Browse.Lists[l.List], l.List), l.Threads, l.Messages, lastOf(of), trendOf(of)})
	}
	for _, n := range sigpost.Natures() {
		c.natures[n] = news.Tags[n.Tag()]
	}
	return c, nil
}

// topic finds a topic, whether or not the taxonomy has it or some thread. The
// error wraps sigpost.ErrNotFound where neither does.
func (s *site) topic(ctx context.Context, c *counts, tag sigpost.Tag) (topicCount, error) {
	if t := c.byTag[tag]; t != nil {
		return *t, nil
	}
	if again, ok := sigpost.ParseTag(tag.String()); !ok || again != tag || tag.Kind == sigpost.KindNature {
		return topicCount{}, sigpost.ErrNotFound
	}
	title, err := s.Store.TagTitle(ctx, tag) // somebody has just said so of a thread
	return topicCount{Tag: tag, Title: title, Trend: trendOf(nil)}, err
}

// group is the topics of one kind.
type group struct {
	Title  string
	Topics []topicCount
}

// groups are topics by kind.
func groups(topics []topicCount) (all []group) {
	for _, t := range topics {
		if title := kindTitle(t.Tag.Kind); len(all) == 0 || all[len(all)-1].Title != title {
			all = append(all, group{Title: title})
		}
		all[len(all)-1].Topics = append(all[len(all)-1].Topics, t)
	}
	return all
}

// trend is a row of counts as bars, and in words for who does not see them.
type trend struct {
	Path          string // of an SVG
	Width, Height int
	Words         string
}

// Sizes of bars, in the SVG's units.
const (
	barWidth  = 4
	barGap    = 1
	barHeight = 16
)

// trendOf draws counts, the oldest first; nil stands for none in each week.
func trendOf(counts []int) trend {
	if counts == nil {
		counts = make([]int, trendWeeks)
	}
	t := trend{Width: len(counts)*(barWidth+barGap) - barGap, Height: barHeight}
	most := max(1, slices.Max(counts))
	var path, words strings.Builder
	for i, n := range counts {
		if i > 0 {
			words.WriteString(", ")
		}
		fmt.Fprint(&words, n)
		high := (n*(barHeight-1) + most - 1) / most // what is not 0 is seen
		fmt.Fprintf(&path, "M%d %dv-%dh%dv%dz", i*(barWidth+barGap), barHeight, high+1, barWidth, high+1)
	}
	t.Path = path.String()
	t.Words = fmt.Sprintf("Threads with news in each of the last %d weeks, the oldest first: %s", len(counts), &words)
	return t
}

func lastOf(counts []int) int {
	if len(counts) == 0 {
		return 0
	}
	return counts[len(counts)-1]
}
