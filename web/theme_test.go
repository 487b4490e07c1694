package web

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"text/template"

	"sigpost/templates"
)

func themed(name, text string) Options {
	return Options{Title: "Test", Digests: map[string]string{"weekly": "The Weekly"}, Log: slog.New(slog.DiscardHandler), Theme: fstest.MapFS{name: {Data: []byte(text)}}}
}

func TestTheme(t *testing.T) {
	handler, err := New(themed("web/static/style.css", "body { color: teal }"))
	must(t, err)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/static/style.css", nil))
	if !strings.HasPrefix(w.Body.String(), "body { color: teal }\n") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("style: %s %q", w.Header().Get("Content-Type"), w.Body)
	}
	for name, c := range map[string]struct{ file, text, want string }{
		"field":  {"web/thread.html.tmpl", "{{define \"thread\"}}\n{{range .Messages}}\n{{.Text2}}{{end}}{{end}}", "web/thread.html.tmpl:3: there is no field Text2 here (in .Text2)"},
		"syntax": {"web/home.html.tmpl", "{{define \"home\"}}\n{{range}}", "web/home.html.tmpl:2: missing value for range"},
		"name":   {"web/house.html.tmpl", "x", "web/house.html.tmpl: no template has this name"},
	} {
		_, err := New(themed(c.file, c.text))
		if known := (*templates.Error)(nil); !errors.As(err, &known) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// A wrong field is noticed in whatever branch of a page it is. Each end of a branch
// tells the value that the template has there, of which a template with a wrong field
// must make an error; one wrong field for each file is put there in earnest.
func TestTryGoesEverywhere(t *testing.T) {
	const end = "{{end}}"
	wrong := template.Must(template.New("").Parse("{{.NoSuchField}}"))
	var places []string // what stands before each end
	var noticed []bool
	files := fstest.MapFS{}
	for _, name := range templates.Names() {
		if !strings.HasPrefix(name, "web/") || !strings.HasSuffix(name, ".tmpl") {
			continue
		}
		source, err := templates.Files.ReadFile(name)
		must(t, err)
		pieces := strings.Split(string(source), end)
		if len(pieces) > 1 {
			if _, err := New(themed(name, pieces[0]+"{{.NoSuchField}}"+end+strings.Join(pieces[1:], end))); err == nil {
				t.Errorf("%s: a wrong field goes unnoticed", name)
			}
		}
		var text strings.Builder
		line := 1
		for i, piece := range pieces {
			text.WriteString(piece)
			if i == len(pieces)-1 {
				break
			}
			line += strings.Count(piece, "\n")
			fmt.Fprintf(&text, "{{at %d .}}%s", len(places), end)
			places = append(places, fmt.Sprintf("%s:%d behind %q", name, line, piece[max(0, len(piece)-60):]))
		}
		files[name] = &fstest.MapFile{Data: []byte(text.String())}
	}
	noticed = make([]bool, len(places))
	s, err := newSite(themed("web/static/style.css", ""))
	must(t, err)
	funcs := pageFuncs()
	funcs["at"] = func(place int, dot any) string {
		noticed[place] = noticed[place] || wrong.Execute(io.Discard, dot) != nil
		return ""
	}
	s.pages, err = parsePages(files, funcs)
	must(t, err)
	must(t, s.try())
	if len(places) < 300 {
		t.Errorf("there are only %d places", len(places))
	}
	for i, place := range places {
		if !noticed[i] {
			t.Errorf("%s: a wrong field goes unnoticed", place)
		}
	}
}
