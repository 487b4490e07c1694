package deliver_test

import (
	"bytes"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost"
	"sigpost/deliver"
)

var update = flag.Bool("update", false, "write the golden files anew")

var sample = deliver.Header{
	From:              sigpost.Address{Name: "SIG-OpenStack weekly", Addr: "news@example.org"},
	To:                sigpost.Address{Name: "Zoë Ångström", Addr: "zoe@example.net"},
	ReplyTo:           sigpost.Address{Addr: "editors@example.org"},
	Date:              time.Date(2016, 4, 24, 7, 0, 0, 0, time.FixedZone("PDT", -7*3600)),
	MessageID:         "weekly.20160424.00112233445566778899@example.org",
	ListID:            "weekly.sig-openstack.example.org",
	ListTitle:         `The "weekly"`,
	UnsubscribeURL:    "https://news.example.org/u/abc-DEF_123",
	UnsubscribeMailto: "mailto:leave@example.org?subject=abc-DEF_123",
}

var sampleLetter = sigpost.Letter{
	Subject: "Kuryr gets a pod network — issue 17, 18 to 24 April 2016",
	Text:    "Kuryr gets a pod network\n\n.A line that begins with a dot\nFrom here to there = 100 %\nÅngström wrote \"ok\"  \n\nhttps://example.org/" + strings.Repeat("long/", 40) + "\n",
	HTML:    "<!doctype html><html><body style=\"color:#111\">" + strings.Repeat("<p>Kuryr &amp; Zoë</p>", 80) + "</body></html>\n",
}

func build(t testing.TB, h deliver.Header, l sigpost.Letter) []byte {
	t.Helper()
	data, err := deliver.Build(h, l)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// read parses a letter with Go's own packages.
func read(t interface{ Fatal(...any) }, data []byte) (h mail.Header, text, html string) {
	msg, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatal("Content-Type", msg.Header.Get("Content-Type"), err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	var bodies []string
	for _, want := range []string{"text/plain; charset=UTF-8", "text/html; charset=UTF-8"} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil || part.Header.Get("Content-Type") != want || part.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Fatal(part.Header, err)
		}
		bodies = append(bodies, strings.ReplaceAll(string(body), "\r\n", "\n"))
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Fatal("more than two parts", err)
	}
	return msg.Header, bodies[0], bodies[1]
}

func decoded(t testing.TB, s string) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestBuiltLetterReadsAsItWasWritten(t *testing.T) {
	data := build(t, sample, sampleLetter)
	h, text, html := read(t, data)
	if text != sampleLetter.Text {
		t.Errorf("the text is %q", text)
	}
	if html != sampleLetter.HTML {
		t.Errorf("the HTML is %q", html)
	}
	if got := decoded(t, h.Get("Subject")); got != sampleLetter.Subject {
		t.Errorf("the subject is %q", got)
	}
	to, err := h.AddressList("To")
	if err != nil || len(to) != 1 || *to[0] != (mail.Address{Name: sample.To.Name, Address: sample.To.Addr}) {
		t.Errorf("To is %v, %v", to, err)
	}
	if date, err := h.Date(); err != nil || !date.Equal(sample.Date) {
		t.Errorf("Date is %v, %v", date, err)
	}
	for name, want := range map[string]string{
		"Message-Id":            "<" + string(sample.MessageID) + ">",
		"List-Id":               `"The \"weekly\"" <weekly.sig-openstack.example.org>`,
		"List-Unsubscribe":      "<https://news.example.org/u/abc-DEF_123>, <mailto:leave@example.org?subject=abc-DEF_123>",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"Auto-Submitted":        "auto-generated",
		"Precedence":            "bulk",
		"Reply-To":              "<editors@example.org>",
		"Mime-Version":          "1.0",
		"User-Agent":            "",
		"X-Mailer":              "",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for i, b := range data {
		if b >= 0x80 {
			t.Fatalf("byte %d is not ASCII", i)
		}
	}
}

// Cases that the libraries below get wrong if they are left to themselves.
func TestOddValuesStayWhole(t *testing.T) {
	h, l := sample, sampleLetter
	h.To.Name, h.ListTitle = `À\B`, `Ü\"`
	l.Subject, l.HTML = "=?utf-8?q?=0D=0ABcc:_x?=", "a\r¦\nc"
	got, _, html := read(t, build(t, h, l))
	if to, err := got.AddressList("To"); err != nil || to[0].Name != "À/B" {
		t.Errorf("To is %v, %v", to, err)
	}
	if title := decoded(t, got.Get("List-Id")); title != `Ü\" <weekly.sig-openstack.example.org>` {
		t.Errorf("List-Id is %q", title)
	}
	if subject := decoded(t, got.Get("Subject")); subject != "= ?utf-8?q?=0D=0ABcc:_x?=" {
		t.Errorf("the subject is %q", subject)
	}
	if html != "a\n¦\nc" {
		t.Errorf("the HTML is %q", html)
	}
}

func TestSameInputSameBytes(t *testing.T) {
	first := build(t, sample, sampleLetter)
	for range 50 {
		if !bytes.Equal(first, build(t, sample, sampleLetter)) {
			t.Fatal("two letters from the same input differ")
		}
	}
	other := sample
	other.MessageID = "weekly.20160424.ffff@example.org"
	if bytes.Equal(first, build(t, other, sampleLetter)) {
		t.Error("another Message-ID changes nothing")
	}
}

func TestHeaderGolden(t *testing.T) {
	short := sigpost.Letter{Subject: sampleLetter.Subject, Text: "A line.\n", HTML: "<p>A line.</p>\n"}
	bare := deliver.Header{From: sample.From, To: sigpost.Address{Addr: "ada@example.net"}, Date: sample.Date, MessageID: sample.MessageID}
	for name, data := range map[string][]byte{
		"full.eml": build(t, sample, short),
		"bare.eml": build(t, bare, sigpost.Letter{Subject: "Plain", Text: "A line.\n"}),
	} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, data, want)
		}
	}
}

func TestUnsubscribeFields(t *testing.T) {
	cases := []struct{ name, url, mailto, want, post string }{
		{"nothing", "", "", "", ""},
		{"https", "https://n.example.org/u/t", "", "<https://n.example.org/u/t>", "List-Unsubscribe=One-Click"},
		{"mailto", "", "mailto:l@example.org", "<mailto:l@example.org>", ""},
		{"http on loopback", "http://127.0.0.1:8080/u/t", "", "<http://127.0.0.1:8080/u/t>", "List-Unsubscribe=One-Click"},
		{"http on localhost", "http://localhost/u/t", "", "<http://localhost/u/t>", "List-Unsubscribe=One-Click"},
		{"http elsewhere", "http://n.example.org/u/t", "", "<http://n.example.org/u/t>", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := sample
			h.UnsubscribeURL, h.UnsubscribeMailto = c.url, c.mailto
			got, _, _ := read(t, build(t, h, sampleLetter))
			if got.Get("List-Unsubscribe") != c.want || got.Get("List-Unsubscribe-Post") != c.post {
				t.Errorf("got %q and %q", got.Get("List-Unsubscribe"), got.Get("List-Unsubscribe-Post"))
			}
		})
	}
}

func TestBuildRefuses(t *testing.T) {
	cases := map[string]func(h *deliver.Header, l *sigpost.Letter){
		"no text":                   func(h *deliver.Header, l *sigpost.Letter) { l.Text = "" },
		"no date":                   func(h *deliver.Header, l *sigpost.Letter) { h.Date = time.Time{} },
		"no sender":                 func(h *deliver.Header, l *sigpost.Letter) { h.From.Addr = "" },
		"no recipient":              func(h *deliver.Header, l *sigpost.Letter) { h.To.Addr = "" },
		"two recipients":            func(h *deliver.Header, l *sigpost.Letter) { h.To.Addr = "a@example.org, b@example.org" },
		"recipient with a field":    func(h *deliver.Header, l *sigpost.Letter) { h.To.Addr = "a@example.org\r\nBcc: b@example.org" },
		"reply-to with a field":     func(h *deliver.Header, l *sigpost.Letter) { h.ReplyTo.Addr = "a@b\nBcc: c@d" },
		"message-id with a field":   func(h *deliver.Header, l *sigpost.Letter) { h.MessageID = "a@b>\r\nBcc: c@d" },
		"message-id without @":      func(h *deliver.Header, l *sigpost.Letter) { h.MessageID = "ab" },
		"list-id with a field":      func(h *deliver.Header, l *sigpost.Letter) { h.ListID = "a.b>\r\nBcc: c@d" },
		"unsubscribe with a field":  func(h *deliver.Header, l *sigpost.Letter) { h.UnsubscribeURL = "https://a/\r\nBcc: c@d" },
		"unsubscribe with brackets": func(h *deliver.Header, l *sigpost.Letter) { h.UnsubscribeURL = "https://a/>, <https://b/" },
		"unsubscribe by script":     func(h *deliver.Header, l *sigpost.Letter) { h.UnsubscribeURL = "javascript:alert(1)" },
		"mailto with a field":       func(h *deliver.Header, l *sigpost.Letter) { h.UnsubscribeMailto = "mailto:a@b\nX: y" },
		"mailto that is not":        func(h *deliver.Header, l *sigpost.Letter) { h.UnsubscribeMailto = "https://a/" },
		"endless URL": func(h *deliver.Header, l *sigpost.Letter) {
			h.UnsubscribeURL = "https://a/" + strings.Repeat("x", 2000)
		},
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			h, l := sample, sampleLetter
			spoil(&h, &l)
			data, err := deliver.Build(h, l)
			if err == nil {
				t.Fatalf("it was built:\n%s", data)
			}
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("the error is more than a line: %q", err)
			}
		})
	}
}

// Whatever strangers put into names, subjects, addresses, titles and texts: the
// letter is refused, or it has the fields that it should have and no others,
// and its bodies are what they were.
func TestNobodyInjectsHeaders(t *testing.T) {
	nasty := rapid.OneOf(
		rapid.String(),
		rapid.StringMatching(`[a-z "<>@,;:\\=?\r\n\t]{0,40}`),
		rapid.Custom(func(t *rapid.T) string {
			breaks := rapid.SampledFrom([]string{"\r\n", "\n", "\r", "\r\n ", "\u2028", "\x85", "\x00", "\v", "=?utf-8?q?=0D=0A?="})
			return rapid.StringN(0, 8, -1).Draw(t, "a") + breaks.Draw(t, "break") + "Bcc: x@example.com\r\n\r\n--b\r\n"
		}),
		rapid.Map(rapid.Byte(), func(b byte) string { return strings.Repeat(string([]byte{b, 0xff}), 1200) }),
	)
	want := []string{"Auto-Submitted", "Content-Type", "Date", "From", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
		"Message-Id", "Mime-Version", "Precedence", "Reply-To", "Subject", "To"}
	rapid.Check(t, func(rt *rapid.T) {
		h := sample
		letter := sigpost.Letter{Subject: nasty.Draw(rt, "subject"), Text: "a" + nasty.Draw(rt, "text"), HTML: "b" + nasty.Draw(rt, "html")}
		h.From.Name, h.To.Name, h.ListTitle = nasty.Draw(rt, "from"), nasty.Draw(rt, "to"), nasty.Draw(rt, "title")
		if rapid.Bool().Draw(rt, "addresses too") {
			h.To.Addr = nasty.Draw(rt, "address") + "@example.net"
			h.UnsubscribeURL = "https://example.net/" + nasty.Draw(rt, "path")
		}
		data, err := deliver.Build(h, letter)
		if err != nil {
			return
		}
		got, text, html := read(rt, data)
		var names []string
		for name, values := range got {
			if len(values) != 1 {
				rt.Fatalf("%s is there %d times", name, len(values))
			}
			names = append(names, name)
		}
		slices.Sort(names)
		if !slices.Equal(names, want) {
			rt.Fatalf("the fields are %v", names)
		}
		for _, name := range []string{"From", "To"} {
			if list, err := got.AddressList(name); err != nil || len(list) != 1 {
				rt.Fatalf("%s is %q: %v, %v", name, got.Get(name), list, err)
			}
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(got.Get("Subject"))
		if err != nil || strings.ContainsAny(subject, "\r\n") {
			rt.Fatalf("the subject decodes to %q, %v", subject, err)
		}
		same := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace
		if text != same(letter.Text) || html != same(letter.HTML) {
			rt.Fatalf("a body changed: %q, %q", text, html)
		}
	})
}

func messageIDFor(secret []byte, digest string, to time.Time, number int, subscription int64, domain string) sigpost.MessageID {
	return deliver.NewMessageIDs(secret, digest, to, number, domain).For(subscription)
}

func TestMessageIDs(t *testing.T) {
	secret := []byte("a secret of at least some length")
	to := time.Date(2016, 4, 25, 7, 0, 0, 0, time.UTC)
	id := messageIDFor(secret, "weekly", to, 17, 4, "example.org")
	if want := sigpost.MessageID("weekly.20160425.f9a1"); !strings.HasPrefix(string(id), "weekly.20160425.") || !strings.HasSuffix(string(id), "@example.org") {
		t.Errorf("got %s, want something like %s", id, want)
	}
	zone := time.FixedZone("PDT", -7*3600)
	if again := messageIDFor(secret, "weekly", to.In(zone), 17, 4, "example.org"); again != id {
		t.Errorf("the same moment in another zone gives %s, not %s", again, id)
	}
	for name, other := range map[string]sigpost.MessageID{
		"secret":       messageIDFor([]byte("another"), "weekly", to, 17, 4, "example.org"),
		"digest":       messageIDFor(secret, "weekly2", to, 17, 4, "example.org"),
		"window":       messageIDFor(secret, "weekly", to.Add(time.Second), 17, 4, "example.org"),
		"issue":        messageIDFor(secret, "weekly", to, 18, 4, "example.org"),
		"subscription": messageIDFor(secret, "weekly", to, 17, 5, "example.org"),
		"domain":       messageIDFor(secret, "weekly", to, 17, 4, "example.net"),
	} {
		if other == id {
			t.Errorf("another %s gives the same id", name)
		}
	}
	odd := messageIDFor(secret, "Wöchentlich .. \r\n>x@y and a very long name indeed", to, 17, 4, "example.org")
	h := sample
	h.MessageID = odd
	if _, err := deliver.Build(h, sampleLetter); err != nil {
		t.Errorf("%s cannot be used: %v", odd, err)
	}
}

// An answer says what it answers, unless that is no Message-ID that can be
// written down.
func TestBuildAnswers(t *testing.T) {
	for id, want := range map[sigpost.MessageID]string{
		"CAF=x+1$q@mail.example.org": "<CAF=x+1$q@mail.example.org>",
		"":                           "",
		"a b@x":                      "",
		"a@x>\r\nBcc: <b@x":          "",
		"ä@x":                        "",
		sigpost.MessageID(strings.Repeat("a", 300)): "",
	} {
		h := deliver.Header{From: sigpost.Address{Addr: "a@example.org"}, To: sigpost.Address{Addr: "b@example.org"}, Date: time.Unix(0, 0), MessageID: "n@example.org", Answers: id}
		data, err := deliver.Build(h, sigpost.Letter{Subject: "s", Text: "t\n"})
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		submitted := map[bool]string{true: "auto-replied", false: "auto-generated"}[want != ""]
		if got := m.Header.Get("In-Reply-To"); got != want || m.Header.Get("References") != want || m.Header.Get("Auto-Submitted") != submitted || m.Header.Get("Bcc") != "" {
			t.Errorf("%q: %v", id, m.Header)
		}
	}
}
