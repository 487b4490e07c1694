package calendar

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/peertest"
)

// published are occurrences of all kinds.
func published(t *testing.T) []sigpost.Occurrence {
	berlin := zone(t, "Europe/Berlin")
	start := time.Date(2024, 3, 30, 10, 0, 0, 0, berlin)
	return []sigpost.Occurrence{
		{UID: "1", Title: "SIG meeting; with, commas\\ and\nlines", Start: start, End: start.Add(time.Hour), Zone: "Europe/Berlin", RecurrenceID: start,
			Where: "#sig, or video", Notes: "Bring *questions*.\nAnd answers.", Links: []sigpost.Link{{Title: "Agenda", URL: "https://example.org/agenda?a=1;b=2,3"}}},
		{UID: "1", Title: "SIG meeting", Start: start.AddDate(0, 0, 1), End: start.AddDate(0, 0, 1).Add(time.Hour), RecurrenceID: start.AddDate(0, 0, 1), Cancelled: true},
		{UID: "2", Title: "Gipfel in Zürich 🗻 " + strings.Repeat("ü", 100), Start: time.Date(2024, 4, 1, 0, 0, 0, 0, berlin), End: time.Date(2024, 4, 4, 0, 0, 0, 0, berlin), AllDay: true},
		{UID: "3", Title: "Maybe", Start: start.UTC(), End: start.UTC(), Tentative: true},
	}
}

var publication = Publication{Name: "SIG: what is coming", Host: "digest.example.org", Stamp: time.Date(2024, 3, 1, 8, 0, 0, 0, time.UTC)}

// What is written is what another implementation reads.
func TestWrittenIsReadByPython(t *testing.T) {
	peertest.Need(t, "python3-icalendar", "/usr/lib/python3/dist-packages/icalendar/__init__.py")
	python := peertest.Need(t, "python3-icalendar", "/usr/bin/python3")[0]
	file, err := Write(published(t), publication)
	if err != nil {
		t.Fatal(err)
	}
	script := `import sys, icalendar
c = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
print(c['VERSION'], c['METHOD'], c['NAME'], c['X-WR-CALNAME'], c.errors, sep='|')
for e in c.walk('VEVENT'):
    end = e['DTEND'].dt.isoformat() if 'DTEND' in e else ''
    print(e['DTSTART'].dt.isoformat(), end, e['DTSTAMP'].dt.isoformat(), e['STATUS'], e['SUMMARY'], e.get('LOCATION', ''), repr(str(e.get('DESCRIPTION', ''))), e.get('URL', ''), e.errors, sep='|')
`
	got := runPython(t, python, script, file)
	equal(t, got, `2.0|PUBLISH|SIG: what is coming|SIG: what is coming|[]
2024-03-30T09:00:00+00:00|2024-03-30T10:00:00+00:00|2024-03-01T08:00:00+00:00|CONFIRMED|SIG meeting; with, commas\ and lines|#sig, or video|'Bring *questions*.\nAnd answers.\nAgenda: https://example.org/agenda?a=1;b=2,3'|https://example.org/agenda?a=1;b=2,3|[]
2024-03-31T08:00:00+00:00|2024-03-31T09:00:00+00:00|2024-03-01T08:00:00+00:00|CANCELLED|Cancelled: SIG meeting||''||[]
2024-04-01|2024-04-04|2024-03-01T08:00:00+00:00|CONFIRMED|Gipfel in Zürich 🗻 `+strings.Repeat("ü", 100)+`||''||[]
2024-03-30T09:00:00+00:00||2024-03-01T08:00:00+00:00|TENTATIVE|Maybe||''||[]
`)
	none, err := Write(nil, publication)
	if err != nil {
		t.Fatal(err)
	}
	if got := runPython(t, python, "import sys, icalendar\nprint(len(icalendar.Calendar.from_ical(sys.stdin.buffer.read()).walk()))", none); got != "3\n" {
		t.Errorf("without events Python sees %s components", got)
	}
}

func runPython(t *testing.T, python, script string, input []byte) string {
	t.Helper()
	cmd := exec.Command(python, "-c", script)
	cmd.Env = append(cmd.Environ(), "PYTHONIOENCODING=utf-8")
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, stderr.String(), input)
	}
	return string(out)
}

func TestWrittenLines(t *testing.T) {
	file, err := Write(published(t), publication)
	if err != nil {
		t.Fatal(err)
	}
	uids := map[string]bool{}
	for i, line := range strings.Split(strings.TrimSuffix(string(file), "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") || strings.ToValidUTF8(line, "") != line {
			t.Errorf("line %d: %q", i, line)
		}
		if uid, ok := strings.CutPrefix(line, "UID:"); ok {
			uids[uid] = true
		}
	}
	if len(uids) != 4 {
		t.Errorf("UIDs: %v", uids)
	}
	// A later file speaks of the same events, whatever has become of them.
	moved := published(t)
	moved[0].Start, moved[0].End = moved[0].Start.Add(time.Hour), moved[0].End.Add(time.Hour)
	again, _ := Write(moved, publication)
	for uid := range uids {
		if !bytes.Contains(again, []byte(uid)) {
			t.Errorf("%s is gone", uid)
		}
	}
	r, err := Read(file, Options{})
	if err != nil || len(r.Refused) > 0 {
		t.Fatalf("%+v, %v", r.Refused, err)
	}
	equal(t, fmt.Sprint(len(r.Events), r.Events[2].Title == published(t)[2].Title, r.Events[2].AllDay), "4 true true")
}

// Whatever a source says of an event, it is text in the calendars that we publish, and
// no other property or event.
func TestNobodyWritesOtherProperties(t *testing.T) {
	for _, bad := range []string{"a\r\nATTENDEE:mailto:eve@example.org", "a\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:evil", "a\rATTACH:https://evil.example", "a\u2028ATTACH:x", "a;ATTACH=b:c,d\\", "\u0085X:1", strings.Repeat("é", 80) + "\nX-EVIL:1", "\x00\x0b\x0cX-EVIL:1"} {
		all := published(t)
		for i := range all {
			all[i].Title, all[i].Notes, all[i].Where = bad, bad, bad
			for j := range all[i].Links {
				all[i].Links[j].Title, all[i].Links[j].URL = bad, "https://example.org/"+bad
			}
			for j := range all[i].Sessions {
				all[i].Sessions[j].Title, all[i].Sessions[j].Room = bad, bad
			}
		}
		file, err := Write(all, publication)
		if err != nil {
			t.Errorf("%q: %v", bad, err)
		}
		events := 0
		for _, line := range strings.Split(string(file), "\r\n") {
			name, _, _ := strings.Cut(line, ":")
			name, _, _ = strings.Cut(name, ";")
			switch {
			case line == "BEGIN:VEVENT":
				events++
			case strings.HasPrefix(line, " "):
			case name == "ATTENDEE" || name == "ATTACH" || name == "X-EVIL" || name == "X":
				t.Errorf("%q writes %q", bad, line)
			}
			if strings.ContainsAny(line, "\r\n\x00\x0b\x0c") {
				t.Errorf("%q is in a line: %q", bad, line)
			}
		}
		clean, err := Write(published(t), publication)
		if err != nil || events != strings.Count(string(clean), "BEGIN:VEVENT") {
			t.Errorf("%q makes %d events, %v", bad, events, err)
		}
	}
}
