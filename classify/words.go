package classify

// A text is a bag of terms to the learned weights: its words, less their
// endings, and the pairs of words that stand side by side. What people wrote is
// looked up by a hash, so that nothing is allocated for a word.

// termHash stands for a term. 64 bits: two of a taxonomy's terms never meet in
// practice, and a stranger who makes two meet gains one wrong weight.
type termHash uint64

const (
	hashBasis = 14695981039346656037 // FNV-1a, 64 bit
	hashPrime = 1099511628211
)

// hashWord gives the hash of a word in lower case, and that of the term it is:
// the word less its ending, or 0 where it is none, since numbers and checksums
// say nothing that comes again.
func hashWord(word []byte) (whole, term termHash) {
	h := uint64(hashBasis)
	var before [maxEnding]uint64 // the hashes of the word less one letter, two, three
	digits, hex := 0, 0
	for _, c := range word {
		before[2], before[1], before[0] = before[1], before[0], h
		h = (h ^ uint64(c)) * hashPrime
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'f':
			hex++
		}
	}
	whole = termHash(h)
	if n := len(word); digits == n && n > 2 || digits > 0 && digits+hex == n && n > 6 {
		return whole, 0
	}
	if n := ending(word); n > 0 {
		return whole, termHash(before[n-1])
	}
	return whole, whole
}

// pair gives the hash of two terms side by side.
func (a termHash) pair(b termHash) termHash {
	h := (uint64(a)^0x5f)*hashPrime ^ uint64(b)
	h ^= h >> 32
	return termHash(h * 0x9e3779b97f4a7c15)
}

// maxEnding is the length of the longest ending.
const maxEnding = 3

// ending is the length of a word's ending, "ing", "ed", "es" or "s", if three
// letters stay without it.
func ending(word []byte) int {
	n := len(word)
	if n < 4 {
		return 0
	}
	switch last := word[n-1]; {
	case last == 'g' && n >= 6 && word[n-2] == 'n' && word[n-3] == 'i':
		return 3
	case (last == 'd' || last == 's') && n >= 5 && word[n-2] == 'e':
		return 2
	case last == 's':
		return 1
	}
	return 0
}
