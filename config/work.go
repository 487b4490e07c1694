package config

import "time"

// Work says how a process works that shares the archive with others ("sigpost work").
type Work struct {
	// Slots is how many jobs of each role it does at a time.
	Slots int `toml:"slots"`
	// Look is how often it is looked for what is due.
	Look Duration `toml:"look"`
}

func (w *Work) setDefaults(in keyLines) {
	or(in, "work.slots", &w.Slots, 4)
	or(in, "work.look", &w.Look, Duration(10*time.Second))
}

// maxSlots is more than any machine has use for: a job has two connections to the
// database or three.
const maxSlots = 64

func (c *Config) checkWork(ch *checker) {
	if n := c.Work.Slots; n < 1 || n > maxSlots {
		ch.add("work.slots", "[work] slots is %d; it can be 1 to %d", n, maxSlots)
	}
	checkDuration(ch, "work.look", c.Work.Look)
	if look := time.Duration(c.Work.Look); look > time.Hour {
		ch.add("work.look", "[work] look is %s; it can be 1s to 1h: what is due waits for so long", look)
	}
}
