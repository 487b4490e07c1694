package thread_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/peertest"
	"sigpost/message"
	"sigpost/thread"
)

// sample is real mail with what a peer needs of it. Ids are unique in it.
type sample struct {
	name string
	raw  []peertest.Mail
	msgs []*sigpost.Message
}

// corpus gives the path of a folder of real mail that may lie beside the
// project, and skips the test where it does not.
func corpus(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "shared", "corpora", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the corpus %s is absent: this test is left out", name)
	}
	return path
}

// understand parses mails and leaves out what carries an id a second time.
func understand(t testing.TB, name string, mails []peertest.Mail) sample {
	t.Helper()
	s := sample{name: name}
	seen := make(map[sigpost.MessageID]bool)
	for i, mail := range mails {
		m, err := message.Parse(mail.Raw)
		if err != nil {
			t.Logf("%s: mail %d: %v", name, i, err)
			continue
		}
		if seen[m.MessageID] {
			continue
		}
		seen[m.MessageID] = true
		m.Answering = sigpost.IsAnswer(m.Subject)
		for _, r := range m.Ranges {
			m.Quoting = m.Quoting || r.Kind == sigpost.RangeQuoted
		}
		if m.Received = m.Trace; m.Received.IsZero() {
			m.Received = m.Sent
		}
		s.raw, s.msgs = append(s.raw, mail), append(s.msgs, m)
	}
	return s
}

func openISCSI(t testing.TB) sample {
	path := filepath.Join(corpus(t, "googlegroups-openiscsi-dev"), "open-iscsi.googlegroups.com.mbox.gz")
	return understand(t, "open-iscsi", peertest.ReadMbox(t, path))
}

func ham(t testing.TB) sample {
	files, err := filepath.Glob(filepath.Join(corpus(t, "spamassassin-dev"), "easy-ham-2", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var mails []peertest.Mail
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		mails = append(mails, peertest.Mail{Raw: raw, Received: time.Unix(1_000_000_000, 0)})
	}
	return understand(t, "ham", mails)
}

func imaptest(t testing.TB) []sample {
	files, err := filepath.Glob(filepath.Join(corpus(t, "thread-dev"), "*", "thread*.mbox"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var all []sample
	for _, path := range files {
		all = append(all, understand(t, filepath.Base(path), peertest.ReadMbox(t, path)))
	}
	return all
}

// partition says for each message in which thread it is.
type partition []int

// ours sorts a sample into threads, with the rules on subjects or without.
func ours(s sample, answersCut, subjectsJoin bool) partition {
	msgs := make([]*sigpost.Message, len(s.msgs))
	for i, m := range s.msgs {
		m := *m
		m.Answering = m.Answering && subjectsJoin
		if !answersCut {
			m.Quoting = true
			if thread.SaysWas(m.Subject) {
				m.Subject = "Re: " + thread.BaseSubject(m.Subject)
			}
		}
		msgs[i] = &m
	}
	number := make(map[sigpost.MessageID]int)
	p := make(partition, len(msgs))
	for i, f := range thread.Explain(msgs) {
		if _, ok := number[f.Root]; !ok {
			number[f.Root] = len(number)
		}
		p[i] = number[f.Root]
	}
	return p
}

// threads counts the parts.
func (p partition) threads() int {
	seen := make(map[int]bool)
	for _, i := range p {
		seen[i] = true
	}
	return len(seen)
}

// agreement counts the pairs of messages in one thread: of both partitions,
// of p alone and of want alone.
func (p partition) agreement(want partition) (both, only, missing int) {
	count := func(key func(i int) [2]int) (pairs int) {
		sizes := make(map[[2]int]int)
		for i := range p {
			sizes[key(i)]++
		}
		for _, n := range sizes {
			pairs += n * (n - 1) / 2
		}
		return pairs
	}
	both = count(func(i int) [2]int { return [2]int{p[i], want[i]} })
	only = count(func(i int) [2]int { return [2]int{p[i]} }) - both
	missing = count(func(i int) [2]int { return [2]int{want[i]} }) - both
	return both, only, missing
}

// f1 is the harmonic mean of precision and recall over pairs.
func f1(both, only, missing int) float64 {
	if both+only+missing == 0 {
		return 1
	}
	return 2 * float64(both) / float64(2*both+only+missing)
}

func notmuch(t testing.TB, s sample) partition {
	t.Helper()
	program := peertest.Need(t, "notmuch", "notmuch")[0]
	dir := t.TempDir()
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, "mail", sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i, mail := range s.raw {
		if err := os.WriteFile(filepath.Join(dir, "mail", "cur", fmt.Sprintf("%d:2,", i)), mail.Raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "config")
	text := "[database]\npath=" + filepath.Join(dir, "mail") + "\n[user]\nname=Reader\nprimary_email=reader@example.org\n[new]\ntags=\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) []byte {
		cmd := exec.Command(program, args...)
		cmd.Env = append(os.Environ(), "NOTMUCH_CONFIG="+config)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("notmuch %v: %v", args, err)
		}
		return out
	}
	run("new", "--quiet")
	p := make(partition, len(s.msgs))
	for i := range p {
		p[i] = -1 - i // what it does not take is a thread of its own
	}
	var threads []json.RawMessage
	if err := json.Unmarshal(run("show", "--format=json", "--body=false", "--entire-thread=true", "*"), &threads); err != nil {
		t.Fatal(err)
	}
	for n, thread := range threads {
		for _, file := range regexp.MustCompile(`/cur/(\d+):2,"`).FindAllSubmatch(thread, -1) {
			i, err := strconv.Atoi(string(file[1]))
			if err != nil {
				t.Fatal(err)
			}
			p[i] = n
		}
	}
	return p
}

// dovecot asks an IMAP server for its threads by each algorithm (RFC 5256;
// REFS is REFERENCES without the joining by subject).
func dovecot(t testing.TB, s sample, algorithms ...string) []partition {
	t.Helper()
	server := peertest.Dovecot(t)
	server.Load(t, "INBOX", s.raw)
	conn, err := net.Dial("tcp", server.PlainAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	ask := func(command string) (answer string) {
		fmt.Fprintf(conn, "t %s\r\n", command)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if rest, ok := strings.CutPrefix(line, "* THREAD "); ok {
				answer = rest
			}
			if strings.HasPrefix(line, "t OK") {
				return answer
			} else if strings.HasPrefix(line, "t ") {
				t.Fatalf("%s: %s", command, line)
			}
		}
	}
	ask(fmt.Sprintf("LOGIN %q %q", server.User, server.Password))
	ask("SELECT INBOX")
	var all []partition
	for _, algorithm := range algorithms {
		all = append(all, readThreads(ask("THREAD "+algorithm+" UTF-8 ALL"), len(s.msgs)))
	}
	return all
}

// readThreads reads a THREAD response of n messages: each outermost pair of
// brackets holds one thread.
func readThreads(answer string, n int) partition {
	p := make(partition, n)
	thread, depth, number := 0, 0, 0
	for _, c := range answer {
		switch {
		case c >= '0' && c <= '9':
			number = number*10 + int(c-'0')
			continue
		case number > 0:
			p[number-1], number = thread, 0
		}
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				thread++
			}
		}
	}
	return p
}

// TestCorpusAgreement measures how often two messages are in one thread here
// and at the peers, with the rules on subjects and without. By references
// alone they must agree on nearly all: where they did not, when looked at, the
// peer had taken somebody's address in In-Reply-To for a message.
func TestCorpusAgreement(t *testing.T) {
	for _, s := range append(imaptest(t), openISCSI(t), ham(t)) {
		t.Run(s.name, func(t *testing.T) {
			report := func(name string, p, want partition) float64 {
				both, only, missing := p.agreement(want)
				t.Logf("%-38s %d and %d threads; pairs: %d in both, %d only here, %d only there, F1 %.4f",
					name, p.threads(), want.threads(), both, only, missing, f1(both, only, missing))
				return f1(both, only, missing)
			}
			imap := dovecot(t, s, "REFS", "REFERENCES")
			for _, peer := range []struct {
				name string
				want partition
			}{{"notmuch", notmuch(t, s)}, {"Dovecot REFS", imap[0]}, {"Dovecot REFERENCES", imap[1]}} {
				f := report("references alone, "+peer.name, ours(s, false, false), peer.want)
				// REFERENCES joins by subject alone, and notmuch takes no mail
				// without an author, as those of the test suite are.
				if f < 0.93 && (peer.name == "Dovecot REFS" || peer.name == "notmuch" && s.msgs[0].Author.Addr != "") {
					t.Errorf("%s agrees less than it should", peer.name)
				}
				report("and answers cut, "+peer.name, ours(s, true, false), peer.want)
				report("and subjects join, "+peer.name, ours(s, false, true), peer.want)
				report("all rules, "+peer.name, ours(s, true, true), peer.want)
			}
			report("REFS, REFERENCES", imap[0], imap[1])
		})
	}
}

// TestCorpusJoinWindow takes the references off one answer at a time, and
// counts how often it joins the thread that they put it in, for several
// windows. It does so once more where only messages without references may be
// joined, which is what JoinsBySubject might demand and does not.
func TestCorpusJoinWindow(t *testing.T) {
	for _, s := range []sample{openISCSI(t), ham(t)} {
		truth := ours(s, false, true)
		keys := make(map[string][]int)
		for i, m := range s.msgs {
			keys[thread.SubjectKey(m)] = append(keys[thread.SubjectKey(m)], i)
		}
		for _, unreferring := range []bool{false, true} {
			var ages []time.Duration // between an answer and what it joins
			var right []bool
			possible := 0
			for i, m := range s.msgs {
				if len(m.References) == 0 || !m.Answering {
					continue
				}
				found, reachable := -1, false
				for _, j := range keys[thread.SubjectKey(m)] {
					older := s.msgs[j]
					if thread.Compare(older, m) >= 0 || !thread.JoinsBySubject(bare(m, m), bare(older, m)) {
						continue
					}
					reachable = reachable || truth[i] == truth[j]
					if !(unreferring && len(older.References) > 0) && (found < 0 || thread.Compare(s.msgs[found], older) < 0) {
						found = j
					}
				}
				if reachable {
					possible++
				}
				if found >= 0 {
					ages, right = append(ages, m.Received.Sub(s.msgs[found].Received)), append(right, truth[found] == truth[i])
				}
			}
			t.Logf("%s, %d answers with an older message of their thread and subject, joining only what has no references: %v", s.name, possible, unreferring)
			for _, days := range []int{3, 7, 14, 30, 60, 90, 180, 365} {
				good, bad := 0, 0
				for i, age := range ages {
					switch {
					case age > time.Duration(days)*24*time.Hour:
					case right[i]:
						good++
					default:
						bad++
					}
				}
				t.Logf("%3d days: %d right, %d wrong: precision %.3f, recall %.3f",
					days, good, bad, float64(good)/float64(good+bad), float64(good)/float64(possible))
				if window := time.Duration(days) * 24 * time.Hour; window == thread.JoinWindow && !unreferring && (good < 7*bad || good*10 < possible*9) {
					t.Errorf("%d right and %d wrong of %d are too few and too many", good, bad, possible)
				}
			}
		}
	}
}

// bare is m without references, received just before other or with it, so
// that only subject and lists can keep the two apart.
func bare(m, other *sigpost.Message) *sigpost.Message {
	c := *m
	c.References = nil
	if m != other {
		c.Received = other.Received.Add(-time.Second)
	}
	return &c
}
