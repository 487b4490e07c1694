package tomlfile

import (
	"strings"
	"testing"
)

type inner struct {
	Mailbox string `toml:"mailbox"`
	Since   string `toml:"since"`
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
