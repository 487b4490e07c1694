package peertest

import "testing"

// npmFolder is where scripts/install-peers puts what is npm's, so that nothing
// is fetched while a test runs.
const npmFolder = "/usr/local/lib/sigpost-peers/npm/node_modules/"

// AxeCore is the path of axe-core's script, which finds what keeps people out
// of a page.
func AxeCore(t testing.TB) string {
	t.Helper()
	return Need(t, "axe-core", npmFolder+"axe-core/axe.min.js")[0]
}

// Caniemail is the path of caniemail's data: which mail program knows what of
// HTML and CSS.
func Caniemail(t testing.TB) string {
	t.Helper()
	return Need(t, "caniemail's data", npmFolder+"caniemail/data/caniemail.json")[0]
}
