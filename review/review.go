// Package review says which threads a person should look at, why, and in which
// order; and how sure one can be of what such looks have found. It does no I/O.
package review

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"sigpost"
)

// Reason is why a thread needs a look.
type Reason string

// The reasons, the weightiest first.
const (
	// Reported: readers say that a tag is wrong, or that one is missing.
	Reported Reason = "reported"
	// Changed: a tag that readers saw has gone, or one has come, with another
	// taxonomy or with what was learned, and not with new mail.
	Changed Reason = "changed"
	// Conflicting: two tags of a kind are about as likely, or the evidence of a tag
	// speaks for it and against it.
	Conflicting Reason = "conflicting"
	// Doubtful: a tag is only proposed, or only just accepted.
	Doubtful Reason = "doubtful"
	// Untagged: nothing says what the thread is about.
	Untagged Reason = "untagged"
)

// Reasons are all of them, the weightiest first.
func Reasons() []Reason { return []Reason{Reported, Changed, Conflicting, Doubtful, Untagged} }

// Title is a reason in words.
func (r Reason) Title() string {
	switch r {
	case Reported:
		return "reported by readers"
	case Changed:
		return "tags have changed"
	case Conflicting:
		return "conflicting"
	case Doubtful:
		return "low confidence"
	case Untagged:
		return "untagged"
	}
	return ""
}

// ParseReason knows a reason by its name.
func ParseReason(name string) (r Reason, ok bool) {
	return Reason(name), slices.Contains(Reasons(), Reason(name))
}

// Thread is what is known of a thread.
type Thread struct {
	// People is the number of its messages that people wrote, but for our own
	// letters.
	People int
	Last   time.Time
	// Tags are those that hold or are proposed, with people's decisions over them.
	Tags []sigpost.Tagging
	// Decided are the tags on which somebody decided, and when.
	Decided map[sigpost.Tag]time.Time
	Reports []Report // that nobody has closed
	Changes []Change
	// Seen are the keys of questions that somebody left as they are.
	Seen []string
}

// Report is what a reader says of a tag. The zero Tag stands for one that the
// reader cannot name.
type Report struct {
	ID    int64
	Tag   sigpost.Tag
	Title string
	// Missing says that the tag should be there; otherwise it should not.
	Missing bool
	Words   string
	At      time.Time
}

// Change is a tag that came, or is gone.
type Change struct {
	Tag   sigpost.Tag
	Title string
	Gone  bool
}

// Question is one reason to look at a thread. Most are about a tag.
type Question struct {
	Reason Reason
	Tag    sigpost.Tag
	Title  string
	// Says is the reason in words.
	Says string
	// weight is how much an answer is worth in a short thread.
	weight float64
	key    string
}

// Key tells a question from others of the thread. It stays the same while the
// question does: a score that moves a little asks nothing new.
func (q Question) Key() string { return cmp.Or(q.key, string(q.Reason)+" "+q.Tag.String()) }

const (
	// Sure is the score from which an accepted tag is not in doubt.
	Sure = 0.95
	// likelyNature is the score from which a nature is not in doubt: there are
	// several to choose from, and all else follows from none of them.
	likelyNature = 0.5
	// near is how close the scores of two tags of a kind are that conflict.
	near = 0.1
	// against is how much the evidence against a tag weighs, in log odds, that
	// conflicts with what speaks for it.
	against = 1.0
)

// Questions are the reasons to look at a thread that nobody has answered, the
// weightiest first; none where there is nothing new to whoever looked last.
func Questions(t Thread) []Question {
	all := slices.Concat(reported(t), changed(t), conflicting(t), doubtful(t), untagged(t))
	news := func(q Question) bool { return !slices.Contains(t.Seen, q.Key()) }
	if !slices.ContainsFunc(all, news) {
		return nil
	}
	return all
}

func reported(t Thread) (all []Question) {
	for _, r := range t.Reports {
		if decided, ok := t.Decided[r.Tag]; ok && !decided.Before(r.At) {
			continue
		}
		says := "A reader says that it is not about " + r.Title
		switch {
		case r.Missing && r.Title != "":
			says = "A reader says that it is about " + r.Title
		case r.Missing:
			says = "A reader misses a tag"
		}
		if r.Words != "" {
			says += ": “" + r.Words + "”"
		}
		all = append(all, Question{Reason: Reported, Tag: r.Tag, Title: r.Title, Says: says, weight: 8, key: fmt.Sprintf("%s %d", Reported, r.ID)})
	}
	return all
}

func changed(t Thread) (all []Question) {
	for _, c := range t.Changes {
		if _, ok := t.Decided[c.Tag]; ok {
			continue
		}
		says := c.Title + " has come"
		if c.Gone {
			says = c.Title + " is gone"
		}
		all = append(all, Question{Reason: Changed, Tag: c.Tag, Title: c.Title, Says: says + ", without new mail", weight: 4, key: fmt.Sprintf("%s %s %t", Changed, c.Tag, c.Gone)})
	}
	return all
}

// open are the tags that a classifier gave and nobody decided on.
func open(t Thread) []sigpost.Tagging {
	return slices.DeleteFunc(slices.Clone(t.Tags), func(g sigpost.Tagging) bool { _, ok := t.Decided[g.Tag]; return ok })
}

func conflicting(t Thread) (all []Question) {
	tags := open(t)
	for i, g := range tags {
		if g.Tag.Kind == sigpost.KindProject || g.Tag.Kind == sigpost.KindNature { // a thread has one nature, and often several projects
			continue
		}
		for _, other := range tags[i+1:] {
			if other.Tag.Kind == g.Tag.Kind && min(g.Score, other.Score) < Sure && math.Abs(g.Score-other.Score) < near {
				all = append(all, Question{Reason: Conflicting, Tag: g.Tag, Title: g.Title, Says: fmt.Sprintf("%s and %s are about as likely", g.Title, other.Title), weight: 2,
					key: fmt.Sprintf("%s %s %s", Conflicting, g.Tag, other.Tag)})
			}
		}
	}
	for _, g := range tags {
		var speaks, denies float64
		for _, e := range g.Evidence {
			speaks += max(e.Weight, 0)
			denies -= min(e.Weight, 0)
		}
		if g.Tag.Kind != sigpost.KindNature && speaks > 0 && denies >= against && g.Score < Sure {
			all = append(all, Question{Reason: Conflicting, Tag: g.Tag, Title: g.Title, Says: "What is written speaks for " + g.Title + " and against it", weight: 2})
		}
	}
	return all
}

func doubtful(t Thread) (all []Question) {
	for _, g := range open(t) {
		q := Question{Reason: Doubtful, Tag: g.Tag, Title: g.Title, weight: max(entropy(g.Score), 0.2)}
		switch score := fmt.Sprintf(", %.0f %%", g.Score*100); {
		case g.Tag.Kind == sigpost.KindNature && g.Score >= likelyNature:
			continue
		case g.Tag.Kind == sigpost.KindNature:
			q.Says, q.weight = g.Title+" is a guess"+score, 0.5
		case g.State == sigpost.TagProposed:
			q.Says = g.Title + " is only proposed" + score
		case g.Score < Sure:
			q.Says = g.Title + " is only just accepted" + score
		default:
			continue
		}
		all = append(all, q)
	}
	return all
}

// untagged asks what a thread is about of which nobody, and nothing, says so.
func untagged(t Thread) []Question {
	topic := func(g sigpost.Tagging) bool {
		return g.Tag.Kind != sigpost.KindNature && g.State == sigpost.TagAccepted
	}
	if t.People == 0 || slices.ContainsFunc(t.Tags, topic) {
		return nil
	}
	return []Question{{Reason: Untagged, Says: "Nothing says what it is about", weight: 1}}
}

// entropy is how little a probability says, in bits: 1 at a half.
func entropy(p float64) float64 {
	if p <= 0 || p >= 1 {
		return 0
	}
	return -p*math.Log2(p) - (1-p)*math.Log2(1-p)
}

// halfLife is how much older a thread is that is worth half as much.
const halfLife = 30 * 24 * time.Hour

// Worth orders threads by how useful it is to look at them: by how weighty their
// questions are together, times how much is said in them, which is what people
// have read; and half as much for each 30 days. It is the logarithm of that, so
// that it stays while time goes by.
func Worth(t Thread, questions []Question) float64 {
	sum := 0.0
	for _, q := range questions {
		sum += q.weight
	}
	length := 1 + math.Log2(1+float64(t.People))
	return math.Log2(max(sum, 0.01)*length) + float64(t.Last.UnixMicro())/float64(halfLife.Microseconds())
}

// ReasonsOf are the reasons of some questions, each once.
func ReasonsOf(questions []Question) (all []Reason) {
	for _, q := range questions {
		if !slices.Contains(all, q.Reason) {
			all = append(all, q.Reason)
		}
	}
	return all
}

// TagsOf are the tags that some questions are about, each once.
func TagsOf(questions []Question) (all []sigpost.Tag) {
	for _, q := range questions {
		if q.Tag != (sigpost.Tag{}) && !slices.Contains(all, q.Tag) {
			all = append(all, q.Tag)
		}
	}
	return all
}

// Says are questions in words.
func Says(questions []Question) string {
	var all []string
	for _, q := range questions {
		all = append(all, q.Says)
	}
	return strings.Join(all, "; ")
}
