package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sigpost"
)

// How many bytes of a message are indexed, of its words and of its subject and
// its author: who pastes more is looked for by the rest.
const (
	maxIndexed      = 256 << 10
	maxIndexedField = 8 << 10
)

// index makes messages found by their subject, their author and what the
// author wrote. They have their ID and Text.
func (db *DB) index(ctx context.Context, msgs []*sigpost.Message) error {
	for chunk := range slices.Chunk(msgs, db.textRows) {
		var args []any
		for _, m := range chunk {
			author := validPrefix(m.Author.Name, maxIndexedField) + " " + validPrefix(m.Author.Addr, maxIndexedField)
			args = append(args, m.ID)
			args = append(args, db.document(searchable(validPrefix(m.Subject, maxIndexedField)), searchable(author),
				searchable(validPrefix(m.NewText(), maxIndexed)))...)
		}
		query := `INSERT INTO ` + db.textInto + ` VALUES ` + db.tuples(len(args)/len(chunk), len(chunk))
		if _, err := db.exec(ctx, query, args...); err != nil {
			return fmt.Errorf("indexing message %s and those after it: %w", chunk[0].MessageID, err)
		}
	}
	return nil
}

// unindex forgets what was indexed of messages.
func (db *DB) unindex(ctx context.Context, ids []int64) error {
	return inList(ids, 1, func(list string, args []any) error {
		_, err := db.exec(ctx, `DELETE FROM message_text WHERE `+db.textID+` IN `+list, args...)
		return err
	})
}

// searchable makes text fit for the index. Scripts that write no spaces get
// one around each character, here and in what is looked for: a word of theirs
// is found as a phrase then.
func searchable(text string) string {
	text = clean(text)
	if !mayBeSpaceless(text) || strings.IndexFunc(text, spaceless) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if spaceless(r) {
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// mayBeSpaceless says whether text has a character beyond U+07FF, which three
// bytes make: most text has none, and bytes are gone through faster.
func mayBeSpaceless(text string) bool {
	for i := range len(text) {
		if text[i] >= 0xe0 {
			return true
		}
	}
	return false
}

func spaceless(r rune) bool {
	return r > 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}

// Search gives the newest messages that hold all words, in their subject, in
// their author's name or address or in what the author wrote, at most limit (0
// means 50), newest first. Words in double quotes have to stand one after the
// other; case and accents do not count. A query without any word finds nothing.
func (db *DB) Search(ctx context.Context, query string, limit int) ([]sigpost.Message, error) {
	phrases := phrases(query)
	if len(phrases) == 0 {
		return nil, nil
	}
	if limit == 0 {
		limit = 50
	}
	all, err := collect(ctx, db, readMessage, `SELECT `+messageColumns+` FROM messages m
WHERE m.hidden = 0 AND m.id IN (`+db.findText+`) ORDER BY m.received DESC, m.id DESC LIMIT $2`, db.match(phrases), limit)
	return all, db.fail(fmt.Sprintf("searching for %s", query), err)
}

// phrases cuts a query into words and what stands in double quotes. Each is
// made of the index's words with a space between them: "os-brick" is two that
// stand together.
func phrases(query string) []string {
	var all []string
	add := func(phrase string) {
		words := strings.FieldsFunc(searchable(phrase), notOfWord)
		if len(words) > 0 {
			all = append(all, strings.Join(words, " "))
		}
	}
	for i, part := range strings.Split(query, `"`) {
		if i%2 == 1 {
			add(part)
			continue
		}
		for _, word := range strings.Fields(part) {
			add(word)
		}
	}
	return all
}

// columns are the texts that FTS5 indexes.
func columns(fields ...string) []any {
	args := make([]any, len(fields))
	for i, f := range fields {
		args[i] = f
	}
	return args
}

func matchFTS5(phrases []string) string { return `"` + strings.Join(phrases, `" "`) + `"` }

// NotIndexed counts the messages that were stored before there was an index, and
// are taken up by being read anew.
func (db *DB) NotIndexed(ctx context.Context) (n int, err error) {
	err = db.scan(ctx, `SELECT count(*) FROM messages WHERE reader = 0`, nil, &n)
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
