package config

import "testing"

// A file may be named as SQLite's by its scheme, too: it is no server's, and what
// belongs beside it is there.
func TestDSNOfAFile(t *testing.T) {
	for _, name := range []string{"/var/sigpost.db", "sqlite:/var/sigpost.db", "sqlite:///var/sigpost.db"} {
		c := &Config{Archive: Archive{Database: name}}
		if dsn, err := c.DSN(); dsn != "/var/sigpost.db" || err != nil {
			t.Errorf("%s is %s, %v", name, dsn, err)
		}
		if file := c.GenerationFile(); file != "/var/sigpost.db.generation" {
			t.Errorf("beside %s is %s", name, file)
		}
	}
}
