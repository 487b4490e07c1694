package main

import (
	"fmt"
	"io"

	"sigpost"
	"sigpost/app"
)

type calendarCommand struct {
	Show   calendarShow   `cmd:"" default:"1" help:"Show what is coming, which calendars it comes from and since when they are not confirmed, what is left out of them, and conflicts."`
	Export calendarExport `cmd:"" help:"Write what is coming in the next year as iCalendar, to standard output."`
	Fetch  calendarFetch  `cmd:"" help:"Fetch all calendars and schedules now, and show the same."`
}

type calendarShow struct{}

// Run shows what the archive has; it fetches nothing.
func (calendarShow) Run(s *session) error {
	a, err := s.openWith(app.Options{ReadOnly: true, DryRun: true})
	if err != nil {
		return err
	}
	defer a.Close()
	report, err := a.Calendars(s.ctx)
	if err != nil {
		return err
	}
	return s.tell(report, func(w io.Writer) { tellCalendars(w, report) })
}

type calendarFetch struct{}

// Run fetches, and shows what there is even where a part of it failed.
func (calendarFetch) Run(s *session) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	defer a.Close()
	report, err := a.FetchCalendars(s.ctx)
	if telling := s.tell(report, func(w io.Writer) { tellCalendars(w, report) }); telling != nil {
		return telling
	}
	return err
}

type calendarExport struct{}

// Run writes the feed.
func (calendarExport) Run(s *session) error {
	a, err := s.openWith(app.Options{ReadOnly: true, DryRun: true})
	if err != nil {
		return err
	}
	defer a.Close()
	file, err := a.Feed(s.ctx)
	if err != nil {
		return err
	}
	_, err = s.stdout.Write(file)
	return err
}

func tellCalendars(w io.Writer, r app.CalendarReport) {
	for _, o := range r.Upcoming {
		line := occurrenceWords(o)
		if o.Source != "" {
			line += " (" + o.Source + ")"
		}
		fmt.Fprintf(w, "coming    %s\n", line)
	}
	if len(r.Upcoming) == 0 {
		fmt.Fprintln(w, "coming    nothing")
	}
	for _, c := range r.Sources {
		fmt.Fprintf(w, "source    %s\n", calendarWords(c))
		for _, refused := range c.Refused {
			fmt.Fprintf(w, "left out  %s: %s\n", printable(refused.Event), printable(refused.Why))
		}
	}
	for _, c := range r.Conflicts {
		what := map[string]string{"same place": "are in one place at once", "same time": "are at the same time", "sources": "are one event by two sources"}[string(c.Kind)]
		fmt.Fprintf(w, "conflict  %s and %s %s\n", occurrenceWords(c.A), occurrenceWords(c.B), what)
	}
}

func occurrenceWords(o sigpost.Occurrence) string {
	when := o.Start.Format("Mon 2 Jan 2006 15:04 MST")
	if o.AllDay {
		when = o.Start.Format("Mon 2 Jan 2006")
	}
	words := when + " " + printable(o.Title)
	if o.Cancelled {
		words += ", cancelled"
	}
	return words
}

// calendarWords say of a source whether it can be relied on.
func calendarWords(c app.CalendarStatus) string {
	words := fmt.Sprintf("%s: %d read", printable(c.Name), c.Events)
	if len(c.Refused) > 0 {
		words += fmt.Sprintf(", %d left out", len(c.Refused))
	}
	switch {
	case c.Confirmed.IsZero() && c.Failure == "":
		return words + "; never fetched yet (\"sigpost calendar fetch\" does)"
	case c.Confirmed.IsZero():
		return words + "; NEVER CONFIRMED: " + printable(c.Failure)
	case c.Failure != "":
		return words + "; NOT CONFIRMED since " + moment(c.Confirmed) + ": " + printable(c.Failure)
	}
	return words + "; confirmed " + moment(c.Confirmed)
}
