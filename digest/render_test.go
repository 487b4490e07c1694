package digest

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"sigpost"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", path, got)
	}
}

func smallIssue(t testing.TB) sigpost.Issue {
	window := sigpost.Window{From: at(t, "2016-02-01 06:00"), To: at(t, "2016-02-03 18:30")}
	return Compose(Input{
		Digest: "kernel", Title: "Storage Letters", Window: window, Composed: at(t, "2016-02-03 18:31"),
		Threads: []News{thread(1, window, nil, post(1, "Jo <jo@corp.example>", "2016-02-02 10:00", "RE: iSCSI login loops", "It is the initiator that gives up after two seconds.\n"))},
	})
}

func TestGolden(t *testing.T) {
	urls := func(r Reader) Reader {
		r.IssueURL, r.UnsubscribeURL = "https://digest.example.org/issues/12", "https://digest.example.org/u/reader-token"
		r.CalendarURL, r.FeedURL = "https://digest.example.org/events.ics", "https://digest.example.org/feed"
		r.PreferencesURL, r.Footer = "https://digest.example.org/p/reader-token", "SIG-OpenStack, c/o Example Foundation, 1 Main Street, Springfield"
		return r
	}
	for _, c := range []struct {
		name   string
		issue  sigpost.Issue
		reader Reader
	}{
		{"rich-berlin", richIssue(t), urls(Reader{Zone: zone(t, "Europe/Berlin")})},
		{"rich-newyork", richIssue(t), urls(Reader{Zone: zone(t, "America/New_York"), Selection: sigpost.Selection{Topics: []sigpost.Tag{
			{Kind: sigpost.KindProject, Name: "kuryr"}, {Kind: sigpost.KindProject, Name: "kolla"}}}})},
		{"small", smallIssue(t), Reader{}},
		{"quiet", Compose(Input{Digest: "q", Title: "Quiet", Window: sigpost.Window{From: at(t, "2016-02-01 00:00"), To: at(t, "2016-02-08 00:00")}}), Reader{Why: "You asked for it."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			letter, err := Render(c.issue, c.reader)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, c.name+".golden.txt", "Subject: "+letter.Subject+"\n\n"+letter.Text)
			golden(t, c.name+".golden.html", letter.HTML)
		})
	}
}
