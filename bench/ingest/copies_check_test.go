package ingest

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"sigpost/internal/peertest"
	"sigpost/message"
)

// letter is a mail of a small list: number n answers number n-1.
func letter(n int) peertest.Mail {
	at := time.Date(2018, 3, 1+n, 9, 30, 0, 0, time.UTC)
	raw := fmt.Sprintf(`Received: from mx.example.org by mail.example.org with SMTP id q7TzX41b%[1]d;
 %[2]s
From: Gardener %[1]d <gardener%[1]d@example.org>
Subject: =?utf-8?Q?B=C3=A4ume?= gooseberry%[1]d notes
Date: %[2]s
Message-ID: <tree-%[1]d@example.org>
References: <tree-%[3]d@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="edge%[1]d"

--edge%[1]d
Content-Type: text/plain; charset=utf-8

As <tree-%[3]d@example.org> says, cherrywood%[1]d burns slowly.
> cherrywood%[3]d does

--edge%[1]d
Content-Type: text/plain
Content-Transfer-Encoding: base64

cGxhbnRpbmcgaW4gbWF5%[1]d0=

--edge%[1]d--
`, n, at.Format(time.RFC1123Z), n-1)
	return peertest.Mail{Raw: []byte(raw), Received: at}
}

func smallList() *corpus {
	var mails []peertest.Mail
	for n := range 40 {
		mails = append(mails, letter(100+n))
	}
	return newCorpus(mails)
}

func TestCopiesDifferAsOtherMailWould(t *testing.T) {
	c := smallList()
	first := string(c.mail(place{copy: 0, index: 7, at: c.mails[7].Received}).Raw)
	if first != string(letter(107).Raw) {
		t.Errorf("the first copy is not the mail as it is:\n%s", first)
	}
	for _, n := range []int{1, 2, 17, 80, 300} {
		at := c.mails[7].Received.AddDate(0, 0, -7*weeks(n))
		raw := c.mail(place{n, 7, at}).Raw
		m, err := message.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if m.MessageID == "tree-107@example.org" || !strings.HasSuffix(string(m.MessageID), fmt.Sprintf(".%d@example.org", n)) {
			t.Errorf("copy %d has the Message-ID %q", n, m.MessageID)
		}
		if before, _ := message.Parse(c.mail(place{n, 6, at}).Raw); len(m.References) != 1 || m.References[0] != before.MessageID ||
			!strings.Contains(m.Text, "<"+string(before.MessageID)+">") {
			t.Errorf("copy %d of the answer refers to %q, not to %q, in\n%s", n, m.References, before.MessageID, raw)
		}
		if !m.Sent.Equal(at) || !m.Trace.Equal(at) {
			t.Errorf("copy %d was sent %v and received %v, not at %v", n, m.Sent, m.Trace, at)
		}
		for _, kept := range []string{"Gardener 107 <gardener107@example.org>", "=?utf-8?Q?B=C3=A4ume?=", "\n--edge107--", "cGxhbnRpbmcgaW4gbWF51070=", "burns slowly"} {
			if !bytes.Contains(raw, []byte(kept)) {
				t.Errorf("copy %d has lost %q:\n%s", n, kept, raw)
			}
		}
		if bytes.Contains(raw, []byte("q7TzX41b107")) {
			t.Errorf("copy %d has the first one's queue id:\n%s", n, raw)
		}
	}
}

// words are the words of subjects and bodies of so many mails.
func words(mails [][]byte) map[string]bool {
	all := map[string]bool{}
	for _, raw := range mails {
		for _, p := range cut(raw, nil) {
			if p.kind == aWord {
				all[strings.ToLower(string(raw[p.from:p.to]))] = true
			}
		}
	}
	return all
}

// packed is how small 128 KB blocks of mails become.
func packed(t *testing.T, mails [][]byte) float64 {
	t.Helper()
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	in, out, block := 0, 0, []byte(nil)
	for _, raw := range mails {
		if block = append(block, raw...); len(block) >= 128<<10 {
			in, out = in+len(block), out+len(z.EncodeAll(block, nil))
			block = block[:0]
		}
	}
	return float64(out) / float64(in)
}

// TestCopiesAreLikeMail compares copies with the mail that they are made of:
// as compressible, and with as many words more as Heaps' law says.
func TestCopiesAreLikeMail(t *testing.T) {
	mails, copies := readMbox(t), max(2, *copies)
	c := newCorpus(mails)
	places := c.mailbox(copies)
	var one, all [][]byte
	for _, m := range mails {
		one = append(one, m.Raw)
	}
	begin := time.Now()
	for _, p := range places {
		all = append(all, c.mail(p).Raw)
	}
	t.Logf("%d copies of %d mails were made in %v", copies, len(mails), time.Since(begin).Round(time.Millisecond))
	before, after := packed(t, one), packed(t, all)
	v1, vn := len(words(one)), len(words(all))
	want := math.Pow(float64(copies), c.grows)
	t.Logf("zstd %.3f of the original, %.3f of the copies; %d words, %d in the copies: %.2f times as many, %.2f are to be expected (exponent %.2f)",
		before, after, v1, vn, float64(vn)/float64(v1), want, c.grows)
	if r := after / before; r < 0.97 {
		t.Errorf("copies compress better than the list's own mail: %.3f, %.3f", after, before)
	}
	if r := float64(vn) / float64(v1) / want; r < 0.85 || r > 1.15 {
		t.Errorf("the vocabulary grows %.2f times as fast as the list's own", r)
	}
}
