package web

import (
	"context"
	"slices"

	"sigpost"
	"sigpost/digest"
	"sigpost/store"
)

func (s *site) shown(ctx context.Context, issues []sigpost.Issue) ([]sigpost.Issue, error) {
	return Shown(ctx, s.Store, issues)
}

// Shown gives issues without what is out of sight by now: quotes of messages that
// were removed, who wrote only those, and entries of which nothing is left. What
// was stored and sent stays as it was.
func Shown(ctx context.Context, db *store.DB, issues []sigpost.Issue) ([]sigpost.Issue, error) {
	var threads []int64
	var messages []sigpost.MessageID
	for _, i := range issues {
		for _, e := range i.Entries {
			threads = append(threads, e.ThreadID)
			for _, q := range e.Quotes {
				messages = append(messages, q.MessageID)
			}
			for _, t := range e.Tags {
				for _, seen := range t.Evidence {
					messages = append(messages, seen.MessageID)
				}
			}
		}
		for _, n := range i.Newcomers {
			threads = append(threads, n.ThreadID)
		}
	}
	u, err := db.Unseen(ctx, distinct(threads), distinct(messages))
	if err != nil || len(u.Messages) == 0 && len(u.Threads) == 0 {
		return issues, err
	}
	all := make([]sigpost.Issue, len(issues))
	for i, issue := range issues {
		all[i] = withoutUnseen(issue, u)
	}
	return all, nil
}

// distinct are values without those that are none, each once.
func distinct[T int64 | sigpost.MessageID](values []T) []T {
	var none T
	slices.Sort(values)
	return slices.DeleteFunc(slices.Compact(values), func(v T) bool { return v == none })
}

func withoutUnseen(issue sigpost.Issue, u store.Unseen) sigpost.Issue {
	entries := issue.Entries
	issue.Entries = nil
	for _, e := range entries {
		if e, ok := entryWithoutUnseen(e, u); ok {
			issue.Entries = append(issue.Entries, e)
		}
	}
	newcomers := issue.Newcomers
	issue.Newcomers = nil
	for _, n := range newcomers {
		if !u.Threads[n.ThreadID] && !slices.ContainsFunc(u.Authors[n.ThreadID], named(n.Name)) {
			issue.Newcomers = append(issue.Newcomers, n)
		}
	}
	return issue
}

func named(name string) func(sigpost.Address) bool {
	return func(a sigpost.Address) bool { return digest.Label(a) == name }
}

// entryWithoutUnseen is an entry cut to what is shown; ok is false where that is
// nothing: its thread shows nothing, or all that was new was quoted and is removed.
func entryWithoutUnseen(e sigpost.Entry, u store.Unseen) (cut sigpost.Entry, ok bool) {
	if u.Threads[e.ThreadID] {
		return e, false
	}
	removed := map[sigpost.MessageID]bool{}
	var quotes []sigpost.Quote
	for _, q := range e.Quotes {
		if u.Messages[q.MessageID] {
			removed[q.MessageID] = true
		} else {
			quotes = append(quotes, q)
		}
	}
	if len(removed) > 0 && len(quotes) == 0 && len(removed) >= e.New {
		return e, false
	}
	e.Quotes = quotes
	var people []string
	for _, p := range e.People {
		if !slices.ContainsFunc(u.Authors[e.ThreadID], named(p)) {
			people = append(people, p)
		}
	}
	e.People = people
	tags := make([]sigpost.Tagging, len(e.Tags))
	for i, t := range e.Tags {
		tags[i] = t
		tags[i].Evidence = nil
		for _, seen := range t.Evidence {
			if !u.Messages[seen.MessageID] {
				tags[i].Evidence = append(tags[i].Evidence, seen)
			}
		}
	}
	e.Tags = tags
	return e, true
}
