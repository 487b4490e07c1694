package check

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// message is one message of the list, however many copies of it there are.
type message struct {
	id        string
	thread    string // the words of its subject that no other thread has, such as "case 1012"
	topic     string // the word in brackets in its subject
	robot     bool
	received  time.Time
	delivered time.Time // its first copy
}

var (
	threadWords = regexp.MustCompile(`case\s+\d+`)
	topicWord   = regexp.MustCompile(`\[([a-z]+)\]`)
)

// readMail understands one copy of a message.
func readMail(m Mail) (message, error) {
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return message{}, err
	}
	h := parsed.Header
	out := message{id: strings.Trim(h.Get("Message-ID"), "<> "), robot: h.Get("Auto-Submitted") != "", received: receivedAt(h, m.InternalDate)}
	if out.id == "" {
		return out, fmt.Errorf("a mail of the mailbox has no Message-ID: %.200q", m.Raw)
	}
	subject := h.Get("Subject")
	out.thread = threadWords.FindString(subject)
	if found := topicWord.FindAllStringSubmatch(subject, -1); found != nil {
		out.topic = found[len(found)-1][1]
	}
	if out.delivered, err = time.Parse(time.RFC3339, h.Get("X-Delivered")); err != nil {
		return out, fmt.Errorf("when %s was delivered is not known: %w", out.id, err)
	}
	return out, nil
}

// receivedAt is what docs/design.md says of when a message was received: its
// INTERNALDATE, unless that is more than 48 hours later than the topmost Received
// field, or than Date where there is none.
func receivedAt(h mail.Header, internal time.Time) time.Time {
	witness, err := h.Date()
	if field := h.Get("Received"); field != "" {
		witness, err = mail.ParseDate(strings.TrimSpace(field[strings.LastIndexByte(field, ';')+1:]))
	}
	if err == nil && internal.Sub(witness) > 48*time.Hour {
		return witness
	}
	return internal
}

// letter is one that tells of an issue.
type letter struct {
	Letter
	id        string
	digest    string
	from, to  time.Time // of its dates: half-open
	day, last string    // the same as days
	stories   map[string]int
	also      map[string]bool
	more      int
}

func (l *letter) issue() string { return l.digest + " " + l.day + " to " + l.last }

// IssueOf says of which issue a letter tells, by its digest and its dates; ok is false
// where it tells of none.
func IssueOf(l Letter, zones map[string]*time.Location) (digest string, window Span, ok bool) {
	read, ok, err := readLetter(l, zones)
	return read.digest, Span{read.from, read.to}, ok && err == nil
}

var (
	heading  = regexp.MustCompile(`· No\. [\d,]+ · (.+)`)
	oneDay   = regexp.MustCompile(`(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day )?(\d+)(?: ([A-Z][a-z]+))?(?: (\d{4}))?`)
	story    = regexp.MustCompile(`(case\s+\d+)\s+\[\d+\]\s+(?:[A-Z][a-z' ]+ · )?(?:(\d+)\s+new\s+(?:since|of)|(\d+)\s+messages?)`)
	alsoLine = regexp.MustCompile(`(case\s+\d+)\s+\[\d+\]`)
	moreLine = regexp.MustCompile(`And (\d+) more threads?`)
	spaces   = regexp.MustCompile(`\s+`)
)

// readLetter understands a letter; ok is false where it tells of no issue.
func readLetter(l Letter, zones map[string]*time.Location) (out letter, ok bool, err error) {
	m, err := mail.ReadMessage(bytes.NewReader(l.Data))
	if err != nil {
		return out, false, err
	}
	if m.Header.Get("List-Unsubscribe") == "" {
		return out, false, nil
	}
	out = letter{Letter: l, id: strings.Trim(m.Header.Get("Message-ID"), "<> "), stories: map[string]int{}, also: map[string]bool{}}
	parts := strings.Split(strings.SplitN(out.id, "@", 2)[0], ".")
	if len(parts) < 3 {
		return out, false, fmt.Errorf("the Message-ID %q names no digest", out.id)
	}
	out.digest = strings.Join(parts[:len(parts)-2], ".")
	zone := zones[out.digest]
	if zone == nil {
		return out, false, fmt.Errorf("a letter of an unknown digest: %q", out.id)
	}
	text, err := Text(l)
	if err != nil {
		return out, false, err
	}
	if err := out.readDates(text, zone); err != nil {
		return out, false, err
	}
	out.readStories(text)
	return out, true, nil
}

// Text is the plain text of a letter, with lines that end in "\n".
func Text(l Letter) (string, error) {
	m, err := mail.ReadMessage(bytes.NewReader(l.Data))
	if err != nil {
		return "", err
	}
	text, err := textOf(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	return strings.ReplaceAll(text, "\r\n", "\n"), err
}

// readDates reads the dates in the heading, which may be wrapped.
func (l *letter) readDates(text string, zone *time.Location) error {
	head, _, _ := strings.Cut(text, "\n\n")
	found := heading.FindStringSubmatch(spaces.ReplaceAllString(head, " "))
	if found == nil {
		return fmt.Errorf("a letter has no dates: %.200q", text)
	}
	days := oneDay.FindAllStringSubmatch(cutAfterYear(found[1]), -1)
	if len(days) == 1 {
		days = append(days, days[0])
	}
	if len(days) != 2 || days[1][3] == "" {
		return fmt.Errorf("the dates of a letter cannot be read: %q", found[1])
	}
	for i := range 2 { // what the first one leaves out is said by the second
		if days[0][2+i] == "" {
			days[0][2+i] = days[1][2+i]
		}
	}
	first, err := parseDay(days[0], zone)
	if err != nil {
		return err
	}
	last, err := parseDay(days[1], zone)
	l.from, l.to = first, last.AddDate(0, 0, 1)
	l.day, l.last = first.Format(time.DateOnly), last.Format(time.DateOnly)
	return err
}

var twoYears = regexp.MustCompile(`^(.*?\d{4}(?: to .*?\d{4})?)\b`)

// cutAfterYear leaves of a heading the dates alone.
func cutAfterYear(s string) string {
	if found := regexp.MustCompile(`^.*? to .*?\d{1,2} [A-Z][a-z]+ \d{4}`).FindString(s); found != "" && !strings.Contains(found, ".") {
		return found
	}
	return twoYears.FindString(s)
}

func parseDay(d []string, zone *time.Location) (time.Time, error) {
	return time.ParseInLocation("2 January 2006", d[1]+" "+d[2]+" "+d[3], zone)
}

// readStories finds what a letter tells of which thread: how many messages are new.
func (l *letter) readStories(text string) {
	body, _, _ := strings.Cut(text, "\n--\n")
	for _, f := range story.FindAllStringSubmatch(body, -1) {
		n, _ := strconv.Atoi(f[2] + f[3])
		l.stories[spaces.ReplaceAllString(f[1], " ")] += n
	}
	if _, also, yes := strings.Cut(body, "\nALSO SEEN\n"); yes {
		if end := strings.Index(also, "\nNEW HERE\n"); end >= 0 {
			also = also[:end]
		}
		for _, f := range alsoLine.FindAllStringSubmatch(also, -1) {
			if thread := spaces.ReplaceAllString(f[1], " "); l.stories[thread] == 0 {
				l.also[thread] = true
			}
		}
		if f := moreLine.FindStringSubmatch(spaces.ReplaceAllString(also, " ")); f != nil {
			l.more, _ = strconv.Atoi(f[1])
		}
	}
}

// textOf is the first plain text of a mail.
func textOf(contentType, encoding string, body io.Reader) (string, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(kind, "multipart/") {
		for parts := multipart.NewReader(body, params["boundary"]); ; {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return "", nil
			} else if err != nil {
				return "", err
			}
			text, err := textOf(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
			if text != "" || err != nil {
				return text, err
			}
		}
	}
	if kind != "text/plain" {
		return "", nil
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	return string(text), err
}
