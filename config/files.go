package config

import (
	"strings"

	"sigpost/internal/tomlfile"
)

// NamedFile is a file that a key of the configuration names.
type NamedFile struct {
	Key  string // such as "account[0].password_file"
	Path string // that can be opened
}

// openFiles are keys of files that are no secret.
var openFiles = map[string]bool{"ca_file": true, "generation_file": true}

// SecretFiles are the files that hold what nobody else may read: of every key that
// ends in _file or _files, but for those of which it is known that they may.
func (c *Config) SecretFiles() (all []NamedFile) {
	entries, _ := tomlfile.Flatten(c) // the tests have tried all kinds of values
	for _, e := range entries {
		if e.Key == "" || openFiles[e.Key] || !strings.HasSuffix(e.Key, "_file") && !strings.HasSuffix(e.Key, "_files") {
			continue
		}
		switch v := e.Value.Interface().(type) {
		case string:
			if v != "" {
				all = append(all, NamedFile{e.Path, c.Path(v)})
			}
		case []string:
			for _, file := range v {
				all = append(all, NamedFile{e.Path, c.Path(file)})
			}
		}
	}
	return all
}
