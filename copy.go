package sigpost

import "time"

// Copy is the last good copy of a file that lies elsewhere: it serves when the
// source cannot be had.
type Copy struct {
	// Name says what it is a copy of, such as "calendar k8s".
	Name string
	// Origin is a fingerprint of the address that it came from. With another
	// address it is no copy any more.
	Origin string
	Body   []byte
	// ETag and LastModified are what the source calls this version (RFC 9110,
	// section 8.8).
	ETag, LastModified string
	// Confirmed is when the source was last seen to have just this; zero for
	// never.
	Confirmed time.Time
	// Failing is since when every attempt has failed, and Failure why; they are
	// empty while it can be had.
	Failing time.Time
	Failure string
}
