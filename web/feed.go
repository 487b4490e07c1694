package web

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/digest"
	"sigpost/search"
	"sigpost/store"
)

// How much a feed has: issues, threads, messages of a thread, and of what a
// message says at most so many bytes.
const (
	feedLength     = 20
	feedThreads    = 40
	feedMessages   = 50
	feedExcerpt    = 1500
	feedWholeWords = 8 << 10
)

// AllFeedPath is the feed of all threads.
const AllFeedPath = "/feed"

// feedRoutes are the Atom feeds (RFC 4287) of what is read here, and the calendars
// of topics.
func (s *site) feedRoutes() []route {
	routes := []route{
		{pattern: "GET " + AllFeedPath, handle: s.allFeed, shared: true},
		{pattern: "GET /topics/{kind}/{name}/feed", handle: s.topicFeed, shared: true},
		{pattern: "GET /lists/{name}/feed", handle: s.listFeed, shared: true},
		{pattern: "GET /threads/{id}/feed", handle: s.threadFeed, shared: true},
		{pattern: "GET /issues/{digest}/feed", handle: s.feed, shared: true},
	}
	if s.TopicCalendar != nil {
		routes = append(routes, route{pattern: "GET /topics/{kind}/{name}/events.ics", handle: s.topicCalendar, shared: true})
	}
	return routes
}

// feedLink is how pages say that there is a feed.
type feedLink struct{ Title, URL string }

// feedLinks are those of every page.
func (s *site) feedLinks() []feedLink {
	var all []feedLink
	for _, name := range slices.Sorted(maps.Keys(s.Digests)) {
		all = append(all, feedLink{s.Digests[name], FeedPath(name)})
	}
	return append(all, feedLink{s.Title + ": all threads", AllFeedPath})
}

// addFeed says that there is a feed of what the page shows: readers of feeds take
// the first.
func (p *page) addFeed(title, url string) {
	p.Feeds = append([]feedLink{{title, url}}, p.Feeds...)
}

// feed is the Atom feed of a digest's issues (RFC 4287), with each issue whole.
func (s *site) feed(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("digest")
	if s.Digests[name] == "" {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	issues, err := s.publicIssues(r.Context(), name, 0, feedLength)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	f := digest.Feed{
		ID: digest.FeedID(s.Domain(name), name), Title: s.Digests[name], Author: s.Author(name),
		Self: s.absolute(FeedPath(name)), Web: s.absolute("/"),
	}
	t, err := s.Templates(name)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, issue := range issues {
		reader := s.Reader(issue)
		reader.IssueURL = s.absolute(issuePath(name, issue.Number))
		e, err := t.Entry(issue, reader)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		e.ID, e.Author = digest.EntryID(s.Domain(name), issue), f.Author
		f.Entries = append(f.Entries, e)
	}
	s.sendFeed(w, r, f)
}

// feedID is the id of what has no Message-ID: a tag URI (RFC 4151) that is the
// same wherever the pages are to be reached.
func (s *site) feedID(what string) string {
	domain := ""
	if s.Domain != nil {
		for _, name := range slices.Sorted(maps.Keys(s.Digests)) {
			domain = cmp.Or(domain, s.Domain(name))
		}
	}
	if u, err := url.Parse(s.URL); err == nil {
		domain = cmp.Or(domain, u.Hostname())
	}
	return digest.FeedID(cmp.Or(domain, "sigpost.invalid"), what)
}

// messageFeedID is the id of a message in feeds (RFC 2392).
func messageFeedID(id sigpost.MessageID) string { return "mid:" + url.PathEscape(string(id)) }

// sendFeed answers with a feed. Its ETag is made of all that is in it: a tag that
// somebody decides on changes a feed whose threads are as old as before, so that no
// date says whether it is the same.
func (s *site) sendFeed(w http.ResponseWriter, r *http.Request, f digest.Feed) {
	data, err := f.XML()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	sendKept(w, r, data)
}

// sendKept answers with what caches may keep for a minute, or with 304 where the
// client has it.
func sendKept(w http.ResponseWriter, r *http.Request, data []byte) {
	w.Header().Set("ETag", etagOf(data))
	w.Header().Set("Cache-Control", "public, max-age=60")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

func etagOf(data []byte) string {
	sum := sha256.Sum256(data)
	return `W/"` + hex.EncodeToString(sum[:12]) + `"` // of the answer, compressed or not
}

// allFeed has the threads with news.
func (s *site) allFeed(w http.ResponseWriter, r *http.Request) {
	s.sendThreads(w, r, digest.Feed{ID: s.feedID("threads"), Title: s.Title + ": all threads", Self: s.absolute(AllFeedPath), Web: s.absolute(ThreadsPath)}, store.ThreadQuery{})
}

// topicFeed has those that are about something, as people have decided where they
// have.
func (s *site) topicFeed(w http.ResponseWriter, r *http.Request) {
	tag, title, err := s.namedTag(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	self := topicBase(tag) + "/feed"
	s.sendThreads(w, r, digest.Feed{ID: s.feedID("topics/" + url.PathEscape(string(tag.Kind)) + "/" + url.PathEscape(tag.Name)), Title: s.Title + ": " + title,
		Self: s.absolute(self), Web: s.absolute(topicPath(tag))}, store.ThreadQuery{Tags: []sigpost.Tag{tag}})
}

// topicBase is where what belongs to a tag is, a nature's too.
func topicBase(t sigpost.Tag) string {
	return "/topics/" + url.PathEscape(string(t.Kind)) + "/" + url.PathEscape(t.Name)
}

// namedTag is the tag that a path names, with its title.
func (s *site) namedTag(r *http.Request) (tag sigpost.Tag, title string, err error) {
	tag = sigpost.Tag{Kind: sigpost.TagKind(r.PathValue("kind")), Name: r.PathValue("name")}
	if tag.Kind == sigpost.KindNature {
		if title = sigpost.Nature(tag.Name).Title(); title == "" {
			err = sigpost.ErrNotFound
		}
		return tag, title, err
	}
	c, err := s.counts.get(r.Context())
	if err != nil {
		return tag, "", err
	}
	t, err := s.topic(r.Context(), c, tag)
	return tag, t.Title, err
}

// listFeed has those on a mailing list.
func (s *site) listFeed(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if err := s.knowsList(r.Context(), name); err != nil {
		s.fail(w, r, err)
		return
	}
	s.sendThreads(w, r, digest.Feed{ID: s.feedID("lists/" + url.PathEscape(name)), Title: s.Title + ": " + cmp.Or(s.Browse.Lists[name], name),
		Self: s.absolute(listPath(name) + "/feed"), Web: s.absolute(listPath(name))}, store.ThreadQuery{List: name})
}

// sendThreads answers with a feed of threads: one entry each, which is news again
// whenever the thread has grown.
func (s *site) sendThreads(w http.ResponseWriter, r *http.Request, f digest.Feed, q store.ThreadQuery) {
	f.Author, q.Limit = s.Title, feedThreads
	list, err := s.Store.ListThreads(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	ids := make([]int64, len(list.Threads))
	for i, t := range list.Threads {
		ids[i] = t.ID
	}
	latest, err := s.Store.Latest(r.Context(), ids)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, t := range list.Threads {
		f.Entries = append(f.Entries, s.threadEntry(t, latest[t.ID]))
	}
	s.sendFeed(w, r, f)
}

// threadEntry is a thread in a feed, with the beginning of its latest message. Its
// id is that of the thread which others are merged into, which stays.
func (s *site) threadEntry(t sigpost.Thread, latest store.Hit) digest.Entry {
	e := digest.Entry{ID: s.feedID("threads/" + strconv.FormatInt(t.ID, 10)), Title: orNone(legible(t.BaseSubject)), URL: s.absolute(threadPath(t.ID)),
		Updated: t.Last, Published: t.First, Tags: t.Tags, Author: latest.Author.Label()}
	words := excerpt(latest.Words, feedExcerpt)
	e.Summary = strings.Join(strings.Fields(excerpt(words, 300)), " ")
	facts := plural(t.Messages, "message")
	if e.Author != "" {
		facts += ", the latest by " + e.Author
	}
	e.Content = "<p>" + template.HTMLEscapeString(facts) + "</p>" + paragraphs(words)
	return e
}

// excerpt is the beginning of a text as it may be shown, in at most so many bytes.
func excerpt(text string, most int) string {
	text = strings.TrimSpace(legible(text))
	if len(text) <= most {
		return text
	}
	text = strings.ToValidUTF8(text[:most], "")
	if at := strings.LastIndexAny(text, " \n"); at > most/2 {
		text = text[:at]
	}
	return text + " …"
}

// paragraphs are a text as HTML.
func paragraphs(text string) string {
	var b strings.Builder
	for p := range strings.SplitSeq(text, "\n\n") {
		if p = strings.Trim(p, "\n"); p != "" {
			b.WriteString("<p>" + strings.ReplaceAll(template.HTMLEscapeString(p), "\n", "<br/>") + "</p>")
		}
	}
	return b.String()
}

// threadFeed has the messages of a thread.
func (s *site) threadFeed(w http.ResponseWriter, r *http.Request) {
	t, err := s.namedThread(r.Context(), r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if strconv.FormatInt(t.ID, 10) != r.PathValue("id") { // it was merged into another one
		http.Redirect(w, r, threadPath(t.ID)+"/feed", http.StatusMovedPermanently)
		return
	}
	hits, err := s.Store.NewestOf(r.Context(), t.ID, feedMessages)
	if err == nil && len(hits) == 0 {
		err = errGone
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	f := digest.Feed{ID: s.feedID("threads/" + strconv.FormatInt(t.ID, 10) + "/messages"), Title: orNone(legible(t.BaseSubject)), Author: s.Title,
		Self: s.absolute(threadPath(t.ID) + "/feed"), Web: s.absolute(threadPath(t.ID))}
	for _, h := range hits {
		f.Entries = append(f.Entries, s.messageEntry(h, ""))
	}
	s.sendFeed(w, r, f)
}

// namedThread is the thread of a number, or the one that it was joined to.
func (s *site) namedThread(ctx context.Context, number string) (sigpost.Thread, error) {
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return sigpost.Thread{}, sigpost.ErrNotFound
	}
	return s.Store.Thread(ctx, id)
}

// messageEntry is a message in a feed; summary may be "".
func (s *site) messageEntry(h store.Hit, summary string) digest.Entry {
	words := excerpt(h.Words, feedWholeWords)
	if summary == "" {
		summary = strings.Join(strings.Fields(excerpt(words, 300)), " ")
	}
	return digest.Entry{ID: messageFeedID(h.MessageID), Title: orNone(legible(h.Subject)), Author: h.Author.Label(), URL: s.absolute(messagePath(h.MessageID)),
		Updated: h.Received, Tags: h.Tags, Summary: summary, Content: paragraphs(words)}
}

// searchFeed is the newest of what a query finds.
func (s *site) searchFeed(w http.ResponseWriter, r *http.Request) {
	text := r.FormValue("q")
	query := search.Parse(text, s.names(r.Context()))
	if err := query.Err(); err != nil || query.Root == nil {
		s.fail(w, r, errors.Join(sigpost.ErrUsage, err))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), searchTime)
	defer cancel()
	found, err := s.Store.Find(ctx, store.Find{Query: query})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	f := digest.Feed{ID: s.feedID("search/" + url.PathEscape(text)), Title: s.Title + ": " + text, Author: s.Title,
		Self: s.absolute(searchURL("/search/feed", text, "", "")), Web: s.absolute(searchURL("/search", text, "", ""))}
	matcher := query.Matcher()
	for _, h := range found.Hits {
		passage := ""
		for _, p := range matcher.Passage(h.Words) {
			passage += p.Text
		}
		f.Entries = append(f.Entries, s.messageEntry(h, legible(passage)))
	}
	s.sendFeed(w, r, f)
}

// topicCalendar is what takes place about a topic.
func (s *site) topicCalendar(w http.ResponseWriter, r *http.Request) {
	tag, title, err := s.namedTag(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data, err := s.TopicCalendar(r.Context(), tag, title)
	s.sendCalendar(w, r, data, err)
}

// absolute is the URL of a path, or the path itself where nobody knows how
// readers reach the pages.
func (s *site) absolute(path string) string { return s.URL + path }
