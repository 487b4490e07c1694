package app

import (
	"context"
	"slices"
	"testing"

	"sigpost"
)

// A taxonomy may know a list by its name or by its List-Id, so the classifier
// gets both, each once.
func TestDocumentsCarryTheirLists(t *testing.T) {
	t.Parallel()
	a := &App{fresh: newFreshTexts()}
	messages := map[int64][]sigpost.Message{1: {
		{MessageID: "1@x", Lists: []string{"garden", "tools.lists.example.org"}, ListIDs: []string{"garden.lists.example.org", "tools.lists.example.org"}},
		{MessageID: "2@x"},
	}}
	a.fresh.begin()
	a.fresh.keep([]*sigpost.Message{&messages[1][0], &messages[1][1]})
	docs, err := a.documents(context.Background(), []sigpost.Thread{{ID: 1}}, messages)
	if err != nil || len(docs) != 1 || len(docs[0]) != 2 {
		t.Fatalf("%v %v", docs, err)
	}
	if want := []string{"garden", "tools.lists.example.org", "garden.lists.example.org"}; !slices.Equal(docs[0][0].Lists, want) || docs[0][1].Lists != nil {
		t.Errorf("got %q and %q, want %q and none", docs[0][0].Lists, docs[0][1].Lists, want)
	}
}
