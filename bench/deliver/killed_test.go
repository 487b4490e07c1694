package deliver

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sigpost"
	"sigpost/app"
	"sigpost/bench/internal/program"
	"sigpost/internal/mailtest"
	"sigpost/store"
)

var kills = flag.Int("kills", 6, "how often the sender is killed in TestKilled")

// TestKilled kills the sender at random moments, with SIGKILL, and lets it go on
// each time. At the end everybody has the issue once, or is said to be unknown, and
// has it at most once.
func TestKilled(t *testing.T) {
	sink, err := mailtest.StartSMTP(mailtest.SMTPOptions{Security: mailtest.Plain})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	p, file := ready(t, sink.Addr)
	// A pace makes the issue last as long as there are kills.
	pace := float64(*readers) / float64(*kills) / 0.25
	p.Write(t, "config.toml", fmt.Sprintf(config, sink.Addr, *connections)+fmt.Sprintf("rate = %.1f\n", pace))
	killed := 0
	for range *kills {
		if kill(t, p, 150*time.Millisecond+time.Duration(rand.Int64N(int64(250*time.Millisecond)))) {
			killed++
		}
	}
	p.Write(t, "config.toml", fmt.Sprintf(config, sink.Addr, *connections))
	out, failed := sendAll(t, p)
	if failed != nil {
		t.Logf("the last run said: %v", failed)
	}
	unknown := checkLedger(t, file, sink.Letters())
	t.Logf("%d of %d runs were killed; %d of %d letters are unknown (%s)", killed, *kills, unknown, *readers, out)
}

// kill starts sending and kills it after a while; false where it had ended by then.
func kill(t *testing.T, p program.Program, after time.Duration) bool {
	c := exec.Command(p.Path(), "--config", filepath.Join(p.Dir, "config.toml"), "--now", "2016-04-25T14:01:00Z", "digest", "send")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case <-ended:
		return false
	case <-time.After(after):
		c.Process.Kill()
		<-ended
		return true
	}
}

// sendAll sends what is left. It fails where letters are held.
func sendAll(t *testing.T, p program.Program) (string, error) {
	c := exec.Command(p.Path(), "--config", filepath.Join(p.Dir, "config.toml"), "--now", "2016-04-25T14:01:00Z", "digest", "send", "--json")
	out, err := c.Output()
	var sent []app.SendReport
	if jsonErr := json.Unmarshal(out, &sent); jsonErr != nil {
		t.Fatalf("%v: %s", jsonErr, out)
	}
	if len(sent) == 0 {
		return "nothing was left", err
	}
	return fmt.Sprintf("%+v", sent[0].Outcome), err
}

// checkLedger compares what arrived with what the ledger says.
func checkLedger(t *testing.T, file string, letters []mailtest.Letter) (unknown int) {
	t.Helper()
	db, err := store.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got := map[string]int{}
	for _, l := range letters {
		for _, to := range l.To {
			got[to]++
		}
	}
	rows, err := db.Deliveries(t.Context(), 1, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != *readers {
		t.Errorf("the ledger has %d rows for %d readers", len(rows), *readers)
	}
	for _, row := range rows {
		s, err := db.Subscription(t.Context(), row.SubscriptionID)
		if err != nil {
			t.Fatal(err)
		}
		n := got[s.Subscriber.Addr]
		switch {
		case row.State == sigpost.DeliverySent && n == 1:
		case row.State == sigpost.DeliveryUnknown && n <= 1:
			unknown++
		default:
			t.Errorf("%s has %d letters, and the ledger says %s (%s)", s.Subscriber.Addr, n, row.State, row.Reply)
		}
	}
	return unknown
}

// Two senders at the same time: one of them works, and nobody gets it twice.
func TestTwoSenders(t *testing.T) {
	sink, err := mailtest.StartSMTP(mailtest.SMTPOptions{Security: mailtest.Plain})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	p, file := ready(t, sink.Addr)
	var both sync.WaitGroup
	codes := make([]int, 2)
	for i := range codes {
		both.Go(func() {
			c := exec.CommandContext(context.Background(), p.Path(), "--config", filepath.Join(p.Dir, "config.toml"), "--now", "2016-04-25T14:01:00Z", "digest", "send")
			_ = c.Run()
			codes[i] = c.ProcessState.ExitCode()
		})
	}
	both.Wait()
	if codes[0]+codes[1] != 3 && codes[0]+codes[1] != 0 { // the lock is held, or one came after the other
		t.Errorf("they ended with %v", codes)
	}
	if unknown := checkLedger(t, file, sink.Letters()); unknown > 0 {
		t.Errorf("%d letters are unknown", unknown)
	}
}

// A disk that is full in the middle: it is said, what was sent is sent once, and
// what is not on record is unknown. Then there is room again.
func TestDiskFull(t *testing.T) {
	sink, err := mailtest.StartSMTP(mailtest.SMTPOptions{Security: mailtest.Plain})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	*readers = max(*readers, 3000) // so that the ledger outgrows the room
	p, file := ready(t, sink.Addr)
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	const block, room = 512, 64 << 10
	c := exec.Command("sh", "-c", fmt.Sprintf("ulimit -f %d; exec %q --config %q --now 2016-04-25T14:01:00Z digest send", (info.Size()+room)/block,
		p.Path(), filepath.Join(p.Dir, "config.toml")))
	out, err := c.CombinedOutput()
	if c.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "full") && !strings.Contains(string(out), "room") {
		t.Errorf("%v\n%s", err, out)
	}
	before := len(sink.Letters())
	if before == 0 || before == *readers {
		t.Errorf("%d letters were sent before the disk was full", before)
	}
	said, _ := sendAll(t, p)
	unknown := checkLedger(t, file, sink.Letters())
	t.Logf("%d letters before the disk was full, %d unknown at the end (%s)", before, unknown, said)
}
