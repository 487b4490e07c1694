package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"sigpost"
	"sigpost/store"
)

// ThreadChange is a change of which messages are a thread.
type ThreadChange struct {
	Kind ThreadChangeKind
	// Message is a Message-ID, for a merge also a thread's number. Other is what it
	// comes to: a number, a Message-ID, or the URL of a thread or message.
	Message, Other string
	// Seen stands for the threads as they were when somebody saw what the change does.
	Seen string
}

// ThreadChangeKind says what is changed.
type ThreadChangeKind string

// The kinds of ThreadChange.
const (
	// ThreadSplit makes a message, with what answers it, a thread.
	ThreadSplit ThreadChangeKind = "split"
	// ThreadMerge makes one thread of two.
	ThreadMerge ThreadChangeKind = "merge"
	// ThreadMove takes a message, with what answers it, to another thread.
	ThreadMove ThreadChangeKind = "move"
)

type shapePage struct {
	page
	Thread   sigpost.Thread
	Messages []sigpost.Message
	Left     int
	Natures  []NamedTag
	Nature   string // the thread's, as kind:name
	History  []sigpost.AuditEntry
	Last     *lastAct
	Query    string
	// Change is what was previewed, Words what it is, Outcome the threads that would
	// come of it.
	Change  ThreadChange
	Words   string
	Outcome []sigpost.Thread
	// New is the thread of what was split off or moved just now; 0 where nothing was.
	New     int64
	Problem string
}

// shapeRoom is how many messages a page lists.
const shapeRoom = 200

// shape lists a thread's messages, and what can be done with them.
func (s *site) shape(w http.ResponseWriter, r *http.Request) {
	p, err := s.shapePage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "shape", p)
}

func (s *site) shapePage(r *http.Request) (p shapePage, err error) {
	ctx := r.Context()
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return p, sigpost.ErrNotFound
	}
	t, err := s.Store.Thread(ctx, id)
	if err != nil {
		return p, err
	}
	p = shapePage{page: s.page(r, "Split, merge, move"), Thread: t}
	unseen, err := s.Store.Unseen(ctx, []int64{t.ID}, nil)
	if err != nil {
		return p, err
	}
	p.Thread.BaseSubject = subjectOf(unseen, t.ID, t.BaseSubject)
	if p.Messages, err = s.Store.ThreadMessages(ctx, t.ID); err != nil {
		return p, err
	}
	for i := range p.Messages {
		if m := &p.Messages[i]; !m.Shown() {
			m.Author, m.Subject = sigpost.Address{Name: NotShown}, NotShown
		}
	}
	if len(p.Messages) > shapeRoom {
		p.Left, p.Messages = len(p.Messages)-shapeRoom, p.Messages[:shapeRoom]
	}
	for _, tag := range s.Review.Tags() {
		if tag.Tag.Kind == sigpost.KindNature {
			p.Natures = append(p.Natures, tag)
		}
	}
	for _, g := range t.Tags {
		if g.Tag.Kind == sigpost.KindNature {
			p.Nature = g.Tag.String()
		}
	}
	p.History, err = s.Store.AuditLog(ctx, store.AuditQuery{Kind: sigpost.AuditThread, Object: strconv.FormatInt(t.ID, 10), Limit: 30})
	if err == nil {
		p.Last, err = s.lastAct(r)
	}
	if p.Last != nil {
		p.New, _ = strconv.ParseInt(r.URL.Query().Get("new"), 10, 64)
	}
	return p, err
}

// reshape shows what a change would do, and does it when that was seen.
func (s *site) reshape(w http.ResponseWriter, r *http.Request) {
	p, err := s.shapePage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	form := r.PostFormValue
	c := ThreadChange{Kind: ThreadChangeKind(form("do")), Message: strings.TrimSpace(form("message")), Other: strings.TrimSpace(form("other")), Seen: form("seen")}
	if c.Kind == ThreadMerge && c.Message == "" {
		c.Message = strconv.FormatInt(p.Thread.ID, 10)
	}
	words := map[ThreadChangeKind]string{ThreadSplit: "Split the message off, with what answers it", ThreadMerge: "Make one thread of the two", ThreadMove: "Move the message, with what answers it"}[c.Kind]
	apply := form("apply") != ""
	why, err := whyOf(r.PostForm)
	switch {
	case err != nil:
	case words == "":
		err = sigpost.Usage(errors.New("nothing was chosen"))
	case c.Message == "":
		err = sigpost.Usage(errors.New("choose a message"))
	default:
		p.Outcome, c.Seen, err = s.Review.Rethread(r.Context(), c, apply, personOf(r).Addr, why)
	}
	status := http.StatusOK
	switch {
	case errors.Is(err, sigpost.ErrUsage), errors.Is(err, sigpost.ErrNotFound):
		p.Problem, p.Outcome, status = sentence(err.Error()), nil, http.StatusBadRequest
	case errors.Is(err, ErrOtherThreads):
		p.Problem, p.Outcome, status = "The threads have changed since you looked, and nothing was done: please look again.", nil, http.StatusConflict
	case err != nil:
		s.fail(w, r, err)
		return
	case apply:
		to := "/review/threads/" + strconv.FormatInt(p.Outcome[0].ID, 10)
		if last := p.Outcome[len(p.Outcome)-1]; len(p.Outcome) > 1 {
			to += "?new=" + strconv.FormatInt(last.ID, 10)
		}
		http.Redirect(w, r, s.did(r, to), http.StatusSeeOther)
		return
	}
	p.Change, p.Words = c, words
	s.show(w, r, status, "shape", p)
}
