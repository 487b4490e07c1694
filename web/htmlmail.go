package web

import (
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"

	"sigpost"
)

// mailPolicy is what is left of the HTML of a mail: text and its structure. There
// is no style, class or id with which it could look like more, no picture, form or
// frame, and nothing that is loaded; links lead to pages, and open elsewhere.
var mailPolicy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "div", "span", "blockquote", "pre", "code", "tt", "samp", "kbd", "b", "strong", "i", "em", "u", "s", "del", "ins", "sub", "sup",
		"small", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th")
	span := regexp.MustCompile(`^[0-9]{1,2}$`)
	p.AllowAttrs("colspan", "rowspan").Matching(span).OnElements("td", "th")
	p.AllowAttrs("dir").Matching(regexp.MustCompile(`^(?i:ltr|rtl|auto)$`)).OnElements("p", "div", "span", "blockquote", "td", "th", "li", "pre")
	p.AllowAttrs("href").OnElements("a")
	for _, scheme := range []string{"http", "https"} {
		p.AllowURLSchemeWithCustomPolicy(scheme, func(u *url.URL) bool { return u.Host != "" && u.User == nil })
	}
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	// What is in these is no text. Others are left open by those who write by hand.
	p.SkipElementsContent("script", "style", "title", "noscript", "iframe", "object", "textarea", "xmp", "noembed", "noframes")
	return p
}()

// harmless is the HTML of a mail as it may be shown.
func harmless(source string) string {
	return sigpost.MaskAddresses(sigpost.Legible(mailPolicy.Sanitize(strings.ToValidUTF8(source, "\uFFFD"))))
}

type htmlPage struct {
	page
	Author, Subject, Path string
	ThreadURL             string
}

// htmlFrame is a page with a frame in which the HTML of a message is shown.
func (s *site) htmlFrame(w http.ResponseWriter, r *http.Request) {
	m, raw, err := s.shownMail(r)
	if err == nil {
		_, err = s.Mail.HTML(raw)
	}
	place := ""
	if err == nil {
		place, err = s.placeOf(r.Context(), &m)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := htmlPage{page: s.page(r, "HTML of a message"), Author: short(m.Author.Label(), maxName), Subject: legible(m.Subject), Path: messagePath(m.MessageID), ThreadURL: place}
	p.NoIndex = true
	s.show(w, r, http.StatusOK, "htmlmail", p)
}

// htmlView is what the frame shows. It says once more by itself that nothing in it
// may run or be loaded: it may be opened without the frame.
func (s *site) htmlView(w http.ResponseWriter, r *http.Request) {
	m, raw, err := s.shownMail(r)
	source := ""
	if err == nil {
		source, err = s.Mail.HTML(raw)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.given(w, r, "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'; base-uri 'none'; form-action 'none'")
	text, err := s.render("htmlview", htmlView{legible(m.Subject), template.HTML(harmless(source))})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Write(text) // what fails is the reader's connection
}

type htmlView struct {
	Title string
	Body  template.HTML
}
