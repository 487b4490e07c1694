// Package templates holds the files that people see, embedded in the program.
package templates

import (
	"embed"
	"io/fs"
)

// Mail holds an issue as a letter: mail/issue.html.tmpl (html/template) and
// mail/issue.txt.tmpl (text/template).
//
//go:embed mail
var Mail embed.FS

// Web holds the pages: web/*.html.tmpl (html/template).
//
//go:embed web
var Web embed.FS

// Static are the files that pages load, by their names behind "/static/".
func Static() fs.FS {
	static, err := fs.Sub(Web, "web/static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return static
}
