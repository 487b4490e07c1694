package message

import (
	"fmt"
	"sort"
	"strings"
	"testing"
)

func TestDecodeWords(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"none", "plain text", "plain text"},
		{"Q", "=?iso-8859-1?Q?caf=E9_au_lait?=", "café au lait"},
		{"B", "=?UTF-8?b?Y2Fmw6k=?=", "café"},
		{"text around", "Re: =?utf-8?q?caf=C3=A9?= today", "Re: café today"},
		{"space between words is not shown", "=?utf-8?q?a?= =?utf-8?q?b?=", "ab"},
		{"cut inside a character", "=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "café"},
		{"two charsets", "=?utf-8?q?=C3=A9?= =?iso-8859-1?q?=E9?=", "éé"},
		{"touching text", "x=?utf-8?q?a?=y", "xay"},
		{"spaces in Q", "=?utf-8?Q?caf=C3=A9 au lait?=", "café au lait"},
		{"no padding", "=?utf-8?B?Y2Fmw6k?=", "café"},
		{"language", "=?utf-8*en?Q?caf=C3=A9?=", "café"},
		{"unknown charset", "=?x-odd?Q?caf=E9?=", "café"},
		{"unknown encoding", "=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
		{"not finished", "=?utf-8?Q?abc", "=?utf-8?Q?abc"},
		{"bad escape", "=?utf-8?Q?100=ZZ?=", "100=ZZ"},
		{"empty", "=?utf-8?Q??= x", " x"},
		{"iso-2022-jp", "=?ISO-2022-JP?B?GyRCJCIbKEI=?=", "あ"},
		{"only a beginning", "=?", "=?"},
		{"question mark in Q", "=?utf-8?Q?caf?=C3=A9?=", "caf?é"},
		{"question mark before an escape", "=?utf-8?Q?really?=21?=", "really?!"},
		{"touching words", "=?utf-8?Q?a?==?utf-8?Q?b?=", "ab"},
		{"ASCII behind", "=?utf-8?Q?a?=de", "ade"},
		{"question", "what =?= that?", "what =?= that?"},
	} {
		if got := decodeWords(c.in); got != c.want {
			t.Errorf("%s: %q becomes %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestSubjectIsOneLine(t *testing.T) {
	m := mustParse(t, "From: a@x\nSubject: =?utf-8?q?one=0Atwo=00?=\n\tthree  four\n\n")
	if m.Subject != "one two three four" {
		t.Errorf("got %q", m.Subject)
	}
}

func TestParseMediaType(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "text/plain", "text/plain"},
		{"parameters", `Text/HTML; Charset="UTF-8"; format=flowed`, "text/html charset=UTF-8 format=flowed"},
		{"doubled semicolons", "text/html;;charset", "text/html"},
		{"doubled parameter", "text/plain; charset=a; charset=b", "text/plain charset=a"},
		{"unquoted space", "multipart/mixed; boundary=odd one; x=y", "multipart/mixed boundary=odd one x=y"},
		{"semicolon in quotes", `a/b; name="x;y"; z=1`, "a/b name=x;y z=1"},
		{"quote never closed", `a/b; name="x; z=1`, "a/b name=x z=1"},
		{"escapes", `a/b; name="x\"y\\z"`, `a/b name=x"y\z`},
		{"comment", "text/plain (hello); charset=a", "text/plain charset=a"},
		{"space around =", "a/b; boundary = x", "a/b boundary=x"},
		{"encoded word", `a/b; name="=?utf-8?Q?caf=C3=A9?="`, "a/b name=café"},
		{"RFC 2231", "a/b; filename*=iso-8859-1'en'caf%E9.txt", "a/b filename=café.txt"},
		{"RFC 2231, continued", `a/b; filename*1*=%C3%A9; filename*0*=utf-8''caf; filename*2=".txt"`, "a/b filename=café.txt"},
		{"RFC 2231, plain", `a/b; filename*0="ab"; filename*1="cd"`, "a/b filename=abcd"},
		{"RFC 2231, the same section twice", `a/b; filename*0="ab"; filename*1="cd"; filename*1="ef"; filename*0*=utf-8''gh`, "a/b filename=abcd"},
		{"RFC 2231, no number", `a/b; filename*0="ab"; filename*n="cd"; name*x=y`, "a/b filename=ab"},
		{"a path", `C:\x`, `c:\x`},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			value, params := parseMediaType(c.in)
			var all []string
			for k, v := range params {
				all = append(all, fmt.Sprintf(" %s=%s", k, v))
			}
			sort.Strings(all)
			if got := value + strings.Join(all, ""); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestFileName(t *testing.T) {
	for in, want := range map[string]string{
		"a.txt": "a.txt", "/etc/passwd": "passwd", `C:\x\y.doc`: "y.doc", "..": "", "a/..": "", "": "", "a\nb.txt": "a b.txt", "a\x00b": "ab",
	} {
		if got := fileName(map[string]string{"filename": in}, nil); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	if got := fileName(nil, map[string]string{"name": "n"}); got != "n" {
		t.Errorf("got %q", got)
	}
}
