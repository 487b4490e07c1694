package app

import (
	"context"
	"strings"
	"testing"

	"sigpost"
	"sigpost/store"
)

// natures are those of all threads, by the first words of their subjects.
func (w *world) natures(a *App) map[string]sigpost.Nature {
	w.t.Helper()
	threads, err := a.Store.Threads(context.Background(), store.ThreadQuery{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	all := map[string]sigpost.Nature{}
	for _, t := range threads {
		all[strings.Join(strings.Fields(t.Subject)[:2], " ")] = sigpost.NatureOf(t.Tags)
	}
	return all
}

func TestEveryThreadGetsItsNature(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world) {
		a := w.open()
		ctx := context.Background()
		if _, err := a.Ingest(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Classify(ctx); err != nil {
			t.Fatal(err)
		}
		natures := w.natures(a)
		for subject, want := range map[string]sigpost.Nature{
			"[ci] conformance-openstack-mitaka-nightly": sigpost.NatureRobot,
			"[ANNOUNCE] heat-kube":                      sigpost.NatureRelease,
			"Magnm: a":                                  sigpost.NatureAnswered,
			"Murano: Kubernetes":                        sigpost.NatureQuestion,
			"[kolla][kubernetes] Spec:":                 sigpost.NatureDecision,
			"Austin: working":                           sigpost.NatureMeeting,
			"OpenStack on":                              sigpost.NatureDiscussion,
		} {
			if natures[subject] != want {
				t.Errorf("%q is of nature %q, want %q", subject, natures[subject], want)
			}
		}
		for subject, nature := range natures {
			if nature.Title() == "" {
				t.Errorf("%q has the nature %q", subject, nature)
			}
		}
	})
}

// A person's decision on a nature outlives another look at the thread.
func TestADecidedNatureStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	ctx := context.Background()
	w.run(a)
	questions, err := a.Store.Threads(ctx, store.ThreadQuery{Tag: sigpost.NatureQuestion.Tag()})
	if err != nil || len(questions) == 0 {
		t.Fatalf("%d questions: %v", len(questions), err)
	}
	of := questions[0].ID
	if err := a.Store.Decide(ctx, of, sigpost.NatureProposal.Tag(), "Proposal", true, "ada", "it is one", w.clock()); err != nil {
		t.Fatal(err)
	}
	a.taggers.last.version = "another"
	if _, err := a.Classify(ctx); err != nil {
		t.Fatal(err)
	}
	again, err := a.Store.Thread(ctx, of)
	if err != nil || sigpost.NatureOf(again.Tags) != sigpost.NatureProposal {
		t.Errorf("its tags are %+v: %v", again.Tags, err)
	}
}

// What one reader follows may be a nature, written with its kind.
func TestAReaderFollowsANature(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open()
	w.subscribe(a, "ana@readers.example.org", "nature:question")
	for word, says := range map[string]string{
		"question":        "there is no topic",
		"nature:qestion":  `did you mean "nature:question"?`,
		"nature:nonsense": "there are robot, advisory",
	} {
		_, err := a.Subscribe(context.Background(), w.digest(a), NewReader{Address: "ben@readers.example.org", Topics: []string{word}, Consent: "yes"})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", word, err)
		}
	}
	w.run(a)
	letter := w.letters()[0]
	if !strings.Contains(letter.Data, "Murano: Kubernetes package keeps") || strings.Contains(letter.Data, "heat-kube 0.4.0") {
		t.Errorf("the letter is %s", letter.Data)
	}
	if strings.Contains(letter.Data, "Tags: Needs") || strings.Contains(letter.Data, ", Needs an answer") {
		t.Error("a nature stands among the topics")
	}
	for name := range a.Topics() {
		if strings.HasPrefix(name, "nature:") {
			t.Errorf("%s is listed as a topic", name)
		}
	}
}
