// Package schedule says when things are to be done: cron expressions with a time
// zone and jitter, and the hours of the week in which something may be done. It
// does no I/O and has no clock: it is told the time.
package schedule
