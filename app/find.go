package app

import (
	"context"
	"slices"

	"sigpost"
	"sigpost/search"
	"sigpost/store"
)

// SearchNames are what queries of the archive may name: its topics by all their
// names, its lists, and who has written.
func (a *App) SearchNames(ctx context.Context) search.Names {
	kinds := []sigpost.TagKind{sigpost.KindProject, sigpost.KindScenario}
	for _, k := range a.taxonomy.Kinds {
		kinds = append(kinds, sigpost.TagKind(k))
	}
	return search.Names{
		Now: a.now(), Kinds: kinds, Tags: a.taxonomy.Named, LikeTag: a.taxonomy.Like, LikeWord: a.taxonomy.Meant,
		NameWords: func() []string {
			words, err := a.Store.NameWords(ctx)
			if err != nil { // nothing is meant, then
				return nil
			}
			return words
		},
		Lists: func() []string {
			boxes, err := a.Store.Mailboxes(ctx)
			if err != nil { // the search itself will say so
				return nil
			}
			var lists []string
			for _, b := range boxes {
				if !slices.Contains(lists, b.List) {
					lists = append(lists, b.List)
				}
			}
			return lists
		},
	}
}

// Find gives at most limit messages that a query means, the newest or the best
// first.
func (a *App) Find(ctx context.Context, query search.Query, byRelevance bool, limit int) (store.Found, error) {
	return a.Store.Find(ctx, store.Find{Query: query, ByRelevance: byRelevance, Limit: limit})
}
