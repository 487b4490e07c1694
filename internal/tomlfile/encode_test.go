package tomlfile

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type shelf struct {
	Name   string             `toml:"name"`
	Full   bool               `toml:"full"`
	Books  []string           `toml:"books"`
	Pairs  [][]string         `toml:"pairs"`
	Prices map[string]float64 `toml:"prices"`
}

type library struct {
	Title   string   `toml:"title"`
	Open    []string `toml:"open"`
	Floors  int      `toml:"floors"`
	Shelves []shelf  `toml:"shelf"`
}

func TestEncode(t *testing.T) {
	var b strings.Builder
	err := Encode(&b, &library{Title: "The \"Library\"", Floors: 2, Open: []string{}, Shelves: []shelf{
		{Name: "a\\b\tc\x01", Full: true, Books: []string{strings.Repeat("x", 60), strings.Repeat("y", 60), "z"}},
		{Name: "ü", Pairs: [][]string{{"a", "b"}, {"c"}}, Prices: map[string]float64{"two words": 2, "a": 0.25}},
	}})
	want := `title = "The \"Library\""
floors = 2

[[shelf]]
name = "a\\b\tc\u0001"
full = true
books = [
    "` + strings.Repeat("x", 60) + `",
    "` + strings.Repeat("y", 60) + `", "z",
]

[[shelf]]
name = "ü"
pairs = [["a", "b"], ["c"]]
prices = { "a" = 0.25, "two words" = 2.0 }
`
	if err != nil || b.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, b.String(), want)
	}
	if err := Encode(&b, &struct {
		C chan int `toml:"c"`
	}{make(chan int)}); err == nil || !strings.Contains(err.Error(), "c: no way to write a chan int") {
		t.Errorf("a channel: %v", err)
	}
}

// TestEncodeDecode: whatever is written is read again as it was.
func TestEncodeDecode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(1, 20, -1)
		var in library
		in.Title = text.Draw(t, "title")
		for range rapid.IntRange(0, 3).Draw(t, "shelves") {
			s := shelf{Name: text.Draw(t, "name"), Full: rapid.Bool().Draw(t, "full")}
			s.Books = rapid.SliceOfN(text, 1, 12).Draw(t, "books")
			s.Prices = rapid.MapOfN(text, rapid.Float64Range(-1e6, 1e6), 1, 3).Draw(t, "prices")
			in.Shelves = append(in.Shelves, s)
		}
		var b strings.Builder
		if err := Encode(&b, &in); err != nil {
			t.Fatal(err)
		}
		var out library
		if err := Decode("f.toml", []byte(b.String()), &out); err != nil {
			t.Fatalf("%v\n%s", err, b.String())
		}
		if !reflect.DeepEqual(in, out) {
			t.Fatalf("%#v\n%#v\n%s", in, out, b.String())
		}
	})
}
