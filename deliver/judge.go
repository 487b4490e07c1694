package deliver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"sigpost"
)

// aboutRecipient says whether the courier's answer speaks of one letter or
// recipient alone.
func aboutRecipient(err error) bool {
	var failed *SendError
	if !errors.As(err, &failed) {
		return err == nil
	}
	return !failed.policy() && !failed.system() && (failed.Kind == Permanent || failed.Code != 0 && failed.Step != StepMail)
}

// verdict is what is to be recorded of a delivery.
type verdict struct {
	state sigpost.DeliveryState
	reply string
	due   time.Time
}

// judge decides what becomes of deliveries.
type judge struct {
	options Options
	clock   func() time.Time
}

// verdict is what becomes of a delivery after so many attempts, by the courier's
// answer. interrupted says that sending was to end.
func (j judge) verdict(attempts int, interrupted bool, reply string, err error) verdict {
	if err == nil {
		return verdict{state: sigpost.DeliverySent, reply: reply}
	}
	var server *ServerError
	var failed *SendError
	switch {
	case errors.As(err, &server):
		return verdict{sigpost.DeliveryQueued, err.Error(), j.clock()}
	case errors.As(err, &failed) && failed.policy() && attempts == 1:
		// It may be us, which somebody puts right. Where it is not, others get
		// through, and the second refusal is for good.
		return j.later(attempts, failed.Error())
	case errors.As(err, &failed) && failed.Kind == Permanent:
		return verdict{state: sigpost.DeliveryFailed, reply: failed.Error()}
	case errors.As(err, &failed) && failed.Kind == Temporary && failed.Code == 0 && interrupted:
		return verdict{sigpost.DeliveryQueued, "sending was interrupted", j.clock()}
	case errors.As(err, &failed) && failed.Kind == Temporary:
		return j.later(attempts, failed.Error())
	case j.options.Unknown == Resend:
		return j.later(attempts, err.Error())
	}
	// An error that says nothing about the letter's fate leaves it unknown.
	return verdict{state: sigpost.DeliveryUnknown, reply: err.Error()}
}

// later puts a delivery off, or ends it where it was tried often enough.
func (j judge) later(attempts int, why string) verdict {
	due := j.clock().Add(j.backoff(attempts))
	if attempts >= j.options.MaxAttempts {
		return verdict{state: sigpost.DeliveryFailed, reply: fmt.Sprintf("given up after %d attempts: %s", attempts, why)}
	}
	return verdict{sigpost.DeliveryQueued, why, due}
}

// backoff is the wait after the given attempt, which counts from 1: it doubles
// from one to the next and is then shortened by up to a quarter at random, so
// that letters that failed together do not come back together.
func (j judge) backoff(attempt int) time.Duration {
	wait := j.options.MaxBackoff
	if shift := attempt - 1; shift < 20 {
		wait = min(wait, j.options.Backoff<<shift)
	}
	return wait - time.Duration(rand.Int64N(int64(wait)/4+1))
}
