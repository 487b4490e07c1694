package deliver

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A text that is left alone would not have been changed.
func TestIsOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]{0,5}`), rapid.StringMatching(`[a-c \t]{0,5}`)).Draw(t, "text")
		ascii := strings.IndexFunc(s, func(r rune) bool { return r > '~' }) < 0
		if same := strings.Join(strings.Fields(s), " ") == s && strings.IndexFunc(s, func(r rune) bool { return r < ' ' }) < 0; isOneLine(s) != (same && ascii) {
			t.Errorf("isOneLine(%q) is %v", s, isOneLine(s))
		}
	})
}
