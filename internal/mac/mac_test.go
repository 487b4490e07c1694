package mac

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// A key gives what crypto/hmac gives, however often and by whom it is used.
func TestKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "secret")
		k := New(secret)
		texts := rapid.SliceOfN(rapid.SliceOf(rapid.Byte()), 1, 9).Draw(t, "texts")
		var all sync.WaitGroup
		for _, text := range append(texts, texts...) {
			all.Go(func() {
				h := hmac.New(sha256.New, secret)
				h.Write(text)
				if got := k.Append([]byte("x"), text); !bytes.Equal(got, h.Sum([]byte("x"))) {
					t.Errorf("%x of %x is %x", secret, text, got)
				}
			})
		}
		all.Wait()
	})
}
