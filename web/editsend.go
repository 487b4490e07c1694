package web

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"sigpost"
	"sigpost/subscribe"
)

// editApprovePage says what happens when an issue is approved.
type editApprovePage struct {
	editHead
	editedPreflight
	// Problem is why it was not approved just now; At, Later and Despite are what was
	// asked for.
	Problem string
	At      string
	Later   bool
	Despite bool
}

func (s *site) editApprovePage(w http.ResponseWriter, r *http.Request) {
	s.showApprove(w, r, http.StatusOK, editApprovePage{})
}

func (s *site) showApprove(w http.ResponseWriter, r *http.Request, status int, p editApprovePage) {
	h, ok := s.editHead(w, r, "approve")
	if !ok {
		return
	}
	if !h.Edited.Issue.State.Open() && p.Problem == "" {
		http.Redirect(w, r, h.Path, http.StatusSeeOther)
		return
	}
	found, err := s.Editing.Preflight(r.Context(), h.Edited.Issue.Digest, h.Edited.Issue.Number, false)
	if err != nil {
		s.failEdit(w, r, err)
		return
	}
	p.editHead, p.editedPreflight = h, s.preflightOf(found)
	s.show(w, r, status, "editapprove", p)
}

func (s *site) editApprove(w http.ResponseWriter, r *http.Request) {
	name, number, err := editName(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := editApprovePage{At: r.PostFormValue("at"), Later: r.PostFormValue("when") == "later", Despite: r.PostFormValue("despite") == "yes"}
	switch {
	case p.Later && p.At == "":
		p.Problem = "Give the time before which it is not to be sent."
	case !p.Later && p.At != "": // which of the two is meant, only they know
		p.Problem = "Nothing was approved, since you gave a time and chose that the next run sends it. \"Not before\" is chosen now: approve again to have it sent then, or choose \"The next run sends it\" and empty the time."
		p.Later = true
	}
	if p.Problem != "" {
		s.showApprove(w, r, http.StatusUnprocessableEntity, p)
		return
	}
	version := r.PostFormValue("version")
	if version == "" {
		s.fail(w, r, sigpost.ErrUsage)
		return
	}
	err = s.Editing.Approve(r.Context(), name, number, version, p.At, p.Despite)
	if refusal := (*Refusal)(nil); errors.As(err, &refusal) {
		p.Problem = refusal.Says
		s.showApprove(w, r, refusal.Status, p)
		return
	}
	if err != nil {
		s.failEdit(w, r, err)
		return
	}
	http.Redirect(w, r, editPath(name, number), http.StatusSeeOther)
}

// editSendingPage says how the sending of an issue goes.
type editSendingPage struct {
	editHead
	Lost          []editedLoss
	More          bool // there are more of them than are shown
	Failed, Held  int
	Masked        bool
	Waits         bool // approved for a time that is to come
	Sent, Percent int
}

// editedLoss is a lost letter as somebody may see it.
type editedLoss struct {
	EditedLoss
	Shown string // the address, or as much of it as is shown
}

// maxLost is how many lost letters are shown.
const maxLost = 100

func (s *site) showSending(w http.ResponseWriter, r *http.Request, h editHead) {
	e := h.Edited
	p := editSendingPage{editHead: h, Failed: e.Sending.Letters[sigpost.DeliveryFailed], Held: e.Sending.Letters[sigpost.DeliveryUnknown],
		Sent: e.Sending.Letters[sigpost.DeliverySent], Masked: !personOf(r).Role.May(sigpost.RoleAdmin)}
	p.Waits = e.Issue.State == sigpost.IssueApproved && e.Issue.SendAfter.After(s.now())
	if all := p.Sent + p.Failed + p.Held + e.Sending.Waiting; all > 0 {
		p.Percent = (p.Sent + p.Failed + p.Held) * 100 / all
	}
	if p.Failed+p.Held > 0 {
		lost, err := s.Editing.Lost(r.Context(), e.Issue.Digest, e.Issue.Number, maxLost+1)
		if err != nil {
			s.failEdit(w, r, err)
			return
		}
		if p.More = len(lost) > maxLost; p.More {
			lost = lost[:maxLost]
		}
		for _, l := range lost {
			shown := l.Addr
			if p.Masked {
				shown = subscribe.MaskAddress(l.Addr)
				l.Addr, l.Why = "", withoutAddress(l.Why, l.Addr)
			}
			p.Lost = append(p.Lost, editedLoss{l, shown})
		}
	}
	if e.Issue.State == sigpost.IssueSending || e.Issue.State == sigpost.IssueApproved {
		p.Refresh = editRefresh
	}
	s.show(w, r, http.StatusOK, "editsending", p)
}

// editSending pauses, resumes, ends, or tries again.
func (s *site) editSending(r *http.Request, name string, number int) error {
	ctx, why := r.Context(), r.PostFormValue("why")
	if len(why) > 500 {
		return &Refusal{http.StatusUnprocessableEntity, "The reason is longer than 500 characters: say it in fewer."}
	}
	switch r.PostFormValue("do") {
	case "pause":
		return s.Editing.Pause(ctx, name, number, why)
	case "resume":
		return s.Editing.Resume(ctx, name, number)
	case "cancel":
		if r.PostFormValue("sure") != "yes" {
			return &Refusal{http.StatusUnprocessableEntity, "Sending was not ended: that cannot be taken back, so mark that you are sure."}
		}
		return s.Editing.Cancel(ctx, name, number, why)
	case "retry":
		return s.Editing.Retry(ctx, name, number, sigpost.DeliveryFailed)
	case "arrived":
		if r.PostFormValue("sure") != "yes" {
			return &Refusal{http.StatusUnprocessableEntity, "Nothing was noted: letters that count as sent are never sent again, so mark that they arrived."}
		}
		seen, err := strconv.Atoi(r.PostFormValue("held"))
		if err != nil {
			return sigpost.ErrUsage
		}
		return s.Editing.Arrived(ctx, name, number, seen)
	case "resend":
		return s.Editing.Retry(ctx, name, number, sigpost.DeliveryUnknown)
	}
	return sigpost.ErrUsage
}

// anAddress is what may be a mail address in a server's words.
var anAddress = regexp.MustCompile(`[^\s<>@,;:"()]+@[^\s<>@,;:"()]+`)

// withoutAddress masks addresses in a server's words, and the name before the @ of
// the one that they are about.
func withoutAddress(words, addr string) string {
	words = anAddress.ReplaceAllStringFunc(words, subscribe.MaskAddress)
	local, _, _ := strings.Cut(addr, "@")
	if local == "" {
		return words
	}
	return regexp.MustCompile(`(?i)(^|[^\pL\pN])`+regexp.QuoteMeta(local)+`($|[^\pL\pN@])`).ReplaceAllString(words, "${1}…${2}")
}
