package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestSchedule(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{`read = "17 * * * *"`, `read = "61 * * * *"`, `"61" is no minute`},
		{`zone = "UTC"`, `zone = "Utopia"`, `"Utopia" is no time zone`},
		{`jitter = "2m"`, `jitter = "2h"`, "at most an hour"},
		{`ping = "*/10 * * * *"`, `pings = "*/10 * * * *"`, `did you mean`},
		{`send_hours = ""`, `send_hours = "7-20"`, "write them as"},
		{`send_hours = ""`, `send_hours = "07:00-07:00"`, "leave them out"},
		{`send_days = []`, `send_days = ["mon"]`, "no day of the week"},
		{`ping_url = ""`, `ping_url = "example.org"`, "no web address"},
		{`webhook = ""`, `webhook = "http://example.org/"`, "not https"},
		{`mail = []`, `mail = ["nobody"]`, "no mail address"},
		{`silent_factor = 3.0`, `silent_factor = 1.0`, "from 1.5 to 100"},
		{`again = "24h"`, `again = 24`, "no unit"},
	} {
		data := replace(t, c.old, c.new)
		_, err := Parse("config.toml", data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.new, err, c.want)
			continue
		}
		line := 1 + strings.Count(string(data)[:strings.Index(string(data), c.new)], "\n")
		if !strings.HasPrefix(err.Error(), "config.toml:"+strconv.Itoa(line)) {
			t.Errorf("%s: %v, want line %d", c.new, err, line)
		}
	}
	c, err := Parse("config.toml", replace(t, `zone = "UTC"`, `zone = "Europe/Berlin"`))
	if err != nil {
		t.Fatal(err)
	}
	cron := c.Schedule.Cron("learn", "learn")
	next := cron.After(time.Date(2026, 11, 29, 1, 0, 0, 0, time.UTC))
	if next.Before(time.Date(2026, 11, 29, 2, 27, 0, 0, time.UTC)) || next.After(time.Date(2026, 11, 29, 2, 29, 0, 0, time.UTC)) {
		t.Errorf("learning comes %s", next)
	}
	if d, _ := c.Digest(""); !d.Hours().Always() {
		t.Errorf("letters go out %s", d.Hours())
	}
}

// An address that is a secret is checked where it stands in a file, too, and is in no
// error.
func TestSecretAddressesAreNotShown(t *testing.T) {
	dir := t.TempDir()
	for wrong, want := range map[string]string{"hc.example.org/blau-1234": "no web address", "ftp://hc.example.org/blau-1234": "no web address", "http://hc.example.org/blau-1234": "not https"} {
		if err := os.WriteFile(filepath.Join(dir, "url"), []byte(wrong+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		check := func(key string, err error) {
			t.Helper()
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "blau") {
				t.Errorf("%s = %q: %v, want %q", key, wrong, err, want)
			}
		}
		c := &Config{dir: dir, Alerts: Alerts{WebhookFile: "url", PingURLFile: "url"}}
		_, _, err := c.AlertWebhook()
		check("webhook_file", err)
		_, err = Parse("config.toml", replace(t, `webhook = ""`, fmt.Sprintf("webhook = %q", wrong)))
		check("config.toml:", err)
		if want == "not https" { // a ping tells nothing
			continue
		}
		_, err = c.Ping()
		check("ping_url_file", err)
		_, err = Parse("config.toml", replace(t, `ping_url = ""`, fmt.Sprintf("ping_url = %q", wrong)))
		check("config.toml:", err)
	}
}
