package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/internal/peertest"
)

// slackChannel is a webhook that can be told to fail.
type slackChannel struct {
	*httptest.Server
	mu    sync.Mutex
	fault http.HandlerFunc // before anything is noted
	posts []string
}

func newSlackChannel(t *testing.T) *slackChannel {
	s := &slackChannel{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var body struct{ Text string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		s.posts = append(s.posts, body.Text)
		if s.fault != nil {
			s.fault(w, r)
			return
		}
		_, _ = w.Write([]byte("ok"))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *slackChannel) set(fault http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

func (s *slackChannel) said() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.posts...)
}

func refuses(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

func hangsUp(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		conn.Close()
	}
}

// announcing is a world with a Slack channel and one of IRC.
func announcing(t *testing.T) (*world, *slackChannel) {
	w, slack := newWorld(t), newSlackChannel(t)
	w.web = "http://127.0.0.1:8420"
	w.write("slack.url", slack.URL+"/services/T/B/secret\n")
	w.more = "[[announce]]\nkind = \"slack\"\nurl_file = \"slack.url\"\ntimeout = \"2s\"\n"
	return w, slack
}

func states(r RunReport) string {
	var all []string
	for _, d := range r.Digests {
		for _, s := range d.Sent {
			for _, a := range s.Announced {
				all = append(all, a.Channel+" "+string(a.State))
			}
		}
	}
	return strings.Join(all, ", ")
}

// An issue is announced once in each channel, however often the program runs;
// what fails there holds up no letter, is named, and is tried again where it
// cannot have arrived.
func TestAnnouncedOnce(t *testing.T) {
	t.Parallel()
	w, slack := announcing(t)
	irc := peertest.NgIRCd(t)
	w.write("irc.password", irc.Password)
	w.more += "[[announce]]\nkind = \"irc\"\nhost = \"" + irc.Addr + "\"\ntls = \"plain\"\nchannel = \"#sig\"\npassword_file = \"irc.password\"\ntimeout = \"5s\"\n"
	ear := irc.Listen("ear", "#sig")
	a := w.open()
	w.subscribe(a, "ana@readers.example.org")

	dry, err := a.Run(context.Background(), true)
	if err != nil || len(slack.said()) > 0 || states(dry) != "slack sent, irc sent" || !strings.Contains(dry.Digests[0].Sent[0].Announced[0].Text, "No. 1") {
		t.Fatalf("dry run: %v, %s, %q", err, states(dry), slack.said())
	}

	slack.set(refuses(503))
	report := w.run(a)
	if got := states(report); got != "slack queued, irc sent" {
		t.Errorf("first run: %s", got)
	}
	w.wantOnce("ana@readers.example.org")
	if issue, err := a.Store.LastIssue(context.Background(), "weekly"); err != nil || issue.State != sigpost.IssueSent {
		t.Errorf("the issue is %s (%v): a channel holds it up", issue.State, err)
	}
	for _, want := range [][2]string{
		{"sigpost: SIG-OpenStack Weekly No. 1 (Monday 18 to Sunday 24 April 2016): ", ""},
		{"sigpost: 17 threads, 50 messages from 21 people at 14 organisations. One question waits for an answer; ", ". http://127.0.0.1:8420/issues/weekly/1"},
	} {
		if got := ear.Heard(5 * time.Second); !strings.HasPrefix(got, want[0]) || !strings.HasSuffix(got, want[1]) {
			t.Errorf("heard %q, want %q", got, want)
		}
	}

	slack.set(nil)
	w.setNow(monday.Add(time.Minute)) // not due yet
	if got := states(w.run(a)); got != "slack queued, irc sent" {
		t.Errorf("a minute later: %s", got)
	}
	w.setNow(monday.Add(time.Hour))
	again := w.run(a)
	if got := states(again); got != "slack sent, irc sent" || !again.Digests[0].Sent[0].Closed {
		t.Errorf("an hour later: %s", got)
	}
	w.setNow(monday.Add(2 * time.Hour))
	if got := states(w.run(a)); got != "" {
		t.Errorf("two hours later: %s", got)
	}
	said := slack.said()
	if len(said) != 2 || said[0] != said[1] || !strings.HasPrefix(said[1], "*SIG-OpenStack Weekly No. 1* · Monday 18 to Sunday 24 April 2016\n17 threads, 50 messages from 21 people") ||
		!strings.HasSuffix(said[1], "<http://127.0.0.1:8420/issues/weekly/1|Read the issue>") {
		t.Errorf("Slack was told %q", said)
	}
	if got := ear.Heard(300 * time.Millisecond); got != "" {
		t.Errorf("heard %q", got)
	}
	w.wantOnce("ana@readers.example.org")
}

// A note of which it is unknown whether it arrived is held, and sent once more
// when somebody says so; so is one that was refused.
func TestAnnouncementHeld(t *testing.T) {
	t.Parallel()
	w, slack := announcing(t)
	a := w.open()
	ctx := context.Background()
	w.subscribe(a, "ana@readers.example.org")
	for i, c := range []struct {
		fault http.HandlerFunc
		state sigpost.DeliveryState
	}{{hangsUp, sigpost.DeliveryUnknown}, {refuses(404), sigpost.DeliveryFailed}} {
		slack.set(c.fault)
		var err error
		var report RunReport
		if i == 0 {
			report, err = a.Run(ctx, false)
			if got := states(report); got != "slack unknown" || !strings.Contains(report.Digests[0].Failure, "not every channel was told") {
				t.Errorf("%s: %+v", got, report.Digests[0])
			}
		} else {
			_, err = a.SendAgain(ctx, w.digest(a), sigpost.DeliveryUnknown, false)
		}
		if !errors.Is(err, ErrNotAnnounced) || errors.Is(err, ErrLost) || strings.Contains(err.Error(), "secret") {
			t.Errorf("the error is %v", err)
		}
		w.setNow(w.clock().Add(48 * time.Hour))
		if report := w.run(a); states(report) != "" {
			t.Errorf("two days later: %s", states(report))
		}
		if len(slack.said()) != i+1 {
			t.Errorf("%d posts, want %d", len(slack.said()), i+1)
		}
	}
	slack.set(nil)
	if _, err := a.SendAgain(ctx, w.digest(a), sigpost.DeliveryFailed, false); err != nil {
		t.Error(err)
	}
	if rows, err := a.Store.Announcements().Of(ctx, 1); err != nil || len(rows) != 1 || rows[0].State != sigpost.DeliverySent || rows[0].Reply != "200 ok" {
		t.Errorf("%+v, %v", rows, err)
	}
	w.wantOnce("ana@readers.example.org")
}

// A program that ended in the middle of a note leaves it unknown, and says so.
func TestAnnouncementLeftInTheMiddle(t *testing.T) {
	t.Parallel()
	w, slack := announcing(t)
	a := w.open()
	ctx := context.Background()
	w.run(a) // composes and says it
	l := a.Store.Announcements()
	if _, err := l.Queue(ctx, 1, []string{"slack2"}, w.clock()); err != nil { // of a channel that is gone by now
		t.Fatal(err)
	}
	claimed, err := l.Claim(ctx, 1, w.clock(), w.clock().Add(time.Hour), 1)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("%v, %v", claimed, err)
	}
	if ok, err := l.Begin(ctx, claimed[0].ID, w.clock()); !ok || err != nil {
		t.Fatalf("%t, %v", ok, err)
	}
	report, err := a.Run(ctx, false)
	if !errors.Is(err, ErrNotAnnounced) || states(report) != "slack sent, slack2 unknown" {
		t.Errorf("%s, %v", states(report), err)
	}
	if len(slack.said()) != 1 {
		t.Errorf("%d posts", len(slack.said()))
	}
}

// Serve has nothing to do for an issue that stands still, and settles a note that was
// left in the middle when nobody can be saying it any more.
func TestTheSchedulerAnnounces(t *testing.T) {
	t.Parallel()
	w, slack := announcing(t)
	a := w.open()
	ctx := t.Context()
	if _, err := a.RunDue(ctx); err != nil || len(slack.said()) != 1 { // composes and says it
		t.Fatalf("%d posts, %v", len(slack.said()), err)
	}
	l := a.Store.Announcements()
	if _, err := l.Queue(ctx, 1, []string{"slack2"}, w.clock()); err != nil { // of a channel that is gone by now
		t.Fatal(err)
	}
	if _, err := a.Store.PauseSending(ctx, 1, "somebody said so", w.clock()); err != nil {
		t.Fatal(err)
	}
	if r, err := a.RunDue(ctx); err != nil || len(r.Done) > 0 {
		t.Errorf("while it stands still: %+v, %v", r.Done, err)
	}
	if _, err := a.Store.ResumeSending(ctx, 1, w.clock().Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	claimed, err := l.Claim(ctx, 1, w.clock(), w.clock().Add(time.Minute), 1)
	if err != nil || len(claimed) != 1 {
		t.Fatalf("%v, %v", claimed, err)
	}
	if ok, err := l.Begin(ctx, claimed[0].ID, w.clock()); !ok || err != nil {
		t.Fatalf("%t, %v", ok, err)
	}
	w.setNow(w.clock().Add(2 * time.Minute))
	r, err := a.RunDue(ctx)
	rows, reading := l.Of(ctx, 1)
	if err != nil || reading != nil || len(rows) != 2 || rows[1].State != sigpost.DeliveryUnknown {
		t.Errorf("%+v, %v, %v", rows, err, reading)
	}
	if i := slices.IndexFunc(r.Done, func(o JobOutcome) bool { return o.Name == "send weekly" }); i < 0 || !strings.Contains(r.Done[i].Failure, ErrNotAnnounced.Error()) {
		t.Errorf("%+v", r.Done)
	}
}

func TestCheckChannels(t *testing.T) {
	t.Parallel()
	w, slack := announcing(t)
	a := w.open()
	for _, c := range []struct{ url, says string }{
		{slack.URL, ""}, {"http://hooks.example.org/secret", "it is not https"}, {"secret", "is no web address"},
	} {
		w.write("slack.url", c.url)
		f := looked(t, a.Config, (*Doctor).lookAtChannels)[0]
		if (f.Level == LevelOK) != (c.says == "") || !strings.Contains(f.What, c.says) || strings.Contains(f.What, "secret") {
			t.Errorf("%s: %+v", c.url, f)
		}
	}
	if len(slack.said()) > 0 {
		t.Error("a check posted something")
	}
	irc := config.Announce{Name: "irc", Kind: "irc", Host: peertest.FreeAddr(t), TLS: "plain", Nick: "sigpost", Channel: "#a", Timeout: config.Duration(time.Second)}
	if f := looked(t, &config.Config{Announces: []config.Announce{irc}}, (*Doctor).lookAtChannels); len(f) != 1 || f[0].Level != LevelError || !strings.Contains(f[0].What, "connect") {
		t.Errorf("%+v", f)
	}
}
