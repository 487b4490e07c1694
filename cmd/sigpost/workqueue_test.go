package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigpost/internal/peertest"
	"sigpost/work"
)

// queued puts a job into River's table, as another version would.
func (c *cluster) queued(kind, queue, args string) (id int) {
	c.Helper()
	if err := c.QueryRow(&id, `INSERT INTO river.river_job (kind, queue, args, max_attempts, state) VALUES ($1, $2, $3::jsonb, 1, 'available') RETURNING id`, kind, queue, args); err != nil {
		c.Fatal(err)
	}
	return id
}

func (c *cluster) stateOf(job int) (state string) {
	c.QueryRow(&state, `SELECT state FROM river.river_job WHERE id = $1`, job)
	return state
}

// watched waits until each mailbox is watched, by one process.
func (c *cluster) watched() {
	c.Helper()
	c.until("all mailboxes are watched", time.Minute, func() bool {
		return c.value(`SELECT count(*) FROM river.river_job WHERE kind LIKE '%watch' AND state = 'running'`) == len(boxes)
	})
}

// Versions take turns: what only a newer one knows is left to it, and a job of a mailbox
// that the configuration has no more is done with.
func TestJobsOfOtherVersions(t *testing.T) {
	c := newCluster(t, peertest.Postgres(t))
	c.look = "1h" // nothing but what is queued here
	dsn, err := os.ReadFile(filepath.Join(c.dir, "dsn"))
	if err != nil {
		t.Fatal(err)
	}
	c.configure(string(dsn))
	c.startMany(2)
	c.watched()
	newer := c.queued("sigpost_dream", "classify", `{"job": "dream"}`)
	gone := c.queued("sigpost_read", "ingest", `{"job": "read test/Gone"}`)
	tag := c.queued("sigpost_tag", "classify", `{"job": "tag", "part": 3}`)
	c.until("a job of no mailbox is cancelled", time.Minute, func() bool { return c.stateOf(gone) == "cancelled" })
	c.until("a job queued behind the unknown one is done", time.Minute, func() bool { return c.stateOf(tag) == "completed" })
	if state := c.stateOf(newer); state != "available" {
		t.Errorf("a newer version's job is %s", state)
	}
}

// River's own pages, as docs/workers.md has them installed, show what is queued and done,
// and tell the stages apart.
func TestRiverUIShowsTheQueue(t *testing.T) {
	dsn := peertest.Postgres(t)
	c := newCluster(t, dsn)
	mails := c.load(conversations(20))
	c.start("--roles", "ingest,classify,deliver")
	c.complete(mails, time.Minute)
	c.watched()
	const user, password = "operator", "open sesame"
	at := peertest.RiverUI(t, dsn, work.Schema, user, password)
	ask := func(path, as string, into any) int {
		t.Helper()
		req, err := http.NewRequest("GET", at+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(as, password)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == http.StatusOK {
			if err := json.Unmarshal(text, into); err != nil {
				t.Fatalf("%s: %v: %.300s", path, err, text)
			}
		}
		return resp.StatusCode
	}
	var health struct{ Status string }
	if code := ask("/api/health-checks/complete", user, &health); code != http.StatusOK {
		t.Errorf("it is not well: %d", code)
	}
	var none struct{}
	if code := ask("/api/queues", "somebody", &none); code != http.StatusUnauthorized {
		t.Errorf("somebody without the password gets %d", code)
	}

	var queues struct {
		Data []struct {
			Name    string
			Running int `json:"count_running"`
		}
	}
	if code := ask("/api/queues", user, &queues); code != http.StatusOK {
		t.Fatalf("queues: %d", code)
	}
	running := map[string]int{}
	for _, q := range queues.Data {
		running[q.Name] = q.Running
	}
	for _, name := range []string{"ingest", "ingest_waiting", "classify", "deliver", "deliver_long", "look"} {
		if _, ok := running[name]; !ok {
			t.Errorf("no queue %s: %v", name, running)
		}
	}
	if running["ingest_waiting"] != len(boxes) {
		t.Errorf("%d jobs wait for mail in %d mailboxes", running["ingest_waiting"], len(boxes))
	}

	for kind, state := range map[string]string{"read": "completed", "tag": "completed", "look": "completed", "watch": "running"} {
		kind = "sigpost_" + kind
		var jobs struct {
			Data []struct{ Kind, State, Args string }
		}
		c.until("a job of kind "+kind+" is "+state, 30*time.Second, func() bool {
			if code := ask("/api/jobs?"+url.Values{"kinds": {kind}, "state": {state}}.Encode(), user, &jobs); code != http.StatusOK {
				t.Fatalf("%s: %d", kind, code)
			}
			return len(jobs.Data) > 0
		})
		for _, j := range jobs.Data {
			if j.Kind != kind || j.State != state || kind == "sigpost_read" && !strings.Contains(j.Args, `"read test/`) {
				t.Errorf("asked for %s that is %s, it gives %+v", kind, state, j)
			}
		}
	}
}
