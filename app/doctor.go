package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/maildns"
	"sigpost/store"
)

// Level says how much a finding matters.
type Level string

// The levels. A note is worth knowing, or cannot be found out from here; a warning
// will be trouble or is some already; an error is.
const (
	LevelOK      Level = "ok"
	LevelNote    Level = "note"
	LevelWarning Level = "warning"
	LevelError   Level = "error"
)

// Finding is what was found out about one thing.
type Finding struct {
	Group string `json:"group"` // such as "imap": see DoctorGroups
	Item  string `json:"item"`  // on what, such as "account example"
	Level Level  `json:"level"`
	What  string `json:"what"`
	Do    string `json:"do,omitempty"` // what to do about it
}

// Doctor looks whether all is well with a configuration, its archive and all servers
// that it names. It changes nothing.
type Doctor struct {
	ConfigFile string
	Program    []string // what the program says of itself
	Only       []string // groups; none for all
	// Offline leaves out whatever needs a network, but for the archive's database.
	Offline bool
	// Timeout is how long a group may take; those that read the whole archive have
	// ten times as long.
	Timeout  time.Duration
	Now      func() time.Time // for what is due; machines' clocks are compared as they are
	Log      *slog.Logger
	Progress Progress

	machine machine // tests say something else
	patient
}

// machine is what is asked of the machine.
type machine struct {
	disk     func(path string) (diskRoom, error)
	writable func(path string) error
	clock    func() time.Time
	zoneinfo []string // folders of time zones
}

// patient is what is looked at, each opened when it is first asked for.
type patient struct {
	config  *config.Config // nil where it is not right
	invalid error          // why
	bare    *App           // the configuration, and no archive
	// blank has an empty archive, for what is no matter of the archive; real the one
	// of the configuration, as it is.
	blank, real func() (*App, error)
	// tables is the archive of any version, which is a temporary one where there is
	// none yet.
	tables func() (examined, error)

	mu      sync.Mutex
	closing []func() error
}

// examined is an archive of any version.
type examined struct {
	*store.DB
	is      store.Versions
	missing bool // it is yet to be made
}

// DoctorReport is what was found.
type DoctorReport struct {
	Config   string    `json:"config"`
	Findings []Finding `json:"findings"`
	// Skipped are the groups that were not looked at, since that needs a network.
	Skipped  []string `json:"skipped,omitempty"`
	Errors   int      `json:"errors"`
	Warnings int      `json:"warnings"`
}

// group is a part of what is looked at, at the same time as the others.
type group struct {
	name string
	// network says that nothing can be found out offline, config that there must be
	// a configuration, and thorough that all of the archive is read.
	network, config, thorough bool
	look                      func(*examination)
}

func (d *Doctor) groups() []group {
	return []group{
		{name: "config", look: d.lookAtConfig},
		{name: "permissions", config: true, look: d.lookAtPermissions},
		{name: "disk", config: true, look: d.lookAtDisk},
		{name: "clock", config: true, look: d.lookAtClock},
		{name: "dns", network: true, config: true, look: d.lookAtNames},
		{name: "imap", config: true, look: d.lookAtMailboxes},
		{name: "smtp", network: true, config: true, look: d.lookAtRelays},
		{name: "sender", network: true, config: true, look: d.lookAtSender},
		{name: "door", network: true, config: true, look: d.lookAtDoor},
		{name: "channels", config: true, look: d.lookAtChannels},
		{name: "zones", config: true, look: d.lookAtZones},
		{name: "calendars", config: true, look: d.lookAtCalendars},
		{name: "migrations", config: true, look: d.lookAtMigrations},
		{name: "database", config: true, thorough: true, look: d.lookAtDatabase},
		{name: "letters", config: true, look: d.lookAtLetters},
		{name: "quarantine", config: true, look: d.lookAtQuarantine},
		{name: "jobs", config: true, look: d.lookAtJobs},
		{name: "backups", config: true, look: d.lookAtBackups},
		{name: "versions", look: d.lookAtVersions},
	}
}

// DoctorGroups are the names of what is looked at.
func DoctorGroups() (names []string) {
	for _, g := range (&Doctor{}).groups() {
		names = append(names, g.name)
	}
	return names
}

// Examine looks at everything. Its error is about how it was called.
func (d *Doctor) Examine(ctx context.Context) (DoctorReport, error) {
	r := DoctorReport{Config: d.ConfigFile, Findings: []Finding{}}
	for _, name := range d.Only {
		if !slices.Contains(DoctorGroups(), name) {
			return r, sigpost.Usage(fmt.Errorf("there is no group %q to look at; there is: %s", name, strings.Join(DoctorGroups(), ", ")))
		}
	}
	d.prepare(ctx)
	defer d.close()
	var chosen []group
	for _, g := range d.groups() {
		switch {
		case len(d.Only) > 0 && !slices.Contains(d.Only, g.name):
		case g.config && d.config == nil:
		case g.network && d.Offline:
			r.Skipped = append(r.Skipped, g.name)
		default:
			chosen = append(chosen, g)
		}
	}
	if d.config == nil && len(chosen) == 0 || d.config == nil && !slices.ContainsFunc(chosen, func(g group) bool { return g.name == "config" }) {
		chosen = append(chosen, d.groups()[0]) // why nothing else is looked at
	}
	for _, found := range d.atOnce(ctx, chosen) {
		r.Findings = append(r.Findings, found...)
	}
	return r.Counted(), ctx.Err()
}

// Counted has the errors and warnings counted.
func (r DoctorReport) Counted() DoctorReport {
	r.Errors, r.Warnings = 0, 0
	for _, f := range r.Wrong() {
		if f.Level == LevelError {
			r.Errors++
		} else {
			r.Warnings++
		}
	}
	return r
}

// Wrong are the errors and warnings.
func (r DoctorReport) Wrong() []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.Level != LevelError && f.Level != LevelWarning })
}

// prepare reads the configuration, and sets what tests have not.
func (d *Doctor) prepare(ctx context.Context) {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Timeout == 0 {
		d.Timeout = 30 * time.Second
	}
	if d.machine.disk == nil {
		d.machine = machine{disk: roomAt, writable: writable, clock: time.Now, zoneinfo: zoneFolders()}
	}
	if d.config, d.invalid = config.Load(d.ConfigFile); d.invalid != nil {
		d.config = nil
		return
	}
	d.bare = &App{Config: d.config, log: d.Log, now: d.Now, progress: func(string, Unit, int, int) {}, themes: newThemes()}
	d.tables = sync.OnceValues(func() (examined, error) { return d.openTables(ctx) })
	d.real = sync.OnceValues(func() (*App, error) { return d.openReal(ctx) })
	d.blank = sync.OnceValues(func() (*App, error) { return d.openBlank(ctx) })
}

func (d *Doctor) options() Options { return Options{Log: d.Log, Now: d.Now} }

func (d *Doctor) closeLater(close func() error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closing = append(d.closing, close)
}

// close closes what was opened; a group that hangs may still use it.
func (d *Doctor) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, close := range slices.Backward(d.closing) {
		if err := close(); err != nil {
			d.Log.Debug("closing", "error", err)
		}
	}
}

func (d *Doctor) openTables(ctx context.Context) (e examined, err error) {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	dsn, err := d.config.DSN()
	if err != nil {
		return e, err
	}
	if e.DB, err = store.OpenForExamination(ctx, dsn); errors.Is(err, fs.ErrNotExist) && !strings.Contains(dsn, "://") && folderIs(filepath.Dir(dsn)) {
		return examined{is: store.Versions{Engine: "SQLite", Server: store.SQLiteVersion, Known: store.KnownTables()}, missing: true}, nil
	}
	if err != nil {
		return e, err
	}
	d.closeLater(e.Close)
	e.is, err = e.Versions(ctx)
	return e, err
}

func folderIs(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// errNoArchive says that there is no archive of this version to look at.
var errNoArchive = errors.New("the archive is yet to be made, or to be brought up to date")

func (d *Doctor) openReal(ctx context.Context) (*App, error) {
	e, err := d.tables()
	if err == nil && e.is.Tables != e.is.Known {
		err = errNoArchive
	}
	if err != nil {
		return nil, err
	}
	o := d.options()
	o.ReadOnly = true
	a, err := Open(ctx, d.config, o)
	if err == nil {
		d.closeLater(a.Close)
	}
	return a, err
}

func (d *Doctor) openBlank(ctx context.Context) (*App, error) {
	folder, err := os.MkdirTemp("", "sigpost-doctor-")
	if err != nil {
		return nil, err
	}
	d.closeLater(func() error { return os.RemoveAll(folder) })
	cfg := *d.config
	cfg.Archive.Database, cfg.Archive.DatabaseFile, cfg.Archive.DatabaseEnv = filepath.Join(folder, "blank.db"), "", ""
	a, err := Open(ctx, &cfg, d.options())
	if err == nil {
		d.closeLater(a.Close)
	}
	return a, err
}

// examination is what a group finds.
type examination struct {
	*Doctor
	ctx   context.Context
	group string
	found []Finding
}

// add adds a finding. do is what to do about it, which every one has that is not ok.
func (x *examination) add(l Level, item, do, format string, args ...any) {
	what := strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf(format, args...)), "\n", "; ") // of several causes
	x.found = append(x.found, Finding{Group: x.group, Item: item, Level: l, What: what, Do: do})
}

// unread is what to do where the archive cannot be asked for something.
func (x *examination) unread() string {
	return "see that the database answers and is sound, then look again; " + x.more("database", "disk")
}

// more says where more is said about something: what is looked at already has to be read
// alone.
func (x *examination) more(groups ...string) string {
	beside := slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return g == x.group })
	unasked := slices.DeleteFunc(slices.Clone(beside), func(g string) bool { return len(x.Only) == 0 || slices.Contains(x.Only, g) })
	switch {
	case len(unasked) > 0:
		return "\"sigpost doctor --only " + strings.Join(unasked, ",") + "\" says more"
	case len(beside) > 0:
		return "see what is found of " + strings.Join(beside, " and ")
	}
	return "the log of the database's server, or of this machine's disks, may say more"
}

func (x *examination) ok(item, format string, args ...any) { x.add(LevelOK, item, "", format, args...) }

// failed adds an error as a finding, with what to do about it, and says whether it is one.
func (x *examination) failed(l Level, item, do string, err error) bool {
	if err != nil {
		x.add(l, item, do, "%v", err)
	}
	return err != nil
}

// dns adds findings of the DNS under an item each.
func (x *examination) dns(of string, found []maildns.Finding) {
	levels := map[maildns.Severity]Level{maildns.OK: LevelOK, maildns.Unknown: LevelNote, maildns.Warning: LevelWarning, maildns.Severe: LevelError}
	for _, f := range found {
		x.add(levels[f.Severity], strings.TrimSpace(of+" "+f.Check), f.Do, "%s", f.What)
	}
}

// each looks at several things at the same time. What is found stands in their order.
func (x *examination) each(n int, look func(i int, x *examination)) {
	parts := make([]*examination, n)
	var wg sync.WaitGroup
	for i := range parts {
		parts[i] = &examination{Doctor: x.Doctor, ctx: x.ctx, group: x.group}
		wg.Go(func() { look(i, parts[i]) })
	}
	wg.Wait()
	for _, part := range parts {
		x.found = append(x.found, part.found...)
	}
}

// archived is the archive of the configuration, or nil with a finding that says why
// nothing can be found out from it.
func (x *examination) archived() *App {
	a, err := x.real()
	switch {
	case errors.Is(err, errNoArchive):
		x.add(LevelNote, "archive", x.more("migrations"), "%v", err)
	case err != nil:
		x.add(LevelError, "archive", x.more("config", "database"), "it cannot be opened: %v", err)
	}
	return a
}

// lateness is how much longer than its time limit a group is waited for.
const lateness = 3 * time.Second

// atOnce has groups look at the same time, each for as long as it may, and gives
// what each found.
func (d *Doctor) atOnce(ctx context.Context, groups []group) [][]Finding {
	all := make([][]Finding, len(groups))
	var mu sync.Mutex
	done := 0
	var wg sync.WaitGroup
	for i, g := range groups {
		wg.Go(func() {
			all[i] = d.inTime(ctx, g)
			mu.Lock()
			defer mu.Unlock()
			if done++; d.Progress != nil {
				d.Progress("looking", Checks, done, len(groups))
			}
		})
	}
	wg.Wait()
	return all
}

func (d *Doctor) inTime(ctx context.Context, g group) []Finding {
	limit := d.Timeout
	if g.thorough {
		limit *= 10
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	x := &examination{Doctor: d, ctx: ctx, group: g.name}
	found := make(chan []Finding, 1)
	go func() {
		g.look(x)
		found <- x.found
	}()
	late := time.NewTimer(limit + lateness)
	defer late.Stop()
	select {
	case f := <-found:
		return f
	case <-late.C:
		return []Finding{{Group: g.name, Item: g.name, Level: LevelError, What: fmt.Sprintf("nothing came of it within %s", limit),
			Do: "see whether a server or a disk hangs; \"sigpost doctor --timeout\" waits longer"}}
	}
}
