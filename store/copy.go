package store

import (
	"context"

	"sigpost"
)

// Copy gives the copy of that name; one with only the name where there is none.
func (db *DB) Copy(ctx context.Context, name string) (sigpost.Copy, error) {
	found, err := collect(ctx, db, func(row scanner) (c sigpost.Copy, err error) {
		var packed []byte
		var confirmed, failing int64
		if err = row.Scan(&c.Name, &c.Origin, &packed, &c.ETag, &c.LastModified, &confirmed, &failing, &c.Failure); err != nil {
			return c, err
		}
		c.Confirmed, c.Failing = moment(confirmed), moment(failing)
		c.Body, err = db.expand.DecodeAll(packed, nil)
		return c, err
	}, `SELECT name, origin, body, etag, last_modified, confirmed, failing, failure FROM copies WHERE name = $1`, name)
	if err != nil || len(found) == 0 {
		return sigpost.Copy{Name: name}, db.fail("looking for the copy of the "+name, err)
	}
	return found[0], nil
}

// SaveCopy keeps a copy in the place of the one of its name.
func (db *DB) SaveCopy(ctx context.Context, c sigpost.Copy) error {
	_, err := db.exec(ctx, `INSERT INTO copies (name, origin, body, etag, last_modified, confirmed, failing, failure)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO UPDATE SET origin = excluded.origin, body = excluded.body, etag = excluded.etag,
last_modified = excluded.last_modified, confirmed = excluded.confirmed, failing = excluded.failing, failure = excluded.failure`,
		c.Name, c.Origin, db.squeeze.EncodeAll(c.Body, []byte{}), clean(c.ETag), clean(c.LastModified), micros(c.Confirmed), micros(c.Failing), clean(c.Failure))
	return db.fail("keeping a copy of the "+c.Name, err)
}
