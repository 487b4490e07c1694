// Package deliver brings letters to readers: it builds a letter's bytes
// (Build), claims what is due from a ledger, hands each letter to a mail server
// and records what became of it (Sender), and speaks SMTP (SMTP, RFC 5321).
//
// Three rules hold everywhere. A letter is rendered whole before the first byte
// of it is sent. A result is recorded before the next letter is begun. What
// became of a letter is read from reply codes and from the step at which
// something broke, never from the words of an error.
package deliver
