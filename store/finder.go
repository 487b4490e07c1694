package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"sigpost"
	"sigpost/search"
)

// finder asks for the places of messages that a query means. What the text index
// can answer is asked of it in one go, and gives candidates, the newest first;
// days bound them; the rest are filters on these.
type finder struct {
	db *DB
	// match is what the index is asked; empty where candidates are all messages.
	match    string
	from, to int64 // candidates' places are in [from, to)
	filters  []*search.Node
}

// finder takes a query apart.
func (db *DB) finder(root *search.Node) *finder {
	f := &finder{db: db, to: math.MaxInt64}
	all := []*search.Node{root}
	if root.Op == search.And {
		all = root.Of
	}
	var texts []*search.Node
	for _, n := range all {
		switch _, _, ok := db.textOf(n); {
		case ok:
			texts = append(texts, n)
		case f.bound(n):
		default:
			f.filters = append(f.filters, n)
		}
	}
	if len(texts) == 0 {
		return f
	}
	text := texts[0]
	if len(texts) > 1 {
		text = &search.Node{Op: search.And, Of: texts}
	}
	expression, negated, _ := db.textOf(text)
	if negated {
		expression = "(" + db.textMark(anyMark) + db.textNot + expression + ")"
	}
	f.match = expression
	return f
}

// bound narrows the range of places by a day, if the node is one.
func (f *finder) bound(n *search.Node) bool {
	leaf, negated := n, false
	if n.Op == search.Not {
		leaf, negated = n.Of[0], true
	}
	switch {
	case leaf.Op != search.Leaf || leaf.Field != search.FieldBefore && leaf.Field != search.FieldAfter:
		return false
	case (leaf.Field == search.FieldBefore) != negated:
		f.to = min(f.to, placeAt(leaf.Time))
	default:
		f.from = max(f.from, placeAt(leaf.Time))
	}
	return true
}

// textOf is a node as an expression of the text index, and whether it is that
// which must not match; ok says whether the index can answer it at all. Neither
// engine can ask for what does not match without something that does.
func (db *DB) textOf(n *search.Node) (expression string, negated, ok bool) {
	switch n.Op {
	case search.Leaf:
		expression, ok = db.textLeaf(n)
		return expression, false, ok
	case search.Not:
		expression, negated, ok = db.textOf(n.Of[0])
		return expression, !negated, ok
	}
	var want, not []string
	for _, c := range n.Of {
		expression, negated, ok := db.textOf(c)
		switch {
		case !ok:
			return "", false, false
		case negated:
			not = append(not, expression)
		default:
			want = append(want, expression)
		}
	}
	joined := func(by string, all []string) string { return "(" + strings.Join(all, by) + ")" }
	if n.Op == search.Or { // a or not b is: not (b and not a)
		if len(not) == 0 {
			return joined(db.textOr, want), false, true
		}
		expression = joined(db.textAnd, not)
		if len(want) > 0 {
			expression = "(" + expression + db.textNot + joined(db.textOr, want) + ")"
		}
		return expression, true, true
	}
	if len(want) == 0 {
		return joined(db.textOr, not), true, true
	}
	expression = joined(db.textAnd, want)
	if len(not) > 0 {
		expression = "(" + expression + db.textNot + joined(db.textOr, not) + ")"
	}
	return expression, false, true
}

func (db *DB) textLeaf(n *search.Node) (string, bool) {
	switch {
	case n.Field.Text():
		return "(" + db.textWords(n.Words, n.Field) + ")", true
	case n.Field == search.FieldHas && n.Value == search.Attachment:
		return db.textMark(markAttachment), true
	case n.Field == search.FieldIs && n.Value == search.Robot:
		return db.textMark(markRobot), true
	}
	return "", false
}

// sentence is a statement with its parameters.
type sentence struct {
	db   *DB
	args []any
	// sets asks for all that a filter lets through at once, and not for each
	// candidate.
	sets bool
}

func (s *sentence) arg(v any) string {
	s.args = append(s.args, v)
	return fmt.Sprintf("$%d", len(s.args))
}

// newest gives the places of the newest messages, at most limit.
func (f *finder) newest(ctx context.Context, limit int) ([]int64, error) {
	if f.from >= f.to {
		return nil, nil
	}
	if len(f.filters) == 0 {
		s := &sentence{db: f.db}
		return s.places(ctx, f.source(s, limit))
	}
	few, err := f.few(ctx)
	if err != nil {
		return nil, err
	}
	for candidates := firstLooked; !few; candidates = looked {
		places, err := f.filtered(ctx, candidates, limit)
		if err != nil || len(places) == limit {
			return places, err
		}
		// Few of the newest candidates, or there are no others.
		if n, err := f.candidates(ctx, candidates+1); err != nil || n <= candidates {
			return places, err
		}
		few = candidates == looked
	}
	return f.fromSets(ctx, limit)
}

// few says whether a filter lets so little through that it is quicker to look at
// all of that than at candidates.
func (f *finder) few(ctx context.Context) (bool, error) {
	first := f.selective()
	if f.match != "" || first < 0 {
		return false, nil
	}
	s, n := &sentence{db: f.db}, f.filters[first]
	some, limit := `SELECT 1 FROM listing a WHERE `+s.tags(n), fewThreads
	if n.Field == search.FieldList {
		s = &sentence{db: f.db}
		some, limit = `SELECT 1 FROM message_lists l WHERE l.list = `+s.arg(n.Value), looked
	}
	var count int
	err := s.scan(ctx, `SELECT count(*) FROM (`+some+` LIMIT `+s.arg(limit)+`) c`, &count)
	return count < limit, err
}

// source is the statement of the newest candidates.
func (f *finder) source(s *sentence, limit int) string {
	if f.match != "" && f.db.textNewest != nil {
		return f.newestUnordered(s, limit)
	}
	return f.candidatesSQL(s, limit, true)
}

// newestLooks is how many of the newest messages are looked at, without the index, for a
// word: few at first, and more where at least often of those have it.
type newestLooks struct{ probed, scanned, often int }

// newestUnordered is source for an index that gives all that match, in no order: what of
// the newest messages matches, and behind that, by the index, what of the others does.
// PostgreSQL knows nothing of how rare a rare word is, takes it for one in two hundred and
// would look for it in all messages, from the newest to the oldest. The parts of the union
// come one after the other, each only where those before it were not enough.
func (f *finder) newestUnordered(s *sentence, limit int) string {
	look := f.db.textNewest
	match, from, to := fmt.Sprintf(f.db.textMatch, s.arg(f.match)), s.arg(f.from), s.arg(f.to)
	inOrder := func(columns string, skip, limit int) string {
		return fmt.Sprintf(`SELECT %s FROM message_text WHERE place >= %s AND place < %s ORDER BY place DESC LIMIT %d OFFSET %d`, columns, from, to, limit, skip)
	}
	// place + 0 keeps the key from being used.
	return fmt.Sprintf(`WITH newest AS MATERIALIZED (%[1]s),
sample AS MATERIALIZED (SELECT count(*) = %[2]d AS more, count(*) FILTER (WHERE hit) >= %[3]d AS often FROM newest)
SELECT place FROM (SELECT place FROM newest WHERE hit
UNION ALL (SELECT place FROM (%[4]s) n WHERE (SELECT often FROM sample) AND %[5]s)
UNION ALL (SELECT place FROM message_text WHERE (SELECT more FROM sample) AND %[5]s AND place + 0 >= %[6]s
  AND place + 0 < COALESCE(CASE WHEN (SELECT often FROM sample) THEN (%[7]s) ELSE (SELECT min(place) FROM newest) END, 0) ORDER BY place + 0 DESC LIMIT %[8]s)) u LIMIT %[8]s`,
		inOrder("place, "+match+" AS hit", 0, look.probed), look.probed, look.often,
		inOrder("place, document", look.probed, look.scanned-look.probed), match, from,
		inOrder("place", look.scanned-1, 1), s.arg(limit))
}

// unordered is the statement of so many candidates, whichever.
func (f *finder) unordered(s *sentence, limit int) string {
	return f.candidatesSQL(s, limit, false)
}

func (f *finder) candidatesSQL(s *sentence, limit int, ordered bool) string {
	table, place, match := "message_words", "place", ""
	if f.match != "" {
		table, place = "message_text", f.db.textPlace
		match = fmt.Sprintf(f.db.textMatch, s.arg(f.match)) + " AND "
	}
	order := ""
	if ordered {
		order = " ORDER BY " + place + " DESC"
	}
	return fmt.Sprintf(`SELECT %[1]s AS place FROM %[2]s WHERE %[3]s%[1]s >= %[4]s AND %[1]s < %[5]s%[6]s LIMIT %[7]s`,
		place, table, match, s.arg(f.from), s.arg(f.to), order, s.arg(limit))
}

// candidates counts them, up to limit.
func (f *finder) candidates(ctx context.Context, limit int) (n int, err error) {
	s := &sentence{db: f.db}
	query := `SELECT count(*) FROM (` + f.unordered(s, limit) + `) c`
	return n, s.scan(ctx, query, &n)
}

// filtered gives those of the newest candidates that the filters let through.
func (f *finder) filtered(ctx context.Context, candidates, limit int) ([]int64, error) {
	s := &sentence{db: f.db}
	query := `SELECT c.place FROM (` + f.source(s, candidates) + `) c JOIN messages m ON m.id = ` + fmt.Sprintf(idSQL, "c.place") + ` WHERE `
	return s.places(ctx, query+s.all(f.filters)+` ORDER BY c.place DESC LIMIT `+s.arg(limit))
}

// fromSets gives the newest messages where few candidates are let through: it
// asks for what each filter lets through, and begins with one of them where the
// index is not asked anything.
func (f *finder) fromSets(ctx context.Context, limit int) ([]int64, error) {
	s := &sentence{db: f.db, sets: true}
	filters := f.filters
	source, bounds := "", ""
	if first := f.selective(); f.match == "" && first >= 0 {
		set, _ := s.set(filters[first])
		source = set
		bounds = ` AND c.place >= ` + s.arg(f.from) + ` AND c.place < ` + s.arg(f.to) + ` AND EXISTS (SELECT 1 FROM message_words w WHERE w.place = c.place)`
		filters = append(append([]*search.Node{}, filters[:first]...), filters[first+1:]...)
	} else {
		source = f.unordered(s, math.MaxInt32)
	}
	query := `SELECT c.place FROM (` + source + `) c WHERE ` + s.all(filters) + bounds
	return s.places(ctx, query+` ORDER BY c.place DESC LIMIT `+s.arg(limit))
}

// selective is the first filter that can be asked for what it lets through; -1
// for none.
func (f *finder) selective() int {
	for i, n := range f.filters {
		if _, ok := (&sentence{db: f.db}).set(n); ok {
			return i
		}
	}
	return -1
}

func (s *sentence) places(ctx context.Context, query string) ([]int64, error) {
	return collect(ctx, s.db, func(row scanner) (place int64, err error) { return place, row.Scan(&place) }, query, s.planned()...)
}

func (s *sentence) scan(ctx context.Context, query string, into ...any) error {
	return s.db.scan(ctx, query, s.planned(), into...)
}

// planned are the parameters, with the wish that the statement is planned for
// them: what is best for a rare word is slow for a common one.
func (s *sentence) planned() []any { return append(slices.Clone(s.db.replan), s.args...) }

// all is the condition that all nodes hold.
func (s *sentence) all(nodes []*search.Node) string {
	if len(nodes) == 0 {
		return "1 = 1"
	}
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		parts[i] = s.condition(n)
	}
	return strings.Join(parts, " AND ")
}

// condition is what holds for candidates c, and their messages m, that a node
// means.
func (s *sentence) condition(n *search.Node) string {
	if expression, negated, ok := s.db.textOf(n); ok {
		not := map[bool]string{true: "NOT "}[negated]
		return fmt.Sprintf(`c.place %sIN (SELECT %s FROM message_text WHERE %s)`, not, s.db.textPlace, fmt.Sprintf(s.db.textMatch, s.arg(expression)))
	}
	switch n.Op {
	case search.Not:
		return "NOT (" + s.condition(n.Of[0]) + ")"
	case search.And, search.Or:
		parts := make([]string, len(n.Of))
		for i, c := range n.Of {
			parts[i] = s.condition(c)
		}
		return "(" + strings.Join(parts, map[search.Op]string{search.And: " AND ", search.Or: " OR "}[n.Op]) + ")"
	}
	switch n.Field {
	case search.FieldBefore:
		return `c.place < ` + s.arg(placeAt(n.Time))
	case search.FieldAfter:
		return `c.place >= ` + s.arg(placeAt(n.Time))
	}
	if s.sets {
		set, _ := s.set(n)
		return `c.place IN (` + set + `)`
	}
	if n.Field == search.FieldList {
		return `EXISTS (SELECT 1 FROM message_lists l WHERE l.message_id = m.id AND l.list = ` + s.arg(n.Value) + eachTime
	}
	return `EXISTS (SELECT 1 FROM threads t JOIN listing a ON a.last_at = t.last_at AND a.thread_id = t.id
WHERE t.id = m.thread_id AND ` + s.tags(n) + eachTime
}

// eachTime ends an EXISTS that is to be asked for each of some candidates:
// PostgreSQL would make a join of it, and read all of what is joined.
const eachTime = ` LIMIT 1 OFFSET 0)`

// set is the statement of all places that a leaf lets through, where it is one
// of a list or a thread's tags.
func (s *sentence) set(n *search.Node) (string, bool) {
	if n.Op != search.Leaf {
		return "", false
	}
	switch n.Field {
	case search.FieldList:
		return `SELECT ` + placeSQL + ` AS place FROM message_lists l JOIN messages m ON m.id = l.message_id WHERE l.list = ` + s.arg(n.Value), true
	case search.FieldTag, search.FieldNature, search.FieldIs:
		return `SELECT ` + placeSQL + ` AS place FROM messages m WHERE m.thread_id IN (SELECT a.thread_id FROM listing a WHERE ` + s.tags(n) + `)`, true
	}
	return "", false
}

// tags is the condition on rows of listing a that a leaf asks for.
func (s *sentence) tags(n *search.Node) string {
	tags := n.Tags
	if n.Field == search.FieldIs {
		tags = []sigpost.Tag{{Kind: unanswered}}
	}
	parts := make([]string, len(tags))
	for i, t := range tags {
		kind := `a.kind NOT LIKE ':%'`
		if t.Kind != "" {
			kind = `a.kind = ` + s.arg(clean(string(t.Kind)))
		}
		parts[i] = kind + ` AND a.name = ` + s.arg(clean(t.Name))
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}
