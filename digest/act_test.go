package digest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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

// Leaving a thread out moves no other one, whatever the draft and its edits; putting it
// back does not either, and brings it back to where it was.
func TestDroppingMovesNoOtherThread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		composed := Compose(drawInput(t))
		if len(composed.Entries) == 0 {
			t.Skip("an empty draft")
		}
		edits := merged(drawEdits(t, composed), nil, nil)
		for range 3 {
			before := sequences(Apply(composed, edits))
			act := Act{Kind: rapid.SampledFrom([]ActKind{ActDrop, ActDrop, ActRestore}).Draw(t, "act"), ThreadID: rapid.SampledFrom(composed.Entries).Draw(t, "thread").ThreadID}
			save, undo, err := act.Edits(composed, edits)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range save {
				if _, err := CheckEdit(e); err != nil {
					t.Fatal(err)
				}
			}
			now := merged(edits, save, undo)
			after := sequences(Apply(composed, now))
			if was, is := restOf(before, act.ThreadID), restOf(after, act.ThreadID); was != is {
				t.Fatalf("%s %d: the others are\n%s and were\n%s with %+v", act.Kind, act.ThreadID, is, was, save)
			}
			if act.Kind == ActDrop && slices.ContainsFunc(before, func(s sequence) bool { return slices.Contains(s.threads, act.ThreadID) }) {
				back := Act{Kind: ActRestore, ThreadID: act.ThreadID}
				save, undo, err := back.Edits(composed, now)
				if err != nil {
					t.Fatal(err)
				}
				if restored := sequences(Apply(composed, merged(now, save, undo))); fmt.Sprint(restored) != fmt.Sprint(before) {
					t.Fatalf("put back, %d stands in\n%v and stood in\n%v", act.ThreadID, restored, before)
				}
			}
			edits = now
		}
	})
}

// restOf are the sections that tell of other threads than one, with those.
func restOf(all []sequence, but int64) string {
	var b strings.Builder
	for _, s := range all {
		var ids []int64
		for _, id := range s.threads {
			if id != but {
				ids = append(ids, id)
			}
		}
		if len(ids) > 0 {
			fmt.Fprintln(&b, s.title, ids)
		}
	}
	return b.String()
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
