package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
)

// A dump is the whole archive as JSON lines, which any program can read, and either
// engine: docs/format.md says how it is made.
const dumpFormat = 1

// DumpHeader is the first line of a dump, under the key "sigpost".
type DumpHeader struct {
	Format int `json:"format"`
	// Schema is the version of the tables.
	Schema     int64     `json:"schema"`
	Program    string    `json:"program"`
	Made       time.Time `json:"made"`
	Generation int64     `json:"generation"`
}

// DumpEnd is the last line, under the key "end".
type DumpEnd struct {
	// Rows counts the rows of each table.
	Rows map[string]int64 `json:"rows"`
	// Last is the highest number that each table that numbers its rows ever gave.
	Last map[string]int64 `json:"last"`
	// SHA256 is that of all lines before this one, in hexadecimal digits.
	SHA256 string `json:"sha256"`
}

// dumpLine is what a line may be but for a row.
type dumpLine struct {
	Header *DumpHeader `json:"sigpost,omitempty"`
	End    *DumpEnd    `json:"end,omitempty"`
}

// How much mail is in hand at a time.
const (
	dumpPage  = 256
	dumpBytes = 8 << 20
)

// Dump writes the archive as it is at one moment as JSON lines, compressed with zstd
// where that is said, while others go on writing. header has Program and Made;
// progress is told of messages.
func (db *DB) Dump(ctx context.Context, w io.Writer, header DumpHeader, compress bool, progress func(done, total int)) (DumpHeader, DumpEnd, error) {
	d := &dumper{header: header, progress: progress, end: DumpEnd{Rows: map[string]int64{}, Last: map[string]int64{}}}
	err := db.Snapshot(ctx, func(db *DB) error {
		d.db = db
		if !compress {
			return d.write(ctx, w)
		}
		z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1))
		if err != nil {
			return err
		}
		return errors.Join(d.write(ctx, z), z.Close())
	})
	return d.header, d.end, db.fail("writing a dump", err)
}

type dumper struct {
	db       *DB
	out      *bufio.Writer
	sum      hash.Hash
	line     bytes.Buffer
	texts    *json.Encoder // into line
	header   DumpHeader
	end      DumpEnd
	progress func(done, total int)
}

func (d *dumper) write(ctx context.Context, w io.Writer) (err error) {
	d.out, d.sum = bufio.NewWriterSize(w, 1<<16), sha256.New()
	d.texts = json.NewEncoder(&d.line)
	d.texts.SetEscapeHTML(false) // mail is easier to read so, and shorter
	d.header.Format = dumpFormat
	if d.header.Schema, err = d.db.version(ctx); err != nil {
		return err
	}
	if d.header.Generation, _, err = d.db.Generation(ctx); err != nil {
		return err
	}
	tables, err := d.db.tables(ctx)
	if err != nil {
		return err
	}
	if err := d.value(dumpLine{Header: &d.header}); err != nil {
		return err
	}
	for _, name := range dumped { // in PostgreSQL they are not of the snapshot: as early as may be
		if tables[name].numbered {
			if d.end.Last[name], err = d.db.lastNumber(ctx, name); err != nil {
				return err
			}
		}
	}
	for _, name := range dumped {
		t, ok := tables[name]
		if !ok {
			continue // tables of an earlier version
		}
		columns, err := dumpedColumns(name, t)
		if err != nil {
			return err
		}
		if name == "messages" {
			err = d.messages(ctx, columns)
		} else {
			err = d.rows(ctx, name, columns, "FROM "+name+d.where(name)+" ORDER BY "+d.order(t))
		}
		if err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
	}
	d.end.SHA256 = hex.EncodeToString(d.sum.Sum(nil))
	if err := d.value(dumpLine{End: &d.end}); err != nil {
		return err
	}
	return d.out.Flush()
}

// where leaves out what is no matter of another archive.
func (d *dumper) where(name string) string {
	if name == "notes" {
		return " WHERE name <> '" + noteRestored + "'"
	}
	return ""
}

// order is the order of rows, the same on both engines.
func (d *dumper) order(t table) string {
	by := slices.Clone(t.key)
	for i, name := range by {
		if c, _ := t.column(name); c.kind == ofText {
			by[i] += d.db.binary
		}
	}
	return strings.Join(by, ", ")
}

// value writes a line of any value.
func (d *dumper) value(v any) error {
	d.line.Reset()
	if err := d.texts.Encode(v); err != nil {
		return err
	}
	return d.flush()
}

// flush writes the line that is in hand.
func (d *dumper) flush() error {
	d.sum.Write(d.line.Bytes())
	_, err := d.out.Write(d.line.Bytes())
	return err
}

// rows writes the rows of a table.
func (d *dumper) rows(ctx context.Context, name string, columns []column, from string) error {
	row := newDumpRow(columns)
	return d.db.each(ctx, func(s scanner) error {
		if err := s.Scan(row.into...); err != nil {
			return err
		}
		if err := d.begin(name, row); err != nil {
			return err
		}
		d.end.Rows[name]++
		d.line.WriteString("}}\n")
		if err := d.flush(); err != nil {
			return err
		}
		return ctx.Err()
	}, "SELECT "+columnNames(columns)+" "+from)
}

func columnNames(columns []column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// dumpRow is where a row is read into.
type dumpRow struct {
	columns []column
	into    []any
}

func newDumpRow(columns []column) *dumpRow {
	r := &dumpRow{columns: columns, into: make([]any, len(columns))}
	for i, c := range columns {
		switch c.kind {
		case ofInt:
			r.into[i] = &sql.NullInt64{}
		case ofFloat:
			r.into[i] = &sql.NullFloat64{}
		case ofText:
			r.into[i] = &sql.NullString{}
		case ofBytes:
			r.into[i] = &[]byte{}
		}
	}
	return r
}

// begin puts a row into the line, but for what ends it.
func (d *dumper) begin(name string, r *dumpRow) error {
	d.line.Reset()
	fmt.Fprintf(&d.line, `{"%s":{`, name)
	for i, c := range r.columns {
		if i > 0 {
			d.line.WriteByte(',')
		}
		fmt.Fprintf(&d.line, `"%s":`, c.name)
		if err := d.column(name, c, r.into[i]); err != nil {
			return fmt.Errorf("column %s: %w", c.name, err)
		}
	}
	return nil
}

func (d *dumper) column(table string, c column, v any) error {
	null := true
	switch v := v.(type) {
	case *sql.NullInt64:
		if null = !v.Valid; !null {
			d.line.Write(strconv.AppendInt(d.line.AvailableBuffer(), v.Int64, 10))
		}
	case *sql.NullFloat64:
		if null = !v.Valid; !null {
			return d.text(v.Float64)
		}
	case *sql.NullString:
		if null = !v.Valid; !null {
			return d.text(clean(v.String))
		}
	case *[]byte:
		switch null = *v == nil && !c.required; {
		case null:
		case packedColumns[table] == c.name:
			whole, err := d.db.expand.DecodeAll(*v, nil)
			if err != nil {
				return err
			}
			return d.raw(whole)
		default:
			d.line.WriteByte('"')
			d.line.Write(base64.StdEncoding.AppendEncode(d.line.AvailableBuffer(), *v))
			d.line.WriteByte('"')
		}
	}
	if null {
		d.line.WriteString("null")
	}
	return nil
}

// text puts a text or a number into the line.
func (d *dumper) text(v any) error {
	if err := d.texts.Encode(v); err != nil {
		return err
	}
	d.line.Truncate(d.line.Len() - 1) // the encoder ends lines
	return nil
}

// raw puts bytes into the line: as a text where they are one, so that it can be read
// and searched, else as {"base64": …}.
func (d *dumper) raw(b []byte) error {
	if utf8.Valid(b) {
		return d.text(string(b))
	}
	d.line.WriteString(`{"base64":"`)
	d.line.Write(base64.StdEncoding.AppendEncode(d.line.AvailableBuffer(), b))
	d.line.WriteString(`"}`)
	return nil
}

// messages writes messages with their raw mail, some at a time.
func (d *dumper) messages(ctx context.Context, columns []column) error {
	total := 0
	if err := d.db.scan(ctx, `SELECT count(*) FROM messages`, nil, &total); err != nil {
		return err
	}
	for after := int64(0); ; {
		ids, err := d.page(ctx, after)
		if err != nil || len(ids) == 0 {
			return err
		}
		raws := make(map[int64][]byte, len(ids))
		if err := d.db.Raws(ctx, ids, func(id int64, raw []byte) error {
			raws[id] = raw
			return nil
		}); err != nil {
			return err
		}
		row, id := newDumpRow(columns), int64(0)
		row.into = append(row.into, &id)
		last := ids[len(ids)-1]
		err = d.db.each(ctx, func(s scanner) error {
			if err := s.Scan(row.into...); err != nil {
				return err
			}
			if err := d.begin("messages", row); err != nil {
				return err
			}
			d.line.WriteString(`,"raw":`)
			if err := d.raw(raws[id]); err != nil {
				return err
			}
			d.end.Rows["messages"]++
			d.line.WriteString("}}\n")
			return d.flush()
		}, "SELECT "+columnNames(columns)+", id FROM messages WHERE id > $1 AND id <= $2 ORDER BY id", after, last)
		if err != nil {
			return err
		}
		after = last
		d.progress(int(d.end.Rows["messages"]), total)
	}
}

// page gives the numbers of the next messages, as many as may be in memory at once.
func (d *dumper) page(ctx context.Context, after int64) (ids []int64, err error) {
	bytes := int64(0)
	err = d.db.each(ctx, func(row scanner) error {
		var id, size int64
		if err := row.Scan(&id, &size); err != nil {
			return err
		}
		if bytes += size; len(ids) == 0 || bytes <= dumpBytes {
			ids = append(ids, id)
		}
		return nil
	}, `SELECT id, raw_size FROM messages WHERE id > $1 ORDER BY id LIMIT $2`, after, dumpPage)
	return ids, errors.Join(err, ctx.Err())
}
