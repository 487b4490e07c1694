package check

import (
	"strings"
	"testing"
)

const postfixReport = `From: Mail Delivery System <MAILER-DAEMON@mx.example.com>
To: weekly-request+b1-a@digest.example.org
Content-Type: multipart/report; report-type=delivery-status;
	boundary="b"

--b
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

It could not be delivered.

--b
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
Arrival-Date: Sun, 29 Nov 2026 11:09:39 +0000 (UTC)

Final-Recipient: rfc822; gone@example.net
Original-Recipient: rfc822;other@example.net
Action: failed
Status: 5.1.1

--b
Content-Description: Undelivered Message
Content-Type: message/rfc822

Subject: Issue

text

--b--
`

func TestReadReturned(t *testing.T) {
	r, err := ReadReturned([]byte(postfixReport))
	if err != nil || r.From != "weekly-request+b1-a@digest.example.org" || r.To != "gone@example.net" || r.Action != "failed" || r.Status != "5.1.1" || string(r.Data) != "Subject: Issue\n\ntext\n" {
		t.Errorf("%+v, %v", r, err)
	}
	for what, raw := range map[string]string{
		"a letter":           "Subject: no report\n\ntext\n",
		"without the letter": strings.Replace(postfixReport, "message/rfc822", "text/rfc822-headers", 1),
		"of nobody":          strings.Replace(postfixReport, "Final-Recipient", "X-Recipient", 1),
	} {
		if r, err := ReadReturned([]byte(raw)); err == nil {
			t.Errorf("%s is read as %+v", what, r)
		}
	}
}
