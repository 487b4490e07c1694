package config

import (
	"slices"
	"strings"
)

// adverbs name editions by how often they come.
var adverbs = map[string]string{"day": "daily", "week": "weekly", "month": "monthly"}

// Adverb says how often the digest comes: "daily", "weekly" or "monthly".
func (d Digest) Adverb() string { return adverbs[d.Every] }

// Publication is the name of the [[digest]] that the digest is an edition of: its
// own where it stands in the file.
func (d Digest) Publication() string {
	if d.of != "" {
		return d.of
	}
	return d.Name
}

// Editions are the digests of a publication, the one in the file first.
func (c *Config) Editions(publication string) []Digest {
	var all []Digest
	for _, d := range c.Digests {
		if d.Publication() == publication {
			all = append(all, d)
		}
	}
	return all
}

// expandEditions makes a digest of each edition, behind those that stand in the
// file.
func (c *Config) expandEditions() {
	for _, d := range slices.Clone(c.Digests) {
		for _, every := range d.Editions {
			e := d
			e.Editions, e.of = nil, d.Name
			e.Every, e.Day, e.Nth = every, 0, ""
			if every == "month" {
				e.Day = 1
			}
			e.Name += "-" + adverbs[every]
			e.Title += " (" + adverbs[every] + ")"
			c.Digests = append(c.Digests, e)
		}
	}
}

func (c *Config) checkEditions(ch *checker, at string, d Digest) {
	seen := map[string]bool{}
	for _, every := range d.Editions {
		oneOf(ch, at+"editions", every, "day", "week", "month")
		name := d.Name + "-" + adverbs[every]
		switch {
		case every == d.Every:
			ch.add(at+"editions", "the digest %q comes every %s already: editions are the other choices", d.Name, every)
		case seen[every]:
			ch.add(at+"editions", "the edition %q is there twice", every)
		case slices.ContainsFunc(c.Digests, func(o Digest) bool { return o.Name == name }):
			ch.add(at+"editions", "the edition for each %s would be the digest %q, and there is one of that name: give that one another name", every, name)
		}
		seen[every] = true
	}
	if len(d.Editions) > 0 && len(d.Name)+len("-monthly") > 63 {
		ch.add(at+"name", "%q is too long a name for a digest with editions, which are named %s-daily and so on", d.Name, strings.TrimRight(d.Name, "-"))
	}
}
