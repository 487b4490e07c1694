package web

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sigpost"
	"sigpost/search"
	"sigpost/store"
)

// How many of each an answer has where nobody says, and at most.
const (
	apiUsual         = 50
	apiMost          = 200
	apiMessagesUsual = 20
	apiMessagesMost  = 100
	apiHitsUsual     = 25
	apiHitsMost      = 100
)

// The answers of the API; openapi.json says in words what they hold.
type (
	apiTag struct {
		Tag   string `json:"tag"` // kind:name
		Kind  string `json:"kind"`
		Name  string `json:"name"`
		Title string `json:"title"`
	}
	apiThreadRow struct {
		ID       int64    `json:"id"`
		URL      string   `json:"url"`
		Subject  string   `json:"subject"`
		Messages int      `json:"messages"`
		First    instant  `json:"first"`
		Last     instant  `json:"last"`
		Lists    []string `json:"lists"`
		Tags     []apiTag `json:"tags"`
	}
	apiThreadRowWaiting struct {
		apiThreadRow
		Unanswered bool `json:"unanswered"`
	}
	apiThreadList struct {
		Threads []apiThreadRowWaiting `json:"threads"`
		Next    string                `json:"next,omitempty"`
	}
	apiPart struct {
		Kind string `json:"kind"`
		Text string `json:"text"`
	}
	apiAttachment struct {
		Name string `json:"name"`
		Type string `json:"type"`
		Size int    `json:"size"`
		URL  string `json:"url"`
	}
	apiMail struct {
		ID          int64           `json:"id"`
		Shown       bool            `json:"shown"`
		Thread      int64           `json:"thread"`
		Received    instant         `json:"received"`
		MessageID   string          `json:"message_id,omitempty"`
		URL         string          `json:"url,omitempty"`
		Author      string          `json:"author,omitempty"`
		Subject     string          `json:"subject,omitempty"`
		Lists       []string        `json:"lists,omitempty"`
		References  []string        `json:"references,omitempty"`
		Robot       bool            `json:"robot,omitempty"`
		Attachments []apiAttachment `json:"attachments,omitempty"`
		Parts       []apiPart       `json:"parts,omitempty"`
		Cut         bool            `json:"cut,omitempty"`
	}
	apiThreadWhole struct {
		apiThreadRow
		Mails []apiMail `json:"mails"`
		Next  string    `json:"next,omitempty"`
	}
	apiEvidence struct {
		Rule      string `json:"rule"`
		Field     string `json:"field,omitempty"`
		MessageID string `json:"message_id,omitempty"`
		Excerpt   string `json:"excerpt,omitempty"`
	}
	apiTagging struct {
		apiTag
		State    string        `json:"state"`
		Score    float64       `json:"score"`
		Evidence []apiEvidence `json:"evidence"`
	}
	apiTaggingList struct {
		Thread   int64        `json:"thread"`
		URL      string       `json:"url"`
		Taggings []apiTagging `json:"taggings"`
	}
	apiTagCount struct {
		apiTag
		URL     string `json:"url"`
		Threads int    `json:"threads"`
		Week    int    `json:"week"`
	}
	apiTagList struct {
		Tags    []apiTagCount `json:"tags"`
		Natures []apiTag      `json:"natures"`
	}
	apiListCount struct {
		Name     string `json:"name"`
		Title    string `json:"title"`
		URL      string `json:"url"`
		Threads  int    `json:"threads"`
		Messages int    `json:"messages"`
		Week     int    `json:"week"`
	}
	apiListList struct {
		Lists []apiListCount `json:"lists"`
	}
	apiHit struct {
		apiMail
		Passage string   `json:"passage"`
		Tags    []apiTag `json:"tags"`
	}
	apiFound struct {
		Query   string   `json:"query"`
		Count   *int     `json:"count,omitempty"`
		AtLeast *bool    `json:"count_is_at_least,omitempty"`
		Notes   []string `json:"notes"`
		Meant   string   `json:"meant,omitempty"`
		Hits    []apiHit `json:"hits"`
		Next    string   `json:"next,omitempty"`
	}
)

func apiTagOf(tag sigpost.Tag, title string) apiTag {
	return apiTag{tag.String(), string(tag.Kind), tag.Name, title}
}

func apiTags(all []sigpost.Tagging) []apiTag {
	tags := make([]apiTag, len(all))
	for i, t := range all {
		tags[i] = apiTagOf(t.Tag, t.Title)
	}
	return tags
}

func (s *site) apiThreadRow(t sigpost.Thread) apiThreadRow {
	return apiThreadRow{ID: t.ID, URL: s.absolute(threadPath(t.ID)), Subject: orNone(legible(t.BaseSubject)), Messages: t.Messages,
		First: instant(t.First), Last: instant(t.Last), Lists: some(t.Lists), Tags: apiTags(t.Tags)}
}

// apiThreads lists threads, by the filters of the page.
func (s *site) apiThreads(ctx context.Context, a *apiQuestion) (any, error) {
	f, problem, err := readFilter(a.Request)
	switch {
	case errors.Is(err, sigpost.ErrNotFound):
		return nil, sigpost.Usage(errors.New("a topic is written as project:nova and is no nature; a nature is one of those at " + apiPath + "/tags"))
	case err != nil:
		return nil, errFrom
	case problem != "":
		return nil, sigpost.Usage(errors.New(problem))
	}
	if v := a.values.Get("unanswered"); v != "" && v != "1" {
		return nil, sigpost.Usage(fmt.Errorf("unanswered is %q, and can only be 1", v))
	}
	q := f.query()
	if q.Limit, err = a.limit(apiUsual, apiMost); err != nil {
		return nil, err
	}
	if q.List != "" {
		if err := s.knowsList(ctx, q.List); err != nil {
			return nil, sigpost.Usage(fmt.Errorf("there is no list %q; those that there are are at %s/lists", q.List, apiPath))
		}
	}
	if err := s.knowTopics(ctx, f.Topics); err != nil {
		return nil, err
	}
	list, err := s.Store.ListThreads(ctx, q)
	if errors.Is(err, store.ErrManyAuthors) {
		return nil, sigpost.Usage(err)
	}
	if err != nil {
		return nil, err
	}
	answer := apiThreadList{Threads: []apiThreadRowWaiting{}}
	for _, t := range list.Threads {
		answer.Threads = append(answer.Threads, apiThreadRowWaiting{s.apiThreadRow(t), list.Unanswered[t.ID]})
	}
	if list.Next != (store.ThreadPosition{}) {
		answer.Next = s.apiNext(a, cursor(list.Next))
	}
	return answer, nil
}

// knowTopics says which of the topics that somebody asks for is none.
func (s *site) knowTopics(ctx context.Context, topics []sigpost.Tag) error {
	if len(topics) == 0 {
		return nil
	}
	c, err := s.counts.get(ctx)
	if err != nil {
		return err
	}
	for _, tag := range topics {
		switch _, err := s.topic(ctx, c, tag); {
		case errors.Is(err, sigpost.ErrNotFound):
			return sigpost.Usage(fmt.Errorf("there is no topic %q; those that there are are at %s/tags", tag, apiPath))
		case err != nil:
			return err
		}
	}
	return nil
}

// apiOutline is the thread that a question names, without its texts.
func (s *site) apiOutline(ctx context.Context, a *apiQuestion, behind string) (*outline, error) {
	id, err := strconv.ParseInt(a.PathValue("id"), 10, 64)
	if err != nil {
		return nil, sigpost.ErrNotFound
	}
	state, err := s.Store.ThreadState(ctx, id)
	if err != nil {
		return nil, err
	}
	if state.ID != id { // it was merged into another one
		return nil, apiMoved("/threads/" + strconv.FormatInt(state.ID, 10) + behind)
	}
	o, err := s.outline(ctx, state)
	if err == nil && !o.anyShown() {
		err = errGone
	}
	return o, err
}

// apiThread gives a thread with its messages in the order in which they came.
func (s *site) apiThread(ctx context.Context, a *apiQuestion) (any, error) {
	o, err := s.apiOutline(ctx, a, "")
	if err != nil {
		return nil, err
	}
	limit, err := a.limit(apiMessagesUsual, apiMessagesMost)
	if err != nil {
		return nil, err
	}
	after, err := a.number()
	if err != nil {
		return nil, err
	}
	start := 0
	if after > 0 {
		start = 1 + slices.IndexFunc(o.byTime, func(i int32) bool { return o.places[i].id == after })
		if start == 0 {
			return nil, errFrom
		}
	}
	page := o.byTime[start:min(start+limit, len(o.byTime))]
	answer := apiThreadWhole{Mails: []apiMail{}}
	threads, err := s.Store.ThreadsOf(ctx, []int64{o.thread.ID}) // the outline knows no tags of now
	if err != nil {
		return nil, err
	}
	answer.apiThreadRow = s.apiThreadRow(threads[o.thread.ID])
	if answer.Mails, err = s.apiMails(ctx, o, page); err != nil {
		return nil, err
	}
	if start+limit < len(o.byTime) {
		answer.Next = s.apiNext(a, strconv.FormatInt(o.places[page[len(page)-1]].id, 10))
	}
	return answer, nil
}

// apiMails gives messages of a thread; what is not shown keeps its place.
func (s *site) apiMails(ctx context.Context, o *outline, page []int32) ([]apiMail, error) {
	var ids []int64
	for _, i := range page {
		if o.places[i].shown {
			ids = append(ids, o.places[i].id)
		}
	}
	read, err := s.texts(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := make([]apiMail, 0, len(page))
	for _, i := range page {
		p := &o.places[i]
		if m := read[p.id]; p.shown && m != nil {
			all = append(all, s.apiMail(m))
		} else {
			all = append(all, apiMail{ID: p.id, Thread: o.thread.ID, Received: instant(fromMicros(p.received))})
		}
	}
	return all, nil
}

// apiMail is a message that is shown, with its text.
func (s *site) apiMail(m *sigpost.Message) apiMail {
	var v messageView
	s.showMessage(&v, m)
	mail := apiMail{ID: m.ID, Shown: true, Thread: m.ThreadID, Received: instant(m.Received), MessageID: string(m.MessageID), URL: s.absolute(messagePath(m.MessageID)),
		Author: m.Author.Label(), Subject: legible(m.Subject), Lists: m.Lists, Robot: m.Robot}
	for _, ref := range m.References {
		mail.References = append(mail.References, string(ref))
	}
	for i, at := range v.Attachments {
		mail.Attachments = append(mail.Attachments, apiAttachment{at.Name, at.Type, m.Attachments[i].Size, s.absolute(at.URL)})
	}
	room := maxShown
	for _, r := range m.Ranges {
		text := m.Text[r.Start:r.End]
		if mail.Cut = len(text) > room; mail.Cut {
			text = strings.ToValidUTF8(text[:room], "")
		}
		room -= len(text)
		if text = legible(text); text != "" {
			mail.Parts = append(mail.Parts, apiPart{string(r.Kind), text})
		}
		if mail.Cut {
			break
		}
	}
	return mail
}

// apiMessage gives a message by its Message-ID.
func (s *site) apiMessage(ctx context.Context, a *apiQuestion) (any, error) {
	m, err := s.named(a.Request)
	if err != nil {
		return nil, err
	}
	if !m.Shown() {
		return nil, errGone
	}
	read, err := s.texts(ctx, []int64{m.ID})
	if err != nil {
		return nil, err
	}
	if read[m.ID] == nil {
		return nil, sigpost.ErrNotFound
	}
	return s.apiMail(read[m.ID]), nil
}

// apiTaggings gives the tags of a thread with their reasons, those that wait for a
// reviewer too.
func (s *site) apiTaggings(ctx context.Context, a *apiQuestion) (any, error) {
	o, err := s.apiOutline(ctx, a, "/taggings")
	if err != nil {
		return nil, err
	}
	taggings, err := s.Store.Taggings(ctx, []int64{o.thread.ID})
	if err != nil {
		return nil, err
	}
	unseen := idsOf(o.hidden)
	answer := apiTaggingList{Thread: o.thread.ID, URL: s.absolute(threadPath(o.thread.ID)), Taggings: []apiTagging{}}
	for _, t := range taggings[o.thread.ID] {
		one := apiTagging{apiTag: apiTagOf(t.Tag, t.Title), State: string(t.State), Score: t.Score, Evidence: []apiEvidence{}}
		for _, e := range t.Evidence {
			if unseen[e.MessageID] {
				one.Evidence = append(one.Evidence, apiEvidence{Rule: "seen in a message that is not shown"})
				continue
			}
			one.Evidence = append(one.Evidence, apiEvidence{Rule: legible(e.Rule), Field: e.Field, MessageID: string(e.MessageID), Excerpt: legible(e.Excerpt)})
		}
		answer.Taggings = append(answer.Taggings, one)
	}
	return answer, nil
}

// apiTags gives all topics with what they have.
func (s *site) apiTags(ctx context.Context, _ *apiQuestion) (any, error) {
	c, err := s.counts.get(ctx)
	if err != nil {
		return nil, err
	}
	answer := apiTagList{Tags: []apiTagCount{}}
	for _, t := range c.topics {
		answer.Tags = append(answer.Tags, apiTagCount{apiTagOf(t.Tag, t.Title), s.absolute(t.URL()), t.Threads, t.Week})
	}
	for _, n := range sigpost.Natures() {
		answer.Natures = append(answer.Natures, apiTagOf(n.Tag(), n.Title()))
	}
	return answer, nil
}

// apiLists gives the mailing lists with what they have.
func (s *site) apiLists(ctx context.Context, _ *apiQuestion) (any, error) {
	c, err := s.counts.get(ctx)
	if err != nil {
		return nil, err
	}
	answer := apiListList{Lists: []apiListCount{}}
	for _, l := range c.lists {
		answer.Lists = append(answer.Lists, apiListCount{l.Name, l.Title, s.absolute(l.URL()), l.Threads, l.Messages, l.Week})
	}
	return answer, nil
}

// apiSearch gives what a query finds, in the language of the page.
func (s *site) apiSearch(ctx context.Context, a *apiQuestion) (any, error) {
	limit, err := a.limit(apiHitsUsual, apiHitsMost)
	if err != nil {
		return nil, err
	}
	order := a.values.Get("order")
	if order != "" && order != byRelevance && order != "newest" {
		return nil, sigpost.Usage(fmt.Errorf("order is %q, and can be newest or %s", order, byRelevance))
	}
	text := a.values.Get("q")
	names := s.names(ctx)
	query := search.Parse(text, names)
	if err := query.Err(); err != nil {
		return nil, err
	}
	if query.Root == nil {
		return nil, sigpost.Usage(errors.New("q is missing: what to search for"))
	}
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	found, err := s.Store.Find(ctx, store.Find{Query: query, ByRelevance: order == byRelevance, After: a.values.Get("from"), Limit: limit})
	if err != nil {
		return nil, err
	}
	answer := apiFound{Query: text, Notes: []string{}, Hits: []apiHit{}, Next: s.apiNext(a, found.Next)}
	if a.values.Get("from") == "" {
		answer.Count, answer.AtLeast = &found.Count, &found.Uncounted
	}
	for _, p := range query.Problems {
		answer.Notes = append(answer.Notes, p.Says)
	}
	if len(found.Hits) == 0 && a.values.Get("from") == "" {
		answer.Meant = s.meant(ctx, &query, names)
	}
	matcher := query.Matcher()
	for _, h := range found.Hits {
		answer.Hits = append(answer.Hits, s.apiHit(h, matcher))
	}
	return answer, nil
}

func (s *site) apiHit(h store.Hit, matcher *search.Matcher) apiHit {
	hit := apiHit{Tags: apiTags(h.Tags), apiMail: apiMail{ID: h.ID, Shown: true, Thread: h.ThreadID, Received: instant(h.Received), MessageID: string(h.MessageID),
		URL: s.absolute(messagePath(h.MessageID)), Author: h.Author.Label(), Subject: legible(h.Subject), Lists: h.Lists, Robot: h.Robot}}
	seen := map[string]int{}
	for _, at := range h.Attachments {
		part := at.Part
		if seen[at.Part]++; seen[at.Part] > 1 {
			part += "-" + strconv.Itoa(seen[at.Part])
		}
		hit.Attachments = append(hit.Attachments, apiAttachment{legible(fileName(at.Name)), at.Type, at.Size, hit.URL + "/attachments/" + url.PathEscape(part)})
	}
	for _, p := range matcher.Passage(h.Words) {
		hit.Passage += p.Text
	}
	hit.Passage = legible(hit.Passage)
	return hit
}
