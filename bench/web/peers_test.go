package web

import (
	"bufio"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost/bench/web/corpus"
)

// importMbox is what public-inbox's own scripts do with an mbox.
const importMbox = `my $ibx = PublicInbox::Config->new->lookup_name('list');
PublicInbox::InboxWritable->new($ibx)->import_mbox(\*STDIN, 'mboxrd');`

// publicInbox serves the same mail with public-inbox, version 2 with Xapian; nil
// where that is not installed or not wanted.
func publicInbox(t *testing.T, size int) *server {
	t.Helper()
	if !slices.Contains(strings.Split(*peers, ","), "public-inbox") || testing.Short() {
		return nil
	}
	for _, program := range []string{"public-inbox-init", "public-inbox-httpd"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Logf("public-inbox is not measured: %v; scripts/install-peers installs it", err)
			return nil
		}
	}
	dir := t.TempDir()
	if *keep != "" && !strings.Contains(*keep, "://") {
		dir = *keep + "-public-inbox"
	}
	env := []string{"HOME=" + dir, "XDG_DATA_HOME=" + dir}
	if _, err := os.Stat(filepath.Join(dir, "done")); err != nil {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		run(t, env, "", "public-inbox-init", "-V2", "-L", "full", "list", filepath.Join(dir, "inbox"), "http://example.org/list", "list@example.org")
		mbox := filepath.Join(dir, "mbox")
		f, err := os.Create(mbox)
		if err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriter(f)
		if err := errors.Join(corpus.Mbox(w, size), w.Flush(), f.Close()); err != nil {
			t.Fatal(err)
		}
		run(t, env, mbox, "perl", "-MPublicInbox::Config", "-MPublicInbox::InboxWritable", "-e", importMbox)
		if err := os.WriteFile(filepath.Join(dir, "done"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	s := start(t, "public-inbox", env, nil, "public-inbox-httpd", "-W0", "-l", addr)
	s.base, s.paths = "http://"+addr, func(p page) []string { return p.peers }
	for range 100 {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return s
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("public-inbox does not come up")
	return nil
}

// run runs a program that must end well.
func run(t *testing.T, env []string, stdin string, command ...string) {
	t.Helper()
	c := exec.Command(command[0], command[1:]...)
	c.Env = append(os.Environ(), env...)
	if stdin != "" {
		f, err := os.Open(stdin)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		c.Stdin = f
	}
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, out)
	}
}
