package schedule

import (
	"bufio"
	"compress/gzip"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func every(hours int, n int) (came []time.Time) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		came = append(came, at.Add(time.Duration(i*hours)*time.Hour))
	}
	return came
}

func TestUsualSilence(t *testing.T) {
	holidays := every(6, 1000)
	for i := 500; i < len(holidays); i++ { // nothing for two weeks, once
		holidays[i] = holidays[i].AddDate(0, 0, 14)
	}
	for name, c := range map[string]struct {
		came           []time.Time
		usual, unusual time.Duration
	}{
		"nothing":             {nil, 0, 0},
		"young":               {every(24, 80), 0, 0}, // not three months yet
		"few":                 {every(24*40, 9), 0, 0},
		"each day":            {every(24, 400), 24 * time.Hour, 72 * time.Hour},
		"each minute, nearly": {every(1, 5000), time.Hour, 24 * time.Hour}, // never within a day
		"with holidays":       {holidays, 6 * time.Hour, 24 * time.Hour},
		"each second month, longer than what is looked at": {every(24*60, 20), 60 * 24 * time.Hour, 180 * 24 * time.Hour},
	} {
		if usual, unusual := UsualSilence(c.came), Unusual(c.came, 3); usual != c.usual || unusual != c.unusual {
			t.Errorf("%s: usual %s, unusual %s", name, usual, unusual)
		}
	}
}

// On a real list that is never quite dead, looking at every moment of its years, there
// is a false alarm in three years at most.
func TestSilenceOfARealList(t *testing.T) {
	path := filepath.Join("..", "..", "shared", "corpora", "googlegroups-openiscsi-dev", "open-iscsi.googlegroups.com.mbox.gz")
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("the corpus googlegroups-openiscsi-dev is absent: this test is left out")
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []time.Time
	lines := bufio.NewScanner(unpacked)
	lines.Buffer(nil, 4<<20)
	header := false
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "From "):
			header = true
		case line == "":
			header = false
		case header && strings.HasPrefix(line, "Date: "):
			if at, err := mail.ParseDate(strings.TrimSpace(line[6:])); err == nil {
				all = append(all, at)
			}
			header = false
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	if len(all) < 1000 {
		t.Fatalf("%d dates", len(all))
	}
	alarms, known := 0, time.Duration(0)
	var longest time.Duration
	for i := 1; i < len(all); i++ {
		begin, _ := slices.BinarySearchFunc(all, all[i-1].AddDate(-1, 0, 0), time.Time.Compare)
		unusual := Unusual(all[begin:i], 3)
		if unusual == 0 {
			continue
		}
		known += all[i].Sub(all[i-1])
		longest = max(longest, unusual)
		if all[i].Sub(all[i-1]) > unusual {
			alarms++
		}
	}
	years := known.Hours() / 24 / 365
	t.Logf("%d messages: %d alarms in %.1f years; at most %.0f days until one", len(all), alarms, years, longest.Hours()/24)
	if float64(alarms) > years/3 {
		t.Errorf("%d false alarms in %.1f years", alarms, years)
	}
}
