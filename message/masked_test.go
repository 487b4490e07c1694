package message

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"sigpost"
)

// planted is an address that has to be nowhere in what is given out.
const planted = "jo@planted.example"

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// leaks says where a masked mail shows the planted address to who reads it.
func leaks(masked []byte, depth int) string {
	const domain = "@planted.example"
	if strings.Contains(string(masked), domain) {
		return "the bytes"
	}
	if m, err := Parse(masked); err == nil {
		if all := m.Subject + "\n" + m.Author.Name + " " + m.Author.Addr + "\n" + m.Text + fmt.Sprint(m.Attachments); strings.Contains(all, domain) {
			return "what is read: " + all
		}
		for _, a := range m.Attachments {
			if _, data, err := Attached(masked, a.Part, 0); err == nil {
				if strings.Contains(string(data), domain) {
					return "the attachment " + a.Part
				}
				if depth > 0 && a.Type == "message/rfc822" {
					if where := leaks(data, depth-1); where != "" {
						return "the attached mail: " + where
					}
				}
			}
		}
	}
	if text, err := HTML(masked); err == nil && strings.Contains(text+HTMLText(text), domain) {
		return "the HTML"
	}
	return ""
}

var maskedMails = []string{
	"From: Jo <jo@planted.example>\nMessage-ID: <a@x>\nSubject: Hi\n\nI am jo@planted.example.\n",
	"From: =?utf-8?q?jo=40planted.example?= <jo@planted.example>\nSubject: =?utf-8?b?" + b64("Grüße, jo@planted.example") + "?=\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + b64("Ask jo@planted.example, schön.") + "\n",
	"Subject: =?utf-8?q?jo?= =?utf-8?q?=40planted.example?=\nContent-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=iso-8859-1\n\nGr=FC=DFe jo=40planted.exam=\nple\n",
	"Subject: jo@=?utf-8?q?planted.example?=\nContent-Type: multipart/mixed; boundary=\"b@x.org\"\n\n--b@x.org\nContent-Type: text/plain\n\nSee jo@planted.example\n--b@x.org\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n" + b64("<p>jo@<b>planted</b>.example or jo&#64;planted.example</p>") + "\n--b@x.org\nContent-Type: message/rfc822\n\nFrom: jo@planted.example\nSubject: Inner\nContent-Transfer-Encoding: base64\n\n" + b64("inside: jo@planted.example") + "\n--b@x.org\nContent-Type: application/octet-stream; name=\"jo@planted.example.patch\"\nContent-Disposition: attachment; filename*0=\"jo@plan\"; filename*1=\"ted.example.patch\"\nContent-Transfer-Encoding: base64\n\n" + b64("From: jo@planted.example\n+ a line\n") + "\n--b@x.org--\n",
	"Subject: uu\n\nSee.\n" + uuencoded("one", []byte("jo@planted.example")) + uuencoded("two", []byte("def")),
	"Subject: utf-16\nContent-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n\n" + b64("j\x00o\x00@\x00p\x00l\x00a\x00n\x00t\x00e\x00d\x00.\x00e\x00x\x00a\x00m\x00p\x00l\x00e\x00") + "\n",
}

func TestMasked(t *testing.T) {
	for i, raw := range maskedMails {
		masked := Masked([]byte(raw), sigpost.MaskASCII)
		if where := leaks(masked, 3); where != "" {
			t.Errorf("mail %d: it is in %s:\n%s", i, where, masked)
		}
		before, err := Parse([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		after, err := Parse(masked)
		if err != nil {
			t.Fatal(err)
		}
		if want := sigpost.MaskASCII(before.Subject); after.Subject != want {
			t.Errorf("mail %d: the subject is %q, want %q", i, after.Subject, want)
		}
		if want := sigpost.MaskASCII(before.Text); after.Text != want {
			t.Errorf("mail %d: the text is %q, want %q\n%s", i, after.Text, want, masked)
		}
		if len(before.Attachments) != len(after.Attachments) {
			t.Errorf("mail %d had %+v and has %+v", i, before.Attachments, after.Attachments)
		}
		if i > 0 && string(Masked(masked, sigpost.MaskASCII)) != string(masked) {
			t.Errorf("mail %d changes when it is masked again", i)
		}
	}
	// What has nothing to mask stays.
	for _, raw := range []string{
		"Message-ID: <a@x.org>\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + b64("nothing") + "\n",
		"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nReferences: <a@x.org>\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + b64("\x89PNG\x00jo@planted.example") + "\n",
	} {
		if got := string(Masked([]byte(raw), sigpost.MaskASCII)); got != raw {
			t.Errorf("%q became %q", raw, got)
		}
	}
}

// Whatever a mail looks like, the planted address is not in what is given out.
func FuzzMasked(f *testing.F) {
	for _, raw := range maskedMails {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if strings.Contains(string(raw), "planted") { // so that it is only where it is put
			return
		}
		text := string(raw) + "\n"
		for _, mail := range []string{
			"Subject: " + planted + "\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + b64(text+" "+planted+" "+text) + "\n",
			"Content-Type: multipart/mixed; boundary=b12345\n\n--b12345\nContent-Transfer-Encoding: quoted-printable\n\n" + string(quotedPrintable(strings.ToValidUTF8(text, "?")+" "+planted)) + "\n--b12345--\n",
			string(raw),
		} {
			if len(mail) > 1<<16 {
				return
			}
			masked := Masked([]byte(mail), sigpost.MaskASCII)
			if m, err := Parse(masked); err == nil && mail != string(raw) && strings.Contains(m.Subject+m.Text, "@planted.example") {
				t.Errorf("%q\nbecame\n%q", mail, masked)
			}
		}
	})
}
