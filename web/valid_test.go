package web

import (
	"fmt"
	"slices"
	"testing"

	"sigpost/internal/peertest"
)

// Signing in, sessions, the audit log, the editors' desk, the home page, lists and threads are valid HTML
// in all their states.
func TestPagesAreValid(t *testing.T) {
	s, _ := everything(t)
	documents := map[string][]byte{}
	for i, p := range slices.Concat(s.trySignIn(), s.tryAudit(), s.tryBrowsing(), s.tryThreads(), s.tryEdit()) {
		html, err := s.render(p.name, p.data)
		must(t, err)
		documents[fmt.Sprintf("%s %d", p.name, i)] = html
	}
	for _, wrong := range peertest.Invalid(t, documents) {
		t.Error(wrong)
	}
}
