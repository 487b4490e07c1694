package store_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

// Whatever an archive is, it can be looked at, and nothing about it changes.
func TestExamination(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			dsn := e.made(t)
			made := open(t, dsn)
			check(t, made.SQL(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, `+made.True()+`)`))
			db := must(store.OpenForExamination(t.Context(), dsn))(t)
			defer db.Close()
			v := must(db.Versions(t.Context()))(t)
			if v.Engine != e.name || v.Server == "" || v.Tables != 9999 || v.Known != store.KnownTables() || v.Known < 21 {
				t.Errorf("versions are %+v", v)
			}
			room := must(db.Room(t.Context()))(t)
			if room.Bytes < 10_000 || (room.Path == "") != (e.name == "PostgreSQL") {
				t.Errorf("room is %+v", room)
			}
			at, ok, err := db.Clock(t.Context())
			if err != nil || ok != (e.name == "PostgreSQL") || ok && time.Since(at).Abs() > time.Minute {
				t.Errorf("the clock says %v, %v, %v", at, ok, err)
			}
			s, ok, err := db.Server(t.Context())
			if err != nil || ok != (e.name == "PostgreSQL") || ok && (s.Encoding != "UTF8" || s.Standby || s.Connections < 10 || s.Used < 1) {
				t.Errorf("the server is %+v, %v, %v", s, ok, err)
			}
			if err := db.SQL(t.Context(), `DELETE FROM goose_db_version`); err == nil {
				t.Error("it could be written")
			}
		})
	}
}

func TestGrowthAndQuarantine(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		if part := must(db.ReceivedSince(t.Context(), hours(0)))(t); part != 0 {
			t.Errorf("of nothing %v is new", part)
		}
		old, young := mail("old", 1), mail("young", 10)
		old.Raw, young.Raw = bytes.Repeat([]byte("x"), 3000), bytes.Repeat([]byte("y"), 1000)
		add(t, db, old, young)
		if part := must(db.ReceivedSince(t.Context(), hours(5)))(t); part != 0.25 {
			t.Errorf("%v of the mail is new", part)
		}
		aside := sigpost.Arrival{Raw: []byte("z"), List: "sig", Source: "a/b", UID: 1, Reason: "odd"}
		must(db.Add(t.Context(), nil, []sigpost.Arrival{aside}, hours(1)))(t)
		for before, want := range map[int]int{1: 0, 2: 1} {
			n, oldest, err := db.QuarantinedBefore(t.Context(), hours(before))
			if err != nil || n != want || n > 0 && !oldest.Equal(hours(1)) {
				t.Errorf("before %d: %d, %v, %v", before, n, oldest, err)
			}
		}
	})
}

// What does not fit together is found, each by its name, and a sound archive has
// none of it.
func TestDamage(t *testing.T) {
	tests := []struct {
		what, sql   string
		index       bool
		sqlite, any bool
	}{
		{"threads that do not say what their messages are", `UPDATE threads SET messages = messages + 1`, false, true, true},
		{"messages that are not indexed", `DELETE FROM message_text`, true, true, true},
		{"messages without their words", `DELETE FROM message_words`, true, true, true},
		{"ghosts that have come", `INSERT INTO ghosts (message_key, thread_id) SELECT message_key, thread_id FROM messages`, false, true, true},
		{"threads that are not in the lists of threads", `DELETE FROM listing`, false, true, true},
		{"lists of messages that their threads do not know", `DELETE FROM thread_lists`, false, true, true},
		{"rows that refer to what is not there", `PRAGMA foreign_keys = 0; UPDATE messages SET raw_block = 99; PRAGMA foreign_keys = 1`, false, true, false},
		{"constraints that were never checked", `ALTER TABLE threads ADD CONSTRAINT odd CHECK (id > 0) NOT VALID`, false, false, true},
	}
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			onBoth(t, func(t *testing.T, db *store.DB) {
				sqlite := strings.HasSuffix(t.Name(), "/SQLite")
				if sqlite && !test.sqlite || !sqlite && !test.any {
					t.SkipNow()
				}
				add(t, db, mail("a", 1), mail("b", 2))
				if found := must(db.Damage(t.Context(), nil))(t); len(found) > 0 {
					t.Fatalf("a sound archive has %+v", found)
				}
				check(t, db.SQL(t.Context(), test.sql))
				for _, d := range must(db.Damage(t.Context(), nil))(t) {
					if d.What == test.what && d.Count > 0 && d.Index == test.index && d.Such != "" {
						return
					}
				}
				t.Errorf("found are %+v", must(db.Damage(t.Context(), nil))(t))
			})
		})
	}
}

// SQLite finds a page of its file that something else wrote over.
func TestDamagedFile(t *testing.T) {
	dsn := engines[0].made(t)
	db := must(store.Open(t.Context(), dsn))(t)
	for i := range 50 {
		m := mail("m"+string(rune('a'+i)), i)
		m.Raw = bytes.Repeat([]byte{byte(i)}, 500)
		add(t, db, m)
	}
	check(t, db.Close()) // which copies the log into the file
	data := must(os.ReadFile(dsn))(t)
	key := bytes.LastIndex(data, []byte("mh@"))
	if key < 0 {
		key = len(data) / 2
	}
	page := key &^ 8191
	copy(data[page:page+200], bytes.Repeat([]byte{0xee}, 200))
	check(t, os.WriteFile(dsn, data, 0o600))
	examined, err := store.OpenForExamination(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer examined.Close()
	found, err := examined.Damage(t.Context(), nil)
	if err == nil && (len(found) == 0 || !found[0].File) {
		t.Errorf("nothing was found: %+v", found)
	}
	if err != nil && !strings.Contains(err.Error(), "damaged") {
		t.Error(err)
	}
}
