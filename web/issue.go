package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"

	"sigpost"
)

// issuePage is an issue's web copy, which is nobody's own: with the reasons for
// each tag, and the ways to the issues around it.
type issuePage struct {
	page
	Body template.HTML
	// Of the issues before and after it; empty where there is none.
	PreviousTitle, PreviousURL string
	NextTitle, NextURL         string
	FeedURL                    string
}

func (s *site) issue(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	name := r.PathValue("digest")
	if s.Digests[name] == "" {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	issue, err := s.publicIssue(r.Context(), name, number)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	chosen, err := s.selection(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p, err := s.issuePage(r, issue, chosen)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if number > 1 {
		p.PreviousURL, p.PreviousTitle = issuePath(name, number-1), fmt.Sprintf("No. %d", number-1)
	}
	switch _, err := s.publicIssue(r.Context(), name, number+1); {
	case err == nil:
		p.NextURL, p.NextTitle = issuePath(name, number+1), fmt.Sprintf("No. %d", number+1)
	case !errors.Is(err, sigpost.ErrNotFound):
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "issue", p)
}

// publicIssue is an issue that is not for its editors alone, without what is out of
// sight by now. The error wraps
// sigpost.ErrNotFound where there is none.
func (s *site) publicIssue(ctx context.Context, name string, number int) (sigpost.Issue, error) {
	issue, err := s.Store.IssueByNumber(ctx, name, number)
	if err == nil && !s.published(issue) {
		err = sigpost.ErrNotFound
	}
	if err != nil {
		return issue, err
	}
	all, err := s.shown(ctx, []sigpost.Issue{issue})
	if err != nil {
		return issue, err
	}
	return all[0], nil
}

// publicIssues are the latest of those of a digest, at most limit, with numbers
// below below where that is not 0.
func (s *site) publicIssues(ctx context.Context, name string, below, limit int) ([]sigpost.Issue, error) {
	issues, err := s.Store.PublicIssues(ctx, name, s.now(), below, limit)
	if err != nil {
		return nil, err
	}
	return s.shown(ctx, issues)
}

// published says whether an issue is for readers to see by now.
func (s *site) published(issue sigpost.Issue) bool { return issue.Published(s.now()) }

// issuePage is an issue, cut to what is chosen: a sample of what a reader would
// get.
func (s *site) issuePage(r *http.Request, issue sigpost.Issue, chosen sigpost.Selection) (issuePage, error) {
	t, err := s.Templates(issue.Digest)
	if err != nil {
		return issuePage{}, err
	}
	reader := s.Reader(issue)
	reader.Web, reader.IssueURL, reader.Selection = true, "", chosen
	content, err := t.Page(issue, reader)
	p := issuePage{page: s.page(r, content.Title), Body: content.Body, FeedURL: FeedPath(issue.Digest)}
	p.Canonical, p.Article = s.absolute(issuePath(issue.Digest, issue.Number)), true
	p.Description = fmt.Sprintf("%s No. %d, %s: %s in %s.", s.Digests[issue.Digest], issue.Number, dates(issue), plural(issue.Stats.Messages, "message"), plural(issue.Stats.Threads, "thread"))
	return p, err
}

func issuePath(digest string, number int) string {
	return "/issues/" + digest + "/" + strconv.Itoa(number)
}

// FeedPath is where the feed of a digest's issues is.
func FeedPath(digest string) string { return "/issues/" + digest + "/feed" }

// RenderIssue makes the page of an issue that need not be stored, for looking at
// it.
func RenderIssue(o Options, issue sigpost.Issue) ([]byte, error) {
	s, err := newSite(o)
	if err != nil {
		return nil, err
	}
	p, err := s.issuePage(nil, issue, sigpost.Selection{})
	if err != nil {
		return nil, err
	}
	return s.render("issue", p)
}
