package review

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost"
)

var (
	heat = sigpost.Tag{Kind: sigpost.KindProject, Name: "heat"}
	over = sigpost.Tag{Kind: sigpost.KindScenario, Name: "over"}
	in   = sigpost.Tag{Kind: sigpost.KindScenario, Name: "in"}
	now  = time.Date(2016, 4, 25, 14, 0, 0, 0, time.UTC)
)

// Values from R. G. Newcombe, Two-sided confidence intervals for the single
// proportion, Statistics in Medicine 17, 1998, table I, method 3.
func TestInterval(t *testing.T) {
	for _, c := range []struct {
		share     Share
		low, high float64
	}{
		{Share{0, 0}, 0, 1},
		{Share{81, 263}, 0.2553, 0.3662},
		{Share{15, 148}, 0.0624, 0.1605},
		{Share{0, 20}, 0, 0.1611},
		{Share{1, 29}, 0.0061, 0.1718},
	} {
		low, high := c.share.Interval()
		if math.Abs(low-c.low) > 5e-5 || math.Abs(high-c.high) > 5e-5 {
			t.Errorf("%v: %.5f to %.5f, want %.4f to %.4f", c.share, low, high, c.low, c.high)
		}
	}
}

func TestIntervalHoldsThePoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.IntRange(1, 5000).Draw(t, "of")
		s := Share{rapid.IntRange(0, of).Draw(t, "right"), of}
		low, high := s.Interval()
		if low < 0 || high > 1 || low > s.Point()+1e-12 || high < s.Point()-1e-12 {
			t.Fatalf("%v: %v to %v", s, low, high)
		}
		twice := Share{2 * s.Right, 2 * s.Of}
		if l, h := twice.Interval(); h-l > high-low {
			t.Fatalf("%v is less sure than %v", twice, s)
		}
	})
}

func TestQuestions(t *testing.T) {
	accepted := func(tag sigpost.Tag, score float64, weights ...float64) sigpost.Tagging {
		g := sigpost.Tagging{Tag: tag, Title: tag.Name, Score: score, State: sigpost.TagAccepted}
		for _, w := range weights {
			g.Evidence = append(g.Evidence, sigpost.Evidence{Weight: w})
		}
		return g
	}
	for name, c := range map[string]struct {
		thread Thread
		says   string
	}{
		"sure":                 {Thread{People: 1, Tags: []sigpost.Tagging{accepted(heat, 0.99, 3, -2)}}, ""},
		"only programs wrote":  {Thread{}, ""},
		"nothing":              {Thread{People: 1}, "Nothing says what it is about"},
		"just accepted":        {Thread{People: 1, Tags: []sigpost.Tagging{accepted(heat, 0.91)}}, "heat is only just accepted, 91 %"},
		"for and against":      {Thread{People: 1, Tags: []sigpost.Tagging{accepted(heat, 0.94, 3, -1.5)}}, "What is written speaks for heat and against it; heat is only just accepted, 94 %"},
		"two of a kind":        {Thread{People: 1, Tags: []sigpost.Tagging{accepted(over, 0.97), accepted(in, 0.94)}}, "over and in are about as likely; in is only just accepted, 94 %"},
		"both for certain":     {Thread{People: 1, Tags: []sigpost.Tagging{accepted(over, 0.99), accepted(in, 0.98)}}, ""},
		"a guess of a nature":  {Thread{Tags: []sigpost.Tagging{accepted(sigpost.NatureQuestion.Tag(), 0.4)}}, "question is a guess, 40 %"},
		"changed":              {Thread{Changes: []Change{{heat, "Heat", true}}}, "Heat is gone, without new mail"},
		"changed, and decided": {Thread{Changes: []Change{{heat, "Heat", false}}, Decided: map[sigpost.Tag]time.Time{heat: now}}, ""},
		"reported":             {Thread{Reports: []Report{{Tag: heat, Title: "Heat", At: now}}, Decided: map[sigpost.Tag]time.Time{heat: now.Add(-1)}}, "A reader says that it is not about Heat"},
		"reported before":      {Thread{Reports: []Report{{Tag: heat, Title: "Heat", At: now}}, Decided: map[sigpost.Tag]time.Time{heat: now}}, ""},
		"missed, without name": {Thread{Reports: []Report{{Missing: true, Words: "kuryr"}}}, "A reader misses a tag: “kuryr”"},
	} {
		if says := Says(Questions(c.thread)); says != c.says {
			t.Errorf("%s: %q, want %q", name, says, c.says)
		}
	}
}

// What more people have read, what is newer, and what is weightier comes first; who
// comes first does not change while time goes by.
func TestWorth(t *testing.T) {
	worth := func(people int, last time.Time, reasons ...Question) float64 {
		return Worth(Thread{People: people, Last: last}, reasons)
	}
	little, much := Question{weight: 0.3}, Question{weight: 4}
	for name, holds := range map[string]bool{
		"weightier":   worth(2, now, much) > worth(2, now, little),
		"longer":      worth(20, now, little) > worth(2, now, little),
		"newer":       worth(2, now, little) > worth(2, now.AddDate(0, 0, -1), little),
		"half as old": math.Abs(worth(2, now, much)-worth(2, now.AddDate(0, 0, -30), much, much)) < 1e-9,
	} {
		if !holds {
			t.Errorf("%s is worth no more", name)
		}
	}
}

func TestWeek(t *testing.T) {
	for day := range 7 {
		at := now.AddDate(0, 0, day)
		if got := Week(at); got.Format(time.DateOnly) != "2016-04-25" {
			t.Errorf("%s is in the week of %s", at, got)
		}
	}
	seen := map[float64]bool{}
	for week := range 200 {
		s := Start(Week(now.AddDate(0, 0, 7*week)))
		if s < 0 || s >= 1 || seen[s] {
			t.Errorf("week %d starts at %v", week, s)
		}
		seen[s] = true
	}
}
