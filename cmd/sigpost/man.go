package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"sigpost"
)

type manCommand struct {
	Dir string `arg:"" type:"path" help:"The folder; it is made where it is missing."`
}

// Run writes sigpost.1 and a page for each command, made of the command tree.
func (c manCommand) Run(s *session) error {
	date, err := manDate(s.now())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return sigpost.Usage(fmt.Errorf("the folder for the manual cannot be made: %w", err))
	}
	m := manual{date: date.UTC().Format(time.DateOnly), version: theVersion().Version}
	n := 0
	for _, node := range shownCommands(s.model.Node) {
		if err := os.WriteFile(filepath.Join(c.Dir, pageName(node)+".1"), []byte(m.page(node)), 0o644); err != nil {
			return fmt.Errorf("the page of %s cannot be written: %w", node.FullPath(), err)
		}
		n++
	}
	if !s.Quiet {
		fmt.Fprintf(s.stdout, "Wrote %s to %s.\n", plural(n, "page"), c.Dir)
	}
	return nil
}

// manDate is what pages are dated: $SOURCE_DATE_EPOCH, in seconds since 1970, for
// builds that are to be alike; else when the program's commit was made, or the
// present.
func manDate(now time.Time) (time.Time, error) {
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return now, sigpost.Usage(fmt.Errorf("SOURCE_DATE_EPOCH is %q, and not a number of seconds", epoch))
		}
		return time.Unix(seconds, 0), nil
	}
	if at := theVersion().Time; !at.IsZero() {
		return at, nil
	}
	return now, nil
}

// shownCommands are a command and all below it that are not hidden.
func shownCommands(n *kong.Node) []*kong.Node {
	all := []*kong.Node{n}
	for _, child := range n.Children {
		if !child.Hidden {
			all = append(all, shownCommands(child)...)
		}
	}
	return all
}

// pageName is "sigpost-digest-send" for "sigpost digest send".
func pageName(n *kong.Node) string {
	if n.Parent == nil {
		return n.Name
	}
	return pageName(n.Parent) + "-" + n.Name
}

// manual writes pages in the macros of man(7).
type manual struct{ date, version string }

func (m manual) page(n *kong.Node) string {
	p := &roff{}
	p.line(".TH %s 1 %s %s %s", inQuotes(strings.ToUpper(pageName(n))), m.date, inQuotes("sigpost "+m.version), inQuotes("sigpost manual"))
	p.line(".SH NAME")
	p.line("%s \\- %s", escaped(pageName(n)), escaped(strings.TrimSuffix(firstSentence(n.Help), ".")))
	p.line(".SH SYNOPSIS")
	p.synopsis(n)
	p.line(".SH DESCRIPTION")
	p.text(n.Help)
	if n.Detail != "" {
		p.line(".PP")
		p.text(n.Detail)
	}
	p.arguments(n)
	p.commands(n)
	var own, global []*kong.Flag
	for at := n; at.Parent != nil; at = at.Parent {
		own = append(own, at.Flags...)
	}
	root := n
	for root.Parent != nil {
		root = root.Parent
	}
	global = root.Flags
	p.options("OPTIONS", own)
	if n.Parent == nil {
		p.options("OPTIONS", global)
		p.about()
	} else {
		p.line(".SH GLOBAL OPTIONS")
		p.line(".BR \\-\\-config \", \" \\-\\-json \", \" \\-\\-quiet \" and \" \\-\\-now")
		p.line("are those of every command: see")
		p.line(".BR sigpost (1).")
	}
	p.seeAlso(n)
	return p.String()
}

func firstSentence(text string) string {
	sentence, _, _ := strings.Cut(text, "\n")
	sentence, _, _ = strings.Cut(sentence, ". ")
	sentence, _, _ = strings.Cut(sentence, ": ")
	return sentence
}

// roff is a page under way.
type roff struct{ strings.Builder }

func (p *roff) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// text writes paragraphs, a line of the page for each of theirs; lines that are
// indented stay as they are.
func (p *roff) text(text string) {
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if i > 0 {
			p.line(".br")
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		p.line("%s", escaped(line))
	}
}

func (p *roff) synopsis(n *kong.Node) {
	words := []string{".B", strings.ReplaceAll(escaped(n.FullPath()), " ", "\\ ")}
	p.line("%s", strings.Join(words, " "))
	if len(n.Children) > 0 {
		p.line(".I COMMAND")
	}
	for _, a := range n.Positional {
		p.line("%s", escaped(a.Summary()))
	}
	for _, group := range n.AllFlags(true) {
		for _, f := range group {
			if f.Required {
				p.line("%s", escaped(f.Summary()))
			}
		}
	}
	p.line(".RI [ OPTIONS ]")
}

func (p *roff) arguments(n *kong.Node) {
	if len(n.Positional) == 0 {
		return
	}
	p.line(".SH ARGUMENTS")
	for _, a := range n.Positional {
		p.line(".TP")
		p.line(".I %s", escaped(a.Name))
		p.text(cmp.Or(a.Help, "See above."))
	}
}

func (p *roff) commands(n *kong.Node) {
	if len(n.Children) == 0 {
		return
	}
	p.line(".SH COMMANDS")
	for _, child := range n.Children {
		if !child.Hidden {
			p.line(".TP")
			p.line(".BR %s (1)", escaped(pageName(child)))
			p.text(child.Help)
		}
	}
}

func (p *roff) options(title string, flags []*kong.Flag) {
	begun := false
	for _, f := range flags {
		if f.Hidden {
			continue
		}
		if !begun {
			p.line(".SH %s", title)
			begun = true
		}
		p.line(".TP")
		p.line(".B %s", escaped(f.String()))
		p.text(cmp.Or(f.Help, "See above."))
	}
}

// about is what holds for all commands.
func (p *roff) about() {
	p.line(".SH EXIT STATUS")
	for _, code := range []struct {
		code int
		what string
	}{{exitDone, "All is done, or nothing was due."}, {exitFailed, "Something failed; what it was is on standard error."},
		{exitUsage, "The command line or the configuration is wrong, and nothing was done."}, {exitLocked, "Another run works on the archive."}} {
		p.line(".TP")
		p.line(".B %d", code.code)
		p.text(code.what)
	}
	p.line(".SH ENVIRONMENT")
	p.line(".TP")
	p.line(".B SIGPOST_CONFIG")
	p.text("The configuration, where --config does not name one.")
	p.line(".SH FILES")
	p.line(".TP")
	p.line(".I config.toml")
	p.text("The configuration. \"sigpost init\" writes one in which every key is explained.")
}

func (p *roff) seeAlso(n *kong.Node) {
	if n.Parent == nil {
		return
	}
	p.line(".SH SEE ALSO")
	pages := []string{}
	for at := n.Parent; at != nil; at = at.Parent {
		pages = append(pages, ".BR "+escaped(pageName(at))+" (1)")
	}
	p.line("%s", strings.Join(pages, ",\n"))
}

// inQuotes is an argument of a macro.
func inQuotes(text string) string { return `"` + strings.ReplaceAll(escaped(text), `"`, `\(dq`) + `"` }

// escaped is a text as roff has it: no character is taken for an order.
func escaped(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...", "’", "'", "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
