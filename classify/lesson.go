package classify

import "sigpost"

// lesson adds up, in log odds, what decisions taught of a tag for this thread;
// taught says whether a word of it was learned.
func (s *scratch) lesson(c *Classifier, tag int32) (sum float64, taught bool) {
	l := c.lexicon.taught[tag]
	if l.decisions == 0 {
		return 0, false
	}
	sum = l.bias
	for _, t := range s.bag.seen {
		for _, say := range c.lexicon.adds[t] {
			if say.tag == tag {
				sum += s.bag.value(t) * float64(say.weight)
				taught = true
			}
		}
	}
	return sum, taught
}

// lessons shows what decisions taught that said most of a tag.
func (c *Classifier) lessons(s *scratch, tag int32, docs []Document) []sigpost.Evidence {
	l := c.lexicon.taught[tag]
	if l.decisions == 0 {
		return nil
	}
	because := c.lexicon.because(tag)
	shown := c.spokenBy(s, c.lexicon.adds, tag, docs, func(term string) string { return "word " + term + ", " + because })
	if l.bias != 0 {
		shown = append(shown, sigpost.Evidence{Rule: "how often it was right, " + because, Field: lessonField, Weight: l.bias})
	}
	return shown
}

// lessonField is the field of evidence that stands in no text.
const lessonField = "decisions"
