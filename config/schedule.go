package config

import (
	"fmt"
	"slices"
	"time"

	"sigpost/schedule"
)

// Schedule says when "sigpost serve" does what mail and issues do not ask for by
// themselves: cron expressions.
type Schedule struct {
	Zone      string   `toml:"zone"`
	Jitter    Duration `toml:"jitter"`
	Read      string   `toml:"read"`
	Calendars string   `toml:"calendars"`
	Learn     string   `toml:"learn"`
	Suspended string   `toml:"suspended"`
	Silence   string   `toml:"silence"`
	Retain    string   `toml:"retain"`
	Ping      string   `toml:"ping"`
}

func (s *Schedule) setDefaults(in keyLines) {
	or(in, "schedule.zone", &s.Zone, "UTC")
	or(in, "schedule.jitter", &s.Jitter, Duration(2*time.Minute))
	or(in, "schedule.read", &s.Read, "17 * * * *")
	or(in, "schedule.calendars", &s.Calendars, "37 * * * *")
	or(in, "schedule.learn", &s.Learn, "27 3 * * *")
	or(in, "schedule.suspended", &s.Suspended, "47 * * * *")
	or(in, "schedule.silence", &s.Silence, "57 * * * *")
	or(in, "schedule.retain", &s.Retain, "7 4 * * *")
	or(in, "schedule.ping", &s.Ping, "*/10 * * * *")
}

// expressions are those of the configuration, by their keys.
func (s Schedule) expressions() map[string]string {
	return map[string]string{"read": s.Read, "calendars": s.Calendars, "learn": s.Learn, "suspended": s.Suspended, "silence": s.Silence, "retain": s.Retain, "ping": s.Ping}
}

// Cron is the expression of a key, such as "read", for a job of that name. Pings have
// no jitter: who waits for them counts the minutes.
func (s Schedule) Cron(key, job string) schedule.Cron {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil { // it was checked
		zone = time.UTC
	}
	c, err := schedule.Parse(s.expressions()[key], zone)
	if err != nil {
		c, _ = schedule.Parse("@hourly", zone)
	}
	c.Name = job
	if key != "ping" {
		c.Jitter = time.Duration(s.Jitter)
	}
	return c
}

func (c *Config) checkSchedule(ch *checker) {
	checkZone(ch, "schedule.zone", c.Schedule.Zone)
	checkDuration(ch, "schedule.jitter", c.Schedule.Jitter)
	if time.Duration(c.Schedule.Jitter) > time.Hour {
		ch.add("schedule.jitter", "jitter is at most an hour: what is due would come too late otherwise")
	}
	for key, expression := range c.Schedule.expressions() {
		if _, err := schedule.Parse(expression, time.UTC); err != nil {
			ch.add("schedule."+key, "%v", err)
		}
	}
	for i, d := range c.Digests {
		if _, _, err := schedule.ParseHours(d.SendHours); err != nil {
			ch.add(fmt.Sprintf("digest[%d].send_hours", i), "%v", err)
		}
	}
}

// Hours are the hours in which letters of the digest may go out.
func (d Digest) Hours() schedule.Hours {
	h := schedule.Hours{Zone: d.Location()}
	h.From, h.Until, _ = schedule.ParseHours(d.SendHours) // it was checked
	for _, day := range d.SendDays {
		if !slices.Contains(h.Days, day.Weekday()) {
			h.Days = append(h.Days, day.Weekday())
		}
	}
	return h
}

// Alerts say who is told of what goes wrong.
type Alerts struct {
	// PingURL is a dead-man's-switch: it is told of each run, so that somebody is
	// told where runs do not come any more. PingURLFile is a file with it.
	PingURL     string `toml:"ping_url"`
	PingURLFile string `toml:"ping_url_file"`
	// Mail are addresses, Webhook is a URL, WebhookFile a file with it.
	Mail        []string `toml:"mail"`
	Webhook     string   `toml:"webhook"`
	WebhookFile string   `toml:"webhook_file"`
	// The key that signs what the webhook gets.
	WebhookSecretFile string   `toml:"webhook_secret_file"`
	WebhookSecretEnv  string   `toml:"webhook_secret_env"`
	Timeout           Duration `toml:"timeout"`
	// After is how long a job has to fail before they are told: see Patience.
	After string `toml:"after"`
	// Again is after how long of the same trouble they are told again.
	Again Duration `toml:"again"`
	// SilentFactor says how many times as long as its usual longest silence a list
	// is silent before that is told; -1 is never.
	SilentFactor float64 `toml:"silent_factor"`
}

func (a *Alerts) setDefaults(in keyLines) {
	or(in, "alerts.timeout", &a.Timeout, Duration(10*time.Second))
	or(in, "alerts.again", &a.Again, Duration(24*time.Hour))
	or(in, "alerts.silent_factor", &a.SilentFactor, 3)
}

// Anybody says whether there is somebody who is told: by mail or by a webhook. A ping is
// told of runs, and not of what begins and ends.
func (a *Alerts) Anybody() bool { return len(a.Mail) > 0 || a.Webhook != "" || a.WebhookFile != "" }

// patience is Patience where the configuration says nothing of it.
const patience = 15 * time.Minute

// Patience is how long a job has to fail before somebody is told. A run that is called
// by the clock has none unless it is given: nobody knows when the next one comes.
func (a *Alerts) Patience(run bool) time.Duration {
	switch {
	case a.After != "":
		d, _ := a.patience() // it was checked
		return d
	case run:
		return 0
	}
	return patience
}

func (a *Alerts) patience() (time.Duration, error) {
	if a.After == "0" {
		return 0, nil
	}
	var d Duration
	err := d.UnmarshalText([]byte(a.After))
	return time.Duration(d), err
}

func (c *Config) checkAlerts(ch *checker) {
	a := c.Alerts
	if _, err := a.patience(); a.After != "" && err != nil {
		ch.add("alerts.after", "%v; \"0\" is at once", err)
	}
	checkDuration(ch, "alerts.timeout", a.Timeout)
	checkDuration(ch, "alerts.again", a.Again)
	if time.Duration(a.Timeout) > time.Minute {
		ch.add("alerts.timeout", "timeout is at most a minute: a run waits for it")
	}
	if err := checkSecretURL(a.PingURL); a.PingURL != "" && err != nil {
		ch.add("alerts.ping_url", "%v", err)
	}
	if err := CheckWebhook(a.Webhook); a.Webhook != "" && err != nil {
		ch.add("alerts.webhook", "%v", err)
	}
	if count(a.PingURL, a.PingURLFile) > 1 {
		ch.add("alerts.ping_url_file", "give one of ping_url and ping_url_file")
	}
	if count(a.Webhook, a.WebhookFile) > 1 {
		ch.add("alerts.webhook_file", "give one of webhook and webhook_file")
	}
	if count(a.WebhookSecretFile, a.WebhookSecretEnv) > 1 {
		ch.add("alerts.webhook_secret_file", "give one of webhook_secret_file and webhook_secret_env")
	}
	for _, addr := range a.Mail {
		checkAddress(ch, "alerts.mail", addr)
	}
	if len(a.Mail) > 0 && (c.SMTP.Host == "" || len(c.Digests) == 0) {
		ch.add("alerts.mail", "mail can be sent where there is a server under [smtp], and a [[digest]] from whose address it comes")
	}
	if a.SilentFactor != -1 && (a.SilentFactor < 1.5 || a.SilentFactor > 100) {
		ch.add("alerts.silent_factor", "silent_factor is from 1.5 to 100, or -1 for never")
	}
}

// Ping is the URL of the dead-man's-switch, or "" where there is none.
func (c *Config) Ping() (string, error) {
	if c.Alerts.PingURLFile == "" {
		return c.Alerts.PingURL, nil
	}
	return c.secretURL("the URL that is pinged", c.Alerts.PingURLFile, "ping_url_file", checkSecretURL)
}

// AlertWebhook is the URL that is told of alerts, and the key that signs them; both may
// be "".
func (c *Config) AlertWebhook() (url, key string, err error) {
	a := c.Alerts
	url = a.Webhook
	if a.WebhookFile != "" {
		if url, err = c.secretURL("the webhook for alerts", a.WebhookFile, "webhook_file", CheckWebhook); err != nil {
			return "", "", err
		}
	}
	if count(a.WebhookSecretFile, a.WebhookSecretEnv) > 0 {
		key, err = c.secret("the key that signs alerts", a.WebhookSecretFile, "webhook_secret_file", a.WebhookSecretEnv, "webhook_secret_env")
	}
	return url, key, err
}
