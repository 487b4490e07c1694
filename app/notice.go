package app

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"html/template"
	"io/fs"
	"strings"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/deliver"
	"sigpost/store"
	"sigpost/subscribe"
	"sigpost/templates"
)

// notices write letters to one person about their own subscription.
type notices struct{ *App }

// paragraph is one of a notice: its text, and a link below it.
type paragraph struct {
	Text, URL string
	Verbatim  bool // lines are as they are
}

// write makes a notice of paragraphs, as text and as HTML that say the same.
func (a notices) write(kind sigpost.NoticeKind, d config.Digest, to, subject, heading string, paragraphs []paragraph) (sigpost.Notice, error) {
	n := sigpost.Notice{Kind: kind, Digest: d.Name, Addr: to, Delivery: sigpost.Delivery{MessageID: noticeID(d)}}
	if d.ServiceAddress != "" {
		n.ReplyTo = address(d.ServiceAddress).Address
	}
	var text strings.Builder
	for i, p := range paragraphs {
		if i > 0 {
			text.WriteString("\n")
		}
		if p.Verbatim {
			text.WriteString(strings.TrimRight(p.Text, "\n") + "\n")
		} else {
			text.WriteString(wrap(p.Text, 72))
		}
		if p.URL != "" {
			text.WriteString("\n" + p.URL + "\n")
		}
	}
	html, err := a.noticeHTML(d, subject, heading, paragraphs)
	n.Letter = sigpost.Letter{Subject: subject, Text: text.String(), HTML: html}
	return n, err
}

func (a notices) noticeHTML(d config.Digest, subject, heading string, paragraphs []paragraph) (string, error) {
	html, err := noticeHTML(a.theme(d), noticePage{subject, heading, paragraphs})
	return html, a.inTheme(d, err)
}

// noticePage is what the template of notices knows.
type noticePage struct {
	Subject, Heading string
	Paragraphs       []paragraph
}

// noticeHTML makes a notice by a theme's template, or by the one built in.
func noticeHTML(theme fs.FS, page noticePage) (string, error) {
	const name = "notice/mail.html.tmpl"
	files, err := templates.Overlay(theme)
	if err != nil {
		return "", err
	}
	source, err := fs.ReadFile(files, name)
	if err != nil {
		return "", err
	}
	t, err := template.New(name).Parse(string(source))
	var b bytes.Buffer
	if err == nil {
		err = t.Execute(&b, page)
	}
	return b.String(), templates.Explain(err)
}

// tryNotice says what is wrong with a theme's template, before anybody waits for a
// letter.
func tryNotice(theme fs.FS) error {
	_, err := noticeHTML(theme, noticePage{"S", "H", []paragraph{{Text: "T", URL: "https://example.org/"}, {Text: "V", Verbatim: true}}})
	return err
}

// wrap breaks a text into lines of at most width columns, each with its end.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case column == 0:
		case column+1+n > width:
			b.WriteString("\n")
			column = 0
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String() + "\n"
}

// Confirm asks whether they asked.
func (a notices) Confirm(r sigpost.Request, token string) (sigpost.Notice, error) {
	d, err := a.Config.Digest(r.Wish.Digest)
	if err != nil {
		return sigpost.Notice{}, err
	}
	title := a.base(d).Title
	addr := subscribe.Readable(r.Wish.Subscriber.Addr)
	ps := []paragraph{{Text: fmt.Sprintf("Somebody, most likely you, asked for %s to be sent to %s: %s.", title, addr, a.wishWords(d, r.Wish))}}
	if role := subscribe.RoleDoubt(r.Wish.Subscriber.Addr); role != "" {
		ps = append(ps, paragraph{Text: role + " An address of your own is better."})
	}
	subject := "Please confirm: " + title
	switch url := a.Config.Web.URL; {
	case url != "" && d.ServiceAddress != "":
		ps = append(ps, paragraph{Text: "To get it, open this page and press its button:", URL: url + "/confirm/" + token},
			paragraph{Text: "Or just reply to this mail, without writing anything."})
	case url != "":
		ps = append(ps, paragraph{Text: "To get it, open this page and press its button:", URL: url + "/confirm/" + token})
	default:
		ps = append(ps, paragraph{Text: "To get it, just reply to this mail, without writing anything."})
	}
	forgotten := fmt.Sprintf("If it was not you, do nothing: nothing is sent to you, and the request is forgotten on %s.", r.Expires.In(d.Location()).Format("2 January"))
	if d.ServiceAddress != "" {
		forgotten += " Reply \"no\" to have it forgotten at once."
		subject += " [" + token + "]" // by which a reply is known
	}
	ps = append(ps, paragraph{Text: forgotten})
	return a.write(sigpost.NoticeConfirm, d, r.Wish.Subscriber.Addr, subject, "Please confirm", a.withPrivacy(ps))
}

// withPrivacy says what is stored, and where more is said of it.
func (a notices) withPrivacy(ps []paragraph) []paragraph {
	p := paragraph{Text: "What you open and click is not tracked."}
	if a.Config.Web.URL != "" {
		p.Text, p.URL = p.Text+" What is stored:", a.Config.Web.URL+"/privacy"
	}
	return append(ps, p)
}

// Already tells who is subscribed that somebody asked for it again.
func (a notices) Already(s sigpost.Subscription, token string) (sigpost.Notice, error) {
	d, err := a.Config.Digest(s.Digest)
	if err != nil {
		return sigpost.Notice{}, err
	}
	title := a.base(d).Title
	ps := []paragraph{{Text: fmt.Sprintf("Somebody, perhaps you, asked for %s to be sent to %s. You get it already: %s.", title, subscribe.Readable(s.Subscriber.Addr), a.wishWords(d, s))}}
	ps = append(ps, a.change(d, s, token)...)
	ps = append(ps, paragraph{Text: "If it was not you, there is nothing to do. This mail comes at most once a day."})
	return a.write(sigpost.NoticeAlready, d, s.Subscriber.Addr, "You get "+title+" already", "You get it already", ps)
}

// change says how to change what they get.
func (a notices) change(d config.Digest, s sigpost.Subscription, token string) []paragraph {
	var ps []paragraph
	if a.Config.Web.URL != "" {
		ps = append(ps, paragraph{Text: "To change what you get, to pause, or to unsubscribe:", URL: a.Config.Web.URL + "/preferences/" + token})
	} else if url := a.unsubscribeMailto(d, a.tokens.Unsubscribe(s.ID)); url != "" {
		ps = append(ps, paragraph{Text: "To unsubscribe:", URL: url})
	}
	return ps
}

// Trouble tells the operator that an issue stands still, or is not sent.
func (a notices) Trouble(d config.Digest, number int, why, do string) (sigpost.Notice, error) {
	issue := fmt.Sprintf("issue %d of %s", number, d.Title)
	return a.write(sigpost.NoticeTrouble, d, address(a.Config.SMTP.Operator).Address, "Not sent: "+issue, issue+" is not sent",
		[]paragraph{{Text: why}, {Text: do}})
}

// tellOperator has the operator told, who may have no address.
func (a *App) tellOperator(ctx context.Context, d config.Digest, number int, why, do string) error {
	if a.Config.SMTP.Operator == "" {
		return nil
	}
	n, err := notices{a}.Trouble(d, number, why, do)
	if err != nil {
		return err
	}
	n.Due = a.now()
	return a.Store.QueueNotice(ctx, n)
}

// Link brings a new link to the preferences.
func (a notices) Link(s sigpost.Subscription, token string) (sigpost.Notice, error) {
	d, err := a.Config.Digest(s.Digest)
	if err != nil {
		return sigpost.Notice{}, err
	}
	title := a.base(d).Title
	ps := append([]paragraph{{Text: fmt.Sprintf("You get %s at %s: %s. Somebody asked for a new link for it, most likely you.", title, subscribe.Readable(s.Subscriber.Addr), a.wishWords(d, s))}},
		a.change(d, s, token)...)
	ps = append(ps, paragraph{Text: fmt.Sprintf("The link is valid until it has been used to change something, and until %s.", a.now().Add(subscribe.PreferencesTime).In(d.Location()).Format("2 January 2006"))})
	return a.write(sigpost.NoticeLink, d, s.Subscriber.Addr, "Your link for "+title, "Your new link", ps)
}

// Stored brings all that is stored about them.
func (a notices) Stored(s sigpost.Subscription, data []byte) (sigpost.Notice, error) {
	d, err := a.Config.Digest(s.Digest)
	if err != nil {
		return sigpost.Notice{}, err
	}
	return a.write(sigpost.NoticeStored, d, s.Subscriber.Addr, "What "+a.base(d).Title+" stores about you", "What is stored about you", []paragraph{
		{Text: "You asked for all that is stored about you. This is it, as JSON:"}, {Text: string(data), Verbatim: true}})
}

// wishWords say in words what somebody gets.
func (a *App) wishWords(d config.Digest, s sigpost.Subscription) string {
	titles := a.titles()
	list := func(tags []sigpost.Tag) string {
		names := make([]string, len(tags))
		for i, t := range tags {
			names[i] = cmp.Or(titles[t.String()], t.Name)
		}
		return strings.Join(names, ", ")
	}
	words := "everything"
	if len(s.Topics) > 0 {
		words = list(s.Topics)
	}
	if len(s.Muted) > 0 {
		words += ", but nothing of " + list(s.Muted)
	}
	words += ", " + d.Adverb()
	if s.NewsOnly {
		words += ", only when there is news"
	}
	if s.Text {
		words += ", as plain text"
	}
	return words
}

// NoticeReport says what became of letters to single people.
type NoticeReport struct {
	Outcome deliver.Outcome `json:"outcome"`
	Letters []DryLetter     `json:"letters,omitempty"`
}

// noticeLedger is the store's, as the sender sees it. It remembers what the
// letters are that were claimed last.
type noticeLedger struct {
	store.Notices
	app     *App
	claimed map[int64]sigpost.Notice
}

// Claim claims, and remembers what.
func (l *noticeLedger) Claim(ctx context.Context, _ int64, now, lease time.Time, limit int) ([]sigpost.Delivery, error) {
	claimed, err := l.Notices.Claim(ctx, now, lease, limit)
	l.claimed = map[int64]sigpost.Notice{}
	var deliveries []sigpost.Delivery
	for _, n := range claimed {
		l.claimed[n.ID] = n
		deliveries = append(deliveries, n.Delivery)
	}
	return deliveries, err
}

// Record records, and takes back what is to be tried again and is not so any more.
func (l *noticeLedger) Record(ctx context.Context, id int64, state sigpost.DeliveryState, reply string, due, at time.Time) error {
	err := l.Notices.Record(ctx, id, state, reply, due, at)
	if err == nil && state == sigpost.DeliveryQueued {
		err = l.app.refused(ctx, l.claimed[id])
	}
	return err
}

// Recover has nothing to do: what was left over is claimed when its lease is over.
func (l *noticeLedger) Recover(context.Context, int64, bool, time.Time) (released, unknown int, err error) {
	return 0, 0, nil
}

// noticeTries is how often a notice is tried: some hours. Who waits for one is gone
// by then.
const noticeTries = 8

// sendNotices sends the letters to single people that are due. Several
// processes may do so at once.
func (a *App) sendNotices(ctx context.Context) (r NoticeReport, err error) {
	if err := a.forget(ctx); err != nil {
		return r, a.notEven(ctx, store.StageNotices, err)
	}
	counts, err := a.Store.Notices().Counts(ctx)
	if err != nil || counts[sigpost.DeliveryQueued]+counts[sigpost.DeliverySending] == 0 {
		return r, a.notEven(ctx, store.StageNotices, err)
	}
	err = a.counted(ctx, store.StageNotices, func(n *stageRows) error {
		r, err = a.sendDueNotices(ctx)
		n.done, n.failed = r.Outcome.Sent, r.Outcome.Failed+r.Outcome.Unknown
		return err
	})
	return r, err
}

func (a *App) sendDueNotices(ctx context.Context) (r NoticeReport, err error) {
	var dry SendReport
	courier, err := a.openCourier(&dry)
	if err != nil {
		return r, err
	}
	defer courier.Close()
	l := &noticeLedger{Notices: a.Store.Notices(), app: a}
	sender := deliver.New(l, courier, a.now, a.log, deliver.Options{Shared: true, Unknown: deliver.Resend, MaxAttempts: noticeTries})
	r.Outcome, err = sender.Send(ctx, 0, func(_ context.Context, delivery sigpost.Delivery) (from, to string, data []byte, err error) {
		n := l.claimed[delivery.ID]
		d, err := a.Config.Digest(n.Digest)
		if err != nil { // the configuration does not have it any more
			return "", "", nil, fmt.Errorf("%w: %w", deliver.ErrNoLetter, err)
		}
		data, err = a.noticeLetter(d, n)
		data, err = a.signed(d, data, err)
		return address(d.From).Address, n.Addr, data, err
	}, nil)
	r.Letters = dry.Letters
	if err != nil {
		err = fmt.Errorf("letters to single people: %w", err)
	}
	return r, err
}

func (a *App) noticeLetter(d config.Digest, n sigpost.Notice) ([]byte, error) {
	base := a.base(d)
	from := author(base.From)
	from.Name = cmp.Or(from.Name, base.Title)
	reply := sigpost.Address{Addr: n.ReplyTo}
	if n.ReplyTo == "" {
		reply = author(base.ReplyTo)
	}
	h := deliver.Header{From: from, To: sigpost.Address{Addr: n.Addr}, ReplyTo: reply, Date: a.now().In(d.Location()), MessageID: n.MessageID, Answers: n.Answers}
	return deliver.Build(h, n.Letter)
}

// wakeNotices has letters to single people sent at once, where pages are
// served.
func (a *App) wakeNotices() { poke(a.wake) }

// noticePoll is how often it is looked for letters that are to be tried again, or
// that another process has queued.
const noticePoll = time.Minute

// watchNotices sends letters to single people as they come, until ctx is done.
func (a *App) watchNotices(ctx context.Context) {
	if a.Config.SMTP.Host == "" {
		return
	}
	ticker := time.NewTicker(noticePoll)
	defer ticker.Stop()
	for {
		if _, err := a.sendNotices(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("letters to single people wait", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-a.wake:
		case <-ticker.C:
		}
	}
}
