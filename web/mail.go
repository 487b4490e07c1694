package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/store"
)

// errGone says that a message is there and is not shown.
var errGone = errors.New("not shown")

// shownMail gives a message that a request names with its bytes, for who asks:
// reviewers may see what a reviewer removed, and nobody what its author wished not
// to be archived.
func (s *site) shownMail(r *http.Request) (m sigpost.Message, raw []byte, err error) {
	if m, err = s.named(r); err != nil {
		return m, nil, err
	}
	if m.NoArchive || m.Removed && !s.reviews(r) {
		return m, nil, errGone
	}
	raw, err = s.Store.Raw(r.Context(), m.ID)
	return m, raw, err
}

func (s *site) reviews(r *http.Request) bool { return personOf(r).Role.May(sigpost.RoleReviewer) }

// given keeps what strangers made from being taken for a page of ours.
func (s *site) given(w http.ResponseWriter, r *http.Request, contentType string) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("Content-Type", contentType)
	h.Set("X-Robots-Tag", "noindex")
}

// raw shows a message as it came, but for addresses.
func (s *site) raw(w http.ResponseWriter, r *http.Request) {
	_, raw, err := s.shownMail(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.given(w, r, "text/plain; charset=utf-8")
	w.Write(s.masked(r, raw)) // what fails is the reader's connection
}

// masked gives mail as it may be given to who asks: whole for reviewers, and for
// everybody else with its addresses masked.
func (s *site) masked(r *http.Request, raw []byte) []byte {
	if s.reviews(r) {
		return raw
	}
	return s.Mail.Masked(raw, sigpost.MaskASCII)
}

// threadMbox gives a thread as an mbox.
func (s *site) threadMbox(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	state, err := s.Store.ThreadState(r.Context(), id)
	if err == nil && state.ID != id {
		http.Redirect(w, r, threadPath(state.ID)+"/mbox", http.StatusMovedPermanently)
		return
	}
	var mail []store.Mail
	if err == nil {
		mail, err = s.Store.ThreadMail(r.Context(), id)
	}
	s.mbox(w, r, fmt.Sprintf("thread-%d", id), mail, err)
}

// listMbox gives a list as an mbox, or a month of it.
func (s *site) listMbox(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("month") == "" {
		s.wholeListMbox(w, r)
		return
	}
	month, err := time.Parse("2006-01", r.FormValue("month"))
	if err != nil {
		s.fail(w, r, fmt.Errorf("%w: month=2016-04", sigpost.ErrUsage))
		return
	}
	name := r.PathValue("name")
	mail, err := s.Store.ListMail(r.Context(), name, sigpost.Window{From: month, To: month.AddDate(0, 1, 0)})
	s.mbox(w, r, name+"-"+month.Format("2006-01"), mail, err)
}

// wholeListMbox gives all of a list, of which no more is in memory than a piece.
func (s *site) wholeListMbox(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	err := s.knowsList(r.Context(), name)
	var mail []store.Mail
	if err == nil {
		mail, err = s.Store.ListMailAfter(r.Context(), name, 0, mboxMails)
	}
	if !s.mboxBegin(w, r, name, mail, err) {
		return
	}
	for len(mail) > 0 {
		s.mboxMore(w, r, mail)
		if mail, err = s.Store.ListMailAfter(r.Context(), name, mail[len(mail)-1].ID, mboxMails); err != nil {
			s.cutMbox(r, err)
		}
	}
}

// What is read at a time for an mbox, how long a reader may take for a piece of it,
// and how long for the whole of one; a list has years.
const (
	mboxBytes    = 2 << 20
	mboxMails    = 64
	mboxTime     = 5 * time.Minute
	listMboxTime = time.Hour
)

// mbox sends messages as an mbox (RFC 4155, in its form "mboxrd", in which ">From
// " can be undone), some at a time.
func (s *site) mbox(w http.ResponseWriter, r *http.Request, name string, mail []store.Mail, err error) {
	if s.mboxBegin(w, r, name, mail, err) {
		s.mboxMore(w, r, mail)
	}
}

// mboxBegin says that an mbox follows, or what is wrong.
func (s *site) mboxBegin(w http.ResponseWriter, r *http.Request, name string, mail []store.Mail, err error) bool {
	if err == nil && len(mail) == 0 {
		err = sigpost.ErrNotFound
	}
	if err != nil {
		s.fail(w, r, err)
		return false
	}
	s.given(w, r, "application/mbox")
	w.Header().Set("Content-Disposition", disposition(name+".mbox"))
	return true
}

func (s *site) mboxMore(w http.ResponseWriter, r *http.Request, mail []store.Mail) {
	control := http.NewResponseController(w)
	for len(mail) > 0 {
		n, bytes := 0, 0
		for n < len(mail) && n < mboxMails && (n == 0 || bytes+mail[n].Size <= mboxBytes) {
			bytes += mail[n].Size
			n++
		}
		control.SetWriteDeadline(time.Now().Add(mboxTime)) // a test's recorder has none
		if err := s.writeMbox(w, r, mail[:n]); err != nil {
			s.cutMbox(r, err)
		}
		mail = mail[n:]
	}
}

// cutMbox ends an answer so that what was cut off is not taken for the whole.
func (s *site) cutMbox(r *http.Request, err error) {
	s.Log.DebugContext(r.Context(), "an mbox was not taken", "path", shownPath(r), "error", err)
	panic(http.ErrAbortHandler)
}

func (s *site) writeMbox(w io.Writer, r *http.Request, mail []store.Mail) error {
	ids := make([]int64, len(mail))
	for i, m := range mail {
		ids[i] = m.ID
	}
	raws := make(map[int64][]byte, len(ids))
	err := s.Store.Raws(r.Context(), ids, func(id int64, raw []byte) error {
		raws[id] = raw
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range mail {
		if _, err := w.Write(mboxrd(s.masked(r, raws[m.ID]), m.Received)); err != nil {
			return err
		}
	}
	return nil
}

// mboxrd is a mail as a part of an mbox.
func mboxrd(raw []byte, received time.Time) []byte {
	var b bytes.Buffer
	b.Grow(len(raw) + 100)
	b.WriteString("From mboxrd@z " + received.UTC().Format(time.ANSIC) + "\n")
	first := true
	for line := range bytes.Lines(raw) {
		line = bytes.TrimRight(line, "\r\n")
		if first = first && bytes.HasPrefix(line, []byte("From ")); first { // an mbox's own line
			continue
		}
		if bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
			b.WriteByte('>')
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// disposition has a browser store what it gets and not show it (RFC 6266).
func disposition(name string) string {
	if d := mime.FormatMediaType("attachment", map[string]string{"filename": name}); d != "" && name != "" {
		return d
	}
	return "attachment"
}

// maxFileName is how many characters of the name of a file are kept.
const maxFileName = 120

// fileName makes a stranger's name for a file harmless: no path, no tricks with
// directions, nothing that a shell, a header or a file system takes for more.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) || r == 0x7f || r == '\uFFFD':
			return '_'
		}
		return r
	}, strings.ToValidUTF8(sigpost.Legible(name), "_"))
	name = strings.Trim(name, ". ")
	if runes := []rune(name); len(runes) > maxFileName { // the end says what it is
		name = string(runes[:maxFileName-20]) + "…" + string(runes[len(runes)-19:])
	}
	return name
}

// safeTypes are what an attachment may say it is; everything else is bytes. None
// of them is shown either way.
var safeTypes = map[string]bool{"text/plain": true, "text/csv": true, "text/x-diff": true, "text/x-patch": true, "text/x-log": true,
	"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "application/pdf": true, "application/gzip": true,
	"application/zip": true, "application/x-tar": true, "application/json": true}

// maxAttachment bounds what is given out of one mail, in bytes.
const maxAttachment = 64 << 20

// attachment gives out what is attached to a message, to be stored and never to be
// shown.
func (s *site) attachment(w http.ResponseWriter, r *http.Request) {
	_, raw, err := s.shownMail(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	part, number, several := strings.Cut(r.PathValue("part"), "-")
	nth := 1
	if several {
		if nth, err = strconv.Atoi(number); err != nil {
			s.fail(w, r, sigpost.ErrNotFound)
			return
		}
	}
	a, data, err := s.Mail.Attached(s.masked(r, raw), part, nth-1)
	if err == nil && len(data) > maxAttachment {
		err = sigpost.ErrNotFound
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	contentType := "application/octet-stream"
	if safeTypes[a.Type] {
		contentType = a.Type
	}
	s.given(w, r, contentType)
	w.Header().Set("Content-Disposition", disposition(fileName(a.Name)))
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.Write(data) // what fails is the reader's connection
}
