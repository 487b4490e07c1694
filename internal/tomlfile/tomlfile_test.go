package tomlfile

import (
	"errors"
	"maps"
	"strings"
	"testing"
)

type inner struct {
	Mailbox string   `toml:"mailbox"`
	Since   string   `toml:"since"`
	Names   []string `toml:"names"`
}

type outer struct {
	Title    string  `toml:"title"`
	Count    int     `toml:"count"`
	Accounts []inner `toml:"account"`
}

func TestDecode(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"good", "title = \"x\"\n[[account]]\nmailbox = \"a\"\n", ""},
		{"unknown with a near one", "[[account]]\nmailbx = \"a\"\n",
			`f.toml:2: unknown key "mailbx" in [account]; did you mean "mailbox"?`},
		{"unknown with none near", "\nzzz = 1\n", `f.toml:2: unknown key "zzz"; known here: account, count, title`},
		{"unknown table", "[acount]\nmailbox = \"a\"\n", `did you mean "account"?`},
		{"two at once", "titel = 1\ncuont = 2\n", "f.toml:1: unknown key \"titel\"; did you mean \"title\"?\nf.toml:2: "},
		{"wrong type", "count = \"many\"\n", "f.toml:1:"},
		{"broken", "title = \n", "f.toml:1:"},
		{"all at once", "count = \"many\"\ntitle = [\n 1,\n] # one\ntitel = 1\n[[account]]\nmailbox = 1\nnames = 'x'\n",
			"f.toml:1: count is a whole number, without quotes\nf.toml:2: title is a text in quotes\n" +
				"f.toml:7: account.mailbox is a text in quotes\nf.toml:8: account.names is a list: ['x']\nf.toml:5: unknown key \"titel\"; did you mean \"title\"?"},
		{"in a list", "[[account]]\nnames = [\n\"x\",\n1]\n", "f.toml:4: account.names is a list, and something in it is not what belongs there"},
		{"a number too large", "count = 99999999999999999999", "f.toml:1: count: decimal number is too large"},
		{"no table", "account = 1", "f.toml:1: account is a table that may be there several times: [[account]]"},
		{"a value, and no TOML", "count = true\ntitle = \n", "f.toml:1:"},
		{"twice", "title = \"a\"\ntitle = \"b\"\n", "f.toml:2:"},
		{"a table twice", "[title]\n[title]\n", "f.toml:1:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var v outer
			err := Decode("f.toml", []byte(c.in), &v)
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Fatalf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

// What can be decoded is there beside what cannot.
func TestDecodeTheRest(t *testing.T) {
	var v outer
	var values *ValuesError
	data := "title = \"x\"\ncount = [\n1]\n[[account]]\nmailbox = \"a\"\nsince = 2\n[[account]]\nmailbox = \"b\""
	err := Decode("f.toml", []byte(data), &v)
	if !errors.As(err, &values) || v.Title != "x" || v.Count != 0 || len(v.Accounts) != 2 || v.Accounts[1].Mailbox != "b" {
		t.Fatalf("%+v, %v", v, err)
	}
	got := Lines(values.Rest)
	for path, line := range Lines([]byte(data)) {
		if bad := path == "count" || path == "account[0].since"; bad != (got[path] == 0) || !bad && got[path] != line {
			t.Errorf("%s is on line %d, and was on %d", path, got[path], line)
		}
	}
}

func TestLines(t *testing.T) {
	lines := Lines([]byte("title = \"x\"\n\n[web]\nurl = \"u\"\n[[account]]\nname = \"a\"\n[[account.mailbox]]\nlist = \"l\"\n[[account.mailbox]]\nlist = \"m\"\n[[account]]\nname = \"b\"\n[[account.mailbox]]\n  list = \"n\"\n"))
	for path, want := range map[string]int{
		"title": 1, "web": 3, "web.url": 4, "account[0]": 5, "account[0].name": 6, "account[0].mailbox[0].list": 8,
		"account[0].mailbox[1].list": 10, "account[1].name": 12, "account[1].mailbox[0]": 13, "account[1].mailbox[0].list": 14,
	} {
		if lines[path] != want {
			t.Errorf("%s is on line %d, want %d", path, lines[path], want)
		}
	}
}

func TestLinesInBraces(t *testing.T) {
	got := Lines([]byte("[a]\nb = [\n { c = 1, d.e = 0 },\n # none\n { c = [{ f = \"\" }] },\n]\ng = {}\nh = 1\n"))
	want := map[string]int{"a": 1, "a.b": 2, "a.b[0].c": 3, "a.b[0].d.e": 3, "a.b[1].c": 5, "a.b[1].c[0].f": 5, "a.g": 7, "a.h": 8}
	if !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func TestLinesOfOddKeys(t *testing.T) {
	got := Lines([]byte("# 1\r\n\"a b\" = 1\n'c' . \"d\\u0041\" = \"\"\"\nthree\nlines\"\"\"\n\n[x . \"y\"]\nk = [\n 1,\n 2]\nl = {m = 1, n = 2}\n[[x.z]]\n[[x.z]]\nlast = 1"))
	want := map[string]int{"a b": 2, "c.dA": 3, "x.y": 7, "x.y.k": 8, "x.y.l": 11, "x.y.l.m": 11, "x.y.l.n": 11, "x.z[0]": 12, "x.z[1]": 13, "x.z[1].last": 14}
	if !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
