package deliver

import (
	"testing"

	"pgregory.net/rapid"

	"sigpost"
)

// What is written in the short way is what is written in the long one.
func TestPlainTo(t *testing.T) {
	plain := 0
	rapid.Check(t, func(t *rapid.T) {
		to := sigpost.Address{
			Name: rapid.OneOf(rapid.StringMatching(`[A-Za-z]{1,9}( [A-Za-z0-9.]{1,12}){0,5}`), rapid.StringMatching(`[ -~]{0,20}`), rapid.StringN(0, 9, -1)).Draw(t, "name"),
			Addr: rapid.OneOf(rapid.StringMatching(`[a-z.]{1,20}@[a-z.-]{1,30}`), rapid.StringMatching(`[!-~]{1,9}@[!-~]{1,9}`), rapid.StringN(1, 9, -1)).Draw(t, "addr"),
		}
		got, err := toField(to)
		if err == nil && isPlainTo(to) {
			plain++
			if want := foldedTo(to); got != want {
				t.Errorf("%q, not %q", got, want)
			}
		}
	})
	if plain == 0 {
		t.Error("no field was plain")
	}
}
