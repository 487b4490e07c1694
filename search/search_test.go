package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sigpost"
	"sigpost/search"
)

var now = time.Date(2016, 4, 20, 12, 0, 0, 0, time.UTC)

// names are those of a small archive.
var names = search.Names{
	Now: now, Kinds: []sigpost.TagKind{"project", "scenario"}, Lists: func() []string { return []string{"announce", "sig-cloud"} },
	Tags: func(name string) []sigpost.Tag {
		switch name {
		case "magnum", "project:magnum", "containers":
			return []sigpost.Tag{{Kind: "project", Name: "magnum"}}
		case "telco":
			return []sigpost.Tag{{Kind: "project", Name: "telco"}, {Kind: "scenario", Name: "telco"}}
		}
		return nil
	},
	LikeTag: func(name string) []string {
		if strings.Contains(name, "magn") {
			return []string{"magnum"}
		}
		return nil
	},
	LikeWord: func(word string) string {
		if strings.EqualFold(word, "magnun") {
			return "magnum"
		}
		return ""
	},
	NameWords: func() []string { return []string{"lovelace", "zoë", "grace", "ada"} },
}

// tree writes a tree so that its shape can be seen.
func tree(n *search.Node) string {
	if n == nil {
		return "nothing"
	}
	if n.Op == search.Leaf {
		value := strings.Join(n.Words, "_")
		switch {
		case n.Field == search.FieldBefore || n.Field == search.FieldAfter:
			value = n.Time.Format(time.DateTime)
		case n.Tags != nil:
			value = fmt.Sprint(n.Tags)
		case value == "":
			value = n.Value
		}
		return strings.TrimPrefix(string(n.Field)+":"+value, ":")
	}
	parts := []string{map[search.Op]string{search.And: "and", search.Or: "or", search.Not: "not"}[n.Op]}
	for _, c := range n.Of {
		parts = append(parts, tree(c))
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{"", "nothing"},
		{" \t ", "nothing"},
		{"heat", "heat"},
		{"heat stack", "(and heat stack)"},
		{"heat AND stack", "(and heat stack)"},
		{`"heat  stack" x`, "(and heat_stack x)"},
		{"os-brick", "os_brick"},
		{"存储", "存_储"},
		{"a OR b", "(or a b)"},
		{"a b OR c d", "(or (and a b) (and c d))"},
		{"a (b OR c) d", "(and a (or b c) d)"},
		{"a OR b OR c", "(or a b c)"},
		{"-a", "(not a)"},
		{"a -b", "(and a (not b))"},
		{"a NOT b", "(and a (not b))"},
		{"NOT (a b)", "(not (and a b))"},
		{"-(a OR b) c", "(and (not (or a b)) c)"},
		{"NOT NOT a", "a"},
		{"-(-a)", "a"},
		{"--force", "force"},
		{"a - b", "(and a b)"},
		{"well-known", "well_known"},
		{"or and not", "(and or and not)"},
		{`"OR"`, "OR"},
		{"from:ada@example.org", "from:ada_example_org"},
		{"from: ada", "from:ada"},
		{`from:"Ada Lovelace"`, "from:Ada_Lovelace"},
		{"FROM:ada", "from:ada"},
		{"-from:ada x", "(and (not from:ada) x)"},
		{"subject:release", "subject:release"},
		{"tag:magnum", "tag:[project:magnum]"},
		{"tag:Containers", "tag:[project:magnum]"},
		{"tag:telco", "tag:[project:telco scenario:telco]"},
		{"project:magnum", "tag:[project:magnum]"},
		{"tag:project:magnum", "tag:[project:magnum]"},
		{"nature:Question", "nature:[nature:question]"},
		{`nature:"needs an answer"`, "nature:[nature:question]"},
		{"list:SIG-cloud", "list:sig-cloud"},
		{"after:2016-04-01 before:2016-05", "(and after:2016-04-01 00:00:00 before:2016-05-01 00:00:00)"},
		{"after:7d", "after:2016-04-13 12:00:00"},
		{"after:2w", "after:2016-04-06 12:00:00"},
		{"before:1y", "before:2015-04-20 12:00:00"},
		{"has:attachment is:unanswered", "(and has:attachment is:unanswered)"},
		{"https://example.org/a", "https_example_org_a"},
		{"NEAR(a b", "(and NEAR_a b)"},
		{"(f() OR b)", "(or f b)"},
		{"a) b", "(and a b)"},
		{"!? a", "a"},
		{`a"b c"d`, "(and a b_c d)"},
		{"x:y", "x_y"},
	} {
		q := search.Parse(c.query, names)
		if got := tree(q.Root); got != c.want || q.Bad() != nil {
			t.Errorf("%q is %s, want %s; %+v", c.query, got, c.want, q.Problems)
		}
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		query, place, says, instead string
		fatal                       bool
		want                        string
	}{
		{"a before:lunch b", "before:lunch", "needs a day such as", "", true, ""},
		{"from:", "from:", "needs something behind it, such as from:ada", "", true, ""},
		{"has:attachments", "has:attachments", "Behind has: can stand attachment.", "has:attachment", true, ""},
		{"x is:unanwsered", "is:unanwsered", "can stand unanswered or robot.", "x is:unanswered", true, ""},
		{"nature:qestion", "nature:qestion", `There is no nature "qestion"`, "nature:question", true, ""},
		{"tag:magnun ports", "tag:magnun", `There is no topic "magnun" here.`, "tag:magnum ports", false, "(and tag:[project:magnun scenario:magnun] ports)"},
		{"project:magnun", "project:magnun", `There is no topic "magnun"`, "project:magnum", false, "tag:[project:magnun]"},
		{"list:anounce", "list:anounce", `There is no list "anounce" here.`, "list:announce", false, "list:anounce"},
		{"form:ada x", "form:", "There is no field form: it was looked for as a word.", "from:ada x", false, "(and form_ada x)"},
		{"projct:nova", "projct:", "There is no field projct", "project:nova", false, "projct_nova"},
		{"a OR", "OR", "OR has nothing on one side", "", false, "a"},
		{"OR a", "OR", "OR has nothing on one side", "", false, "a"},
		{"(a OR) b", "OR", "OR has nothing on one side", "", false, "(and a b)"},
		{"a NOT", "NOT", "NOT has nothing on one side", "", false, "a"},
		{"a (b c", "(", "This parenthesis is not closed", "", false, "(and a b c)"},
		{`a "b c`, `"`, "This double quote is not closed", "", false, "(and a b_c)"},
		{"a !?", "!?", "There is no letter and no digit in !?", "", false, "a"},
		{strings.Repeat("(", 12) + "a", "(", "more than 10 parentheses", "", true, ""},
		{strings.Repeat("a ", 41), "a ", "more than 40 words", "", true, ""},
		{strings.Repeat("ä", 501), "ä", "longer than 1000", "", true, ""},
	} {
		q := search.Parse(c.query, names)
		if len(q.Problems) != 1 {
			t.Errorf("%q has the problems %+v", c.query, q.Problems)
			continue
		}
		p := q.Problems[0]
		if c.query[p.Start:p.End] != c.place || !strings.Contains(p.Says, c.says) || p.Instead != c.instead || p.Fatal != c.fatal {
			t.Errorf("%q: at %q: %+v", c.query, c.query[p.Start:p.End], p)
		}
		if (q.Err() != nil) != c.fatal {
			t.Errorf("%q: the error is %v", c.query, q.Err())
		}
		if got := tree(q.Root); !c.fatal && got != c.want {
			t.Errorf("%q is %s, want %s", c.query, got, c.want)
		}
	}
	q := search.Parse("ä before:x", names)
	if got := q.Err().Error(); !strings.Contains(got, "character 3 of the query: before: needs a day") {
		t.Errorf("the error is %q", got)
	}
}

func TestMeant(t *testing.T) {
	for query, want := range map[string]string{
		"magnun": "magnum", "a Magnun OR subject:magnun b": "a magnum OR subject:magnum b", "from:magnun": "", "-magnun": "", "heat from:Lovelase": "heat from:lovelace", `from:"Ada Lovelcae" magnun`: `from:"ada lovelace" magnum`,
		"from:zoo": "from:zoë", "from:zoe": "", "from:ad": "", "-from:lovelase": "", "from:lovelase@example.org": "", `"magnun x"`: "", "heat": "",
	} {
		q := search.Parse(query, names)
		if got := q.Meant(names); got != want {
			t.Errorf("%q is %q, want %q", query, got, want)
		}
	}
}

// What a query is written as means the same, and is written so again.
func TestStringMeansTheSame(t *testing.T) {
	word := rapid.SampledFrom([]string{"a", "b", "heat", "os-brick", "-", "(", ")", "OR", "AND", "NOT", `"`, `"a b"`, `"-x`, "from:", "from:ada", "subject:x(y)", "tag:magnum",
		"project:x", "list:l", "before:2016", "after:7d", "has:attachment", "is:robot", "nature:call", " ", "-(", "x:y", "存储", "\xff", "\x00", "!", "form:a", `tag:"a b"`})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(word, 0, 12).Draw(t, "words"), rapid.SampledFrom([]string{"", " "}).Draw(t, "between"))
		again(t, text)
	})
}

type fataler interface{ Fatalf(string, ...any) }

func again(t fataler, text string) {
	q := search.Parse(text, names)
	for _, p := range q.Problems {
		if p.Start < 0 || p.Start >= p.End || p.End > len(text) || p.Says == "" {
			t.Fatalf("%q: a problem nowhere: %+v", text, p)
		}
	}
	q.Root.Leaves(func(n *search.Node, _ bool) {
		if n.Start >= n.End || n.End > len(text) || n.Field.Text() && len(n.Words) == 0 {
			t.Fatalf("%q: a leaf nowhere: %+v", text, n)
		}
	})
	if q.Bad() != nil {
		return
	}
	written := q.String()
	if len(written) > search.MaxLength { // quotes may have come in
		return
	}
	second := search.Parse(written, names)
	if second.Bad() != nil || tree(second.Root) != tree(q.Root) || second.String() != written {
		t.Fatalf("%q is %s, written as %q is %s, written as %q: %+v", text, tree(q.Root), written, tree(second.Root), second.String(), second.Problems)
	}
	m := q.Matcher()
	for _, marked := range [][]search.Piece{m.Mark(text, search.FieldSubject)} {
		whole := ""
		for _, p := range marked {
			whole += p.Text
		}
		if whole != text {
			t.Fatalf("%q marked is %q", text, whole)
		}
	}
	m.Passage(text)
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a b OR c", `-(from:"a b" OR tag:x) "c`, "before:2016-04-30 is:unanswered", "((((a)))) NOT b", "存储 é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { again(t, text) })
}

func shown(pieces []search.Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		if p.Hit {
			b.WriteString("[" + p.Text + "]")
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func TestMark(t *testing.T) {
	for _, c := range []struct{ query, text, want string }{
		{"heat", "Heat and HEAT, heating", "[Heat] and [HEAT], heating"},
		{"os-brick", "an os-brick, os brick and brick", "an [os-brick], [os brick] and brick"},
		{"cafe", "Le Café, cafe\u0301", "Le [Café], [cafe\u0301]"},
		{"存储", "关于存储卷", "关于[存储]卷"},
		{"a -b", "a b", "[a] b"},
		{"from:ada subject:b", "ada b", "ada [b]"},
		{`a "a b" b`, "a b c", "[a b] c"},
		{`"a b" "b c"`, "a b c d", "[a b c] d"},
		{"heat", "", ""},
	} {
		q := search.Parse(c.query, names)
		if got := shown(q.Matcher().Mark(c.text, search.FieldSubject)); got != c.want {
			t.Errorf("%s in %q: %q, want %q", c.query, c.text, got, c.want)
		}
	}
}

func TestPassage(t *testing.T) {
	filler := strings.Repeat("Nothing of it.\n", 40)
	text := "The heat is on.\n" + filler + "Here the heat\nmeets a stack at last.\n" + filler
	for query, want := range map[string]string{
		"heat stack":   "Nothing of it. Here the [heat] meets a [stack] at last.",
		"heat":         "The [heat] is on. Nothing of it.",
		"unheard-of":   "The heat is on. Nothing of it.",
		"subject:heat": "The heat is on. Nothing of it.",
	} {
		q := search.Parse(query, names)
		got := shown(q.Matcher().Passage(text))
		if !strings.Contains(got, want) || !strings.HasSuffix(got, " …") || len(got) > 320 {
			t.Errorf("%s: %q", query, got)
		}
	}
	q := search.Parse("heat", names)
	if got := shown(q.Matcher().Passage("A heat.\n\n  Two ")); got != "A [heat]. Two " {
		t.Errorf("%q", got)
	}
}

func TestRank(t *testing.T) {
	filler := strings.Repeat("nothing of it. ", 40)
	docs := []search.Document{
		{Subject: "Other", Text: filler + "heat"},
		{Subject: "About heat", Text: filler + "heat"},
		{Subject: "Other", Text: "heat heat heat. " + filler},
		{Subject: "About heat", Text: filler + "heat", Opens: true},
		{Subject: "Other", Author: "Heat", Text: filler},
	}
	q := search.Parse("heat", names)
	scores := q.Matcher().Rank(docs)
	order := []int{0, 1, 2, 3, 4}
	slices.SortFunc(order, func(a, b int) int { return int(1000 * (scores[b] - scores[a])) })
	if fmt.Sprint(order) != "[3 1 4 2 0]" {
		t.Errorf("ranked %v: %v", order, scores)
	}
	q = search.Parse("heat OR rare", names)
	docs = append(docs, search.Document{Text: "rare " + filler})
	if scores := q.Matcher().Rank(docs); scores[5] <= scores[0] {
		t.Errorf("what is rare counts no more: %v", scores)
	}
}
