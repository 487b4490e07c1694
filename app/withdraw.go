package app

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"sigpost"
	"sigpost/deliver"
	"sigpost/store"
)

// What is told of trouble may wait, for a mail server that refuses it, while what is told
// later goes at once. So whoever tells something looks first at what still waits to be told
// of the same trouble, at each address and at the webhook by itself, and takes back what is
// not so any more: nobody hears "wrong" after "well again", or that it is well of what they
// never heard of.

// alertSubjects begin the subjects of letters about trouble. Its name follows.
var alertSubjects = [...]struct {
	kind  AlertKind
	words string
}{{AlertBegins, "Wrong: "}, {AlertGoesOn, "Still wrong: "}, {AlertOver, "Well again: "}}

func alertSubject(kind AlertKind, name string) string {
	for _, s := range alertSubjects {
		if s.kind == kind {
			return s.words + name
		}
	}
	return name
}

// alertOf is what a letter tells of trouble, by its subject.
func alertOf(n sigpost.Notice) (kind AlertKind, name string, ok bool) {
	for _, s := range alertSubjects {
		if name, ok := strings.CutPrefix(n.Letter.Subject, s.words); ok && n.Kind == sigpost.NoticeTrouble {
			return s.kind, name, true
		}
	}
	return "", "", false
}

// waitingAlert is what somebody is still to be told of a trouble.
type waitingAlert struct {
	kind   AlertKind
	inHand bool // it is being told just now
	unsure bool // it was tried, and may have arrived
	// takeBack says whether nobody was quicker.
	takeBack func(context.Context) (bool, error)
}

// stillToTell takes back of what waits what is not so any more, and gives what is to be
// told instead; "" is nothing.
func stillToTell(ctx context.Context, kind AlertKind, waiting []waitingAlert) (AlertKind, error) {
	tell := kind
	for _, w := range waiting {
		switch {
		case kind == AlertGoesOn && w.kind != AlertOver: // they hear of it by what waits
			return "", nil
		case w.inHand, (w.kind == AlertOver) == (kind == AlertOver):
			continue
		}
		taken, err := w.takeBack(ctx)
		switch {
		case err != nil:
			return "", err
		case !taken || w.unsure:
		case kind == AlertBegins: // it never was well, for all that they heard
			tell = AlertGoesOn
		case w.kind == AlertBegins:
			tell = ""
		}
	}
	return tell, nil
}

// isUnsure says of what was tried so often whether it may have arrived. No reply is noted
// while it is tried, nor after a crash.
func isUnsure(attempts int, reply string) bool {
	return attempts > 0 && (reply == "" || deliver.MayHaveArrived(reply))
}

// waitingLetters are the letters about a trouble that an address is still to get.
func waitingLetters(ctx context.Context, tx *store.DB, addr, name string, at time.Time) (waiting []waitingAlert, err error) {
	all, err := tx.Notices().Waiting(ctx, sigpost.NoticeTrouble, addr)
	for _, n := range all {
		kind, of, ok := alertOf(n)
		if !ok || of != name {
			continue
		}
		waiting = append(waiting, waitingAlert{kind, n.State == sigpost.DeliverySending, isUnsure(n.Attempts, n.Reply), func(ctx context.Context) (bool, error) {
			return tx.Notices().TakeBack(ctx, n.ID, "taken back: it was not so any more", at)
		}})
	}
	return waiting, err
}

// waitingPosts are the posts about a trouble that the webhook is still to get.
func waitingPosts(ctx context.Context, tx *store.DB, name string) (waiting []waitingAlert, err error) {
	all, err := tx.Alerts().Waiting(ctx)
	for _, p := range all {
		var alert Alert
		if json.Unmarshal([]byte(p.Body), &alert) != nil || alert.Name != name {
			continue
		}
		waiting = append(waiting, waitingAlert{alert.Kind, false, isUnsure(p.Attempts, p.Reply), func(ctx context.Context) (bool, error) {
			return tx.Alerts().TakeBack(ctx, p.ID)
		}})
	}
	return waiting, err
}

// refused looks at a letter about trouble that is to be tried again, since it may not be so
// any more: what was told meanwhile took it for told, as it was in hand.
func (a *App) refused(ctx context.Context, n sigpost.Notice) error {
	kind, name, ok := alertOf(n)
	if !ok || toldOnce(name) {
		return nil
	}
	return a.Store.Tx(ctx, func(tx *store.DB) error {
		stands, err := tx.TroubleStands(ctx, name)
		if err != nil || stands == (kind != AlertOver) {
			return err
		}
		waiting, err := waitingLetters(ctx, tx, n.Addr, name, a.now())
		for _, w := range waiting {
			if kind == AlertOver && w.kind == AlertOver && err == nil {
				_, err = w.takeBack(ctx)
			}
		}
		if err != nil || kind == AlertOver {
			return err
		}
		tell, err := stillToTell(ctx, AlertOver, waiting)
		for _, w := range waiting {
			if tell == "" && w.kind == AlertOver && !w.inHand && err == nil {
				_, err = w.takeBack(ctx)
			}
		}
		return err
	})
}
