package app

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sigpost/store/storetest"
)

// backedUp is what the metrics say of when the last backup was; ok is false where they
// say nothing.
func (w *world) backedUp(a *App) (at time.Time, ok bool) {
	w.t.Helper()
	rows, err := a.rowsSeen(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, j := range rows.Jobs {
		if j.Name == "backup" {
			return j.Succeeded, true
		}
	}
	return at, false
}

// The archive knows when it was last backed up, also by who has it open for reading
// alone; a backup that is not written is none, and one that was put back knows nothing of
// itself.
func TestDoctorOfBackups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.run(a)
	w.doctor(nil, "backups").want(t, LevelWarning, "archive", "has never written one", "each day")
	if at, ok := w.backedUp(a); !ok || !at.IsZero() {
		t.Errorf("backed up %s, %t", at, ok)
	}
	if _, err := a.Backup(t.Context(), filepath.Join(w.dir, "nowhere", "b.tar.zst"), nil); err == nil {
		t.Error("a backup is in a folder that is not there")
	}
	w.doctor(nil, "backups").want(t, LevelWarning, "archive", "has never written one")

	reader, err := Open(t.Context(), w.config(), Options{Now: w.clock, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	file := w.backup(reader, "b.tar.zst")
	w.doctor(nil, "backups").want(t, LevelOK, "archive", "its last backup is of Monday 25 April 2016")
	if at, ok := w.backedUp(a); !ok || !at.Equal(monday) {
		t.Errorf("backed up %s, %t", at, ok)
	}
	w.setNow(monday.AddDate(0, 0, 7))
	w.doctor(nil, "backups").want(t, LevelOK, "archive", "its last backup is of Monday 25 April 2016")
	w.setNow(monday.AddDate(0, 0, 9))
	w.doctor(nil, "backups").want(t, LevelWarning, "archive", "its last backup is of Monday 25 April 2016", "9 days ago", "sigpost backup FILE")
	var out bytes.Buffer
	if _, err := a.Backup(t.Context(), "-", &out); err != nil || out.Len() == 0 {
		t.Errorf("to the standard output: %v", err)
	}
	w.doctor(nil, "backups").want(t, LevelOK, "archive", "Wednesday 4 May 2016")

	w.dsn = filepath.Join(t.TempDir(), "restored.db")
	w.restore(file, false)
	w.doctor(nil, "backups").want(t, LevelWarning, "archive", "has never written one")
}

// Where something else makes backups, nobody is warned of that.
func TestDoctorOfOthersBackups(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.run(a)
	a.Config.Archive.BackupDays = -1
	if at, ok := w.backedUp(a); ok {
		t.Errorf("backed up %s", at)
	}
	config, err := os.ReadFile(filepath.Join(w.dir, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("other.toml", string(bytes.Replace(config, []byte("[archive]\n"), []byte("[archive]\nbackup_days = -1\n"), 1)))
	w.doctor(func(d *Doctor) { d.ConfigFile = filepath.Join(w.dir, "other.toml") }, "backups").want(t, LevelOK, "archive", "something else makes its backups")

	p := newWorld(t)
	p.dsn = storetest.Postgres(t)
	b := p.open()
	p.run(b)
	p.doctor(nil, "backups").want(t, LevelNote, "archive", "PostgreSQL", "pg_dump")
	if at, ok := p.backedUp(b); ok {
		t.Errorf("backed up %s", at)
	}
}
