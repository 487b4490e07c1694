package app

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestDisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.run(a)
	at := func(room diskRoom, err error) func(*Doctor) {
		return func(d *Doctor) { d.machine.disk = func(string) (diskRoom, error) { return room, err } }
	}
	w.doctor(at(diskRoom{Free: 100 << 20, FreeFiles: 1e6, Files: 1e6}, nil), "disk").want(t, LevelError, "database", "only 100 MiB are free")
	w.doctor(at(diskRoom{Free: 1 << 40, FreeFiles: 10, Files: 1e6}, nil), "disk").want(t, LevelError, "only 10 more files")
	w.doctor(at(diskRoom{Free: 1 << 40, FreeFiles: 0, Files: 0}, nil), "disk").want(t, LevelOK, "1 TiB are free")
	w.doctor(at(diskRoom{}, errors.ErrUnsupported), "disk").want(t, LevelNote, "cannot be told")
	w.doctor(at(diskRoom{Free: 1 << 40, Shared: "NFS"}, nil), "disk").want(t, LevelError, "database", "(NFS)")
	// The whole sample came within the last month.
	x := &examination{Doctor: &Doctor{machine: sound()}, group: "disk"}
	x.machine.disk = func(string) (diskRoom, error) { return diskRoom{Free: 10 << 30}, nil }
	for perDay, want := range map[float64]Level{1 << 30: LevelWarning, 10 << 20: LevelOK} {
		x.found = nil
		x.lookAtRoom("database", "/srv", perDay)
		if f := x.found[0]; f.Level != want || !strings.Contains(f.What, "a day in the last 30: that lasts for") {
			t.Errorf("%v: %+v", perDay, f)
		}
	}
	w.doctor(nil, "disk").want(t, LevelOK, "database", "a day in the last 30")
	// On a disk that is full SQLite may not open the database; that is one more reason to say so.
	closed := newWorld(t)
	if err := os.WriteFile(closed.dsn, []byte(strings.Repeat("This is no database. ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	r := closed.doctor(at(diskRoom{FreeFiles: 1e6, Files: 1e6}, nil), "disk")
	r.want(t, LevelError, "database", "only 0 bytes are free")
	r.want(t, LevelNote, "database", "nothing can be said of its growth")
	// A reader that does not end keeps the log from being copied.
	if err := os.Truncate(w.dsn+"-wal", 300<<20); err != nil {
		t.Fatal(err)
	}
	w.doctor(nil, "disk").want(t, LevelWarning, "database", "its write-ahead log has 300 MiB")
}

// Another program's database is said to be that.
func TestDoctorOfAnotherProgramsFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := os.Remove(w.dsn); err != nil {
		t.Fatal(err)
	}
	sqlite3(t, w.dsn, `CREATE TABLE bookmarks (url TEXT)`)
	r := w.doctor(nil, "database", "migrations")
	for _, item := range []string{"the version of its tables cannot be read", "put [archive] right"} {
		r.want(t, LevelError, "archive", w.dsn+" is another program's", "name another file", item)
	}
}
