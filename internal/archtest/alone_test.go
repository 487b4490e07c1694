package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// "make test" runs the packages that it calls ALONE without the race detector:
// neither they, nor what they import of ours, nor their tests start a goroutine. Of
// what their tests alone import (servers, for the most part), nothing is said.
func TestAloneStartsNoGoroutine(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^ALONE := (.*)$`).FindSubmatch(makefile)
	if line == nil {
		t.Fatal("the Makefile has no ALONE")
	}
	var alone []string
	for _, folder := range strings.Fields(string(line[1])) {
		alone = append(alone, filepath.Join("sigpost", folder))
	}
	found := 0
	for _, p := range packages(t) {
		if !slices.Contains(alone, p.ImportPath) {
			continue
		}
		found++
		for _, i := range p.Imports {
			if first, _, _ := strings.Cut(i, "/"); first == "sigpost" && !slices.Contains(alone, i) {
				t.Errorf("%s imports %s, which may start goroutines: take it out of the Makefile's ALONE", p.ImportPath, i)
			}
		}
		files, _ := filepath.Glob(filepath.Join("../..", short(p.ImportPath), "*.go"))
		if p.ImportPath == "sigpost" {
			files, _ = filepath.Glob("../../*.go")
		}
		if len(files) == 0 {
			t.Errorf("%s has no files", p.ImportPath)
		}
		for _, name := range files {
			for _, at := range goroutines(t, name, nil) {
				t.Errorf("%s starts a goroutine: take its package out of the Makefile's ALONE", at)
			}
		}
	}
	if found != len(alone) {
		t.Errorf("%d of the packages %v are there", found, alone)
	}
}

func TestGoroutinesAreFound(t *testing.T) {
	for _, statement := range []string{"go f()", "t.Parallel()", "group.Go(f)", "time.AfterFunc(time.Second, f)"} {
		if len(goroutines(t, "x.go", "package x\nfunc x() {\n"+statement+"\n}")) != 1 {
			t.Errorf("%s is not found", statement)
		}
	}
}

// goroutines says where a file starts them.
func goroutines(t *testing.T, name string, src any) (at []string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		starts := false
		switch n := n.(type) {
		case *ast.GoStmt:
			starts = true
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.SelectorExpr); ok {
				starts = slices.Contains([]string{"Parallel", "Go", "AfterFunc", "RunParallel"}, f.Sel.Name)
			}
		}
		if starts {
			at = append(at, set.Position(n.Pos()).String())
		}
		return true
	})
	return at
}
