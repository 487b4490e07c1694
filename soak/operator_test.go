package soak_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sigpost/soak/check"
)

// build makes the program as people have it, for what its operator types.
func (w *world) build() {
	w.t.Helper()
	w.program = filepath.Join(w.t.TempDir(), "sigpost")
	if out, err := exec.Command("go", "build", "-o", w.program, "sigpost/cmd/sigpost").CombinedOutput(); err != nil {
		w.t.Fatalf("the program cannot be built: %v\n%s", err, out)
	}
}

// types runs a command of the program, at what the year's clock says.
func (w *world) types(args ...string) (code int, said string) {
	w.t.Helper()
	cmd := exec.Command(w.program, append([]string{"--config", filepath.Join(w.dir, "config.toml"), "--now", w.now.UTC().Format(time.RFC3339Nano)}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if cmd.ProcessState == nil {
		w.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// patiently runs a command, again where another process works on the archive.
func (w *world) patiently(args ...string) (code int, said string) {
	w.t.Helper()
	for range 50 {
		if code, said = w.types(args...); code != 3 || w.server == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return code, said
}

// typed is a command that has to succeed.
func (w *world) typed(args ...string) string {
	w.t.Helper()
	code, said := w.patiently(args...)
	if code != 0 {
		w.t.Fatalf("%s: sigpost %s ends with %d:\n%s", w.now.Format(time.RFC3339), strings.Join(args, " "), code, said)
	}
	return said
}

// refused is a command that must not be obeyed, for a reason.
func (w *world) refused(why string, args ...string) {
	w.t.Helper()
	if code, said := w.types(args...); code == 0 || !strings.Contains(said, why) {
		w.t.Errorf("%s: sigpost %s ends with %d, and does not say %q:\n%s", w.now.Format(time.RFC3339), strings.Join(args, " "), code, why, said)
	}
}

// backup saves the archive while it is used, and each third time looks whether all of it
// can be read again.
func (w *world) backup() {
	w.t.Helper()
	w.typed("backup", "--quiet", w.saving())
	if w.backups++; w.backups%3 == 1 {
		w.typed("backup", "--verify", w.saving())
	}
	w.saved = w.now
	w.keepSpared()
}

func (w *world) saving() string { return filepath.Join(w.dir, "backup.zst") }

// keepSpared notes what the ledger knows, which a restored one will not.
func (w *world) keepSpared() {
	w.t.Helper()
	for _, s := range w.must(command{Op: "spared"}).Spared {
		w.spared[s] = true
	}
}

// restore puts the archive back: in the place of the one that is there, and each third
// time where that is lost.
func (w *world) restore() {
	w.t.Helper()
	if w.saved.IsZero() {
		return
	}
	w.keepSpared()
	if len(w.restores) == 0 {
		w.refused("stop \"sigpost serve\"", "restore", "--force", w.saving())
		w.refused("--force puts the backup in its place", "restore", w.saving())
	}
	serving := w.server != nil
	w.serve(false)
	w.must(command{Op: "close"})
	w.putBack(len(w.restores)%3 == 2)
	w.openArchive()
	w.serve(serving)
	w.restores = append(w.restores, check.Span{From: w.saved, To: w.now})
	w.done["restores"]++
	w.forgotten()
	// An operator who forgot to say it is told so by the next run.
	if len(w.restores)%2 == 1 {
		w.sayRestored()
		w.run()
		return
	}
	before := w.done[unsaid]
	w.run()
	if w.done[unsaid] == before && !w.t.Failed() {
		w.t.Errorf("%s: nobody said that the archive was put back, and the run goes on as ever", w.now.Format(time.RFC3339))
	}
}

// unsaid counts runs that refuse to send.
const unsaid = "sending refused by a restored archive"

// putBack is what an operator types; gone says that the archive which it replaces is lost.
func (w *world) putBack(gone bool) {
	w.t.Helper()
	file := filepath.Join(w.dir, "db", "sigpost.db")
	if gone {
		for _, more := range []string{"", "-wal", "-shm"} {
			os.Remove(file + more)
		}
		w.done["restores where the archive was lost"]++
		w.typed("restore", w.saving())
		return
	}
	w.typed("restore", "--force", w.saving())
	kept, _ := filepath.Glob(file + ".before-*")
	if len(kept) != 1 {
		w.t.Errorf("beside the restored archive lie %d that were there before it, want 1", len(kept))
	}
	for _, name := range kept {
		os.Remove(name)
	}
}

// sayRestored is what an operator says of an archive that was put back, and decides
// then, as docs/sending.md has it.
func (w *world) sayRestored() {
	w.t.Helper()
	w.done["restores that were said"]++
	args := []string{"--i-have-restored"}
	for _, digest := range w.digests {
		// Letters that were lost, and a server that is down, are an error of the command.
		code, said := w.patiently(append([]string{"digest", "send", "--digest", digest.Name}, args...)...)
		if args = nil; code > 1 || strings.Contains(said, "does not know of all that was sent") {
			w.t.Errorf("%s: what was said of the restored archive is not taken (%d): %s", w.now.Format(time.RFC3339), code, said)
		}
	}
	w.decide(w.must(command{Op: "doubted"}).Doubted)
}

// decide is what an operator does about issues that may have been sent before the
// archive was put back: what readers have is given up, and what nobody has is sent.
func (w *world) decide(doubted []issueAt) {
	w.t.Helper()
	if len(doubted) > 0 {
		w.arrive()
	}
	for _, d := range doubted {
		what := "resume"
		if slices.ContainsFunc(w.letters, func(l check.Letter) bool {
			digest, span, ok := check.IssueOf(l, w.zones)
			return ok && digest == d.Digest && span.From.Before(d.To) && d.From.Before(span.To)
		}) {
			what = "cancel"
			w.given = append(w.given, check.Spared{Digest: d.Digest, From: d.From, To: d.To, Why: "given up after a restore"})
		}
		w.done["restored: "+what]++
		w.typed("digest", what, "--digest", d.Digest, fmt.Sprint(d.Number))
	}
}
