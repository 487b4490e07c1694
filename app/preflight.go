package app

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"sigpost"
	"sigpost/calendar"
	"sigpost/config"
	"sigpost/digest"
	"sigpost/maildns"
	"sigpost/store"
)

// Preflight is what there is to know of an issue before it is approved.
type Preflight struct {
	Digest   string             `json:"digest"`
	Number   int                `json:"number"`
	State    sigpost.IssueState `json:"state"`
	Findings []digest.Finding   `json:"findings"`
	Cohorts  []Cohort           `json:"cohorts"`
}

// Cohort is the readers with the same choice of topics.
type Cohort struct {
	Topics  []string `json:"topics"` // those that they mute begin with "not "; none means everything
	Readers int      `json:"readers"`
	Threads int      `json:"threads"` // that the issue has for them
	// Nothing says that they get no letter, since there is nothing for them.
	Nothing bool `json:"nothing"`

	selection sigpost.Selection
}

// Severe are the findings that keep an issue from being approved, a line each.
func (p Preflight) Severe() (lines []string) {
	for _, f := range p.Findings {
		if f.Severity == digest.Severe {
			lines = append(lines, f.What+": "+f.Do)
		}
	}
	return lines
}

// Preflight looks at the draft with the number, or the only one where that is
// 0; an issue that is approved or sent can be looked at by its number. links
// says whether its links are followed, which goes over the network.
func (a *App) Preflight(ctx context.Context, d config.Digest, number int, links bool) (Preflight, error) {
	var issue sigpost.Issue
	var err error
	if number == 0 {
		issue, err = a.Draft(ctx, d, 0)
	} else {
		issue, err = a.Issue(ctx, d, number)
	}
	if err != nil {
		return Preflight{}, err
	}
	p, err := a.preflight(ctx, d, issue)
	if err != nil || !links {
		return p, err
	}
	letter, err := a.wholeLetter(d, issue)
	if err != nil {
		return p, err
	}
	p.Findings = append(p.Findings, a.checkLinks(ctx, digest.Links(letter))...)
	return p, ctx.Err()
}

// preflight is everything but the links.
func (a *App) preflight(ctx context.Context, d config.Digest, issue sigpost.Issue) (Preflight, error) {
	p, err := a.findings(ctx, d, issue)
	if err != nil {
		return p, err
	}
	return p, a.cohorts(ctx, &p, d, issue)
}

// findings is what needs no look at each reader.
func (a *App) findings(ctx context.Context, d config.Digest, issue sigpost.Issue) (Preflight, error) {
	p := Preflight{Digest: d.Name, Number: issue.Number, State: issue.State, Findings: []digest.Finding{}}
	letter, err := a.wholeLetter(d, issue)
	if err != nil {
		return p, err
	}
	p.Findings = append(p.Findings, digest.Inspect(letter)...)
	if len(issue.Entries) == 0 {
		p.add(digest.Warning, "drop fewer threads, or leave the issue unapproved", "it tells of no thread")
	}
	a.checkHeader(&p, d, issue)
	a.checkAlignment(&p, d)
	if err := a.checkCalendar(ctx, &p, issue); err != nil {
		return p, err
	}
	if err := a.checkHidden(ctx, &p, issue); err != nil {
		return p, err
	}
	return p, a.lostEdits(ctx, &p, issue)
}

// wholeLetter is an issue's letter, cut to nobody's topics.
func (a *App) wholeLetter(d config.Digest, issue sigpost.Issue) (sigpost.Letter, error) {
	e, err := a.edition(d, issue)
	if err != nil {
		return sigpost.Letter{}, err
	}
	return e.Render(a.Reader(d, issue, sigpost.Subscription{}))
}

func (p *Preflight) add(s digest.Severity, do, format string, args ...any) {
	p.Findings = append(p.Findings, digest.Finding{Severity: s, What: fmt.Sprintf(format, args...), Do: do})
}

// checkHeader builds a letter and reads it as a mail program does. It gives the
// letter, if one can be built.
func (a *App) checkHeader(p *Preflight, d config.Digest, issue sigpost.Issue) []byte {
	// Any reader's number will do: what matters is which fields are there.
	s := sigpost.Subscription{ID: 1, Digest: d.Name, Subscriber: sigpost.Subscriber{Addr: address(d.From).Address}}
	var data []byte
	e, err := a.edition(d, issue)
	if err == nil {
		data, err = a.Letter(d, e, s, a.messageID(d, issue, s.ID))
	}
	var m *mail.Message
	if err == nil {
		m, err = mail.ReadMessage(bytes.NewReader(data))
	}
	if err != nil {
		p.add(digest.Severe, "put it right: no letter can be built", "%v", err)
		return nil
	}
	for _, field := range []string{"From", "To", "Date", "Message-Id", "Subject", "List-Id", "List-Unsubscribe", "Mime-Version", "Auto-Submitted"} {
		if m.Header.Get(field) == "" {
			p.add(digest.Severe, "look at [[digest]] in the configuration", "a letter has no field %s", field)
		}
	}
	if m.Header.Get("List-Unsubscribe-Post") == "" {
		p.add(digest.Warning, "set web.url, and run \"sigpost serve\" behind it", "readers cannot unsubscribe with one click (RFC 8058), which large providers ask of who sends much")
	}
	if !strings.Contains(string(data), "text/plain") || !strings.Contains(string(data), "text/html") {
		p.add(digest.Severe, "this is a fault of the templates", "a letter has not both a text and an HTML part")
	}
	if d.PostalAddress == "" {
		p.add(digest.Remark, "set postal_address; many laws want one", "the letter says no postal address")
	}
	return data
}

// checkAlignment says what can be said of DMARC (RFC 7489, section 3.1) without
// asking the DNS, as "sigpost check --mail" does. Where the mail server signs,
// its word is not ours to check.
func (a *App) checkAlignment(p *Preflight, d config.Digest) {
	from := domain(d.From)
	if signer, err := a.signer(d); err != nil {
		p.add(digest.Severe, "put it right in [[dkim]]: no letter can be signed", "%v", err)
		return
	} else if signer != nil {
		return
	}
	login := sigpost.Address{Addr: a.Config.SMTP.Username}.Domain()
	if login != "" && !maildns.Aligned(from, login, false) {
		p.add(digest.Warning, "send as an address of the login's domain, or make sure that the server signs for the other one",
			"letters are from %s and the login is of %s: a signature (DKIM) or return path of that domain does not count for the author's", from, login)
		return
	}
	p.add(digest.Remark, "make a key (\"sigpost dkim new\"); or make sure that the server signs: mail yourself a letter and look for dkim=pass with header.d="+from,
		"sigpost has no key to sign letters with (DKIM): the mail server has to, for %s", from)
}

// checkHidden finds quotes of what has been taken out of sight since.
func (a *App) checkHidden(ctx context.Context, p *Preflight, issue sigpost.Issue) error {
	hidden, err := hiddenQuotes(ctx, a.Store, issue)
	for _, id := range hidden {
		p.add(digest.Severe, "\"sigpost digest rebuild\" composes it without", "it quotes the message <%s>, which is kept out of sight", id)
	}
	return err
}

// hiddenQuotes are the messages that an issue quotes and that are kept out of sight.
func hiddenQuotes(ctx context.Context, db *store.DB, issue sigpost.Issue) ([]sigpost.MessageID, error) {
	return db.HiddenOf(ctx, quotedIn(issue))
}

// quotedIn are the messages that an issue quotes.
func quotedIn(issue sigpost.Issue) (quoted []sigpost.MessageID) {
	for _, e := range issue.Entries {
		for _, q := range e.Quotes {
			quoted = append(quoted, q.MessageID)
		}
	}
	return quoted
}

// checkCalendar looks at the events of the configuration, and at those that the
// issue was composed with.
func (a *App) checkCalendar(ctx context.Context, p *Preflight, issue sigpost.Issue) error {
	for _, e := range a.Config.Events() {
		if err := calendar.Check(e); err != nil {
			p.add(digest.Severe, "put it right in the configuration, then \"sigpost digest rebuild\"", "the event %q: %v", e.Title, err)
			return nil
		}
	}
	for _, o := range issue.Events {
		if !o.End.After(a.now()) {
			p.add(digest.Warning, "\"sigpost digest rebuild\" takes it out", "%q is over", o.Title)
		}
		if o.End.Before(o.Start) {
			p.add(digest.Severe, "put it right in the configuration, then \"sigpost digest rebuild\"", "%q ends before it begins", o.Title)
		}
	}
	if err := a.checkSources(ctx, p); err != nil {
		return err
	}
	today, err := a.events(ctx, a.now())
	if err != nil {
		return err
	}
	is := issue
	is.Events = today
	if d := digest.Diff(issue, is); !d.None() {
		p.add(digest.Remark, "\"sigpost digest rebuild\" takes what is coming up from today's configuration", "what is coming up has changed since the issue was composed")
	}
	return nil
}

// checkSources tells of calendars that are not confirmed, and of events that
// overlap.
func (a *App) checkSources(ctx context.Context, p *Preflight) error {
	report, err := a.Calendars(ctx)
	if err != nil {
		return err
	}
	for _, s := range report.Sources {
		if s.Failure != "" {
			p.add(digest.Warning, "\"sigpost calendar\" says more of it", "the calendar %q is %s: %s", s.Name, confirmedWords(s.Confirmed), s.Failure)
		}
	}
	for _, c := range report.Conflicts {
		p.add(digest.Warning, "\"sigpost calendar\" lists all of them", "%q and %q on %s overlap (%s)", c.A.Title, c.B.Title, c.A.Start.Format("Monday 2 January 15:04 MST"), c.Kind)
	}
	return nil
}

// lostEdits names what an editor changed about threads that are gone.
func (a *App) lostEdits(ctx context.Context, p *Preflight, issue sigpost.Issue) error {
	if !issue.State.Open() {
		return nil
	}
	draft, err := a.Store.Draft(ctx, issue.ID)
	for _, e := range digest.Lost(draft.Composed, draft.Edits) {
		p.add(digest.Remark, "see where the thread went: \"sigpost digest diff\"", "an edit (%s) of thread %d has no effect, since the draft does not tell of it any more", e.Kind, e.ThreadID)
	}
	return err
}

// cohorts counts readers by what they get.
func (a *App) cohorts(ctx context.Context, p *Preflight, d config.Digest, issue sigpost.Issue) error {
	const batch = 500
	at := map[string]int{}
	readers, letters := 0, 0
	for after := int64(0); ; {
		subscriptions, err := a.Store.Subscriptions(ctx, d.Name, sigpost.SubscriptionActive, after, batch)
		if err != nil {
			return err
		}
		if len(subscriptions) == 0 {
			break
		}
		for _, s := range subscriptions {
			after = s.ID
			topics := []string{}
			for _, t := range s.Topics {
				topics = append(topics, t.String())
			}
			for _, t := range s.Muted {
				topics = append(topics, "not "+t.String())
			}
			slices.Sort(topics)
			key := strings.Join(topics, " ")
			i, ok := at[key]
			if !ok {
				i = len(p.Cohorts)
				at[key] = i
				cut := digest.Cut(issue, s.Selection)
				p.Cohorts = append(p.Cohorts, Cohort{Topics: topics, Threads: cut.Stats.Threads, Nothing: !digest.Worth(cut), selection: s.Selection})
			}
			p.Cohorts[i].Readers++
			readers++
			if !p.Cohorts[i].Nothing {
				letters++
			}
		}
	}
	slices.SortStableFunc(p.Cohorts, func(a, b Cohort) int { return b.Readers - a.Readers })
	switch {
	case readers == 0:
		p.add(digest.Warning, "\"sigpost subscriber add\" adds readers", "nobody is subscribed")
	case letters == 0:
		p.add(digest.Warning, "see the cohorts", "none of %d readers gets a letter: there is nothing on their topics", readers)
	}
	return nil
}
