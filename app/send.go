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
	// Paused and Ended say why the issue stands still, or is not sent any more.
	Paused string `json:"paused,omitempty"`
	Ended  string `json:"ended,omitempty"`
	// Waits is until when it is not sent, since it was approved for then, or since
	// letters go out only in these Hours.
	Waits time.Time `json:"waits,omitzero"`
	Hours string    `json:"hours,omitempty"`
	// Ledger is how all letters of the issue stand, where nothing was left to be done;
	// empty where nobody is subscribed.
	Ledger sigpost.DeliveryCounts `json:"ledger,omitempty"`
	// Stopped says that it was not gone through all that was due: the error says why.
	Stopped bool          `json:"stopped,omitempty"`
	DryRun  bool          `json:"dry_run"`
	Took    time.Duration `json:"took_ns"`

	told int // letters that failed, or may have arrived, and were counted while others went out
}

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
	err = a.digestWithin(ctx, dry, d, func(a *App) error {
		reports, err = a.send(ctx, d)
		return err
	})
	return reports, err
}

func (a *App) send(ctx context.Context, d config.Digest) ([]SendReport, error) {
	defer a.noteLetters(ctx, d)
	issues, err := a.Store.OpenIssues(ctx, d.Name)
	if err != nil {
		return nil, a.notEven(ctx, store.StageSend, err)
	}
	reports := []SendReport{}
	var failures []error
	restored, err := a.checkGeneration(ctx)
	if err != nil {
		return reports, a.notEven(ctx, store.StageSend, err)
	}
	others := error(nil) // who send an issue
	for _, issue := range issues {
		if issue.State == sigpost.IssueApproved && issue.SendAfter.After(a.now()) {
			reports = append(reports, SendReport{Digest: d.Name, Number: issue.Number, Waits: issue.SendAfter, DryRun: a.dry})
			continue
		}
		if opens := a.opens(d); !opens.IsZero() {
			reports = append(reports, SendReport{Digest: d.Name, Number: issue.Number, Waits: opens, Hours: d.Hours().String(), DryRun: a.dry})
			continue
		}
		r, err := a.sendIssue(ctx, d, issue, restored, a.turnOfSending())
		if errors.Is(err, sigpost.ErrLocked) {
			others = err
			continue
		}
		reports = append(reports, r)
		if err != nil {
			failures = append(failures, fmt.Errorf("issue %d of %s: %w", issue.Number, d.Name, err))
		}
		// What stops one issue for all its readers stops the next one too.
		if server := (*deliver.ServerError)(nil); ctx.Err() != nil || errors.As(err, &server) {
			break
		}
	}
	if others != nil && len(reports) == 0 {
		return reports, others
	}
	if ctx.Err() == nil {
		if reports, err = a.announceAlone(ctx, d, reports); err != nil {
			failures = append(failures, err)
		}
	}
	return reports, errors.Join(failures...)
}

// errClosed says that the hours are over in which letters go out.
var errClosed = errors.New("letters go out at other hours")

// opens is when letters of a digest may go out next; zero where they may now.
func (a *App) opens(d config.Digest) time.Time {
	if at := d.Hours().Next(a.now()); at.After(a.now()) {
		return at
	}
	return time.Time{}
}

// turnOfSending is how long letters of an issue are taken at a time: where others send
// too, so long that the configuration and the shares are looked at again; else until
// nothing is due.
func (a *App) turnOfSending() time.Duration {
	if a.shared {
		return time.Minute
	}
	return 0
}

// sendIssue sends what is due of an issue, and takes letters for a while where lasting
// is not 0. The error wraps sigpost.ErrLocked where enough others do so.
func (a *App) sendIssue(ctx context.Context, d config.Digest, issue sigpost.Issue, restored time.Time, lasting time.Duration) (r SendReport, err error) {
	end, ok := a.sharing.begin(issue.ID)
	if !ok {
		return r, fmt.Errorf("this process sends issue %d of %s already: %w", issue.Number, d.Name, sigpost.ErrLocked)
	}
	defer end()
	err = a.counted(ctx, store.StageSend, func(n *stageRows) error {
		r, err = a.sendLetters(ctx, d, issue, restored, lasting)
		r.Stopped = err != nil
		if err == nil && r.Outcome.Done()+r.Queued == 0 {
			r.Ledger, err = a.Store.DeliveryCounts(ctx, issue.ID)
		}
		n.failed, n.told = r.Outcome.Failed+r.Outcome.Unknown, r.told
		return err
	})
	return r, err
}

func (a *App) sendLetters(ctx context.Context, d config.Digest, issue sigpost.Issue, restored time.Time, lasting time.Duration) (SendReport, error) {
	begin := time.Now()
	r := SendReport{Digest: d.Name, Number: issue.Number, DryRun: a.dry}
	sending, err := a.beginSending(ctx, d, issue, restored)
	if err != nil {
		return r, err
	}
	if a.now().After(sending.Expires) && sending.Paused.IsZero() {
		return a.expire(ctx, d, issue, sending, r)
	}
	if !sending.Paused.IsZero() {
		r.Paused = sending.PausedWhy
		return r, nil
	}
	p, err := a.newPacker(d, issue)
	if err != nil {
		return r, err
	}
	b := &books{DB: a.Store, a: a, packer: p, sending: sending, report: &r}
	total, err := a.Store.SendingTotal(ctx, sending, d.Name)
	if err != nil {
		return r, err
	}
	sender, done, err := a.openBulk(&r, b, total, lasting)
	if err != nil {
		return r, err
	}
	defer done()
	if err := b.count(ctx, a.now()); err != nil { // before the first letter
		return r, err
	}
	r.Outcome, err = sender.Send(ctx, issue.ID, p.pack, func(done int) {
		a.progress(fmt.Sprintf("sending issue %d of %s", issue.Number, d.Name), Letters, done+r.Nothing, total)
	})
	if errors.Is(err, sigpost.ErrLocked) {
		return r, err
	}
	err = errors.Join(err, a.countGeneration(context.WithoutCancel(ctx)))
	err = errors.Join(err, a.countWaiting(context.WithoutCancel(ctx), issue, &r.Outcome))
	r.Took = time.Since(begin)
	ended := []any{"digest", d.Name, "number", issue.Number, "sent", r.Outcome.Sent, "failed", r.Outcome.Failed,
		"unknown", r.Outcome.Unknown, "waiting", r.Outcome.Waiting, "took", r.Took,
		"complete", err == nil && r.Outcome.Waiting == 0}
	if err != nil {
		ended = append(ended, "stopped", err)
	}
	a.log.Info("sending ended", ended...)
	if tripped := (*deliver.Tripped)(nil); errors.As(err, &tripped) {
		r.Paused = tripped.Error()
		first, pausing := a.Store.PauseSending(context.WithoutCancel(ctx), issue.ID, r.Paused, a.now())
		if err = errors.Join(err, pausing); first { // of all that send it
			err = errors.Join(err, a.tellOperator(context.WithoutCancel(ctx), d, issue.Number, r.Paused,
				"It stands still until somebody says \"sigpost digest resume\" or \"sigpost digest cancel\"."))
		}
	}
	if errors.Is(err, errClosed) {
		r.Waits, r.Hours, err = d.Hours().Next(a.now()), d.Hours().String(), nil
	} else if errors.Is(err, deliver.ErrPaused) { // somebody has said so meanwhile
		s, reading := a.Store.Sending(ctx, issue.ID)
		r.Paused, err = s.PausedWhy, reading
	} else if err == nil {
		err = a.closeIssue(ctx, issue)
	}
	if r.Outcome.Failed+r.Outcome.Unknown == 0 {
		return r, err
	}
	// They are named now, also when something else stopped the sending: the
	// next run has other letters to speak of.
	all, reading := lost(context.WithoutCancel(ctx), a.Store, issue.ID)
	r.Lost = all
	return r, errors.Join(err, reading,
		fmt.Errorf("%w: %d failed for good, %d may have arrived and are held", ErrLost, r.Outcome.Failed, r.Outcome.Unknown))
}

// countWaiting counts all who are still to get a letter, also those that others have in hand
// and readers who have no row in the ledger yet.
func (a *App) countWaiting(ctx context.Context, issue sigpost.Issue, o *deliver.Outcome) error {
	s, err := a.Store.Sending(ctx, issue.ID)
	if err != nil {
		return err
	}
	if o.Waiting, err = a.Store.SendingTotal(ctx, s, issue.Digest); err != nil {
		return err
	}
	queued, _, err := a.Store.Waiting(ctx, issue.ID)
	if queued == 0 || !s.Filled() { // others are tried before
		o.NextDue = time.Time{}
	}
	return err
}

// expire ends the sending of an issue that is too late. Of several processes that find
// so, one tells the operator.
func (a *App) expire(ctx context.Context, d config.Digest, issue sigpost.Issue, sending store.Sending, r SendReport) (SendReport, error) {
	r.Ended = fmt.Sprintf(expiredWhy+"%s, and nothing more of it is", sending.Expires.In(d.Location()).Format(time.RFC1123))
	first := false
	err := a.Store.Tx(ctx, func(tx *store.DB) (err error) {
		if first, err = tx.MoveIssue(ctx, issue.ID, sigpost.IssueSending, sigpost.IssueSent, a.now()); err == nil && first {
			r.Outcome.Suppressed, err = tx.EndSending(ctx, issue.ID, r.Ended, a.now())
		}
		return err
	})
	if err == nil && first {
		err = a.tellOperator(ctx, d, issue.Number, "It is too late to send it: "+r.Ended+".", "See why nothing ran; the next issue goes out as ever.")
	}
	return r, errors.Join(err, fmt.Errorf("%w: %s", ErrExpired, r.Ended))
}

// ErrHidden says that an issue is not sent, since it quotes what was taken out of
// sight after it had been approved.
var ErrHidden = errors.New("it is not sent, since it quotes what is kept out of sight by now")

// quotesShown makes sure that an issue of which nothing was sent quotes nothing that
// is kept out of sight.
func quotesShown(ctx context.Context, db *store.DB, issue sigpost.Issue) error {
	hidden, err := hiddenQuotes(ctx, db, issue)
	if err == nil && len(hidden) > 0 {
		err = fmt.Errorf("%w: the message <%s>; take the approval back (\"sigpost digest unapprove\") and compose it anew (\"sigpost digest rebuild\"), or show the message again", ErrHidden, hidden[0])
	}
	return err
}

// expiredWhy begins why the sending of an issue was ended that was too late.
const expiredWhy = "it was to be sent by "

// ErrExpired says that an issue was not sent in time.
var ErrExpired = errors.New("too late to send it")

// beginSending gives how the sending of an issue goes, and begins it where it has
// not begun. One of before the archive was put back stands still. Of several processes
// one begins it, and the others find it begun.
func (a *App) beginSending(ctx context.Context, d config.Digest, issue sigpost.Issue, restored time.Time) (s store.Sending, err error) {
	if issue.State == sigpost.IssueSending {
		return a.Store.Sending(ctx, issue.ID)
	}
	err = a.Store.Tx(ctx, func(tx *store.DB) error {
		if s, err = tx.BeginSending(ctx, issue, a.expiry(issue), a.now()); err != nil {
			return err
		}
		if err := quotesShown(ctx, tx, issue); err != nil { // from here on whoever takes a message out of sight sees that it is being sent
			return err
		}
		if issue.Window.To.Before(restored) {
			if _, err := tx.PauseSending(ctx, issue.ID, restoredWhy, a.now()); err != nil {
				return err
			}
			if s, err = tx.Sending(ctx, issue.ID); err != nil {
				return err
			}
		}
		return a.queueAnnouncements(ctx, tx, d, issue)
	})
	if err != nil {
		if begun, reading := a.Store.Sending(ctx, issue.ID); reading == nil {
			return begun, nil
		}
	}
	return s, err
}

// leastExpiry is how long an issue may at least take to be sent.
const leastExpiry = 48 * time.Hour

// expiry is when an issue is too old to be sent: as long after its approval as its
// digest takes from one issue to the next.
func (a *App) expiry(issue sigpost.Issue) time.Time {
	period := issue.Until.Sub(issue.Window.To)
	if issue.Until.IsZero() {
		period = issue.Window.To.Sub(issue.Window.From)
	}
	return sent(issue).Add(max(period, leastExpiry))
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
		err = sigpost.NotFound(fmt.Errorf("%s has no issue yet", d.Name))
	}
	return sigpost.Issue{}, err
}

// messageID is that of an issue's letter to one reader. It is made of what the
// issue is, not of the row that it has: a repeat has the same one, from a
// restored database too.
func (a *App) messageID(d config.Digest, issue sigpost.Issue, subscription int64) sigpost.MessageID {
	return a.messageIDs(d, issue).For(subscription)
}

func (a *App) messageIDs(d config.Digest, issue sigpost.Issue) *deliver.MessageIDs {
	return deliver.NewMessageIDs(a.secret, d.Name, issue.Window.To, issue.Number, domain(d.From))
}

// closeIssue marks an issue as sent when no delivery of it can still be made.
func (a *App) closeIssue(ctx context.Context, issue sigpost.Issue) error {
	err := a.Store.Tx(ctx, func(tx *store.DB) error {
		// Whoever queues letters again changes the same row, so that one comes first.
		if _, err := tx.MoveIssue(ctx, issue.ID, sigpost.IssueSending, sigpost.IssueSent, a.now()); err != nil {
			return err
		}
		sending, err := tx.Sending(ctx, issue.ID)
		if err != nil {
			return err
		}
		counts, err := tx.DeliveryCounts(ctx, issue.ID)
		if err == nil && (!sending.Filled() || counts[sigpost.DeliveryQueued]+counts[sigpost.DeliverySending] > 0) {
			err = errNotYet
		}
		return err
	})
	if errors.Is(err, errNotYet) {
		return nil
	}
	return err
}

// openCourier is what takes the letters: the configured server, or in a dry run
// one that only notes them.
func (a *App) openCourier(r *SendReport) (deliver.Courier, error) {
	if a.dry {
		return &noting{report: r}, nil
	}
	servers, _, err := a.smtpServers()
	if err != nil {
		return nil, err
	}
	var couriers deliver.InOrder
	for _, s := range servers {
		couriers = append(couriers, deliver.NewSMTP(s))
	}
	return couriers, nil
}

// serverOf is a server of the configuration.
func (a *App) serverOf(s config.Relay) (deliver.Server, error) {
	roots, err := a.Config.RootCAs(s.Server)
	server := deliver.Server{
		Addr: s.Host, TLS: deliver.TLSMode(s.TLS), AllowPlain: s.AllowPlain, Username: s.Username,
		Password: func() (string, error) { return a.Config.Password(s.Server) },
		RootCAs:  roots, Hello: s.Hello, Timeout: time.Duration(s.Timeout),
		Connections: s.Connections, MaxPerConn: s.LettersPerConnection, Rate: s.Rate,
		Seen: func(state deliver.ConnState, by int) { a.seen().SMTP(string(state), by) },
	}
	if s.OAuthAccount != "" && err == nil {
		var account config.Account
		if account, err = a.Config.Account(s.OAuthAccount); err == nil {
			server.Token = oauth(a.Config, account).AccessToken
		}
	}
	return server, err
}

// smtpServers are all of them, in the order in which they are tried, and the
// limits of domains.
func (a *App) smtpServers() (servers []deliver.Server, limits []deliver.DomainLimit, err error) {
	for _, s := range a.Config.SMTP.Relays() {
		server, err := a.serverOf(s)
		if err != nil {
			return nil, nil, err
		}
		servers = append(servers, server)
	}
	for _, l := range a.Config.SMTP.Domains {
		limits = append(limits, deliver.DomainLimit{Domains: l.Names, Rate: l.Rate, AtOnce: l.Connections})
	}
	return servers, limits, nil
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
	return a.casting(d, e, s)(a.personal(s, id))
}

// sent is the date of an issue's letters: when it was approved or, where nobody
// had to, composed; or for when it was scheduled.
func sent(issue sigpost.Issue) time.Time {
	if issue.SendAfter.After(issue.Approved) {
		return issue.SendAfter
	}
	if !issue.Approved.IsZero() {
		return issue.Approved
	}
	return issue.Composed
}

// Reader is what the rendering of an issue must know of a reader.
func (a *App) Reader(d config.Digest, issue sigpost.Issue, s sigpost.Subscription) digest.Reader {
	return a.readerWith(d, issue, s, a.personal(s, ""))
}

// readerWith is that with the tokens that stand in their links.
func (a *App) readerWith(d config.Digest, issue sigpost.Issue, s sigpost.Subscription, p deliver.Personal) digest.Reader {
	r := digest.Reader{Selection: s.Selection, Footer: d.PostalAddress, UnsubscribeURL: a.unsubscribeURL(p.Unsubscribe)}
	if r.UnsubscribeURL == "" && d.UnsubscribeMailto != "" {
		r.UnsubscribeURL = a.unsubscribeMailto(d, p.Unsubscribe)
	}
	if r.PreferencesURL = a.preferencesURL(p.Preferences); r.PreferencesURL == "" && d.ReplyTo != "" { // a person does it
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

// unsubscribeURL is where a token ends a subscription, or "" where there is none.
func (a *App) unsubscribeURL(token string) string {
	if a.Config.Web.URL == "" || token == "" {
		return ""
	}
	return a.Config.Web.URL + "/unsubscribe/" + token
}

// unsubscribeMailto is a URL (RFC 6068) with a subject that says who wants to go.
func (a *App) unsubscribeMailto(d config.Digest, token string) string {
	if d.UnsubscribeMailto == "" {
		return ""
	}
	addr := address(d.UnsubscribeMailto).Address
	if token == "" {
		return "mailto:" + addr
	}
	return fmt.Sprintf("mailto:%s?subject=unsubscribe%%20%s", addr, token)
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
