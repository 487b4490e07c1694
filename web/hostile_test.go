package web

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"sigpost"
	"sigpost/message"
)

// hostileHTML are texts in HTML that want to be more than a text.
var hostileHTML = map[string]string{
	"script":            `<script>alert(1)</script><p>words</p>`,
	"script in pieces":  `<scr<script>ipt>alert(1)</scr</script>ipt><p>words</p>`,
	"script by SVG":     `<svg><script>alert(1)</script></svg><svg/onload=alert(1)><p>words</p>`,
	"math":              `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;"></math><p>words</p>`,
	"events":            `<p onclick="alert(1)" onmouseover=alert(2)>words</p><img src=x onerror=alert(3)><body onload=alert(4)>`,
	"javascript links":  `<a href="javascript:alert(1)">words</a><a href=" java&#10;script:alert(1)">x</a><a href="&#x6A;avascript:alert(1)">y</a><a href="vbscript:x">z</a>`,
	"data links":        `<a href="data:text/html,<script>alert(1)</script>">words</a><iframe src="data:text/html,x"></iframe>`,
	"styles":            `<style>@import "https://evil.test/x.css"; p { background: url(https://evil.test/y) }</style><p style="position:fixed;top:0;width:expression(alert(1));background:url(https://evil.test/z)">words</p>`,
	"overlay":           `<div style="position:fixed;inset:0;z-index:9999"><a href="https://evil.test/">words</a></div><div class="problem" id="main">x</div>`,
	"pictures":          `<img src="https://evil.test/pixel.gif"><picture><source srcset="https://evil.test/a"></picture><video poster="https://evil.test/b"></video><table background="https://evil.test/c"><tr><td>words</table><input type=image src=https://evil.test/d><link rel=stylesheet href=https://evil.test/e><object data=https://evil.test/f></object>`,
	"end of a frame":    `</iframe></body></html><script>alert(1)</script><p>words</p>`,
	"end of a text":     `</textarea></title></style></noscript><p>words</p><plaintext>`,
	"base and meta":     `<base href="https://evil.test/"><meta http-equiv=refresh content="0;url=https://evil.test/"><p>words</p>`,
	"forms":             `<form action="https://evil.test/"><input name=password><button formaction="javascript:alert(1)">words</button></form>`,
	"comments":          `<p>words</p><!--[if IE]><script>alert(1)</script><![endif]--><!--><script>alert(1)</script-->`,
	"null bytes":        "<scr\x00ipt>alert(1)</scr\x00ipt><p on\x00click=alert(1)>words</p><a href=\"java\x00script:alert(1)\">x</a>",
	"turned around":     "<p>\u202ewords\u202c &#x202e;sdrow&#8238;</p><bdo dir=rtl>x</bdo>",
	"entity bomb":       `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><p>&b;&b; words ` + strings.Repeat("&amp;", 50_000) + `</p>`,
	"huge table":        `<table><tr>` + strings.Repeat(`<td colspan=999999999 rowspan=999999999>words`, 20_000) + `</table>`,
	"deep":              strings.Repeat("<div><blockquote>", 20_000) + "words",
	"attributes":        `<p ` + strings.Repeat("a=b ", 100_000) + `>words</p>`,
	"unclosed":          `<p>words <a href="https://evil.test/` + strings.Repeat("x", 100_000),
	"unknown elements":  `<x-evil onfocus=alert(1) autofocus tabindex=1>words</x-evil><details ontoggle=alert(1) open>x</details>`,
	"namespace changes": `<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)></style></mglyph></form><p>words</p>`,
	"templates":         `{{.}} {{define "x"}}{{end}} <p>words {{template "head" .}}</p>`,
}

var eventAttribute = regexp.MustCompile(`^on`)

// harmful says what in a page could run, be loaded, or look like a part of ours.
func harmful(page string) (found []string) {
	allowed := map[string]bool{}
	for _, name := range strings.Fields("p br hr div span blockquote pre code tt samp kbd b strong i em u s del ins sub sup small h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table caption thead tbody tfoot tr td th a") {
		allowed[name] = true
	}
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return found
		case html.CommentToken, html.DoctypeToken:
			found = append(found, "a comment")
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if !allowed[t.Data] {
				found = append(found, "<"+t.Data+">")
			}
			for _, a := range t.Attr {
				switch {
				case eventAttribute.MatchString(a.Key):
					found = append(found, "the event "+a.Key)
				case a.Key == "href":
					if u, err := url.Parse(a.Val); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
						found = append(found, "a link to "+a.Val)
					}
				case a.Key == "rel", a.Key == "target" && a.Val == "_blank", a.Key == "dir", (a.Key == "colspan" || a.Key == "rowspan") && len(a.Val) <= 2:
				default:
					found = append(found, "the attribute "+a.Key)
				}
			}
		}
	}
}

func TestHostileHTML(t *testing.T) {
	for name, source := range hostileHTML {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			got := harmless(source)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			if found := harmful(got); len(found) > 0 {
				t.Errorf("%v in %.500s", found, got)
			}
			if name != "unclosed" && name != "turned around" {
				has(t, "what is left", got, "words")
			}
			hasNot(t, "what is left", got, "\u202e", "alert(3)", "@import", "expression(")
		})
	}
}

func TestMaskedHTML(t *testing.T) {
	for source, want := range map[string]string{
		`jo@example.org and <b>words</b>`:                                                         `jo@… and <b>words</b>`,
		`jo@<b>example</b>.org`:                                                                   `jo@<b>…</b>`,
		`<i>jo</i>@example<span>.org</span>, so`:                                                  `<i>jo</i>@…<span></span>, so`,
		`jo&#64;example.org &amp; &lt;b&gt;`:                                                      `jo@… &amp; &lt;b&gt;`,
		`<td>at@</td><p>jo@</p><p>example.org</p>`:                                                `<td>at@</td><p>jo@</p><p>example.org</p>`,
		`a <a href="https://x.org/p/a@b.org">page</a>`:                                            `href="https://x.org/p/a@b.org"`,
		`<a href="https://x.org/?to=jo@example.org">x</a>`:                                        `href="https://x.org/?to=jo%40..."`,
		`<a href="https://x.org/?to=jo%40example.org&amp;b=1#jo@example.org">x</a>`:               `href="https://x.org/?b=1&amp;to=jo%40...#jo@..."`,
		`<a href="https://x.org/?next=https%3A%2F%2Fy.org%2F%3Fto%3Djo%40example.org">x</a> jo@x`: `to%3Djo%40..."`,
		`<a href="https://x.org/?q=a+b&amp;b=1&amp;a=%20">x</a> jo@x`:                             `href="https://x.org/?q=a+b&amp;b=1&amp;a=%20"`,
	} {
		got := harmless(source)
		has(t, source, got, want)
		hasNot(t, source, got, "@example.org", "40example.org", "\x00")
	}
}

func FuzzHarmless(f *testing.F) {
	for _, source := range hostileHTML {
		f.Add(source[:min(len(source), 2000)])
	}
	f.Fuzz(func(t *testing.T, source string) {
		got := harmless(source)
		if found := harmful(got); len(found) > 0 {
			t.Errorf("%v of %q in %q", found, source, got)
		}
		// A browser that reads the whole page finds no more in it than the sanitizer left.
		tree, err := html.Parse(strings.NewReader("<!doctype html><html><head><title>x</title></head><body>" + got + "</body></html>"))
		if err != nil {
			t.Fatal(err)
		}
		for n := range tree.Descendants() {
			if n.Type == html.ElementNode && (n.Data == "script" || n.Data == "img" || n.Data == "style" || n.Data == "iframe" || n.Data == "svg" || n.Data == "math") {
				t.Errorf("%q becomes %q with a %s", source, got, n.Data)
			}
		}
	})
}

// FuzzText holds that whatever a text says, its page has that text and links to
// pages, and nothing else.
func FuzzText(f *testing.F) {
	for _, text := range []string{"words", "<script>", "https://example.org/?a=b&c\"onclick=x", "see (http://a.b/c_(d)). jo@example.org", "http://http://x", "javascript:alert(1) data:x", "\u202eevil http://\u202e/x", "a\x00b", "http://[::1]:x/", "https://a@b.example.org/ x@b.example.org"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		page := string(textHTML(text))
		z := html.NewTokenizer(strings.NewReader(page))
		var seen strings.Builder
		for {
			kind := z.Next()
			if kind == html.ErrorToken {
				break
			}
			token := z.Token()
			switch kind {
			case html.TextToken:
				seen.WriteString(token.Data)
			case html.StartTagToken:
				if token.Data != "a" || len(token.Attr) != 2 || token.Attr[0].Key != "href" || !strings.HasPrefix(token.Attr[0].Val, "http") || token.Attr[1].Key != "rel" {
					t.Errorf("%q has %v", page, token)
				}
			case html.EndTagToken:
				if token.Data != "a" {
					t.Errorf("%q ends %s", page, token.Data)
				}
			default:
				t.Errorf("%q has %v", page, token)
			}
		}
		plain := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r == '\r' {
					return '\n'
				}
				return r
			}, strings.ToValidUTF8(s, "\uFFFD"))
		}
		if strings.Contains(text, "@") { // addresses are masked
			return
		}
		if got, want := plain(seen.String()), plain(sigpost.Legible(text)); got != want {
			t.Errorf("%q is shown as %q", want, got)
		}
	})
}

// hostileMails are mails that mean ill, as they come.
func hostileMails() map[string]string {
	head := "From: =?utf-8?q?=E2=80=AEgro=2Eelpmaxe=40anA?= <ana@example.org>\nMessage-ID: <a@x>\nDate: Wed, 20 Apr 2016 12:00:00 +0000\n"
	html := func(body string) string {
		return head + "Subject: HTML\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" +
			base64.StdEncoding.EncodeToString([]byte(body)) + "\n"
	}
	mails := map[string]string{
		"subject":            head + "Subject: =?utf-8?q?=E2=80=AE=3Cscript=3Ealert(1)=3C/script=3E?= jo@example.org\n\nwords\n",
		"header injection":   head + "Subject: =?utf-8?q?a=0D=0ASet-Cookie:_x=3D1?=\n\nwords\n",
		"a line of 1 MB":     head + "Subject: Long\n\nwords " + strings.Repeat("x", 1<<20) + "\n",
		"links of 1 MB":      head + "Subject: Long\n\nwords " + strings.Repeat("http://", 1<<17) + "\n",
		"addresses of 1 MB":  head + "Subject: Long\n\nwords " + strings.Repeat("a@b.c@", 1<<17) + "\n",
		"null bytes":         head + "Subject: Null\n\nwords \x00\x00<script\x00>alert(1)</script>\n",
		"MIME confusion":     head + "Subject: MIME\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Type: text/html\n\nwords <script>alert(1)</script>\n",
		"MIME by boundary":   head + "Subject: MIME\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"--\"; boundary=\"b\"\n\n----\nContent-Type: text/html\n\n<script>alert(1)</script>words\n------\n",
		"a file as the text": head + "Subject: File\nMIME-Version: 1.0\nContent-Type: text/html; name=\"x.html\"\nContent-Disposition: attachment; filename=\"x.html\"\n\n<script>alert(1)</script>words\n",
		"mails in mails":     head + "Subject: Mails\nMIME-Version: 1.0\n" + strings.Repeat("Content-Type: message/rfc822\n\nFrom: a@example.org\nSubject: <script>\n", 100) + "\nwords\n",
		"quotes":             head + "Subject: Quotes\n\n" + strings.Repeat("> > <script>alert(1)</script>\nwords\n", 5000),
		"file names":         head + "Subject: Names\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nwords\n--b\nContent-Type: text/html; name=\"x\"\nContent-Disposition: attachment; filename*=utf-8''%E2%80%AE%22%3E%3Cscript%3E%0d%0a..%5C..%2Fgpj.exe\n\nx\n--b--\n",
	}
	for name, body := range hostileHTML {
		mails["HTML: "+name] = html(body)
	}
	return mails
}

// Whatever a mail holds, its pages have none of it but text: no script, no
// address, nothing that is loaded, and headers that are ours alone.
func TestHostileMails(t *testing.T) {
	for name, raw := range hostileMails() {
		t.Run(name, func(t *testing.T) {
			a := newArchive(t, raw)
			for _, path := range []string{"/threads/1", "/threads/1?view=flat", "/m/a@x/html", "/m/a@x/html/view", "/"} {
				for _, role := range []sigpost.Role{sigpost.RoleNobody, sigpost.RoleReviewer} {
					start := time.Now()
					resp, page := a.ask("GET", path, role)
					if took := time.Since(start); took > 20*time.Second {
						t.Errorf("%s took %v", path, took)
					}
					if resp.StatusCode == http.StatusNotFound && strings.Contains(path, "html") {
						continue // it has none
					}
					if resp.StatusCode != http.StatusOK || len(resp.Cookies()) > 0 || len(page) > 6<<20 {
						t.Errorf("%s: status %d, %d bytes, %v", path, resp.StatusCode, len(page), resp.Header)
					}
					hasNot(t, path, page, "<script", "<img", "<svg", "<style", "onerror=", "\u202e", "\x00", "ana@example.org", "jo@example.org", "javascript:", "data:text")
					if !strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
						t.Errorf("%s: %v", path, resp.Header)
					}
				}
			}
			for _, path := range []string{"/m/a@x/raw", "/m/a@x/attachments/1", "/m/a@x/attachments/2", "/threads/1/mbox"} {
				resp, body := a.ask("GET", path, sigpost.RoleNobody)
				if resp.StatusCode == http.StatusNotFound {
					continue
				}
				kind := resp.Header.Get("Content-Type")
				if resp.StatusCode != http.StatusOK || kind != "text/plain; charset=utf-8" && !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") ||
					strings.Contains(kind, "html") || strings.Contains(kind, "svg") || resp.Header.Get("X-Content-Type-Options") != "nosniff" || len(resp.Cookies()) > 0 {
					t.Errorf("%s: %d %v %.100q", path, resp.StatusCode, resp.Header, body)
				}
				if strings.ContainsAny(resp.Header.Get("Content-Disposition"), "\r\n\u202e") {
					t.Errorf("%s: %q", path, resp.Header.Get("Content-Disposition"))
				}
			}
		})
	}
}

// The frame says twice that nothing in it runs: by what it is in, and by itself.
func TestFrame(t *testing.T) {
	a := newArchive(t, "From: a@example.org\nMessage-ID: <a@x>\nSubject: One\nMIME-Version: 1.0\nContent-Type: text/html\n\n<p>words <a href=\"https://example.org/\">x</a> jo@example.org</p>\n")
	has(t, "the thread", a.see("/threads/1"), `<a href="/m/a@x/html">HTML</a>`)
	has(t, "the page", a.see("/m/a@x/html"), `<iframe class="htmlmail" title="The HTML of the message" sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" src="/m/a@x/html/view">`)
	resp, body := a.ask("GET", "/m/a@x/html/view", sigpost.RoleNobody)
	has(t, "the frame", body, "<p>words", "jo@…", `target="_blank"`, "noopener", "noreferrer", "nofollow")
	if got := resp.Header.Get("Content-Security-Policy"); got != "default-src 'none'; sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'; base-uri 'none'; form-action 'none'" {
		t.Error(got)
	}
}

func TestTenThousandAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	mails := []string{mailOf("0@x", "", "Long", "zero\n")}
	for i := 1; i < 10_000; i++ {
		above := i - 1
		if i%3 == 0 {
			above = 0
		}
		mails = append(mails, mailOf(fmt.Sprintf("%d@x", i), fmt.Sprintf("%d@x", above), "Re: Long", "text\n"))
	}
	a := newArchive(t)
	for len(mails) > 0 {
		a.add(mails[:1000]...)
		mails = mails[1000:]
	}
	a.see("/threads/1") // the outline is kept from now on
	start := time.Now()
	page := a.see("/threads/1?from=5000")
	t.Logf("a page of ten thousand answers took %v", time.Since(start))
	if n := strings.Count(page, "<article"); n != 100 || len(page) > 400_000 || time.Since(start) > 5*time.Second {
		t.Errorf("%d messages, %d bytes, %v", n, len(page), time.Since(start))
	}
}

// Reading an attachment or HTML out of any bytes does no harm.
func FuzzAttached(f *testing.F) {
	for _, raw := range hostileMails() {
		f.Add([]byte(raw[:min(len(raw), 3000)]))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := message.Parse(raw)
		if err != nil {
			return
		}
		seen := map[string]int{}
		for _, a := range m.Attachments {
			got, data, err := message.Attached(raw, a.Part, seen[a.Part])
			if err != nil || got != a || len(data) != a.Size {
				t.Errorf("%+v is %+v with %d bytes: %v", a, got, len(data), err)
			}
			seen[a.Part]++
		}
		if _, err := message.HTML(raw); (err == nil) != m.HTML {
			t.Errorf("HTML: %v, %v", m.HTML, err)
		}
	})
}
