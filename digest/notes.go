package digest

import (
	"bytes"
	"html/template"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// Styles that notes get, to look like the rest of a letter.
const (
	noteParagraph = "margin:8px 0 0;font:16px/1.5 Georgia,'Times New Roman',serif;color:#22201c"
	noteList      = "margin:8px 0 0;padding:0 0 0 20px;font:16px/1.5 Georgia,'Times New Roman',serif;color:#22201c"
	noteLink      = "color:#0b5963;text-decoration:underline"
)

// markdown reads the editor's notes. Its renderer is left in its safe state:
// neither raw HTML nor URLs that run something come out of it.
func markdown() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.Linkify))
}

// notesHTML makes HTML of notes in Markdown, styled for a letter or not at all.
func notesHTML(notes string, styled bool) template.HTML {
	if strings.TrimSpace(notes) == "" {
		return ""
	}
	source := []byte(notes)
	md := markdown()
	doc := md.Parser().Parse(text.NewReader(source))
	tame(doc, source, styled)
	var out bytes.Buffer
	if err := md.Renderer().Render(&out, source, doc); err != nil {
		return template.HTML(template.HTMLEscapeString(notes)) // only a failing writer gets here
	}
	return template.HTML(strings.TrimSpace(out.String()))
}

// tame makes of a tree what a letter can hold: headings are bold lines, so
// that the letter's own stay in order; of an image, which would be fetched
// from afar, its words stay; raw HTML goes.
func tame(doc ast.Node, source []byte, styled bool) {
	style := func(n ast.Node, css string) {
		if styled {
			n.SetAttributeString("style", []byte(css))
		}
	}
	var nodes []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			nodes = append(nodes, n)
		}
		return ast.WalkContinue, nil
	})
	for _, n := range nodes {
		parent := n.Parent()
		switch n := n.(type) {
		case *ast.Heading:
			strong := ast.NewEmphasis(2)
			moveChildren(strong, n)
			p := ast.NewParagraph()
			p.AppendChild(p, strong)
			style(p, noteParagraph)
			parent.ReplaceChild(parent, n, p)
		case *ast.Image:
			words := ast.NewString([]byte(template.HTMLEscapeString(plain(n, source, nil))))
			words.SetCode(true) // written as it is
			parent.ReplaceChild(parent, n, words)
		case *ast.RawHTML, *ast.HTMLBlock:
			parent.RemoveChild(parent, n)
		case *ast.Paragraph:
			style(n, noteParagraph)
		case *ast.List:
			style(n, noteList)
		case *ast.Link, *ast.AutoLink:
			style(n, noteLink)
		}
	}
}

func moveChildren(to, from ast.Node) {
	for child := from.FirstChild(); child != nil; child = from.FirstChild() {
		to.AppendChild(to, child)
	}
}

// PlainNotes is notes in Markdown as plain text, a line a paragraph or list item;
// a link's address stands behind its words.
func PlainNotes(notes string) string {
	return strings.Join(notesText(notes, func(url string) string {
		if url = linkable(url); url == "" {
			return ""
		}
		return " <" + url + ">"
	}), "\n")
}

// notesText makes lines of notes in Markdown, one a paragraph or list item and
// without marks; ref numbers a link.
func notesText(notes string, ref func(url string) string) []string {
	if strings.TrimSpace(notes) == "" {
		return nil
	}
	source := []byte(notes)
	var lines []string
	add := func(marker string, n ast.Node) {
		if line := clean(plain(n, source, ref)); line != "" {
			lines = append(lines, marker+line)
		}
	}
	_ = ast.Walk(markdown().Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Paragraph, *ast.Heading, *ast.TextBlock:
			marker := ""
			if item, ok := n.Parent().(*ast.ListItem); ok && item.FirstChild() == ast.Node(n) {
				marker = itemMarker(item)
			}
			add(marker, n)
			return ast.WalkSkipChildren, nil
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			for i := range n.Lines().Len() {
				segment := n.Lines().At(i)
				if line := clean(string(segment.Value(source))); line != "" {
					lines = append(lines, line)
				}
			}
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	return lines
}

// itemMarker is what stands before a list's item in text.
func itemMarker(item *ast.ListItem) string {
	list, ok := item.Parent().(*ast.List)
	if !ok || !list.IsOrdered() {
		return "- "
	}
	number := list.Start
	for before := item.PreviousSibling(); before != nil; before = before.PreviousSibling() {
		number++
	}
	return strconv.Itoa(number) + ". "
}

// plain is the words of a node; ref, where there is one, numbers its links.
func plain(n ast.Node, source []byte, ref func(url string) string) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Text:
			if entering {
				b.Write(n.Segment.Value(source))
				if n.SoftLineBreak() || n.HardLineBreak() {
					b.WriteByte(' ')
				}
			}
		case *ast.String:
			if entering {
				b.Write(n.Value)
			}
		case *ast.AutoLink:
			if entering {
				b.Write(n.Label(source))
			}
			return ast.WalkSkipChildren, nil
		case *ast.Link:
			if !entering && ref != nil {
				b.WriteString(ref(string(n.Destination)))
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}
