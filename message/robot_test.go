package message

import (
	"testing"

	"sigpost"
)

func TestRobot(t *testing.T) {
	const list = "List-Id: <dev.example.org>\n"
	for _, c := range []struct{ name, header, rule string }{
		{"a person", "From: joe@x\n", ""},
		{"a person on a list", "From: joe@x\nPrecedence: list\n" + list, ""},
		{"bulk on a list", "From: joe@x\nPrecedence: bulk\n" + list, ""},
		{"bulk", "From: joe@x\nPrecedence: bulk\n", "Precedence: bulk and no list"},
		{"junk on a list", "From: joe@x\nPrecedence: Junk\n" + list, "Precedence: junk"},
		{"auto-generated", "From: joe@x\nAuto-Submitted: auto-generated (by cron)\n", "Auto-Submitted"},
		{"Auto-Submitted: no", "From: joe@x\nAuto-Submitted: no\n", ""},
		{"suppresses answers", "From: joe@x\nX-Auto-Response-Suppress: All\n", "X-Auto-Response-Suppress and no list"},
		{"Exchange on a list", "From: joe@x\nX-Auto-Response-Suppress: DR, OOF\n" + list, ""},
		{"vacation", "From: joe@x\nX-Autoreply: yes\n", "answering machine"},
		{"review", "From: joe@x\nX-Gerrit-MessageType: newchange\n" + list, "review, build or bug tracker"},
		{"bounce", "From: joe@x\nContent-Type: multipart/report; boundary=x\n", "delivery report"},
		{"noreply", "From: noreply@x\n", "sender's address"},
		{"no-reply with tag", "From: no-reply+7@x\n", "sender's address"},
		{"do-not-reply", "From: Do_Not-Reply@x\n", "sender's address"},
		{"mailer-daemon", "From: MAILER-DAEMON@x\n", "sender's address"},
		{"zuul", "From: Zuul <zuul@x>\n", "sender's address"},
		{"ci robot", "From: k8s-ci-robot@x\n", "sender's address"},
		{"bot of a hub", "From: dependabot[bot]@users.x\n", "sender's address"},
		{"a man called Talbot", "From: talbot@x\n", ""},
		{"a woman called Botha", "From: ann.botha@x\n", ""},
		{"a daemon of another kind", "From: daemon.smith@x\n", ""},
		{"nobody", "Subject: x\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := []byte(c.header + "\nbody\n")
			h, _ := splitHeader(raw, new(defects))
			from, _ := firstAddress(h.all("from"))
			if got := robotRuleFor(h, &sigpost.Message{Author: from}); got != c.rule {
				t.Errorf("got %q, want %q", got, c.rule)
			}
			if m := mustParse(t, string(raw)); m.Robot != (c.rule != "") {
				t.Errorf("robot: %v", m.Robot)
			}
		})
	}
}
