package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"sigpost/internal/peertest"
)

// Every command has a page in which every one of its flags and arguments is, and no
// page has anything that mandoc or man would warn of.
func TestManual(t *testing.T) {
	t.Parallel()
	model := commandTree(t)
	dir := t.TempDir()
	m := manual{date: "2016-04-25", version: "1.2.3"}
	var files []string
	for _, n := range shownCommands(model.Node) {
		page := m.page(n)
		names := []string{}
		for at := n; at != nil && at.Parent != nil; at = at.Parent {
			for _, f := range at.Flags {
				names = append(names, "--"+f.Name)
			}
		}
		for _, a := range n.Positional {
			names = append(names, a.Name)
		}
		for _, child := range n.Children {
			if !child.Hidden {
				names = append(names, pageName(child))
			}
		}
		for _, name := range names {
			if !strings.Contains(page, escaped(name)) {
				t.Errorf("%s does not have %s", pageName(n), name)
			}
		}
		file := filepath.Join(dir, pageName(n)+".1")
		if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if len(files) < 60 {
		t.Errorf("there are %d pages", len(files))
	}
	t.Run("mandoc", func(t *testing.T) {
		mandoc := peertest.Need(t, "mandoc", "mandoc")[0]
		out, err := exec.CommandContext(t.Context(), mandoc, append([]string{"-Tlint", "-Wwarning"}, files...)...).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("man", func(t *testing.T) {
		man := peertest.Need(t, "man", "man")[0]
		cmd := exec.CommandContext(t.Context(), man, append([]string{"--warnings", "-E", "UTF-8", "-l", "-Z"}, files...)...)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MANPAGER=cat", "MANROFFOPT=")
		var complaints strings.Builder
		cmd.Stderr = &complaints
		if err := cmd.Run(); err != nil || complaints.Len() > 0 {
			t.Errorf("%v\n%s", err, complaints.String())
		}
	})
}

// What a page looks like is what was meant: names in a row have spaces between them.
func TestManualAsItIsShown(t *testing.T) {
	t.Parallel()
	model := commandTree(t)
	dir := t.TempDir()
	m := manual{date: "2016-04-25", version: "1.2.3"}
	struck := regexp.MustCompile(".\x08") // bold and underlined, as a typewriter has them
	joined := regexp.MustCompile(`\S*(,|\band\b|\w\))--?\w+|\w\(1\)\w`)
	for _, program := range [][]string{{"mandoc", "-T", "utf8", "-O", "width=100"}, {"man", "-E", "UTF-8", "-P", "cat", "-l"}} {
		t.Run(program[0], func(t *testing.T) {
			path := peertest.Need(t, program[0], program[0])[0]
			for _, n := range shownCommands(model.Node) {
				if program[0] == "man" && pageName(n) != "sigpost-doctor" { // it takes its time
					continue
				}
				file := filepath.Join(dir, pageName(n)+".1")
				if err := os.WriteFile(file, []byte(m.page(n)), 0o600); err != nil {
					t.Fatal(err)
				}
				cmd := exec.CommandContext(t.Context(), path, append(slices.Clone(program[1:]), file)...)
				cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MANWIDTH=100", "MANROFFOPT=")
				out, err := cmd.Output()
				if err != nil {
					t.Fatal(err)
				}
				shown := strings.Join(strings.Fields(struck.ReplaceAllString(string(out), "")), " ")
				if n.Parent != nil && !strings.Contains(shown, "GLOBAL OPTIONS --config, --json, --quiet and --now are those of every command: see sigpost(1). SEE ALSO") {
					t.Errorf("%s is shown as\n%s", pageName(n), out)
				}
				for _, found := range joined.FindAllString(shown, -1) {
					t.Errorf("%s has %q without a space in it", pageName(n), found)
				}
			}
		})
	}
}

// Words of a page are taken for words, whatever they are.
func TestEscaped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{".so x": `\&.so x`, "'x": `\&'x`, `a\b`: `a\eb`, "--x": `\-\-x`, "plain": "plain"} {
		if got := escaped(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	n := &kong.Node{Name: "odd", Help: "It \"quotes\".\n.and begins."}
	page := manual{date: "2016-04-25", version: `1"2`}.page(n)
	if !strings.Contains(page, `"sigpost 1\(dq2"`) || strings.Contains(page, "\n.and") {
		t.Errorf("%s", page)
	}
}
