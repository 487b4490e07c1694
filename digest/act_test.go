package digest

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sigpost"
)

// Whatever was done to a draft before: an act does what it says, and the others stay
// where they were.
func TestActs(t *testing.T) {
	composed := richIssue(t)
	var ids []int64
	for _, e := range composed.Entries {
		ids = append(ids, e.ThreadID)
	}
	rapid.Check(t, func(t *rapid.T) {
		edits := merged(drawEdits(t, composed), nil, nil)
		before := sequences(Apply(composed, edits))
		act := Act{ThreadID: rapid.SampledFrom(ids).Draw(t, "thread"),
			Kind: rapid.SampledFrom([]ActKind{ActPin, ActUnpin, ActDrop, ActRestore, ActUp, ActDown, ActMove, ActWords, ActSectionUp, ActSectionDown, ActRename}).Draw(t, "act")}
		switch act.Kind {
		case ActMove:
			act.Text = rapid.SampledFrom(append(titlesOf(before), "Jobs", "New here")).Draw(t, "title")
		case ActRename, ActSectionUp, ActSectionDown:
			if len(before) == 0 {
				t.Skip("everything is left out")
			}
			act.ThreadID, act.Section, act.Text = 0, rapid.SampledFrom(titlesOf(before)).Draw(t, "section"), "New here"
		case ActWords:
			act.Headline, act.Summary, act.Note = "In other words", "Short.", ""
		}
		save, undo, err := act.Edits(composed, edits)
		if err != nil {
			if !errors.Is(err, ErrAct) {
				t.Fatal(err)
			}
			return
		}
		now := merged(edits, save, undo)
		if len(save)+len(undo) == 0 && Version(composed, edits) != Version(composed, now) {
			t.Fatalf("%d saved, %d taken back, and the version is %s", len(save), len(undo), Version(composed, now))
		}
		checkAct(t, act, before, Apply(composed, now))
	})
}

func checkAct(t *rapid.T, act Act, before []sequence, issue sigpost.Issue) {
	after := sequences(issue)
	under := func(all []sequence) (title string, at int) {
		for _, s := range all {
			if i := slices.Index(s.threads, act.ThreadID); i >= 0 {
				return s.title, i
			}
		}
		return "", -1
	}
	wasUnder, was := under(before)
	isUnder, is := under(after)
	entry := slices.IndexFunc(issue.Entries, func(e sigpost.Entry) bool { return e.ThreadID == act.ThreadID })
	ok := true
	switch act.Kind {
	case ActPin:
		ok = entry < 0 || issue.Entries[entry].Pinned
	case ActUnpin:
		ok = entry < 0 || !issue.Entries[entry].Pinned
	case ActDrop:
		ok = entry < 0
	case ActRestore:
		ok = entry >= 0
	case ActUp:
		ok = isUnder == wasUnder && is == was-1
	case ActDown:
		ok = isUnder == wasUnder && is == was+1
	case ActMove:
		ok = isUnder == act.Text
	case ActWords:
		ok = entry < 0 || Told(issue, issue.Entries[entry]) == act.Headline && issue.Entries[entry].Summary == act.Summary && issue.Entries[entry].Note == ""
	case ActRename:
		at, now := slices.Index(titlesOf(before), act.Section), slices.Index(titlesOf(after), act.Text)
		ok = now >= 0 && !slices.Contains(titlesOf(after), act.Section) && (slices.Contains(titlesOf(before), act.Text) || now == at)
	case ActSectionUp:
		ok = slices.Index(titlesOf(after), act.Section) == slices.Index(titlesOf(before), act.Section)-1
	case ActSectionDown:
		ok = slices.Index(titlesOf(after), act.Section) == slices.Index(titlesOf(before), act.Section)+1
	}
	if !ok {
		t.Fatalf("%+v made\n%v of\n%v", act, after, before)
	}
}

// What cannot be done is said in words.
func TestActsThatCannotBe(t *testing.T) {
	composed := richIssue(t)
	first := sequences(composed)[0]
	for name, act := range map[string]Act{
		"a thread that is gone": {Kind: ActPin, ThreadID: 4711},
		"above the first":       {Kind: ActUp, ThreadID: first.threads[0]},
		"to nowhere":            {Kind: ActMove, ThreadID: first.threads[0]},
		"to what is left out":   {Kind: ActMove, ThreadID: first.threads[0], Text: LeftOut},
		"to where it is":        {Kind: ActMove, ThreadID: first.threads[0], Text: first.title},
		"no section":            {Kind: ActRename, Section: "Nowhere", Text: "Here"},
		"the first section":     {Kind: ActSectionUp, Section: first.title},
		"text of nothing":       {Kind: ActText, Text: "Words"},
		"nonsense":              {Kind: "fly", ThreadID: first.threads[0]},
	} {
		if _, _, err := act.Edits(composed, nil); !errors.Is(err, ErrAct) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
