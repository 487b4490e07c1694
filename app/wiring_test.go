package app

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/internal/mailtest"
	"sigpost/store"
)

const ownTaxonomy = `
title = "Our own"
kinds = ["topic"]
[[tag]]
kind = "topic"
name = "quota"
title = "Quotas and limits"
aliases = ["quota"]
`

// Every key of the configuration reaches what it is for.
func TestTheConfigurationReachesTheStages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := &world{t: t, dir: dir, now: monday}
	imap, err := mailtest.StartIMAP(mailtest.IMAPOptions{Security: mailtest.StartTLS})
	if err != nil {
		t.Fatal(err)
	}
	defer imap.Close()
	smtp, err := mailtest.StartSMTP(mailtest.SMTPOptions{Security: mailtest.StartTLS, CA: imap.CA, Username: "sender", Password: "hush"})
	if err != nil {
		t.Fatal(err)
	}
	defer smtp.Close()
	w.smtp = smtp
	big := mailtest.Mail{Received: monday.Add(-20 * time.Hour), Raw: []byte("Message-ID: <big@example.org>\r\nFrom: B <b@example.net>\r\nSubject: A very long log\r\n\r\nThe log of the quota follows.\r\n" +
		strings.Repeat("line of a log that goes on and on\r\n", 4000))}
	if err := imap.Append("Lists", append(sampleBefore(monday), big)); err != nil {
		t.Fatal(err)
	}
	w.write("ca.pem", string(imap.CA.PEM))
	w.write("imap.password", imap.Password)
	w.write("smtp.password", "hush")
	w.write("secret", strings.Repeat("s", 40))
	w.write("own.toml", ownTaxonomy)
	cfg, err := config.Parse(dir+"/config.toml", fmt.Appendf(nil, `
[archive]
database = "all.db"
secret_file = "secret"
[[list]]
name = "sig-openstack"
archive_url = "https://lists.example.org/msg/{message_id}"
[[list]]
name = "openstack-dev"
list_id = "openstack-dev.lists.example.net"
[[account]]
name = "main"
host = %q
tls = "starttls"
ca_file = "ca.pem"
username = %q
password_file = "imap.password"
timeout = "7s"
[[account.mailbox]]
name = "Lists"
list = "sig-openstack"
since = 2016-04-19
max_message_bytes = 65536
[classify]
taxonomy = "own.toml"
[[meeting]]
title = "The meeting"
start = 2016-03-01T14:00:00
zone = "America/Los_Angeles"
repeat = "FREQ=WEEKLY;INTERVAL=2"
duration = "30m"
where = "Room of the moon"
notes = "Bring **cake**."
links = [{ title = "Agenda", url = "https://docs.example.org/agenda" }]
[[summit]]
title = "The summit"
first = 2016-05-03
last = 2016-05-04
zone = "America/Chicago"
[[summit.session]]
title = "Living with a quota"
start = 2016-05-03T10:00:00
room = "12"
[[digest]]
name = "weekly"
title = "The Weekly"
lists = ["sig-openstack"]
weekday = "sunday"
at = "07:30"
zone = "Europe/Berlin"
from = "The Weekly <weekly@digest.example.org>"
reply_to = "Chairs <chairs@digest.example.org>"
list_id = "own.digest.example.org"
postal_address = "1 Main Street, Springfield"
unsubscribe_mailto = "leave@digest.example.org"
[smtp]
host = %q
tls = "starttls"
username = "sender"
password_file = "smtp.password"
ca_file = "ca.pem"
timeout = "7s"
unknown = "resend"
`, imap.Addr, imap.Username, smtp.Addr))
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(context.Background(), cfg, Options{Now: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	d := w.digest(a)
	if _, err := a.Subscribe(context.Background(), d, NewReader{Address: "ana@readers.example.org", Zone: "Asia/Tokyo", Topics: []string{"quota"}, Consent: "in a test"}); err != nil {
		t.Fatal(err)
	}
	// The reply to the only letter's dot is lost; "resend" sends it once more.
	smtp.Fail(mailtest.SMTPFault{At: mailtest.AfterDot, Do: mailtest.Hangup, Nth: 1})
	r := w.run(a)
	w.setNow(monday.Add(12 * time.Hour))
	w.run(a)

	if before := len(sampleBefore(time.Date(2016, 4, 19, 0, 0, 0, 0, time.UTC))); r.Ingest.Stored == 0 || r.Ingest.Stored > 58-before+1 {
		t.Errorf("since: %d messages are stored", r.Ingest.Stored)
	}
	m, err := a.Store.MessageByID(context.Background(), "big@example.org")
	if err != nil || len(m.Defects) == 0 {
		t.Errorf("max_message_bytes: %v, %v", m.Defects, err)
	}
	c := r.Digests[0].Composed
	if want := time.Date(2016, 4, 23, 22, 0, 0, 0, time.UTC); c == nil || !c.Window.To.Equal(want) || c.Events != 2 {
		t.Fatalf("composed %+v", c)
	}
	issue, err := a.Store.LastIssue(context.Background(), "weekly")
	if err != nil {
		t.Fatal(err)
	}
	if tags := issue.Events[len(issue.Events)-1].Sessions; len(tags) == 1 && len(tags[0].Tags) != 1 {
		t.Errorf("the session's tags: %+v", tags)
	}
	for _, e := range issue.Entries {
		if len(e.Lists) == 1 && e.Lists[0] == "openstack-dev" {
			t.Errorf("%s is of a list that the digest does not have", e.Headline)
		}
	}
	letters := w.letters()
	if len(letters) != 2 {
		t.Fatalf("%d letters, want one and its repeat", len(letters))
	}
	if l := smtp.Letters()[0]; !l.TLS || l.User != "sender" {
		t.Errorf("TLS %v, user %q", l.TLS, l.User)
	}
	h := w.header(letters[0])
	for key, want := range map[string]string{
		"Reply-To": `"Chairs" <chairs@digest.example.org>`, "From": `"The Weekly" <weekly@digest.example.org>`,
		"List-Id": `"The Weekly" <own.digest.example.org>`, "Message-Id": w.header(letters[1]).Get("Message-Id"),
	} {
		if h.Get(key) != want {
			t.Errorf("%s is %s, want %s", key, h.Get(key), want)
		}
	}
	ics, err := a.IssueCalendar(issue)
	if err != nil || !strings.Contains(string(ics), `DESCRIPTION:Bring cake.\nAgenda: https://docs.example.org/agenda`) {
		t.Errorf("the calendar of the issue is %s, %v", ics, err)
	}
	feed, err := a.Feed(context.Background())
	if err != nil || !strings.Contains(string(feed), `DESCRIPTION:Bring cake.\n`) || strings.Contains(string(feed), "**") {
		t.Errorf("the feed is %s, %v", feed, err)
	}
	quota, err := a.TopicFeed(context.Background(), sigpost.Tag{Kind: "topic", Name: "quota"}, "Quotas and limits")
	if err != nil || strings.Count(string(quota), "BEGIN:VEVENT") != 2 || !strings.Contains(string(quota), "The summit") || !strings.Contains(string(quota), "Living with a quota (room 12)") || !strings.Contains(string(quota), "X-WR-CALNAME:Quotas and limits") {
		t.Errorf("the calendar of a topic is %s, %v", quota, err)
	}
	text, err := a.Copy(context.Background(), d, issue, "text", "ana@readers.example.org")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"https://lists.example.org/msg/", "Room of the moon", "Bring cake", "https://docs.example.org/agenda",
		"The summit", "Living with a quota — your topic: Quotas and limits (room 12)", "your time (Tokyo", "1 Main Street, Springfield", "you follow Quotas and limits"} {
		if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
			t.Errorf("the letter does not have %q:\n%s", want, text)
		}
	}
	if dev, err := a.Store.Threads(context.Background(), store.ThreadQuery{List: "openstack-dev"}); err != nil || len(dev) == 0 {
		t.Errorf("no thread is on openstack-dev by its List-Id: %v", err)
	}
	for _, n := range sigpost.Natures() {
		if issue.Titles[n.Tag().String()] != n.Title() {
			t.Errorf("the title of the nature %s: %v", n, issue.Titles)
		}
		delete(issue.Titles, n.Tag().String())
	}
	if len(issue.Titles) != 1 || issue.Titles[sigpost.Tag{Kind: "topic", Name: "quota"}.String()] == "" {
		t.Errorf("the taxonomy's titles: %v", issue.Titles)
	}
}
