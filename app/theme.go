package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"sigpost"
	"sigpost/config"
	"sigpost/digest"
	"sigpost/templates"
)

// themes are the templates of digests that have some of their own, read once.
type themes struct {
	mu   sync.Mutex
	read map[string]*digest.Templates // by digest
}

func newThemes() *themes { return &themes{read: map[string]*digest.Templates{}} }

// templates are those of a digest: its own, and what it does not have of those
// built in.
func (a *App) templates(d config.Digest) (*digest.Templates, error) {
	if d.Templates == "" {
		return digest.Default(), nil
	}
	a.themes.mu.Lock()
	defer a.themes.mu.Unlock()
	if t := a.themes.read[d.Name]; t != nil {
		return t, nil
	}
	t, err := digest.ParseTemplates(a.theme(d))
	if err == nil {
		err = tryNotice(a.theme(d))
	}
	if err != nil {
		return nil, a.inTheme(d, err)
	}
	a.themes.read[d.Name] = t
	return t, nil
}

// theme is a digest's folder of templates; nil where it has none.
func (a *App) theme(d config.Digest) fs.FS {
	if d.Templates == "" {
		return nil
	}
	return os.DirFS(a.Config.Path(d.Templates))
}

// themeOfSite is the digest whose templates the pages have that are no digest's
// own: the first with a folder of templates.
func (a *App) themeOfSite() config.Digest {
	for _, d := range a.Config.Digests {
		if d.Templates != "" {
			return d
		}
	}
	return config.Digest{}
}

// inTheme makes an error about a template one about a file of a digest's folder.
func (a *App) inTheme(d config.Digest, err error) error {
	var wrong *templates.Error
	if !errors.As(err, &wrong) {
		return err
	}
	here := *wrong
	here.File = filepath.Join(a.Config.Path(d.Templates), filepath.FromSlash(wrong.File))
	return sigpost.Usage(fmt.Errorf("the templates of %s: %w", d.Name, &here))
}
