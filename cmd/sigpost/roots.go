//go:build roots

package main

// Where a machine has no certificates, as an image with nothing but the program, those
// that Mozilla trusts serve. Releases have them: reading them takes 5 ms of each start.
import _ "golang.org/x/crypto/x509roots/fallback"
