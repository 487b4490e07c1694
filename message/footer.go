package message

import (
	"strings"

	"sigpost"
)

const (
	// maxFooter is the longest paragraph of a footer below a separator, in lines.
	maxFooter = 14
	// maxRuleGap is how many blank lines may stand between a separator and the
	// footer below it.
	maxRuleGap = 2
)

// markFooters marks the footers of list software wherever they stand: a text
// that is answered at the top without quote marks has them in the middle, and
// what others wrote brings theirs along inside quotes.
func markFooters(lines []textLine) {
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		if l.content == "" || !mayBeFooter(l) {
			continue
		}
		from, to := i, i
		switch {
		case scrubbedEnd(lines, i) > i:
			to = scrubbedEnd(lines, i)
		case beginsFooter(l.content):
			from, to = footerRule(lines, i), footerEnd(lines, i, containsAny(l.content, "Sponsor", "sponsored by"))
		case l.clue&clueRule != 0:
			if start := belowRule(lines, i); start > 0 {
				if end := footerEnd(lines, start, !beginsFooter(lines[start].content)); isListRule(l.content) || isTail(lines, end, l.depth) {
					to = end
				}
			}
		}
		if to > from {
			from = advertAbove(lines, from, to)
		}
		for j := from; j < to; j++ {
			lines[j].kind = sigpost.RangeFooter
		}
		i = max(i, to-1)
	}
	markBareListinfo(lines)
}

// maxScrubbed is how many lines Mailman writes about a part that it took out.
const maxScrubbed = 8

// scrubbedEnd gives the line behind what Mailman and its archives leave of a
// part that they took out: "--- next part ---", what it was, and where it is
// kept. Where no such notice begins at line i it gives i. Of a part that is text
// only the line above it is Mailman's.
func scrubbedEnd(lines []textLine, i int) int {
	s := lines[i].content
	if !strings.HasPrefix(s, "--------") {
		return i
	}
	bare := strings.Trim(s, "-")
	if len(bare) < 5 || bare[0] != ' ' || bare[len(bare)-1] != ' ' || !strings.HasSuffix(s, "--------") {
		return i
	}
	for j := i + 1; j < len(lines) && j-i <= maxScrubbed && lines[j].depth == lines[i].depth && mayBeFooter(lines[j]); j++ {
		s := lines[j].content
		if s == "" || lines[j].clue&clueRule != 0 {
			break
		}
		if startsWithAny(s, "URL", "Url", "<http") && strings.Contains(s, "://") {
			return j + 1
		}
	}
	if bare != " next part " {
		return i
	}
	if i+1 < len(lines) && lines[i+1].depth == lines[i].depth && mayBeFooter(lines[i+1]) && strings.HasSuffix(lines[i+1].content, " attachment was scrubbed...") {
		return i + 2
	}
	return i + 1
}

// mayBeFooter says whether the line can be one of a footer: it is not decided
// yet, or quoted.
func mayBeFooter(l textLine) bool {
	return l.kind == "" || l.kind == sigpost.RangeQuoted || l.kind == sigpost.RangeFooter
}

// beginsFooter knows the lines with which footers begin that need no
// separator: those that nobody writes by hand.
func beginsFooter(s string) bool {
	switch s[0] {
	case 'Y':
		return startsWithAny(s,
			"You received this message because you are subscribed to the", "You received this message because you're subscribed to", "You are receiving this because you", "You're receiving this because you", "You received this bug notification because",
			"You are receiving this message because you are subscribed", "You are receiving this email because you are subscribed", "You're receiving this email because of your account on ", "You received this email because you are subscribed", "You are receiving this email because of your account on ",
			"You are receiving this mail because", "You receive all messages sent to this group", "You are currently subscribed to ", "Your use of Yahoo! Groups is subject to", "Yahoo! Groups Links", "You have received this message because you are subscribed")
	case 'T':
		return strings.HasPrefix(s, "To ") && beginsWithTo(s) || startsWithAny(s, "This sf.net email is sponsored", "This SF.Net email is sponsored", "This SF.net email is sponsored", "This sf.net Spotlight", "Triage notifications on the go with GitHub", "This message was sent to the Google Groups")
	case 'R':
		return startsWithAny(s, "Reply to this email directly or view it on Git", "Reply to this email directly, view it on Git", "Reply to this email directly and view it on Git", "Reply to this email directly <", "Reply to this Email directly")
	case 'G':
		return strings.HasPrefix(s, "Groups.io Links:") || strings.HasPrefix(s, "Get underground code snippets")
	case 'V':
		return startsWithAny(s, "View/Reply Online (#", "Visit Topic <http", "Visit Message <http", "Visit Topic or reply to this email", "Visit Message or reply to this email", "View it on GitLab", "View this message in context: http")
	case 'M':
		return startsWithAny(s, "More majordomo info at", "Mute This Topic:")
	case 's':
		return strings.HasPrefix(s, `send the line "unsubscribe `)
	case '-':
		return startsWithAny(s, "-~----------~----~", "--~--~---------~--~", "-=-=-=-=-=-=-=-=-=-=-=-") || strings.HasPrefix(s, "------") && strings.Contains(s, "Yahoo! Groups ")
	case '_':
		return strings.HasPrefix(s, "_._,_._,_")
	}
	return false
}

// beginsWithTo knows those that begin with "To ".
func beginsWithTo(s string) bool {
	return startsWithAny(s[3:],
		"unsubscribe from this group", "unsubscribe from this list: send", "unsubscribe from this list send", "unsubscribe, e-mail:", "unsubscribe e-mail:", "unsubscribe from these emails,", "unsubscribe from this topic, visit", "unsubscribe from this thread", "unsubscribe via email, send", "unsubscribe from all messages in this group", "unsubscribe or change settings",
		"unsubscribe from the list, send", "post to this group, send", "view this discussion on the web", "view this discussion visit", "view archived messages", "stop receiving notification emails like this one", "respond, reply to this email or visit http", "respond, reply to this email or visit <http", "signoff from ", "unsubscribe send an email to ", "manage your subscription", "set up an email filter, look for")
}

// belowRule looks below the separator at line i for a footer, and gives the
// line that tells of it, or 0. Where people write such separators themselves,
// the paragraph must hold an address.
func belowRule(lines []textLine, i int) int {
	depth, seen := lines[i].depth, 0
	first, address := 0, false
	for j := i + 1; j < len(lines) && j-i <= maxFooter && lines[j].depth == depth && mayBeFooter(lines[j]); j++ {
		s := lines[j].content
		if s == "" {
			if seen > 0 || j-i > maxRuleGap {
				break
			}
			continue
		}
		if seen++; seen == 1 {
			if first = j; beginsFooter(s) {
				return j
			}
		}
		address = address || strings.Contains(s, "://") || strings.IndexByte(s, '@') >= 0 || strings.HasSuffix(s, "ailing list")
	}
	for j := first; address && j < first+min(seen, 3); j++ {
		if tellsOfList(lines[j].content) {
			return j
		}
	}
	return 0
}

// tellsOfList says whether the line below a separator is one of a footer.
func tellsOfList(s string) bool {
	return containsAny(s,
		"ailing list", "ailing List", "ailinglist", "/listinfo", "/mailman", "nsubscribe", "-leave@", "-request@", "/sympa", "/wws/", "topicbox.com", "Permalink:", "groups.io", "freelists.org", "listserv", "LISTSERV",
		"Google Group", "Google-Group", "Google Gr", "Google-Gr", "Grupos de Google", "Grupos do Google", "Gruppi Google", "Gruppi di Google", "Groupes Google", "Google グループ", "Google 网上论坛", "Google网上论坛", "Google 網路論壇", "Группы Google", "Групи Google", "группу Google", "группы Google", "Google 그룹스", "Google Csoport", "Google Discussiegroepen", "Skupiny Google", "Skupin Google", "Ομάδες Google", "googlegroups.com", "Grupuri Google",
		"Launchpad", "launchpad.net/~", "yahoogroups.com", "desinscri", "désabonner", "Abmelden", "abbestellen", "Austragen", "отписаться")
}

// isListRule says whether a separator is one that list software writes.
func isListRule(s string) bool {
	return s == "--" || len(s) >= 10 && strings.Trim(s, "_") == ""
}

// isTail says whether nothing at the same depth follows line end but blank
// lines and separators.
func isTail(lines []textLine, end, depth int) bool {
	for ; end < len(lines) && lines[end].depth == depth; end++ {
		if lines[end].content != "" && lines[end].clue&clueRule == 0 {
			return lines[end].kind == sigpost.RangeFooter
		}
	}
	return true
}

// footerRule gives the separator above line i, or i.
func footerRule(lines []textLine, i int) int {
	for up := i - 1; up >= 0 && i-up <= maxRuleGap && lines[up].depth == lines[i].depth && mayBeFooter(lines[up]); up-- {
		if lines[up].clue&clueRule != 0 {
			return up
		}
		if lines[up].content != "" {
			break
		}
	}
	return i
}

// maxAdvert is how many lines an advertisement above a footer has.
const maxAdvert = 6

// advertAbove gives the line of dashes above the advertisement that SourceForge
// puts on top of the footer in lines [from, to), or from.
func advertAbove(lines []textLine, from, to int) int {
	known := false
	for _, l := range lines[from:to] {
		known = known || strings.Contains(l.content, "lists.sourceforge.net")
	}
	link := false
	for i := from - 1; known && i >= 0 && from-i <= maxAdvert && lines[i].depth == lines[from].depth && mayBeFooter(lines[i]); i-- {
		s := lines[i].content
		if len(s) >= 60 && strings.Trim(s, "-") == "" && link {
			return i
		}
		if s == "" {
			break
		}
		link = link || strings.Contains(s, "://")
	}
	return from
}

// footerEnd gives the line behind the footer that goes on at line i: below a
// separator to the next blank line, and on while paragraphs tell of the list.
func footerEnd(lines []textLine, i int, below bool) int {
	depth := lines[i].depth
	to := i + 1
	paragraph := i
	for to < len(lines) && to-i < 3*maxFooter {
		l := lines[to]
		if l.depth != depth || !mayBeFooter(l) {
			return to
		}
		switch {
		case l.content == "":
			next := to
			for next < len(lines) && lines[next].content == "" && lines[next].depth == depth {
				next++
			}
			if next < len(lines) && (lines[next].depth != depth || !mayBeFooter(lines[next]) || !continuesFooter(lines[next].content)) {
				return to
			}
			to, paragraph = next, next
		case continuesFooter(l.content), startsWithAny(l.content, "http", "<http"), below && to-paragraph < maxFooter && l.clue&clueRule == 0, wrapsFooter(lines, to):
			to++
		default:
			return to
		}
	}
	return to
}

// maxWrap is over how many lines a line of a footer may be wrapped before what
// it is known by.
const maxWrap = 2

// wrapsFooter says whether line i, which is not known, leads over to one that
// continues the footer, or ends a link that was wrapped.
func wrapsFooter(lines []textLine, i int) bool {
	if lines[i].content == "." {
		return true
	}
	for j := i; j < len(lines) && j <= i+maxWrap && lines[j].depth == lines[i].depth && lines[j].content != ""; j++ {
		if continuesFooter(lines[j].content) {
			return true
		}
	}
	return false
}

// continuesFooter says whether a line goes on with a footer.
func continuesFooter(s string) bool {
	return beginsFooter(s) || containsAny(s,
		"groups.google.", "googlegroups.com", "Google Groups", "Visit this group at", `" group.`, "For more options, visit", "To view this discussion", "-~----------~----~----~", "stop receiving emails from it",
		"/listinfo", "/mailman", "nsubscribe", "-leave@", "-request@", "the body of a message to majordomo", "More majordomo info at", "Please read the FAQ at", "For additional commands, e-mail:",
		"groups.io", "Group Owner:", "-=-=-=-=-", "_._,_", "yahoogroups.com", "Yahoo! Groups", "docs.yahoo.com", "<*> ", "lists.sourceforge.net", "github.com/notifications", "notifications@github.com", "view it on GitHub", "view it on GitLab", "GitHub Mobile", "Message ID: <", "/settings/notifications", "gitlab.com/-/profile", "user preferences", "email/unsubscribe/", "topicbox.com", "launchpad.net/~", "help.launchpad.net", "in your browser")
}

// markBareListinfo marks the address of a Mailman list that alone is the last
// line of a text, or of a quote: the whole footer of some lists.
func markBareListinfo(lines []textLine) {
	last := true // nothing but footers follows at this depth
	for i := len(lines) - 1; i >= 0; i-- {
		l := &lines[i]
		if l.content == "" || l.kind == sigpost.RangeFooter {
			continue
		}
		if (last || i+1 < len(lines) && lines[i+1].depth < l.depth) && (l.kind == "" || l.depth > 0) && isBareListinfo(lines, i) {
			l.kind = sigpost.RangeFooter
			continue
		}
		last = false
	}
}

// isBareListinfo says whether line i is the address of a Mailman list and does
// not go on with the sentence above it.
func isBareListinfo(lines []textLine, i int) bool {
	s := lines[i].content
	if !strings.HasPrefix(s, "http") || !strings.Contains(s, "/mailman/listinfo/") || strings.Contains(s, " ") {
		return false
	}
	if i == 0 || lines[i-1].depth != lines[i].depth {
		return true
	}
	above := lines[i-1].content
	return above == "" || endsSentence(above) && !strings.HasSuffix(above, ":") || above[0] == '-' || !strings.Contains(above, " ")
}

// isRuleByte says whether separators begin and end with c: one of ASCII, or
// the end of a dash that is not.
func isRuleByte(c byte) bool {
	switch c {
	case '-', '_', '=', '*', '~', '#', 0xe2, 0x94, 0x93, 0x80, 0x90:
		return true
	}
	return false
}

// isRule says whether a line is a separator: two or more of -, _, =, *, ~ and
// #, one of the long dashes, or their mixture, and nothing else.
func isRule(s string) bool {
	if len(s) < 2 {
		return s == "-"
	}
	bare := strings.Trim(s, "-_=*~#")
	return bare == "" || strings.Trim(bare, "-_=*~#–—─‐") == ""
}
