package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"sigpost"
	"sigpost/digest"
)

type editDraftPage struct {
	editHead
	Sections []editedSection
	LeftOut  []editedThread
	Lost     []lostEdit
	// Last is the latest act that can be taken back; TakenBack what the latest one of all
	// took back, so that Last was before that.
	Last      *sigpost.AuditEntry
	TakenBack *sigpost.AuditEntry
}

// editedSection is a section of a draft, with its place.
type editedSection struct {
	Title, Text string
	N           int // its place, from 1
	First, Last bool
	Threads     []editedThread
}

// editedThread is what a draft says of a thread.
type editedThread struct {
	sigpost.Entry
	Told, State string
	First, Last bool  // in its section
	Next        int64 // the thread to look at when this one is left out
	Moved       bool
	WhyTold     []string
	// Places say where the letter tells of it, if not under its heading.
	Places []string
}

// lostEdit is an edit without an effect.
type lostEdit struct {
	sigpost.Edit
	Words string
}

// editIssue shows a draft section by section, or how the sending of what is approved
// goes.
func (s *site) editIssue(w http.ResponseWriter, r *http.Request) {
	h, ok := s.editHead(w, r, "draft")
	if !ok {
		return
	}
	if !h.Edited.Issue.State.Open() {
		s.showSending(w, r, h)
		return
	}
	s.show(w, r, http.StatusOK, "editdraft", draftPage(h))
}

func draftPage(h editHead) editDraftPage {
	p := editDraftPage{editHead: h}
	issue, draft := h.Edited.Issue, h.Edited.Draft
	moved := map[int64]bool{}
	for _, e := range draft.Edits {
		if e.Kind == sigpost.EditMove {
			moved[e.ThreadID] = true
		}
	}
	places := digest.Places(issue)
	view := func(in sigpost.Issue, e sigpost.Entry) editedThread {
		return editedThread{Entry: e, Told: digest.Told(in, e), State: digest.State(e, issue.Window), Moved: moved[e.ThreadID], WhyTold: e.Why, Places: places[e.ThreadID]}
	}
	sections := digest.Sections(issue)
	var before *editedThread
	for i, section := range sections {
		one := editedSection{Title: section.Title, Text: section.Text, N: i + 1, First: i == 0, Last: i == len(sections)-1}
		for _, g := range section.Groups {
			for _, e := range g.Entries {
				one.Threads = append(one.Threads, view(issue, e))
			}
		}
		for j := range one.Threads {
			t := &one.Threads[j]
			t.First, t.Last = j == 0, j == len(one.Threads)-1
			if before != nil {
				before.Next, t.Next = t.ThreadID, before.ThreadID // the last one has none behind it
			}
			before = t
		}
		p.Sections = append(p.Sections, one)
	}
	for _, e := range digest.LeftOutOf(draft.Composed, draft.Edits) {
		p.LeftOut = append(p.LeftOut, view(draft.Composed, e))
	}
	for _, e := range digest.Lost(draft.Composed, draft.Edits) {
		p.Lost = append(p.Lost, lostEdit{e, fmt.Sprintf("thread %d, %s", e.ThreadID, e.Kind)})
	}
	if log := h.Edited.Log; len(log) > 0 && log[0].Undoes != 0 {
		if i := slices.IndexFunc(log, func(e sigpost.AuditEntry) bool { return e.ID == log[0].Undoes }); i >= 0 {
			p.TakenBack = &log[i]
		}
	}
	if i := slices.IndexFunc(h.Edited.Log, canBeUndone); i >= 0 {
		p.Last = &h.Edited.Log[i]
	}
	return p
}

func canBeUndone(e sigpost.AuditEntry) bool { return e.Undo != "" && e.UndoneBy == 0 }

// actForm is what the forms of the desk say.
type actForm struct {
	digest.Act
	Version string
	Next    int64
}

func readAct(r *http.Request) (f actForm, err error) {
	if err := r.ParseForm(); err != nil {
		return f, formError(err)
	}
	number := func(field string) int64 {
		text := r.PostFormValue(field)
		if text == "" {
			return 0
		}
		n, failed := strconv.ParseInt(text, 10, 64)
		if failed != nil {
			err = sigpost.ErrUsage
		}
		return n
	}
	f.Version, f.Next = r.PostFormValue("version"), number("next")
	f.Act = digest.Act{Kind: digest.ActKind(r.PostFormValue("do")), ThreadID: number("thread"), Section: r.PostFormValue("section"), Text: r.PostFormValue("text"),
		Headline: r.PostFormValue("headline"), Summary: r.PostFormValue("summary"), Note: r.PostFormValue("note")}
	if f.Version == "" || f.Kind == "" {
		err = sigpost.ErrUsage
	}
	return f, err
}

// place is where on the page the act is seen.
func (f actForm) place() string {
	switch {
	case f.Kind == digest.ActDrop && f.Next != 0:
		return fmt.Sprintf("#t%d", f.Next)
	case f.ThreadID != 0:
		return fmt.Sprintf("#t%d", f.ThreadID)
	}
	return ""
}

func (s *site) editAct(w http.ResponseWriter, r *http.Request) {
	name, number, err := editName(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	f, err := readAct(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	err = s.Editing.Act(r.Context(), name, number, f.Version, f.Act)
	switch refusal := (*Refusal)(nil); {
	case err == nil:
		http.Redirect(w, r, editPath(name, number)+f.place(), http.StatusSeeOther)
	case errors.Is(err, digest.ErrChanged):
		s.showChanged(w, r, http.StatusConflict, f, changedWords)
	case errors.As(err, &refusal) && f.hasWords():
		s.showChanged(w, r, refusal.Status, f, refusal.Says)
	default:
		s.failEdit(w, r, err)
	}
}

// hasWords says whether somebody would have to type again what the form says.
func (f actForm) hasWords() bool { return f.Text+f.Headline+f.Summary+f.Note != "" }

// editChangedPage keeps what somebody wanted to do to a draft that is another one by
// now, so that they can do it all the same.
type editChangedPage struct {
	editHead
	Form actForm
	Says string
	// Doing is what they wanted, in words.
	Doing string
}

// doings say what an act is, on a button.
var doings = map[digest.ActKind]string{
	digest.ActPin: "Pin it", digest.ActUnpin: "Unpin it", digest.ActDrop: "Leave it out", digest.ActRestore: "Put it back", digest.ActUp: "Move it up",
	digest.ActDown: "Move it down", digest.ActMove: "Move it there", digest.ActWords: "Save these words", digest.ActLead: "Save the opening text",
	digest.ActText: "Save the section’s text", digest.ActRename: "Rename the section", digest.ActSectionUp: "Move the section up", digest.ActSectionDown: "Move the section down",
}

func (s *site) showChanged(w http.ResponseWriter, r *http.Request, status int, f actForm, says string) {
	h, ok := s.editHead(w, r, "")
	if !ok {
		return
	}
	doing := doings[f.Kind]
	if doing == "" {
		s.fail(w, r, sigpost.ErrUsage)
		return
	}
	f.Version = h.Edited.Version
	h.Title = "Not done"
	s.show(w, r, status, "editchanged", editChangedPage{h, f, says, doing})
}

func (s *site) editUndo(w http.ResponseWriter, r *http.Request) {
	s.editDo(func(r *http.Request, name string, number int) error {
		entry, err := strconv.ParseInt(r.PostFormValue("entry"), 10, 64)
		if err != nil {
			return sigpost.ErrUsage
		}
		return s.Editing.Undo(r.Context(), name, number, entry, personOf(r))
	})(w, r)
}

// editTextPage is a draft as a text, in the same form as "digest edit" has.
type editTextPage struct {
	editHead
	Form  string
	Lines int
	// Problems are what is wrong with what somebody sent. Kept is what they typed,
	// where the form is a fresh one and that is of an older draft.
	Problems []digest.FormError
	Kept     string
}

func (s *site) editText(w http.ResponseWriter, r *http.Request) {
	s.showText(w, r, http.StatusOK, "", nil)
}

// showText shows the form: what was typed, unless that is of an older draft.
func (s *site) showText(w http.ResponseWriter, r *http.Request, status int, typed string, wrong digest.FormErrors) {
	h, ok := s.editHead(w, r, "text")
	if !ok {
		return
	}
	if !h.Edited.Issue.State.Open() && typed == "" {
		http.Redirect(w, r, h.Path, http.StatusSeeOther)
		return
	}
	p := editTextPage{editHead: h, Form: typed, Problems: wrong, Lines: 30}
	fresh := digest.Form(h.Edited.Draft.Composed, h.Edited.Draft.Edits)
	switch {
	case typed == "":
		p.Form = fresh
	case digest.FormVersion(typed) != h.Edited.Version:
		p.Form, p.Kept = fresh, typed
	}
	s.show(w, r, status, "edittext", p)
}

func (s *site) editTextTaken(w http.ResponseWriter, r *http.Request) {
	name, number, err := editName(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, formError(err))
		return
	}
	typed := r.PostFormValue("form")
	err = s.Editing.ApplyForm(r.Context(), name, number, typed)
	wrong, refusal := digest.FormErrors(nil), (*Refusal)(nil)
	switch {
	case err == nil:
		http.Redirect(w, r, editPath(name, number), http.StatusSeeOther)
	case errors.As(err, &wrong):
		s.showText(w, r, http.StatusUnprocessableEntity, typed, wrong)
	case errors.As(err, &refusal):
		s.showText(w, r, refusal.Status, typed, digest.FormErrors{{What: refusal.Says}})
	default:
		s.failEdit(w, r, err)
	}
}
