package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigpost/internal/peertest"
)

// epochWriter writes a repository as public-inbox does, by "git fast-import".
type epochWriter struct {
	t    testing.TB
	dir  string
	in   bytes.Buffer
	made int
}

func newEpoch(t testing.TB, dir string) *epochWriter {
	t.Helper()
	git(t, "", nil, "init", "-q", "--bare", dir)
	return &epochWriter{t: t, dir: dir}
}

func git(t testing.TB, dir string, in []byte, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(in)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit adds a commit that writes one file; the others go.
func (w *epochWriter) commit(file, content string) {
	w.raw(fmt.Sprintf("deleteall\nM 100644 inline %s\ndata %d\n%s\n", file, len(content), content))
}

func (w *epochWriter) raw(changes string) {
	from := "" // what the stream has made before
	if w.made > 0 && w.in.Len() == 0 {
		from = "from refs/heads/master^0\n"
	}
	w.made++
	fmt.Fprintf(&w.in, "commit refs/heads/master\ncommitter A <a@example.org> %d +0000\ndata 1\nx\n%s%s\n", 1460000000+w.made, from, changes)
}

func (w *epochWriter) write() {
	w.t.Helper()
	git(w.t, w.dir, w.in.Bytes(), "fast-import", "--quiet", "--force")
	git(w.t, w.dir, nil, "symbolic-ref", "HEAD", "refs/heads/master")
	w.in.Reset()
}

func (w *epochWriter) mails(mails []string) {
	for _, m := range mails {
		w.commit("m", m)
	}
	w.write()
}

func TestImportPublicInbox(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "inbox")
	mails := letters(120)
	newEpoch(t, filepath.Join(dir, "git", "0.git")).mails(mails[:50])
	newEpoch(t, filepath.Join(dir, "git", "1.git")).mails(mails[50:100])
	two := newEpoch(t, filepath.Join(dir, "git", "10.git"))
	two.mails(mails[100:110])
	newEpoch(t, filepath.Join(dir, "git", "11.git"))
	wrote(t, filepath.Join(dir, "msgmap.sqlite3"), "SQLite format 3\x00")
	s := newShelf()
	report := imported(t, s, dir)
	if report.Format != FormatPublicInbox || !slices.Equal(s.raws(), mails[:110]) {
		t.Fatalf("%+v: %d mails", report, len(s.mails))
	}
	if s.mails[60].received.Unix() != 1460000011 || !strings.HasPrefix(s.mails[60].source, dir+"/1.git ") {
		t.Errorf("%+v", s.mails[60])
	}
	costsNothing(t, s, dir)
	interruptedEverywhere(t, dir)

	two.mails(mails[110:])
	git(t, filepath.Join(dir, "git", "10.git"), nil, "pack-refs", "--all")
	git(t, filepath.Join(dir, "git", "10.git"), nil, "gc", "-q")
	if report := imported(t, s, dir); report.Found != 10 || !slices.Equal(s.raws(), mails) {
		t.Errorf("ten new ones: %+v", report)
	}
	costsNothing(t, s, dir)
}

func TestPublicInboxDeletions(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "inbox")
	mails := letters(8)
	zero := newEpoch(t, filepath.Join(dir, "git", "0.git"))
	zero.mails(mails[:4])
	zero.commit("d", mails[1])
	zero.commit("m", mails[4])
	zero.commit("d", mails[2]) // comes again
	zero.commit("m", mails[2])
	zero.write()
	one := newEpoch(t, filepath.Join(dir, "git", "1.git"))
	one.mails(mails[5:7])
	one.commit("d", mails[0])
	one.write()
	s := newShelf()
	report := imported(t, s, dir)
	want := []string{mails[3], mails[4], mails[2], mails[5], mails[6]}
	if !slices.Equal(s.raws(), want) || report.Expunged != 3 {
		t.Errorf("%+v: %q", report, s.raws())
	}
	costsNothing(t, s, dir)
	one.commit("d", mails[3])
	one.commit("m", mails[7])
	one.write()
	if report := imported(t, s, dir); report.Stored != 1 || report.Found != 1 {
		t.Errorf("%+v", report)
	}
}

// TestPublicInboxRewritten: editing and purging write history anew.
func TestPublicInboxRewritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "inbox")
	mails := letters(10)
	newEpoch(t, filepath.Join(dir, "git", "0.git")).mails(mails)
	s := newShelf()
	imported(t, s, dir)
	if err := os.RemoveAll(filepath.Join(dir, "git", "0.git")); err != nil {
		t.Fatal(err)
	}
	newEpoch(t, filepath.Join(dir, "git", "0.git")).mails(append(mails[1:], "Message-ID: <x@example.org>\n\n"))
	if report := imported(t, s, dir); !report.Resynced || report.Stored != 1 || report.Duplicates != 9 {
		t.Errorf("%+v", report)
	}
	costsNothing(t, s, dir)
}

// TestPublicInboxAlone reads repositories that are not in a folder of epochs,
// of version 2 and 1.
func TestPublicInboxAlone(t *testing.T) {
	mails := letters(3)
	two := filepath.Join(t.TempDir(), "0.git")
	newEpoch(t, two).mails(mails)
	one := filepath.Join(t.TempDir(), "list.git")
	w := newEpoch(t, one)
	for i, m := range append(mails, "Message-ID: <spam@example.org>\n\n") {
		w.raw(fmt.Sprintf("M 100644 inline %02x/%038x\ndata %d\n%s\n", i, i, len(m), m))
	}
	w.raw(fmt.Sprintf("D %02x/%038x\n", 3, 3))
	w.write()
	for _, dir := range []string{two, one} {
		s := newShelf()
		if report := imported(t, s, dir); report.Format != FormatPublicInbox || !slices.Equal(s.raws(), mails) {
			t.Errorf("%s: %+v, %q", dir, report, s.raws())
		}
		costsNothing(t, s, dir)
	}
	other := filepath.Join(t.TempDir(), "code.git")
	w = newEpoch(t, other)
	w.commit("main.c", "int main() {}\n")
	w.write()
	if _, err := Detect(t.Context(), other); !errors.Is(err, ErrNoMail) || !strings.Contains(err.Error(), "a git repository, but no public-inbox") {
		t.Errorf("a program: %v", err)
	}
}

// TestStrangersRepository: nothing that the folder's owner wrote into its
// configuration and hooks is carried out.
func TestStrangersRepository(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "0.git")
	newEpoch(t, dir).mails(letters(3))
	trap := filepath.Join(t.TempDir(), "sprung")
	evil := wrote(t, filepath.Join(t.TempDir(), "evil"), "#!/bin/sh\ntouch "+trap+"\n")
	if err := os.Chmod(evil, 0o755); err != nil {
		t.Fatal(err)
	}
	config, err := os.OpenFile(filepath.Join(dir, "config"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(config, "[core]\n\tpager=%[1]s\n\tfsmonitor=%[1]s\n\talternateRefsCommand=%[1]s\n[gpg]\n\tprogram=%[1]s\n[log]\n\tshowSignature=true\n[diff]\n\texternal=%[1]s\n[extensions]\n\tnonsense=true\n", evil)
	config.Close()
	s := newShelf()
	imported(t, s, dir)
	if _, err := os.Stat(trap); !errors.Is(err, os.ErrNotExist) || len(s.mails) != 3 {
		t.Errorf("%d mails, %v", len(s.mails), err)
	}
}

func TestDamagedRepository(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "0.git")
	newEpoch(t, dir).mails(letters(3))
	tip := git(t, dir, nil, "rev-parse", "HEAD:m")
	s := newShelf()
	if err := os.Remove(filepath.Join(dir, "objects", tip[:2], tip[2:])); err != nil {
		t.Fatal(err)
	}
	report, err := shelver(t, s).Import(t.Context(), dir, "sig", nil)
	if err == nil || !strings.Contains(err.Error(), tip) || report.Stored != 2 || s.failing[dir] == "" {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestGitIsMissing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "0.git")
	newEpoch(t, dir).mails(letters(3))
	t.Setenv("PATH", t.TempDir())
	if _, err := shelver(t, newShelf()).Import(t.Context(), dir, "sig", nil); !errors.Is(err, ErrNoGit) || !strings.Contains(err.Error(), "install git") {
		t.Errorf("%v", err)
	}
}

// TestPublicInboxItself reads what public-inbox wrote.
func TestPublicInboxItself(t *testing.T) {
	programs := peertest.Need(t, "public-inbox", "public-inbox-init", "public-inbox-mda", "public-inbox-learn")
	home := t.TempDir()
	inbox := filepath.Join(home, "inbox")
	config := filepath.Join(home, "config")
	run := func(in, program string, args ...string) {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Env = append(os.Environ(), "HOME="+home, "PI_CONFIG="+config, "PI_DIR="+home, "ORIGINAL_RECIPIENT=list@example.org")
		cmd.Stdin = strings.NewReader(in)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v: %s", program, args, err, out)
		}
	}
	run("", programs[0], "-V2", "list", inbox, "http://list.example.org/", "list@example.org")
	git(t, home, nil, "config", "-f", config, "publicinboxmda.spamcheck", "none")
	mail := func(i int) string {
		return fmt.Sprintf("From: Ana <ana@example.org>\nTo: list@example.org\nSubject: letter %[1]d\nDate: Mon, 18 Apr 2016 0%[1]d:00:00 +0000\nMessage-ID: <%[1]d@example.org>\n\nletter %[1]d\n", i)
	}
	for i := range 5 {
		run(mail(i), programs[1], "--no-precheck")
	}
	run(mail(2), programs[2], "rm")
	s := newShelf()
	report := imported(t, s, inbox)
	if report.Stored != 4 || report.Expunged != 1 || report.Format != FormatPublicInbox {
		t.Errorf("%+v", report)
	}
	for i, m := range s.mails {
		if n := []int{0, 1, 3, 4}[i]; !strings.HasSuffix(m.raw, fmt.Sprintf("\n\nletter %d\n", n)) || m.received.Hour() != n {
			t.Errorf("mail %d: %+v", i, m)
		}
	}
	costsNothing(t, s, inbox)
}
