package web

import (
	"fmt"
	"html/template"
	"slices"
	"testing"

	"sigpost/internal/peertest"
)

// plainHTML is the HTML of a mail by somebody who means no ill.
const plainHTML = `<h1>One</h1><p dir="ltr">Some words and <a href="https://example.org/a">a page</a>, jo@example.org.</p><ul><li>One</li></ul>` +
	`<blockquote><pre>a line</pre></blockquote><table><tbody><tr><th>Port</th><td colspan="2">80</td></tr><tr><td>a</td><td>b</td><td>c</td></tr></tbody></table>`

// Signing in, sessions, the audit log, the editors' desk, the home page, lists and threads are valid HTML
// in all their states; so is the document in which the HTML of a mail is framed, around
// a mail that is valid itself. What else a stranger wrote need not be.
func TestPagesAreValid(t *testing.T) {
	s, _ := everything(t)
	documents := map[string][]byte{}
	for i, p := range slices.Concat(s.trySignIn(), s.tryAudit(), s.tryBrowsing(), s.tryThreads(), s.tryEdit()) {
		html, err := s.render(p.name, p.data)
		must(t, err)
		documents[fmt.Sprintf("%s %d", p.name, i)] = html
	}
	frame, err := s.render("htmlview", htmlView{"One", template.HTML(harmless(plainHTML))})
	must(t, err)
	documents["the frame of HTML"] = frame
	for _, wrong := range peertest.Invalid(t, documents) {
		t.Error(wrong)
	}
}
