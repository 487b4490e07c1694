package app

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"sigpost"
	"sigpost/config"
	"sigpost/deliver"
	"sigpost/digest"
	"sigpost/subscribe"
)

// maxMolds bounds how many molds are kept, of which one holds a letter twice, and
// maxKinds what else is known of kinds of readers.
const (
	maxMolds = 256
	maxKinds = 20000
)

// packer makes the letters of an issue. Readers with the same selection, zone and
// form get the same one but for what is personal: it is rendered and built once
// for all of them. It may be used by many goroutines.
type packer struct {
	a       *App
	d       config.Digest
	issue   sigpost.Issue
	edition edition
	from    string
	ids     *deliver.MessageIDs
	signer  *deliver.Signer // nil where letters are not signed

	mu    sync.Mutex
	kinds map[string]*readerKind
	molds int // that are kept
}

// readerKind is what readers have in common whose letters differ in nothing but
// what is personal.
type readerKind struct {
	worth bool // whether the issue has something for them
	once  *sync.Once
	mold  *deliver.Mold
	err   error
}

func (a *App) newPacker(d config.Digest, issue sigpost.Issue) (*packer, error) {
	e, err := a.edition(d, issue)
	if err != nil {
		return nil, err
	}
	signer, err := a.signer(d)
	return &packer{signer: signer, a: a, d: d, issue: issue, edition: e, from: envelope(d), ids: a.messageIDs(d, issue), kinds: map[string]*readerKind{}}, err
}

// appendKind writes what makes a kind.
func appendKind(b []byte, s *sigpost.Subscription) []byte {
	b = append(b, s.Subscriber.Zone...)
	for _, yes := range []bool{s.Text, s.NewsOnly} {
		b = append(b, '\n')
		b = strconv.AppendBool(b, yes)
	}
	for _, topics := range [][]sigpost.Tag{s.Topics, s.Muted} {
		b = append(b, '\n')
		for _, t := range topics {
			b = append(append(append(append(b, '\t'), t.Kind...), ':'), t.Name...)
		}
	}
	return b
}

// envelope is the envelope sender of a digest's letters, to which comes back what
// does not arrive.
func envelope(d config.Digest) string {
	if d.ServiceAddress != "" {
		return address(d.ServiceAddress).Address
	}
	return address(d.From).Address
}

// kindOf gives the kind of a reader.
func (p *packer) kindOf(s sigpost.Subscription) *readerKind {
	var room [256]byte
	key := appendKind(room[:0], &s)
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.kinds[string(key)]
	if k == nil {
		if len(p.kinds) >= maxKinds {
			clear(p.kinds)
			p.molds = 0
		}
		issue := p.issue
		issue.Always = issue.Always && !s.NewsOnly
		k = &readerKind{worth: digest.Worth(digest.Cut(issue, s.Selection)), once: &sync.Once{}}
		p.kinds[string(key)] = k
	}
	return k
}

// pack makes one reader's letter.
func (p *packer) pack(_ context.Context, c sigpost.Claim) (deliver.Parcel, error) {
	k := p.kindOf(c.Subscription)
	if !k.worth { // the reader has changed them since
		return deliver.Parcel{}, fmt.Errorf("%s: %w", nothingForThem, deliver.ErrNoLetter)
	}
	personal := p.a.personal(c.Subscription, c.MessageID)
	m, err := p.moldOf(k, c.Subscription, personal)
	if err != nil {
		return deliver.Parcel{}, err
	}
	letter, err := m.Letter(personal)
	return deliver.Parcel{From: p.sender(c.ID), To: c.Subscription.Subscriber.Addr, Text: letter}, err
}

// sender is the envelope sender of a letter: where readers' mail is read by us, an
// address that tells which letter comes back.
func (p *packer) sender(delivery int64) string {
	if p.d.ServiceAddress == "" {
		return p.from
	}
	return subscribe.BounceAddress(p.from, p.a.tokens.Bounce(delivery))
}

// moldOf gives the mold of a kind, made once for all of its readers unless there
// are very many kinds.
func (p *packer) moldOf(k *readerKind, s sigpost.Subscription, like deliver.Personal) (*deliver.Mold, error) {
	p.mu.Lock()
	once, m, err := k.once, k.mold, k.err
	p.mu.Unlock()
	if m != nil || err != nil {
		return m, err
	}
	return p.newMold(once, k, s, like)
}

// newMold makes the mold of a kind.
func (p *packer) newMold(once *sync.Once, k *readerKind, s sigpost.Subscription, like deliver.Personal) (*deliver.Mold, error) {
	once.Do(func() {
		m, err := deliver.NewMold(like, p.a.casting(p.d, p.edition, s), p.signer)
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.molds >= maxMolds {
			p.forget()
		}
		k.mold, k.err = m, err
		p.molds++
	})
	p.mu.Lock()
	m, err := k.mold, k.err
	p.mu.Unlock()
	if m == nil && err == nil { // forgotten by now
		return deliver.NewMold(like, p.a.casting(p.d, p.edition, s), p.signer)
	}
	return m, err
}

// forget lets all molds go.
func (p *packer) forget() {
	for _, k := range p.kinds {
		if k.mold != nil {
			k.mold, k.once = nil, &sync.Once{}
		}
	}
	p.molds = 0
}

// personal is what of a letter is one reader's own.
func (a *App) personal(s sigpost.Subscription, id sigpost.MessageID) deliver.Personal {
	p := deliver.Personal{To: sigpost.Address{Name: s.Subscriber.Name, Addr: s.Subscriber.Addr}, MessageID: id}
	if s.ID != 0 {
		p.Unsubscribe, p.Preferences = a.tokens.Unsubscribe(s.ID), a.preferencesToken(s)
	}
	return p
}

// casting builds the letters of an issue for readers like one.
func (a *App) casting(d config.Digest, e edition, s sigpost.Subscription) deliver.Casting {
	issue := e.Issue()
	seed := string(a.messageID(d, issue, 0)) // no reader has it, so that nobody can know it
	return func(p deliver.Personal) ([]byte, error) {
		letter, err := e.Render(a.readerWith(d, issue, s, p))
		if err != nil {
			return nil, err
		}
		if letter.Calendar = e.calendar; s.Text {
			letter.HTML, letter.Images = "", nil
		}
		return deliver.Build(deliver.Header{
			From: author(d.From), To: p.To, ReplyTo: author(d.ReplyTo), Date: sent(issue), MessageID: p.MessageID,
			ListID: d.ListID, ListTitle: issue.Title, Seed: seed,
			UnsubscribeURL: a.unsubscribeURL(p.Unsubscribe), UnsubscribeMailto: a.unsubscribeMailto(d, p.Unsubscribe),
		}, letter)
	}
}
