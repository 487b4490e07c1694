package web

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"slices"
	"testing"

	"sigpost"
	"sigpost/bench/web/corpus"
	"sigpost/store"
)

// page is something to ask for, of which there are many: one is picked at random
// each time.
type page struct {
	name string
	// paths are at sigpost, peers at public-inbox; none where it has no such page.
	paths, peers []string
	// goal is what is to be reached: median and 99th percentile in ms; 0 for none.
	median, p99 float64
}

// picks is how many of a kind of page there are to pick from.
const picks = 400

// found is what there is in an archive to ask for.
type found struct {
	threads, largest []sigpost.Thread
	messages         []sigpost.MessageID // one of each of threads
	roots            []sigpost.MessageID // the first of each of largest
	topics           []sigpost.Tag
}

// look finds threads of ordinary size, the largest, and what else pages are of.
func look(t *testing.T, db *store.DB) (f found) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 1))
	var all []sigpost.Thread
	q := store.ThreadQuery{Limit: 1000}
	for {
		list, err := db.ListThreads(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, list.Threads...)
		if q.Before = list.Next; q.Before == (store.ThreadPosition{}) {
			break
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, thread := range all {
		if thread.Messages >= 2 && thread.Messages <= 20 && len(f.threads) < picks {
			f.threads = append(f.threads, thread)
		}
	}
	slices.SortStableFunc(all, func(a, b sigpost.Thread) int { return b.Messages - a.Messages })
	f.largest = all[:min(20, len(all))]
	first := func(thread sigpost.Thread, which func(n int) int) sigpost.MessageID {
		msgs, err := db.Outline(t.Context(), thread.ID)
		if err != nil || len(msgs) == 0 {
			t.Fatal(err, thread)
		}
		return msgs[which(len(msgs))].MessageID
	}
	for _, thread := range f.threads {
		f.messages = append(f.messages, first(thread, random.IntN))
	}
	for _, thread := range f.largest {
		f.roots = append(f.roots, first(thread, func(int) int { return 0 }))
	}
	counts, err := db.TagCounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range counts {
		f.topics = append(f.topics, c.Tag)
	}
	return f
}

func each[E any](all []E, path func(E) string) []string {
	paths := make([]string, len(all))
	for i, e := range all {
		paths[i] = path(e)
	}
	return paths
}

// escaped is a Message-ID in a path.
func escaped(id sigpost.MessageID) string { return url.PathEscape(string(id)) }

// searches are paths of queries: at sigpost, and at public-inbox.
func searches(queries ...string) []string {
	return each(queries, func(q string) string { return "/search?" + url.Values{"q": {q}}.Encode() })
}

func peerSearches(queries ...string) []string {
	return each(queries, func(q string) string { return "/list/?" + url.Values{"q": {q}}.Encode() })
}

// pages are what is measured.
func (f found) pages() []page {
	people := []string{"person7", "person40", "person300"}
	days := []int{100, 200, 300, 7}
	day := func(n int, layout string) string { return corpus.End.AddDate(0, 0, -n).Format(layout) }
	thread := func(t sigpost.Thread) string { return fmt.Sprint("/threads/", t.ID) }
	topic := func(t sigpost.Tag) string { return "/topics/" + string(t.Kind) + "/" + t.Name }
	filters := func(t sigpost.Tag) string {
		return "/threads?" + url.Values{"topic": {t.String()}, "list": {corpus.Lists[1]}, "nature": {"question"}, "after": {day(700, "2006-01-02")}}.Encode()
	}
	return []page{
		{"rare word", searches(corpus.RareWord), peerSearches(corpus.RareWord), 3, 12},
		{"common word", searches(corpus.CommonWord), peerSearches(corpus.CommonWord), 3, 12},
		{"phrase", searches(`"` + corpus.Phrase + `"`), peerSearches(`"` + corpus.Phrase + `"`), 3, 12},
		{"from:", each(people, func(p string) string { return searches("from:" + p)[0] }), each(people, func(p string) string { return peerSearches("f:" + p)[0] }), 3, 12},
		{"seven days", each(days, func(n int) string {
			return searches("after:" + day(n, "2006-01-02") + " before:" + day(n-7, "2006-01-02"))[0]
		}), each(days, func(n int) string { return peerSearches("d:" + day(n, "20060102") + ".." + day(n-7, "20060102"))[0] }), 3, 12},
		{"threads", []string{"/threads"}, []string{"/list/"}, 2, 8},
		{"topic", each(f.topics, topic), nil, 2, 8},
		{"list", each(corpus.Lists, func(l string) string { return "/lists/" + l }), nil, 2, 8},
		{"threads, four filters", each(f.topics[:min(20, len(f.topics))], filters), nil, 2, 8},
		{"home", []string{"/"}, nil, 0, 0},
		{"ordinary thread", each(f.threads, thread), each(f.messages, func(id sigpost.MessageID) string { return "/list/" + escaped(id) + "/t/" }), 3, 12},
		{"largest threads", each(f.largest, thread), each(f.roots, func(id sigpost.MessageID) string { return "/list/" + escaped(id) + "/t/" }), 25, 80},
		{"raw message", each(f.messages, func(id sigpost.MessageID) string { return "/m/" + escaped(id) + "/raw" }), each(f.messages, func(id sigpost.MessageID) string { return "/list/" + escaped(id) + "/raw" }), 0, 0},
		{"permalink", each(f.messages, func(id sigpost.MessageID) string { return "/m/" + escaped(id) }), nil, 0, 0},
		{"feed", []string{"/feed"}, []string{"/list/new.atom"}, 0, 0},
		{"API: threads", []string{"/api/v1/threads"}, nil, 0, 0},
		{"API: thread", each(f.threads, func(t sigpost.Thread) string { return fmt.Sprint("/api/v1/threads/", t.ID) }), nil, 0, 0},
	}
}

// archiveOf is an archive of the corpus, which is made where it is not there.
func archiveOf(t *testing.T, name string, size int) (dsn string, f found) {
	t.Helper()
	dsn = name
	if dsn == "" {
		dsn = filepath.Join(t.TempDir(), "bench.db")
	}
	db, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	n, _, _, err := db.CountMessages(t.Context())
	if err == nil && n == 0 {
		err = corpus.Fill(t.Context(), db, corpus.Options{Messages: size})
		n = size
	}
	if err != nil || n != size {
		t.Fatalf("the archive %s has %d messages, not %d; %v", dsn, n, size, err)
	}
	return dsn, look(t, db)
}
