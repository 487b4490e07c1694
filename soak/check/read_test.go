package check

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sigpost/internal/mailtest"
)

func TestDates(t *testing.T) {
	for dates, want := range map[string]string{
		"Monday 18 to Sunday 24 April 2016":                     "2016-04-18 2016-04-24",
		"Monday 28 October to Sunday 3 November 2024":           "2024-10-28 2024-11-03",
		"Monday 30 December 2024 to Sunday 5 January 2025":      "2024-12-30 2025-01-05",
		"Wednesday 1 May 2024":                                  "2024-05-01 2024-05-01",
		"Friday 1 to Saturday 30 November\n2024":                "2024-11-01 2024-11-30",
		"Friday 1 to Saturday 30 November 2024\n5 threads, 12.": "2024-11-01 2024-11-30",
	} {
		var l letter
		if err := l.readDates("SIG WEEKLY · No. 1,012 · "+dates+"\n3 threads.\n\nrest", time.UTC); err != nil || l.day+" "+l.last != want {
			t.Errorf("%q: %s %s, %v; want %s", dates, l.day, l.last, err, want)
		}
	}
	var l letter
	if err := l.readDates("SIG WEEKLY\n\nrest", time.UTC); err == nil {
		t.Error("no dates are no error")
	}
}

func TestStories(t *testing.T) {
	l := letter{stories: map[string]int{}, also: map[string]bool{}}
	l.readStories(strings.ReplaceAll(`HIGHLIGHTS

Nova: The gate job stalls, case 1012 [4]
  Decided · 5 new of 7 messages, 5 people
  Ada: “It stalls.” [4]

Kolla: The image build wants a second
look, case
1013 [5]                  1 new since No. 11
Heat: It breaks, case 1014 [6]     Needs an answer · 1 message

NEEDS AN ANSWER

- Heat: It breaks, case 1014 (Ben, since Tuesday 25 October) [6]

ALSO SEEN

- Cinder: It is slow, case 1015 [7]
And 3 more threads, all of them on the web [8].

NEW HERE

- Welcome Ben (first post: It is slow, case 1016) [9]

--
case 1017 [4] New · 2 messages
`, "\r", ""))
	if got := fmt.Sprint(l.stories, l.also, l.more); got != "map[case 1012:5 case 1013:1 case 1014:1] map[case 1015:true] 3" {
		t.Error(got)
	}
}

func TestReceivedAt(t *testing.T) {
	internal := time.Date(2025, 1, 10, 12, 0, 0, 0, time.UTC)
	raw := func(received string) Mail {
		return Mail{[]byte("Received: by lists.example.org; " + received + "\r\nX-Delivered: 2025-01-10T12:00:00Z\r\nSubject: Re: [nova] It is slow, case 1012\r\nMessage-ID: <a@b>\r\n\r\n"), internal}
	}
	for received, want := range map[string]time.Time{
		"Thu, 09 Jan 2025 12:00:00 +0000": internal,
		"Tue, 07 Jan 2025 12:00:00 +0000": internal.AddDate(0, 0, -3),
	} {
		m, err := readMail(raw(received))
		if err != nil || !m.received.Equal(want) || m.thread != "case 1012" || m.topic != "nova" || m.id != "a@b" {
			t.Errorf("%s: %+v, %v", received, m, err)
		}
	}
}

func TestReadMailbox(t *testing.T) {
	s, err := mailtest.StartIMAP(mailtest.IMAPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	read := func() []Mail {
		t.Helper()
		mails, err := ReadMailbox(s.Addr, s.Username, s.Password, "INBOX")
		if err != nil {
			t.Fatal(err)
		}
		return mails
	}
	if got := read(); len(got) != 0 {
		t.Errorf("an empty mailbox has %d mails", len(got))
	}
	sample := mailtest.SampleList()
	if err := s.Append("INBOX", sample); err != nil {
		t.Fatal(err)
	}
	got := read()
	if len(got) != len(sample) {
		t.Fatalf("%d mails, want %d", len(got), len(sample))
	}
	for i, m := range got {
		if string(m.Raw) != string(sample[i].Raw) || !m.InternalDate.Equal(sample[i].Received) {
			t.Errorf("mail %d is another one", i)
		}
	}
	if _, err := ReadMailbox(s.Addr, s.Username, "wrong", "INBOX"); err == nil {
		t.Error("a wrong password is no error")
	}
}
