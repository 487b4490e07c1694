package inline

import (
	"strings"
	"testing"
)

func TestTemplate(t *testing.T) {
	const source = `<!doctype html>
<html><head>
<style data-inline>
p { margin: 0; color: #222; font: 16px/1.5 Georgia, 'Times New Roman', serif; }
.soft { color: #555; }
td.when { width: 104px; }
</style>
<style>
@media (max-width: 480px) { .soft { color: red; } }
</style>
</head>
<body>{{/* é */}}
<table>{{range .Rows}}<tr>{{if .A}}<td class="when">{{else}}<td class="when next">{{end}}<p class="soft" title="{{.B}}">{{.C}}</p></td></tr>{{end}}</table>
{{if gt .N 3}}<p>{{"</p>"}}</p>{{end}}
</body></html>
{{define "part"}}<p class="soft">{{.}}</p>{{end}}`
	got, err := Template(source)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(
		`<td class="when">`, `<td class="when" style="width:104px">`,
		`<td class="when next">`, `<td class="when next" style="width:104px">`,
		`<p class="soft" title="{{.B}}">`, `<p class="soft" title="{{.B}}" style="color:#555;font:16px/1.5 Georgia,'Times New Roman',serif;margin:0">`,
		`<p class="soft">`, `<p class="soft" style="color:#555;font:16px/1.5 Georgia,'Times New Roman',serif;margin:0">`,
		`<p>`, `<p style="color:#222;font:16px/1.5 Georgia,'Times New Roman',serif;margin:0">`,
		source[strings.Index(source, "<style data"):strings.Index(source, "\n<style>")], "{{- /*\n\n\n\n*/ -}}",
	).Replace(source)
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if strings.Count(got, "\n") != strings.Count(source, "\n") {
		t.Error("the lines have moved")
	}
}

func TestTemplateUnchanged(t *testing.T) {
	const source = `<p class="x">{{.}}</p><style>p { color: red }</style>`
	if got, err := Template(source); got != source || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTemplateErrors(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"two", "<style data-inline>p{}</style>\n<style data-inline>p{}</style>", "line 2: there is a second"},
		{"open", "<p>\n<style data-inline>p{}", "line 2: the <style> has no end"},
		{"misplaced", "<style data-inline>.a{color:red}</style>\n<tr><td class=a>x", "line 2: <td> stands where"},
		{"both", "<style data-inline>.a{color:red}</style>\n<p class=a style='{{.}}'>x", "line 2: <p> has both"},
	} {
		if _, err := Template(c.source); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
