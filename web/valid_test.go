package web

import (
	"fmt"
	"testing"

	"sigpost/internal/peertest"
)

// Signing in, sessions and the audit log are valid HTML in all their states.
func TestTheDeskIsValid(t *testing.T) {
	s, _ := everything(t)
	documents := map[string][]byte{}
	for i, p := range append(s.trySignIn(), s.tryAudit()...) {
		html, err := s.render(p.name, p.data)
		must(t, err)
		documents[fmt.Sprintf("%s %d", p.name, i)] = html
	}
	for _, wrong := range peertest.Invalid(t, documents) {
		t.Error(wrong)
	}
}
