package app

import (
	"context"
	"fmt"
	"strings"

	"sigpost"
	"sigpost/store"
)

// ThreadTags are the tags of a thread as they hold, and what people decided on
// them.
type ThreadTags struct {
	Thread    int64             `json:"thread"`
	Subject   string            `json:"subject"`
	Tags      []sigpost.Tagging `json:"tags"`
	Decisions []TagDecision     `json:"decisions"`
}

// TagDecision is what a person decided on a tag.
type TagDecision struct {
	Tag    sigpost.Tag `json:"tag"`
	Accept bool        `json:"accept"`
	Who    string      `json:"who"`
	Why    string      `json:"why"`
	At     string      `json:"at"` // RFC 3339
}

// DecideTag notes that a person accepts or rejects a tag of a thread, for good,
// and gives the thread's tags. The thread is named by its number or the Message-ID
// of a message in it, the tag by any of its names. It takes no lock, so that a
// reviewer need not wait for a run; drafts that tell of the thread are composed
// anew by FreshenDrafts.
func (a *App) DecideTag(ctx context.Context, thread, tag string, accept bool, who, why string) (tags ThreadTags, err error) {
	named, title, err := a.tagNamed(tag)
	if err != nil {
		return ThreadTags{}, err
	}
	m, err := a.messageOf(ctx, thread)
	if err != nil {
		return ThreadTags{}, err
	}
	err = a.Store.Tx(ctx, func(tx *store.DB) error { return a.decideTag(ctx, tx, m.ThreadID, named, title, accept, who, why) })
	if err != nil {
		return ThreadTags{}, err
	}
	a.wakeDrafts()
	return a.threadTags(ctx, m.ThreadID)
}

// ThreadTags gives the tags of a thread, which is named as in DecideTag.
func (a *App) ThreadTags(ctx context.Context, thread string) (ThreadTags, error) {
	m, err := a.messageOf(ctx, thread)
	if err != nil {
		return ThreadTags{}, err
	}
	return a.threadTags(ctx, m.ThreadID)
}

func (a *App) threadTags(ctx context.Context, id int64) (ThreadTags, error) {
	t, err := a.Store.Thread(ctx, id)
	if err != nil {
		return ThreadTags{}, err
	}
	all, err := a.Store.Taggings(ctx, []int64{id})
	if err != nil {
		return ThreadTags{}, err
	}
	decisions, err := a.Store.Decisions(ctx, id)
	tags := ThreadTags{Thread: id, Subject: t.Subject, Tags: append([]sigpost.Tagging{}, all[id]...), Decisions: []TagDecision{}}
	for _, d := range decisions {
		tags.Decisions = append(tags.Decisions, tagDecisionOf(d))
	}
	return tags, err
}

func tagDecisionOf(d store.Decision) TagDecision {
	return TagDecision{Tag: d.Tag, Accept: d.Accept, Who: d.Who, Why: d.Why, At: d.At.UTC().Format("2006-01-02T15:04:05Z")}
}

// tagNamed finds the one tag that goes by a name, which may be a nature.
func (a *App) tagNamed(name string) (sigpost.Tag, string, error) {
	nature := strings.TrimPrefix(name, string(sigpost.KindNature)+":")
	tags := a.taxonomy.Named(name)
	switch {
	case len(tags) == 1:
		return tags[0], a.taxonomy.Titles()[tags[0].String()], nil
	case len(tags) > 1:
		var names []string
		for _, tag := range tags {
			names = append(names, tag.String())
		}
		return sigpost.Tag{}, "", sigpost.Usage(fmt.Errorf("%q is the name of %d tags: write %s", name, len(tags), strings.Join(names, " or ")))
	case sigpost.Nature(nature).Title() != "":
		return sigpost.Nature(nature).Tag(), sigpost.Nature(nature).Title(), nil
	case nature != name:
		return sigpost.Tag{}, "", sigpost.Usage(fmt.Errorf("there is no nature %q; there are %v", nature, sigpost.Natures()))
	}
	return sigpost.Tag{}, "", noSuchTag(a.taxonomy, name)
}
