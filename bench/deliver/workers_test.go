package deliver

import (
	"flag"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sigpost"
	"sigpost/internal/peertest"
)

var many = flag.Int("many", 2000, "how many readers there are where many processes send")

// Any number of processes deliver an issue, and two of them are killed in the middle:
// everybody has it once, but those whom the killed ones had in hand: these are held,
// and have it at most once. When the operator has theirs sent once more, everybody has it, and
// twice only who is one of them.
func TestWorkersKilled(t *testing.T) {
	for _, n := range []int{2, 4, 8} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			f := newFleet(t, peertest.Postgres(t), *many)
			if *many > 10000 { // it takes minutes, in which others may want the machine
				f.lease = 20 * time.Second
			}
			sink := peertest.SMTPLog(t, func(net.Addr) { time.Sleep(3 * time.Millisecond) })
			cfg := f.configure("worker.toml", f.dsn, sink.Addr, "")
			var all []*worker
			for range n {
				all = append(all, f.start(cfg, 0, nil))
			}
			f.begin(n)
			began := time.Now()
			for i, w := range all[:2] {
				eventually(t, "letters go out", time.Minute+time.Duration(*many)*10*time.Millisecond, func() bool { return sink.Count() > (i+1)*f.readers/4 })
				w.cmd.Process.Kill()
			}
			if n == 2 { // nobody is left
				all = append(all, f.start(cfg, 0, nil))
			}
			f.wait(10*time.Minute+time.Duration(*many)*10*time.Millisecond, all[2:]...)
			unknown := f.check(sink.Letters())
			t.Logf("%d workers, of which two were killed: %d letters, %d held, in %s", n, sink.Count(), unknown, time.Since(began).Round(time.Millisecond))
			before := sink.Letters()
			f.configure("config.toml", f.dsn, sink.Addr, "")
			if unknown > 0 {
				f.program.At(t, "2016-04-25T16:00:00Z", "digest", "send", "--resend-held")
			}
			t.Logf("of those held %d had arrived, and have it twice when all are sent once more", f.everybodyHasIt(before, sink.Letters()))
			if most := 2 * mostInHand; unknown > most {
				t.Errorf("%d letters are held, more than the %d that two workers have in hand", unknown, most)
			}
			if most := sink.MostConnections(); most > *connections+8 { // those of the killed end a moment later
				t.Errorf("there were %d connections, of %d", most, *connections)
			}
		})
	}
}

// mostInHand is how many letters a worker has in hand in these tests, at most: twice
// what goes out between two turns, which takes some hundredths of a second.
const mostInHand = 400

// The database crashes and comes back while workers deliver, also a database that was
// told not to wait for its disk: nothing is doubled, and nothing is lost.
func TestWorkersOutliveTheDatabase(t *testing.T) {
	server := peertest.PostgresOwn(t)
	f := newFleet(t, server.DSN, *many)
	f.lease = 30 * time.Second
	sink := peertest.SMTPLog(t, func(net.Addr) { time.Sleep(3 * time.Millisecond) })
	cfg := f.configure("worker.toml", f.dsn, sink.Addr, "")
	a, b := f.start(cfg, 0, nil), f.start(cfg, 0, nil)
	f.begin(2)
	for i := range 2 {
		eventually(t, "letters go out", time.Minute, func() bool { return sink.Count() > (i+1)*f.readers/4 })
		server.Restart()
	}
	f.wait(5*time.Minute, a, b)
	if unknown := f.check(sink.Letters()); unknown > 0 {
		t.Errorf("%d letters are held, though no worker lost its lease", unknown)
	}
}

// Workers whose machines' clocks are minutes apart, and one rate for all of them, for
// the server and for a domain: neither leases nor paces heed the clocks.
func TestWorkersWithWrongClocks(t *testing.T) {
	const readers, rate = 600, 100
	f := newFleet(t, peertest.Postgres(t), readers)
	sink := peertest.SMTPLog(t, nil)
	cfg := f.configure("worker.toml", f.dsn, sink.Addr, fmt.Sprintf("rate = %d.0\n", rate))
	var all []*worker
	for _, wrong := range []time.Duration{0, -7 * time.Minute, 11 * time.Minute, 3 * time.Minute} {
		all = append(all, f.start(cfg, wrong, nil))
	}
	f.begin(len(all))
	f.wait(3*time.Minute, all...)
	if unknown := f.check(sink.Letters()); unknown > 0 {
		t.Errorf("%d letters are held", unknown)
	}
	holdsRate(t, sink.Letters(), rate)
	if most := sink.MostConnections(); most > *connections {
		t.Errorf("there were %d connections, of %d", most, *connections)
	}
}

// A domain's pace and its connections are one for all workers, also where their clocks differ.
func TestWorkersShareADomainsPace(t *testing.T) {
	const readers, rate, most = 240, 30, 3
	f := newFleet(t, peertest.Postgres(t), readers)
	var slow atomic.Int64 // that many take long: more would be on their way, if only the pace held
	sink := peertest.SMTPLog(t, func(net.Addr) {
		if slow.Add(1) <= readers/4 {
			time.Sleep(10 * time.Second / rate)
		}
	})
	cfg := f.configure("worker.toml", f.dsn, sink.Addr, fmt.Sprintf("rate = %d.0\n[[smtp.domain]]\nnames = [\"readers.example.org\"]\nrate = %d.0\nconnections = %d\n", 3*rate, rate, most))
	a, b, c := f.start(cfg, 0, nil), f.start(cfg, 9*time.Minute, nil), f.start(cfg, -4*time.Minute, nil)
	f.begin(3)
	f.wait(3*time.Minute, a, b, c)
	if unknown := f.check(sink.Letters()); unknown > 0 {
		t.Errorf("%d letters are held", unknown)
	}
	holdsRate(t, sink.Letters(), rate)
	if n := sink.MostLetters(); n != most {
		t.Errorf("%d letters were on their way at once; there can be %d, and there are enough", n, most)
	}
	if n := sink.MostConnections(); n > *connections {
		t.Errorf("there were %d connections, of %d", n, *connections)
	}
}

// holdsRate says whether there was any second, or three, in which more letters came
// than a rate allows.
func holdsRate(t *testing.T, letters []peertest.Logged, rate int) {
	t.Helper()
	for _, seconds := range []int{1, 3} {
		most := 0
		for i, from := 0, 0; i < len(letters); i++ {
			for letters[i].At.Sub(letters[from].At) > time.Duration(seconds)*time.Second {
				from++
			}
			most = max(most, i-from+1)
		}
		// What was late may come with what is in time.
		if allowed := rate*seconds + rate/2 + 10; most > allowed {
			t.Errorf("%d letters came within %d s, at %d a second", most, seconds, rate)
		}
	}
}

// Pausing, going on and cancelling reach all workers within a turn.
func TestWorkersArePaused(t *testing.T) {
	f := newFleet(t, peertest.Postgres(t), *many)
	sink := peertest.SMTPLog(t, func(net.Addr) { time.Sleep(20 * time.Millisecond) })
	cfg := f.configure("worker.toml", f.dsn, sink.Addr, "")
	all := []*worker{f.start(cfg, 0, nil), f.start(cfg, 0, nil), f.start(cfg, 0, nil)}
	f.begin(3)
	eventually(t, "letters go out", time.Minute, func() bool { return sink.Count() > 100 })
	command := func(args ...string) { f.program.At(t, "2016-04-25T14:02:00Z", args...) }
	command("digest", "pause", "--why", "a test")
	time.Sleep(time.Second)
	before := sink.Count()
	time.Sleep(time.Second)
	if after := sink.Count(); after != before {
		t.Errorf("%d letters went out while it stood still", after-before)
	}
	command("digest", "resume")
	eventually(t, "it goes on", time.Minute, func() bool { return sink.Count() > before+100 })
	command("digest", "cancel", "--why", "enough")
	f.wait(time.Minute, all...)
	counts, err := f.open().DeliveryCounts(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if counts[sigpost.DeliverySent] != sink.Count() || counts[sigpost.DeliveryQueued]+counts[sigpost.DeliverySending]+counts[sigpost.DeliveryUnknown] != 0 {
		t.Errorf("the ledger has %v, the sink %d", counts, sink.Count())
	}
}

// fenced lets a worker lose its lease while it has letters of which no text was said,
// has an operator send them again by another worker, and lets it come back. It lives
// in a network, where there is one.
func fenced(t *testing.T, n *peertest.Network, lose, comeBack func(w *worker)) {
	server := peertest.PostgresOwn(t)
	dsn := server.DSN
	if n != nil {
		dsn = server.Listen(n.Host)
	}
	const readers = 60
	f := newFleet(t, server.DSN, readers)
	f.lease = 3 * time.Second
	var stalled atomic.Int64
	var first sync.Map // client addresses
	release := make(chan struct{})
	sink := peertest.SMTPLog(t, func(client net.Addr) {
		if _, other := first.Load("over"); !other {
			stalled.Add(1)
			<-release // until the first worker comes back
		}
	})
	if n != nil {
		n.Pass(sink.Addr)
	}
	cut := f.start(f.configure("cut.toml", dsn, sink.Addr, ""), 0, n)
	f.begin(1)
	eventually(t, "the first worker begins letters", time.Minute, func() bool { return stalled.Load() >= 2 })
	time.Sleep(300 * time.Millisecond)
	lose(cut)
	first.Store("over", true)
	other := f.start(f.configure("other.toml", f.dsn, sink.Addr, ""), 0, nil)
	f.wait(time.Minute, other)
	held := f.check(sink.Letters())
	if held == 0 {
		t.Error("nothing is held of what the first worker had in hand")
	}
	// The operator has them sent all the same: by another worker, so that whatever
	// the first one still sends is one too many.
	f.configure("config.toml", f.dsn, sink.Addr, "")
	f.program.At(t, "2016-04-25T14:03:00Z", "digest", "send", "--resend-held")
	if got := sink.Count(); got != readers {
		t.Errorf("the sink has %d letters for %d readers", got, readers)
	}
	close(release) // the replies come while it is still away
	time.Sleep(200 * time.Millisecond)
	comeBack(cut)
	f.wait(time.Minute, cut)
	if unknown := f.check(sink.Letters()); unknown > 0 || sink.Count() != readers {
		t.Errorf("%d letters are held at the end, and the sink has %d", unknown, sink.Count())
	}
	if says := cut.says(t); !strings.Contains(says, "another sender") && !strings.Contains(says, "right to send") {
		t.Errorf("the first worker did not notice:\n%s", says)
	}
	t.Logf("%d letters were held, sent by others, and not by the worker that came back", held)
}

// A worker is cut off from the database for longer than its lease, while the mail
// server is there for it, and comes back: it must not send.
func TestWorkerCutOff(t *testing.T) {
	n := peertest.NewNetwork(t)
	fenced(t, n, func(*worker) { n.Cut(); time.Sleep(4 * time.Second) }, func(*worker) { n.Heal(); time.Sleep(time.Second) })
}

// A worker is stopped for longer than its lease, with replies of the mail server
// waiting for it when it goes on: it must not send.
func TestWorkerStopped(t *testing.T) {
	fenced(t, nil, func(w *worker) { w.cmd.Process.Signal(syscall.SIGSTOP); time.Sleep(4 * time.Second) },
		func(w *worker) { w.cmd.Process.Signal(syscall.SIGCONT) })
}
