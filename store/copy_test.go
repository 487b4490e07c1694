package store_test

import (
	"bytes"
	"testing"

	"sigpost"
	"sigpost/store"
)

func TestCopies(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		equal(t, "at first", must(db.Copy(ctx, "calendar a"))(t), sigpost.Copy{Name: "calendar a"})
		a := sigpost.Copy{
			Name: "calendar a", Origin: "0123", Body: bytes.Repeat([]byte("BEGIN:VEVENT\r\n\x00\xff"), 1000), ETag: `"1"`, LastModified: "Mon, 04 Apr 2016 09:00:00 GMT",
			Confirmed: hours(1),
		}
		check(t, db.SaveCopy(ctx, a))
		check(t, db.SaveCopy(ctx, sigpost.Copy{Name: "calendar b", Body: []byte("b")}))
		equal(t, "kept", must(db.Copy(ctx, "calendar a"))(t), a)
		a.Failing, a.Failure, a.Body = hours(2), "the server answers 500", []byte("new")
		check(t, db.SaveCopy(ctx, a))
		equal(t, "kept anew", must(db.Copy(ctx, "calendar a"))(t), a)
		equal(t, "the other", string(must(db.Copy(ctx, "calendar b"))(t).Body), "b")
	})
}
