package peertest

import (
	"strings"
	"testing"
)

func TestInvalid(t *testing.T) {
	wrong := Invalid(t, map[string][]byte{
		"good": []byte(`<!doctype html><html lang="en"><title>Good</title><p>Text.`),
		"bad":  []byte(`<!doctype html><html lang="en"><title>Bad</title><p id=a><p id=a>`),
	})
	if len(wrong) != 1 || !strings.HasPrefix(wrong[0], "bad: Duplicate ID") {
		t.Errorf("found %q", wrong)
	}
}
