package app

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
)

// oldQuarantine is how long mail may be in quarantine before somebody should look.
const oldQuarantine = 7 * 24 * time.Hour

// lookAtMigrations compares the archive's tables with those that the program knows,
// and changes nothing.
func (d *Doctor) lookAtMigrations(x *examination) {
	const item = "archive"
	e, err := x.tables()
	switch {
	case err != nil:
		x.add(LevelError, item, x.more("database"), "the version of its tables cannot be read: %v", err)
	case e.missing || e.is.Tables == 0:
		x.add(LevelNote, item, "\"sigpost run\" or \"sigpost import\" makes it", "there is none yet")
	case e.is.Tables > e.is.Known:
		x.add(LevelError, item, "use the newer sigpost; there is no way back but a backup", "a newer sigpost made its tables: they have version %d, and this one knows them up to %d", e.is.Tables, e.is.Known)
	case e.is.Tables < e.is.Known:
		x.add(LevelWarning, item, "make a backup; then \"sigpost run\", or any command that writes, brings them up to date", "its tables have version %d, and this sigpost works with %d", e.is.Tables, e.is.Known)
	default:
		x.ok(item, "its tables have version %d, as this sigpost wants them", e.is.Tables)
	}
	if a, err := x.real(); err == nil {
		if n, err := a.Store.NotIndexed(x.ctx); !x.failed(LevelError, item, x.unread(), err) && n > 0 {
			x.add(LevelWarning, item, "\"sigpost reparse\", once", "%d messages of before are not in the index yet, and no search finds them", n)
		}
	}
}

// lookAtDatabase looks whether the archive is sound, and its server fit for it.
func (d *Doctor) lookAtDatabase(x *examination) {
	const item = "archive"
	e, err := x.tables()
	if x.failed(LevelError, item, "see to the database, or put [archive] right", err) {
		return
	}
	if e.missing {
		x.add(LevelNote, item, "\"sigpost run\" or \"sigpost import\" makes it", "there is none yet")
		return
	}
	x.lookAtServer(e)
	a := x.archived()
	if a == nil {
		return
	}
	messages, threads, quarantined, err := a.Store.CountMessages(x.ctx)
	if !x.failed(LevelError, item, x.unread(), err) {
		x.ok(item, "%d messages in %d threads, %d in quarantine", messages, threads, quarantined)
	}
	x.lookAtSuppressions(a)
	found, err := a.Store.Damage(x.ctx, nil)
	for _, damage := range found {
		level, do := LevelError, "keep a copy of it as it is, then restore the last good backup (docs/operations.md)"
		if damage.Index {
			level, do = LevelWarning, "\"sigpost reparse --all\" makes the index anew"
		}
		x.add(level, "soundness", do, "%s: %d, such as %s", damage.What, damage.Count, damage.Such)
	}
	switch {
	case err != nil && x.ctx.Err() != nil:
		x.add(LevelNote, "soundness", "\"sigpost doctor --only database --timeout 10m\" takes more time", "reading all of the archive took too long")
	case err != nil:
		x.add(LevelError, "soundness", "restore the last good backup (docs/operations.md)", "%v", err)
	case len(found) == 0:
		x.ok("soundness", "no damage; counts, lists and index agree with the messages")
	}
}

// lookAtServer looks at what PostgreSQL is like.
func (x *examination) lookAtServer(e examined) {
	s, ok, err := e.Server(x.ctx)
	const item = "server"
	if x.failed(LevelError, item, x.unread(), err) || !ok {
		return
	}
	major, _, _ := strings.Cut(e.is.Server, ".")
	if n, err := strconv.Atoi(major); err == nil && n < 14 {
		x.add(LevelWarning, item, "update PostgreSQL", "PostgreSQL %s gets no fixes any more", e.is.Server)
	}
	if s.Encoding != "UTF8" {
		x.add(LevelError, item, "make a database with encoding UTF8 and move the archive there", "the database's encoding is %s, which cannot hold every mail", s.Encoding)
	}
	if s.Standby {
		x.add(LevelError, item, "name the primary server in the database's URL", "it follows another server and takes no writing")
	}
	if s.CollationVersion != s.CollationNow && s.CollationNow != "" && s.CollationVersion != "" {
		x.add(LevelWarning, item, "REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION", "its machine sorts text by other rules (%s) than when its indexes were made (%s)", s.CollationNow, s.CollationVersion)
	}
	if s.Connections > 0 && s.Used*10 > s.Connections*9 {
		x.add(LevelWarning, item, "raise max_connections, or let fewer programs use it", "%d of %d connections are open", s.Used, s.Connections)
	}
	x.ok(item, "encoding %s, sorting as %s, needs no extension, %d of %d connections open", s.Encoding, s.Collation, s.Used, s.Connections)
}

// lookAtSuppressions counts the addresses of which nobody could tell any more that
// they are not to be imported.
func (x *examination) lookAtSuppressions(a *App) {
	made, err := a.Store.SuppressionKeys(x.ctx)
	if x.failed(LevelError, "secrets", x.unread(), err) {
		return
	}
	known := map[string]bool{}
	for _, name := range a.tokens.Secrets() {
		known[name] = true
	}
	lost, all := 0, 0
	for name, n := range made {
		all += n
		if !known[name] {
			lost += n
		}
	}
	switch {
	case lost > 0:
		x.add(LevelError, "secrets", "add it to archive.old_secret_files", "%d of %d addresses were suppressed with a secret that is not known any more, so an import could bring them back", lost, all)
	case all > 0:
		x.ok("secrets", "%d known; %d addresses are suppressed", len(known), all)
	}
}

// lookAtLetters looks for letters and issues that need somebody.
func (d *Doctor) lookAtLetters(x *examination) {
	a := x.archived()
	if a == nil {
		return
	}
	if _, err := a.checkGeneration(x.ctx); errors.Is(err, ErrRestored) {
		x.add(LevelError, "archive", "docs/sending.md, \"A restored archive\"", "%v", err)
	} else {
		x.failed(LevelError, "archive", "see that "+a.generationFile()+" can be read, and the database too; "+x.more("permissions", "database"), err)
	}
	for _, g := range x.config.Digests {
		x.lookAtIssues(a, g)
	}
}

func (x *examination) lookAtIssues(a *App, g config.Digest) {
	item := "digest " + g.Name
	open, err := a.Store.OpenDrafts(x.ctx, g.Name)
	if x.failed(LevelError, item, x.unread(), err) {
		return
	}
	for _, i := range open {
		x.add(LevelNote, item, "\"sigpost digest approve\"", "issue %d is a draft that waits to be approved", i.Number)
	}
	unsettled, err := a.unsettled(x.ctx, g)
	if x.failed(LevelError, item, x.unread(), err) {
		return
	}
	for _, u := range unsettled {
		x.add(LevelError, item, u.do, "%s", u.words)
	}
	last, err := a.lastPublic(x.ctx, g)
	if errors.Is(err, sigpost.ErrNotFound) {
		window, due, err := a.windowDue(x.ctx, g)
		switch next := schedule(g).Next(a.now()).Format("Monday 2 January 2006 15:04 MST"); {
		case x.failed(LevelError, item, x.unread(), err):
		case due && len(open) == 0:
			x.add(LevelNote, item, "\"sigpost digest preview\" shows it; where it is not to go out, see docs/operations.md, \"The first issue\"",
				"no issue yet; the first is due now, of %s to %s, and the next run makes it; the one after it is due %s", window.From.Format("2 January"), window.To.Format("2 January 2006"), next)
		default:
			x.ok(item, "no issue yet; the next is due %s", next)
		}
		return
	}
	var counts sigpost.DeliveryCounts
	if err == nil {
		counts, err = a.Store.DeliveryCounts(x.ctx, last.ID)
	}
	if x.failed(LevelError, item, x.unread(), err) {
		return
	}
	x.lookWhoSigned(a, g, last)
	x.ok(item, "issue %d: letters sent: %d, waiting: %d", last.Number, counts[sigpost.DeliverySent], counts[sigpost.DeliveryQueued])
}

// lookWhoSigned looks whether the letters of an issue were made with a secret that is known.
func (x *examination) lookWhoSigned(a *App, g config.Digest, issue sigpost.Issue) {
	item := "digest " + g.Name
	if _, err := x.config.OldSecrets(); err != nil { // the group config says so
		return
	}
	ours, err := a.madeHere(x.ctx, issue)
	if x.failed(LevelError, item, x.unread(), err) || ours {
		return
	}
	x.add(LevelError, item, "put the old secret back from the backup, or name its file in archive.old_secret_files; if it is lost, readers can leave by the next issue's links",
		"the letters of issue %d were made with a secret that is not known any more: their links, also to unsubscribe, are dead", issue.Number)
}

// lookAtQuarantine looks for mail that nobody has looked at for long.
func (d *Doctor) lookAtQuarantine(x *examination) {
	a := x.archived()
	if a == nil {
		return
	}
	n, oldest, err := a.Store.QuarantinedBefore(x.ctx, x.Now().Add(-oldQuarantine))
	switch {
	case x.failed(LevelError, "quarantine", x.unread(), err):
	case n > 0:
		x.add(LevelNote, "quarantine", "\"sigpost quarantine list\" shows them; \"retry\" reads them again", "%d mails have been aside for more than a week, the oldest since %s", n, dayAndTime(oldest))
	default:
		x.ok("quarantine", "no mail has been aside for more than a week")
	}
}

// overdue is how long something may be due before nothing seems to run any more.
const overdue = 24 * time.Hour

// lookAtJobs says which jobs fail, and whether anything does them at all.
func (d *Doctor) lookAtJobs(x *examination) {
	a := x.archived()
	if a == nil {
		return
	}
	plans, err := a.Plans(x.ctx)
	if x.failed(LevelError, "jobs", "\"sigpost schedule\" says more", err) {
		return
	}
	var last time.Time
	done := 0
	for _, p := range plans {
		if p.State.Succeeded.After(last) {
			last = p.State.Succeeded
		}
		switch late := x.Now().Sub(p.Next); {
		case !p.State.Failing.IsZero():
			x.add(LevelError, p.Job.Name, "put right what it says; \"sigpost schedule\" says when it is tried again", "it has failed %s since %s, and %s: %s",
				times(p.State.Failures), dayAndTime(p.State.Failing), lastDone(p.State.Succeeded), p.State.Failure)
		case p.State.Begun.IsZero():
		case !p.Next.IsZero() && late > overdue:
			x.add(LevelWarning, p.Job.Name, "see that \"sigpost run\" comes from cron or a timer, or that \"sigpost serve\" runs", "it has been due since %s, and %s", dayAndTime(p.Next), lastDone(p.State.Succeeded))
		default:
			done++
		}
	}
	if last.IsZero() {
		x.add(LevelNote, "jobs", "\"sigpost run\" does all of them", "none of %d jobs has ever been done", len(plans))
		return
	}
	x.ok("jobs", "%d of %d are done when they are due; the last one on %s", done, len(plans), dayAndTime(last))
}

// lookAtBackups looks how old the last backup is.
func (d *Doctor) lookAtBackups(x *examination) {
	a := x.archived()
	if a == nil {
		return
	}
	const item = "archive"
	days := x.config.Archive.BackupDays
	if a.Store.Shared() {
		x.add(LevelNote, item, "see that pg_dump, or what takes its place, has run, and that what it makes can be put back (docs/operations.md)", "it is in PostgreSQL, and nothing is known here of its backups")
		return
	}
	if !a.knowsBackups() {
		x.ok(item, "something else makes its backups, as archive.backup_days says")
		return
	}
	states, err := a.Store.Jobs(x.ctx)
	if x.failed(LevelError, item, x.unread(), err) {
		return
	}
	const do = "have \"sigpost backup FILE\" called each day, by the user that sigpost runs as and onto another disk: it disturbs nothing (docs/operations.md); or archive.backup_days = -1, where something else makes backups"
	switch last := states[jobBackup].Succeeded; {
	case last.IsZero():
		x.add(LevelWarning, item, do, "there is no backup of it: \"sigpost backup\" has never written one")
	case x.Now().Sub(last) > time.Duration(days)*24*time.Hour:
		x.add(LevelWarning, item, do, "its last backup is of %s, %.0f days ago", dayAndTime(last), x.Now().Sub(last).Hours()/24)
	default:
		x.ok(item, "its last backup is of %s; \"sigpost backup --verify\" sees whether a file is whole", dayAndTime(last))
	}
}

// lastDone says when a job was done last.
func lastDone(t time.Time) string {
	if t.IsZero() {
		return "has never been done to its end"
	}
	return "was done last on " + dayAndTime(t)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// lookAtVersions says which versions are at work.
func (d *Doctor) lookAtVersions(x *examination) {
	for _, line := range x.Program {
		x.ok("program", "%s", line)
	}
	if x.config == nil {
		return
	}
	if e, err := x.tables(); err == nil {
		x.ok("database", "%s %s, tables of version %d; this program knows them up to %d", e.is.Engine, e.is.Server, e.is.Tables, e.is.Known)
	}
}
