// Package inline puts the style sheet of an HTML template into the style
// attributes of its elements, since many mail programs heed nothing else. It
// works on the template and not on what is made with it, so it costs nothing for
// each letter.
package inline

import (
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/aymerick/douceur/inliner"
	"github.com/aymerick/douceur/parser"
	nethtml "golang.org/x/net/html"
)

// Mark is the attribute of the <style> element whose rules are put into the
// elements. Other <style> elements stay: media queries cannot be inlined.
const Mark = "data-inline"

// number is the attribute by which an element of the template is found again
// behind the library that matches selectors.
const number = "data-inline-number"

// Template gives an html/template with the rules of its <style data-inline> in
// the elements that they match, and without that style sheet. All else stays as
// it is, byte for byte and line by line, so that what the template engine says of
// a line is true of the file. A class that an action makes is not seen: write the
// element twice, between {{if}} and {{else}}. A text without such a style sheet
// is given back unchanged.
func Template(source string) (string, error) {
	t, err := scan(source)
	if err != nil || t.sheet == "" {
		return source, err
	}
	styled, err := inliner.Inline(t.numbered())
	if err != nil {
		return "", fmt.Errorf("line %d: the style sheet cannot be read: %w", t.line(t.sheetFrom), err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(styled))
	if err != nil {
		return "", err
	}
	styles := map[int]string{}
	seen := map[int]bool{}
	doc.Find("[" + number + "]").Each(func(_ int, s *goquery.Selection) {
		n, _ := strconv.Atoi(s.AttrOr(number, ""))
		seen[n] = true
		styles[n] = s.AttrOr("style", "")
	})
	return t.withStyles(styles, seen)
}

// tag is a start tag of the template.
type tag struct {
	name     string
	at       int // behind its name
	end      int // where another attribute can stand
	class    bool
	ownStyle bool
}

// scanned is a template with what is to be known of its text.
type scanned struct {
	source, masked    string
	tags              []tag
	sheet             string
	sheetFrom         int // of the <style> element
	sheetTo           int
	otherFrom, others []int // where the contents of other <style> elements are
}

var action = regexp.MustCompile(`(?s)\{\{.*?\}\}`)

// mask makes spaces of a template's actions: HTML is left, every byte at its
// place.
func mask(source string) string {
	return action.ReplaceAllStringFunc(source, func(a string) string {
		return strings.Map(func(r rune) rune {
			if r == '\n' {
				return r
			}
			return ' '
		}, strings.ToValidUTF8(asciiOnly(a), " "))
	})
}

// asciiOnly keeps the length in bytes.
func asciiOnly(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] >= 0x80 {
			b[i] = ' '
		}
	}
	return string(b)
}

func scan(source string) (*scanned, error) {
	t := &scanned{source: source, masked: mask(source)}
	z := nethtml.NewTokenizer(strings.NewReader(t.masked))
	at := 0
	for {
		kind := z.Next()
		raw := len(z.Raw())
		switch kind {
		case nethtml.ErrorToken:
			return t, nil
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			token := z.Token()
			one := tag{at: at + 1 + len(token.Data), name: token.Data, end: at + len(strings.TrimRight(strings.TrimRight(t.masked[at:at+raw], ">"), "/ "))}
			marked := false
			for _, a := range token.Attr {
				one.class = one.class || a.Key == "class"
				one.ownStyle = one.ownStyle || a.Key == "style"
				marked = marked || a.Key == Mark
			}
			if token.Data == "style" {
				if err := t.style(at, at+raw, marked); err != nil {
					return t, err
				}
			} else {
				t.tags = append(t.tags, one)
			}
		}
		at += raw
	}
}

// style notes a <style> element that begins at from and whose sheet begins at
// begin.
func (t *scanned) style(from, begin int, marked bool) error {
	end := strings.Index(t.masked[begin:], "</style>")
	if end < 0 {
		return fmt.Errorf("line %d: the <style> has no end", t.line(from))
	}
	end += begin
	if !marked {
		t.otherFrom, t.others = append(t.otherFrom, begin), append(t.others, end)
		return nil
	}
	if t.sheet != "" {
		return fmt.Errorf("line %d: there is a second <style %s>", t.line(from), Mark)
	}
	t.sheet, t.sheetFrom, t.sheetTo = t.masked[begin:end], from, end+len("</style>")
	return nil
}

func (t *scanned) line(at int) int { return 1 + strings.Count(t.source[:at], "\n") }

// numbered is the masked template, its elements numbered, with the one style
// sheet.
func (t *scanned) numbered() string {
	var b strings.Builder
	at := 0
	blank := func(to int) { // leaves the sheets of others out
		for i, from := range t.otherFrom {
			if from >= at && t.others[i] <= to {
				b.WriteString(t.masked[at:from])
				at = t.others[i]
			}
		}
		b.WriteString(t.masked[at:to])
		at = to
	}
	for i, one := range t.tags {
		blank(one.at)
		fmt.Fprintf(&b, ` %s="%d"`, number, i)
	}
	blank(len(t.masked))
	return b.String()
}

// withStyles is the template with styles in its elements.
func (t *scanned) withStyles(styles map[int]string, seen map[int]bool) (string, error) {
	var b strings.Builder
	at := 0
	copyTo := func(to int) {
		if at <= t.sheetFrom && t.sheetFrom < to {
			b.WriteString(t.source[at:t.sheetFrom])
			// A comment of the template's keeps its lines and writes nothing.
			b.WriteString("{{- /*" + strings.Repeat("\n", strings.Count(t.source[t.sheetFrom:t.sheetTo], "\n")) + "*/ -}}")
			at = t.sheetTo
		}
		b.WriteString(t.source[at:to])
		at = to
	}
	for i, one := range t.tags {
		copyTo(one.end)
		if !seen[i] && one.class {
			return "", fmt.Errorf("line %d: <%s> stands where HTML allows none, so it can be given no style", t.line(one.at), one.name)
		}
		if styles[i] == "" || one.ownStyle {
			if one.ownStyle && one.class {
				return "", fmt.Errorf("line %d: <%s> has both a class and a style of its own; make a rule of the style", t.line(one.at), one.name)
			}
			continue
		}
		css, err := compact(styles[i])
		if err != nil {
			return "", fmt.Errorf("line %d: the style of <%s>: %w", t.line(one.at), one.name, err)
		}
		b.WriteString(` style="` + css + `"`)
	}
	copyTo(len(t.source))
	return b.String(), nil
}

// compact writes declarations without spaces: a letter repeats them often.
func compact(style string) (string, error) {
	declarations, err := parser.ParseDeclarations(style)
	if err != nil {
		return "", err
	}
	parts := make([]string, len(declarations))
	for i, d := range declarations {
		parts[i] = d.Property + ":" + strings.ReplaceAll(d.Value, ", ", ",")
		if d.Important {
			parts[i] += "!important"
		}
	}
	return strings.ReplaceAll(html.EscapeString(strings.Join(parts, ";")), "&#39;", "'"), nil
}
