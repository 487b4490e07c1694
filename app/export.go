package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"sigpost"
	"sigpost/export"
	"sigpost/web"
)

// ExportOptions say how the archive is written as files.
type ExportOptions struct {
	// URL is where the files will be served; "" is web.url.
	URL string
	// Fresh writes everything anew.
	Fresh bool
}

// Export writes the whole archive as files that any web server can serve, into a
// folder. Where the files are served elsewhere than at web.url, what files cannot do
// is asked of the site that is there.
func (a *App) Export(ctx context.Context, dir string, o ExportOptions) (export.Report, error) {
	opt, err := a.webOptions()
	if err != nil {
		return export.Report{}, err
	}
	opt.Copied = true
	if at := strings.TrimRight(o.URL, "/"); at != "" {
		u, err := url.Parse(at)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
			return export.Report{}, sigpost.Usage(fmt.Errorf("--url %s is no URL of a site: write it as https://lists.example.org/archive", o.URL))
		}
		if opt.URL != at {
			opt.Live, opt.URL = opt.URL, at
		}
	}
	stamp, err := a.stampOfProgram()
	if err != nil {
		return export.Report{}, err
	}
	pages, err := web.NewCopy(opt, stamp)
	if err != nil {
		return export.Report{}, a.inTheme(a.themeOfSite(), err)
	}
	a.Store.KeepBlocks(blocksKept) // each mail is asked for twice and more
	r, err := export.Write(ctx, dir, pages, export.Options{URL: opt.URL, Live: opt.Live, Fresh: o.Fresh,
		Progress: func(done, total int) { a.progress("exporting", Threads, done, total) }})
	if err == nil && len(r.Failed) > 0 {
		err = errors.New("pages could not be made, and are as they were: " + strings.Join(r.Failed, "; ") + "; the next export tries again")
	}
	return r, err
}

// stampOfProgram stands for the program and its configuration: with another one,
// pages may be others.
func (a *App) stampOfProgram() (string, error) {
	sum := sha256.New()
	if err := json.NewEncoder(sum).Encode(a.Config); err != nil {
		return "", err
	}
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(program)
	if err != nil {
		return "", err
	}
	defer f.Close()
	_, err = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), err
}
