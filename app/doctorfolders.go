package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// lookAtFolders looks who else may make files in the folders of some files, or put others
// in their place, whatever the rights of the files themselves are. A folder above, that
// all may write, has these folders themselves replaced.
func (x *examination) lookAtFolders(files map[string][]string) {
	holds := map[string][]string{} // items by folder
	for item, paths := range files {
		for _, path := range paths {
			folders := []string{filepath.Dir(path)}
			if real, err := filepath.EvalSymlinks(path); err == nil {
				folders = append(folders, filepath.Dir(real))
			}
			for _, folder := range folders {
				if folder, err := filepath.Abs(folder); err == nil && !slices.Contains(holds[folder], item) {
					holds[folder] = append(holds[folder], item)
				}
			}
		}
	}
	folders := []string{}
	above := map[string]bool{}
	for folder, items := range holds {
		slices.Sort(items)
		folders = append(folders, folder)
		for up := filepath.Dir(folder); holds[up] == nil && !above[up]; up = filepath.Dir(up) {
			above[up] = true
		}
	}
	slices.Sort(folders)
	for _, folder := range folders {
		x.lookWhoWrites(folder, strings.Join(holds[folder], ", "))
	}
	for folder := range above {
		if info, err := os.Stat(folder); err == nil && info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 && !x.onlyRead(folder) {
			x.add(LevelError, "folder", "chmod o-w "+folder+", and see that what lies in it is still yours",
				"everybody on this machine can put other folders in the place of those in %s, where sigpost's lie", folder)
		}
	}
}

// lookWhoWrites looks who else may write in a folder that holds some files.
func (x *examination) lookWhoWrites(folder, holds string) {
	const item = "folder"
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm()&0o022 == 0 || x.onlyRead(folder) {
		return
	}
	sticky := info.Mode()&fs.ModeSticky != 0 // others' files are not removed or replaced there
	switch everybody := info.Mode().Perm()&0o002 != 0; {
	case everybody && sticky:
		x.add(LevelWarning, item, "move them to a folder that only sigpost's user can write", "everybody on this machine can make files in %s, beside these and where one of them is missing: %s", folder, holds)
	case everybody:
		x.add(LevelError, item, "chmod o-w "+folder+", and see that the files in it are still yours", "everybody on this machine can put others in the place of files in %s: %s", folder, holds)
	case sticky:
		x.add(LevelNote, item, "if that is not meant: chmod g-w "+folder, "the group%s can make files in %s, beside these and where one of them is missing: %s", groupOf(info), folder, holds)
	default:
		x.add(LevelNote, item, "if that is not meant: chmod g-w "+folder, "the group%s can put others in the place of files in %s: %s", groupOf(info), folder, holds)
	}
}

// onlyRead says whether a folder is mounted for reading alone, as Kubernetes does with
// secrets, which anybody may write by their rights.
func (x *examination) onlyRead(folder string) bool {
	return errors.Is(x.machine.writable(folder), syscall.EROFS)
}
