// Package templates holds the files that people see, embedded in the program.
package templates

import "embed"

// Files are the templates by the names by which a folder of a digest's own can
// override them: the letter in mail/, the other outputs of an issue in issue/,
// mails about a subscription in notice/, the pages in web/ with what they load in
// web/static/.
//
//go:embed mail issue notice web
var Files embed.FS
