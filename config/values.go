package config

import (
	"fmt"
	"strings"
	"time"
)

// Duration is a length of time, written as "90s" or "1h30m". A bare number is
// read too, as nanoseconds, and refused by what checks the configuration.
type Duration time.Duration

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < time.Second {
		return fmt.Errorf("%q is no duration of a second or more: write it as \"90s\", \"30m\" or \"1h30m\"", text)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes a duration as UnmarshalText reads it.
func (d Duration) MarshalText() ([]byte, error) {
	text := time.Duration(d).String()
	for _, unit := range []string{"m", "h"} { // "1h0m0s" is "1h"
		if short, ok := strings.CutSuffix(text, unit+map[string]string{"m": "0s", "h": "0m"}[unit]); ok {
			text = short + unit
		}
	}
	return []byte(text), nil
}

// Weekday is a day of the week by its English name.
type Weekday time.Weekday

// UnmarshalText reads a weekday.
func (w *Weekday) UnmarshalText(text []byte) error {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if strings.EqualFold(day.String(), string(text)) {
			*w = Weekday(day)
			return nil
		}
	}
	return fmt.Errorf("%q is no day of the week: write it in English, such as \"monday\"", text)
}

// MarshalText writes a weekday as UnmarshalText reads it.
func (w Weekday) MarshalText() ([]byte, error) {
	return []byte(strings.ToLower(w.Weekday().String())), nil
}

// Weekday gives the day as package time counts it.
func (w Weekday) Weekday() time.Weekday { return time.Weekday(w) }

// ClockTime is a time of day, written as "06:00".
type ClockTime struct {
	Minutes int // since midnight
}

// UnmarshalText reads a time of day.
func (c *ClockTime) UnmarshalText(text []byte) error {
	t, err := time.Parse("15:04", string(text))
	if err != nil {
		return fmt.Errorf("%q is no time of day: write it as \"06:00\", from 00:00 to 23:59", text)
	}
	*c = ClockTime{Minutes: t.Hour()*60 + t.Minute()}
	return nil
}

// MarshalText writes a time of day as UnmarshalText reads it.
func (c ClockTime) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%02d:%02d", c.Minutes/60, c.Minutes%60), nil
}
