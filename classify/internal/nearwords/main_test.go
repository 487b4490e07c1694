package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	words := write("words", "Spade\nspades\nspare\nspear\nshovel\nspade's\nSpain\n")
	taxonomy := write("t.toml", "[[tag]]\nkind = \"project\"\nname = \"spade\"\ntitle = \"Spade\"\n")
	out := filepath.Join(dir, "out")
	if err := run(words, taxonomy, false, out); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if want := "spade\nspades\nspare\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, bad := range [][2]string{{filepath.Join(dir, "none"), taxonomy}, {words, filepath.Join(dir, "none")}, {words, words}} {
		if err := run(bad[0], bad[1], false, out); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// TestRunShort: with -short, it is the short words of names of several that count.
func TestRunShort(t *testing.T) {
	dir := t.TempDir()
	words, taxonomy, out := filepath.Join(dir, "words"), filepath.Join(dir, "t.toml"), filepath.Join(dir, "out")
	for path, content := range map[string]string{
		words:    "hoe\nhoes\nhop\nshovel\nspare\n",
		taxonomy: "[[tag]]\nkind = \"project\"\nname = \"spade\"\ntitle = \"Spade\"\naliases = [\"spade-hoe\"]\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(words, taxonomy, true, out); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if want := "hoe\nhoes\nhop\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
