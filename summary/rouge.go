package summary

import "strings"

// Quality is how well something chosen agrees with what was wanted.
type Quality struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

func quality(hits, chosen, wanted float64) Quality {
	var q Quality
	if chosen > 0 {
		q.Precision = hits / chosen
	}
	if wanted > 0 {
		q.Recall = hits / wanted
	}
	if q.Precision+q.Recall > 0 {
		q.F1 = 2 * q.Precision * q.Recall / (q.Precision + q.Recall)
	}
	return q
}

func (q *Quality) add(other Quality, share float64) {
	q.Precision += share * other.Precision
	q.Recall += share * other.Recall
	q.F1 += share * other.F1
}

// Rouge is ROUGE-1, ROUGE-2 and ROUGE-L (Lin, "ROUGE: A Package for Automatic
// Evaluation of Summaries", 2004): shared words, pairs of words, and the
// longest common subsequence of words. Words are in lower case and keep their
// endings.
type Rouge struct {
	One  Quality `json:"rouge_1"`
	Two  Quality `json:"rouge_2"`
	Long Quality `json:"rouge_l"`
}

func (r *Rouge) add(other Rouge, share float64) {
	r.One.add(other.One, share)
	r.Two.add(other.Two, share)
	r.Long.add(other.Long, share)
}

// rouge compares a summary with one that a person wrote.
func rouge(summary, written []string) Rouge {
	return Rouge{
		One:  sharedGrams(summary, written, 1),
		Two:  sharedGrams(summary, written, 2),
		Long: quality(float64(commonSubsequence(summary, written)), float64(len(summary)), float64(len(written))),
	}
}

func counts(grams []string) map[string]int {
	n := map[string]int{}
	for _, g := range grams {
		n[g]++
	}
	return n
}

func sharedGrams(x, y []string, n int) Quality {
	in, hits := counts(grams(x, n)), 0
	for _, g := range grams(y, n) {
		if in[g] > 0 {
			in[g]--
			hits++
		}
	}
	return quality(float64(hits), float64(max(0, len(x)-n+1)), float64(max(0, len(y)-n+1)))
}

func grams(w []string, n int) []string {
	var all []string
	for i := 0; i+n <= len(w); i++ {
		all = append(all, strings.Join(w[i:i+n], " "))
	}
	return all
}

func commonSubsequence(x, y []string) int {
	before, row := make([]int, len(y)+1), make([]int, len(y)+1)
	for _, w := range x {
		for j := range y {
			if w == y[j] {
				row[j+1] = before[j] + 1
			} else {
				row[j+1] = max(before[j+1], row[j])
			}
		}
		before, row = row, before
	}
	return before[len(y)]
}
