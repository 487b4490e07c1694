package message

import (
	"strings"

	"sigpost"
)

// footerRule knows the footer of one kind of list software.
type footerRule struct {
	name string // of the software, for people
	// start: a line that holds one of these begins the footer.
	start []string
	// more: a line that holds one of these continues it.
	more []string
	// below: the footer is only one where a line of underscores or dashes
	// stands above it, and goes on until a blank line.
	below bool
}

// footerRules gives the footers that are cut.
func footerRules() []footerRule {
	return []footerRule{
		{
			name: "Google Groups",
			start: []string{
				"You received this message because you are subscribed to the",
				"To unsubscribe from this group",
				"To post to this group, send",
			},
			more: []string{
				"groups.google.", "googlegroups.com", "Google Groups", "Visit this group at", `" group.`,
				"For more options, visit", "To view this discussion", "-~----------~----~----~",
				"stop receiving emails from it",
			},
		},
		{
			name: "Google Groups in other languages",
			start: []string{
				"Google Groups", "Google Groepen", "Grupos de Google", "Grupy dyskusyjne Google",
				"Grupos do Google", "Google-Gruppen", "Google グループ", "Google 网上论坛", "Группы Google",
			},
			more:  []string{"groups.google.", "googlegroups.com"},
			below: true,
		},
		{
			name:  "Mailman",
			start: []string{"mailing list", "Mailing list", "Mailing List", "/listinfo", "/mailman"},
			more:  []string{"/listinfo", "/mailman", "To unsubscribe", "Unsubscribe", "-leave@", "-request@"},
			below: true,
		},
		{
			name:  "Majordomo",
			start: []string{"To unsubscribe from this list: send the line", `send the line "unsubscribe `},
			more:  []string{"the body of a message to majordomo", "More majordomo info at", "Please read the FAQ at"},
		},
		{
			name:  "ezmlm",
			start: []string{"To unsubscribe, e-mail:"},
			more:  []string{"For additional commands, e-mail:"},
		},
		{
			name:  "groups.io",
			start: []string{"Groups.io Links:"},
			more: []string{
				"You receive all messages sent to this group", "View/Reply Online", "Mute This Topic",
				"Group Owner:", "groups.io", "-=-=-=-=-",
			},
		},
		{
			name:  "SourceForge",
			start: []string{"This sf.net email is sponsored by", "This SF.Net email is sponsored by", "This SF.net email is sponsored by"},
			more:  nil,
			below: true,
		},
	}
}

// markFooters marks the footers of list software among the lines that are not
// quoted, wherever they stand: a text that is answered at the top without
// quote marks has them in the middle.
func markFooters(text string, lines []textLine) {
	for _, rule := range footerRules() {
		if !containsAny(text, rule.start) {
			continue
		}
		for i := 0; i < len(lines); i++ {
			if lines[i].kind != "" || !containsAny(lines[i].content, rule.start) {
				continue
			}
			if from, to, ok := rule.block(lines, i); ok {
				for j := from; j < to; j++ {
					if lines[j].kind == "" {
						lines[j].kind = sigpost.RangeFooter
					}
				}
				i = max(i, to-1)
			}
		}
	}
	markBareListinfo(lines)
}

// markBareListinfo marks the address of a Mailman list that alone is the last
// line of a text: the whole footer of some lists.
func markBareListinfo(lines []textLine) {
	for i := len(lines) - 1; i >= 0; i-- {
		l := &lines[i]
		if l.content == "" || l.kind == sigpost.RangeFooter {
			continue
		}
		if l.kind == "" && strings.HasPrefix(l.content, "http") && strings.Contains(l.content, "/mailman/listinfo/") &&
			!strings.Contains(l.content, " ") && (i == 0 || lines[i-1].content == "") {
			l.kind = sigpost.RangeFooter
		}
		return
	}
}

// maxFooter is the longest footer that ends with a blank line, in lines.
const maxFooter = 14

// block gives the lines [from, to) of the footer that line i is the start of.
func (r footerRule) block(lines []textLine, i int) (from, to int, ok bool) {
	from = i
	for up := i - 1; up >= 0 && i-up <= 3 && lines[up].kind == ""; up-- {
		if isRule(lines[up].content) {
			from = up
			break
		}
		if lines[up].content != "" && !r.below {
			break
		}
	}
	if r.below && from == i {
		return 0, 0, false
	}
	to = i + 1
	for to < len(lines) && to-from < 3*maxFooter {
		l := lines[to]
		switch {
		case l.kind != "" && l.kind != sigpost.RangeFooter:
			return from, to, true
		case l.content == "":
			next := to
			for next < len(lines) && lines[next].content == "" {
				next++
			}
			if next < len(lines) && !(lines[next].kind == "" && r.continues(lines[next].content)) {
				return from, to, true
			}
			to = next
		case r.continues(l.content), r.below && to-from < maxFooter && !isRule(l.content):
			to++
		case r.wraps(lines, to):
			to++
		default:
			return from, to, true
		}
	}
	return from, to, true
}

// maxWrap is over how many lines a line of a footer may be wrapped before what
// it is known by.
const maxWrap = 2

// wraps says whether line i, which is not known, leads over to one that
// continues the footer.
func (r footerRule) wraps(lines []textLine, i int) bool {
	for j := i; j < len(lines) && j <= i+maxWrap && lines[j].kind == "" && lines[j].content != ""; j++ {
		if r.continues(lines[j].content) {
			return true
		}
	}
	return false
}

// continues says whether a line goes on with the footer.
func (r footerRule) continues(s string) bool {
	return containsAny(s, r.more) || !r.below && containsAny(s, r.start)
}

// isRule says whether a line is a separator: two or more of one of -, _, =, *
// and ~, or their mixture, and nothing else.
func isRule(s string) bool {
	if len(s) < 2 {
		return s == "-"
	}
	for i := 0; i < len(s); i++ {
		if strings.IndexByte("-_=*~", s[i]) < 0 {
			return false
		}
	}
	return true
}

func containsAny(s string, subs []string) bool {
	for _, sub := range subs {
		if strings.Contains(s, sub) {
			return true
		}
	}
	return false
}
