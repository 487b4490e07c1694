package bounce

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigpost"
)

// want gives what is expected of the reports in testdata, by file.
func want(t *testing.T) map[string][]Recipient {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "want.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]Recipient{}
	for i, line := range strings.Split(strings.TrimRight(string(data), "\n"), "\n") {
		f := strings.Split(line, "\t")
		if i == 0 {
			continue
		}
		all[f[0]] = append(all[f[0]], Recipient{Address: f[1], Status: f[2], ReplyCode: f[3], Class: Class(f[4]), Reason: Reason(f[5])})
	}
	return all
}

// TestReports reads reports of many systems, each written for this test.
func TestReports(t *testing.T) {
	all := want(t)
	files, err := filepath.Glob(filepath.Join("testdata", "*.eml"))
	if err != nil || len(files) != len(all) || len(files) < 40 {
		t.Fatalf("%d files, %d of them expected: %v", len(files), len(all), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			report, err := Read(raw)
			if err != nil {
				t.Fatal(err)
			}
			expected := all[filepath.Base(file)]
			if expected[0].Class == "" {
				expected = nil
			}
			got := slices.Clone(report.Recipients)
			for i := range got {
				if got[i].Evidence == "" {
					t.Errorf("%s: no evidence", got[i].Address)
				}
				t.Log(got[i].Evidence)
				got[i].Evidence, got[i].Original, got[i].Feedback, got[i].Action = "", "", "", ""
			}
			if !slices.Equal(got, expected) {
				t.Errorf("got  %+v\nwant %+v", got, expected)
			}
		})
	}
}

// TestSent finds the letter that a report is about.
func TestSent(t *testing.T) {
	const letter = sigpost.MessageID("issue-7-reader-1@lists.example.net")
	for _, name := range []string{"qmail", "exim", "postfix", "forwarded", "arf", "zoho", "amazonses-sns", "vacation", "notes"} {
		raw, err := os.ReadFile(filepath.Join("testdata", name+".eml"))
		if err != nil {
			t.Fatal(err)
		}
		report, err := Read(raw)
		if err != nil || !slices.Contains(report.Sent, letter) {
			t.Errorf("%s: sent %v, %v", name, report.Sent, err)
		}
	}
}
