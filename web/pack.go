package web

import (
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"

	"sigpost"
)

// What is compressed, and what is not.
//
// Answers for nobody in particular are: pages, feeds, calendars, the API, files that
// pages load. There is no secret in them, so that nobody learns one by how much they
// shrink (the BREACH attack: https://breachattack.com), though a search has the words
// in it that were asked for.
//
// Never compressed are pages of somebody who has signed in, the desks, and what a token
// leads to: those have secrets (the token itself, addresses), and some repeat what the
// request says. Neither are answers to what changes something.
//
// A weak ETag (RFC 9110, section 8.8.1) stands for all codings of an answer. A strong
// one would stand for its bytes: such answers are left as they are, and so are pieces
// (Range), mbox files, which are written while they are read, and attachments.

// leastPacked is the size in bytes below which compressing saves no packet.
const leastPacked = 1200

// packs says whether answers of a route may be compressed.
func (to route) packs(r *http.Request, person sigpost.Person) bool {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	return reads && !to.personal && to.needs == sigpost.RoleNobody && person.Addr == ""
}

// packing is an answer that is compressed if it is long enough, and text.
type packing struct {
	http.ResponseWriter
	status  int
	decided bool
	zip     *gzip.Writer // nil where it goes out as it is
}

// WriteHeader takes the status: it is sent when it is known whether to compress.
func (p *packing) WriteHeader(status int) {
	if p.status != 0 || p.decided {
		return
	}
	if p.status = status; status < 200 || status == http.StatusNoContent || status == http.StatusNotModified {
		p.decide(0)
	}
}

// Write compresses a piece, or passes it on.
func (p *packing) Write(b []byte) (int, error) {
	p.decide(len(b))
	if p.zip != nil {
		return p.zip.Write(b)
	}
	return p.ResponseWriter.Write(b)
}

// decide sends the header, where it has not been sent. first is how much of the answer
// is there, which may be all of it.
func (p *packing) decide(first int) {
	if p.decided {
		return
	}
	p.decided = true
	if p.status == 0 {
		p.status = http.StatusOK
	}
	h := p.Header()
	if size, err := strconv.Atoi(h.Get("Content-Length")); err == nil {
		first = size
	}
	etag := h.Get("ETag")
	if first >= leastPacked && isText(h.Get("Content-Type")) && h.Get("Content-Encoding") == "" && (etag == "" || strings.HasPrefix(etag, "W/")) {
		h.Set("Content-Encoding", "gzip")
		h.Del("Content-Length")
		h.Del("Accept-Ranges")
		p.zip = packers.Get().(*gzip.Writer)
		p.zip.Reset(p.ResponseWriter)
	}
	p.ResponseWriter.WriteHeader(p.status)
}

// end sends what is left. An answer that broke off in a fault is not ended.
func (p *packing) end(r *http.Request) error {
	if p.status != 0 { // without a body: to HEAD
		p.decide(0)
	}
	if p.zip == nil {
		return nil
	}
	defer packers.Put(p.zip)
	if r.Method == http.MethodHead {
		return nil
	}
	return p.zip.Close()
}

// Unwrap is for http.ResponseController.
func (p *packing) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// isText says of a media type whether it shrinks.
func isText(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "json") || strings.HasSuffix(media, "xml")
}
