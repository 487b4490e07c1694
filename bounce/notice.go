package bounce

import (
	"regexp"
	"slices"
	"strings"

	"sigpost"
	"sigpost/message"
)

// said is a text for people, cut into what it says of each recipient.
type said struct {
	blocks []block
	// before is what stands above the first of them.
	before []string
	whole  []string
}

// block is what follows the naming of a recipient.
type block struct {
	address string
	lines   []string
	opened  int // the line that names the recipient
}

// The ways in which a line begins what is said of a recipient.
var (
	// "<ada@example.org>:", "  ada@example.org", "\"ada@example.org\":"
	alone = whenUsed(`(?i)^\s*(?:\d+[.)]\s+)?(?:to:?\s+|rcpt to:?\s*)?["'<\[]{0,2}(` + addrSpec + `)["'>\]]{0,2}\s*(?:\([^)]*\)\s*)?[:;,.]?\s*$`)
	// "<ada@example.org>: host ... said: ...", "ada@example.org... User unknown"
	leading = whenUsed(`(?i)^\s*<?"?(` + addrSpec + `)"?>?\s*(?:<[^>]*>\s*)?(?::|\.\.\.|\(|,| - |\son\s(?:mon|tue|wed|thu|fri|sat|sun|\d)|\s{2,}|;|\[|\s(?:was|is|has|cannot|could|does|mailbox|user)\b)`)
	// "550 5.1.1 <ada@example.org>... User unknown"
	replied = whenUsed(`(?i)^\s*[245]\d\d[- ](?:#?[245]\.\d{1,3}\.\d{1,3}\s+)?<?(` + addrSpec + `)>?(?:\.\.\.|:|,|\s)`)
	// "Failed Recipient: ada@example.org", "could not be delivered to: <ada@...>"
	named = whenUsed(`(?i)\b(?:recipients?(?: address)?(?:es)?|failed address|delivered to|deliver(?:y|ing)?(?: of)?(?: your| the)?(?: mail| message)? to|` +
		`user|mailbox|account|rcpt to|sent to|message to|mail to|address|userid|size|mailbox for|reason for|intended for|unknown|destinataire|an|to)` +
		`(?:\s*\([^)]*\))?(?:\s*[:=]\s*|\s+|["'<\[])["'<\[]{0,2}(` + addrSpec + `)`)
)

func newNotice(m *mail) *said {
	s := &said{whole: m.notice}
	for _, line := range m.notice {
		if len(line) > 2000 {
			line = line[:2000]
		}
		addr, inTranscript := opening(line)
		n := len(s.blocks)
		switch {
		case addr == "" || m.isOwn(addr) || n >= maxRecipients:
			if n > 0 {
				s.blocks[n-1].lines = append(s.blocks[n-1].lines, line)
			} else {
				s.before = append(s.before, line)
			}
		case n > 0 && strings.EqualFold(s.blocks[n-1].address, addr):
			s.blocks[n-1].lines = append(s.blocks[n-1].lines, line)
		case inTranscript:
			lines := s.session()
			s.blocks = append(s.blocks, block{addr, append(lines, line), len(lines)})
		default:
			s.blocks = append(s.blocks, block{addr, []string{line}, 0})
		}
	}
	return s
}

// opening gives the recipient that a line names; inTranscript says that it
// belongs to what stands above it.
func opening(line string) (addr string, inTranscript bool) {
	for _, form := range []func() *regexp.Regexp{alone, leading} {
		if found := form().FindStringSubmatch(line); found != nil {
			return found[1], false
		}
	}
	if found := replied().FindStringSubmatch(line); found != nil {
		return found[1], true
	}
	return "", false
}

// session takes the lines of a transcript of SMTP that lead to what is said of a
// recipient off what stands before it.
func (s *said) session() (lines []string) {
	from := &s.before
	start := 0
	if n := len(s.blocks); n > 0 {
		from, start = &s.blocks[n-1].lines, s.blocks[n-1].opened+1
	}
	for i := start; i < len(*from); i++ {
		if transcript().MatchString((*from)[i]) {
			lines = slices.Clone((*from)[i:])
			*from = (*from)[:i]
			return lines
		}
	}
	return nil
}

// transcript matches the lines that begin what was said for a recipient.
var transcript = whenUsed(`(?i)^\s*(?:>>>|<<<|(?:\.\.\. )?while talking to|[245]\d\d[- ]|-+ transcript)`)

// about gives the lines about a recipient: those below its name, or all where
// the report is about nobody else.
func (s *said) about(address, original string, only bool) string {
	var lines []string
	for _, b := range s.blocks {
		if strings.EqualFold(b.address, address) || original != "" && strings.EqualFold(b.address, original) {
			lines = append(lines, b.lines...)
		}
	}
	if lines == nil && only {
		lines = s.whole
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// notices reads a report that only people are meant to read.
func notices(m *mail) (found []finding) {
	if !m.isReport() {
		return nil
	}
	s := newNotice(m)
	addresses := m.failed(s)
	for _, a := range addresses {
		block := s.about(a, "", false)
		if block == "" && len(addresses) == 1 && len(s.blocks) == 1 {
			block = strings.Join(s.blocks[0].lines, "\n")
		}
		text := paragraph(block)
		if text == "" && len(addresses) == 1 {
			text = strings.Join(s.whole, "\n")
		} else if text == "" {
			text = block
		}
		f := finding{address: a, context: text}
		if len(addresses) == 1 {
			f.whole = m.header.Words("subject") + "\n" + strings.Join(s.whole, "\n")
		}
		found = append(found, f)
	}
	return found
}

// paragraph gives what stands right behind a recipient's name, up to a blank
// line; "" where that is nothing.
func paragraph(text string) string {
	text, _, _ = strings.Cut(text, "\n\n")
	first, more, _ := strings.Cut(text, "\n")
	if strings.TrimSpace(more) == "" && len(strings.TrimSpace(anyAddress().ReplaceAllString(first, ""))) < 12 {
		return ""
	}
	return text
}

// failed gives the recipients that a report for people is about.
func (m *mail) failed(s *said) (all []string) {
	add := func(addrs ...string) {
		for _, a := range addrs {
			if !containsFold(all, a) && len(all) < maxRecipients {
				all = append(all, a)
			}
		}
	}
	// Exim, and those who took it over from there.
	if v := m.header.Get("x-failed-recipients"); v != "" {
		if add(addressesIn(v)...); len(all) > 0 {
			return all
		}
	}
	for _, b := range s.blocks {
		add(b.address)
	}
	if len(all) > 0 {
		return all
	}
	for _, line := range s.whole {
		for _, found := range named().FindAllStringSubmatch(line[:min(len(line), 2000)], 20) {
			if !m.isOwn(found[1]) {
				add(found[1])
			}
		}
	}
	if len(all) > 0 {
		return all
	}
	for _, a := range addressesIn(strings.Join(s.whole, "\n")) {
		if !m.isOwn(a) {
			add(a)
		}
	}
	if len(all) > 0 {
		return all[:1]
	}
	if systemName().MatchString(m.returned.Get("from")) {
		return nil // a report that somebody has sent on
	}
	for _, a := range m.returned.Addresses("to") {
		add(a.Addr)
	}
	if len(all) > 0 {
		return all
	}
	// Whoever writes to oneself, to see what happens.
	for _, a := range addressesIn(strings.Join(s.whole, "\n")) {
		if !isSystem(a) {
			add(a)
			break
		}
	}
	return all
}

// isOwn says whether an address is that of the system that reports or of whoever
// the report is for, and no recipient's.
func (m *mail) isOwn(addr string) bool {
	if isSystem(addr) {
		return true
	}
	for _, name := range []string{"from", "to", "return-path", "delivered-to", "x-original-to"} {
		for _, a := range m.header.Addresses(name) {
			if strings.EqualFold(a.Addr, addr) && !slices.ContainsFunc(m.returned.Addresses("to"), func(to2 sigpost.Address) bool { return strings.EqualFold(to2.Addr, addr) }) {
				return true
			}
		}
	}
	for _, a := range m.returned.Addresses("from") {
		if strings.EqualFold(a.Addr, addr) {
			return true
		}
	}
	return false
}

// isReport says whether a mail without fields for programs is a report all the
// same: a mail system wrote it, and its words are a report's.
func (m *mail) isReport() bool {
	if m.header.Get("x-failed-recipients") != "" {
		return true
	}
	if kind := strings.ToLower(m.header.Get("content-type")); strings.Contains(kind, "report-type=delivery-status") || strings.Contains(kind, `report-type="delivery-status"`) {
		return true
	}
	if hasPrefixFold(m.header.Get("x-mlserver"), "fml") { // a list that refuses
		return true
	}
	from := strings.ToLower(m.header.Words("from"))
	bySystem := systemName().MatchString(from) || strings.TrimSpace(m.header.Get("return-path")) == "<>" || from == "" && slices.ContainsFunc(m.header, func(f message.Field) bool { return f.Name == "from" })
	subject := m.header.Words("subject")
	bySubject := reportSubject().MatchString(subject) && !sigpost.IsAnswer(subject) && m.header.Get("list-id") == ""
	return bySystem && bySubject || (bySystem || bySubject) && reportWords().MatchString(strings.Join(m.notice, "\n"))
}

var (
	systemName    = whenUsed(`(?i)mailer-?daemon|post_?master|mail delivery|delivery (?:sub)?system|mail system|mail administrator|system administrator|mail subsystem|mail router|mmsc|mailadmin|undeliver|(?:^|[<" ])daemon@|bounce|smtp(?:d|32)?@|administrator`)
	reportSubject = whenUsed(`(?i)undeliver|non[- ]?deliver|not delivered|could ?n[o']t be delivered|deliver(?:y|ed)? (?:failure|failed|status|problem|error|report|notification|delayed|has)|fail(?:ure|ed) (?:notice|delivery|mail|to deliver|permanently)|failure delivery|returned (?:mail|message|to sender)|` +
		`returning message|mail (?:failure|error|system error|could not|not delivered)|error (?:sending|mail)|message (?:delayed|undeliverable|not delivered|delivery)|delayed mail|warning: (?:could not send|message)|bounce|mail delivery|unzustellbar|nicht zustellbar|` +
		`не доставлено|non remis|non distribu|no entregad|nie dostarcz|user unknown|unknown (?:user|address|recipient)|配信|送信でき|送信不能|エラー|投递失败|退信|系统退信|mail(?:box)? (?:is )?full|can(?:'t|not) (?:be delivered|deliver)|error sending your mail|not member|rejected|denied`)
	reportWords = whenUsed(`(?i)deliver|undeliver|unknown|not (?:recogni[sz]ed|found|exist|accepted|listed)|no such|mailbox|rejected|refused|returned|bounce|[^\d][45]\d\d[ -]|[45]\.\d\.\d|failed|unable to|could not|couldn't|cannot|invalid|disabled|not a member|full|quota|error|zustell|送信|届|доставл`)
)
