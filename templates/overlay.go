package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Overlay gives the embedded files, but for those that a theme has under the
// same name. A template in the theme that has the name of none is an error: it
// would do nothing. theme may be nil.
func Overlay(theme fs.FS) (fs.FS, error) {
	if theme == nil {
		return Files, nil
	}
	err := fs.WalkDir(theme, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".tmpl") && !strings.HasSuffix(name, ".css") {
			return err
		}
		if _, err := fs.Stat(Files, name); err != nil {
			return &Error{File: name, Problem: "no template has this name, so it would do nothing; there is: " + strings.Join(Names(), ", ")}
		}
		return nil
	})
	return overlay{theme}, err
}

// Names are the files that a theme can override.
func Names() []string {
	var names []string
	_ = fs.WalkDir(Files, ".", func(name string, d fs.DirEntry, err error) error { // in memory
		if !d.IsDir() {
			names = append(names, name)
		}
		return nil
	})
	slices.Sort(names)
	return names
}

type overlay struct{ theme fs.FS }

// Open opens the theme's file, or the embedded one.
func (o overlay) Open(name string) (fs.File, error) {
	f, err := o.theme.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Files.Open(name)
	}
	return f, err
}

// Glob gives the embedded names: a theme has no others.
func (o overlay) Glob(pattern string) ([]string, error) { return fs.Glob(Files, pattern) }

// Error says what is wrong with a template, and where.
type Error struct {
	File    string // its name, such as "mail/issue.html.tmpl"
	Line    string // in it; "" where it is all of it
	Problem string
}

// Error is "file:line: what is wrong".
func (e *Error) Error() string {
	where := e.File
	if e.Line != "" {
		where += ":" + e.Line
	}
	return where + ": " + e.Problem
}

// The words of text/template and html/template, which have no types for them.
var (
	located = regexp.MustCompile(`(?s)template: ?([^:]+):(?:line )?(\d+)(?::\d+)?: (.*)`)
	nowhere = regexp.MustCompile(`(?s)html/template: ?([^: ]+): (.*)`)
	noField = regexp.MustCompile(`executing "[^"]*" at <(.*)>: can't evaluate field (\S+) in type (\S+)`)
	running = regexp.MustCompile(`^executing "[^"]*" at (<.*)`)
)

// Explain makes an *Error of what a template engine says.
func Explain(err error) error {
	if known := (*Error)(nil); err == nil || errors.As(err, &known) {
		return err
	}
	m := located.FindStringSubmatch(err.Error())
	if m == nil {
		if m := nowhere.FindStringSubmatch(err.Error()); m != nil {
			return &Error{File: m[1], Problem: m[2]}
		}
		return err
	}
	e := &Error{File: m[1], Line: m[2], Problem: m[3]}
	if f := noField.FindStringSubmatch(e.Problem); f != nil {
		e.Problem = fmt.Sprintf("there is no field %s here (in %s); docs/outputs.md lists what there is", f[2], f[1])
	} else if r := running.FindStringSubmatch(e.Problem); r != nil {
		e.Problem = r[1]
	}
	return e
}
