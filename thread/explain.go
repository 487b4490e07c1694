package thread

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"sigpost"
)

// Finding is what Explain says of one message.
type Finding struct {
	MessageID sigpost.MessageID `json:"message_id"`
	// Root and From are those of its Group.
	Root sigpost.MessageID `json:"root"`
	From sigpost.MessageID `json:"from,omitempty"`
	// Parent is what it answers, seen or not. BySubject says that only the
	// subject tells so, Cut that another thread begins here all the same.
	Parent    sigpost.MessageID `json:"parent,omitempty"`
	BySubject bool              `json:"by_subject,omitempty"`
	Cut       bool              `json:"cut,omitempty"`
}

// Explain says of each message in which thread it is and why, in the order in
// which they are given.
func Explain(msgs []*sigpost.Message, decisions ...Decision) []Finding {
	f := grow(msgs, decisions)
	roots := make(map[int]*place)
	for _, m := range f.msgs {
		p := f.byID[m.MessageID]
		if set := f.threads.find(p.number); roots[set] == nil {
			roots[set] = f.root(p)
		}
	}
	findings := make([]Finding, len(msgs))
	for i, m := range msgs {
		p := f.byID[m.MessageID]
		root := roots[f.threads.find(p.number)]
		findings[i] = Finding{
			MessageID: m.MessageID, Root: root.id, From: root.from(),
			Parent: p.from(), BySubject: p.bySubject, Cut: p.parent != nil && f.isRoot(p),
		}
	}
	return findings
}

// WriteRoots writes a line for each finding: the message's id, a tab, and the
// id of its thread's root, without brackets.
func WriteRoots(w io.Writer, findings []Finding) error {
	b := bufio.NewWriter(w)
	for _, f := range findings {
		fmt.Fprintf(b, "%s\t%s\n", printable(string(f.MessageID)), printable(string(f.Root)))
	}
	return b.Flush()
}

// WriteJSON writes the findings as one array.
func WriteJSON(w io.Writer, findings []Finding) error {
	if findings == nil {
		findings = []Finding{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(findings)
}

// WriteTree writes threads for people: a line for each message, indented
// below what it answers, with subject, author and date; an empty line stands
// between trees.
func WriteTree(w io.Writer, roots []*Node) error {
	b := bufio.NewWriter(w)
	Walk(roots, func(n *Node, depth int) {
		if depth == 0 && n != roots[0] {
			b.WriteByte('\n')
		}
		// Deep threads are indented no further than can be read.
		b.WriteString(strings.Repeat("  ", min(depth, 30)))
		b.WriteString(describe(n))
		b.WriteByte('\n')
	})
	return b.Flush()
}

// describe gives a node's line.
func describe(n *Node) string {
	var s string
	if m := n.Message; m == nil {
		s = "(missing: " + printable(n.MessageID.String()) + ")"
	} else {
		s = printable(m.Subject)
		if s == "" {
			s = "(no subject)"
		}
		s += ", " + printable(m.Author.Label())
		if at := date(m); !at.IsZero() {
			s += ", " + at.UTC().Format("2006-01-02 15:04")
		}
	}
	if n.BySubject {
		s += " (joined by its subject)"
	}
	if n.From != "" {
		s += " (linked from " + printable(n.From.String()) + ")"
	}
	return s
}

// date is when the message was received, or else when it says it was sent.
func date(m *sigpost.Message) time.Time {
	if m.Received.IsZero() {
		return m.Sent
	}
	return m.Received
}

// printable replaces what a terminal or a reader of lines would take for
// something else than text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
