package thread

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sigpost"
)

// JoinWindow is how much older a message may be that an answer without
// references joins by its subject (TestCorpusJoinWindow measures it).
const JoinWindow = 90 * 24 * time.Hour

// maxKey bounds SubjectKey, in bytes, so that it fits into an index.
const maxKey = 200

// SubjectKey is what an answer that names no message must have in common with
// one that it joins: the folded base subject, with the numbers in the tags
// before it, so that "[PATCH v2 1/3] x" and "[PATCH v3 1/3] x" are told apart.
// It is "" for a message that takes no part: a robot wrote it, or its subject
// is empty or says nothing. It has at most 200 bytes.
func SubjectKey(m *sigpost.Message) string {
	base := strings.ToLower(BaseSubject(m.Subject))
	if m.Robot || saysNothing(letters(base)) {
		return ""
	}
	key := base
	for _, tag := range tags(m.Subject) {
		for word := range strings.FieldsSeq(strings.ToLower(tag)) {
			if strings.Trim(strings.TrimLeft(word, "v#"), "0123456789./") == "" {
				key = word + " " + key
			}
		}
	}
	if len(key) > maxKey {
		key = strings.ToValidUTF8(key[:maxKey], "")
	}
	return key
}

// saysNothing knows the subjects that people give to anything.
func saysNothing(folded string) bool {
	switch folded {
	case "", "nosubject", "none", "hi", "hello", "hey", "help", "question", "questions", "aquestion", "quickquestion",
		"newbiequestion", "problem", "problems", "bug", "bugs", "error", "patch", "patches", "test", "testing", "update",
		"info", "news", "thanks", "thankyou", "urgent", "important", "request", "subscribe", "unsubscribe", "remove",
		"introduction", "announcement", "reminder", "meeting", "agenda", "minutes":
		return true
	}
	return utf8.RuneCountInString(folded) < 2
}

// JoinsBySubject says whether m, an answer that names no message it answers,
// may join the thread of older: they share their SubjectKey and a list, and
// older came before m by no more than JoinWindow. Of several that it may join,
// it joins the latest (Compare).
func JoinsBySubject(m, older *sigpost.Message) bool {
	if !m.Answering || len(m.References) > 0 || Compare(older, m) >= 0 || m.Received.Sub(older.Received) > JoinWindow {
		return false
	}
	key := SubjectKey(m)
	return key != "" && key == SubjectKey(older) && shareList(m, older)
}

// shareList says whether two messages came through the same list.
func shareList(a, b *sigpost.Message) bool {
	names := listNames(a)
	return slices.ContainsFunc(listNames(b), func(s string) bool { return slices.Contains(names, s) })
}

// listNames are the lists that a message came through, as the archive knows
// them or else as the message itself says; a message of no list has the list
// "" in common with all others of that kind.
func listNames(m *sigpost.Message) []string {
	switch {
	case len(m.Lists) > 0:
		return m.Lists
	case len(m.ListIDs) > 0:
		return m.ListIDs
	}
	return []string{""}
}

// Compare is the order of messages in threads: by when they were received;
// of those at the same moment what is no answer comes first, and what is left
// of ties is cut by the messages' ids. Where even these are the same, all else
// that rules look at decides, so that nothing depends on the order in which
// messages are given.
func Compare(a, b *sigpost.Message) int {
	if c := a.Received.Compare(b.Received); c != 0 {
		return c
	}
	return cmp.Or(
		compareBools(a.Answering, b.Answering),
		cmp.Compare(a.MessageID, b.MessageID),
		cmp.Compare(a.Subject, b.Subject),
		slices.Compare(a.References, b.References),
		compareBools(a.Quoting, b.Quoting),
		compareBools(a.Robot, b.Robot),
		slices.Compare(a.Lists, b.Lists),
		slices.Compare(a.ListIDs, b.ListIDs),
	)
}

// compareBools puts false before true.
func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// joins gives the message that each answer without references joins: the
// latest of those that JoinsBySubject allows. The messages are in the order of
// Compare.
func joins(msgs []*sigpost.Message) map[*sigpost.Message]*sigpost.Message {
	type place struct{ list, key string }
	latest := make(map[place]*sigpost.Message)
	found := make(map[*sigpost.Message]*sigpost.Message)
	for _, m := range msgs {
		key := SubjectKey(m)
		if key == "" {
			continue
		}
		for _, list := range listNames(m) {
			older := latest[place{list, key}]
			latest[place{list, key}] = m
			if older == nil || older == m || !JoinsBySubject(m, older) {
				continue
			}
			if other := found[m]; other == nil || Compare(other, older) < 0 {
				found[m] = older
			}
		}
	}
	return found
}
