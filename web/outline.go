package web

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/store"
)

// Place is where a message stands in its thread.
type Place struct {
	Message *sigpost.Message
	Depth   int // 0 for what answers nothing that is there
	// Answers is the index of the message that it answers, or -1; BySubject says
	// that only its subject tells so.
	Answers   int
	BySubject bool
}

// Mail reads stored mail for the pages, which know no parser.
type Mail struct {
	// Order puts the messages of a thread into its tree, answers after what they
	// answer.
	Order func(ctx context.Context, msgs []*sigpost.Message) ([]Place, error)
	// Read is message.Parse, HTML message.HTML, Attached message.Attached.
	Read     func(raw []byte) (*sigpost.Message, error)
	HTML     func(raw []byte) (string, error)
	Attached func(raw []byte, part string, nth int) (sigpost.Attachment, []byte, error)
	// Masked is message.Masked.
	Masked func(raw []byte, mask func(string) string) []byte
	// Hide takes a message out of sight, by the archive's number, as who has signed in
	// decides (sigpost.Acting), and Show brings it back. Both are noted.
	Hide func(ctx context.Context, id int64, why string) error
	Show func(ctx context.Context, id int64) error
}

// place is a message of a thread in little room: a thread may have thousands.
type place struct {
	id         int64
	received   int64 // microseconds since 1970
	size       int
	answers    int32
	depth      int16
	bySubject  bool
	shown      bool
	author     string
	newSubject string // where it is another than the thread's
}

// outline is a thread without its texts.
type outline struct {
	thread sigpost.Thread
	places []place                     // answers after what they answer
	byTime []int32                     // the same in the order in which they were received
	hidden map[int64]sigpost.MessageID // those that are not shown
	from   *sigpost.Thread
	ledTo  []sigpost.Thread
}

// outline gives that of a thread, kept for as long as the thread is the same.
func (s *site) outline(ctx context.Context, state store.ThreadState) (*outline, error) {
	key, stamp := strconv.FormatInt(state.ID, 10), stampOf(state)
	if o, ok := s.outlines.get(key, stamp, s.now()); ok {
		return o, nil
	}
	t, err := s.Store.ThreadRow(ctx, state.ID)
	if err != nil {
		return nil, err
	}
	msgs, err := s.Store.Outline(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	ordered, err := s.Mail.Order(ctx, msgs)
	if err != nil {
		return nil, err
	}
	o := &outline{thread: t, hidden: map[int64]sigpost.MessageID{}, places: make([]place, len(ordered)), byTime: make([]int32, len(ordered))}
	bytes := 0
	for i, p := range ordered {
		o.places[i], o.byTime[i] = compact(p, t), int32(i)
		if m := p.Message; !m.Shown() {
			o.hidden[m.ID] = m.MessageID
		}
		bytes += 100 + len(o.places[i].author) + len(o.places[i].newSubject)
	}
	slices.SortStableFunc(o.byTime, func(a, b int32) int {
		return cmp.Compare(o.places[a].received, o.places[b].received)
	})
	if o.from, o.ledTo, err = s.Store.Linked(ctx, t); err != nil {
		return nil, err
	}
	s.outlines.put(key, stamp, s.now(), o, bytes+2000)
	return o, nil
}

func compact(p Place, t sigpost.Thread) place {
	m := p.Message
	c := place{id: m.ID, received: m.Received.UnixMicro(), size: m.Size, answers: int32(p.Answers), depth: int16(min(p.Depth, 1000)), bySubject: p.BySubject, shown: m.Shown()}
	if c.shown {
		c.author = strings.Clone(short(m.Author.Label(), maxName))
		if !strings.EqualFold(m.BaseSubject, t.BaseSubject) {
			c.newSubject = strings.Clone(legible(m.Subject))
		}
	}
	return c
}

// maxName is how many characters of a name are shown.
const maxName = 100

// short cuts a text to so many characters.
func short(text string, limit int) string {
	n := 0
	for i := range text {
		if n++; n > limit {
			return text[:i] + "…"
		}
	}
	return text
}

// legible is a stranger's line as pages show it: without tricks, with addresses
// masked.
func legible(text string) string { return sigpost.MaskAddresses(sigpost.Legible(text)) }

func stampOf(s store.ThreadState) string { return fmt.Sprint(s) }

// anyShown says whether the thread has anything that may be shown.
func (o *outline) anyShown() bool {
	return slices.ContainsFunc(o.places, func(p place) bool { return p.shown })
}

// threadPageSize is how many messages a page of a thread has at most.
const threadPageSize = 100

// order gives the indexes of places as a view has them.
func (o *outline) at(flat bool, i int) int {
	if flat {
		return int(o.byTime[i])
	}
	return i
}

// pageOf gives the number of the page, from 0, that holds a message in a view; ok
// is false where the thread does not have it.
func (o *outline) pageOf(flat bool, id int64) (n int, ok bool) {
	for i := range o.places {
		if o.places[o.at(flat, i)].id == id {
			return i / threadPageSize, true
		}
	}
	return 0, false
}

func (o *outline) pages() int { return (len(o.places) + threadPageSize - 1) / threadPageSize }

// bounds are the first place of a page and the one behind its last, in the order
// of a view.
func (o *outline) bounds(n int) (from, to int) {
	return n * threadPageSize, min((n+1)*threadPageSize, len(o.places))
}

// url is that of a page of a thread: named by its first message, so that it holds
// while answers come.
func (o *outline) url(flat bool, n int) string {
	u := threadPath(o.thread.ID)
	sep := "?"
	if flat {
		u, sep = u+"?view=flat", "&"
	}
	if n > 0 {
		u += sep + "from=" + strconv.FormatInt(o.places[o.at(flat, n*threadPageSize)].id, 10)
	}
	return u
}

// place gives the URL of a message, as seen from a page.
func (o *outline) link(flat bool, i, page int) string {
	n := i / threadPageSize
	if flat {
		n, _ = o.pageOf(true, o.places[i].id)
	}
	anchor := "#m" + strconv.FormatInt(o.places[i].id, 10)
	if n == page {
		return anchor
	}
	return o.url(flat, n) + anchor
}

func threadPath(id int64) string { return "/threads/" + strconv.FormatInt(id, 10) }

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }
