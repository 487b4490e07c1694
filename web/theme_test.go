package web

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

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

// A wrong field is noticed in whatever branch of a page it is.
func TestTryGoesEverywhere(t *testing.T) {
	for _, name := range templates.Names() {
		if !strings.HasPrefix(name, "web/") || !strings.HasSuffix(name, ".tmpl") {
			continue
		}
		source, err := templates.Files.ReadFile(name)
		must(t, err)
		for at, rest := 0, string(source); ; {
			i := strings.Index(rest, "{{end}}")
			if i < 0 {
				break
			}
			before := string(source[:at+i])
			if _, err := New(themed(name, before+"{{.NoSuchField}}"+string(source[at+i:]))); err == nil {
				t.Errorf("%s:%d: a wrong field goes unnoticed behind %q", name, 1+strings.Count(before, "\n"), before[max(0, len(before)-60):])
			}
			at, rest = at+i+len("{{end}}"), rest[i+len("{{end}}"):]
		}
	}
}
