package app

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/deliver"
	"sigpost/digest"
	"sigpost/store"
	"sigpost/web"
)

// SendReport says what became of an issue's letters.
type SendReport struct {
	Digest  string          `json:"digest"`
	Number  int             `json:"number"`
	Queued  int             `json:"queued"`  // put into the ledger by this run
	Nothing int             `json:"nothing"` // of them, readers whose topics had no news: they get no letter
	Outcome deliver.Outcome `json:"outcome"`
	// Letters are what would be sent, in a dry run.
	Letters []DryLetter `json:"letters,omitempty"`
	// Lost are the letters of the issue that need somebody: failed for good,
	// or held since nobody knows whether they arrived.
	Lost []LostLetter `json:"lost,omitempty"`
	// Announced is what became of the notes in channels. Closed says that they
	// were all that was left to do: the letters were sent before.
	Announced []AnnounceReport `json:"announced,omitempty"`
	Closed    bool             `json:"closed,omitempty"`
	DryRun    bool             `json:"dry_run"`
	Took      time.Duration    `json:"took_ns"`
}

// LostLetter is a letter that was not sent, or may not have been.
type LostLetter struct {
	To    string                `json:"to"`
	State sigpost.DeliveryState `json:"state"`
	Why   string                `json:"why"` // what the server said
}

// ErrLost says that letters were lost in a run.
var ErrLost = errors.New("not every letter was sent")

// DryLetter is a letter that a dry run did not send.
type DryLetter struct {
	To        string            `json:"to"`
	MessageID sigpost.MessageID `json:"message_id"`
	Subject   string            `json:"subject"`
	Bytes     int               `json:"bytes"`
}

// Send mails what is approved of a digest and has not been sent to everybody
// yet.
func (a *App) Send(ctx context.Context, d config.Digest, dry bool) (reports []SendReport, err error) {
	err = a.locked(ctx, dry, func(a *App) error {
		reports, err = a.send(ctx, d)
		return err
	})
	return reports, err
}

func (a *App) send(ctx context.Context, d config.Digest) ([]SendReport, error) {
	issues, err := a.Store.OpenIssues(ctx, d.Name)
	if err != nil {
		return nil, err
	}
	reports := []SendReport{}
	var failures []error
	for _, issue := range issues {
		r, err := a.sendIssue(ctx, d, issue)
		reports = append(reports, r)
		if err != nil {
			failures = append(failures, fmt.Errorf("issue %d of %s: %w", issue.Number, d.Name, err))
		}
		// What stops one issue for all its readers stops the next one too.
		if server := (*deliver.ServerError)(nil); ctx.Err() != nil || errors.As(err, &server) {
			break
		}
	}
	if ctx.Err() == nil {
		if reports, err = a.announce(ctx, d, reports); err != nil {
			failures = append(failures, err)
		}
	}
	return reports, errors.Join(failures...)
}

func (a *App) sendIssue(ctx context.Context, d config.Digest, issue sigpost.Issue) (SendReport, error) {
	begin := time.Now()
	r := SendReport{Digest: d.Name, Number: issue.Number, DryRun: a.dry}
	err := a.fillLedger(ctx, d, issue, &r)
	if err != nil {
		return r, err
	}
	courier, err := a.openCourier(&r)
	if err != nil {
		return r, err
	}
	defer courier.Close()
	policy := deliver.Hold
	if a.Config.SMTP.Unknown == "resend" {
		policy = deliver.Resend
	}
	l := &ledger{DB: a.Store}
	sender := deliver.New(l, courier, a.now, a.log, deliver.Options{Unknown: policy})
	counts, err := a.Store.DeliveryCounts(ctx, issue.ID)
	if err != nil {
		return r, err
	}
	total := counts[sigpost.DeliveryQueued] + counts[sigpost.DeliverySending]
	edition, err := a.edition(d, issue)
	if err != nil {
		return r, err
	}
	r.Outcome, err = sender.Send(ctx, issue.ID, func(_ context.Context, delivery sigpost.Delivery) (from, to string, data []byte, err error) {
		s := l.readers[delivery.SubscriptionID]
		if !digest.Worth(digest.Cut(issue, s.Selection)) { // the reader has changed them since
			return "", "", nil, fmt.Errorf("%s: %w", nothingForThem, deliver.ErrNoLetter)
		}
		data, err = a.Letter(d, edition, s, delivery.MessageID)
		return address(d.From).Address, s.Subscriber.Addr, data, err
	}, func(done int) { a.progress(fmt.Sprintf("sending issue %d", issue.Number), Letters, done, total) })
	r.Took = time.Since(begin)
	a.log.Info("sending ended", "digest", d.Name, "number", issue.Number, "sent", r.Outcome.Sent, "failed", r.Outcome.Failed,
		"unknown", r.Outcome.Unknown, "waiting", r.Outcome.Waiting, "took", r.Took, "complete", err == nil)
	if err == nil {
		err = a.closeIssue(ctx, issue)
	}
	if r.Outcome.Failed+r.Outcome.Unknown == 0 {
		return r, err
	}
	// They are named now, also when something else stopped the sending: the
	// next run has other letters to speak of.
	lost, reading := a.lost(context.WithoutCancel(ctx), issue.ID)
	r.Lost = lost
	return r, errors.Join(err, reading,
		fmt.Errorf("%w: %d failed for good, %d may have arrived and are held", ErrLost, r.Outcome.Failed, r.Outcome.Unknown))
}

// lost are the letters of an issue that were not sent, or may not have been.
func (a *App) lost(ctx context.Context, issue int64) ([]LostLetter, error) {
	var all []LostLetter
	for _, state := range []sigpost.DeliveryState{sigpost.DeliveryFailed, sigpost.DeliveryUnknown} {
		deliveries, err := a.Store.Deliveries(ctx, issue, state)
		if err != nil {
			return nil, err
		}
		for _, d := range deliveries {
			s, err := a.Store.Subscription(ctx, d.SubscriptionID)
			if err != nil {
				return nil, err
			}
			all = append(all, LostLetter{s.Subscriber.Addr, state, d.Reply})
		}
	}
	return all, nil
}

// SendAgain puts the lost letters of a digest's last issue that are in the
// given state back into the queue, and sends.
func (a *App) SendAgain(ctx context.Context, d config.Digest, state sigpost.DeliveryState, dry bool) (reports []SendReport, err error) {
	err = a.locked(ctx, dry, func(a *App) error {
		last, err := a.lastPublic(ctx, d)
		if err != nil {
			return err
		}
		n, err := a.Store.Requeue(ctx, last.ID, state, a.now())
		if err == nil && n > 0 {
			err = a.Store.SetIssueState(ctx, last.ID, sigpost.IssueSending, a.now())
		}
		if err == nil {
			_, err = a.Store.Announcements().Requeue(ctx, last.ID, state, a.now())
		}
		if err != nil {
			return err
		}
		reports, err = a.send(ctx, d)
		return err
	})
	return reports, err
}

// lastNumbered is the digest's latest issue that was not quiet.
func (a *App) lastNumbered(ctx context.Context, d config.Digest) (sigpost.Issue, error) {
	return a.lastOf(ctx, d, func(i sigpost.Issue) bool { return i.Number > 0 })
}

// lastPublic is the digest's latest issue that was approved.
func (a *App) lastPublic(ctx context.Context, d config.Digest) (sigpost.Issue, error) {
	return a.lastOf(ctx, d, func(i sigpost.Issue) bool { return i.State.Public() })
}

func (a *App) lastOf(ctx context.Context, d config.Digest, is func(sigpost.Issue) bool) (sigpost.Issue, error) {
	issues, err := a.Store.Issues(ctx, d.Name, 0)
	for _, i := range issues {
		if is(i) {
			return i, err
		}
	}
	if err == nil {
		err = fmt.Errorf("%s has no issue yet: %w", d.Name, sigpost.ErrNotFound)
	}
	return sigpost.Issue{}, err
}

// nothingForThem is why a reader gets no letter of an issue.
const nothingForThem = "nothing on this reader's topics"

// ledger is the store, as the sender sees it. It remembers for whom the
// deliveries are that were claimed last.
type ledger struct {
	*store.DB
	readers map[int64]sigpost.Subscription
}

// Claim claims, and remembers for whom.
func (l *ledger) Claim(ctx context.Context, issueID int64, now, lease time.Time, limit int) ([]sigpost.Delivery, error) {
	claimed, err := l.DB.Claim(ctx, issueID, now, lease, limit)
	l.readers = make(map[int64]sigpost.Subscription, len(claimed))
	deliveries := make([]sigpost.Delivery, len(claimed))
	for i, c := range claimed {
		deliveries[i] = c.Delivery
		l.readers[c.SubscriptionID] = c.Subscription
	}
	return deliveries, err
}

// fillLedger gives every active subscription its row, once, when the issue
// begins to be sent. Readers whose topics have no news get a row that says so.
func (a *App) fillLedger(ctx context.Context, d config.Digest, issue sigpost.Issue, r *SendReport) error {
	if issue.State == sigpost.IssueSending {
		return nil
	}
	const batch = 500
	after := int64(0)
	return a.Store.Tx(ctx, func(tx *store.DB) error {
		for {
			subscriptions, err := tx.Subscriptions(ctx, d.Name, sigpost.SubscriptionActive, after, batch)
			if err != nil {
				return err
			}
			if len(subscriptions) == 0 {
				if err := a.queueAnnouncements(ctx, tx, d, issue); err != nil {
					return err
				}
				return tx.SetIssueState(ctx, issue.ID, sigpost.IssueSending, a.now())
			}
			rows := make([]sigpost.Delivery, 0, len(subscriptions))
			for _, s := range subscriptions {
				rows = append(rows, a.delivery(d, issue, s))
				if rows[len(rows)-1].State == sigpost.DeliverySuppressed {
					r.Nothing++
				}
				after = s.ID
			}
			added, err := tx.Queue(ctx, issue.ID, rows)
			if err != nil {
				return err
			}
			r.Queued += added
		}
	})
}

func (a *App) delivery(d config.Digest, issue sigpost.Issue, s sigpost.Subscription) sigpost.Delivery {
	row := sigpost.Delivery{
		IssueID: issue.ID, SubscriptionID: s.ID, State: sigpost.DeliveryQueued, Due: a.now(),
		MessageID: a.messageID(d, issue, s.ID),
	}
	if !digest.Worth(digest.Cut(issue, s.Selection)) {
		row.State, row.Reply = sigpost.DeliverySuppressed, nothingForThem
	}
	return row
}

// messageID is that of an issue's letter to one reader. It is made of what the
// issue is, not of the row that it has: a repeat has the same one, from a
// restored database too.
func (a *App) messageID(d config.Digest, issue sigpost.Issue, subscription int64) sigpost.MessageID {
	return deliver.MessageIDFor(a.secret, d.Name, issue.Window.To, issue.Number, subscription, domain(d.From))
}

// closeIssue marks an issue as sent when no delivery of it can still be made.
func (a *App) closeIssue(ctx context.Context, issue sigpost.Issue) error {
	counts, err := a.Store.DeliveryCounts(ctx, issue.ID)
	if err != nil || counts[sigpost.DeliveryQueued]+counts[sigpost.DeliverySending] > 0 {
		return err
	}
	return a.Store.SetIssueState(ctx, issue.ID, sigpost.IssueSent, a.now())
}

// openCourier is what takes the letters: the configured server, or in a dry run
// one that only notes them.
func (a *App) openCourier(r *SendReport) (deliver.Courier, error) {
	if a.dry {
		return &noting{report: r}, nil
	}
	server, err := a.smtpServer()
	if err != nil {
		return nil, err
	}
	return deliver.NewSMTP(server), nil
}

func (a *App) smtpServer() (deliver.Server, error) {
	s := a.Config.SMTP
	roots, err := a.Config.RootCAs(s.Server)
	return deliver.Server{
		Addr: s.Host, TLS: deliver.TLSMode(s.TLS), AllowPlain: s.AllowPlain, Username: s.Username,
		Password: func() (string, error) { return a.Config.Password(s.Server) },
		RootCAs:  roots, Hello: s.Hello, Timeout: time.Duration(s.Timeout),
	}, err
}

// noting takes letters and sends none.
type noting struct{ report *SendReport }

// Send notes the letter.
func (n *noting) Send(_ context.Context, _, to string, data []byte) (string, error) {
	letter := DryLetter{To: to, Bytes: len(data)}
	if m, err := mail.ReadMessage(strings.NewReader(string(data))); err == nil {
		letter.MessageID = sigpost.MessageID(strings.Trim(m.Header.Get("Message-Id"), "<>"))
		letter.Subject = m.Header.Get("Subject")
		if decoded, err := new(mime.WordDecoder).DecodeHeader(letter.Subject); err == nil {
			letter.Subject = decoded
		}
	}
	n.report.Letters = append(n.report.Letters, letter)
	return "dry run", nil
}

// Close has nothing to close.
func (n *noting) Close() error { return nil }

// edition is an issue that is ready for many readers, with its events.
type edition struct {
	*digest.Edition
	calendar []byte // as iCalendar; empty where there are none
}

func (a *App) edition(d config.Digest, issue sigpost.Issue) (e edition, err error) {
	templates, err := a.templates(d)
	if err != nil {
		return e, err
	}
	e.Edition = templates.Prepare(issue)
	if len(issue.Events) > 0 {
		e.calendar, err = a.IssueCalendar(issue)
	}
	if err != nil {
		err = fmt.Errorf("the events of issue %d of %s cannot be written as iCalendar: %w", issue.Number, issue.Digest, err)
	}
	return e, err
}

// Letter builds the mail that one reader gets of an issue.
func (a *App) Letter(d config.Digest, e edition, s sigpost.Subscription, id sigpost.MessageID) ([]byte, error) {
	issue := e.Issue()
	letter, err := e.Render(a.Reader(d, issue, s))
	if err != nil {
		return nil, err
	}
	letter.Calendar = e.calendar
	h := deliver.Header{
		From: author(d.From), To: sigpost.Address{Name: s.Subscriber.Name, Addr: s.Subscriber.Addr}, ReplyTo: author(d.ReplyTo),
		Date: sent(issue), MessageID: id, ListID: d.ListID, ListTitle: issue.Title,
		UnsubscribeURL: a.unsubscribeURL(s.ID), UnsubscribeMailto: a.unsubscribeMailto(d, s.ID),
	}
	return deliver.Build(h, letter)
}

// sent is the date of an issue's letters: when it was approved or, where nobody
// had to, composed.
func sent(issue sigpost.Issue) time.Time {
	if !issue.Approved.IsZero() {
		return issue.Approved
	}
	return issue.Composed
}

// Reader is what the rendering of an issue must know of a reader.
func (a *App) Reader(d config.Digest, issue sigpost.Issue, s sigpost.Subscription) digest.Reader {
	r := digest.Reader{Selection: s.Selection, Footer: d.PostalAddress, UnsubscribeURL: a.unsubscribeURL(s.ID)}
	if r.UnsubscribeURL == "" && d.UnsubscribeMailto != "" {
		r.UnsubscribeURL = a.unsubscribeMailto(d, s.ID)
	}
	if d.ReplyTo != "" { // there is no page for it yet: a person does it
		r.PreferencesURL = "mailto:" + address(d.ReplyTo).Address + "?subject=" + url.PathEscape("Change my topics, or pause: "+d.Title)
	}
	if s.Subscriber.Zone != "" {
		if zone, err := time.LoadLocation(s.Subscriber.Zone); err == nil {
			r.Zone = zone
		}
	}
	if a.Config.Web.URL != "" {
		r.CalendarURL = a.calendarURL()
		r.FeedURL = a.Config.Web.URL + web.FeedPath(d.Name)
		r.IssueURL = fmt.Sprintf("%s/issues/%s/%d", a.Config.Web.URL, d.Name, issue.Number)
	}
	return r
}

// calendarURL is where all dates can be subscribed to, or "" where no pages are
// served.
func (a *App) calendarURL() string {
	if a.Config.Web.URL == "" {
		return ""
	}
	return a.Config.Web.URL + web.CalendarPath
}

func (a *App) unsubscribeURL(subscription int64) string {
	if a.Config.Web.URL == "" || subscription == 0 {
		return ""
	}
	return a.Config.Web.URL + "/unsubscribe/" + a.tokens.Unsubscribe(subscription)
}

// unsubscribeMailto is a URL (RFC 6068) with a subject that says who wants to go.
func (a *App) unsubscribeMailto(d config.Digest, subscription int64) string {
	if d.UnsubscribeMailto == "" {
		return ""
	}
	addr := address(d.UnsubscribeMailto).Address
	if subscription == 0 {
		return "mailto:" + addr
	}
	return fmt.Sprintf("mailto:%s?subject=unsubscribe%%20%s", addr, a.tokens.Unsubscribe(subscription))
}

// author is an address of the config in our own words.
func author(s string) sigpost.Address {
	a := address(s)
	return sigpost.Address{Name: a.Name, Addr: a.Address}
}

// address reads an address that the config's validation has seen.
func address(s string) mail.Address {
	if parsed, err := mail.ParseAddress(s); err == nil {
		return *parsed
	}
	return mail.Address{Address: s}
}

func domain(s string) string { return sigpost.Address{Addr: address(s).Address}.Domain() }
