package digest

import (
	"slices"

	"sigpost"
)

// Cut gives of an issue the entries on topics, and counts those alone; without
// topics it gives everything. Events are for all readers. Robots stay counted
// over the whole window.
func Cut(issue sigpost.Issue, topics []sigpost.Tag) sigpost.Issue {
	if len(topics) == 0 {
		return issue
	}
	entries := []sigpost.Entry{}
	for _, e := range issue.Entries {
		follows := func(t sigpost.Tagging) bool { return slices.Contains(topics, t.Tag) }
		if slices.ContainsFunc(e.Tags, follows) {
			entries = append(entries, e)
		}
	}
	told := map[int64]bool{}
	for _, e := range entries {
		told[e.ThreadID] = true
	}
	issue.Newcomers = slices.DeleteFunc(slices.Clone(issue.Newcomers), func(n sigpost.Newcomer) bool { return !told[n.ThreadID] })
	robots := issue.Stats.Robots
	issue.Entries, issue.Stats = entries, stats(entries, issue.Window)
	issue.Stats.Robots = robots
	return issue
}
