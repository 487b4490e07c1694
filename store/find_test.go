package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost"
	"sigpost/search"
	"sigpost/store"
)

// tagged says which threads of the archive of findable have which tags.
var tagged = map[string][]string{"a": {"project:nova", "nature:question"}, "d": {"project:neutron", "scenario:nova"}, "e": {"nature:discussion"}, "f": {"nature:question"}}

// findable is an archive of a few threads whose messages differ in all that can be
// asked for.
func findable(t testing.TB, db *store.DB) {
	t.Helper()
	with := func(id string, hour int, list, text string, change func(*sigpost.Message), refs ...sigpost.MessageID) {
		a := letter(id, hour, "About "+id, text)
		a.List, a.Message.References = list, refs
		if change != nil {
			change(a.Message)
		}
		add(t, db, a)
	}
	with("a", 0, "sig", "red green", nil)
	with("b", 30, "sig", "red blue", func(m *sigpost.Message) { m.Author = sigpost.Address{Name: "Grace", Addr: "grace@example.org"} }, "a")
	with("c", 60, "other", "green blue", func(m *sigpost.Message) { m.Attachments = []sigpost.Attachment{{Name: "log", Type: "text/plain"}} }, "a")
	with("d", 20, "sig", "red green blue", func(m *sigpost.Message) { m.Robot = true })
	with("e", 90, "other", "blue", func(m *sigpost.Message) { m.Subject = "Red things" })
	with("f", 90, "sig", "", func(m *sigpost.Message) { m.Robot, m.Attachments = true, []sigpost.Attachment{{}} })
	for id, tags := range tagged {
		m := stored(t, db, id)
		thread := must(db.Thread(t.Context(), m.ThreadID))(t)
		var taggings []sigpost.Tagging
		for _, name := range tags {
			tag, _ := sigpost.ParseTag(name)
			taggings = append(taggings, sigpost.Tagging{Tag: tag, Title: strings.ToUpper(tag.Name), Score: 1, State: sigpost.TagAccepted})
		}
		check(t, db.SaveTaggings(t.Context(), thread.ID, thread.Revision, "v", taggings))
	}
}

func TestFindByFields(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		findable(t, db)
		for query, want := range map[string]string{
			"tag:project:nova": "c b a", "tag:nova": "c b d a", "project:nova red": "b a", "-tag:nova": "f e", "nature:question": "f c b a",
			"is:unanswered": "e", "-is:unanswered blue": "c b d", "list:other": "e c", "-list:other red": "b d a", "list:nowhere": "",
			"has:attachment": "f c", "-has:attachment": "e b d a", "is:robot": "f d", "is:robot has:attachment": "f", "is:robot red": "d",
			"from:grace": "b", "from:grace OR list:other": "e c b", "tag:project:neutron OR red": "e b d a", "(tag:nova OR blue) -red": "c",
			"after:2016-04-06": "f e c", "after:2016-04-06 before:2016-04-07": "c", "-after:2016-04-06 list:sig": "b d a",
			"before:2016-04-05 OR from:grace": "b a", "tag:nova -list:sig": "c", "nature:discussion blue": "e", "list:other nature:question": "c",
		} {
			q := search.Parse(query, search.Names{Kinds: []sigpost.TagKind{"project", "scenario"}})
			if got := hitIDs(find(t, db, store.Find{Query: q})); got != want {
				t.Errorf("%s finds %q, want %q", query, got, want)
			}
			mail, more, err := db.FoundMail(t.Context(), q, 100)
			if err != nil || more || len(mail) != len(strings.Fields(want)) {
				t.Errorf("%s: %d messages as they came, more: %t, %v", query, len(mail), more, err)
			}
			var pages []string
			for after := ""; ; {
				page := find(t, db, store.Find{Query: q, Limit: 1, After: after})
				pages = append(pages, hitIDs(page))
				if after = page.Next; after == "" {
					break
				}
			}
			if got := strings.Join(pages, " "); got != want {
				t.Errorf("%s, page by page, finds %q, want %q", query, got, want)
			}
		}
	})
}

// What is found in a few candidates is found in many also.
func TestFindAmongMany(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		findable(t, db)
		var many []sigpost.Arrival
		for i := range 1200 {
			many = append(many, letter(fmt.Sprintf("n%d", i), 100+i, "Noise", "red noise"))
		}
		add(t, db, many...)
		for query, want := range map[string]string{
			"tag:project:nova": "c b a", "tag:nova -list:sig": "c", "red tag:nova": "b d a", "list:other red": "e", "red list:sig nature:question": "b a",
			"tag:nova after:2016-04-05": "c b d", "-noise": "f e c b d a", "red -noise": "e b d a", "tag:nova -noise": "c b d a", "tag:nova has:attachment": "c",
			"(tag:nova OR list:other) -noise": "e c b d a", "-tag:nova -noise": "f e",
		} {
			found := find(t, db, store.Find{Query: search.Parse(query, search.Names{}), Limit: 10})
			if got := hitIDs(found); got != want || found.Count != len(found.Hits) || found.Uncounted {
				t.Errorf("%s finds %q of %d, want %q", query, got, found.Count, want)
			}
		}
		found := find(t, db, store.Find{Query: search.Parse("red", search.Names{})})
		if len(found.Hits) != 25 || found.Count != 250 || !found.Uncounted || found.Next == "" {
			t.Errorf("of many, %d are shown of %d", len(found.Hits), found.Count)
		}
		found = find(t, db, store.Find{Query: search.Parse("red", search.Names{}), ByRelevance: true})
		if len(found.Hits) != 25 || found.Hits[0].MessageID != "e" || !found.Uncounted || found.Ranked != 251 {
			t.Errorf("the best of many are %s of %d", hitIDs(found), found.Ranked)
		}
	})
}

func TestFindByRelevance(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		filler := strings.Repeat("nothing of it ", 20)
		for i, text := range []string{"heat heat heat " + filler, filler + "heat", "heat " + filler} {
			add(t, db, letter(fmt.Sprint("t", i), i, "Bays", text))
		}
		add(t, db, letter("s", -5, "Heat", filler), letter("n", 9, "Bays", filler))
		q := store.Find{Query: search.Parse("heat", search.Names{}), ByRelevance: true}
		if got := hitIDs(find(t, db, q)); got != "s t0 t2 t1" {
			t.Errorf("ranked %s", got)
		}
		q.Limit = 2
		first := find(t, db, q)
		if first.Count != 4 || first.Uncounted || first.Ranked != 0 {
			t.Errorf("counted %+v", first)
		}
		add(t, db, letter("late", 20, "Heat", "heat heat"))
		q.After = first.Next
		if later := find(t, db, q); later.Count != 0 || later.Uncounted {
			t.Errorf("a later page counts %d", later.Count)
		}
		if got := hitIDs(find(t, db, q)); hitIDs(first) != "s t0" || got != "t2 t1" {
			t.Errorf("pages are %s and %s", hitIDs(first), got)
		}
		for _, place := range []string{"!", "1.2", "1.2.!", "-1", strings.Repeat("z", 40), "1.0.1"} {
			q.After = place
			if _, err := db.Find(t.Context(), q); !errors.Is(err, sigpost.ErrUsage) {
				t.Errorf("the page behind %q: %v", place, err)
			}
		}
	})
}

func TestHits(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		findable(t, db)
		h := find(t, db, store.Find{Query: search.Parse("about c", search.Names{})}).Hits[0]
		if h.Subject != "About c" || h.Author.Addr != "ada@example.org" || !h.Received.Equal(hours(60)) || h.Robot || len(h.Attachments) != 1 || h.Words != "green blue" ||
			h.ThreadSubject != "About a" || h.ThreadMessages != 3 || len(h.Tags) != 2 || h.Tags[1].Title != "NOVA" || fmt.Sprint(h.Lists) != "[other]" || h.ThreadID == 0 || h.ID == 0 {
			t.Errorf("found %+v", h)
		}
	})
}

// A search ends when its time is over, and says so.
func TestFindEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		findable(t, db)
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		if _, err := db.Find(ctx, store.Find{Query: search.Parse("red", search.Names{})}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v", err)
		}
	})
}

// meant says whether a query means a message of findable: what the store answers
// has to be that.
func meant(n *search.Node, m *sigpost.Message, tags []string) bool {
	switch n.Op {
	case search.And:
		return !slices.ContainsFunc(n.Of, func(c *search.Node) bool { return !meant(c, m, tags) })
	case search.Or:
		return slices.ContainsFunc(n.Of, func(c *search.Node) bool { return meant(c, m, tags) })
	case search.Not:
		return !meant(n.Of[0], m, tags)
	}
	holds := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(text string) bool {
			return strings.Contains(" "+strings.Join(search.Words(search.Fold(text)), " ")+" ", " "+search.Fold(strings.Join(n.Words, " "))+" ")
		})
	}
	author := m.Author.Name + " " + m.Author.Addr
	switch n.Field {
	case search.Anywhere:
		return holds(m.Subject, author, m.NewText())
	case search.FieldFrom:
		return holds(author)
	case search.FieldSubject:
		return holds(m.Subject)
	case search.FieldBefore:
		return m.Received.Before(n.Time)
	case search.FieldAfter:
		return !m.Received.Before(n.Time)
	case search.FieldList:
		return slices.Contains(m.Lists, n.Value)
	case search.FieldHas:
		return len(m.Attachments) > 0
	}
	if n.Field == search.FieldIs && n.Value == search.Robot {
		return m.Robot
	}
	if n.Field == search.FieldIs {
		return slices.Contains(tags, "nature:discussion") // d and f are programs', a is answered
	}
	return slices.ContainsFunc(n.Tags, func(tag sigpost.Tag) bool {
		return slices.ContainsFunc(tags, func(has string) bool {
			return has == tag.String() || tag.Kind == "" && strings.HasSuffix(has, ":"+tag.Name)
		})
	})
}

// Both engines find what a query means, whatever its shape.
func TestFindsWhatIsMeant(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		findable(t, db)
		var all []sigpost.Message
		for _, id := range []string{"f", "e", "c", "b", "d", "a"} {
			m := stored(t, db, id)
			m.Text = map[string]string{"a": "red green", "b": "red blue", "c": "green blue", "d": "red green blue", "e": "blue"}[id]
			m.Ranges = []sigpost.Range{{Kind: sigpost.RangeNew, End: len(m.Text)}}
			all = append(all, m)
		}
		word := rapid.SampledFrom([]string{"red", "green", "blue", "about", `"red green"`, "-blue", "from:grace", "-from:ada", "subject:red", "tag:nova", "-tag:project:nova", "list:sig",
			"has:attachment", "is:robot", "-is:unanswered", "before:2016-04-05", "-after:2016-04-06", "OR", "OR", "-(", "(", "(", ")", ")", "NOT"})
		rapid.Check(t, func(rt *rapid.T) {
			q := search.Parse(strings.Join(rapid.SliceOfN(word, 1, 10).Draw(rt, "words"), " "), search.Names{})
			if q.Root == nil || q.Bad() != nil {
				return
			}
			var want []string
			for _, m := range all {
				thread := map[string]string{"b": "a", "c": "a"}[string(m.MessageID)]
				if thread == "" {
					thread = string(m.MessageID)
				}
				if meant(q.Root, &m, tagged[thread]) {
					want = append(want, string(m.MessageID))
				}
			}
			found, err := db.Find(context.Background(), store.Find{Query: q})
			if err != nil || hitIDs(found) != strings.Join(want, " ") {
				rt.Fatalf("%s finds %q, want %q; %v", q.String(), hitIDs(found), want, err)
			}
		})
	})
}
