package app

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigpost/subscribe"
)

// What is exported can be imported, whatever is in it, and a file that cannot be
// read does no more than say so.
func FuzzReaderRows(f *testing.F) {
	f.Add([]byte("address,name\na@example.org,Ada\n"))
	f.Add([]byte("address\n\"a\nb\n"))
	f.Add([]byte("[\n{\"address\": \"a@example.org\"},\n{}]"))
	f.Add([]byte("{\"address\": 1}\n{\"adress\": \"\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, read := range []func(func(row) error) error{
			func(each func(row) error) error { return rowsOfCSV(bytes.NewReader(data), each) },
			func(each func(row) error) error { return rowsOfJSON(bytes.NewReader(data), each) },
		} {
			last := 0
			_ = read(func(r row) error { // an error is for the operator
				if r.line < last || r.line < 1 || r.line > 1+bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r")) {
					t.Errorf("line %d comes behind %d of %q", r.line, last, data)
				}
				last = r.line
				if fields := r.fields(); r.err == nil && len(fields) != len(readerColumns) {
					t.Errorf("%d fields", len(fields))
				}
				return nil
			})
		}
	})
}

// An import of many takes its time in proportion, and the page that says what to
// expect does not.
func TestImportOfMany(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	d := openDoors(t, "")
	var file strings.Builder
	file.WriteString("address,topics,consent_source,consent_date\n")
	const n = 5000
	for i := range n {
		fmt.Fprintf(&file, "r%d@example.org,kuryr,on paper,2016-04-01\n", i)
	}
	begin := time.Now()
	r, err := d.app.ImportReaders(t.Context(), d.digest(d.app), strings.NewReader(file.String()), "csv", ImportOptions{})
	if err != nil || r.Subscribed != n {
		t.Fatalf("%+v, %v", r, err)
	}
	t.Logf("%d readers in %v", n, time.Since(begin))
}

// A spreadsheet takes nothing that a reader chose for a formula, and an import reads
// what was exported.
func TestSpreadsheetsFindNoFormulas(t *testing.T) {
	const call = "=cmd|'/ccalc'!A0@example.org" // an address (RFC 5322, section 3.4.1)
	if _, addr, err := subscribe.ParseAddress(call); err != nil || addr != call {
		t.Fatalf("%q, %v: it is no address any more, and this test needs another", addr, err)
	}
	for _, text := range []string{call, "+1@example.org", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1", "plain", ""} {
		r := ReaderRow{Address: text, Name: text, ConsentSource: text}
		for i, cell := range r.fields() {
			if strings.IndexAny(cell, "=+-@\t\r\n＝＋－＠") == 0 {
				t.Errorf("%s of %q is %q", readerColumns[i], text, cell)
			}
			var back ReaderRow
			if err := back.set(readerColumns[i], cell); err != nil || readerColumns[i] == "address" && back.Address != strings.TrimSpace(text) {
				t.Errorf("%q comes back as %+v, %v", cell, back, err)
			}
		}
	}
}
