// Package web measures the pages at the socket.
package web

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigpost"
	"sigpost/bench/web/corpus"
	"sigpost/search"
	"sigpost/store"
	"sigpost/web"
)

var (
	messages = flag.Int("messages", 0, "how many messages the archive is to have that is measured; 0 for none")
	keep     = flag.String("archive", "", "a file for the archive, which is made if it is not there; postgres:// URLs are taken")
	requests = flag.Int("requests", 200, "how often each page is asked for")
)

// archive is one of the corpus, filled once.
func archive(t *testing.T) *store.DB {
	t.Helper()
	if *messages == 0 {
		t.Skip("measured with -messages 100000 only: see bench/README.md")
	}
	dsn := *keep
	if dsn == "" {
		dsn = filepath.Join(t.TempDir(), "bench.db")
	}
	db, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if n, _, _, err := db.CountMessages(t.Context()); err != nil || n > 0 {
		if err != nil || n != *messages {
			t.Fatalf("the archive has %d messages; %v", n, err)
		}
		return db
	}
	begin := time.Now()
	if err := corpus.Fill(t.Context(), db, corpus.Options{Messages: *messages}); err != nil {
		t.Fatal(err)
	}
	size := ""
	if info, err := os.Stat(dsn); err == nil {
		size = fmt.Sprintf(", %d MB", info.Size()>>20)
	}
	t.Logf("%d messages stored in %v%s", *messages, time.Since(begin).Round(time.Second), size)
	return db
}

func site(t *testing.T, db *store.DB) *httptest.Server {
	t.Helper()
	titles := map[string]string{}
	for _, tag := range corpus.Tags() {
		titles[tag.String()] = tag.Name
	}
	handler, err := web.New(web.Options{Title: "Bench", Store: db, Titles: titles, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), SearchNames: func(context.Context) search.Names {
		return search.Names{Now: corpus.End, Tags: tagNamed, Kinds: []sigpost.TagKind{sigpost.KindProject, sigpost.KindScenario}}
	}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// TestSearchSpeed asks for searches, one after the other, over a connection that
// stays, on one core that the client shares.
func TestSearchSpeed(t *testing.T) {
	db := archive(t)
	server := site(t, db)
	runtime.GOMAXPROCS(1)
	day := func(n int) string { return corpus.End.AddDate(0, 0, -n).Format(time.DateOnly) }
	for _, c := range []struct {
		name    string
		queries []string
		order   string
	}{
		{"rare word", []string{corpus.RareWord}, ""},
		{"various words", various(), ""},
		{"common word", []string{corpus.CommonWord}, ""},
		{"phrase", []string{`"` + corpus.Phrase + `"`}, ""},
		{"from:", []string{"from:person7", "from:person40", "from:person300@example.org"}, ""},
		{"seven days", []string{"after:7d", "after:" + day(100) + " before:" + day(93)}, ""},
		{"common word, seven days", []string{corpus.CommonWord + " after:" + day(100) + " before:" + day(93)}, ""},
		{"OR", []string{corpus.RareWord + " OR " + corpus.CommonWord, `"` + corpus.Phrase + `" OR from:person40`}, ""},
		{"minus", []string{corpus.CommonWord + " -from:person7"}, ""},
		{"only minus", []string{"-" + corpus.CommonWord}, ""},
		{"topic", []string{"tag:project-1", "tag:project-3"}, ""},
		{"rare topic", []string{"tag:project-39", "tag:scenario-11"}, ""},
		{"nature", []string{"nature:question"}, ""},
		{"list", []string{"list:dev"}, ""},
		{"rare list", []string{"list:board"}, ""},
		{"common word in a rare topic", []string{corpus.CommonWord + " tag:scenario-11"}, ""},
		{"common word on a list", []string{corpus.CommonWord + " list:dev", corpus.CommonWord + " list:board"}, ""},
		{"unanswered", []string{"is:unanswered", "is:unanswered " + corpus.CommonWord}, ""},
		{"attachment", []string{"has:attachment", "has:attachment " + corpus.CommonWord}, ""},
		{"best of a rare word", []string{corpus.RareWord}, "relevance"},
		{"best of a common word", []string{corpus.CommonWord}, "relevance"},
		{"nothing", []string{"notinthere"}, ""},
	} {
		var took, used []time.Duration
		for i := range *requests {
			u := server.URL + "/search?" + url.Values{"q": {c.queries[i%len(c.queries)]}, "order": {c.order}}.Encode()
			begin, before := time.Now(), cpu(t)
			body := get(t, server.Client(), u)
			took, used = append(took, time.Since(begin)), append(used, cpu(t)-before)
			if i == 0 && c.name != "nothing" && !strings.Contains(body, `class="plain results"`) {
				t.Errorf("%s finds nothing", c.name)
			}
		}
		slices.Sort(took)
		slices.Sort(used)
		t.Logf("%-28s CPU: median %6.2f  p99 %6.2f ms; clock: median %6.2f  p99 %6.2f ms", c.name,
			ms(used[len(used)/2]), ms(used[len(used)*99/100]), ms(took[len(took)/2]), ms(took[len(took)*99/100]))
	}
}

// cpu is the time that this process has computed for, the client's side included:
// on a machine that others use too, the clock says more of them than of us.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// various are words of subjects of the corpus.
func various() []string {
	var all []string
	for i := range 60 {
		all = append(all, fmt.Sprintf("family%d person%d", i%97, i))
	}
	return all
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func get(t *testing.T, client *http.Client, u string) string {
	t.Helper()
	r, err := client.Get(u)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", u, r.Status, err)
	}
	return string(body)
}

// tagNamed gives the tag of the corpus with a name.
func tagNamed(name string) []sigpost.Tag {
	for _, t := range corpus.Tags() {
		if t.Name == name || t.String() == name {
			return []sigpost.Tag{t}
		}
	}
	return nil
}
