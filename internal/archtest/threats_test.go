package archtest

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the project's, seen from here.
const root = "../.."

var (
	// named is a test as documents name it: its package's folder ("sigpost" for the
	// root), and its name.
	named = regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)[A-Za-z0-9_]+)`")
	// bare is one without its package.
	bare = regexp.MustCompile("`(?:Test|Fuzz)[A-Z][A-Za-z0-9_]*`")
	// script is a script of the commands.
	script = regexp.MustCompile("`(cmd/sigpost/testdata/[a-z0-9-]+\\.txt)`")
	// declared is a test in Go's source.
	declared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9_]+)\(`)
)

// testsOf are the tests of the tree, as documents name them.
func testsOf(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(file, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(file)
		folder, _ := filepath.Rel(root, filepath.Dir(file))
		for _, found := range declared.FindAllSubmatch(source, -1) {
			all[strings.Replace(path.Join(filepath.ToSlash(folder)), ".", "sigpost", 1)+"."+string(found[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Whatever test a document names is there, and each threat has one or says that none
// stands against it: a document that names tests which were renamed or removed says
// that something is guarded which is not.
func TestThreatsHaveTheirTests(t *testing.T) {
	tests := testsOf(t)
	for _, document := range []string{"docs/threat-model.md", "SECURITY.md"} {
		text, err := os.ReadFile(filepath.Join(root, document))
		if err != nil {
			t.Fatal(err)
		}
		threats, found := 0, 0
		for number, line := range strings.Split(string(text), "\n") {
			inLine := 0
			for _, name := range named.FindAllStringSubmatch(line, -1) {
				inLine++
				if !tests[name[1]+"."+name[2]] {
					t.Errorf("%s:%d: there is no test %s in %s", document, number+1, name[2], name[1])
				}
			}
			for _, file := range script.FindAllStringSubmatch(line, -1) {
				inLine++
				if _, err := os.Stat(filepath.Join(root, file[1])); err != nil {
					t.Errorf("%s:%d: there is no script %s", document, number+1, file[1])
				}
			}
			for _, name := range bare.FindAllString(line, -1) {
				t.Errorf("%s:%d: say of which package %s is", document, number+1, name)
			}
			found += inLine
			if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| threat |") || strings.HasPrefix(line, "| ---") {
				continue
			}
			if threats++; strings.Count(line, " | ") != 3 {
				t.Errorf("%s:%d: a threat has four columns: itself, what stands against it, tests, what remains", document, number+1)
			} else if test := strings.Split(line, " | ")[2]; inLine == 0 && test != "none" {
				t.Errorf("%s:%d: this threat names no test: write one, or \"none\"", document, number+1)
			}
		}
		if document == "docs/threat-model.md" && (threats < 60 || found < 120) {
			t.Errorf("%s has %d threats and %d tests: they are not read as they are written", document, threats, found)
		}
	}
}
