package app

import (
	"context"
	"log/slog"
	"sync"

	"sigpost/classify"
)

// tagger is a classifier with the version by which threads are known that it has
// tagged: that of the taxonomy, the weights, and what reviewers taught.
type tagger struct {
	version    string
	classifier func() *classify.Classifier // made when it is first needed
}

// taggers make the tagger of a taxonomy and of what the archive has learned. The
// last one is kept, since a classifier takes some time to make.
type taggers struct {
	taxonomy *Taxonomy
	log      *slog.Logger

	mu      sync.Mutex
	learned string
	last    *tagger
}

// taught gives the tagger for what was learned, as store.Learned gives it.
func (t *taggers) taught(learned string) *tagger {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil || t.learned != learned {
		t.last, t.learned = t.make(learned), learned
	}
	return t.last
}

func (t *taggers) make(learned string) *tagger {
	plain := &tagger{t.taxonomy.Version(), sync.OnceValue(t.taxonomy.Classifier)}
	if learned == "" {
		return plain
	}
	w, err := classify.ParseWeights("learned from decisions", []byte(learned))
	if err != nil {
		t.log.Warn("what was learned from decisions cannot be read and is left out; \"sigpost classify learn\" learns it anew", "error", err)
		return plain
	}
	return &tagger{
		plain.version + classify.WeightsVersion([]byte(learned)),
		sync.OnceValue(func() *classify.Classifier { return t.taxonomy.taught(w) }),
	}
}

// taggerOf gives the tagger for what the archive has learned by now.
func (a *App) taggerOf(ctx context.Context) (*tagger, error) {
	learned, err := a.Store.Learned(ctx)
	if err != nil {
		return nil, err
	}
	return a.taggers.taught(learned), nil
}
