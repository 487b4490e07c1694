package ingest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigpost/bench/internal/program"
	"sigpost/internal/peertest"
)

// contender makes a threaded full-text archive of a mailbox in a folder, which
// then holds nothing but what it keeps (and its few lines of configuration).
type contender struct {
	name    string
	version string
	// setUp makes an empty archive in dir.
	setUp func(t *testing.T, dir string)
	// steps are what brings the archive up to date, in this order; of the
	// folder in which they run.
	steps []step
	env   func(dir string) []string
	// count says how many messages the archive accounts for. printed is what
	// each step printed since the archive was empty, in order.
	count func(t *testing.T, dir string, printed [][]byte) tally
}

// step is a command, run in the contender's folder.
type step struct {
	name string
	args []string
}

// tally is how many messages an archive accounts for.
type tally struct {
	messages int
	// onePerID: mails that say the same under the same Message-ID count once.
	onePerID bool
	note     string
}

// mailboxName is that of the mailbox which everybody reads.
const mailboxName = "list"

func noEnv(string) []string { return nil }

// sigpostConfig is for one list of which nothing is known but its mail. Nobody
// speaks TLS here: it is not what is compared.
const sigpostConfig = `[archive]
database = "sigpost.db"
secret_file = "secret"
[[list]]
name = "list"
[[account]]
name = "dovecot"
host = %q
tls = "plain"
username = %q
password_file = "password"
[[account.mailbox]]
name = %q
list = "list"
`

func sigpost(t *testing.T, s *peertest.DovecotServer) contender {
	t.Helper()
	p := program.Build(t, fmt.Sprintf(sigpostConfig, s.PlainAddr, s.User, mailboxName))
	p.Write(t, "password", s.Password)
	version, _ := exec.Command("git", "describe", "--always", "--dirty").Output()
	return contender{
		name: "sigpost", version: strings.TrimSpace(string(version)), env: noEnv,
		setUp: func(t *testing.T, dir string) {
			for _, name := range []string{"config.toml", "secret", "password"} {
				data, err := os.ReadFile(filepath.Join(p.Dir, name))
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		},
		steps: []step{
			// Without a digest a run is what brings the archive up to date.
			{"run", []string{p.Path(), "--json", "run"}},
		},
		count: countSigpost,
	}
}

func countSigpost(t *testing.T, _ string, printed [][]byte) tally {
	t.Helper()
	var stored, duplicates, quarantined, threads int
	for _, out := range printed {
		var r struct {
			Ingest   struct{ Stored, Duplicates, Quarantined int }
			Classify struct{ Threads int }
		}
		if err := json.Unmarshal(out, &r); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		stored, duplicates = stored+r.Ingest.Stored, duplicates+r.Ingest.Duplicates
		quarantined, threads = quarantined+r.Ingest.Quarantined, threads+r.Classify.Threads
	}
	return tally{messages: stored + duplicates + quarantined,
		note: fmt.Sprintf("%d stored, %d duplicates, %d in quarantine; %d threads classified", stored, duplicates, quarantined, threads)}
}

// contenders are sigpost and those of its peers that are wanted and installed;
// with -short sigpost alone.
func contenders(t *testing.T, s *peertest.DovecotServer) []contender {
	t.Helper()
	known := map[string]struct {
		programs []string
		make     func(*peertest.DovecotServer) contender
	}{
		"mu":           {[]string{"mbsync", "mu"}, mu},
		"notmuch":      {[]string{"mbsync", "notmuch"}, notmuch},
		"public-inbox": {[]string{"public-inbox-init", "perl", "git"}, publicInbox},
	}
	all := []contender{sigpost(t, s)}
	if testing.Short() {
		return all
	}
	for _, name := range strings.FieldsFunc(*peers, func(r rune) bool { return r == ',' }) {
		peer, ok := known[name]
		if !ok {
			t.Fatalf("-peers: %s is not known; mu, notmuch and public-inbox are", name)
		}
		if missing := notInstalled(peer.programs); missing != "" {
			t.Logf("%s is left out: %s is not installed", name, missing)
			continue
		}
		all = append(all, peer.make(s))
	}
	return all
}

func notInstalled(programs []string) string {
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			return p
		}
	}
	return ""
}
