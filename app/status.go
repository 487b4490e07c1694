package app

import (
	"context"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/ingest"
)

// MailboxStatus says how far a mailbox has been read, and what there is to say
// of its list.
type MailboxStatus struct {
	Mailbox string `json:"mailbox"` // account/mailbox
	List    string `json:"list"`
	// Service says that it holds no list's mail but what comes back and what
	// readers write.
	Service bool `json:"service,omitempty"`
	// Complete is when it was last read to its end; zero for never.
	Complete time.Time `json:"complete,omitzero"`
	// Failing is since when every attempt has failed, and Failure why; they are
	// empty while it can be read.
	Failing time.Time `json:"failing,omitzero"`
	Failure string    `json:"failure,omitempty"`
	// Latest is when the newest message of the list was received.
	Latest time.Time `json:"latest,omitzero"`
	// Gaps are the UIDs of messages that could not be fetched and are in
	// quarantine, as far as the server handed them out.
	Gaps []uint32 `json:"gaps,omitempty"`
	// Server is what the server says now; nil where it could not be asked, for
	// the reason in Unreachable.
	Server      *ingest.Status `json:"server,omitempty"`
	Unreachable string         `json:"unreachable,omitempty"`
}

// Status looks at every mailbox of the configuration, without reading anything
// of it: what the archive knows, and what the server says now.
func (a *App) Status(ctx context.Context) ([]MailboxStatus, error) { return a.status(ctx, true) }

// status is Status, which asks the servers only where that is wanted.
func (a *App) status(ctx context.Context, ask bool) ([]MailboxStatus, error) {
	known, err := a.Store.Mailboxes(ctx)
	if err != nil {
		return nil, err
	}
	in := a.ingester()
	defer in.Close()
	var all []MailboxStatus
	for _, account := range a.Config.Accounts {
		for _, mailbox := range account.Mailboxes {
			s := MailboxStatus{Mailbox: account.Name + "/" + mailbox.Name, List: mailbox.List, Service: mailbox.For == config.ForService}
			cursor := mailboxOf(known, account.Name, mailbox.Name)
			s.Complete, s.Failing, s.Failure = cursor.Complete, cursor.Failing, cursor.Failure
			if !s.Service {
				if s.Latest, err = a.Store.LatestOf(ctx, mailbox.List); err != nil {
					return nil, err
				}
			}
			if s.Gaps, err = a.Store.Gaps(ctx, s.Mailbox); err != nil {
				return nil, err
			}
			if !ask {
				all = append(all, s)
				continue
			}
			source, err := a.source(account, mailbox)
			var now ingest.Status
			if err == nil {
				now, err = in.Status(ctx, source, cursor)
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil {
				s.Unreachable = err.Error()
			} else {
				s.Server = &now
			}
			all = append(all, s)
		}
	}
	return all, nil
}

// mailboxOf finds the cursor of a mailbox; one that was never read has none.
func mailboxOf(known []sigpost.Mailbox, account, name string) sigpost.Mailbox {
	for _, m := range known {
		if m.Account == account && m.Name == name {
			return m
		}
	}
	return sigpost.Mailbox{}
}
