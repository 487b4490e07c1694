package export

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"slices"
	"strings"
)

// names give each place the path of its file. A path has no two meanings, even
// where a file system does not tell A from a.
type names struct {
	owner map[string]string // path by the path in small letters
}

func newNames() *names { return &names{map[string]string{}} }

// claim says that a path is taken.
func (n *names) claim(file string) bool {
	small := strings.ToLower(file)
	if owner, taken := n.owner[small]; taken {
		return owner == file
	}
	n.owner[small] = file
	return true
}

// indexFile is what web servers give out for a folder.
const indexFile = "index.html"

// file is the path of a place's file.
func (n *names) file(p Place) string {
	file := joined(p, true)
	if !n.claim(file) {
		file = joined(p, false)
		n.claim(file)
	}
	return file
}

// joined is the path of a place's file. Where names do not stay as they are, even
// where they could, no other place has it.
func joined(p Place, stay bool) string {
	parts := make([]string, 0, len(p.Folder)+1)
	for i, name := range p.Folder {
		key, value, ok := strings.Cut(name, "=")
		switch {
		case ok && legal(key) && legal(value): // a part of a query
		case !legal(name), slices.Contains(fileNames, name), !stay && i > 0:
			name = hashed(name)
		}
		parts = append(parts, name)
	}
	file := p.File
	switch {
	case file == "":
		file = indexFile
	case !legal(file), !stay && !slices.Contains(fileNames, file):
		file = hashed(file) + path.Ext(file)
	}
	return path.Join(append(parts, file)...)
}

// fileNames are no names of folders: beside them there are files of that name.
var fileNames = []string{indexFile, "feed.xml", "raw.txt", "thread.mbox", "events.ics", "robots.txt"}

// nameLength is how long a name may be, in bytes. File systems take 255.
const nameLength = 120

// legal says whether a name can be that of a file on any file system, and is the
// same in a URL. What has a ~ may be a hash.
func legal(name string) bool {
	if name == "" || len(name) > nameLength || name[0] == '.' || name[0] == '-' || name[len(name)-1] == '.' {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.@+$,", c) >= 0:
		default:
			return false
		}
	}
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	return !slices.Contains(devices, stem)
}

// devices are no files on Windows, whatever comes behind a dot.
var devices = []string{"con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9"}

// hashed is a name that stands for one that no file can have.
func hashed(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(name) {
		if b.Len() == 40 {
			break
		}
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteRune(c)
		} else {
			b.WriteByte('_')
		}
	}
	sum := sha256.Sum256([]byte(name))
	return b.String() + "~" + hex.EncodeToString(sum[:12])
}

// escaped is a path as it is in a URL.
func escaped(file string) string {
	parts := strings.Split(file, "/")
	for i, name := range parts {
		name = url.PathEscape(name)
		parts[i] = strings.NewReplacer("+", "%2B", "$", "%24", ":", "%3A", "&", "%26").Replace(name)
	}
	return strings.Join(parts, "/")
}

// folder is a file's URL path from the root: a page's is that of its folder.
func folder(file string) string {
	return escaped(strings.TrimSuffix(strings.TrimPrefix("/"+file, "/"), indexFile))
}

// relative is the way from a file to another one.
func relative(from, to string) string {
	here := strings.Split(path.Dir(from), "/")
	if here[0] == "." {
		here = nil
	}
	there := strings.Split(to, "/")
	same := 0
	for same < len(here) && same < len(there)-1 && here[same] == there[same] {
		same++
	}
	way := strings.Repeat("../", len(here)-same) + folder(strings.Join(there[same:], "/"))
	if way == "" || strings.HasPrefix(way, "#") {
		way = "./" + way
	}
	return way
}
