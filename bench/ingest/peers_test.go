package ingest

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sigpost/internal/peertest"
)

// mbsyncConfig fetches into a Maildir. Files are not forced to the disk one by
// one: that would cost mbsync no CPU, but its wall time would be the disk's.
const mbsyncConfig = `FSync no

IMAPAccount dovecot
Host %s
Port %s
User %q
Pass %q
SSLType None
AuthMechs LOGIN

IMAPStore far
Account dovecot

MaildirStore near
Path mail/
Inbox mail/inbox

Channel list
Far :far:%s
Near :near:%[5]s
Sync Pull
Create Near
Expunge None
CopyArrivalDate yes
SyncState *
`

var mbsync = step{"mbsync", []string{"mbsync", "-q", "-c", "mbsyncrc", "list"}}

func setUpMbsync(t *testing.T, s *peertest.DovecotServer, dir string) {
	t.Helper()
	host, port, err := net.SplitHostPort(s.PlainAddr)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "mbsyncrc", fmt.Sprintf(mbsyncConfig, host, port, s.User, s.Password, mailboxName))
	if err := os.Mkdir(filepath.Join(dir, "mail"), 0o700); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// versionOf is the first number that a program says about itself.
func versionOf(program string) string {
	out, _ := exec.Command(program, "--version").CombinedOutput()
	return regexp.MustCompile(`\d+(\.\d+)+`).FindString(string(out))
}

// number is the number behind a word in a program's output.
func number(t *testing.T, pattern, text string) int {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s in\n%s", pattern, text)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// mu keeps a document for each file.
func mu(s *peertest.DovecotServer) contender {
	return contender{
		name: "mbsync + mu", version: versionOf("mbsync") + ", " + versionOf("mu"), env: noEnv,
		setUp: func(t *testing.T, dir string) {
			setUpMbsync(t, s, dir)
			output(t, dir, nil, "mu", "init", "--quiet", "--muhome=mu", "--maildir="+filepath.Join(dir, "mail"))
		},
		steps: []step{mbsync, {"mu", []string{"mu", "index", "--quiet", "--muhome=mu"}}},
		count: func(t *testing.T, dir string, _ [][]byte) tally {
			return tally{messages: number(t, `messages in store\s*\|\s*(\d+)`, output(t, dir, nil, "mu", "info", "--muhome=mu")), note: "documents, one a file"}
		},
	}
}

// notmuch keeps a message for each Message-ID, and its files.
func notmuch(s *peertest.DovecotServer) contender {
	env := func(dir string) []string { return []string{"NOTMUCH_CONFIG=" + filepath.Join(dir, "notmuchrc")} }
	return contender{
		name: "mbsync + notmuch", version: versionOf("mbsync") + ", " + versionOf("notmuch"), env: env,
		setUp: func(t *testing.T, dir string) {
			setUpMbsync(t, s, dir)
			write(t, dir, "notmuchrc", fmt.Sprintf("[database]\npath=%s\n[user]\nname=Reader\nprimary_email=reader@example.org\n[new]\ntags=\nignore=.mbsyncstate;.uidvalidity\n", filepath.Join(dir, "mail")))
		},
		steps: []step{mbsync, {"notmuch", []string{"notmuch", "new", "--quiet"}}},
		count: func(t *testing.T, dir string, _ [][]byte) tally {
			count := func(what string) int {
				return number(t, `(\d+)`, output(t, dir, env(dir), "notmuch", "count", "--exclude=false", "--output="+what, "*"))
			}
			return tally{messages: count("files"), note: fmt.Sprintf("files of %d messages in %d threads", count("messages"), count("threads"))}
		},
	}
}

// fetchOnce is what public-inbox-watch does each time that it polls, once, in
// one process: the command itself never ends.
const fetchOnce = `my $w = PublicInbox::Watch->new(PublicInbox::Config->new);
PublicInbox::NetReader::imap_common_init($w);
$w->watch_imap_fetch_all($w->{imap_order});
$w->_done_for_now;`

// publicInbox keeps a commit for each mail, but one for those that say the same
// under the same Message-ID.
func publicInbox(s *peertest.DovecotServer) contender {
	env := func(dir string) []string { return []string{"HOME=" + dir, "XDG_DATA_HOME=" + dir} }
	source := url.URL{Scheme: "imap", User: url.UserPassword(s.User, s.Password), Host: s.PlainAddr, Path: "/" + mailboxName}
	version, _ := exec.Command("perl", "-MPublicInbox", "-e", "print $PublicInbox::VERSION").Output()
	return contender{
		name: "public-inbox", version: string(version), env: env,
		setUp: func(t *testing.T, dir string) {
			output(t, dir, env(dir), "public-inbox-init", "-V2", "list", filepath.Join(dir, "inbox"), "http://example.org/list", "list@example.org")
			for key, value := range map[string]string{"publicinbox.list.watch": source.String(), "imap.fetchBatchSize": "100"} {
				output(t, dir, env(dir), "git", "config", "-f", ".public-inbox/config", key, value)
			}
		},
		steps: []step{{"public-inbox", []string{"perl", "-MPublicInbox::Watch", "-e", fetchOnce}}},
		count: func(t *testing.T, dir string, _ [][]byte) tally {
			epochs, err := filepath.Glob(filepath.Join(dir, "inbox", "git", "*.git"))
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, epoch := range epochs {
				commits, _ := strconv.Atoi(strings.TrimSpace(output(t, dir, nil, "git", "--git-dir="+epoch, "rev-list", "--count", "HEAD")))
				n += commits
			}
			return tally{messages: n, onePerID: true, note: "commits; what says the same under the same Message-ID has one"}
		},
	}
}
