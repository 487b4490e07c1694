package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigpost/internal/peertest"
)

// get asks a worker for something; what cannot be asked is the answer in words.
func get(url string) (status int, body string) {
	resp, err := http.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

// has waits until a worker answers with some text.
func (c *cluster) has(url, text string) {
	c.Helper()
	c.until(url+" says "+text, 40*time.Second, func() bool {
		_, body := get(url)
		return strings.Contains(body, text)
	})
}

// reconfigure has a worker read its configuration anew, with something in the place of
// something else.
func (c *cluster) reconfigure(w *workerProcess, old, new string) {
	c.Helper()
	file := filepath.Join(c.dir, "config.toml")
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), old) {
		c.Fatalf("no %q: %v", old, err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, new, 1)), 0o600); err != nil {
		c.Fatal(err)
	}
	if err := w.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		c.Fatal(err)
	}
}

// notified tells what the workers that are started from now on say to the service
// manager.
func notified(t *testing.T) <-chan string {
	t.Helper()
	dir, err := os.MkdirTemp("", "n") // such a name is short
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "n")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", socket)
	said := make(chan string, 1000)
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			said <- string(buf[:n])
		}
	}()
	return said
}

// A worker without pages tells how it is, and reads its configuration anew at SIGHUP:
// it begins to read a mailbox, gives up another, and stays as it was where the new
// configuration is wrong. What it has counted goes on.
func TestWorkerIsWatchedAndReloads(t *testing.T) {
	said := notified(t)
	c := newCluster(t, peertest.Postgres(t))
	mails := c.load(conversations(20))
	at := peertest.FreeAddr(t)
	w := c.start("--roles", "ingest,classify", "--metrics", at)
	c.has("http://"+at+"/readyz", "ready\n")
	if status, body := get("http://" + at + "/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("%d %s", status, body)
	}
	connection := func(mailbox string) string {
		return fmt.Sprintf("sigpost_mailbox_connection{mailbox=%q,state=\"idle\"} 1\n", "test/"+mailbox)
	}
	metrics := "http://" + at + "/metrics"
	for _, box := range boxes {
		c.has(metrics, connection(box))
	}
	c.complete(mails, time.Minute)
	c.has(metrics, "sigpost_ready 1\n")
	counted := func() (line string) {
		_, body := get(metrics)
		for l := range strings.Lines(body) {
			if strings.HasPrefix(l, `sigpost_mailbox_messages_total{mailbox="test/INBOX",result="stored"}`) {
				line = l
			}
		}
		return line
	}
	before := counted()

	c.dovecot.Load(t, "Fifth", []peertest.Mail{{Raw: []byte("From: Bob <bob@example.org>\r\nSubject: Fifth\r\nMessage-ID: <fifth@example.org>\r\nDate: Sat, 2 Apr 2016 10:00:00 +0000\r\n\r\nText.\r\n"), Received: time.Now()}})
	c.reconfigure(w, "[[account.mailbox]]\nname = \"Second\"", "[[account.mailbox]]\nname = \"Fifth\"")
	c.has(metrics, connection("Fifth"))
	c.has(metrics, connection("INBOX"))
	c.until("mail of the new mailbox is there", time.Minute, func() bool {
		return c.value(`SELECT count(*) FROM messages WHERE message_id = 'fifth@example.org'`) == 1
	})
	if _, body := get(metrics); strings.Contains(body, `sigpost_mailbox_connection{mailbox="test/Second"`) {
		t.Error("it still tells of a mailbox that it does not watch")
	}
	if after := counted(); before == "" || after != before {
		t.Errorf("it had counted %q, and then %q", before, after)
	}

	c.reconfigure(w, "slots = 1", "slots = \"none\"")
	c.until("the log says what is wrong", time.Minute, func() bool {
		return strings.Contains(c.logs(), "the configuration was not read anew: the old one stays") && strings.Contains(c.logs(), "work.slots is a whole number")
	})
	c.has("http://"+at+"/readyz", "ready\n")
	if took := w.stop(t); took > 10*time.Second {
		t.Errorf("it ended after %s", took)
	}
	var all strings.Builder
	for len(said) > 0 {
		all.WriteString(<-said)
	}
	for _, want := range []string{"READY=1\nSTATUS=Working: ingest, classify", "RELOADING=1\nMONOTONIC_USEC=", "the old one stays", "STOPPING=1"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("the service manager is not told %q", want)
		}
	}
}

// The pages of a worker follow the configuration, too, beside the work of other roles;
// and one that is told to end while it reloads ends in time.
func TestWorkersPagesReload(t *testing.T) {
	c := newCluster(t, peertest.Postgres(t))
	pages, beside := peertest.FreeAddr(t), peertest.FreeAddr(t)
	w := c.start("--roles", "classify,web", "--listen", pages, "--metrics", beside)
	c.has("http://"+beside+"/readyz", "ready\n")
	c.has("http://"+pages+"/readyz", "ready\n")
	c.reconfigure(w, `name = "weekly"`, "name = \"weekly\"\ntitle = \"The Kuryr Times\"")
	c.has("http://"+pages+"/", "The Kuryr Times")
	if status, _ := get("http://" + pages + "/metrics"); status != http.StatusNotFound {
		t.Errorf("metrics are for everybody: %d", status)
	}
	c.reconfigure(w, "The Kuryr Times", "The Nova Times")
	if took := w.stop(t); took > 10*time.Second {
		t.Errorf("it ended after %s", took)
	}
	if logs := c.logs(); strings.Contains(logs, "panic") || strings.Contains(logs, "level=ERROR") {
		t.Error("something went wrong")
	}
}
