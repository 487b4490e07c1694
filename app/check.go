package app

import (
	"context"
	"errors"
	"fmt"

	"sigpost"
	"sigpost/config"
	"sigpost/ingest"
)

// Finding is what a check found out about one thing.
type Finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Says string `json:"says"` // what is wrong and what to do, or what is right
}

// Check tries everything that the configuration names: the archive's
// database, each mailbox, the mail server, the keys. It changes nothing but that it makes
// the database where there is none.
func (a *App) Check(ctx context.Context) []Finding {
	messages, threads, quarantined, err := a.Store.CountMessages(ctx)
	findings := []Finding{finding("archive", err, "%d messages in %d threads, %d in quarantine", messages, threads, quarantined)}
	findings = append(findings, finding("taxonomy", nil, "%d tags, version %s", len(a.taxonomy.Tags), a.tagger.version))
	for _, d := range a.Config.Digests {
		findings = append(findings, a.checkLetters(ctx, d))
		if d.Templates != "" {
			_, err := a.templates(d)
			findings = append(findings, finding("templates of "+d.Name, err, "every output of %s can be made", d.Templates))
		}
	}
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
	findings = append(findings, a.checkSecrets(ctx)...)
	findings = append(findings, a.checkCalendars(ctx)...)
	if a.Config.SMTP.Host != "" {
		findings = append(findings, a.checkRelays(ctx)...)
	}
	for _, k := range a.Config.DKIM {
		_, err := signingKey(a.Config, k)
		findings = append(findings, finding("dkim "+k.Name(), err, "the key can be read"))
	}
	for _, c := range a.Config.Announces {
		findings = append(findings, a.checkChannel(ctx, c))
	}
	return findings
}

// checkRelays tries each mail server.
func (a *App) checkRelays(ctx context.Context) (findings []Finding) {
	for i, relay := range a.Config.SMTP.Relays() {
		says := "%s takes the login"
		if relay.Username == "" {
			says = "%s can be reached and wants no login"
		}
		findings = append(findings, finding(relayKey(i), a.tryRelay(ctx, relay), says, relay.Host))
	}
	return findings
}

// checkLetters looks for letters of a digest's last issue that need somebody.
func (a *App) checkLetters(ctx context.Context, d config.Digest) Finding {
	what := "digest " + d.Name
	drafts := ""
	open, err := a.Store.OpenDrafts(ctx, d.Name)
	for _, i := range open {
		drafts += fmt.Sprintf("; issue %d is a draft that waits to be approved", i.Number)
	}
	if err == nil {
		_, err = a.topics(d.Topics)
	}
	if err != nil {
		return finding(what, err, "")
	}
	last, err := a.lastPublic(ctx, d)
	if errors.Is(err, sigpost.ErrNotFound) {
		return finding(what, nil, "no issue yet; the next is due %s%s", schedule(d).Next(a.now()).Format("Monday 2 January 2006 15:04 MST"), drafts)
	}
	var counts sigpost.DeliveryCounts
	if err == nil {
		counts, err = a.Store.DeliveryCounts(ctx, last.ID)
	}
	if lost := counts[sigpost.DeliveryFailed] + counts[sigpost.DeliveryUnknown]; err == nil && lost > 0 {
		err = fmt.Errorf("%d letters of issue %d failed and %d are held: \"sigpost digest send --retry-failed\" or \"--resend-held\"",
			counts[sigpost.DeliveryFailed], last.Number, counts[sigpost.DeliveryUnknown])
	}
	return finding(what, err, "issue %d: %d letters sent, %d waiting%s", last.Number, counts[sigpost.DeliverySent], counts[sigpost.DeliveryQueued], drafts)
}

func finding(what string, err error, format string, args ...any) Finding {
	if err != nil {
		return Finding{What: what, Says: err.Error()}
	}
	return Finding{What: what, OK: true, Says: fmt.Sprintf(format, args...)}
}
