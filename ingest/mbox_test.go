package ingest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"sigpost/internal/peertest"
)

// readMbox gives all mails of an mbox and the error that ended it, nil at its
// end.
func readMbox(r io.Reader, maxBytes int64) (all []mail, err error) {
	m := newMboxReader(newWindow(r, 0, nil, nil), "the file", maxBytes)
	for {
		message, err := m.next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, message)
	}
}

const fromA = "From a@example.org Wed May  1 16:13:53 2019\n"

func TestMbox(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	for _, test := range []struct {
		name string
		file string
		want []string
	}{
		{"two", fromA + "A: 1\n\none\n\n" + fromA + "A: 2\n\ntwo\n\n", []string{"A: 1\n\none\n", "A: 2\n\ntwo\n"}},
		{"CRLF", strings.ReplaceAll(fromA+"A: 1\n\none\n\n"+fromA+"A: 2\n\n", "\n", "\r\n"), []string{"A: 1\r\n\r\none\r\n", "A: 2\r\n"}},
		{"no blank line at the end", fromA + "A: 1\n\none\n", []string{"A: 1\n\none\n"}},
		{"no line end at the end", fromA + "A: 1\n\none", []string{"A: 1\n\none"}},
		{"blank lines at the beginning", "\n\r\n" + fromA + "A: 1\n", []string{"A: 1\n"}},
		{"mboxrd quoting", fromA + "A: 1\n\n>From x\n>>From y\n> From z\n>Fromage\n", []string{"A: 1\n\nFrom x\n>From y\n> From z\n>Fromage\n"}},
		{"From without a date is text", fromA + "A: 1\n\nFrom here on\n\nFrom there: on\n", []string{"A: 1\n\nFrom here on\n\nFrom there: on\n"}},
		{"From_ line within a paragraph", fromA + "A: 1\n\ntext\n" + fromA + "more text\n", []string{"A: 1\n\ntext\n" + fromA + "more text\n"}},
		{"blank line forgotten", fromA + "A: 1\n\none\n" + fromA + "A: 2\n\ntwo\n", []string{"A: 1\n\none\n", "A: 2\n\ntwo\n"}},
		{"blank lines within", fromA + "A: 1\n\n\n\n\none\n\n\n\n" + fromA + "A: 2\n", []string{"A: 1\n\n\n\n\none\n\n\n", "A: 2\n"}},
		{"empty mail", fromA + "\n" + fromA + "A: 2\n", []string{"", "A: 2\n"}},
		{"only a From_ line", fromA, []string{""}},
		{"long lines", fromA + "A: 1\n\n" + long + "\n>From " + long + "\n\n" + fromA + "A: 2\n", []string{"A: 1\n\n" + long + "\nFrom " + long + "\n", "A: 2\n"}},
		{"From in the middle of a long line", fromA + "A: 1\n\n" + long[:64<<10] + fromA + "x\n", []string{"A: 1\n\n" + long[:64<<10] + fromA + "x\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{
				"plain":       strings.NewReader(test.file),
				"by the byte": iotest.OneByteReader(strings.NewReader(test.file)),
			} {
				all, err := readMbox(r, 1<<20)
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
				var got []string
				for _, m := range all {
					got = append(got, string(m.raw))
					if m.defect != "" || !m.date.Equal(time.Date(2019, 5, 1, 16, 13, 53, 0, time.UTC)) {
						t.Errorf("%s: defect %q, date %s", how, m.defect, m.date)
					}
				}
				if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", test.want) {
					t.Errorf("%s: %.500q, want %.500q", how, got, test.want)
				}
			}
		})
	}
}

func compressed(t testing.TB, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFromLine(t *testing.T) {
	date := time.Date(2019, 5, 1, 16, 13, 53, 0, time.UTC)
	for line, want := range map[string]time.Time{
		"From mboxrd@z Wed May  1 16:13:53 2019\n":                  date,
		"From a@example.org  Wed May 01 16:13:53 2019\r\n":          date,
		"From a@example.org Wed May 1 18:13:53 2019 +0200\n":        date,
		"From a@example.org Wed May 1 18:13:53 +0200 2019\n":        date,
		"From a@example.org Wed May 1 16:13:53 UTC 2019\n":          date,
		"From a@example.org Wed May 1 16:13:53 PDT 2019\n":          date,
		"From a@example.org Wed May 1 16:13 2019\n":                 date.Add(-53 * time.Second),
		"From user at example.org  Wed May  1 16:13:53 2019\n":      date,
		"From \"May Day\" Wed May  1 16:13:53 2019\n":               date,
		"From - Wed May 01 16:13:53 2019":                           date,
		"From a Wed May  1 16:13:53 2019 remote from b\n":           date,
		"From Wed May  1 16:13:53 2019\n":                           date,
		"From a@example.org Wed, 01 May 2019 18:13:53 +0200\n":      date,
		"From a@example.org Wed, 1 May 2019 16:13:53\n":             date,
		"From a@example.org 2019-05-01T18:13:53+02:00\n":            date,
		"From a@example.org 2019-05-01 16:13:53\n":                  date,
		"From a@example.org Wed May  1 16:13:53 19\n":               date,
		"From here on, Wed May 1 is a holiday\n":                    {},
		"From 2019-05-01 16:13:53 on\n":                             {},
		"From Wed, 1 May 2019 16:13:53\n":                           {},
		"From a@example.org\n":                                      {},
		"From a@example.org Wed May 41 16:13:53 2019\n":             {},
		"From a@example.org Wod May  1 16:13:53 2019\n":             {},
		"From: a@example.org Wed May  1 16:13:53 2019\n":            {},
		">From a@example.org Wed May  1 16:13:53 2019\n":            {},
		"From a" + strings.Repeat(" ", 2000) + "Wed May  1 16:13 2": {},
	} {
		from, ok := parseFromLine([]byte(line))
		if ok != !want.IsZero() || !from.date.Equal(want) {
			t.Errorf("%q: %s %t", line, from.date, ok)
		}
	}
}

// TestFromLineDateOfNothing: these lines are From_ lines, but their dates say
// nothing about the mail.
func TestFromLineDateOfNothing(t *testing.T) {
	for _, line := range []string{
		"From mboxrd@z Thu Jan  1 00:00:00 1970\n",
		"From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n",
	} {
		if from, ok := parseFromLine([]byte(line)); !ok || !from.date.IsZero() {
			t.Errorf("%q: %s %t", line, from.date, ok)
		}
	}
}

func TestNoMbox(t *testing.T) {
	for name, test := range map[string]struct {
		file string
		text string
	}{
		"empty":           {"", "the file is empty"},
		"blank":           {"\n\n", "the file is empty"},
		"a mail":          {"From: a@example.org\n\ntext\n", "does not begin with a line such as"},
		"text":            {"hello", "does not begin with"},
		"one endless row": {strings.Repeat("x", 1<<20), "does not begin with"},
	} {
		all, err := readMbox(strings.NewReader(test.file), 1<<20)
		if !errors.Is(err, ErrNoMail) || !strings.Contains(err.Error(), test.text) || len(all) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBrokenMboxKeepsWhatIsWhole(t *testing.T) {
	whole := fromA + "A: 1\n\none\n\n" + fromA + "A: 2\n\n" + strings.Repeat("two words\n", 20_000)
	broken := errors.New("the disk is on fire")
	all, err := readMbox(io.MultiReader(strings.NewReader(whole), iotest.ErrReader(broken)), 1<<20)
	if !errors.Is(err, broken) || len(all) != 1 {
		t.Errorf("%d mails, %v", len(all), err)
	}
}

func TestMboxTooLargeMail(t *testing.T) {
	huge := "A: 1\n\n" + strings.Repeat("0123456789\n", 1_000_000)
	all, err := readMbox(strings.NewReader(fromA+huge+"\n"+fromA+"A: 2\n"), 5000)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d mails, %v", len(all), err)
	}
	if m := all[0]; len(m.raw) > 5000 || len(m.raw) < 4900 || !strings.HasPrefix(huge, string(m.raw)) ||
		!strings.Contains(m.defect, fmt.Sprintf("of %d bytes", len(huge))) {
		t.Errorf("%d bytes, %q", len(m.raw), m.defect)
	}
	exact := "A: 1\n\n" + strings.Repeat("x", 4993) + "\n"
	all, err = readMbox(strings.NewReader(fromA+exact+"\n"+fromA+"A: 2\n"), 5000)
	if err != nil || len(all) != 2 || string(all[0].raw) != exact || all[0].defect != "" {
		t.Errorf("a mail of the limit's size: %d bytes, %q, %v", len(all[0].raw), all[0].defect, err)
	}
}

// writeMbox is the mboxrd format as it should be written.
func writeMbox(mails []string) string { return mboxIn("mboxrd", mails) }

// mboxStyles are the relatives of mbox, written as they should be. What a
// style cannot express is no mail of it.
var mboxStyles = map[string]struct {
	quote  func(line string) string
	from   string
	length bool
	can    func(mail string) bool
}{
	"mboxrd": {
		from: fromA,
		quote: func(line string) string {
			if strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
				return ">" + line
			}
			return line
		},
		can: clearStyle,
	},
	"mboxo": {
		from: "From a(a)example.org Wed May  1 16:13:53 2019\n",
		quote: func(line string) string {
			if strings.HasPrefix(line, "From ") {
				return ">" + line
			}
			return line
		},
		can: func(mail string) bool { return clearStyle(mail) && !strings.Contains("\n"+mail, "\n>From ") },
	},
	"mboxcl2": {
		from: fromA, quote: func(line string) string { return line }, length: true,
	},
}

// clearStyle says that a mail does not make a reader believe that nothing is
// quoted: its header has nothing to quote beside a length that may be true.
func clearStyle(mail string) bool {
	head, _, _ := strings.Cut(mail, "\n\n")
	return !strings.Contains(head, "Content-Length") || !strings.Contains("\n"+strings.ReplaceAll(head, ">", ""), "\nFrom ")
}

func mboxIn(style string, mails []string) string {
	how := mboxStyles[style]
	var b strings.Builder
	for _, m := range mails {
		b.WriteString(how.from)
		for line := range strings.Lines(m) {
			b.WriteString(how.quote(line))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestMboxRoundTrip(t *testing.T) {
	line := rapid.OneOf(
		rapid.SampledFrom([]string{"", fromA[:len(fromA)-1], ">" + fromA[:len(fromA)-1], ">>From x", "From ", ">", "A: 1", "\r", "Content-Length: 3", "Subject: x"}),
		rapid.StringOfN(rapid.RuneFrom([]rune("aFrom: >\r\x00ü")), 0, 40, -1),
		rapid.Map(rapid.IntRange(65_500, 65_600), func(n int) string { return strings.Repeat("y", n) }),
		rapid.Map(rapid.IntRange(windowBytes-50, windowBytes+50), func(n int) string { return strings.Repeat("z", n) }),
	)
	text := rapid.Map(rapid.SliceOfN(line, 1, 12), func(lines []string) string { return strings.Join(lines, "\n") + "\n" })
	for name, style := range mboxStyles {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			mail := rapid.Map(text, func(m string) string {
				if style.length {
					return fmt.Sprintf("A: 1\nContent-Length: %d\n\n%s", len(m), m)
				}
				return m
			})
			if style.can != nil {
				mail = mail.Filter(style.can)
			}
			mails := rapid.SliceOfN(mail, 1, 5).Draw(t, "mails")
			all, err := readMbox(strings.NewReader(mboxIn(name, mails)), 1<<30)
			if err != nil || len(all) != len(mails) {
				t.Fatalf("%d of %d mails, %v", len(all), len(mails), err)
			}
			for i, m := range mails {
				if string(all[i].raw) != m {
					t.Fatalf("mail %d: %q, want %q", i, all[i].raw, m)
				}
			}
		}))
	}
}

const realMbox = "../../shared/corpora/googlegroups-openiscsi-dev/open-iscsi.googlegroups.com.mbox.gz"

func TestRealMbox(t *testing.T) {
	f, err := openStream(t.Context(), realMbox)
	if err != nil {
		t.Skipf("the corpus of real mail is absent: %v", err)
	}
	defer f.close()
	all, err := readMbox(f.r, DefaultMaxMessageBytes)
	if err != nil || len(all) != 1233 {
		t.Errorf("%d mails, %v", len(all), err)
	}
	for i, m := range peertest.ReadMbox(t, realMbox) {
		if !bytes.Equal(all[i].raw, m.Raw) || !all[i].date.Equal(m.Received) || all[i].defect != "" {
			t.Fatalf("mail %d differs from what another reader gives", i)
		}
	}
}
