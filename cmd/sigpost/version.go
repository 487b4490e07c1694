package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"time"

	"sigpost/store"
)

// version is what a release is called; its build sets it by -ldflags "-X
// main.version=…". Other builds have the module's version, which names the commit.
var version string

// programVersion says what this program is.
type programVersion struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	// Time is that of the commit, not of the build, so that builds are alike.
	Time     time.Time `json:"time,omitzero"`
	Modified bool      `json:"modified"` // built from files that are in no commit
	Go       string    `json:"go"`
	OS       string    `json:"os"`
	Arch     string    `json:"arch"`
	SQLite   string    `json:"sqlite"`
	// Tables is the version of an archive's tables that it works with.
	Tables   int64    `json:"tables"`
	Features []string `json:"features"`
}

type versionCommand struct{}

// Run tells it.
func (versionCommand) Run(s *session) error {
	v := theVersion()
	return s.tell(v, func(w io.Writer) {
		for _, line := range versionLines(v) {
			fmt.Fprintln(w, line)
		}
	})
}

func theVersion() programVersion {
	info, _ := debug.ReadBuildInfo()
	return versionOf(version, info)
}

// versionOf reads what the builder left in the program; info may be nil.
func versionOf(release string, info *debug.BuildInfo) programVersion {
	v := programVersion{
		Version: release, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		SQLite: store.SQLiteVersion, Tables: store.KnownTables(), Features: []string{"sqlite", "fts5", "postgresql", "tzdata"},
	}
	if info == nil {
		info = &debug.BuildInfo{}
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.Commit = setting.Value
		case "vcs.time":
			v.Time, _ = time.Parse(time.RFC3339, setting.Value)
		case "vcs.modified":
			v.Modified = setting.Value == "true"
		case "-race":
			if setting.Value == "true" {
				v.Features = append(v.Features, "race")
			}
		case "CGO_ENABLED":
			if setting.Value == "1" {
				v.Features = append(v.Features, "cgo")
			}
		}
	}
	v.Version = cmp.Or(v.Version, info.Main.Version, "(devel)")
	return v
}

// versionLines are for people.
func versionLines(v programVersion) []string {
	lines := []string{"sigpost " + v.Version}
	if v.Commit != "" {
		line := "commit " + v.Commit
		if !v.Time.IsZero() {
			line += " of " + moment(v.Time)
		}
		if v.Modified {
			line += ", with changes that are in no commit"
		}
		lines = append(lines, line)
	}
	return append(lines,
		fmt.Sprintf("%s on %s/%s", v.Go, v.OS, v.Arch),
		fmt.Sprintf("SQLite %s, tables of version %d", v.SQLite, v.Tables))
}
