package ingest

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

const (
	// idleMin and idleMax are how long an IDLE lasts before the server is
	// asked for a sign of life: a connection that is open at our end only
	// shows when we send something. RFC 2177 wants less than 29 minutes.
	idleMin, idleMax = 5 * time.Minute, 10 * time.Minute
	// watchMaxWait is the longest wait for the next connection.
	watchMaxWait = 5 * time.Minute
	// watchHealthy is how long a connection must have lasted for the waits to
	// begin anew.
	watchHealthy = time.Minute
)

// watchTimes are the times that a watch goes by.
type watchTimes struct {
	idle func() time.Duration
	wait func(failures int, err error) time.Duration
}

func newWatchTimes() watchTimes {
	return watchTimes{
		idle: func() time.Duration { return idleMin + rand.N(idleMax-idleMin) },
		wait: watchWait,
	}
}

// watchWait is how long to wait before the next connection: 0.25 s to five
// minutes, doubled each time, with up to a half of it taken off at random.
// What trying again does not help with is tried at the longest intervals.
func watchWait(failures int, err error) time.Duration {
	wait := min(250*time.Millisecond<<min(failures-1, 20), watchMaxWait)
	if err != nil && !temporary(err) {
		wait = watchMaxWait
	}
	return wait - rand.N(wait/2)
}

// sayAgain is how long an interruption of the same kind is not said again as a warning.
const sayAgain = time.Minute

// WatchState is how the connection of a watch stands.
type WatchState string

// The states.
const (
	WatchConnecting WatchState = "connecting" // for the first time
	WatchStands     WatchState = "stands"
	WatchBroken     WatchState = "broken" // until it stands again
)

// WatchMemory is what a watch knows of its connections so far. One that is begun anew
// with it goes on to wait where it was, and says no more than it would have said. The zero
// value knows nothing.
type WatchMemory struct {
	ID string // stands in the watch's lines of the log, as "watch"

	mu       sync.Mutex
	failures int       // connections in a row that did not last
	broken   bool      // the last one is
	until    time.Time // when the next is to be tried
	said     error     // the kind of the last interruption that was said as a warning
	at       time.Time // and when that was
	untold   bool      // nobody has said since that the watch goes on
	lasts    error     // the kind of an interruption that lasts, since there was a connection
}

// begins gives how long to wait before the first connection, and how the watch stands
// until then.
func (m *WatchMemory) begins() (wait time.Duration, state WatchState) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if state = WatchConnecting; m.broken {
		state = WatchBroken
	}
	return max(0, time.Until(m.until)), state
}

// stands notes that there is a connection, and says whether somebody is to be told, after
// how many that did not last.
func (m *WatchMemory) stands() (failures int, tell bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	tell, m.untold, m.broken, m.lasts = m.untold, false, false, nil
	return m.failures, tell
}

// lasted notes for how long there was a connection.
func (m *WatchMemory) lasted(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d >= watchHealthy {
		m.failures = 0
	}
}

// refused says whether an interruption is one that lasts, such as by a wrong password, and
// was not known of yet.
func (m *WatchMemory) refused(err error) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	kind := kindOf(err)
	if kind == nil || temporary(err) || kind == m.lasts {
		return false
	}
	m.lasts = kind
	return true
}

// interrupted notes an interruption, and gives when to try again and how loud to say it.
func (m *WatchMemory) interrupted(err error, waits func(failures int, err error) time.Duration) (wait time.Duration, level slog.Level) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.failures++
	m.broken, m.until, wait = true, time.Time{}, waits(m.failures, err)
	if temporary(err) { // else whoever begins it anew may have put it right
		m.until = now.Add(wait)
	}
	kind := kindOf(err)
	if kind != nil && kind == m.said && now.Sub(m.at) < sayAgain {
		return wait, slog.LevelDebug
	}
	m.said, m.at, m.untold = kind, now, true
	return wait, slog.LevelWarn
}

// Watch waits for new mail in a mailbox until ctx ends, whose error it gives.
// It calls changed when there may be some, after each time that it has connected, and
// once when it is refused for a reason that lasts, so that who reads the mailbox meets
// that; never while changed is still running. Where the server has IDLE
// (RFC 2177) that is at once, elsewhere it asks every poll. It has a connection
// of its own. What goes wrong is logged, and tried again for ever, at longer and longer
// intervals, of which the memory knows.
func (in *Ingester) Watch(ctx context.Context, source Source, poll time.Duration, memory *WatchMemory, changed func()) error {
	log := in.log.With("watch", memory.ID, "mailbox", source.name())
	wait, state := memory.begins()
	in.tellWatching(source, state)
	for {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		var stood time.Time
		err := in.watchConnection(ctx, source, poll, changed, func() {
			stood = time.Now()
			if failures, tell := memory.stands(); tell {
				log.Info("the watch on a mailbox goes on", "interruptions", failures)
			}
			in.tellWatching(source, WatchStands)
		})
		if !stood.IsZero() {
			memory.lasted(time.Since(stood))
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		in.tellWatching(source, WatchBroken)
		var level slog.Level
		wait, level = memory.interrupted(err, in.watch.wait)
		log.Log(ctx, level, "the watch on a mailbox was interrupted", "again_in", wait.Round(time.Millisecond), "error", err)
		if memory.refused(err) {
			changed()
		}
	}
}

func (in *Ingester) tellWatching(source Source, state WatchState) {
	if in.Watching != nil {
		in.Watching(source.name(), state)
	}
}

// watchConnection watches over one connection, until it ends; stands is called when there
// is one.
func (in *Ingester) watchConnection(ctx context.Context, source Source, poll time.Duration, changed, stands func()) error {
	s, err := source.Account.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	data, err := s.examine(ctx, source.Mailbox)
	if err != nil {
		return err
	}
	s.news.opened(data.NumMessages)
	stands()
	idle := s.caps.Has(imap.CapIdle)
	for {
		in.tellSeen(source, s.news.end(data))
		changed()
		// Not all servers tell of what came while no IDLE was under way when
		// one begins.
		more, err := s.noop(ctx)
		if err != nil {
			return err
		}
		for !more {
			if idle {
				more, err = s.idle(ctx, in.watch.idle())
				if errors.Is(err, errNoIdle) {
					idle, err = false, nil
				}
			} else {
				more, err = s.pollFor(ctx, poll)
			}
			if err != nil {
				return err
			}
		}
	}
}

// errNoIdle says that a server does not carry out IDLE.
var errNoIdle = errors.New("IDLE refused")

// idle waits for news, for limit at most; then the server must give a sign of
// life.
func (s *session) idle(ctx context.Context, limit time.Duration) (more bool, err error) {
	var cmd *imapclient.IdleCommand
	refused := false
	err = s.do(ctx, 0, func() (err error) {
		cmd, err = s.client.Idle()
		refused = errors.As(err, new(*imap.Error))
		return err
	})
	if refused {
		return false, errNoIdle
	}
	if err != nil {
		return false, err
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-s.news.more:
		more = true
	case <-timer.C:
	case <-s.client.Closed():
	case <-ctx.Done():
	}
	err = s.do(ctx, 0, func() error {
		if err := cmd.Close(); err != nil {
			return err
		}
		return cmd.Wait()
	})
	if more || err != nil {
		return more, err
	}
	return s.noop(ctx)
}

// pollFor waits and then asks.
func (s *session) pollFor(ctx context.Context, interval time.Duration) (more bool, err error) {
	timer := time.NewTimer(interval)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.client.Closed():
	case <-ctx.Done():
	}
	return s.noop(ctx)
}

func (s *session) noop(ctx context.Context) (more bool, err error) {
	err = s.do(ctx, 0, func() error { return s.client.Noop().Wait() })
	select {
	case <-s.news.more:
		more = true
	default:
	}
	return more, err
}

// news notices when the messages of a mailbox become more (RFC 9051, section
// 7.4.1). Other changes are nothing to it.
type news struct {
	more chan struct{} // holds one sign at most

	mu       sync.Mutex
	messages uint32
	came     uint32 // since the mailbox was opened
}

func newNews() *news { return &news{more: make(chan struct{}, 1)} }

func (n *news) opened(messages uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.messages, n.came = messages, 0
}

// exists and expunged are called by go-imap's only reading goroutine, and do
// not wait.
func (n *news) exists(data *imapclient.UnilateralDataMailbox) {
	if data.NumMessages == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if *data.NumMessages > n.messages {
		n.came += *data.NumMessages - n.messages
		select {
		case n.more <- struct{}{}:
		default:
		}
	}
	n.messages = *data.NumMessages
}

// end is how far the mailbox goes by now, at least, that was opened: what comes has higher
// UIDs.
func (n *news) end(opened *imap.SelectData) End {
	n.mu.Lock()
	defer n.mu.Unlock()
	end := End{UIDValidity: opened.UIDValidity, Messages: n.messages}
	if opened.UIDNext > 0 { // optional in RFC 3501, section 7.1
		end.UIDNext = uint32(opened.UIDNext) + n.came
	}
	return end
}

func (n *news) expunged(uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.messages -= min(n.messages, 1)
}
