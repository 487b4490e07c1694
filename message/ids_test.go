package message

import (
	"fmt"
	"strings"
	"testing"

	"sigpost"
)

func TestReferences(t *testing.T) {
	for _, c := range []struct{ name, refs, inReplyTo, want string }{
		{"none", "", "", ""},
		{"references", "<a@x> <b@x>", "", "a@x b@x"},
		{"references win over In-Reply-To", "<a@x> <b@x>", "<c@x>", "a@x b@x"},
		{"In-Reply-To alone", "", "<c@x>", "c@x"},
		{"In-Reply-To counts once", "", "<c@x> <d@x>", "c@x"},
		{"nothing usable in References", "(none)", "<c@x>", "c@x"},
		{"twice", "<a@x> <a@x> <b@x>", "", "a@x b@x"},
		{"the parent stays last", "<a@x> <b@x> <a@x>", "", "b@x a@x"},
		{"itself", "<a@x> <own@x>", "", "a@x"},
		{"only itself", "<own@x>", "<a@x>", "a@x"},
		{"no white space between", "<a@x><b@x>", "", "a@x b@x"},
		{"commas and words between", "<a@x>, see <b@x>", "", "a@x b@x"},
		{"broken folding", "<a@ x> <b@x>", "", "a@x b@x"},
		{"text in brackets", "<some text> <b@x>", "", "b@x"},
		{"never closed", "<a@x> <b@x", "", "a@x"},
		{"opened twice", "<a@x <b@x>", "", "b@x"},
		{"encoded words", "=?utf-8?Q?=3Ca=40x=3E_=3Cb=40x=3E?=", "", "a@x b@x"},
		{"words around an id", "", `Your message of "Mon, 1 Jan 2001" <200101011200.AA12345@x>`, "200101011200.AA12345@x"},
		{"words around an address", "", `Your message of "Mon, 1 Jan 2001" <joe@example.com>`, ""},
		{"address, then id", "", `Message from Joe <joe@example.com> of "Mon" <200101011200.AA12345@x>`, "200101011200.AA12345@x"},
		{"id, then words", "", `<joe@example.com> from Joe`, ""},
		{"id with comment", "", `<c@x> (Joe's message)`, "c@x"},
		{"address without brackets", "", `joe@example.com`, ""},
		{"very long id", "<" + strings.Repeat("a", 2000) + "@x>", "", strings.Repeat("a", 2000) + "@x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := references([]string{c.refs}, inReplyToID(c.inReplyTo), "own@x")
			if s := strings.Trim(strings.ReplaceAll(fmt.Sprint(got), "<", ""), "[]"); strings.ReplaceAll(s, ">", "") != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

func TestManyReferences(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "<%d@x> ", i)
	}
	got := references([]string{b.String()}, "", "own@x")
	if len(got) != maxReferences || got[0] != "0@x" || got[len(got)-1] != "4999@x" {
		t.Errorf("%d references, %s to %s", len(got), got[0], got[len(got)-1])
	}
}

func TestOwnID(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []string
		want   sigpost.MessageID
	}{
		{"plain", []string{"<a@x>"}, "a@x"},
		{"none", nil, ""},
		{"empty", []string{""}, ""},
		{"empty brackets", []string{"<>"}, ""},
		{"no @", []string{"<abc.def>"}, "abc.def"},
		{"white space inside", []string{"<a b@x>"}, "ab@x"},
		{"no brackets", []string{"abc@x"}, "abc@x"},
		{"half a bracket", []string{"<abc@x"}, "abc@x"},
		{"words", []string{"no id here"}, ""},
		{"the second is better", []string{"", "<a@x>"}, "a@x"},
		{"comment before", []string{"(added by relay) <a@x>"}, "a@x"},
	} {
		if got := ownID(c.values); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestListIDsAndArchivedAt(t *testing.T) {
	for _, c := range []struct{ name, header, ids, url string }{
		{"RFC 2919", "List-Id: Dev talk <Dev.Lists.Example.org>\n", "dev.lists.example.org", ""},
		{"bare", "List-ID: dev.example.org\n", "dev.example.org", ""},
		{"name with brackets", "List-Id: \"a <b>\" <dev.example.org>\n", "dev.example.org", ""},
		{"two lists, one twice", "List-Id: <a.x>\nList-Id: <b.x>\nList-Id: <A.x>\n", "a.x b.x", ""},
		{"only words", "List-Id: the dev list\n", "", ""},
		{"folded", "List-Id: Dev\n <dev.x>\n", "dev.x", ""},
		{"RFC 5064", "Archived-At: <https://example.org/m/1>\n", "", "https://example.org/m/1"},
		{"no brackets", "Archived-At: http://example.org/m/1\n", "", "http://example.org/m/1"},
		{"another scheme", "Archived-At: <javascript:alert(1)>\n", "", ""},
	} {
		m := mustParse(t, "From: a@x\n"+c.header+"\n")
		if got := strings.Join(m.ListIDs, " "); got != c.ids || m.ArchivedAt != c.url {
			t.Errorf("%s: got %q and %q", c.name, got, m.ArchivedAt)
		}
	}
}
