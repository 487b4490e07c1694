package ingest

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestImportMbox(t *testing.T) {
	mails := letters(1203)
	mails[7] = "X-Unreadable: yes\n\nbytes\n"
	for name, content := range map[string]string{"a.mbox": writeMbox(mails), "a.mbox.gz": string(compressed(t, writeMbox(mails)))} {
		path := wrote(t, filepath.Join(t.TempDir(), name), content)
		s := newShelf()
		report := imported(t, s, path)
		if report.Found != 1203 || report.Stored != 1202 || report.Quarantined != 1 || report.Format != FormatMbox || report.Mailbox != path {
			t.Errorf("%s: %+v", name, report)
		}
		if s.quarantined[0].Source != path || s.quarantined[0].Reason != "this mail cannot be read" || s.complete[path] != 1 {
			t.Errorf("%s: %+v, %v", name, s.quarantined[0], s.complete)
		}
		want := slices.Delete(slices.Clone(mails), 7, 8)
		if !slices.Equal(s.raws(), want) {
			t.Errorf("%s: %d mails differ", name, len(s.mails))
		}
		costsNothing(t, s, path)
	}
}

func TestInterruptedMbox(t *testing.T) {
	mails := letters(50)
	mails[7] = "X-Unreadable: yes\n\nbytes\n"
	interruptedEverywhere(t, wrote(t, filepath.Join(t.TempDir(), "a.mbox"), writeMbox(mails)))
	interruptedEverywhere(t, wrote(t, filepath.Join(t.TempDir(), "a.mbox.gz"), string(compressed(t, writeMbox(mails)))))
}

// TestMboxGrows: what is appended is read on, in the middle of a mail as well.
func TestMboxGrows(t *testing.T) {
	mails := letters(30)
	whole := writeMbox(mails)
	last := strings.LastIndex(whole, fromA)
	for _, c := range []struct {
		name  string
		cut   int
		found int // at the second time
	}{
		{"between two mails", last, 1},
		{"before the blank line", last - 1, 1},
		{"behind a From_ line", last + len(fromA), 1},
		{"in a From_ line", last + 7, 2},
		{"in a header", last + len(fromA) + 40, 1},
		{"in the text", len(whole) - 8, 1},
		{"before its last blank line", len(whole) - 1, 0},
	} {
		for _, packed := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "grows.mbox")
			content := func(s string) string {
				if packed {
					return string(compressed(t, s))
				}
				return s
			}
			s := newShelf()
			imported(t, s, wrote(t, path, content(whole[:c.cut])))
			report := imported(t, s, wrote(t, path, content(whole)))
			if report.Found != c.found || report.Resynced {
				t.Errorf("%s (packed: %t): %+v", c.name, packed, report)
			}
			for i, m := range mails {
				// One that was cut off comes again under its Message-ID.
				if !slices.Contains(s.raws(), m) && i < 28 {
					t.Errorf("%s: mail %d is lost", c.name, i)
				}
			}
			costsNothing(t, s, path)
		}
	}
}

// TestMboxCutOff: a mail that was half there when it was read comes again when
// it is whole. Its Message-ID is known, so that it is the archive that decides
// whether it is the same.
func TestMboxCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.mbox")
	first, second := "A: 1\n\none\ntwo\n", "A: 2\n\nthree\n"
	s := newShelf()
	imported(t, s, wrote(t, path, writeMbox([]string{first})[:len(fromA)+9]))
	imported(t, s, wrote(t, path, writeMbox([]string{first, second})))
	if want := []string{"A: 1\n\none", first, second}; !slices.Equal(s.raws(), want) {
		t.Errorf("%q, want %q", s.raws(), want)
	}
}

func TestMboxRewritten(t *testing.T) {
	mails := letters(30)
	for name, content := range map[string]string{
		"one less":                writeMbox(mails[1:]),
		"one less inside":         writeMbox(slices.Delete(slices.Clone(mails), 12, 13)),
		"shorter":                 writeMbox(mails[:10])[:900],
		"others":                  writeMbox(mails[15:]) + writeMbox(mails[:15]),
		"a flag at the beginning": strings.Replace(writeMbox(mails), "Subject: letter 1\n", "Status: RO\nSubject: letter 1\n", 1),
	} {
		for _, pack := range []bool{false, true} {
			path := filepath.Join(t.TempDir(), "a.mbox")
			old, now := writeMbox(mails), content
			if pack {
				old, now = string(compressed(t, old)), string(compressed(t, now))
			}
			s := newShelf()
			imported(t, s, wrote(t, path, old))
			report := imported(t, s, wrote(t, path, now))
			if !report.Resynced || report.Stored != 0 || report.Duplicates == 0 || report.Duplicates != report.Found {
				t.Errorf("%s: %+v", name, report)
			}
			costsNothing(t, s, path)
		}
	}
}

func TestDamagedGzip(t *testing.T) {
	mails := letters(2000)
	packed := string(compressed(t, writeMbox(mails)))
	flipped := []byte(packed)
	flipped[len(flipped)-6] ^= 1
	for name, content := range map[string]string{"cut off": packed[:len(packed)-500], "wrong checksum": string(flipped)} {
		path := wrote(t, filepath.Join(t.TempDir(), "a.mbox.gz"), content)
		s := newShelf()
		report, err := shelver(t, s).Import(t.Context(), path, "sig", nil)
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "fetch the file again") || report.Stored < 1000 || s.failing[path] != err.Error() {
			t.Errorf("%s: %+v, %v, %q", name, report, err, s.failing)
		}
		if !slices.Equal(s.raws(), mails[:len(s.mails)]) {
			t.Errorf("%s: what came differs", name)
		}
		wrote(t, path, packed)
		imported(t, s, path)
		if !slices.Equal(s.raws(), mails) || s.failing[path] != "" {
			t.Errorf("%s: %d mails after it was mended", name, len(s.mails))
		}
	}
}

func TestPaddedGzip(t *testing.T) {
	mails := letters(20)
	text := writeMbox(mails)
	half := strings.Index(text, "\nFrom ") + 1
	packed := string(compressed(t, text[:half])) + string(compressed(t, text[half:])) + strings.Repeat("\x00", 3000)
	s := newShelf()
	path := wrote(t, filepath.Join(t.TempDir(), "a.gz"), packed)
	imported(t, s, path)
	if !slices.Equal(s.raws(), mails) {
		t.Errorf("%d of 20 mails", len(s.mails))
	}
	costsNothing(t, s, path)
}

// TestInterruptStopsSoon stops in the middle of a mail that is a thousand times
// as long as what was read of the file: none of the rest is unpacked.
func TestInterruptStopsSoon(t *testing.T) {
	path := wrote(t, filepath.Join(t.TempDir(), "long.gz"), string(compressed(t, fromA+"A: 1\n\n"+strings.Repeat("\x00", 2<<20))))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := openStream(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	b := make([]byte, windowBytes)
	if n, err := s.r.Read(b); n == 0 || err != nil {
		t.Fatal(n, err)
	}
	cancel()
	if n, err := s.r.Read(b); n > 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d bytes more, %v", n, err)
	}

	// And of an import, with the long mail behind those that are stored.
	wrote(t, path, string(compressed(t, writeMbox(letters(20))+"\n"+fromA+"A: 1\n\n"+strings.Repeat("\x00", 2<<20))))
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	shelf := newShelf()
	shelf.beforeAdd = func(int) error { cancel(); return nil }
	in := shelver(t, shelf)
	in.MaxMessageBytes, in.batch = 1<<20, 10
	if _, err := in.Import(ctx, path, "sig", nil); !errors.Is(err, context.Canceled) || len(shelf.mails) > 0 {
		t.Errorf("%v, %d mails", err, len(shelf.mails))
	}
}
