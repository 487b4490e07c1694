package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"sigpost"
)

// MailboxView says how far a mailbox was read.
type MailboxView struct {
	Name, List string
	Service    bool
	Complete   time.Time // when it was read to its end
	Failing    time.Time // since when every attempt failed
	Failure    string
	Latest     time.Time // the newest message of its list
	Gaps       int       // messages that could not be fetched
	// Asked says that the server was asked: Behind is how many messages are unread
	// there, and NewUIDs that it has numbered them anew. Unreachable is why it could
	// not be asked.
	Asked       bool
	Behind      int
	NewUIDs     bool
	Unreachable string
}

type ingestPage struct {
	page
	Mailboxes   []MailboxView
	Quarantined int
	Asked       bool
}

// askLimit is how long servers are waited for.
const askLimit = 20 * time.Second

// ingest says how far each mailbox was read.
func (s *site) ingest(w http.ResponseWriter, r *http.Request) {
	p := ingestPage{page: s.page(r, "Mailboxes"), Asked: r.FormValue("ask") != ""}
	ctx, stop := context.WithTimeout(r.Context(), askLimit)
	defer stop()
	var err error
	if p.Mailboxes, err = s.Review.Mailboxes(ctx, p.Asked); err == nil {
		_, _, p.Quarantined, err = s.Store.CountMessages(r.Context())
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "ingest", p)
}

type quarantinePage struct {
	page
	Mails   []sigpost.Quarantined
	MoreURL string
	Problem string
}

// quarantineLength is how many mails a page of the quarantine has.
const quarantineLength = 20

func (s *site) quarantine(w http.ResponseWriter, r *http.Request) {
	s.showQuarantine(w, r, http.StatusOK, "")
}

func (s *site) showQuarantine(w http.ResponseWriter, r *http.Request, status int, problem string) {
	before := int64(0)
	if from := r.URL.Query().Get("from"); from != "" {
		var err error
		if before, err = strconv.ParseInt(from, 10, 64); err != nil {
			s.fail(w, r, sigpost.ErrUsage)
			return
		}
	}
	mails, err := s.Store.Quarantine(r.Context(), before, quarantineLength+1)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := quarantinePage{page: s.page(r, "Quarantine"), Problem: problem}
	if len(mails) > quarantineLength {
		mails = mails[:quarantineLength]
		p.MoreURL = "/review/quarantine?from=" + strconv.FormatInt(mails[quarantineLength-1].ID, 10)
	}
	p.Mails = mails
	s.show(w, r, status, "quarantine", p)
}

// quarantined is a mail as it came, as text and nothing else.
func (s *site) quarantined(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	q, err := s.Store.Quarantined(r.Context(), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", "inline")
	if _, err := w.Write(q.Raw); err != nil {
		s.Log.DebugContext(r.Context(), "a page was not taken", "path", shownPath(r), "error", err)
	}
}

// retry reads a mail in quarantine again.
func (s *site) retry(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PostFormValue("mail"), 10, 64)
	if err != nil {
		s.fail(w, r, sigpost.ErrUsage)
		return
	}
	reason, err := s.Review.Retry(r.Context(), id)
	switch {
	case err != nil:
		s.fail(w, r, err)
	case reason != "":
		s.showQuarantine(w, r, http.StatusConflict, "Number "+strconv.FormatInt(id, 10)+" stays in quarantine: "+reason)
	default:
		http.Redirect(w, r, "/review/quarantine", http.StatusSeeOther)
	}
}
