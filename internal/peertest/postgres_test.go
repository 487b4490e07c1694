package peertest_test

import (
	"net/url"
	"testing"

	"sigpost/internal/peertest"
)

func TestPostgresGivesFreshDatabases(t *testing.T) {
	one, err := url.Parse(peertest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	two, err := url.Parse(peertest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	if one.Host != two.Host || one.Path == two.Path {
		t.Errorf("%s%s and %s%s: want two databases of one server", one.Host, one.Path, two.Host, two.Path)
	}
}
