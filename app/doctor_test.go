package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/internal/mailtest"
	"sigpost/store"
)

// looked is what one group finds of a configuration without an archive.
func looked(t *testing.T, cfg *config.Config, look func(*Doctor, *examination)) []Finding {
	t.Helper()
	d := &Doctor{Now: time.Now, machine: sound()}
	d.config, d.bare = cfg, &App{Config: cfg, now: time.Now, themes: newThemes()}
	d.real = func() (*App, error) { return nil, errNoArchive }
	d.tables = func() (examined, error) { return examined{missing: true}, nil }
	x := &examination{Doctor: d, ctx: t.Context(), group: "some"}
	look(d, x)
	return x.found
}

// sound is a machine on which all is well.
func sound() machine {
	return machine{
		disk: func(string) (diskRoom, error) {
			return diskRoom{Free: 1 << 40, Size: 1 << 41, FreeFiles: 1e6, Files: 2e6}, nil
		},
		writable: func(string) error { return nil },
		clock:    time.Now,
	}
}

// doctor looks at some groups of a world.
func (w *world) doctor(change func(*Doctor), only ...string) DoctorReport {
	w.t.Helper()
	w.config()
	d := &Doctor{ConfigFile: filepath.Join(w.dir, "config.toml"), Program: []string{"sigpost test"}, Only: only, Now: w.clock, machine: sound(), Timeout: 20 * time.Second}
	if change != nil {
		change(d)
	}
	r, err := d.Examine(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.Group == "" || f.Item == "" || f.What == "" || f.Do == "" && f.Level != LevelOK {
			w.t.Errorf("what to do about what is not said: %+v", f)
		}
	}
	return r
}

// has says whether there is a finding of that level with all of the words in its
// item, in what it is, or in what to do.
func (r DoctorReport) has(l Level, words ...string) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return f.Level == l && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(f.Item+": "+f.What+": "+f.Do, w) })
	})
}

func (r DoctorReport) want(t *testing.T, l Level, words ...string) {
	t.Helper()
	if !r.has(l, words...) {
		t.Errorf("there is no %s with %q in %+v", l, words, r.Findings)
	}
}

// Where all is well nothing is wrong, and every group has something to say.
func TestAllIsWell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setNow(monday)
	a := w.open()
	w.subscribe(a, "ada@example.net")
	w.run(a)
	w.backup(a, "backup.tar.zst")
	r := w.doctor(nil, slices.DeleteFunc(DoctorGroups(), func(g string) bool { return g == "sender" || g == "door" })...) // which say that nothing is published
	if r.Errors+r.Warnings > 0 {
		t.Errorf("wrong is %+v", r.Wrong())
	}
	for _, g := range DoctorGroups() {
		if g != "sender" && g != "door" && !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Group == g }) {
			t.Errorf("%s says nothing", g)
		}
	}
	offline := w.doctor(func(d *Doctor) { d.Offline = true })
	if offline.Errors+offline.Warnings > 0 || !slices.Equal(offline.Skipped, []string{"dns", "smtp", "sender", "door"}) {
		t.Errorf("offline: %v, %+v", offline.Skipped, offline.Wrong())
	}
	if _, err := (&Doctor{Only: []string{"teeth"}}).Examine(t.Context()); !errors.Is(err, sigpost.ErrUsage) {
		t.Errorf("an unknown group: %v", err)
	}
}

// Looking changes nothing: an archive that is missing is not made, and one of another
// version stays as it is.
func TestDoctorChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dsn = filepath.Join(t.TempDir(), "none.db")
	r := w.doctor(nil)
	r.want(t, LevelNote, "archive", "there is none yet")
	if _, err := os.Stat(w.dsn); err == nil {
		t.Error("the archive was made")
	}
	w.dsn = filepath.Join(t.TempDir(), "no", "folder", "none.db")
	w.doctor(nil, "database").want(t, LevelError, "mkdir -p")
	w.dsn = w.written("text", strings.Repeat("no database ", 100))
	w.doctor(nil, "database").want(t, LevelError, "not a sigpost database")
}

// sqlite3 changes an archive behind sigpost's back.
func sqlite3(t *testing.T, file, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("PRAGMA busy_timeout = 5000; " + query); err != nil {
		t.Fatal(err)
	}
}

func (w *world) written(name, text string) string {
	w.write(name, text)
	return filepath.Join(w.dir, name)
}

func TestOtherTables(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	exec := func(query string) {
		t.Helper()
		sqlite3(t, w.dsn, query)
	}
	a.Close()
	exec(`UPDATE goose_db_version SET version_id = 9999 WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`)
	r := w.doctor(nil, "migrations", "database", "letters", "versions")
	r.want(t, LevelError, "a newer sigpost made its tables", "use the newer sigpost")
	r.want(t, LevelNote, "archive", "yet to be made, or to be brought up to date")
	exec(`DELETE FROM goose_db_version WHERE version_id > 20`)
	w.doctor(nil, "migrations").want(t, LevelWarning, "its tables have version 20, and this sigpost works with", "make a backup")
	exec(fmt.Sprintf(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, 1)`, store.KnownTables()))
	w.doctor(nil, "migrations").want(t, LevelOK, "its tables have version")
}

// A configuration that is not right is told line by line, and keeps nothing else from
// being said that needs none.
func TestDoctorOfAWrongConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.digestKeys = "every = \"year\"\n"
	file := filepath.Join(w.dir, "config.toml")
	w.config2()
	r, err := (&Doctor{ConfigFile: file, Program: []string{"sigpost test"}, machine: sound()}).Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.want(t, LevelError, "configuration", `"year" is none of`)
	r.want(t, LevelOK, "sigpost test")
	r, err = (&Doctor{ConfigFile: file + "x", Only: []string{"imap"}}).Examine(t.Context())
	if err != nil || !r.has(LevelError, "there is no configuration at") {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := CheckConfig(t.Context(), file); !errors.Is(err, sigpost.ErrUsage) {
		t.Errorf("check: %v", err)
	}
}

// config2 writes the configuration as config does, right or wrong.
func (w *world) config2() {
	keys := w.digestKeys
	w.digestKeys = ""
	w.config()
	data, err := os.ReadFile(filepath.Join(w.dir, "config.toml"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("config.toml", strings.Replace(string(data), "[[digest]]\n", "[[digest]]\n"+keys, 1))
}

// What the configuration names on this machine is read.
func TestConfigNamesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.digestKeys = "topics = [\"project:kury\"]\n"
	w.more = "[[dkim]]\ndomain = \"example.org\"\nselector = \"s\"\nkey_file = \"none.pem\"\n[[calendar]]\nname = \"c\"\nurl_file = \"none.url\"\n"
	r := w.doctor(nil, "config")
	r.want(t, LevelError, "digest weekly", `did you mean "project:kuryr"`)
	r.want(t, LevelError, "dkim s._domainkey.example.org", "cannot be read")
	r.want(t, LevelError, "calendar c", "url_file")
	r.want(t, LevelOK, "account test", "the password can be read")
	w.more = "[classify]\ntaxonomy = \"none.toml\"\n"
	w.doctor(nil, "config").want(t, LevelError, "taxonomy", "classify.taxonomy")
	cfg := w.config()
	for _, name := range []string{"secret", "password"} {
		w.write(name, "")
	}
	x := &examination{Doctor: &Doctor{}, group: "config"}
	x.config, x.bare = cfg, &App{Config: cfg, themes: newThemes()}
	x.lookAtConfig(x)
	got := DoctorReport{Findings: x.found}
	got.want(t, LevelError, "secret: ", "is empty")
	got.want(t, LevelError, "account test: ", "password_file", "is empty")
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open().Close()
	w.config()
	modes := func(name string, mode os.FileMode) {
		path := name
		if !filepath.IsAbs(name) {
			path = filepath.Join(w.dir, name)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	// config() writes the files anew, and keeps their rights.
	w.doctor(nil, "permissions").want(t, LevelOK, "files")
	modes("secret", 0o604)
	modes("password", 0o640)
	modes("dsn", 0o602)
	modes("config.toml", 0o666)
	modes(w.dsn, 0o660)
	r := w.doctor(nil, "permissions")
	r.want(t, LevelWarning, "archive.secret_file", "others on this machine can read", "chmod 600")
	r.want(t, LevelNote, "account[0].password_file", "the group", "can read")
	r.want(t, LevelError, "archive.database_file", "everybody on this machine can change")
	r.want(t, LevelError, "configuration", "everybody on this machine can change")
	r.want(t, LevelNote, "database", "the group", "can change")
	modes("config.toml", 0o600)
	r = w.doctor(func(d *Doctor) {
		d.machine.writable = func(path string) error {
			return map[string]error{w.dsn: os.ErrPermission, w.dir: os.ErrPermission}[path]
		}
	}, "permissions")
	r.want(t, LevelError, "database", "this user cannot write "+w.dsn, "permission denied")
	if os.Geteuid() == 0 { // only root can give files away
		beside := w.dsn + ".lock"
		if err := os.WriteFile(beside, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(beside, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		w.doctor(nil, "permissions").want(t, LevelError, "database", ".lock belongs to user 65534", "chown 0 ")
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	pages := httptest.NewServer(http.NotFoundHandler())
	defer pages.Close()
	banner := func(date string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				fmt.Fprintf(c, "220 mail.example.org ESMTP %s\r\n", date)
				c.Read(make([]byte, 100))
				c.Close()
			}
		}()
		return l.Addr().String()
	}
	smtp := func(addr string) config.SMTP {
		return config.SMTP{Relay: config.Relay{Server: config.Server{Host: addr, TLS: "plain", Timeout: config.Duration(5 * time.Second)}}}
	}
	cfg := &config.Config{Web: config.Web{URL: pages.URL}, SMTP: smtp(banner(time.Now().Format(time.RFC1123Z)))}
	off := func(by time.Duration) []Finding {
		return looked(t, cfg, func(d *Doctor, x *examination) {
			d.machine.clock = func() time.Time { return time.Now().Add(by) }
			d.lookAtClock(x)
		})
	}
	for by, want := range map[time.Duration]Level{0: LevelOK, 2 * time.Minute: LevelWarning, -2 * time.Minute: LevelWarning, time.Hour: LevelError} {
		found := off(by)
		if by == 0 && (len(found) != 1 || !strings.Contains(found[0].What, "smtp") || !strings.Contains(found[0].What, "web.url")) || by != 0 && len(found) != 2 {
			t.Errorf("off by %s: %+v", by, found)
		}
		for _, f := range found {
			if f.Level != want || by > 0 && !strings.Contains(f.What, "behind") || by < 0 && !strings.Contains(f.What, "ahead") {
				t.Errorf("off by %s: %+v", by, f)
			}
		}
	}
	cfg.Web.URL, cfg.SMTP = "", smtp(banner("ready"))
	if found := off(0); len(found) != 1 || found[0].Level != LevelNote {
		t.Errorf("nobody tells: %+v", found)
	}
	for greeting, want := range map[string]string{
		"mail ESMTP Exim 4.96 Sun, 29 Nov 2026 01:26:59 +0100": "2026-11-29T00:26:59Z", "mx ready 3 Jan 2026 00:00:00 +0000": "2026-01-03T00:00:00Z", "hello": "",
	} {
		if at, ok := dateIn(greeting); ok != (want != "") || ok && at.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s: %v, %v", greeting, at, ok)
		}
	}
}

// The database's server has a clock, too.
func TestDoctorOfPostgres(t *testing.T) {
	t.Parallel()
	w := newRealWorld(t)
	a := w.open()
	w.run(a)
	r := w.doctor(nil, "clock", "database", "disk", "migrations", "versions", "imap", "smtp", "letters")
	r.want(t, LevelOK, "clock", "database")
	r.want(t, LevelOK, "server", "UTF8")
	r.want(t, LevelOK, "soundness")
	r.want(t, LevelNote, "database", "its server's machine knows")
	r.want(t, LevelOK, "database", "PostgreSQL 1")
	r.want(t, LevelOK, "account test")
	if r.Errors+r.Warnings > 0 {
		t.Errorf("wrong is %+v", r.Wrong())
	}
	w.doctor(func(d *Doctor) { d.machine.clock = func() time.Time { return time.Now().Add(-time.Hour) } }, "clock").
		want(t, LevelError, "database", "its clock is 1h0m0s ahead of")
	w.dsn = "postgres://sigpost:geheim@127.0.0.1:1/sigpost"
	down := w.doctor(nil, "database", "migrations", "disk", "letters")
	down.want(t, LevelError, "archive", "PostgreSQL cannot be reached")
	if strings.Contains(fmt.Sprint(down), "geheim") {
		t.Error("the password is shown")
	}
}

func TestZones(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg := &config.Config{
		Digests:  []config.Digest{{Name: "weekly", Every: "week", Weekday: 1, Zone: "America/Los_Angeles"}, {Name: "other", Every: "day", Zone: "Asia/Kolkata"}},
		Meetings: []config.Meeting{{Title: "Meeting", Zone: "America/Los_Angeles"}, {Title: "Lord Howe", Zone: "Australia/Lord_Howe"}, {Title: "Mars", Zone: "Mars/Olympus"}},
	}
	on := func(now time.Time) DoctorReport {
		return DoctorReport{Findings: looked(t, cfg, func(d *Doctor, x *examination) {
			d.Now = func() time.Time { return now }
			d.machine.zoneinfo = []string{filepath.Join(folder, "none"), folder}
			d.machine.clock = func() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) }
			d.lookAtZones(x)
		})}
	}
	write("tzdata.zi", "# version 2026a\n# more\n")
	march := on(time.Date(2016, 3, 1, 0, 0, 0, 0, time.UTC))
	march.want(t, LevelOK, "tzdata", "version 2026a")
	march.want(t, LevelNote, "America/Los_Angeles", "clocks go forward by 1 h on Sunday 13 March 2016", "the digest weekly (next due Monday 7 March", `the meeting "Meeting"`)
	march.want(t, LevelError, "Mars/Olympus", "unknown time zone")
	if march.has(LevelNote, "Asia/Kolkata") || march.has(LevelNote, "Lord_Howe") {
		t.Errorf("%+v", march)
	}
	on(time.Date(2016, 3, 20, 0, 0, 0, 0, time.UTC)).want(t, LevelNote, "Australia/Lord_Howe", "clocks go back by 30 min on Sunday 3 April 2016")
	write("tzdata.zi", "# version 2019c\n")
	on(monday).want(t, LevelWarning, "tzdata", "of 2019c", "update the package")
	write("tzdata.zi", "")
	on(monday).want(t, LevelNote, "tzdata", "does not say its version")
	folder = filepath.Join(folder, "gone")
	on(monday).want(t, LevelOK, "tzdata", "in the program")
}

func TestNames(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{
		Accounts:  []config.Account{{Name: "one", Server: config.Server{Host: "127.0.0.1:993"}}, {Name: "two", Server: config.Server{Host: "nowhere.invalid:993"}}},
		SMTP:      config.SMTP{Relay: config.Relay{Server: config.Server{Host: "localhost:25"}}},
		Calendars: []config.Calendar{{Name: "c", URL: "https://nowhere2.invalid/c.ics"}},
	}
	r := DoctorReport{Findings: looked(t, cfg, (*Doctor).lookAtNames)}
	if len(r.Findings) != 2 {
		t.Errorf("%+v", r)
	}
	r.want(t, LevelError, "account two", "nowhere.invalid")
	r.want(t, LevelError, "calendar c", "nowhere2.invalid")
	if found := looked(t, &config.Config{}, (*Doctor).lookAtNames); len(found) != 1 || found[0].Level != LevelOK {
		t.Errorf("%+v", found)
	}
}

// Every account is tried, and what the archive knows of its mailboxes is said.
func TestDoctorOfMailboxes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.doctor(nil, "imap").want(t, LevelNote, "test/INBOX", "never been read to its end")
	w.run(a)
	w.doctor(nil, "imap").want(t, LevelOK, "test/INBOX", "last read to its end on Monday 25 April 2016")
	w.setNow(monday.AddDate(0, 0, 20))
	w.doctor(nil, "imap").want(t, LevelWarning, "test/INBOX", "it was last read on")
	w.imap.Close()
	if _, err := a.Run(t.Context(), false); err == nil {
		t.Error("a run without its mailbox goes well")
	}
	r := w.doctor(nil, "imap")
	r.want(t, LevelError, "account test", "no mail of it is read")
	r.want(t, LevelError, "test/INBOX", "every fetch has failed since")
}

// Where the first issue is not to go out, a run before there are readers makes it.
func TestFirstIssueBeforeReaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.run(a)
	w.subscribe(a, "ada@example.net")
	w.run(a)
	if n := len(w.smtp.Letters()); n > 0 {
		t.Errorf("%d letters", n)
	}
	w.doctor(nil, "letters").want(t, LevelOK, "digest weekly: issue 1: letters sent: 0")
}

// Letters that nobody knows of, or that failed, issues that wait or stand still, and a
// restored archive want somebody.
func TestDoctorOfLetters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.subscribe(a, "ada@example.net")
	w.subscribe(a, "bob@example.net")
	w.doctor(nil, "letters").want(t, LevelNote, "no issue yet; the first is due now, of 18 April to 25 April 2016, and the next run makes it", "The first issue")
	w.run(a)
	w.doctor(nil, "letters").want(t, LevelOK, "digest weekly", "letters sent: 2")
	sqlite3(t, w.dsn, `UPDATE deliveries SET state = 'failed' WHERE id = (SELECT min(id) FROM deliveries)`)
	sqlite3(t, w.dsn, `UPDATE deliveries SET state = 'unknown' WHERE id = (SELECT max(id) FROM deliveries)`)
	r := w.doctor(nil, "letters")
	r.want(t, LevelError, "digest weekly", "1 letter of issue 1 failed", "--retry-failed")
	r.want(t, LevelError, "digest weekly", "1 letter of issue 1 is held", "--resend-held")
	sqlite3(t, w.dsn, `UPDATE issues SET state = 'sending'`)
	sqlite3(t, w.dsn, `UPDATE sendings SET paused = 1, paused_why = 'it was odd'`)
	w.doctor(nil, "letters").want(t, LevelError, "digest weekly", "issue 1 stands still: it was odd", "digest resume 1")
	if err := os.WriteFile(w.dsn+".generation", []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.doctor(nil, "letters").want(t, LevelError, "archive", "does not know of all that was sent")
}

func TestDoctorOfDrafts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.digestKeys = "review = \"by hand\"\n"
	a := w.open()
	w.run(a)
	w.doctor(nil, "letters").want(t, LevelNote, "digest weekly", "issue 1 is a draft that waits to be approved")
}

func TestDoctorOfQuarantine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deliver(mailtest.Mail{Raw: []byte("\x00\x01\x02"), Received: monday.Add(-time.Minute)})
	a := w.open()
	w.run(a)
	w.doctor(nil, "quarantine").want(t, LevelOK, "quarantine")
	w.setNow(monday.AddDate(0, 0, 8))
	w.doctor(nil, "quarantine").want(t, LevelNote, "quarantine", "1 mails have been aside")
}

// A job that fails is told with its last success, and so is that nothing runs.
func TestDoctorOfJobs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.doctor(nil, "jobs").want(t, LevelNote, "jobs", "has ever been done")
	w.run(a)
	w.doctor(nil, "jobs").want(t, LevelOK, "jobs", "are done when they are due; the last one on Monday 25 April 2016")
	w.setNow(monday.AddDate(0, 0, 3))
	w.doctor(nil, "jobs").want(t, LevelWarning, "read test/INBOX", "it has been due since", "was done last on Monday 25 April 2016")
	w.imap.Close()
	if _, err := a.Run(t.Context(), false); err == nil {
		t.Error("a run without its mailbox goes well")
	}
	w.doctor(nil, "jobs").want(t, LevelError, "read test/INBOX", "it has failed once since", "and was done last on Monday 25 April 2016")
}

// What is not sound is found, with what to do about it.
func TestDoctorOfDamage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.run(a)
	sqlite3(t, w.dsn, `UPDATE threads SET messages = messages + 1`)
	sqlite3(t, w.dsn, `DELETE FROM message_words`)
	r := w.doctor(nil, "database", "migrations")
	r.want(t, LevelError, "soundness", "threads that do not say what their messages are", "restore the last good backup")
	r.want(t, LevelWarning, "soundness", "messages without their words", "reparse --all")
	r.want(t, LevelWarning, "archive", "no search finds them", "sigpost reparse")
	r = w.doctor(func(d *Doctor) { d.Timeout = time.Nanosecond }, "database")
	if r.has(LevelOK, "soundness") {
		t.Errorf("nothing can be read in no time: %+v", r)
	}
}

func TestDoctorOfCalendars(t *testing.T) {
	t.Parallel()
	const ics = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20160401T000000Z\r\nDTSTART:20160501T140000Z\r\nSUMMARY:Meeting\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	w := newWorld(t)
	w.more = "[[calendar]]\nname = \"c\"\nfile = \"c.ics\"\n"
	w.doctor(nil, "calendars").want(t, LevelError, "calendar c", "it was never read")
	w.doctor(func(d *Doctor) { d.Offline = true }, "calendars").want(t, LevelNote, "calendar c", "it was never read")
	w.write("c.ics", ics)
	a := w.open()
	w.run(a)
	w.doctor(nil, "calendars").want(t, LevelOK, "calendar c", "1 read, 0 left out")
	w.write("c.ics", "odd")
	w.doctor(nil, "calendars").want(t, LevelWarning, "calendar c", "the copy of Monday 25 April 2016")
	w.setNow(monday.AddDate(0, 0, 2))
	w.doctor(nil, "calendars").want(t, LevelError, "calendar c", "not confirmed since")
	w.doctor(func(d *Doctor) { d.Offline = true }, "calendars").want(t, LevelWarning, "calendar c", "not confirmed since")
}

// Dead servers cost one time limit together, and what does not heed it is left behind.
func TestDeadServersCostOneTimeout(t *testing.T) {
	t.Parallel()
	var dead []string
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		dead = append(dead, l.Addr().String())
	}
	w := newWorld(t)
	w.more = ""
	for i, addr := range dead {
		w.more += fmt.Sprintf("[[account]]\nname = \"dead%d\"\nhost = %q\ntls = \"plain\"\nauth = \"anonymous\"\ntimeout = \"3m\"\n[[account.mailbox]]\nname = \"INBOX\"\nlist = \"sig-openstack\"\n", i, addr)
	}
	began := time.Now()
	done := 0
	r := w.doctor(func(d *Doctor) {
		d.Timeout = 2 * time.Second
		d.Progress = func(_ string, unit Unit, n, total int) {
			if done = n; unit != Checks || total != 3 {
				t.Errorf("%d of %d %s", n, total, unit)
			}
		}
	}, "imap", "smtp", "config")
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	for i := range dead {
		r.want(t, LevelError, fmt.Sprintf("account dead%d", i))
	}
	r.want(t, LevelOK, "account test")
	if done != 3 {
		t.Errorf("%d of 3 groups were told of", done)
	}
	d := &Doctor{Timeout: time.Millisecond}
	stuck := make(chan struct{})
	defer close(stuck)
	found := d.inTime(t.Context(), group{name: "odd", look: func(*examination) { <-stuck }})
	if len(found) != 1 || found[0].Level != LevelError || !strings.Contains(found[0].What, "nothing came of it within 1ms") {
		t.Errorf("%+v", found)
	}
}
