package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What was just looked at is not advised, and what is wrong is one line.
func TestDoctorSendsOn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		only  []string
		group string
		want  string
	}{
		{nil, "letters", "see what is found of database and disk"},
		{[]string{"letters"}, "letters", `"sigpost doctor --only database,disk" says more`},
		{[]string{"migrations", "database"}, "migrations", `"sigpost doctor --only disk" says more`},
		{[]string{"database", "disk"}, "database", "see what is found of disk"},
	} {
		x := &examination{Doctor: &Doctor{Only: test.only}, group: test.group}
		x.failed(LevelError, "archive", x.unread(), errors.Join(errors.New("one"), fmt.Errorf("two: %w", errors.New("three"))))
		if f := x.found[0]; !strings.HasSuffix(f.Do, test.want) || f.What != "one; two: three" {
			t.Errorf("%v, %s: %+v", test.only, test.group, f)
		}
	}
}

// That another secret has taken the place of the one that letters were made with is
// noticed, and nobody is told to make another where it is lost.
func TestAnotherSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.subscribe(a, "ada@example.net")
	w.run(a)
	const dead = "issue 1 were made with a secret that is not known any more"
	if r := w.doctor(nil, "letters"); r.has(LevelError, dead) {
		t.Errorf("%+v", r.Findings)
	}
	another := func(*Doctor) { w.write("secret", strings.Repeat("t", 40)) }
	w.doctor(another, "letters").want(t, LevelError, "digest weekly", dead, "from the backup", "archive.old_secret_files")
	w.write("old", strings.Repeat("s", 40))
	named := func(d *Doctor) {
		another(d)
		text, err := os.ReadFile(d.ConfigFile)
		if err != nil {
			t.Fatal(err)
		}
		w.write("config.toml", strings.Replace(string(text), "[archive]\n", "[archive]\nold_secret_files = [\"old\"]\n", 1))
	}
	if r := w.doctor(named, "letters"); r.has(LevelError, dead) {
		t.Errorf("where the old one is named: %+v", r.Findings)
	}
	lost := func(*Doctor) {
		if err := os.Remove(filepath.Join(w.dir, "secret")); err != nil {
			t.Fatal(err)
		}
	}
	w.doctor(lost, "config").want(t, LevelError, "secret", "put the old one back from the backup: with another, links in them are dead", "put the file back from the backup")
}
