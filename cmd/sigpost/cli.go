package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/alecthomas/kong"
	"github.com/mattn/go-isatty"

	"sigpost"
	"sigpost/app"
	"sigpost/config"
	"sigpost/internal/logs"
)

// cli is the command tree.
type cli struct {
	Globals

	Init       initCommand       `cmd:"" help:"Write a commented configuration and a fresh secret."`
	Check      checkCommand      `cmd:"" help:"Say what is wrong with the configuration and the files that it names, without asking anybody: before a reload."`
	Doctor     doctorCommand     `cmd:"" help:"Say what is wrong, on what, and what to do about it: configuration, machine, servers, DNS, archive, letters."`
	Settings   configCommand     `cmd:"" name:"config" help:"Show the configuration as it is in force."`
	Run        runCommand        `cmd:"" help:"Do everything that is due, once: read, tag, compose, send. For cron."`
	Schedule   scheduleCommand   `cmd:"" help:"Say what is done when, and how it went the last time."`
	Ingest     ingestCommand     `cmd:"" help:"Read what is new in the mailboxes."`
	Import     importCommand     `cmd:"" help:"Read files of mail into the archive: mbox, Maildir, public-inbox, pipermail, single mails; what dump wrote is for load."`
	Login      loginCommand      `cmd:"" help:"Get leave to read an account that wants OAuth, in a browser on any machine."`
	LoginLink  loginLinkCommand  `cmd:"" help:"Print a link that signs somebody in to the pages, once."`
	Quarantine quarantineCommand `cmd:"" help:"List, show and retry mail that was kept aside."`
	Reparse    reparseCommand    `cmd:"" help:"Read the archive's mail again with the parser of today."`
	Classify   classifyCommand   `cmd:"" help:"Tag the threads that have grown."`
	Calendar   calendarCommand   `cmd:"" help:"Show what is coming, where it comes from, and what goes wrong; fetch calendars."`
	Digest     digestCommand     `cmd:"" help:"Preview, compose and send issues."`
	Subscriber subscriberCommand `cmd:"" help:"Add, remove, pause, list, export, import and erase readers."`
	Secret     secretCommand     `cmd:"" help:"Make a new key that signs links, to take the place of the old one."`
	Bounces    bouncesCommand    `cmd:"" help:"Say whose letters come back, why, and who is not mailed for that."`
	Search     searchCommand     `cmd:"" help:"Find messages by the words in them."`
	Thread     threadCommand     `cmd:"" help:"Split and merge threads."`
	Explain    explainCommand    `cmd:"" help:"Show how a mail, a text, a calendar, or the threads of a file of mail, are understood."`
	Taxonomy   taxonomyCommand   `cmd:"" help:"Check, show and make taxonomies: what the tags are, and what shows them."`
	Tag        tagCommand        `cmd:"" help:"Decide what a thread is about, and see what was decided."`
	Topics     topicsCommand     `cmd:"" help:"List the topics that readers can follow."`
	DKIM       dkimCommand       `cmd:"" name:"dkim" help:"Make the keys that sign letters, and print what to publish of them."`
	Serve      serveCommand      `cmd:"" help:"Serve the pages, read new mail as it comes, and compose and send what is due."`
	Work       workCommand       `cmd:"" help:"Do what is due together with other processes, on any number of machines, that share an archive in PostgreSQL."`
	Export     exportCommand     `cmd:"" help:"Write the whole archive as files that any web server can serve; as JSON lines, dump writes it."`
	Backup     backupCommand     `cmd:"" help:"Write a backup of the archive while everything runs; see that one is whole."`
	Restore    restoreCommand    `cmd:"" help:"Put a backup in the place of the archive."`
	Dump       dumpCommand       `cmd:"" help:"Write the whole archive as JSON lines, for another engine or another program."`
	Load       loadCommand       `cmd:"" help:"Make an archive of what dump wrote."`
	Retain     retainCommand     `cmd:"" help:"Remove what the configuration does not keep for longer."`
	Demo       demoCommand       `cmd:"" help:"Show the whole way on a sample list, with nothing installed and nothing leaving this machine."`
	Completion completionCommand `cmd:"" help:"Print what has a shell complete commands, flags and names."`
	Man        manCommand        `cmd:"" help:"Write a manual page for each command into a folder."`
	Complete   completeCommand   `cmd:"" hidden:"" name:"complete-words" help:"List what a command line could go on with: for the shells' scripts."`
	Version    versionCommand    `cmd:"" help:"Say which version this is, and of what it is made."`
}

// Globals are the flags of every command.
type Globals struct {
	Config string `short:"c" default:"config.toml" env:"SIGPOST_CONFIG" type:"path" placeholder:"FILE" help:"The configuration (default: config.toml, or $$SIGPOST_CONFIG)."`
	JSON   bool   `help:"Report as JSON."`
	Quiet  bool   `short:"q" help:"Say nothing unless something is wrong: for cron."`
	Now    string `placeholder:"TIME" help:"Take this for the present, such as 2016-04-25T08:00:00Z: for issues as of a date."`
}

// namesConfig says that another configuration than the default is named, which
// has to be there.
func (g *Globals) namesConfig() bool {
	usual, err := filepath.Abs("config.toml")
	return err != nil || g.Config != usual
}

// session is what a command runs in: the clock, where to write, and who is
// watching.
type session struct {
	ctx context.Context // ends at an interrupt
	Globals
	stdout, stderr *os.File
	log            *slog.Logger
	least          *slog.LevelVar // that is logged
	usual          slog.Level     // that, where the configuration says nothing
	configured     bool           // the log is as the configuration wants it
	now            func() time.Time
	model          *kong.Application      // the command tree
	configSource   string                 // why Config is read
	hangups        func() <-chan struct{} // tells of SIGHUP from when it is called on
	bar            *bar
	logged         struct {
		sync.Mutex
		at time.Time // of the last line about progress
	}
}

func newSession(ctx context.Context, g Globals, stdout, stderr *os.File) (*session, error) {
	s := &session{ctx: sigpost.ActingAs(ctx, login()), Globals: g, stdout: stdout, stderr: stderr, now: time.Now}
	s.logged.at = time.Now()
	if g.Now != "" {
		now, err := parseNow(g.Now)
		if err != nil {
			return nil, err
		}
		// The clock goes on from there, so that back-off and leases work.
		start := time.Now()
		s.now = func() time.Time { return now.Add(time.Since(start)) }
	}
	// On a terminal a bar shows how far it is, and only what needs attention
	// is logged; elsewhere everything is, one structured line each.
	terminal := isatty.IsTerminal(stderr.Fd())
	s.least, s.usual = &slog.LevelVar{}, slog.LevelInfo
	if terminal || g.Quiet {
		s.usual = slog.LevelWarn
	}
	s.least.Set(s.usual)
	if terminal && !g.Quiet {
		s.bar = newBar(stderr)
	}
	s.log = logs.New(stderr, logs.Text, s.least)
	return s, nil
}

// logBy has lines written as the configuration says. Their form stays what it was at
// first: who reads them does not expect another one.
func (s *session) logBy(c config.Log) {
	level := c.Least(s.usual)
	if s.Quiet {
		level = max(level, slog.LevelWarn)
	}
	s.least.Set(level)
	if !s.configured {
		s.log, s.configured = logs.New(s.stderr, logs.Format(c.Format), s.least), true
	}
}

// parseNow reads a moment, or a day, which stands for its midnight in UTC.
func parseNow(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, sigpost.Usage(fmt.Errorf("--now %s is no time: write it as 2016-04-25T08:00:00Z or 2016-04-25", text))
}

func (s *session) finish() {
	if s.bar != nil {
		s.bar.finish()
	}
}

// logEvery is how often progress is logged where no bar shows it.
const logEvery = 10 * time.Second

func (s *session) progress(stage string, unit app.Unit, done, total int) {
	if s.bar != nil {
		s.bar.show(stage, unit, done, total)
		return
	}
	s.logged.Lock()
	defer s.logged.Unlock()
	if now := time.Now(); now.Sub(s.logged.at) >= logEvery {
		s.logged.at = now
		s.log.Info("progress", "stage", stage, "unit", unit, "done", done, "total", total)
	}
}

// load reads the configuration, and logs by it.
func (s *session) load() (*config.Config, error) {
	cfg, err := config.Load(s.Config)
	if err == nil {
		s.logBy(cfg.Log)
	}
	return cfg, err
}

// open reads the configuration and opens the archive that it names.
func (s *session) open() (*app.App, error) { return s.openWith(app.Options{}) }

func (s *session) openWith(o app.Options) (*app.App, error) {
	cfg, err := s.load()
	if err != nil {
		return nil, err
	}
	return s.openConfig(cfg, o)
}

func (s *session) openConfig(cfg *config.Config, o app.Options) (*app.App, error) {
	if o.DryRun && !o.ReadOnly {
		s.log = s.log.With("dry_run", true) // its lines are those of a real run otherwise
	}
	o.Log, o.Now, o.Progress = s.log, s.now, s.progress
	v := theVersion()
	o.Build = app.Build{Version: v.Version, Commit: v.Commit}
	return app.Open(s.ctx, cfg, o)
}

// prose is where is said what is no report: not among JSON, and nowhere with --quiet.
func (s *session) prose() io.Writer {
	switch {
	case s.Quiet:
		return io.Discard
	case s.JSON:
		return s.stderr
	}
	return s.stdout
}

// tell reports as JSON or in words.
func (s *session) tell(report any, words func(w io.Writer)) error {
	s.finish()
	if s.JSON {
		e := json.NewEncoder(s.stdout)
		e.SetIndent("", "  ")
		return e.Encode(report)
	}
	if !s.Quiet {
		words(s.stdout)
	}
	return nil
}
