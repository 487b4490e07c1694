package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/emersion/go-imap/v2"
)

// sessions are connections that wait for the next mailbox of their account, so
// that a run over ten mailboxes logs in once. The zero value is ready.
type sessions struct {
	mu   sync.Mutex
	idle map[string]*session
}

// sessionKey is what two sources have in common that can share a connection.
func sessionKey(a *Account) string {
	return fmt.Sprintf("%q %q %q %q %q", a.Name, a.Addr, a.TLS, a.Auth, a.Username)
}

// take gives a session that ends with ctx; kept says that it is not a new one,
// and may turn out to be dead.
func (p *sessions) take(ctx context.Context, a *Account) (s *session, kept bool, err error) {
	p.mu.Lock()
	s = p.idle[sessionKey(a)]
	delete(p.idle, sessionKey(a))
	p.mu.Unlock()
	if s != nil && s.client.State() != imap.ConnStateLogout {
		s.unhook()
		s.bind(ctx)
		return s, true, nil
	}
	if s != nil {
		s.close()
	}
	s, err = a.connect(ctx)
	return s, false, err
}

// giveBack keeps a session that err, the outcome of its use, has left whole.
func (p *sessions) giveBack(a *Account, s *session, err error) {
	whole := err == nil || errors.Is(err, ErrNoMailbox) || errors.Is(err, errUIDValidity)
	if !whole || s.client.State() == imap.ConnStateLogout || !s.unhook() {
		s.close()
		return
	}
	s.bind(context.Background())
	p.mu.Lock()
	other := p.idle[sessionKey(a)]
	if p.idle == nil {
		p.idle = map[string]*session{}
	}
	p.idle[sessionKey(a)] = s
	p.mu.Unlock()
	if other != nil {
		other.close()
	}
}

// close ends all sessions that are not in use.
func (p *sessions) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	var closing sync.WaitGroup
	for _, s := range idle {
		closing.Go(s.close)
	}
	closing.Wait()
}
