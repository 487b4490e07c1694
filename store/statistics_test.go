package store_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/store"
)

func TestStatistics(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		from := func(a sigpost.Arrival, name string) sigpost.Arrival {
			a.Message.Author = sigpost.Address{Name: name, Addr: name + "@example.org"}
			return a
		}
		robot, own := mail("robot", 3, "a"), mail("own", 4)
		robot.Message.Robot, own.Message.Own = true, true
		robot.Message.Author.Addr = "ci@example.org"
		dev := from(mail("e", 24*8), "eve")
		dev.List = "dev"
		add(t, db, mail("a", 0), robot, from(mail("b", 24*7+2, "a"), "bob"), from(mail("c", 24*8), "cy"), from(mail("d", 24*8+6, "c"), "bob"), dev, own)
		tag := sigpost.Tag{Kind: "project", Name: "kuryr"}
		for _, thread := range must(db.Threads(ctx, store.ThreadQuery{}))(t) {
			taggings := []sigpost.Tagging{{Tag: sigpost.NatureQuestion.Tag(), State: sigpost.TagAccepted}}
			if thread.Subject == "About a" {
				taggings = append(taggings, sigpost.Tagging{Tag: tag, State: sigpost.TagAccepted})
			}
			check(t, db.SaveTaggings(ctx, thread.ID, thread.Revision, "v", taggings))
		}
		w := sigpost.Window{From: start, To: start.Add(3 * store.Week)}
		equal(t, "weeks", must(db.Weeks(ctx, w))(t), []store.WeekCount{{0, 2, 1}, {1, 4, 3}})
		news := must(db.News(ctx, w))(t)
		equal(t, "news of a topic", news.Tags[tag], []int{1, 1, 0})
		equal(t, "news of a nature", news.Tags[sigpost.NatureQuestion.Tag()], []int{1, 3, 0})
		if want := map[string][]int{"sig": {1, 2, 0}, "dev": {0, 1, 0}}; !reflect.DeepEqual(news.Lists, want) {
			t.Errorf("news of lists: %v, want %v", news.Lists, want)
		}
		equal(t, "lists", must(db.ListCounts(ctx))(t), []store.ListCount{{"dev", 1, 1}, {"sig", 3, 6}})
		equal(t, "answers", must(db.Answers(ctx, start))(t), store.Answers{Begun: 3, Answered: 2, Median: 6 * time.Hour})
		equal(t, "answers since", must(db.Answers(ctx, hours(24*8)))(t), store.Answers{Begun: 2, Answered: 1, Median: 6 * time.Hour})
		for list, is := range map[string]bool{"sig": true, "no": false, "": false} {
			equal(t, "is a list: "+list, must(db.HasList(ctx, list))(t), is)
		}
	})
}

// Weeks are counted from an index alone, and listings found by their thread.
func TestStatisticsUseTheirIndexes(t *testing.T) {
	db := open(t, engines[0].dsn(t))
	ctx := t.Context()
	w := sigpost.Window{From: start, To: hours(99)}
	var statements []string
	check(t, db.Tx(ctx, func(tx *store.DB) error {
		must(tx.Weeks(ctx, w))(t)
		must(tx.News(ctx, w))(t)
		must(tx.Answers(ctx, start))(t)
		statements = tx.Compiled()
		return nil
	}))
	for _, query := range statements {
		how := plan(t, db, query)
		if strings.Contains(query, "FROM messages\n") && !strings.Contains(how, "COVERING INDEX messages_received") {
			t.Errorf("%s\nreads messages:\n%s", query, how)
		}
		if found := whole.FindString(how); found != "" || strings.Contains(how, "SCAN l") {
			t.Errorf("%s\nreads a whole table:\n%s", query, how)
		}
	}
}
