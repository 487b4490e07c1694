package ingest

import (
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// inboxMark is the cursor in a public-inbox.
type inboxMark struct {
	Format Format `json:"format"`
	// Epochs are the last commits that were read, by the names of the
	// repositories.
	Epochs map[string]string `json:"epochs"`
}

// epochs lists the repositories of a public-inbox v2 (public-inbox-v2-format(5)):
// 0.git, 1.git and so on, in order.
func epochs(dir string) []string {
	all, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var numbers []int
	for _, d := range all {
		name, ok := strings.CutSuffix(d.Name(), ".git")
		if n, err := strconv.Atoi(name); ok && d.IsDir() && err == nil && n >= 0 && strconv.Itoa(n) == name {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	var paths []string
	for _, n := range numbers {
		paths = append(paths, filepath.Join(dir, strconv.Itoa(n)+".git"))
	}
	return paths
}

// publicInbox takes up a folder of epochs, or a repository by itself.
func (f *File) publicInbox(ctx context.Context, dir string, all []fs.DirEntry) error {
	p := part{path: dir, format: FormatPublicInbox, epochs: epochs(filepath.Join(dir, "git"))}
	if len(p.epochs) == 0 || slices.ContainsFunc(all, func(d fs.DirEntry) bool { return d.Name() == "HEAD" }) {
		p.epochs = []string{dir}
		is, err := isInbox(ctx, dir)
		if err != nil {
			return err
		}
		if !is {
			f.Skipped.add(dir, "a git repository, but no public-inbox")
			return nil
		}
	}
	for _, epoch := range p.epochs {
		p.size += folderSize(filepath.Join(epoch, "objects"))
	}
	f.parts = append(f.parts, p)
	return nil
}

// isInbox says whether a repository's newest tree is that of a public-inbox.
func isInbox(ctx context.Context, dir string) (bool, error) {
	r, err := openRepository(dir)
	if err != nil {
		return false, err
	}
	defer r.close()
	if r.tip == "" {
		return false, nil
	}
	names, err := r.output(ctx, "ls-tree", "--name-only", r.tip)
	if err != nil {
		return false, err
	}
	for name := range strings.Lines(names) {
		name = strings.TrimSpace(name)
		if name == "m" || name == "d" || len(name) == 2 && strings.Trim(name, "0123456789abcdef") == "" {
			return true, nil
		}
	}
	return false, nil
}

// folderSize sums up the files in a folder.
func folderSize(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // what cannot be seen is not counted
		}
		if info, err := d.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	return size
}

// inboxRun reads a public-inbox.
type inboxRun struct {
	*fileRun
	out    *batcher
	state  inboxMark
	epochs []*epoch
	// deleted counts, by the names of blobs, how often a mail is taken out
	// again in what is still to be read.
	deleted map[string]int
	before  int // commits of the epochs that were read
	total   int // commits of all
}

// epoch is a repository of the inbox with the commits that were not read yet.
type epoch struct {
	repo  *repository
	name  string
	since []string // arguments of git that leave out what was read
	count int
	// only are arguments of git that leave out what deletes nothing.
	only []string
}

// readPublicInbox emits what a public-inbox has got since the mark, in the
// order of its commits. A mail that was deleted later on is left out, and
// counts as expunged.
func (r *fileRun) readPublicInbox(ctx context.Context, emit emitter) error {
	run := &inboxRun{fileRun: r, out: r.batcher(emit), deleted: map[string]int{}}
	if json.Unmarshal([]byte(r.mark), &run.state) != nil || run.state.Format != FormatPublicInbox {
		run.state = inboxMark{Format: FormatPublicInbox}
	}
	run.state.Epochs = maps.Clone(run.state.Epochs)
	if run.state.Epochs == nil {
		run.state.Epochs = map[string]string{}
	}
	defer func() {
		for _, n := range run.epochs {
			n.repo.close()
		}
	}()
	for _, path := range r.part.epochs {
		if err := run.look(ctx, path); err != nil {
			return err
		}
	}
	for _, n := range run.epochs {
		if err := run.deletions(ctx, n); err != nil {
			return err
		}
		run.total += n.count
	}
	for _, n := range run.epochs {
		if err := run.epoch(ctx, n); err != nil {
			return run.out.end(ctx, r.mark, err)
		}
		run.before += n.count
	}
	return nil
}

// look finds out what is new in an epoch.
func (r *inboxRun) look(ctx context.Context, path string) error {
	name := filepath.Base(path)
	last := r.state.Epochs[name]
	if tip, err := headCommit(path); err == nil && (tip == last || tip == "") {
		return nil
	}
	repo, err := openRepository(path)
	if err != nil {
		return err
	}
	n := &epoch{repo: repo, name: name}
	r.epochs = append(r.epochs, n)
	if last != "" {
		// History is written anew when a mail is edited or purged.
		if _, err := repo.output(ctx, "merge-base", "--is-ancestor", last, repo.tip); err == nil {
			n.since = []string{"^" + last}
		} else if ctx.Err() != nil {
			return ctx.Err()
		} else {
			r.report.Resynced = true
		}
	}
	count, err := repo.output(ctx, append([]string{"rev-list", "--count", "--first-parent", repo.tip}, n.since...)...)
	if err != nil {
		return err
	}
	if n.count, err = strconv.Atoi(strings.TrimSpace(count)); err != nil {
		return err
	}
	n.only = []string{"--", "d"}
	names, err := repo.output(ctx, "ls-tree", "--name-only", repo.tip)
	if !strings.HasPrefix(names, "m\n") && !strings.HasPrefix(names, "d\n") {
		n.only = []string{"--diff-filter=D"} // v1
	}
	return err
}

// change is what a commit does to a mail.
type change struct {
	commit  string
	number  int // of the commit in its epoch, from 1
	at      time.Time
	blob    string
	deleted bool
	// withdrawn says that the mail is deleted later on.
	withdrawn bool
}

// changes walks the new commits of an epoch, oldest first. Each is also told
// by itself, before its changes, with no blob.
func (n *epoch) changes(ctx context.Context, do func(change) error, more ...string) error {
	args := append([]string{
		"log", "--reverse", "--first-parent", "-m", "--root", "--raw", "--no-abbrev", "--format=c %H %ct",
		"--no-renames", n.repo.tip,
	}, n.since...)
	var c change
	return n.repo.each(ctx, func(line string) error {
		if rest, ok := strings.CutPrefix(line, "c "); ok {
			commit, at, _ := strings.Cut(rest, " ")
			seconds, _ := strconv.ParseInt(at, 10, 64)
			c = change{commit: commit, number: c.number + 1}
			if date := time.Unix(seconds, 0).UTC(); date.After(firstMail) {
				c.at = date
			}
			return do(c)
		}
		if blob, deleted := readChange(line); blob != "" {
			c := c
			c.blob, c.deleted = blob, deleted
			return do(c)
		}
		return nil
	}, append(args, more...)...)
}

// readChange reads a line of "git log --raw". In v2 the file m is the mail that
// came and d one that is gone; in v1 a file of a name such as
// 0a/38 digits is a mail.
func readChange(line string) (blob string, deleted bool) {
	fields, path, ok := strings.Cut(line, "\t")
	f := strings.Fields(fields)
	if !ok || len(f) != 5 || !strings.HasPrefix(line, ":") {
		return "", false
	}
	old, now, gone := f[2], f[3], f[4] == "D"
	v1 := len(path) >= 41 && path[2] == '/' && isCommit(path[:2]+path[3:])
	switch {
	case path == "m" && !gone:
		return now, false
	case path == "d" && !gone:
		return now, true
	case v1 && gone:
		return old, true
	case v1:
		return now, false
	}
	return "", false
}

// deletions notes which of the new mails are gone again.
func (r *inboxRun) deletions(ctx context.Context, n *epoch) error {
	return n.changes(ctx, func(c change) error {
		if c.deleted {
			r.deleted[c.blob]++
		}
		return nil
	}, n.only...)
}

// epoch emits the new mails of one repository. git looks up the objects while
// the ones before are being parsed.
func (r *inboxRun) epoch(ctx context.Context, n *epoch) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	store, err := n.repo.objects(ctx)
	if err != nil {
		return n.repo.explain(ctx, err, nil)
	}
	asked := make(chan change, 256)
	walked := make(chan error, 1)
	go func() {
		defer close(asked)
		walked <- n.changes(ctx, func(c change) error {
			if c.deleted {
				r.deleted[c.blob]--
			}
			if c.blob == "" || c.deleted {
				return nil
			}
			c.withdrawn = r.deleted[c.blob] > 0
			select {
			case asked <- c:
			case <-ctx.Done():
				return ctx.Err()
			}
			if c.withdrawn {
				return nil
			}
			return store.ask(c.blob)
		})
	}()
	defer func() {
		cancel()
		for range asked { // the walk ends as soon as nothing holds it up
		}
		store.close()
	}()
	for c := range asked {
		if err := r.take(ctx, n, store, c); err != nil {
			return err
		}
	}
	if err := <-walked; err != nil {
		return err
	}
	return r.flush(ctx, n.name, n.repo.tip, n.count)
}

// take emits one mail.
func (r *inboxRun) take(ctx context.Context, n *epoch, store *objects, c change) error {
	if c.withdrawn {
		r.out.b.expunged++
	} else {
		raw, size, err := store.next(ctx, r.in.maxBytes()+1)
		if err != nil {
			return err
		}
		m := mail{raw: raw, date: c.at, where: "/" + n.name + " " + c.blob}
		if limit := r.in.maxBytes(); size > limit {
			m.raw = beginning(raw, limit)
			m.defect = tooLarge(limit, len(m.raw), strconv.FormatInt(size, 10))
		}
		r.out.add(m)
	}
	if r.out.full() {
		return r.flush(ctx, n.name, c.commit, c.number)
	}
	return nil
}

// flush hands on what has gathered, and the mark behind commit.
func (r *inboxRun) flush(ctx context.Context, epoch, commit string, number int) error {
	r.state.Epochs[epoch] = commit
	r.fileRun.mark = toMark(r.state)
	position := r.part.size
	if r.total > 0 {
		position = int64(float64(r.part.size) * float64(r.before+number) / float64(r.total))
	}
	return r.out.flush(ctx, r.fileRun.mark, position)
}
