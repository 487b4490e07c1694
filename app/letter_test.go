package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigpost/internal/peertest"
)

// signedLetter is a letter of the sample issue as a reader's server gets it, with
// a signature and one-click unsubscribing, and the headlines of the issue.
func signedLetter(t *testing.T) (data []byte, headlines []string) {
	t.Helper()
	w := newWorld(t)
	w.web = "https://digest.example.org"
	key, _, err := NewDKIM("digest.example.org", "s2026", DKIMRSA)
	if err != nil {
		t.Fatal(err)
	}
	w.write("key.pem", string(key))
	w.more = "[[dkim]]\ndomain = \"digest.example.org\"\nselector = \"s2026\"\nkey_file = \"key.pem\"\n"
	w.digestKeys = "postal_address = \"Example Foundation, 1 Main Street, Springfield\"\nreply_to = \"chairs@digest.example.org\"\n"
	a := w.open()
	w.subscribe(a, "ada@example.net")
	w.run(a)
	letters := w.smtp.Letters()
	if len(letters) != 1 {
		t.Fatalf("%d letters", len(letters))
	}
	data = letters[0].Data
	if !bytes.HasPrefix(data, []byte("DKIM-Signature:")) {
		signer, err := a.signer(w.digest(a))
		if err != nil || signer == nil {
			t.Fatal(signer, err)
		}
		if data, err = signer.SignMessage(data); err != nil {
			t.Fatal(err)
		}
	}
	issue, err := a.Issue(t.Context(), w.digest(a), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range issue.Entries {
		headlines = append(headlines, e.Headline)
	}
	if len(headlines) < 10 {
		t.Fatalf("the issue has %d threads", len(headlines))
	}
	received := "Received: from mail.digest.example.org (mail.digest.example.org [IPv6:2001:db8::25])\r\n" +
		"\tby mx.example.net with ESMTPS id 1; Mon, 25 Apr 2016 14:00:05 +0000\r\n"
	return append([]byte(received), data...), headlines
}

// partsOf gives the text and the HTML of a letter, decoded by Go's own packages.
func partsOf(t *testing.T, data []byte) (text, html string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(contentType string, body io.Reader)
	walk = func(contentType string, body io.Reader) {
		kind, params, err := mime.ParseMediaType(contentType)
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasPrefix(kind, "multipart/"):
			parts := multipart.NewReader(bytes.NewReader(all), params["boundary"])
			for {
				p, err := parts.NextRawPart()
				if err == io.EOF {
					return
				} else if err != nil {
					t.Fatal(err)
				}
				var body io.Reader = p
				if p.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
					body = quotedprintable.NewReader(p)
				}
				walk(p.Header.Get("Content-Type"), body)
			}
		case kind == "text/plain" && text == "":
			text = string(all)
		case kind == "text/html" && html == "":
			html = string(all)
		}
	}
	walk(m.Header.Get("Content-Type"), m.Body)
	if text == "" || html == "" {
		t.Fatal("a part is missing")
	}
	return text, html
}

// runPeer has a program of other people read a letter.
func runPeer(t *testing.T, input []byte, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+home, "TERM=xterm", "LC_ALL=C.UTF-8")
	cmd.Dir, cmd.Stdin = home, bytes.NewReader(input)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", program, err, errs.String(), out.String())
	}
	return out.String()
}

// SpamAssassin, with its local rules, finds next to nothing.
func TestSpamAssassinScoresALetter(t *testing.T) {
	t.Parallel()
	program := peertest.Need(t, "SpamAssassin", "spamassassin")[0]
	data, _ := signedLetter(t)
	said := runPeer(t, data, program, "--local", "--test-mode")
	m := regexp.MustCompile(`X-Spam-Status: (?:No|Yes), score=(-?[0-9.]+)`).FindStringSubmatch(said)
	if m == nil {
		t.Fatalf("it says no score:\n%.2000s", said)
	}
	report := said[max(0, strings.LastIndex(said, "Content analysis details")):]
	score, err := strconv.ParseFloat(m[1], 64)
	if err != nil || score >= 1 {
		t.Errorf("the score is %s\n%s", m[1], report)
	}
	t.Logf("the score is %s\n%s", m[1], report)
	spam := []byte("From: a@example.net\r\nTo: b@example.net\r\nSubject: x\r\n\r\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n")
	if said := runPeer(t, spam, program, "--local", "--test-mode"); !strings.Contains(said, "X-Spam-Status: Yes") {
		t.Errorf("it does not know its own test: %.500s", said)
	}
}

// Python's parser, with the policy that follows the RFCs most closely, finds no
// defect in any part or field, and reads the same text.
func TestPythonReadsALetter(t *testing.T) {
	t.Parallel()
	python := peertest.Need(t, "Python", "/usr/bin/python3")[0]
	const script = `
import sys, email.parser, email.policy
m = email.parser.BytesParser(policy=email.policy.default).parsebytes(sys.stdin.buffer.read())
n = 0
for part in m.walk():
    for d in part.defects: print("defect:", type(d).__name__, d)
    for name, value in part.items():
        n += 1
        for d in getattr(value, "defects", ()): print("defect:", name, type(d).__name__, d)
    if not part.defects and not part.is_multipart(): part.get_content()
print("fields:", n)
print("to:", m["to"].addresses[0].addr_spec)
body = m.get_body(("plain",))
if body: print(body.get_content())
`
	data, _ := signedLetter(t)
	said := runPeer(t, data, python, "-c", script)
	text, _ := partsOf(t, data)
	same := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if strings.Contains(said, "defect:") || !strings.Contains(said, "to: ada@example.net") {
		t.Errorf("Python says\n%.1500s", said)
	}
	if !strings.Contains(same(said), same(text)) {
		t.Error("Python reads another text")
	}
	broken := bytes.Replace(data, []byte("Content-Type: multipart/"), []byte("Content-Type: multipart/mixed; x=\"; y/"), 1)
	if said := runPeer(t, broken, python, "-c", script); !strings.Contains(said, "defect:") {
		t.Errorf("it finds no defect in what is broken: %.300s", said)
	}
}

// Mutt and Lynx stand for programs without pictures and style: all of the text,
// and every headline of the HTML, is there to read.
func TestMuttAndLynxShowALetter(t *testing.T) {
	t.Parallel()
	mutt := peertest.Need(t, "Mutt", "mutt", "script")
	lynx := peertest.Need(t, "Lynx", "lynx")[0]
	data, headlines := signedLetter(t)
	text, html := partsOf(t, data)
	dir := t.TempDir()
	box, shown := filepath.Join(dir, "box"), filepath.Join(dir, "shown")
	mbox := "From sigpost@example.org Mon Apr 25 06:00:00 2016\n" + strings.ReplaceAll(string(data), "\r\n", "\n") + "\n"
	if err := os.WriteFile(box, []byte(mbox), 0o600); err != nil {
		t.Fatal(err)
	}
	rc := fmt.Sprintf("set folder=%s pipe_decode charset=utf-8 record=\"\" quit=yes\npush \"<pipe-message>cat > %s<enter><quit>\"\n", dir, shown)
	if err := os.WriteFile(filepath.Join(dir, "muttrc"), []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	// It wants a terminal, which script(1) is.
	runPeer(t, nil, mutt[1], "--quiet", "--command", mutt[0]+" -n -F "+filepath.Join(dir, "muttrc")+" -R -f "+box, "/dev/null")
	inMutt, err := os.ReadFile(shown)
	if err != nil {
		t.Fatal(err)
	}
	inLynx := runPeer(t, []byte(html), lynx, "-dump", "-stdin", "-force_html", "-nolist", "-width=1000", "-display_charset=utf-8", "-assume_charset=utf-8")
	same := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if !strings.Contains(same(string(inMutt)), same(text)) {
		t.Errorf("Mutt does not show the whole text:\n%.3000s", inMutt)
	}
	for program, shows := range map[string]string{"Mutt": string(inMutt), "Lynx": inLynx} {
		shows = same(shows)
		for _, words := range append(headlines, "Example Foundation, 1 Main Street", "Unsubscribe") {
			if !strings.Contains(strings.ToLower(shows), strings.ToLower(same(words))) {
				t.Errorf("%s does not show %q", program, words)
			}
		}
	}
}
