package digest

import (
	"slices"

	"sigpost"
)

// Cut gives of an issue the entries that a reader wants, and counts those alone.
// Events are for all readers. Robots stay counted over the whole window.
func Cut(issue sigpost.Issue, wanted sigpost.Selection) sigpost.Issue {
	if wanted.IsAll() {
		return issue
	}
	var taken []int // first, since entries are large
	for i := range issue.Entries {
		if wanted.Takes(issue.Entries[i].Tags) {
			taken = append(taken, i)
		}
	}
	entries := make([]sigpost.Entry, len(taken))
	for i, at := range taken {
		entries[i] = issue.Entries[at]
	}
	robots := issue.Stats.Robots
	issue.Entries, issue.Stats = entries, stats(entries, issue.Window)
	issue.Newcomers = newcomersIn(issue)
	issue.Stats.Robots = robots
	return issue
}

// newcomersIn are the newcomers who wrote in what an issue tells.
func newcomersIn(issue sigpost.Issue) []sigpost.Newcomer {
	told := map[int64]bool{}
	for _, e := range issue.Entries {
		told[e.ThreadID] = true
	}
	return slices.DeleteFunc(slices.Clone(issue.Newcomers), func(n sigpost.Newcomer) bool { return !told[n.ThreadID] })
}
