package ingest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// scripted is an IMAP server that breaks the rules as a test tells it to. It
// holds the messages of uids, in their order.
type scripted struct {
	addr     string
	greeting string
	caps     string
	examined string // what EXAMINE answers with
	uids     []uint32
	raw      map[uint32]string

	mu       sync.Mutex
	commands []string

	// list and body write the responses for a message; answer writes a
	// whole answer and says whether it did.
	list   func(c *conversation, seq int, uid uint32)
	body   func(c *conversation, seq int, uid uint32)
	answer func(c *conversation, tag, command string) bool
}

type conversation struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func (c *conversation) say(format string, args ...any) { fmt.Fprintf(c.Conn, format+"\r\n", args...) }

// startScripted starts a server with n messages, after script has changed it.
func startScripted(t testing.TB, n int, script func(s *scripted)) *scripted {
	t.Helper()
	s := &scripted{greeting: "* OK hello", caps: "IMAP4rev1", raw: map[uint32]string{}}
	for i := range n {
		uid := uint32(i + 1)
		s.uids = append(s.uids, uid)
		s.raw[uid] = fmt.Sprintf("Message-ID: <%d@example.org>\r\n\r\nmail %d\r\n", uid, uid)
	}
	s.examined = fmt.Sprintf("* %d EXISTS\r\n* OK [UIDVALIDITY 9] valid\r\n* OK [UIDNEXT %d] next", n, n+1)
	s.list, s.body = s.plainList, s.plainBody
	script(s)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	var conns sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); l.Close(); conns.Wait() })
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer context.AfterFunc(ctx, func() { conn.Close() })()
				defer conn.Close()
				s.serve(&conversation{conn, t, bufio.NewReader(conn)})
			})
		}
	})
	return s
}

func (s *scripted) plainList(c *conversation, seq int, uid uint32) {
	c.say(`* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE "18-Apr-2016 09:00:00 +0000")`, seq, uid, len(s.raw[uid]))
}

func (s *scripted) plainBody(c *conversation, seq int, uid uint32) {
	c.say("* %d FETCH (UID %d BODY[] {%d}\r\n%s)", seq, uid, len(s.raw[uid]), s.raw[uid])
}

func (s *scripted) serve(c *conversation) {
	c.say("%s", s.greeting)
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return
		}
		tag, command, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		s.mu.Lock()
		s.commands = append(s.commands, command)
		s.mu.Unlock()
		if s.answer != nil && s.answer(c, tag, command) {
			continue
		}
		fields := strings.Fields(command)
		if len(fields) == 0 { // such as DONE
			c.say("* BAD what?")
			continue
		}
		switch fields[0] {
		case "CAPABILITY":
			c.say("* CAPABILITY %s", s.caps)
		case "EXAMINE":
			c.say("%s", s.examined)
		case "UID", "FETCH":
			byUID := fields[0] == "UID"
			if byUID {
				fields = fields[1:]
			}
			s.fetchOrSearch(c, byUID, fields)
		}
		c.say("%s OK done", tag)
		if command == "LOGOUT" {
			return
		}
	}
}

func (s *scripted) fetchOrSearch(c *conversation, byUID bool, fields []string) {
	set := fields[1]
	if fields[0] == "SEARCH" {
		set = fields[len(fields)-1]
	}
	var found []string
	for i, uid := range s.uids {
		number := uint32(i + 1)
		if byUID {
			number = uid
		}
		switch {
		case !contains(c.t, set, number):
		case fields[0] == "SEARCH":
			found = append(found, fmt.Sprint(uid))
		case strings.Contains(strings.Join(fields, " "), "BODY.PEEK[]<0.1024>"):
			c.say("* %d FETCH (UID %d RFC822.SIZE 9 BODY[]<0> {4}\r\nMess)", i+1, uid)
		case strings.Contains(strings.Join(fields, " "), "BODY"):
			s.body(c, i+1, uid)
		default:
			s.list(c, i+1, uid)
		}
	}
	if fields[0] == "SEARCH" {
		c.say("* SEARCH %s", strings.Join(found, " "))
	}
}

func contains(t testing.TB, set string, n uint32) bool {
	for part := range strings.SplitSeq(set, ",") {
		from, to, isRange := strings.Cut(part, ":")
		if !isRange {
			to = from
		}
		a, err := strconv.ParseUint(from, 10, 32)
		b, err2 := strconv.ParseUint(to, 10, 32)
		if err != nil || err2 != nil {
			t.Errorf("what set is %q?", set)
			return false
		}
		if uint32(a) <= n && n <= uint32(b) {
			return true
		}
	}
	return false
}

func (s *scripted) source() Source {
	return Source{Mailbox: "lists", Account: Account{
		Name: "lists", Addr: s.addr, Username: "u", TLS: TLSPlain, Timeout: 2 * time.Second,
	}}
}

// wantAll says that all messages were stored as they are.
func (s *scripted) wantAll(t *testing.T, archive *memory) {
	t.Helper()
	if len(archive.messages) != len(s.uids) {
		t.Errorf("%d of %d stored", len(archive.messages), len(s.uids))
	}
	for _, uid := range s.uids {
		if archive.messages[idOf(fmt.Sprintf("%d@example.org", uid))] != s.raw[uid] {
			t.Errorf("UID %d is not as it was", uid)
		}
	}
	if next := s.uids[len(s.uids)-1] + 1; archive.mailbox.UIDNext != next {
		t.Errorf("cursor at %d, want %d", archive.mailbox.UIDNext, next)
	}
}

// once has a line said in the middle of the bodies, the first time.
func once(line string) func(s *scripted) {
	return func(s *scripted) {
		said := false
		s.body = func(c *conversation, seq int, uid uint32) {
			if uid == 7 && !said {
				said = true
				c.say("%s", line)
			}
			s.plainBody(c, seq, uid)
		}
	}
}

func TestServersThatBehaveOddly(t *testing.T) {
	for _, test := range []struct {
		name   string
		script func(s *scripted)
	}{
		{"flags change in the middle of the bodies", func(s *scripted) {
			seen := map[uint32]int{}
			s.body = func(c *conversation, seq int, uid uint32) {
				if seen[uid]++; uid%3 == 0 && seen[uid] < 3 {
					c.say(`* %d FETCH (UID %d FLAGS (\Seen))`, seq, uid)
				}
				s.plainBody(c, seq, uid)
			}
		}},
		{"flags of others change", func(s *scripted) {
			s.body = func(c *conversation, seq int, uid uint32) {
				c.say(`* %d FETCH (FLAGS (\Seen))`, seq)
				c.say(`* %d FETCH (UID %d FLAGS (\Seen))`, 1, 1)
				s.plainBody(c, seq, uid)
			}
		}},
		{"flags change in the middle of the list", func(s *scripted) {
			seen := map[uint32]bool{}
			s.list = func(c *conversation, seq int, uid uint32) {
				if uid%3 == 0 && !seen[uid] {
					seen[uid] = true
					c.say(`* %d FETCH (UID %d FLAGS (\Seen))`, seq, uid)
				}
				s.plainList(c, seq, uid)
			}
		}},
		{"the UID comes behind the body", func(s *scripted) {
			s.body = func(c *conversation, seq int, uid uint32) {
				c.say("* %d FETCH (BODY[] {%d}\r\n%s UID %d)", seq, len(s.raw[uid]), s.raw[uid], uid)
			}
		}},
		{"bodies come in another order", func(s *scripted) {
			s.body = func(c *conversation, seq int, uid uint32) {
				s.plainBody(c, len(s.uids)+1-seq, uint32(len(s.uids))+1-uid)
			}
		}},
		{"bodies that nobody asked for", func(s *scripted) {
			s.body = func(c *conversation, seq int, uid uint32) {
				c.say("* %d FETCH (UID %d BODY[] {5}\r\nhello)", seq+1000, uid+1000)
				s.plainBody(c, seq, uid)
			}
		}},
		{"unsolicited responses", func(s *scripted) {
			s.body = func(c *conversation, seq int, uid uint32) {
				c.say("* %d EXISTS\r\n* 3 RECENT\r\n* OK still here\r\n* FLAGS (\\Seen)", len(s.uids))
				s.plainBody(c, seq, uid)
			}
		}},
		{"no UIDNEXT", func(s *scripted) {
			s.examined = fmt.Sprintf("* %d EXISTS\r\n* OK [UIDVALIDITY 9] valid", len(s.uids))
		}},
		{"garbage, once", func(s *scripted) {
			garbage := false
			s.body = func(c *conversation, seq int, uid uint32) {
				if uid == 7 && !garbage {
					garbage = true
					c.say("* VANISHED 1:5")
				}
				s.plainBody(c, seq, uid)
			}
		}},
		{"an unknown response, once", once("* XYZZY nothing happens")},
		{"an unknown attribute that nobody asked for, once", once("* 7 FETCH (X-GM-MSGID 1278455344230334865)")},
		{"an envelope of nothing, once", once("* 7 FETCH (ENVELOPE NIL)")},
		{"a badly quoted envelope, once", once(`* 7 FETCH (ENVELOPE ("a "quote" in it" NIL))`)},
		{"a literal without end, once", once("* 7 FETCH (UID 7 BODY[] {99999999999999999999}")},
		{"an expunge of what is not there", func(s *scripted) {
			s.list = func(c *conversation, seq int, uid uint32) {
				c.say("* 4000000000 EXPUNGE")
				s.plainList(c, seq, uid)
			}
		}},
		{"good-bye and no end, once", func(s *scripted) {
			var gone bool
			s.answer = func(c *conversation, _, command string) bool {
				if gone || !strings.Contains(command, "BODY") {
					return false
				}
				gone = true
				c.say("* BYE closing down, some time")
				return true
			}
		}},
		{"good-bye, once", func(s *scripted) {
			gone := false
			s.list = func(c *conversation, seq int, uid uint32) {
				if uid == 7 && !gone {
					gone = true
					c.say("* BYE closing down")
					c.Close()
				}
				s.plainList(c, seq, uid)
			}
		}},
		{"already logged in", func(s *scripted) { s.greeting = "* PREAUTH welcome" }},
		{"a command fails, once", func(s *scripted) {
			var failed bool
			s.answer = func(c *conversation, tag, command string) bool {
				if failed || !strings.Contains(command, "BODY") {
					return false
				}
				failed = true
				c.say("%s NO [SERVERBUG] try again", tag)
				return true
			}
		}},
		{"logins are not possible, once", func(s *scripted) {
			var failed bool
			s.answer = func(c *conversation, tag, command string) bool {
				if failed || !strings.HasPrefix(command, "LOGIN") {
					return false
				}
				failed = true
				c.say("%s NO [UNAVAILABLE] database is away", tag)
				return true
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := startScripted(t, 20, test.script)
			archive := newMemory(t)
			source := s.source()
			source.Account.Timeout = 500 * time.Millisecond
			fetch(t, archive, source)
			s.wantAll(t, archive)
			if len(archive.quarantined) > 0 {
				t.Errorf("quarantine holds %v", archive.quarantined)
			}
		})
	}
}

// One message that cannot be had must not keep the others.
func TestMessagesThatCannotBeHad(t *testing.T) {
	const bad = 7
	for _, test := range []struct {
		name   string
		script func(s *scripted)
		reason string // of its quarantine; empty: it is stored or gone
		raw    string
	}{
		{"the connection ends within it", func(s *scripted) {
			s.body = func(c *conversation, seq int, uid uint32) {
				if uid == bad {
					c.say("* %d FETCH (UID %d BODY[] {1000}\r\nMessage-ID: <x@y>", seq, uid)
					c.Close()
				}
				s.plainBody(c, seq, uid)
			}
		}, "it could not be fetched, unlike others: the connection was lost", "Message-ID: <x@y>\r\n"},
		{"fetching it fails", func(s *scripted) {
			s.answer = func(c *conversation, tag, command string) bool {
				fields := strings.Fields(command)
				if !strings.Contains(command, "BODY") || fields[0] != "UID" || !contains(c.t, fields[2], bad) {
					return false
				}
				c.say("%s NO the mail is damaged", tag)
				return true
			}
		}, "it could not be fetched, unlike others: the connection was lost", ""},
		{"its body is NIL", func(s *scripted) {
			s.body = func(c *conversation, seq int, uid uint32) {
				if uid == bad {
					c.say("* %d FETCH (UID %d BODY[] NIL)", seq, uid)
					return
				}
				s.plainBody(c, seq, uid)
			}
		}, "the server lists it but does not hand it over", ""},
		{"its date cannot be read", func(s *scripted) {
			s.list = func(c *conversation, seq int, uid uint32) {
				if uid == bad {
					c.say(`* %d FETCH (UID %d RFC822.SIZE 10 INTERNALDATE "yesterday")`, seq, uid)
					return
				}
				s.plainList(c, seq, uid)
			}
		}, "", ""},
		{"it has no size", func(s *scripted) {
			s.list = func(c *conversation, seq int, uid uint32) {
				if uid == bad {
					c.say(`* %d FETCH (UID %d INTERNALDATE "18-Apr-2016 09:00:00 +0000")`, seq, uid)
					return
				}
				s.plainList(c, seq, uid)
			}
		}, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := startScripted(t, 20, test.script)
			archive := newMemory(t)
			report := fetch(t, archive, s.source())
			if test.reason == "" {
				s.wantAll(t, archive)
				return
			}
			if report.Stored != 19 || report.Quarantined != 1 || archive.mailbox.UIDNext != 21 {
				t.Errorf("%+v, cursor %d", report, archive.mailbox.UIDNext)
			}
			for key, raw := range archive.quarantined {
				if !strings.HasPrefix(key, "lists/lists 7 "+test.reason) || raw != test.raw {
					t.Errorf("quarantine has %q: %q", key, raw)
				}
			}
		})
	}
}

// While nothing at all can be had, nothing is given up.
func TestServerWhoseStorageIsAway(t *testing.T) {
	var away atomic.Bool
	away.Store(true)
	s := startScripted(t, 20, func(s *scripted) {
		s.answer = func(c *conversation, tag, command string) bool {
			if !away.Load() || !strings.Contains(command, "FETCH") {
				return false
			}
			c.say("%s NO [SERVERBUG] internal error", tag)
			return true
		}
	})
	archive := newMemory(t)
	for range 3 {
		if _, err := ingester(t, archive).Fetch(t.Context(), s.source(), nil); !errors.Is(err, ErrConnection) || !strings.Contains(err.Error(), "internal error") {
			t.Errorf("error %v", err)
		}
	}
	if archive.adds > 0 || archive.mailbox.UIDNext != 0 {
		t.Errorf("%d writes, cursor %d", archive.adds, archive.mailbox.UIDNext)
	}
	away.Store(false)
	fetch(t, archive, s.source())
	s.wantAll(t, archive)
}

func TestExpungedInBetween(t *testing.T) {
	s := startScripted(t, 20, func(s *scripted) {
		s.body = func(c *conversation, seq int, uid uint32) {
			if uid == 7 { // an EXPUNGE may come while a UID FETCH runs (RFC 9051, section 7.5.1)
				c.say("* 7 EXPUNGE")
				s.uids = slices.Delete(slices.Clone(s.uids), 6, 7)
				return
			}
			s.plainBody(c, seq, uid)
		}
	})
	archive := newMemory(t)
	if report := fetch(t, archive, s.source()); report.Stored != 19 || report.Expunged != 1 || report.Quarantined != 0 {
		t.Errorf("%+v", report)
	}
}

func TestServersThatLieAboutSizes(t *testing.T) {
	s := startScripted(t, 3, func(s *scripted) {
		s.raw[2] = "Message-ID: <2@example.org>\r\n\r\n" + strings.Repeat("much more than was said\r\n", 1000)
		s.list = func(c *conversation, seq int, uid uint32) {
			c.say(`* %d FETCH (UID %d RFC822.SIZE 10 INTERNALDATE "18-Apr-2016 09:00:00 +0000")`, seq, uid)
		}
	})
	source := s.source()
	source.MaxMessageBytes = 1000
	archive := newMemory(t)
	fetch(t, archive, source)
	if kept := archive.messages["2@example.org"]; len(kept) > 1000 || len(kept) < 900 || len(archive.defects["2@example.org"]) != 1 {
		t.Errorf("%d bytes kept, defects %v", len(kept), archive.defects)
	}
}

// A mailbox with few messages among very many UIDs is not searched UID by UID.
func TestSparseMailbox(t *testing.T) {
	s := startScripted(t, 0, func(s *scripted) {
		for _, uid := range []uint32{5, 6, 7, 100_000, 3_000_000_000} {
			s.uids = append(s.uids, uid)
			s.raw[uid] = fmt.Sprintf("Message-ID: <%d@example.org>\r\n\r\n", uid)
		}
		s.examined = "* 5 EXISTS\r\n* OK [UIDVALIDITY 9] valid\r\n* OK [UIDNEXT 3000000001] next"
	})
	archive := newMemory(t)
	fetch(t, archive, s.source())
	s.wantAll(t, archive)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.commands) > 8 {
		t.Errorf("commands %q", s.commands)
	}
}

func TestServersThatCannotBeRead(t *testing.T) {
	for _, test := range []struct {
		name   string
		script func(s *scripted)
		want   error
		text   string
	}{
		{"no UIDVALIDITY", func(s *scripted) { s.examined = "* 3 EXISTS" }, ErrNoMailbox, "UIDVALIDITY"},
		{"no logins without encryption", func(s *scripted) { s.caps = "IMAP4rev1 LOGINDISABLED" }, ErrPlain, "wants encryption"},
		{"garbage at all times", func(s *scripted) { s.greeting = "HTTP/1.0 400 Bad Request" }, ErrConnection, "unknown tag"},
		{"good-bye instead of a greeting", func(s *scripted) { s.greeting = "* BYE too many connections" }, ErrConnection, "too many connections"},
		{"a byte now and then, for ever", func(s *scripted) {
			s.answer = func(c *conversation, _, command string) bool {
				if !strings.HasPrefix(command, "EXAMINE") {
					return false
				}
				tick := time.NewTicker(20 * time.Millisecond)
				defer tick.Stop()
				c.Write([]byte("* OK "))
				for range tick.C {
					if _, err := c.Write([]byte("x")); err != nil {
						return true
					}
				}
				return true
			}
		}, ErrStalled, ""},
		{"an opened mailbox that is not allowed", func(s *scripted) {
			s.answer = func(c *conversation, tag, command string) bool {
				if !strings.HasPrefix(command, "EXAMINE") {
					return false
				}
				c.say("%s NO [NOPERM] not for you", tag)
				return true
			}
		}, ErrNoMailbox, "not for you"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := startScripted(t, 3, test.script)
			source := s.source()
			if errors.Is(test.want, ErrStalled) {
				source.Account.Timeout = 200 * time.Millisecond
			}
			archive := newMemory(t)
			_, err := ingester(t, archive).Fetch(t.Context(), source, nil)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v", err)
			}
			if len(archive.failures) != 1 || archive.failures[0] != err.Error() {
				t.Errorf("recorded %q", archive.failures)
			}
		})
	}
}

// With several bodies under way go-imap's only reading goroutine can wait for
// one that nobody reads: so the next command comes when the last one has been
// answered.
func TestOneCommandAtATime(t *testing.T) {
	s := startScripted(t, 700, func(s *scripted) {
		s.answer = func(c *conversation, _, command string) bool {
			if strings.Contains(command, "FETCH") {
				c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
				if early, err := c.r.Peek(1); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%q came while %q was under way (%v)", early, command, err)
				}
				c.SetReadDeadline(time.Time{})
			}
			return false
		}
	})
	archive := newMemory(t)
	fetch(t, archive, s.source())
	s.wantAll(t, archive)
}

// A string without end is not kept in memory for ever.
func TestServerThatSendsWithoutEnd(t *testing.T) {
	var sent atomic.Int64
	s := startScripted(t, 3, func(s *scripted) {
		s.answer = func(c *conversation, _, command string) bool {
			if !strings.Contains(command, "RFC822.SIZE") {
				return false
			}
			c.say("* 1 FETCH (ENVELOPE ({4000000000}")
			for junk := make([]byte, 1<<20); ; {
				n, err := c.Write(junk)
				sent.Add(int64(n))
				if err != nil {
					return true
				}
			}
		}
	})
	source := s.source()
	source.Account.Timeout = time.Minute // it is the flood that ends it
	_, err := ingester(t, newMemory(t)).Fetch(t.Context(), source, nil)
	if !errors.Is(err, ErrConnection) || !strings.Contains(err.Error(), "far more than it was asked for") {
		t.Errorf("%v", err)
	}
	if each := sent.Load() / int64(s.connections()); each > 3*maxUnasked {
		t.Errorf("%d bytes came over each connection", each)
	}
}

func (s *scripted) connections() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.commands {
		if strings.HasPrefix(c, "EXAMINE") {
			n++
		}
	}
	return n
}

// go-imap's own limit of five minutes a literal counts the time that we take.
func TestReadDeadlinesOfTheLibraryAreIgnored(t *testing.T) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	go func() { theirs.Write([]byte("x")); theirs.Close() }()
	c := &watchedConn{Conn: ours, silence: time.Minute}
	c.watch(0)
	defer c.unwatch()
	if err := c.SetReadDeadline(time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// go-imap's DebugWriter sees passwords and tokens.
func TestNoDebugWriter(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") && strings.Contains(string(source), "DebugWriter") {
			t.Errorf("%s mentions DebugWriter", file)
		}
	}
}
