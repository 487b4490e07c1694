package message

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// What a stranger makes long is cut, with a word about it, and the cut is at
// the end of a character.
func TestLongSubjectAndText(t *testing.T) {
	m, err := Parse([]byte("From: a@example.org\nSubject: " + strings.Repeat("Re: é ", 20_000) +
		"\nContent-Type: text/plain; charset=utf-8\n\n" + strings.Repeat("ein Wörtchen\n", 200_000)))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Subject) > maxSubject || len(m.Subject) < maxSubject-8 || !utf8.ValidString(m.Subject) {
		t.Errorf("the subject has %d bytes", len(m.Subject))
	}
	if len(m.Text) > maxText || len(m.Text) < maxText-8 || !utf8.ValidString(m.Text) {
		t.Errorf("the text has %d bytes", len(m.Text))
	}
	if end := m.Ranges[len(m.Ranges)-1].End; end != len(m.Text) {
		t.Errorf("the ranges end at %d of %d", end, len(m.Text))
	}
	if said := strings.Join(m.Defects, "\n"); !strings.Contains(said, "its subject is") || !strings.Contains(said, "its text is") {
		t.Errorf("defects: %s", said)
	}
}

// A boundary that stands a million times on one line costs no more than the
// line is long; it took a minute when it cost the square of that.
func TestBoundaryRepeatedOnOneLine(t *testing.T) {
	raw := []byte("From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b", 1_400_000))
	begin := time.Now()
	if _, err := Parse(raw); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

// What lies too deep is shown as it is, and not lost.
func TestBelowTheDeepestLevel(t *testing.T) {
	deep := func(levels int, what string) string {
		b := "From: a@example.org\n"
		for i := range levels {
			b += strings.ReplaceAll("Content-Type: multipart/mixed; boundary=N\n\n--N\n", "N", "b"+strings.Repeat("x", i))
		}
		return b + "\n" + what + "\n"
	}
	if m := mustParse(t, deep(maxDepth, "deep down")); m.Text != "deep down\n" {
		t.Errorf("at %d levels: %q", maxDepth, m.Text)
	}
	if m := mustParse(t, deep(maxDepth+5, "deep down")); !strings.Contains(m.Text, "\ndeep down\n") {
		t.Errorf("below: %q", m.Text)
	}
	if m := mustParse(t, deep(maxDepth+5, strings.Repeat("deep down\n", 20_000))); len(m.Text) < maxBelow/2 || len(m.Text) > maxBelow {
		t.Errorf("very much below: %d bytes", len(m.Text))
	}
	mails := strings.Repeat("Content-Type: message/rfc822\n\n", maxDepth+5) + "Subject: inmost\n\ndeep down\n"
	if m := mustParse(t, "From: a@example.org\n"+mails); !strings.Contains(m.Text, "deep down") {
		t.Errorf("mails within mails: %q", m.Text)
	}
}

func TestBoundariesCountAtTheBeginOfALineAlone(t *testing.T) {
	parts, found, closed := splitMultipart([]byte("not --b\n--b\none --b--b\n--bx\n--b\ntwo\n--b--\nafter\n"), "b")
	var got []string
	for _, p := range parts {
		got = append(got, string(p))
	}
	if want := "one --b--b\n--bx|two"; !found || !closed || strings.Join(got, "|") != want {
		t.Errorf("%q, found %v, closed %v", got, found, closed)
	}
}
