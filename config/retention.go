package config

// Retention says for how many days things are kept; 0 is for ever.
type Retention struct {
	MailDays          int `toml:"mail_days"`
	QuarantineDays    int `toml:"quarantine_days"`
	LedgerDays        int `toml:"ledger_days"`
	AuditDays         int `toml:"audit_days"`
	FormerReadersDays int `toml:"former_readers_days"`
	RepliesDays       int `toml:"replies_days"` // never 0
}

// leastKept is for how many days at least what is kept is needed: threads and letters
// of issues that are being made or sent, and letters that may come back.
const leastKept = 90

func (c *Config) checkRetention(ch *checker) {
	r := c.Retention
	for key, v := range map[string]struct{ days, least int }{
		"mail_days": {r.MailDays, leastKept}, "ledger_days": {r.LedgerDays, max(leastKept, c.Bounces.Days+16*c.Bounces.RestDays)},
		"quarantine_days": {r.QuarantineDays, 1}, "audit_days": {r.AuditDays, 1}, "former_readers_days": {r.FormerReadersDays, 1}, "replies_days": {r.RepliesDays, 1},
	} {
		if (v.days != 0 || key == "replies_days") && (v.days < v.least || v.days > 36500) {
			ch.add("retention."+key, "%d is no number of days from %d to 36500", v.days, v.least)
		}
	}
}
