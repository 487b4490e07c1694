package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sigpost"
)

// Ledger keeps a row for every delivery: one issue, one subscription, never
// twice. Only what it says is sent.
type Ledger interface {
	// Claim takes up to limit deliveries of the issue that are queued, due at
	// now and held by nobody, and holds them until lease.
	Claim(ctx context.Context, issueID int64, now, lease time.Time, limit int) ([]sigpost.Delivery, error)
	// Begin turns a queued delivery into a sending one and counts the
	// attempt. It says false where there is nothing to send any more: the
	// subscription has ended, or somebody else was quicker. Of all who begin
	// a delivery one is told true: that is what keeps a letter from going out
	// twice, and the lease of Claim only saves work.
	Begin(ctx context.Context, deliveryID int64, now time.Time) (bool, error)
	// Record stores what became of a delivery that was begun, at the time at.
	// due is when a queued one is to be tried again.
	Record(ctx context.Context, deliveryID int64, state sigpost.DeliveryState, reply string, due, at time.Time) error
	// Recover puts in order what a sender left behind that is gone: claims
	// are let go, and what was begun without a record becomes unknown, or
	// queued where resend says so. at is now.
	Recover(ctx context.Context, issueID int64, resend bool, at time.Time) (released, unknown int, err error)
}

// UnknownPolicy says what to do about a letter that may have arrived.
type UnknownPolicy string

// The policies.
const (
	// Hold leaves it: a reader may miss an issue, and gets none twice.
	Hold UnknownPolicy = "hold"
	// Resend tries again with the same Message-ID: a reader may get an issue
	// twice, and misses none.
	Resend UnknownPolicy = "resend"
)

// Options tune a Sender. The zero value is ready for use.
type Options struct {
	Unknown UnknownPolicy // Hold where it is empty
	// MaxAttempts is how often a letter is tried before it has failed; 20
	// where it is zero, which with the default back-off is about two days.
	MaxAttempts int
	// Batch is how many deliveries are claimed at a time, 10 where it is
	// zero, and Lease for how long, 5 minutes where it is zero.
	Batch int
	Lease time.Duration
	// Backoff is the wait after the first attempt, 5 minutes where it is
	// zero. It doubles with every further one, up to MaxBackoff, 4 hours
	// where it is zero.
	Backoff    time.Duration
	MaxBackoff time.Duration
	// Grace is how long a letter in flight may take when everything is to
	// stop; 4 seconds where it is zero.
	Grace time.Duration
	// Patience is how long a Bulk waits for the next letter to come due before it
	// ends: what is put back for a moment, to keep to a pace, is then sent.
	Patience time.Duration
	// Shared says that others may be sending the same issue. Without it, when
	// a lock makes sure that nobody else does, whatever is held or begun is
	// known to be left over, and is recovered at once.
	Shared bool
	// Crew is the ledger of a Bulk that is one of several senders; nil where a lock
	// keeps all others away. The lease is one minute then where it is zero.
	Crew Crew
	// For is how long a Bulk takes letters; 0 for as long as there are some.
	For time.Duration
	// Wanted says, of a letter that a Bulk took some time ago, whether its reader still
	// wants it; the error wraps ErrNoLetter where not. nil where they cannot leave.
	Wanted func(ctx context.Context, c sigpost.Claim) error
	// Apart says that each recipient has a server of its own, so that what one
	// meets says nothing of the others.
	Apart bool
}

const (
	// recordTime bounds storing a result, also when everything is to stop.
	recordTime = 5 * time.Second
	// brokenLimit is how many letters in a row may fail without a word about
	// their recipients before the server is blamed.
	brokenLimit = 5
)

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	if o.Crew != nil {
		set(&o.Lease, time.Minute)
	}
	set(&o.Lease, 5*time.Minute)
	set(&o.Backoff, 5*time.Minute)
	set(&o.MaxBackoff, 4*time.Hour)
	set(&o.Grace, 4*time.Second)
	if o.MaxAttempts <= 0 {
		o.MaxAttempts = 20
	}
	if o.Batch <= 0 {
		o.Batch = 10
	}
	if o.Unknown == "" {
		o.Unknown = Hold
	}
	return o
}

// ErrNoLetter is what a Compose wraps that finds that there is nothing to send
// to this reader any more.
var ErrNoLetter = errors.New("there is no letter")

// Sender sends issues. It may send several at the same time where its Ledger
// and Courier can.
type Sender struct {
	ledger  Ledger
	courier Courier
	clock   func() time.Time
	log     *slog.Logger
	options Options
}

// New makes a Sender.
func New(ledger Ledger, courier Courier, clock func() time.Time, log *slog.Logger, options Options) *Sender {
	return &Sender{ledger: ledger, courier: courier, clock: clock, log: log, options: options.withDefaults()}
}

// Compose makes a delivery's letter: the addr-specs of the transaction and the
// whole message.
type Compose func(ctx context.Context, d sigpost.Delivery) (from, to string, data []byte, err error)

// Outcome counts what became of the deliveries that one Send worked on.
type Outcome struct {
	Sent       int `json:"sent"`
	Failed     int `json:"failed"`     // for good
	Unknown    int `json:"unknown"`    // may have arrived, and are held
	Suppressed int `json:"suppressed"` // the subscription has ended
	// Waiting are left, the first of them to be tried again at NextDue; that is zero where
	// there is nothing to wait for.
	Waiting int       `json:"waiting"`
	NextDue time.Time `json:"next_due,omitzero"`
}

// Done is the number of deliveries that the outcome counts.
func (o Outcome) Done() int { return o.Sent + o.Failed + o.Unknown + o.Suppressed + o.Waiting }

func (o *Outcome) add(state sigpost.DeliveryState, due time.Time) {
	switch state {
	case sigpost.DeliverySent:
		o.Sent++
	case sigpost.DeliveryFailed:
		o.Failed++
	case sigpost.DeliveryUnknown:
		o.Unknown++
	case sigpost.DeliverySuppressed:
		o.Suppressed++
	case sigpost.DeliveryQueued:
		o.Waiting++
		if o.NextDue.IsZero() || due.Before(o.NextDue) {
			o.NextDue = due
		}
	}
}

// Send works on everything of the issue that is due now, each delivery once.
// progress, which may be nil, is told after each how many are done.
//
// One recipient's failure stops nobody else's letter and is no error of Send.
// An error says that sending stopped: a *ServerError, trouble with the ledger,
// or the context's. What was not sent is then still queued, and the outcome
// holds what was done before.
func (s *Sender) Send(ctx context.Context, issueID int64, compose Compose, progress func(done int)) (Outcome, error) {
	r := &run{Sender: s, issueID: issueID, compose: compose, progress: progress}
	if err := r.recover(ctx); err != nil {
		return r.outcome, err
	}
	r.start = s.clock() // what was recovered is due by now
	if err := r.all(ctx); err != nil {
		// What was claimed should not have to wait for the next run to notice.
		if lost := r.recover(context.WithoutCancel(ctx)); lost != nil {
			r.log.Warn("claims stay until the next run", "issue", issueID, "err", lost)
		}
		if issueID == 0 { // letters to single people are of none
			return r.outcome, fmt.Errorf("sending stopped: %w", err)
		}
		return r.outcome, fmt.Errorf("sending issue %d stopped: %w", issueID, err)
	}
	return r.outcome, nil
}

// run is one call of Send.
type run struct {
	*Sender
	issueID  int64
	compose  Compose
	progress func(done int)
	start    time.Time
	outcome  Outcome
	broken   int // letters in a row that broke without a word about a recipient
}

// recover settles what was left behind, by an earlier run or by this one.
func (r *run) recover(ctx context.Context) error {
	if r.options.Shared {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	unknown, err := settleLeft(ctx, r.ledger, r.issueID, r.options.Unknown, r.clock(), r.log)
	if err != nil {
		return err
	}
	r.outcome.Unknown += unknown
	return nil
}

// all works until nothing is due any more.
func (r *run) all(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		// What is put back during this run is due later than its start, so
		// that each delivery comes up once.
		batch, err := r.ledger.Claim(ctx, r.issueID, r.start, r.clock().Add(r.options.Lease), r.options.Batch)
		if err != nil {
			return fmt.Errorf("claim deliveries: %w", err)
		}
		if len(batch) == 0 {
			return nil
		}
		for _, d := range batch {
			if err := r.one(ctx, d); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
}

// one takes one delivery from its claim to its record. Its error stops the run.
func (r *run) one(ctx context.Context, d sigpost.Delivery) error {
	from, to, data, composeErr := r.compose(ctx, d)
	if err := ctx.Err(); err != nil {
		return err
	}
	// The connection comes before the row is begun: an attempt that never
	// was must not count.
	if err := r.connect(ctx); err != nil {
		return err
	}
	began, err := r.begin(ctx, d)
	if err != nil {
		return err
	}
	if !began {
		r.finish(sigpost.DeliverySuppressed, time.Time{})
		return nil
	}
	d.Attempts++
	if errors.Is(composeErr, ErrNoLetter) {
		return r.record(ctx, d, verdict{state: sigpost.DeliverySuppressed, reply: composeErr.Error()})
	}
	if composeErr != nil {
		r.log.Warn("a letter could not be composed", "delivery", d.ID, "subscription", d.SubscriptionID, "err", composeErr)
		return r.record(ctx, d, r.judging().later(d.Attempts, "it could not be composed: "+composeErr.Error()))
	}
	reply, err := r.hand(ctx, from, to, data)
	return errors.Join(r.stopping(err), r.record(ctx, d, r.judging().verdict(d.Attempts, ctx.Err() != nil, reply, err)))
}

func (r *run) judging() judge { return judge{r.options, r.clock} }

// connect opens the courier's connection where it has such a thing.
func (r *run) connect(ctx context.Context) error {
	if c, ok := r.courier.(interface{ Connect(context.Context) error }); ok {
		return c.Connect(ctx)
	}
	return nil
}

// begin marks the row before anything is sent. It is not cut short: whether a
// row was begun must be known.
func (r *run) begin(ctx context.Context, d sigpost.Delivery) (bool, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	began, err := r.ledger.Begin(ctx, d.ID, r.clock())
	if err != nil {
		return false, fmt.Errorf("begin delivery %d: %w", d.ID, err)
	}
	return began, nil
}

// hand gives the letter to the courier. A letter in flight outlives the end of
// ctx by the grace, so that its fate becomes known.
func (r *run) hand(ctx context.Context, from, to string, data []byte) (string, error) {
	flight, land := outlive(ctx, r.options.Grace, func() {})
	defer land()
	return r.courier.Send(flight, from, to, data)
}

// outlive is a context that goes on for the grace after the end of ctx, or until
// land; cut is called when the grace ends it.
func outlive(ctx context.Context, grace time.Duration, cut func()) (flight context.Context, land func()) {
	flight, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(grace):
			cut()
			cancel()
		case <-flight.Done():
		}
	})
	return flight, func() { stop(); cancel() }
}

// settleLeft settles what a sender left behind that is gone, and gives how many
// letters are unknown for that.
func settleLeft(ctx context.Context, ledger interface {
	Recover(ctx context.Context, issueID int64, resend bool, at time.Time) (released, unknown int, err error)
}, issueID int64, policy UnknownPolicy, at time.Time, log *slog.Logger) (unknown int, err error) {
	released, unknown, err := ledger.Recover(ctx, issueID, policy == Resend, at)
	if err != nil {
		return 0, fmt.Errorf("recover deliveries of issue %d: %w", issueID, err)
	}
	if released+unknown > 0 {
		log.Info("deliveries were left in the middle", "issue", issueID, "released", released, "unknown", unknown)
	}
	return unknown, nil
}

// stopping picks out what must stop the run: trouble of the server, or so many
// letters in a row without a word about a recipient that it is as good as that.
func (r *run) stopping(err error) error {
	var server *ServerError
	if errors.As(err, &server) {
		return err
	}
	if r.options.Apart || aboutRecipient(err) {
		r.broken = 0
		return nil
	}
	if r.broken++; r.broken >= brokenLimit {
		return gotNowhere(r.broken, err)
	}
	return nil
}

// record stores a verdict, also when everything is to stop.
func (r *run) record(ctx context.Context, d sigpost.Delivery, v verdict) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	if err := r.ledger.Record(ctx, d.ID, v.state, clip(oneLine(v.reply), maxReply), v.due, r.clock()); err != nil {
		return fmt.Errorf("record delivery %d, which is %s (%s): %w", d.ID, v.state, oneLine(v.reply), err)
	}
	if v.state != sigpost.DeliverySent {
		r.log.Info("a letter was not sent", "delivery", d.ID, "subscription", d.SubscriptionID,
			"state", v.state, "attempt", d.Attempts, "reply", oneLine(v.reply))
	}
	r.finish(v.state, v.due)
	return nil
}

func (r *run) finish(state sigpost.DeliveryState, due time.Time) {
	r.outcome.add(state, due)
	if r.progress != nil {
		r.progress(r.outcome.Done())
	}
}
