package digest

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"strings"

	"sigpost"
)

// Page is an issue as the content of a page of the site.
type Page struct {
	Title string // of the page
	Body  template.HTML
}

// Page makes the page of an issue, from the same words as a letter.
func (t *Templates) Page(issue sigpost.Issue, r Reader) (Page, error) {
	p := t.Prepare(issue).page(r, webWords)
	p.unstyle()
	body, err := execute(t.web, "a page", issue, p)
	title := p.Title
	if p.Number != "" {
		title += " " + p.Number
	}
	return Page{Title: title + ", " + p.Dates, Body: template.HTML(body)}, err
}

// Markdown makes an issue for a blog (CommonMark), with nothing in it that is
// one reader's.
func (t *Templates) Markdown(issue sigpost.Issue, r Reader) (string, error) {
	p := t.Prepare(issue).page(r, webWords)
	text, err := execute(t.markdown, "Markdown", issue, p)
	return oneBlankLine.ReplaceAllString(strings.TrimSpace(text), "\n\n") + "\n", err
}

// webWords is how long what no mail program cuts may get.
const webWords = 4 * maxWords

var oneBlankLine = regexp.MustCompile(`\n{3,}`)

// unstyle takes from the notes the style that letters need.
func (p *page) unstyle() {
	for i := range p.Coming {
		p.Coming[i].Notes = notesHTML(p.Coming[i].markdown, false)
	}
}

// showPicture says where HTML finds the picture of the week.
func (p *page) showPicture(inside bool) {
	switch {
	case p.Week.data == nil:
	case inside:
		p.Picture = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(p.Week.data))
	default:
		p.Picture = template.URL("cid:" + p.Week.Picture)
	}
}

func execute(t interface{ Execute(io.Writer, any) error }, what string, issue sigpost.Issue, data any) (string, error) {
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return "", fmt.Errorf("issue %d of %s as %s: %w", issue.Number, issue.Digest, what, err)
	}
	return b.String(), nil
}

// NoteMarkdown is an event's notes as paragraphs of Markdown.
func (p *page) NoteMarkdown(u Upcoming) []string { return plainMarkdown(u.markdown) }

// EditorMarkdown is an editor's words as paragraphs of Markdown.
func (p *page) EditorMarkdown(e editorial) []string { return plainMarkdown(string(e)) }

// plainMarkdown takes from Markdown all but paragraphs, items and links, so that
// no engine of a blog finds anything else in it.
func plainMarkdown(source string) []string {
	// Private use characters hold the place of what must not be escaped.
	const open, shut = "\ue000", "\ue001"
	bare := strings.NewReplacer(open, "", shut, "").Replace(source)
	lines := notesText(bare, func(url string) string {
		if url = linkable(url); url == "" {
			return ""
		}
		return " " + open + url + shut
	})
	for i, l := range lines {
		marker := ""
		if rest, ok := strings.CutPrefix(l, "- "); ok {
			marker, l = "- ", rest
		}
		var b strings.Builder
		for l != "" {
			text, rest, linked := strings.Cut(l, open)
			b.WriteString(markdownText(text))
			if linked {
				var url string
				url, rest, _ = strings.Cut(rest, shut)
				b.WriteString("<" + markdownURL(url) + ">")
			}
			l = rest
		}
		lines[i] = marker + b.String()
	}
	return lines
}

// markdownText takes from somebody's line what CommonMark would read as more
// than text, and what engines of blogs do: braces, which begin their own
// languages.
func markdownText(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '{':
			b.WriteString("&#123;")
		case '}':
			b.WriteString("&#125;")
		case '<':
			b.WriteString("&lt;")
		case '&':
			b.WriteString("&amp;")
		case '\\', '`', '*', '[', ']', '~', '|':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '_': // within a word it is a letter
			if i == 0 || i == len(s)-1 || !wordByte(s[i-1]) || !wordByte(s[i+1]) {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		case '#', '>', '+', '-', '=':
			if i == 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		case '.', ')': // "1." at the beginning is an item
			if i > 0 && i < 10 && strings.Trim(s[:i], "0123456789") == "" {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func wordByte(c byte) bool {
	return c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// markdownURL is a URL that stays one between angle brackets.
func markdownURL(url string) string {
	return strings.NewReplacer("<", "%3C", ">", "%3E", "\\", "%5C", "{", "%7B", "}", "%7D", "\n", "", "&", "&amp;").Replace(url)
}

// markdownLink is a text, and a link of it where there is a URL.
func markdownLink(text, url string) string {
	if url == "" {
		return markdownText(text)
	}
	return "[" + markdownText(text) + "](<" + markdownURL(url) + ">)"
}
