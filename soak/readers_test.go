package soak_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"sigpost/soak"
	"sigpost/soak/check"
)

// reader is one as the script has them, and what they know themselves.
type reader struct {
	soak.Person
	digest  string // the edition that they get
	active  bool   // they think that they get it
	asked   time.Time
	topics  []string
	paused  time.Time
	last    *check.Letter // the latest issue
	token   string        // to the preferences, the latest
	bounces int
	lost    bool // a restored archive may not know what they did
}

const form = "application/x-www-form-urlencoded"

var (
	confirmLink     = regexp.MustCompile(`/confirm/([A-Za-z0-9_-]{44})`)
	preferencesLink = regexp.MustCompile(`/preferences/([A-Za-z0-9_-]{44})`)
)

// publication is what a reader asks for.
func (r *reader) publication() string { return strings.TrimSuffix(r.digest, "-monthly") }

func (r *reader) service() string { return r.publication() + "-request@digest.example.org" }

// act notes what a reader did. The clock goes on a little, so that it is certain what
// was first.
func (w *world) act(r *reader, kind, how string, by time.Time, more check.Act) {
	if by.Equal(w.now) {
		by = by.Add(time.Millisecond)
	}
	w.goOn(w.now.Add(time.Millisecond))
	more.At, more.By, more.Who, more.Digest, more.Kind, more.How = w.now, by, r.Address, r.digest, kind, how
	if by.IsZero() { // when the mailbox is read
		more.By = w.script.End.AddDate(1, 0, 0)
		w.open = append(w.open, len(w.acts))
	}
	w.acts = append(w.acts, more)
	w.done[kind+" by "+how]++
}

// mail is one that a reader writes.
func (w *world) mail(r *reader, to, subject, text string, more ...string) {
	w.service(fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\n%s\r\n%s\r\n", r.Address, to, subject, strings.Join(append(more, ""), "\r\n"), text))
}

// service puts a mail into the service mailbox.
func (w *world) service(raw string) {
	w.number++
	raw = fmt.Sprintf("Message-ID: <s%d.%x@mx.example.net>\r\nDate: %s\r\n", w.number, w.script.Seed, w.now.Format(time.RFC1123Z)) + raw
	w.peers.put("Service", soak.Mail{Mailbox: "Service", Raw: []byte(raw), Internal: w.now})
}

// reads does what a reader does.
func (w *world) reader(e soak.Event) {
	r := w.readers[e.Who]
	switch what, how, _ := strings.Cut(e.What, " "); {
	case what == "ask":
		w.asks(r, e.Topic)
	case !r.active:
	case what == "leave":
		w.leaves(r, how)
	case what == "topics":
		topics := []string{e.Topic}
		if e.Number%3 == 0 {
			topics = nil
		}
		w.changes(r, r.digest, topics, r.paused, check.Topics)
	case what == "pause":
		w.changes(r, r.digest, r.topics, w.now.AddDate(0, 0, e.Number), check.Pause)
	case what == "resume" && r.paused.After(w.now):
		w.changes(r, r.digest, r.topics, time.Time{}, check.Pause)
	case what == "edition" && r.publication() == "weekly":
		to := map[string]string{"weekly": "weekly-monthly", "weekly-monthly": "weekly"}[r.digest]
		w.changes(r, to, r.topics, r.paused, check.Join)
	}
}

func (w *world) asks(r *reader, topic string) {
	if r.active || w.now.Sub(r.asked) < 9*24*time.Hour {
		return
	}
	r.asked, r.topics = w.now, nil
	w.peers.turn(r.Address, true)
	if topic != "" && (r.Topic != "" || r.Restive && len(topic)%2 == 0) {
		r.topics = []string{topic}
	}
	if r.Door == "mail" && !strings.HasSuffix(r.digest, "-monthly") {
		w.mail(r, r.service(), "subscribe "+strings.Join(r.topics, " "), "")
		return
	}
	f := url.Values{"address": {r.Address}, "do": {"subscribe"}, "frequency": {r.digest}, "zone": {r.Zone}, "sure": {r.Address}}
	if r.Text {
		f.Set("format", "text")
	}
	for _, t := range r.topics {
		f.Add("topic", "project:"+t)
	}
	status, said := w.ask(http.MethodPost, "/subscribe/"+r.publication(), form, f.Encode(), "")
	if status != http.StatusOK {
		w.t.Fatalf("%s asks: %d %s", r.Address, status, said)
	}
	w.drainSoon(func(l check.Letter) bool { return l.To == r.Address && strings.HasPrefix(w.subjectOf(l), toConfirm) })
}

func (w *world) leaves(r *reader, how string) {
	if r.last == nil {
		return
	}
	link, ok := r.oneClick()
	if !ok {
		w.t.Fatalf("a letter to %s has no one-click link: %q", r.Address, link)
	}
	token := link[strings.LastIndexByte(link, '/')+1:]
	by := w.now
	switch how {
	case "one-click", "page":
		body := "List-Unsubscribe=One-Click"
		if how == "page" {
			w.ask(http.MethodGet, link, "", "", "") // which changes nothing
		}
		status, said := w.ask(http.MethodPost, link, form, body, "")
		if status == http.StatusNotFound && r.lost {
			w.done["links that a restored archive does not know"]++
			return
		}
		if status != http.StatusOK {
			w.t.Fatalf("%s: %s leaves by %s: %d %s", w.now.Format(time.RFC3339), r.Address, how, status, said)
		}
	case "mail":
		by = time.Time{}
		w.mail(r, r.service(), "unsubscribe", "unsubscribe")
	case "token":
		by = time.Time{}
		w.mail(r, r.service(), "unsubscribe "+token, "")
	}
	w.act(r, check.Leave, how, by, check.Act{})
	r.active, r.paused, r.asked = false, time.Time{}, time.Time{}
}

// oneClick is the link in the latest issue that a reader has.
func (r *reader) oneClick() (link string, ok bool) {
	h := headerOf(*r.last)
	link, _, _ = strings.Cut(strings.TrimPrefix(h.Get("List-Unsubscribe"), "<"), ">")
	return link, strings.HasPrefix(link, site+"/unsubscribe/")
}

// changes changes preferences with the latest token, as a program would.
func (w *world) changes(r *reader, digest string, topics []string, paused time.Time, kind string) {
	if r.token == "" {
		return
	}
	wish := map[string]any{"digest": digest, "zone": r.Zone, "text_only": r.Text}
	tags := []string{}
	for _, t := range topics {
		tags = append(tags, "project:"+t)
	}
	wish["topics"] = tags
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		w.t.Fatal(err)
	}
	if paused.After(w.now) {
		day := paused.In(zone).Format(time.DateOnly)
		wish["paused_until"] = day
		paused, _ = time.ParseInLocation(time.DateOnly, day, zone)
	} else {
		paused = w.now
	}
	body, _ := json.Marshal(wish)
	status, said := w.ask(http.MethodPut, "/api/v1/preferences", "application/json", string(body), r.token)
	if status == http.StatusUnauthorized { // used up, or too old
		w.done["preferences refused: the link is used up"]++
		r.token = ""
		return
	}
	var got struct {
		Active bool
		Token  string
	}
	if status != http.StatusOK || json.Unmarshal(said, &got) != nil {
		w.t.Fatalf("%s: %s changes %s: %d %s", w.now.Format(time.RFC3339), r.Address, body, status, said)
	}
	r.token, r.topics, r.paused = got.Token, topics, paused
	if digest != r.digest {
		w.act(r, check.Leave, "another edition", w.now, check.Act{})
		r.digest = digest
		w.act(r, check.Join, "another edition", w.now, check.Act{Topics: topics})
		if paused.After(w.now) {
			w.act(r, check.Pause, "another edition", w.now, check.Act{Until: paused, Topics: topics})
		}
		return
	}
	w.act(r, kind, "page", w.now, check.Act{Topics: topics, Until: paused})
}

// drain takes what came into the readers' mailboxes, and has them answer.
func (w *world) drain() {
	for t, at := range w.smtp.since(time.Time{}) {
		w.begun[t] = w.moment(at)
	}
	w.smtp.forget()
	all := w.peers.take(w.now)
	for i := range all {
		w.dates(&all[i])
	}
	if len(all) > 0 { // all of them were before anybody answers
		w.goOn(w.moment(time.Now()))
	}
	for _, l := range all {
		w.letters = append(w.letters, l)
		if r := w.readers[l.To]; r != nil {
			w.receives(r, l)
		}
	}
	w.comesBack()
	w.isLate()
}

// dates says when a letter was begun.
func (w *world) dates(l *check.Letter) {
	if at, known := w.begun[transaction{l.From, l.To}]; known {
		l.At = at
	}
}

// drainSoon waits for a letter that is sent at once, as far as anything is sent.
func (w *world) drainSoon(is func(check.Letter) bool) {
	for range 100 {
		before := len(w.letters)
		w.drain()
		for _, l := range w.letters[before:] {
			if is(l) {
				return
			}
		}
		if w.smtpDown {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func headerOf(l check.Letter) mail.Header {
	m, err := mail.ReadMessage(bytes.NewReader(l.Data))
	if err != nil {
		return mail.Header{}
	}
	return m.Header
}

// textOf is a letter without the marks of quoted-printable, enough to find links.
func textOf(l check.Letter) string {
	s := strings.ReplaceAll(string(l.Data), "\r\n", "\n")
	return strings.ReplaceAll(strings.ReplaceAll(s, "=\n", ""), "=3D", "=")
}

// toConfirm is how the subjects of letters begin that want a confirmation.
const toConfirm = "Please confirm"

func (w *world) subjectOf(l check.Letter) string {
	w.t.Helper()
	subject, err := new(mime.WordDecoder).DecodeHeader(headerOf(l).Get("Subject"))
	if err != nil {
		w.t.Fatal(err)
	}
	return subject
}

func (w *world) receives(r *reader, l check.Letter) {
	subject := w.subjectOf(l)
	if strings.HasPrefix(subject, toConfirm) {
		w.confirms(r, l, subject)
		return
	}
	if _, _, ok := check.IssueOf(l, w.zones); !ok {
		return
	}
	r.last, r.lost = &l, r.lost && !r.active
	if found := preferencesLink.FindStringSubmatch(textOf(l)); found != nil {
		r.token = found[1]
	}
	w.returns(r, l)
	if !r.active && r.lost { // it comes again, since the archive was put back
		w.leaves(r, "one-click")
		r.lost = false
	}
}

func (w *world) confirms(r *reader, l check.Letter, subject string) {
	if r.active {
		return
	}
	found := confirmLink.FindStringSubmatch(textOf(l))
	if found == nil {
		w.t.Fatalf("a letter to confirm has no link:\n%s", l.Data)
	}
	by := w.now
	if r.Door == "mail" && w.event.Unix()%2 == 0 {
		by = time.Time{}
		w.mail(r, r.service(), "Re: "+subject, "")
	} else if status, said := w.ask(http.MethodPost, "/confirm/"+found[1], form, "", ""); status == http.StatusGone || status == http.StatusNotFound {
		w.done["requests that were too old"]++
		return
	} else if status != http.StatusOK {
		w.t.Fatalf("%s: %s confirms: %d %s", w.now.Format(time.RFC3339), r.Address, status, said)
	}
	r.active, r.paused, r.lost = true, time.Time{}, false
	w.peers.turn(r.Address, false)
	w.act(r, check.Join, r.Door, by, check.Act{Topics: r.topics})
}

// returns is what a reader's server, or their program, does with an issue.
func (w *world) returns(r *reader, l check.Letter) {
	from := l.From
	header, _, _ := strings.Cut(string(l.Data), "\r\n\r\n")
	if header == string(l.Data) {
		header, _, _ = strings.Cut(strings.ReplaceAll(string(l.Data), "\n", "\r\n"), "\r\n\r\n")
	}
	report := func(how, status, diagnosis string) {
		w.service("From: MAILER-DAEMON@mx.example.net\r\nTo: " + from + "\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n" +
			"Content-Type: multipart/report; report-type=delivery-status; boundary=\"=_r\"\r\n\r\n--=_r\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n" +
			"--=_r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; " + r.Address +
			"\r\nAction: failed\r\nStatus: " + status + "\r\nDiagnostic-Code: smtp; " + diagnosis + "\r\n\r\n--=_r\r\nContent-Type: text/rfc822-headers\r\n\r\n" + header + "\r\n\r\n--=_r--\r\n")
		r.bounces++
		w.act(r, check.Blame, how, time.Time{}, check.Act{})
	}
	switch r.Habit {
	case "gone":
		report(check.Hard, "5.1.1", "550 5.1.1 User unknown")
	case "full":
		report("soft", "5.2.2", "552 5.2.2 Mailbox full")
	case "away":
		w.service("From: " + r.Address + "\r\nTo: " + from + "\r\nSubject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nBack on Monday.\r\n")
	case "angry":
		if r.bounces++; r.bounces != 6 {
			return
		}
		w.service("From: feedback@provider.example.net\r\nTo: " + from + "\r\nSubject: FW: Issue\r\nMIME-Version: 1.0\r\n" +
			"Content-Type: multipart/report; report-type=feedback-report; boundary=\"=_r\"\r\n\r\n--=_r\r\nContent-Type: text/plain\r\n\r\nA complaint.\r\n" +
			"--=_r\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: test\r\nVersion: 1\r\n\r\n--=_r\r\nContent-Type: message/rfc822\r\n\r\n" + header + "\r\n\r\ntext\r\n--=_r--\r\n")
		w.act(r, check.Leave, "complaint", time.Time{}, check.Act{})
		r.active = false
	}
}

// forgotten notes of readers what a restored archive cannot know: what they did by
// pages since it was saved. What they wrote is read again.
func (w *world) forgotten() {
	span := w.restores[len(w.restores)-1]
	type key struct{ who, digest string }
	last := map[key]check.Act{}
	for i, a := range w.acts {
		if a.At.Before(span.From) || a.Kind == check.Blame {
			continue
		}
		last[key{a.Who, a.Digest}] = a
		// Who had left by then leaves again by what no backup puts back.
		if known := a.Kind == check.Leave && !a.By.After(w.now); !known && (a.How == "mail" || a.How == "token" || a.How == "complaint") {
			w.acts[i].By = w.script.End.AddDate(1, 0, 0)
			w.open = append(w.open, i)
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(last), func(a, b key) int { return cmp.Or(cmp.Compare(a.who, b.who), cmp.Compare(a.digest, b.digest)) }) {
		kind, how := last[k].Kind, last[k].How
		if kind == check.Leave && how != "another edition" { // which is read again, or noted elsewhere
			continue
		}
		w.acts = append(w.acts, check.Act{At: w.now, By: w.now, Who: k.who, Digest: k.digest, Kind: check.Lost, How: kind})
		r := w.readers[k.who]
		r.lost = true
		w.done["readers of whom a restored archive does not know all"]++
		if kind == check.Join && r.digest == k.digest { // they will miss it, and ask again
			r.active, r.asked, r.token = false, time.Time{}, ""
		}
	}
}
