package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"

	"sigpost/internal/lru"
)

// rawBlock is how many bytes of mail are compressed together. At 192 KiB a
// list's mail shrinks to 0.35 of its size, at 128 to 0.37, one by one to 0.55.
const rawBlock = 192 << 10

// rawWindow is how far back the compression looks, in a mail that is longer
// than a block.
const rawWindow = 1 << 20

// place is where a message's raw bytes are: in which block, and where in what
// the block expands to.
type place struct {
	block, offset, size int64
}

// packer fills blocks with raw mail.
type packer struct {
	db     *DB
	mail   []byte
	filled []*place // whose block is not written yet
	packed []byte
}

// put takes the raw bytes of one message. The place is known whole after the
// next flush.
func (p *packer) put(ctx context.Context, raw []byte) (*place, error) {
	if len(p.mail) > 0 && len(p.mail)+len(raw) > rawBlock {
		if err := p.flush(ctx); err != nil {
			return nil, err
		}
	}
	at := &place{offset: int64(len(p.mail)), size: int64(len(raw))}
	p.mail = append(p.mail, raw...)
	p.filled = append(p.filled, at)
	return at, nil
}

// flush writes what is in hand as one block.
func (p *packer) flush(ctx context.Context) error {
	if len(p.filled) == 0 {
		return nil
	}
	p.packed = p.db.squeeze.EncodeAll(p.mail, p.packed[:0])
	var id int64
	err := p.db.scan(ctx, `INSERT INTO raw_blocks (data) VALUES ($1) RETURNING id`, []any{p.packed}, &id)
	if err != nil {
		return err
	}
	for _, at := range p.filled {
		at.block = id
	}
	p.mail, p.filled = p.mail[:0], p.filled[:0]
	return nil
}

// Raw gives the bytes of a message as they came. The error wraps
// sigpost.ErrNotFound where there is no such message.
func (db *DB) Raw(ctx context.Context, id int64) ([]byte, error) {
	var raw []byte
	err := db.Raws(ctx, []int64{id}, func(_ int64, r []byte) error {
		raw = r
		return nil
	})
	return raw, err
}

// Raws calls each with the raw bytes of every message in ids, block by block
// and not in the order of ids, expanding each block once for every 256 ids.
// It fails with sigpost.ErrNotFound where one is not there, and with the
// first error of each. The bytes are each's to keep.
func (db *DB) Raws(ctx context.Context, ids []int64, each func(id int64, raw []byte) error) error {
	type wanted struct {
		id int64
		place
	}
	// What was stored together has numbers and blocks side by side.
	ids = slices.Sorted(slices.Values(ids))
	return inList(ids, 1, func(list string, args []any) error {
		found, err := collect(ctx, db, func(row scanner) (w wanted, err error) {
			return w, row.Scan(&w.id, &w.block, &w.offset, &w.size)
		}, `SELECT id, raw_block, raw_offset, raw_size FROM messages WHERE id IN `+list+` ORDER BY raw_block, id`, args...)
		if err != nil {
			return db.fail("reading raw mail", err)
		}
		if len(found) < distinct(args) {
			return db.fail("reading raw mail", sql.ErrNoRows)
		}
		memory := expanded.Get().(*[]byte)
		defer expanded.Put(memory)
		var block []byte
		for i, w := range found {
			if i == 0 || w.block != found[i-1].block {
				if block, err = db.block(ctx, w.block, (*memory)[:0]); err != nil {
					return db.fail(fmt.Sprintf("reading the raw bytes of message %d", w.id), err)
				}
				if db.blocks == nil && cap(block) <= 2*rawBlock {
					*memory = block
				}
			}
			if w.offset+w.size > int64(len(block)) {
				return fmt.Errorf("the raw bytes of message %d are damaged in the database %s; restore a backup", w.id, db.where)
			}
			if err := each(w.id, bytes.Clone(block[w.offset:w.offset+w.size])); err != nil {
				return err
			}
		}
		return nil
	})
}

// expanded is memory for blocks: whoever reads a mail gets a copy, and does not hold
// on to its neighbours.
var expanded = sync.Pool{New: func() any { return new([]byte) }}

// KeepBlocks keeps blocks of mail expanded, up to so many bytes, for who reads
// mail of a few threads again and again. It is to be called before anything else.
func (db *DB) KeepBlocks(bytes int) {
	if db.blocks == nil { // they may be in use
		db.blocks = lru.New[int64, []byte](bytes)
	}
}

// block expands a block into memory that is handed in, or into other memory where
// it is kept.
func (db *DB) block(ctx context.Context, id int64, into []byte) ([]byte, error) {
	keep := db.blocks != nil && db.tx == nil // what a transaction sees may never be
	if keep {
		if block, ok := db.blocks.Get(id); ok {
			return block, nil
		}
		into = nil
	}
	var packed []byte
	if err := db.scan(ctx, `SELECT data FROM raw_blocks WHERE id = $1`, []any{id}, &packed); err != nil {
		return nil, err
	}
	block, err := db.expand.DecodeAll(packed, into)
	if err == nil && keep {
		db.blocks.Put(id, block, cap(block))
	}
	return block, err
}

func distinct(args []any) int {
	seen := make(map[any]bool, len(args))
	for _, a := range args {
		seen[a] = true
	}
	return len(seen)
}
