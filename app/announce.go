package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/deliver"
	"sigpost/store"
)

// AnnounceReport says what became of an issue's note in one channel.
type AnnounceReport struct {
	Channel string                `json:"channel"`
	State   sigpost.DeliveryState `json:"state"`
	// Says is what the other end said, or why the note was not taken.
	Says string    `json:"says,omitempty"`
	Due  time.Time `json:"due,omitzero"` // of one that is to be tried again
	// Text is what would be said, in a dry run.
	Text string `json:"text,omitempty"`
}

// channels are those that are told of a digest's issues.
func (a *App) channels(d config.Digest) []config.Announce {
	return slices.DeleteFunc(slices.Clone(a.Config.Announces), func(c config.Announce) bool { return !slices.Contains(c.Digests, d.Name) })
}

// queueAnnouncements gives each channel its row, when an issue begins to be sent.
func (a *App) queueAnnouncements(ctx context.Context, tx *store.DB, d config.Digest, issue sigpost.Issue) error {
	var names []string
	for _, c := range a.channels(d) {
		names = append(names, c.Name)
	}
	if len(names) == 0 {
		return nil
	}
	_, err := tx.Announcements().Queue(ctx, issue.ID, names, a.now())
	return err
}

// announce says in the channels what is queued of a digest, and puts what became
// of it into the reports of its issues. It comes after the letters, and nothing
// that fails here concerns them.
func (a *App) announce(ctx context.Context, d config.Digest, reports []SendReport) ([]SendReport, error) {
	issues, err := a.Store.Announcements().OpenIssues(ctx, d.Name)
	if err != nil {
		return reports, err
	}
	var failures []error
	for _, issue := range issues {
		said, err := a.announceIssue(ctx, d, issue)
		if err != nil {
			failures = append(failures, fmt.Errorf("announcing issue %d of %s: %w", issue.Number, d.Name, err))
		}
		i := slices.IndexFunc(reports, func(r SendReport) bool { return r.Number == issue.Number })
		if i < 0 {
			reports = append(reports, SendReport{Digest: d.Name, Number: issue.Number, Closed: true, DryRun: a.dry})
			i = len(reports) - 1
		}
		reports[i].Announced = said
	}
	return reports, errors.Join(failures...)
}

func (a *App) announceIssue(ctx context.Context, d config.Digest, issue sigpost.Issue) (said []AnnounceReport, err error) {
	err = a.counted(ctx, store.StageAnnounce, func(n *stageRows) error {
		said, err = a.sayNotes(ctx, d, issue, n)
		return err
	})
	return said, err
}

// sayNotes says an issue's notes that are due, and counts them.
func (a *App) sayNotes(ctx context.Context, d config.Digest, issue sigpost.Issue, n *stageRows) ([]AnnounceReport, error) {
	couriers, err := a.channelCouriers(d)
	if err != nil {
		return nil, err
	}
	defer couriers.Close()
	policy := deliver.Hold
	if a.Config.SMTP.Unknown == "resend" {
		policy = deliver.Resend
	}
	l := &announceLedger{Announcements: a.Store.Announcements(), channels: map[int64]string{}, texts: map[string]string{}}
	sender := deliver.New(l, couriers, a.now, a.log, deliver.Options{Unknown: policy, Apart: true})
	outcome, sending := sender.Send(ctx, issue.ID, func(_ context.Context, row sigpost.Delivery) (from, to string, data []byte, err error) {
		channel := l.channels[row.ID]
		text, err := a.note(d, issue, channel)
		l.texts[channel] = text
		return "", channel, []byte(text), err
	}, nil)
	n.done, n.failed = outcome.Sent, outcome.Failed+outcome.Unknown
	rows, reading := a.Store.Announcements().Of(context.WithoutCancel(ctx), issue.ID)
	var said []AnnounceReport
	for _, row := range rows {
		r := AnnounceReport{Channel: row.Channel, State: row.State, Says: row.Reply}
		if row.State == sigpost.DeliveryQueued {
			r.Due = row.Due
		}
		if a.dry {
			r.Text = l.texts[row.Channel]
		}
		said = append(said, r)
	}
	err = errors.Join(sending, reading)
	if lost := outcome.Failed + outcome.Unknown; lost > 0 {
		err = errors.Join(err, fmt.Errorf("%w: %d notes failed or may have arrived and are held", ErrNotAnnounced, lost))
	}
	return said, err
}

// ErrNotAnnounced says that a channel was not told of an issue.
var ErrNotAnnounced = errors.New("not every channel was told")

// note is what a channel is told of an issue.
func (a *App) note(d config.Digest, issue sigpost.Issue, channel string) (string, error) {
	kind := ""
	for _, c := range a.channels(d) {
		if c.Name == channel {
			kind = c.Kind
		}
	}
	if kind == "" { // the courier says so
		return "", nil
	}
	t, err := a.templates(d)
	if err != nil {
		return "", err
	}
	return t.Note(kind, issue, a.Reader(d, issue, sigpost.Subscription{}).IssueURL)
}

// channelCouriers are the couriers of a digest's channels; in a dry run they take
// notes and say nothing.
func (a *App) channelCouriers(d config.Digest) (deliver.Channels, error) {
	all := deliver.Channels{}
	for _, c := range a.channels(d) {
		courier, err := a.channelCourier(c)
		if err != nil {
			return nil, err
		}
		all[c.Name] = courier
	}
	return all, nil
}

func (a *App) channelCourier(c config.Announce) (deliver.Courier, error) {
	switch {
	case a.dry:
		return silent{}, nil
	case c.Kind == config.AnnounceSlack:
		return deliver.NewSlack(func() (string, error) { return a.webhook(c) }, time.Duration(c.Timeout)), nil
	}
	return a.ircChannel(c)
}

func (a *App) webhook(c config.Announce) (string, error) {
	url, err := a.Config.WebhookURL(c)
	if err == nil {
		if err = config.CheckWebhook(url); err != nil {
			err = fmt.Errorf("the webhook of %s cannot be used: %w", c.Name, err)
		}
	}
	return url, err
}

func (a *App) ircChannel(c config.Announce) (*deliver.IRC, error) {
	roots, err := a.Config.RootCAs(c.Server())
	return deliver.NewIRC(deliver.IRCServer{
		Addr: c.Host, TLS: deliver.TLSMode(c.TLS), AllowPlain: c.AllowPlain, RootCAs: roots, Nick: c.Nick, Channel: c.Channel,
		Password: func() (string, error) { return a.Config.AnnouncePassword(c) }, Timeout: time.Duration(c.Timeout),
	}), err
}

// silent takes notes and says none.
type silent struct{}

// Send takes a note and tells nobody.
func (silent) Send(context.Context, string, string, []byte) (string, error) { return "dry run", nil }

// Close has nothing to close.
func (silent) Close() error { return nil }

// announceLedger is the ledger of notes, as the sender sees it.
type announceLedger struct {
	store.Announcements
	channels map[int64]string  // of the rows that were claimed
	texts    map[string]string // by channel: what this run had to say
}

// Claim claims, and remembers the channels.
func (l *announceLedger) Claim(ctx context.Context, issueID int64, now, lease time.Time, limit int) ([]sigpost.Delivery, error) {
	claimed, err := l.Announcements.Claim(ctx, issueID, now, lease, limit)
	rows := make([]sigpost.Delivery, len(claimed))
	for i, c := range claimed {
		rows[i], l.channels[c.ID] = c.Delivery, c.Channel
	}
	return rows, err
}
