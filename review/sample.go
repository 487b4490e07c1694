package review

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// SampleSize is how many accepted tags are looked at each week.
const SampleSize = 40

// Week is when the week of a moment begins: on Monday, in UTC.
func Week(t time.Time) time.Time {
	t = t.UTC()
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

// Start is where the sample of a week begins, from 0 to below 1: by chance, and the
// same for everybody.
func Start(week time.Time) float64 {
	sum := sha256.Sum256([]byte("sample of " + week.UTC().Format(time.DateOnly)))
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53)
}
