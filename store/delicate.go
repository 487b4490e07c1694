package store

import (
	"context"
	"slices"

	"sigpost"
	"sigpost/thread"
)

// findDelicate finds the new messages whose thread is not simply that of what
// they refer to: people decided on them, they begin a thread of their own, or
// may do so, or have only their subject to go by.
func (b *batch) findDelicate(ctx context.Context) (map[*arrived]bool, error) {
	delicate := map[*arrived]bool{}
	for _, find := range []func(context.Context, map[*arrived]bool) error{
		b.findDecided, b.findOutward, b.findCutOff, b.findLooping, b.findBySubject,
	} {
		if err := find(ctx, delicate); err != nil {
			return nil, err
		}
	}
	return delicate, nil
}

// findDecided finds those that people named, or that refer to such a message.
func (b *batch) findDecided(ctx context.Context, delicate map[*arrived]bool) error {
	decisions, err := b.db.ThreadDecisions(ctx)
	if err != nil || len(decisions) == 0 {
		return err
	}
	named := map[key]bool{}
	for _, d := range decisions {
		named[keyOf(d.Message)], named[keyOf(d.Other)] = true, true
	}
	for _, m := range b.messages {
		delicate[m] = delicate[m] || named[m.key]
		for _, k := range m.refs {
			delicate[m] = delicate[m] || named[k]
		}
	}
	return nil
}

// findOutward finds those that another thread was cut off from, and those that
// refer to such a message.
func (b *batch) findOutward(ctx context.Context, delicate map[*arrived]bool) error {
	var keys [][]byte
	naming := map[key][]*arrived{}
	for _, m := range b.messages {
		for _, k := range append(slices.Clip(m.refs), m.key) {
			if naming[k] == nil {
				keys = append(keys, k[:])
			}
			naming[k] = append(naming[k], m)
		}
	}
	return inList(keys, 1, func(list string, args []any) error {
		return b.db.each(ctx, func(row scanner) error {
			var k []byte
			err := row.Scan(&k)
			for _, m := range naming[key(k)] {
				delicate[m] = true
			}
			return err
		}, `SELECT message_key FROM outward WHERE message_key IN `+list, args...)
	})
}

// findCutOff finds those that begin a thread of their own, or may turn out to
// do so when what they answer comes.
func (b *batch) findCutOff(ctx context.Context, delicate map[*arrived]bool) error {
	here := make(map[sigpost.MessageID]*sigpost.Message, len(b.messages))
	for _, m := range b.messages {
		here[m.MessageID] = m.Message
	}
	var candidates []*arrived
	var stored []int64
	for _, m := range b.messages {
		if parent := m.Parent(); parent != "" && thread.MayCutOff(m.Message) {
			candidates = append(candidates, m)
			if known := b.joiner.ids[keyOf(parent)]; known != nil && known.message != 0 {
				stored = append(stored, known.message)
			}
		}
	}
	parents, err := b.db.messagesByID(ctx, stored)
	if err != nil {
		return err
	}
	for _, p := range parents {
		here[p.MessageID] = p
	}
	for _, m := range candidates {
		if parent := here[m.Parent()]; parent == nil || thread.CutsOff(m.Message, parent) {
			delicate[m] = true
		}
	}
	return nil
}

// findLooping finds those that close a loop of references. Stored messages can
// be part of one where they refer to one that comes and that refers to
// anything that is here.
func (b *batch) findLooping(ctx context.Context, delicate map[*arrived]bool) error {
	refs := make(map[sigpost.MessageID][]sigpost.MessageID, len(b.messages))
	came := make(map[key]bool, len(b.messages))
	for _, m := range b.messages {
		refs[m.MessageID], came[m.key] = m.References, true
	}
	var threads []int64
	for _, m := range b.messages {
		known := b.joiner.ids[m.key]
		if known != nil && known.ghost && slices.ContainsFunc(m.refs, func(k key) bool {
			return came[k] || b.joiner.ids[k] != nil // a ghost can be part of a loop, too
		}) {
			threads = append(threads, known.thread)
		}
	}
	threads = slices.Compact(slices.Sorted(slices.Values(threads)))
	err := inList(threads, 1, func(list string, args []any) error {
		return b.db.each(ctx, func(row scanner) error {
			var id sigpost.MessageID
			var packed string
			err := row.Scan(&id, &packed)
			refs[id] = unpack[sigpost.MessageID](packed)
			return err
		}, `SELECT message_id, refs FROM messages WHERE refs <> '' AND thread_id IN `+list, args...)
	})
	if err != nil {
		return err
	}
	loops := looping(refs)
	for _, m := range b.messages {
		if loops[m.MessageID] > 0 {
			delicate[m] = true
		}
	}
	return nil
}

// looping gives the messages whose references lead into a loop: what is left
// when those that refer to nothing that is left are taken away, one by one. What
// stands in a row of references answers what stands before it (RFC 5322, section
// 3.6.4), whether it has been seen or not.
func looping(of map[sigpost.MessageID][]sigpost.MessageID) map[sigpost.MessageID]int {
	refs := make(map[sigpost.MessageID][]sigpost.MessageID, len(of))
	for id, row := range of {
		refs[id] = append(refs[id], row...)
		for i := 1; i < len(row); i++ {
			if row[i] != row[i-1] {
				refs[row[i]] = append(refs[row[i]], row[i-1])
			}
		}
	}
	open := make(map[sigpost.MessageID]int, len(refs)) // how many of its references are left
	answers := make(map[sigpost.MessageID][]sigpost.MessageID, len(refs))
	var ends []sigpost.MessageID
	for id, all := range refs {
		for _, ref := range all {
			if _, here := refs[ref]; here {
				open[id]++
				answers[ref] = append(answers[ref], id)
			}
		}
		if open[id] == 0 {
			ends = append(ends, id)
		}
	}
	for len(ends) > 0 {
		end := ends[len(ends)-1]
		ends = ends[:len(ends)-1]
		for _, id := range answers[end] {
			if open[id]--; open[id] == 0 {
				delete(open, id)
				ends = append(ends, id)
			}
		}
	}
	return open
}

// findBySubject finds answers without references that join another message by
// their subject, and messages that such answers join which are stored.
func (b *batch) findBySubject(ctx context.Context, delicate map[*arrived]bool) error {
	all := make([]bySubject, len(b.messages))
	alike := map[int64]int{}
	for i, m := range b.messages {
		all[i] = bySubject{m.Message, m.subjectKey}
		alike[m.subjectKey]++
	}
	_, joining, err := b.db.answersBySubject(ctx, all)
	if err != nil {
		return err
	}
	for _, m := range b.messages {
		if delicate[m] = delicate[m] || joining[m.Message]; delicate[m] || !lost(m.Message) {
			continue
		}
		if alike[m.subjectKey] > 1 {
			delicate[m] = true
			continue
		}
		may, err := b.db.mayJoin(ctx, m.Message)
		if err != nil {
			return err
		}
		delicate[m] = may
	}
	return nil
}
