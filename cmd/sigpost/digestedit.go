package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/mattn/go-isatty"

	"sigpost"
	"sigpost/app"
	"sigpost/digest"
)

// numberArg names an issue.
type numberArg struct {
	Number int `arg:"" optional:"" help:"The issue's number (default: the only draft)."`
}

// byFlag is who edits.
type byFlag struct {
	By string `placeholder:"NAME" help:"Who does this (default: the user)."`
}

func (f byFlag) who() string { return reasonFlags{By: f.By}.who() }

type digestEdit struct {
	digestFlag
	byFlag
	numberArg
	Print bool   `xor:"how" help:"Write the form to standard output, and change nothing."`
	From  string `xor:"how" placeholder:"FILE" help:"Take the form from a file (- is standard input) instead of opening an editor."`
}

// Run edits.
func (c digestEdit) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{ReadOnly: c.Print})
	if err != nil {
		return err
	}
	defer a.Close()
	if c.From != "" {
		text, err := readAll(c.From)
		if err != nil {
			return err
		}
		report, err := a.ApplyForm(s.ctx, d, c.Number, text, c.who())
		if err != nil {
			return formUsage(err)
		}
		return s.tell(report, func(w io.Writer) { tellEdit(w, report) })
	}
	issue, form, err := a.EditForm(s.ctx, d, c.Number)
	if err != nil {
		return err
	}
	if c.Print {
		_, err := io.WriteString(s.stdout, form)
		return err
	}
	e := editing{s: s, form: form, name: fmt.Sprintf("sigpost-%s-%d-*.md", d.Name, issue.Number),
		apply: func(text string) (app.EditReport, error) {
			return a.ApplyForm(s.ctx, d, issue.Number, text, c.who())
		}}
	report, changed, err := e.run()
	if err != nil || !changed {
		if err == nil {
			fmt.Fprintf(s.stderr, "Issue %d of %s is as it was.\n", issue.Number, d.Name)
		}
		return err
	}
	return s.tell(report, func(w io.Writer) { tellEdit(w, report) })
}

// readAll reads a file, or standard input for "-".
func readAll(name string) (string, error) {
	if name == "-" {
		text, err := io.ReadAll(os.Stdin)
		return string(text), err
	}
	text, err := os.ReadFile(name)
	return string(text), err
}

// formUsage says of errors in a form that they are the user's to put right.
func formUsage(err error) error {
	if wrong := (digest.FormErrors)(nil); errors.As(err, &wrong) {
		return sigpost.Usage(err)
	}
	return err
}

// editing is a form in somebody's editor: until it is right, or they give up.
type editing struct {
	s     *session
	form  string
	name  string // of the file, with a * in it
	apply func(text string) (app.EditReport, error)
}

func (e editing) run() (report app.EditReport, changed bool, err error) {
	editor, err := editorCommand()
	if err != nil {
		return report, false, err
	}
	f, err := os.CreateTemp("", e.name)
	if err != nil {
		return report, false, err
	}
	f.Close()
	file := f.Name()
	kept := func(err error) error {
		return fmt.Errorf("%w\nwhat you wrote is kept in %s; \"sigpost digest edit --from FILE\" takes it", err, file)
	}
	for text := e.form; ; {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return report, false, err
		}
		if err := e.open(editor, file); err != nil {
			return report, false, kept(err)
		}
		read, err := os.ReadFile(file)
		if err != nil {
			return report, false, err
		}
		got := string(read)
		if strings.TrimSpace(got) == "" || got == e.form {
			return report, false, os.Remove(file)
		}
		report, err = e.apply(got)
		wrong := (digest.FormErrors)(nil)
		switch {
		case err == nil:
			return report, len(report.Saved)+report.Undone > 0, os.Remove(file)
		case !errors.As(err, &wrong) || got == text: // nobody is about to put it right
			return report, false, kept(formUsage(err))
		}
		text = withErrors(got, wrong)
	}
}

// editorCommand is what the user edits files with.
func editorCommand() (string, error) {
	if editor := cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR")); editor != "" {
		return editor, nil
	}
	if !isatty.IsTerminal(os.Stdin.Fd()) {
		return "", sigpost.Usage(errors.New("there is no $EDITOR and no terminal: set it, or use --print and --from"))
	}
	return "vi", nil
}

// open runs the editor by the shell, since its name may come with arguments. It
// does not end with an interrupt: what is in it would be lost.
func (e editing) open(editor, file string) error {
	e.s.finish()
	command := exec.CommandContext(context.WithoutCancel(e.s.ctx), "sh", "-c", editor+` "$@"`, editor, file)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, e.s.stdout, e.s.stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("the editor (%s) failed: %w", editor, err)
	}
	return nil
}

const notTaken = "<!-- NOT TAKEN YET"

// withErrors puts what is wrong above a form, as a comment, in the place of what
// was there from before. The lines that it names are those of the new text.
func withErrors(text string, wrong digest.FormErrors) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	before := 0
	if strings.HasPrefix(text, notTaken) {
		if old, rest, ok := strings.Cut(text, "\n-->\n"); ok {
			before, text = strings.Count(old, "\n")+2, rest
		}
	}
	own := len(wrong) + 3
	var b strings.Builder
	b.WriteString(notTaken + ": nothing has been changed so far. Put it right and save, or close\nthe file as it is to give up; your text is kept then.\n")
	for _, e := range wrong {
		if e.Line > 0 {
			e.Line += own - before
		}
		fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(e.Error(), "-->", "-- >"))
	}
	return b.String() + "-->\n" + text
}

type digestDiff struct {
	digestFlag
	numberArg
	Next bool `help:"Say what composing it anew would change, and change nothing."`
}

// Run compares.
func (c digestDiff) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	report, err := a.IssueDiff(s.ctx, d, c.Number, c.Next)
	if err != nil {
		return err
	}
	return s.tell(report, func(w io.Writer) { tellEdit(w, report) })
}

type digestRebuild struct {
	digestFlag
	numberArg
}

// Run composes anew.
func (c digestRebuild) Run(s *session) error {
	a, d, err := s.openDigest(c.Digest, app.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	report, err := a.Rebuild(s.ctx, d, c.Number)
	if err != nil {
		return err
	}
	return s.tell(report, func(w io.Writer) { tellEdit(w, report) })
}

func tellEdit(w io.Writer, r app.EditReport) {
	head := ""
	if n := len(r.Saved) + r.Undone; n > 0 {
		head = fmt.Sprintf(": %s saved, %d taken back", plural(len(r.Saved), "edit"), r.Undone)
	} else if r.Difference.None() {
		head = ": nothing changes"
	}
	fmt.Fprintf(w, "issue %d of %s%s\n", r.Number, r.Digest, head)
	for _, e := range r.Difference.Added {
		fmt.Fprintf(w, "  + [%d] %s\n", e.ThreadID, printable(e.Headline))
	}
	for _, e := range r.Difference.Gone {
		fmt.Fprintf(w, "  - [%d] %s\n", e.ThreadID, printable(e.Headline))
	}
	for _, e := range r.Difference.Changed {
		fmt.Fprintf(w, "  ~ [%d] %s\n", e.ThreadID, printable(e.Headline))
		for _, what := range e.What {
			fmt.Fprintf(w, "        %s\n", printable(what))
		}
	}
	for _, what := range r.Difference.Issue {
		fmt.Fprintf(w, "  ~ %s\n", printable(what))
	}
	for _, e := range r.Lost {
		fmt.Fprintf(w, "  ! an edit (%s) of thread %d is kept and has no effect: the draft does not tell of it any more\n", e.Kind, e.ThreadID)
	}
}
