package sigpost

import "time"

// Window is the half-open stretch of time [From, To) that an issue covers.
// Windows of a digest are rows: they neither overlap nor leave gaps.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Contains says whether t lies in the window.
func (w Window) Contains(t time.Time) bool { return !t.Before(w.From) && t.Before(w.To) }

// IssueState says how far an issue has come.
type IssueState string

// The states of an Issue.
const (
	// IssueQuiet had nothing to say: its window is kept, nothing is sent.
	IssueQuiet IssueState = "quiet"
	// IssueDraft is composed; editors may change it. Its window, its number
	// and the messages that it carries are fixed.
	IssueDraft IssueState = "draft"
	// IssueReady is a draft that waits for somebody to approve it. Editors may
	// still change it.
	IssueReady IssueState = "ready"
	// IssueApproved is frozen and waits to be sent.
	IssueApproved IssueState = "approved"
	// IssueSending has its deliveries in the ledger.
	IssueSending IssueState = "sending"
	// IssueSent has no delivery left that could still be made.
	IssueSent IssueState = "sent"
)

// Open says that editors may still change an issue in this state.
func (s IssueState) Open() bool { return s == IssueDraft || s == IssueReady }

// Public says that an issue in this state is for readers to see.
func (s IssueState) Public() bool {
	return s == IssueApproved || s == IssueSending || s == IssueSent
}

// Issue is one dated number of a digest (RFC 1153 calls it that). Once it is
// approved, what it holds never changes; each reader's letter is cut from it.
type Issue struct {
	ID     int64      `json:"id"`
	Digest string     `json:"digest"` // the digest's name in the config
	Title  string     `json:"title"`  // the publication's, for people
	Number int        `json:"number"` // counts from 1; 0 for a quiet one
	Window Window     `json:"window"`
	State  IssueState `json:"state"`
	// Zone is the IANA name of the digest's time zone; dates in words are in
	// it unless a reader has one of their own.
	Zone     string    `json:"zone"`
	Composed time.Time `json:"composed"`
	// Stats count the window's news over all entries.
	Stats   Stats        `json:"stats"`
	Entries []Entry      `json:"entries"` // what matters most first
	Events  []Occurrence `json:"events"`  // by start
	// Newcomers wrote for the first time, in the order in which they did.
	Newcomers []Newcomer `json:"newcomers,omitempty"`
	// Course is how the window went, day by day.
	Course Course `json:"course,omitzero"`
	// Titles are the names for people of the tags in it, by Tag.String.
	Titles map[string]string `json:"titles"`
	// Approved is when it was approved; zero before that.
	Approved   time.Time `json:"approved,omitzero"`
	ApprovedBy string    `json:"approved_by,omitempty"`
	// SendAfter is when it may be sent at the earliest; zero for at once.
	SendAfter time.Time `json:"send_after,omitzero"`
	// Until is when readers will have the next issue: what is near is near by
	// this. Zero is eight days after the window.
	Until time.Time `json:"until,omitzero"`
	// Always says that it goes to every reader, whatever it has to tell them.
	Always bool `json:"always,omitempty"`
	// Note is the editor's, in Markdown, above everything.
	Note string `json:"note,omitempty"`
	// Arranged are the sections of which the editor said something, and
	// SectionOrder the titles of sections in the editor's order.
	Arranged     []ArrangedSection `json:"arranged,omitempty"`
	SectionOrder []string          `json:"section_order,omitempty"`
}

// ArrangedSection is what an editor said of a section.
type ArrangedSection struct {
	Title string `json:"title"`
	// Text is the editor's, in Markdown, under the heading. A section that
	// has text is there also where it has no thread.
	Text string `json:"text,omitempty"`
	// Order are threads in the editor's order; others come behind them.
	Order []int64 `json:"order,omitempty"`
}

// Published says whether an issue is for readers to see at a moment. One that is to
// be sent later is not shown before that.
func (i Issue) Published(now time.Time) bool {
	return i.State.Public() && (i.State != IssueApproved || !i.SendAfter.After(now))
}

// Stats count what is new in a window.
type Stats struct {
	Threads  int `json:"threads"`
	Messages int `json:"messages"`
	People   int `json:"people"`
	// Organisations counts the domains that people write from, but for those
	// at which anybody gets an address.
	Organisations int `json:"organisations"`
	// Waiting counts the questions that wait for an answer, Decisions the
	// threads that came to one.
	Waiting   int `json:"waiting"`
	Decisions int `json:"decisions"`
	// Robots counts the messages of programs, which are in no other count.
	Robots int `json:"robots"`
}

// Course counts the messages of persons by the days of a window in the
// digest's zone. Before is the stretch of as many days before it; both are nil
// where the archive does not reach back that far.
type Course struct {
	From   time.Time `json:"from"` // the first day of Days
	Days   []int     `json:"days"`
	Before []int     `json:"before"`
}

// Newcomer is somebody who wrote for the first time.
type Newcomer struct {
	Name     string `json:"name"`
	ThreadID int64  `json:"thread_id"`
	URL      string `json:"url"` // the message
}

// Entry is what an issue says of one thread.
type Entry struct {
	ThreadID int64 `json:"thread_id"`
	// Headline is the thread's subject in plain words, without list tags and
	// reply marks.
	Headline string    `json:"headline"`
	Lists    []string  `json:"lists"`
	Tags     []Tagging `json:"tags"` // accepted ones, best first
	// Continued says that an earlier issue told of the thread, or that it
	// began before the window: then only what is new since counts here.
	Continued bool `json:"continued"`
	// New counts the messages in this issue, Total all that the thread had
	// when the issue was composed.
	New   int       `json:"new"`
	Total int       `json:"total"`
	First time.Time `json:"first"` // of the thread
	Last  time.Time `json:"last"`
	// Repeats counts further threads that say the same and are told here:
	// one message each, with the same headline and the same words. New and
	// Total count theirs too.
	Repeats int `json:"repeats,omitempty"`
	// Since is the number of the last issue that told of the thread, or 0.
	Since int `json:"since,omitempty"`
	// Nature is what kind of conversation the thread is; "" where nobody looked.
	Nature Nature `json:"nature,omitempty"`
	// People wrote the new messages, in the order in which they appear, and
	// Organisations are the domains that they write from.
	People        []string `json:"people"`
	Organisations []string `json:"organisations,omitempty"`
	// Unanswered says that the thread asks something and nobody but its
	// opener has written in it.
	Unanswered bool `json:"unanswered,omitempty"`
	// Rank says how much the thread matters to everybody, and Why gives the
	// reasons, in words for the editor.
	Rank float64  `json:"rank"`
	Why  []string `json:"why,omitempty"`
	// Quotes are what is new, in the authors' own words, in the order in which
	// it was written.
	Quotes []Quote `json:"quotes"`
	URL    string  `json:"url"` // the whole thread
	// What follows is the editor's. Reworded says that Headline is in their
	// words, Summary stands in place of the quotes, Note behind them, and
	// Section is the title of the section that they moved it to.
	Reworded bool   `json:"reworded,omitempty"`
	Summary  string `json:"summary,omitempty"`
	Note     string `json:"note,omitempty"`
	Section  string `json:"section,omitempty"`
	Pinned   bool   `json:"pinned,omitempty"`
}

// Quote is a passage that somebody wrote, word for word.
type Quote struct {
	Author    string    `json:"author"`
	MessageID MessageID `json:"message_id"`
	Text      string    `json:"text"`
	At        time.Time `json:"at"`
	URL       string    `json:"url"` // the message
	// Weight is how much the passage says of the thread, beside the others, and
	// Reason why it was chosen, in words.
	Weight float64 `json:"weight,omitempty"`
	Reason string  `json:"reason,omitempty"`
}

// Letter is an issue as one reader gets it: the same content twice, as text
// and as HTML.
type Letter struct {
	Subject string
	Text    string  // lines of at most 72 columns where that can be, "\n" ends
	HTML    string  // a whole document with its style inlined
	Images  []Image // that the HTML shows, by "cid:" and their ID
	// Calendar is the issue's events as iCalendar (RFC 5545); empty where there
	// are none.
	Calendar []byte
}

// Image is a picture within a letter (RFC 2392, RFC 2387).
type Image struct {
	ID   string // its Content-ID, such as "week@sigpost.example"
	Name string // for who saves it
	Type string // its media type
	Data []byte
}
