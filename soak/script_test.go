package soak_test

import (
	"testing"

	"sigpost/soak"
)

// The same seed is the same year, to the byte.
func TestScriptReplays(t *testing.T) {
	first, again, other := soak.New(year(7)), soak.New(year(7)), soak.New(year(8))
	if first.Sum() != again.Sum() || first.Sum() == other.Sum() {
		t.Errorf("sums %s, %s; of another seed %s", first.Sum(), again.Sum(), other.Sum())
	}
	kinds := map[soak.Kind]int{}
	for i, e := range first.Events {
		kinds[e.Kind]++
		if i > 0 && e.At.Before(first.Events[i-1].At) {
			t.Fatalf("event %d is before the one in front of it", i)
		}
	}
	for kind, least := range map[soak.Kind]int{soak.Deliver: 800, soak.Reader: 100, soak.Run: 1400, soak.Crash: 30, soak.Full: 2, soak.Depart: 12, soak.Return: 11, soak.Serve: 4, soak.Kill: 16, soak.Backup: 10,
		soak.Restore: 10, soak.Renumber: 2, soak.IMAP: 8, soak.SMTP: 8, soak.Refuse: 20, soak.Meeting: 15, soak.Review: 15, soak.Edit: 80, soak.Measure: 51} {
		if kinds[kind] < least {
			t.Errorf("%s happens %d times in a year, want %d", kind, kinds[kind], least)
		}
	}
}
