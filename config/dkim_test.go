package config

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigpost"
)

func pemOf(t *testing.T, kind string, der []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestDKIMKeys(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8 := func(key any) string {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		return pemOf(t, "PRIVATE KEY", der, err)
	}
	public, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	c := &Config{dir: t.TempDir()}
	for name, k := range map[string]struct{ text, want string }{
		"RSA, PKCS #8":  {pkcs8(rsaKey), ""},
		"RSA, PKCS #1":  {pemOf(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey), nil), ""},
		"Ed25519":       {"some words\n" + pkcs8(edKey), ""},
		"public":        {pemOf(t, "PUBLIC KEY", public, err), "is the public half"},
		"another curve": {pkcs8(curve), "DKIM knows RSA and Ed25519"},
		"broken":        {pemOf(t, "PRIVATE KEY", []byte("hush hush"), nil), "cannot be read"},
		"locked":        {pemOf(t, "ENCRYPTED PRIVATE KEY", []byte("hush hush"), nil), "passphrase"},
		"no PEM":        {"hush hush", "not in PEM form"},
		"nothing":       {" \n", "is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(c.dir, "k.pem"), []byte(k.text), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("SIGPOST_TEST_KEY", k.text)
			for _, d := range []DKIM{{Domain: "example.org", Selector: "s", KeyFile: "k.pem"}, {Domain: "example.org", Selector: "s", KeyEnv: "SIGPOST_TEST_KEY"}} {
				key, err := c.DKIMKey(d)
				switch {
				case k.want == "" && (err != nil || key == nil):
					t.Errorf("refused: %v", err)
				case k.want != "" && (err == nil || !strings.Contains(err.Error(), k.want) && d.KeyFile != "" || !strings.Contains(err.Error(), "s._domainkey.example.org")):
					t.Errorf("got %v, want %q", err, k.want)
				case k.want != "" && (!errors.Is(err, sigpost.ErrUsage) || strings.Contains(err.Error(), "hush")):
					t.Errorf("no ErrUsage, or a secret: %v", err)
				}
			}
		})
	}
	if _, err := c.DKIMKey(DKIM{Domain: "example.org", Selector: "s", KeyFile: "none"}); err == nil || !strings.Contains(err.Error(), "sigpost dkim new --domain example.org --selector s") {
		t.Errorf("no file: %v", err)
	}
}
