package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/ingest"
)

// SourceReport says what became of the mail of one mailbox or file.
type SourceReport = ingest.Report

// IngestReport says what a run of ingest did, mailbox by mailbox.
type IngestReport struct {
	Mailboxes []SourceReport `json:"mailboxes"`
	sigpost.AddCounts
	// Service is what was done with the mail of service mailboxes, which is not
	// archived: of theirs, Found alone counts, and Quarantined.
	Service ServiceReport `json:"service,omitzero"`
	// Failed are the mailboxes that could not be read to their end.
	Failed []string      `json:"failed,omitempty"`
	Took   time.Duration `json:"took_ns"`
}

func (r *IngestReport) add(one SourceReport) {
	r.Mailboxes = append(r.Mailboxes, one)
	r.AddCounts.Add(one.AddCounts)
}

// Ingest reads what is new in every mailbox of the configuration. One that
// fails does not keep the others from being read; the error names all that
// failed.
func (a *App) Ingest(ctx context.Context) (report IngestReport, err error) {
	err = a.within(ctx, a.scopeOfMailboxes(), func(a *App) error {
		report, err = a.ingest(ctx)
		return err
	})
	return report, err
}

func (a *App) ingest(ctx context.Context) (report IngestReport, err error) {
	var failures []error
	for _, j := range a.Jobs() {
		if j.Kind != JobRead || ctx.Err() != nil {
			continue
		}
		one, err := a.perform(ctx, j)
		if err != nil {
			failures = append(failures, err)
		}
		if r, ok := one.(IngestReport); ok {
			report.merge(r)
		}
	}
	return report, errors.Join(failures...)
}

// readMailbox reads what is new in a mailbox, and calls between each time that
// something has been stored.
func (a *App) readMailbox(ctx context.Context, account config.Account, mailbox config.Mailbox, between func()) (report IngestReport, err error) {
	begin := time.Now()
	name := account.Name + "/" + mailbox.Name
	report.Mailboxes = []SourceReport{}
	source, err := a.source(account, mailbox)
	if err == nil {
		var one SourceReport
		one, err = a.mailReader().Fetch(ctx, source, func(done, total int) {
			a.progress("reading "+name, Messages, done, total)
			between()
		})
		report.add(one)
		report.Service = a.round.service()
		level := slog.LevelInfo
		if err != nil {
			level = slog.LevelWarn
		}
		a.log.Log(ctx, level, "mailbox read", "mailbox", name, "stored", one.Stored, "duplicates", one.Duplicates,
			"quarantined", one.Quarantined, "took", one.Took, "complete", err == nil)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
		report.Failed = append(report.Failed, name)
	}
	if ctx.Err() == nil {
		err = errors.Join(err, a.Store.Tidy(ctx, report.Stored))
	}
	report.Took = time.Since(begin)
	return report, err
}

func (a *App) ingester() *ingest.Ingester {
	return ingest.New(a.knowing(a.Store), a.parse, a.now, a.log)
}

func (a *App) source(account config.Account, mailbox config.Mailbox) (ingest.Source, error) {
	ia, err := a.imapAccount(account)
	if err != nil {
		return ingest.Source{}, err
	}
	s := ingest.Source{Account: ia, Mailbox: mailbox.Name, List: mailbox.List, MaxMessageBytes: mailbox.MaxMessageBytes}
	if mailbox.Since.Year > 0 {
		s.Since = mailbox.Since.AsTime(time.UTC)
	}
	return s, nil
}

func (a *App) imapAccount(account config.Account) (ingest.Account, error) {
	roots, err := a.Config.RootCAs(account.Server)
	if err != nil {
		return ingest.Account{}, err
	}
	ia := ingest.Account{
		Name: account.Name, Addr: account.Host, Auth: ingest.AuthMethod(account.Auth), Username: account.Username,
		Password:      func() (string, error) { return a.Config.Password(account.Server) },
		PasswordPlace: a.Config.PasswordPlace(account.Server),
		TLS:           ingest.TLSMode(account.TLS), AllowPlain: account.AllowPlain, RootCAs: roots,
		Timeout: time.Duration(account.Timeout),
	}
	if ia.Auth == ingest.AuthOAuth {
		ia.OAuth = oauth(a.Config, account)
	}
	return ia, nil
}

// oauth is what gets an account's access tokens.
func oauth(cfg *config.Config, account config.Account) *ingest.OAuth {
	return &ingest.OAuth{
		Account: account.Name, TokenURL: account.TokenURL, DeviceURL: account.DeviceURL, ClientID: account.ClientID,
		ClientSecret: func() (string, error) { return cfg.ClientSecret(account) },
		Scopes:       account.Scopes, TokenFile: cfg.Path(account.TokenFile),
	}
}

// importing shows how far an import is in mails, of which it takes as many for
// all as the bytes so far let expect.
func (a *App) importing(name string) func(done, total int64, mails int) {
	begin := int64(-1) // what was read by an earlier run, and a little more
	before := 0
	return func(done, total int64, mails int) {
		if begin < 0 {
			begin, before = done, mails
		}
		all := 0 // not known yet
		if done > begin {
			all = mails + int(float64(total-done)*float64(mails-before)/float64(done-begin))
		}
		a.progress("importing "+name, Messages, mails, all)
	}
}

// Import reads files or folders of mail into the archive, as mail of the named
// list, or of the only one. One that fails does not keep the others from being
// read; the error names all that failed. What turned out to be no mail is not
// in the report.
func (a *App) Import(ctx context.Context, files []string, list string) (report IngestReport, err error) {
	l, err := a.Config.List(list)
	if err != nil {
		return report, err
	}
	err = a.within(ctx, []Scope{{ScopeMailbox, "files"}}, func(a *App) error {
		var failures []error
		for _, file := range files {
			if err := a.importFile(ctx, file, l.Name, &report); err != nil {
				failures = append(failures, err)
			}
			if ctx.Err() != nil {
				break
			}
		}
		return errors.Join(append(failures, a.Store.Tidy(ctx, report.Stored))...)
	})
	return report, err
}

func (a *App) importFile(ctx context.Context, file, list string, report *IngestReport) error {
	if _, err := os.Stat(file); err != nil {
		return sigpost.Usage(fmt.Errorf("the mail cannot be read: %w", err))
	}
	if err := refuseDump(file); err != nil {
		return err
	}
	one, err := a.ingester().Import(ctx, file, list, a.importing(filepath.Base(file)))
	if one.Format != "" {
		report.add(one)
	}
	report.Took += one.Took
	if err != nil {
		report.Failed = append(report.Failed, one.Mailbox)
	}
	return err
}
