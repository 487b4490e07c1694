package main

import (
	"fmt"
	"io"

	"sigpost/app"
)

type exportCommand struct {
	Site exportSiteCommand `cmd:"" help:"Write all pages, mail and feeds as files; the next time, what has changed."`
}

type exportSiteCommand struct {
	Dir   string `arg:"" type:"path" help:"The folder to write to: a new or empty one, or that of the last export."`
	URL   string `placeholder:"URL" help:"Where the files will be served (default: web.url). Where that is elsewhere, search and subscribing lead to web.url."`
	Fresh bool   `help:"Write everything anew, whatever the last export has written."`
}

// Run writes the archive as files.
func (c exportSiteCommand) Run(s *session) error {
	a, err := s.openWith(app.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer a.Close()
	r, err := a.Export(s.ctx, c.Dir, app.ExportOptions{URL: c.URL, Fresh: c.Fresh})
	if r.Files == 0 {
		return err
	}
	told := s.tell(r, func(w io.Writer) {
		fmt.Fprintf(w, "%s of %s in %s: %d written, %d as they were, %d removed.\n", plural(r.Files, "file"), plural(r.Threads, "thread"), c.Dir,
			r.Written, r.Files-r.Written, r.Removed)
	})
	if err != nil {
		return err
	}
	return told
}
