package app

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"sigpost"
	"sigpost/store"
)

// What goes wrong is a row for as long as it does (store.Trouble), and telling it is
// queued in the transaction that writes the row: neither two runs nor a crash tell it
// twice. Mail goes through the ledger of letters to single people, and what a webhook
// gets through one of its own, so that each is tried again by itself.

// AlertKind is what there is to tell of trouble.
type AlertKind string

// The kinds.
const (
	AlertBegins AlertKind = "begins"  // it was well before
	AlertGoesOn AlertKind = "goes on" // it was told before
	AlertOver   AlertKind = "over"    // it is well again
)

// Alert is what a webhook gets.
type Alert struct {
	ID   string    `json:"id"` // the same when it is posted again
	Kind AlertKind `json:"kind"`
	// Name is what it is about: a job, such as "read test/INBOX", "list NAME is silent", or
	// "letters of DIGEST are held".
	Name  string    `json:"name"`
	Words string    `json:"words"`
	Since time.Time `json:"since"`
	At    time.Time `json:"at"`
	Host  string    `json:"host"`

	often howOften
}

// wrong notes that something goes wrong, and has it told where it has done so for long
// enough, and where it is time to tell it again. Where there is nobody to tell, it is
// told to who is named later, if it lasts.
func (a *App) wrong(ctx context.Context, name, words string, enough time.Duration) error {
	words = strings.TrimSpace(shortened(words, maxAlert))
	return a.Store.Tx(ctx, func(tx *store.DB) error { return a.wrongIn(ctx, tx, name, words, enough, tellAgain) })
}

// howOften says how often somebody is told of a trouble.
type howOften int

const (
	tellAgain howOften = iota // while it lasts, and when it is over
	tellOnce                  // when it begins
)

// wrongIn is that in a transaction.
func (a *App) wrongIn(ctx context.Context, tx *store.DB, name, words string, enough time.Duration, often howOften) error {
	if !a.Config.Alerts.Anybody() {
		isNew, err := tx.TroubleNoted(ctx, name, words, a.now())
		if isNew && err == nil {
			a.log.Warn("trouble, of which nobody is told: [alerts] has no mail and no webhook", "name", name, "words", words)
		}
		return err
	}
	after := time.Duration(a.Config.Alerts.Again)
	if often == tellOnce {
		after = anyTime
	}
	t, begins, again, err := tx.TroubleGoesOn(ctx, name, words, a.now(), enough, after)
	switch {
	case err != nil:
		return err
	case begins:
		return a.tellTrouble(ctx, tx, AlertBegins, t, often)
	case again:
		return a.tellTrouble(ctx, tx, AlertGoesOn, t, often)
	}
	return nil
}

// maxAlert bounds what an alert says, in bytes.
const maxAlert = 4 << 10

func shortened(text string, n int) string {
	if len(text) > n {
		return strings.ToValidUTF8(text[:n], "") + " ..."
	}
	return text
}

// well notes that something goes well, and has that told where it was told that it did
// not.
func (a *App) well(ctx context.Context, name string) error { return a.wellIf(ctx, name, true) }

// wellIf is that, and tells it only where that is wanted.
func (a *App) wellIf(ctx context.Context, name string, tell bool) error {
	return a.Store.Tx(ctx, func(tx *store.DB) error {
		t, ok, err := tx.TroubleOver(ctx, name)
		if err != nil || !ok || !tell || t.Told.IsZero() || !a.Config.Alerts.Anybody() {
			return err
		}
		return a.tellTrouble(ctx, tx, AlertOver, t, tellAgain)
	})
}

// patience is how long a job has to fail before somebody is told.
func (a *App) patience() time.Duration { return a.Config.Alerts.Patience(a.inRun) }

// untold gives what has gone wrong for long enough and was not told, and when there is
// more of that. A job that is due is not among it: whether it still fails is known soon,
// and told then.
func (a *App) untold(ctx context.Context) (names []string, next time.Time, err error) {
	troubles, err := a.Store.Troubles(ctx)
	for _, t := range troubles {
		if !t.Told.IsZero() {
			continue
		}
		at := t.Since.Add(a.patience())
		if at.After(a.now()) {
			next = sooner(next, at)
			continue
		}
		waits, err := a.waits(ctx, t.Name)
		if err != nil {
			return nil, next, err
		}
		if waits {
			names = append(names, t.Name)
		}
	}
	return names, next, err
}

// waits says whether a job of the configuration is not to be done before some later time.
func (a *App) waits(ctx context.Context, name string) (bool, error) {
	j, err := a.job(name)
	if err != nil { // no job, or of another configuration, which tells it
		return false, nil
	}
	if j.Kind == JobAlerts { // it is what asks
		return true, nil
	}
	plans, err := a.plans(ctx, []Job{j})
	return err == nil && !a.isDue(plans[0].Next), err
}

// tellUntold has those told who want to know of what has gone wrong for long enough,
// where nothing is tried soon by which it would be told.
func (a *App) tellUntold(ctx context.Context) error {
	names, _, err := a.untold(ctx)
	failures := []error{err}
	for _, name := range names {
		failures = append(failures, a.Store.Tx(ctx, func(tx *store.DB) error {
			t, ok, err := tx.TroubleLasts(ctx, name, a.now(), a.patience())
			if err != nil || !ok {
				return err
			}
			return a.tellTrouble(ctx, tx, AlertBegins, t, tellAgain)
		}))
	}
	return errors.Join(failures...)
}

// tellTrouble queues what those get who are told of trouble.
func (a *App) tellTrouble(ctx context.Context, tx *store.DB, kind AlertKind, t store.Trouble, often howOften) error {
	host, _ := os.Hostname()
	alert := Alert{ID: runID(), Kind: kind, Name: t.Name, Words: t.Words, Since: t.Since, At: a.now().UTC(), Host: host, often: often}
	a.log.Warn("alert", "kind", kind, "name", t.Name, "since", t.Since, "words", t.Words)
	var failures []error
	var told []string
	for _, to := range a.Config.Alerts.Mail {
		addr := address(to).Address
		if slices.ContainsFunc(told, func(other string) bool { return strings.EqualFold(other, addr) }) {
			continue // they are named twice
		}
		told = append(told, addr)
		failures = append(failures, a.mailAlert(ctx, tx, addr, alert))
	}
	if a.Config.Alerts.Webhook != "" || a.Config.Alerts.WebhookFile != "" {
		failures = append(failures, a.queuePost(ctx, tx, alert))
	}
	a.wakeNotices()
	poke(a.troubled)
	return errors.Join(failures...)
}

// mailAlert queues the letter to somebody, unless they need not know any more.
func (a *App) mailAlert(ctx context.Context, tx *store.DB, to string, alert Alert) error {
	waiting, err := waitingLetters(ctx, tx, to, alert.Name, a.now())
	if err == nil {
		alert.Kind, err = stillToTell(ctx, alert.Kind, waiting)
	}
	if err != nil || alert.Kind == "" {
		return err
	}
	n, err := notices{a}.Alert(to, alert)
	if err != nil {
		return err
	}
	return tx.QueueNotice(ctx, n)
}

// queuePost does so with what the webhook gets.
func (a *App) queuePost(ctx context.Context, tx *store.DB, alert Alert) error {
	waiting, err := waitingPosts(ctx, tx, alert.Name)
	if err == nil {
		alert.Kind, err = stillToTell(ctx, alert.Kind, waiting)
	}
	if err != nil || alert.Kind == "" {
		return err
	}
	body, err := json.Marshal(alert)
	if err != nil {
		return err
	}
	return tx.Alerts().Queue(ctx, string(body), a.now())
}

// Alert is the letter to somebody who is told of trouble.
func (a notices) Alert(to string, t Alert) (sigpost.Notice, error) {
	if len(a.Config.Digests) == 0 {
		return sigpost.Notice{}, errors.New("nobody is told by mail: there is no [[digest]] from whose address it would come")
	}
	zone := a.Config.Digests[0].Location()
	when := func(at time.Time) string { return at.In(zone).Format("Monday 2 January 2006 15:04 MST") }
	subject, since := alertSubject(t.Kind, t.Name), "It began "+when(t.Since)+"."
	do := "You are told once more if it lasts, and when it is over."
	switch {
	case t.often == tellOnce:
		do = ""
	case t.Kind == AlertGoesOn:
		do = "You are told when it is over."
	case t.Kind == AlertOver:
		since, do = fmt.Sprintf("It began %s and was over %s. What it said then:", when(t.Since), when(t.At)), ""
	}
	ps := []paragraph{{Text: since}, {Text: t.Words, Verbatim: true}}
	if do != "" {
		ps = append(ps, paragraph{Text: do})
	}
	ps = append(ps, paragraph{Text: "\"sigpost schedule\" on " + t.Host + " says how everything stands."})
	n, err := a.write(sigpost.NoticeTrouble, a.Config.Digests[0], to, subject, subject, ps)
	n.Due = a.now()
	return n, err
}

// noteOutcome notes whether a job goes wrong. What cannot be noted is logged: the job
// itself is no worse for it.
func (a *App) noteOutcome(ctx context.Context, j Job, r sigpost.JobReport, failed error) {
	if a.dry || r.Result == sigpost.JobInterrupted {
		return
	}
	var err error
	if r.Result == sigpost.JobDone || isLetters(failed) {
		if !errors.Is(failed, ErrExpired) { // which does not say that what it waited for works
			err = a.well(ctx, j.Name)
		}
	} else if follows, unknown := a.follows(ctx, failed); !follows {
		err = errors.Join(unknown, a.wrong(ctx, j.Name, j.Does+":\n"+r.Failure, a.patience()))
	}
	if err != nil {
		a.log.Error("nobody can be told how a job went", "job", j.Name, "error", err)
	}
}

// follows says whether a failure is only what follows from trouble that is told by itself:
// an issue that waits for a mailbox which cannot be read.
func (a *App) follows(ctx context.Context, failed error) (bool, error) {
	waits := (*notRead)(nil)
	if !errors.As(failed, &waits) {
		return false, nil
	}
	troubles, err := a.Store.Troubles(ctx)
	return slices.ContainsFunc(troubles, func(t store.Trouble) bool { return t.Name == string(JobRead)+" "+waits.mailbox }), err
}

// AlertReport says what became of what the webhook was to be told.
type AlertReport struct {
	Posted  int `json:"posted"`
	Waiting int `json:"waiting"`
	Failed  int `json:"failed"`
}

// How often a post is tried, and how long it waits at first; the wait doubles.
const (
	alertTries = 12
	alertWait  = time.Minute
	alertLease = 5 * time.Minute
)

// tellAlerts tells whom nobody has told yet.
func (a *App) tellAlerts(ctx context.Context) (r AlertReport, err error) {
	if a.dry {
		return r, nil
	}
	err = a.tellUntold(ctx)
	r, posting := a.postAlerts(ctx)
	return r, errors.Join(err, posting)
}

// postAlerts tells the webhook what it has not been told.
func (a *App) postAlerts(ctx context.Context) (r AlertReport, err error) {
	var failures []error
	for ctx.Err() == nil {
		alert, err := a.Store.Alerts().Claim(ctx, a.now(), a.now().Add(alertLease))
		if errors.Is(err, sigpost.ErrNotFound) {
			break
		}
		if err != nil {
			return r, err
		}
		state, reply, due := sigpost.DeliverySent, "", a.now()
		if err := a.postAlert(ctx, []byte(alert.Body)); err != nil {
			failures = append(failures, fmt.Errorf("the webhook was not told of an alert: %w", err))
			state, reply, due = sigpost.DeliveryQueued, err.Error(), a.now().Add(alertWait<<min(alert.Attempts-1, 10))
			if late := (*unanswered)(nil); errors.As(err, &late) {
				reply += "; it may have arrived"
			}
			if alert.Attempts >= alertTries {
				state = sigpost.DeliveryFailed
			}
		}
		if ctx.Err() != nil { // it is posted again when its lease is over
			break
		}
		switch state {
		case sigpost.DeliverySent:
			r.Posted++
		case sigpost.DeliveryQueued:
			r.Waiting++
		default:
			r.Failed++
		}
		if err := a.Store.Alerts().Record(ctx, alert.ID, state, reply, due, a.now()); err != nil {
			return r, err
		}
		if state == sigpost.DeliveryQueued { // the others would not get there either
			break
		}
	}
	return r, errors.Join(failures...)
}

// postAlert posts an alert to the webhook, signed where there is a key.
func (a *App) postAlert(ctx context.Context, body []byte) error {
	to, key, err := a.Config.AlertWebhook()
	if err != nil {
		return err
	}
	if to == "" { // the configuration does not have it any more
		return nil
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if key != "" {
		header.Set("X-Hub-Signature-256", "sha256="+signature(key, body))
	}
	return a.call(ctx, http.MethodPost, to, header, body)
}

// signature is the HMAC-SHA256 of a body, in hex.
func signature(key string, body []byte) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// unanswered is that a server was reached and did not answer: it may have heard all.
type unanswered struct{ error }

// Unwrap is how that was noticed.
func (e *unanswered) Unwrap() error { return e.error }

// call asks a web server for something, of which it wants to know only whether it
// went well. The error does not have the URL, which may be a secret.
func (a *App) call(ctx context.Context, method, to string, header http.Header, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(a.Config.Alerts.Timeout))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(body))
	if err != nil {
		return errors.New("the URL cannot be asked")
	}
	request.Header = header.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	request.Header.Set("User-Agent", "sigpost")
	// What is told, and the URL, are for that server alone.
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if asked := (*url.Error)(nil); errors.As(err, &asked) {
		err = fmt.Errorf("%s does not answer: %w", request.URL.Host, asked.Err)
		if dialled := (*net.OpError)(nil); errors.As(err, &dialled) && dialled.Op == "dial" {
			return err
		}
		return &unanswered{err}
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("%s answers %s", request.URL.Host, response.Status)
	}
	return nil
}
