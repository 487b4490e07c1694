package app

import (
	"context"
	"fmt"

	"sigpost/deliver"
	"sigpost/ingest"
)

// Finding is what a check found out about one thing.
type Finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Says string `json:"says"` // what is wrong and what to do, or what is right
}

// Check tries everything that the configuration names: the archive's
// database, each mailbox, the mail server. It changes nothing there.
func (a *App) Check(ctx context.Context) []Finding {
	messages, threads, quarantined, err := a.Store.CountMessages(ctx)
	findings := []Finding{finding("archive", err, "%d messages in %d threads, %d in quarantine", messages, threads, quarantined)}
	findings = append(findings, finding("taxonomy", nil, "%d tags, version %s", len(a.taxonomy.Tags), a.taxonomy.Version()))
	for _, account := range a.Config.Accounts {
		names := make([]string, 0, len(account.Mailboxes))
		for _, m := range account.Mailboxes {
			names = append(names, m.Name)
		}
		ia, err := a.imapAccount(account)
		if err == nil {
			err = ingest.Check(ctx, ia, names)
		}
		findings = append(findings, finding("account "+account.Name, err, "%s takes the login and has %d mailbox(es)", account.Host, len(names)))
	}
	if a.Config.SMTP.Host != "" {
		server, err := a.smtpServer()
		if err == nil {
			courier := deliver.NewSMTP(server)
			err = courier.Connect(ctx)
			courier.Close()
		}
		findings = append(findings, finding("smtp", err, "%s takes the login", a.Config.SMTP.Host))
	}
	return findings
}

func finding(what string, err error, format string, args ...any) Finding {
	if err != nil {
		return Finding{What: what, Says: err.Error()}
	}
	return Finding{What: what, OK: true, Says: fmt.Sprintf(format, args...)}
}
