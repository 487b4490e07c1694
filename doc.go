// Package sigpost is the vocabulary of sigpost: the nouns that its stages hand
// to one another, and nothing that does I/O. Data goes one way:
//
//	mailbox → Message → Thread → Tagging → Issue → Delivery → subscriber
//
// Every noun has a file of its own. Words are those of the RFCs that a comment
// names. Reading this package is reading the product.
package sigpost

import "errors"

// Sentinel errors that cross stages. Exit codes and HTTP statuses are derived
// from these in one table each (cmd and web).
var (
	// ErrUsage is a wrong command line or configuration: exit code 2.
	ErrUsage = errors.New("wrong usage")
	// ErrLocked says that another run holds the archive's lock: exit code 3.
	ErrLocked = errors.New("another run holds the lock")
	// ErrCursorMoved says that another process has read on in a mailbox: nothing
	// was stored, and it is to be read again from where it stands now.
	ErrCursorMoved = errors.New("another process has read on in the mailbox")
	// ErrNotFound says that what was asked for is not in the archive.
	ErrNotFound = errors.New("not found")
	// ErrForbidden says that somebody asked for what is not for their role.
	ErrForbidden = errors.New("forbidden")
)

// Usage marks an error as one of usage, so that errors.Is finds ErrUsage in
// it, without changing what it says.
func Usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// NotFound marks an error as one of what is not there, so that errors.Is finds
// ErrNotFound in it: for what says so in words of its own.
func NotFound(err error) error { return notFoundError{err} }

type notFoundError struct{ error }

// Unwrap is what was looked for.
func (e notFoundError) Unwrap() error { return e.error }

// Is says that it is an ErrNotFound, whatever else it is.
func (e notFoundError) Is(target error) bool { return target == ErrNotFound }

type usageError struct{ error }

// Unwrap is what was wrong.
func (e usageError) Unwrap() error { return e.error }

// Is says that it is an ErrUsage, whatever else it is.
func (e usageError) Is(target error) bool { return target == ErrUsage }
