package thread

import (
	"slices"
	"strings"

	"sigpost"
)

// CutsOff says whether m, which answers parent, begins a thread of its own,
// linked to that of parent: its subject is another one, and it neither quotes
// nor bears the mark of an answer, or it says itself what the subject was
// before. Parent may be nil, where it has not been seen: then only the latter
// can be known.
//
// It is careful: members of a series of patches, patches that answer a
// report, and robots' mail stay where their references put them, and so does
// what only changes a subject a little.
func CutsOff(m, parent *sigpost.Message) bool {
	if len(m.References) == 0 || m.Robot || tagged(m.Subject) {
		return false
	}
	if parent == nil {
		// "Re: new (was: old)" may answer "new (was: old)".
		return SaysWas(m.Subject) && !m.Answering
	}
	if sameSubject(m.Subject, parent.Subject) {
		return false
	}
	return !m.Quoting && !m.Answering || SaysWas(m.Subject)
}

// MayCutOff says whether there is any message that m, answering it, would be
// cut off from: for most there is none, whatever its subject.
func MayCutOff(m *sigpost.Message) bool {
	return len(m.References) > 0 && !m.Robot && (!m.Quoting && !m.Answering || SaysWas(m.Subject)) && !tagged(m.Subject)
}

// tagged says whether the front of a subject makes it a patch ("[PATCH]",
// "[RFC PATCH net]", "Patch:") or a member of a series ("[v3 1/4]").
func tagged(subject string) bool {
	if word, _, ok := strings.Cut(BaseSubject(subject), ":"); ok && strings.EqualFold(word, "patch") {
		return true
	}
	return slices.ContainsFunc(tags(subject), func(tag string) bool {
		return strings.Contains(strings.ToLower(tag), "patch") || isNumbered(tag)
	})
}

// isNumbered says whether one word of a tag is "n/m".
func isNumbered(blob string) bool {
	for word := range strings.FieldsSeq(blob) {
		n, m, ok := strings.Cut(word, "/")
		if ok && n != "" && m != "" && strings.Trim(n+m, "0123456789") == "" {
			return true
		}
	}
	return false
}

// sameSubject says whether two subjects are of the same matter: one holds the
// other, or most of their pairs of letters are the same ones.
func sameSubject(a, b string) bool {
	a, b = letters(BaseSubject(a)), letters(BaseSubject(b))
	return strings.Contains(a, b) || strings.Contains(b, a) || resemblance(a, b) >= 0.5
}

// resemblance is the Dice coefficient of the pairs of neighbouring letters of
// a and b: from 0, where they have none in common, to 1.
func resemblance(a, b string) float64 {
	counts := make(map[[2]rune]int)
	inA, inB, both := 0, 0, 0
	pairs(a, func(p [2]rune) { counts[p]++; inA++ })
	pairs(b, func(p [2]rune) {
		inB++
		if counts[p] > 0 {
			counts[p]--
			both++
		}
	})
	if inA+inB == 0 {
		return 0
	}
	return 2 * float64(both) / float64(inA+inB)
}

func pairs(s string, visit func([2]rune)) {
	var last rune
	for i, r := range s {
		if i > 0 {
			visit([2]rune{last, r})
		}
		last = r
	}
}
