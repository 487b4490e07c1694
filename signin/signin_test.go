package signin

import (
	"net/url"
	"strings"
	"testing"
)

func TestLocalPath(t *testing.T) {
	for back, want := range map[string]string{
		"/": "/", "/review?a=b&c=%2F": "/review?a=b&c=%2F", "/m/a@example.org": "/m/a@example.org",
		"": "", "review": "", "https://evil.example/": "", "//evil.example": "", "/\\evil.example": "", "\\\\evil.example": "", "/\t/evil.example": "",
		"/a\r\nSet-Cookie: x": "", " /": "", "javascript:alert(1)": "", "/sign-in": "", "/sign-in/token": "", "/sign-out": "", "/é": "", "/" + strings.Repeat("x", 1000): "",
	} {
		if got := LocalPath(back); got != want {
			t.Errorf("%q: %q, want %q", back, got, want)
		}
	}
}

// Wherever it leads, it is on this site.
func FuzzLocalPath(f *testing.F) {
	for _, back := range []string{"/a?b#c", "//a", "/\\a", "/..//a", "/%2f/a"} {
		f.Add(back)
	}
	base, err := url.Parse("https://digest.example.org/sign-in/x")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, back string) {
		path := LocalPath(back)
		if path == "" {
			return
		}
		u, err := base.Parse(path)
		if err == nil && (u.Host != base.Host || u.Scheme != base.Scheme) {
			t.Errorf("%q leads to %s", back, u)
		}
	})
}

func TestSecrets(t *testing.T) {
	one, hash := newSecret()
	other, _ := newSecret()
	if one == other || len(one) != 43 || hash != hashOf(one) || len(hash) != 64 || strings.Contains(hash, one) {
		t.Errorf("%s %s %s", one, other, hash)
	}
}
