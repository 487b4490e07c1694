package message

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestToUTF8(t *testing.T) {
	for _, c := range []struct {
		name, in, charset, want string
		noted                   bool
	}{
		{"ASCII", "abc\n", "us-ascii", "abc\n", false},
		{"UTF-8", "caf\u00e9", "utf-8", "café", false},
		{"not declared", "caf\u00e9", "", "café", false},
		{"Latin-1 under UTF-8", "caf\xe9", "utf-8", "café", true},
		{"both in one text", "caf\u00e9 caf\xe9", "utf-8", "café café", true},
		{"Latin-1", "caf\xe9", "ISO-8859-1", "café", false},
		{"Windows-1252 under Latin-1", "\x93x\x94 \x80", "iso-8859-1", "“x” €", false},
		{"UTF-8 under Latin-1", "caf\u00e9", "iso-8859-1", "café", true},
		{"unknown", "caf\xe9", "x-made-up", "café", true},
		{"known by another name", "caf\xe9", "cp-1252", "café", false},
		{"no registered name", "caf\xe9", "8859_1", "café", false},
		{"code page with a hyphen", "Gr\x81\xe1e", "cp-850", "Grüße", false},
		{"code page of IBM's with a hyphen", "Gr\x81\xe1e", "IBM-850", "Grüße", false},
		{"quoted name", "caf\xe9", `"latin-1"`, "café", false},
		{"koi8-r", "\xf0\xd2\xc9", "koi8-r", "При", false},
		{"shift_jis", "\x82\xa0", "cp932", "あ", false},
		{"gb2312", "\xd6\xd0", "gb2312", "中", false},
		{"big5", "\xa4\xa4", "chinesebig5", "中", false},
		{"iso-2022-jp", "\x1b$B$\"\x1b(B", "iso-2022-jp", "あ", false},
		{"iso-2022-jp, not declared", "\x1b$B$\"\x1b(B", "", "あ", false},
		{"utf-16", "\xfe\xff\x00a\x00b", "utf-16", "ab", false},
		{"NUL", "a\x00b", "utf-8", "ab", false},
		{"controls", "a\x07b\x1bc\x7f", "utf-8", "abc", false},
		{"C1 controls", "\u0093x\u0094", "utf-8", "“x”", false},
		{"byte order mark", "\ufeffabc", "utf-8", "abc", false},
		{"line ends", "a\r\nb\rc\u2028d\fe", "utf-8", "a\nb\nc\nd\ne", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, use := toUTF8([]byte(c.in), c.charset)
			if got != c.want || (use.fault != "") != c.noted {
				t.Errorf("got %q (%+v), want %q", got, use, c.want)
			}
		})
	}
}

func FuzzToUTF8(f *testing.F) {
	for _, name := range []string{"", "utf-8", "utf-16", "iso-2022-jp", "gb18030", "hz-gb-2312", "windows-1252", "x", "utf-7", "big5"} {
		f.Add([]byte("caf\xe9 \x1b$B\x00"), name)
	}
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		got, use := toUTF8(data, name)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\r") || !utf8.ValidString(use.fault+use.used) {
			t.Errorf("%q as %q is %q (%+v)", data, name, got, use)
		}
	})
}
