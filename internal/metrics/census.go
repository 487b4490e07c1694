package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigpost/store"
)

// A census is taken when a scrape finds the last one older than censusLife, and than
// censusRest times as long as that took, so that counting takes no more than a
// fiftieth of a processor. It may take censusTime.
const (
	censusLife = time.Minute
	censusRest = 50
	censusTime = 2 * time.Minute
)

// censusCollector gives the last census, and has the next one taken in the background.
type censusCollector struct {
	constants
	mu      sync.Mutex
	source  Source
	last    asked[store.Census]
	taking  bool
	ctx     context.Context // ends when nobody is to be asked any more
	working sync.WaitGroup
}

func newCensus() *censusCollector {
	return &censusCollector{constants: constantsOf("sigpost_messages", "sigpost_list_messages", "sigpost_list_last_message_timestamp_seconds",
		"sigpost_quarantined_messages", "sigpost_issue_letters", "sigpost_notices", "sigpost_subscriptions", "sigpost_subscription_requests", "sigpost_bounces")}
}

// Watch has a source asked from now on, in place of the one of before, until stop is
// called; it takes the first census at once.
func (m *Metrics) Watch(source Source) (stop func()) {
	if m == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.rows.mu.Lock()
	m.rows.source, m.rows.last = source, asked[Rows]{}
	m.rows.mu.Unlock()
	c := m.census
	c.mu.Lock()
	c.source, c.ctx, c.last = source, ctx, asked[store.Census]{}
	c.begin()
	c.mu.Unlock()
	return func() {
		cancel()
		c.working.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.ctx == ctx { // nobody has taken its place
			c.source = Source{}
			m.rows.mu.Lock()
			defer m.rows.mu.Unlock()
			m.rows.source = Source{}
		}
	}
}

// begin has a census taken.
func (c *censusCollector) begin() {
	c.taking = true
	ctx, from := c.ctx, c.source.Census
	c.working.Go(func() {
		var next asked[store.Census]
		next.ask(ctx, censusTime, from)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.ctx == ctx {
			c.last, c.taking = next, false
		}
	})
}

// Collect gives the last census; there is none right after the start.
func (c *censusCollector) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.source.Census == nil {
		return
	}
	if !c.taking && c.ctx.Err() == nil && time.Since(c.last.at) > max(censusLife, censusRest*c.last.took) {
		c.begin()
	}
	if c.last.at.IsZero() {
		return
	}
	figures.told(out, "census", c.last.ok, c.last.at, c.last.took)
	if !c.last.ok {
		return
	}
	n := c.last.is
	c.give(out, "sigpost_messages", float64(n.Messages))
	c.give(out, "sigpost_subscription_requests", float64(n.Requests))
	for list, at := range n.Latest {
		c.give(out, "sigpost_list_last_message_timestamp_seconds", seconds(at), list)
	}
	for _, of := range n.Lists {
		c.give(out, "sigpost_list_messages", float64(of.Count), of.Of)
	}
	for _, of := range n.Quarantined {
		c.give(out, "sigpost_quarantined_messages", float64(of.Count), of.Of)
	}
	for _, of := range n.Subscriptions {
		c.give(out, "sigpost_subscriptions", float64(of.Count), of.Of, of.State)
	}
	for _, of := range n.Letters {
		c.give(out, "sigpost_issue_letters", float64(of.Count), of.Of, of.State)
	}
	for _, of := range n.Notices {
		c.give(out, "sigpost_notices", float64(of.Count), of.State)
	}
	for _, of := range n.Bounces {
		c.give(out, "sigpost_bounces", float64(of.Count), of.State)
	}
}

// figures are the metrics about asking, which both collectors give.
var figures = constantsOf("sigpost_figures_up", "sigpost_figures_timestamp_seconds", "sigpost_figures_duration_seconds")
