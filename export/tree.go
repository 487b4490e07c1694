package export

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// What export keeps for itself, in a folder of the folder that it writes to.
const (
	ownFolder = ".sigpost-export"
	manifest  = ownFolder + "/manifest"
	// journal names what is written while the manifest is that of before.
	journal = ownFolder + "/journal"
	scratch = ownFolder + "/scratch"
	locked  = ownFolder + "/lock"
)

// group are files that are made together: those of a thread, or of no thread.
type group struct {
	Stamp string
	Files []string
	Wants []string // targets that they lead to, of no thread or of others
	Moved []int64  // threads of before that lead to others now
}

// tree is a folder with what was written there. Everything in it is named by
// paths with slashes, and os.Root lets none lead out of it.
type tree struct {
	root *os.Root
	lock *flock.Flock
	// old and now are what files hold, by their paths: as the last run left them,
	// and as this one has made them.
	old, now          map[string]string
	groups, groupsNow map[int64]*group
	journal           *os.File
	written, removed  int
}

// unknown is what a file holds of which only its name is known.
const unknown = "?"

func openTree(dir string, fresh bool) (*tree, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	t := &tree{root: root, old: map[string]string{}, now: map[string]string{}, groups: map[int64]*group{}, groupsNow: map[int64]*group{}}
	if err := t.begin(dir); err != nil {
		t.close()
		return nil, err
	}
	if fresh {
		for file := range t.old {
			t.old[file] = unknown
		}
	}
	return t, nil
}

func (t *tree) begin(dir string) error {
	if _, err := t.root.Lstat(ownFolder); errors.Is(err, fs.ErrNotExist) {
		entries, err := fs.ReadDir(t.root.FS(), ".")
		if err != nil {
			return err
		}
		if len(entries) > 0 {
			return fmt.Errorf("%s holds %s, which no export has written: name a new or empty folder", dir, entries[0].Name())
		}
	}
	if err := t.root.MkdirAll(ownFolder, 0o755); err != nil {
		return err
	}
	t.lock = flock.New(dir + "/" + locked)
	if ok, err := t.lock.TryLock(); err != nil || !ok {
		return errors.Join(fmt.Errorf("another export is writing to %s", dir), err)
	}
	if err := t.root.RemoveAll(scratch); err != nil {
		return err
	}
	if err := t.read(); err != nil {
		return fmt.Errorf("reading what the last export to %s has written: %w; export to an empty folder instead", dir, err)
	}
	var err error
	t.journal, err = t.root.OpenFile(journal, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	return err
}

// line is a group in the manifest.
type line struct {
	Thread int64             `json:"thread,omitempty"`
	Stamp  string            `json:"stamp,omitempty"`
	Files  map[string]string `json:"files"`
	Wants  []string          `json:"wants,omitempty"`
	Moved  []int64           `json:"moved,omitempty"`
}

// read reads the manifest, and after a run that was cut off its journal.
func (t *tree) read() error {
	f, err := t.root.Open(manifest)
	if err == nil {
		defer f.Close()
		same := map[string]string{}
		d := json.NewDecoder(bufio.NewReaderSize(f, 1<<16))
		for {
			var l line
			if err := d.Decode(&l); err == io.EOF {
				break
			} else if err != nil {
				return err
			}
			g := &group{Stamp: l.Stamp, Moved: l.Moved}
			for file, holds := range l.Files {
				t.old[file] = holds
				g.Files = append(g.Files, file)
			}
			for _, target := range l.Wants {
				if known, ok := same[target]; ok {
					target = known
				} else {
					same[target] = target
				}
				g.Wants = append(g.Wants, target)
			}
			t.groups[l.Thread] = g
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	names, err := t.root.ReadFile(journal)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for name := range bytes.Lines(names) {
		if file, whole := strings.CutSuffix(string(name), "\n"); whole && fs.ValidPath(file) {
			t.old[file] = unknown
		}
	}
	return err
}

// close lets go of the folder, whatever has been done.
func (t *tree) close() {
	if t.journal != nil {
		t.journal.Close()
	}
	if t.lock != nil {
		t.lock.Close()
	}
	t.root.Close()
}

// digest says what a file holds.
func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:12]) + "-" + strconv.Itoa(len(data))
}

// there says whether a file is there as it was written, as far as its size tells.
func (t *tree) there(file string) bool {
	_, size, ok := strings.Cut(t.old[file], "-")
	if !ok {
		return false
	}
	info, err := t.root.Lstat(file)
	return err == nil && info.Mode().IsRegular() && strconv.FormatInt(info.Size(), 10) == size
}

// holds says whether all files of a group are there.
func (t *tree) holds(g *group) bool {
	return !slices.ContainsFunc(g.Files, func(file string) bool { return !t.there(file) })
}

// keep leaves a file as it is, where it is there.
func (t *tree) keep(file string) bool {
	if t.now[file] != "" { // this run has written it
		return true
	}
	if !t.there(file) {
		return false
	}
	t.now[file] = t.old[file]
	return true
}

// write writes a file, unless it holds that already. It is there as it was or as
// it will be, and never half.
func (t *tree) write(file string, data []byte) error {
	holds := digest(data)
	t.now[file] = holds
	if t.old[file] == holds && t.there(file) {
		return nil
	}
	if _, err := t.journal.WriteString(file + "\n"); err != nil {
		return err
	}
	t.written++
	if err := t.root.MkdirAll(path.Dir(file), 0o755); err != nil {
		return err
	}
	if err := t.root.WriteFile(scratch, data, 0o644); err != nil {
		return err
	}
	return t.root.Rename(scratch, file)
}

// finish removes what is no longer, and writes the manifest.
func (t *tree) finish() error {
	for file := range t.old {
		if _, kept := t.now[file]; kept {
			continue
		}
		if err := t.root.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		t.removed++
		for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
			if t.root.Remove(dir) != nil { // there is more in it
				break
			}
		}
	}
	if err := t.save(); err != nil {
		return err
	}
	return t.root.Remove(journal)
}

func (t *tree) save() error {
	f, err := t.root.Create(scratch)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<16)
	e := json.NewEncoder(w)
	for id, g := range t.groupsNow {
		l := line{Thread: id, Stamp: g.Stamp, Files: make(map[string]string, len(g.Files)), Wants: g.Wants, Moved: g.Moved}
		for _, file := range g.Files {
			l.Files[file] = t.now[file]
		}
		if err := e.Encode(l); err != nil {
			return err
		}
	}
	if err := errors.Join(w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	return t.root.Rename(scratch, manifest)
}
