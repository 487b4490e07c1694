package web

import (
	"html"
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
	return maskHTML(sigpost.Legible(mailPolicy.Sanitize(strings.ToValidUTF8(source, "\uFFFD"))))
}

// Of what mailPolicy has written, in which each < begins a tag and each > ends one.
var (
	tagHTML    = regexp.MustCompile(`<[^>]*>`)
	inlineTag  = regexp.MustCompile(`^</?(?:a|b|strong|i|em|u|s|del|ins|sub|sup|small|span|code|tt|samp|kbd)[ >/]`)
	linkedPage = regexp.MustCompile(` href="([^"]*)"`)
)

// maskHTML masks the addresses in what mailPolicy left, also those that are cut by
// tags within a line, and those in what links ask pages for.
func maskHTML(text string) string {
	if !strings.Contains(text, "@") && !strings.Contains(text, "%") {
		return text
	}
	var pieces, tags []string // a tag follows each piece but the last
	at := 0
	for _, t := range tagHTML.FindAllStringIndex(text, -1) {
		pieces, tags = append(pieces, html.UnescapeString(text[at:t[0]])), append(tags, text[t[0]:t[1]])
		if at = t[1]; !inlineTag.MatchString(tags[len(tags)-1]) { // no address goes over it
			pieces[len(pieces)-1] += "\x00"
		}
	}
	pieces = sigpost.MaskPieces(append(pieces, html.UnescapeString(text[at:])))
	var b strings.Builder
	for i, tag := range append(tags, "") {
		b.WriteString(html.EscapeString(strings.ReplaceAll(pieces[i], "\x00", "")))
		b.WriteString(linkedPage.ReplaceAllStringFunc(tag, func(href string) string {
			return ` href="` + html.EscapeString(maskLink(html.UnescapeString(href[len(` href="`):len(href)-1]))) + `"`
		}))
	}
	return b.String()
}

// maskLink masks what a link asks a page for. The rest of it stays whole.
func maskLink(link string) string {
	u, err := url.Parse(link)
	if err != nil || u.RawQuery == "" && u.Fragment == "" {
		return link
	}
	values, err := url.ParseQuery(u.RawQuery)
	masked := url.Values{}
	changed := false
	for name, all := range values {
		for _, v := range all {
			key, value := maskInLink(name), maskInLink(v)
			changed = changed || key != name || value != v
			masked.Add(key, value)
		}
	}
	switch {
	case err != nil && maskInLink(u.RawQuery) != u.RawQuery:
		u.RawQuery = ""
	case changed:
		u.RawQuery = masked.Encode()
	}
	if fragment := maskInLink(u.Fragment); fragment != u.Fragment {
		u.Fragment, u.RawFragment, changed = fragment, "", true
	}
	if !changed && err == nil {
		return link
	}
	return u.String()
}

// maskInLink masks a value that may hold a link itself.
func maskInLink(value string) string {
	parts := strings.Split(value, "://")
	for i, p := range parts {
		parts[i] = sigpost.MaskASCII(p)
	}
	return strings.Join(parts, "://")
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
