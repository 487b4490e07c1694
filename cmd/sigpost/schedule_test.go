package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/app"
)

// What is to come, as --now makes it, is not said to be past.
func TestAgo(t *testing.T) {
	t.Parallel()
	now := time.Date(2016, 4, 25, 14, 0, 0, 0, time.UTC)
	for at, want := range map[time.Duration]string{
		time.Hour: "", time.Second: "", 0: ", less than a minute ago", -time.Minute: ", 1 minute ago", -50 * time.Hour: ", 2 days ago",
	} {
		if got := ago(now, now.Add(at)); got != want {
			t.Errorf("%s: %q, want %q", at, got, want)
		}
	}
	done := plannedJob{JobState: sigpost.JobState{Succeeded: now.Add(time.Hour), Took: time.Second}}
	if lines := strings.Join(jobLines(done, now, time.UTC), "\n"); !strings.Contains(lines, "last done Mon 25 Apr 2016 15:00 UTC, in 1.0 s") {
		t.Errorf("%s", lines)
	}
}

// A process has each role once, however often it is named.
func TestRoleNamedTwice(t *testing.T) {
	t.Parallel()
	roles, err := workCommand{Roles: []string{"web", "ingest", "web", "ingest"}, Listen: ":0"}.roles()
	if err != nil || !slices.Equal(roles, []string{"web", "ingest"}) {
		t.Errorf("%q, %v", roles, err)
	}
}

// A ping goes by the clock where "sigpost serve" runs alone; a run pings by itself, and
// notes none.
func TestPingOfRuns(t *testing.T) {
	t.Parallel()
	now := time.Date(2016, 4, 25, 14, 0, 0, 0, time.UTC)
	for want, j := range map[string]plannedJob{
		`next: as the next run begins and ends, or with "sigpost serve" and "sigpost work" now (by "*/10 * * * *")`: {kind: app.JobPing, Cron: "*/10 * * * *", Next: now},
		"next: now": {kind: app.JobTag, Next: now},
		`next: Monday 25 April 2016 14:01:00 UTC (by "*/10 * * * *")`: {kind: app.JobPing, Cron: "*/10 * * * *", Next: now.Add(time.Minute)},
	} {
		if got := jobLines(j, now, time.UTC); !slices.Equal(got, []string{want}) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
