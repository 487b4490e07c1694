// Package osa measures how far two words are apart.
package osa

// MaxLen is the length in bytes up to which Distance compares words.
const MaxLen = 63

// Distance is the optimal string alignment distance of a and b in bytes:
// insertions, deletions, substitutions and swaps of neighbours, each costing
// 1, no part edited twice (Damerau 1964; the restricted form). It stops once
// it is sure to pass limit, and gives limit+1 then, as it does for words
// longer than MaxLen. It does not allocate.
func Distance(a, b string, limit int) int {
	if len(a) > MaxLen || len(b) > MaxLen || abs(len(a)-len(b)) > limit {
		return limit + 1
	}
	var rows [3][MaxLen + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		best := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			best = min(best, d)
		}
		if best > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit+1)
}

// Nearest is the word among words that is closest to name, or "" where none
// is close enough to be what somebody meant.
func Nearest(name string, words []string) string {
	limit := 1 + len(name)/4
	nearest := ""
	for _, w := range words {
		if d := Distance(name, w, limit); d <= limit {
			nearest, limit = w, d-1
		}
	}
	return nearest
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
