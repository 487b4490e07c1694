package calendar

import (
	"cmp"
	"slices"
	"strings"

	"sigpost"
)

// ConflictKind says what is wrong between two occurrences.
type ConflictKind string

// The kinds of Conflict.
const (
	// SamePlace is two at once in one place.
	SamePlace ConflictKind = "same place"
	// SameTime is two at once of which readers can come to one only.
	SameTime ConflictKind = "same time"
	// Sources is the same event by two sources, at different times on one day,
	// or twice.
	Sources ConflictKind = "sources"
)

// Conflict is two occurrences that do not go together.
type Conflict struct {
	Kind ConflictKind       `json:"kind"`
	A    sigpost.Occurrence `json:"a"`
	B    sigpost.Occurrence `json:"b"`
}

// maxConflicts bounds what is found: nobody reads more.
const maxConflicts = 200

// Conflicts finds the first conflict between each two events among their
// occurrences. What does not take place, or lasts whole days, is in nobody's way.
func Conflicts(occurrences []sigpost.Occurrence) []Conflict {
	all := slices.Clone(occurrences)
	all = slices.DeleteFunc(all, func(o sigpost.Occurrence) bool { return o.Cancelled || o.AllDay })
	slices.SortStableFunc(all, func(a, b sigpost.Occurrence) int { return a.Start.Compare(b.Start) })
	type pair struct {
		kind ConflictKind
		a, b string
	}
	seen := map[pair]bool{}
	var found []Conflict
	for i, a := range all {
		for _, b := range all[i+1:] {
			if !b.Start.Before(a.End) && !sameDay(a, b) {
				break
			}
			kind := between(a, b)
			if kind == "" {
				continue
			}
			p := pair{kind, a.Source + "\x00" + a.UID, b.Source + "\x00" + b.UID}
			if p.a > p.b {
				p.a, p.b = p.b, p.a
			}
			if seen[p] {
				continue
			}
			seen[p] = true
			if found = append(found, Conflict{kind, a, b}); len(found) == maxConflicts {
				return found
			}
		}
	}
	return found
}

// between is the conflict of two occurrences, the second of which does not begin
// before the first; "" where there is none.
func between(a, b sigpost.Occurrence) ConflictKind {
	same := a.Source == b.Source && a.UID == b.UID
	overlap := b.Start.Before(a.End) || b.Start.Equal(a.Start)
	switch {
	case same:
		return ""
	case a.Source != b.Source && (a.UID == b.UID || a.Title != "" && strings.EqualFold(a.Title, b.Title)) && (overlap || sameDay(a, b)):
		return Sources
	case !overlap:
		return ""
	case cmp.Or(a.Where, "?a") == cmp.Or(b.Where, "?b"):
		return SamePlace
	}
	return SameTime
}

func sameDay(a, b sigpost.Occurrence) bool {
	ay, am, ad := a.Start.Date()
	by, bm, bd := b.Start.In(a.Start.Location()).Date()
	return ay == by && am == bm && ad == bd
}
