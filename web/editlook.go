package web

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"time"

	"sigpost"
	"sigpost/digest"
)

// editPreviewPage shows an issue in all its forms, side by side.
type editPreviewPage struct {
	editHead
	Groups  []topicGroup
	Zone    string
	Zones   []string
	Chosen  bool // it is cut to topics
	Problem string
	Subject string
	Nothing bool
	Query   string // of the frames
}

// chosenReader reads how a preview is to be cut.
func (s *site) chosenReader(r *http.Request) (chosen sigpost.Selection, zone string, problem string, err error) {
	if chosen, err = s.selection(r.URL.Query()); err != nil {
		return chosen, "", "", err
	}
	zone = r.FormValue("zone")
	if _, unknown := time.LoadLocation(zone); unknown != nil || zone == "Local" {
		return chosen, "", "There is no time zone of that name. Choose one from the list, such as Europe/Berlin.", nil
	}
	return chosen, zone, "", nil
}

func (s *site) editPreview(w http.ResponseWriter, r *http.Request) {
	h, ok := s.editHead(w, r, "preview")
	if !ok {
		return
	}
	chosen, zone, problem, err := s.chosenReader(r)
	if err != nil {
		s.failEdit(w, r, err)
		return
	}
	issue := h.Edited.Issue
	letter, err := s.Editing.Letter(r.Context(), issue.Digest, issue.Number, chosen, zone)
	if err != nil {
		s.failEdit(w, r, err)
		return
	}
	q := url.Values{}
	for _, t := range chosen.Topics {
		q.Add(fieldTopic, t.String())
	}
	for _, t := range chosen.Muted {
		q.Add(fieldMute, t.String())
	}
	if zone != "" {
		q.Set("zone", zone)
	}
	p := editPreviewPage{editHead: h, Groups: s.topicGroups(chosen, tagsOf(issue)), Zone: zone, Zones: someZones, Chosen: !chosen.IsAll(),
		Problem: problem, Subject: letter.Subject, Nothing: letter.Nothing}
	if len(q) > 0 {
		p.Query = "?" + q.Encode()
	}
	s.show(w, r, http.StatusOK, "editpreview", p)
}

// tagsOf are the tags of each thread of an issue.
func tagsOf(issue sigpost.Issue) (all [][]sigpost.Tag) {
	for _, e := range issue.Entries {
		var tags []sigpost.Tag
		for _, t := range e.Tags {
			tags = append(tags, t.Tag)
		}
		all = append(all, tags)
	}
	return all
}

// previewPolicy lets a letter have its own styles, and nothing else: it is shown in a
// frame without scripts, forms or an origin.
const previewPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; base-uri 'none'; sandbox"

// editPreviewed is one form of an issue.
func (s *site) editPreviewed(w http.ResponseWriter, r *http.Request) {
	name, number, err := editName(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	chosen, zone, _, err := s.chosenReader(r)
	if err != nil {
		s.failEdit(w, r, err)
		return
	}
	body, kind := []byte(nil), "text/html; charset=utf-8"
	switch as := r.PathValue("as"); as {
	case "html", "text":
		letter, failed := s.Editing.Letter(r.Context(), name, number, chosen, zone)
		body, err = []byte(letter.HTML), failed
		if as == "text" {
			body, kind = []byte(letter.Text), "text/plain; charset=utf-8"
		}
	case "web":
		e, failed := s.Editing.Open(r.Context(), name, number)
		if err = failed; err == nil {
			var p issuePage
			if p, err = s.issuePage(nil, e.Issue, chosen); err == nil {
				body, err = s.render("issue", p)
				body = s.withStyle(body, p.page)
			}
		}
	default:
		err = sigpost.ErrNotFound
	}
	if err != nil {
		s.failEdit(w, r, err)
		return
	}
	w.Header().Set("Content-Security-Policy", previewPolicy)
	w.Header().Set("Content-Type", kind)
	if _, err := w.Write(body); err != nil {
		s.Log.DebugContext(r.Context(), "a page was not taken", "path", shownPath(r), "error", err)
	}
}

// withStyle puts the style sheet into a page: a frame without an origin is not given
// any file of ours.
func (s *site) withStyle(html []byte, p page) []byte {
	link := []byte(`<link rel="stylesheet" href="` + p.Static("style.css") + `">`)
	return bytes.Replace(html, link, slices.Concat([]byte("<style>"), s.style, []byte("</style>")), 1)
}

// editPreflightPage says what may be wrong with an issue, and who gets it.
type editPreflightPage struct {
	editHead
	editedPreflight
	Links bool // they were followed
}

// editedPreflight is a preflight for a page.
type editedPreflight struct {
	Severe, Others []EditedFinding
	Cohorts        []editedCohort
	More           int // cohorts that are not shown
	Readers        int
	Letters        int
}

// editedCohort are readers of one choice of topics, with the way to see what they
// get.
type editedCohort struct {
	EditedCohort
	Topics, Muted []string
	Query         string
}

// maxCohorts is how many cohorts are shown, the largest ones.
const maxCohorts = 30

func (s *site) preflightOf(p EditedPreflight) editedPreflight {
	view := editedPreflight{Readers: p.Readers, Letters: p.Letters}
	for _, f := range p.Findings {
		if f.Severity == digest.Severe {
			view.Severe = append(view.Severe, f)
		} else {
			view.Others = append(view.Others, f)
		}
	}
	titles := func(tags []sigpost.Tag) (all []string) {
		for _, t := range tags {
			if title := s.Titles[t.String()]; title != "" {
				all = append(all, title)
			} else {
				all = append(all, t.String())
			}
		}
		return all
	}
	for i, c := range p.Cohorts {
		if i == maxCohorts {
			view.More = len(p.Cohorts) - maxCohorts
			break
		}
		view.Cohorts = append(view.Cohorts, editedCohort{c, titles(c.Selection.Topics), titles(c.Selection.Muted), selectionQuery(c.Selection)})
	}
	return view
}

func (s *site) editPreflight(w http.ResponseWriter, r *http.Request) {
	h, ok := s.editHead(w, r, "preflight")
	if !ok {
		return
	}
	links := r.FormValue("links") == "follow"
	found, err := s.Editing.Preflight(r.Context(), h.Edited.Issue.Digest, h.Edited.Issue.Number, links)
	if err != nil {
		s.failEdit(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "editpreflight", editPreflightPage{h, s.preflightOf(found), links})
}

// editChangesPage says what sets an issue apart from another state of it.
type editChangesPage struct {
	editHead
	Since      ChangesSince
	Choices    []choice
	Difference digest.Difference
	Missing    string // why there is nothing to compare with
}

func (s *site) editChanges(w http.ResponseWriter, r *http.Request) {
	h, ok := s.editHead(w, r, "changes")
	if !ok {
		return
	}
	since := ChangesSince(r.FormValue("since"))
	if since == "" {
		since = SinceComposed
	}
	open := h.Edited.Issue.State.Open()
	p := editChangesPage{editHead: h, Since: since}
	known := false
	for _, c := range []choice{
		{Value: string(SinceComposed), Label: "What editors did"},
		{Value: string(SinceBefore), Label: "What composing it anew did"},
		{Value: string(SinceNext), Label: "What composing it anew would do now"},
		{Value: string(SinceApproved), Label: "Since it was approved, and that was taken back"},
	} {
		if c.Value == string(SinceNext) && !open {
			continue
		}
		c.Chosen = c.Value == string(since)
		known = known || c.Chosen
		p.Choices = append(p.Choices, c)
	}
	if !known {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	var err error
	if p.Difference, err = s.Editing.Changes(r.Context(), h.Edited.Issue.Digest, h.Edited.Issue.Number, since); err != nil {
		refusal, ok := err.(*Refusal)
		if !ok {
			s.failEdit(w, r, err)
			return
		}
		p.Missing = refusal.Says
	}
	s.show(w, r, http.StatusOK, "editchanges", p)
}
