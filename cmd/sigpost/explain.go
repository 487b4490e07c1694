package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"sigpost"
	"sigpost/app"
)

type explainCommand struct {
	Bounce   explainBounce   `cmd:"" help:"Show what mails report about deliveries: who, and why, by which line."`
	Calendar explainCalendar `cmd:"" help:"Show when the events of a calendar file take place, and which are refused, and why."`
	Message  explainMessage  `cmd:"" help:"Show how a mail is understood: who, when, what it answers, which of its text is new."`
	Tags     explainTags     `cmd:"" help:"Show what a text is about, and why: each tag with its score, its state and what speaks for and against it."`
	Threads  explainThreads  `cmd:"" help:"Show the threads of a file of mail: each message's id and that of its thread's root."`
	Summary  explainSummary  `cmd:"" help:"Show the sentences that sum up a thread, each with its message and the reason why it was chosen."`
}

type explainMessage struct {
	File string `arg:"" type:"path" help:"A file with one mail, as it came."`
}

// Run explains one mail.
func (c explainMessage) Run(s *session) error {
	e, err := app.ExplainMessage(c.File)
	if err != nil {
		return err
	}
	return s.tell(e, func(w io.Writer) { tellExplanation(w, e) })
}

// margin is what stands before the lines of a kind of text.
var margin = map[sigpost.RangeKind]string{
	sigpost.RangeNew: "new", sigpost.RangeQuoted: "quoted", sigpost.RangeAttribution: "attrib", sigpost.RangeSignature: "sign",
	sigpost.RangeFooter: "footer", sigpost.RangeCode: "code", sigpost.RangeDiff: "diff", sigpost.RangeLog: "log",
}

func tellExplanation(w io.Writer, e app.Explanation) {
	line := func(what, value string) {
		if value != "" {
			fmt.Fprintf(w, "%-13s %s\n", what+":", printable(value))
		}
	}
	line("Message-ID", string(e.MessageID))
	line("In-Reply-To", string(e.InReplyTo))
	for _, id := range e.References {
		line("Reference", string(id))
	}
	line("Author", addressWords(e.Author))
	if e.Sender != e.Author {
		line("Sender", addressWords(e.Sender))
	}
	line("Subject", e.Subject)
	if e.BaseSubject != e.Subject {
		line("Base subject", e.BaseSubject)
	}
	line("Sent", timeWords(e.Sent))
	line("Received", timeWords(e.Received))
	line("List", strings.Join(e.ListIDs, ", "))
	if e.Robot {
		line("Robot", "yes: "+e.RobotRule)
	}
	for _, a := range e.Attachments {
		line("Attachment", fmt.Sprintf("part %s, %s, %d bytes, %s", a.Part, a.Type, a.Size, a.Name))
	}
	for _, n := range e.CharsetNotes {
		line("Charset", n)
	}
	for _, d := range e.Defects {
		line("Defect", d)
	}
	fmt.Fprintln(w)
	for _, r := range e.Ranges {
		for text := range strings.Lines(e.Text[r.Start:r.End]) {
			fmt.Fprintf(w, "%-6s | %s\n", margin[r.Kind], printable(strings.TrimRight(text, "\n")))
		}
	}
}

func addressWords(a sigpost.Address) string {
	switch {
	case a.Addr == "":
		return a.Name
	case a.Name == "":
		return a.Addr
	}
	return a.Name + " <" + a.Addr + ">"
}

func timeWords(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.RFC1123Z)
}

type explainThreads struct {
	File string `arg:"" type:"path" help:"A file or folder of mail, such as an mbox."`
	Tree bool   `help:"Show the tree of each thread; with --json, which has what each message answers, it changes nothing."`
}

// Run explains the threads of a file.
func (c explainThreads) Run(s *session) error {
	form := app.Roots
	switch {
	case s.JSON:
		form = app.JSON
	case c.Tree:
		form = app.Tree
	}
	unreadable, err := app.ExplainThreads(s.ctx, c.File, s.stdout, form)
	if unreadable > 0 {
		fmt.Fprintf(s.stderr, "sigpost: %s could not be understood, and is not in it\n", plural(unreadable, "mail"))
	}
	return err
}
