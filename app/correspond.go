package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sigpost"
	"sigpost/config"
	"sigpost/store"
	"sigpost/subscribe"
)

// perCorrespondent is how many answers an address gets in a day.
const perCorrespondent = 6

// answersAnHour is how many answers there are in all.
const answersAnHour = 500

// correspond does what a mail to a service address asks for, and answers in plain
// words; m is what message.Parse made of raw. What cannot be done is answered, too.
// A robot is never answered (RFC 3834, section 2), and nothing is done for one but
// to let it unsubscribe by a token in its subject. An error is the archive's: the
// mail should be looked at again.
//
// Who wrote a mail can be forged. So by its From alone a mail can ask for what is
// answered by mail: subscribe, help. It can unsubscribe, which harms nobody for
// long and is told with a way back. All else needs a token, which only comes by
// mail: in the subject, in the address, or in a letter that is quoted by the one it
// was sent to; or it is asked for by mail, and done when that is answered.
func (a *App) correspond(ctx context.Context, m *sigpost.Message, raw []byte) error {
	c := a.correspondence(m, raw)
	if m.Own || m.Robot || c.bulk || c.from == "" {
		return c.robot(ctx)
	}
	if done, err := c.confirm(ctx); done || err != nil {
		return err
	}
	if len(c.digests) == 0 {
		return nil // to none of our addresses, and with nothing that says what it is about
	}
	return c.obey(ctx)
}

// correspondence is one mail to a service address.
type correspondence struct {
	*App
	m    *sigpost.Message
	from string // the author's address; empty where it is none
	// tokens stand in the subject or an address, quoted ones in the text.
	tokens, quoted []string
	digests        []config.Digest // publications that it is about
	command        subscribe.Command
	bulk           bool // it came through a list
}

func (a *App) correspondence(m *sigpost.Message, raw []byte) *correspondence {
	c := &correspondence{App: a, m: m}
	if _, addr, err := subscribe.ParseAddress(m.Author.Addr); err == nil && subscribe.CheckReader(addr, nil) == nil {
		c.from = addr
	}
	header := headerOf(raw)
	to := recipients(header)
	c.bulk = len(m.ListIDs) > 0 || header.Get("List-Unsubscribe") != "" || strings.EqualFold(strings.TrimSpace(header.Get("Precedence")), "list")
	c.tokens, c.quoted = subscribe.TokensIn(m.Subject+" "+strings.Join(to, " ")), subscribe.TokensIn(m.Text)
	leaving := false
	c.digests, leaving = a.addressed(to)
	zone := time.UTC
	if len(c.digests) > 0 {
		zone = c.digests[0].Location()
	}
	c.command = subscribe.ParseCommand(m.Subject, m.NewText(), a.now().In(zone))
	if leaving && c.command.Verb == subscribe.VerbBlank {
		c.command.Verb = subscribe.VerbUnsubscribe
	}
	return c
}

// headerOf is the header of a mail, as far as it can be read.
func headerOf(raw []byte) mail.Header {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil
	}
	return m.Header
}

// recipients are the addresses that a mail was sent to.
func recipients(header mail.Header) []string {
	var all []string
	for _, field := range []string{"To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"} {
		for _, value := range header[field] {
			found, err := mail.ParseAddressList(value)
			if err != nil { // not the form that it should have, or with something else in it
				continue
			}
			for _, f := range found {
				all = append(all, f.Address)
			}
		}
	}
	return all
}

// addressed are the publications to whose addresses a mail went, whatever stands
// behind a "+"; leaving says that it went to one that is only for unsubscribing.
func (a *App) addressed(to []string) (digests []config.Digest, leaving bool) {
	is := func(configured string) bool {
		return configured != "" && slices.ContainsFunc(to, func(t string) bool {
			return strings.EqualFold(withoutTag(t), address(configured).Address)
		})
	}
	for _, d := range a.Config.Digests {
		if d.Publication() != d.Name {
			continue
		}
		if is(d.ServiceAddress) || is(d.From) || is(d.ReplyTo) {
			digests = append(digests, d)
		} else if is(d.UnsubscribeMailto) {
			digests, leaving = append(digests, d), true
		}
	}
	if only, err := a.Config.Digest(""); err == nil && len(digests) == 0 { // by an alias, or hidden
		digests = append(digests, only)
	}
	return digests, leaving
}

// withoutTag is an address without what stands behind a "+" (RFC 5233).
func withoutTag(addr string) string {
	local, domain, _ := strings.Cut(addr, "@")
	base, _, _ := strings.Cut(local, "+")
	return base + "@" + domain
}

// robot lets a mail program unsubscribe that does so on a click: it has the token
// of the letter. All else of robots is left alone.
func (c *correspondence) robot(ctx context.Context) error {
	if c.command.Verb != subscribe.VerbUnsubscribe {
		return nil
	}
	for _, token := range c.tokens {
		if id, err := c.App.tokens.ParseUnsubscribe(token); err == nil {
			_, err := c.rows().Withdraw(ctx, id, sigpost.ByMail, c.now())
			return missing(err)
		}
	}
	return nil
}

// missing takes an error away that says that somebody is not there.
func missing(err error) error {
	if errors.Is(err, sigpost.ErrNotFound) {
		return nil
	}
	return err
}

// confirm takes the answer to "please confirm". done is false where the mail is
// none.
func (c *correspondence) confirm(ctx context.Context) (done bool, err error) {
	desk := c.desk()
	for _, token := range slices.Concat(c.tokens, c.quoted) {
		r, err := desk.Look(ctx, token)
		switch {
		case errors.Is(err, subscribe.ErrToken):
			continue
		case errors.Is(err, subscribe.ErrExpired):
			return true, c.say(ctx, c.anyDigest(), "Your request is too old", "A request is kept for a week only, and this one is gone. Nothing was sent to you and nothing will be. To subscribe, write \"subscribe\" once more.")
		case err != nil:
			return true, err
		}
		d, err := c.Config.Digest(r.Wish.Digest)
		if err != nil {
			return true, nil
		}
		return true, c.decide(ctx, d, token)
	}
	return false, nil
}

// decide does what an answer to "please confirm" says. Only a yes is one, and an
// answer in which nothing is written: out-of-office notes have much to say.
func (c *correspondence) decide(ctx context.Context, d config.Digest, token string) error {
	title := c.base(d).Title
	switch c.command.Verb {
	case subscribe.VerbYes, subscribe.VerbBlank, subscribe.VerbSubscribe:
		s, preferences, err := c.desk().Confirm(ctx, token)
		if err != nil {
			return err
		}
		if !s.State.Subscribed() {
			return c.say(ctx, d, "You have unsubscribed since", "The request that you answered was confirmed before, and you have unsubscribed since. To come back, write \"subscribe\".")
		}
		ps := append([]paragraph{{Text: fmt.Sprintf("You get %s from the next issue on: %s.", title, c.wishWords(d, s))}}, notices{c.App}.change(d, s, preferences)...)
		return c.answerTo(ctx, d, s.Subscriber.Addr, "You are subscribed to "+title, "You are subscribed", ps)
	case subscribe.VerbNo, subscribe.VerbUnsubscribe:
		if err := c.desk().Deny(ctx, token); err != nil && !errors.Is(err, subscribe.ErrExpired) {
			return err
		}
		return c.say(ctx, d, "Your request is forgotten", fmt.Sprintf("The request for %s is forgotten. Nothing is sent to you.", title))
	}
	return c.say(ctx, d, "Is that a yes?", fmt.Sprintf("You answered our question whether you want %s, and the answer was not understood. To get it, reply once more and write only \"yes\"; to have the request forgotten, \"no\".", title))
}

// anyDigest is the one whose address and title an answer has.
func (c *correspondence) anyDigest() config.Digest {
	if len(c.digests) > 0 {
		return c.digests[0]
	}
	return c.Config.Digests[0]
}

// obey does what the mail asks for.
func (c *correspondence) obey(ctx context.Context) error {
	if s, proved, err := c.proved(ctx); err != nil || proved {
		if err != nil {
			return err
		}
		return c.obeyReader(ctx, s)
	}
	c.pick()
	d := c.digests[0]
	switch c.command.Verb {
	case subscribe.VerbSubscribe:
		return c.subscribe(ctx, d)
	case subscribe.VerbUnsubscribe:
		return c.unsubscribe(ctx)
	case subscribe.VerbPause, subscribe.VerbResume, subscribe.VerbTopics:
		return c.askFirst(ctx, d)
	case subscribe.VerbUnknown:
		return c.puzzled(ctx, d)
	}
	return c.explain(ctx, d)
}

// puzzled explains what can be written to who has to do with us, or nearly wrote
// it. What else comes is spam, whose senders are forged: it is not answered.
func (c *correspondence) puzzled(ctx context.Context, d config.Digest) error {
	p, _ := c.publicationOf(d.Name)
	_, reader, err := c.activeIn(ctx, p, c.from)
	if err != nil {
		return err
	}
	if !reader && c.command.Nearest == "" {
		c.log.Info("a mail to a service address was not understood, and is not answered", "digest", d.Name)
		return nil
	}
	return c.explain(ctx, d)
}

// pick takes the publication that the first word names, where an address is that of
// several.
func (c *correspondence) pick() {
	if len(c.digests) < 2 || len(c.command.Words) == 0 {
		return
	}
	for _, d := range c.digests {
		if d.Name == c.command.Words[0] {
			c.digests, c.command.Words = []config.Digest{d}, c.command.Words[1:]
			return
		}
	}
}

// proved gives the subscription that a token of the mail is for: one in the
// subject or an address; or one in a quoted letter, if the mail is from whom that
// was sent to. Who answers a letter that was forwarded to them cannot change what
// another gets.
func (c *correspondence) proved(ctx context.Context) (s sigpost.Subscription, ok bool, err error) {
	for i, token := range slices.Concat(c.tokens, c.quoted) {
		// That of a letter's link to unsubscribe proves nothing else: it is good for
		// ever, and letters are forwarded.
		id, err := c.App.tokens.ParseUnsubscribe(token)
		if err == nil && c.command.Verb != subscribe.VerbUnsubscribe {
			continue
		}
		if err != nil {
			var serial int64
			if id, serial, err = c.App.tokens.ParsePreferences(token, c.now()); err != nil {
				continue
			}
			if had, err := c.Store.Subscription(ctx, id); missing(err) != nil {
				return s, false, err
			} else if err != nil || had.Serial != serial {
				continue
			}
		}
		s, err := c.Store.Successor(ctx, id)
		if missing(err) != nil {
			return s, false, err
		}
		inLetter := i >= len(c.tokens)
		if err == nil && s.Subscriber.Addr != "" && (!inLetter || subscribe.Key(s.Subscriber.Addr) == subscribe.Key(c.from)) {
			return s, true, nil
		}
	}
	return s, false, nil
}

// obeyReader does what a reader asks for who has proved who they are.
func (c *correspondence) obeyReader(ctx context.Context, s sigpost.Subscription) error {
	d, err := c.Config.Digest(s.Digest)
	if err != nil {
		return nil // the configuration does not have it any more
	}
	command := c.command
	if yes := command.Verb == subscribe.VerbYes || command.Verb == subscribe.VerbBlank; yes {
		if proposed := subscribe.Proposed(c.m.Subject, c.now().In(d.Location())); proposed.Verb != subscribe.VerbUnknown {
			command = proposed
		}
	}
	if command.Verb == subscribe.VerbUnsubscribe {
		return c.end(ctx, d, s)
	}
	if command.Verb == subscribe.VerbSubscribe && (len(command.Words) == 0 || !s.State.Subscribed()) {
		return c.subscribe(ctx, d)
	}
	if !s.State.Subscribed() {
		return c.say(ctx, d, "You are not subscribed", fmt.Sprintf("You do not get %s any more. To come back, write \"subscribe\".", c.base(d).Title))
	}
	wish := s
	switch {
	case command.Verb == subscribe.VerbPause && !command.Until.IsZero():
		wish.PausedUntil = command.Until
	case command.Verb == subscribe.VerbResume:
		wish.PausedUntil = time.Time{}
	case command.Verb == subscribe.VerbTopics && len(command.Words) > 0, command.Verb == subscribe.VerbSubscribe && len(command.Words) > 0:
		topics, problem := c.topicsMeant(command.Words)
		if problem != "" {
			return c.say(ctx, d, "Which topic?", problem)
		}
		wish.Topics = topics
	default:
		return c.explain(ctx, d)
	}
	changed, err := c.desk().Apply(ctx, s, wish, sigpost.ByMail, c.m.Subject)
	if errors.Is(err, subscribe.ErrExpired) {
		return c.explain(ctx, d)
	}
	if err != nil {
		return err
	}
	words := fmt.Sprintf("You get %s: %s.", c.base(d).Title, c.wishWords(d, changed))
	if changed.PausedUntil.After(c.now()) {
		words = fmt.Sprintf("Nothing is sent to you before %s. To go on at once, write \"resume\".", changed.PausedUntil.In(d.Location()).Format("Monday, 2 January 2006"))
	}
	token := c.App.tokens.Preferences(changed.ID, changed.Serial, c.now().Add(subscribe.PreferencesTime))
	return c.answerTo(ctx, d, changed.Subscriber.Addr, "It is changed", "It is changed", append([]paragraph{{Text: words}}, notices{c.App}.change(d, changed, token)...))
}

// topicsMeant are the topics of words, or what to say of one that is none.
func (c *correspondence) topicsMeant(words []string) (topics []sigpost.Tag, problem string) {
	topics, err := c.topics(words)
	switch {
	case err == nil:
		return topics, ""
	case slices.ContainsFunc(words, func(w string) bool { return !repeatable(w) }):
		return nil, "There is no such topic."
	}
	return nil, sentence(err)
}

// repeatable says whether what a mail says can stand in an answer. Who wrote can be
// forged: with a link or an address in it, an answer would bring a stranger's message
// to anybody, in the list's name.
func repeatable(said string) bool {
	return utf8.RuneCountInString(said) <= 40 && !strings.ContainsFunc(said, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" -:_'", r)
	})
}

// sentence makes one of an error's words.
func sentence(err error) string {
	words := err.Error()
	return strings.ToUpper(words[:1]) + words[1:] + "."
}

// subscribe takes a request for the author's own address.
func (c *correspondence) subscribe(ctx context.Context, d config.Digest) error {
	topics, problem := c.topicsMeant(c.command.Words)
	if problem != "" {
		return c.say(ctx, d, "Which topic?", problem+" Nothing was done. Write \"topics\" for a list of them, or \"subscribe\" alone for everything.")
	}
	typed := mail.Address{Name: c.m.Author.Name, Address: c.from}
	ask := subscribe.Ask{Address: typed.Address, Way: sigpost.ByMail, Shown: "a mail with the subject: " + c.m.Subject,
		Wish: sigpost.Subscription{Digest: d.Name, Selection: sigpost.Selection{Topics: topics}}}
	err := c.desk().Ask(ctx, ask)
	var limited subscribe.ErrLimited
	if errors.As(err, &limited) || errors.Is(err, subscribe.ErrAddress) {
		c.log.Warn("a request by mail was not taken: the address is none of a reader, or there were too many", "digest", d.Name)
		return nil
	}
	return err
}

// unsubscribe ends the author's subscription to the publication that the mail went
// to.
func (c *correspondence) unsubscribe(ctx context.Context) error {
	for _, publication := range c.digests {
		p, _ := c.publicationOf(publication.Name)
		s, active, err := c.activeIn(ctx, p, c.from)
		if err != nil {
			return err
		}
		if active {
			return c.end(ctx, publication, s)
		}
	}
	return c.say(ctx, c.digests[0], "You are not subscribed", fmt.Sprintf("%s is not sent to %s. If it comes to you at another address, use the link at the foot of the letter, or write to us from that address.",
		c.digests[0].Title, subscribe.Readable(c.from)))
}

// end unsubscribes, and tells the reader, with a way back.
func (c *correspondence) end(ctx context.Context, d config.Digest, s sigpost.Subscription) error {
	if _, err := c.rows().Withdraw(ctx, s.ID, sigpost.ByMail, c.now()); err != nil {
		return err
	}
	title := c.base(d).Title
	ps := []paragraph{{Text: fmt.Sprintf("%s is not sent to %s any more.", title, subscribe.Readable(s.Subscriber.Addr))}}
	back := paragraph{Text: "If it was not you who asked for that, or you want it back: reply \"subscribe\" to this mail."}
	if c.Config.Web.URL != "" {
		back = paragraph{Text: "If it was not you who asked for that, or you want it back, subscribe once more:", URL: c.Config.Web.URL + "/subscribe"}
	}
	return c.answerTo(ctx, d, s.Subscriber.Addr, "You are unsubscribed", "You are unsubscribed", append(ps, back))
}

// askFirst asks by mail whether the author really wrote this: the answer has the
// token. A list of topics is nobody's secret.
func (c *correspondence) askFirst(ctx context.Context, d config.Digest) error {
	if c.command.Verb == subscribe.VerbTopics && len(c.command.Words) == 0 {
		return c.listTopics(ctx, d)
	}
	asked := string(c.command.Verb)
	switch c.command.Verb {
	case subscribe.VerbPause:
		if c.command.Until.IsZero() {
			return c.say(ctx, d, "Until when?", "It was not understood until when you want to pause. Write \"pause until 2016-05-31\" or \"pause 2 weeks\"; a year is the longest.")
		}
		asked += " until " + c.command.Until.Format(time.DateOnly)
	case subscribe.VerbTopics:
		topics, problem := c.topicsMeant(c.command.Words)
		if problem != "" {
			return c.say(ctx, d, "Which topic?", problem+" Write \"topics\" for a list of them.")
		}
		asked += " " + strings.Join(names(topics), " ")
	}
	p, _ := c.publicationOf(d.Name)
	s, active, err := c.activeIn(ctx, p, c.from)
	if err != nil {
		return err
	}
	if active {
		token := c.App.tokens.Preferences(s.ID, s.Serial, c.now().Add(subscribe.PreferencesTime))
		ps := append([]paragraph{{Text: fmt.Sprintf("A mail from your address asks for this: %s. To have it done, reply to this mail without writing anything. If it was not you, do nothing.", asked)}},
			notices{c.App}.change(d, s, token)...)
		return c.answer(ctx, d, fmt.Sprintf("Please confirm: %s [%s]", asked, token), ps...)
	}
	return c.say(ctx, d, "You are not subscribed", fmt.Sprintf("%s is not sent to %s. Write \"subscribe\" to get it.", d.Title, subscribe.Readable(c.from)))
}

func names(tags []sigpost.Tag) []string {
	if len(tags) == 0 {
		return []string{"all"}
	}
	all := make([]string, len(tags))
	for i, t := range tags {
		all[i] = t.String()
	}
	return all
}

func (c *correspondence) listTopics(ctx context.Context, d config.Digest) error {
	var b strings.Builder
	titles := c.titles()
	for _, name := range slices.Sorted(maps.Keys(titles)) {
		fmt.Fprintf(&b, "%s  (%s)\n", name, titles[name])
	}
	return c.answer(ctx, d, "Topics of "+d.Title, paragraph{Text: "Write \"topics\" and the names of those that you want, such as \"topics project:kuryr nature:release\", or \"topics all\"."}, paragraph{Text: b.String(), Verbatim: true})
}

// explain says what can be asked for.
func (c *correspondence) explain(ctx context.Context, d config.Digest) error {
	var ps []paragraph
	said := "Your mail"
	if repeatable(c.command.Said) {
		said = fmt.Sprintf("%q", c.command.Said)
	}
	switch {
	case c.command.Nearest != "":
		ps = append(ps, paragraph{Text: fmt.Sprintf("%s was not understood. Did you mean %q?", said, string(c.command.Nearest))})
	case c.command.Verb != subscribe.VerbHelp && c.command.Said != "":
		ps = append(ps, paragraph{Text: fmt.Sprintf("A program reads this mailbox. %s was not understood.", said)})
	}
	ps = append(ps, paragraph{Text: fmt.Sprintf("This is the program that sends %s. Write one of these, in the subject or as the first line:", d.Title)},
		paragraph{Verbatim: true, Text: `subscribe                 get everything
subscribe kuryr magnum    get what is on these topics
topics                    a list of the topics
topics kuryr magnum       get what is on these topics from now on
pause 2 weeks             send nothing for a while
pause until 2016-05-31    send nothing before that day
resume                    end the pause
unsubscribe               get nothing any more`})
	person := address(cmp.Or(d.ReplyTo, d.From)).Address
	if d.ReplyTo != "" {
		ps = append(ps, paragraph{Text: "A person reads " + person + "."})
	}
	return c.answer(ctx, d, "What you can write to "+d.Title, ps...)
}

// answer answers the author.
func (c *correspondence) answer(ctx context.Context, d config.Digest, subject string, ps ...paragraph) error {
	heading, _, _ := strings.Cut(subject, " [")
	return c.answerTo(ctx, d, c.from, subject, heading, ps)
}

// say answers the author in one paragraph.
func (c *correspondence) say(ctx context.Context, d config.Digest, subject, text string) error {
	return c.answer(ctx, d, subject, paragraph{Text: text})
}

// answerTo queues an answer, unless the address has had enough of them today.
func (c *correspondence) answerTo(ctx context.Context, d config.Digest, to, subject, heading string, ps []paragraph) error {
	n, err := notices{c.App}.write(sigpost.NoticeAnswer, d, to, subject, heading, ps)
	if err != nil {
		return err
	}
	n.Answers, n.Due = c.m.MessageID, c.now()
	err = c.Store.Tx(ctx, func(tx *store.DB) error {
		refused, err := tx.Allow(ctx, c.now(), c.App.tokens.AnswerLimit(to, perCorrespondent), sigpost.Limit{Bucket: "answers", N: answersAnHour, Per: time.Hour})
		if err != nil || refused.Bucket != "" {
			return err
		}
		return tx.QueueNotice(ctx, n)
	})
	if err == nil {
		c.wakeNotices()
	}
	return err
}
