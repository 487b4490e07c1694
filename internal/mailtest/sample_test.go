package mailtest

import (
	"bytes"
	"cmp"
	"io"
	"mime"
	"net/mail"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset"
)

// parsed is a sample mail as these tests see it.
type parsed struct {
	Mail
	header mail.Header
	id     string // "" where there is none
	refs   []string
	author string // address; the original one where From is the list's
	robot  bool
	date   time.Time
	text   string // all text parts, decoded
	parts  []string
}

var messageID = regexp.MustCompile(`<([^<>\s]+)>`)

func ids(field string) []string {
	var out []string
	for _, m := range messageID.FindAllStringSubmatch(field, -1) {
		out = append(out, m[1])
	}
	return out
}

func parseSample(t *testing.T) []parsed {
	t.Helper()
	var out []parsed
	for _, m := range SampleList() {
		msg, err := mail.ReadMessage(bytes.NewReader(m.Raw))
		if err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
		p := parsed{Mail: m, header: msg.Header, robot: msg.Header.Get("Auto-Submitted") != ""}
		if p.date, err = msg.Header.Date(); err != nil {
			t.Errorf("%s: date: %v", m.Name, err)
		}
		if own := ids(msg.Header.Get("Message-ID")); len(own) == 1 {
			p.id = own[0]
		}
		p.refs = ids(msg.Header.Get("References"))
		for _, parent := range ids(msg.Header.Get("In-Reply-To")) {
			if len(p.refs) > 0 && p.refs[len(p.refs)-1] != parent {
				t.Errorf("%s: In-Reply-To is not the last of References", m.Name)
			}
			if len(p.refs) == 0 {
				p.refs = []string{parent}
			}
		}
		from := cmp.Or(msg.Header.Get("X-Original-From"), msg.Header.Get("From"))
		addr, err := mail.ParseAddress(from)
		if err != nil {
			t.Fatalf("%s: author %q: %v", m.Name, from, err)
		}
		p.author = addr.Address
		entity, err := message.Read(bytes.NewReader(m.Raw))
		if err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
		err = entity.Walk(func(_ []int, e *message.Entity, err error) error {
			if err != nil {
				return err
			}
			kind, _, err := e.Header.ContentType()
			if err != nil || strings.HasPrefix(kind, "multipart/") {
				return err
			}
			disposition, _, _ := e.Header.ContentDisposition()
			p.parts = append(p.parts, strings.TrimSpace(kind+" "+disposition))
			body, err := io.ReadAll(e.Body)
			p.text += string(body)
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
		out = append(out, p)
	}
	return out
}

// distinct leaves out what came a second time.
func distinct(mails []parsed) []parsed {
	seen := map[string]bool{}
	var out []parsed
	for _, p := range mails {
		if p.id == "" || !seen[p.id] {
			out = append(out, p)
		}
		seen[p.id] = true
	}
	return out
}

// threads joins messages whose references touch, whether or not the
// referenced messages are there. One that says what its subject "was" begins a
// thread of its own.
func threads(messages []parsed) [][]parsed {
	leader := map[string]string{}
	var find func(string) string
	find = func(id string) string {
		if l, ok := leader[id]; ok && l != id {
			return find(l)
		}
		return id
	}
	key := func(p parsed) string { return cmp.Or(p.id, p.Name) }
	begins := map[string]bool{}
	for _, p := range messages {
		subject := p.header.Get("Subject")
		begins[p.id] = strings.Contains(subject, "(was: ") && !strings.HasPrefix(subject, "Re:")
	}
	for _, p := range messages {
		if begins[p.id] {
			continue
		}
		refs := p.refs
		if i := slices.IndexFunc(refs, func(ref string) bool { return begins[ref] }); i >= 0 {
			refs = refs[i:]
		}
		for _, ref := range refs {
			leader[find(key(p))] = find(ref)
		}
	}
	groups := map[string][]parsed{}
	for _, p := range messages {
		groups[find(key(p))] = append(groups[find(key(p))], p)
	}
	var out [][]parsed
	for _, g := range groups {
		slices.SortFunc(g, func(a, b parsed) int { return a.date.Compare(b.date) })
		out = append(out, g)
	}
	return out
}

var (
	weekBegins = time.Date(2016, 4, 18, 0, 0, 0, 0, time.UTC)
	weekEnds   = time.Date(2016, 4, 25, 0, 0, 0, 0, time.UTC)
)

func inWeek(messages []parsed) []parsed {
	var out []parsed
	for _, p := range messages {
		if !p.Received.Before(weekBegins) && p.Received.Before(weekEnds) {
			out = append(out, p)
		}
	}
	return out
}

func TestSampleIsWellFormed(t *testing.T) {
	var last time.Time
	for _, p := range parseSample(t) {
		if bytes.Contains(bytes.ReplaceAll(p.Raw, []byte("\r\n"), nil), []byte("\n")) {
			t.Errorf("%s: a line feed without its carriage return", p.Name)
		}
		for line := range bytes.Lines(p.Raw) {
			if len(line) > 1000 { // RFC 5322, section 2.1.1
				t.Errorf("%s: a line of %d bytes", p.Name, len(line))
			}
		}
		if p.Received.Before(last) {
			t.Errorf("%s: received before the mail in front of it", p.Name)
		}
		last = p.Received
		if got, err := topReceived(p.Raw); err != nil || !got.Equal(p.Received) {
			t.Errorf("%s: Received field says %v, %v", p.Name, got, err)
		}
		if p.Received.Before(p.date) {
			t.Errorf("%s: received before it was written", p.Name)
		}
		if p.date.Before(time.Date(2016, 4, 11, 0, 0, 0, 0, time.UTC)) || p.date.After(time.Date(2016, 4, 30, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: written on %v", p.Name, p.date)
		}
		for _, edge := range []time.Time{weekBegins, weekEnds} {
			if p.Received.After(edge.Add(-3*time.Hour)) && p.Received.Before(edge.Add(8*time.Hour)) {
				t.Errorf("%s: received too near the edge of the week", p.Name)
			}
		}
		if p.header.Get("List-Id") == "" || p.header.Get("Sender") == "" {
			t.Errorf("%s: it did not come through a list", p.Name)
		}
		if strings.TrimSpace(p.text) == "" {
			t.Errorf("%s: no text", p.Name)
		}
	}
}

func TestSampleReferences(t *testing.T) {
	mails := parseSample(t)
	times := map[string]int{}
	for _, p := range mails {
		if p.id != "" {
			times[p.id]++
		}
	}
	absent := map[string]bool{}
	for _, p := range mails {
		for _, ref := range p.refs {
			if times[ref] == 0 {
				absent[ref] = true
			}
		}
	}
	if len(absent) != 1 || !absent["CAJ7pod-panel-0322@mail.banyanlabs.example"] {
		t.Errorf("references that lead nowhere: %v", absent)
	}
	var twice []string
	for id, n := range times {
		if n > 1 {
			twice = append(twice, id)
		}
	}
	if len(twice) != 1 {
		t.Errorf("messages that came twice: %v, want one", twice)
	}
}

// TestSampleHasWhatRealMailHas holds the list to the peculiarities for which
// it was written.
func TestSampleHasWhatRealMailHas(t *testing.T) {
	mails := parseSample(t)
	isReply := func(p parsed) bool { return len(p.refs) > 0 }
	raw := func(parts ...string) func(parsed) bool {
		return func(p parsed) bool {
			return !slices.ContainsFunc(parts, func(part string) bool { return !bytes.Contains(p.Raw, []byte(part)) })
		}
	}
	tests := []struct {
		name string
		is   func(parsed) bool
		want int // exactly; -n is at least n
	}{
		{"quote at the top", func(p parsed) bool { return isReply(p) && strings.Contains(p.text[:min(250, len(p.text))], "\r\n> ") }, -20},
		{"quote at the bottom", func(p parsed) bool { return isReply(p) && strings.LastIndex(p.text, "\r\n> ") > 600 }, -2},
		{"Outlook quote", raw("-----Original Message-----"), 1},
		{"signature", func(p parsed) bool { return strings.Contains(p.text, "\r\n-- \r\n") }, -30},
		{"HTML only", func(p parsed) bool { return slices.Equal(p.parts, []string{"text/html"}) }, 1},
		{"HTML beside text", func(p parsed) bool { return slices.Contains(p.parts, "text/html") && len(p.parts) == 2 }, 3},
		{"attached log", func(p parsed) bool { return slices.Contains(p.parts, "text/plain attachment") }, 1},
		{"attached patch", func(p parsed) bool { return slices.Contains(p.parts, "text/x-patch attachment") }, 1},
		{"ISO-8859-1", raw("charset=iso-8859-1", "quoted-printable"), -2},
		{"UTF-8 base64", raw("charset=UTF-8", "Transfer-Encoding: base64"), -2},
		{"raw 8-bit", raw("Transfer-Encoding: 8bit"), -2},
		{"encoded subject", raw("Subject: =?"), -2},
		{"encoded name", raw("From: =?"), -5},
		{"second list", raw("<openstack-dev.lists.example.net>"), 2},
		{"misspelt Magnum", raw("Magnm"), 2},
		{"misspelt Kuryr", raw("Kuyr"), 1},
		{"drifted subject", raw("(was: "), 2},
		{"announcement", raw("[ANNOUNCE]"), 1},
		{"robot", func(p parsed) bool { return p.robot }, 3},
		{"Google footer", func(p parsed) bool { return strings.Contains(p.text, "subscribed to the Google Groups") }, -30},
		{"Mailman footer", raw("____\r\nopenstack-dev mailing list"), 2},
		{"From via the list", raw("via SIG-OpenStack\" <sig-openstack@"), 2},
		{"no Message-ID", func(p parsed) bool { return p.id == "" }, 1},
		{"In-Reply-To alone", func(p parsed) bool { return isReply(p) && p.header.Get("References") == "" }, 3},
	}
	for _, tt := range tests {
		var got []string
		for _, p := range mails {
			if tt.is(p) {
				got = append(got, p.Name)
			}
		}
		if len(got) != tt.want && (tt.want > 0 || len(got) < -tt.want) {
			t.Errorf("%s: %d mails, want %d: %v", tt.name, len(got), tt.want, got)
		}
	}

	arrived := map[string]bool{}
	early := 0
	for _, p := range mails {
		if n := len(p.refs); n > 0 && !arrived[p.refs[n-1]] && !strings.Contains(p.refs[n-1], "panel") {
			early++
		}
		arrived[p.id] = true
	}
	if early != 1 {
		t.Errorf("%d replies came before what they answer, want 1", early)
	}
}

// TestMisspeltProjectIsNowhereRight: the thread about "Magnm" is there to be
// found by the misspelling alone.
func TestMisspeltProjectIsNowhereRight(t *testing.T) {
	for _, thread := range threads(distinct(parseSample(t))) {
		if !strings.Contains(thread[0].header.Get("Subject"), "Magnm") {
			continue
		}
		for _, p := range thread {
			if strings.Contains(strings.ToLower(p.text), "magnum") || strings.Contains(string(p.Raw), "agnum") {
				t.Errorf("%s spells it right", p.Name)
			}
		}
	}
}

// TestSampleReadme holds the counts in the sample's README to the files.
func TestSampleReadme(t *testing.T) {
	readme, err := os.ReadFile("sample/README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{} // by their first cell
	for line := range strings.Lines(string(readme)) {
		if cells := strings.Split(strings.TrimSpace(line), " | "); len(cells) > 1 {
			rows[strings.TrimPrefix(cells[0], "| ")] = cells[1:]
		}
	}
	number := func(row string, column int) int {
		if len(rows[row]) <= column {
			t.Errorf("README has no row %q", row)
			return -1
		}
		n, err := strconv.Atoi(strings.TrimSuffix(rows[row][column], " |"))
		if err != nil {
			t.Errorf("README, row %q: %v", row, err)
		}
		return n
	}

	mails := parseSample(t)
	messages := distinct(mails)
	all := threads(messages)
	authors := map[string]bool{}
	robots, robotsInWeek, alive := 0, 0, 0
	for _, p := range messages {
		if !p.robot {
			authors[p.author] = true
			continue
		}
		robots++
		robotsInWeek += len(inWeek([]parsed{p}))
	}
	for _, thread := range all {
		subject, err := new(mime.WordDecoder).DecodeHeader(thread[0].header.Get("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		week := len(inWeek(thread))
		if week > 0 {
			alive++
		}
		if got := number(subject, 0); got != len(thread) {
			t.Errorf("README says %d messages in %q, there are %d", got, subject, len(thread))
		}
		if got := number(subject, 1); got != week {
			t.Errorf("README says %d in the week in %q, there are %d", got, subject, week)
		}
	}
	for row, want := range map[string]int{
		"mails":                                  len(mails),
		"messages (one came twice)":              len(messages),
		"messages by robots":                     robots,
		"threads":                                len(all),
		"authors (without robots)":               len(authors),
		"messages in the week of 18 to 24 April": len(inWeek(messages)),
		"messages in the week, without robots":   len(inWeek(messages)) - robotsInWeek,
		"threads with a message in the week":     alive,
	} {
		if got := number(row, 0); got != want {
			t.Errorf("README says %d %s, there are %d", got, row, want)
		}
	}
}

func TestSampleListIsACopy(t *testing.T) {
	first := SampleList()
	first[0].Raw[0] = 'X'
	if SampleList()[0].Raw[0] == 'X' {
		t.Error("changing a mail changed the sample")
	}
}

func TestWithCRLF(t *testing.T) {
	for name, in := range map[string]string{"unix": "a\n\nb\n", "windows": "a\r\n\r\nb\r\n", "mixed": "a\r\n\nb\n"} {
		if got := string(withCRLF([]byte(in))); got != "a\r\n\r\nb\r\n" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestTopReceived(t *testing.T) {
	tests := []struct{ name, raw, want string }{
		{"topmost", "Received: by b; Tue, 19 Apr 2016 12:42:41 +0000\r\nReceived: by a; Tue, 19 Apr 2016 01:00:00 +0000\r\n\r\n", "2016-04-19T12:42:41Z"},
		{"folded, with a semicolon in a comment", "Received: from x (a;b)\r\n\tby y; Tue, 19 Apr 2016 12:42:41 +0200\r\n\r\n", "2016-04-19T10:42:41Z"},
		{"none", "From: a@example.org\r\n\r\n", ""},
		{"no header", "nonsense", ""},
	}
	for _, tt := range tests {
		got, err := topReceived([]byte(tt.raw))
		switch {
		case tt.want == "" && err == nil:
			t.Errorf("%s: %v, want an error", tt.name, got)
		case tt.want != "" && (err != nil || got.UTC().Format(time.RFC3339) != tt.want):
			t.Errorf("%s: %v, %v, want %s", tt.name, got, err, tt.want)
		}
	}
}
