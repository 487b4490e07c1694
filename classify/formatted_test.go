package classify

import (
	"reflect"
	"strings"
	"testing"

	"sigpost/internal/tomlfile"
)

// What Format writes is read the same in both ways.
func TestReadFormatted(t *testing.T) {
	quick, ok := readFormatted(string(learnedTOML))
	if !ok {
		t.Fatal("the built-in weights are not as Format writes them")
	}
	slow := &Weights{}
	if err := tomlfile.Decode("learned.toml", learnedTOML, slow); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(quick, slow) {
		t.Error("read quickly, the built-in weights are others than read as TOML")
	}
	again, ok := readFormatted(string(slow.Format("a comment")))
	if !ok || !reflect.DeepEqual(again, slow) {
		t.Error("what Format writes is not read back")
	}
}

// What is written otherwise is left to TOML, whose errors are for people.
func TestReadFormattedGivesUp(t *testing.T) {
	for _, text := range []string{
		"bay = 1", "[kind.project.heat]\nbias = many", "[kind.project.heat]\nbiass = 1", "[calibration.more]", "[kind.project.heat.terms]\nstack = 1",
		"[kind.project.heat]\n[kind.project.heat.terms]\nstack = 1\nstack = 2", "[kind.project.heat]\n[kind.project.heat.terms]\n\"a b c\" = 1",
		"[kind.project.heat]\n[kind.project.heat.terms]\nstack = 1e9", "[kind.project.heat]\nterms = { stack = 1 }",
	} {
		if _, ok := readFormatted(text); ok {
			t.Errorf("%q was read", strings.ReplaceAll(text, "\n", " / "))
		}
	}
	if _, err := ParseWeights("w.toml", []byte("[kind.project.heat]\nterms = { stack = 1 }\n")); err != nil {
		t.Errorf("weights that people wrote: %v", err)
	}
	if _, err := ParseWeights("w.toml", []byte("[kind.project.heat]\nbiass = 1\n")); err == nil || !strings.Contains(err.Error(), "w.toml:2") {
		t.Errorf("a mistake gives %v", err)
	}
}
