package thread

import (
	"strings"
	"testing"

	"sigpost"
)

// sampleThreads is a list's week: an answer that came before what it answers,
// one without references, one to what is missing, and a changed subject.
func sampleThreads() []*sigpost.Message {
	written := func(author string, m *sigpost.Message) *sigpost.Message {
		m.Author = sigpost.Address{Name: author, Addr: strings.ToLower(author) + "@example.org"}
		return m
	}
	return []*sigpost.Message{
		written("Ben", about("Re: Bays", msg(2, "b@x", "a@x"))),
		written("Ana", about("Bays", msg(1, "a@x"))),
		written("Cem", about("AW: Bays", msg(3, "c@x"))),
		written("Dee", about("Re: Nodes \x1b[31m", msg(4, "d@x", "lost@x"))),
		written("", about("Re: Nodes", msg(5, "e@x", "lost@x"))),
		written("Ana", about("Release party", msg(6, "f@x", "a@x", "b@x"))),
	}
}

func TestWriteRoots(t *testing.T) {
	var b strings.Builder
	if err := WriteRoots(&b, Explain(sampleThreads())); err != nil {
		t.Fatal(err)
	}
	want := "b@x\ta@x\na@x\ta@x\nc@x\ta@x\nd@x\tlost@x\ne@x\tlost@x\nf@x\tf@x\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestWriteJSON(t *testing.T) {
	for _, c := range []struct {
		name string
		msgs []*sigpost.Message
		want string
	}{
		{"none", nil, "[]\n"},
		{"some", sampleThreads()[1:3], `[
  {
    "message_id": "a@x",
    "root": "a@x"
  },
  {
    "message_id": "c@x",
    "root": "a@x",
    "parent": "a@x",
    "by_subject": true
  }
]
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			if err := WriteJSON(&b, Explain(c.msgs)); err != nil {
				t.Fatal(err)
			}
			if b.String() != c.want {
				t.Errorf("got\n%swant\n%s", b.String(), c.want)
			}
		})
	}
}

func TestExplainSaysWhereAThreadIsFrom(t *testing.T) {
	got := Explain(sampleThreads())[5]
	want := Finding{MessageID: "f@x", Root: "f@x", From: "b@x", Parent: "b@x", Cut: true}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestExplainKnowsThatAMergeMendsACutFromAfar(t *testing.T) {
	msgs := []*sigpost.Message{msg(1, "a"), msg(2, "b", "a"), msg(3, "c")}
	got := Explain(msgs, split("b"), merge("b", "c"), merge("c", "a"))[1]
	if want := (Finding{MessageID: "b", Root: "a", Parent: "a"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestWriteTree(t *testing.T) {
	want := `Bays, Ana, 1970-01-01 00:01
  Re: Bays, Ben, 1970-01-01 00:02
    AW: Bays, Cem, 1970-01-01 00:03 (joined by its subject)

(missing: <lost@x>)
  Re: Nodes �[31m, Dee, 1970-01-01 00:04
  Re: Nodes, nobody, 1970-01-01 00:05

Release party, Ana, 1970-01-01 00:06 (linked from <b@x>)
`
	msgs := sampleThreads()
	msgs[4].Author.Addr = "nobody@example.org"
	var b strings.Builder
	if err := WriteTree(&b, Tree(msgs)); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestLinesStayLines(t *testing.T) {
	var b strings.Builder
	if err := WriteRoots(&b, Explain([]*sigpost.Message{msg(1, "a\tb\nc", "x\u2028y")})); err != nil {
		t.Fatal(err)
	}
	if b.String() != "a�b�c\tx�y\n" {
		t.Errorf("%q", b.String())
	}
}

func TestDeepThreadsAreIndentedNoFurtherThanCanBeRead(t *testing.T) {
	var b strings.Builder
	if err := WriteTree(&b, Tree(chain(200, 1))); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 200 || len(lines[199]) > 120 {
		t.Errorf("%d lines, the last of %d bytes", len(lines), len(lines[199]))
	}
}
