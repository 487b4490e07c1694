package export

import (
	"bytes"
	"html"
	"net/url"
	"regexp"
	"strings"

	markup "golang.org/x/net/html"
)

// copier makes an answer that which a file can hold.
type copier struct {
	*exporter
	file  string // that it is written to
	at    string // the target that it answers
	links []string
}

// ours is a link as a target of the source, without a fragment; ok is false for
// what leads elsewhere.
func (x *exporter) ours(at, link string) (u *url.URL, ok bool) {
	for _, base := range []string{x.URL, x.Live} {
		rest, within := strings.CutPrefix(link, base)
		if base != "" && within && (rest == "" || strings.IndexByte("/?#", rest[0]) >= 0) {
			link = "/" + strings.TrimPrefix(rest, "/")
			break
		}
	}
	here, err := url.Parse(at)
	if err != nil {
		return nil, false
	}
	u, err = here.Parse(link)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || !strings.HasPrefix(u.Path, "/") {
		return nil, false
	}
	return u, true
}

// link is where a link of the page leads in the copy; "" where it leads nowhere.
func (c *copier) link(link string) string {
	if strings.HasPrefix(link, "#") {
		return link
	}
	u, ok := c.ours(c.at, link)
	if !ok {
		return link
	}
	p := c.place(u)
	if !p.ok {
		return c.live(u)
	}
	c.links = append(c.links, target(u))
	to := relative(c.file, p.file)
	if v := u.Query().Get("v"); v != "" && p.File != "" { // what is kept by its version
		to += "?v=" + url.QueryEscape(v)
	}
	if u.Fragment != "" {
		to += "#" + u.EscapedFragment()
	}
	return to
}

// target is a URL without its fragment.
func target(u *url.URL) string {
	bare := *u
	bare.Fragment, bare.RawFragment = "", ""
	return bare.String()
}

// live is a URL at the site that answers what files cannot, or "".
func (x *exporter) live(u *url.URL) string {
	if x.Live == "" {
		return ""
	}
	return x.Live + u.String()
}

// absolute is the URL of a target's file where the copy is served; "" where nobody
// knows where that is, or what that is.
func (x *exporter) absolute(u *url.URL) string {
	p := x.place(u)
	if !p.ok || x.URL == "" {
		return ""
	}
	to := x.URL + "/" + folder(p.file)
	if u.Fragment != "" {
		to += "#" + u.EscapedFragment()
	}
	return to
}

// policy is what headers say for pages that are not copied. A copy says it itself.
func (x *exporter) policy() string {
	forms := "'none'"
	if u, err := url.Parse(x.Live); err == nil && u.Host != "" {
		forms = u.Scheme + "://" + u.Host
	}
	return `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action ` +
		html.EscapeString(forms) + `; base-uri 'none'">` + "\n" + `<meta name="referrer" content="no-referrer">` + "\n"
}

// page makes the links of a page lead to files, and leaves out what no file can
// answer: forms, but for those that Live answers.
func (c *copier) page(source []byte, noIndex bool) []byte {
	var b bytes.Buffer
	b.Grow(len(source))
	form, dropped := false, false // inside a form that is left out, a link that leads nowhere
	z := markup.NewTokenizer(bytes.NewReader(source))
	for {
		kind := z.Next()
		if kind == markup.ErrorToken { // io.EOF: it reads from memory
			return b.Bytes()
		}
		raw := bytes.Clone(z.Raw())
		switch kind {
		case markup.EndTagToken:
			name, _ := z.TagName()
			switch {
			case string(name) == "form" && form:
				form = false
				continue
			case string(name) == "a" && dropped:
				dropped = false
				continue
			}
		case markup.StartTagToken, markup.SelfClosingTagToken:
			if form {
				continue
			}
			t := z.Token()
			switch keep := c.tag(&t, raw); {
			case keep != nil:
				raw = keep
			case t.Data == "form":
				form = true
				continue
			default:
				dropped = dropped || t.Data == "a"
				continue
			}
			if t.Data == "head" {
				raw = append(raw, "\n"+c.policy()...)
				if noIndex {
					raw = append(raw, `<meta name="robots" content="noindex">`+"\n"...)
				}
			}
		}
		if !form {
			b.Write(raw)
		}
	}
}

// tag is a tag as the copy has it; nil where it is left out.
func (c *copier) tag(t *markup.Token, raw []byte) []byte {
	name, canonical := "", false
	switch t.Data {
	case "a", "area":
		name = "href"
	case "link":
		name, canonical = "href", attribute(t, "rel") == "canonical"
	case "meta":
		if attribute(t, "property") != "og:url" {
			return raw
		}
		name, canonical = "content", true
	case "script", "img", "iframe", "source":
		name = "src"
	case "form":
		return c.form(t)
	default:
		return raw
	}
	for i, a := range t.Attr {
		if a.Key != name {
			continue
		}
		to := ""
		if u, ok := c.ours(c.at, a.Val); ok && canonical {
			to = c.absolute(u)
		} else {
			to = c.link(a.Val)
		}
		if to == "" {
			return nil
		}
		if to != a.Val {
			t.Attr[i].Val = to
			return []byte(t.String())
		}
	}
	return raw
}

// form is a form that asks something of the live site; nil for any other.
func (c *copier) form(t *markup.Token) []byte {
	if method := attribute(t, "method"); method != "" && !strings.EqualFold(method, "get") {
		return nil
	}
	u, ok := c.ours(c.at, attribute(t, "action"))
	if !ok || c.Live == "" {
		return nil
	}
	for i, a := range t.Attr {
		if a.Key == "action" {
			t.Attr[i].Val = c.live(u)
		}
	}
	return []byte(t.String())
}

func attribute(t *markup.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// moved is the page in place of a redirect, which files cannot be.
func (c *copier) moved(location string) []byte {
	to := c.link(location)
	var b bytes.Buffer
	b.WriteString("<!doctype html>\n<html lang=\"en\">\n<head>\n" + c.policy() + "<meta charset=\"utf-8\">\n<title>Moved</title>\n<meta name=\"robots\" content=\"noindex\">\n")
	if to == "" {
		b.WriteString("</head>\n<body>\n<p>This is not part of this copy of the archive.</p>\n</body>\n</html>\n")
		return b.Bytes()
	}
	if u, ok := c.ours(c.at, location); ok {
		if absolute := c.absolute(u); absolute != "" {
			b.WriteString(`<link rel="canonical" href="` + html.EscapeString(absolute) + "\">\n")
		}
	}
	to = html.EscapeString(to)
	b.WriteString(`<meta http-equiv="refresh" content="0; url=` + to + "\">\n</head>\n<body>\n<p><a href=\"" + to + "\">It is here</a></p>\n</body>\n</html>\n")
	return b.Bytes()
}

// feed makes the links of a feed lead to where the files will be served. Feeds are
// read elsewhere, and their links are absolute.
func (c *copier) feed(source []byte) []byte {
	if c.URL == "" {
		return source
	}
	return c.absolutes().ReplaceAllFunc(source, func(found []byte) []byte {
		if bytes.HasSuffix(found, []byte("&amp;")) {
			return found
		}
		u, ok := c.ours(c.at, string(found))
		if !ok {
			return found
		}
		to := c.absolute(u)
		if to == "" {
			to = c.live(u)
		} else {
			c.links = append(c.links, target(u))
		}
		if to == "" {
			return found
		}
		return []byte(html.EscapeString(to))
	})
}

// absolutes finds links to our own pages in any text of markup. What has more than
// one part of a query ends with &amp; and is none that is copied.
func (x *exporter) absolutes() *regexp.Regexp {
	if x.own == nil {
		x.own = regexp.MustCompile(regexp.QuoteMeta(x.URL) + `(/[A-Za-z0-9._~%@!$+,=?#/-]*)(&amp;)?`)
	}
	return x.own
}
