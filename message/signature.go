package message

import (
	"strings"
	"unicode/utf8"

	"sigpost"
)

const (
	// maxSignature is the longest signature behind an exact "-- ", in lines
	// with text, maxLooseSignature behind a "--" without its space, and
	// maxRuledSignature behind a line of underscores or dashes.
	maxSignature      = 40
	maxLooseSignature = 15
	maxRuledSignature = 6
	// maxSignOff is how many lines of contact may stand below "Best regards",
	// and maxSignOffLine how long they may be, in characters.
	maxSignOff     = 8
	maxSignOffLine = 75
)

// beginsArmour says whether PGP's marks or a business card begin with a line.
func beginsArmour(s string) bool {
	return strings.HasPrefix(s, "-----BEGIN PGP SIG") || s == "BEGIN:VCARD"
}

// markArmour marks what PGP puts around a signed text (RFC 9580, section 7),
// and business cards (RFC 6350).
func markArmour(lines []textLine) {
	for i := range lines {
		if lines[i].depth > 0 {
			continue
		}
		switch lines[i].content {
		case "-----BEGIN PGP SIGNED MESSAGE-----":
			lines[i].kind = sigpost.RangeSignature
			for j := i + 1; j < len(lines) && startsWithAny(lines[j].content, "Hash:", "NotDashEscaped:"); j++ {
				lines[j].kind = sigpost.RangeSignature
			}
		case "BEGIN:VCARD":
			markBetween(lines, i, "END:VCARD")
		case "-----BEGIN PGP SIGNATURE-----":
			markBetween(lines, i, "-----END PGP SIGNATURE-----")
		}
	}
}

// markBetween marks the lines from i to the one that says end.
func markBetween(lines []textLine, i int, end string) {
	for ; i < len(lines); i++ {
		if lines[i].depth > 0 || lines[i].kind == sigpost.RangeSignature {
			return
		}
		lines[i].kind = sigpost.RangeSignature
		if lines[i].content == end {
			return
		}
	}
}

// markSignatures marks signatures in each stretch of undecided lines, so that
// one above a quote ends where the quote begins.
func markSignatures(text string, lines []textLine) {
	written := false // the author wrote something above
	for i := 0; i < len(lines); {
		if lines[i].kind != "" {
			written = written || lines[i].kind.Own()
			i++
			continue
		}
		end := i
		for end < len(lines) && lines[end].kind == "" {
			end++
		}
		markDeviceLines(lines[i:end])
		for end > i && lines[end-1].kind != "" { // at the end
			end--
		}
		markSignature(text, lines[i:end])
		markContact(lines[i:end], written)
		for i < len(lines) && i < end {
			i++
		}
		written = true
		for i < len(lines) && lines[i].kind != "" {
			i++
		}
	}
}

// markSignature marks the signature at the end of a stretch: from its separator
// (RFC 3676, section 4.3, or what people take for one) on.
func markSignature(text string, lines []textLine) {
	cut, below, long, contact := len(lines), 0, false, false
	for i := len(lines) - 1; i >= 0 && below <= maxSignature; i-- {
		l := lines[i]
		if l.content == "" || l.kind != "" {
			continue
		}
		if l.content == "--" || l.content == "- --" { // the latter inside PGP
			exact := strings.HasSuffix(strings.TrimSuffix(text[l.start:l.end], "\n"), "-- ")
			if exact || below <= maxLooseSignature && cut == len(lines) && !(i+1 < len(lines) && strings.HasPrefix(lines[i+1].content, "[1]")) {
				cut = i
			}
		} else if l.clue&clueRule != 0 && cut == len(lines) && below <= maxRuledSignature && !parts(lines, i, contact) && rulesSignature(l.content, below, long, contact) {
			cut = i
		}
		long = long || !inSignature(l.content) || isWordOfText(l.content)
		contact = contact || isContact(l.content) && !strings.Contains(l.content, "://")
		below++
	}
	for i := cut; i < len(lines); i++ {
		lines[i].kind = sigpost.RangeSignature
	}
}

// isWordOfText says whether a line is one word that ends as a sentence does, as
// no name does that stands for itself.
func isWordOfText(s string) bool {
	return len(s) > 2 && !strings.Contains(s, " ") && endsSentence(s) && !endsCompany(s) && !isContact(s)
}

// parts says whether the rule at line i parts a text: it underlines a heading,
// begins the mail, or has no contact below it but a blank line or an entry.
func parts(lines []textLine, i int, contact bool) bool {
	if lines[i].start == 0 || !contact && i+1 < len(lines) && (lines[i+1].content == "" || isEntry(lines[i+1].content)) {
		return true
	}
	if i == 0 || lines[i-1].content == "" {
		return false
	}
	more := utf8.RuneCountInString(lines[i].content) - utf8.RuneCountInString(lines[i-1].content)
	return len(lines[i].content) > 3 && more >= -1 && more <= 1
}

// isEntry says whether a line is a footnote or has a name and a value, as no
// person's name does.
func isEntry(s string) bool {
	if len(s) > 2 && s[0] == '[' && isDigit(s[1]) {
		return true
	}
	name, _, ok := strings.Cut(s, ":")
	return ok && !strings.Contains(name, " ") && !isContact(s)
}

// rulesSignature says whether a line of one repeated character begins a
// signature of that many lines with text, long if something is in it that does
// not belong into one. Below dashes may stand anything else, such as what is new
// in a patch.
func rulesSignature(rule string, below int, long, contact bool) bool {
	if strings.Trim(rule, "_") == "" && len(rule) >= 10 {
		return true
	}
	if long || below == 0 {
		return false
	}
	return strings.Trim(rule, "—–_") == "" || len(rule) >= 3 && (contact || below <= 2)
}

// markContact marks what the author's text ends with besides: a disclaimer, and
// a sign-off with the lines of contact below it.
func markContact(lines []textLine, written bool) {
	last := len(lines)
	for last > 0 && (lines[last-1].kind != "" || lines[last-1].content == "") {
		last--
	}
	if from := disclaimer(lines[:last]); from < last && (from > 0 || written) {
		from = ruleAbove(lines, from)
		markKind(lines[from:last], sigpost.RangeSignature)
		for last = from; last > 0 && lines[last-1].content == ""; {
			last--
		}
	}
	if from := signOff(lines[:last]); from < last && (from > 0 || written) {
		markKind(lines[from:last], sigpost.RangeSignature)
	}
}

// signOff finds the "Best regards" above lines of contact at the end of a
// stretch. A name alone below it is left with the text, as a person's last word.
func signOff(lines []textLine) int {
	below, contact := 0, false
	for i := len(lines) - 1; i >= 0 && below <= maxSignOff; i-- {
		s := lines[i].content
		if s == "" {
			continue
		}
		if lines[i].kind != "" || lines[i].clue&clueColon != 0 {
			break
		}
		if len(s) < 60 && isSignOff(s) {
			if below > 0 && contact || below > 1 {
				return i
			}
			break
		}
		if !inSignature(s) {
			break
		}
		contact = contact || isContact(s)
		below++
	}
	return len(lines)
}

// inSignature says whether a line may be one of a signature: it is short, and
// no sentence, afterthought, list of links or trailer of a patch.
func inSignature(s string) bool {
	if strings.HasPrefix(s, "[") || s[len(s)-1] == ':' || startsWithAny(s, "- ", "* ", "PS", "P.S", "p.s", "ps") || containsAny(s, "-by: ", "Fixes: ") || utf8.RuneCountInString(s) > maxSignOffLine {
		return false
	}
	n := strings.Count(s, " ")
	ends := endsSentence(s) && !endsCompany(s)
	return n == 0 || n < 9 && !ends || strings.ContainsAny(s, "@|") || manyDigits(s)
}

// endsCompany says whether the full stop at the end of s is that of a company's
// name.
func endsCompany(s string) bool {
	switch s[strings.LastIndexByte(s, ' ')+1:] {
	case "Inc.", "Ltd.", "Co.", "Corp.", "LLC.", "L.L.C.", "S.A.", "S.L.", "s.r.o.", "a.s.", "B.V.", "N.V.", "e.V.", "S.p.A.", "S.r.l.", "Jr.", "Sr.", "Ph.D.", "M.Sc.", "B.Sc.":
		return true
	}
	return false
}

// isContact says whether a line tells how to reach somebody.
func isContact(s string) bool {
	return strings.IndexByte(s, '@') >= 0 || containsAny(s, "://", "www.") || manyDigits(s)
}

// manyDigits says whether there are as many digits in s as in a telephone
// number.
func manyDigits(s string) bool {
	n := 0
	for i := 0; i < len(s); i++ {
		if isDigit(s[i]) {
			n++
		}
	}
	return n >= 6
}

// maxDisclaimer is the longest disclaimer, in lines with text.
const maxDisclaimer = 25

// disclaimer finds the paragraph of a company's lawyers that a stretch ends
// with.
func disclaimer(lines []textLine) int {
	from, below := len(lines), 0
	for i := len(lines) - 1; i >= 0 && below <= maxDisclaimer; i-- {
		s := lines[i].content
		if s == "" {
			continue
		}
		if lines[i].kind != "" {
			break
		}
		if below++; (i == 0 || lines[i-1].content == "" || lines[i-1].clue&clueRule != 0) && beginsDisclaimer(s, lines[i:]) {
			from = i
		}
	}
	return from
}
