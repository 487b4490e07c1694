package ingest

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigpost"
)

// TestFormats reads how each of these programs writes two mails. The names say
// nothing.
func TestFormats(t *testing.T) {
	plain := []string{"From: a@example.org\nSubject: one\n\nFrom the top\n", "From: b@example.org\nSubject: two\n\ntext\n"}
	for _, test := range []struct {
		name   string
		file   string
		format Format
		want   []string
	}{
		{"mboxrd", "From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: a@example.org\nSubject: one\n\n>From the top\n\nFrom mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: b@example.org\nSubject: two\n\ntext\n\n", FormatMbox, plain},
		{"Thunderbird", "From - Mon Apr 18 10:00:00 2016\r\nX-Mozilla-Status: 0001\r\nSubject: one\r\n\r\n>From the top\r\n\r\nFrom - Mon Apr 18 11:00:00 2016\r\nX-Mozilla-Status: 0009\r\nSubject: two\r\n\r\ntext\r\n\r\n", FormatMbox,
			[]string{"X-Mozilla-Status: 0001\r\nSubject: one\r\n\r\nFrom the top\r\n", "X-Mozilla-Status: 0009\r\nSubject: two\r\n\r\ntext\r\n"}},
		{"Thunderbird of today", "From \r\nSubject: one\r\n\r\n>From \r\n\r\nFrom \r\n\r\nFrom \r\nSubject: two\r\n\r\ntext\r\n\r\n", FormatMbox,
			[]string{"Subject: one\r\n\r\nFrom \r\n\r\nFrom \r\n", "Subject: two\r\n\r\ntext\r\n"}},
		{"Google Takeout", "From 1531234567890123456@xxx Mon Apr 18 10:00:00 +0000 2016\nX-GM-THRID: 1531234567890123456\nX-Gmail-Labels: Inbox\nSubject: one\n\n>From the top\n\nFrom 1531234567890123457@xxx Mon Apr 18 11:00:00 +0000 2016\nX-GM-THRID: 1\nSubject: two\n\ntext\n\n", FormatMbox,
			[]string{"X-GM-THRID: 1531234567890123456\nX-Gmail-Labels: Inbox\nSubject: one\n\nFrom the top\n", "X-GM-THRID: 1\nSubject: two\n\ntext\n"}},
		{"mutt", "From a@example.org Mon Apr 18 10:00:00 2016\nFrom: a@example.org\nStatus: RO\nContent-Length: 71\nLines: 4\n\n>From the top\n\nFrom b@example.org Mon Apr 18 11:00:00 2016\nSubject: no\n\nFrom b@example.org Mon Apr 18 11:00:00 2016\nSubject: two\n\ntext\n\n", FormatMbox,
			[]string{"From: a@example.org\nStatus: RO\nContent-Length: 71\nLines: 4\n\n>From the top\n\nFrom b@example.org Mon Apr 18 11:00:00 2016\nSubject: no\n", "Subject: two\n\ntext\n"}},
		{"a Content-Length that lies", "From a@example.org Mon Apr 18 10:00:00 2016\nSubject: one\nContent-Length: 71\n\n>From the top\n\nFrom b@example.org Mon Apr 18 11:00:00 2016\nSubject: two\nContent-Length: 99999999999999999999\n\ntext\n\n", FormatMbox,
			[]string{"Subject: one\nContent-Length: 71\n\nFrom the top\n", "Subject: two\nContent-Length: 99999999999999999999\n\ntext\n"}},
		{"HyperKitty", "From ana(a)example.org Mon Apr 18 10:00:00 2016\nFrom: Ana <ana(a)example.org>\nSubject: one\n\n>From the top\n>>From below\n\nFrom ben(a)example.org Mon Apr 18 11:00:00 2016\nFrom: Ben <ben(a)example.org>\n\ntext\n\n", FormatMbox,
			[]string{"From: Ana <ana(a)example.org>\nSubject: one\n\nFrom the top\n>>From below\n", "From: Ben <ben(a)example.org>\n\ntext\n"}},
		{"pipermail", "From ana at example.org  Mon Apr 18 10:00:00 2016\nFrom: ana at example.org (Ana)\nDate: Mon, 18 Apr 2016 10:00:00 +0000\nSubject: [list] one\nMessage-ID: <1@example.org>\n\n>From the top\n-------------- next part --------------\nAn HTML attachment was scrubbed...\n\nFrom ben at example.org  Mon Apr 18 11:00:00 2016\nFrom: ben at example.org (Ben)\nIn-Reply-To: <1@example.org>\nReferences: <1@example.org>\n\ntext\n\n", FormatPipermail,
			[]string{"From: ana at example.org (Ana)\nDate: Mon, 18 Apr 2016 10:00:00 +0000\nSubject: [list] one\nMessage-ID: <1@example.org>\n\nFrom the top\n-------------- next part --------------\nAn HTML attachment was scrubbed...\n", "From: ben at example.org (Ben)\nIn-Reply-To: <1@example.org>\nReferences: <1@example.org>\n\ntext\n"}},
		{"weekdays of another language", "From a@example.org lun. avril 18 10:00:00 2016\nSubject: one\n\nFrom the top\nto the end\n\nFrom b@example.org lun. avril 18 11:00:00 2016\nSubject: two\n\ntext\n", FormatMbox,
			[]string{"Subject: one\n\nFrom the top\nto the end\n", "Subject: two\n\ntext\n"}},
		{"dates of RFC 5322", "From a@example.org Mon, 18 Apr 2016 10:00:00 +0000\nSubject: one\n\nx\n\nFrom b@example.org 2016-04-18T11:00:00Z\nSubject: two\n\ntext\n", FormatMbox, []string{"Subject: one\n\nx\n", "Subject: two\n\ntext\n"}},
		{"a patch of git", "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: Ana <ana@example.org>\nSubject: [PATCH] one\n\n---\n a | 1 +\n", FormatMbox, []string{"From: Ana <ana@example.org>\nSubject: [PATCH] one\n\n---\n a | 1 +\n"}},
		{"a byte order mark", "\xef\xbb\xbfFrom a@example.org Mon Apr 18 10:00:00 2016\nSubject: one\n\nx\n", FormatMbox, []string{"Subject: one\n\nx\n"}},
		{"one mail", plain[0], FormatMail, plain[:1]},
		{"a mail without much", "Message-ID: <1@example.org>\n\n", FormatMail, []string{"Message-ID: <1@example.org>\n\n"}},
		{"Apple Mail", "39        \nSubject: one\nFrom: a@example.org\n\ntext\n<?xml version=\"1.0\"?>\n<plist></plist>\n", FormatMail, []string{"Subject: one\nFrom: a@example.org\n\ntext\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, content := range []string{test.file, string(compressed(t, test.file))} {
				path := wrote(t, filepath.Join(t.TempDir(), "file.zip"), content)
				s := newShelf()
				report := imported(t, s, path)
				if report.Format != test.format || !slices.Equal(s.raws(), test.want) {
					t.Errorf("%s: %q, want %q", report.Format, s.raws(), test.want)
				}
				costsNothing(t, s, path)
			}
		})
	}
}

func zipped(t *testing.T) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("a.mbox")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, fromA, "A: 1\n")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNoMail(t *testing.T) {
	for name, test := range map[string]struct{ file, text string }{
		"empty.mbox":   {"", "is empty"},
		"blank.eml":    {"\n\n\r\n", "is empty"},
		"empty.gz":     {string(compressed(t, "")), "is empty"},
		"a.mbox":       {zipped(t), "a zip archive: unpack it first"},
		"c.pdf":        {"%PDF-1.4\n%x\n", "a PDF document"},
		"d.txt.gz":     {string(compressed(t, "\x89PNG\r\n\x1a\n")), "a picture"},
		"b.mbox":       {"SQLite format 3\x00abc", "an SQLite database"},
		"g.mbox.xz":    {"\xfd7zXZ\x00\x00", "xz: unpack it first"},
		"all.jsonl":    {`{"sigpost":{"format":1,"schema":9}}` + "\n", "\"sigpost load\" makes an archive of it"},
		"h.pst":        {"!BDN\x00", "readpst"},
		"i.html":       {"<!DOCTYPE html>\n<p>From: a\n", "a web page"},
		"Inbox.msf":    {"// <!-- <mdb:mork:z v=\"1.4\"/> -->\n", "without .msf"},
		"one row.mbox": {strings.Repeat("x", 1<<20), "text, but no mail"},
	} {
		path := wrote(t, filepath.Join(t.TempDir(), name), test.file)
		s := newShelf()
		_, err := shelver(t, s).Import(t.Context(), path, "sig", nil)
		if !errors.Is(err, ErrNoMail) || !strings.Contains(err.Error(), test.text) || !strings.Contains(err.Error(), path) || len(s.mailboxes) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Detect(t.Context(), filepath.Join(t.TempDir(), "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nowhere: %v", err)
	}
	dir := t.TempDir()
	if _, err := Detect(t.Context(), dir); !errors.Is(err, ErrNoMail) || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("an empty folder: %v", err)
	}
	wrote(t, filepath.Join(dir, "deep", "er", "README"), "hello\n")
	if _, err := Detect(t.Context(), dir); !errors.Is(err, ErrNoMail) || !strings.Contains(err.Error(), "1 other files, such as "+dir+"/deep/er/README (text, but no mail)") {
		t.Errorf("a folder without mail: %v", err)
	}
	for name, content := range map[string]string{"broken": "\x1f\x8b\x08\x00"} {
		if _, err := Detect(t.Context(), wrote(t, filepath.Join(t.TempDir(), name), content)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Detect(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// TestGivenAsMail: what is named as a mail, or by the user, is kept whatever is
// in it, in the archive or in quarantine.
func TestGivenAsMail(t *testing.T) {
	const prose, picture = "Dear all,\n\nthere is no header.\n", "\x89PNG\r\n\x1a\n\x00\x00"
	binary := "\x00\x01\x02\x03" + strings.Repeat("\xff\x00", 100)
	for name, test := range map[string]struct{ file, reason string }{
		"a.eml":                                  {prose, ""},
		"a.eml.gz":                               {string(compressed(t, prose)), ""},
		"17":                                     {prose, ""},
		"17.":                                    {prose, ""},
		"1460000003.M3P7.host.example.org":       {prose, ""},
		"00042.0123456789abcdef0123456789abcdef": {prose, ""},
		"b.eml":                                  {binary, "the parser refuses it"},
		"c.eml":                                  {"%PDF-1.4\n%x\n", "it is named as a mail is, but is a PDF document"},
		"d.mail":                                 {picture, "it is named as a mail is, but is a picture"},
		"e.gz":                                   {string(compressed(t, "\x00\x01\n")), "it is binary data"},
		"notes":                                  {"Note: this is no mail\nWho: me\n", "it is text, but no mail"},
		"from":                                   {"From here on it is only text.\n\nTo: nobody\n", "it is text, but no mail"},
		"Dockerfile":                             {"FROM debian:12\nRUN x\n", "it is text, but no mail"},
		"2016.txt":                               {prose, "it is text, but no mail"},
	} {
		path := wrote(t, filepath.Join(t.TempDir(), name), test.file)
		s := newShelf()
		in := New(s, refusing, func() time.Time { return start }, slog.New(slog.DiscardHandler))
		report, err := in.Import(t.Context(), path, "sig", nil)
		switch {
		case err != nil || report.Found != 1 || report.Skipped.Count > 0:
			t.Errorf("%s: %+v, %v", name, report, err)
		case test.reason == "" && (len(s.mails) != 1 || s.mails[0].raw != prose || s.mails[0].received.IsZero()):
			t.Errorf("%s: %+v", name, s.mails)
		case test.reason != "" && (len(s.quarantined) != 1 || !strings.Contains(s.quarantined[0].Reason, test.reason)):
			t.Errorf("%s: %+v", name, s.quarantined)
		}
		if len(s.quarantined) == 1 && string(s.quarantined[0].Raw) != test.file && !strings.HasSuffix(name, ".gz") {
			t.Errorf("%s: its bytes are not kept: %q", name, s.quarantined[0].Raw)
		}
		costsNothing(t, s, path)
	}
}

// refusing is a parser that takes all but binary data.
func refusing(raw []byte, date time.Time) (*sigpost.Message, error) {
	if bytes.IndexByte(raw, 0) >= 0 {
		return nil, errors.New("the parser refuses it")
	}
	return byBytes(raw, date)
}

// TestOddFiles: in a folder, a broken mail is known by its name, or by the mails
// beside it; what is none is skipped, and is all that there is where there is no
// mail.
func TestOddFiles(t *testing.T) {
	dir := t.TempDir()
	for i, m := range letters(3) {
		wrote(t, filepath.Join(dir, "dir", fmt.Sprintf("m%d.raw", i)), m)
		wrote(t, filepath.Join(dir, "dir", fmt.Sprintf("m%d", i)), m)
	}
	for name, content := range map[string]string{
		"a.raw": "no header\n", "z.raw": "not here either\n", "b.raw": "\x89PNG\r\n", "a.eml": "PK\x03\x04",
		"e.eml": "", "notes.txt": "x\n", "other.txt": "y\n", "README": "read me\n", "0.tiff": "II*\x00\x00\x00",
	} {
		wrote(t, filepath.Join(dir, "dir", name), content)
	}
	s := newShelf()
	report := imported(t, s, filepath.Join(dir, "dir"))
	if report.Stored != 5 || report.Duplicates != 3 || report.Quarantined != 1 || report.Skipped.Count != 6 {
		t.Errorf("%+v", report)
	}
	for _, raw := range []string{"no header\n", "not here either\n"} {
		if !slices.Contains(s.raws(), raw) {
			t.Errorf("%q is lost", raw)
		}
	}
	costsNothing(t, s, filepath.Join(dir, "dir"))

	wrote(t, filepath.Join(dir, "none", "a.txt"), "x\n")
	wrote(t, filepath.Join(dir, "none", "b.txt"), "x\n")
	if _, err := Detect(t.Context(), filepath.Join(dir, "none")); !errors.Is(err, ErrNoMail) || !strings.Contains(err.Error(), "2 other files") {
		t.Errorf("a folder of notes: %v", err)
	}
	wrote(t, filepath.Join(dir, "none", "1.eml"), "\x89PNG\r\n")
	if f, err := Detect(t.Context(), filepath.Join(dir, "none")); err != nil || len(f.parts) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
}

// mixedFolder holds mail of every kind.
func mixedFolder(t *testing.T) (dir string, mails []string) {
	dir, mails = t.TempDir(), letters(60)
	for i, m := range mails[:20] {
		wrote(t, filepath.Join(dir, "single", fmt.Sprintf("%03d.eml", i)), m)
	}
	wrote(t, filepath.Join(dir, "small.mbox"), writeMbox(mails[20:30]))
	wrote(t, filepath.Join(dir, "large"), writeMbox(append(slices.Clone(mails[30:40]), "Message-ID: <large@example.org>\n\n"+strings.Repeat("0123456789\n", 120_000))))
	makeMaildir(t, filepath.Join(dir, "Mail"), mails[40:50])
	newEpoch(t, filepath.Join(dir, "inbox", "git", "0.git")).mails(mails[50:])
	wrote(t, filepath.Join(dir, "README"), "What this is.\n")
	wrote(t, filepath.Join(dir, "single", "picture.eml"), "\x89PNG\r\n")
	wrote(t, filepath.Join(dir, ".DS_Store"), "x")
	return dir, mails
}

func TestImportFolder(t *testing.T) {
	dir, mails := mixedFolder(t)
	s := newShelf()
	report := imported(t, s, dir)
	if report.Format != FormatFolder || report.Stored != 61 || report.Quarantined != 1 || len(report.Parts) != 5 || report.Skipped.Count != 2 || len(report.Skipped.Files) != 2 {
		t.Errorf("%+v", report)
	}
	for i, m := range mails {
		if !slices.Contains(s.raws(), m) {
			t.Errorf("mail %d is lost", i)
		}
	}
	costsNothing(t, s, dir)

	wrote(t, filepath.Join(dir, "single", "0000.eml"), "Message-ID: <a@example.org>\n\n")
	wrote(t, filepath.Join(dir, "single", "zzz.eml"), "Message-ID: <z@example.org>\n\n")
	wrote(t, filepath.Join(dir, "small.mbox"), writeMbox(append(slices.Clone(mails[20:30]), "Message-ID: <b@example.org>\n\n")))
	if report := imported(t, s, dir); report.Stored != 3 || report.Duplicates < 10 || report.Duplicates > 12 {
		t.Errorf("three new ones: %+v", report)
	}
	costsNothing(t, s, dir)
}

func TestInterruptedFolder(t *testing.T) {
	dir := t.TempDir()
	for i, m := range letters(10) {
		wrote(t, filepath.Join(dir, fmt.Sprintf("%03d.eml", i)), m)
	}
	wrote(t, filepath.Join(dir, "005.mbox"), writeMbox(letters(24)[10:]))
	wrote(t, filepath.Join(dir, "006.mbox.gz"), string(compressed(t, writeMbox(letters(38)[24:]))))
	interruptedEverywhere(t, dir)
}

// TestOnePartFails: the others are read all the same, unless it is the archive
// that fails.
func TestOnePartFails(t *testing.T) {
	dir, _ := mixedFolder(t)
	if err := os.Remove(filepath.Join(dir, "inbox", "git", "0.git", "HEAD")); err != nil {
		t.Fatal(err)
	}
	s := newShelf()
	report, err := shelver(t, s).Import(t.Context(), dir, "sig", nil)
	if err == nil || report.Stored != 51 || len(s.failing) != 1 || len(s.complete) != 4 {
		t.Errorf("%+v, %v", report, err)
	}
	full := errors.New("no space left on device")
	s = newShelf()
	s.beforeAdd = func(int) error { return full }
	if _, err := shelver(t, s).Import(t.Context(), dir, "sig", nil); !errors.Is(err, full) || s.adds != 1 {
		t.Errorf("%d batches, %v", s.adds, err)
	}
}

// TestBareReturns refuses what would be taken for one long line.
func TestBareReturns(t *testing.T) {
	path := wrote(t, filepath.Join(t.TempDir(), "old.mbox"), strings.ReplaceAll(fromA+"A: 1\n\nx\n\n"+fromA+"A: 2\n\ny\n", "\n", "\r"))
	if _, err := shelver(t, newShelf()).Import(t.Context(), path, "sig", nil); !errors.Is(err, ErrNoMail) || !strings.Contains(err.Error(), "tr '") {
		t.Errorf("%v", err)
	}
}

// TestOneFileOfTwoLists has a cursor for each list.
func TestOneFileOfTwoLists(t *testing.T) {
	path := wrote(t, filepath.Join(t.TempDir(), "a.mbox"), fromA+"A: 1\n\nx\n")
	s := newShelf()
	for _, list := range []string{"sig", "dev"} {
		report, err := shelver(t, s).Import(t.Context(), path, list, nil)
		if err != nil || report.Found != 1 {
			t.Errorf("of %s: %+v, %v", list, report, err)
		}
	}
}
