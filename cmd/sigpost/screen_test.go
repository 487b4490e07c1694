package main

import (
	"bytes"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"
)

// screen is what a program on a terminal shows.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write shows more.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

func (s *screen) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.Reset()
}

// until waits for some words.
func (s *screen) until(t *testing.T, words string) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if strings.Contains(s.text(), words) {
			return
		}
	}
	t.Fatalf("%q did not come up in %q", words, s.text())
}

func TestVersionOf(t *testing.T) {
	t.Parallel()
	info := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3-0.2016"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2016-04-25T14:00:00Z"}, {Key: "vcs.modified", Value: "true"}, {Key: "-race", Value: "true"},
	}}
	v := versionOf("", info)
	if v.Version != "v1.2.3-0.2016" || v.Commit != "abc" || !v.Modified || !v.Time.Equal(demoNow) || !strings.Contains(strings.Join(v.Features, " "), "race") {
		t.Errorf("%+v", v)
	}
	lines := versionLines(v)
	if lines[1] != "commit abc of Mon 25 Apr 2016 14:00 UTC, with changes that are in no commit" {
		t.Errorf("%q", lines)
	}
	if v := versionOf("v2.0.0", info); v.Version != "v2.0.0" {
		t.Errorf("a release: %+v", v)
	}
	bare := versionOf("", nil)
	if bare.Version != "(devel)" || bare.Tables < 21 || versionLines(bare)[0] != "sigpost (devel)" {
		t.Errorf("nothing is known: %+v", bare)
	}
}
