package lru_test

import (
	"testing"

	"pgregory.net/rapid"

	"sigpost/internal/lru"
)

// Whatever is put in and asked for: what comes out is what was put in last, and
// what was asked for last is there.
func TestCache(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const limit = 10_000
		c := lru.New[int, int](limit)
		put := map[int]int{}
		for i := range rapid.IntRange(0, 200).Draw(t, "steps") {
			key := rapid.IntRange(0, 20).Draw(t, "key")
			if rapid.Bool().Draw(t, "put") {
				size := rapid.IntRange(0, 3000).Draw(t, "size")
				c.Put(key, i, size)
				put[key] = i
				if got, ok := c.Get(key); ok != (size+200 <= limit/4) || ok && got != i {
					t.Fatalf("%d of %d bytes: %d, %v", key, size, got, ok)
				}
			} else if got, ok := c.Get(key); ok && got != put[key] {
				t.Fatalf("%d is %d, want %d", key, got, put[key])
			}
		}
	})
}

func TestTheOldestGoes(t *testing.T) {
	c := lru.New[string, string](4 * 1000)
	for _, key := range []string{"a", "b", "c", "d"} {
		c.Put(key, key, 700)
	}
	c.Get("a")
	c.Put("e", "e", 700)
	for key, want := range map[string]bool{"a": true, "b": false, "c": true, "d": true, "e": true} {
		if _, ok := c.Get(key); ok != want {
			t.Errorf("%s is there: %v", key, ok)
		}
	}
}
