package peertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What is wrong with a page is found: a check that cannot fail checks nothing.
func TestChromiumFindsFaults(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><html><head><title>x</title><style>@media (prefers-color-scheme: dark) { body { background: #000; color: #222 } }</style></head>
<body><main><h1>One</h1><p>Two words</p><img src="data:," style="display:block;width:400px;height:9px"></main></body></html>`)
	}))
	defer server.Close()
	b := Chromium(t)
	rules := func(v View) string {
		b.Visit(server.URL, v)
		var all []string
		for _, found := range b.Axe() {
			all = append(all, found.Rule)
		}
		return strings.Join(all, " ")
	}
	if got := rules(View{}); got != "html-has-lang image-alt" {
		t.Errorf("light: %s", got)
	}
	if got := rules(View{Dark: true}); got != "color-contrast html-has-lang image-alt" {
		t.Errorf("dark: %s", got)
	}
	if b.Sideways() != "" {
		t.Errorf("640 pixels: %s", b.Sideways())
	}
	b.Visit(server.URL, View{Width: 640, Zoom: 2})
	if !strings.Contains(b.Sideways(), "IMG") {
		t.Errorf("zoomed: %q", b.Sideways())
	}
	b.Visit(server.URL, View{})
	faults := strings.Join(b.Faults(), "\n")
	for _, want := range []string{"in the light: image-alt", "narrow and dark: color-contrast", "wider than a window of 320 pixels by"} {
		if !strings.Contains(faults, want) {
			t.Errorf("%q is not found: %s", want, faults)
		}
	}
	if strings.Count(faults, "image-alt") != 1 {
		t.Errorf("faults that are the same in the dark are told twice: %s", faults)
	}
	if len(b.Screenshot()) < 1000 {
		t.Error("the screenshot is empty")
	}
}
