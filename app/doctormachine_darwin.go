package app

import "syscall"

// sharedFS names file systems on which SQLite's write-ahead log does not work, since
// machines do not share memory.
func sharedFS(s *syscall.Statfs_t) string {
	name := make([]byte, 0, len(s.Fstypename))
	for _, c := range s.Fstypename {
		if c == 0 {
			break
		}
		name = append(name, byte(c))
	}
	switch string(name) {
	case "nfs", "smbfs", "afpfs", "webdav":
		return string(name)
	}
	return ""
}
