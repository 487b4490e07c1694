package app

import (
	"context"
	"strings"
	"testing"
)

// The configuration's weights take the place of those that are built in, and both
// have versions of their own, as has what was learned.
func TestVersionsOfTaggers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cfg := w.config()
	builtIn, err := OpenTaxonomy(cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	w.write("weights.toml", "[kind.project.heat]\nbias = 0\nrules = 1\nothers = 0\n[kind.project.heat.terms]\nfans = -1\n")
	cfg.Classify.Weights = w.dir + "/weights.toml"
	own, err := OpenTaxonomy(cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	if own.Version() == builtIn.Version() || len(own.learned().Kinds["project"]) != 1 {
		t.Errorf("versions %s and %s, weights %v", own.Version(), builtIn.Version(), own.learned())
	}
	cfg.Classify.Weights = w.dir + "/nowhere.toml"
	if _, err := OpenTaxonomy(cfg, ""); err == nil || !strings.Contains(err.Error(), "the weights cannot be read (classify.weights)") {
		t.Errorf("weights that are not there: %v", err)
	}

	a := w.open()
	plain := a.tagger
	if plain.version != builtIn.Version() {
		t.Errorf("the version is %s, that of the taxonomy %s", plain.version, builtIn.Version())
	}
	const learned = "[kind.project.heat]\nbias = -0.5\ndecisions = 12\n[kind.project.heat.terms]\nfans = -3\n"
	taught := a.taggers.taught(learned)
	if taught.version == plain.version || taught != a.taggers.taught(learned) || a.taggers.taught("").version != plain.version {
		t.Errorf("versions %s and %s", taught.version, plain.version)
	}
	// What cannot be read is left out, and does not keep anything from working.
	ctx := context.Background()
	if err := a.Store.SaveLearned(ctx, "[["); err != nil {
		t.Fatal(err)
	}
	if b := w.open(); b.tagger.version != plain.version {
		t.Errorf("the version is %s", b.tagger.version)
	}
	if r, err := a.Learn(ctx); err != nil || !r.Changed {
		t.Errorf("%+v: %v", r, err)
	}
}
