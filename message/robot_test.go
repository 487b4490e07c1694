package message

import (
	"strings"
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
		{"bulk of an old list", "Sender: owner-dev@x\nFrom: joe@x\nPrecedence: bulk\n", ""},
		{"bulk of another old list", "From: joe@x\nSender: dev-admin@x\nPrecedence: bulk\n", ""},
		{"an answer in bulk", "From: joe@x\nSubject: Re: x\nPrecedence: bulk\n", ""},
		{"bug tracker", "From: Joe <7@bugs.x>\nX-Launchpad-Bug: product=nova\n", "review, build or bug tracker"},
		{"bug tracker, by its type", "From: Joe <joe@x>\nX-Bugzilla-Type: changed\n", "review, build or bug tracker"},
		{"commit mail", "From: Joe <joe@x>\nX-Git-Refname: refs/heads/master\n", "review, build or bug tracker"},
		{"pipeline", "From: Hub <hub@x>\nX-GitLab-Pipeline-Id: 7\n", "review, build or bug tracker"},
		{"cron", "From: root@x\nX-Cron-Env: <HOME=/root>\n", "review, build or bug tracker"},
		{"the list's own notice", "From: dev-bounces@x\nX-List-Administrivia: yes\n", "review, build or bug tracker"},
		{"null return path", "Return-Path: <>\nFrom: joe@x\n", "delivery report"},
		{"out of office", "From: joe@x\nSubject: Automatic reply: quota\n", "answering machine"},
		{"away, in German", "From: joe@x\nSubject: Automatische Antwort: Quote\n", "answering machine"},
		{"a person on a hub", "From: Joe <notifications@hub.x>\nX-GitHub-Sender: joe\n" + list, ""},
		{"a bot on a hub", "From: renovate <notifications@hub.x>\nX-GitHub-Sender: renovate[bot]\n" + list, "bot on a code hub"},
		{"builds on a hub", "From: Joe <notifications@hub.x>\nX-GitHub-Sender: joe\nX-GitHub-Reason: ci_activity\n", "bot on a code hub"},
		{"syzbot", "From: syzbot <syzbot+0a1b2c@appspot.x>\n" + list, "sender's address"},
		{"test robot", "From: kernel test robot <lkp@x>\n" + list, "sender's address"},
		{"test robot by a person's address", "From: kernel test robot <ann@x>\n" + list, "sender's name"},
		{"Patchwork", "From: Patchwork <patchwork@x>\n" + list, "sender's address"},
		{"Patchwork's bot", "From: patchwork-bot+netdev@x\n" + list, "sender's address"},
		{"a numbered bot", "From: tip-bot2 for Joe <tip-bot2@x>\n" + list, "sender's address"},
		{"a review that is not marked", "From: Gerrit <review+gerrit@x>\n", "sender's address"},
		{"a woman called Abbot", "From: Ann Abbot <abbot@x>\n", ""},
		{"an admin", "From: admin@x\n", ""},
		{"the office", "From: info@x\nSubject: office hours\n", ""},
		{"a man called Talbot", "From: talbot@x\n", ""},
		{"a woman called Botha", "From: ann.botha@x\n", ""},
		{"a daemon of another kind", "From: daemon.smith@x\n", ""},
		{"nobody", "Subject: x\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := []byte(c.header + "\nbody\n")
			h, _ := splitHeader(raw, new(defects))
			from, _ := firstAddress(h.all("from"))
			if got := robotRuleFor(h, &sigpost.Message{Author: from, Subject: h.get("subject"), Answering: sigpost.IsAnswer(h.get("subject"))}); got != c.rule {
				t.Errorf("got %q, want %q", got, c.rule)
			}
			if m := mustParse(t, string(raw)); m.Robot != (c.rule != "") {
				t.Errorf("robot: %v", m.Robot)
			}
		})
	}
}

// TestRobotWords: what programs write is known by its wording, and people may
// write about it.
func TestRobotWords(t *testing.T) {
	for _, c := range []struct{ name, from, subject, body, rule string }{
		{"a person", "joe@x", "Out of the office", "I will be out of the office this week.\n", ""},
		{"vacation", "joe@x", "Re: Ports", "This is an automated reply: I am away.\n\nJoe\n", "it says so"},
		{"vacation, below a greeting", "joe@x", "Re: Ports", "Hello,\n\n*** This is an automatic response ***\n", "it says so"},
		{"the program names itself", "joe@x", "away", "I am away.\n\n[this mail is automatically generated by the 'vacation' program]\n", "it says so"},
		{"a report", "root@x", "Disk", "This message was generated automatically by the monitor.\n", "it says so"},
		{"a person about a robot", "joe@x", "Ports", "This is an automated way to do it.\n\nThis message was not what I expected.\n", ""},
		{"quoted", "joe@x", "Re: Disk", "> This is an automated message.\n\nWho gets these?\n", ""},
		{"far below", "joe@x", "Disk", strings.Repeat("Somebody says:\n", 9) + "This is an automated message.\n", ""},
		{"away, in its subject", "joe@x", "Automatic response: Ports", "Bye.\n", "answering machine"},
		{"held for the owner", "dev-admin@x", "dev post from joe@x requires approval", "As list administrator, your authorization is requested for the\n", "a list's own notice"},
		{"held, says Mailman 3", "dev-owner@x", "Your message to Dev awaits moderator approval", "Your mail to 'dev' is being held.\n", "a list's own notice"},
		{"subscribed", "dev-request@x", "Welcome to the \"Dev\" mailing list", "Welcome!\n", "a list's own notice"},
		{"to be confirmed", "dev-confirm+0a1b@x", "Your confirmation is required to join the Dev mailing list", "Confirm.\n", "a list's own notice"},
		{"majordomo", "Majordomo@x", "Majordomo results", ">>>> help\n", "a list's own notice"},
		{"an owner who writes", "dev-owner@x", "New rules", "Please read the rules.\n", ""},
		{"a person who needs approval", "joe@x", "The budget requires approval", "Who approves?\n", ""},
		{"CVS", "joe@x", "CVS: src a.c,1.1,1.2", "Update of /cvsroot/src\nIn directory host:/tmp/cvs-serv1\n\nModified Files:\n\ta.c\n", "commit mail"},
		{"CVS of BSD", "joe@x", "CVS commit: src/bin", "Module Name:\tsrc\nCommitted By:\tjoe\nDate:\t\tMon Apr 18 10:00:00 UTC 2016\n", "commit mail"},
		{"Subversion", "joe@x", "svn commit: r7 - trunk", "Author: joe\nDate: 2016-04-18\nNew Revision: 7\n", "commit mail"},
		{"git", "joe@x", "[src] branch master updated", "The branch, master has been updated\n       via  0a1b2c fix\n", "commit mail"},
		{"a person about CVS", "joe@x", "CVS", "Update of the CVS server is due.\nIn directory src there is a lock.\n", ""},
		{"a patch", "joe@x", "[PATCH] fix", "Author: joe\n\nFix it.\n---\n", ""},
		{"Jenkins", "joe@x", "[dev] Build failed in Jenkins: src #7", "See <http://ci.x/job/src/7/>\n", "review, build or bug tracker"},
		{"a person about Jenkins", "joe@x", "Re: Build failed in Jenkins: src #7", "I mend it.\n", ""},
		{"a hub's builds", "notify@x", "[joe/src] Run failed: CI - master (0a1b2c)", "All jobs have failed\n", "review, build or bug tracker"},
		{"cron", "root@x", "Cron <joe@host> /usr/bin/backup -a", "failed\n", "scheduled job"},
		{"anacron", "root@x", "Anacron job 'cron.daily'", "failed\n", "scheduled job"},
		{"a person about cron", "joe@x", "Cron <-> at", "Which one?\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := Explain([]byte("From: " + c.from + "\nSubject: " + c.subject + "\n\n" + c.body))
			if err != nil || e.RobotRule != c.rule || e.Robot != (c.rule != "") {
				t.Errorf("got %q (%v), want %q; %v", e.RobotRule, e.Robot, c.rule, err)
			}
		})
	}
}
