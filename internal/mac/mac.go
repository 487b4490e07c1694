// Package mac makes many HMACs with one key.
package mac

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// Key is a key of HMAC-SHA256 (RFC 2104), whose own blocks are hashed once. It may
// be used by many goroutines.
type Key struct{ free sync.Pool } // of hash.Hash

// New makes one of a secret, which may be empty. Whoever passes it must not change
// it.
func New(secret []byte) *Key {
	return &Key{sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}}
}

// Append appends the HMAC of data, 32 bytes, to b.
func (k *Key) Append(b, data []byte) []byte {
	h := k.free.Get().(hash.Hash)
	h.Reset()
	h.Write(data) // a hash takes every write
	b = h.Sum(b)
	k.free.Put(h)
	return b
}

// Sum gives the HMAC of data.
func (k *Key) Sum(data []byte) []byte { return k.Append(make([]byte, 0, sha256.Size), data) }
