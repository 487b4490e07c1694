package store_test

import (
	"strings"
	"testing"

	"sigpost"
	"sigpost/search"
	"sigpost/store"
)

// letter is mail with a text, all of which its author wrote.
func letter(id string, hour int, subject, text string) sigpost.Arrival {
	a := mail(id, hour)
	a.Message.Subject, a.Message.Text = subject, text
	a.Message.Ranges = []sigpost.Range{{Kind: sigpost.RangeNew, Start: 0, End: len(text)}}
	return a
}

// found is the ids of what a search finds, in its order.
func found(t testing.TB, db *store.DB, query string, limit int) string {
	t.Helper()
	return hitIDs(find(t, db, store.Find{Query: search.Parse(query, search.Names{Now: start}), Limit: limit}))
}

func find(t testing.TB, db *store.DB, q store.Find) store.Found {
	t.Helper()
	return must(db.Find(t.Context(), q))(t)
}

func hitIDs(found store.Found) string {
	var ids []string
	for _, h := range found.Hits {
		ids = append(ids, string(h.MessageID))
	}
	return strings.Join(ids, " ")
}

func TestSearch(t *testing.T) {
	heat := letter("heat", 1, "Autoscaling with Heat", "The stack scales up.\n> What does Nova say?\nNothing at all.")
	heat.Message.Ranges = []sigpost.Range{{Kind: sigpost.RangeNew, Start: 0, End: 21}, {Kind: sigpost.RangeQuoted, Start: 21, End: 43}, {Kind: sigpost.RangeNew, Start: 43, End: 58}}
	brick := letter("brick", 2, "os-brick in kolla-ansible", "Cinder's os-brick attaches volumes; see /etc/kolla/globals.yml and v1.2.3.")
	brick.Message.Author = sigpost.Address{Name: "Zoë Müller-Lüdenscheidt", Addr: "z.mueller@mail.example.com"}
	chinese := letter("chinese", 3, "关于存储卷的问题", "我们在集群中使用开放源代码的存储。")
	japanese := letter("japanese", 4, "ボリュームの接続", "ボリュームを接続できません。")
	korean := letter("korean", 5, "볼륨 연결", "볼륨을 연결할 수 없습니다.")
	thai := letter("thai", 6, "ปัญหาการเชื่อมต่อ", "เราไม่สามารถเชื่อมต่อโวลุ่มได้")
	accents := letter("accents", 7, "Déjà vu", "Le café est fermé. Ὀδυσσεύς, Łódź, naïve, İstanbul, ПРИВЕТ, don't.")
	hostile := letter("hostile", 8, "NEAR AND OR NOT", "a NEAR b AND c OR NOT d words: subject:x c++ C# 100% under_score <b>")
	empty := letter("empty", 9, "", "")
	tests := []struct{ name, query, want string }{
		{"a word", "stack", "heat"},
		{"in another case", "STACK", "heat"},
		{"of the subject", "autoscaling", "heat"},
		{"all words", "stack nothing", "heat"},
		{"words of which one is not there", "stack volumes", ""},
		{"what is quoted is another's", "nova", ""},
		{"not the start of a word", "sta", ""},
		{"a phrase", `"stack scales"`, "heat"},
		{"the words of a phrase in another order", `"scales stack"`, ""},
		{"a phrase and a word", `"scales up" nothing`, "heat"},
		{"a phrase that is not closed", `"stack scales`, "heat"},
		{"not a phrase across what was quoted", `"up what"`, ""},
		{"a hyphenated name", "os-brick", "brick"},
		{"a hyphenated name and another", "os-brick kolla-ansible", "brick"},
		{"a hyphenated name, turned round", "brick-os", ""},
		{"half a hyphenated name", "brick", "brick"},
		{"a path", "/etc/kolla/globals.yml", "brick"},
		{"a version", "v1.2.3", "brick"},
		{"another version", "v1.2.4", ""},
		{"an author's name", "Zoë", "brick"},
		{"an author's name without accents", "zoe mueller", "brick"},
		{"an author's hyphenated name", "Müller-Lüdenscheidt", "brick"},
		{"an address", "z.mueller@mail.example.com", "brick"},
		{"a part of an address", "mail.example.com", "brick"},
		{"an address in brackets", "<z.mueller@mail.example.com>", "brick"},
		{"Chinese", "存储", "chinese"},
		{"Chinese, in another order", "储存", ""},
		{"Chinese with an English word", "存储 stack", ""},
		{"Japanese", "ボリューム", "japanese"},
		{"Japanese with the mark of a long vowel in the middle", "リューム", "japanese"},
		{"Korean", "볼륨", "korean"},
		{"Thai", "เชื่อมต่อ", "thai"},
		{"accents that are there", "café", "accents"},
		{"accents that are left out", "cafe deja", "accents"},
		{"accents that are written apart", "cafe\u0301", "accents"},
		{"accents that are not there", "stäck", "heat"},
		{"a sharp capital", "istanbul", "accents"},
		{"Cyrillic", "привет", "accents"},
		{"an apostrophe", "don't", "accents"},
		{"operators are words", "NEAR", "hostile"},
		{"operators between words", "a AND b", "hostile"},
		{"an operator as a word", `a "AND" b`, "hostile"},
		{"an operator that is not there", `stack "AND" scales`, ""},
		{"a column of FTS5", "words:x", ""},
		{"marks", "marks:attachment", ""},
		{"a word after a colon", `"subject:x"`, "hostile"},
		{"a column that is not there", "author:Ada", ""},
		{"a star", "sta*", ""},
		{"only signs", `* ^ : - + ( ) { } [ ] & | ! ~ ' \ % _ ; --`, ""},
		{"only quotes", `""" "" "`, ""},
		{"NEAR as FTS5 has it", "NEAR(a b, 5)", ""},
		{"tsquery's signs", "near<->a & !b | and:*", ""},
		{"tsquery's signs beside words", "a & near | :* !b", "hostile"},
		{"a mark in a word", "\uE000robot", ""},
		{"one of the words", "stack OR volumes", "brick heat"},
		{"one word without another", "naïve OR stack -volumes", "accents heat"},
		{"a group", "(stack OR volumes) (nothing OR attaches)", "brick heat"},
		{"all but", "-stack -volumes -a -cafe -存储 -ボリューム -볼륨 -โวลุ่ม", "empty"},
		{"not both", "-(stack nothing) -chinese (stack OR brick)", "brick"},
		{"neither of two", "volumes NOT (stack OR heat)", "brick"},
		{"either, or not another", "heat (stack OR -nothing)", "heat"},
		{"an author", "from:zoe", "brick"},
		{"an author's words apart", "from:lüdenscheidt from:zoë", "brick"},
		{"an author in the order of a name", `from:"zoe muller"`, "brick"},
		{"an address of an author", "from:z.mueller@mail.example.com", "brick"},
		{"not an author but a word", "from:volumes", ""},
		{"a subject", "subject:heat", "heat"},
		{"a word that is in no subject", "subject:stack", ""},
		{"a phrase of a subject", `subject:"autoscaling with"`, "heat"},
		{"Chinese in the subject", "subject:存储卷", "chinese"},
		{"a subject without", "-subject:heat stack", ""},
		{"days", "after:2016-04-04 before:2016-04-05 stack", "heat"},
		{"days before", "before:2016-04-04 stack", ""},
		{"days after", "-before:2016-04-05 stack", ""},
		{"days in a choice", "(before:2016 OR stack) (after:2016 OR heat)", "heat"},
		{"a day alone", "after:2017", ""},
		{"a quote of SQL", "'; DROP TABLE messages; --", ""},
		{"a word between signs", "c++", "hostile"},
		{"an underscore", "under_score", "hostile"},
		{"nothing", "", ""},
		{"white space", " \t\n\u00a0\u3000", ""},
		{"NUL", "\x00", ""},
		{"NUL in a word", "st\x00ack", ""},
		{"broken UTF-8", "\xff\xfe stack \xc3", "heat"},
		{"a word of 10 kB", strings.Repeat("x", 10<<10), ""},
		{"many words", strings.Repeat("stack ", 40), "heat"},
		{"a long phrase", `"` + strings.Repeat("stack ", 160) + `"`, ""},
		{"many quotes", strings.Repeat(`"`, 1000), ""},
		{"a long hyphenated name", strings.Repeat("a-", 490), ""},
		{"many groups", strings.Repeat("(", 10) + "stack OR x" + strings.Repeat(") nothing", 10), "heat"},
	}
	onBoth(t, func(t *testing.T, db *store.DB) {
		add(t, db, heat, brick, chinese, japanese, korean, thai, accents, hostile, empty)
		for _, tidied := range []bool{false, true} {
			for _, test := range tests {
				if got := found(t, db, test.query, 0); got != test.want {
					t.Errorf("%s, tidied %t: %q, want %q", test.name, tidied, got, test.want)
				}
			}
			check(t, db.Tidy(t.Context(), 5000))
			check(t, db.Tidy(t.Context(), 1))
			check(t, db.Tidy(t.Context(), 0))
		}
	})
}

func TestSearchGivesTheNewest(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		for i, id := range strings.Fields("a b c d e") {
			add(t, db, letter(id, i, "Bays", "Words of "+id))
		}
		add(t, db, letter("old", -1, "Bays", "which came late"))
		if got := found(t, db, "bays", 0); got != "e d c b a old" {
			t.Errorf("found %q", got)
		}
		if got := found(t, db, "bays words", 2); got != "e d" {
			t.Errorf("the newest two are %q", got)
		}
		if got := found(t, db, "bays", 100); got != "e d c b a old" {
			t.Errorf("of a hundred there are %q", got)
		}
	})
}

func TestRereadIsFoundByItsNewWords(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		add(t, db, letter("a", 0, "Bays", "Garbled w=F6rds"), letter("b", 1, "Bays", "Garbled too"))
		finds := func(query, want string) {
			t.Helper()
			if got := found(t, db, query, 0); got != want {
				t.Errorf("%q finds %q, want %q", query, got, want)
			}
		}
		finds("garbled", "b a")
		m := stored(t, db, "a")
		m.Text, m.Subject, m.Author = "Readable wörds", "Harbours", sigpost.Address{Name: "Grace", Addr: "grace@example.org"}
		m.Ranges = []sigpost.Range{{Kind: sigpost.RangeNew, Start: 0, End: len(m.Text)}}
		m.Fingerprint.Words[0]++
		must(db.Reread(t.Context(), []*sigpost.Message{&m}))(t)
		finds("garbled", "b")
		finds("bays", "b")
		finds("ada", "b")
		finds("readable words harbours grace", "a")
		check(t, db.Tidy(t.Context(), 5000))
		finds("garbled", "b")
		finds("readable", "a")
	})
}

// What nobody can look for wholly is stored all the same.
func TestEnormousTextsAreIndexed(t *testing.T) {
	var unique strings.Builder
	for i := 0; unique.Len() < 1<<20; i++ {
		unique.WriteString("w")
		for n := i; n > 0; n /= 26 {
			unique.WriteByte(byte('a' + n%26))
		}
		unique.WriteByte(' ')
	}
	for name, text := range map[string]string{
		"unique words":         "first " + unique.String(),
		"one word":             "first " + strings.Repeat("x", 1<<20),
		"words of 3 kB":        "first " + strings.Repeat(strings.Repeat("y", 3000)+" ", 300),
		"the same word":        "first " + strings.Repeat("again ", 200_000),
		"Chinese":              "first " + strings.Repeat("存储卷的问题", 60_000),
		"NUL and broken UTF-8": "first \x00 " + strings.Repeat("\xff\x00\xfe", 100_000),
		"URLs":                 "first " + strings.Repeat("https://mail.example.org/a/b?c=d&e=f#"+strings.Repeat("g", 500)+" ", 1500),
		"signs":                "first " + strings.Repeat(`\'"&|!():*<->`, 50_000),
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, db *store.DB) {
				a := letter("a", 0, "Subject "+text, text)
				a.Message.Author.Name = text
				add(t, db, a, letter("b", 1, "Bays", "first of all"))
				if got := found(t, db, "first", 0); got != "b a" {
					t.Errorf("found %q", got)
				}
			})
		})
	}
}
