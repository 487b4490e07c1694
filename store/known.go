package store

import (
	"context"
	"slices"

	"sigpost"
)

// printBytes is how a column holds a fingerprint; readPrint takes it apart. One
// that is missing is the zero Fingerprint, which is like no mail's.
func printBytes(f sigpost.Fingerprint) []byte {
	return slices.Concat(f.Raw[:], f.Body[:], f.Words[:])
}

func readPrint(b []byte) (f sigpost.Fingerprint) {
	if len(b) == 3*len(f.Raw) {
		copy(f.Raw[:], b)
		copy(f.Body[:], b[len(f.Raw):])
		copy(f.Words[:], b[2*len(f.Raw):])
	}
	return f
}

// Known is what tells a stored message from another mail with its Message-ID.
type Known struct {
	ID          int64 // the archive's number
	Fingerprint sigpost.Fingerprint
}

// Known gives those of the ids that are stored.
func (db *DB) Known(ctx context.Context, ids []sigpost.MessageID) (map[sigpost.MessageID]Known, error) {
	found := map[sigpost.MessageID]Known{}
	byKey, keys := keysOf(ids)
	err := inList(keys, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var k, print []byte
			var known Known
			if err := row.Scan(&k, &known.ID, &print); err != nil {
				return err
			}
			known.Fingerprint = readPrint(print)
			found[byKey[key(k)]] = known
			return nil
		}, `SELECT message_key, id, fingerprint FROM messages WHERE message_key IN `+list, args...)
	})
	return found, db.fail("looking for mail that is known", err)
}

func keysOf(ids []sigpost.MessageID) (map[key]sigpost.MessageID, [][]byte) {
	byKey := make(map[key]sigpost.MessageID, len(ids))
	keys := make([][]byte, 0, len(ids))
	for _, id := range ids {
		k := keyOf(id)
		if _, twice := byKey[k]; !twice {
			byKey[k] = id
			keys = append(keys, k[:])
		}
	}
	return byKey, keys
}
