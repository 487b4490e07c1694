package subscribe_test

import (
	"strings"
	"testing"
	"time"

	"sigpost/subscribe"
)

func TestParseCommand(t *testing.T) {
	token, old := strings.Repeat("A", 44), strings.Repeat("b", 36)
	for _, c := range []struct{ subject, text, want string }{
		{"subscribe", "", "subscribe"},
		{"", "subscribe", "subscribe"},
		{"Subscribe", "Hello,\n\nplease.\n\nGrace\n", "subscribe"},
		{"subscribe kuryr, magnum", "", "subscribe kuryr magnum"},
		{"Hello", "Please subscribe me to kuryr", "subscribe kuryr"},
		{"unsubscribe " + old, "", "unsubscribe"},
		{"Re: SIG-OpenStack Weekly No. 4", "unsubscribe\n", "unsubscribe"},
		{"Re: SIG-OpenStack Weekly No. 4", "Please unsubscribe me from this list, thanks!\n", "unsubscribe"},
		{"AW: SIG-OpenStack Weekly No. 4", "STOP", "unsubscribe"},
		{"Re: x", "remove me", "unsubscribe"},
		{"Re: x", "Bitte abmelden", "unsubscribe"},
		{"Re: x", "désabonnement", "unsubscribe"},
		{"Re: x", "退订", "unsubscribe"},
		{"Re: x", "unsubcribe", "unsubscribe"},
		{"Re: x", "How can my colleague unsubscribe from the other list?", "unknown (how can colleague unsubscribe other list?)"},
		{"Re: subscribe", "no thanks", "no"},
		{"Re: subscribe", "", ""},
		{"Re: Re: x", "", ""},
		{"Re: x", "Hi,\n\nYes!\n", "yes"},
		{"Re: x", "ok", "yes"},
		{"Re: x", "No, I never asked for this", "unknown (no never asked for)"},
		{"Re: x", "I like the digest a lot.", "unknown (lot)"},
		{"pause 2 weeks", "", "pause until 2016-05-08"},
		{"pause for a month", "", "pause until 2016-05-24"},
		{"pause week", "", "pause until 2016-05-01"},
		{"pause until 2016-05-09", "", "pause until 2016-05-09"},
		{"pause until 9 May", "", "pause until 2016-05-09"},
		{"pause until 1 January", "", "pause until 2017-01-01"},
		{"pause until May 9, 2016 " + token, "", "pause until 2016-05-09"},
		{"pause", "", "pause"},
		{"pause until yesterday", "", "pause"},
		{"pause until 2015-05-09", "", "pause"},
		{"pause until 2036-05-09", "", "pause"},
		{"pause 9999999999999 weeks", "", "pause"},
		{"resume", "", "resume"},
		{"topics", "", "topics"},
		{"topics all", "", "topics all"},
		{"Topics: Kuryr", "", "topics kuryr"},
		{"help", "", "help"},
		{"?", "", "help"},
		{"", "", ""},
		{"subcribe", "", "unknown (subcribe), meant subscribe?"},
		{"Question", "subcribe kuryr", "unknown (subcribe kuryr), meant subscribe?"},
		{"topcs kuryr", "", "unknown (topcs kuryr), meant topics?"},
		{"Make money fast", "Dear friend,\nI am a prince", "unknown (make money fast)"},
	} {
		cmd := subscribe.ParseCommand(c.subject, c.text, noon)
		if got := say(cmd); got != c.want {
			t.Errorf("%q, %q: got %s, want %s", c.subject, c.text, got, c.want)
		}
	}
}

// say writes a command down.
func say(c subscribe.Command) string {
	s := string(c.Verb)
	if len(c.Words) > 0 {
		s += " " + strings.Join(c.Words, " ")
	}
	if !c.Until.IsZero() {
		s += " until " + c.Until.Format(time.DateOnly)
	}
	if c.Said != "" {
		s += " (" + c.Said + ")"
	}
	if c.Nearest != "" {
		s += ", meant " + string(c.Nearest) + "?"
	}
	return s
}

func TestProposed(t *testing.T) {
	for subject, want := range map[string]string{
		"Re: Please confirm: pause until 2016-05-09 [" + strings.Repeat("A", 44) + "]": "pause until 2016-05-09",
		"Please confirm: topics all [x]":                                               "topics all",
		"Re: Please confirm: SIG-OpenStack Weekly [x]":                                 "unknown (sig-openstack weekly)",
		"Re: hello": "",
	} {
		if got := say(subscribe.Proposed(subject, noon)); got != want {
			t.Errorf("%q: got %s, want %s", subject, got, want)
		}
	}
}

func TestTokensIn(t *testing.T) {
	a, b := strings.Repeat("a", 36), strings.Repeat("-", 44)
	got := strings.Join(subscribe.TokensIn("Re: ["+a+"] https://x/"+b+"?q "+a+" "+a+"x "+strings.Repeat("c", 35)), " ")
	if got != a+" "+b {
		t.Errorf("got %s", got)
	}
}

func FuzzParseCommand(f *testing.F) {
	f.Add("Re: x", "unsubscribe")
	f.Add("pause until 9 May", "")
	f.Add("\xff", "topics \xfe,,\u2028")
	f.Fuzz(func(t *testing.T, subject, text string) {
		c := subscribe.ParseCommand(subject, text, noon)
		if !c.Until.IsZero() && (c.Verb != subscribe.VerbPause || !c.Until.After(noon) || c.Until.After(noon.AddDate(1, 0, 2))) {
			t.Errorf("%q, %q: %+v", subject, text, c)
		}
		for _, w := range c.Words {
			if w == "" || strings.ContainsAny(w, " \n\r") {
				t.Errorf("%q is a word of %q, %q", w, subject, text)
			}
		}
		subscribe.Proposed(subject, noon)
		subscribe.TokensIn(text)
	})
}
