package web

import (
	"net/http"
	"strconv"
	"strings"

	"sigpost"
	"sigpost/review"
)

type reportPage struct {
	page
	Thread sigpost.Thread
	All    []NamedTag // that may be missing
	// Problem is what is wrong with what was said.
	Problem string
}

// reportedThread is the thread that a reader says something of, with its subject as
// readers see it. The error is errGone where nothing of it is shown.
func (s *site) reportedThread(r *http.Request) (sigpost.Thread, error) {
	id, err := strconv.ParseInt(r.PathValue("thread"), 10, 64)
	if err != nil {
		return sigpost.Thread{}, sigpost.ErrNotFound
	}
	state, err := s.Store.ThreadState(r.Context(), id)
	if err != nil {
		return sigpost.Thread{}, err
	}
	o, err := s.outline(r.Context(), state)
	if err == nil && !o.anyShown() {
		err = errGone
	}
	if err != nil {
		return sigpost.Thread{}, err
	}
	t, err := s.Store.Thread(r.Context(), state.ID)
	t.BaseSubject = legible(t.BaseSubject)
	return t, err
}

// reportPage asks a reader what is wrong with a thread's tags.
func (s *site) reportPage(w http.ResponseWriter, r *http.Request) {
	t, err := s.reportedThread(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.showReport(w, r, http.StatusOK, t, "")
}

func (s *site) showReport(w http.ResponseWriter, r *http.Request, status int, t sigpost.Thread, problem string) {
	p := reportPage{page: s.page(r, "Report a wrong or missing tag"), Thread: t, Problem: problem}
	p.NoIndex = true
	for _, tag := range s.Review.Tags() {
		if tag.Tag.Kind != sigpost.KindNature {
			p.All = append(p.All, tag)
		}
	}
	s.show(w, r, status, "report", p)
}

// report takes what a reader says. Who it was is not kept.
func (s *site) report(w http.ResponseWriter, r *http.Request) {
	t, err := s.reportedThread(r)
	if err == nil {
		if bad := r.ParseForm(); bad != nil {
			err = formError(bad)
		}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	words, missing := r.PostForm.Get("words"), strings.TrimSpace(r.PostForm.Get("missing"))
	var reports []review.Report
	for _, name := range r.PostForm["wrong"] {
		for _, g := range t.Tags {
			if g.Tag.String() == name {
				reports = append(reports, review.Report{Tag: g.Tag, Title: g.Title, Words: words})
			}
		}
	}
	if missing != "" {
		one := review.Report{Missing: true, Words: strings.TrimSpace(missing + " " + words)}
		for _, tag := range s.Review.Tags() {
			if strings.EqualFold(tag.Title, missing) || tag.Tag.String() == strings.ToLower(missing) {
				one = review.Report{Missing: true, Tag: tag.Tag, Title: tag.Title, Words: words}
				break
			}
		}
		reports = append(reports, one)
	}
	if len(reports) == 0 && strings.TrimSpace(words) != "" {
		reports = append(reports, review.Report{Missing: true, Words: words})
	}
	if len(reports) == 0 {
		s.showReport(w, r, http.StatusBadRequest, t, "Please choose what is wrong, or name what is missing.")
		return
	}
	for _, one := range reports {
		if err := s.Review.Report(r.Context(), t.ID, one, s.network(r)); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	s.show(w, r, http.StatusOK, "reported", reportPage{page: s.page(r, "Thank you"), Thread: t})
}
