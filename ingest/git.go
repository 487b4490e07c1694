package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// repository is a bare git repository that somebody else made. git runs in an
// empty one of ours that borrows its objects: no hook, configuration,
// replacement or remote of the stranger's is ever read.
type repository struct {
	path string
	own  string // GIT_DIR
	tip  string // the commit that HEAD names; empty where there is none
}

// openRepository prepares a repository for reading.
func openRepository(path string) (*repository, error) {
	if _, err := exec.LookPath("git"); err != nil {
		return nil, fmt.Errorf("%w: %s is kept by git: install git and try again", ErrNoGit, path)
	}
	tip, err := headCommit(path)
	if err != nil {
		return nil, err
	}
	own, err := os.MkdirTemp("", "sigpost-git-")
	if err != nil {
		return nil, fmt.Errorf("cannot prepare to read %s: %w", path, err)
	}
	r := &repository{path: path, own: own, tip: tip}
	config := "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
	if len(tip) == 64 {
		config = "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"
	}
	err = errors.Join(
		os.Mkdir(filepath.Join(own, "refs"), 0o700),
		os.WriteFile(filepath.Join(own, "HEAD"), []byte("ref: refs/heads/none\n"), 0o600),
		os.WriteFile(filepath.Join(own, "config"), []byte(config), 0o600),
	)
	if shallow, readErr := os.ReadFile(filepath.Join(path, "shallow")); readErr == nil { // a clone without its oldest part
		err = errors.Join(err, os.WriteFile(filepath.Join(own, "shallow"), shallow, 0o600))
	}
	if err != nil {
		r.close()
		return nil, fmt.Errorf("cannot prepare to read %s: %w", path, err)
	}
	return r, nil
}

func (r *repository) close() { os.RemoveAll(r.own) }

// headCommit reads the commit that a repository's HEAD names
// (gitrepository-layout(5)), or "" where there is none yet.
func headCommit(path string) (string, error) {
	name := "HEAD"
	for range 5 {
		b, err := os.ReadFile(filepath.Join(path, filepath.FromSlash(name)))
		text := strings.TrimSpace(string(b))
		switch {
		case errors.Is(err, os.ErrNotExist) && name != "HEAD":
			return packedRef(path, name)
		case err != nil:
			return "", fmt.Errorf("cannot read the repository: %w", err)
		case isCommit(text):
			return text, nil
		}
		target, ok := strings.CutPrefix(text, "ref: ")
		if !ok || !strings.HasPrefix(target, "refs/") || !filepath.IsLocal(filepath.FromSlash(target)) || target == "refs/heads/.invalid" {
			break
		}
		name = target
	}
	return "", fmt.Errorf("cannot read the repository %s: its HEAD is not understood (a reftable?): clone it with today's git", path)
}

// packedRef looks a reference up in packed-refs.
func packedRef(path, name string) (string, error) {
	b, err := os.ReadFile(filepath.Join(path, "packed-refs"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("cannot read the repository: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		commit, ref, _ := strings.Cut(strings.TrimSpace(line), " ")
		if ref == name && isCommit(commit) {
			return commit, nil
		}
	}
	return "", nil
}

// isCommit says whether s is an object's name, in SHA-1 or SHA-256.
func isCommit(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// command is git, in an environment that has nothing of the user's or the
// machine's. It is killed when ctx ends.
func (r *repository) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = r.own
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + r.own, "LC_ALL=C",
		"GIT_DIR=" + r.own, "GIT_OBJECT_DIRECTORY=" + filepath.Join(r.path, "objects"),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1",
		"GIT_NO_REPLACE_OBJECTS=1", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none",
		"GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0",
	}
	return cmd
}

// output runs git to its end.
func (r *repository) output(ctx context.Context, args ...string) (string, error) {
	out, err := r.command(ctx, args...).Output()
	if err != nil {
		return "", r.explain(ctx, err, nil)
	}
	return string(out), nil
}

// explain says why git failed, in its last words.
func (r *repository) explain(ctx context.Context, err error, stderr []byte) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		stderr = append(stderr, exit.Stderr...)
	}
	if words := printable(strings.TrimSpace(string(stderr))); words != "" {
		return fmt.Errorf("git cannot read %s: %w: it says %q", r.path, err, words[:min(len(words), 500)])
	}
	return fmt.Errorf("git cannot read %s: %w", r.path, err)
}

// each runs git and gives the lines of what it says. do's error ends it.
func (r *repository) each(ctx context.Context, do func(line string) error, args ...string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := r.command(ctx, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return r.explain(ctx, err, nil)
	}
	if err := cmd.Start(); err != nil {
		return r.explain(ctx, err, nil)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if err := do(lines.Text()); err != nil {
			cancel()
			_ = cmd.Wait() // it was killed
			return err
		}
	}
	scanErr := lines.Err()
	if scanErr != nil {
		cancel()
	}
	if err := cmd.Wait(); err != nil && scanErr == nil {
		return r.explain(ctx, err, stderr.Bytes())
	}
	return scanErr
}

// objects is one "git cat-file --batch", which gives the objects that it is
// asked for in order.
type objects struct {
	repo   *repository
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

func (r *repository) objects(ctx context.Context) (*objects, error) {
	o := &objects{repo: r, cmd: r.command(ctx, "cat-file", "--batch")}
	o.cmd.Stderr = &o.stderr
	in, err := o.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := o.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	o.in, o.out = in, bufio.NewReaderSize(out, windowBytes)
	return o, o.cmd.Start()
}

// ask asks for an object. It blocks while too many were asked for.
func (o *objects) ask(name string) error {
	_, err := io.WriteString(o.in, name+"\n")
	return err
}

// next gives the next object that was asked for, and its size; of a larger
// one than limit only the beginning.
func (o *objects) next(ctx context.Context, limit int64) (raw []byte, size int64, err error) {
	line, err := o.out.ReadString('\n')
	if err != nil {
		o.close() // it has ended, and its last words are heard then
		return nil, 0, o.repo.explain(ctx, err, o.stderr.Bytes())
	}
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return nil, 0, fmt.Errorf("git cannot read %s: it says %q: fetch the repository again", o.repo.path, printable(strings.TrimSpace(line)))
	}
	if size, err = strconv.ParseInt(fields[2], 10, 64); err != nil {
		return nil, 0, fmt.Errorf("git cannot read %s: it says %q", o.repo.path, printable(line))
	}
	raw = make([]byte, min(size, limit))
	if _, err = io.ReadFull(o.out, raw); err == nil {
		_, err = io.CopyN(io.Discard, o.out, size-int64(len(raw))+1) // and a line end
	}
	if err != nil {
		return nil, 0, o.repo.explain(ctx, err, nil)
	}
	return raw, size, nil
}

func (o *objects) close() {
	o.in.Close()
	_ = o.cmd.Wait() // its output was read, or its context has ended
}
