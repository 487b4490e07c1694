package app

import "syscall"

// sharedFS names file systems on which SQLite's write-ahead log does not work, since
// machines do not share memory (linux/magic.h).
func sharedFS(s *syscall.Statfs_t) string {
	return map[uint32]string{0x6969: "NFS", 0x517b: "SMB", 0xff534d42: "CIFS", 0xfe534d42: "SMB2", 0x00c36400: "CephFS", 0x01021997: "9P", 0x5346414f: "AFS"}[uint32(s.Type)]
}
