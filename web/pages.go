package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sigpost"
)

type threadPage struct {
	page
	Thread   sigpost.Thread
	Taggings []sigpost.Tagging
	Messages []messageView
	// From is the thread that led to this one, LedTo those to which this one
	// led.
	From  *sigpost.Thread
	LedTo []sigpost.Thread
}

// messageView is a message as its page shows it.
type messageView struct {
	*sigpost.Message
	Parts      []part
	ArchiveURL string
	NewSubject string // where it is another than the thread's
}

// part is a stretch of a message; what is not new text is folded.
type part struct {
	Fold string // the words on the fold, or "" for what is shown at once
	Text string
}

func (s *site) thread(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	ctx := r.Context()
	t, err := s.Store.Thread(ctx, id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if t.ID != id { // it was merged into another one
		http.Redirect(w, r, "/threads/"+strconv.FormatInt(t.ID, 10), http.StatusMovedPermanently)
		return
	}
	p := threadPage{page: s.page(r, t.BaseSubject), Thread: t}
	if p.From, p.LedTo, err = s.Store.Linked(ctx, t); err != nil {
		s.fail(w, r, err)
		return
	}
	taggings, err := s.Store.Taggings(ctx, []int64{id})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.Taggings = taggings[id]
	slices.SortStableFunc(p.Taggings, natureFirst)
	messages, err := s.Messages(ctx, id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, m := range messages {
		view := messageView{Message: m, Parts: parts(m), ArchiveURL: s.ArchiveURL(m)}
		if !strings.EqualFold(m.BaseSubject, t.BaseSubject) {
			view.NewSubject = m.Subject
		}
		p.Messages = append(p.Messages, view)
	}
	s.show(w, r, http.StatusOK, "thread", p)
}

// natureFirst puts what a thread is before what it is about.
func natureFirst(a, b sigpost.Tagging) int {
	return cmp.Compare(topic(a), topic(b))
}

// topic is 0 for a nature, 1 for a topic.
func topic(t sigpost.Tagging) int {
	if t.Tag.Kind == sigpost.KindNature {
		return 0
	}
	return 1
}

// folds are the words on what is folded away.
var folds = map[sigpost.RangeKind]string{
	sigpost.RangeQuoted:      "Quoted text",
	sigpost.RangeAttribution: "Quoted text",
	sigpost.RangeSignature:   "Signature",
	sigpost.RangeFooter:      "List footer",
}

// parts joins neighbouring ranges that are shown alike.
func parts(m *sigpost.Message) []part {
	var all []part
	for _, r := range m.Ranges {
		fold, text := folds[r.Kind], m.Text[r.Start:r.End]
		if n := len(all); n > 0 && all[n-1].Fold == fold {
			all[n-1].Text += text
		} else {
			all = append(all, part{fold, text})
		}
	}
	for i := range all {
		all[i].Text = strings.Trim(all[i].Text, "\n")
	}
	return slices.DeleteFunc(all, func(p part) bool { return p.Text == "" })
}
