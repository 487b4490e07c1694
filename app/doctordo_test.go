package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever the doctor finds that is not ok, it says what to do about it: no call that makes
// a finding leaves that out, wherever no test comes by.
func TestEachFindingSaysWhatToDo(t *testing.T) {
	var files []string
	for _, pattern := range []string{"doctor*.go", "../maildns/*.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	calls := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 4 {
				return true
			}
			// add(level, item, do, …) and failed(level, item, do, err) of an examination;
			// add(item, severity, do, …) of findings about mail.
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || method.Sel.Name != "add" && method.Sel.Name != "failed" {
				return true
			}
			calls++
			for _, arg := range call.Args[:2] {
				if level, ok := arg.(*ast.SelectorExpr); ok && level.Sel.Name == "OK" {
					return true
				}
				if level, ok := arg.(*ast.Ident); ok && (level.Name == "LevelOK" || level.Name == "OK") {
					return true
				}
			}
			if do, ok := call.Args[2].(*ast.BasicLit); ok && len(do.Value) < len(`"see it"`) {
				t.Errorf("%s does not say what to do", set.Position(call.Pos()))
			}
			return true
		})
	}
	if calls < 100 {
		t.Errorf("only %d findings are looked at", calls)
	}
}
