package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sigpost"
	"sigpost/review"
	"sigpost/store"
)

type reviewPage struct {
	page
	Thread    sigpost.Thread
	Questions []review.Question
	Tags      []reviewTag
	Decisions []store.Decision
	Messages  []reviewMessage
	// Left is how many messages are not shown.
	Left int
	// Query is the queue that it was reached by; NextURL and PreviousURL are its
	// neighbours, or empty.
	Query, NextURL, PreviousURL string
	Counts                      []reasonCount
	Last                        *lastAct
	// All are the tags that can be added.
	All []NamedTag
	// Problem says why something was not done: Typed was to be added, Near are the
	// tags that may be meant by it.
	Problem, Typed string
	Near           []NamedTag
}

// reviewTag is a tag of a thread, with what speaks for it.
type reviewTag struct {
	sigpost.Tagging
	// Decided is what a person said of it; Open says that it is in question.
	Decided, Open bool
	IsNature      bool
	Why           []reviewEvidence
}

type reviewEvidence struct {
	sigpost.Evidence
	Pieces []piece
	// HitsURL leads to what else the rule hit.
	HitsURL string
}

// evidenceOf is evidence as the desk shows it: without the words of messages that are
// kept out of sight.
func evidenceOf(e sigpost.Evidence, unseen store.Unseen) reviewEvidence {
	if unseen.Messages[e.MessageID] {
		e.Excerpt, e.Spans = "", nil
	}
	return reviewEvidence{Evidence: e, Pieces: cutSpans(e.Excerpt, e.Spans)}
}

// NotShown stands for the subject of a thread of which nothing is shown, and for what
// is not shown of a message.
const NotShown = "(not shown)"

// subjectOf is a thread's subject as the desk shows it.
func subjectOf(unseen store.Unseen, thread int64, subject string) string {
	if unseen.Threads[thread] {
		return NotShown
	}
	return subject
}

// piece is a stretch of a text, marked or not.
type piece struct {
	Text   string
	Marked bool
}

// reviewMessage is a message with what speaks for tags marked in it.
type reviewMessage struct {
	*sigpost.Message
	Parts []markedPart
}

type markedPart struct {
	Fold   string
	Pieces []piece
}

// Bounds of what a page shows: messages, bytes of each, and what is marked.
const (
	reviewRoom = 12
	reviewText = 48 << 10
	maxMarks   = 40
)

// reviewThread shows what is in question in a thread.
func (s *site) reviewThread(w http.ResponseWriter, r *http.Request) {
	s.showReview(w, r, http.StatusOK, "", "")
}

// nearTags is how many tags are offered in place of one that there is not.
const nearTags = 6

func (s *site) showReview(w http.ResponseWriter, r *http.Request, status int, problem, typed string) {
	ctx := r.Context()
	id, err := strconv.ParseInt(r.PathValue("thread"), 10, 64)
	if err != nil {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	f, err := filterOf(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	t, err := s.Store.Thread(ctx, id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if t.ID != id && problem == "" {
		http.Redirect(w, r, "/review/"+strconv.FormatInt(t.ID, 10)+f.query(f.From), http.StatusSeeOther)
		return
	}
	unseen, err := s.Store.Unseen(ctx, []int64{id}, nil)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	t.BaseSubject = subjectOf(unseen, t.ID, t.BaseSubject)
	p := reviewPage{page: s.page(r, t.BaseSubject), Thread: t, All: s.Review.Tags(), Problem: problem, Typed: typed}
	if typed != "" {
		p.Near = s.Review.FindTags(typed, nearTags)
	}
	if p.Title == "" {
		p.Title = "(no subject)"
	}
	p.Scripts = []string{"review.js"}
	if err := s.fillReview(r, &p, f, unseen); err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, status, "review", p)
}

func (s *site) fillReview(r *http.Request, p *reviewPage, f queueFilter, unseen store.Unseen) error {
	ctx, id := r.Context(), p.Thread.ID
	judged, err := s.Store.Judge(ctx, []int64{id})
	if err != nil {
		return err
	}
	if p.Questions = judged[id].Questions; f.From == (store.QueuePlace{}) && judged[id].Worth != 0 {
		f.From = placeOf(judged[id])
	}
	p.Query = f.query(f.From)
	if p.Decisions, err = s.Store.Decisions(ctx, id); err != nil {
		return err
	}
	all, err := s.Store.Taggings(ctx, []int64{id})
	if err != nil {
		return err
	}
	marks, named := p.addTags(all[id], unseen)
	messages, left, err := s.Review.Texts(ctx, id, named, reviewRoom)
	if err != nil {
		return err
	}
	p.Left = left
	for _, m := range messages {
		p.Messages = append(p.Messages, reviewMessage{m, markedParts(m, marks[m.MessageID])})
	}
	if f.From != (store.QueuePlace{}) {
		if p.NextURL, err = s.neighbour(r, f, false); err != nil {
			return err
		}
		if p.PreviousURL, err = s.neighbour(r, f, true); err != nil {
			return err
		}
	}
	if p.Counts, err = s.reasonCounts(ctx, f); err != nil {
		return err
	}
	p.Last, err = s.lastAct(r)
	return err
}

// neighbour is the URL of the thread behind or before a place, or empty.
func (s *site) neighbour(r *http.Request, f queueFilter, back bool) (string, error) {
	f.Limit, f.Back = 1, back
	found, err := s.Store.ReviewQueue(r.Context(), f.QueueQuery)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return threadURL(found[0], f), nil
}

// addTags puts the tags in the order in which they are decided on: those in
// question first. It gives what to mark in which message.
func (p *reviewPage) addTags(taggings []sigpost.Tagging, unseen store.Unseen) (marks map[sigpost.MessageID][]string, named []sigpost.MessageID) {
	marks = map[sigpost.MessageID][]string{}
	decided := map[sigpost.Tag]bool{}
	for _, d := range p.Decisions {
		decided[d.Tag] = true
	}
	asked := review.TagsOf(p.Questions)
	for _, g := range taggings {
		t := reviewTag{Tagging: g, Decided: decided[g.Tag], IsNature: g.Tag.Kind == sigpost.KindNature}
		t.Open = !t.Decided && slices.Contains(asked, g.Tag)
		for _, e := range g.Evidence {
			why := evidenceOf(e, unseen)
			if !t.IsNature && e.Field != sigpost.DecisionField {
				why.HitsURL = "/review/bulk?" + url.Values{"tag": {g.Tag.String()}, "rule": {e.Rule}}.Encode()
			}
			t.Why = append(t.Why, why)
			for _, piece := range why.Pieces {
				if piece.Marked && len(marks[e.MessageID]) < maxMarks {
					marks[e.MessageID] = append(marks[e.MessageID], piece.Text)
				}
			}
			if e.MessageID != "" && !slices.Contains(named, e.MessageID) {
				named = append(named, e.MessageID)
			}
		}
		p.Tags = append(p.Tags, t)
	}
	slices.SortStableFunc(p.Tags, func(a, b reviewTag) int { return rankOf(a) - rankOf(b) })
	return marks, named
}

// rankOf orders tags: those in question, then others that nobody decided on, then
// those that are decided; natures last in each.
func rankOf(t reviewTag) int {
	rank := 2
	switch {
	case t.Open:
		rank = 0
	case t.Decided:
		rank = 4
	}
	if t.IsNature {
		rank++
	}
	return rank
}

// cutSpans cuts a text at the ends of spans. Spans that are not in it are left out.
func cutSpans(text string, spans []sigpost.Span) (all []piece) {
	at := 0
	for _, sp := range spans {
		if sp.Start < at || sp.End <= sp.Start || sp.End > len(text) {
			continue
		}
		if sp.Start > at {
			all = append(all, piece{text[at:sp.Start], false})
		}
		all = append(all, piece{text[sp.Start:sp.End], true})
		at = sp.End
	}
	if at < len(text) {
		all = append(all, piece{text[at:], false})
	}
	return all
}

// markedParts are the parts of a message with words marked, wherever they stand.
func markedParts(m *sigpost.Message, words []string) (all []markedPart) {
	var find *regexp.Regexp
	if len(words) > 0 {
		var patterns []string
		for _, word := range words {
			if fields := strings.Fields(word); len(fields) > 0 {
				for i := range fields {
					fields[i] = regexp.QuoteMeta(fields[i])
				}
				patterns = append(patterns, strings.Join(fields, `\s+`))
			}
		}
		slices.SortFunc(patterns, func(a, b string) int { return len(b) - len(a) }) // the longest first
		if len(patterns) > 0 {
			find, _ = regexp.Compile(`(?i)` + strings.Join(patterns, "|")) // nil where a stranger's bytes make none
		}
	}
	for _, s := range stretches(m) {
		text := sigpost.Legible(s.text)
		if len(text) > reviewText {
			text = strings.ToValidUTF8(text[:reviewText], "") + "\n[…]"
		}
		marked := markedPart{Fold: fold(s.kind, s.lines, s.whom)}
		var spans []sigpost.Span
		if find != nil {
			for _, at := range find.FindAllStringIndex(text, 500) {
				spans = append(spans, sigpost.Span{Start: at[0], End: at[1]})
			}
		}
		marked.Pieces = cutSpans(text, spans)
		all = append(all, marked)
	}
	return all
}
