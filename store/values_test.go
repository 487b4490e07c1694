package store_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"sigpost/store"

	"pgregory.net/rapid"
)

// Some SQLite drivers number "$2, $1" in the order in which they appear. Ours
// must not, or every query is wrong.
func TestParametersGoByNumber(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		tests := []struct {
			name, query string
			args        []any
			want        []string
		}{
			{"swapped", `SELECT CAST($2 AS TEXT), CAST($1 AS TEXT)`, []any{"one", "two"}, []string{"two", "one"}},
			{"repeated", `SELECT CAST($2 AS TEXT), CAST($1 AS TEXT) || CAST($2 AS TEXT)`, []any{"one", "two"}, []string{"two", "onetwo"}},
			{"ten and more", `SELECT CAST($11 AS TEXT), CAST($1 AS TEXT) || CAST($2 AS TEXT) || CAST($3 AS TEXT) || CAST($4 AS TEXT) || CAST($5 AS TEXT) ||
CAST($6 AS TEXT) || CAST($7 AS TEXT) || CAST($8 AS TEXT) || CAST($9 AS TEXT) || CAST($10 AS TEXT)`,
				[]any{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}, []string{"k", "abcdefghij"}},
		}
		for _, test := range tests {
			got := must(db.Texts(t.Context(), 2, test.query, test.args...))(t)
			equal(t, test.name, got, test.want)
			// A transaction compiles its statements.
			check(t, db.Tx(t.Context(), func(tx *store.DB) error {
				got := must(tx.Texts(t.Context(), 2, test.query, test.args...))(t)
				equal(t, test.name+" in a transaction", got, test.want)
				return nil
			}))
		}
	})
}

func TestForeignKeysAreHeld(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		if err := db.SQL(t.Context(), `INSERT INTO ghosts (message_key, thread_id) VALUES ($1, 12345)`, []byte("key")); err == nil {
			t.Error("a ghost of no thread was stored")
		}
	})
}

func TestPackedTextsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOf(rapid.String()).Draw(t, "texts")
		var want []string
		for _, s := range texts {
			if s = strings.ReplaceAll(store.Clean(s), "\n", " "); s != "" {
				want = append(want, s)
			}
		}
		if got := store.Unpack(store.Pack(texts)); !slices.Equal(got, want) {
			t.Fatalf("%q came back as %q", texts, got)
		}
	})
}

func TestCleanMakesTextThatEnginesTake(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		if c := store.Clean(s); !utf8.ValidString(c) || strings.Contains(c, "\x00") {
			t.Fatalf("%q became %q", s, c)
		}
	})
}

func TestInListsAreFilledUp(t *testing.T) {
	lists, args := store.InList([]int{7, 8, 9}, 2)
	equal(t, "lists", lists, []string{"($2, $3, $4, $5)"})
	equal(t, "args", args, [][]any{{7, 8, 9, 9}})
	lists, args = store.InList(make([]int, 257), 1)
	if len(lists) != 2 || len(args[0]) != 256 || len(args[1]) != 1 {
		t.Errorf("257 values became lists of %d and %d", len(args[0]), len(args[1]))
	}
	if lists, _ := store.InList([]int{}, 1); lists != nil {
		t.Errorf("no values became %q", lists)
	}
}
