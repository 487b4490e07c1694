package message

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// maxIndent bounds how deep quotes and lists are shown; what lies deeper
	// is shown at this depth.
	maxIndent = 16
	// maxLink is the longest link that is shown behind its text, in bytes.
	maxLink = 2000
	// maxLead is the widest indentation by no-break spaces, in characters.
	maxLead = 200
)

// HTMLText makes readable text of an HTML mail: paragraphs, lists, quotes as
// "> ", preformatted text as it is, links as "text <url>" where the two differ,
// table cells apart. Scripts, styles and comments are left out.
//
// It works on tokens and not on a tree, so that no nesting is too deep for it,
// and takes time in proportion to the length of src.
//
// What is hidden from people, such as the words that newsletters put there for
// the list of mails, is left out, unless nothing else is there or it is not
// clear where it ends.
func HTMLText(src string) string {
	if text, sure := htmlText(src, true); sure && strings.TrimSpace(text) != "" {
		return text
	}
	text, _ := htmlText(src, false)
	return text
}

// htmlText does it with what is hidden, or without; it is not sure where a
// hidden element is not closed.
func htmlText(src string, hide bool) (text string, sure bool) {
	w := htmlWriter{}
	w.out.Grow(len(src) / 2)
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		switch z.Next() {
		case html.ErrorToken:
			w.closeLink()
			return strings.Trim(w.out.String(), "\n"), w.hidden == 0
		case html.TextToken:
			if w.skip == 0 && w.hidden == 0 {
				w.text(z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			perhaps := hide && w.hidden == 0 && mayHide(z.Raw())
			name, more := z.TagName()
			tag := atom.Lookup(name)
			if w.hidden != 0 && w.skip == 0 {
				if tag == w.hidden {
					w.nested++
				}
				continue
			}
			var attrs map[string]string
			if more && (perhaps || tag == atom.A || tag == atom.Img || tag == atom.Ol || tag == atom.Table) {
				attrs = attributes(z)
			}
			if perhaps && w.skip == 0 && isHidden(tag, attrs) {
				w.hidden, w.nested = tag, 1
				continue
			}
			w.start(tag, attrs)
		case html.EndTagToken:
			name, _ := z.TagName()
			tag := atom.Lookup(name)
			if w.hidden == 0 {
				w.end(tag)
			} else if tag == w.hidden {
				if w.nested--; w.nested == 0 {
					w.hidden = 0
				}
			}
		}
	}
}

// attributes reads the attributes of the current tag.
func attributes(z *html.Tokenizer) map[string]string {
	attrs := map[string]string{}
	for n := 0; n < 100; n++ {
		key, val, more := z.TagAttr()
		attrs[string(key)] = string(val)
		if !more {
			break
		}
	}
	return attrs
}

// htmlWriter is the text so far and where in the document it stands.
type htmlWriter struct {
	out   strings.Builder
	bare  bool // something but a prefix stands on the open line
	space bool // white space came since the last word
	blank int  // line ends at the end of out
	gap   bool // a blank line is wanted before what comes next,
	depth int  // in a quote of this depth
	lead  int  // no-break spaces that the open line begins with, not yet written
	fresh bool // only a bullet stands on the open line
	skip  atom.Atom
	pre   int
	quote int
	lists []int  // for each open list the next number, or -1 for bullets
	grids []bool // for each open table whether it is one of data, not of layout
	cell  bool   // a bar is wanted before what comes next on the line
	href  string // of the open link
	image bool   // an image stands in the open link
	// hidden is the element that people do not see which is open, and nested
	// how many of its kind are in one another.
	hidden atom.Atom
	nested int
	label  strings.Builder
}

// start handles an opening tag.
func (w *htmlWriter) start(tag atom.Atom, attrs map[string]string) {
	if w.skip != 0 {
		if tag == atom.Body {
			w.skip = 0 // a title or template that was never closed
		}
		return
	}
	switch tag {
	case atom.Script, atom.Style, atom.Title, atom.Template:
		w.skip = tag
	case atom.Br:
		w.newline()
	case atom.Dd:
		w.block()
		w.string("  ")
	case atom.Table:
		w.paragraph()
		if len(w.grids) < 1000 {
			border := attrs["border"]
			w.grids = append(w.grids, border != "" && border != "0")
		}
	case atom.Th:
		if n := len(w.grids); n > 0 {
			w.grids[n-1] = true
		}
		w.startCell()
	case atom.Td:
		w.startCell()
	case atom.Hr:
		w.block()
		w.string("----")
		w.block()
	case atom.Pre, atom.Xmp, atom.Listing, atom.Plaintext:
		w.paragraph()
		w.pre++
	case atom.Blockquote:
		w.paragraph()
		w.quote++
	case atom.Ul, atom.Ol, atom.Menu, atom.Dir:
		w.startList(tag, attrs)
	case atom.Li:
		w.startEntry()
	case atom.A:
		w.closeLink()
		w.href = linkTarget(attrs["href"])
	case atom.Img:
		w.image = w.href != ""
		if alt := cleanText(attrs["alt"]); alt != "" {
			w.text([]byte(alt))
		}
	default:
		w.lay(tag)
	}
}

// inGrid says whether what is read stands in a table of data.
func (w *htmlWriter) inGrid() bool {
	return len(w.grids) > 0 && w.grids[len(w.grids)-1]
}

// startCell sets the cells of a row apart, those of data with a bar.
func (w *htmlWriter) startCell() {
	w.space = true
	w.cell = w.bare && w.inGrid()
}

// lay makes the room that a tag wants before or after itself.
func (w *htmlWriter) lay(tag atom.Atom) {
	if w.inGrid() && (tag == atom.P || tag == atom.Div) {
		w.space = true // Outlook puts a paragraph into each cell
		return
	}
	switch tag {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Dl:
		w.paragraph()
	case atom.Div, atom.Tr, atom.Dt, atom.Dd, atom.Li, atom.Section, atom.Article, atom.Header,
		atom.Footer, atom.Address, atom.Form, atom.Fieldset, atom.Center, atom.Caption, atom.Figure,
		atom.Main, atom.Nav, atom.Aside:
		w.block()
	}
}

// end handles a closing tag.
func (w *htmlWriter) end(tag atom.Atom) {
	if w.skip != 0 {
		if tag == w.skip || tag == atom.Head {
			w.skip = 0
		}
		return
	}
	switch tag {
	case atom.A:
		w.closeLink()
	case atom.Td, atom.Th:
		w.space = true
	case atom.Table:
		if len(w.grids) > 0 {
			w.grids = w.grids[:len(w.grids)-1]
		}
		w.paragraph()
	case atom.Pre, atom.Xmp, atom.Listing, atom.Plaintext:
		w.block()
		w.pre = max(w.pre-1, 0)
		w.paragraph()
	case atom.Blockquote:
		w.block()
		w.quote = max(w.quote-1, 0)
		w.paragraph()
	case atom.Ul, atom.Ol, atom.Menu, atom.Dir:
		if len(w.lists) > 0 {
			w.lists = w.lists[:len(w.lists)-1]
		}
		if len(w.lists) == 0 {
			w.paragraph()
		}
	default:
		w.lay(tag)
	}
}

func (w *htmlWriter) startList(tag atom.Atom, attrs map[string]string) {
	if len(w.lists) == 0 {
		w.paragraph()
	}
	next := -1
	if tag == atom.Ol {
		next = 1
		if n, err := strconv.Atoi(attrs["start"]); err == nil && n >= 0 && n < 1e6 {
			next = n
		}
	}
	if len(w.lists) < 1000 {
		w.lists = append(w.lists, next)
	}
}

// startEntry begins a list entry with its bullet or number.
func (w *htmlWriter) startEntry() {
	w.block()
	bullet := "- "
	if n := len(w.lists); n > 0 {
		w.string(strings.Repeat("  ", min(n-1, maxIndent)))
		if w.lists[n-1] >= 0 {
			bullet = strconv.Itoa(w.lists[n-1]) + ". "
			w.lists[n-1]++
		}
	}
	w.string(bullet)
	w.fresh = true
}

// linkTarget gives the href where it is one that a reader can use.
func linkTarget(href string) string {
	href = strings.Join(strings.Fields(cleanText(href)), "")
	scheme, _, ok := strings.Cut(href, ":")
	if !ok || len(href) > maxLink {
		return ""
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "mailto", "ftp", "ftps", "tel", "irc", "ircs", "news", "nntp", "git", "ssh", "xmpp", "matrix", "sip", "magnet", "geo":
		return href
	}
	return ""
}

// closeLink writes the open link's target behind its text, where the text
// does not say it already.
func (w *htmlWriter) closeLink() {
	href, label := w.href, strings.TrimSpace(w.label.String())
	image := w.image
	w.href, w.image = "", false
	w.label.Reset()
	if href != "" && label == "" && image { // one that nothing else speaks for
		w.word([]byte("<" + href + ">"))
	}
	if href == "" || label == "" {
		return
	}
	shown := strings.TrimPrefix(href, "mailto:")
	bare := func(s string) string {
		s = strings.TrimPrefix(strings.TrimPrefix(s, "http://"), "https://")
		return strings.ToLower(strings.TrimSuffix(s, "/"))
	}
	if bare(shown) == bare(label) {
		return
	}
	space := w.space
	w.space = false
	w.string(" <" + shown + ">")
	w.space = space
}

// text writes a text token.
func (w *htmlWriter) text(t []byte) {
	if w.href != "" && w.label.Len() < maxLink {
		w.label.Write(t)
	}
	if w.pre > 0 {
		w.preformatted(t)
		return
	}
	for len(t) > 0 {
		end := 0
		for end < len(t) && !isHTMLSpace(t[end]) {
			end++
		}
		if end > 0 {
			w.word(t[:end])
		}
		if end < len(t) {
			w.space = true
			for end < len(t) && isHTMLSpace(t[end]) {
				end++
			}
		}
		t = t[end:]
	}
}

func isHTMLSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'
}

// word writes text that holds no white space that may be folded. A no-break
// space becomes a plain one.
func (w *htmlWriter) word(t []byte) {
	if !w.bare && w.lead > 0 && w.space {
		w.lead++
	}
	if !w.bare && len(bytes.Trim(t, "\u00a0")) == 0 {
		w.lead += len(t) / len("\u00a0")
		w.space = false
		return
	}
	switch {
	case w.cell && w.bare:
		w.out.WriteString(" | ")
	case w.space && w.bare:
		w.out.WriteByte(' ')
	}
	w.space, w.cell = false, false
	w.prefix()
	for {
		before, after, found := bytes.Cut(t, []byte("\u00a0"))
		w.out.Write(before)
		if !found {
			return
		}
		w.out.WriteByte(' ')
		t = after
	}
}

// preformatted writes text as it stands.
func (w *htmlWriter) preformatted(t []byte) {
	for i := 0; ; i++ {
		line, rest, found := bytes.Cut(t, []byte("\n"))
		if i > 0 {
			w.newline()
		}
		if len(line) > 0 {
			w.prefix()
			w.out.Write(line)
		}
		if !found {
			return
		}
		t = rest
	}
}

// string writes s on the open line as it is.
func (w *htmlWriter) string(s string) {
	w.prefix()
	w.out.WriteString(s)
}

// prefix begins a line with its quote marks where nothing stands on it yet.
func (w *htmlWriter) prefix() {
	w.fresh = false
	if w.bare {
		return
	}
	if w.gap && w.out.Len() > 0 && w.blank < 2 {
		w.out.WriteString(strings.Repeat(">", min(w.depth, w.quote, maxIndent)))
		w.out.WriteByte('\n')
	}
	w.gap = false
	if w.quote > 0 {
		w.out.WriteString(strings.Repeat(">", min(w.quote, maxIndent)))
		w.out.WriteByte(' ')
	}
	w.out.WriteString(strings.Repeat(" ", min(w.lead, maxLead)))
	w.bare, w.blank, w.lead = true, 0, 0
}

// newline ends the open line, or leaves a blank one; more than two blank lines
// say nothing.
func (w *htmlWriter) newline() {
	w.space, w.fresh, w.cell, w.lead = false, false, false, 0
	if !w.bare {
		if w.out.Len() == 0 || w.blank >= 3 {
			return
		}
		if w.quote > 0 {
			w.out.WriteString(strings.Repeat(">", min(w.quote, maxIndent)))
		}
	}
	w.out.WriteByte('\n')
	w.bare = false
	w.blank++
}

// block begins a new line where the open one has text.
func (w *htmlWriter) block() {
	if w.bare && !w.fresh {
		w.newline()
	}
	w.space = false
	if w.lead > 0 { // Outlook's blank line: a paragraph with nothing else in it
		w.lead = 0
		w.wantGap()
	}
}

// paragraph wants a blank line before what comes next. It belongs to the
// outermost quote that is open between now and then.
func (w *htmlWriter) paragraph() {
	w.block()
	if w.fresh {
		return
	}
	w.wantGap()
}

func (w *htmlWriter) wantGap() {
	if !w.gap {
		w.gap, w.depth = true, w.quote
	}
	w.depth = min(w.depth, w.quote)
}

// metaCharset is the charset that an HTML document names in its head, or "".
func metaCharset(data []byte) string {
	head := bytes.ToLower(data[:min(len(data), 2048)])
	for {
		i := bytes.Index(head, []byte("<meta"))
		if i < 0 {
			return ""
		}
		head = head[i+5:]
		tag, _, _ := bytes.Cut(head, []byte(">"))
		if _, after, ok := bytes.Cut(tag, []byte("charset=")); ok {
			name := strings.TrimLeft(string(after), `"' `)
			if end := strings.IndexAny(name, "\"' ;/\t\n"); end >= 0 {
				name = name[:end]
			}
			if utf8.ValidString(name) {
				return name
			}
		}
	}
}
