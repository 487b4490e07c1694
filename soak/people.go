package soak

import (
	"fmt"
	"time"
)

var zones = []string{"America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo", "Australia/Lord_Howe", "America/New_York", "UTC"}

// people are the readers: most come and stay, some have topics, some come and go, and
// the servers of some have their own ways.
func (w *writer) people() {
	add := func(p Person) {
		p.Address = fmt.Sprintf("r%02d@%s.example.net", len(w.People), []string{"mx", "post", "uni"}[len(w.People)%3])
		p.Zone = zones[w.rand.IntN(len(zones))]
		p.Door = []string{"page", "page", "mail"}[w.rand.IntN(3)]
		p.Text = w.rand.IntN(5) == 0
		w.People = append(w.People, p)
	}
	for range 10 {
		add(Person{Digest: "weekly"})
	}
	for i := range 6 {
		add(Person{Digest: "weekly", Topic: Topics[i]})
	}
	for range 8 {
		add(Person{Digest: "weekly", Restive: true})
	}
	for i := range 4 {
		add(Person{Digest: "weekly", Restive: true, Topic: Topics[i]})
	}
	for range 4 {
		add(Person{Digest: "weekly-monthly"})
	}
	for i := range 6 {
		add(Person{Digest: "edited", Restive: i > 3})
	}
	for _, habit := range []string{"gone", "full", "away", "angry"} {
		add(Person{Digest: "weekly", Habit: habit})
	}
	add(Person{Digest: "edited", Habit: "angry"})
}

// readers come in the first days, and some of them never rest.
func (w *writer) readers() {
	for i, p := range w.People {
		at := w.Begin.Add(time.Duration(1+i%40)*97*time.Minute + time.Duration(i)*time.Second)
		w.add(Event{At: at, Kind: Reader, Who: p.Address, What: "ask", Topic: p.Topic})
		if p.Habit == "angry" && i%2 == 0 { // comes later, for another year's letters to complain about
			continue
		}
		if !p.Restive {
			continue
		}
		for at := at.AddDate(0, 0, 6+w.rand.IntN(8)); at.Before(w.End); at = at.AddDate(0, 0, 2+w.rand.IntN(25)).Add(time.Duration(w.rand.IntN(86400)) * time.Second) {
			what := []string{"leave one-click", "leave page", "leave mail", "leave token", "ask", "ask", "ask", "topics", "topics", "pause", "resume", "edition"}[w.rand.IntN(12)]
			w.add(Event{At: at, Kind: Reader, Who: p.Address, What: what, Topic: Topics[w.rand.IntN(len(Topics))], Number: 1 + w.rand.IntN(30)})
		}
	}
}
