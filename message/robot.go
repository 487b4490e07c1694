package message

import (
	"slices"
	"strings"

	"sigpost"
)

// robotRule is one way to tell that a program wrote a mail.
type robotRule struct {
	name string // what it goes by, for people
	says func(h header, m *sigpost.Message) bool
}

// robotRules gives the rules in the order in which they are tried.
func robotRules() []robotRule {
	return []robotRule{
		// RFC 3834, section 5: every value but "no" names an automatic mail.
		{"Auto-Submitted", func(h header, _ *sigpost.Message) bool {
			v := firstWord(h.get("auto-submitted"))
			return v != "" && v != "no"
		}},
		{"Precedence: junk", func(h header, _ *sigpost.Message) bool {
			v := firstWord(h.get("precedence"))
			return v == "junk" || v == "auto_reply"
		}},
		// List software marks all that it carries "bulk" or "list".
		{"Precedence: bulk and no list", func(h header, m *sigpost.Message) bool {
			return firstWord(h.get("precedence")) == "bulk" && !fromList(h) && !m.Answering
		}},
		{"X-Auto-Response-Suppress and no list", func(h header, _ *sigpost.Message) bool {
			v := firstWord(h.get("x-auto-response-suppress"))
			return v != "" && v != "none" && !fromList(h)
		}},
		{"answering machine", func(h header, m *sigpost.Message) bool {
			return h.has("x-autoreply") || h.has("x-autorespond") || h.has("x-autoreply-from") || h.has("x-mail-autoreply") || IsAutoreply(m.Subject)
		}},
		{"review, build or bug tracker", func(h header, _ *sigpost.Message) bool {
			return slices.ContainsFunc(h.fields, func(f field) bool { return isRobotField(f.name) })
		}},
		{"delivery report", func(h header, _ *sigpost.Message) bool {
			// RFC 6522: multipart/report is made by programs. RFC 5321, section
			// 4.5.5: nobody is to answer to the null reverse-path.
			v, _ := parseMediaType(h.get("content-type"))
			return v == "multipart/report" || h.has("x-failed-recipients") || h.get("return-path") == "<>"
		}},
		{"bot on a code hub", isHubBot},
		{"sender's address", func(h header, m *sigpost.Message) bool {
			return !h.has("x-github-sender") && isRobotAddress(m.Author.Addr)
		}},
		{"sender's name", func(_ header, m *sigpost.Message) bool { return isRobotName(m.Author.Name) }},
	}
}

// robotRuleFor is the name of the rule by which a mail is a robot's, or "". It
// reads the author, the subject and the text of m.
func robotRuleFor(h header, m *sigpost.Message) string {
	for _, rule := range robotRules() {
		if rule.says(h, m) {
			return rule.name
		}
	}
	return robotWords(m)
}

// isRobotField knows the fields that only trackers and builders write, in all
// mail that they send: Gerrit, Jenkins, Bugzilla, Launchpad, GitLab's pipelines,
// Jira, repository hooks, cron, Phabricator, Trac, Redmine, Review Board,
// Mailman's own notices, build farms, Subversion, Mercurial.
func isRobotField(name string) bool {
	switch name {
	case "x-gerrit-messagetype", "x-gerrit-change-id", "x-jenkins-job", "x-jenkins-result", "x-bugzilla-type", "x-bugzilla-reason",
		"x-launchpad-bug", "x-launchpad-message-rationale", "x-launchpad-notification-type", "x-gitlab-pipeline-id",
		"x-jira-fingerprint", "x-git-refname", "x-git-newrev", "x-cron-env", "x-phabricator-sent-this-message",
		"x-trac-project", "x-redmine-project", "x-reviewboard-url", "x-list-administrivia", "x-buildbot-builder", "x-koji-build",
		"x-travis-repository", "x-appveyor-build", "x-circleci-build", "x-zuul-event-id",
		"x-git-reftype", "x-svn-commit-author", "x-svn-commit-revision", "x-svn-group", "x-svn-author", "x-svn-revision",
		"x-hg-notification":
		return true
	}
	return false
}

// isHubBot says whether a notification of a code hub tells of a program's
// doing. One that tells of a person's words is that person's.
func isHubBot(h header, _ *sigpost.Message) bool {
	who := strings.ToLower(h.get("x-github-sender"))
	return strings.HasSuffix(who, "[bot]") || who != "" && isRobotAddress(who) || h.get("x-github-reason") == "ci_activity"
}

// IsAutoreply knows the subjects of answering machines that mark their mail in
// no other way.
func IsAutoreply(subject string) bool {
	s := strings.ToLower(subject[:min(len(subject), 80)])
	return slices.ContainsFunc([]string{
		"automatic reply:", "automatic response:", "automated reply:", "automated response:", "auto response:", "auto-response:", "autoresponse:",
		"[auto-reply]", "[autoreply]", "[auto reply]", "vacation reply", "away from my mail", "auto reply:", "auto-reply:", "autoreply:", "out of office", "out-of-office", "automatische antwort:",
		"abwesenheitsnotiz:", "réponse automatique", "respuesta automática", "risposta automatica", "resposta automática",
		"automatisch antwoord", "automatiskt svar", "automatisk svar", "autosvar:", "automaattinen vastaus", "autoodpowiedź", "odpowiedź automatyczna",
		"automatická odpověď", "автоответ", "自动回复", "自動回覆", "自動応答",
	}, func(start string) bool { return strings.HasPrefix(s, start) })
}

// fromList says whether list software carried the mail. That of before RFC 2369
// shows only in the address that bounces go to.
func fromList(h header) bool {
	return h.has("list-id") || h.has("list-post") || h.has("mailing-list") || h.has("x-beenthere") ||
		isOwnerAddress(cleanSpec(h.get("sender"))) || isOwnerAddress(cleanSpec(h.get("return-path")))
}

// isOwnerAddress knows the addresses that lists take bounces at.
func isOwnerAddress(addr string) bool {
	local, _, _ := strings.Cut(strings.ToLower(addr), "@")
	local, _, _ = strings.Cut(local, "+")
	return strings.HasPrefix(local, "owner-") || strings.HasSuffix(local, "-owner") || strings.HasSuffix(local, "-admin") ||
		strings.HasSuffix(local, "-bounces") || strings.HasSuffix(local, "-errors") || strings.HasSuffix(local, "-return")
}

// isRobotName knows the names that robots give themselves where their address
// does not tell: "kernel test robot", "Build Bot", "renovate[bot]".
func isRobotName(name string) bool {
	s := strings.ToLower(name)
	return s == "jenkins" || s == "zuul" || s == "patchwork" || s == "syzbot" || s == "cron daemon" || s == "anacron" ||
		strings.HasSuffix(s, " (jira)") ||
		strings.HasSuffix(s, "[bot]") || strings.HasSuffix(s, " robot") || strings.HasSuffix(s, " bot") || strings.HasSuffix(s, "-bot") ||
		strings.HasSuffix(s, " ci") || strings.HasSuffix(s, " buildbot")
}

// isRobotAddress knows the local parts that programs write from: whole ones,
// and words in them between ".", "-", "_" and "+", with a number behind them or
// not.
func isRobotAddress(addr string) bool {
	local, _, _ := strings.Cut(strings.ToLower(addr), "@")
	if strings.Contains(local, "[bot]") || strings.HasSuffix(addr, "[bot]") {
		return true
	}
	var squeezed []byte
	for _, c := range []byte(local) {
		if c != '-' && c != '_' && c != '.' {
			squeezed = append(squeezed, c)
		}
	}
	switch string(squeezed) {
	case "noreply", "donotreply", "dontreply", "notifications", "notification",
		"bugzilla", "bugzilladaemon", "ci", "cron", "patchwork", "lkp", "builds", "buildd", "cinotify", "autoreply":
		return true
	}
	before := ""
	for w := range strings.FieldsFuncSeq(local, func(r rune) bool { return strings.ContainsRune(".-_+", r) }) {
		switch strings.TrimRight(w, "0123456789") {
		case "noreply", "bot", "robot", "jenkins", "zuul", "gerrit", "buildbot", "hudson", "dependabot", "travis",
			"mailerdaemon", "syzbot", "regzbot", "autobuild", "autobuilder", "kernelci", "testbot", "cibot", "patchbot":
			return true
		case "daemon":
			if before == "mailer" {
				return true
			}
		case "reply":
			if before == "no" {
				return true
			}
		}
		before = w
	}
	return false
}

// firstWord is the first word of a value, in lower case, without parameters.
func firstWord(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if i := strings.IndexAny(s, " \t;,("); i >= 0 {
		s = s[:i]
	}
	return s
}
