package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sigpost"
	"sigpost/config"
	"sigpost/ingest"
	"sigpost/internal/metrics"
	"sigpost/store"
	"sigpost/web"
)

// Monitor tells operators how a process is, on a listener of its own: metrics, health,
// and where that is wanted pprof. It stays while configurations are exchanged.
type Monitor struct {
	metrics *metrics.Metrics
	app     atomic.Pointer[App] // that works now
	addr    net.Addr

	mu        sync.Mutex
	watches   map[string]ingest.WatchState // of the connections that watch mailboxes
	beingRead map[string]bool
	ends      map[string][]seenEnd // of mailboxes, as they were seen to move on: see App.sawEnd
	unbegun   map[string]time.Time // mailboxes that nobody has read yet, since when that is known
}

// StartMonitor listens at an address until stop is called, or where metrics.listen says
// if it is ""; where that says nothing either, there is no monitor. It must be called
// before the app does anything.
func (a *App) StartMonitor(addr string) (stop func(), err error) {
	c := a.Config.Metrics
	if addr = cmp.Or(addr, c.Listen); addr == "" {
		return func() {}, nil
	}
	if err := config.CheckMetricsListen(addr); err != nil {
		return nil, sigpost.Usage(fmt.Errorf("metrics cannot be served: %w", err))
	}
	if c.Pprof && !config.Loopback(addr) {
		return nil, sigpost.Usage(fmt.Errorf("metrics cannot be served at %s: metrics.pprof shows what the process has in its memory, and needs an address of this machine alone", addr))
	}
	listener, err := listen("metrics", "metrics.listen, or --metrics of \"sigpost work\",", addr)
	if err != nil {
		return nil, err
	}
	m := newMonitor(a.options.Build)
	m.expect(a.Config)
	m.addr = listener.Addr()
	m.app.Store(a)
	a.options.Monitor = m
	server := &http.Server{
		Handler: m.handler(a, addr, c.Pprof), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, // pprof takes half a minute
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("metrics are not served any more", "error", err)
		}
	}()
	a.log.Info("metrics are served", "address", listener.Addr().String(), "pprof", c.Pprof)
	return func() {
		server.Close() // who scrapes comes again
		<-served
	}, nil
}

func newMonitor(build Build) *Monitor {
	m := &Monitor{watches: map[string]ingest.WatchState{}, beingRead: map[string]bool{}, ends: map[string][]seenEnd{}, unbegun: map[string]time.Time{}}
	m.metrics = metrics.New(build.Version, build.Commit)
	return m
}

// expect has the counters of a configuration's digests at 0 before anything is counted: one
// that comes up with its first value does not rise.
func (m *Monitor) expect(c *config.Config) {
	for _, d := range c.Digests {
		for _, result := range letterResults {
			m.metrics.Letters(d.Name, result, 0)
		}
	}
}

// Addr is where the monitor listens.
func (m *Monitor) Addr() net.Addr { return m.addr }

func (m *Monitor) handler(a *App, addr string, profiles bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.metrics.Handler(a.log))
	mux.HandleFunc("GET /healthz", web.Healthy)
	mux.HandleFunc("GET /readyz", web.Ready(func(ctx context.Context) error {
		err := m.app.Load().Ready(ctx)
		if cause := errors.Unwrap(err); cause != nil { // operators alone come here
			return fmt.Errorf("%w (%v)", err, cause)
		}
		return err
	}))
	if profiles {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	if !config.Loopback(addr) {
		return mux
	}
	return local(mux)
}

// local answers requests that name this machine by its address: a page that a browser
// here shows could have a name of its own lead to it (DNS rebinding).
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !namedByAddress(r) {
			http.Error(w, "This is asked for by an address of this machine, such as 127.0.0.1.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// namedByAddress says whether a request names where it goes by an address, or as
// localhost, and not by a name that somebody else may have made to lead here.
func namedByAddress(r *http.Request) bool {
	host := (&url.URL{Host: r.Host}).Hostname()
	_, err := netip.ParseAddr(host)
	return err == nil || host == "localhost" || host == ""
}

// seen are the metrics of the process; nil where nobody wants any.
func (a *App) seen() *metrics.Metrics {
	if a.options.Monitor == nil || a.dry {
		return nil
	}
	return a.options.Monitor.metrics
}

// tellMonitor has the monitor ask this app, until ctx ends.
func (a *App) tellMonitor(ctx context.Context) {
	m := a.options.Monitor
	if m == nil {
		return
	}
	m.app.Store(a)
	m.expect(a.Config)
	stop := m.metrics.Watch(metrics.Source{Rows: a.rowsSeen, Census: a.censusSeen, Now: a.now})
	<-ctx.Done()
	stop()
}

// other is what the configuration does not name: rows of before, and what came from
// files. Labels come of the configuration alone, so that they are few.
const other = "other"

// rowsSeen is what is asked at each scrape.
func (a *App) rowsSeen(ctx context.Context) (r metrics.Rows, err error) {
	r.Ready = a.Ready(ctx) == nil
	known, err := a.Store.Mailboxes(ctx)
	if err != nil {
		return r, err
	}
	states, err := a.Store.Jobs(ctx)
	if err != nil {
		return r, err
	}
	if r.Backlogs, err = a.backlogs(ctx, known, states); err != nil {
		return r, err
	}
	for _, account := range a.Config.Accounts {
		for _, mailbox := range account.Mailboxes {
			cursor := mailboxOf(known, account.Name, mailbox.Name)
			r.Mailboxes = append(r.Mailboxes, metrics.Mailbox{Name: account.Name + "/" + mailbox.Name, Complete: cursor.Complete, Failing: cursor.Failing})
		}
	}
	names := []string{}
	for _, j := range a.Jobs() {
		names = append(names, j.Name)
	}
	if a.knowsBackups() {
		names = append(names, jobBackup)
	}
	for _, name := range names {
		s := states[name]
		r.Jobs = append(r.Jobs, metrics.Job{Name: name, Succeeded: s.Succeeded, Ended: s.Ended, Failing: s.Failing})
	}
	r.Sizes, err = a.Store.Sizes(ctx)
	return r, err
}

// censusSeen is what is counted in the background.
func (a *App) censusSeen(ctx context.Context) (store.Census, error) {
	var lists, mailboxes, digests []string
	for _, l := range a.Config.Lists {
		lists = append(lists, l.Name)
	}
	for _, account := range a.Config.Accounts {
		for _, m := range account.Mailboxes {
			mailboxes = append(mailboxes, account.Name+"/"+m.Name)
		}
	}
	for _, d := range a.Config.Digests {
		digests = append(digests, d.Name)
	}
	c, err := a.Store.Census(ctx, lists, a.now())
	for _, name := range append(mailboxes, other) { // what is not there at 0 does not rise with the first
		c.Quarantined = append(c.Quarantined, store.Count{Of: name})
	}
	for _, class := range []sigpost.BounceClass{sigpost.BounceHard, sigpost.BounceSoft, sigpost.BounceComplaint, sigpost.BounceAutoReply, sigpost.BounceDelivered} {
		c.Bounces = append(c.Bounces, store.Count{State: string(class)})
	}
	c.Lists, c.Quarantined, c.Bounces = byName(c.Lists, lists), byName(c.Quarantined, mailboxes), byName(c.Bounces, []string{""})
	c.Subscriptions, c.Letters = byName(c.Subscriptions, digests), byName(c.Letters, digests)
	return c, err
}

// byName counts what has none of some names as other.
func byName(counts []store.Count, names []string) []store.Count {
	var all []store.Count
	for _, c := range counts {
		if !slices.Contains(names, c.Of) {
			c.Of = other
		}
		if i := slices.IndexFunc(all, func(o store.Count) bool { return o.Of == c.Of && o.State == c.State }); i >= 0 {
			all[i].Count += c.Count
			continue
		}
		all = append(all, c)
	}
	return all
}

// sawWatch notes how the connection stands that watches a mailbox.
func (a *App) sawWatch(mailbox string, state ingest.WatchState) {
	if m := a.options.Monitor; m != nil {
		m.note(mailbox, a.now(), func() { m.watches[mailbox] = state })
	}
}

// forgetWatch notes that nobody here watches a mailbox any more.
func (a *App) forgetWatch(mailbox string) {
	if m := a.options.Monitor; m != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.watches, mailbox)
		m.metrics.NoConnection(mailbox)
	}
}

// reading notes that a mailbox is being read, until done is called.
func (a *App) reading(mailbox string) (done func()) {
	m := a.options.Monitor
	if m == nil || a.dry {
		return func() {}
	}
	m.note(mailbox, a.now(), func() { m.beingRead[mailbox] = true })
	return func() { m.note(mailbox, a.now(), func() { delete(m.beingRead, mailbox) }) }
}

// note changes what is known of a mailbox's connections. There is nothing to say of one
// that is not watched.
func (m *Monitor) note(mailbox string, at time.Time, change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	state := func() string {
		switch watch, watched := m.watches[mailbox]; {
		case !watched:
			return ""
		case watch != ingest.WatchStands:
			return string(watch)
		case m.beingRead[mailbox]:
			return "reading"
		}
		return "idle"
	}
	before := state()
	change()
	if now := state(); now != before {
		m.metrics.Connection(mailbox, now, at)
	}
}
