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

// hashWord gives the hash of a word in lower case, less its ending, or 0 where
// it is no term: numbers and checksums say nothing that comes again.
func hashWord(word []byte) termHash {
	if isNumber(word) {
		return 0
	}
	word = trimEnding(word)
	h := uint64(hashBasis)
	for _, c := range word {
		h = (h ^ uint64(c)) * hashPrime
	}
	return termHash(h)
}

// pair gives the hash of two terms side by side.
func (a termHash) pair(b termHash) termHash {
	h := (uint64(a)^0x5f)*hashPrime ^ uint64(b)
	h ^= h >> 32
	return termHash(h * 0x9e3779b97f4a7c15)
}

// trimEnding takes "ing", "ed", "es" or "s" off a word of which three letters
// stay.
func trimEnding(word []byte) []byte {
	for _, ending := range [...]string{"ing", "ed", "es", "s"} {
		if n := len(word) - len(ending); n >= 3 && string(word[n:]) == ending {
			return word[:n]
		}
	}
	return word
}

// isNumber says whether a word is a number of three digits or more, or looks
// like a checksum in hexadecimal digits.
func isNumber(word []byte) bool {
	digits, hex := 0, 0
	for _, c := range word {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'f':
			hex++
		}
	}
	n := len(word)
	return digits == n && n > 2 || digits > 0 && digits+hex == n && n > 6
}
