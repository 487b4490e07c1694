package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost"
	"sigpost/config"
	"sigpost/message"
	"sigpost/subscribe"
)

// write sends a mail to the service address and gives what is answered.
func (d *doors) write(from, subject, text string, more ...string) []letter {
	d.t.Helper()
	header := ""
	for _, m := range more {
		header += m + "\r\n"
	}
	if !strings.Contains(header, "To: ") {
		header += "To: weekly-request@digest.example.org\r\n"
	}
	raw := []byte(fmt.Sprintf("From: %s\r\nSubject: %s\r\nMessage-ID: <q%d@mail.example.org>\r\n%sContent-Type: text/plain; charset=utf-8\r\n\r\n%s", from, subject, len(subject), header, strings.ReplaceAll(text, "\n", "\r\n")))
	m, err := message.Parse(raw)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.app.correspond(d.t.Context(), m, raw); err != nil {
		d.t.Fatal(err)
	}
	return d.notices()
}

// answer is the one letter that a mail is answered with.
func (d *doors) answered(got []letter, to, subject string, has ...string) letter {
	d.t.Helper()
	if len(got) != 1 {
		d.t.Fatalf("%d letters, want one to %s: %s; got %v", len(got), to, subject, got)
	}
	l := got[0]
	if s := d.header(l).Get("Subject"); l.To != to || !strings.HasPrefix(s, subject) {
		d.t.Errorf("answered to %s: %s; want %s: %s", l.To, s, to, subject)
	}
	for _, h := range has {
		if !strings.Contains(strings.ReplaceAll(strings.ReplaceAll(l.Data, "=\n", ""), "=3D", "="), h) {
			d.t.Errorf("%q is not in the answer:\n%s", h, l.Data)
		}
	}
	return l
}

func (d *doors) subjectOf(l letter) string { return "Re: " + d.header(l).Get("Subject") }

func TestSubscribingByMail(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	const ada = "ada@example.org"
	got := d.write("Ada Lovelace <"+ada+">", "subscribe kuryr, magnum", "")
	asked := d.answered(got, ada, "Please confirm: SIG-OpenStack Weekly [", "Kuryr, Magnum", "reply to this mail")
	if h := d.header(asked); h.Get("Reply-To") != "<weekly-request@digest.example.org>" || h.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("header: %v", h)
	}

	// An out-of-office note, marked or not, is no yes.
	if got := d.write(ada, "Automatic reply: "+strings.TrimPrefix(d.subjectOf(asked), "Re: "), "I am away.", "Auto-Submitted: auto-replied"); len(got) != 0 {
		t.Errorf("a robot is answered: %v", got)
	}
	d.answered(d.write(ada, d.subjectOf(asked), "I am somewhere else this week."), ada, "Is that a yes?")
	if s, err := d.app.Store.SubscriptionFor(t.Context(), "weekly", ada); err == nil {
		t.Fatalf("subscribed without a yes: %+v", s)
	}
	quoted := "\n\nOn Monday, SIG-OpenStack Weekly wrote:\n> To get it, open this page\n> " + d.site.URL + d.path(asked, "confirm") + "\n"
	yes := d.answered(d.write(ada, d.subjectOf(asked), quoted), ada, "You are subscribed to SIG-OpenStack Weekly", "Kuryr, Magnum", "/preferences/", "In-Reply-To: <q")
	if d.header(yes).Get("Auto-Submitted") != "auto-replied" {
		t.Errorf("header: %v", d.header(yes))
	}
	if s := d.stored("weekly", ada); s.State != sigpost.SubscriptionActive || len(s.Topics) != 2 {
		t.Errorf("stored: %+v", s)
	}
	consents, err := d.app.Store.Consents(t.Context(), ada)
	if err != nil || len(consents) != 1 || consents[0].Way != sigpost.ByMail || !strings.Contains(consents[0].Shown, "subscribe kuryr") {
		t.Errorf("consent: %+v, %v", consents, err)
	}

	d.answered(d.write("zoe@example.org", "subscribe", ""), "zoe@example.org", "Please confirm")
	asked = d.answered(d.write("zoe@example.org", "subscribe", ""), "zoe@example.org", "Please confirm")
	d.answered(d.write("zoe@example.org", d.subjectOf(asked), "no"), "zoe@example.org", "Your request is forgotten")
	d.answered(d.write("zoe@example.org", d.subjectOf(asked), "yes"), "zoe@example.org", "Your request is too old")
	d.answered(d.write("max@example.org", "subscribe kurry", ""), "max@example.org", "Which topic?", "did you mean \"kuryr\"")
	d.answered(d.write("max@example.org", "subcribe", ""), "max@example.org", "What you can write", "Did you mean \"subscribe\"?")
}

// The mailbox of several people is asked, and told that one cannot agree for all.
func TestSeveralPeopleByMail(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	d.answered(d.write("info@example.org", "subscribe", ""), "info@example.org", "Please confirm", "info@example.org may be read by several people")
	if l := d.answered(d.write("ada@example.org", "subscribe", ""), "ada@example.org", "Please confirm"); strings.Contains(l.Data, "several people") {
		t.Errorf("a person is taken for several: %s", l.Data)
	}
}

func TestUnsubscribingByMail(t *testing.T) {
	t.Parallel()
	const ada = "ada@example.org"
	for name, c := range map[string]struct {
		from, subject, text string
		to                  string
		ends                bool
		answer              string
	}{
		"the link in the header":      {ada, "unsubscribe UNSUBSCRIBE", "", "leave@digest.example.org", true, "You are unsubscribed"},
		"from another address":        {"ada@home.example", "unsubscribe UNSUBSCRIBE", "", "leave@digest.example.org", true, "You are unsubscribed"},
		"in the address":              {"ada@home.example", "unsubscribe", "", "weekly-request+UNSUBSCRIBE@digest.example.org", true, "You are unsubscribed"},
		"a reply":                     {ada, "Re: SIG-OpenStack Weekly No. 1", "unsubscribe\n", "weekly@digest.example.org", true, "You are unsubscribed"},
		"in another language":         {ada, "AW: SIG-OpenStack Weekly", "Bitte abmelden\n", "weekly-request@digest.example.org", true, "You are unsubscribed"},
		"nothing but the address":     {ada, "", "", "leave@digest.example.org", true, "You are unsubscribed"},
		"another case":                {"ADA@Example.org", "Unsubscribe", "", "weekly-request@digest.example.org", true, "You are unsubscribed"},
		"a stranger":                  {"bob@example.org", "unsubscribe", "", "weekly-request@digest.example.org", false, "You are not subscribed"},
		"a forwarded letter answered": {"bob@example.org", "Re: Fwd: Weekly", "unsubscribe\n\nOn Monday, Ada wrote:\n> http://x/unsubscribe/UNSUBSCRIBE\n", "weekly-request@digest.example.org", false, "You are not subscribed"},
		"spam":                        {"prince@example.net", "Make money fast", "Dear friend, I unsubscribe.\n", "weekly-request@digest.example.org", false, ""},
		"a question":                  {ada, "Re: Weekly", "Why do they unsubscribe from other lists?\n", "weekly-request@digest.example.org", false, "What you can write"},
	} {
		t.Run(name, func(t *testing.T) {
			d := openDoors(t, "")
			s := d.subscribe(d.app, ada)
			in := strings.NewReplacer("UNSUBSCRIBE", d.app.tokens.Unsubscribe(s.ID))
			got := d.write(c.from, in.Replace(c.subject), in.Replace(c.text), "To: "+in.Replace(c.to))
			to := c.from
			if c.ends {
				to = ada
			}
			if c.answer != "" {
				d.answered(got, to, c.answer)
			} else if len(got) != 0 {
				t.Errorf("answered: %v", got)
			}
			if ended := d.stored("weekly", ada).State == sigpost.SubscriptionEnded; ended != c.ends {
				t.Errorf("ended is %t", ended)
			}
		})
	}
}

func TestPausingByMail(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	const ada = "ada@example.org"
	s := d.subscribe(d.app, ada)
	until := time.Date(2016, 5, 9, 7, 0, 0, 0, time.UTC) // midnight of the digest's zone
	// By the From alone it is asked for first.
	d.answered(d.write(ada, "pause", ""), ada, "Until when?")
	asked := d.answered(d.write(ada, "pause 2 weeks", ""), ada, "Please confirm: pause until 2016-05-09 [", "/preferences/")
	if !d.stored("weekly", ada).PausedUntil.IsZero() {
		t.Fatal("it is paused by a From alone")
	}
	// What somebody else answers is another matter.
	d.answered(d.write(ada, d.subjectOf(asked), "No, what is this about?"), ada, "What you can write")
	d.answered(d.write(ada, d.subjectOf(asked), ""), ada, "It is changed", "Monday, 9 May 2016", "resume")
	if p := d.stored("weekly", ada).PausedUntil; !p.Equal(until) {
		t.Errorf("paused until %v", p)
	}
	d.setNow(monday.Add(24 * time.Hour))
	// The link is used up.
	got := d.write(ada, d.subjectOf(asked), "")
	d.answered(got, ada, "What you can write")
	// A letter that is quoted proves it, from the address that it was sent to.
	letter := func() string {
		return "On Monday, SIG-OpenStack Weekly wrote:\n> unsubscribe: http://x/unsubscribe/" + d.app.tokens.Unsubscribe(s.ID) +
			"\n> change: http://x/preferences/" + d.app.preferencesToken(d.stored("weekly", ada)) + "\n"
	}
	// The link to unsubscribe alone is good for ever, and so for nothing else.
	d.answered(d.write(ada, "Re: SIG-OpenStack Weekly No. 1", "resume\n\nOn Monday, SIG-OpenStack Weekly wrote:\n> http://x/unsubscribe/"+d.app.tokens.Unsubscribe(s.ID)+"\n"),
		ada, "Please confirm: resume")
	d.answered(d.write("bob@example.org", "resume "+d.app.tokens.Unsubscribe(s.ID), ""), "bob@example.org", "You are not subscribed")
	d.answered(d.write(ada, "Re: SIG-OpenStack Weekly No. 1", "resume\n\n"+letter()), ada, "It is changed")
	if p := d.stored("weekly", ada).PausedUntil; !p.IsZero() {
		t.Errorf("paused until %v", p)
	}
	d.answered(d.write("bob@example.org", "Re: Fwd: No. 1", "topics kuryr\n\n"+letter()), "bob@example.org", "You are not subscribed")
	d.answered(d.write(ada, "Re: SIG-OpenStack Weekly No. 1", "topics kuryr, release\n\n"+letter()), ada, "Which topic?")
	d.answered(d.write(ada, "Re: SIG-OpenStack Weekly No. 1", "topics kuryr, nature:release\n\n"+letter()), ada, "It is changed", "Kuryr, Release")
	if s := d.stored("weekly", ada); len(s.Topics) != 2 {
		t.Errorf("topics: %v", s.Topics)
	}
	d.setNow(monday.Add(48 * time.Hour))
	asked = d.answered(d.write(ada, "topics all", ""), ada, "Please confirm: topics all [")
	d.answered(d.write(ada, d.subjectOf(asked), "yes"), ada, "It is changed", "everything")
	d.answered(d.write(ada, "topics", ""), ada, "Topics of SIG-OpenStack Weekly", "project:kuryr  (Kuryr)")
}

// Who left can come back by a reply.
func TestComingBackByMail(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	s := d.subscribe(d.app, "ada@example.org")
	letter := "\nOn Monday, SIG-OpenStack Weekly wrote:\n> unsubscribe: http://x/unsubscribe/" + d.app.tokens.Unsubscribe(s.ID) + "\n"
	d.answered(d.write("ada@example.org", "Re: No. 1", "unsubscribe\n"+letter), "ada@example.org", "You are unsubscribed")
	d.answered(d.write("ada@example.org", "Re: No. 1", "pause 2 weeks\n"+letter), "ada@example.org", "You are not subscribed")
	asked := d.answered(d.write("ada@example.org", "Re: You are unsubscribed", "subscribe\n"+letter), "ada@example.org", "Please confirm")
	d.answered(d.write("ada@example.org", d.subjectOf(asked), ""), "ada@example.org", "You are subscribed")
	if s := d.stored("weekly", "ada@example.org"); s.State != sigpost.SubscriptionActive {
		t.Errorf("stored: %+v", s)
	}
}

// Whatever somebody writes who has only seen another's letter, that one's
// subscription stays as it is.
func TestAStrangersMailChangesNobody(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	ada := d.subscribe(d.app, "ada@example.org", "kuryr")
	before := d.stored("weekly", "ada@example.org")
	letter := "\n\n> https://x/unsubscribe/" + d.app.tokens.Unsubscribe(ada.ID) + "\n> https://x/preferences/" + d.app.tokens.Preferences(ada.ID, ada.Serial, monday) + "\n"
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		d.setNow(monday.Add(time.Duration(n) * time.Hour))
		verb := func(name string) string {
			return rapid.SampledFrom([]string{"unsubscribe", "stop", "pause 2 weeks", "resume", "topics all", "topics magnum", "subscribe", "subscribe magnum", "yes", "no", "help", "", "hello",
				"Please confirm: pause until 2016-12-31"}).Draw(r, name)
		}
		subject := rapid.SampledFrom([]string{"", "Re: ", "Fwd: ", "Re: Fwd: "}).Draw(r, "prefix") + verb("subject")
		from := rapid.SampledFrom([]string{"bob@example.org", "ada@example.com", "Ada <eve@example.org>", "ada+x@example.org"}).Draw(r, "from")
		d.write(from, subject, verb("text")+letter)
		if after := d.stored("weekly", "ada@example.org"); fmt.Sprint(after) != fmt.Sprint(before) {
			r.Fatalf("it is %+v", after)
		}
	})
}

// Robots are never answered, and do nothing but unsubscribe by the link that they
// were given.
func TestRobotsAreNotAnswered(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"answering machine": "Auto-Submitted: auto-replied",
		"junk":              "Precedence: junk",
		"bulk":              "Precedence: bulk",
		"null return path":  "Return-Path: <>",
		"suppressed":        "X-Auto-Response-Suppress: All",
		"autoreply":         "X-Autoreply: yes",
		"a list":            "List-Id: <other.lists.example.org>",
	} {
		t.Run(name, func(t *testing.T) {
			d := openDoors(t, "")
			s := d.subscribe(d.app, "ada@example.org")
			for _, subject := range []string{"help", "subscribe", "unsubscribe", "pause 2 weeks", "Your mail"} {
				if got := d.write("ada@example.org", subject, "", header); len(got) != 0 {
					t.Errorf("%s is answered: %v", subject, got)
				}
			}
			if s := d.stored("weekly", "ada@example.org"); s.State != sigpost.SubscriptionActive {
				t.Error("it unsubscribed somebody")
			}
			if got := d.write("ada@example.org", "unsubscribe "+d.app.tokens.Unsubscribe(s.ID), "", header); len(got) != 0 {
				t.Errorf("it is answered: %v", got)
			}
			if s := d.stored("weekly", "ada@example.org"); s.State != sigpost.SubscriptionEnded {
				t.Error("a mail program's click does nothing")
			}
		})
	}
	d := openDoors(t, "")
	for _, from := range []string{"MAILER-DAEMON@example.org", "postmaster@example.org", "no-reply@example.org", "nobody", "<>"} {
		if got := d.write(from, "help", ""); len(got) != 0 {
			t.Errorf("%s is answered: %v", from, got)
		}
	}
}

// Nobody is flooded, whoever writes in their name.
func TestAnswersAreLimited(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	n := 0
	for range 12 {
		n += len(d.write("ada@example.org", "help", ""))
	}
	if n != perCorrespondent {
		t.Errorf("%d answers in a day", n)
	}
	d.setNow(monday.Add(24 * time.Hour))
	if n := len(d.write("ada@example.org", "help", "")); n != 1 {
		t.Errorf("%d answers on the next day", n)
	}
}

// Whatever a mail says, an answer is one mail, to who wrote it, with one subject.
func TestAnswersCannotBeInjected(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	d.subscribe(d.app, "ada@example.org")
	for i, subject := range []string{"=?utf-8?q?help=0D=0ABcc:_eve@example.org?=", "=?utf-8?q?pause_until_=0D=0ABcc:_eve@example.org?=", "=?utf-8?q?sub=0D=0Acribe?=", "topics <script>"} {
		d.setNow(monday.Add(time.Duration(i) * 24 * time.Hour))
		for _, l := range d.write("=?utf-8?q?Ada=0D=0ABcc:_eve@example.org?= <ada@example.org>", subject, "") {
			if h := d.header(l); h.Get("Bcc") != "" || l.To != "ada@example.org" || strings.Contains(l.Data, "<script>") && !strings.Contains(l.Data, "text/plain") {
				t.Errorf("%q: %v", subject, l)
			}
		}
	}
}

// A stranger's bytes are only data: what is read out of them is well-formed.
func FuzzCorrespondence(f *testing.F) {
	cfg, err := config.Parse("config.toml", []byte(sigpost.ExampleConfig))
	if err != nil {
		f.Fatal(err)
	}
	a := &App{Config: cfg, now: func() time.Time { return monday }, tokens: subscribe.NewTokens([]byte(strings.Repeat("s", 40)))}
	f.Add([]byte("From: Ada <ada@example.org>\r\nTo: digest@example.org\r\nSubject: pause 2 weeks\r\n\r\n"))
	f.Add([]byte("From: <>\r\nTo: x@y, undisclosed-recipients:;\r\nDelivered-To: a\r\n\r\nunsubscribe"))
	f.Add([]byte("\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := message.Parse(raw)
		if err != nil {
			return
		}
		c := a.correspondence(m, raw)
		if c.from != "" {
			if _, addr, err := subscribe.ParseAddress(c.from); err != nil || addr != c.from {
				t.Errorf("from %q: %q, %v", c.from, addr, err)
			}
		}
		for _, token := range append(c.tokens, c.quoted...) {
			if len(token) != 36 && len(token) != 44 {
				t.Errorf("token %q", token)
			}
		}
		if len(c.digests) == 0 {
			t.Error("the only publication is not meant")
		}
	})
}

// Who wrote can be forged: nobody can have an answer bring their words to another, in
// the list's name.
func TestAnswersBringNobodysMessage(t *testing.T) {
	t.Parallel()
	d := openDoors(t, "")
	d.subscribe(d.app, "ada@example.org")
	answered := 0
	for i, said := range []string{"subscribe https://evil.example/win", "subscrib https://evil.example/win", "topics evil.example", "topics see:evil@evil.example", "look at evil.example", "topics " + strings.Repeat("evil-", 20), "pause evil.example"} {
		d.setNow(monday.Add(time.Duration(i) * 24 * time.Hour))
		for _, asSubject := range []bool{true, false} {
			subject, text := said, ""
			if !asSubject {
				subject, text = "", said
			}
			for _, l := range d.write("ada@example.org", subject, text) {
				if answered++; strings.Contains(strings.ToLower(l.Data), "evil") {
					t.Errorf("%q: %s", said, l.Data)
				}
			}
		}
	}
	if answered < 10 {
		t.Errorf("%d answers", answered)
	}
	for _, l := range d.write("ada@example.org", "topics kuryrr", "") {
		if !strings.Contains(l.Data, "kuryrr") {
			t.Errorf("a slip is not repeated: %s", l.Data)
		}
	}
}
