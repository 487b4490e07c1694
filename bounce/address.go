package bounce

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// addrSpec is an address in a text.
const addrSpec = `(?:"[^"\n]{1,80}"|[^\s<>()\[\],;:"'|=/*@]{1,80})@[\pL\pN][\pL\pN.-]{0,250}[\pL\pN]`

var anyAddress = whenUsed(addrSpec)

// whenUsed compiles a pattern when it is first used: those that hold addrSpec take
// milliseconds each, and most runs of the program read no report.
func whenUsed(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// addressesIn gives the addresses in a text in their order, each once.
func addressesIn(text string) (all []string) {
	for _, a := range anyAddress().FindAllString(text, maxRecipients) {
		if !containsFold(all, a) {
			all = append(all, a)
		}
	}
	return all
}

func containsFold(all []string, s string) bool {
	return slices.ContainsFunc(all, func(have string) bool { return strings.EqualFold(have, s) })
}

// cleanAddress takes off what stands around an address in a report: its type (RFC
// 3464, section 2.3.1), brackets, a comment. What is no address stays, as
// systems name programs and numbers, too.
func cleanAddress(s string) string {
	s = strings.TrimSpace(s)
	if kind, rest, ok := strings.Cut(s, ";"); ok && !strings.ContainsAny(kind, "@ ") {
		s = strings.TrimSpace(rest)
	}
	if a := anyAddress().FindString(s); a != "" {
		return a
	}
	return strings.Trim(s, "<> \t")
}

// isSystem says whether an address is a mail system's own.
func isSystem(addr string) bool {
	local, _, _ := strings.Cut(strings.ToLower(addr), "@")
	switch local {
	case "mailer-daemon", "postmaster", "mailerdaemon", "no-reply", "noreply", "mmdf", "daemon", "root", "support", "abuse", "helpdesk":
		return true
	}
	return strings.HasPrefix(local, "mailer-daemon")
}
