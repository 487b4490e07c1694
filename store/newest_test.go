package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"sigpost"
	"sigpost/search"
	"sigpost/store"
)

// However rare a word is, and wherever in time it stands, a search gives all messages
// that have it, the newest first, page by page: also where the index gives them in no
// order, and the newest are looked at first: as many as there always are, which is all of
// them here, and few.
func TestNewestFirstHoweverRare(t *testing.T) {
	const messages = 40
	onBothDSN(t, func(t *testing.T, dsn string) {
		all := must(store.Open(t.Context(), dsn))(t)
		defer all.Close()
		db := open(t, dsn)
		random := rand.New(rand.NewPCG(4, 2))
		has := map[string][]string{} // of a word the messages, the newest first
		words := map[string]func(i int) bool{
			"oftenword":  func(int) bool { return random.IntN(2) == 0 },
			"seldomword": func(int) bool { return random.IntN(8) == 0 },
			"oldword":    func(i int) bool { return i < 12 },
			"burstword":  func(i int) bool { return i >= messages-3 || i == 1 },
			"edgeword":   func(i int) bool { return slices.Contains([]int{1, 3, 6, 7, 8, 9}, messages-i) },
			"noword":     func(int) bool { return false },
		}
		for i := range messages {
			id := fmt.Sprint(i)
			a := letter(id, i, "Plans", "text")
			for _, word := range []string{"oftenword", "seldomword", "oldword", "burstword", "edgeword", "noword"} {
				if words[word](i) {
					a.Message.Text += " " + word
					has[word] = append([]string{id}, has[word]...)
				}
			}
			a.Message.Ranges = []sigpost.Range{{Kind: sigpost.RangeNew, End: len(a.Message.Text)}}
			add(t, db, a)
		}
		for word := range words {
			for _, limit := range []int{1, 2, 3, 5, 26} {
				for looks, db := range map[string]*store.DB{"few": db, "all": all} {
					var got []string
					for q := (store.Find{Query: search.Parse(word, search.Names{Now: start}), Limit: limit}); ; {
						found := find(t, db, q)
						for _, h := range found.Hits {
							got = append(got, string(h.MessageID))
						}
						if q.After = found.Next; q.After == "" {
							break
						}
						equal(t, fmt.Sprintf("hits of %s on a page of %d", word, limit), len(found.Hits), limit)
					}
					equal(t, fmt.Sprintf("%s by %d, of %s", word, limit, looks), got, has[word])
				}
			}
		}
	})
}
