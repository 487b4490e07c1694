package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"sigpost"
)

func mboxSeeds(f *testing.F) [][]byte {
	seeds := []string{
		fromA + "A: 1\n\none\n\n" + fromA + "A: 2\n\n>From two\n\n",
		fromA + fromA + "A: 1\r\n\r\n" + fromA,
		"\r\n" + fromA + "\x00\n\n\n",
		fromA + "Content-Length: 30\n\n\n" + fromA + "A: 1\n",
		"From \nSubject: x\n\nFrom \n\nFrom \nSubject: y\n",
		"From a at example.org  Wed May  1 16:13:53 2019\nFrom: a at b\n\n>>From x\n>From y\n",
		"\xef\xbb\xbfFrom a(a)b 2019-05-01T16:13:53Z\nA: 1\n",
		"39        \nSubject: one\nFrom: a@example.org\n\ntext\n<?xml",
		"Message-ID: <1@example.org>\nSubject: x\n\ntext\n",
		writeMbox(letters(5)),
	}
	var all [][]byte
	for _, s := range seeds {
		all = append(all, []byte(s), compressed(f, s))
	}
	return all
}

// bare leaves out of a file what a reader may: line ends and quoting.
func bare(b []byte) string {
	return string(bytes.Map(func(r rune) rune {
		if r == '>' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, bytes.ToValidUTF8(b, []byte("?"))))
}

// FuzzMbox: every byte of a file is in some mail, or in a From_ line.
func FuzzMbox(f *testing.F) {
	for _, s := range mboxSeeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		mbox := newMboxReader(newWindow(bytes.NewReader(file), 0, nil, nil), "the file", 1<<20)
		at := int64(-1)
		for n := 0; ; n++ {
			m, err := mbox.next()
			if err != nil {
				if err != io.EOF && (n > 0 || !errors.Is(err, ErrNoMail)) || err == io.EOF && n == 0 {
					t.Fatalf("%v behind %d mails", err, n)
				}
				break
			}
			if n > 0 && mbox.last != at {
				t.Fatalf("mail %d begins at %d, the one before ended at %d", n, mbox.last, at)
			}
			at = mbox.w.offset()
			piece := file[mbox.last:at]
			piece = piece[lineEnd(piece):]
			if bare(piece) != bare(m.raw) || len(m.raw) > len(piece) || len(piece)-len(m.raw) > 4+bytes.Count(piece, []byte(">From ")) {
				t.Fatalf("mail %d is %q, but the file holds %q", n, m.raw, piece)
			}
		}
		if at >= 0 && at != int64(len(file)) {
			t.Fatalf("read %d of %d bytes", at, len(file))
		}
	})
}

// FuzzMboxBounded: whatever a file holds, mails and memory are bounded, and the
// way in which bytes come changes nothing.
func FuzzMboxBounded(f *testing.F) {
	for _, s := range mboxSeeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		all, err := readMbox(bytes.NewReader(file), 100)
		again, againErr := readMbox(iotest.HalfReader(bytes.NewReader(file)), 100)
		if len(all) != len(again) || (err == nil) != (againErr == nil) {
			t.Fatalf("%d mails (%v), but %d (%v) from another reader", len(all), err, len(again), againErr)
		}
		size := 0
		for i, m := range all {
			if size += len(m.raw); len(m.raw) > 100 || !bytes.Equal(m.raw, again[i].raw) || m.defect != again[i].defect {
				t.Fatalf("mail %d has %d bytes: %q, %q", i, len(m.raw), m.raw, again[i].raw)
			}
		}
		if size > len(file) {
			t.Fatalf("%d bytes out of %d", size, len(file))
		}
	})
}

// byBytes knows a mail by all of its bytes.
func byBytes(raw []byte, date time.Time) (*sigpost.Message, error) {
	return &sigpost.Message{MessageID: sigpost.MessageID(fingerprint(raw)), Received: date}, nil
}

func quiet(s *shelf) *Ingester {
	in := New(s, byBytes, func() time.Time { return start }, slog.New(slog.DiscardHandler))
	in.batch = 2
	return in
}

// FuzzImportGrows imports a part of a file and then all of it: whatever mails
// are in it have come in the end.
func FuzzImportGrows(f *testing.F) {
	for _, s := range mboxSeeds(f) {
		f.Add(s, uint16(len(s)/2), false)
		f.Add(s, uint16(len(s)-3), true)
	}
	// What each run needs anew would take most of its time: a folder, and what
	// compresses, which is larger than any of these files.
	path := filepath.Join(f.TempDir(), "a")
	z, err := gzip.NewWriterLevel(nil, gzip.HuffmanOnly)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, file []byte, at uint16, packed bool) {
		if len(file) > 16<<10 || bytes.Contains(bytes.ToLower(file), []byte("ontent-length")) {
			t.Skip() // a mail by its length is cut elsewhere when it is not whole
		}
		cut := int(at) % (len(file) + 1)
		put := func(b []byte) {
			if packed {
				var to bytes.Buffer
				z.Reset(&to)
				if _, err := z.Write(b); err != nil || z.Close() != nil {
					t.Fatal("it cannot be compressed")
				}
				b = to.Bytes()
			}
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		grown, whole := newShelf(), newShelf()
		put(file[:cut])
		if _, err := quiet(grown).Import(t.Context(), path, "", nil); err != nil && !allowed(err) {
			t.Fatal(err)
		}
		put(file)
		_, err := quiet(grown).Import(t.Context(), path, "", nil)
		report, wholeErr := quiet(whole).Import(t.Context(), path, "", nil)
		if (err == nil) != (wholeErr == nil) || err != nil && !allowed(err) || err == nil && report.Found == 0 {
			t.Fatalf("%v, but %v at once, %+v", err, wholeErr, report)
		}
		for _, m := range whole.raws() {
			if !slices.Contains(grown.raws(), m) {
				t.Fatalf("%q is lost", m)
			}
		}
		adds := grown.adds
		if report, err := quiet(grown).Import(t.Context(), path, "", nil); wholeErr == nil && (err != nil || report.Found > 0 || grown.adds != adds) {
			t.Fatalf("unchanged: %+v, %v", report, err)
		}
	})
}

// allowed are errors of files that are no mail, or broken ones.
func allowed(err error) bool {
	return errors.Is(err, ErrNoMail) || strings.Contains(err.Error(), "gzip") || strings.Contains(err.Error(), "unexpected EOF") || strings.Contains(err.Error(), "flate")
}

// FuzzFolder imports a folder and a maildir of strange files and names, is
// interrupted, goes on, and ends with what an undisturbed import ends with.
func FuzzFolder(f *testing.F) {
	f.Add([]byte("a.eml\x00From: a\nTo: b\n\n\xffb\x00"+writeMbox(letters(5))+"\xffc\x00junk"), 2, "")
	f.Add([]byte("1.2.3,S=5:2,S\x00From: a\n\xff1.2.3,S=x\x00\xff.x\x00y"), 1, `{"format":"folder","last":"b"}`)
	f.Fuzz(func(t *testing.T, files []byte, stop int, mark string) {
		dir := t.TempDir()
		for i, file := range bytes.SplitN(files, []byte{0xff}, 12) {
			name, content, _ := bytes.Cut(file, []byte{0})
			base := strings.Map(func(r rune) rune {
				if r == '/' || r == 0 {
					return '_'
				}
				return r
			}, string(name[:min(len(name), 60)])) + fmt.Sprint(i)
			wrote(t, filepath.Join(dir, "loose", base), string(content))
			wrote(t, filepath.Join(dir, "Mail", []string{"cur", "new"}[i%2], base), string(content))
			wrote(t, filepath.Join(dir, "Mail", []string{"cur", "new"}[1-i%2], ".x"), "")
		}
		whole, cut := newShelf(), newShelf()
		_, wholeErr := quiet(whole).Import(t.Context(), dir, "", nil)
		for _, sub := range []string{"loose", "Mail"} {
			m, _ := cut.Mailbox(t.Context(), "file:", filepath.Join(dir, sub), "")
			cut.mailboxes[m.Name].Mark = mark
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		cut.beforeAdd = func(add int) error {
			if add == stop {
				cancel()
			}
			return nil
		}
		_, _ = quiet(cut).Import(ctx, dir, "", nil)
		_, err := quiet(cut).Import(t.Context(), dir, "", nil)
		if fmt.Sprint(err) != fmt.Sprint(wholeErr) {
			t.Fatalf("%v, but undisturbed %v", err, wholeErr)
		}
		had, want := cut.raws(), whole.raws()
		slices.Sort(had)
		slices.Sort(want)
		if !slices.Equal(had, want) {
			t.Fatalf("%q, want %q", had, want)
		}
	})
}

// FuzzRepository reads what a stranger wrote into a repository's files.
func FuzzRepository(f *testing.F) {
	commit := strings.Repeat("0a", 20)
	f.Add("ref: refs/heads/master\n", commit+" refs/heads/master\n", ":000000 100644 "+strings.Repeat("0", 40)+" "+commit+" A\tm")
	f.Add("ref: refs/heads/../../HEAD\n", "", ":100644 000000 "+commit+" 00 D\t0a/"+commit[:38])
	f.Add(commit, "# x\n^x\n", ":\t")
	f.Fuzz(func(t *testing.T, head, packed, line string) {
		dir := t.TempDir()
		wrote(t, filepath.Join(dir, "HEAD"), head)
		wrote(t, filepath.Join(dir, "packed-refs"), packed)
		wrote(t, filepath.Join(filepath.Dir(dir), "outside"), commit)
		tip, err := headCommit(dir)
		if tip != "" && (err != nil || !isCommit(tip) || !strings.Contains(head+packed, tip)) {
			t.Fatalf("%q, %v", tip, err)
		}
		if blob, _ := readChange(line); blob != "" && !strings.Contains(line, blob) {
			t.Fatalf("%q out of %q", blob, line)
		}
	})
}
