package message

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestParseAddresses(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "joe@example.org", "|joe@example.org"},
		{"name", "Joe Doe <joe@example.org>", "Joe Doe|joe@example.org"},
		{"quoted", `"Doe, \"J\" Joe" <joe@example.org>, ann@example.org`, `Doe, "J" Joe|joe@example.org; |ann@example.org`},
		{"unquoted comma", "Doe, Joe <joe@example.org>, Lee, Ann <ann@example.org>", "Doe, Joe|joe@example.org; Lee, Ann|ann@example.org"},
		{"semicolons", "a@x.org; b@x.org", "|a@x.org; |b@x.org"},
		{"square brackets", "Foo [bar] <x@y.org>", "Foo [bar]|x@y.org"},
		{"two dots", "a..b@x.org", "|a..b@x.org"},
		{"never closed", "Joe <joe@example.org", "Joe|joe@example.org"},
		{"never closed, more follow", "Joe <joe@example.org, Ann <ann@example.org>", "Joe|joe@example.org; Ann|ann@example.org"},
		{"comment", "joe@example.org (Joe Doe)", "Joe Doe|joe@example.org"},
		{"as archives write it", "joe at example.org (Joe Doe)", "Joe Doe|joe@example.org"},
		{"in brackets, as archives write it", "Joe <joe at example.org>", "Joe|joe@example.org"},
		{"spaces around hidden signs", "joe (at) example (dot) co (dot) uk (Joe Doe)", "Joe Doe|joe@example.co.uk"},
		{"square brackets around hidden signs", "Joe Doe <joe [at] example [dot] org>", "Joe Doe|joe@example.org"},
		{"spaces inside hidden signs", "joe ( at ) example ( dot ) org", "|joe@example.org"},
		{"underscores", "joe_at_example.org", "|joe@example.org"},
		{"wide sign", "joe＠example.org", "|joe@example.org"},
		{"name behind the address", "<joe@example.org> Joe Doe", "Joe Doe|joe@example.org"},
		{"name before a scheme in brackets", "Joe Doe [mailto:joe@example.org]", "Joe Doe|joe@example.org"},
		{"scheme", "<mailto:joe@example.org>", "|joe@example.org"},
		{"route", "<@a.org,@b.org:joe@example.org>", "|joe@example.org"},
		{"encoded word", "=?iso-8859-1?Q?J=F6rg?= <j@example.de>", "Jörg|j@example.de"},
		{"encoded word in quotes", `"=?utf-8?B?SsO2cmc=?=" <j@example.de>`, "Jörg|j@example.de"},
		{"encoded together with the address", "=?UTF-8?Q?J=C3=B6rg_<j@example.de>?=", "Jörg|j@example.de"},
		{"all of the address encoded", "=?UTF-8?Q?J=C3=B6rg_=3Cj=40example.de=3E?=", "Jörg|j@example.de"},
		{"name with an at sign", `"joe@work" <joe@example.org>`, "joe@work|joe@example.org"},
		{"name that is another address", `"ann@example.net" <joe@example.org>`, "|joe@example.org"},
		{"encoded comma", "=?utf-8?Q?Doe=2C_Joe?= <j@example.de>", "Doe, Joe|j@example.de"},
		{"gb2312", "=?gb2312?B?1dTI/Q==?= <z@example.cn>", "赵三|z@example.cn"},
		{"empty group", "undisclosed-recipients:;", ""},
		{"last brackets count", "Joe <old> <joe@example.org>", "Joe <old>|joe@example.org"},
		{"local part", "root", "|root"},
		{"name is the address", `"joe@example.org" <joe@example.org>`, "|joe@example.org"},
		{"single quotes", `"'Joe Doe'" <joe@example.org>`, "Joe Doe|joe@example.org"},
		{"empty", "", ""},
		{"nothing in it", "<>, ,;", ""},
		{"comma in comment", "joe@example.org (Doe, Joe), b@x.org", "Doe, Joe|joe@example.org; |b@x.org"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, a := range parseAddresses(c.in) {
				got = append(got, a.Name+"|"+a.Addr)
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("%q is read as %q, want %q", c.in, got, c.want)
			}
		})
	}
}

// TestAddressesStayLinear feeds the scanner what would make a naive one slow.
func TestAddressesStayLinear(t *testing.T) {
	start := time.Now()
	for _, unit := range []string{",", "<", "\"", "(", "a,", "=?", "@,", "<@", "\\"} {
		parseAddresses(strings.Repeat(unit, maxHeader/len(unit)))
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestAuthor(t *testing.T) {
	const list = "List-Id: <dev.lists.example.org>\nList-Post: <mailto:dev@lists.example.org>\n"
	for _, c := range []struct{ name, header, author, sender string }{
		{"as it is", "From: Joe <joe@example.org>\n", "Joe|joe@example.org", "Joe|joe@example.org"},
		{"with sender", "From: Joe <joe@example.org>\nSender: desk@example.org\n", "Joe|joe@example.org", "|desk@example.org"},
		{"two authors", "From: Joe <joe@example.org>, Ann <ann@example.org>\n", "Joe|joe@example.org", "Joe|joe@example.org"},
		{
			"X-Original-From", "From: 'Joe' via dev <dev@googlegroups.com>\nX-Original-From: Joe Doe <joe@example.org>\nSender: dev@googlegroups.com\nReply-To: dev@googlegroups.com\n",
			"Joe Doe|joe@example.org", "|dev@googlegroups.com",
		},
		{
			"X-Original-Sender", "From: \"'Joe Doe' via dev\" <dev@lists.example.org>\nX-Original-Sender: joe@example.org\n" + list,
			"Joe Doe|joe@example.org", "Joe Doe|joe@example.org",
		},
		{
			"Reply-To behind the list's own", "From: Joe Doe via dev <dev@lists.example.org>\nReply-To: dev@lists.example.org, Joe Doe <joe@example.org>\n" + list,
			"Joe Doe|joe@example.org", "Joe Doe|joe@example.org",
		},
		{"nowhere to be found", "From: Joe Doe via dev <dev@lists.example.org>\n" + list, "Joe Doe|dev@lists.example.org", "Joe Doe|dev@lists.example.org"},
		{"a man named via", "From: Joe via Doe <joe@example.org>\nReply-To: ann@example.org\n" + list, "Joe via Doe|joe@example.org", "Joe via Doe|joe@example.org"},
		{"list mail that is not rewritten", "From: Joe <joe@example.org>\nX-Original-Sender: bounce@example.org\n" + list, "Joe|joe@example.org", "Joe|joe@example.org"},
		{"only a sender", "Sender: Joe <joe@example.org>\n", "Joe|joe@example.org", "Joe|joe@example.org"},
		{"nobody", "Subject: x\n", "|", "|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := mustParse(t, c.header+"\nbody\n")
			author, sender := fmt.Sprintf("%s|%s", m.Author.Name, m.Author.Addr), fmt.Sprintf("%s|%s", m.Sender.Name, m.Sender.Addr)
			if author != c.author || sender != c.sender {
				t.Errorf("author %s, sender %s; want %s, %s", author, sender, c.author, c.sender)
			}
		})
	}
}
