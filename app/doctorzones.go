package app

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// zonesAhead is how far ahead changes of clocks are told.
const zonesAhead = 28 * 24 * time.Hour

// zoneFolders are where the machine keeps its time zones, as package time looks for
// them.
func zoneFolders() []string {
	folders := []string{"/usr/share/zoneinfo/", "/usr/share/lib/zoneinfo/", "/usr/lib/locale/TZ/", "/etc/zoneinfo/"}
	if own := os.Getenv("ZONEINFO"); own != "" {
		folders = append([]string{own}, folders...)
	}
	return folders
}

// lookAtZones says which rules of time zones are used, and which clocks change soon
// by which a digest or a meeting goes.
func (d *Doctor) lookAtZones(x *examination) {
	x.lookAtZoneData()
	for _, z := range x.zonesInUse() {
		zone, err := time.LoadLocation(z.name)
		if x.failed(LevelError, z.name, "use an IANA name, such as \"Europe/Berlin\"", err) {
			continue
		}
		now := x.Now().In(zone)
		_, end := now.ZoneBounds()
		if end.IsZero() || end.Sub(now) > zonesAhead {
			continue
		}
		_, before := end.Add(-time.Second).Zone()
		_, after := end.Zone()
		which := "back"
		if after > before {
			which = "forward"
		}
		by := (time.Duration(after-before) * time.Second).Abs()
		x.add(LevelNote, z.name, "nothing, but tell whoever reads the times in another zone", "clocks go %s by %s on %s; by them go %s", which, shortly(by),
			end.Add(-time.Second).Format("Monday 2 January 2006"), strings.Join(z.users, ", "))
	}
}

func shortly(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d min", int(d.Minutes()))
}

// usedZone is a time zone with what goes by it.
type usedZone struct {
	name  string
	users []string
}

func (x *examination) zonesInUse() (all []usedZone) {
	add := func(name, user string) {
		if i := slices.IndexFunc(all, func(z usedZone) bool { return z.name == name }); i >= 0 {
			all[i].users = append(all[i].users, user)
		} else if name != "" {
			all = append(all, usedZone{name, []string{user}})
		}
	}
	for _, g := range x.config.Digests {
		add(g.Zone, fmt.Sprintf("the digest %s (next due %s)", g.Name, schedule(g).Next(x.Now()).Format("Monday 2 January 15:04 MST")))
	}
	for _, m := range x.config.Meetings {
		add(m.Zone, fmt.Sprintf("the meeting %q", m.Title))
	}
	for _, c := range x.config.Calendars {
		add(c.Zone, "the calendar "+c.Name)
	}
	return all
}

// lookAtZoneData finds the version of the machine's time zones: its files go before
// those in the program.
func (x *examination) lookAtZoneData() {
	const item = "tzdata"
	for _, folder := range x.machine.zoneinfo {
		if _, err := os.Stat(folder); err != nil {
			continue
		}
		version := zoneVersion(folder)
		year, err := strconv.Atoi(version[:min(4, len(version))])
		switch {
		case err != nil:
			x.add(LevelNote, item, "see by the package tzdata that they are of this year or the last (dpkg -s tzdata, rpm -q tzdata): governments change clocks every year", "time zones are those in %s, which does not say its version", folder)
		case x.machine.clock().Year()-year >= 2:
			x.add(LevelWarning, item, "update the package tzdata: governments change clocks every year", "time zones are those in %s, of %s", folder, version)
		default:
			x.ok(item, "time zones are those in %s, version %s", folder, version)
		}
		return
	}
	x.ok(item, "this machine has none; time zones are those in the program, as old as its Go")
}

// zoneVersion is the version of a folder's time zones, such as "2026c", or "".
func zoneVersion(folder string) string {
	if data, err := os.ReadFile(filepath.Join(folder, "+VERSION")); err == nil {
		return strings.TrimSpace(string(data))
	}
	f, err := os.Open(filepath.Join(folder, "tzdata.zi"))
	if err != nil {
		return ""
	}
	defer f.Close()
	line, _ := bufio.NewReader(f).ReadString('\n') // "# version 2026c"
	_, version, _ := strings.Cut(strings.TrimSpace(line), "# version ")
	return version
}
