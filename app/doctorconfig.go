package app

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"sigpost/config"
)

// CheckConfig reads a configuration and whatever it names on this machine: secrets,
// keys, taxonomy, templates. It asks nobody, and does not open the archive. Its error
// is that the configuration cannot be read at all.
func CheckConfig(ctx context.Context, file string) ([]Finding, error) {
	d := &Doctor{ConfigFile: file}
	d.prepare(ctx)
	if d.invalid != nil {
		return nil, d.invalid
	}
	x := &examination{Doctor: d, ctx: ctx, group: "config"}
	d.lookAtConfig(x)
	return x.found, nil
}

func (d *Doctor) lookAtConfig(x *examination) {
	if x.invalid != nil {
		for line := range strings.SplitSeq(x.invalid.Error(), "\n") {
			x.add(LevelError, "configuration", "put it right: config.example.toml explains every key, \"sigpost init\" writes one", "%s", line)
		}
		return
	}
	x.ok("configuration", "%s is well-formed", x.ConfigFile)
	for _, s := range x.secretsNamed() {
		do := "put it right in the configuration, or make the file or variable"
		if s.item == "secret" {
			do = "put it right in the configuration, or put the file back from the backup; make a new one for a new archive alone"
		}
		if _, err := s.read(); !x.failed(LevelError, s.item, do, err) {
			x.ok(s.item, "%s can be read", s.what)
		}
	}
	if alerts := x.config.Alerts; !alerts.Anybody() && alerts.PingURL == "" && alerts.PingURLFile == "" {
		x.add(LevelNote, "alerts", "name somebody under [alerts] (docs/operations.md, \"Being told\")",
			"nobody is told of what goes wrong: [alerts] has neither mail nor webhook nor ping_url")
	}
	x.lookAtTexts()
}

// lookAtTexts reads taxonomy, topics and templates.
func (x *examination) lookAtTexts() {
	a := x.bare
	t, err := OpenTaxonomy(x.config, "")
	if x.failed(LevelError, "taxonomy", "\"sigpost taxonomy check\" says more", err) {
		return
	}
	x.ok("taxonomy", "%d tags, version %s", len(t.t.Tags), t.Version())
	reading := *a
	reading.taxonomy = t.t
	for _, g := range x.config.Digests {
		if _, err := reading.topics(g.Topics); !x.failed(LevelError, "digest "+g.Name, "put topics right; \"sigpost topics\" lists them", err) && len(g.Topics) > 0 {
			x.ok("digest "+g.Name, "its topics are known")
		}
		if g.Templates == "" {
			continue
		}
		if _, err := a.templates(g); !x.failed(LevelError, "templates of "+g.Name, "put the template right (docs/outputs.md)", err) {
			x.ok("templates of "+g.Name, "every output of %s can be made", g.Templates)
		}
	}
}

// namedSecret is a secret, or another file, that the configuration names.
type namedSecret struct {
	item, what string
	read       func() (string, error)
}

// secretsNamed are all that the configuration names.
func (d *Doctor) secretsNamed() (all []namedSecret) {
	c := d.config
	add := func(item, what string, read func() (string, error)) { all = append(all, namedSecret{item, what, read}) }
	add("secret", "the key that signs links", func() (string, error) { _, err := c.Secret(); return "", err })
	if len(c.Archive.OldSecretFiles) > 0 {
		add("old secrets", "the keys of before", func() (string, error) { _, err := c.OldSecrets(); return "", err })
	}
	if c.Archive.Database == "" {
		add("archive", "where the database is", c.DSN)
	}
	server := func(item string, s config.Server, login bool) {
		if login && s.Username != "" && cmp.Or(s.PasswordFile, s.PasswordEnv) != "" {
			add(item, "the password", func() (string, error) { return c.Password(s) })
		}
		if s.CAFile != "" {
			add(item, "ca_file", func() (string, error) { _, err := c.RootCAs(s); return "", err })
		}
	}
	for _, a := range c.Accounts {
		item := "account " + a.Name
		server(item, a.Server, a.Auth == "password")
		if cmp.Or(a.ClientSecretFile, a.ClientSecretEnv) != "" {
			add(item, "the client secret", func() (string, error) { return c.ClientSecret(a) })
		}
	}
	if c.SMTP.Host != "" {
		for i, r := range c.SMTP.Relays() {
			server(relayKey(i), r.Server, r.OAuthAccount == "")
		}
	}
	for _, k := range c.DKIM {
		add("dkim "+k.Name(), "the key", func() (string, error) { _, err := signingKey(c, k); return "", err })
	}
	for _, cal := range c.Calendars {
		if cal.URLFile != "" {
			add("calendar "+cal.Name, "its URL", func() (string, error) { return c.Address(cal) })
		}
	}
	if c.Alerts.PingURLFile != "" {
		add("alerts", "the URL that is pinged", c.Ping)
	}
	if cmp.Or(c.Alerts.WebhookFile, c.Alerts.WebhookSecretFile, c.Alerts.WebhookSecretEnv) != "" {
		add("alerts", "the webhook and its key", func() (string, error) { _, _, err := c.AlertWebhook(); return "", err })
	}
	for _, n := range c.Announces {
		if n.Kind == config.AnnounceSlack {
			add("announce "+n.Name, "the webhook's URL", func() (string, error) { return d.bare.webhook(n) })
			continue
		}
		add("announce "+n.Name, "the password", func() (string, error) { return c.AnnouncePassword(n) })
		server("announce "+n.Name, n.Server(), false)
	}
	return all
}

// lookAtPermissions looks who else can read what is nobody else's, and whether this
// user can write where that is needed.
func (d *Doctor) lookAtPermissions(x *examination) {
	before := len(x.found)
	file := x.config.File()
	x.writableByOthers("configuration", file)
	files := map[string][]string{"configuration": {file}}
	for _, f := range x.config.SecretFiles() {
		x.writableByOthers(f.Key, f.Path)
		x.readableByOthers(f.Key, f.Path)
		files[f.Key] = append(files[f.Key], f.Path)
	}
	if dsn, err := x.config.DSN(); err == nil && !strings.Contains(dsn, "://") {
		x.lookAtDatabaseFiles(dsn)
		files["database"] = []string{dsn}
	}
	x.lookAtFolders(files)
	x.lookAtFolder("generation_file", filepath.Dir(x.config.GenerationFile()))
	if len(x.found) == before {
		x.ok("files", "secrets and the database are for their owner, and can be written where they have to be")
	}
}

func (x *examination) readableByOthers(item, path string) {
	info, err := os.Stat(path)
	if err != nil { // the group config says so
		return
	}
	switch perm := info.Mode().Perm(); {
	case perm&0o004 != 0:
		x.add(LevelWarning, item, "chmod 600 "+path, "others on this machine can read %s", path)
	case perm&0o040 != 0:
		x.add(LevelNote, item, "if that is not meant: chmod 600 "+path, "the group%s can read %s", groupOf(info), path)
	}
}

func (x *examination) writableByOthers(item, path string) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
	case info.Mode().Perm()&0o002 != 0:
		x.add(LevelError, item, "chmod o-w "+path, "everybody on this machine can change %s", path)
	case info.Mode().Perm()&0o020 != 0:
		x.add(LevelNote, item, "if that is not meant: chmod g-w "+path, "the group%s can change %s", groupOf(info), path)
	}
}

// groupOf is the name of a file's group, with a space before it, or "".
func groupOf(info fs.FileInfo) string {
	_, gid, ok := ownerOf(info)
	if !ok {
		return ""
	}
	if g, err := user.LookupGroupId(fmt.Sprint(gid)); err == nil {
		return " " + g.Name
	}
	return fmt.Sprintf(" %d", gid)
}

// lookAtDatabaseFiles looks at SQLite's file and those beside it, which have to
// belong to the same user: who runs sigpost as root once leaves some that nobody else
// can write.
func (x *examination) lookAtDatabaseFiles(path string) {
	const item = "database"
	x.lookAtFolder(item, filepath.Dir(path))
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	x.writableByOthers(item, path)
	x.readableByOthers(item, path)
	owner, _, known := ownerOf(info)
	for _, beside := range []string{path, path + "-wal", path + "-shm", path + ".lock", x.config.GenerationFile()} {
		other, err := os.Stat(beside)
		if err != nil {
			continue
		}
		if who, _, ok := ownerOf(other); ok && known && who != owner {
			x.add(LevelError, item, fmt.Sprintf("chown %d %s, and run sigpost as one user alone", owner, beside), "%s belongs to user %d, and the database to user %d: one of the two cannot write it", beside, who, owner)
			continue
		}
		x.failed(LevelError, item, "run this as the user that sigpost runs as, or give it the right to write there", x.unwritable(beside))
	}
}

func (x *examination) unwritable(path string) error {
	if err := x.machine.writable(path); err != nil {
		return fmt.Errorf("this user cannot write %s: %w", path, err)
	}
	return nil
}

// lookAtFolder says where a file cannot be made.
func (x *examination) lookAtFolder(item, folder string) {
	if !folderIs(folder) {
		x.add(LevelError, item, "mkdir -p "+folder, "there is no folder %s", folder)
		return
	}
	x.failed(LevelError, item, "run this as the user that sigpost runs as, or give it the right to write there", x.unwritable(folder))
}
