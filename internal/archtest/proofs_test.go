package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What "make test" leaves to scripts/proofs is run there, in each package that has a
// test of such a name; and what it runs apart, by a pattern, in all that have one.
func TestProofsLeaveNoTestOut(t *testing.T) {
	names, err := exec.Command("../../scripts/proofs", "names").Output()
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("../../scripts/proofs")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	outside := regexp.MustCompile(`(?m)^OUTSIDE := (.*)\$\$$`).FindSubmatch(makefile)
	if outside == nil {
		t.Fatal("the Makefile has no OUTSIDE")
	}
	// Of a pattern the packages in which it is run, by the words of a command.
	runs := map[string]string{
		strings.TrimSpace(string(names)): string(regexp.MustCompile(`(?m)^exec go test .*$`).Find(script)),
		string(outside[1]) + "$":         string(regexp.MustCompile(`(?m)^\tgo test .*-run '\$\(OUTSIDE\)'.*$`).Find(makefile)),
	}
	for pattern, command := range runs {
		left, found := regexp.MustCompile(pattern), 0
		for _, p := range packages(t) {
			folder := "./" + short(p.ImportPath)
			files, _ := filepath.Glob(filepath.Join("../..", folder, "*_test.go"))
			for _, name := range files {
				text, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
					if !left.Match(f[1]) {
						continue
					}
					found++
					if !slices.Contains(strings.Fields(command), folder) {
						t.Errorf("%s is left out of \"make test\", and %q does not run %s", f[1], command, folder)
					}
				}
			}
		}
		if n := strings.Count(pattern, "|") + 1; found < n {
			t.Errorf("of %d names in %s there are %d tests", n, pattern, found)
		}
	}
}
