package message

import (
	"strings"

	"sigpost"
)

// robotRule is one way to tell that a program wrote a mail.
type robotRule struct {
	name string // what it goes by, for people
	says func(h header, author sigpost.Address) bool
}

// robotRules gives the rules in the order in which they are tried.
func robotRules() []robotRule {
	return []robotRule{
		// RFC 3834, section 5: every value but "no" names an automatic mail.
		{"Auto-Submitted", func(h header, _ sigpost.Address) bool {
			v := firstWord(h.get("auto-submitted"))
			return v != "" && v != "no"
		}},
		{"Precedence: junk", func(h header, _ sigpost.Address) bool {
			v := firstWord(h.get("precedence"))
			return v == "junk" || v == "auto_reply"
		}},
		// List software marks all that it carries "bulk" or "list".
		{"Precedence: bulk and no list", func(h header, _ sigpost.Address) bool {
			return firstWord(h.get("precedence")) == "bulk" && !fromList(h)
		}},
		{"X-Auto-Response-Suppress and no list", func(h header, _ sigpost.Address) bool {
			v := firstWord(h.get("x-auto-response-suppress"))
			return v != "" && v != "none" && !fromList(h)
		}},
		{"answering machine", func(h header, _ sigpost.Address) bool {
			return h.has("x-autoreply") || h.has("x-autorespond")
		}},
		{"review, build or bug tracker", func(h header, _ sigpost.Address) bool {
			return h.has("x-gerrit-messagetype") || h.has("x-jenkins-job") || h.has("x-bugzilla-type")
		}},
		{"delivery report", func(h header, _ sigpost.Address) bool {
			// RFC 6522: multipart/report is made by programs.
			v, _ := parseMediaType(h.get("content-type"))
			return v == "multipart/report" || h.has("x-failed-recipients")
		}},
		{"sender's address", func(_ header, author sigpost.Address) bool {
			return isRobotAddress(author.Addr)
		}},
	}
}

// robotRuleFor is the name of the rule by which a mail is a robot's, or "".
func robotRuleFor(h header, author sigpost.Address) string {
	for _, rule := range robotRules() {
		if rule.says(h, author) {
			return rule.name
		}
	}
	return ""
}

// fromList says whether list software carried the mail.
func fromList(h header) bool {
	return h.has("list-id") || h.has("list-post") || h.has("mailing-list") || h.has("x-beenthere")
}

// isRobotAddress knows the local parts that programs write from: whole ones,
// and words in them between ".", "-", "_" and "+".
func isRobotAddress(addr string) bool {
	local, _, _ := strings.Cut(strings.ToLower(addr), "@")
	local, _, _ = strings.Cut(local, "[bot]")
	squeezed := strings.NewReplacer("-", "", "_", "", ".", "").Replace(local)
	for _, whole := range []string{
		"noreply", "donotreply", "dontreply", "notifications", "notification",
		"bugzilla", "bugzilladaemon", "ci", "cron", "patchwork", "lkp",
	} {
		if squeezed == whole {
			return true
		}
	}
	words := strings.FieldsFunc(local, func(r rune) bool { return strings.ContainsRune(".-_+", r) })
	for i, w := range words {
		switch w {
		case "noreply", "bot", "robot", "jenkins", "zuul", "gerrit", "buildbot", "hudson",
			"mailerdaemon", "syzbot", "dependabot", "travis", "autobuild", "autobuilder":
			return true
		case "daemon":
			if i > 0 && words[i-1] == "mailer" {
				return true
			}
		case "reply":
			if i > 0 && words[i-1] == "no" {
				return true
			}
		}
	}
	return strings.HasSuffix(strings.ToLower(addr), "[bot]") || strings.Contains(strings.ToLower(addr), "[bot]@")
}

// firstWord is the first word of a value, in lower case, without parameters.
func firstWord(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if i := strings.IndexAny(s, " \t;,("); i >= 0 {
		s = s[:i]
	}
	return s
}
