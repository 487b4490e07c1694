package config

import (
	"strings"
	"testing"
)

// A file is named by its path, and what belongs beside it is there.
func TestDSNOfAFile(t *testing.T) {
	c := &Config{Archive: Archive{Database: "/var/sigpost.db"}}
	if dsn, err := c.DSN(); dsn != "/var/sigpost.db" || err != nil {
		t.Errorf("it is %s, %v", dsn, err)
	}
	if file := c.GenerationFile(); file != "/var/sigpost.db.generation" {
		t.Errorf("beside it is %s", file)
	}
}

// What has a scheme of another engine is refused, on its line or where it is read from
// elsewhere, and never taken for a file's name. A password in it is not repeated.
func TestDatabaseOfAnotherScheme(t *testing.T) {
	for dsn, scheme := range map[string]string{
		"mysql://x/y": "mysql:", "sqlite:///tmp/x.db": "sqlite:", "sqlite:x.db": "sqlite:", "file:x.db": "file:", "postgres:x": "postgres:",
		"Postgres://x/y": "Postgres:", "postgres://x/y": "", "postgresql:///x?host=/run/postgresql": "", "./a:b.db": "",
	} {
		text, line := setTo(t, everyTable, "archive.database", `"`+dsn+`"`)
		_, err := Parse("config.toml", []byte(text))
		if refused := err != nil && strings.HasPrefix(err.Error(), "config.toml:2: ") && strings.Contains(err.Error(), scheme); line != 2 || refused != (scheme != "") {
			t.Errorf("%s on line %d: %v", dsn, line, err)
		}
	}
	t.Setenv("SIGPOST_TEST_DATABASE", "mysql://u:geheim@x/y")
	c := &Config{Archive: Archive{DatabaseEnv: "SIGPOST_TEST_DATABASE"}}
	if dsn, err := c.DSN(); err == nil || dsn != "" || strings.Contains(err.Error(), "geheim") {
		t.Errorf("%s, %v", dsn, err)
	}
}
