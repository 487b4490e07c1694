package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/store"
)

// BulkFilter says which threads are decided on at once; what is empty does not
// narrow it.
type BulkFilter struct {
	// Tag, State, Least, Most and Rule are of what the classifier said.
	Tag         sigpost.Tag          `json:"tag"`
	State       sigpost.TaggingState `json:"state,omitempty"`
	Least, Most float64
	Rule        string    `json:"rule,omitempty"`
	List        string    `json:"list,omitempty"`
	After       time.Time `json:"after,omitzero"`
	Before      time.Time `json:"before,omitzero"`
	Words       string    `json:"words,omitempty"`
	// Target is the tag that is decided on; Tag where it is empty.
	Target sigpost.Tag `json:"target"`
}

// BulkMost is how many threads are decided on at once, at most.
const BulkMost = 500

// ErrOtherThreads says that a filter means other threads than it did when somebody
// looked.
var ErrOtherThreads = errors.New("these are other threads than those that you saw")

// BulkThreads stands for a list of threads: what is applied must be what was seen.
func BulkThreads(found []store.BulkThread) string {
	sum := sha256.New()
	for _, t := range found {
		fmt.Fprintln(sum, t.ID)
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

type bulkPage struct {
	page
	// Form is what was chosen, as it was written.
	Form  map[string]string
	Lists []string
	All   []NamedTag
	// Asked says that there is a filter; Found are the first of the Count threads
	// that it means, Most that there are as many as can be decided on at once.
	Asked   bool
	Found   []bulkView
	Count   int
	Most    bool
	Threads string
	// Chosen is the form as a query, escaped already. Query is empty: no queue leads
	// here.
	Chosen template.URL
	Query  string
	// Target is the tag that is decided on, in words.
	Target  string
	Why     string // as it was typed
	Problem string
	Last    *lastAct
}

type bulkView struct {
	store.BulkThread
	Why []reviewEvidence
}

// bulkShown is how many threads a preview shows.
const bulkShown = 25

// bulkFields are those of the form.
var bulkFields = []string{"tag", "state", "least", "most", "rule", "list", "after", "before", "words", "target"}

// readBulk reads a filter.
func (s *site) readBulk(form url.Values) (f BulkFilter, problem string) {
	named := func(field string) (tag sigpost.Tag) {
		name := strings.TrimSpace(form.Get(field))
		if name == "" {
			return tag
		}
		for _, t := range s.Review.Tags() {
			if t.Tag.String() == strings.ToLower(name) || strings.EqualFold(t.Title, name) || t.Tag.Name == strings.ToLower(name) {
				return t.Tag
			}
		}
		problem = "There is no tag “" + name + "”."
		return tag
	}
	score := func(field string) float64 {
		text := strings.TrimSpace(form.Get(field))
		if text == "" {
			return 0
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || n < 0 || n > 100 {
			problem = "A score is a number from 0 to 100."
		}
		return n / 100
	}
	day := func(field string) (t time.Time) {
		text := strings.TrimSpace(form.Get(field))
		if text == "" {
			return t
		}
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			problem = "A day is written like 2016-04-25."
		}
		return t
	}
	f = BulkFilter{Tag: named("tag"), Target: named("target"), Least: score("least"), Most: score("most"), Rule: strings.TrimSpace(form.Get("rule")),
		List: form.Get("list"), After: day("after"), Before: day("before"), Words: strings.TrimSpace(form.Get("words"))}
	if state := sigpost.TaggingState(form.Get("state")); state == sigpost.TagAccepted || state == sigpost.TagProposed {
		f.State = state
	}
	return f, problem
}

// bulk shows what a filter means; nothing is changed by it.
func (s *site) bulk(w http.ResponseWriter, r *http.Request) { s.showBulk(w, r, http.StatusOK, "") }

func (s *site) showBulk(w http.ResponseWriter, r *http.Request, status int, problem string) {
	form := r.URL.Query()
	p := bulkPage{page: s.page(r, "Several threads at once"), Form: map[string]string{}, All: s.Review.Tags(), Problem: problem}
	for _, field := range bulkFields {
		p.Form[field] = form.Get(field)
	}
	p.Chosen, p.Why = bulkQuery(form), r.PostFormValue("why")
	p.Asked = p.Chosen != ""
	var err error
	if p.Lists, err = s.listNames(r.Context()); err == nil {
		p.Last, err = s.lastAct(r)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if p.Asked {
		f, wrong := s.readBulk(form)
		if wrong == "" {
			wrong, err = s.previewBulk(r, &p, f)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if wrong != "" {
			p.Problem, p.Asked, status = wrong, false, http.StatusBadRequest
		}
	}
	s.show(w, r, status, "bulk", p)
}

// bulkQuery is what of a query narrows threads.
func bulkQuery(form url.Values) template.URL {
	kept := url.Values{}
	for _, field := range bulkFields {
		if form.Get(field) != "" {
			kept.Set(field, form.Get(field))
		}
	}
	return template.URL(kept.Encode())
}

func (s *site) previewBulk(r *http.Request, p *bulkPage, f BulkFilter) (wrong string, err error) {
	found, err := s.Review.BulkFind(r.Context(), f)
	if errors.Is(err, sigpost.ErrUsage) {
		return sentence(err.Error()), nil
	}
	if err != nil {
		return "", err
	}
	target := f.Target
	if target == (sigpost.Tag{}) {
		target = f.Tag
	}
	for _, t := range p.All {
		if t.Tag == target {
			p.Target = t.Title
		}
	}
	p.Count, p.Most, p.Threads = len(found), len(found) >= BulkMost, BulkThreads(found)
	found = found[:min(len(found), bulkShown)]
	var ids []int64
	for _, t := range found {
		ids = append(ids, t.ID)
	}
	unseen, err := s.Store.Unseen(r.Context(), ids, nil)
	if err != nil {
		return "", err
	}
	for _, t := range found {
		t.Subject = subjectOf(unseen, t.ID, t.Subject)
		v := bulkView{BulkThread: t}
		for _, e := range t.Why[:min(len(t.Why), 3)] {
			v.Why = append(v.Why, evidenceOf(e, unseen))
		}
		p.Found = append(p.Found, v)
	}
	return "", nil
}

// applyBulk decides on what was shown.
func (s *site) applyBulk(w http.ResponseWriter, r *http.Request) {
	f, problem := s.readBulk(r.URL.Query())
	verdict := r.PostFormValue("verdict")
	if problem == "" && verdict != "accept" && verdict != "reject" {
		problem = "Please choose whether to accept or to reject."
	}
	why, err := whyOf(r.PostForm)
	if err != nil {
		problem = sentence(err.Error())
	}
	if problem != "" {
		s.showBulk(w, r, http.StatusBadRequest, problem)
		return
	}
	_, err = s.Review.BulkDecide(r.Context(), f, r.PostFormValue("threads"), verdict == "accept", personOf(r).Addr, why)
	switch {
	case errors.Is(err, ErrOtherThreads):
		s.showBulk(w, r, http.StatusConflict, "Something has changed meanwhile, and nothing was done: please look again.")
	case err != nil:
		s.refuseAct(w, r, err, func(status int, says string) { s.showBulk(w, r, status, says) })
	default:
		http.Redirect(w, r, s.did(r, "/review/bulk?"+string(bulkQuery(r.URL.Query()))), http.StatusSeeOther)
	}
}
