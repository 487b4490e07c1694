package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/mailtest"
	"sigpost/internal/peertest"
)

// memory is an Archive that holds on to the rules: the cursor only moves
// forward, over what was handed in, and a Message-ID is stored once.
type memory struct {
	t testing.TB

	mu          sync.Mutex
	mailbox     sigpost.Mailbox
	messages    map[sigpost.MessageID]string // raw
	dates       map[sigpost.MessageID]time.Time
	defects     map[sigpost.MessageID][]string
	quarantined map[string]string // raw by "source uid reason"
	adds        int
	completed   int
	failures    []string
	beforeAdd   func(add int) error // may fail
}

func newMemory(t testing.TB) *memory {
	return &memory{
		t: t, messages: map[sigpost.MessageID]string{}, dates: map[sigpost.MessageID]time.Time{},
		defects: map[sigpost.MessageID][]string{}, quarantined: map[string]string{},
	}
}

func (m *memory) Mailbox(_ context.Context, account, name, list string) (sigpost.Mailbox, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mailbox.ID, m.mailbox.Account, m.mailbox.Name, m.mailbox.List = 7, account, name, list
	return m.mailbox, nil
}

func (m *memory) Add(ctx context.Context, cursor *sigpost.Mailbox, arrivals []sigpost.Arrival, _ time.Time) (sigpost.AddCounts, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.adds++
	if m.beforeAdd != nil {
		if err := m.beforeAdd(m.adds); err != nil {
			return sigpost.AddCounts{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return sigpost.AddCounts{}, err
	}
	if cursor != nil {
		m.checkCursor(cursor, arrivals)
		m.mailbox.UIDValidity, m.mailbox.UIDNext, m.mailbox.HighestModSeq = cursor.UIDValidity, cursor.UIDNext, cursor.HighestModSeq
		m.mailbox.Mark = cursor.Mark
	}
	var counts sigpost.AddCounts
	for _, a := range arrivals {
		switch {
		case a.Message == nil:
			if a.Reason == "" {
				m.t.Errorf("UID %d goes to quarantine without a reason", a.UID)
			}
			m.quarantined[fmt.Sprintf("%s %d %s", a.Source, a.UID, a.Reason)] = string(a.Raw)
			counts.Quarantined++
		case m.has(a.Message.MessageID):
			counts.Duplicates++
		default:
			id := a.Message.MessageID
			m.messages[id], m.dates[id], m.defects[id] = string(a.Raw), a.Message.Received, a.Message.Defects
			counts.Stored++
		}
	}
	return counts, nil
}

func idOf(id string) sigpost.MessageID { return sigpost.MessageID(id) }

func (m *memory) has(id sigpost.MessageID) bool {
	_, ok := m.messages[id]
	return ok
}

func (m *memory) checkCursor(cursor *sigpost.Mailbox, arrivals []sigpost.Arrival) {
	if cursor.ID != 7 {
		m.t.Errorf("cursor of mailbox %d", cursor.ID)
	}
	if m.mailbox.UIDValidity != 0 && m.mailbox.UIDValidity != cursor.UIDValidity {
		m.t.Errorf("UIDVALIDITY went from %d to %d without a reset", m.mailbox.UIDValidity, cursor.UIDValidity)
	}
	last := m.mailbox.UIDNext
	for _, a := range arrivals {
		if a.UID < last || a.UID >= cursor.UIDNext {
			m.t.Errorf("UID %d is not in order, behind %d and before the cursor %d", a.UID, last, cursor.UIDNext)
		}
		last = a.UID + 1
	}
	if cursor.UIDNext < last {
		m.t.Errorf("the cursor went back from %d to %d", last, cursor.UIDNext)
	}
}

func (m *memory) ResetMailbox(_ context.Context, box *sigpost.Mailbox, uidValidity uint32) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mailbox.UIDValidity, m.mailbox.UIDNext, m.mailbox.HighestModSeq = uidValidity, 0, 0
	box.UIDValidity, box.UIDNext, box.HighestModSeq = uidValidity, 0, 0
	return nil
}

func (m *memory) Fetched(context.Context, *sigpost.Mailbox, time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.completed++
	m.failures = nil
	return nil
}

func (m *memory) FetchFailed(_ context.Context, _ int64, _ time.Time, reason string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failures = append(m.failures, reason)
	return nil
}

// ids are the Message-IDs that are stored.
func (m *memory) ids() []string {
	var ids []string
	for id := range m.messages {
		ids = append(ids, string(id))
	}
	slices.Sort(ids)
	return ids
}

// same says where two archives differ.
func same(t testing.TB, got, want *memory) {
	t.Helper()
	if !slices.Equal(got.ids(), want.ids()) {
		t.Errorf("stored %d messages %v, want %d", len(got.messages), got.ids(), len(want.messages))
		return
	}
	for id, raw := range want.messages {
		if got.messages[id] != raw {
			t.Errorf("%s has %d bytes, want %d", id, len(got.messages[id]), len(raw))
		}
		if !got.dates[id].Equal(want.dates[id]) {
			t.Errorf("%s was received %s, want %s", id, got.dates[id], want.dates[id])
		}
	}
	if !maps.Equal(got.quarantined, want.quarantined) {
		t.Errorf("quarantine holds %v, want %v", got.quarantined, want.quarantined)
	}
	if got.mailbox.UIDNext != want.mailbox.UIDNext {
		t.Errorf("the cursor is at %d, want %d", got.mailbox.UIDNext, want.mailbox.UIDNext)
	}
}

var errUnreadable = errors.New("this mail cannot be read")

// plainParse is a Parse that knows Message-ID and nothing else.
func plainParse(raw []byte, date time.Time) (*sigpost.Message, error) {
	if bytes.Contains(raw, []byte("X-Panic: yes")) {
		panic("a bug")
	}
	if bytes.Contains(raw, []byte("X-Unreadable: yes")) {
		return nil, errUnreadable
	}
	id := ""
	for line := range strings.Lines(string(raw[:min(len(raw), 2000)])) {
		key, value, _ := strings.Cut(line, ":")
		if textproto.CanonicalMIMEHeaderKey(key) == "Message-Id" {
			id = strings.Trim(value, " <>\r\n")
			break
		}
	}
	if id == "" {
		id = fmt.Sprintf("derived-%d@test", len(raw))
	}
	return &sigpost.Message{MessageID: sigpost.MessageID(id), Received: date, Size: len(raw)}, nil
}

var start = time.Date(2016, 4, 18, 9, 0, 0, 0, time.UTC)

// sample makes n mails of different sizes, an hour apart.
func sample(n int) []mailtest.Mail {
	var mails []mailtest.Mail
	for i := range n {
		raw := fmt.Sprintf("Message-ID: <%d@example.org>\r\nSubject: mail %d\r\n\r\n%s", i+1, i+1, strings.Repeat("some words here\r\n", i%7*11))
		mails = append(mails, mailtest.Mail{Raw: []byte(raw), Received: start.Add(time.Duration(i) * time.Hour)})
	}
	return mails
}

// server is an IMAP server that mails can be put into.
type server interface {
	account() Account
	load(t testing.TB, mailbox string, mails []mailtest.Mail)
	// replace empties a mailbox under a new UIDVALIDITY.
	replace(t testing.TB, mailbox string, mails []mailtest.Mail)
}

type inProcess struct{ *mailtest.IMAP }

func startInProcess(t testing.TB, security mailtest.Security) inProcess {
	t.Helper()
	s, err := mailtest.StartIMAP(mailtest.IMAPOptions{Security: security})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return inProcess{s}
}

func (s inProcess) account() Account {
	a := Account{
		Name: "lists", Addr: s.Addr, Username: s.Username,
		Password: func() (string, error) { return s.Password, nil },
		TLS:      TLSPlain, Timeout: 10 * time.Second,
	}
	if s.CA != nil {
		a.TLS, a.RootCAs = TLSImplicit, s.CA.Pool()
	}
	return a
}

func (s inProcess) load(t testing.TB, mailbox string, mails []mailtest.Mail) {
	t.Helper()
	if err := s.Append(mailbox, mails); err != nil {
		t.Fatal(err)
	}
}

func (s inProcess) replace(t testing.TB, mailbox string, mails []mailtest.Mail) {
	t.Helper()
	if err := s.Reset(mailbox); err != nil {
		t.Fatal(err)
	}
	s.load(t, mailbox, mails)
}

type dovecot struct{ *peertest.DovecotServer }

func (s dovecot) account() Account {
	return Account{
		Name: "lists", Addr: s.Addr, Username: s.User,
		Password: func() (string, error) { return s.Password, nil },
		RootCAs:  s.Roots, Timeout: 10 * time.Second,
	}
}

func (s dovecot) load(t testing.TB, mailbox string, mails []mailtest.Mail) {
	t.Helper()
	s.Load(t, mailbox, peerMails(mails))
}

func peerMails(mails []mailtest.Mail) []peertest.Mail {
	var plain []peertest.Mail
	for _, m := range mails {
		plain = append(plain, peertest.Mail{Raw: m.Raw, Received: m.Received})
	}
	return plain
}

func (s dovecot) replace(t testing.TB, mailbox string, mails []mailtest.Mail) {
	t.Helper()
	s.Remove(t, mailbox)
	s.load(t, mailbox, mails)
}

type cyrus struct{ *peertest.CyrusServer }

func (s cyrus) account() Account {
	return Account{
		Name: "lists", Addr: s.Addr, Username: s.User,
		Password: func() (string, error) { return s.Password, nil },
		RootCAs:  s.Roots, Timeout: 10 * time.Second,
	}
}

func (s cyrus) load(t testing.TB, mailbox string, mails []mailtest.Mail) {
	t.Helper()
	s.Load(t, mailbox, peerMails(mails))
}

func (s cyrus) replace(t testing.TB, mailbox string, mails []mailtest.Mail) {
	t.Helper()
	s.Remove(t, mailbox)
	s.load(t, mailbox, mails)
}

// onAll runs a test against the in-process server, Dovecot and Cyrus.
func onAll(t *testing.T, test func(t *testing.T, s server)) {
	t.Run("in-process", func(t *testing.T) { test(t, startInProcess(t, mailtest.ImplicitTLS)) })
	t.Run("dovecot", func(t *testing.T) { test(t, dovecot{peertest.Dovecot(t)}) })
	t.Run("cyrus", func(t *testing.T) { test(t, cyrus{peertest.Cyrus(t)}) })
}

// ingester stores into archive, and does not wait between connections.
func ingester(t testing.TB, archive Archive) *Ingester {
	in := New(archive, plainParse, mailtest.FixedClock(start), slog.New(slog.NewTextHandler(t.Output(), nil)))
	in.backoff = func(int) time.Duration { return 0 }
	t.Cleanup(in.Close)
	return in
}

// fetch reads a mailbox that can be read.
func fetch(t testing.TB, archive *memory, source Source) Report {
	t.Helper()
	in := ingester(t, archive)
	defer in.Close()
	report, err := in.Fetch(t.Context(), source, nil)
	if err != nil {
		t.Fatal(err)
	}
	if sum := report.Stored + report.Duplicates + report.Quarantined + report.Expunged; sum != report.Found {
		t.Errorf("%d found, but %d accounted for", report.Found, sum)
	}
	return report
}
