package schedule

import (
	"slices"
	"time"
)

// What is known of a list before its silence can be called unusual.
const (
	stretch       = 30 * 24 * time.Hour
	stretches     = 12 // a year
	leastStretch  = 3
	leastMessages = 10
	leastSilence  = 24 * time.Hour
)

// UsualSilence is the usual longest silence of a list, given when its messages came in
// the last year, in order: the median of the longest of each month. One bad month does
// not make silence usual, and one good month does not make it unusual. It is 0 where
// too little is known of the list to say.
func UsualSilence(came []time.Time) time.Duration {
	if len(came) < leastMessages {
		return 0
	}
	last := came[len(came)-1]
	longest := make([]time.Duration, 0, stretches)
	for i := range stretches {
		from, to := last.Add(-time.Duration(i+1)*stretch), last.Add(-time.Duration(i)*stretch)
		if from.Before(came[0]) { // what was before is not known
			break
		}
		longest = append(longest, longestIn(came, from, to))
	}
	if len(longest) < leastStretch {
		return 0
	}
	slices.Sort(longest)
	return longest[len(longest)/2]
}

// longestIn is the longest gap that is in a stretch of time, all or in part.
func longestIn(came []time.Time, from, to time.Time) time.Duration {
	first, _ := slices.BinarySearchFunc(came, from, time.Time.Compare)
	var longest time.Duration
	for i := max(first, 1); i < len(came) && came[i-1].Before(to); i++ {
		longest = max(longest, came[i].Sub(came[i-1]))
	}
	return longest
}

// Unusual is how long a list has to be silent before that is unusual: so many times
// its usual longest silence, and a day at least; 0 where nothing can be said of it.
func Unusual(came []time.Time, factor float64) time.Duration {
	usual := UsualSilence(came)
	if usual == 0 {
		return 0
	}
	return max(time.Duration(factor*float64(usual)), leastSilence)
}
