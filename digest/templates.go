package digest

import (
	"fmt"
	"html/template"
	"io/fs"
	"strings"
	"sync"
	texttemplate "text/template"

	"sigpost/internal/inline"
	"sigpost/templates"
)

// Templates are the words and the look around what an issue tells, for each of
// its outputs. They are safe for use by many goroutines.
type Templates struct {
	html, web, entry           *template.Template
	text, markdown, slack, irc *texttemplate.Template
}

// ParseTemplates reads the templates; those that the theme has, a folder such as
// the embedded one, go before. Each is tried on an issue that has one of
// everything, so that what is wrong is known before anything is sent: the error
// is a *templates.Error, which says file and line. theme may be nil.
func ParseTemplates(theme fs.FS) (*Templates, error) {
	files, err := templates.Overlay(theme)
	if err != nil {
		return nil, err
	}
	t := &Templates{}
	for _, o := range []struct {
		to      **template.Template
		name    string
		inlined bool
		with    []string
	}{
		{&t.html, "mail/issue.html.tmpl", true, nil},
		{&t.web, "issue/web.html.tmpl", false, []string{"issue/body.html.tmpl"}},
		{&t.entry, "issue/entry.html.tmpl", false, []string{"issue/body.html.tmpl"}},
	} {
		if *o.to, err = parseHTML(files, o.name, o.inlined, o.with...); err != nil {
			return nil, templates.Explain(err)
		}
	}
	for _, o := range []struct {
		to   **texttemplate.Template
		name string
	}{
		{&t.text, "mail/issue.txt.tmpl"}, {&t.markdown, "issue/issue.md.tmpl"},
		{&t.slack, "issue/slack.txt.tmpl"}, {&t.irc, "issue/irc.txt.tmpl"},
	} {
		if *o.to, err = parseText(files, o.name); err != nil {
			return nil, templates.Explain(err)
		}
	}
	if theme != nil {
		if err := t.try(); err != nil {
			return nil, templates.Explain(err)
		}
	}
	return t, nil
}

// parseHTML parses a template and those that it names, under the names that
// they have in the folder they are from. Where it is to be inlined its style
// sheet goes into its elements, here and not in each letter.
func parseHTML(files fs.FS, name string, inlined bool, with ...string) (*template.Template, error) {
	t := template.New(name).Funcs(template.FuncMap{
		// mso is what only Outlook's Word engine reads; html/template drops
		// comments that a template has itself.
		"mso": func(html string) template.HTML { return template.HTML("<!--[if mso]>" + html + "<![endif]-->") },
	})
	for i, n := range append([]string{name}, with...) {
		source, err := fs.ReadFile(files, n)
		if err != nil {
			return nil, err
		}
		text := string(source)
		if inlined {
			if text, err = inline.Template(text); err != nil {
				return nil, fmt.Errorf("template: %s:%w", n, err)
			}
		}
		one := t
		if i > 0 {
			one = t.New(n)
		}
		if _, err := one.Parse(text); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func parseText(files fs.FS, name string) (*texttemplate.Template, error) {
	source, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	return texttemplate.New(name).Funcs(texttemplate.FuncMap{
		"upper": strings.ToUpper,
		"hang":  func() string { return hangMark },
		"flush": func() string { return flushMark },
		"dot":   func() string { return glue + "· " },
		// one keeps a stretch of words on one line.
		"one":   func(s string) string { return strings.ReplaceAll(s, " ", glue) },
		"md":    markdownText,
		"link":  markdownLink,
		"slack": slackText,
	}).Parse(string(source))
}

// defaults are the templates that are built in.
var defaults = sync.OnceValue(func() *Templates {
	t, err := ParseTemplates(nil)
	if err != nil {
		panic(err) // they are embedded, and tested
	}
	return t
})

// Default gives the templates that are built in.
func Default() *Templates { return defaults() }

// try makes every output of an issue that has one of everything.
func (t *Templates) try() error {
	issue, readers := trial()
	for _, r := range readers {
		if _, err := t.Render(issue, r); err != nil {
			return err
		}
		if _, err := t.Markdown(issue, r); err != nil {
			return err
		}
		if _, err := t.Entry(issue, r); err != nil {
			return err
		}
		for _, kind := range []string{"slack", "irc"} {
			if _, err := t.Note(kind, issue, r.IssueURL); err != nil {
				return err
			}
		}
		r.Web = true
		if _, err := t.Page(issue, r); err != nil {
			return err
		}
	}
	return nil
}
