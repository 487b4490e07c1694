package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"sigpost"

	"github.com/klauspost/compress/zstd"
)

// ErrNoDump says that a file is no dump, or is not whole.
var ErrNoDump = errors.New("no whole dump of sigpost")

// ErrNotEmpty says that there is something in an archive that a dump would be read
// into.
var ErrNotEmpty = errors.New("there is an archive already")

// How many rows, and bytes of them, are written at a time.
const (
	loadRows  = 256
	loadBytes = 8 << 20
)

// maxLine bounds a line of a dump: what has more is none of ours.
const maxLine = 1 << 30

// Dump is a dump that is being read.
type Dump struct {
	Header DumpHeader
	in     *bufio.Reader
	source *noting
	sum    hash.Hash
	line   []byte
	number int // of the line in hand, from 1
	z      *zstd.Decoder
}

// OpenDump reads the beginning of a dump, compressed with zstd or not. The error
// wraps ErrNoDump where it is none.
func OpenDump(r io.Reader) (*Dump, error) {
	d := &Dump{source: &noting{Reader: r}, sum: sha256.New()}
	d.in = bufio.NewReaderSize(d.source, 1<<16)
	if magic, _ := d.in.Peek(4); string(magic) == "\x28\xb5\x2f\xfd" {
		z, err := zstd.NewReader(d.in, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		d.z, d.in = z, bufio.NewReaderSize(z, 1<<16)
	}
	line, err := d.next()
	if err != nil {
		return nil, d.fail(err)
	}
	var first dumpLine
	if err := json.Unmarshal(line, &first); err != nil || first.Header == nil {
		return nil, fmt.Errorf("%w: its first line is not the header of one", ErrNoDump)
	}
	d.Header = *first.Header
	if d.Header.Format != dumpFormat {
		return nil, fmt.Errorf("%w: it has format %d, and this sigpost reads %d: use the one that made it (%s)", ErrNoDump, d.Header.Format, dumpFormat, d.Header.Program)
	}
	return d, nil
}

// Close lets go of what reading took.
func (d *Dump) Close() {
	if d.z != nil {
		d.z.Close()
	}
}

// next gives the next line, without its end, until the one behind it.
func (d *Dump) next() ([]byte, error) {
	if d.line != nil {
		d.sum.Write(d.line)
	}
	if cap(d.line) > loadBytes {
		d.line = nil
	}
	d.line = d.line[:0]
	d.number++
	for {
		part, err := d.in.ReadSlice('\n')
		d.line = append(d.line, part...)
		switch {
		case err == nil:
			return bytes.TrimSuffix(d.line, []byte("\n")), nil
		case len(d.line) > maxLine:
			return nil, errors.New("a line is too long")
		case err == io.EOF:
			return nil, errors.New("it ends too early")
		case err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}

// fail says of an error that it is the dump's, unless it could not be read.
func (d *Dump) fail(err error) error {
	if d.source.err != nil {
		return d.source.err
	}
	return fmt.Errorf("%w: line %d: %w", ErrNoDump, d.number, err)
}

// Load fills an archive from a dump, which has to be empty: all of it in one
// transaction, or nothing. text reads a mail again: it fills in the Text and Ranges
// of the message. last is called behind everything, in the same transaction; progress
// is told of messages.
//
// Where the dump is of tables of an earlier version, use LoadOld.
func (db *DB) Load(ctx context.Context, d *Dump, text func(m *sigpost.Message, raw []byte), last func(tx *DB) error, progress func(done int)) (DumpEnd, error) {
	l := &loader{Dump: d, text: text, progress: progress, rows: map[string]int64{}}
	err := db.Tx(ctx, func(tx *DB) error {
		tx.slow = true // who sends the dump may take their time
		l.db, l.packer = tx, packer{db: tx}
		if err := l.load(ctx); err != nil {
			return err
		}
		return last(tx)
	})
	if err == nil {
		err = db.Tidy(ctx, int(l.rows["messages"]))
	}
	return l.end, db.fail("reading a dump", err)
}

type loader struct {
	*Dump
	db       *DB
	tables   map[string]table
	end      DumpEnd
	text     func(m *sigpost.Message, raw []byte)
	progress func(done int)
	rows     map[string]int64

	// What is to be written next: rows of one table.
	name    string
	columns []column
	batch   [][]any
	size    int
	packer  packer
	mails   []loadedMail
}

// loadedMail is a message of the batch.
type loadedMail struct {
	id    int64
	raw   []byte
	place *place
}

func (l *loader) load(ctx context.Context) (err error) {
	if err := l.db.alone(ctx); err != nil {
		return err
	}
	if l.tables, err = l.db.tables(ctx); err != nil {
		return err
	}
	if err := l.empty(ctx); err != nil {
		return err
	}
	for {
		line, err := l.next()
		if err != nil {
			return l.fail(err)
		}
		if bytes.HasPrefix(line, []byte(`{"end":`)) {
			if err := l.flush(ctx); err != nil {
				return err
			}
			return l.finish(ctx, line)
		}
		if err := l.row(ctx, line); err != nil {
			return err
		}
	}
}

// empty sees that nothing is there, and takes away what migrations put into new
// tables.
func (l *loader) empty(ctx context.Context) error {
	filled, err := l.db.filled(ctx, l.tables)
	if err != nil {
		return err
	}
	if len(filled) > 0 {
		return &failure{fmt.Sprintf("the database %s is not empty: it has %s; name a new one", l.db.where, strings.Join(filled, ", ")), ErrNotEmpty}
	}
	_, err = l.db.exec(ctx, `DELETE FROM generations`)
	return err
}

// filled are the tables in which something is.
func (db *DB) filled(ctx context.Context, tables map[string]table) (filled []string, err error) {
	for _, name := range dumped {
		if _, ok := tables[name]; !ok {
			continue
		}
		where := ""
		if name == "generations" { // which has a row from the beginning
			where = " WHERE generation > 0"
		}
		any := 0
		if err := db.scan(ctx, `SELECT count(*) FROM (SELECT 1 AS one FROM `+name+where+` LIMIT 1) x`, nil, &any); err != nil {
			return nil, err
		}
		if any > 0 {
			filled = append(filled, name)
		}
	}
	return filled, nil
}

// Empty says whether nothing is in the archive.
func (db *DB) Empty(ctx context.Context) (bool, error) {
	tables, err := db.tables(ctx)
	if err != nil {
		return false, db.fail("looking for what is there", err)
	}
	filled, err := db.filled(ctx, tables)
	return len(filled) == 0, db.fail("looking for what is there", err)
}

// row takes a line that is a row.
func (l *loader) row(ctx context.Context, line []byte) error {
	var one map[string]map[string]json.RawMessage
	if err := json.Unmarshal(line, &one); err != nil || len(one) != 1 {
		return l.fail(errors.Join(errors.New("it is no row of a table"), err))
	}
	for name, values := range one {
		if name != l.name {
			if err := l.turn(ctx, name); err != nil {
				return err
			}
		}
		var row []any
		for _, c := range l.columns {
			v, err := l.value(name, c, values[c.name])
			if err != nil {
				return l.fail(fmt.Errorf("%s of %s: %w", c.name, name, err))
			}
			row = append(row, v)
			delete(values, c.name)
		}
		if name == "messages" {
			if err := l.mail(ctx, row, values["raw"]); err != nil {
				return err
			}
			delete(values, "raw")
		}
		for unknown := range values {
			return l.fail(fmt.Errorf("the table %s has no column %q", name, unknown))
		}
		l.batch = append(l.batch, row)
		l.rows[name]++
	}
	if l.size += len(line); len(l.batch) == loadRows || l.size > loadBytes {
		return l.flush(ctx)
	}
	return nil
}

// turn goes on to another table.
func (l *loader) turn(ctx context.Context, name string) error {
	if err := l.flush(ctx); err != nil {
		return err
	}
	t, ok := l.tables[name]
	if !ok || leftOut(name) != "" {
		return l.fail(fmt.Errorf("%q is no table that a dump has", name))
	}
	columns, err := dumpedColumns(name, t)
	l.name, l.columns = name, columns
	return err
}

// value reads a value as its column holds it.
func (l *loader) value(table string, c column, raw json.RawMessage) (any, error) {
	if raw == nil {
		return nil, errors.New("it is missing")
	}
	if string(raw) == "null" {
		if c.required {
			return nil, errors.New("it must not be null")
		}
		return nil, nil
	}
	switch c.kind {
	case ofInt:
		var n int64
		err := json.Unmarshal(raw, &n)
		return n, err
	case ofFloat:
		var f float64
		err := json.Unmarshal(raw, &f)
		return f, err
	case ofText:
		var s string
		err := json.Unmarshal(raw, &s)
		return clean(s), err
	}
	if packedColumns[table] == c.name {
		whole, err := unraw(raw)
		return l.db.squeeze.EncodeAll(whole, []byte{}), err
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	return base64.StdEncoding.AppendDecode([]byte{}, []byte(s))
}

// unraw reads bytes as dumper.raw writes them.
func unraw(value json.RawMessage) ([]byte, error) {
	if len(value) > 0 && value[0] == '{' {
		var coded struct {
			Base64 []byte `json:"base64"`
		}
		err := json.Unmarshal(value, &coded)
		return coded.Base64, err
	}
	var s string
	err := json.Unmarshal(value, &s)
	return []byte(s), err
}

// mail takes the raw bytes of a message.
func (l *loader) mail(ctx context.Context, row []any, value json.RawMessage) error {
	if value == nil {
		return l.fail(errors.New("a message has no mail"))
	}
	raw, err := unraw(value)
	if err != nil {
		return l.fail(fmt.Errorf("raw: %w", err))
	}
	m := loadedMail{raw: raw}
	for i, c := range l.columns {
		if c.name == "id" {
			m.id = row[i].(int64)
		}
	}
	if m.place, err = l.packer.put(ctx, raw); err != nil {
		return err
	}
	l.mails = append(l.mails, m)
	return nil
}

// flush writes the rows that are in hand.
func (l *loader) flush(ctx context.Context) error {
	if len(l.batch) == 0 {
		return ctx.Err()
	}
	into := l.name + " (" + columnNames(l.columns)
	if l.name == "messages" {
		if err := l.packer.flush(ctx); err != nil {
			return err
		}
		into += ", raw_block, raw_offset, raw_size"
		for i, m := range l.mails {
			l.batch[i] = append(l.batch[i], m.place.block, m.place.offset, m.place.size)
		}
	}
	if err := l.db.insertAll(ctx, into+")", l.batch); err != nil {
		return fmt.Errorf("rows of %s up to line %d: %w", l.name, l.number, err)
	}
	err := l.index(ctx)
	l.batch, l.size, l.mails = l.batch[:0], 0, l.mails[:0]
	return errors.Join(err, ctx.Err())
}

// index makes the messages of the batch found.
func (l *loader) index(ctx context.Context) error {
	if len(l.mails) == 0 {
		return nil
	}
	if l.text != nil {
		ids, raws := make([]int64, len(l.mails)), map[int64][]byte{}
		for i, m := range l.mails {
			ids[i], raws[m.id] = m.id, m.raw
		}
		messages, err := l.db.messagesByID(ctx, ids)
		if err != nil {
			return err
		}
		for _, m := range messages {
			if m.Shown() {
				l.text(m, raws[m.ID])
			}
		}
		if err := l.db.index(ctx, messages); err != nil {
			return err
		}
	}
	l.progress(int(l.rows["messages"]))
	return nil
}

// finish sees that all that was written was read, and makes what is made of it.
func (l *loader) finish(ctx context.Context, line []byte) error {
	var last dumpLine
	if err := json.Unmarshal(line, &last); err != nil || last.End == nil {
		return l.fail(errors.New("the last line cannot be understood"))
	}
	l.end = *last.End
	if sum := hex.EncodeToString(l.sum.Sum(nil)); sum != l.end.SHA256 {
		return l.fail(errors.New("it is not what was written: its SHA-256 is another"))
	}
	for name, n := range l.end.Rows {
		if l.rows[name] != n {
			return l.fail(fmt.Errorf("it has %d rows of %s and should have %d", l.rows[name], name, n))
		}
	}
	if _, err := l.in.ReadByte(); err != io.EOF {
		return l.fail(errors.New("something stands behind its end"))
	}
	for name, n := range l.end.Last {
		if t, ok := l.tables[name]; n > 0 && ok && t.numbered {
			if err := l.db.setLastNumber(ctx, name, n); err != nil {
				return fmt.Errorf("the numbers of %s: %w", name, err)
			}
		}
	}
	if _, ok := l.tables["listing"]; !ok {
		return nil
	}
	_, err := l.db.exec(ctx, `INSERT INTO listing (kind, name, last_at, thread_id)
SELECT kind, name, last_at, thread_id FROM listed ORDER BY kind, name, last_at, thread_id`)
	return err
}
