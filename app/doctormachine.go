//go:build linux || darwin

package app

import (
	"io/fs"
	"syscall"
)

// diskRoom is how much room there is where a path lies.
type diskRoom struct {
	Free, Size       uint64 // bytes, as far as this user may use them
	FreeFiles, Files uint64 // how many files there can be; Files is 0 where there is no limit
	// Shared names a file system that several machines can have at the same time.
	Shared string
}

func roomAt(path string) (diskRoom, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return diskRoom{}, err
	}
	size := uint64(s.Bsize)
	return diskRoom{Free: uint64(s.Bavail) * size, Size: uint64(s.Blocks) * size, FreeFiles: uint64(s.Ffree), Files: uint64(s.Files), Shared: sharedFS(&s)}, nil
}

// writable says why this user cannot write at a path (access(2) with W_OK).
func writable(path string) error {
	const mayWrite = 2
	return syscall.Access(path, mayWrite)
}

func ownerOf(info fs.FileInfo) (user, group uint32, ok bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return s.Uid, s.Gid, true
}
