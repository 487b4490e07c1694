// Package maildns finds out what a receiver of mail finds out about who sends it:
// whether the DNS lets them send (SPF, RFC 7208), whether their signatures hold
// (DKIM, RFC 6376), whether either speaks for the author's domain (DMARC, RFC
// 7489), and whether their addresses have names that lead back (RFC 1912, section
// 2.1).
//
// It asks the DNS and changes nothing. What it finds is for people: each finding
// says what to do.
package maildns
