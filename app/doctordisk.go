package app

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigpost/store"
)

// What there is little of.
const (
	fewBytes = 200 << 20
	fewFiles = 1000
	fewDays  = 60
	// ofLog is how many times its limit the write-ahead log may be.
	ofLog = 4
	// month is what growth is measured over.
	month = 30 * 24 * time.Hour
)

// lookAtDisk looks how much room there is, and how long it lasts.
func (d *Doctor) lookAtDisk(x *examination) {
	const item = "database"
	e, err := x.tables()
	var size store.Room
	if err == nil && !e.missing {
		size, err = e.Room(x.ctx)
	}
	switch {
	case err != nil:
		x.add(LevelNote, item, x.more("database"), "nothing can be said of its growth: the database cannot be opened")
		fallthrough // a full disk may be why
	case e.missing:
		if dsn, err := x.config.DSN(); err == nil && !strings.Contains(dsn, "://") {
			x.lookAtRoom(item, filepath.Dir(dsn), 0)
		}
	default:
		x.lookAtSize(item, size)
	}
	x.lookAtRoom("temporary files", os.TempDir(), 0)
}

// lookAtSize looks how large the archive is, and how much room there is for it.
func (x *examination) lookAtSize(item string, room store.Room) {
	x.lookAtGrowth(item, room.Path, float64(room.Bytes))
	if limit := room.LogLimit; limit > 0 && room.Log > ofLog*limit {
		x.add(LevelWarning, item, "look for a process that has had the database open for long, and end it; the next run copies the log into the database",
			"its write-ahead log has %s, and should be cut back at %s", bytesWords(float64(room.Log)), bytesWords(float64(limit)))
	}
	if room.Free > fewBytes && room.Free > room.Bytes/2 {
		x.add(LevelNote, item, "sqlite3 "+room.Path+" VACUUM, while nothing else runs, gives it back", "%s of its %s are not used", bytesWords(float64(room.Free)), bytesWords(float64(room.Bytes)))
	}
}

// lookAtGrowth measures how the archive grows.
func (x *examination) lookAtGrowth(item, path string, size float64) {
	growth := 0.0
	if a, err := x.real(); err == nil {
		part, err := a.Store.ReceivedSince(x.ctx, x.Now().Add(-month))
		x.failed(LevelError, item, x.unread(), err)
		growth = part * size / month.Hours() * 24
	}
	if path == "" {
		x.add(LevelNote, item, "see there how much room there is", "it has %s%s; how much room there is, its server's machine knows", bytesWords(size), growthWords(growth))
		return
	}
	x.lookAtRoom(item, filepath.Dir(path), growth)
}

func growthWords(perDay float64) string {
	if perDay < 1 {
		return ""
	}
	return fmt.Sprintf(", and grew by %s a day in the last 30", bytesWords(perDay))
}

// lookAtRoom looks how much room there is for what grows by so many bytes a day.
func (x *examination) lookAtRoom(item, folder string, perDay float64) {
	room, err := x.machine.disk(folder)
	if err != nil {
		x.add(LevelNote, item, "see yourself how much room there is (df "+folder+"), and that this user can look into it", "how much room there is in %s cannot be told: %v", folder, err)
		return
	}
	if room.Shared != "" && item == "database" {
		x.add(LevelError, item, "move the database to a disk of this machine, or use PostgreSQL", "%s lies on a file system that machines share (%s), where SQLite's write-ahead log does not work", folder, room.Shared)
	}
	const make = "make room there, or give it more"
	days := math.Inf(1)
	if perDay > 0 {
		days = float64(room.Free) / perDay
	}
	free := bytesWords(float64(room.Free)) + " are free in " + folder
	switch {
	case room.Free < fewBytes:
		x.add(LevelError, item, make, "only %s", free)
	case room.Files > 0 && room.FreeFiles < fewFiles:
		x.add(LevelError, item, make+": each small file takes one", "only %d more files can be made in %s (inodes)", room.FreeFiles, folder)
	case days < fewDays:
		x.add(LevelWarning, item, make, "%s%s: that lasts for %.0f days", free, growthWords(perDay), days)
	case days < 3650:
		x.ok(item, "%s%s: that lasts for %.0f days", free, growthWords(perDay), days)
	default:
		x.ok(item, "%s%s", free, growthWords(perDay))
	}
}

// bytesWords says a number of bytes to people.
func bytesWords(n float64) string {
	for _, unit := range []string{"bytes", "KiB", "MiB", "GiB"} {
		if n < 1024 {
			return fmt.Sprintf("%.3g %s", n, unit)
		}
		n /= 1024
	}
	return fmt.Sprintf("%.3g TiB", n)
}
