package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigpost"
	"sigpost/store"

	"pgregory.net/rapid"
)

// written is what is written down of where threads are listed.
func written(t testing.TB, db *store.DB) string {
	t.Helper()
	var lines []string
	for _, row := range must(db.Rows(t.Context(), 4, `SELECT thread_id, last_at, kind, name FROM listing`))(t) {
		lines = append(lines, strings.Join(row, " "))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// listings is where threads are to be listed, worked out from their tags and
// messages.
func listings(t testing.TB, db *store.DB) string {
	t.Helper()
	var lines []string
	for _, thread := range must(db.Threads(t.Context(), store.ThreadQuery{Limit: 1000}))(t) {
		add := func(kind, name string) {
			lines = append(lines, fmt.Sprintln(thread.ID, thread.Last.UnixMicro(), kind, name))
		}
		for _, tag := range thread.Tags {
			add(string(tag.Tag.Kind), tag.Tag.Name)
		}
		msgs := must(db.ThreadMessages(t.Context(), thread.ID))(t)
		var lists []string
		alone := !msgs[0].Robot && !msgs[0].Own
		for _, m := range msgs {
			lists = append(lists, m.Lists...)
			if !m.Robot && !m.Own && !strings.EqualFold(m.Author.Addr, msgs[0].Author.Addr) {
				alone = false
			}
		}
		slices.Sort(lists)
		for _, l := range slices.Compact(lists) {
			add(":list", l)
		}
		waits := []sigpost.Nature{sigpost.NatureQuestion, sigpost.NatureProposal, sigpost.NatureDiscussion}
		if alone && slices.Contains(waits, sigpost.NatureOf(thread.Tags)) {
			add(":unanswered", "")
		}
	}
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// tag lets the classifier look at a thread, or a person decide on a tag of it.
func (a *archive) tag() {
	r, ctx := a.r, a.t.Context()
	threads := must(a.db.Threads(ctx, store.ThreadQuery{Limit: 1000}))(a.t)
	slices.SortFunc(threads, func(x, y sigpost.Thread) int { return int(x.ID - y.ID) })
	thread := threads[rapid.IntRange(0, len(threads)-1).Draw(r, "thread")]
	topic := rapid.SampledFrom([]sigpost.Tag{{Kind: "project", Name: "kuryr"}, {Kind: "project", Name: "magnum"}, {Kind: "own", Name: "kuryr"}})
	nature := rapid.Map(rapid.SampledFrom([]sigpost.Nature{"question", "proposal", "discussion", "announcement", "answered"}), sigpost.Nature.Tag)
	if rapid.Bool().Draw(r, "person") {
		tag, accept := nature.Draw(r, "nature"), true
		if rapid.Bool().Draw(r, "topic") {
			tag, accept = topic.Draw(r, "of"), rapid.Bool().Draw(r, "accept")
		}
		a.decisionsMade++
		a.told = append(a.told, fmt.Sprintf("ana says %t to %s of thread %d", accept, tag, thread.ID))
		check(a.t, a.db.Decide(ctx, thread.ID, tag, tag.Name, accept, "ana", "", hours(a.decisionsMade)))
		return
	}
	taggings := []sigpost.Tagging{{Tag: nature.Draw(r, "nature"), State: sigpost.TagAccepted}}
	for _, t := range rapid.SliceOfNDistinct(topic, 0, 2, rapid.ID).Draw(r, "topics") {
		taggings = append(taggings, sigpost.Tagging{Tag: t, State: rapid.SampledFrom([]sigpost.TaggingState{sigpost.TagAccepted, sigpost.TagProposed}).Draw(r, "state")})
	}
	a.told = append(a.told, fmt.Sprintf("thread %d is tagged %+v", thread.ID, taggings))
	check(a.t, a.db.SaveTaggings(ctx, thread.ID, thread.Revision, "v", taggings))
}
