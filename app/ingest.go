package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/ingest"
	"sigpost/message"
	"sigpost/store"
)

// IngestReport says what a run of ingest did, mailbox by mailbox.
type IngestReport struct {
	Mailboxes []ingest.Report `json:"mailboxes"`
	sigpost.AddCounts
	// Failed are the mailboxes that could not be read to their end.
	Failed []string      `json:"failed,omitempty"`
	Took   time.Duration `json:"took_ns"`
}

func (r *IngestReport) add(one ingest.Report) {
	r.Mailboxes = append(r.Mailboxes, one)
	r.AddCounts.Add(one.AddCounts)
}

// Ingest reads what is new in every mailbox of the configuration. One that
// fails does not keep the others from being read; the error names all that
// failed.
func (a *App) Ingest(ctx context.Context) (report IngestReport, err error) {
	err = a.locked(ctx, false, func(a *App) error {
		report, err = a.ingest(ctx)
		return err
	})
	return report, err
}

func (a *App) ingest(ctx context.Context) (report IngestReport, err error) {
	begin := time.Now()
	defer func() { report.Took = time.Since(begin) }()
	var failures []error
	in := a.ingester()
	defer in.Close()
	for _, account := range a.Config.Accounts {
		for _, mailbox := range account.Mailboxes {
			name := account.Name + "/" + mailbox.Name
			source, err := a.source(account, mailbox)
			if err == nil {
				var one ingest.Report
				one, err = in.Fetch(ctx, source, func(done, total int) { a.progress("reading "+name, Messages, done, total) })
				report.add(one)
				level := slog.LevelInfo
				if err != nil {
					level = slog.LevelWarn
				}
				a.log.Log(ctx, level, "mailbox read", "mailbox", name, "stored", one.Stored, "duplicates", one.Duplicates,
					"quarantined", one.Quarantined, "took", one.Took, "complete", err == nil)
			}
			if err != nil {
				failures = append(failures, fmt.Errorf("%s: %w", name, err))
				report.Failed = append(report.Failed, name)
			}
			if ctx.Err() != nil {
				return report, errors.Join(failures...)
			}
		}
	}
	return report, errors.Join(failures...)
}

func (a *App) ingester() *ingest.Ingester {
	lists := map[string]string{}
	for _, l := range a.Config.Lists {
		if l.ListID != "" {
			lists[strings.ToLower(l.ListID)] = l.Name
		}
	}
	return ingest.New(knowing{a.Store, lists, a.log}, a.parse, a.now, a.log)
}

// knowing is the archive, which tells by what the ledger and the configuration
// know where a mail belongs.
type knowing struct {
	*store.DB
	lists map[string]string // List-Id → name
	log   *slog.Logger
}

// Add marks our own letters that have come back, gives each mail the list that
// its List-Id names, where that is another one than its mailbox's, keeps aside
// what says something else than the mail that has its Message-ID, and stores.
func (k knowing) Add(ctx context.Context, mailbox *sigpost.Mailbox, arrivals []sigpost.Arrival, at time.Time) (sigpost.AddCounts, error) {
	batch := map[sigpost.MessageID]*sigpost.Message{}
	for i := range arrivals {
		if err := k.tellApart(ctx, &arrivals[i], batch); err != nil {
			return sigpost.AddCounts{}, err
		}
		arrival := arrivals[i]
		m := arrival.Message
		if m == nil {
			k.log.Warn("a mail goes to quarantine", "source", arrival.Source, "uid", arrival.UID, "reason", arrival.Reason)
			continue
		}
		for _, id := range m.ListIDs {
			if name, ok := k.lists[id]; ok {
				arrivals[i].List = name
				break
			}
		}
		if !m.Own {
			own, err := k.KnownLetter(ctx, m.MessageID)
			if err != nil {
				return sigpost.AddCounts{}, err
			}
			m.Own = own
		}
	}
	return k.DB.Add(ctx, mailbox, arrivals, at)
}

// tellApart makes sure that a mail whose Message-ID is known already is the same
// mail: its header and its footer may differ, what its author wrote may not.
// One that says something else has no place in the archive under this id, and
// is kept in quarantine. batch are the arrivals before it.
func (k knowing) tellApart(ctx context.Context, arrival *sigpost.Arrival, batch map[sigpost.MessageID]*sigpost.Message) error {
	m := arrival.Message
	if m == nil || m.Derived {
		return nil
	}
	known := batch[m.MessageID]
	if known == nil {
		stored, err := k.MessageByID(ctx, m.MessageID)
		if errors.Is(err, sigpost.ErrNotFound) {
			batch[m.MessageID] = m
			return nil
		}
		if err != nil {
			return err
		}
		raw, err := k.Raw(ctx, stored.ID)
		if err != nil {
			return err
		}
		if known, err = message.Parse(raw); err != nil {
			return nil // nothing is known of what it said
		}
	}
	if !sameWords(known.NewText(), m.NewText()) {
		arrival.Reason = fmt.Sprintf("it says something else than the mail that is stored under its Message-ID, %s", m.MessageID)
		arrival.Message = nil
	}
	return nil
}

// sameWords says whether one text is the other, or a part of it, as after a
// list has cut something out; white space does not count.
func sameWords(a, b string) bool {
	a, b = strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " ")
	return strings.Contains(a, b) || strings.Contains(b, a)
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
		Password: func() (string, error) { return a.Config.Password(account.Server) },
		TLS:      ingest.TLSMode(account.TLS), AllowPlain: account.AllowPlain, RootCAs: roots,
		Timeout: time.Duration(account.Timeout),
	}
	if ia.Auth == ingest.AuthOAuth {
		ia.OAuth = a.oauth(account)
	}
	return ia, nil
}

// oauth is what gets an account's access tokens.
func (a *App) oauth(account config.Account) *ingest.OAuth {
	return &ingest.OAuth{
		Account: account.Name, TokenURL: account.TokenURL, DeviceURL: account.DeviceURL, ClientID: account.ClientID,
		ClientSecret: func() (string, error) { return a.Config.ClientSecret(account) },
		Scopes:       account.Scopes, TokenFile: a.Config.Path(account.TokenFile),
	}
}

// Import reads a file of mail into the archive, as mail of the named list, or
// of the only one.
func (a *App) Import(ctx context.Context, file, list string) (report IngestReport, err error) {
	l, err := a.Config.List(list)
	if err != nil {
		return report, err
	}
	f, err := os.Open(file)
	if err != nil {
		return report, sigpost.Usage(fmt.Errorf("the mail cannot be read: %w", err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return report, err
	}
	err = a.locked(ctx, false, func(a *App) error {
		one, err := a.importMbox(ctx, f, info.Size(), l.Name)
		report.add(one)
		report.Took = one.Took
		return err
	})
	return report, err
}

func (a *App) importMbox(ctx context.Context, f *os.File, size int64, list string) (ingest.Report, error) {
	return a.ingester().ImportMbox(ctx, f.Name(), f, list, func(done int64) {
		a.progress("importing "+filepath.Base(f.Name()), Bytes, int(done), int(size)) // of a compressed file, compressed bytes
	})
}
