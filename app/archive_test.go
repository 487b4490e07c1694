package app

import (
	"testing"

	"sigpost/message"
)

// Two mails under one Message-ID are one only where nothing would be lost.
func TestSameMail(t *testing.T) {
	t.Parallel()
	const head = "From: Ana <ana@example.net>\nMessage-ID: <same@x>\n"
	const mixed = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nSee below.\n--b\nContent-Type: text/x-patch\nContent-Disposition: attachment; filename=a.patch\n\n"
	const plain = head + "Subject: Ports\n\nOne port per pod.\n"
	for _, c := range []struct {
		name, a, b string
		want       bool
	}{
		{"white space", plain, head + "Subject: Ports\n\nOne  port\nper pod.\n\n", true},
		{"a list's tag", plain, head + "Subject: [sig] Ports\n\nOne port per pod.\n", true},
		{"a known footer", plain, plain + "_______________________________________________\nSig mailing list\nSig@lists.example.net\nhttps://lists.example.net/mailman/listinfo/sig\n", true},
		{"an unknown footer", plain, plain + "--------------------\nBrought to you by the SIG\n", true},
		{"about the list", plain, plain + "\nTo unsubscribe, write to sig-off@example.net.\n", true},
		{"a line more", plain, plain + "\nAlso: I resign tomorrow.\n", false},
		{"a line in front", plain, head + "Subject: Ports\n\nDo not believe this:\nOne port per pod.\n", false},
		{"another author", plain, "From: Eve <eve@example.net>\nMessage-ID: <same@x>\nSubject: Ports\n\nOne port per pod.\n", false},
		{"another subject", plain, head + "Subject: Pods\n\nOne port per pod.\n", false},
		{"other quotes alone", head + "Subject: Ports\n\n> One\n", head + "Subject: Ports\n\n> Two\n", false},
		{"another attachment", head + mixed + "+one\n--b--\n", head + mixed + "+another\n--b--\n", false},
		{"an attachment less", head + mixed + "+one\n--b--\n", head + "Subject:\n\nSee below.\n", false},
		{"the same attachment", head + mixed + "+one\n--b--\n", "Received: x; Mon, 4 Apr 2016 10:00:00 +0000\n" + head + mixed + "+one\n--b--\n", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := message.Parse([]byte(c.a))
			if err != nil {
				t.Fatal(err)
			}
			b, err := message.Parse([]byte(c.b))
			if err != nil {
				t.Fatal(err)
			}
			if got := sameMail(a, b); got != c.want || sameMail(b, a) != got {
				t.Errorf("the same: %t, want %t (%q, %q)", got, c.want, a.NewText(), b.NewText())
			}
		})
	}
}
