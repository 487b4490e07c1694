package bounce

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// corpus gives the path of a folder that may lie beside the project, and skips
// the test where it does not.
func corpus(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "shared", "corpora", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the corpus %s is absent: this test is left out", name)
	}
	return path
}

// label is what is known of one recipient of a report.
type label struct {
	file         string
	index        int
	status, code string
	reason       Reason
	hard         bool
	system       string
}

var number = regexp.MustCompile(`-\d+\.eml$`)

func labels(t testing.TB, dir string) (all []label) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "labels.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		index, err := strconv.Atoi(row[1])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, label{file: row[0], index: index, status: row[2], code: row[3], reason: Reason(row[4]), hard: row[5] == "true", system: number.ReplaceAllString(row[0], "")})
	}
	return all
}

// content are the reasons that speak of the letter, its sender or the road.
var content = []Reason{"authfailure", "badreputation", "blocked", "contenterror", "exceedlimit", "failedstarttls", "mesgtoobig", "norelaying", "notcompliantrfc",
	"policyviolation", "rejected", "requireptr", "securityerror", "spamdetected", "speeding", "toomanyconn", "virusdetected"}

// TestCorpus measures over labelled reports of real systems. The fold of a
// report is that of the system that wrote it.
func TestCorpus(t *testing.T) {
	dir := corpus(t, "dsn-sisimai-dev")
	all := labels(t, dir)
	var systems []string
	for _, l := range all {
		if !slices.Contains(systems, l.system) {
			systems = append(systems, l.system)
		}
	}
	slices.Sort(systems)
	type score struct{ n, hard, reason, harmed int }
	var folds [2]score
	for _, l := range all {
		raw, err := os.ReadFile(filepath.Join(dir, "eml", l.file))
		if err != nil {
			t.Fatal(err)
		}
		report, err := Read(raw)
		if err != nil {
			t.Errorf("%s: %v", l.file, err)
		}
		fold := slices.Index(systems, l.system) % 2
		s := &folds[fold]
		s.n++
		var got Recipient
		if len(report.Recipients) >= l.index {
			got = report.Recipients[l.index-1]
		}
		if (got.Class == Hard) == l.hard && got.Class != "" {
			s.hard++
		}
		if got.Reason == l.reason {
			s.reason++
		}
		if got.Class == Hard && slices.Contains(content, l.reason) {
			s.harmed++
			t.Errorf("%s: a healthy address was marked hard: %+v", l.file, got)
		}
		if testing.Verbose() && (got.Reason != l.reason || (got.Class == Hard) != l.hard) {
			t.Logf("%s %d: want %s %v, got %s %s %q (status %s, code %s)", l.file, l.index, l.reason, l.hard, got.Reason, got.Class, got.Evidence, got.Status, got.ReplyCode)
		}
	}
	for i, s := range folds {
		// The floors of the two folds together, over all that is in them.
		if 100*s.hard < 97*s.n || 100*s.reason < 96*s.n {
			t.Errorf("fold %d is below its floors", i)
		}
		t.Logf("fold %d: %d recipients, hard or not %.1f %%, reason %.1f %%, healthy ones harmed %d", i, s.n, 100*float64(s.hard)/float64(s.n), 100*float64(s.reason)/float64(s.n), s.harmed)
	}
}

// TestCorpusNoReports reads what people wrote to a list: none of it is a report.
func TestCorpusNoReports(t *testing.T) {
	f, err := os.Open(filepath.Join(corpus(t, "googlegroups-openiscsi-dev"), "open-iscsi.googlegroups.com.mbox.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	mails, taken := 0, 0
	for i, raw := range bytes.Split(append([]byte("\n"), all...), []byte("\nFrom mboxrd@z ")) {
		if i == 0 {
			continue
		}
		_, raw, _ = bytes.Cut(raw, []byte("\n"))
		report, err := Read(raw)
		if err != nil {
			t.Errorf("mail %d: %v", i, err)
		}
		mails++
		if len(report.Recipients) > 0 {
			taken++
			t.Logf("mail %d: %+v", i, report.Recipients)
		}
	}
	t.Logf("%d mails of a list, %d taken for reports", mails, taken)
	if mails < 1000 || taken > 0 {
		t.Errorf("%d of %d mails were taken for reports", taken, mails)
	}
}
