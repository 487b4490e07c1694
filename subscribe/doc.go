// Package subscribe decides who is on a list of readers: what a usable address
// is (ParseAddress), what the links in letters prove (Tokens), how somebody comes
// and changes what they get (Desk), and how they leave (Door, RFC 8058). It needs no
// login and keeps no state of its own.
package subscribe
