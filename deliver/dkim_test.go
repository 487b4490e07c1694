package deliver_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"pgregory.net/rapid"

	"sigpost/deliver"
	"sigpost/internal/peertest"
)

// dkimKeys are an RSA and an Ed25519 key, with the records to publish.
var dkimKeys = sync.OnceValue(func() (k struct {
	keys    []deliver.SigningKey
	records map[string]string // by selector
}) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	k.keys = []deliver.SigningKey{{Domain: "example.org", Selector: "r2026", Key: rsaKey}, {Domain: "example.org", Selector: "e2026", Key: edKey}}
	k.records = map[string]string{}
	for _, key := range k.keys {
		if k.records[key.Selector], err = key.Record(); err != nil {
			panic(err)
		}
	}
	return k
})

func dkimSigner(t testing.TB, keys ...deliver.SigningKey) *deliver.Signer {
	t.Helper()
	if len(keys) == 0 {
		keys = dkimKeys().keys
	}
	s, err := deliver.NewSigner(keys, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// verified has go-msgauth check every signature, and says what is wrong.
func verified(signed []byte, signatures int) error {
	found, err := dkim.VerifyWithOptions(bytes.NewReader(signed), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		selector, _, _ := strings.Cut(name, ".")
		return []string{dkimKeys().records[selector]}, nil
	}})
	if err != nil || len(found) != signatures {
		return fmt.Errorf("%d signatures found, want %d: %v", len(found), signatures, err)
	}
	for _, f := range found {
		if f.Err != nil {
			return fmt.Errorf("%s: %w", f.Domain, f.Err)
		}
	}
	return nil
}

func TestSignedLetterIsVerified(t *testing.T) {
	data := build(t, sample, sampleLetter)
	signed, err := dkimSigner(t).SignMessage(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := verified(signed, 2); err != nil {
		t.Errorf("%v\n%s", err, signed)
	}
	if !bytes.HasSuffix(signed, data) {
		t.Error("the letter is not as it was")
	}
	fields := string(signed[:len(signed)-len(data)])
	for line := range strings.SplitSeq(fields, "\r\n") {
		if len(line) > 78 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
	for _, want := range []string{"d=example.org;", "s=r2026;", "a=ed25519-sha256;", fmt.Sprintf("t=%d;", noon.Unix()), "c=relaxed/relaxed;"} {
		if !strings.Contains(fields, want) {
			t.Errorf("there is no %s in\n%s", want, fields)
		}
	}
	for _, never := range []string{"l=", "x=", "i="} {
		if strings.Contains(fields, " "+never) {
			t.Errorf("there is a %s in\n%s", never, fields)
		}
	}
}

// What somebody adds or changes on the way is found out.
func TestChangedLetterIsNotVerified(t *testing.T) {
	signed, err := dkimSigner(t).SignMessage(build(t, sample, sampleLetter))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(string) string{
		"another From":                  func(s string) string { return "From: eve@example.net\r\n" + s },
		"a From behind":                 func(s string) string { return strings.Replace(s, "\r\n\r\n", "\r\nFrom: eve@example.net\r\n\r\n", 1) },
		"another Subject":               func(s string) string { return "Subject: buy\r\n" + s },
		"another List-Unsubscribe":      func(s string) string { return "List-Unsubscribe: <https://eve.example.net>\r\n" + s },
		"another List-Unsubscribe-Post": func(s string) string { return "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" + s },
		"no List-Unsubscribe-Post": func(s string) string {
			return strings.Replace(s, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", "", 1)
		},
		"another link":     func(s string) string { return strings.Replace(s, "news.example.org/u/", "news.example.org/v/", 1) },
		"another List-Id":  func(s string) string { return strings.Replace(s, "weekly.sig-openstack", "daily.sig-openstack", 1) },
		"more of it":       func(s string) string { return s + "one more line\r\n" },
		"a changed letter": func(s string) string { return strings.Replace(s, "Kuryr &amp;", "Curry &amp;", 1) },
	} {
		changed := change(string(signed))
		if changed == string(signed) {
			t.Fatalf("%s: nothing was changed", name)
		}
		found, err := dkim.VerifyWithOptions(strings.NewReader(changed), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
			selector, _, _ := strings.Cut(name, ".")
			return []string{dkimKeys().records[selector]}, nil
		}})
		if err != nil || len(found) != 2 {
			t.Fatal(err)
		}
		for _, f := range found {
			if f.Err == nil {
				t.Errorf("%s: still verified", name)
			}
		}
	}
	relaxed := strings.Replace(string(signed), "Subject: ", "SUBJECT:   ", 1) + "\r\n\r\n"
	if err := verified([]byte(relaxed), 2); err != nil {
		t.Errorf("white space alone: %v", err)
	}
}

// oddMessage draws messages as odd as RFC 5322 lets them be, and somewhat odder.
func oddMessage(t *rapid.T) []byte {
	var b strings.Builder
	names := append(rapid.SliceOfN(rapid.SampledFrom(fieldNames), 0, 14).Draw(t, "names"), "From")
	for _, name := range rapid.Permutation(names).Draw(t, "order") {
		fmt.Fprintf(&b, "%s%s:%s\r\n", name, rapid.SampledFrom([]string{"", "", "", " ", "\t"}).Draw(t, "space"), oddValue.Draw(t, "value"))
	}
	b.WriteString("\r\n")
	b.Write(oddBody().Draw(t, "body"))
	return []byte(b.String())
}

var (
	fieldNames = []string{"To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type", "List-Id",
		"List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted", "Precedence", "X-Other", "sUBJECT", "Received", "DKIM-Other"}
	oddValue = rapid.StringMatching(`([ \t]{0,2}([!-~ä€]{1,9}|\r\n[ \t]{1,3}[!-~]{1,5})){0,12}[ \t]{0,2}`)
)

// properMessage draws messages that OpenDKIM does not refuse for their form:
// each field once, the required ones well formed.
func properMessage(t *rapid.T) []byte {
	var b strings.Builder
	for _, name := range rapid.Permutation(fieldNames).Draw(t, "order") {
		value := oddValue.Draw(t, "value")
		switch name {
		case "sUBJECT":
			name, value = "fROM", "\tAda\r\n  <ada@example.org> "
		case "Date":
			value = " Mon, 25 Apr 2016 06:00:00 -0700"
		case "Message-ID":
			value = "\r\n <a@example.org>"
		case "To":
			value = " ada@example.net,\r\n\t grace@example.net"
		}
		fmt.Fprintf(&b, "%s:%s\r\n", name, value)
	}
	b.WriteString("\r\n")
	b.Write(oddBody().Draw(t, "body"))
	b.WriteString("\r\n") // as every body has that comes by SMTP
	return []byte(b.String())
}

func oddBody() *rapid.Generator[[]byte] {
	piece := rapid.SampledFrom([]string{"\r\n", "\r\n", "\r\n\r\n\r\n", " ", "  ", "\t", " \t ", "a", "word", ".", "\xff\xfe", "Zoë", strings.Repeat("long ", 30)})
	return rapid.Map(rapid.SliceOfN(piece, 0, 40), func(pieces []string) []byte { return []byte(strings.Join(pieces, "")) })
}

func TestEverySignatureIsVerified(t *testing.T) {
	s := dkimSigner(t)
	rapid.Check(t, func(t *rapid.T) {
		signed, err := s.SignMessage(oddMessage(t))
		if err == nil {
			err = verified(signed, 2)
		}
		if err != nil {
			t.Fatalf("%v\n%q", err, signed)
		}
	})
}

// Ed25519 is cheap: many more of them.
func TestThousandsOfSignaturesAreVerified(t *testing.T) {
	s, n := dkimSigner(t, dkimKeys().keys[1]), 0
	for range 20 { // of as many draws as -rapid.checks says
		rapid.Check(t, func(t *rapid.T) {
			signed, err := s.SignMessage(oddMessage(t))
			if err == nil {
				err = verified(signed, 1)
			}
			if err != nil {
				t.Fatalf("%v\n%q", err, signed)
			}
			n++
		})
	}
	t.Logf("%d messages", n)
}

func TestBodyInPiecesIsTheWholeBody(t *testing.T) {
	s := dkimSigner(t)
	rapid.Check(t, func(t *rapid.T) {
		body := oddBody().Draw(t, "body")
		if rapid.Bool().Draw(t, "odd ends") { // which only we hash the same way in pieces
			body = bytes.ReplaceAll(body, []byte("a"), []byte(rapid.SampledFrom([]string{"\r", "\n", "\r\r\n"}).Draw(t, "end")))
		}
		whole := s.Body()
		_, _ = whole.Write(body)
		want := whole.Sum()
		b, at := s.Body(), 0
		for at < len(body) {
			n := rapid.IntRange(0, min(9, len(body)-at)).Draw(t, "n")
			_, _ = b.Write(body[at : at+n])
			at += n
		}
		if b.Sum() != want {
			t.Fatalf("%q in pieces has another hash", body)
		}
	})
}

func TestWhatCannotBeSigned(t *testing.T) {
	s := dkimSigner(t)
	for _, header := range []string{
		"", "Subject: x\r\n", "From: a\nSubject: b\r\n", "From: a\r\nno field\r\n", "From: a\rb\r\n", "From: a", "From : a\r\n: b\r\n", " folded: x\r\nFrom: a\r\n\n",
	} {
		if out, err := s.Sign([]byte(header), [32]byte{}, noon); err == nil {
			t.Errorf("%q was signed:\n%s", header, out)
		}
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := deliver.NewSigner([]deliver.SigningKey{{Domain: "example.org", Selector: "a", Key: weak}}, time.Now); err != nil {
		t.Error("1024 bits are taken, if barely:", err)
	}
	for name, k := range map[string]deliver.SigningKey{
		"no key":    {Domain: "example.org", Selector: "a"},
		"no domain": {Selector: "a", Key: weak},
		"a tag":     {Domain: "example.org; l=0", Selector: "a", Key: weak},
		"a line":    {Domain: "example.org", Selector: "a\r\nBcc: x", Key: weak},
	} {
		if _, err := deliver.NewSigner([]deliver.SigningKey{k}, time.Now); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// OpenDKIM is what many receivers check signatures with. Its test mode takes
// keys from a file instead of the DNS.
func TestOpenDKIMVerifies(t *testing.T) {
	program := peertest.Need(t, "OpenDKIM", "opendkim")[0]
	dir, keys := t.TempDir(), ""
	for selector, record := range dkimKeys().records {
		keys += selector + "._domainkey.example.org " + record + "\n"
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	conf := write("opendkim.conf", "Mode v\nTestPublicKeys "+write("keys", keys)+"\n")
	check := func(data []byte) string {
		out, err := exec.Command(program, "-x", conf, "-vv", "-t", write("letter.eml", string(data))).CombinedOutput()
		if err != nil {
			return fmt.Sprintf("%v: %s", err, out)
		}
		return string(out)
	}
	for _, key := range dkimKeys().keys {
		for i := range 40 {
			message := build(t, sample, sampleLetter)
			if i > 0 {
				message = rapid.Custom(properMessage).Example(i)
			}
			signed, err := dkimSigner(t, key).SignMessage(message)
			if err != nil {
				t.Fatal(err)
			}
			if said := check(signed); !strings.Contains(said, "s="+key.Selector+", d=example.org, ") || !strings.Contains(said, "-bit key) succeeded") {
				t.Fatalf("message %d, %s: OpenDKIM says %q\n%q", i, key.Selector, said, signed)
			}
			changed := bytes.Replace(signed, []byte("\r\n\r\n"), []byte("\r\n\r\nx"), 1)
			if said := check(changed); !strings.Contains(said, "dkim=fail") {
				t.Fatalf("OpenDKIM verifies what was changed: %s", said)
			}
		}
	}
}

var sizeOfLetter = []byte(strings.Repeat("Kuryr gets a pod network, says Zoe, and everybody who was asked agrees =\r\n", 196))

func BenchmarkDKIM(b *testing.B) {
	header, _, _ := bytes.Cut(build(b, sample, sampleLetter), []byte("\r\n\r\n"))
	header = append(header, "\r\n"...)
	for i, name := range []string{"RSA-2048", "Ed25519"} {
		s := dkimSigner(b, dkimKeys().keys[i])
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				body := s.Body()
				_, _ = body.Write(sizeOfLetter)
				if _, err := s.Sign(header, body.Sum(), noon); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/bare", func(b *testing.B) {
			var sum [32]byte
			hash := crypto.SHA256
			if i == 1 {
				hash = 0
			}
			for b.Loop() {
				if _, err := dkimKeys().keys[i].Key.Sign(rand.Reader, sum[:], hash); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Several connections sign at once.
func TestSignerIsShared(t *testing.T) {
	s, data := dkimSigner(t, dkimKeys().keys[1]), build(t, sample, sampleLetter)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				mine := bytes.Replace(data, []byte("\r\nSubject:"), fmt.Appendf(nil, "\r\nSubject: %d %d", i, j), 1)
				signed, err := s.SignMessage(mine)
				if err == nil {
					err = verified(signed, 1)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
