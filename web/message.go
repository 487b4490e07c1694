package web

import (
	"context"
	"fmt"
	"html"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/store"
)

// messageView is a message as its thread's page shows it.
type messageView struct {
	ID       int64
	Author   string
	Received time.Time
	Robot    bool
	New      bool
	Indent   int // 0 to maxIndent
	// Answered is whose message this one answers, AnsweredURL where that is; both
	// are "" where it answers none. BySubject says that only its subject tells so.
	Answered, AnsweredURL string
	BySubject             bool
	NewSubject            string // where it is another than the thread's
	Parts                 []passage
	Cut                   bool // there is more than is shown
	Attachments           []attachmentView
	Path                  string // of the message: its permalink
	ArchiveURL            string
	HTML                  bool
	// Tombstone says why the message is not shown, "" where it is.
	Tombstone string
	Removed   bool // by a reviewer
	// HidePath is where a reviewer removes the message, or "".
	HidePath string
}

type attachmentView struct {
	Name, Type, Size, URL string
}

// maxIndent is how deep answers are indented: deeper ones would leave no room on
// a phone, and say in words what they answer.
const maxIndent = 6

// messagePath is the permalink of a message.
func messagePath(id sigpost.MessageID) string { return "/m/" + url.PathEscape(string(id)) }

// news finds what is new in a thread.
func (p *threadPage) news(o *outline, v view, n int) {
	if v.visiting {
		p.Since, p.since = "your last visit", v.since
	}
	if p.Since == "" {
		return
	}
	since := p.since.UnixMicro()
	for i := range o.places {
		at := o.at(v.flat, i)
		if c := &o.places[at]; c.shown && c.received >= since {
			if p.New++; p.New == 1 {
				p.FirstNew = o.link(v.flat, at, n)
			}
		}
	}
}

// fill reads the messages of a page.
func (s *site) fill(ctx context.Context, p *threadPage, o *outline, v view, n int) error {
	from, to := o.bounds(n)
	var ids []int64
	for i := from; i < to; i++ {
		if c := o.places[o.at(v.flat, i)]; c.shown {
			ids = append(ids, c.id)
		}
	}
	read, err := s.texts(ctx, ids)
	if err != nil {
		return err
	}
	var removals map[int64]store.Removal
	if len(ids) < to-from {
		if removals, err = s.Store.Removals(ctx, o.thread.ID); err != nil {
			return err
		}
	}
	for i := from; i < to; i++ {
		at := o.at(v.flat, i)
		c := &o.places[at]
		m := messageView{ID: c.id, Received: fromMicros(c.received), Author: c.author, NewSubject: c.newSubject, BySubject: c.bySubject}
		if !v.flat {
			m.Indent = min(int(c.depth), maxIndent)
		}
		if c.answers >= 0 {
			above := &o.places[c.answers]
			m.AnsweredURL, m.Answered = o.link(v.flat, int(c.answers), n), above.author
			if m.Answered == "" {
				m.Answered = "a message that is not shown"
			}
		}
		m.New = p.Since != "" && c.shown && c.received >= p.since.UnixMicro()
		switch with := read[c.id]; {
		case with != nil:
			s.showMessage(&m, with)
		default:
			m.bury(c.id, removals)
		}
		if p.Reviewing {
			m.HidePath = m.Path
			if m.Removed {
				m.HidePath = messagePath(o.hidden[c.id])
			}
		}
		p.Messages = append(p.Messages, m)
	}
	if len(p.Messages) > contentsFrom {
		for _, m := range p.Messages {
			line := contentsLine{URL: "#m" + strconv.FormatInt(m.ID, 10), Author: m.Author, Subject: m.NewSubject, At: m.Received, Indent: m.Indent, New: m.New}
			if m.Tombstone != "" {
				line.Author = "not shown"
			}
			p.Contents = append(p.Contents, line)
		}
	}
	return nil
}

// contentsFrom is how many messages a page may have before it has a list of them.
const contentsFrom = 8

// texts reads messages with their text, by the archive's numbers.
func (s *site) texts(ctx context.Context, ids []int64) (map[int64]*sigpost.Message, error) {
	rows, err := s.Store.MessagesNumbered(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := make(map[int64]*sigpost.Message, len(rows))
	for _, m := range rows {
		all[m.ID] = m
	}
	err = s.Store.Raws(ctx, ids, func(id int64, raw []byte) error {
		if m := all[id]; m != nil {
			if with, err := s.Mail.Read(raw); err == nil {
				m.Text, m.Ranges, m.HTML = with.Text, with.Ranges, with.HTML
			} else { // that could be read once
				s.Log.ErrorContext(ctx, "a message cannot be read any more", "message", m.MessageID, "error", err)
				m.Text = "This message cannot be read any more.\n"
				m.Ranges = []sigpost.Range{{Kind: sigpost.RangeNew, End: len(m.Text)}}
			}
		}
		return ctx.Err()
	})
	return all, err
}

func (s *site) showMessage(v *messageView, m *sigpost.Message) {
	v.Robot, v.HTML, v.Path = m.Robot, m.HTML, messagePath(m.MessageID)
	v.Parts, v.Cut = passages(m)
	v.ArchiveURL = s.ArchiveURL(m)
	seen := map[string]int{}
	for _, a := range m.Attachments {
		part := a.Part
		if n := seen[a.Part]; n > 0 {
			part += "-" + strconv.Itoa(n+1)
		}
		seen[a.Part]++
		v.Attachments = append(v.Attachments, attachmentView{
			Name: legible(fileName(a.Name)), Type: a.Type, Size: bytesWords(a.Size), URL: v.Path + "/attachments/" + url.PathEscape(part)})
	}
}

// bury puts a tombstone in the place of a message that is not shown.
func (v *messageView) bury(id int64, removals map[int64]store.Removal) {
	v.Tombstone = "A message was here whose author wished it not to be archived. It is counted, and not shown."
	v.Author, v.NewSubject = "", ""
	if r, ok := removals[id]; ok {
		v.Removed = true
		v.Tombstone = "A message was here. A reviewer removed it on " + r.At.Format("2 January 2006") + ": " + legible(r.Why)
	}
}

func bytesWords(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.0f KB", float64(n)/(1<<10))
	case n == 1:
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// idsOf is the set of some messages' ids, by which evidence names them.
func idsOf(messages map[int64]sigpost.MessageID) map[sigpost.MessageID]bool {
	ids := make(map[sigpost.MessageID]bool, len(messages))
	for _, id := range messages {
		ids[id] = true
	}
	return ids
}

// reasons are those for a tag, without what was seen in messages that are not
// shown.
func reasons(evidence []sigpost.Evidence, hidden map[int64]sigpost.MessageID) []reason {
	unseen := idsOf(hidden)
	var all []reason
	for _, e := range evidence {
		r := reason{Rule: ruleInWords(legible(e.Rule)), Field: fieldInWords(e.Field)}
		switch {
		case unseen[e.MessageID]:
			r.Rule, r.Field = "seen in a message that is not shown", ""
		default:
			r.Excerpt = markedExcerpt(e.Excerpt, e.Spans)
			if e.MessageID != "" {
				r.URL = messagePath(e.MessageID)
			}
		}
		all = append(all, r)
	}
	return all
}

// markedExcerpt is an excerpt as HTML, with what matched in it marked.
func markedExcerpt(excerpt string, spans []sigpost.Span) template.HTML {
	text, spans := sigpost.MaskSpans(excerpt, spans)
	var b strings.Builder
	at := 0
	for _, s := range spans {
		if s.Start < at {
			continue
		}
		b.WriteString(html.EscapeString(sigpost.Legible(text[at:s.Start])))
		b.WriteString("<mark>" + html.EscapeString(sigpost.Legible(text[s.Start:s.End])) + "</mark>")
		at = s.End
	}
	b.WriteString(html.EscapeString(sigpost.Legible(text[at:])))
	return template.HTML(strings.ToValidUTF8(b.String(), "\uFFFD"))
}

// named gives the message that a request names by its Message-ID.
func (s *site) named(r *http.Request) (sigpost.Message, error) {
	id := strings.TrimSuffix(strings.TrimPrefix(r.PathValue("id"), "<"), ">")
	return s.Store.MessageNamed(r.Context(), sigpost.MessageID(id))
}

// permalink leads to the place of a message on the page of its thread, wherever
// that is by now.
func (s *site) permalink(w http.ResponseWriter, r *http.Request) {
	m, err := s.named(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	to, err := s.placeOf(r.Context(), &m)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, to, http.StatusFound)
}

// placeOf is the URL of a message on the page of its thread.
func (s *site) placeOf(ctx context.Context, m *sigpost.Message) (string, error) {
	t, err := s.Store.ThreadRow(ctx, m.ThreadID)
	if err != nil {
		return "", err
	}
	id := strconv.FormatInt(m.ID, 10)
	if s.Copied && t.Messages > threadPageSize { // a page has one name there, or each message would have a file of its own
		state, err := s.Store.ThreadState(ctx, m.ThreadID)
		if err != nil {
			return "", err
		}
		o, err := s.outline(ctx, state)
		if err != nil {
			return "", err
		}
		n, _ := o.pageOf(false, m.ID)
		return o.url(false, n) + "#m" + id, nil
	}
	from := ""
	if t.Messages > threadPageSize {
		from = "?from=" + id
	}
	return threadPath(m.ThreadID) + from + "#m" + id, nil
}

// hide takes a message out of sight, as a reviewer decides.
func (s *site) hide(w http.ResponseWriter, r *http.Request) {
	why := strings.TrimSpace(r.FormValue("why"))
	if why == "" || len(why) > maxWhy {
		s.fail(w, r, fmt.Errorf("%w: a reason of at most %d bytes", sigpost.ErrUsage, maxWhy))
		return
	}
	s.decideSight(w, r, func(ctx context.Context, m sigpost.Message) error {
		return s.Mail.Hide(ctx, m.ID, why)
	})
}

// maxWhy bounds a reason that a reviewer gives, in bytes.
const maxWhy = 1000

// errLongWhy says that a reason is longer than that.
var errLongWhy = sigpost.Usage(fmt.Errorf("the reason is too long: say it in at most %d bytes", maxWhy))

// whyOf is the reason in a form of the desk. The error is errLongWhy.
func whyOf(form url.Values) (string, error) {
	why := strings.TrimSpace(form.Get("why"))
	if len(why) > maxWhy {
		return "", errLongWhy
	}
	return why, nil
}

func (s *site) unhide(w http.ResponseWriter, r *http.Request) {
	s.decideSight(w, r, func(ctx context.Context, m sigpost.Message) error { return s.Mail.Show(ctx, m.ID) })
}

func (s *site) decideSight(w http.ResponseWriter, r *http.Request, decide func(context.Context, sigpost.Message) error) {
	m, err := s.named(r)
	if err == nil {
		err = decide(r.Context(), m)
	}
	to := ""
	if err == nil {
		to, err = s.placeOf(r.Context(), &m)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
