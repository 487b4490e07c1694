package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"sigpost"
)

const staticFolder = "web/static"

// readStatic joins the style sheets to one, in the order of their names behind
// style.css, and finds the version of all static files.
func (s *site) readStatic() error {
	names, err := fs.Glob(s.files, staticFolder+"/*")
	if err != nil {
		return err
	}
	first := staticFolder + "/style.css"
	slices.SortFunc(names, func(a, b string) int {
		if a == first || b == first {
			return map[bool]int{true: -1, false: 1}[a == first]
		}
		return strings.Compare(a, b)
	})
	sum := sha256.New()
	for _, name := range names {
		data, err := fs.ReadFile(s.files, name)
		if err != nil {
			return err
		}
		sum.Write(data)
		if strings.HasSuffix(name, ".css") {
			s.style = append(append(s.style, data...), '\n')
		}
	}
	s.version = hex.EncodeToString(sum.Sum(nil)[:6])
	return nil
}

// static serves what pages load. What is asked for by its version may be kept
// for good.
func (s *site) static(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("v") == s.version {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("ETag", `W/"`+s.version+`"`)
	name := r.PathValue("file")
	if name == "style.css" {
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(s.style))
		return
	}
	data, err := fs.ReadFile(s.files, staticFolder+"/"+name)
	if err != nil {
		s.Log.DebugContext(r.Context(), "there is no such file", "file", name, "error", err)
		s.fail(w, r, sigpost.ErrNotFound)
		return
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}
