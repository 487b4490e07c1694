package message

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDate(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{ // want in UTC; "" for none
		{"RFC 5322", "Tue, 12 Apr 2016 16:14:58 +0200", "2016-04-12 14:14:58"},
		{"comment behind", "Tue, 12 Apr 2016 07:15:13 -0700 (PDT)", "2016-04-12 14:15:13"},
		{"no seconds, no day of week", "1 May 2019 09:05 GMT", "2019-05-01 09:05:00"},
		{"two digits", "Fri, 29 Apr 16 08:00:00 EST", "2016-04-29 13:00:00"},
		{"two digits of last century", "1 Jan 98 00:00:00 +0000", "1998-01-01 00:00:00"},
		{"year 102", "Mon, 3 Jun 102 10:00:00 +0000", "2002-06-03 10:00:00"},
		{"year 19102", "Mon, 3 Jun 19102 10:00:00 +0000", "2002-06-03 10:00:00"},
		{"ctime", "Wed May  1 16:13:53 2019", "2019-05-01 16:13:53"},
		{"ctime with zone", "Wed May  1 16:13:53 CEST 2019", "2019-05-01 14:13:53"},
		{"RFC 850", "Thursday, 07-Apr-16 10:00:00 GMT", "2016-04-07 10:00:00"},
		{"ISO 8601", "2016-04-10T09:30:00+02:00", "2016-04-10 07:30:00"},
		{"ISO 8601 in UTC", "2016-04-10T09:30:00.5Z", "2016-04-10 09:30:00"},
		{"ISO 8601 with spaces", "2016-04-10 09:30:00 +0200", "2016-04-10 07:30:00"},
		{"zone with name and offset", "12 Apr 2016 10:00:00 GMT+0200", "2016-04-12 08:00:00"},
		{"zone with colon", "12 Apr 2016 10:00:00 +05:30", "2016-04-12 04:30:00"},
		{"afternoon", "12 Apr 2016 4:00:00 PM +0000", "2016-04-12 16:00:00"},
		{"long month, ordinal day", "April 12th, 2016 10:00", "2016-04-12 10:00:00"},
		{"dots in the time", "Tue, 12 Apr 2016 10.20.30 +0000", "2016-04-12 10:20:30"},
		{"leap second", "31 Dec 2016 23:59:60 +0000", "2017-01-01 00:00:00"},
		{"mad zone", "12 Apr 2016 10:00:00 +9999", "2016-04-12 10:00:00"},
		{"mad time", "12 Apr 2016 77:00:00 +0000", "2016-04-12 00:00:00"},
		{"date alone", "12 Apr 2016", "2016-04-12 00:00:00"},
		{"before 1970", "Thu, 13 Feb 1969 23:32:54 -0330", "1969-02-14 03:02:54"},
		{"white space and comments anywhere", "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21 15:55:06"},
		{"comments between", "Thu,\t13\tFeb (month)\t1969\t23:32 -0330 (Newfoundland Time)", "1969-02-14 03:02:00"},
		{"zone without its plus", "Fri, 02 Aug 2002 23:37:59 0530", "2002-08-02 18:07:59"},
		{"short zone", "Fri, 07 Jun 2002 16:35:51 GMT+1", "2002-06-07 15:35:51"},
		{"year 0102", "Wed, 01 May 0102 08:40:01 +0800", "2002-05-01 00:40:01"},
		{"year 99", "1 Jan 99 00:00:00 UT", "1999-01-01 00:00:00"},
		{"military zone", "12 Apr 2016 10:00:00 Z", "2016-04-12 10:00:00"},
		{"no comma", "Tue 12 Apr 2016 10:00:00 +0000", "2016-04-12 10:00:00"},
		{"month first, slashes", "04/25/2016 10:00:00", "2016-04-25 10:00:00"},
		{"day first, slashes", "25/04/2016 10:00:00", "2016-04-25 10:00:00"},
		{"German", "Di, 12 Mär 2016 10:00:00 +0100", "2016-03-12 09:00:00"},
		{"French", "mar., 12 août 2016 10:00:00 +0200", "2016-08-12 08:00:00"},
		{"quotes around", "\"Tue, 12 Apr 2016 10:00:00 +0000\"", "2016-04-12 10:00:00"},
		{"India", "12 Apr 2016 10:00:00 IST", "2016-04-12 04:30:00"},
		{"digits only", "20201103100000", "2020-11-03 10:00:00"},
		{"digits with zone", "20201103100000+0100", "2020-11-03 09:00:00"},
		{"digits of UTC", "20201103100000Z", "2020-11-03 10:00:00"},
		{"digits without seconds", "202011031000", "2020-11-03 10:00:00"},
		{"digits of a day", "20201103", "2020-11-03 00:00:00"},
		{"seconds since 1970", "1604397600", "2020-11-03 10:00:00"},
		{"milliseconds since 1970", " 1604397600123 ", "2020-11-03 10:00:00"},
		{"no such digits", "20201399100000", ""},
		{"a telephone number", "99999999999", ""},
		{"month or day, 24 hours", "04/05/2016 21:03:22", "2016-05-04 21:03:22"},
		{"month or day, with PM", "04/05/2016 9:03:22 PM", "2016-04-05 21:03:22"},
		{"30 February", "30 Feb 2016 10:00:00 +0000", ""},
		{"no year", "12 Apr 10:00:00", ""},
		{"words", "yesterday", ""},
		{"empty", "", ""},
		{"comment that never ends", "12 Apr 2016 10:00:00 (", "2016-04-12 10:00:00"},
		{"far future", "12 Apr 99999 10:00:00", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := parseDate(c.in)
			if c.want == "" {
				if ok {
					t.Fatalf("%q is read as %v", c.in, got)
				}
				return
			}
			want, err := time.Parse(time.DateTime, c.want)
			if err != nil {
				t.Fatal(err)
			}
			if !ok || !got.Truncate(time.Second).Equal(want) || got.Location() != time.UTC {
				t.Errorf("%q is read as %v, want %v", c.in, got, want)
			}
		})
	}
}

func TestTimes(t *testing.T) {
	m := mustParse(t, "Received: by a; Tue, 12 Apr 2016 07:15:13 -0700\nReceived: by b; Mon, 11 Apr 2016 07:15:13 -0700\nFrom: a@x\nDate: soon\n\n")
	if !m.Sent.IsZero() || m.Trace.Format(time.DateTime) != "2016-04-12 14:15:13" {
		t.Errorf("sent %v, trace %v", m.Sent, m.Trace)
	}
	// The topmost Received has no date: the next one counts.
	m = mustParse(t, "Received: by a\nReceived: by b; Mon, 11 Apr 2016 07:15:13 -0700\nFrom: a@x\n\n")
	if m.Trace.Format(time.DateTime) != "2016-04-11 14:15:13" {
		t.Errorf("trace %v", m.Trace)
	}
	if m = mustParse(t, "From: a@x\n\n"); !m.Trace.IsZero() {
		t.Errorf("trace %v", m.Trace)
	}
}

// TestAmbiguousDate: when the mail was received tells which number is the month.
func TestAmbiguousDate(t *testing.T) {
	for _, c := range []struct{ received, date, want string }{
		{"Tue, 5 Apr 2016 21:03:25 +0000", "4/5/2016 9:03:22 PM", "2016-04-05 21:03:22"},
		{"Wed, 4 May 2016 21:03:25 +0000", "4/5/2016 9:03:22 PM", "2016-05-04 21:03:22"},
		{"Tue, 5 Apr 2016 21:03:25 +0000", "04/05/2016 21:03:22", "2016-04-05 21:03:22"},
		{"Wed, 4 May 2016 21:03:25 +0000", "04/05/2016 21:03:22", "2016-05-04 21:03:22"},
		{"Wed, 4 May 2016 00:03:25 +0000", "04/05/2016 12:03:22 AM", "2016-05-04 00:03:22"},
		{"Wed, 4 May 2016 00:03:25 +0000", "04-05-2016 21:03:22", "2016-05-04 21:03:22"},
	} {
		m := mustParse(t, "Received: by a; "+c.received+"\nFrom: a@x\nDate: "+c.date+"\n\n")
		if m.Sent.Format(time.DateTime) != c.want {
			t.Errorf("%s, received %s, is read as %v", c.date, c.received, m.Sent)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	f.Add("Tue, 12 Apr 2016 16:14:58 +0200 (CEST)")
	f.Fuzz(func(t *testing.T, s string) {
		if got, ok := parseDate(s); ok && (got.Year() < 1899 || got.Year() > 9999) {
			t.Errorf("%q is read as %v", s, got)
		}
	})
}

// TestUsualDates holds that the short way reads nothing otherwise than the long
// one.
func TestUsualDates(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.StringMatching(`((Mon|Tue), )?[0-3]?[0-9] (Jan|FEB|mar|Dec|Foo) [0-3][0-9]{3} [0-2][0-9]:[0-6][0-9]:[0-6][0-9] [+-][01][0-9][0-9]{2}( \((CEST|a)\))?`).Draw(rt, "date")
		quick, ok := parseUsualDate(s)
		if !ok {
			return
		}
		if long, ok := parseDate("x " + s); !ok || !long.Equal(quick) {
			rt.Fatalf("%q is %v, and the long way %v", s, quick, long)
		}
	})
}
