package export

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Two places never share a path, not even where case does not count, and each part
// of a path is a name that every file system takes.
func TestNamesAreTheirOwn(t *testing.T) {
	name := rapid.OneOf(rapid.SampledFrom([]string{"a", "A", "ab", "aB", "con", "CON.txt", "index.html", "raw.txt", "..", ".", "a=b", "from=A", "from=a", "a~b", "", "x/y", "é", strings.Repeat("n", 300)}), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		n := newNames()
		paths := map[string]string{}
		for range rapid.IntRange(1, 12).Draw(t, "places") {
			p := Place{Folder: rapid.SliceOfN(name, 0, 3).Draw(t, "folder"), File: rapid.SampledFrom([]string{"", "raw.txt", "2.bin", "é.bin"}).Draw(t, "file")}
			file := n.file(p)
			if again := n.file(p); again != file {
				t.Fatalf("%+v is at %s, and then at %s", p, file, again)
			}
			is := strings.Join(p.Folder, "\x00") + "\x01" + p.File
			small := strings.ToLower(file)
			if other, taken := paths[small]; taken && other != is {
				t.Fatalf("%q and %q are both at %s", other, is, file)
			}
			paths[small] = is
			for _, part := range strings.Split(file, "/") {
				if len(part) > 255 || part == "" || part[0] == '.' || strings.ContainsAny(part, "\\:*?\"<>| %#") {
					t.Fatalf("%q has a part %q that is no name", file, part)
				}
			}
		}
	})
}

// A relative link leads from any file to any other one.
func TestRelativeLinks(t *testing.T) {
	paths := []string{"index.html", "threads/index.html", "threads/12/index.html", "threads/12/from=3/index.html", "m/a+b@example.org/raw.txt", "static/style.css", "m/a$,@x/index.html"}
	for _, from := range paths {
		for _, to := range paths {
			base, err := url.Parse("https://example.org/sub/" + strings.TrimSuffix(escaped(from), "index.html"))
			if err != nil {
				t.Fatal(err)
			}
			u, err := base.Parse(relative(from, to))
			if err != nil {
				t.Fatal(err)
			}
			got := u.Path
			if strings.HasSuffix(got, "/") {
				got = path.Join(got, "index.html")
			}
			if got != "/sub/"+to {
				t.Errorf("from %s to %s leads %q, to %s", from, to, relative(from, to), got)
			}
		}
	}
}

func TestDevicesAreNoNames(t *testing.T) {
	for _, name := range slices.Concat(devices, []string{"Con", "nul.txt", "a.", "-a", " a", "a b"}) {
		if legal(name) {
			t.Errorf("%q is taken for a name", name)
		}
	}
}
