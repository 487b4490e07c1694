package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/deliver"
	"sigpost/store"
)

// crew is the ledger of an issue that several processes send at the same time: on
// PostgreSQL. It is one sender of them.
type crew struct {
	*books
	clock *ledgerClock
	// crowded says that another sender fills the ledger too.
	crowded bool
	// most is how many may send at the same time; 0 for any number.
	most int
	// limits are those of domains, by the names of these.
	limits map[string]deliver.DomainLimit
}

// ledgerClock is the clock of an issue's ledger where several machines send it: that
// of the app, put right by how wrong this machine's is by the database's.
type ledgerClock struct {
	a     *App
	wrong atomic.Int64
}

// Now is what it shows.
func (c *ledgerClock) Now() time.Time { return c.a.now().Add(time.Duration(c.wrong.Load())) }

// set sets it by what the database's clock showed between two moments.
func (c *ledgerClock) set(before, after, shown time.Time) {
	c.wrong.Store(int64(shown.Sub(before.Add(after.Sub(before) / 2))))
}

// Join makes this process one of those who send, unless there are enough.
func (c *crew) Join(ctx context.Context, issueID int64, lease time.Duration) error {
	before := c.a.machine()
	id, shown, err := c.DB.JoinSenders(ctx, issueID, lease, c.most)
	if err != nil {
		return err
	}
	c.clock.set(before, c.a.machine(), shown)
	c.sender = id
	return nil
}

// leaseOfSenders is how long the lease of each sender is.
func (a *App) leaseOfSenders() time.Duration { return cmp.Or(a.lease, time.Minute) }

// Leave ends that.
func (c *crew) Leave(ctx context.Context, issueID int64, doubt bool, at time.Time) error {
	return c.LeaveSenders(ctx, issueID, c.sender, doubt, at)
}

// Settle settles what senders had in hand that are gone.
func (c *crew) Settle(ctx context.Context, issueID int64, resend bool, at time.Time) (released, unknown int, err error) {
	return c.FenceSenders(ctx, issueID, resend, at)
}

// Waiting is the store's; while the ledger is being filled there are some, and what
// others have in hand waits too, until their leases end: then it may be to be settled.
func (c *crew) Waiting(ctx context.Context, issueID int64) (n int, due time.Time, err error) {
	if n, due, err = c.DB.Waiting(ctx, issueID); err != nil || n > 0 {
		return n, due, err
	}
	s, err := c.DB.Sending(ctx, issueID)
	if err != nil || s.EndedWhy != "" || !s.Paused.IsZero() {
		return 0, due, err
	}
	if !s.Filled() {
		return 1, c.clock.Now(), nil
	}
	n, lasts, err := c.LettersOfOthers(ctx, issueID, c.sender)
	if n > 0 {
		due = c.clock.Now().Add(lasts)
	}
	return n, due, err
}

// CrewTurn is a turn of this sender, in one transaction.
func (c *crew) CrewTurn(ctx context.Context, issueID int64, t deliver.CrewTurn) (v deliver.CrewView, err error) {
	closed := !c.packer.d.Hours().Open(t.Now)
	if closed { // what is done is recorded, and no more is begun
		t.Limit = 0
	}
	if t.Limit > 0 {
		if err := c.count(ctx, t.Now); err != nil {
			return v, err
		}
	}
	before, report := c.sending, *c.report
	var s store.Sending
	var view store.SenderView
	asked := c.a.machine()
	err = c.Tx(ctx, func(tx *store.DB) error {
		v = deliver.CrewView{}
		var err error
		if s, view, err = tx.SendingAs(ctx, issueID, c.sender); err != nil {
			return err
		}
		c.clock.set(asked, c.a.machine(), view.Clock)
		results := asEnded(s, t.Results)
		if view.Fenced || !s.Paused.IsZero() || s.EndedWhy != "" {
			t.Limit = 0
		}
		if !view.Fenced {
			if err := c.share(ctx, tx, &t, &view, &v); err != nil {
				return err
			}
		}
		lease := view.Clock.Add(t.Lease)
		if v.Claims, err = tx.TurnAs(ctx, c.sender, issueID, results, t.Now, lease, t.Limit); err != nil {
			return err
		}
		for len(v.Claims) < t.Limit && !c.sending.Filled() {
			if err := c.fill(ctx, tx, &v, t, lease); err != nil {
				return err
			}
		}
		if err := c.place(ctx, tx, v.Claims, t.Now); err != nil {
			return err
		}
		return c.refused(ctx, tx, results)
	})
	if err != nil {
		c.sending, c.report.Queued, c.report.Nothing = before, report.Queued, report.Nothing
		return deliver.CrewView{}, err
	}
	c.report.told += c.a.sawLetters(c.packer.d.Name, t.Results)
	if view.Fenced {
		c.late(ctx, t.Results)
		return v, fmt.Errorf("%w: the lease of sender %d is over", deliver.ErrFenced, c.sender)
	}
	if err := standsStill(s); err != nil || !closed {
		return v, err
	}
	return v, fmt.Errorf("%w: %w", deliver.ErrPaused, errClosed)
}

// share takes and gives back what the senders share, and renews the lease.
func (c *crew) share(ctx context.Context, tx *store.DB, t *deliver.CrewTurn, view *store.SenderView, v *deliver.CrewView) error {
	v.Senders = view.Senders
	for _, h := range view.Held {
		v.Slow = append(v.Slow, deliver.Slow{Name: h.Name, For: h.For, Times: h.Times})
	}
	if t.Renew {
		ok, err := tx.RenewSender(ctx, c.sender, t.Lease, encodeTrouble(t.Trouble))
		if err != nil {
			return err
		}
		if !ok { // it ended before: nothing is taken, and results are stored
			view.Fenced, t.Limit = true, 0
			return nil
		}
	}
	if told := encodeTrouble(t.Trouble); told != "" {
		all, err := tx.TroublesOfOthers(ctx, c.sending.IssueID, c.sender)
		if err != nil {
			return err
		}
		for _, text := range all {
			var other deliver.Trouble
			if err := json.Unmarshal([]byte(text), &other); err != nil {
				return fmt.Errorf("what another sender met cannot be read: %w", err)
			}
			v.Troubles = append(v.Troubles, other)
		}
	}
	for _, slow := range t.Slow {
		if err := tx.HoldPace(ctx, store.HeldPace{Name: slow.Name, For: slow.For, Times: slow.Times}); err != nil {
			return err
		}
	}
	if err := c.slots(ctx, tx, t.Slots, v); err != nil {
		return err
	}
	if t.Places.N == 0 {
		return nil
	}
	wait, ok, err := tx.TakePlaces(ctx, t.Places.Name, t.Places.N, t.Places.Apart, max(t.Places.Apart, placesAhead))
	if v.Wait, v.NoPlaces = wait, !ok; !ok {
		t.Limit = min(t.Limit, t.Spare)
	}
	return err
}

// placesAhead is how far ahead of its time a place of a server's pace is taken.
const placesAhead = time.Second

func (c *crew) slots(ctx context.Context, tx *store.DB, all []deliver.Slots, v *deliver.CrewView) error {
	v.Got = map[string]int{}
	// In one order, so that two senders never wait for each other.
	for _, s := range slices.SortedFunc(slices.Values(all), func(a, b deliver.Slots) int { return strings.Compare(a.Name, b.Name) }) {
		if s.Free > 0 {
			if err := tx.FreeSlots(ctx, c.sender, s.Name, s.Free); err != nil {
				return err
			}
		}
		if s.Take > 0 {
			got, err := tx.TakeSlots(ctx, c.sender, s.Name, s.Total, s.Take)
			if err != nil {
				return err
			}
			v.Got[s.Name] = got
		}
	}
	return nil
}

// encodeTrouble is what other senders read of this one's trouble; empty for none.
func encodeTrouble(t deliver.Trouble) string {
	if t.Broken+t.Refused+t.Recent == 0 {
		return ""
	}
	return encode(t)
}

// fill gives the next subscriptions their rows. Where others do so too, they take
// turns, instead of finding at the end that another was quicker.
func (c *crew) fill(ctx context.Context, tx *store.DB, v *deliver.CrewView, t deliver.CrewTurn, lease time.Time) error {
	if c.crowded {
		if err := tx.LockSending(ctx, &c.sending); err != nil || c.sending.Filled() {
			return err
		}
	}
	claims, ok, err := c.enter(ctx, tx, v.Claims, t.Now, lease, t.Limit)
	c.crowded = c.crowded || !ok
	v.Claims = claims
	return err
}

// place gives each letter to a domain with a pace its place in it, unless it has one.
func (c *crew) place(ctx context.Context, tx *store.DB, claims []sigpost.Claim, now time.Time) error {
	if len(c.limits) == 0 {
		return nil
	}
	wanting := map[string][]int{}
	limits := map[string]deliver.DomainLimit{}
	for i := range claims {
		addr := claims[i].Subscription.Subscriber.Addr
		l, ok := c.limits[strings.ToLower(addr[strings.LastIndexByte(addr, '@')+1:])]
		if !ok || l.Rate <= 0 || claims[i].Placed {
			continue
		}
		wanting[l.Name()], limits[l.Name()] = append(wanting[l.Name()], i), l
	}
	names := make([]string, 0, len(wanting))
	for name := range wanting {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		apart := time.Duration(float64(time.Second) / limits[name].Rate)
		wait, ok, err := tx.TakePlaces(ctx, name, len(wanting[name]), apart, anyTime)
		if err == nil && !ok {
			err = fmt.Errorf("%s has no place free for ever", name)
		}
		if err != nil {
			return err
		}
		for n, i := range wanting[name] {
			claims[i].Due, claims[i].Placed = now.Add(wait+time.Duration(n)*apart), true
		}
	}
	return nil
}

// anyTime is further ahead than any place.
const anyTime = 10 * 365 * 24 * time.Hour

// late says which results came too late to be recorded: others have decided about
// those letters by now.
func (c *crew) late(ctx context.Context, results []sigpost.DeliveryResult) {
	var ids []int64
	became := map[int64]sigpost.DeliveryResult{}
	for _, r := range results {
		ids, became[r.DeliveryID] = append(ids, r.DeliveryID), r
	}
	letters, err := c.LateLetters(ctx, c.sender, ids)
	if err != nil {
		c.a.log.Warn("it could not be seen which results came too late", "err", err)
	}
	for _, l := range letters {
		if r := became[l.ID]; l.State != r.State || l.Reply != r.Reply {
			c.a.log.Warn("a result came too late, and is not recorded", "delivery", l.ID, "result", r.State, "reply", r.Reply, "state", l.State, "holder", l.Holder)
		}
	}
}

// asEnded are results of a sending that may have ended: what would be tried again is
// not.
func asEnded(s store.Sending, results []sigpost.DeliveryResult) []sigpost.DeliveryResult {
	if s.EndedWhy == "" {
		return results
	}
	results = slices.Clone(results)
	for i := range results {
		if results[i].State == sigpost.DeliveryQueued {
			results[i].State, results[i].Reply, results[i].Placed = sigpost.DeliverySuppressed, s.EndedWhy, false
		}
	}
	return results
}

// DeliverSome sends letters of an issue for a while, as one of any number of
// processes that do so at the same time: on PostgreSQL. It begins the sending where
// nobody has, and ends it where nothing is left. number is the issue's. With SQLite,
// where one process sends at a time, it takes the lock for that while.
//
// What is due is taken in turns with the others, each letter by one of them. A report
// with Outcome.Waiting says that there is more to do, from Outcome.NextDue on where that is
// not zero. What a worker had in hand that is gone is settled by the others when its lease
// is over.
func (a *App) DeliverSome(ctx context.Context, d config.Digest, number int, lasting time.Duration) (r SendReport, err error) {
	if a.Store.Shared() {
		return a.deliverSome(ctx, d, number, lasting)
	}
	err = a.locked(ctx, false, func(a *App) error {
		r, err = a.deliverSome(ctx, d, number, lasting)
		return err
	})
	return r, err
}

func (a *App) deliverSome(ctx context.Context, d config.Digest, number int, lasting time.Duration) (SendReport, error) {
	defer a.noteLetters(ctx, d)
	nothing := SendReport{Digest: d.Name, Number: number}
	issues, err := a.Store.OpenIssues(ctx, d.Name)
	if err != nil {
		return nothing, err
	}
	i := slices.IndexFunc(issues, func(i sigpost.Issue) bool { return i.Number == number })
	if i < 0 {
		reports, err := a.announceAlone(ctx, d, []SendReport{nothing})
		return reports[0], err
	}
	if issue := issues[i]; issue.State == sigpost.IssueApproved && issue.SendAfter.After(a.now()) {
		nothing.Waits = issue.SendAfter
		return nothing, nil
	}
	if opens := a.opens(d); !opens.IsZero() {
		nothing.Waits, nothing.Hours = opens, d.Hours().String()
		return nothing, nil
	}
	restored, err := a.checkGeneration(ctx)
	if err != nil {
		return nothing, a.notEven(ctx, store.StageSend, err)
	}
	if err := a.checkSecretOf(ctx, issues[i]); err != nil {
		return nothing, a.notEven(ctx, store.StageSend, err)
	}
	r, err := a.sendIssue(ctx, d, issues[i], restored, lasting)
	if err != nil || ctx.Err() != nil {
		return r, err
	}
	reports, err := a.announceAlone(ctx, d, []SendReport{r})
	return reports[0], err
}

// announceAlone announces unless another process does so.
func (a *App) announceAlone(ctx context.Context, d config.Digest, reports []SendReport) ([]SendReport, error) {
	open, err := a.Store.Announcements().OpenIssues(ctx, d.Name)
	if err != nil || len(open) == 0 {
		return reports, err
	}
	done, ok, err := a.Store.OneAtATime(ctx, store.Announcing)
	if err != nil || !ok {
		return reports, err
	}
	defer done()
	return a.announce(ctx, d, reports)
}

// standsStill is why a sending takes no letters; nil where it does.
func standsStill(s store.Sending) error {
	switch {
	case s.EndedWhy != "":
		return fmt.Errorf("%w: %s", deliver.ErrPaused, s.EndedWhy)
	case !s.Paused.IsZero():
		return fmt.Errorf("%w: %s", deliver.ErrPaused, s.PausedWhy)
	}
	return nil
}

// errNotYet says that letters of an issue are left.
var errNotYet = errors.New("letters are left")
