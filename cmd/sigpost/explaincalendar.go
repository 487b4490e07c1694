package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"sigpost"
	"sigpost/app"
)

type explainCalendar struct {
	File  string `arg:"" type:"path" help:"An iCalendar file, a meeting of OpenStack's as YAML, or Kubernetes' sigs.yaml."`
	From  string `placeholder:"TIME" help:"The day or time to begin at, such as 2016-04-25 or 2016-04-25T08:00:00Z. Default: now."`
	To    string `placeholder:"TIME" help:"The day to end with, or the time to end before. Default: a year after --from."`
	Weeks string `name:"weeks-from" placeholder:"DAY" help:"A day of a week in which meetings of every second week take place, for those that do not say."`
	Zone  string `placeholder:"ZONE" help:"The time zone of times that name none, and of --from and --to, such as Europe/Berlin. Default: none, read as UTC."`
}

// Run lists the occurrences that a file gives. What is refused is an error,
// behind the others.
func (c explainCalendar) Run(s *session) error {
	o := app.CalendarOptions{Now: s.now()}
	zone := time.UTC
	if c.Zone != "" {
		var err error
		if zone, err = time.LoadLocation(c.Zone); err != nil {
			return sigpost.Usage(fmt.Errorf("--zone: %q is no time zone: use an IANA name, such as \"Europe/Berlin\"", c.Zone))
		}
		o.Zone = zone
	}
	if c.Weeks != "" {
		var err error
		if o.WeeksFrom, err = time.Parse("2006-01-02", c.Weeks); err != nil {
			return sigpost.Usage(fmt.Errorf("--weeks-from: %q is no day such as 2016-04-25", c.Weeks))
		}
	}
	from, to, err := c.span(s.now(), zone)
	if err != nil {
		return err
	}
	found, refused, err := app.ExplainCalendar(c.File, from, to, o)
	if err != nil {
		return err
	}
	if err := s.tell(found, func(w io.Writer) { tellOccurrences(w, found, from, to) }); err != nil {
		return err
	}
	return leftOut(refused)
}

// span is the time that is asked for.
func (c explainCalendar) span(now time.Time, zone *time.Location) (from, to time.Time, err error) {
	if from = now; c.From != "" {
		if from, _, err = dayOrTime("--from", c.From, zone); err != nil {
			return from, to, err
		}
	}
	if to = from.AddDate(1, 0, 0); c.To != "" {
		var isDay bool
		if to, isDay, err = dayOrTime("--to", c.To, zone); err != nil {
			return from, to, err
		}
		if isDay { // it counts
			to = to.AddDate(0, 0, 1)
		}
	}
	if !from.Before(to) {
		err = sigpost.Usage(errors.New("--to is not behind --from: nothing is in between"))
	}
	return from, to, err
}

// leftOut makes an error of what was refused; nil where nothing was.
func leftOut(refused []app.Refusal) error {
	var errs []error
	for _, r := range refused {
		errs = append(errs, r)
	}
	return errors.Join(errs...)
}

// dayOrTime reads a day, or a time with or without an offset.
func dayOrTime(flag, text string, zone *time.Location) (t time.Time, isDay bool, err error) {
	if t, err = time.ParseInLocation("2006-01-02", text, zone); err == nil {
		return t, true, nil
	}
	if t, err = time.ParseInLocation("2006-01-02T15:04:05", text, zone); err == nil {
		return t, false, nil
	}
	if t, err = time.Parse(time.RFC3339, text); err == nil {
		return t, false, nil
	}
	return t, false, sigpost.Usage(fmt.Errorf("%s: %q is no day or time such as 2016-04-25 or 2016-04-25T08:00:00Z", flag, text))
}

func tellOccurrences(w io.Writer, all []app.ExplainedOccurrence, from, to time.Time) {
	if len(all) == 0 {
		const layout = "Mon 2006-01-02 15:04 MST"
		fmt.Fprintf(w, "nothing takes place from %s to %s; --from and --to name another time\n", from.Format(layout), to.Format(layout))
	}
	for _, o := range all {
		begins, ends := o.Start.Format("Mon 2006-01-02 15:04"), ""
		if o.End.After(o.Start) {
			ends = "-" + o.End.Format("15:04")
		}
		when := begins + ends + o.End.Format(" MST")
		switch {
		case o.AllDay && o.End.Sub(o.Start) > 25*time.Hour:
			when = o.Start.Format("Mon 2006-01-02") + " to " + o.End.AddDate(0, 0, -1).Format("Mon 2006-01-02")
		case o.AllDay:
			when = o.Start.Format("Mon 2006-01-02")
		case o.Zone == "":
			when = begins + ends + " wherever one is"
		}
		line := when + "  " + printable(o.Summary)
		if o.Status != sigpost.EventConfirmed {
			line += "  " + string(o.Status)
		}
		if o.RecurrenceID != nil && !o.RecurrenceID.Equal(o.Start) {
			line += o.RecurrenceID.Format("  (instead of Mon 2006-01-02 15:04 MST)")
		}
		fmt.Fprintln(w, line)
	}
}
