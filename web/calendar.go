package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"
)

// CalendarPath is where what takes place can be subscribed to.
const CalendarPath = "/events.ics"

// calendar is what takes place, for calendar programs (RFC 5545). They come
// often: they get it again only where it is another one, but for when it was
// written.
func (s *site) calendar(w http.ResponseWriter, r *http.Request) {
	data, err := s.Calendar(r.Context())
	s.sendCalendar(w, r, data, err)
}

func (s *site) sendCalendar(w http.ResponseWriter, r *http.Request, data []byte, err error) {
	if err != nil {
		s.fail(w, r, err)
		return
	}
	sum := sha256.New()
	for line := range bytes.Lines(data) {
		if !bytes.HasPrefix(line, []byte("DTSTAMP")) {
			sum.Write(line)
		}
	}
	w.Header().Set("ETag", `W/"`+hex.EncodeToString(sum.Sum(nil)[:12])+`"`)
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}
