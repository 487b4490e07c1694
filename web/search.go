package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/search"
	"sigpost/store"
)

// searchRoutes are where the archive is searched.
func (s *site) searchRoutes() []route {
	return []route{
		{pattern: "GET /search", handle: s.search, costly: true},
		{pattern: "GET /search/feed", handle: s.searchFeed, shared: true, costly: true},
		{pattern: "GET /search/mbox", handle: s.searchMbox, time: mboxTime, costly: true},
	}
}

// searchTime is how long a search may take.
const searchTime = 3 * time.Second

// byRelevance is the order in which the best comes first.
const byRelevance = "relevance"

type searchPage struct {
	page
	Query       string
	ByRelevance bool
	// Asked says that there was a query, Slow that it took too long.
	Asked, Slow bool
	Problems    []searchProblem
	// Meant is the query as it may have been meant, and MeantURL its results.
	Meant, MeantURL string
	Results         []searchResult
	// Count says in words how many messages there are, "" on later pages; Ranked how many of them were
	// ranked, where not all were.
	Count   string
	Ranked  int
	NextURL string
	FeedURL string
	// MboxURL has the newest MboxMost of the messages as they came.
	MboxURL  string
	MboxMost int
	Kinds    []sigpost.TagKind // that are fields
}

// searchProblem is what is wrong with a query, which it quotes.
type searchProblem struct {
	Before, Bad, After  string
	Says                string
	Instead, InsteadURL string
	Fatal               bool
}

// searchResult is a message that was found, with what was looked for marked.
type searchResult struct {
	store.Hit
	URL                string
	Title, By, Passage template.HTML
}

// marked is a text with what was looked for in <mark>: it is made here since a
// page has hundreds of pieces, of which each costs a template some microseconds.
func marked(pieces []search.Piece) template.HTML {
	var b strings.Builder
	for _, p := range pieces {
		if p.Hit {
			b.WriteString("<mark>" + template.HTMLEscapeString(p.Text) + "</mark>")
		} else {
			template.HTMLEscape(&b, []byte(p.Text))
		}
	}
	return template.HTML(b.String())
}

// names are what queries may name.
func (s *site) names(ctx context.Context) search.Names {
	if s.SearchNames != nil {
		return s.SearchNames(ctx)
	}
	return search.Names{Now: time.Now()}
}

func searchURL(path, query, order, from string) string {
	v := url.Values{"q": {query}}
	if order == byRelevance {
		v.Set("order", order)
	}
	if from != "" {
		v.Set("from", from)
	}
	return path + "?" + v.Encode()
}

// search shows what a query finds.
func (s *site) search(w http.ResponseWriter, r *http.Request) {
	text, order := r.FormValue("q"), r.FormValue("order")
	p := searchPage{page: s.page(r, "Search"), Query: text, ByRelevance: order == byRelevance}
	p.NoIndex = text != ""
	names := s.names(r.Context())
	p.Kinds = names.Kinds
	query := search.Parse(text, names)
	for _, problem := range query.Problems {
		p.Problems = append(p.Problems, showProblem(text, order, problem))
	}
	if query.Bad() != nil {
		s.show(w, r, http.StatusBadRequest, "search", p)
		return
	}
	if query.Root == nil {
		s.show(w, r, http.StatusOK, "search", p)
		return
	}
	p.Asked, p.Title = true, "Search: "+text
	p.FeedURL = searchURL("/search/feed", text, "", "")
	p.addFeed("Search: "+text, p.FeedURL)
	p.MboxURL, p.MboxMost = searchURL("/search/mbox", text, "", ""), mboxMost
	s.find(w, r, p, query, names, order, searchTime)
}

// find shows a page with what is found in so long.
func (s *site) find(w http.ResponseWriter, r *http.Request, p searchPage, query search.Query, names search.Names, order string, limit time.Duration) {
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	found, err := s.Store.Find(ctx, store.Find{Query: query, ByRelevance: p.ByRelevance, After: r.FormValue("from")})
	if errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil {
		p.Slow = true
		s.show(w, r, http.StatusServiceUnavailable, "search", p)
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.fill(&query, found, order)
	if len(found.Hits) == 0 && r.FormValue("from") == "" {
		if p.Meant = s.meant(ctx, &query, names); p.Meant != "" {
			p.MeantURL = searchURL("/search", p.Meant, order, "")
		}
	}
	s.show(w, r, http.StatusOK, "search", p)
}

// meant is a query that may have been meant and that finds something; "" where there is
// none. So it names nobody of whom nothing is shown.
func (s *site) meant(ctx context.Context, query *search.Query, names search.Names) string {
	meant := query.Meant(names)
	if meant == "" {
		return ""
	}
	found, err := s.Store.Find(ctx, store.Find{Query: search.Parse(meant, names), Limit: 1})
	if err != nil || len(found.Hits) == 0 {
		return ""
	}
	return meant
}

// fill puts results on the page.
func (p *searchPage) fill(query *search.Query, found store.Found, order string) {
	matcher := query.Matcher()
	for _, h := range found.Hits {
		p.Results = append(p.Results, searchResult{Hit: h, URL: messagePath(h.MessageID),
			Title: marked(matcher.Mark(orNone(legible(h.Subject)), search.FieldSubject)), By: marked(matcher.Mark(h.Author.Label(), search.FieldFrom)),
			Passage: marked(matcher.Passage(legible(h.Words)))})
	}
	if found.Count > 0 { // later pages do not say
		p.Count = countWords(found.Count, found.Uncounted)
	}
	p.Ranked = found.Ranked
	if found.Next != "" {
		p.NextURL = searchURL("/search", query.Text, order, found.Next)
	}
}

// mboxMost is how many messages the mbox of a search has at most.
const mboxMost = 1000

// searchMbox gives the newest messages that a query finds as an mbox.
func (s *site) searchMbox(w http.ResponseWriter, r *http.Request) {
	query := search.Parse(r.FormValue("q"), s.names(r.Context()))
	if err := query.Err(); err != nil || query.Root == nil {
		s.fail(w, r, errors.Join(sigpost.ErrUsage, err))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), searchTime)
	defer cancel()
	mail, _, err := s.Store.FoundMail(ctx, query, mboxMost)
	s.mbox(w, r, "search", mail, err)
}

func orNone(subject string) string {
	if subject == "" {
		return "(no subject)"
	}
	return subject
}

// countWords says how many messages there are.
func countWords(n int, atLeast bool) string {
	switch {
	case atLeast:
		return "More than " + thousands(n) + " messages"
	case n == 1:
		return "1 message"
	}
	return thousands(n) + " messages"
}

func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

func showProblem(text, order string, p search.Problem) searchProblem {
	shown := searchProblem{Before: text[:p.Start], Bad: text[p.Start:p.End], After: text[p.End:], Says: p.Says, Instead: p.Instead, Fatal: p.Fatal}
	if p.Instead != "" {
		shown.InsteadURL = searchURL("/search", p.Instead, order, "")
	}
	return shown
}

// trySearch are the page of searching in all its states.
func (s *site) trySearch() []tried {
	p := s.page(nil, "Search")
	pieces := marked([]search.Piece{{Text: "One "}, {Text: "two", Hit: true}})
	hit := store.Hit{Author: sigpost.Address{Name: "Jo"}, Received: time.Unix(0, 0), Robot: true, Attachments: []sigpost.Attachment{{}}, ThreadSubject: "One", ThreadMessages: 2, ThreadID: 1,
		Tags: []sigpost.Tagging{{Tag: sigpost.Tag{Kind: sigpost.KindProject, Name: "one"}, Title: "One"}}, Lists: []string{"one"}}
	result := searchResult{Hit: hit, URL: "/", Title: pieces, By: pieces, Passage: pieces}
	single := result
	single.ThreadMessages = 1
	return []tried{
		{"search", searchPage{page: p, Kinds: []sigpost.TagKind{sigpost.KindProject, sigpost.KindScenario}}},
		{"search", searchPage{page: p, Query: "one", Problems: []searchProblem{{Before: "a", Bad: "b", After: "c", Says: "Says.", Instead: "d", InsteadURL: "/", Fatal: true}, {Says: "Says."}}}},
		{"search", searchPage{page: p, Query: "one", Asked: true, Slow: true}},
		{"search", searchPage{page: p, Query: "one", Asked: true, Meant: "two", MeantURL: "/", Count: "0 messages", FeedURL: "/"}},
		{"search", searchPage{page: p, Query: "one", Asked: true, ByRelevance: true, Results: []searchResult{result, single}, Count: "2 messages", Ranked: 2, NextURL: "/", FeedURL: "/", MboxURL: "/", MboxMost: 2}},
	}
}
