package calendar

import (
	"strings"
	"testing"
	"time"
)

// The examples of RFC 5545, section 3.8.5.3, as dates; all at nine in New York.
func TestExamplesOfTheRFC(t *testing.T) {
	newYork := zone(t, "America/New_York")
	for _, c := range []struct{ start, rule, want string }{
		{"1997-09-02", "FREQ=DAILY;COUNT=10", "1997 9/2 9/3 9/4 9/5 9/6 9/7 9/8 9/9 9/10 9/11"},
		{"1997-09-01", "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
			"1997 9/1 9/3 9/5 9/15 9/17 9/19 9/29 10/1 10/3 10/13 10/15 10/17 10/27 10/29 10/31 11/10 11/12 11/14 11/24 11/26 11/28 12/8 12/10 12/12 12/22"},
		{"1997-09-02", "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", "1997 9/2 9/4 9/16 9/18 9/30 10/2 10/14 10/16"},
		{"1997-09-05", "FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "1997 9/5 10/3 11/7 12/5 1998 1/2 2/6 3/6 4/3 5/1 6/5"},
		{"1997-09-07", "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", "1997 9/7 9/28 11/2 11/30 1998 1/4 1/25 3/1 3/29 5/3 5/31"},
		{"1997-09-22", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "1997 9/22 10/20 11/17 12/22 1998 1/19 2/16"},
		{"1997-09-28", "FREQ=MONTHLY;COUNT=6;BYMONTHDAY=-3", "1997 9/28 10/29 11/28 12/29 1998 1/29 2/26"},
		{"1997-09-30", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", "1997 9/30 10/1 10/31 11/1 11/30 12/1 12/31 1998 1/1 1/31 2/1"},
		{"1997-09-10", "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15", "1997 9/10 9/11 9/12 9/13 9/14 9/15 1999 3/10 3/11 3/12 3/13"},
		{"1997-06-10", "FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "1997 6/10 7/10 1998 6/10 7/10"},
		{"1997-01-01", "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", "1997 1/1 4/10 7/19 2000 1/1 4/9 7/18 2003 1/1 4/10 7/19 2006 1/1"},
		{"1997-05-19", "FREQ=YEARLY;COUNT=3;BYDAY=20MO", "1997 5/19 1998 5/18 1999 5/17"},
		{"1997-05-12", "FREQ=YEARLY;COUNT=3;BYWEEKNO=20;BYDAY=MO", "1997 5/12 1998 5/11 1999 5/17"},
		{"1997-03-13", "FREQ=YEARLY;COUNT=4;BYMONTH=3;BYDAY=TH", "1997 3/13 3/20 3/27 1998 3/5"},
		{"1997-09-02", "FREQ=MONTHLY;COUNT=5;BYDAY=FR;BYMONTHDAY=13", "1998 2/13 3/13 11/13 1999 8/13 2000 10/13"},
		{"1997-09-13", "FREQ=MONTHLY;COUNT=10;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "1997 9/13 10/11 11/8 12/13 1998 1/10 2/7 3/7 4/11 5/9 6/13"},
		{"1996-11-05", "FREQ=YEARLY;INTERVAL=4;COUNT=3;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "1996 11/5 2000 11/7 2004 11/2"},
		{"1997-09-04", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997 9/4 10/7 11/6"},
		{"1997-09-29", "FREQ=MONTHLY;COUNT=7;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "1997 9/29 10/30 11/27 12/30 1998 1/29 2/26 3/30"},
		{"1997-08-05", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997 8/5 8/10 8/19 8/24"},
		{"1997-08-05", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997 8/5 8/17 8/19 8/31"},
		{"2007-01-15", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007 1/15 1/30 2/15 3/15 3/30"},
		// A week that begins in another year is that year's.
		{"2018-12-31", "FREQ=YEARLY;COUNT=3;BYWEEKNO=1;BYDAY=MO", "2018 12/31 2019 12/30 2021 1/4"},
		{"2015-01-01", "FREQ=YEARLY;COUNT=3;BYWEEKNO=53", "2015 12/31 2020 12/31 2026 12/31"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			day, err := time.ParseInLocation("2006-01-02 15:04", c.start+" 09:00", newYork)
			if err != nil {
				t.Fatal(err)
			}
			r, err := parseRule(c.rule)
			if err != nil {
				t.Fatal(err)
			}
			found, err := r.starts(day, day.AddDate(15, 0, 0))
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			year := 0
			for _, s := range found {
				if s.Year() != year {
					year = s.Year()
					all = append(all, s.Format("2006"))
				}
				all = append(all, s.Format("1/2"))
				if s.Hour() != 9 {
					t.Errorf("%s is not at nine", s)
				}
			}
			equal(t, strings.Join(all, " "), c.want)
		})
	}
}
