package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sigpost"
	"sigpost/search"
)

// How many bytes of a message are indexed, of its words and of its subject and
// its author: who pastes more is looked for by the rest.
const (
	maxIndexed      = 256 << 10
	maxIndexedField = 8 << 10
)

// maxWords is how many bytes of what an author wrote are kept for the passages
// that searches show, and to rank by.
const maxWords = 8 << 10

// A message's place is where it stands in the order of searches: the minute in
// which it was received, and its number, in placeID bits. It is the key of the
// index, so that this gives the newest first, goes on from any of them, and is
// bounded by days, without a look at anything else. FTS5 writes how far keys are
// apart for each word of each message: seconds would cost a byte more there.
const (
	placeID    = 28 // 268 million messages
	placeMask  = 1<<placeID - 1
	lastMinute = 1<<28 - 1 // in the year 2480
)

// placeOf is the place of a message.
func placeOf(id int64, received time.Time) int64 {
	return placeAt(received) | id&placeMask
}

// placeAt is where the places of a minute begin.
func placeAt(t time.Time) int64 {
	return min(max(0, micros(t)/60_000_000), lastMinute) << placeID
}

// placeSQL is placeOf for messages m, and idSQL the number of the message at a
// place.
var (
	placeSQL = fmt.Sprintf(`((CASE WHEN m.received <= 0 THEN 0 WHEN m.received >= %d THEN %d ELSE m.received / 60000000 END << %d) | (m.id & %d))`,
		lastMinute*60_000_000, lastMinute, placeID, placeMask)
	idSQL = fmt.Sprintf(`(%%s & %d)`, placeMask)
)

// visible is the condition on messages m that may be shown: whatever a search
// gives holds it.
const visible = `m.hidden = 0`

// Marks are what the index has of a message beside its words. No text has the
// character with which they begin.
const (
	markSign       = "\uE000"
	noMark         = markSign + "none" // which no message has
	anyMark        = markSign + "any"  // which every message has
	markAttachment = markSign + search.Attachment
	markRobot      = markSign + search.Robot
)

func marksOf(m *sigpost.Message) string {
	marks := []string{anyMark}
	if len(m.Attachments) > 0 {
		marks = append(marks, markAttachment)
	}
	if m.Robot {
		marks = append(marks, markRobot)
	}
	return strings.Join(marks, " ")
}

// index makes messages found by their subject, their author and what the
// author wrote. They have their ID and Text. This is the one place from which
// anything comes to be found, and unindex the one by which it is not any more:
// every search goes through message_text or message_words. What is kept out of
// sight is not taken in, since counts and pages would tell which words it has.
func (db *DB) index(ctx context.Context, msgs []*sigpost.Message) error {
	msgs = slices.DeleteFunc(slices.Clone(msgs), func(m *sigpost.Message) bool { return !m.Shown() })
	// In their order: FTS5 writes out what it has gathered when one goes back.
	slices.SortFunc(msgs, func(a, b *sigpost.Message) int {
		return cmp.Compare(placeOf(a.ID, a.Received), placeOf(b.ID, b.Received))
	})
	var rows [][]any
	for chunk := range slices.Chunk(msgs, db.textRows) {
		var args []any
		for _, m := range chunk {
			place, words := placeOf(m.ID, m.Received), m.NewText()
			author := validPrefix(m.Author.Name, maxIndexedField) + " " + validPrefix(m.Author.Addr, maxIndexedField)
			args = append(args, place)
			args = append(args, db.document(searchable(validPrefix(m.Subject, maxIndexedField)), searchable(author),
				searchable(validPrefix(words, maxIndexed)), marksOf(m))...)
			rows = append(rows, []any{place, db.squeeze.EncodeAll([]byte(clean(validPrefix(words, maxWords))), []byte{})})
		}
		query := `INSERT INTO ` + db.textInto + ` VALUES ` + db.tuples(len(args)/len(chunk), len(chunk))
		if _, err := db.exec(ctx, query, args...); err != nil {
			return fmt.Errorf("indexing message %s and those after it: %w", chunk[0].MessageID, err)
		}
	}
	return db.insertAll(ctx, "message_words (place, words)", rows)
}

// unindex forgets what was indexed of a message.
func (db *DB) unindex(ctx context.Context, m *sigpost.Message) error {
	for _, query := range []string{`DELETE FROM message_text WHERE ` + db.textPlace + ` = $1`, `DELETE FROM message_words WHERE place = $1`} {
		if _, err := db.exec(ctx, query, placeOf(m.ID, m.Received)); err != nil {
			return err
		}
	}
	return nil
}

// indexed says which of some messages are.
func (db *DB) indexed(ctx context.Context, msgs []*sigpost.Message) (map[int64]bool, error) {
	places, all := make([]int64, len(msgs)), map[int64]bool{}
	for i, m := range msgs {
		places[i] = placeOf(m.ID, m.Received)
	}
	err := inList(places, 1, func(list string, args []any) error {
		return db.each(ctx, func(row scanner) error {
			var place int64
			err := row.Scan(&place)
			all[place&placeMask] = true
			return err
		}, `SELECT place FROM message_words WHERE place IN `+list, args...)
	})
	return all, err
}

// searchable makes text fit for the index.
func searchable(text string) string {
	text = search.Spaced(clean(text))
	if strings.Contains(text, markSign) {
		text = strings.ReplaceAll(text, markSign, " ")
	}
	return text
}

// columns are the texts that FTS5 indexes.
func columns(subject, author, words, marks string) []any {
	return []any{subject, author, words, marks}
}

// phraseFTS5 asks for words that stand one after the other.
func phraseFTS5(words []string, field search.Field) string {
	column := map[search.Field]string{search.FieldSubject: "subject : ", search.FieldFrom: "author : "}[field]
	return column + `"` + clean(strings.Join(words, " ")) + `"`
}

// NotIndexed counts the messages that may be shown, were stored before there was
// this index, and are taken up by being read anew.
func (db *DB) NotIndexed(ctx context.Context) (n int, err error) {
	err = db.scan(ctx, `SELECT count(*) FROM messages m WHERE `+visible+` AND NOT EXISTS (SELECT 1 FROM message_words w WHERE w.place = `+placeSQL+`)`, nil, &n)
	return n, db.fail("counting what is not indexed", err)
}

// Tidy merges what the full-text index took in bit by bit, after added
// messages came: wholly where they are a good part of the archive, else a
// little. Without it searches grow slow, and nothing else.
func (db *DB) Tidy(ctx context.Context, added int) error {
	if db.tidyText == "" || added == 0 {
		return nil
	}
	var newest int64
	if err := db.scan(ctx, `SELECT COALESCE(max(id), 0) FROM messages`, nil, &newest); err != nil {
		return db.fail("tidying the index", err)
	}
	statement := db.tidyText
	if int64(added) > newest/5 && added > 1000 {
		statement = db.optimizeText
	}
	_, err := db.exec(ctx, statement)
	return db.fail("tidying the index", err)
}

// validPrefix cuts text to at most n bytes at the end of a character.
func validPrefix(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
